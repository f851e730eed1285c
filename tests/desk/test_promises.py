"""A turn with a new capacity in it: what comes after it is promised by the new capacity, and by its own safety."""

from __future__ import annotations

from msgspec.structs import replace

from drumroll.desk.desk import Desk
from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.weeks import week_of
from drumroll.log.memory import MemoryLog
from tests.desk.evenings import BY, LAUNCH, OPENS, Evening
from tests.desk.logs import Clock
from tests.domain import small_plants
from tests.domain.books import plain, replayed

PLANTED = replace(
    small_plants.launch([9] * 30, spread_percent=60, spread_weeks=8, ramp_late_weeks=0), id=LAUNCH.id, currency="CNY"
)
WEEK = week_of(OPENS, small_plants.ZONE)


def reserve(evening: Evening, number: int) -> cmd.Reserve:
    return evening.asked(cmd.Reserve, f"o{number}", f"c{number}", "a", "x")


def cut(evening: Evening) -> cmd.SetCapacity:
    return evening.asked(cmd.SetCapacity, "works", WEEK, WEEK + 20, 50, None, *BY)


def test_how_sure_the_weeks_are_is_in_the_log_before_the_first_order() -> None:
    evening = Evening(PLANTED)
    kinds = [type(event) for block in evening.log.read() for event in block.events]
    assert kinds == [ev.DeskOpened, ev.LaunchSet, ev.SafetySet]


def test_an_order_in_the_turn_of_a_cut_is_promised_what_it_would_be_in_the_next() -> None:
    together, apart = Evening(PLANTED), Evening(PLANTED)
    for evening in (together, apart):
        for start in range(0, 90, 30):
            evening.together(*[reserve(evening, number) for number in range(start, start + 30)])
    together.together(cut(together), reserve(together, 99))
    apart.alone(cut(apart))
    apart.alone(reserve(apart, 99))
    promise = apart.order("o99").promise
    assert promise is not None
    assert promise.last_week > promise.build_week, "nothing uncertain: this shows nothing"
    assert together.order("o99").promise == promise


def test_a_new_capacity_and_how_sure_it_is_are_in_one_block() -> None:
    evening = Evening(PLANTED)
    before = evening.log.head()
    evening.alone(cut(evening))
    (block,) = evening.log.read(before + 1)
    assert [type(event) for event in block.events] == [ev.CapacitySet, ev.SafetySet]


def test_a_desk_that_starts_again_promises_the_same() -> None:
    evening = Evening(PLANTED)
    evening.together(*[reserve(evening, number) for number in range(20)])
    evening.alone(cut(evening))
    log = evening.log
    again = desk_on_log(log, evening.clock)
    assert again.book.safety == evening.desk.book.safety
    assert plain(again.book.availability) == plain(evening.desk.book.availability)


def desk_on_log(log: MemoryLog, clock: Clock) -> Desk:
    desk = Desk(log, clock, "again")
    desk.start(PLANTED)
    assert plain(desk.book) == plain(replayed(log.read()))
    return desk
