"""Two steps that can't be mistaken: the first says what would be given up, and hands out what the second sends back.

A confirmation is bound to the order as it stands and to the terms that were shown: if either changes in between, the
second step is a first step again.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from drumroll.domain.book import Order
from drumroll.domain.refusal import Code, Refusal

_encode = msgspec.json.Encoder().encode


def confirmation_of(action: str, order: Order, terms: tuple[Any, ...]) -> str:
    """The confirmation of an action on the order as it stands, by these terms: 16 hexadecimal digits."""
    stands = (action, order.id, order.state.value, len(order.blocks), order.blocks[-1], order.changed_at_ms)
    return blake2b(_encode((stands, terms)), digest_size=8, person=b"confirmation").hexdigest()


def unconfirmed(
    given: str | None, action: str, order: Order, terms: tuple[Any, ...], message: str, facts: dict[str, Any]
) -> Refusal | None:
    """``None`` if this was confirmed by these terms; otherwise the first step: the terms, and a confirmation."""
    confirmation = confirmation_of(action, order, terms)
    if given == confirmation:
        return None
    return Refusal(Code.CONFIRMATION_REQUIRED, message, {"confirmation": confirmation, "action": action, **facts})
