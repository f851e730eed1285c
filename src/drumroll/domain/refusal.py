"""What the desk says when it won't: a value with a stable code, never an exception."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Code(StrEnum):
    """The stable codes of refusals. Clients branch on these; the texts may change."""

    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"
    UNKNOWN_MODEL = "unknown_model"
    UNKNOWN_TRIM = "unknown_trim"
    SOLD_OUT = "sold_out"
    TOO_MANY_ORDERS = "too_many_orders"
    NO_SUCH_ORDER = "no_such_order"
    NOT_YOURS = "not_yours"
    WRONG_STATE = "wrong_state"
    KEY_REUSED = "idempotency_key_reused"
    NO_SUCH_REFUND = "no_such_refund"
    WRONG_LAUNCH = "wrong_launch"


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A command that changed nothing: its code, a sentence for people, and the facts that sentence rests on."""

    code: Code
    message: str
    facts: dict[str, Any] = {}
