"""Counts a statement over the entries of a log, in one pass and in memory bounded by its orders.

What happened is counted by the kind and time of entries; how things stand, by the last entry of each order before the
window's end. An order is its blinded tag.
"""

from __future__ import annotations

from drumroll.errors import ClaimInvalid
from drumroll.proof.entry import Entry, LaunchEntry, LaunchFacts
from drumroll.proof.statement import DEPOSITS, HAPPENED, ORDERS, STANDING, STATE, Statement

_ALWAYS_MS = 1 << 62
_STANDING = frozenset(state.encode() for state in STANDING)


class Count:
    """The count of one statement. Feed it every entry in order, then ask for ``value``.

    ``facts`` are those of the launch at the checkpoint if they are known beforehand; else the last that were read. A
    window from the opening is counted by those known so far: see ``again``.
    ``opened_ms`` is the opening that was said first.
    """

    def __init__(self, statement: Statement, facts: LaunchFacts | None = None) -> None:
        self.statement = statement
        self.facts = facts
        self.opened_ms: int | None = None
        self._fixed = facts is not None
        self._kind = statement.what.encode()
        self._model = statement.model.encode()
        self._states = frozenset((self._kind,)) if statement.measure == STATE else _STANDING
        self._happened = statement.measure in HAPPENED
        self._deposits = statement.measure == DEPOSITS
        self._orders: dict[bytes, bytes | int] = {}
        self._fallen: set[bytes] = set()
        self._counting = False
        self._counted_otherwise = False
        self._from_ms, self._until_ms = -1, _ALWAYS_MS
        self._know_window()

    def add(self, entry: Entry | LaunchEntry) -> None:
        """The next entry."""
        if isinstance(entry, LaunchEntry):
            self.launch(entry.facts)
            return
        clear = (entry.kind.encode(), entry.state.encode(), entry.model.encode(), entry.at_ms)
        self.line(*clear, entry.order.encode(), entry.customer.encode(), entry.held_minor)

    def launch(self, facts: LaunchFacts) -> None:
        """The launch was set, or set anew."""
        if self._fixed:
            return
        was, self.facts = (self._from_ms, self._until_ms), facts
        self.opened_ms = facts.opens_at_ms if self.opened_ms is None else self.opened_ms
        self._know_window()
        if self._counting and was != (self._from_ms, self._until_ms):
            self._counted_otherwise = True

    def line(
        self, kind: bytes, state: bytes, model: bytes, at_ms: int, order: bytes, customer: bytes, held_minor: int
    ) -> None:
        """The next entry of an order, in its parts: what ``add`` does, quicker."""
        self._counting = True
        if at_ms >= self._until_ms:
            return
        of_model = not self._model or model == self._model
        if not self._happened:
            self._stand(state, of_model, order, held_minor)
            return
        if kind == self._kind and of_model and at_ms >= self._from_ms:
            self._orders[order] = customer
        if self.statement.net and order in self._orders:
            (self._fallen.discard if of_model and state in _STANDING else self._fallen.add)(order)

    def _stand(self, state: bytes, of_model: bool, order: bytes, held_minor: int) -> None:
        counts = bool(held_minor) if self._deposits else state in self._states
        if of_model and counts:
            self._orders[order] = held_minor
        else:
            self._orders.pop(order, None)

    def value(self) -> int:
        """What came out. Raises ``ClaimInvalid`` if the log says nothing of the launch, or has no such model."""
        facts, model = self.facts, self.statement.model
        if facts is None:
            raise ClaimInvalid("the log says nothing of the launch: its first entry must. Nothing can be counted in it")
        if model and model not in facts.models:
            raise ClaimInvalid(f"found the model {model!r}; the launch has: {', '.join(facts.models)}")
        if self._deposits:
            return sum(held for held in self._orders.values() if isinstance(held, int))
        if not self._happened or self.statement.measure == ORDERS:
            return len(self._orders) - len(self._fallen)
        return len({customer for order, customer in self._orders.items() if order not in self._fallen})

    def again(self) -> Count | None:
        """A new count with what is known now, if the launch was moved after it had begun: count it all once more."""
        return Count(self.statement, self.facts) if self._counted_otherwise else None

    def _know_window(self) -> None:
        """The window as milliseconds; one from the opening is empty as long as that is not known."""
        if self.facts is None and self.statement.window.form == "first":
            self._until_ms = -1
            return
        window = self.statement.window
        from_ms, until_ms = (window.from_ms, window.until_ms) if self.facts is None else window.bounds(self.facts)
        self._from_ms = -1 if from_ms is None else from_ms
        self._until_ms = _ALWAYS_MS if until_ms is None else until_ms
