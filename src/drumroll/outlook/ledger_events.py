"""Events as far as the ledger reads them, for balances of a large log: most of an order is nothing to the ledger.

A short event has the tag and the first fields of its event, so it reads from the same bytes; the rules take either.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, get_args, get_type_hints

import msgspec

from drumroll.domain import events as ev
from drumroll.outlook.ledger_rules import RULES

READ_UP_TO: dict[type[ev.Event], str] = {
    ev.OrderReserved: "deposit_minor",
    ev.OrderFirmed: "payment_id",
    ev.OrderExpired: "order_id",
    ev.OrderCancelled: "refund_minor",
    ev.OrderLocked: "order_id",
    ev.OrderImported: "state",
}
"""The last field that the rules read of the events that a log is full of."""


def _short(full: type[ev.Event], last: str) -> Any:
    hints = get_type_hints(full)
    names = full.__struct_fields__[: full.__struct_fields__.index(last) + 1]
    fields = [(name, hints[name]) for name in names]
    tag = full.__struct_config__.tag
    return msgspec.defstruct(full.__name__, fields, array_like=True, frozen=True, gc=False, tag_field="kind", tag=tag)


SHORT: dict[type[ev.Event], Any] = {full: _short(full, last) for full, last in READ_UP_TO.items()}
"""The short event of each of those."""

EVENTS: Any = reduce(or_, (SHORT.get(full, full) for full in get_args(ev.AnyEvent)))
"""Every event, short where there is a short one: what blocks are decoded as."""

ALL_RULES = RULES | {short: RULES[full] for full, short in SHORT.items()}
"""The rule of every kind of event, short or not."""
