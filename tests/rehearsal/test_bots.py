"""Robots who get more than their share past a waiting room, or a rehearsal of them that counts wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from drumroll.bootstrap import open_log_for_reading, read_launch
from drumroll.domain.events import OrderReserved
from drumroll.domain.launch_file import parse
from drumroll.log.base import Block
from drumroll.rehearsal.bots import BotPlan, Crowd, counted, launch_text, scaled
from drumroll.rehearsal.bots_play import play

LAUNCH = Path(__file__).parents[2] / "launches" / "yu7.toml"


@contextmanager
def blocks(path: str) -> Iterator[Iterable[Block]]:
    with closing(open_log_for_reading(path)) as log:
        yield log.read()


def planned(folder: Path) -> BotPlan:
    launch = read_launch(str(LAUNCH))
    text = LAUNCH.read_text("utf-8")
    return BotPlan(launch, text, folder, 120, 12, 20, blocks, late_step_s=3600, reacts_within_s=1)


def reserved(customer: str, number: int, key: bytes | None = None) -> OrderReserved:
    return OrderReserved(f"o{number}", customer, "m", "t", 1, 1, 1, key or b"%d" % number, b"")


def test_shares_are_counted_in_the_order_of_the_log() -> None:
    events = [reserved(f"bot-{n}" if n < 600 else f"person-{n}", n) for n in range(1500)]
    found = counted([Block(1, 0, tuple(events[:700])), Block(2, 0, tuple(events[700:]))], {"o1", "o1499"}, 1)
    assert [(one.orders, one.bots, one.every) for one in found["shares"]] == [(1000, 600, False), (1500, 600, True)]
    assert (found["lost"], found["doubled"], found["over_limit"], found["untold"]) == (0, 0, 0, 1498)


def test_what_was_lost_doubled_or_too_much_is_counted() -> None:
    block = Block(1, 0, (reserved("bot-1", 1), reserved("bot-1", 2), reserved("bot-1", 3, b"2")))
    found = counted([block], {"o1", "o2", "o3", "o4"}, 2)
    assert (found["lost"], found["doubled"], found["over_limit"], found["untold"]) == (1, 1, 1, 0)


def test_the_launch_that_is_played_differs_in_its_waiting_room_alone(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    with_room, without = (parse(launch_text(plan, room=room), "launch.toml") for room in (True, False))
    assert without.waiting_room is None
    assert with_room.waiting_room is not None
    assert with_room.waiting_room.opens_at_ms == with_room.opens_at_ms - 600_000
    assert with_room.waiting_room.rate_per_s == 20
    for name in ("models", "plants", "orders_per_customer", "finance", "market"):
        assert getattr(with_room, name) == getattr(without, name)
    again = BotPlan(with_room, launch_text(plan, room=True), tmp_path, 1, 1, 7, blocks)
    rules = parse(launch_text(again, room=True), "launch.toml").waiting_room
    assert rules is not None
    assert rules.rate_per_s == 7


def test_the_crowd_is_scaled_with_the_orders(tmp_path: Path) -> None:
    assert scaled(None, 20_000) == (300_000, 20_000, 1.0)
    assert scaled(28_900, 20_000)[:2] == (30_000, 2_000)
    crowd = Crowd(planned(tmp_path))
    seconds = [crowd.second_of(person) for person in crowd.people]
    assert seconds == sorted(seconds)
    assert sum(second <= 180 for second in seconds) == len(crowd.early)


@pytest.mark.slow
def test_a_room_takes_from_robots_what_speed_gave_them(tmp_path: Path) -> None:
    plan = planned(tmp_path / "without")
    without = play(plan, launch_text(plan, room=False), lambda what: None, room=False)
    plan = planned(tmp_path / "with")
    with_room = play(plan, launch_text(plan, room=True), lambda what: None, room=True)
    assert without.faults == with_room.faults == []
    limit = plan.launch.orders_per_customer
    assert without.orders == with_room.orders == plan.people + plan.bots * limit
    assert with_room.waited is not None
    assert with_room.waited.turned_away == plan.bots * limit * 3
    for night, expected in ((without, range(plan.bots * limit, 10**6)), (with_room, range(plan.bots * limit))):
        folder = "with" if night is with_room else "without"
        with blocks(str(tmp_path / folder / "orders.log")) as log:
            first = [event.customer for block in log for event in block.events if isinstance(event, OrderReserved)]
        assert sum(name.startswith("bot") for name in first[: plan.bots * limit]) in expected
