"""From a log, a CSV file or published figures to what ``drumroll forecast`` is asked: what was known at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import msgspec

from drumroll.bootstrap import read_launch
from drumroll.cli.forecast_words import clock
from drumroll.cli.reading import blocks_of, completed
from drumroll.domain.launch import Launch
from drumroll.domain.launch_market import SCALES
from drumroll.domain.times import rfc3339
from drumroll.errors import CurveUnfit
from drumroll.exchange.curves import read_curve
from drumroll.outlook.curve_of_log import CurveFold, LogCurve, orders_by, thinned
from drumroll.outlook.forecast_locked import Became
from drumroll.outlook.observed import FIRST_S, Observed, Point, Source, observed
from drumroll.outlook.prior import Earlier, Prior, prior_of, vague

LAUNCH = "launches/yu7.toml"
CLOSE_S = 0.5
"""A point of a file or of the press is of a moment if it is so close to it."""

SAYS_ORDERS = ("is", "more than", "at least")
"""Relations of a published figure that are taken as the count itself; "about" is too loose to be a point."""


class Asked(msgspec.Struct, frozen=True):
    """What a forecast is made of. Points are (second since the opening, cumulative orders).

    ``known`` is what was known by ``moment_s``; ``whole`` all that the source has, ``came`` the orders by each horizon
    that it knows. ``became``: what became of the orders by then, from a log. ``notes`` are to be said.
    """

    name: str
    where: str
    launch: Launch | None
    moment_s: float
    known: Observed
    whole: tuple[Point, ...]
    came: dict[int, int]
    horizons_s: tuple[int, ...]
    earlier: Earlier | None
    prior: Prior
    became: Became | None
    notes: tuple[str, ...]
    seed: int

    @property
    def opens_at_ms(self) -> int | None:
        """When it opened, if that is known."""
        return None if self.launch is None else self.launch.opens_at_ms

    @property
    def at(self) -> str:
        """The moment as a time, or as seconds after the opening."""
        if self.launch is None:
            return f"second {self.moment_s:g}"
        return rfc3339(self.launch.opens_at_ms + round(self.moment_s * 1000), self.launch.time_zone)


class _Found(msgspec.Struct, frozen=True):
    """What a source gave: its points by the moment, and all of them; ``came`` answers with orders by a second."""

    launch: Launch | None
    where: str
    source: Source
    moment_s: float
    points: tuple[Point, ...]
    whole: tuple[Point, ...]
    log: LogCurve | None = None
    became: Became | None = None
    notes: tuple[str, ...] = ()

    def came(self, second: int) -> int | None:
        """Orders by a second, if the source knows: a log always does, other points only speak for their moment."""
        if self.log is not None:
            return orders_by(self.log, second)
        near = [orders for at, orders in self.whole if abs(at - second) <= CLOSE_S]
        return near[-1] if near else None


def asked(launch_file: str | None, given: dict[str, Any]) -> Asked:
    """Read what is asked about.

    Raises:
        CurveUnfit: there is no curve to forecast from by that moment, or it is none.
        WrongLaunch: the launch file and the log or the curve are of two launches.
        LogError, FileUnfit, LaunchFileInvalid: as reading does.
    """
    found = _found(launch_file, given)
    if found.moment_s < FIRST_S:
        raise CurveUnfit(
            f"a forecast is made from minute 3 on (second {FIRST_S}); found second {found.moment_s:g} after the "
            "opening: before that the curve has no shape. Ask for a later moment, or wait"
        )
    known = _known(found)
    earlier, prior, notes = _assumed(found.launch, given)
    horizons = given["horizons"]
    came = {at_s: found.came(at_s) for at_s in horizons}
    return Asked(
        name=found.launch.name if found.launch is not None else Path(found.where).name,
        where=found.where,
        launch=found.launch,
        moment_s=found.moment_s,
        known=known,
        whole=thinned(found.whole),
        came={at_s: orders for at_s, orders in came.items() if orders is not None},
        horizons_s=horizons,
        earlier=earlier,
        prior=prior,
        became=found.became,
        notes=(*found.notes, *notes),
        seed=given["seed"],
    )


def _known(found: _Found) -> Observed:
    """The points by the moment, checked; so is the whole curve, which is compared with what came."""
    least = 2 if found.source == "published" else 3
    observed(thinned(found.whole), found.source, least=least)
    if not any(0 < at <= found.moment_s for at, _ in found.whole):
        first = next((at for at, _ in found.whole if at > 0), 0.0)
        raise CurveUnfit(f"nothing is known by second {found.moment_s:g}: the first point is at second {first:g}")
    known = observed(thinned(found.points), found.source, least=least)
    if known.from_s < FIRST_S:
        raise CurveUnfit(
            f"a forecast is made from minute 3 on (second {FIRST_S}); the last point by second {found.moment_s:g} is "
            f"at second {known.from_s:g}. Give a later one"
        )
    return known


def _found(launch_file: str | None, given: dict[str, Any]) -> _Found:
    if given["log"] and given["curve"]:
        raise click.UsageError("--log and --curve: found both, allowed: one of them")
    if given["at_ms"] is not None and given["after_s"] is not None:
        raise click.UsageError("--at and --after: found both, allowed: one of them")
    if given["log"]:
        return _of_log(given["log"], launch_file, given)
    if given["curve"]:
        return _of_file(Path(given["curve"]), launch_file, given)
    return _of_press(read_launch(launch_file or LAUNCH), launch_file or LAUNCH, given)


# A log


def _of_log(log: str, launch_file: str | None, given: dict[str, Any]) -> _Found:
    fold, then = CurveFold(), None
    for block in blocks_of(log):
        if then is None and (asked_ms := _asked_ms(fold.launch, given)) is not None and block.at_ms > asked_ms:
            then = fold.curve(asked_ms)
        fold.take(block.at_ms, block.events)
    whole = fold.curve()
    asked_ms = _asked_ms(fold.launch, given)
    now = then or (whole if asked_ms is None else fold.curve(min(asked_ms, _until_ms(whole))))
    if whole is None or now is None:
        raise CurveUnfit(f"{log} has no launch, so there is no curve. Give the log of a launch that has opened")
    launch = completed(log, whole.launch, None if launch_file is None else read_launch(launch_file))
    notes = (
        "Orders are gross: each counts once, when it first stood firm, and stays counted when it is cancelled.",
        *((f"{whole.before:,} orders stood firm before the opening and are left out.",) if whole.before else ()),
        *_beyond(asked_ms, whole, log),
    )
    return _Found(launch, log, "log", now.until_s, now.points, whole.points, whole, now.became, notes)


def _asked_ms(launch: Launch | None, given: dict[str, Any]) -> int | None:
    if launch is None or (given["at_ms"] is None and given["after_s"] is None):
        return None
    at_ms: int | None = given["at_ms"]
    return launch.opens_at_ms + given["after_s"] * 1000 if at_ms is None else at_ms


def _until_ms(whole: LogCurve | None) -> int:
    return 0 if whole is None else whole.launch.opens_at_ms + round(whole.until_s * 1000)


def _beyond(asked_ms: int | None, whole: LogCurve, log: str) -> Sequence[str]:
    if asked_ms is None or asked_ms <= _until_ms(whole):
        return ()
    return (f"{log} ends {clock(whole.until_s)} after the opening: the forecast is as of then.",)


# A file


def _of_file(path: Path, launch_file: str | None, given: dict[str, Any]) -> _Found:
    launch = None if launch_file is None else read_launch(launch_file)
    if launch is None and given["at_ms"] is not None:
        raise click.UsageError("--at: with --curve alone nobody knows when sales opened; give LAUNCH_FILE, or --after")
    opens_at_ms = None if launch is None else launch.opens_at_ms
    points = read_curve(path, opens_at_ms, None if launch is None else launch.id).points
    return _by(_moment_s(points, opens_at_ms, given), launch, str(path), "curve", points)


def _moment_s(points: tuple[Point, ...], opens_at_ms: int | None, given: dict[str, Any]) -> float:
    """The moment that is asked about; the last that is known, if none is."""
    if given["after_s"] is not None:
        return float(given["after_s"])
    if given["at_ms"] is not None and opens_at_ms is not None:
        return float((given["at_ms"] - opens_at_ms) / 1000)
    return points[-1][0] if points else 0.0


def _by(
    moment_s: float,
    launch: Launch | None,
    where: str,
    source: Source,
    whole: tuple[Point, ...],
    notes: tuple[str, ...] = (),
) -> _Found:
    points = tuple(point for point in whole if point[0] <= moment_s)
    return _Found(launch, where, source, moment_s, points, whole, notes=notes)


# What was published


def _of_press(launch: Launch, launch_file: str, given: dict[str, Any]) -> _Found:
    whole = published_points(launch)
    if len(whole) < 2:
        raise CurveUnfit(
            f"{launch_file} has no published orders to forecast from: add [[finance.published]] with definition = "
            '"orders" and its time, or give --log or --curve'
        )
    moment_s = _moment_s(whole, launch.opens_at_ms, given)
    notes = ["Known are only the figures that were published; orders between them are not."]
    if sum(0 < at <= moment_s for at, _ in whole) == 1:
        notes.append("One published figure and the opening are no shape: what comes next is the prior's.")
    return _by(moment_s, launch, launch_file, "published", whole, tuple(notes))


def published_points(launch: Launch) -> tuple[Point, ...]:
    """The opening and the published orders in the order of time; of one moment the first that is published."""
    found: dict[float, int] = {}
    for one in () if launch.finance is None else launch.finance.published:
        if one.definition == "orders" and one.relation in SAYS_ORDERS and one.at_ms is not None:
            after_s = (one.at_ms - launch.opens_at_ms) / 1000
            if after_s > 0:
                found.setdefault(after_s, round(Decimal(one.figure) * SCALES[one.scale]))
    return ((0.0, 0), *sorted(found.items()))


# What is assumed

_CHANGES = {"times": "--times", "within_factor": "--within-factor", "pace_within_factor": "--pace-within-factor"}


def _assumed(launch: Launch | None, given: dict[str, Any]) -> tuple[Earlier | None, Prior, tuple[str, ...]]:
    """The earlier launch, the prior, and what has to be said of both."""
    changed = {field: given[field] for field in _CHANGES if given[field] is not None}
    if given["no_prior"]:
        if changed:
            named = ", ".join(_CHANGES[field] for field in changed)
            raise click.UsageError(f"{named} with --no-prior: found both, allowed: one of them")
        return None, vague(), ("Asked for without a prior: it is vague.",)
    earlier = None if launch is None else earlier_of(launch)
    if earlier is None:
        if changed:
            named = ", ".join(_CHANGES[field] for field in changed)
            raise click.UsageError(
                f"{named}: there is no [outlook.earlier] to change; add it to LAUNCH_FILE, and give it"
            )
        return None, vague(), ("There is no [outlook.earlier] to lean on: the prior is vague.",)
    notes = tuple(
        f"{_CHANGES[field]} {value:g} instead of the launch file's {getattr(earlier, field):g}."
        for field, value in changed.items()
    )
    earlier = msgspec.structs.replace(earlier, **changed)
    return earlier, prior_of(earlier), notes


def earlier_of(launch: Launch) -> Earlier | None:
    """The earlier launch of a launch's ``[outlook]``, if it names one."""
    named = None if launch.outlook is None else launch.outlook.earlier
    if named is None:
        return None
    return Earlier(
        named.name,
        tuple((float(point.after_s), point.orders) for point in named.points),
        float(named.times),
        float(named.within_factor),
        float(named.pace_within_factor),
    )
