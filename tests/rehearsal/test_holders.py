"""What the customers of the days hold against the server: each wrong answer must be seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from drumroll.domain.launch_file import parse
from drumroll.rehearsal import days
from drumroll.rehearsal.afterwards import Afterwards
from drumroll.rehearsal.customers import Customers
from drumroll.rehearsal.days import Act
from drumroll.rehearsal.outbox import Handler, Outbox
from drumroll.rehearsal.population import drawn, opening_ms
from drumroll.rehearsal.requests import Provider
from drumroll.rehearsal.timeline import Timeline

LAUNCH = Path(__file__).parents[2] / "launches" / "yu7.toml"
ASKED = b'HTTP/1.1 409 Conflict\r\n\r\n{"code":"confirmation_required","confirmation":"00ff00ff00ff00ff",%s"z":0}'
LOCK_TERMS = b'"forfeits_minor":500000,"refundable_until":"2025-07-03T22:00:00.000+08:00",'
LOCKED = b'HTTP/1.1 200 OK\r\n\r\n{"id":"ord_1","state":"locked"}'


class Desk:
    """An outbox that keeps what is sent, and hands out the answers that a test writes."""

    def __init__(self) -> None:
        self.unsure: set[int] = set()
        self.sent: list[tuple[Handler, int, bytes]] = []

    def send(self, handler: Handler, visit: int, request: bytes) -> None:
        self.sent.append((handler, visit, request))

    def answer(self, status: int, raw: bytes) -> bytes:
        """Answer the oldest request; returns it."""
        handler, visit, request = self.sent.pop(0)
        handler(visit, status, raw)
        return request


class Scene:
    """One visit that begins its act."""

    def __init__(self, act: Act) -> None:
        launch = parse(LAUNCH.read_text("utf-8"), str(LAUNCH))
        population = drawn(launch, 200, 1)
        after = days.drawn(launch, 200, population, 1)
        self.desk = Desk()
        self.began_s = after.begins_s
        timeline = Timeline(opening_ms(launch), after.begins_s, 0.0)
        provider = Provider("whsec_" + "A" * 32, "CNY")
        self.customers = Customers(population, launch, 1, provider, cast(Outbox, self.desk), timeline)
        self.customers.tokens = [b"token"] * population.customer_count
        self.tallies = self.customers.tallies
        afterwards = Afterwards(self.customers, launch, after)
        acts = [*after, *((act, visit, 0) for _, act, visit in after.last_moments)]
        self.visit = next(visit for of, visit, _ in acts if of is act)
        self.customers.firm[self.visit] = 1
        self.customers.order_ids[self.visit] = self.customers.order_ids[self.visit] or b"ord_1"
        afterwards.begin(self.visit)

    @property
    def surprises(self) -> list[str]:
        return list(self.tallies.surprises)


def test_a_lock_takes_two_steps_and_sends_the_confirmation_back() -> None:
    scene = Scene(Act.LOCKS)
    assert b"/v1/orders/ord_1/lock " in scene.desk.answer(409, ASKED % LOCK_TERMS)
    assert scene.customers.told == []
    assert scene.desk.answer(200, LOCKED).endswith(b'\r\n\r\n{"confirmation":"00ff00ff00ff00ff"}')
    assert scene.customers.told == [b"locked\tord_1"]
    assert scene.surprises == []


def wrong_at(act: Act, *answers: tuple[int, bytes]) -> Callable[[], Scene]:
    def play() -> Scene:
        scene = Scene(act)
        for status, raw in answers:
            scene.desk.answer(status, raw)
        return scene

    return play


REFUSED = b'HTTP/1.1 409 Conflict\r\n\r\n{"code":"wrong_state"}'
CANCELLED = b'HTTP/1.1 200 OK\r\n\r\n{"state":"cancelled","refund_minor":%d,"forfeited_minor":0}'
FORFEITED = b'HTTP/1.1 200 OK\r\n\r\n{"state":"forfeited","refund_minor":0,"forfeited_minor":%d,"z":0}'
HELD = b'"forfeits_minor":500000,'


@pytest.mark.parametrize(
    ("play", "surprise"),
    [
        (wrong_at(Act.LOCKS, (200, LOCKED)), "where confirmation_required was due"),
        (wrong_at(Act.LOCKS, (409, ASKED % b"")), "an answer was without"),
        (wrong_at(Act.LOCKS, (409, ASKED % LOCK_TERMS), (409, REFUSED)), "wrong_state where success was due"),
        (wrong_at(Act.CONFIRMS_WRONGLY, (409, ASKED % LOCK_TERMS), (200, LOCKED)), "confirmation_required was due"),
        (wrong_at(Act.CANCELS, (200, CANCELLED % 1)), "1 is owed back where 500000 was paid"),
        (wrong_at(Act.FORFEITS_LATE, (200, CANCELLED % 500_000)), "confirmation_required was due"),
        (wrong_at(Act.FORFEITS_LATE, (409, ASKED % HELD), (200, FORFEITED % 7)), "7 is forfeited where 500000"),
        (wrong_at(Act.CHANGES, (409, ASKED % b'"price_minor":1,')), "an answer was without"),
        (wrong_at(Act.CONVERTS, (409, ASKED % b'"price_minor":1,')), "an answer was without"),
        (wrong_at(Act.CONVERTS_CLOSED, (409, REFUSED)), "wrong_state where conversion_closed was due"),
        (wrong_at(Act.CONVERTS_ANOTHERS, (409, ASKED % b"")), "where no_such_order was due"),
        (wrong_at(Act.CONVERTS_FIRM, (409, ASKED % b"")), "where wrong_state was due"),
    ],
)
def test_an_answer_that_breaks_the_rules_is_a_surprise(play: Callable[[], Scene], surprise: str) -> None:
    scene = play()
    assert any(surprise in text for text in scene.surprises), scene.surprises


def asked_with(confirmation: bytes, terms: bytes) -> bytes:
    return (ASKED % terms).replace(b"00ff00ff00ff00ff", confirmation)


def test_new_weeks_between_the_two_steps_are_accepted_as_often_as_they_are_shown() -> None:
    scene = Scene(Act.CONVERTS)
    first = scene.desk.sent[-1][2]
    while b"/convert " not in first:
        first = scene.desk.sent.pop(0)[2]
    fields = b'"price_minor":1,'
    for confirmation in (b"a" * 16, b"b" * 16, b"c" * 16):
        scene.desk.answer(409, asked_with(confirmation, fields))
        assert scene.desk.sent[-1][2].endswith(b'"confirmation":"%s"}' % confirmation)
    assert scene.tallies.shown_again == {"convert": 2}
    scene.desk.answer(409, asked_with(b"c" * 16, fields))
    assert any("confirmation_required where success was due" in text for text in scene.surprises)


def test_a_refund_paid_between_the_two_steps_of_a_lock_is_no_fault_of_the_launch() -> None:
    """A surplus deposit that is paid back touches the order: its lock is asked again, and confirmed again."""
    scene = Scene(Act.LOCKS)
    for confirmation in (b"a" * 16, b"b" * 16):
        scene.desk.answer(409, asked_with(confirmation, LOCK_TERMS))
    scene.desk.answer(200, LOCKED)
    assert scene.customers.told == [b"locked\tord_1"]
    assert scene.tallies.shown_again == {"lock": 1}
    assert not scene.surprises


def test_an_undone_lock_is_told_and_one_undone_too_late_has_to_be_refused() -> None:
    undone = b'HTTP/1.1 200 OK\r\n\r\n{"id":"ord_1","state":"firm"}'
    scene = Scene(Act.UNDOES)
    for status, raw in ((409, ASKED % LOCK_TERMS), (200, LOCKED), (200, undone)):
        scene.desk.answer(status, raw)
    assert scene.customers.told == [b"locked\tord_1", b"undone\tord_1"]
    late = Scene(Act.UNDOES_TOO_LATE)
    late.desk.answer(409, ASKED % LOCK_TERMS)
    late.desk.answer(200, LOCKED)
    assert not late.desk.sent, "they come when it is too late, not at once"
    late.customers.timeline.advance(10**9, 0)
    step, visit = cast(Any, late.customers.timeline.take())
    assert late.customers.timeline.second > late.began_s + 1800
    step(visit)
    late.desk.answer(200, undone)
    assert any("too_late was due" in text for text in late.surprises)


def test_an_order_that_never_became_firm_is_left_alone() -> None:
    scene = Scene(Act.LOCKS)
    scene.desk.sent.clear()
    scene.customers.firm[scene.visit] = 0
    launch = parse(LAUNCH.read_text("utf-8"), str(LAUNCH))
    after = days.Days(0)
    after.add(Act.LOCKS, scene.visit, 0)
    Afterwards(scene.customers, launch, after).begin(scene.visit)
    assert scene.desk.sent == []
