"""The desk on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from drumroll.desk import service as module
from drumroll.desk.desk import Answer, Desk
from drumroll.desk.service import Service
from drumroll.domain.commands import Cancel, RecordPayment
from drumroll.errors import DeskClosed, DeskUnavailable
from drumroll.log.memory import MemoryLog
from drumroll.payments.base import PaymentProvider
from tests.desk.logs import DEPOSIT_MINOR, HOLD_S, Clock, FakeLog, desk_on
from tests.desk.test_desk import reserve


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_S", 0.005)
    monkeypatch.setattr(module, "REOPEN_S", 0.005)


def run(desk: Desk, work: Any) -> Any:
    """Run ``work(service)`` on a loop of its own, at most 5 s."""

    async def inside() -> Any:
        return await asyncio.wait_for(work(Service(desk)), 5)

    return asyncio.run(inside())


async def beside(task: Coroutine[Any, Any, None], until: Any) -> None:
    """Run ``task`` until ``until()`` holds."""
    running = asyncio.create_task(task)
    while not until():
        await asyncio.sleep(0.001)
        if running.done():
            running.result()
    running.cancel()


def test_all_that_is_asked_at_once_is_one_block() -> None:
    desk = desk_on(MemoryLog())

    async def work(service: Service) -> list[Any]:
        return list(await asyncio.gather(*(service.ask(reserve(number)) for number in range(50))))

    replies = run(desk, work)
    assert [reply.events[0].order_id for reply in replies] == [f"ord_{number}" for number in range(50)]
    assert desk.log.head() == 2


def test_a_queue_longer_than_a_batch_is_worked_off() -> None:
    desk = desk_on(MemoryLog(), batch_limit=7)

    async def work(service: Service) -> list[Any]:
        return list(await asyncio.gather(*(service.ask(reserve(number)) for number in range(50))))

    assert all(isinstance(reply, Answer) for reply in run(desk, work))
    assert desk.log.head() == 1 + 8


def test_who_stops_waiting_spoils_nothing_for_the_others() -> None:
    desk = desk_on(MemoryLog())

    async def work(service: Service) -> Any:
        gone, stays = service.ask(reserve(1)), service.ask(reserve(2))
        gone.cancel()
        return await stays

    assert isinstance(run(desk, work), Answer)
    assert list(desk.book.orders) == ["ord_1", "ord_2"]


def test_reservations_run_out_by_themselves() -> None:
    clock = Clock()
    desk = desk_on(MemoryLog(), clock)

    async def work(service: Service) -> None:
        await service.ask(reserve(1))
        clock.at_ms += HOLD_S * 1000
        await beside(service.run(), lambda: desk.book.orders["ord_1"].state == "expired")

    run(desk, work)


def test_an_idle_tick_writes_nothing() -> None:
    desk = desk_on(MemoryLog())

    async def work(service: Service) -> None:
        running = asyncio.create_task(service.run())
        await asyncio.sleep(0.05)
        running.cancel()

    run(desk, work)
    assert desk.log.head() == 1
    assert desk.meter.turns == 0


def test_a_desk_that_closed_opens_by_itself_once_its_log_works() -> None:
    log = FakeLog()
    desk = desk_on(log)

    async def work(service: Service) -> Any:
        log.fail = "before"
        assert isinstance(await service.ask(reserve(1)), DeskClosed)
        tries = asyncio.create_task(service.run())
        await asyncio.sleep(0.03)
        assert desk.closed_because is not None
        log.fail = ""
        await beside(service.run(), lambda: desk.closed_because is None)
        tries.cancel()
        return await service.ask(reserve(1))

    assert isinstance(run(desk, work), Answer)


def test_draining_answers_all_that_was_taken_and_nothing_more() -> None:
    desk = desk_on(MemoryLog(), batch_limit=3)

    async def work(service: Service) -> list[Any]:
        asked = [service.ask(reserve(number)) for number in range(10)]
        await service.drain()
        with pytest.raises(DeskUnavailable):
            service.ask(reserve(11))
        assert all(one.done() for one in asked)
        return [one.result() for one in asked]

    assert all(isinstance(reply, Answer) for reply in run(desk, work))


def test_draining_a_desk_whose_log_fails_ends() -> None:
    log = FakeLog()
    desk = desk_on(log, batch_limit=3)

    async def work(service: Service) -> list[Any]:
        log.fail = "before"
        asked = [service.ask(reserve(number)) for number in range(10)]
        await service.drain()
        return [one.result() for one in asked]

    assert all(isinstance(reply, DeskClosed) for reply in run(desk, work))


class Provider(PaymentProvider):
    """Pays back; can't be reached for the first ``away`` times."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.paid: list[tuple[str, int, str]] = []

    def pay_url(self, order_id: str) -> str:
        return ""

    def read_webhook(self, headers: Any, body: bytes, now_ms: int) -> None:
        return None

    async def refund(self, refund_id: str, payment_id: str, amount_minor: int, currency: str) -> None:
        if self.away:
            self.away -= 1
            raise DeskUnavailable("the provider is away")
        self.paid.append((refund_id, amount_minor, currency))


async def owing(service: Service) -> None:
    await service.ask(reserve(1))
    await service.ask(RecordPayment("ord_1", "p", DEPOSIT_MINOR, "EUR"))
    await service.ask(Cancel("ord_1", "c1", b"k" * 16, b"f" * 8))


def test_what_is_owed_is_paid_once_and_written_down() -> None:
    desk, provider = desk_on(MemoryLog()), Provider()

    async def work(service: Service) -> None:
        await owing(service)
        await beside(service.pay_refunds(provider), lambda: not desk.book.refunds_owed)

    run(desk, work)
    assert provider.paid == [("p", DEPOSIT_MINOR, "EUR")]
    assert desk.book.refunds["p"].paid_at_ms == desk.at_ms


def test_a_provider_that_is_away_is_asked_again() -> None:
    desk, provider = desk_on(MemoryLog()), Provider(away=1)

    async def work(service: Service) -> None:
        await owing(service)
        await beside(service.pay_refunds(provider), lambda: not desk.book.refunds_owed)

    run(desk, work)
    assert len(provider.paid) == 1


def test_nothing_is_paid_on_a_book_that_may_be_ahead_of_the_log() -> None:
    log = FakeLog()
    desk, provider = desk_on(log), Provider()

    async def work(service: Service) -> None:
        await service.ask(reserve(1))
        await service.ask(RecordPayment("ord_1", "p", DEPOSIT_MINOR, "EUR"))
        log.fail, log.unreadable = "before", True
        await service.ask(Cancel("ord_1", "c1", b"k" * 16, b"f" * 8))
        assert desk.book.refunds_owed, "the book is ahead"
        paying = asyncio.create_task(service.pay_refunds(provider))
        await asyncio.sleep(0.02)
        paying.cancel()

    run(desk, work)
    assert provider.paid == []
