"""How sure is a week? By how many weeks an order's build may come later than planned: its safety lead time.

Material requirements planning calls what is added to a plan because of uncertain supply *safety lead time* (APICS
dictionary; Hopp and Spearman, Factory Physics, on safety lead time and on quoting lead times at a service level). Here
it is not a guess but a quantile: thousands of seeded runs of the calendar as it may turn out. A run draws

- for each resource an output factor by week: log-normal with mean 1, its logarithm a stationary first-order
  autoregressive process (an AR(1); Box and Jenkins), so that good and bad weeks come in spells;
- for each resource by how much a rise of its capacity comes late: gamma with shape 2;
- the share of the orders ahead that will be given up: uniform.

An order planned in a week stands at the end of it: behind all of its kind that can be planned until then. It is built
in the first week by which what is left of that is built. In each week a kind is built as fast as the scarcest of its
resources lets it, as if everything sold: a resource that could do more than the others need is then rarely to blame,
and two that are equally tight are to blame in turn. What is not modelled: docs/promise-uncertainty.md; whether stated
shares are kept: ``calibration``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from drumroll.domain.capacity import UNLIMITED, Capacity
from drumroll.domain.launch_capacity import PromiseRules

Floats = NDArray[np.float64]
Weeks = NDArray[np.int16]
Kind = tuple[int, ...]
Rows = tuple[tuple[int, ...], tuple[int, ...]]

BEYOND = 52
"""Weeks after the horizon that are drawn too; after those the last level is built, without spread."""

LATEST = 9_999
"""No build is counted as more weeks late than this."""

CHUNK = 2_000_000
"""Numbers drawn at once: what bounds the memory, whatever the runs, weeks and resources."""

KINDS_AT_ONCE = 64
"""More kinds than this are simulated in several goes, with the same draws: that bounds the memory too."""

RAMP_SHAPE = 2.0
"""Of the gamma distribution of delays: the likeliest delay is half the mean one, and it is rarely near none."""

ROUNDING = 1e-9
"""What sums of the same numbers in another order may differ by, as a share."""


class Line(msgspec.Struct, frozen=True):
    """What the calendar says of one resource, and the highest that it had said until then.

    Infinite where it can't be short. What was reached counts anew after such a week.
    """

    level: Floats
    reached: Floats


class Pace(msgspec.Struct, frozen=True):
    """How many of each kind are built in each week ``(kinds, weeks)``, and how much of each resource that uses."""

    kinds: Floats
    used: dict[int, Floats]


class Chance:
    """Where randomness comes from: a stream for every purpose, so that none depends on what else there is."""

    def __init__(self, seed: int, resources: Sequence[int]) -> None:
        self.orders = Generator(PCG64(seed))
        self.spells = {one: Generator(PCG64(SeedSequence(seed, spawn_key=(one, 0)))) for one in resources}
        self.delays = {one: Generator(PCG64(SeedSequence(seed, spawn_key=(one, 1)))) for one in resources}


def safety(
    capacity: Capacity,
    kinds: tuple[Kind, ...],
    rules: PromiseRules,
    *,
    runs: int = 4000,
    seed: int = 1,
    now: int = 0,
) -> dict[str, Rows]:
    """By kind (the ids of its resources joined by "+"): two rows of weeks, one number for each column of the horizon.

    An order planned in column ``w`` is built by ``w + row[w]``: in ``kept_percent`` of the runs with the first row, in
    ``sure_percent`` with the second. A later column is never built by an earlier one. ``now``: the column from which
    on output is not known yet; those before it have zeros. The same arguments give the same rows.

    ``kinds`` are all that there are, for they share resources: fewer of them would seem to have more. Those that need
    nothing, which nobody builds, have no rows.
    """
    now = min(max(0, now), capacity.horizon)
    wanted = sorted({kind for kind in kinds if kind})
    lines = {one: _line(capacity.weekly[one], now) for one in sorted({one for kind in wanted for one in kind})}
    pace = _pace(lines, wanted)
    rows: dict[str, Rows] = {}
    for start in range(0, len(wanted), KINDS_AT_ONCE):
        some = range(start, min(start + KINDS_AT_ONCE, len(wanted)))
        late = _simulate(lines, pace, {number: wanted[number] for number in some}, rules, (runs, seed))
        for number, found in late.items():
            name = "+".join(capacity.resources[one].id for one in wanted[number])
            rows[name] = _rows(found, rules, now)
    return rows


def _simulate(
    lines: dict[int, Line], pace: Pace, kinds: dict[int, Kind], rules: PromiseRules, how: tuple[int, int]
) -> dict[int, Weeks]:
    """How much later than planned each of these kinds is built, in ``how`` many runs by which seed."""
    runs, seed = how
    late: dict[int, list[Weeks]] = {number: [] for number in kinds}
    chance = Chance(seed, list(lines))
    length = len(next(iter(lines.values())).level)
    for count in _chunks(runs, len(lines) * length):
        output, left = _draw(chance, lines, pace, rules, count)
        for number, kind in kinds.items():
            scarcest = np.minimum.reduce([output[one] for one in kind])
            late[number].append(_late(pace.kinds[number], scarcest, left, length - BEYOND))
    return {number: np.concatenate(parts) for number, parts in late.items()}


def _chunks(runs: int, width: int) -> Iterator[int]:
    step = max(1, CHUNK // width)
    for start in range(0, runs, step):
        yield min(step, runs - start)


def _line(weekly: Sequence[int], now: int) -> Line:
    """A calendar from ``now`` on; after its last week that builds anything it goes on at the level of that."""
    level = np.asarray(weekly, np.float64)
    open_weeks = np.flatnonzero(level)
    last = int(open_weeks[-1]) if len(open_weeks) else 0
    level = np.concatenate((level[: last + 1], np.full(len(level) - last - 1 + BEYOND, level[last])))
    level[level >= UNLIMITED] = np.inf
    parts = np.split(level, np.flatnonzero(np.diff(np.isinf(level))) + 1)
    reached = np.concatenate([np.maximum.accumulate(part) for part in parts])
    return Line(level[now:], reached[now:])


def _pace(lines: dict[int, Line], kinds: list[Kind]) -> Pace:
    """The pace of every kind if all of it sells, week by week; infinite where nothing limits it.

    All kinds grow together, in proportion to their weights, until a resource is full; then those that don't need it
    (progressive filling: Bertsekas and Gallager, Data Networks, on max-min fairness).
    """
    weight = _weights(lines, kinds)
    growing = np.isfinite(weight) & (weight > 0)
    pace = np.where(np.isinf(weight), np.inf, 0.0)
    weight[~growing] = 0
    free = {one: line.level.copy() for one, line in lines.items()}
    members = {one: np.array([one in kind for kind in kinds])[:, None] for one in lines}
    while growing.any():
        pull = {one: (weight * (growing & members[one])).sum(axis=0) for one in lines}
        steps = {one: _ratio(free[one], pull[one], np.inf) for one in lines}
        step = np.minimum.reduce(list(steps.values()))
        step[np.isinf(step)] = 0  # nothing grows there any more
        pace += weight * growing * step
        for one in lines:
            free[one] = np.maximum(0, free[one] - pull[one] * step)
            growing &= ~(members[one] & (steps[one] <= step * (1 + ROUNDING)))
    return Pace(pace, {one: _used(line.level, free[one]) for one, line in lines.items()})


def _used(level: Floats, free: Floats) -> Floats:
    return np.subtract(level, free, out=np.zeros_like(level), where=np.isfinite(level))


def _weights(lines: dict[int, Line], kinds: list[Kind]) -> Floats:
    """The level of a kind's narrowest resource, shared with the other kinds that have none narrower either."""
    weight = np.stack([np.minimum.reduce([lines[one].level for one in kind]) for kind in kinds] or [np.zeros(0)])
    sharing = np.zeros_like(weight)
    for one, line in lines.items():
        narrowest = np.array([one in kind for kind in kinds])[:, None] & (weight == line.level)
        sharing = np.maximum(sharing, narrowest * narrowest.sum(axis=0))
    shared: Floats = weight / np.maximum(1, sharing)
    return shared


