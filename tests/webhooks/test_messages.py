"""What others are told: a type for every event, facts but no keys, and a cursor that neither skips nor repeats."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain import events
from drumroll.domain.events import (
    AnyEvent,
    CapacitySet,
    Event,
    OrderPinned,
    OrdersMoved,
    PlanAccepted,
    SalesSet,
)
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.weeks import week_of_day
from drumroll.errors import EndpointInvalid
from drumroll.log.base import Block
from drumroll.webhooks.messages import ALL, DEFAULT, MOVES, SALES, SILENT, TYPES, Cursor, Message, chosen, messages

KINDS = get_args(AnyEvent)
OPENED_AT_MS = 1_750_946_400_000
MOMENTS = st.integers(OPENED_AT_MS, OPENED_AT_MS + 10**11)
WEEKS = st.integers(105_600, 105_800)
PROMISES = st.builds(Promise, WEEKS, WEEKS, WEEKS, WEEKS, st.sampled_from(("", "works")))
IDS = st.lists(st.text(max_size=3), max_size=5).map(tuple)
DAYS = ("delivery_from", "delivery_until", "delivery_sure_by")
PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def made(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of a kind, with moments that can be."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    given_: dict[str, st.SearchStrategy[Any]] = {
        name: MOMENTS if field.type is int else st.none() | MOMENTS
        for name, field in fields.items()
        if name.endswith("_ms")
    }
    given_ |= {name: st.binary(min_size=16, max_size=16) for name, field in fields.items() if field.type is bytes}
    given_ |= {name: WEEKS for name in fields if name.endswith("_week")}
    if "promise" in fields:
        given_["promise"] = st.none() | PROMISES
    if kind is SalesSet:
        given_["action"] = st.sampled_from(sorted(SALES))
    if kind is OrdersMoved:
        given_["state"] = st.sampled_from(sorted(MOVES))
        given_["order_ids"] = IDS
    if kind is PlanAccepted:
        given_["groups"] = st.lists(st.builds(Planned, PROMISES, IDS), max_size=3).map(tuple)
    return st.builds(kind, **given_)


EARLIER = Promise(105680, 105681, 105684, 105684, "works")
EARLIER_DAYS = {"delivery_from": "2026-06-01", "delivery_until": "2026-06-28", "delivery_sure_by": "2026-06-28"}
TOLD = [kind for kind in KINDS if kind not in SILENT]
BLOCKS = st.lists(st.sampled_from(TOLD).flatmap(made), max_size=8).map(
    lambda happened: Block(7, OPENED_AT_MS, tuple(happened))
)


def told(block: Block, start: Cursor | None = None, wanted: frozenset[str] = ALL) -> list[Message]:
    return list(messages(block, start or Cursor(block.position), wanted))


def test_every_kind_of_event_has_a_type_or_is_silent_on_purpose() -> None:
    assert set(KINDS) == set(TYPES) | {SalesSet, OrdersMoved} | set(SILENT)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in ALL)
    assert len(ALL) == len(TYPES) + len(SALES) + len(MOVES), "two events share a type, and so can't differ in fields"


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_no_key_fingerprint_or_digest_leaves(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(made(kind))
    for message in told(Block(7, OPENED_AT_MS, (event,))):
        facts = msgspec.json.decode(message.body)["data"]
        assert not {"key", "fingerprint", "digest", "promise", "groups"} & set(facts)


@given(BLOCKS)
def test_a_type_always_has_the_same_fields_and_times_are_rfc_3339_in_utc(block: Block) -> None:
    shapes: dict[str, set[str]] = {}
    for message in told(block):
        body = msgspec.json.decode(message.body)
        assert list(body) == ["type", "timestamp", "data"]
        assert shapes.setdefault(message.type, set(body["data"])) == set(body["data"])
        assert body["timestamp"] == "2025-06-26T14:00:00.000Z"
        for name, value in body["data"].items():
            assert not name.endswith("_ms")
            if name.endswith("_at") and value is not None:
                assert datetime.fromisoformat(value).timestamp() * 1000 >= OPENED_AT_MS
            if name in DAYS or name.endswith("_week"):
                assert value is None or 105_600 <= week_of_day(date.fromisoformat(value)) <= 105_800


@given(BLOCKS)
def test_going_on_after_any_message_gives_exactly_the_rest(block: Block) -> None:
    whole = told(block)
    for number, message in enumerate(whole):
        assert told(block, message.after) == whole[number + 1 :]
    assert len({message.id for message in whole}) == len(whole)


@given(BLOCKS)
def test_another_event_at_the_same_place_of_a_restored_log_has_another_id(block: Block) -> None:
    later = Block(block.position, block.at_ms + 1, block.events)
    assert not {message.id for message in told(block)} & {message.id for message in told(later)}


@given(BLOCKS, st.sets(st.sampled_from(sorted(ALL))))
def test_a_filter_leaves_out_but_changes_no_id(block: Block, wanted: set[str]) -> None:
    assert told(block, wanted=frozenset(wanted)) == [message for message in told(block) if message.type in wanted]


def test_a_move_of_many_orders_is_a_message_an_order() -> None:
    block = Block(3, OPENED_AT_MS, (OrdersMoved("built", ("ord_a", "ord_b"), "mei", "line 2", b"", b""),))
    assert [(message.id, message.type, message.about) for message in told(block)] == [
        ("msg_3_0_0_197ac89c700", "order.built", "ord_a"),
        ("msg_3_0_1_197ac89c700", "order.built", "ord_b"),
    ]


def test_a_plan_is_a_message_an_order_with_what_is_promised_to_it() -> None:
    groups = (Planned(Promise(105690, 105691, 105694, 105696), ("ord_a", "ord_b")), Planned(EARLIER, ("ord_c",)))
    plan = PlanAccepted("0a1b", "strict", 12, groups, "mei", "week 30", b"", b"")
    found = told(Block(3, OPENED_AT_MS, (plan,)))
    assert [(message.id, message.type, message.about) for message in found] == [
        ("msg_3_0_0_197ac89c700", "order.replanned", "ord_a"),
        ("msg_3_0_1_197ac89c700", "order.replanned", "ord_b"),
        ("msg_3_0_2_197ac89c700", "order.replanned", "ord_c"),
    ]
    data = [msgspec.json.decode(message.body)["data"] for message in found]
    said = {"plan": "0a1b", "operator": "mei", "reason": "week 30"}
    later = {"delivery_from": "2026-08-10", "delivery_until": "2026-09-06", "delivery_sure_by": "2026-09-20"}
    assert data == [
        {"order_id": "ord_a", **later, "short": None, **said},
        {"order_id": "ord_b", **later, "short": None, **said},
        {"order_id": "ord_c", **EARLIER_DAYS, "short": "works", **said},
    ]


@given(st.sampled_from([kind for kind in TOLD if "promise" in kind.__struct_fields__]).flatmap(made))
def test_what_is_promised_is_told_in_days_of_the_weeks_between_which_it_lies(event: Any) -> None:
    data = msgspec.json.decode(told(Block(7, OPENED_AT_MS, (event,)))[0].body)["data"]
    if event.promise is None:
        assert [data[name] for name in DAYS] == [None] * 3
        return
    days = [date.fromisoformat(data[name]) for name in DAYS]
    weeks = (event.promise.first_week, event.promise.last_week, event.promise.sure_week)
    assert tuple(week_of_day(day) for day in days) == weeks
    assert [day.isoweekday() for day in days] == [1, 7, 7]


def test_a_pin_says_whether_the_order_is_pinned_or_let_go() -> None:
    pins = tuple(OrderPinned("ord_a", promise, "mei", "fair", b"", b"") for promise in (EARLIER, None))
    first, second = (msgspec.json.decode(message.body)["data"] for message in told(Block(3, OPENED_AT_MS, pins)))
    signed = {"order_id": "ord_a", "operator": "mei", "reason": "fair"}
    assert first == {**signed, **EARLIER_DAYS, "pinned": True}
    assert second == {**signed, **dict.fromkeys(DAYS), "pinned": False}


def test_a_change_of_capacity_is_told_by_its_weeks_mondays() -> None:
    change = CapacitySet("works", 105690, 105694, 45, None, "mei", "no cells", b"", b"")
    (message,) = told(Block(3, OPENED_AT_MS, (change,)))
    assert (message.type, message.about) == ("plan.capacity_set", "")
    assert msgspec.json.decode(message.body)["data"] == {
        "resource": "works",
        "from_week": "2026-08-03",
        "until_week": "2026-08-31",
        "percent": 45,
        "weekly": None,
        "operator": "mei",
        "reason": "no cells",
    }


def test_an_event_of_a_log_of_an_earlier_version_is_told_with_nothing_promised() -> None:
    now = msgspec.to_builtins(events.OrderReserved("o", "c", "m", "t", 9, 5, 900, b"k" * 16, b"f" * 8))
    assert now.pop() is None
    old = msgspec.convert(now, events.OrderReserved)
    (message,) = told(Block(3, OPENED_AT_MS, (old,)))
    data = msgspec.json.decode(message.body)["data"]
    assert (data["order_id"], data["price_minor"], data["delivery_until"]) == ("o", 9, None)


def test_the_page_names_every_type() -> None:
    table = PAGE.partition("| type | when |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", table)) == ALL


def test_the_pages_example_has_the_fields_of_its_type() -> None:
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    shown = msgspec.json.decode(example[1])
    (message,) = told(Block(3, OPENED_AT_MS, (events.OrderReserved("o", "c", "m", "t", 9, 5, 900, b"k", b"f"),)))
    assert shown["type"] == message.type
    assert list(shown["data"]) == list(msgspec.json.decode(message.body)["data"])


def test_a_new_plan_is_told_to_whom_asks_for_nothing_in_particular() -> None:
    assert {"order.replanned", "order.pinned", "plan.capacity_set"} <= DEFAULT


def test_an_imported_base_is_told_only_to_whom_asks_for_it() -> None:
    assert TYPES[events.OrderImported] not in DEFAULT
    assert TYPES[events.OrderImported] in chosen("order.imported, order.firm")


def test_an_unknown_type_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(EndpointInvalid, match=r"found order\.fimr; allowed: order\.built, .*order\.firm"):
        chosen("order.fimr")
