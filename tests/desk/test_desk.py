"""The single writer: a turn is whole or it is not, and nobody hears of anything that could still be lost."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.desk.desk import Answer, Desk
from drumroll.domain.commands import Cancel, Command, RecordPayment, Reserve
from drumroll.domain.events import DeskOpened, LaunchSet, OrderExpired, OrderFirmed, OrderReserved
from drumroll.domain.refusal import Code, Refusal
from drumroll.errors import DeskClosed, LogError, QueueFull, WrongLaunch
from drumroll.log.memory import MemoryLog
from tests.desk.logs import DEPOSIT_MINOR, HOLD_S, LAUNCH, START_MS, Caller, Clock, FakeLog, desk_on
from tests.domain.books import plain, replayed


def reserve(number: int, customer: str = "", trim: str = "small") -> Reserve:
    key = number.to_bytes(16, "big")
    return Reserve(f"ord_{number}", customer or f"c{number}", "lamp", trim, key, b"12345678")


def submitted(desk: Desk, *commands: Command) -> list[Caller]:
    log = desk.log
    callers = [Caller(log.seen if isinstance(log, FakeLog) else None) for _ in commands]
    for command, caller in zip(commands, callers, strict=True):
        desk.submit(command, caller)
    return callers


def agrees(desk: Desk) -> None:
    """The book is the fold of the log, and the desk stands at its end."""
    assert plain(desk.book) == plain(replayed(desk.log.read()))
    assert desk.position == desk.log.head()


def test_answers_come_after_their_block_is_durable_and_in_their_order() -> None:
    log = FakeLog()
    desk = desk_on(log)
    log.seen.clear()
    callers = submitted(desk, *(reserve(number) for number in range(5)))
    assert log.seen == []
    assert desk.turn() == 5
    assert log.seen == [("append", 2), ("durable", 2), *(("answered", caller) for caller in callers)]
    assert [caller.reply.events[0].order_id for caller in callers] == [f"ord_{number}" for number in range(5)]
    agrees(desk)


@pytest.mark.parametrize("fail", ["before", "after"])
def test_a_block_that_fails_turns_all_away_and_leaves_the_book_as_the_log(fail: str) -> None:
    log = FakeLog()
    desk = desk_on(log, batch_limit=3)
    submitted(desk, reserve(100))
    desk.turn()
    log.fail = fail
    callers = submitted(desk, *(reserve(number) for number in range(5)))
    desk.turn()
    assert all(isinstance(caller.reply, DeskClosed) for caller in callers), "also those of the batches to come"
    assert not desk.queue
    assert len(desk.book.orders) == (1 if fail == "before" else 4)
    assert desk.meter.append_failures == 1
    agrees(desk)
    with pytest.raises(DeskClosed):
        desk.submit(reserve(9), Caller())
    assert desk.turn() == 0


@pytest.mark.parametrize("fail", ["before", "after"])
def test_a_desk_opens_again_when_its_log_works_and_a_retry_makes_one_order(fail: str) -> None:
    log = FakeLog()
    desk = desk_on(log)
    log.fail = fail
    submitted(desk, reserve(1))
    desk.turn()
    log.fail = "before"
    assert not desk.reopen()
    assert desk.closed_because == "the disk is full"
    log.fail = ""
    assert desk.reopen()
    assert desk.reopen(), "open already"
    (again,) = submitted(desk, reserve(1))
    desk.turn()
    assert isinstance(again.reply, Answer)
    assert bool(again.reply.events) == (fail == "before")
    assert list(desk.book.orders) == ["ord_1"]
    assert desk.book.openings == 2
    agrees(desk)


def test_a_log_that_can_be_read_but_not_recovered_shows_what_was_answered_and_nothing_more() -> None:
    log = FakeLog()
    desk = desk_on(log)
    submitted(desk, reserve(1))
    desk.turn()
    log.fail, log.recovers = "after", False
    (caller,) = submitted(desk, reserve(2))
    desk.turn()
    assert isinstance(caller.reply, DeskClosed)
    assert desk.readable
    assert list(desk.book.orders) == ["ord_1"]
    log.fail, log.recovers = "", True
    assert desk.reopen()
    assert list(desk.book.orders) == ["ord_1", "ord_2"]
    agrees(desk)


def test_a_log_that_cannot_be_read_is_not_readable_until_it_can() -> None:
    log = FakeLog()
    desk = desk_on(log)
    log.fail, log.unreadable = "before", True
    submitted(desk, reserve(1))
    desk.turn()
    assert not desk.readable
    assert not desk.reopen()
    log.fail, log.unreadable = "", False
    assert desk.reopen()
    assert desk.readable
    assert not desk.book.orders
    agrees(desk)


def test_a_bug_in_a_turn_closes_the_desk_and_leaves_nobody_waiting() -> None:
    log = FakeLog()
    desk = desk_on(log, batch_limit=2)
    callers = submitted(desk, *(reserve(number) for number in range(3)))
    log.fail = "bug"
    with pytest.raises(ZeroDivisionError):
        desk.turn()
    assert all(isinstance(caller.reply, DeskClosed) for caller in callers)
    assert desk.closed_because is not None
    assert not desk.book.orders
    agrees(desk)
    log.fail = ""
    assert desk.reopen()


def test_a_queue_that_is_full_keeps_nothing_of_what_it_refuses() -> None:
    desk = desk_on(MemoryLog(), queue_limit=2)
    submitted(desk, reserve(1), reserve(2))
    with pytest.raises(QueueFull):
        desk.submit(reserve(3), Caller())
    assert (len(desk.queue), desk.meter.refused_full) == (2, 1)
    desk.turn()
    desk.submit(reserve(3), Caller())
    desk.turn()
    assert list(desk.book.orders) == ["ord_1", "ord_2", "ord_3"]


@given(st.integers(1, 40), st.integers(1, 12))
def test_batches_keep_the_order_and_their_limit(count: int, batch_limit: int) -> None:
    desk = desk_on(MemoryLog(), batch_limit=batch_limit)
    callers = submitted(desk, *(reserve(number) for number in range(count)))
    turns = 0
    while desk.queue:
        assert 1 <= desk.turn() <= batch_limit
        turns += 1
    assert turns == -(-count // batch_limit)
    assert all(isinstance(caller.reply, Answer) for caller in callers)
    blocks = list(desk.log.read(2))
    assert [event.order_id for block in blocks for event in block.events] == [f"ord_{n}" for n in range(count)]  # type: ignore[attr-defined]
    assert desk.meter.largest_batch == min(count, batch_limit)


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=20))
def test_a_clock_that_steps_back_never_turns_back_the_log(steps: list[int]) -> None:
    clock = Clock()
    desk = desk_on(MemoryLog(), clock)
    for number, step in enumerate(steps):
        clock.at_ms += step
        submitted(desk, reserve(number))
        desk.turn()
    times = [block.at_ms for block in desk.log.read()]
    assert times == sorted(times)
    assert times[-1] == desk.at_ms >= START_MS
    agrees(desk)


def test_a_restart_with_a_clock_behind_goes_on_from_the_last_block() -> None:
    bodies: list[bytes] = []
    desk_on(MemoryLog(bodies), Clock(START_MS))
    desk = desk_on(MemoryLog(bodies), Clock(START_MS - 10**9))
    assert [block.at_ms for block in desk.log.read()] == [START_MS, START_MS]


def test_reservations_run_out_before_the_commands_of_the_same_turn() -> None:
    clock = Clock()
    desk = desk_on(MemoryLog(), clock)
    submitted(desk, reserve(1, "ada", "big"))
    desk.turn()
    clock.at_ms += HOLD_S * 1000
    other, cancel = submitted(desk, reserve(2, "bob", "big"), Cancel("ord_1", "ada", b"k" * 16, b"f" * 8))
    desk.turn()
    assert isinstance(other.reply, Answer), "the place that ran out is free"
    assert isinstance(cancel.reply, Refusal)
    assert cancel.reply.code is Code.WRONG_STATE
    (block,) = desk.log.read(3)
    assert [type(event) for event in block.events] == [OrderExpired, OrderReserved]


def test_a_deposit_in_the_last_millisecond_is_in_time() -> None:
    clock = Clock()
    desk = desk_on(MemoryLog(), clock)
    submitted(desk, reserve(1))
    desk.turn()
    clock.at_ms += HOLD_S * 1000 - 1
    (paid,) = submitted(desk, RecordPayment("ord_1", "p", DEPOSIT_MINOR, "EUR"))
    desk.turn()
    assert paid.reply == Answer((OrderFirmed("ord_1", "p"),))


def test_who_went_away_is_not_answered_and_what_they_asked_is_done() -> None:
    desk = desk_on(MemoryLog())
    desk.submit(reserve(1), Caller(gone=True))
    (stayed,) = submitted(desk, reserve(2))
    assert desk.turn() == 2
    assert list(desk.book.orders) == ["ord_1", "ord_2"]
    assert isinstance(stayed.reply, Answer)


def test_who_went_away_is_not_told_of_a_failure_either() -> None:
    log = FakeLog()
    desk = desk_on(log, batch_limit=1)
    log.fail = "before"
    desk.submit(reserve(1), Caller(gone=True))
    desk.submit(reserve(2), Caller(gone=True))
    desk.turn()
    assert not desk.queue


def test_a_turn_with_nothing_to_say_writes_nothing() -> None:
    desk = desk_on(MemoryLog())
    submitted(desk, reserve(1))
    desk.turn()
    head = desk.log.head()
    replay, refused = submitted(desk, reserve(1), reserve(2, trim="none"))
    desk.turn()
    desk.turn()
    assert desk.log.head() == head
    assert replay.reply == Answer(())
    assert refused.reply.code is Code.UNKNOWN_TRIM


def test_a_draining_desk_refuses_and_answers_what_it_took() -> None:
    desk = desk_on(MemoryLog())
    (taken,) = submitted(desk, reserve(1))
    desk.draining = True
    with pytest.raises(DeskClosed, match="stopping"):
        desk.submit(reserve(2), Caller())
    desk.turn()
    assert isinstance(taken.reply, Answer)


def test_a_desk_that_closes_answers_who_waits() -> None:
    desk = desk_on(MemoryLog())
    (waiting,) = submitted(desk, reserve(1))
    desk.close()
    assert isinstance(waiting.reply, DeskClosed)
    with pytest.raises(DeskClosed):
        desk.submit(reserve(2), Caller())


def test_a_desk_that_was_not_started_takes_nothing() -> None:
    with pytest.raises(DeskClosed, match="not started"):
        Desk(MemoryLog(), Clock(), "test").submit(reserve(1), Caller())


def test_each_start_claims_the_log_and_the_launch_is_written_once() -> None:
    bodies: list[bytes] = []
    for _ in range(3):
        desk_on(MemoryLog(bodies))
    kinds = [[type(event) for event in block.events] for block in MemoryLog(bodies).read()]
    assert kinds == [[DeskOpened, LaunchSet], [DeskOpened], [DeskOpened]]


def test_a_changed_launch_file_is_an_event_and_holds_from_then_on() -> None:
    bodies: list[bytes] = []
    desk_on(MemoryLog(bodies))
    desk = Desk(MemoryLog(bodies), Clock(), "test")
    desk.start(msgspec.structs.replace(LAUNCH, orders_per_customer=1))
    (last,) = desk.log.read(2)
    assert [type(event) for event in last.events] == [DeskOpened, LaunchSet]
    first, second = submitted(desk, reserve(1, "ada"), reserve(2, "ada"))
    desk.turn()
    assert isinstance(first.reply, Answer)
    assert second.reply.code is Code.TOO_MANY_ORDERS
    agrees(desk)


@pytest.mark.parametrize("change", [{"id": "candles"}, {"currency": "USD"}])
def test_another_launch_is_refused_and_the_log_left_alone(change: dict[str, str]) -> None:
    bodies: list[bytes] = []
    desk_on(MemoryLog(bodies))
    before = list(bodies)
    with pytest.raises(WrongLaunch):
        Desk(MemoryLog(bodies), Clock(), "test").start(msgspec.structs.replace(LAUNCH, **change))
    assert bodies == before


def test_a_second_writer_is_noticed_and_what_it_wrote_is_kept() -> None:
    bodies: list[bytes] = []
    first, second = desk_on(MemoryLog(bodies)), desk_on(MemoryLog(bodies))
    (taken,) = submitted(second, reserve(1))
    second.turn()
    (late,) = submitted(first, reserve(2))
    first.turn()
    assert isinstance(taken.reply, Answer)
    assert isinstance(late.reply, DeskClosed)
    assert list(first.book.orders) == ["ord_1"]
    agrees(first)


def test_a_start_on_a_log_that_takes_nothing_fails() -> None:
    log = FakeLog()
    log.fail = "before"
    with pytest.raises(LogError):
        desk_on(log)