def _ratio(part: Floats, whole: Floats, otherwise: float) -> Floats:
    shape = np.broadcast_shapes(part.shape, whole.shape)
    ratio: Floats = np.divide(part, whole, out=np.full(shape, otherwise), where=whole > 0)
    return ratio


def _draw(
    chance: Chance, lines: dict[int, Line], pace: Pace, rules: PromiseRules, runs: int
) -> tuple[dict[int, Floats], Floats]:
    """Some runs: for each resource ``(runs, weeks)`` its output against what is used of it; the share that stays."""
    low, high = rules.cancel_percent
    left = 1 - chance.orders.uniform(low, high, (runs, 1)) / 100
    output = {}
    for resource, line in lines.items():
        factors = _factors(chance.spells[resource], rules, runs, len(line.level))
        delay = chance.delays[resource].gamma(RAMP_SHAPE, rules.ramp_late_weeks / RAMP_SHAPE, (runs, 1))
        output[resource] = factors * _ratio(_delayed(line, delay), pace.used[resource], 1.0)
        output[resource][:, np.isinf(line.level)] = np.inf
    return output, left


def _factors(chance: Generator, rules: PromiseRules, runs: int, weeks: int) -> Floats:
    """Output against the calendar ``(runs, weeks)``: log-normal, mean 1, in spells of ``spread_weeks``."""
    variance = math.log1p((rules.spread_percent / 100) ** 2)
    memory = math.exp(-1 / rules.spread_weeks)
    spells = np.ascontiguousarray(chance.standard_normal((runs, weeks)).T)
    for week in range(1, weeks):
        spells[week] = memory * spells[week - 1] + math.sqrt(1 - memory**2) * spells[week]
    factors: Floats = np.exp(math.sqrt(variance) * spells - variance / 2).T
    return factors


