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
        """Note an order's first deadline, which lies ``length_ms`` after its beginning."""
        line = self._lines.get(length_ms)
        if line is None:
            line = self._lines[length_ms] = deque()
        if not line or line[-1][0] < due_ms:
            line.append((due_ms, [order]))
        elif line[-1][0] == due_ms:
            line[-1][1].append(order)
        else:
            self.add_again(order, due_ms, length_ms)

    def due(self, at_ms: int) -> Iterator[Order]:
        """The orders whose deadline has come at ``at_ms``, each once, oldest first within each line."""
        seen: set[str] = set()
        for line in self._lines.values():
            for due_ms, orders in line:
                if due_ms > at_ms:
                    break
                for order in orders:
                    # One that was given up and holds again may have two entries.
                    if self._deadline_ms(order) == due_ms and order.id not in seen:
                        seen.add(order.id)
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

    def add_again(self, order: Order, due_ms: int, length_ms: int) -> None:
        """As ``add``, of an order that may stand there already. Rare, so that looking for it is good enough."""
        line = self._lines.setdefault(length_ms, deque())
        at = bisect_left(line, due_ms, key=lambda entry: entry[0])
        if at < len(line) and line[at][0] == due_ms:
            line[at][1].append(order)
        else:
            line.insert(at, (due_ms, [order]))
