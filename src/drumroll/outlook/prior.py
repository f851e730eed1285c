"""What is assumed before the first order: an earlier launch, how much larger this one is, and how far both may be off.

Early on the counts can't tell how large a launch is; then the forecast says what is assumed here. So it is explicit,
can be changed, and each forecast says its weight.
"""

from __future__ import annotations

from math import isfinite, log

import msgspec
import numpy as np

from drumroll.errors import CurveUnfit
from drumroll.outlook.curves import CANDIDATES, Curve, Floats, Name, curve_of
from drumroll.outlook.likelihood import LEAST_PHI, Target, mode
from drumroll.outlook.observed import Observed, Point, intervals, observed

Z95 = 1.959963984540054
"""95 % of a normal lies within so many standard deviations of its middle."""

PHI = 0.06
PHI_WITHIN_FACTOR = 3.0
"""Relative noise over one unit of logarithmic time beyond the least of 10 %: 6 %, or from 2 to 18 % (95 %)."""

MIDDLES: dict[Name, tuple[float, ...]] = {
    "bass": (log(1 / 7200), 1.0),
    "impulse": (log(3600.0), 0.0),
    "mixture": (1.0, log(3600.0), 0.0, log(1 / 86_400), 1.0),
}
"""Where a curve is thought to lie if nothing is known: half of it in hours, e times as much imitation as innovation."""

SHAPES: dict[Name, tuple[float | None, ...]] = {
    "bass": (None, 1.0),
    "impulse": (None, 0.7),
    "mixture": (1.0, None, 0.7, None, 1.0),
}
"""Standard deviations from launch to launch of what is no pace (None: a pace, which ``pace_within_factor`` gives)."""


class Earlier(msgspec.Struct, frozen=True):
    """An earlier launch, and how this one is thought to compare with it.

    ``times``: this launch's size over that one's. ``within_factor``: in 95 of 100 cases the size is within this factor
    of that, either way; ``pace_within_factor`` the same of how much faster or slower orders come.
    """

    name: str
    points: tuple[Point, ...]
    times: float = 1.0
    within_factor: float = 2.0
    pace_within_factor: float = 10.0


class CandidatePrior(msgspec.Struct, frozen=True):
    """A candidate's prior: each place (``likelihood``) is normal, on its own, with this mean and standard deviation."""

    name: Name
    mean: tuple[float, ...]
    sd: tuple[float, ...]

    @property
    def middle(self) -> Curve:
        """The curve in the middle of the prior."""
        return curve_of(self.name, np.array(self.mean[1:-1]))


class Prior(msgspec.Struct, frozen=True):
    """What is assumed of each candidate; before any count the candidates are equally likely."""

    candidates: tuple[CandidatePrior, ...]
    says: str
    earlier: Earlier | None = None


def vague(
    orders: float = 100_000, *, within_factor: float = 100.0, pace_within_factor: float = 100.0, flat: float = 1.0
) -> Prior:
    """A prior for a launch like no other: about ``orders`` in all, within a factor that says how little that means.

    ``flat`` multiplies the standard deviations of the shapes as well, for who wants the counts to speak alone.
    """
    _check("orders", orders, above=0.0)
    _check("within_factor", within_factor)
    _check("pace_within_factor", pace_within_factor)
    _check("flat", flat)
    priors = tuple(
        _candidate(name, np.array([log(orders), *MIDDLES[name], log(PHI)]), within_factor, pace_within_factor, flat)
        for name in CANDIDATES
    )
    says = (
        f"No earlier launch: about {orders:,.0f} orders in all, within a factor of {within_factor:g} (95 %); "
        f"half of them within hours, {pace_within_factor:g} times faster or slower (95 %)."
    )
    return Prior(priors, says)


def prior_of(earlier: Earlier) -> Prior:
    """A prior from an earlier launch: each candidate fitted to it, its size multiplied, its pace and shape kept.

    Raises CurveUnfit if its points are no curve, or a factor is out of range.
    """
    _check("times", earlier.times, above=0.0)
    _check("within_factor", earlier.within_factor)
    _check("pace_within_factor", earlier.pace_within_factor)
    known = observed(earlier.points, "published")
    priors = tuple(_like(earlier, name, known) for name in CANDIDATES)
    return Prior(priors, _says(earlier), earlier)


def targets(prior: Prior, known: Observed) -> tuple[Target, ...]:
    """Each candidate of the prior with the counts that are known."""
    data = intervals(known)
    return tuple(Target(own.name, data, np.array(own.mean), np.array(own.sd)) for own in prior.candidates)


def _like(earlier: Earlier, name: Name, known: Observed) -> CandidatePrior:
    start = vague(float(max(known.orders_now, 1)), within_factor=3.0)
    own = next(own for own in start.candidates if own.name == name)
    fitted = mode(Target(name, intervals(known), np.array(own.mean), np.array(own.sd)), np.array(own.mean)).at
    fitted[0] += log(earlier.times)
    return _candidate(name, fitted, earlier.within_factor, earlier.pace_within_factor)


def _candidate(name: Name, mean: Floats, within: float, pace_within: float, flat: float = 1.0) -> CandidatePrior:
    pace = _sd(pace_within)
    shapes = [pace if sd is None else sd * flat for sd in SHAPES[name]]
    sds = (_sd(within), *shapes, _sd(PHI_WITHIN_FACTOR))
    return CandidatePrior(name, tuple(float(value) for value in mean), sds)


def _sd(within_factor: float) -> float:
    """The standard deviation of a logarithm of which 95 % lies within this factor either way."""
    return log(within_factor) / Z95


def _check(field: str, value: float, above: float = 1.0) -> None:
    if not (isfinite(value) and above < value <= 1e12) and not (field == "flat" and value == 1.0):
        raise CurveUnfit(
            f"{field} is {value!r}; it is a finite number above {above:g}. A factor of 2 is usual for a size"
        )


def _says(earlier: Earlier) -> str:
    last_s, orders = earlier.points[-1]
    return (
        f"Before the first order: like {earlier.name} ({orders:,} orders by second {last_s:g}), {earlier.times:g} "
        f"times its size within a factor of {earlier.within_factor:g} (95 %), as fast within a factor of "
        f"{earlier.pace_within_factor:g} (95 %); counts as noisy about a curve as that launch's, and never less than "
        f"{100 * LEAST_PHI:.0f} % over one unit of logarithmic time. Bass, an impulse, their mixture: equally likely."
    )
