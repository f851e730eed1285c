"""A log of many firm orders, made by the desk itself without HTTP: what a restart after the launch has to read."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import blake2b
from itertools import islice

from drumroll import bootstrap
from drumroll.desk.desk import Desk, Reply
from drumroll.desk.identifiers import order_ids
from drumroll.domain.commands import Command, RecordPayment, Reserve
from drumroll.domain.launch import Launch
from drumroll.settings import Settings

COMMANDS_A_BLOCK = 64
"""About what one block holds under the load of the launch."""


def write(settings: Settings, launch: Launch, orders: int, progress: Callable[[int], None]) -> int:
    """Write a log of so many firm orders; says how many bytes it takes on disk."""
    desk = bootstrap.open_desk(settings, launch, None)
    model = launch.models[0]
    ids = order_ids(os.urandom)
    for start in range(0, orders, COMMANDS_A_BLOCK):
        numbers = range(start, min(start + COMMANDS_A_BLOCK, orders))
        made = list(islice(ids, len(numbers)))
        trims = [model.trims[number % len(model.trims)].id for number in numbers]
        _turn(desk, [_order(*one, model.id) for one in zip(numbers, made, trims, strict=True)])
        _turn(desk, [_deposit(order_id, launch) for order_id in made])
        progress(len(numbers))
    desk.close()
    return sum(os.path.getsize(settings.log + end) for end in ("", "-wal") if os.path.exists(settings.log + end))


def _turn(desk: Desk, commands: list[Command]) -> None:
    for command in commands:
        waiting: Future[Reply] = Future()
        desk.submit(command, waiting)
    desk.turn()


def _order(number: int, order_id: str, trim: str, model: str) -> Command:
    customer = f"customer-{number:09d}"
    key = blake2b(customer.encode(), digest_size=16).digest()
    return Reserve(order_id, customer, model, trim, key, key[:8])


def _deposit(order_id: str, launch: Launch) -> Command:
    return RecordPayment(order_id, f"pay_{order_id}", launch.deposit_minor, launch.currency)
