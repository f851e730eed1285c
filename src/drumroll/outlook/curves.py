"""How orders come in after an opening: candidate curves of the share of all orders that stands by a second.

Time is in seconds since the opening. Each candidate has a cumulative share ``F(t)``, rising from 0 towards 1, and its
rate ``f = F'`` a second. How many orders there will ever be, the size, stands beside the curve, never in it. Sources:
Bass (1969), "A New Product Growth for Model Consumer Durables", Management Science 15(5); Weibull (1951), "A
Statistical Distribution Function of Wide Applicability", Journal of Applied Mechanics 18.

Fits work on *positions*: the natural logarithms and logits of a curve's parameters, each free to be any number. Of Bass
they are log ``innovation`` and log ``imitation / innovation``, of an impulse log ``scale_s`` and logit ``shape``, of a
mixture logit ``impulse_share``, those of its impulse, and those of its Bass.
"""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]
Name = Literal["bass", "impulse", "mixture"]

TINY = 1e-300
HUGE = 1e300
MOST_EXPONENT = 690.0
"""``exp`` of more than this is beyond floating point."""

MOST_POSITION = 60.0
"""Positions are held within this: e^60 seconds are longer than the universe is old."""

CANDIDATES: tuple[Name, ...] = ("bass", "impulse", "mixture")


class Bass(msgspec.Struct, frozen=True, tag="bass"):
    """People who order by themselves (``innovation``, a second) and because others did (``imitation``, a second)."""

    innovation: float
    imitation: float

    def share(self, seconds: ArrayLike) -> Floats:
        """The share (0 to 1) of all orders that stands by each of ``seconds``."""
        return bass_share(seconds, self.innovation, self.imitation)

    def rate(self, seconds: ArrayLike) -> Floats:
        """The share of all orders that comes a second: Bass's hazard ``p + qF`` of those who are left."""
        standing = self.share(seconds)
        rate: Floats = (self.innovation + self.imitation * standing) * _bass_left(seconds, self)
        return rate


class Impulse(msgspec.Struct, frozen=True, tag="impulse"):
    """A launch impulse that decays: ``F = 1 - exp(-(t / scale_s)^shape)``, 0 < ``shape`` <= 1.

    The rate falls from the opening on, fast at first, with a long tail: a stretched exponential (Weibull).
    """

    scale_s: float
    shape: float

    def share(self, seconds: ArrayLike) -> Floats:
        """The share (0 to 1) of all orders that stands by each of ``seconds``."""
        return impulse_share(seconds, self.scale_s, self.shape)

    def rate(self, seconds: ArrayLike) -> Floats:
        """The share of all orders that comes a second; without bound at second 0 where ``shape`` is under 1."""
        at = np.maximum(np.asarray(seconds, dtype=np.float64), TINY)
        exponent = self.shape * (np.log(at) - np.log(self.scale_s))
        logarithm = np.log(self.shape) - np.log(at) + exponent - np.exp(np.minimum(exponent, MOST_EXPONENT))
        rate: Floats = np.exp(np.clip(logarithm, -MOST_EXPONENT, MOST_EXPONENT))
        return rate


class Mixture(msgspec.Struct, frozen=True, tag="mixture"):
    """Two kinds of people: a share who come with the impulse, and the others, who come as Bass says."""

    impulse_share: float
    impulse: Impulse
    bass: Bass

    def share(self, seconds: ArrayLike) -> Floats:
        """The share (0 to 1) of all orders that stands by each of ``seconds``."""
        mixed: Floats = self.impulse_share * self.impulse.share(seconds) + self._others * self.bass.share(seconds)
        return mixed

    def rate(self, seconds: ArrayLike) -> Floats:
        """The share of all orders that comes a second."""
        mixed: Floats = self.impulse_share * self.impulse.rate(seconds) + self._others * self.bass.rate(seconds)
        return mixed

    @property
    def _others(self) -> float:
        return 1.0 - self.impulse_share


Curve = Bass | Impulse | Mixture


def bass_share(seconds: ArrayLike, innovation: ArrayLike, imitation: ArrayLike) -> Floats:
    """Bass's cumulative share; the arguments broadcast. ``innovation`` > 0, ``imitation`` >= 0, both a second."""
    first, second = np.asarray(innovation, dtype=np.float64), np.asarray(imitation, dtype=np.float64)
    grown = _grown(seconds, first + second)
    share: Floats = -np.expm1(-grown) / (1.0 + _over(second, first) * np.exp(-grown))
    return share


