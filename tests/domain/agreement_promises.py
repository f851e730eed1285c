"""What must hold of promises after every step: the book and the naive desk agree, and no week is promised twice."""

from __future__ import annotations

from typing import Any

from drumroll.domain.book import Book, Order
from drumroll.domain.promise import Promise
from drumroll.domain.slots import own_week
from drumroll.domain.states import AWAITED, State
from tests.domain.naive_operators import NaiveOperators

MADE = (State.IN_PRODUCTION, State.BUILT, State.IN_TRANSIT, State.DELIVERED)
WHAT = (("a", "x", ()), ("a", "y", ("red",)), ("b", "z", ("cloth",)), ("b", "z", ("leather",)), ("c", "v", ()))


def said(promise: Promise | None) -> Any:
    """A promise as the naive desk has it."""
    return None if promise is None else tuple(getattr(promise, name) for name in promise.__struct_fields__)


def promises_agree(book: Book, naive: NaiveOperators) -> None:
    """What every customer was told, and what holds."""
    for order_id, order in book.orders.items():
        ours = naive.orders[order_id]
        theirs = (said(order.promised), said(order.promise), order.pinned)
        assert theirs == (ours["promised"], ours["promise"], ours["pinned"]), order_id
    assert [plan for plan, _, _ in book.plans] == naive.plans
    assert book.capacity_set_at == naive.capacity_set_at
    assert (book.availability is None) == (naive.weeks is None)


def weeks_agree(book: Book, naive: NaiveOperators) -> None:
    """What is taken, what is left, and what the next one would be told."""
    real, weeks = book.availability, naive.weeks
    if real is None or weeks is None:
        return
    horizon = range(real.capacity.horizon)
    for row, one in zip(real.room, real.capacity.resources, strict=True):
        assert row == [weeks.room(one.id, weeks.base + at) for at in horizon], one.id
    for name, kind in real.kinds.items():
        needs = tuple(name.split("+")) if name else ()
        slots = sorted(week for of, week in weeks.slots if of == needs)
        assert [weeks.base + at for at in horizon for _ in range(kind.slots[at])] == slots, name
        assert kind.without == weeks.without.count(needs), name
        assert all(mine is real.room[one] for mine, one in zip(kind.rooms, kind.needs, strict=True))
    for what in WHAT:
        for region in ("n", "s"):
            promise = real.promise(real.kind(*what), real.lead(region), naive.at)
            assert said(promise) == weeks.anew(weeks.needs(*what), region)
    assert all(wanted.kind is real.kinds[wanted.kind.name] for wanted in book.on_offer.values() if wanted.kind)
    assert all(kind is real.kinds[kind.name] for _, kind in book.reserved_offers.values() if kind)


def no_week_is_promised_twice(book: Book, naive: NaiveOperators) -> None:
    """Of the weeks that can still be planned, none has more than there is; what is being built now is a fact."""
    real = book.availability
    if real is not None:
        first = max(real.first_column(naive.at), real.week_at(naive.at) + 1 - real.capacity.base_week)
        weeks = naive.weeks
        assert weeks is not None
        for row, one in zip(real.room, real.capacity.resources, strict=True):
            for column in range(first, real.capacity.horizon):
                # A week whose capacity was cut keeps those whom an operator put there.
                pinned = sum(one.id in needs and at == weeks.base + column for needs, at in weeks.pins)
                assert row[column] >= -pinned, (one.id, column)


class Backed:
    """Every promise has a slot behind it: in order, none of a kind is before the slot of the same rank.

    Where a cut, a launch file or a plan takes a slot from a promise, that kind is left out until it is whole again; and
    where an order leaves production, since what was being built of it goes to the next of its kind.
    """

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.built: dict[str, str] = {}

    def check(self, book: Book, *, reckoned: bool) -> None:
        if book.availability is None:
            return
        found = {name for name in book.availability.kinds if not self._whole(book, name)}
        left = {name for key, name in self.built.items() if book.orders[key].state not in MADE}
        self.broken = (set() if reckoned else self.broken) | left
        self.built = {key: self._kind(book, order) for key, order in book.orders.items() if order.state in MADE}
        assert reckoned or found <= self.broken, f"a promise without a slot behind it: {found - self.broken}"
        self.broken = found | left if reckoned else self.broken

    def _kind(self, book: Book, order: Order) -> str:
        assert book.availability is not None
        return book.availability.kind(order.offer.model, order.offer.trim, order.offer.options).name

    def _whole(self, book: Book, name: str) -> bool:
        real, never = book.availability, 10**9
        assert real is not None
        kind = real.kinds[name]
        awaited = [one for one in book.orders.values() if one.state in AWAITED and own_week(real, one) is None]
        living = [one for one in awaited if self._kind(book, one) == name]
        mine = [never if one.promise is None else one.promise.build_week - real.capacity.base_week for one in living]
        held = [at for at, count in enumerate(kind.slots) for _ in range(count)] + [never] * kind.without
        return len(held) >= len(mine) and all(week >= slot for week, slot in zip(sorted(mine), held, strict=False))
