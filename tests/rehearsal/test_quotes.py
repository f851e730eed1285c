"""Quotes before orders: what customers compare, what they hold against the server, and what the report says of it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from drumroll.domain.launch_file import parse
from drumroll.domain.times import to_ms
from drumroll.rehearsal.answers import days_of
from drumroll.rehearsal.outbox import Handler, Outbox
from drumroll.rehearsal.population import Offer, opening_ms
from drumroll.rehearsal.quotes import Quotes
from drumroll.rehearsal.report_promises import QUOTED, Promised, Quoted, looked_at
from drumroll.rehearsal.tallies import Tallies

LAUNCH = parse((Path(__file__).parents[2] / "launches" / "yu7.toml").read_text("utf-8"), "yu7.toml")
BARE = replace(LAUNCH, plants=(), limits=(), backlog=(), cliffs=(), promise=None)
OFFERS = [Offer("yu7", "standard", 25_350_000, None), Offer("yu7", "max", 32_990_000, None)]


class Desk:
    """An outbox that keeps what is sent, and hands out the answers that a test writes."""

    def __init__(self) -> None:
        self.now_s = 10.0**6
        self.wire = self
        self.sent: list[tuple[Handler, int, bytes]] = []

    def send(self, handler: Handler, visit: int, request: bytes) -> None:
        self.sent.append((handler, visit, request))


def delivery(first: str, last: str, crossing: str = "") -> bytes:
    cliffs = b'[{"id":"tax","crossing":"%s"}]' % crossing.encode() if crossing else b"[]"
    return b'"delivery":{"from":"%s","until":"%s","cliffs":%s}' % (first.encode(), last.encode(), cliffs)


def asked(trim: int, raw: bytes, status: int = 200) -> tuple[Quotes, bytes, list[int]]:
    """Visit 7 asks for a quote of a trim, and is answered."""
    desk, ordered = Desk(), list[int]()
    quotes = Quotes(OFFERS, bytearray([trim] * 8), cast(Outbox, desk), Tallies())
    quotes.ask(7, ordered.append)
    assert not ordered, "they order when they know what they would get"
    handler, visit, request = desk.sent.pop()
    handler(visit, status, raw)
    return quotes, request, ordered


SOON, LATER = delivery("2025-07-28", "2025-08-24"), delivery("2025-08-04", "2025-08-31")
PRICE = b'{"price_minor":25350000,'


def test_a_quote_is_asked_for_without_a_session_and_the_order_comes_after_it() -> None:
    quotes, request, ordered = asked(0, PRICE + SOON)
    assert request == b"GET /v1/quotes?model=yu7&trim=standard HTTP/1.1\r\nhost: drumroll\r\n\r\n"
    assert ordered == [7]
    assert quotes.tallies.quotes["asked"] == len(quotes.tallies.quote_latencies_s) == 1
    assert not quotes.tallies.surprises


@pytest.mark.parametrize(
    ("quoted", "promised", "what"),
    [
        (SOON, SOON, "kept"),
        (SOON, LATER, "later"),
        (LATER, SOON, "earlier"),
        (SOON, b'"delivery":null', "later"),
        (b'"delivery":null', SOON, "earlier"),
        (b'"delivery":null', b'"delivery":null', "kept"),
    ],
)
def test_an_order_is_compared_with_its_quote(quoted: bytes, promised: bytes, what: str) -> None:
    quotes, _, _ = asked(0, PRICE + quoted)
    quotes.compare(3, days_of(SOON), SOON)
    quotes.compare(7, days_of(promised), promised)
    quotes.compare(7, days_of(promised), promised)
    assert {name: count for name, count in quotes.tallies.quotes.items() if count} == {"asked": 1, what: 1}


def test_a_wrong_price_and_a_refusal_are_surprises() -> None:
    assert list(asked(1, PRICE + SOON)[0].tallies.surprises) == ["a quote had another price than the launch's"]
    quotes, _, ordered = asked(0, b'{"code":"unknown_trim"}', 404)
    assert list(quotes.tallies.surprises) == ["a quote was refused: unknown_trim"]
    assert ordered == [7]


def test_whoever_is_warned_of_a_day_is_counted_once_by_the_worst() -> None:
    quotes = Quotes(OFFERS, bytearray(1), cast(Outbox, Desk()), Tallies())
    for crossing in ("will", "may", "may", ""):
        raw = delivery("2025-12-29", "2026-01-25", crossing)
        quotes.compare(0, days_of(raw), raw)
    both = delivery("2026-01-05", "2026-02-01", "may")[:-2] + b',{"id":"other","crossing":"will"}]}'
    quotes.compare(0, days_of(both), both)
    assert quotes.tallies.warned == {"will": 2, "may": 2}


@pytest.mark.parametrize(
    ("raw", "days"),
    [
        (b'{"id":"o",' + SOON + b"}", b"2025-07-28\t2025-08-24"),
        (b'{"delivery":null}', b"-\t-"),
        (b'{"id":"o"}', b"?\t?"),
        (b'{"delivery":{"from":"2025-07-28","sure":"x"}}', b"?\t?"),
    ],
)
def test_the_days_are_read_off_an_answer(raw: bytes, days: bytes) -> None:
    assert days_of(b"HTTP/1.1 201 Created\r\n\r\n" + raw) == days


CURVE = [(1, "yu7", "max", 1, 4), (2, "yu7", "standard", 2, 5), (60, "yu7", "standard", 3, 6), (90, "yu7", "max", 2, 5)]


def promised(**rest: Any) -> Promised:
    quoted = [Quoted(second, "yu7", "max", (39, 42)) for second in looked_at(LAUNCH)][:1]
    return Promised(rest.get("launch", LAUNCH), {"promised": 100}, CURVE, quoted, Tallies())


def test_the_weeks_after_so_many_orders_are_those_last_told_by_then() -> None:
    report = promised()
    weeks = [report.weeks(("yu7", "standard"), orders) for orders in (1, 2, 59, 60, 100)]
    assert weeks == [(2, 5), (2, 5), (2, 5), (3, 6), (3, 6)]
    assert report.weeks(("yu7", "pro"), 100) is None
    found = report.as_json()["weeks"]
    assert found["yu7/max"] == {"first": (1, 4), "last": (2, 5)}


def test_quotes_are_looked_at_on_the_days_of_those_published() -> None:
    noon = to_ms(datetime(2025, 7, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert looked_at(LAUNCH)[(noon - opening_ms(LAUNCH)) // 1000] == date(2025, 7, 2)
    assert looked_at(LAUNCH).keys() == {second for second, day in looked_at(LAUNCH).items() if day in QUOTED}
    assert looked_at(BARE) == looked_at(replace(LAUNCH, id="other")) == {}
    reference = promised().as_json()["reference"]["2025-07-02"]
    assert (reference["quoted"]["max"], reference["rehearsed"]) == ((39, 42), {"max": (39, 42)})


def test_a_launch_without_plants_has_nothing_to_say() -> None:
    assert promised(launch=BARE).as_json() == {}


def test_the_report_has_a_row_for_each_mark_and_day_and_a_cell_for_each_trim() -> None:
    head, rows = promised().rows()
    assert head == ("weeks until delivery", "yu7 standard", "yu7 pro", "yu7 max")
    assert rows == [
        ("the first order", "2-5", "none", "1-4"),
        ("the last order", "3-6", "none", "2-5"),
        ("a quote on 2025-07-02", "none (public: 58-61)", "none (public: 51-54)", "39-42 (public: 39-42)"),
        ("a quote on 2025-07-06", "none (public: 59-62)", "none (public: 53-56)", "none (public: 45-48)"),
    ]
    assert promised().chart().count("<polyline") == 2
