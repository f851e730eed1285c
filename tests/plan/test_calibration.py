"""Are stated shares kept? And would the check say so, if they were not?"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.random import PCG64, Generator
from statsmodels.stats.proportion import proportion_confint

from drumroll.domain.capacity import UNLIMITED, Capacity, Resource
from drumroll.domain.launch_capacity import PromiseRules
from drumroll.plan import calibration as module
from drumroll.plan.calibration import Calibration, Queue, calibrate, wilson
from drumroll.plan.problem import Problem
from drumroll.plan.safety import safety
from drumroll.plan.strict import strict

PAGE = Path(__file__).parent.parent.parent / "docs" / "promise-uncertainty.md"
WEEKS = 120
ROUGH = PromiseRules(spread_percent=20, spread_weeks=5, ramp_late_weeks=4, cancel_percent=(3, 10))
EVEN = PromiseRules(spread_percent=10, spread_weeks=8)


def a_capacity(*weekly: Any) -> Capacity:
    names = [f"r{number}" for number in range(len(weekly))]
    resources = tuple(Resource(name, name, "plant") for name in names)
    return Capacity(105_633, len(weekly[0]), resources, tuple(tuple(row) for row in weekly))


def promised(capacity: Capacity, kinds: Sequence[tuple[int, ...]], kind: Any) -> Queue:
    """Orders of these kinds by place, each in the week that the strict plan gives it; a trim for each kind."""
    kind = np.asarray(kind)
    needs = np.array([[one in each for one in range(len(capacity.resources))] for each in kinds], np.bool_)
    nothing = np.full(len(kind), capacity.horizon, np.int32)
    ids = tuple(each.id for each in capacity.resources)
    weekly = np.array(capacity.weekly, np.int64)
    column = strict(Problem(0, ids, weekly, needs, kind.astype(np.int32), nothing, nothing * 0 - 1)).column
    return Queue(kind, column.astype(np.int64), kind.copy(), tuple(f"trim {number}" for number in range(len(kinds))))


def mixed(shares: Sequence[float], orders: int) -> Any:
    return Generator(PCG64(3)).choice(len(shares), orders, p=shares)


PLANTS: dict[str, tuple[Capacity, tuple[tuple[int, ...], ...], Any]] = {
    "one plant that ramps up": (
        a_capacity([15 + min(week, 40) // 4 for week in range(WEEKS)]),
        ((0,),),
        np.zeros(1_250, np.int64),
    ),
    "a plant that closes": (
        a_capacity([0 if week % 13 == 12 else 20 for week in range(WEEKS)]),
        ((0,),),
        np.zeros(1_100, np.int64),
    ),
    "limits, and a plant with room to spare": (
        a_capacity([18] * WEEKS, [12] * WEEKS, [42] * WEEKS),
        ((0, 2), (1, 2)),
        mixed([0.6, 0.4], 1_500),
    ),
    "limits with room to spare, and a plant": (
        a_capacity([27] * WEEKS, [18] * WEEKS, [27] * WEEKS),
        ((0, 2), (1, 2)),
        mixed([0.6, 0.4], 1_500),
    ),
    "limits and a plant, equally tight": (
        a_capacity([18] * WEEKS, [12] * WEEKS, [30] * WEEKS),
        ((0, 2), (1, 2)),
        mixed([0.6, 0.4], 1_500),
    ),
    "limits that overlap": (
        a_capacity([21] * WEEKS, [8] * 40 + [UNLIMITED] * (WEEKS - 40), [30] * WEEKS),
        ((0, 2), (0, 1, 2), (2,)),
        mixed([0.4, 0.2, 0.4], 1_500),
    ),
}


@cache
def checked(name: str, rules: PromiseRules, **how: Any) -> Calibration:
    capacity, kinds, kind = PLANTS[name]
    late = safety(capacity, kinds, rules)
    found = calibrate(capacity, kinds, promised(capacity, kinds, kind), rules, late, **how)
    assert found is not None
    return found


@pytest.mark.parametrize("rules", [EVEN, ROUGH], ids=["even", "rough"])
@pytest.mark.parametrize("name", list(PLANTS))
def test_the_stated_shares_are_kept_and_no_whole_week_is_given_away(name: str, rules: PromiseRules) -> None:
    found = checked(name, rules)
    assert found.met
    for group in (found.all_orders, *found.by_trim):
        for share, most in ((group.window, 0.97), (group.sure, 0.998)):
            # 0.025: the sampling error of 300 nights, one-sided, at 80 %.
            assert share.stated - 0.025 <= share.kept <= most, group
            assert share.low <= share.kept <= share.high
    # A week less, and it would be too little, or as good as that: no promise is later by a week without need.
    for share in (found.all_orders.window, found.all_orders.sure):
        assert share.week_less < share.stated + 0.04
        assert share.week_less < share.kept


def test_the_last_order_of_a_week_is_promised_no_week_too_much() -> None:
    # It stands where safety says that the whole week stands, so here rounding to weeks is all that is given away.
    capacity, kinds, kind = PLANTS["one plant that ramps up"]
    rules = replace(ROUGH, cancel_percent=(0, 0))
    queue = promised(capacity, kinds, kind)
    last = np.append(queue.column[1:] != queue.column[:-1], False)
    weeks = replace(queue, trim=np.where(last, queue.column, -1), trims=tuple(str(week) for week in range(WEEKS)))
    late = safety(capacity, kinds, rules)
    found = calibrate(capacity, kinds, weeks, rules, late, nights=2_000)
    assert found is not None
    assert len(found.by_trim) > 40
    for week, group in enumerate(found.by_trim):
        # 0.03: three deviations of 2,000 nights and of as many runs.
        assert group.window.kept > group.window.stated - 0.03, week
        assert group.sure.kept > group.sure.stated - 0.02, week
        assert late["r0"][0][week] == 0 or group.window.week_less < group.window.stated + 0.03, week
        assert late["r0"][1][week] == 0 or group.sure.week_less < group.sure.stated + 0.02, week


@pytest.mark.parametrize("name", list(PLANTS))
def test_without_safety_the_check_says_that_promises_are_broken(name: str) -> None:
    capacity, kinds, kind = PLANTS[name]
    nothing = dict.fromkeys(safety(capacity, kinds, EVEN, runs=1), ((0,) * WEEKS,) * 2)
    found = calibrate(capacity, kinds, promised(capacity, kinds, kind), EVEN, nothing)
    assert found is not None
    assert not found.met
    assert not found.all_orders.window.met
    assert not found.all_orders.sure.met
    assert found.all_orders.window.above < -0.1


def test_rows_for_half_the_spread_do_not_pass() -> None:
    capacity, kinds, kind = PLANTS["one plant that ramps up"]
    late = safety(capacity, kinds, PromiseRules(spread_percent=10, spread_weeks=5))
    found = calibrate(
        capacity, kinds, promised(capacity, kinds, kind), PromiseRules(spread_percent=30, spread_weeks=10), late
    )
    assert found is not None
    assert not found.met


def test_if_nothing_is_uncertain_every_order_is_built_in_its_week() -> None:
    # Any calendars and kinds: the nights build by place what the strict plan gave, to the very week.
    random = Generator(PCG64(11))
    for _ in range(60):
        weeks, resources, kinds_there = (int(random.integers(low, high)) for low, high in ((2, 12), (1, 4), (1, 5)))
        capacity = a_capacity(*random.choice([0, 1, 2, 5, UNLIMITED], (resources, weeks)).tolist())
        kinds = tuple(tuple(np.flatnonzero(row).tolist()) for row in random.random((kinds_there, resources)) < 0.6)
        queue = promised(capacity, kinds, random.integers(0, kinds_there, int(random.integers(1, 60))))
        late = safety(capacity, kinds, PromiseRules(), runs=1)
        found = calibrate(capacity, kinds, queue, PromiseRules(), late, nights=2)
        if found is not None:
            assert found.all_orders.window.kept == found.all_orders.sure.kept == 1
            assert found.all_orders.window.week_less == 0


def test_a_night_builds_in_turn_what_each_order_needs_and_no_more_than_there_is() -> None:
    # Order by order and week by week, without anything of what the check is made of but its room and who stays.
    capacity, kinds, kind = PLANTS["limits that overlap"]
    queue = promised(capacity, kinds, kind[:600])
    chance = Generator(PCG64(5))
    room = module._room(chance, capacity, ROUGH, 3, 0, 7)
    stays = module._stays(chance, ROUGH, 600, 3)
    for sequence in ("place", "plan"):
        built = module._build(kinds, queue, room, stays, sequence)
        waiting = range(600) if sequence == "place" else sorted(range(600), key=lambda at: (queue.column[at], at))
        for night in range(3):
            expected = by_week(kinds, queue, [each[night] for each in room], stays[:, night], waiting)
            assert all(built[place, night] == week for place, week in expected.items())


def by_week(kinds: Any, queue: Queue, room: Any, stays: Any, sequence: Any) -> dict[int, int]:
    """Week by week, everybody still waiting in turn."""
    built: dict[int, int] = {}
    waiting = [place for place in sequence if stays[place]]
    for week in range(len(room[0])):
        free = [int(each[week]) for each in room]
        for place in waiting:
            needed = kinds[queue.kind[place]]
            if all(free[one] > 0 for one in needed):
                built[place] = week
                for one in needed:
                    free[one] -= 1
        waiting = [place for place in waiting if place not in built]
    assert not waiting
    return built


def test_the_nights_output_has_the_spread_and_the_spells_of_the_model() -> None:
    rules = PromiseRules(spread_percent=30, spread_weeks=4)
    room = module._room(Generator(PCG64(1)), a_capacity([10**6] * 50), rules, 2_000, 0, 1)[0] / 10**6
    assert abs(room.mean() - 1) < 0.01
    assert abs(room.std() - 0.3) < 0.01
    logs = np.log(room)
    for lag in (1, 4, 12):
        found = np.corrcoef(logs[:, :-lag].ravel(), logs[:, lag:].ravel())[0, 1]
        assert abs(found - np.exp(-lag / 4)) < 0.02


def test_nights_are_what_an_interval_counts_not_orders() -> None:
    few, many = checked("one plant that ramps up", EVEN, nights=50), checked("one plant that ramps up", EVEN)
    widths = [found.all_orders.window.high - found.all_orders.window.low for found in (few, many)]
    assert widths[0] > 1.5 * widths[1]
    capacity, kinds, kind = PLANTS["one plant that ramps up"]
    half = replace(promised(capacity, kinds, kind), trim=np.arange(len(kind)) % 2 - 1)
    found = calibrate(capacity, kinds, half, EVEN, safety(capacity, kinds, EVEN))
    assert found is not None
    assert abs(found.all_orders.window.high - found.all_orders.window.low - widths[1]) < widths[1] / 10


@pytest.mark.parametrize("number", [10, 300])
@pytest.mark.parametrize("successes", [0.0, 0.5, 0.8, 1.0])
def test_intervals_are_wilsons(successes: float, number: int) -> None:
    expected = proportion_confint(successes * number, number, method="wilson")
    assert wilson(successes, number) == pytest.approx(expected, abs=1e-9)


def test_a_long_queue_is_thinned_and_that_changes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = checked("limits, and a plant with room to spare", ROUGH)
    monkeypatch.setattr(module, "MOST_ORDERS", 300)
    thin = checked.__wrapped__("limits, and a plant with room to spare", ROUGH)
    assert (whole.stands_for, thin.stands_for) == (1, 5)
    assert abs(thin.all_orders.orders - whole.all_orders.orders) <= 10
    for few, all_of_them in zip(thin.by_trim, whole.by_trim, strict=True):
        assert abs(few.window.kept - all_of_them.window.kept) < 0.05
        assert abs(few.sure.kept - all_of_them.sure.kept) < 0.03


def test_who_was_promised_nothing_is_not_counted_but_stands_in_the_queue() -> None:
    capacity, kinds, kind = PLANTS["one plant that ramps up"]
    queue = promised(capacity, kinds, kind)
    late = safety(capacity, kinds, EVEN)
    behind = replace(queue, trim=np.where(np.arange(len(kind)) < 750, -1, 0))
    found, whole = (calibrate(capacity, kinds, one, EVEN, late) for one in (behind, queue))
    assert found is not None
    assert whole is not None
    assert found.all_orders.orders == 500
    assert found.by_quarter[-1] == whole.by_quarter[-1]
    without = replace(queue, column=np.full(len(kind), WEEKS))
    assert calibrate(capacity, kinds, without, EVEN, late) is None
    assert calibrate(capacity, ((),), replace(queue, kind=kind * 0), EVEN, {}) is None


def test_from_now_on_it_is_as_if_the_calendar_began_now() -> None:
    weekly = [50 + 5 * (week % 3) for week in range(60)]
    queue = promised(a_capacity(weekly[20:]), ((0,),), np.zeros(900, np.int64))
    rows = safety(a_capacity(weekly[20:]), ((0,),), EVEN)
    begun = calibrate(replace(a_capacity(weekly[20:]), base_week=105_653), ((0,),), queue, EVEN, rows)
    later = replace(queue, column=queue.column + 20)
    rows = safety(a_capacity(weekly), ((0,),), EVEN, now=20)
    assert calibrate(a_capacity(weekly), ((0,),), later, EVEN, rows, now=20) == begun


def test_same_arguments_same_answer_and_another_seed_other_nights() -> None:
    name = "limits and a plant, equally tight"
    found = checked(name, ROUGH, nights=40)
    assert checked.__wrapped__(name, ROUGH, nights=40) == found
    assert checked(name, ROUGH, nights=40, seed=3) != found


def test_by_quarter_every_promise_is_counted_once_in_the_order_of_time() -> None:
    found = checked("one plant that ramps up", EVEN, nights=20)
    assert sum(group.orders for group in found.by_quarter) == found.all_orders.orders == 1_250
    names = [group.name for group in found.by_quarter]
    assert names == sorted(names)
    assert names[0] == "2025-Q3"


def test_the_check_shares_no_code_with_what_it_checks() -> None:
    imported = {
        str(node.module)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    assert not any(name.startswith("drumroll.plan") for name in imported)


# A line of one model before everybody, then three trims with waits as different as in the reference launch, at a plant
# that is not wider than what its limits let through. A hundred-and-sixtieth
# of the real size.
FOUR_LINES = ((0, 4), (1, 4), (2, 4), (3, 4))
AHEAD, WAITING = 625, (0.0, 0.545, 0.27, 0.185)


@cache
def four_lines(plant: int, rules: PromiseRules, sequence: Any) -> Calibration:
    weekly = [[level] * WEEKS for level in (19, 18, 10, 9, plant)]
    capacity = a_capacity(*weekly)
    kind = np.concatenate((np.zeros(AHEAD, np.int64), mixed(WAITING, 1_920)))
    queue = promised(capacity, FOUR_LINES, kind)
    queue = replace(queue, trim=np.where(np.arange(len(kind)) < AHEAD, -1, queue.kind))
    found = calibrate(capacity, FOUR_LINES, queue, rules, safety(capacity, FOUR_LINES, rules), sequence=sequence)
    assert found is not None
    return found


def test_at_a_tight_plant_who_waits_least_is_passed_over_by_place_but_not_by_the_plan() -> None:
    # The page says so. By place, good weeks of a long-waiting trim's limit take the plant from one promised earlier.
    by_plan, by_place = (four_lines(56, EVEN, sequence) for sequence in ("plan", "place"))
    assert by_plan.met
    assert not by_place.met
    assert by_place.by_trim[-1].window.kept < by_plan.by_trim[-1].window.kept - 0.05
    assert four_lines(67, EVEN, "place").met, "with room to spare at the plant both are kept"


def table(heading: str) -> list[list[str]]:
    text = PAGE.read_text().partition(f"## {heading}")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows[1:]]


RULES = {"even": EVEN, "rough": ROUGH}


def test_the_pages_figures_are_those_of_the_check() -> None:
    rows = table("What the check finds")
    assert [row[:2] for row in rows] == [[name, rough] for name in PLANTS for rough in RULES]
    for name, rough, *figures in rows:
        found = checked(name, RULES[rough]).all_orders
        shares = (found.window.kept, found.window.week_less, found.sure.kept, found.sure.week_less)
        assert_as_said(figures, shares, name)


def test_the_pages_figures_of_place_and_plan_are_those_of_the_check() -> None:
    for plant, sequence, *figures in table("By place or by the plan"):
        found = four_lines(int(plant), EVEN, sequence)
        assert_as_said(figures, [group.window.kept for group in found.by_trim], f"{plant} {sequence}")


def assert_as_said(figures: Sequence[str], shares: Sequence[float], where: str) -> None:
    for said, share in zip(figures, shares, strict=True):
        assert abs(float(said.removesuffix(" %")) / 100 - share) <= 0.006, f"{where}: {said}, found {share:.3f}"
