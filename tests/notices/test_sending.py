"""What goes when: urgent letters first, at the rate that is set, again after failures, from when it is switched on."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from drumroll.domain.book import Book, Order
from drumroll.domain.events import Event, OrderFirmed, OrderImported, PlaceOffered, RefundPaid
from drumroll.errors import LogUnreadable, SettingInvalid
from drumroll.log.base import Block
from drumroll.notices.notice import Letter, Occasion
from drumroll.notices.notices import BATCH, BUSY_PER_S, EVENTS_AT_ONCE, Notices, Reading
from drumroll.notices.schedule import DELAYS_S, OUTAGE_FAILURES, Allowance, pause_s
from drumroll.notices.store import Store, Told
from drumroll.people.person import Person
from drumroll.settings import Settings
from tests.notices.house import Desk
from tests.web.house import House


def plain(book: Book, order: Order, why: Occasion, told: Told | None, person: Person) -> Letter:
    return Letter(f"{why.kind} {order.id}", "text", "short")


class Orders(dict[str, Order]):
    """A book's orders of which every one is there, each of a customer of its own."""

    def get(self, key: str, default: object = None) -> Order:  # type: ignore[override]
        return Order(key, f"of-{key}", None, None, 0, 0, b"", b"", ())  # type: ignore[arg-type]


def desk_of(store: Store | None = None, bodies: list[bytes] | None = None) -> Desk:
    desk = Desk(plain, store, bodies=bodies)
    desk.book.orders = Orders()
    return desk


def happened(desk: Desk, *events: Event) -> None:
    desk.log.append(Block(desk.log.head() + 1, 1, events))


def firm(*numbers: int) -> list[Event]:
    return [OrderFirmed(f"o{number}", f"p{number}") for number in numbers]


def offer(number: int) -> Event:
    return PlaceOffered(f"o{number}", 1, 1, 60, None)


def test_what_runs_out_goes_before_what_has_waited_longer() -> None:
    desk = desk_of()
    happened(desk, *firm(1, 2, 3))
    happened(desk, offer(9))
    asyncio.run(desk.settled())
    assert desk.subjects() == ["offered o9", "confirmed o1", "confirmed o2", "confirmed o3"]


def test_while_the_desk_is_busy_only_what_is_urgent_goes() -> None:
    async def scene(desk: Desk) -> None:
        running = asyncio.create_task(desk.notices.run())
        for _ in range(24):
            desk.commands += BUSY_PER_S
            await asyncio.sleep(0.1)
            if desk.commands == 13 * BUSY_PER_S:
                happened(desk, *firm(1))
                happened(desk, offer(9))
        assert desk.subjects() == ["offered o9"]
        while len(desk.post.got) < 2:
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene(desk_of()))


def test_a_rate_is_never_passed_but_for_one_burst() -> None:
    allowance, sent, now_s = Allowance(20, 0.0), 0, 0.0
    for _ in range(1_000):
        now_s += 0.01
        count = allowance.left(now_s)
        allowance.use(count)
        sent += count
        assert sent <= allowance.most + 20 * now_s
    assert sent >= 20 * 10 - 1
    assert allowance.left(now_s + 3600) == allowance.most == 5


def test_what_fails_is_tried_again_ever_later_then_given_up_and_counted() -> None:
    desk = desk_of()
    desk.post.fails = lambda contact: contact.value.startswith("of-o1@")
    happened(desk, *firm(1, 2))
    asyncio.run(desk.settled())
    assert desk.subjects() == ["confirmed o2"]
    for delay_s in DELAYS_S:
        assert desk.store.meter.waiting == 1
        desk.now_ms += delay_s * 1000 - 1
        assert desk.store.due(desk.now_ms, 9, 9) == []
        desk.now_ms += 1
        desk.notices._paused_until_s = 0.0
        asyncio.run(desk.settled())
    meter = desk.store.meter
    assert (meter.waiting, meter.sent, meter.given_up) == (0, 1, 1)


