"""What was found wrong with promises: one smallest case each."""

from __future__ import annotations

from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.launch_capacity import Backlog
from drumroll.domain.promise import Planned, Promise
from tests.domain.small_plants import BASE, BY, OPENS, Desk, column, launch, promised


def test_a_new_order_is_promised_no_earlier_week_than_a_living_one_of_its_kind() -> None:
    desk = Desk(launch([1, 1, 1, 1]))
    first, second, third = (desk.reserve() for _ in range(3))
    desk.cancel(first)
    desk.cancel(second)
    assert column(third) == 2
    assert (column(desk.reserve()) or 0) >= 2


def test_a_new_order_does_not_overtake_one_of_its_kind_that_was_promised_nothing() -> None:
    desk = Desk(launch([1, 1], [9, 9]))
    others = [desk.reserve(), desk.reserve()]
    without = desk.reserve("a", "y")
    assert column(without) is None
    desk.cancel(others[1])
    later = desk.reserve("a", "y")
    assert column(later) is None, "who came later and needs the same got the week"


def test_a_change_within_the_kind_of_an_order_without_a_week_takes_the_week_that_it_is_promised() -> None:
    desk = Desk(launch([1, 1], [9, 9]))
    others = [desk.reserve(), desk.reserve()]
    without = desk.reserve("a", "y")
    desk.cancel(others[1])
    desk.do(cmd.Change, without.id, without.customer, region="s")
    assert column(without) == 1
    assert desk.slots("a", "y") == [1]
    assert desk.reserve().promise is None, "one week, promised twice"


def test_a_conversion_within_the_kind_keeps_the_slot_with_the_week() -> None:
    desk = Desk(launch([1, 1, 1, 1]))
    orders = [desk.firm(), desk.firm()]
    desk.do(cmd.SetCapacity, "works", BASE + 1, BASE + 2, None, 0, *BY)
    desk.do(cmd.Convert, orders[0].id, orders[0].customer, "b", "z")
    assert column(orders[0]) == 0
    assert desk.slots() == [0, 2]


def test_a_conversion_within_the_kind_in_a_frozen_week_keeps_the_slot_with_the_week() -> None:
    desk = Desk(launch([1, 1, 1, 1], frozen_weeks=1))
    order = desk.firm()
    assert column(order) == 1
    desk.to_week(1)
    desk.do(cmd.Convert, order.id, order.customer, "b", "z")
    assert column(order) == 1
    assert desk.slots() == [1], "it is promised this week, and its slot is a later one"


def test_a_shorter_horizon_that_ends_in_the_frozen_weeks_can_be_folded() -> None:
    desk = Desk(launch([1] * 6, frozen_weeks=2))
    order = desk.firm()
    second = desk.firm()
    desk.to_week(2)
    shorter = launch([1] * 6, frozen_weeks=2, horizon_weeks=3)
    desk.ask(cmd.SetLaunch(shorter))
    assert (column(order), column(second)) == (2, 3)


def test_an_order_may_be_pinned_to_the_week_that_it_has() -> None:
    desk = Desk(launch([1, 1]))
    order = desk.firm()
    desk.do(cmd.PinOrder, order.id, BASE, *BY)
    assert order.pinned
    assert desk.slots() == [], "a week of its own is no slot of its kind"
    assert column(desk.reserve()) == 1, "and there is no other order in it"


def test_nothing_is_lost_when_weeks_are_reckoned_anew_after_somebody_moved_up() -> None:
    desk = Desk(launch([1, 1, 1, 1], [0, 0, 9, 9]))
    first, second, third = (desk.reserve() for _ in range(3))
    desk.cancel(first)
    desk.cancel(second)
    other = desk.reserve("a", "y")
    assert (column(third), desk.slots()) == (2, [0])
    assert column(other) == 2
    desk.nothing_happens()
    assert desk.slots() + desk.slots("a", "y") in ([0, 2], [1, 2]), "two promises of a week with one place"


def test_who_was_promised_nothing_does_not_go_before_who_was_when_weeks_are_reckoned_anew() -> None:
    desk = Desk(launch([1, 1, 1], [9, 9, 0]))
    others = [desk.reserve() for _ in range(2)]
    without = desk.reserve("a", "y")
    assert ([column(one) for one in others], column(without)) == ([0, 1], None)
    desk.nothing_happens()
    assert desk.slots() == [0, 1], "promised weeks went to somebody who was promised nothing"


def imported(number: int, state: str = "locked", trim: str = "x") -> cmd.ImportOrders:
    what = ("a", trim, (), "n", 9_000, 500, f"imported-{number}", state, OPENS - 30, OPENS - 20, OPENS - 10, None)
    return cmd.ImportOrders((ev.OrderImported(f"ord_{number}", f"r{number}", f"c{number}", *what, b"%d" % number),))


def test_an_order_that_is_set_back_from_production_has_a_slot() -> None:
    desk = Desk(launch([1, 1, 1]))
    order = desk.firm()
    desk.bring(order, "scheduled", "in_production")
    desk.nothing_happens()
    desk.bring(order, "scheduled")
    assert desk.slots() == [0]


