"""What the desk says when it won't: a value with a stable code, never an exception."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Code(StrEnum):
    """The stable codes of refusals. Clients branch on these; the texts may change."""

    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"
    PAUSED = "paused"
    UNKNOWN_MODEL = "unknown_model"
    UNKNOWN_TRIM = "unknown_trim"
    UNKNOWN_OPTION = "unknown_option"
    INVALID_OPTIONS = "invalid_options"
    UNKNOWN_REGION = "unknown_region"
    SOLD_OUT = "sold_out"
    NOT_SOLD_OUT = "not_sold_out"
    NO_WAITING_LIST = "no_waiting_list"
    TOO_MANY_ORDERS = "too_many_orders"
    NO_SUCH_ORDER = "no_such_order"
    NOT_YOURS = "not_yours"
    WRONG_STATE = "wrong_state"
    CONFIRMATION_REQUIRED = "confirmation_required"
    NOTHING_TO_CHANGE = "nothing_to_change"
    TOO_LATE = "too_late"
    NO_CONVERSION = "no_conversion"
    CONVERSION_NOT_OPEN = "conversion_not_open"
    CONVERSION_CLOSED = "conversion_closed"
    ALREADY_CONVERTED = "already_converted"
    INVALID_AMOUNT = "invalid_amount"
    INVALID_TIME = "invalid_time"
    UNKNOWN_WINDOW = "unknown_window"
    INVALID_MOVES = "invalid_moves"
    INVALID_IMPORT = "invalid_import"
    NO_CAPACITY = "no_capacity"
    UNKNOWN_RESOURCE = "unknown_resource"
    INVALID_WEEK = "invalid_week"
    INVALID_PLAN = "invalid_plan"
    STALE_PLAN = "stale_plan"
    FROZEN_WEEKS = "frozen_weeks"
    KEY_REUSED = "idempotency_key_reused"
    NO_SUCH_REFUND = "no_such_refund"
    WRONG_LAUNCH = "wrong_launch"


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A command that changed nothing: its code, a sentence for people, and the facts that sentence rests on."""

    code: Code
    message: str
    facts: dict[str, Any] = {}
