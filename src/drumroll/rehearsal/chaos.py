"""When the server is killed: evenly over all that is done, so that every part of the night and of the days is hit."""

from __future__ import annotations


class CrashPlan:
    """``crashes`` kills, each due when so much of ``steps`` is done: orders acknowledged, and acts of the days."""

    def __init__(self, crashes: int, steps: int) -> None:
        self._due_at = [steps * (number + 1) // (crashes + 1) for number in range(crashes)]

    def is_due(self, done: int) -> bool:
        """Whether to kill it now; says so once for each."""
        if not self._due_at or done < self._due_at[0]:
            return False
        self._due_at.pop(0)
        return True
