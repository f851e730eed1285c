"""Looking orders up: against a filter by hand over all orders, and while orders flow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drumroll.web import lookups
from tests.web.lives import HOUR_S, OPENED_MS, Life

STATES = ["firm", "locked", "scheduled", "in_production", "built", "in_transit", "delivered"]
TRIMS = [("kite", "plain"), ("kite", "rare"), ("balloon", "round"), ("wing", "grey")]
CUSTOMERS = ["c0", "c1", "c2", "c3", "c4"]
ORDERS = 60


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    """Orders of all kinds, made and changed at many times; nothing more is done to them."""
    with Life() as life:
        for number in range(ORDERS):
            state = STATES[number % len(STATES)]
            model, trim = TRIMS[number * 7 % len(TRIMS)]
            life.imported(CUSTOMERS[number % 5], model, trim, state, OPENED_MS + number % 11 * 1000 - 60_000)
            life.pass_s(60)
        for number, customer in enumerate(CUSTOMERS):
            other = life.firm(f"new-{customer}")
            life.pass_s(60)
            if number % 2:
                life.act(f"new-{customer}", other, "cancel")
        life.reserved("late")
        yield life


def page(life: Life, **query: Any) -> Any:
    answer = life.get(f"/v1/operator/orders?{urlencode(query)}", life.operator())
    assert answer.status == 200, answer
    return answer.json()


def found(life: Life, **query: Any) -> list[Any]:
    """All pages."""
    one = page(life, **query)
    orders = list(one["orders"])
    while one["next"] is not None:
        one = page(life, **query, cursor=one["next"])
        orders += one["orders"]
    return orders


def ms(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def rfc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat()


def fits(order: Any, query: dict[str, Any]) -> bool:
    """The filter by hand, on the orders as a look-up without filters shows them."""
    return (
        all(order[name] == query[name] for name in ("state", "model", "trim", "customer") if name in query)
        and ("ordered_from" not in query or ms(order["ordered_at"]) >= ms(query["ordered_from"]))
        and ("ordered_before" not in query or ms(order["ordered_at"]) < ms(query["ordered_before"]))
        and ("changed_since" not in query or ms(order["changed_at"]) >= ms(query["changed_since"]))
    )


TIMES = st.integers(-70, 70 * 60).map(lambda second: rfc(OPENED_MS + second * 1000))
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from([*STATES, "reserved", "cancelled", "expired"]),
        "model": st.sampled_from(["kite", "balloon", "wing", "boat"]),
        "trim": st.sampled_from(["plain", "rare", "round", "grey"]),
        "customer": st.sampled_from([*CUSTOMERS, "new-c1", "nobody"]),
        "ordered_from": TIMES,
        "ordered_before": TIMES,
        "changed_since": TIMES,
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, limit=st.integers(1, 70), looked_at=st.sampled_from([1, 7, 20_000]))
def test_a_look_up_finds_what_a_filter_by_hand_finds(
    life: Life, query: dict[str, Any], limit: int, looked_at: int
) -> None:
    before = lookups.LOOKED_AT
    everything = found(life)
    assert len(everything) == len(life.desk.book.orders)
    lookups.LOOKED_AT = looked_at
    try:
        assert found(life, limit=limit, **query) == [order for order in everything if fits(order, query)]
    finally:
        lookups.LOOKED_AT = before


def test_what_is_found_is_what_the_book_holds(life: Life) -> None:
    for order in found(life):
        held = life.desk.book.orders[order["id"]]
        assert (order["customer"], order["state"], order["held_minor"], order["price_minor"]) == (
            held.customer,
            held.state.value,
            held.held_minor,
            held.offer.price_minor,
        )
        assert (order["queued_at"] is not None) == bool(held.place)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "polished"},
        {"ordered_from": "yesterday"},
        {"ordered_before": "2026-05-01T12:00:00"},
        {"changed_since": "9999-12-31T23:59:59-23:59"},
        {"changed_since": "\0"},
        {"limit": "0"},
        {"cursor": "-1"},
        {"model": "x" * 65},
    ],
)
def test_a_question_that_cannot_be_read_is_a_400(life: Life, query: dict[str, str]) -> None:
    answer = life.get(f"/v1/operator/orders?{urlencode(query)}", life.operator())
    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    "text",
    ["2026-05-01T12:30:00+02:00", "2026-05-01T10:30:00Z", "2026-05-01T12:30:00 02:00", "2026-05-01 12:30:00%2B02:00"],
)
def test_a_time_may_stand_bare_in_a_query(life: Life, text: str) -> None:
    """A plus that was not escaped is a space by the time that it is read."""
    answer = life.get(f"/v1/operator/orders?changed_since={text.replace(' ', '%20')}", life.operator())
    assert answer.status == 200
    assert answer.json() == page(life, changed_since="2026-05-01T12:30:00+02:00")


def test_no_order_is_skipped_or_doubled_while_orders_flow() -> None:
    with Life() as life:
        before = [life.reserved(f"c{number}") for number in range(20)]
        one = page(life, limit=3)
        seen = [order["id"] for order in one["orders"]]
        number = 20
        while one["next"] is not None and number < 40:
            life.reserved(f"c{number}")
            life.act(f"c{number - 20}", before[number - 20], "cancel")
            number += 1
            one = page(life, limit=3, cursor=one["next"])
            seen += [order["id"] for order in one["orders"]]
        seen += [order["id"] for order in found(life, cursor=one["next"])] if one["next"] else []
        assert seen == list(life.desk.book.orders)


def test_changed_since_the_time_of_the_log_misses_nothing() -> None:
    """Whoever looks again and again, each time since the first page's ``as_of``, knows every order as it stands."""
    with Life() as life:
        known: dict[str, Any] = {}
        since: dict[str, str] = {}
        ids = [life.firm(f"c{number}") for number in range(9)]
        for round_ in range(6):
            one = page(life, limit=2, **since)
            as_of = one["as_of"]
            known |= {order["id"]: order for order in one["orders"]}
            turn = 0
            while one["next"] is not None:
                customer = (round_ + turn) % 9
                options = [] if life.desk.book.orders[ids[customer]].offer.options == ("blue",) else ["blue"]
                life.both_steps(f"c{customer}", ids[customer], "change", {"options": options})
                if turn % 2:
                    life.pass_s(1)
                turn += 1
                one = page(life, limit=2, cursor=one["next"], **since)
                known |= {order["id"]: order for order in one["orders"]}
            since = {"changed_since": as_of}
        known |= {order["id"]: order for order in found(life, **since)}
        assert known == {order["id"]: order for order in found(life)}
        life.pass_s(HOUR_S)
        assert page(life)["as_of"] <= life.get("/v1/launch").json()["now"]
