"""What comes due when: reservations that run out, cooling-offs that end.

Orders of one block come due together, so they share an entry: a deadline costs an order little more than a reference.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drumroll.domain.book import Order

Entry = tuple[int, list["Order"]]


class Deadlines:
    """Orders by due time, one line for each length of time: in a line, due times only rise as orders come.

    ``deadline_ms`` gives the order's deadline as it is now, or ``None`` if it awaits none any more: an entry counts
    only while the two agree.
    """

    def __init__(self, deadline_ms: Callable[[Order], int | None]) -> None:
        self._deadline_ms = deadline_ms
        self._lines: dict[int, deque[Entry]] = {}

    def add(self, order: Order, due_ms: int, length_ms: int) -> None:
        """Note a deadline that lies ``length_ms`` after its beginning."""
        line = self._lines.get(length_ms)
        if line is None:
            line = self._lines[length_ms] = deque()
        if not line or line[-1][0] < due_ms:
            line.append((due_ms, [order]))
        elif line[-1][0] == due_ms:
            line[-1][1].append(order)
        else:
            self._add_again(line, order, due_ms)

    def due(self, at_ms: int) -> Iterator[Order]:
        """The orders whose deadline has come at ``at_ms``, oldest first within each line."""
        for line in self._lines.values():
            for due_ms, orders in line:
                if due_ms > at_ms:
                    break
                for order in orders:
                    if self._deadline_ms(order) == due_ms:
                        yield order

    def settled(self, order: Order, length_ms: int) -> None:
        """The order awaits nothing any more. What is settled at the front is dropped, so that ``due`` looks at few."""
        line = self._lines.get(length_ms)
        # Only when the last of the first entry is settled, something can be dropped: each order is looked at once.
        if line and line[0][1][-1] is order:
            self._drop(line)

    def _drop(self, line: deque[Entry]) -> None:
        while line:
            due_ms, orders = line[0]
            while orders and self._deadline_ms(orders[-1]) != due_ms:
                orders.pop()
            if orders:
                return
            line.popleft()

    def _add_again(self, line: deque[Entry], order: Order, due_ms: int) -> None:
        """A deadline that was given up and holds again. Rare, so looking through the line is good enough."""
        at = bisect_left(line, due_ms, key=lambda entry: entry[0])
        if at < len(line) and line[at][0] == due_ms:
            if not any(known is order for known in line[at][1]):
                line[at][1].append(order)
        else:
            line.insert(at, (due_ms, [order]))
