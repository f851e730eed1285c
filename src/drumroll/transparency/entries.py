"""From the order log to the entries of the transparency log: one for every event that changes an order.

What an entry says follows from the order log and the blinding key alone, so the same log always gives the same tree.
That is why nothing here may ever change for events that were published: a golden test holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import msgspec

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.domain.weeks import monday
from drumroll.log.base import Block
from drumroll.proof.entry import (
    FORMAT,
    LaunchEntry,
    LaunchFacts,
    Opened,
    committed,
    entry_bytes,
    opening,
    salts,
    tag,
)

Fields = list[str]
"""What an entry commits to: each ``name=value``."""

Happened = tuple[str, "Life", Callable[[], Fields]]
"""An event of one order: its kind, the order after it, and what makes the fields."""


class Life(msgspec.Struct):
    """What has to be known of an order to say what happens to it. ``deposit_minor`` is what its deposit is to be."""

    order: str
    customer: str
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    customer_id: str
    deposit_minor: int = 0
    held_minor: int = 0
    state: str = "reserved"


class Lives:
    """Every order of a log, as far as it was read. Blocks go in, entries come out."""

    def __init__(self, blinding: bytes) -> None:
        self._blinding = blinding
        self._orders: dict[str, Life] = {}
        self._customers: dict[str, str] = {}

    def entries(self, block: Block) -> Iterator[bytes]:
        """The entries of a block, in order."""
        number = 0
        for event in block.events:
            for happened in self._happened(event):
                yield self._entry(happened, block, number)
                number += 1

    def skip(self, block: Block) -> int:
        """Know what a block did, without making its entries; says how many they are."""
        return sum(1 for event in block.events for _ in self._happened(event))

    def opened(self, block: Block, shown: frozenset[str]) -> Iterator[tuple[bytes, list[Opened]]]:
        """The entries of a block with their fields, those in ``shown`` opened (all, if it is empty)."""
        number = 0
        for event in block.events:
            for happened in self._happened(event):
                yield self._entry(happened, block, number), self._opening(happened, block, number, shown)
                number += 1

    def opened_of(self, order_id: str, block: Block) -> Iterator[tuple[int, bytes, list[Opened]]]:
        """Of a block only what happened to one order: its number in the block, its entry, all of its fields opened.

        The lives of other orders need not be known. Blocks must come in order, from the order's first one on.
        """
        number = 0
        for event in block.events:
            for at, one in _about(order_id, event):
                for happened in self._happened(one):
                    opened = self._opening(happened, block, number + at, frozenset())
                    yield number + at, self._entry(happened, block, number + at), opened
            number += entries_of(event)

    def _entry(self, happened: Happened | LaunchFacts, block: Block, number: int) -> bytes:
        if isinstance(happened, LaunchFacts):
            return entry_bytes(LaunchEntry(block.at_ms, happened))
        kind, life, fields = happened
        made = fields()
        end = committed(made, salts(self._blinding, block.position, number, len(made)))
        # As ``entry_bytes`` would write an ``Entry``: this is done for every event of launch night.
        return (
            f"{kind} {life.state} {life.model} {block.at_ms} {life.order} {life.customer} {life.held_minor} {end}"
        ).encode("ascii")

    def _opening(
        self, happened: Happened | LaunchFacts, block: Block, number: int, shown: frozenset[str]
    ) -> list[Opened]:
        if isinstance(happened, LaunchFacts):
            return []
        fields = happened[2]()
        return opening(fields, salts(self._blinding, block.position, number, len(fields)), shown)

    def _happened(self, event: ev.Event) -> Iterator[Happened | LaunchFacts]:
        one = _ONE.get(type(event))
        if one is not None:
            yield one(self, event)
        elif isinstance(event, ev.OrdersMoved):
            yield from self._moved(event)
        elif isinstance(event, ev.LaunchSet):
            yield facts_of(event.launch)
        elif isinstance(event, ev.WaitingJoined):
            self._new(event, event.model)

    def _moved(self, event: ev.OrdersMoved) -> Iterator[Happened]:
        for order_id in event.order_ids:
            life = self._orders[order_id]
            life.state = event.state
            if event.state == "delivered":
                life.held_minor = 0
            yield event.state, life, partial(_order_only, order_id)

    def _new(self, event: ev.OrderReserved | ev.OrderImported | ev.WaitingJoined, model: str) -> Life:
        customer = self._customers.get(event.customer)
        if customer is None:
            customer = self._customers[event.customer] = tag(self._blinding, b"customer", event.customer)
        order = tag(self._blinding, b"order", event.order_id)
        life = self._orders[event.order_id] = Life(
            order, customer, model, event.trim, event.options, event.region, event.customer
        )
        return life

    def _reserved(self, event: ev.OrderReserved) -> Happened:
        life = self._new(event, event.model)
        life.deposit_minor = event.deposit_minor
        return "reserved", life, lambda: _ordered(event.order_id, life, event.price_minor, event.promise)

    def _offered(self, event: ev.PlaceOffered) -> Happened:
        life = self._orders[event.order_id]
        life.deposit_minor, life.state = event.deposit_minor, "reserved"
        return "reserved", life, lambda: _ordered(event.order_id, life, event.price_minor, event.promise)

    def _imported(self, event: ev.OrderImported) -> Happened:
        life = self._new(event, event.model)
        life.state, life.deposit_minor = event.state, event.deposit_minor
        life.held_minor = 0 if event.state == "delivered" else event.deposit_minor
        more = [f"payment={event.payment_id}", f"reference={event.reference}"]
        return "imported", life, lambda: [*_ordered(event.order_id, life, event.price_minor, None), *more]

    def _firmed(self, event: ev.OrderFirmed) -> Happened:
        life = self._orders[event.order_id]
        life.state = "firm"
        life.held_minor += life.deposit_minor
        return (
            "firm",
            life,
            lambda: [
                f"order={event.order_id}",
                f"payment={event.payment_id}",
                f"promised={_promised(event.promise)}",
            ],
        )

    def _to(self, event: Any, kind: str, state: str, *more: tuple[str, int]) -> Happened:
        """An order comes to a state in which no deposit is held, or (firm, locked) the one that was."""
        life = self._orders[event.order_id]
        life.state = state
        if state not in ("firm", "locked"):
            life.held_minor = 0
        return kind, life, lambda: [f"order={event.order_id}", *(f"{name}={value}" for name, value in more)]

    def _changed(self, event: ev.OrderChanged) -> Happened:
        life = self._orders[event.order_id]
        life.trim, life.options, life.region = event.trim, event.options, event.region
        return "changed", life, lambda: _ordered(event.order_id, life, event.price_minor, event.promise)

    def _converted(self, event: ev.OrderConverted) -> Happened:
        life = self._orders[event.order_id]
        life.model, life.trim, life.options, life.region = event.model, event.trim, event.options, event.region
        life.state, life.deposit_minor = event.state, event.deposit_minor
        life.held_minor -= event.refund_minor
        more = [f"window={event.window}", f"due={event.due_minor}", f"refund={event.refund_minor}"]
        return "converted", life, lambda: [*_ordered(event.order_id, life, event.price_minor, event.promise), *more]

    def _difference(self, event: ev.DifferencePaid) -> Happened:
        life = self._orders[event.order_id]
        life.held_minor += event.amount_minor
        return (
            "difference_paid",
            life,
            lambda: [
                f"order={event.order_id}",
                f"payment={event.payment_id}",
                f"amount={event.amount_minor}",
            ],
        )


def entries_of(event: ev.Event) -> int:
    """How many entries an event makes."""
    if isinstance(event, ev.OrdersMoved):
        return len(event.order_ids)
    return int(type(event) in _ONE or isinstance(event, ev.LaunchSet))


def _about(order_id: str, event: ev.Event) -> list[tuple[int, ev.Event]]:
    """What of an event is about one order, with the number of its entry among those of the event."""
    if isinstance(event, ev.OrdersMoved):
        places = [at for at, one in enumerate(event.order_ids) if one == order_id]
        return [(at, msgspec.structs.replace(event, order_ids=(order_id,))) for at in places]
    return [(0, event)] if getattr(event, "order_id", "") == order_id else []


def _order_only(order_id: str) -> Fields:
    return [f"order={order_id}"]


def facts_of(launch: Launch) -> LaunchFacts:
    """What is public of a launch."""
    return LaunchFacts(
        FORMAT,
        launch.id,
        launch.name,
        launch.opens_at_ms,
        launch.time_zone,
        launch.currency,
        launch.headline,
        tuple(model.id for model in launch.models),
    )


def _ordered(order_id: str, life: Life, price_minor: int, promise: Promise | None) -> Fields:
    """What an order is for, as it stands after an event that says so."""
    return [
        f"order={order_id}",
        f"customer={life.customer_id}",
        f"trim={life.trim}",
        f"options={','.join(life.options)}",
        f"region={life.region}",
        f"price={price_minor}",
        f"deposit={life.deposit_minor}",
        f"promised={_promised(promise)}",
    ]


def _promised(promise: Promise | None) -> str:
    """The first and the last promised week by their Mondays; empty: nothing was promised."""
    return "" if promise is None else _weeks(promise.first_week, promise.last_week)


@lru_cache(maxsize=4096)
def _weeks(first: int, last: int) -> str:
    return f"{monday(first)}/{monday(last)}"


_ONE: dict[type[ev.Event], Callable[[Lives, Any], Happened]] = {
    ev.OrderReserved: Lives._reserved,
    ev.PlaceOffered: Lives._offered,
    ev.OrderImported: Lives._imported,
    ev.OrderFirmed: Lives._firmed,
    ev.OrderExpired: lambda lives, event: lives._to(event, "expired", "expired"),
    ev.OrderCancelled: lambda lives, event: lives._to(event, "cancelled", "cancelled", ("refund", event.refund_minor)),
    ev.OrderLocked: lambda lives, event: lives._to(event, "locked", "locked"),
    ev.LockUndone: lambda lives, event: lives._to(event, "unlocked", "firm"),
    ev.OrderForfeited: lambda lives, event: lives._to(
        event, "forfeited", "forfeited", ("forfeited", event.forfeited_minor)
    ),
    ev.OrderWithdrawn: lambda lives, event: lives._to(
        event,
        "withdrawn",
        "forfeited" if event.forfeited_minor else "cancelled",
        ("refund", event.refund_minor),
        ("forfeited", event.forfeited_minor),
    ),
    ev.OrderChanged: Lives._changed,
    ev.OrderConverted: Lives._converted,
    ev.DifferencePaid: Lives._difference,
}