def _bass_left(seconds: ArrayLike, curve: Bass) -> Floats:
    """``1 - F``, without the cancellation of subtracting."""
    fallen = np.exp(-_grown(seconds, curve.innovation + curve.imitation))
    ratio = _over(np.asarray(curve.imitation), np.asarray(curve.innovation))
    left: Floats = (fallen + ratio * fallen) / (1.0 + ratio * fallen)
    return left


def _grown(seconds: ArrayLike, pace: ArrayLike) -> Floats:
    """``seconds * pace``, at most what ``exp`` can take."""
    at = np.minimum(np.asarray(seconds, dtype=np.float64), 1e150)
    grown: Floats = np.minimum(at * np.minimum(pace, 1e150), MOST_EXPONENT)
    return grown


def _over(above: Floats, below: Floats) -> Floats:
    """A ratio, at most ``HUGE``."""
    ratio: Floats = np.exp(np.minimum(np.log(np.maximum(above, TINY)) - np.log(np.maximum(below, TINY)), MOST_EXPONENT))
    return ratio


def impulse_share(seconds: ArrayLike, scale_s: ArrayLike, shape: ArrayLike) -> Floats:
    """The impulse's cumulative share; the arguments broadcast. ``scale_s`` and ``shape`` > 0."""
    at = np.maximum(np.asarray(seconds, dtype=np.float64), TINY)
    exponent = np.minimum(np.asarray(shape) * (np.log(at) - np.log(scale_s)), MOST_EXPONENT)
    share: Floats = -np.expm1(-np.exp(exponent))
    return share


def shares(name: Name, positions: Floats, seconds: Floats) -> Floats:
    """Cumulative shares of many curves at once: ``positions`` (curves x positions) at ``seconds``: curves x seconds."""
    at = np.clip(positions, -MOST_POSITION, MOST_POSITION)[:, :, None]
    match name:
        case "bass":
            return _bass_at(at, seconds)
        case "impulse":
            return _impulse_at(at, seconds)
        case "mixture":
            early = expit(at[:, 0])
            mixed: Floats = early * _impulse_at(at[:, 1:3], seconds) + (1.0 - early) * _bass_at(at[:, 3:], seconds)
            return mixed
        case _:
            assert_never(name)


def _bass_at(at: Floats, seconds: Floats) -> Floats:
    innovation, ratio = np.exp(at[:, 0]), np.exp(at[:, 1])
    grown = np.minimum(innovation * (1.0 + ratio) * seconds, MOST_EXPONENT)
    fallen = np.exp(-grown)
    share: Floats = -np.expm1(-grown) / (1.0 + ratio * fallen)
    return share


def _impulse_at(at: Floats, seconds: Floats) -> Floats:
    exponent = expit(at[:, 1]) * (np.log(np.maximum(seconds, TINY)) - at[:, 0])
    share: Floats = -np.expm1(-np.exp(np.minimum(exponent, MOST_EXPONENT)))
    return share


def curve_of(name: Name, positions: Floats) -> Curve:
    """The curve at these positions (one row)."""
    at = [float(position) for position in positions]
    match name:
        case "bass":
            return _bass_of(at)
        case "impulse":
            return _impulse_of(at)
        case "mixture":
            return Mixture(float(expit(at[0])), _impulse_of(at[1:3]), _bass_of(at[3:]))
        case _:
            assert_never(name)


def _bass_of(at: list[float]) -> Bass:
    return Bass(float(np.exp(at[0])), float(np.exp(at[0] + at[1])))


def _impulse_of(at: list[float]) -> Impulse:
    return Impulse(float(np.exp(at[0])), float(expit(at[1])))


def positions_of(curve: Curve) -> Floats:
    """The positions of a curve: the inverse of ``curve_of``."""
    match curve:
        case Bass():
            return np.array([np.log(curve.innovation), np.log(curve.imitation / curve.innovation)])
        case Impulse():
            return np.array([np.log(curve.scale_s), logit(curve.shape)])
        case Mixture():
            early = [float(logit(curve.impulse_share))]
            return np.concatenate([early, positions_of(curve.impulse), positions_of(curve.bass)])
        case _:
            assert_never(curve)