def _delayed(line: Line, delay: Floats) -> Floats:
    """The calendar with its rises late: no week has more than the highest level that was due ``delay`` weeks before.

    Back to a level that was reached already (after a holiday) is no rise.
    """
    if not np.any(line.reached[1:] > line.reached[:-1]):
        return line.level[None, :]
    limited = np.isfinite(line.level)
    reached = np.where(limited, line.reached, 0)
    weeks = np.arange(len(reached))
    first = np.maximum.accumulate(np.where(limited, 0, weeks + 1))  # of the weeks since the last without a limit
    whole = np.floor(delay)
    at = weeks - whole.astype(np.int64)
    later, sooner = reached[np.maximum(at, first) % len(weeks)], reached[np.maximum(at - 1, first) % len(weeks)]
    delayed: Floats = np.minimum(line.level, later + (delay - whole) * (sooner - later))
    return delayed


def _late(pace: Floats, scarcest: Floats, left: Floats, weeks: int) -> Weeks:
    """How much later than planned a kind is built ``(runs, weeks)``; never, in a week in which nothing limits it."""
    late = np.zeros((len(left), weeks), np.int64)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], np.isfinite(pace), [False]))))
    for start, until in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        planned, real = pace[start:until], pace[start:until] * scarcest[:, start:until]
        columns = _first_column(planned, real, left, open_end=until == len(pace))
        late[:, start:until] = (columns - np.arange(until - start))[:, : max(0, weeks - start)]
    return np.clip(late, 0, LATEST).astype(np.int16)


def _first_column(pace: Floats, output: Floats, left: Floats, *, open_end: bool) -> NDArray[np.int64]:
    """For every planned week the first one by which ``left`` of what is planned until its end is built.

    The number of weeks stands for the one after them: it has no limit, or with an ``open_end`` they go on for ever.
    """
    planned, done = np.cumsum(pace), np.cumsum(output, axis=1)
    runs, length = done.shape
    # So many planned weeks are done by the end of each real one; a planned one is done after those that have fewer.
    # No allowance for rounding: output is never below the pace where nothing is uncertain, to the last bit.
    weeks_done = np.searchsorted(planned, done / left, side="right")
    cells = weeks_done + np.arange(runs)[:, None] * (length + 1)
    counts = np.bincount(cells.ravel(), minlength=runs * (length + 1)).reshape(runs, length + 1)
    first = np.cumsum(counts[:, :length], axis=1)
    if open_end and pace[-1]:
        run, week = np.nonzero(first == length)
        missing = planned[week] * left[run, 0] - done[run, -1]
        first[run, week] += np.maximum(0, np.ceil(missing / pace[-1]) - 1).astype(np.int64)
    return first


def _rows(late: Weeks, rules: PromiseRules, now: int) -> Rows:
    """The two quantiles, and zeros for the columns before ``now``."""
    ranked = np.sort(late, axis=0)
    ranks = (-(-percent * len(late) // 100) - 1 for percent in (rules.kept_percent, rules.sure_percent))
    kept, sure = ((0,) * now + tuple(ranked[rank].tolist()) for rank in ranks)
    return kept, sure