def test_an_order_that_came_in_production_and_is_set_back_has_a_slot() -> None:
    desk = Desk(launch([1, 1, 1]))
    desk.ask(imported(1, "in_production"))
    desk.bring(desk.book.orders["ord_1"], "scheduled")
    assert desk.slots() == [0]


def test_who_is_given_up_in_production_frees_no_more_than_there_is() -> None:
    """Set back and then cancelled, it would free the slot of somebody who is promised it."""
    desk = Desk(launch([1, 1]))
    order = desk.firm()
    desk.bring(order, "scheduled", "in_production")
    desk.nothing_happens()
    desk.bring(order, "scheduled")
    other = desk.firm()
    desk.do(cmd.Withdraw, order.id, True, *BY)
    assert column(other) is not None
    assert len(desk.slots()) == 1, "who is left has no slot"


def test_a_plan_does_not_move_an_order_that_is_pinned() -> None:
    desk = Desk(launch([1, 1, 1]))
    order = desk.firm()
    desk.do(cmd.PinOrder, order.id, BASE + 1, *BY)
    group = Planned(Promise(BASE + 2, BASE + 1, BASE + 2, BASE + 2), (order.id,))
    desk.ask(cmd.AcceptPlan("p", "strict", desk.position, (group,), *BY, b"plan", b""))
    assert column(order) == 1


def test_a_plan_that_needs_more_than_there_is_is_none() -> None:
    desk = Desk(launch([1, 1, 1]))
    orders = [desk.firm() for _ in range(2)]
    group = Planned(Promise(BASE + 2, BASE + 1, BASE + 2, BASE + 2), tuple(one.id for one in orders))
    assert desk.refused(cmd.AcceptPlan, "p", "strict", desk.position, (group,), *BY) == "invalid_plan"


def test_a_plan_promises_no_window_that_ends_before_the_delivery() -> None:
    desk = Desk(launch([1, 1, 1]))
    order = desk.firm("a", "x", "s")
    group = Planned(Promise(BASE + 2, BASE, BASE + 1, BASE + 1), (order.id,))
    assert desk.refused(cmd.AcceptPlan, "p", "strict", desk.position, (group,), *BY) == "invalid_plan"


def test_the_older_orders_are_first_even_when_some_of_them_came_in() -> None:
    desk = Desk(replace(launch([2, 2, 2]), backlog=(Backlog("a", "x", 3),)))
    before = desk.reserve()
    assert column(before) == 1
    desk.ask(imported(1))
    assert desk.slots() == [0, 0, 1, 1]


def test_orders_that_take_nothing_away_from_anybody_change_no_promise_of_the_next() -> None:
    """Imports that the launch file spoke of hold what was held for them."""
    desk = Desk(replace(launch([1, 1, 1, 1], [9, 9, 9, 9]), backlog=(Backlog("a", "x", 2),)))
    order = desk.reserve("b", "z")
    assert column(order) == 2
    for number in (1, 2):
        desk.ask(imported(number, trim="x"))
    assert desk.slots() == [0, 1, 2]
    availability = desk.book.availability
    assert availability is not None
    assert promised(availability.promise(availability.kind("a", "y", ()), 0, desk.at)) == 3


def test_an_order_pinned_to_a_late_week_does_not_make_everybody_later() -> None:
    desk = Desk(launch([5, 5, 5, 5]))
    order = desk.firm()
    desk.do(cmd.PinOrder, order.id, BASE + 3, *BY)
    assert column(desk.reserve()) == 0


def test_what_is_frozen_is_not_moved() -> None:
    desk = Desk(launch([2] * 8, frozen_weeks=2))
    order = desk.firm()
    assert column(order) == 2
    desk.to_week(1)
    group = Planned(Promise(BASE + 5, BASE + 4, BASE + 5, BASE + 5), (order.id,))
    plan = ("p", "strict", desk.position, (group,), *BY)
    assert desk.refused(cmd.AcceptPlan, *plan) == "frozen_weeks"
    assert desk.refused(cmd.PinOrder, order.id, BASE + 5, *BY) == "frozen_weeks"
    desk.to_week(3)  # overdue: its week is past, and it is not built; it may be planned again
    desk.do(cmd.AcceptPlan, *plan)
    assert (column(order), desk.slots()) == (5, [5])


def test_a_week_older_than_the_calendar_of_another_launch_file_is_planned_from_its_first_on() -> None:
    """Its column would be a negative one."""
    desk = Desk(launch([1] * 6, frozen_weeks=2, horizon_weeks=6))
    order = desk.firm()
    desk.do(cmd.PinOrder, order.id, BASE + 2, *BY)
    later = launch([1] * 6, frozen_weeks=2, horizon_weeks=6)
    (plant,) = later.plants
    desk.ask(cmd.SetLaunch(replace(later, plants=(replace(plant, weeks=plant.weeks[4:]),))))
    assert len(desk.slots()) == 1
