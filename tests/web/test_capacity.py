"""Operators and the plant's weeks: another capacity, an order that is given its week, and what stands in the trail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drumroll.domain import events as ev
from tests.web.house import order_headers, session
from tests.web.lives import Life, is_steady
from tests.web.planted import FIRST, NOW, UNSURE, WEEK_S, Loft, day_of, first_day, group, last_day, plan

HORIZON = 12
END = NOW + 1 + HORIZON
HALVED = {"from": day_of(FIRST), "until": day_of(END), "percent": 50}


@pytest.fixture
def loft() -> Iterator[Loft]:
    with Loft() as loft:
        yield loft


def weeks_of(loft: Loft, **query: Any) -> list[Any]:
    """The operators' weeks."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = loft.get(f"/v1/operator/plan?{asked}", loft.operator())
    assert answer.status == 200, answer
    weeks: list[Any] = answer.json()["weeks"]
    return weeks


def capacities(loft: Loft, resource: str = "loft") -> list[Any]:
    return [one["capacity"] for week in weeks_of(loft) for one in week["resources"] if one["id"] == resource]


def trail(loft: Loft) -> Any:
    return loft.get("/v1/operator/trail", loft.operator()).json()["entries"]


def until(loft: Loft, **wanted: Any) -> str:
    return str(loft.quoted(**wanted)["delivery"]["until"])


@pytest.mark.parametrize("change", [{"percent": 50}, {"weekly": 2}])
@pytest.mark.parametrize("resource", ["loft", None])
def test_after_a_cut_new_quotes_are_later_and_what_was_promised_stands(
    loft: Loft, change: Any, resource: str | None
) -> None:
    mine = [loft.firm(f"c{number}") for number in range(9)]
    told = [loft.order_of(f"c{number}", one)["promise"] for number, one in enumerate(mine)]
    before = until(loft)
    loft.done("capacity", {**HALVED, "percent": None, "resource": resource, **change})
    assert until(loft) > before
    # Twelve slots (with the older ones) at two a week are the six weeks from FIRST; the next is in the seventh.
    assert until(loft) == last_day(FIRST + 6 + 1)
    assert loft.ordered("eve")["delivery"]["until"] == last_day(FIRST + 6 + 1)
    assert [loft.order_of(f"c{number}", one)["promise"] for number, one in enumerate(mine)] == told


def test_a_rise_makes_quotes_earlier_and_100_percent_undoes_what_was_changed(loft: Loft) -> None:
    for number in range(9):
        loft.firm(f"c{number}")
    before = loft.quoted()
    loft.done("capacity", {**HALVED, "percent": 200})
    assert until(loft) < before["delivery"]["until"]
    loft.done("capacity", {**HALVED, "weekly": 0, "percent": None})
    assert loft.quoted()["delivery"] is None
    loft.done("capacity", {**HALVED, "percent": 100})
    assert loft.quoted() == before


def test_a_cut_of_one_limit_moves_only_those_who_need_it(loft: Loft) -> None:
    loft.done("capacity", {**HALVED, "resource": "dye", "weekly": 0, "percent": None})
    assert loft.quoted(options="blue")["delivery"] is None
    assert loft.quoted()["delivery"]["weeks"] == [2, 3]
    loft.done("capacity", {**HALVED, "resource": "dye", "until": day_of(FIRST + 4), "percent": 100})
    assert until(loft, options="blue") == until(loft)


