"""From a book to a problem: who is planned, in which order, by when, and what stands before everybody."""

from __future__ import annotations

from datetime import date
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.book import Order
from drumroll.domain.launch_capacity import Backlog, Period, Plant
from drumroll.errors import PlanRefused
from drumroll.plan.questions import Asked, ask, of_kinds
from drumroll.plan.strict import strict
from tests.plan.lives import (
    COOLING_S,
    DAY,
    HOLD_S,
    HOUR,
    LEAD_WEEKS,
    NEEDS,
    OPENS,
    WEEK,
    WEEK_MS,
    Life,
    built_in,
    launch,
    random_life,
)

FIRST = WEEK + 2
"""The first week that may be planned in the opening's week: two are frozen."""


def ids(asked: Asked) -> list[str]:
    return [order.id for order in asked.orders]


def needs_of(asked: Asked) -> list[tuple[str, ...]]:
    problem = asked.problem
    return [
        tuple(name for name, needed in zip(problem.resources, problem.needs[kind], strict=True) if needed)
        for kind in problem.kind.tolist()
    ]


@pytest.mark.parametrize("seed", range(40))
def test_orders_come_by_lock_time_and_each_with_its_due_and_needs(seed: int) -> None:
    """Against a plain account of every order: who waits, from when it counts, by when it must be built."""
    life, places = random_life(Random(seed), 40, launch())
    asked = ask(life.book, life.at_ms)
    frozen = {one.id for one in life.book.sequence if one.promise and WEEK <= one.promise.build_week < FIRST}
    expected = sorted(set(places) - frozen, key=lambda order_id: places[order_id])
    assert ids(asked) == expected
    assert {order.id for order in asked.frozen} == frozen & set(places)
    assert asked.problem.first_week == FIRST
    weeks = asked.problem.weeks
    assert weeks == 18
    for order, due, needed in zip(asked.orders, asked.problem.due.tolist(), needs_of(asked), strict=True):
        assert needed == NEEDS[order.offer.model, order.offer.trim]
        assert due == min(weeks, last_in_time(order))


def last_in_time(order: Order) -> int:
    """The last of many columns that would keep what was promised."""
    lead, promise = LEAD_WEEKS[order.offer.region], order.promise
    return max(column for column in range(-60, 60) if promise is None or FIRST + column + lead <= promise.last_week)


def test_a_promise_that_ends_beyond_the_calendar_can_not_be_broken_and_one_in_its_last_week_can() -> None:
    life = Life()
    life.locked("beyond", promise=built_in(20))
    life.locked("last", promise=built_in(19))
    assert ask(life.book, life.at_ms).problem.due.tolist() == [18, 17]


def test_a_reservation_comes_after_all_that_are_paid_and_one_that_ran_out_does_not_count() -> None:
    life = Life()
    life.reserve("waits")
    life.reserve("paid", at_ms=OPENS + 1000)
    life.firm("paid")
    assert ids(ask(life.book, life.at_ms + 1)) == ["paid", "waits"]
    assert ids(ask(life.book, OPENS + HOLD_S * 1000)) == ["paid"]


def test_an_order_that_never_locks_by_itself_counts_from_now() -> None:
    life = Life()
    life.reserve("free", cooling_off_s=None)
    life.firm("free")
    life.reserve("cools", at_ms=OPENS + 1000)
    life.firm("cools")
    life.locked("locked", at_ms=OPENS + 2000)
    assert ids(ask(life.book, life.at_ms + 1)) == ["locked", "free", "cools"]


def test_a_kept_place_counts_before_the_lock() -> None:
    life = Life()
    life.locked("first", model="coupe", trim="one")
    life.locked("second", at_ms=OPENS + HOUR)
    event = ev.OrderConverted(
        *("first", "w", "car", "big", ("white",), "near", 9_000, 500, 0, 0, COOLING_S, OPENS + 2 * HOUR, "firm"),
        queued_at_ms=OPENS,
        reverts=False,
        key=b"convert",
        fingerprint=b"f" * 8,
    )
    life.add(event, at_ms=OPENS + 2 * HOUR)
    asked = ask(life.book, life.at_ms)
    assert ids(asked) == ["first", "second"]
    assert needs_of(asked)[0] == ("pack", "works")


def test_frozen_weeks_are_left_alone_and_overdue_orders_are_planned_again() -> None:
    life = Life()
    for column in (0, 1, 2, 3):
        life.locked(f"week-{column}", promise=built_in(column))
    asked = ask(life.book, life.at_ms)
    assert ([one.id for one in asked.frozen], ids(asked)) == (["week-0", "week-1"], ["week-2", "week-3"])
    later = ask(life.book, life.at_ms + WEEK_MS)
    assert ([one.id for one in later.frozen], ids(later)) == (["week-1", "week-2"], ["week-0", "week-3"])
    assert later.problem.due.tolist() == [-3, 0]


