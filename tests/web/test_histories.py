"""What customers read: their orders, and everything that ever happened to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drumroll.errors import LogUnreadable
from drumroll.log.base import Block
from drumroll.log.memory import MemoryLog
from tests.web.house import session
from tests.web.lives import DAY_S, HOUR_S, OPENED_MS, Life

BALLOON = {"model": "balloon", "trim": "round"}


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


def told(events: Any) -> list[tuple[str, str]]:
    return [(event["what"], event["by"]) for event in events]


def test_a_whole_life_is_told_in_order_with_times_in_the_launchs_zone(life: Life) -> None:
    order_id = life.firm()
    life.pass_s(60)
    life.both_steps("ada", order_id, "change", {"options": ["blue"]})
    life.both_steps("ada", order_id, "lock")
    life.act("ada", order_id, "undo-lock")
    life.pass_s(DAY_S)
    life.moved(order_id, "scheduled", "in_production", "built", "in_transit", "delivered")
    events = life.history("ada", order_id)
    assert told(events) == [
        ("reserved", "customer"),
        ("firm", "customer"),
        ("changed", "customer"),
        ("locked", "customer"),
        ("lock_undone", "customer"),
        ("locked", "time"),
        ("scheduled", "operator"),
        ("in_production", "operator"),
        ("built", "operator"),
        ("in_transit", "operator"),
        ("delivered", "operator"),
    ]
    assert [event["at"] for event in events[:4]] == [
        "2026-05-01T12:00:30.000+02:00",
        "2026-05-01T12:00:30.000+02:00",
        "2026-05-01T12:01:30.000+02:00",
        "2026-05-01T12:01:30.000+02:00",
    ]
    blocks = [event["block"] for event in events]
    assert blocks == sorted(blocks)
    changed = events[2]["facts"]
    assert (changed["price_minor"], changed["price_before_minor"], changed["difference_minor"]) == (10_400, 9_900, 500)
    assert changed["options"] == ["blue"]


def test_two_events_of_one_block_are_told_once_each(life: Life) -> None:
    """An operator cancels an order whose cooling-off has just ended: lock and cancellation are one block."""
    order_id = life.firm()
    assert life.clock is not None
    life.clock.move_to(life.clock() + DAY_S * 1000)
    life.done(f"orders/{order_id}/cancel", {"refund": False})
    events = life.history("ada", order_id)
    assert told(events)[2:] == [("locked", "time"), ("cancelled", "operator")]
    assert events[2]["block"] == events[3]["block"]


def test_customers_see_an_operators_reason_and_never_a_name(life: Life) -> None:
    order_id = life.firm(options=["blue"])
    life.done(f"orders/{order_id}/correct", {"reason": "the wrong colour was written down", "options": ["red"]})
    life.done(f"orders/{order_id}/cancel", {"reason": "a duplicate", "refund": True})
    life.done(f"refunds/pay_{order_id}/paid", {"reason": "by bank transfer"})
    life.done("sales", {"action": "pause", "reason": "nobody's business"})
    answer = life.get(f"/v1/orders/{order_id}/history", life.token("ada"))
    events = answer.json()["events"]
    assert [(event["what"], event["by"], event.get("reason")) for event in events[2:]] == [
        ("changed", "operator", "the wrong colour was written down"),
        ("cancelled", "operator", "a duplicate"),
        ("refund_paid", "operator", "by bank transfer"),
    ]
    assert b"grace" not in answer.body
    assert b"nobody" not in answer.body
    assert all("operator" not in event for event in events)
    seen = life.get(f"/v1/operator/orders/{order_id}", life.operator()).json()
    assert [event.get("operator") for event in seen["history"]] == [None, None, "grace", "grace", "grace"]
    assert seen["customer"] == "ada"


def test_a_conversion_and_its_money_are_told_with_the_price_difference(life: Life) -> None:
    order_id = life.firm()
    life.both_steps("ada", order_id, "convert", BALLOON)
    life.paid(order_id)
    life.both_steps("ada", order_id, "convert", {"model": "kite", "trim": "plain"})
    events = life.history("ada", order_id)
    assert told(events)[2:] == [("converted", "customer"), ("difference_paid", "customer"), ("converted", "customer")]
    assert [event["facts"].get("difference_minor") for event in events[2:]] == [10_000, None, -10_000]
    assert (events[2]["facts"]["due_minor"], events[4]["facts"]["refund_minor"]) == (3_000, 3_000)
    assert events[2]["facts"]["cooling_from"] == events[2]["at"]


def test_an_imported_order_tells_where_it_came_from(life: Life) -> None:
    order_id = life.imported("ada", "wing", "grey", "locked", OPENED_MS - 1000 * HOUR_S)
    (event,) = life.history("ada", order_id)
    facts = event["facts"]
    assert (event["what"], facts["reference"], facts["firm_at"]) == (
        "imported",
        "ref-0",
        "2026-05-01T11:00:00.000+02:00",
    )
    assert not {"digest", "key", "fingerprint", "customer", "order_id"} & facts.keys()


def test_money_that_came_too_late_is_told(life: Life) -> None:
    order_id = life.firm()
    life.act("ada", order_id, "cancel")
    life.pay(order_id, "again")
    events = life.history("ada", order_id)
    assert (events[-1]["what"], events[-1]["by"], events[-1]["facts"]["reason"]) == (
        "owed_back",
        "provider",
        "paid_after_cancellation",
    )


def test_a_history_begins_where_its_place_was_waited_for(life: Life) -> None:
    owner = life.firm("owner", trim="rare")
    ada = life.join("ada")
    life.act("owner", owner, "cancel")
    life.pass_s(0)
    life.paid(ada)
    assert told(life.history("ada", ada)) == [("waiting", "customer"), ("offered", "time"), ("firm", "customer")]


def test_a_customer_reads_all_orders_of_theirs_and_no_others(life: Life) -> None:
    mine = [life.reserved("ada"), life.firm("ada", "wing", "grey")]
    mine.append(life.imported("ada", "balloon", "round", "built"))
    life.firm("bob")
    answer = life.get("/v1/orders", life.token("ada")).json()
    assert [order["id"] for order in answer["orders"]] == mine
    assert answer["orders"] == [life.order_of("ada", one) for one in mine]
    assert life.get("/v1/orders", life.token("nobody")).json() == {"orders": [], "waiting": []}


@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/history"])
def test_orders_are_read_with_a_customers_session_only(life: Life, path: str) -> None:
    url = "/v1/orders" + path.format(id=life.firm())
    assert life.get(url, life.token("ada")).status == 200
    for token in (None, life.operator(), life.token("ada")[:-1] + "x"):
        refused = life.get(url, token)
        assert (refused.status, refused.code) == (401, "no_session")
        assert refused.headers["www-authenticate"] == "Bearer"


class Unreadable(MemoryLog):
    """A log of which one block can't be read while ``gone``, and none can be written while ``full``."""

    gone = False

    def read(self, from_position: int = 1) -> Iterator[Block]:
        if self.gone:
            raise LogUnreadable("the disk is gone")
        return super().read(from_position)