@pytest.mark.parametrize("weekday", range(7))
def test_every_day_of_a_week_means_that_week(loft: Loft, weekday: int) -> None:
    loft.done("capacity", {"from": day_of(FIRST, weekday), "until": day_of(FIRST + 2, 6 - weekday), "weekly": 1})
    assert capacities(loft)[:5] == [4, 1, 1, 4, 4]
    event = loft.log.block(loft.desk.position).events[0]
    assert isinstance(event, ev.CapacitySet)
    assert (event.from_week, event.until_week) == (FIRST, FIRST + 2)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"percent": None}, 422, "invalid_body"),
        ({"weekly": 1}, 422, "invalid_body"),
        ({"resource": "attic"}, 422, "unknown_resource"),
        ({"resource": "LOFT"}, 422, "unknown_resource"),
        ({"resource": ""}, 400, "invalid_request"),
        ({"from": day_of(NOW - 1)}, 422, "invalid_week"),
        ({"from": day_of(NOW)}, 422, "invalid_week"),
        ({"from": "2025-05-11"}, 422, "invalid_week"),
        ({"from": day_of(END), "until": day_of(END + 1)}, 422, "invalid_week"),
        ({"until": day_of(END + 1)}, 422, "invalid_week"),
        ({"until": day_of(FIRST)}, 422, "invalid_week"),
        ({"until": day_of(FIRST, 6)}, 422, "invalid_week"),
        ({"until": day_of(NOW + 1)}, 422, "invalid_week"),
        ({"from": "2026-02-30"}, 422, "invalid_body"),
        ({"from": "1999-12-31"}, 422, "invalid_body"),
        ({"until": "2200-01-01"}, 422, "invalid_body"),
        ({"from": "2026-W19-1"}, 422, "invalid_body"),
        ({"from": "2026-05-11T00:00:00Z"}, 422, "invalid_body"),
        ({"from": "\uff12\uff10\uff12\uff16-05-11"}, 422, "invalid_body"),
        ({"from": None}, 400, "invalid_request"),
        ({"percent": -1}, 400, "invalid_request"),
        ({"percent": 1001}, 400, "invalid_request"),
        ({"percent": 45.5}, 400, "invalid_request"),
        ({"percent": True}, 400, "invalid_request"),
        ({"percent": None, "weekly": 10**7 + 1}, 400, "invalid_request"),
        ({"reason": "  "}, 400, "invalid_request"),
        ({"reason": "   "}, 400, "invalid_request"),
        ({"shifts": 2}, 400, "invalid_request"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_nothing_is_done(
    loft: Loft, change: Any, status: int, code: str
) -> None:
    before = is_steady(loft)
    answer = loft.does("capacity", {**HALVED, **change})
    assert (answer.status, answer.code) == (status, code)
    assert is_steady(loft) == before


def test_a_change_begins_this_week_at_the_earliest_once_the_plant_runs(loft: Loft) -> None:
    loft.pass_s(3 * WEEK_S)
    refused = loft.does("capacity", {**HALVED, "from": day_of(NOW + 2)})
    assert (refused.code, refused.json()["from"]) == ("invalid_week", day_of(NOW + 3))
    loft.done("capacity", {**HALVED, "from": day_of(NOW + 3)})
    assert capacities(loft)[:2] == [2, 2]


def test_a_launch_without_plants_has_no_capacity_to_change() -> None:
    with Life() as life:
        assert life.does("capacity", HALVED).code == "no_capacity"
        assert life.does(f"orders/{life.firm()}/pin", {"build_week": day_of(FIRST)}).code == "no_capacity"
        assert life.does("plans", plan(1)).code == "no_capacity"
        shown = life.get("/v1/operator/plan", life.operator()).json()
        assert shown == {"weeks": [], "without_week": 0, "accepted": []}


DEEDS = {
    "capacity": HALVED,
    "orders/{id}/pin": {"build_week": day_of(FIRST + 3)},
    "plans": plan(2, group(FIRST + 3, "{id}")),
}


@pytest.mark.parametrize("path", DEEDS)
def test_a_deed_is_done_by_operators_with_a_key_and_once(loft: Loft, path: str) -> None:
    order_id = loft.firm()
    content: Any = {"reason": "it must be", **DEEDS[path]}
    if path == "plans":
        content |= plan(loft.desk.position, group(FIRST + 3, order_id))
    where = f"/v1/operator/{path.format(id=order_id)}"
    before = is_steady(loft)
    assert loft.send(loft.token("ada"), where, content).code == "not_an_operator"
    assert loft.call("POST", where, [("idempotency-key", "k")], b"{}").code == "no_session"
    assert loft.call("POST", where, session(loft.operator()), b"{}").status == 400
    assert is_steady(loft) == before
    done = loft.send(loft.operator(), where, content, "k")
    assert (done.status, done.json()["operator"]) == (200, "grace")
    after = is_steady(loft)
    loft.pass_s(60)
    again = loft.send(loft.operator(), where, content, "k")
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (200, done.body, "true")
    assert loft.send(loft.operator(), where, {**content, "reason": "another"}, "k").code == "idempotency_key_reused"
    assert is_steady(loft) == after
    with Loft(loft.log) as restarted:
        assert restarted.send(restarted.operator(), where, content, "k").body == done.body
    assert loft.get("/v1/operator/plan", loft.token("ada")).code == "not_an_operator"
    assert loft.get("/v1/operator/plan").code == "no_session"


def test_a_replay_of_a_change_is_answered_when_its_weeks_are_long_past(loft: Loft) -> None:
    done = loft.does("capacity", HALVED, "k")
    loft.pass_s(20 * WEEK_S)
    assert loft.does("capacity", HALVED, "k").body == done.body


def test_a_pin_gives_an_order_its_week_and_holds_until_it_is_let_go(loft: Loft) -> None:
    order_id = loft.firm()
    told = loft.order_of("ada", order_id)["promise"]
    loft.done(f"orders/{order_id}/pin", {"build_week": day_of(FIRST + 4, 3)})
    promise = loft.order_of("ada", order_id)["promise"]
    assert promise["promised"] == told["promised"]
    assert promise["now"]["until"] == last_day(FIRST + 5)
    assert (promise["moved"], promise["weeks"], promise["pinned"]) == ("later", 4, True)
    loft.done(f"orders/{order_id}/pin", {"build_week": None})
    assert loft.order_of("ada", order_id)["promise"] == {**promise, "pinned": False}
    last = loft.history("ada", order_id)[-2:]
    assert [(one["what"], one["by"], one["reason"]) for one in last] == [
        ("pinned", "operator", "it must be"),
        ("unpinned", "operator", "it must be"),
    ]
    assert "grace" not in str(last)
    assert last[0]["facts"]["delivery_until"] == last_day(FIRST + 5)
    assert not last[1].get("facts")
    facts = [one["facts"] for one in trail(loft)[:2]]
    assert facts == [
        {"order_id": order_id, "build_week": None},
        {"order_id": order_id, "build_week": first_day(FIRST + 4)},
    ]


def test_a_pin_into_an_earlier_week_is_told_as_earlier(loft: Loft) -> None:
    mine = [loft.firm(f"c{number}") for number in range(5)]
    loft.done("capacity", {**HALVED, "percent": 200})
    told = loft.order_of("c4", mine[4])["promise"]
    loft.done(f"orders/{mine[4]}/pin", {"build_week": day_of(FIRST)})
    promise = loft.order_of("c4", mine[4])["promise"]
    assert (promise["moved"], promise["weeks"]) == ("earlier", 1)
    assert promise["now"]["until"] < told["now"]["until"]


def test_a_pin_takes_room_that_is_free_and_none_that_is_not(loft: Loft) -> None:
    mine = [loft.firm(f"c{number}") for number in range(9)]
    for week, code in (
        (FIRST, "no_capacity"),
        (FIRST - 1, "invalid_week"),
        (NOW, "invalid_week"),
        (END, "invalid_week"),
    ):
        answer = loft.does(f"orders/{mine[8]}/pin", {"build_week": day_of(week)})
        assert answer.code == code, week
    own = loft.promised(mine[0]).build_week
    loft.done(f"orders/{mine[0]}/pin", {"build_week": day_of(own)})
    assert loft.order_of("c0", mine[0])["promise"]["pinned"] is True
    assert loft.order_of("c0", mine[0])["promise"]["moved"] is None


def test_a_week_takes_no_more_pinned_orders_than_it_has_room_for(loft: Loft) -> None:
    mine = [loft.firm(f"c{number}") for number in range(9)]
    answers = [loft.does(f"orders/{one}/pin", {"build_week": day_of(FIRST + 5)}) for one in mine[3:]]
    assert [one.status for one in answers] == [200, 200, 200, 200, 409, 409]
    assert sum(loft.promised(one).build_week == FIRST + 5 for one in mine) == 4


def test_what_is_planned_in_a_week_counts_each_order_that_is_pinned_to_it(loft: Loft) -> None:
    mine = [loft.firm(f"c{number}") for number in range(9)]
    for one in mine[4:6]:
        loft.done(f"orders/{one}/pin", {"build_week": day_of(FIRST + 5)})
    shown = {one["from"]: one["resources"][-1]["planned"] for one in weeks_of(loft)}
    assert shown[first_day(FIRST + 5)] == 2
    assert sum(shown.values()) == 12


def test_an_order_that_is_pinned_to_a_late_week_delays_nobody_else(loft: Loft) -> None:
    order_id = loft.firm()
    before = until(loft)
    loft.done(f"orders/{order_id}/pin", {"build_week": day_of(FIRST + 8)})
    assert until(loft) <= before


def test_a_pin_of_an_order_in_frozen_weeks_is_refused(loft: Loft) -> None:
    order_id = loft.firm()
    loft.pass_s(WEEK_S)
    answer = loft.does(f"orders/{order_id}/pin", {"build_week": day_of(FIRST + 4)})
    assert (answer.status, answer.code, answer.json()["order_ids"]) == (409, "frozen_weeks", [order_id])


def test_a_pin_is_for_orders_that_wait(loft: Loft) -> None:
    assert loft.does("orders/ord_0/pin", {"build_week": day_of(FIRST)}).code == "no_such_order"
    gone, made, expired = loft.firm("ada"), loft.locked("bob"), loft.reserved("cyd")
    loft.act("ada", gone, "cancel")
    loft.moved(made, "scheduled", "in_production")
    loft.pass_s(601)
    for one in (gone, made, expired):
        for week in (day_of(FIRST + 4), None):
            answer = loft.does(f"orders/{one}/pin", {"build_week": week})
            assert (answer.status, answer.code) == (409, "wrong_state"), one
    nobody = loft.firm("eve", "wing", "grey")
    assert loft.does(f"orders/{nobody}/pin", {"build_week": day_of(FIRST + 4)}).code == "no_capacity"


@pytest.mark.parametrize("week", ["2026-02-30", "0001-01-01", "9999-12-31", "tomorrow!!", 105_700, [], ""])
def test_a_pin_to_what_is_no_day_is_refused(loft: Loft, week: Any) -> None:
    answer = loft.does(f"orders/{loft.firm()}/pin", {"build_week": week})
    assert (answer.status, answer.code) in ((422, "invalid_body"), (400, "invalid_request"))


def test_a_pin_that_says_no_week_at_all_is_not_taken_for_letting_go(loft: Loft) -> None:
    order_id = loft.firm()
    assert loft.does(f"orders/{order_id}/pin", {}).code == "invalid_request"


def test_a_change_by_its_customer_lets_go_of_the_pin(loft: Loft) -> None:
    order_id = loft.firm()
    loft.done(f"orders/{order_id}/pin", {"build_week": day_of(FIRST + 4)})
    assert loft.both_steps("ada", order_id, "change", {"region": "south"}).status == 200
    assert loft.order_of("ada", order_id)["promise"]["pinned"] is False


def test_the_weeks_show_capacity_load_what_is_frozen_and_who_has_no_week() -> None:
    with Loft(weekly=1, backlog=0, horizon_weeks=6) as loft:
        for number in range(7):
            loft.firm(f"c{number}")
        shown = loft.get("/v1/operator/plan?weeks=3", loft.operator()).json()
        assert shown["without_week"] == 2
        assert [(one["week"], one["from"], one["frozen"]) for one in shown["weeks"]] == [
            ("2026-W19", "2026-05-04", True),
            ("2026-W20", "2026-05-11", False),
            ("2026-W21", "2026-05-18", False),
        ]
        assert [one["resources"] for one in shown["weeks"]] == [
            [{"id": name, "capacity": capacity, "planned": planned * (name == "loft")} for name, capacity in of_each]
            for planned in (0, 1, 1)
            for of_each in [(("dye", 2), ("frames", 1), ("loft", 1))]
        ]
        assert len(weeks_of(loft, weeks=520)) == 6
        loft.pass_s(3 * WEEK_S)
        assert [one["from"] for one in weeks_of(loft, weeks=2)] == [day_of(NOW + 3), day_of(NOW + 4)]
        loft.pass_s(30 * WEEK_S)
        assert weeks_of(loft) == []
        for weeks in ("0", "521", "-1", "x", "1.5"):
            assert loft.get(f"/v1/operator/plan?weeks={weeks}", loft.operator()).code == "invalid_request"


def test_a_week_without_a_limit_has_no_number_and_counts_what_is_planned() -> None:
    with Loft(dye=2) as loft:
        loft.ordered(options=["blue"])
        later = weeks_of(loft)[1]["resources"]
        assert [one["planned"] for one in later] == [1, 0, 4]


def test_a_cut_stands_in_the_trail_with_its_weeks_and_reason(loft: Loft) -> None:
    loft.done("capacity", {**HALVED, "resource": "loft", "reason": "a supplier burnt down"})
    (entry,) = trail(loft)
    assert (entry["what"], entry["operator"], entry["reason"]) == ("capacity", "grace", "a supplier burnt down")
    weeks = {"from_week": first_day(FIRST), "until_week": first_day(END)}
    assert entry["facts"] == {"resource": "loft", "percent": 50, "weekly": None, **weeks}


def test_after_a_cut_promises_are_made_as_unsure_as_the_new_capacity_is() -> None:
    with Loft(**UNSURE) as loft:
        sets = [event for block in loft.log.read(1) for event in block.events if isinstance(event, ev.SafetySet)]
        loft.done("capacity", HALVED)
        after = [event for block in loft.log.read(1) for event in block.events if isinstance(event, ev.SafetySet)]
        assert (len(sets), len(after)) == (1, 2)
        assert loft.desk.book.safety == after[-1].late != sets[-1].late
        quote = loft.quoted()
        with Loft(loft.log, **UNSURE) as again:
            assert again.quoted() == quote


def test_a_key_is_needed_and_one_only(loft: Loft) -> None:
    headers = [*order_headers(loft.operator(), "a"), ("idempotency-key", "b")]
    assert loft.call("POST", "/v1/operator/capacity", headers, b"{}").status == 400
