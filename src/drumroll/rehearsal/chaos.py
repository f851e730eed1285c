"""When the server is killed: evenly over the orders, so that every part of the night is hit."""

from __future__ import annotations


class CrashPlan:
    """``crashes`` kills, each due when so many orders have been acknowledged."""

    def __init__(self, crashes: int, orders: int) -> None:
        self._due_at = [orders * (number + 1) // (crashes + 1) for number in range(crashes)]

    def is_due(self, acknowledged: int) -> bool:
        """Whether to kill it now; says so once for each."""
        if not self._due_at or acknowledged < self._due_at[0]:
            return False
        self._due_at.pop(0)
        return True