def test_a_history_that_cannot_be_read_now_is_a_503_and_the_order_is_read_all_the_same() -> None:
    log = Unreadable()
    with Life(log) as life:
        order_id = life.firm()
        life.done(f"orders/{order_id}/correct", {"region": "south"})
        log.gone = True
        for path, token in (
            (f"/v1/orders/{order_id}/history", life.token("ada")),
            (f"/v1/operator/orders/{order_id}", life.operator()),
            ("/v1/operator/trail", life.operator()),
        ):
            answer = life.get(path, token)
            assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "desk_closed", "1"), path
        assert life.get(f"/v1/orders/{order_id}", life.token("ada")).status == 200
        log.gone = False
        assert len(life.history("ada", order_id)) == 3


def test_while_the_desk_is_closed_neither_step_is_taken_and_no_terms_are_shown() -> None:
    log = Unreadable()
    with Life(log) as life:
        order_id = life.firm()
        confirmation = life.act("ada", order_id, "lock").json()["confirmation"]
        life.desk.closed_because = "the disk is full"
        for action, content in (
            ("lock", None),
            ("lock", {"confirmation": confirmation}),
            ("cancel", None),
            ("change", {"region": "south"}),
            ("convert", BALLOON),
            ("undo-lock", None),
        ):
            answer = life.act("ada", order_id, action, content)
            assert (answer.status, answer.code) == (503, "desk_closed"), action
            assert answer.headers["retry-after"]
        assert life.send(life.token("ada"), "/v1/waiting-list", BALLOON).code == "desk_closed"
        assert life.does("sales", {"action": "pause"}).code == "desk_closed"
        assert life.get("/v1/orders", life.token("ada")).status == 200
        life.desk.closed_because = None
        assert life.act("ada", order_id, "lock", {"confirmation": confirmation}).status == 200


def test_while_the_book_is_not_known_nothing_of_it_is_shown() -> None:
    log = Unreadable()
    with Life(log) as life:
        order_id = life.firm()
        life.desk.closed_because, life.desk.readable = "the disk is gone", False
        reads = [
            "/v1/orders",
            f"/v1/orders/{order_id}",
            f"/v1/orders/{order_id}/history",
            f"/v1/waiting-list/{order_id}",
        ]
        for path in reads:
            assert life.get(path, life.token("ada")).code == "desk_closed", path
        for path in ("orders", f"orders/{order_id}", "trail"):
            assert life.get(f"/v1/operator/{path}", life.operator()).code == "desk_closed", path
        assert life.call("POST", f"/sandbox/pay/{order_id}", session(life.token("ada"))).status in (404, 503)
