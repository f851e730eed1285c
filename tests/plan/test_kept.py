"""The figures of honesty: counted against a plain account of every order, and what each of them may not hide."""

from __future__ import annotations

from random import Random

import pytest

from drumroll.domain import events as ev
from drumroll.domain.promise import Planned, Promise
from drumroll.plan.kept import Figures, kept
from tests.plan.lives import HOUR, OPENS, WEEK, WEEK_MS, Life, built_in, random_promise

MONDAY_MS = OPENS - 10 * HOUR


def test_what_comes_on_the_last_sunday_is_on_time_and_what_comes_a_moment_later_is_a_week_late() -> None:
    life = Life()
    for order_id in ("sunday", "monday"):
        life.locked(order_id, promise=built_in(3))
    end_ms = MONDAY_MS + 4 * WEEK_MS
    life.deliver("sunday", end_ms - 1)
    life.deliver("monday", end_ms)
    found = kept(life.book, life.at_ms).all
    assert (found.delivered, found.kept, found.weeks_late, found.most_weeks_late) == (2, 1, 1, 1)
    assert (found.kept_share, found.mean_weeks_late, found.mean_weeks_late_of_late) == (0.5, 0.5, 1.0)


def test_a_promise_that_was_moved_is_held_against_what_was_promised_first() -> None:
    life = Life()
    life.locked("moved", promise=built_in(3))
    life.accept([Planned(built_in(9), ("moved",))])
    life.deliver("moved", MONDAY_MS + 9 * WEEK_MS)
    found = kept(life.book, life.at_ms).all
    assert (found.kept, found.weeks_late, found.moved_later, found.moved_weeks) == (0, 6, 1, 6)


def test_who_is_overdue_counts_before_it_is_delivered() -> None:
    life = Life()
    life.locked("overdue", promise=built_in(3))
    life.locked("on-time", promise=built_in(3))
    life.deliver("on-time", MONDAY_MS + WEEK_MS)
    last_ms = MONDAY_MS + 4 * WEEK_MS - 1
    assert kept(life.book, last_ms).all.open_overdue == 0
    found = kept(life.book, last_ms + 1).all
    assert (found.open, found.open_overdue) == (1, 1)
    assert (found.kept_share, found.kept_share_of_due) == (1.0, 0.5)


def test_who_gives_up_after_the_promised_weeks_is_counted_apart() -> None:
    life = Life()
    for order_id in ("before", "after"):
        life.locked(order_id, promise=built_in(3))
    for order_id, weeks in (("before", 3), ("after", 4)):
        event = ev.OrderForfeited(order_id, 500, f"forfeit{order_id}".encode(), b"f" * 8)
        life.add(event, at_ms=MONDAY_MS + weeks * WEEK_MS)
    found = kept(life.book, life.at_ms).all
    assert (found.promised, found.delivered, found.given_up, found.given_up_overdue) == (2, 0, 2, 1)
    assert found.kept_share is None


def test_orders_that_were_promised_nothing_are_said_and_in_no_share() -> None:
    life = Life()
    life.locked("nothing")
    life.reserve("gone")
    life.add(ev.OrderCancelled("gone", 0, b"cancel", b"f" * 8))
    found = kept(life.book, life.at_ms)
    assert (found.promised_nothing, found.all, found.by_trim, found.by_week) == (1, Figures(), {}, {})


@pytest.mark.parametrize("seed", range(20))
def test_the_figures_are_a_plain_count(seed: int) -> None:
    random, life = Random(seed), Life()
    first: dict[str, Promise] = {}
    moved: dict[str, int] = {}
    came: dict[str, int] = {}
    for number in range(40):
        order_id, promise = f"o{number}", random_promise(random)
        life.locked(order_id, random.choice(("small", "big")), promise)
        if promise is not None:
            first[order_id] = promise
            if random.random() < 0.3:
                now = built_in(random.randrange(20))
                life.accept([Planned(now, (order_id,))])
                moved[order_id] = now.last_week - promise.last_week
    for order_id in random.sample(sorted(first), len(first) // 2):
        weeks = (life.at_ms - MONDAY_MS) // WEEK_MS + random.randrange(2)
        life.deliver(order_id, max(life.at_ms, MONDAY_MS + weeks * WEEK_MS))
        came[order_id] = WEEK + (life.at_ms - MONDAY_MS) // WEEK_MS
    found = kept(life.book, life.at_ms)
    late = {order_id: max(0, week - first[order_id].last_week) for order_id, week in came.items()}
    now = WEEK + (life.at_ms - MONDAY_MS) // WEEK_MS
    assert found.all == Figures(
        promised=len(first),
        delivered=len(came),
        kept=sum(not weeks for weeks in late.values()),
        weeks_late=sum(late.values()),
        most_weeks_late=max(late.values()),
        open=len(first) - len(came),
        open_overdue=sum(now > first[order_id].last_week for order_id in first if order_id not in came),
        moved_later=sum(weeks > 0 for weeks in moved.values()),
        moved_earlier=sum(weeks < 0 for weeks in moved.values()),
        moved_weeks=sum(moved.values()),
    )
    for parts in (found.by_trim.values(), found.by_week.values()):
        for name in Figures.__struct_fields__:
            total = getattr(found.all, name)
            counted = [getattr(part, name) for part in parts]
            assert total == (max(counted) if name == "most_weeks_late" else sum(counted)), name
    assert sorted(found.by_week) == sorted({promise.last_week for promise in first.values()})
