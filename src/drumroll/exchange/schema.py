"""The columns of the exported tables, and their types; docs/files.md describes each.

Times are to the millisecond, in UTC; days are those of the launch's zone. ``options`` is a list in Parquet and joined
with ``;`` in CSV.
"""

from __future__ import annotations

import polars as pl

TIME = pl.Datetime("ms", "UTC")
DAY = pl.Date()
TEXT, WHOLE, FLAG = pl.String, pl.Int64, pl.Boolean
OPTIONS = pl.List(pl.String)

Schema = dict[str, pl.DataType]


def in_work(schema: Schema) -> Schema:
    """The same columns while they are worked on: days and options (joined by ``;``) as texts, which is quicker."""
    return {name: TEXT() if dtype in (DAY, OPTIONS) else dtype for name, dtype in schema.items()}


ORDERS: Schema = {
    "id": TEXT(),
    "reference": TEXT(),
    "customer": TEXT(),
    "model": TEXT(),
    "trim": TEXT(),
    "options": OPTIONS,
    "region": TEXT(),
    "state": TEXT(),
    "price_minor": WHOLE(),
    "deposit_minor": WHOLE(),
    "currency": TEXT(),
    "held_minor": WHOLE(),
    "due_minor": WHOLE(),
    "refund_owed_minor": WHOLE(),
    "refunded_minor": WHOLE(),
    "forfeited_minor": WHOLE(),
    "applied_minor": WHOLE(),
    "payment_id": TEXT(),
    "ordered_at": TIME,
    "firm_at": TIME,
    "locked_at": TIME,
    "queued_at": TIME,
    "converted_from": TEXT(),
    "conversion_window": TEXT(),
    "converted_at": TIME,
    "changed_at": TIME,
    "promised_from": DAY,
    "promised_until": DAY,
    "delivery_from": DAY,
    "delivery_until": DAY,
    "delivery_sure_by": DAY,
    "build_week": DAY,
    "short": TEXT(),
    "pinned": FLAG(),
}
"""One row an order, in the order in which they came into the log: its present state."""

HISTORY: Schema = {
    "order_id": TEXT(),
    "at": TIME,
    "block": WHOLE(),
    "event": TEXT(),
    "state": TEXT(),
    "operator": TEXT(),
    "reason": TEXT(),
    "customer": TEXT(),
    "reference": TEXT(),
    "model": TEXT(),
    "trim": TEXT(),
    "options": OPTIONS,
    "region": TEXT(),
    "price_minor": WHOLE(),
    "deposit_minor": WHOLE(),
    "payment_id": TEXT(),
    "refund_id": TEXT(),
    "amount_minor": WHOLE(),
    "currency": TEXT(),
    "refund_minor": WHOLE(),
    "forfeited_minor": WHOLE(),
    "due_minor": WHOLE(),
    "window": TEXT(),
    "reverts": FLAG(),
    "early": FLAG(),
    "undo_s": WHOLE(),
    "hold_s": WHOLE(),
    "cooling_off_s": WHOLE(),
    "cooling_from": TIME,
    "ordered_at": TIME,
    "firm_at": TIME,
    "locked_at": TIME,
    "queued_at": TIME,
    "promised_from": DAY,
    "promised_until": DAY,
    "promised_sure_by": DAY,
    "build_week": DAY,
    "short": TEXT(),
    "details": TEXT(),
}
"""One row an event (an order of it, where one event is about many), in the order of the log."""
