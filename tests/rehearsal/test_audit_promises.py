"""What is promised to a small launch with a plant audits clean; whatever is changed in it is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.launch import Choice, Launch, Model, Option, Region, Trim
from drumroll.domain.launch_capacity import Backlog, Cliff, Closed, Limit, Period, Plant, PromiseRules
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.weeks import monday, sunday, week_of
from drumroll.log.base import Block
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal.audit import audit
from drumroll.rehearsal.told import Told, ToldOrder

OPENS = 1_750_946_400_000
WEEK_MS = 7 * 86_400_000
NOW = week_of(OPENS, "Asia/Shanghai")
BASE = NOW + 1
COLOUR = Option("colour", "Colour", (Choice("white", "White"), Choice("red", "Red")))
RED = Limit("red", "Red paint", (), (), ("red",), (Period(monday(BASE), None, 1),))
PLANT = Plant(
    *("works", "Works", ("car", "van")),
    (Period(monday(BASE), monday(BASE + 2), 2), Period(monday(BASE + 2), None, 7)),
    (Closed("Holiday", monday(BASE + 2), monday(BASE + 2) + timedelta(days=4)),),
)
LAUNCH = Launch(
    id="cars",
    name="Cars",
    time_zone="Asia/Shanghai",
    currency="CNY",
    opens_at_ms=OPENS,
    closes_at_ms=None,
    deposit_minor=100,
    hold_s=10**6,
    orders_per_customer=99,
    models=(
        Model("car", "Car", OPENS, None, (Trim("base", "Base", 1000),), options=(COLOUR,)),
        Model("van", "Van", OPENS, None, (Trim("base", "Base", 1000),)),
    ),
    headline=("car",),
    regions=(Region("near", "Near"), Region("far", "Far", 8)),
    promise=PromiseRules(width_weeks=2, frozen_weeks=1, horizon_weeks=6),
    plants=(PLANT,),
    limits=(RED,),
    backlog=(Backlog("van", "base", 1),),
    cliffs=(Cliff("tax", "Tax", sunday(BASE + 1)),),
)
LATE = {"works": ((0, 0, 1, 1, 1, 1), (0, 1, 2, 2, 2, 2)), "red+works": ((0,) * 6,) * 2}

Log = list[tuple[int, ev.Event]]
"""Each event with its time; a block of its own."""


def promise(column: int, lead: int = 0, late: int = 0, sure: int = 0, now: int = NOW) -> Promise:
    week = BASE + column + lead
    return Promise(BASE + column, max(now, week + late - 1), week + late, week + sure)


def reserved(name: str, promised: Promise | None, colour: str = "white", region: str = "near") -> ev.OrderReserved:
    return ev.OrderReserved(
        name, name, "car", "base", 1000, 100, 10**6, name.encode(), b"f", (colour,), region, None, promised
    )


def cancelled(name: str) -> ev.OrderCancelled:
    return ev.OrderCancelled(name, 0, f"x{name}".encode(), b"f")


def life() -> Log:
    """Week 0 has room for one beside the older order, week 1 for two, week 2 (closed for 4 of 7 days) for three."""
    return [
        (OPENS, ev.LaunchSet(LAUNCH)),
        (OPENS, ev.SafetySet(LATE)),
        (OPENS, reserved("a", promise(0))),
        (OPENS, reserved("b", promise(1, sure=1))),
        (OPENS, reserved("c", promise(1, lead=2), "red", "far")),
        (OPENS, reserved("d", promise(2, late=1, sure=2))),
        (OPENS, reserved("e", promise(2), "red")),
        (OPENS, reserved("f", promise(3), "red")),
        (OPENS, cancelled("b")),
        (OPENS, reserved("g", promise(2, late=1, sure=2))),
        (OPENS, reserved("h", promise(2, late=1, sure=2))),
        (OPENS + WEEK_MS, reserved("i", promise(3, late=1, sure=2, now=NOW + 1))),
    ]


def blocks(log: Log) -> list[Block]:
    return [Block(position, at_ms, (event,)) for position, (at_ms, event) in enumerate(log, 1)]


def told(log: Log) -> Told:
    made = [event for _, event in log if isinstance(event, ev.OrderReserved)]
    orders = []
    for order in made:
        days = order.promise
        said = ("-", "-") if days is None else (str(monday(days.first_week)), str(sunday(days.last_week)))
        orders.append(ToldOrder(order.order_id, order.customer, "car", "base", 1000, order.customer, said))
    return Told(
        orders=orders, cancelled={event.order_id: 0 for _, event in log if isinstance(event, ev.OrderCancelled)}
    )


def broken(log: Log) -> set[str]:
    return {check.rule for check in audit(blocks(log)).checks if not check.ok}


def test_the_true_log_is_go_and_its_figures_are_right() -> None:
    outcome = audit(blocks(life()), told(life()))
    assert outcome.go, outcome.reasons
    figures = outcome.figures
    assert (figures["promised"], figures["promised_nothing"]) == (9, 0)
    assert (figures["may_miss_a_day"], figures["will_miss_a_day"]) == (1, 6)
    assert outcome.promised[0] == (1, "car", "base", 0, 1)
    assert outcome.promised[-1] == (9, "car", "base", 3, 4)


def with_promise(name: str, promised: Promise | None) -> Callable[[Log], None]:
    def change(log: Log) -> None:
        for at, (at_ms, event) in enumerate(log):
            if isinstance(event, ev.OrderReserved) and event.order_id == name:
                log[at] = (at_ms, replace(event, promise=promised))

    return change


def one_more(log: Log) -> None:
    """Three are built in week 1, where there is room for two."""
    log.insert(5, (OPENS, reserved("z", promise(1, sure=1))))


def a_later_one_first(log: Log) -> None:
    """Told week 1, for which there is capacity as one has left; but others that wait for the same were told week 2."""
    log[9] = (OPENS, reserved("g", promise(1, sure=1)))


LIES = {
    "one week too early": rules.BACKED,
    "one slot too many in a week": rules.BACKED,
    "one week too late": rules.FIRST_WEEK,
    "in a week that is frozen": rules.FIRST_WEEK,
    "overtakes": rules.OVERTAKEN,
    "nothing, though there is room": rules.PROMISED,
    "a window without its uncertainty": rules.WINDOW,
    "a window without the way": rules.WINDOW,
    "a window that is too short": rules.WINDOW,
    "sure too soon": rules.WINDOW,
    "another than was told": rules.PROMISES_TOLD,
}
CHANGES: dict[str, Callable[[Log], None]] = {
    "one week too early": with_promise("d", promise(1, sure=1)),
    "one slot too many in a week": one_more,
    "one week too late": with_promise("i", promise(4, late=1, sure=2, now=NOW + 1)),
    "in a week that is frozen": with_promise("i", promise(0, now=NOW + 1)),
    "overtakes": a_later_one_first,
    "nothing, though there is room": with_promise("h", None),
    "a window without its uncertainty": with_promise("d", promise(2, sure=2)),
    "a window without the way": with_promise(
        "c",
        promise(1),
    ),
    "a window that is too short": with_promise("f", replace(promise(3), first_week=BASE + 3)),
    "sure too soon": with_promise("b", promise(1)),
}


@pytest.mark.parametrize("lie", CHANGES)
def test_a_lie_about_a_promise_is_found(lie: str) -> None:
    log = life()
    CHANGES[lie](log)
    assert LIES[lie] in broken(log)


def test_a_promise_told_otherwise_is_found() -> None:
    said = told(life())
    said.orders[3] = replace(said.orders[3], days=(said.orders[3].days[0], "2026-01-04"))
    assert {check.rule for check in audit(blocks(life()), said).checks if not check.ok} == {rules.PROMISES_TOLD}
    said.orders[3] = replace(said.orders[3], days=("-", "-"))
    assert {check.rule for check in audit(blocks(life()), said).checks if not check.ok} == {rules.PROMISES_TOLD}


def test_who_leaves_gives_their_week_to_those_behind() -> None:
    """Without the cancellation of one of week 1, week 2 has no room for both who come after it."""
    log = [step for step in life() if not isinstance(step[1], ev.OrderCancelled)]
    assert {rules.BACKED, rules.FIRST_WEEK} & broken(log)


def test_nothing_is_promised_only_when_all_weeks_are_full() -> None:
    log = life()[:2]
    for number in range(25):
        column = 0 if number < 1 else 1 if number < 3 else 2 + (number >= 6) + (number >= 13) + (number >= 20)
        late, sure = ((0, 0), (0, 1), (1, 2), (1, 2), (1, 2), (1, 2))[column]
        log.append((OPENS, reserved(f"n{number}", promise(column, late=late, sure=sure))))
    log += [(OPENS, reserved("x", promise(5, late=1, sure=2))), (OPENS, reserved("y", promise(5, late=1, sure=2)))]
    assert broken(log) == set()
    assert broken([*log, (OPENS, reserved("late", None))]) == set()
    assert broken([*log, (OPENS, reserved("late", promise(5, late=1, sure=2)))]) == {rules.FIRST_WEEK, rules.BACKED}
    assert broken([*log[:-1], (OPENS, reserved("late", None))]) == {rules.PROMISED}


def test_a_launch_without_plants_promises_nothing() -> None:
    bare = replace(LAUNCH, plants=(), limits=(), backlog=(), cliffs=(), promise=None)
    log: Log = [(OPENS, ev.LaunchSet(bare)), (OPENS, reserved("a", None))]
    assert broken(log) == set()
    assert "promised" not in audit(blocks(log)).figures
    assert broken([*log, (OPENS, reserved("b", promise(0)))]) == {rules.PROMISED}


def accepted(part: int, *order_ids: str, orders: int = 2) -> ev.PlanAccepted:
    groups = (Planned(promise(4, late=1, sure=2), order_ids),)
    return ev.PlanAccepted("0123abcd", "strict", 12, groups, "olga", "because", b"plan", b"f", part, 2, orders)


def test_the_parts_of_a_plan_follow_one_another_and_name_each_order_once() -> None:
    def with_parts(*parts: ev.PlanAccepted) -> set[str]:
        return broken([*life(), *((OPENS + WEEK_MS, part) for part in parts)])

    assert with_parts(accepted(1, "d"), accepted(2, "g")) == set()
    assert with_parts(accepted(2, "g")) == {rules.OPERATED}
    assert with_parts(accepted(1, "d"), accepted(2, "d")) == {rules.OPERATED}
    assert with_parts(accepted(1, "d"), accepted(2, "g", orders=3)) == {rules.OPERATED}


def test_after_a_plan_new_orders_are_judged_by_the_weeks_that_it_left() -> None:
    moved: Log = [*life(), (OPENS + WEEK_MS, accepted(1, "d")), (OPENS + WEEK_MS, accepted(2, "g"))]
    right, early = (promise(column, late=1, sure=2, now=NOW + 1) for column in (4, 3))
    assert broken([*moved, (OPENS + WEEK_MS, reserved("z", right))]) == set()
    assert broken([*moved, (OPENS + WEEK_MS, reserved("z", early))]) == {rules.OVERTAKEN, rules.FIRST_WEEK}