def test_an_outage_is_met_by_single_letters_after_growing_pauses() -> None:
    assert [pause_s(failures) for failures in range(OUTAGE_FAILURES)] == [0.0] * OUTAGE_FAILURES
    assert pause_s(OUTAGE_FAILURES) == 1
    assert pause_s(OUTAGE_FAILURES + 3) == 8
    assert pause_s(10_000) == 60
    desk = desk_of()
    desk.post.fails = lambda _: True
    happened(desk, *firm(*range(100)))
    asyncio.run(desk.settled())
    tried = sum(one.attempts > 0 for one in desk.store.due(desk.now_ms + 10**9, 200, 9))
    assert OUTAGE_FAILURES <= tried <= BATCH


def test_a_letter_that_can_t_be_made_keeps_no_other_waiting_and_ends_nothing() -> None:
    def write(book: Book, order: Order, why: Occasion, told: Told | None, person: Person) -> Letter:
        if order.id == "o1":
            raise KeyError("a mistake of ours")
        return plain(book, order, why, told, person)

    desk = Desk(write)
    desk.book.orders = Orders()
    happened(desk, *firm(1, 2))
    asyncio.run(desk.settled())
    assert desk.subjects() == ["confirmed o2"]
    assert desk.store.meter.waiting == 1


def test_a_log_that_can_t_be_read_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    desk, failing = desk_of(), [True]

    def open_log() -> Reading:
        if failing.pop() if failing else False:
            raise LogUnreadable("the disk is away")
        return Reading(desk.log.read, lambda: None)

    desk.notices._blocks._open_log = open_log
    happened(desk, *firm(1))
    with pytest.raises(LogUnreadable):
        asyncio.run(desk.notices.follow())
    asyncio.run(desk.settled())
    assert desk.subjects() == ["confirmed o1"]


def test_after_a_restart_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "log-notices"
    with closing(Store(path)) as store:
        desk = desk_of(store)
        happened(desk, *firm(1))
        asyncio.run(desk.settled())
    happened(desk, *firm(2))
    with closing(Store(path)) as store:
        again = desk_of(store, desk.log.bodies)
        asyncio.run(again.settled())
        assert again.subjects() == ["confirmed o2"]
        assert store.meter.sent == 2
    assert path.stat().st_mode & 0o777 == 0o600


def test_switched_on_later_it_begins_with_what_comes_from_then_on(tmp_path: Path) -> None:
    desk = desk_of()
    happened(desk, *firm(1))
    with closing(Store(tmp_path / "first")) as store:
        assert Notices(store, desk.around)._next == 2
        store.take([], 2, 0)
        store.rest()
        happened(desk, *firm(2))
        assert Notices(store, desk.around)._next == 3
        assert store.meter.waiting == 0


def test_a_log_from_an_older_backup_is_followed_from_its_own_end(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "first")) as store:
        store.begin(9)
        desk = desk_of()
        happened(desk, *firm(1))
        assert Notices(store, desk.around)._next == 2


def test_reading_is_done_in_steps_of_bounded_size() -> None:
    desk = desk_of()
    for first in range(0, 5_000, 100):
        happened(desk, *(RefundPaid(f"r{number}") for number in range(first, first + 100)))
    steps = 0
    while desk.notices._next <= desk.log.head():
        before = desk.notices._next
        asyncio.run(desk.notices.follow())
        assert 0 < desk.notices._next - before <= EVENTS_AT_ONCE // 100
        steps += 1
    assert steps == 5_000 // EVENTS_AT_ONCE
    assert desk.store.meter.waiting == 5_000


def test_a_hundred_thousand_imported_orders_are_no_letter() -> None:
    desk = desk_of()
    row = OrderImported("o1", "r1", "c", "m", "t", (), "", 1, 1, "p", "firm", 1, 1, None, None, b"")
    happened(desk, *[row] * 1_000)
    asyncio.run(desk.settled())
    assert (desk.post.got, desk.store.meter.waiting) == ([], 0)


def test_without_a_way_to_deliver_nothing_waits_and_on_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "o.drumroll")
    key = {"secret": "11" * 32, "people_key": "22" * 32, "webhook_secret": "whsec_" + "MTIz" * 11}
    with House(path=path, sandbox=False, steered=False, **key) as house:
        assert house.server.web.notices is None
    with (
        pytest.raises(SettingInvalid, match="DRUMROLL_NOTICES"),
        House(path=path, sandbox=False, steered=False, notices="on", **key),
    ):
        pass
    assert not Path(f"{path}-notices").exists()
    with House(path=path, notices="off", **key) as house:
        assert house.server.web.notices is None
    assert Settings().notices == ""
