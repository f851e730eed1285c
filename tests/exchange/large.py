"""A log of many orders, each reserved, paid and locked, some changed: written block by block without a desk.

With ``promised`` each is promised weeks that come later as the orders come, and a plan moves some of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import TypeVar

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog

T = TypeVar("T")

AT_MS = 1_750_946_400_000
DAY_MS = 86_400_000
ORDERS_A_BLOCK, LOCKS_A_BLOCK = 64, 1024
CHANGED, CANCELLED = 0.10, 0.02
FIRST_WEEK, ORDERS_A_WEEK = 105_640, 4_000


def write_large(path: Path, launch: Launch, orders: int, seed: int = 1, *, promised: bool = False) -> int:
    """Write such a log; says how many events it holds."""
    log = SqliteLog(path)
    events = 0
    for blocks in batched(_blocks(launch, orders, Random(seed), promised), 500):
        log.append_all(blocks)
        events += sum(len(block.events) for block in blocks)
    log.close()
    return events


def _blocks(launch: Launch, orders: int, random: Random, promised: bool) -> Iterator[Block]:
    positions = count(1)
    yield Block(next(positions), AT_MS, (ev.DeskOpened("large"), ev.LaunchSet(launch)))
    kept: list[str] = []
    at_ms = AT_MS
    for numbers in batched(range(orders), ORDERS_A_BLOCK):
        at_ms += 3
        made = [_reserved(launch, number, random, promised) for number in numbers]
        yield Block(next(positions), at_ms, tuple(made))
        yield Block(next(positions), at_ms, tuple(ev.OrderFirmed(o.order_id, f"pay_{o.order_id[4:]}") for o in made))
        rare = [event for order in made for event in _rare(order, random)]
        if rare:
            yield Block(next(positions), at_ms, tuple(rare))
        gone = {event.order_id for event in rare if isinstance(event, ev.OrderCancelled)}
        kept += [order.order_id for order in made if order.order_id not in gone]
    for ids in batched(kept, LOCKS_A_BLOCK):
        yield Block(next(positions), at_ms + 7 * DAY_MS, tuple(ev.OrderLocked(order_id, False) for order_id in ids))


def _reserved(launch: Launch, number: int, random: Random, promised: bool) -> ev.OrderReserved:
    model = launch.models[0]
    trim = random.choice(model.trims)
    key, fingerprint = random.randbytes(16), random.randbytes(8)
    order_id = f"ord_{random.getrandbits(100):020x}"
    options = ("black", "wheels-20", "no-package")
    region = "north" if number % 3 else "south"
    customer = f"customer-{number:09d}"
    deposit_minor = launch.deposit_minor
    return ev.OrderReserved(
        order_id,
        customer,
        model.id,
        trim.id,
        trim.price_minor,
        deposit_minor,
        900,
        key,
        fingerprint,
        options,
        region,
        604_800,
        _promise(number, trim.id) if promised else None,
    )


def _promise(number: int, trim: str) -> Promise:
    week = FIRST_WEEK + number // ORDERS_A_WEEK + len(trim) % 2
    return Promise(week, week + 1, week + 4, week + 6, "" if number < ORDERS_A_WEEK else "beijing")


def _rare(order: ev.OrderReserved, random: Random) -> Iterator[ev.Event]:
    drawn, key = random.random(), random.randbytes(16)
    if drawn < CHANGED:
        yield ev.OrderChanged(
            order.order_id,
            order.trim,
            ("red", "wheels-21", "tow"),
            "west",
            order.price_minor + 1,
            key,
            b"f" * 8,
            promise=order.promise,
        )
    elif drawn < CHANGED + CANCELLED:
        yield ev.OrderCancelled(order.order_id, order.deposit_minor, key, b"f" * 8)
        yield ev.RefundPaid(f"pay_{order.order_id[4:]}")


def batched(values: Iterable[T], most: int) -> Iterator[list[T]]:
    """Lists of so many values (``itertools.batched`` is of Python 3.12)."""
    iterator = iter(values)
    while some := list(islice(iterator, most)):
        yield some