def test_a_pin_binds_until_its_week_is_past() -> None:
    life = Life()
    life.locked("pinned", promise=built_in(9))
    life.locked("other", promise=built_in(9))
    life.pin("pinned", built_in(5))
    assert ask(life.book, life.at_ms).problem.pinned.tolist() == [3, -1]
    assert ask(life.book, life.at_ms + WEEK_MS).problem.pinned.tolist() == [2, -1]
    frozen = ask(life.book, life.at_ms + 4 * WEEK_MS)
    assert [one.id for one in frozen.frozen] == ["pinned"]
    assert ask(life.book, life.at_ms + 6 * WEEK_MS).problem.pinned.tolist() == [-1, -1]
    life.pin("pinned", None)
    assert ask(life.book, life.at_ms).problem.pinned.tolist() == [-1, -1]


def test_the_week_begins_on_monday_in_the_launchs_zone() -> None:
    life = Life()
    life.locked("one")
    monday_ms = OPENS - 10 * HOUR + 7 * DAY
    assert ask(life.book, monday_ms - 1).problem.first_week == FIRST
    assert ask(life.book, monday_ms).problem.first_week == FIRST + 1


def test_before_the_plant_begins_its_first_week_is_the_first_to_be_planned() -> None:
    later = Plant("works", "The works", ("car",), (Period(date(2025, 9, 1), None, 10),))
    life = Life(launch(plants=(later,)))
    life.locked("one", promise=built_in(12))
    asked = ask(life.book, life.at_ms)
    assert (asked.problem.first_week, asked.problem.weeks) == (WEEK + 9, 20)
    assert asked.problem.due.tolist() == [3]


# The declared backlog

OLDER = (Backlog("coupe", "one", 25), Backlog("car", "big", 6))


def test_the_backlog_stands_before_everybody_and_is_promised_nothing() -> None:
    life = Life(launch(backlog=OLDER))
    life.locked("new", promise=built_in(6))
    asked = ask(life.book, life.at_ms)
    assert asked.ahead == 31
    assert sorted(needs_of(asked)[:31]) == [("pack", "works")] * 6 + [("works",)] * 25
    assert asked.problem.due.tolist() == [18] * 31 + [4]
    assert strict(asked.problem).column.tolist()[-7:] == [2, 2, 2, 2, 3, 3, 2], "packs are short, the works are not"


def test_each_imported_order_counts_against_the_backlog() -> None:
    life = Life(launch(backlog=OLDER))
    for number in range(8):
        row = (f"i{number}", f"ref{number}", "c", "car", "big", ("white",), "near", 9_000, 500, f"p{number}")
        times = (OPENS - DAY, OPENS - DAY, OPENS - DAY, COOLING_S, b"d" * 16)
        life.add(ev.OrderImported(*row, "locked" if number else "delivered", *times))
    asked = ask(life.book, life.at_ms)
    assert asked.ahead == 25, "six were declared, eight came, one of them delivered already"
    assert len(asked.orders) == 7


@pytest.mark.parametrize(("weeks", "left"), [(0, 31), (1, 21), (2, 11), (3, 2), (4, 0), (10, 0)])
def test_what_the_weeks_since_the_opening_had_room_for_is_not_planned_again(weeks: int, left: int) -> None:
    life = Life(launch(backlog=OLDER))
    life.locked("new")
    assert ask(life.book, life.at_ms + weeks * WEEK_MS).ahead == left


def test_a_backlog_that_the_calendar_has_no_room_for_stays() -> None:
    life = Life(launch(backlog=(Backlog("car", "big", 100),)))
    life.locked("new")
    assert ask(life.book, life.at_ms).ahead == 100
    assert ask(life.book, life.at_ms + 17 * WEEK_MS).ahead == 100 - 17 * 4


# What can't be asked


def test_a_launch_without_plants_can_not_be_planned_and_the_refusal_says_what_to_add() -> None:
    life = Life(launch(plants=()))
    life.locked("one")
    with pytest.raises(PlanRefused, match=r"has no plants.*\[\[plant\]\]"):
        ask(life.book, life.at_ms)


def test_a_calendar_that_is_over_is_refused_with_its_last_week() -> None:
    life = Life()
    life.locked("one")
    assert ask(life.book, life.at_ms + 17 * WEEK_MS).problem.weeks == 1
    with pytest.raises(PlanRefused, match=r"ends with 2025-W46.*horizon_weeks"):
        ask(life.book, life.at_ms + 18 * WEEK_MS)


def test_changed_capacity_and_a_changed_launch_are_what_is_planned_with() -> None:
    life = Life()
    life.locked("one", "big")
    life.add(ev.CapacitySet("pack", FIRST + 1, FIRST + 2, None, 1, "op", "why", b"capacity", b"f" * 8))
    assert ask(life.book, life.at_ms).problem.capacity[0, :4].tolist() == [4, 1, 4, 4]
    life.add(ev.LaunchSet(replace(launch(), limits=())))
    asked = ask(life.book, life.at_ms)
    assert (asked.problem.resources, list(of_kinds(asked))) == (("works",), ["works"])


def test_a_book_without_orders_is_an_empty_problem() -> None:
    life = Life()
    asked = ask(life.book, life.at_ms)
    assert (asked.orders, asked.ahead, len(asked.problem.kind)) == ([], 0, 0)
    assert np.array_equal(strict(asked.problem).column, [])
