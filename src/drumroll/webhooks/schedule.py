"""When a message is tried again: the schedule that the Standard Webhooks specification gives."""

from __future__ import annotations

from collections.abc import Callable

DELAYS_S = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""How long after the failure before it each attempt is made; the first is made at once."""

JITTER = 0.1
"""The share of a delay that is added by chance, so that what failed together does not come back together."""

RETRY_AFTER_LIMIT_S = 24 * 3600
"""The longest wait that a receiver can ask for with ``Retry-After``."""


def due_ms(attempts: int, at_ms: int, chance: Callable[[], float], retry_after_s: int = 0) -> int | None:
    """When to try again after ``attempts`` failed ones, the last at ``at_ms``; ``None``: no more.

    ``chance`` gives a number from 0 up to 1. Never earlier than the schedule says or the receiver asked for.
    """
    if attempts >= len(DELAYS_S):
        return None
    delay_s = DELAYS_S[attempts] * (1 + JITTER * chance())
    return at_ms + int(max(delay_s, min(retry_after_s, RETRY_AFTER_LIMIT_S)) * 1000)
