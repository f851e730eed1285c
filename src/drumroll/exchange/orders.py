"""The present state of every order, from the history as a table.

The last event of its sort tells: the last that set a state, the last that said what the order is for. Which row that is
is found for all orders at once.
"""

from __future__ import annotations

import polars as pl

from drumroll.exchange.kinds import PROMISED
from drumroll.exchange.lives import RARE, Lives
from drumroll.exchange.schema import ORDERS, TEXT, TIME, WHOLE, Schema

_BEGINS = ("order_reserved", "place_offered", "order_imported")
_BEFORE = ("waiting_joined", "waiting_left")
_DESCRIBES = (*_BEGINS, "order_changed", "order_converted")
_CONVERTS = (*_BEGINS, "order_converted")
_PAYS = ("order_firmed", "order_imported")
_PLANS = ("order_pinned", "plan_accepted")
_PAID = ("firm", "locked", "scheduled", "in_production", "built", "in_transit", "delivered")

_FOUND: Schema = {
    "order_id": TEXT(),
    "held_minor": WHOLE(),
    "due_minor": WHOLE(),
    "refund_owed_minor": WHOLE(),
    "refunded_minor": WHOLE(),
    "forfeited_minor": WHOLE(),
    "locked_at": WHOLE(),
    "queued_at": WHOLE(),
    "converted_from": TEXT(),
    "conversion_window": TEXT(),
    "converted_at": WHOLE(),
}
"""What ``Lives.found`` gives, times in milliseconds."""

_FOLLOWED = (
    *("row", "order_id", "at", "event", "model", "deposit_minor", "payment_id", "refund_id", "amount_minor"),
    *("currency", "refund_minor", "forfeited_minor", "due_minor", "window", "reverts", "state", "cooling_off_s"),
    *("cooling_from", "firm_at", "locked_at", "queued_at"),
)


def _offers_completed(history: pl.DataFrame) -> pl.DataFrame:
    """The history with what whoever waited wants repeated where the place is offered."""
    wanted = ("customer", "model", "trim", "options", "region")
    joined = history.filter(pl.col("event") == "waiting_joined").select("order_id", *wanted)
    if joined.is_empty():
        return history
    completed = history.join(joined, on="order_id", how="left", suffix="_wanted", maintain_order="left")
    offered = pl.col("event") == "place_offered"
    filled = [pl.when(offered).then(pl.col(f"{name}_wanted")).otherwise(pl.col(name)).alias(name) for name in wanted]
    return completed.with_columns(filled).select(history.columns)


def follow(history: pl.DataFrame, currency: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The orders with a rarer life (``_FOUND``), and the history completed by what is known only in its end."""
    history = _offers_completed(history)
    rare = history.filter(pl.col("event").is_in(RARE)).select("order_id").unique()
    rows = history.with_row_index("row").select(_FOLLOWED)
    theirs = rows.join(rare, on="order_id", how="semi")
    refunds = rows.filter(pl.col("event") == "refund_paid")
    followed = pl.concat([theirs, refunds]).sort("row")
    lives = Lives(currency)
    lives.follow(followed.with_columns(pl.col(TIME).to_physical()).iter_rows(named=True))
    found = pl.DataFrame(list(lives.found()), schema=_FOUND, orient="row")
    if not lives.order_of_refund:
        return found, history
    named = pl.DataFrame(lives.order_of_refund, schema={"row": pl.UInt32(), "of": TEXT()}, orient="row")
    order_ids = rows.select("row", "order_id").join(named, on="row", how="left", maintain_order="left")
    return found, history.with_columns(order_ids.select(order_id=pl.coalesce("order_id", "of")).to_series())


def present(history: pl.DataFrame, found: pl.DataFrame, currency: str) -> pl.DataFrame:
    """One row an order (``ORDERS``, options joined), from what ``follow`` gave."""
    last = _last_rows(history)
    orders = pl.DataFrame(_columns(history, last)).with_columns(
        currency=pl.lit(currency, TEXT()), changed_at=history["at"][last["any"]]
    )
    return _with_money(orders, found).select(list(ORDERS))


def _last_rows(history: pl.DataFrame) -> pl.DataFrame:
    """Of each order, in the order in which they came: the row of its last event of each sort."""
    event, row = pl.col("event"), pl.int_range(pl.len(), dtype=pl.UInt32)
    sorts = {
        "begin": event.is_in(_BEGINS),
        "described": event.is_in(_DESCRIBES),
        "converted": event.is_in(_CONVERTS),
        "stated": pl.col("state").is_not_null(),
        "paid": event.is_in(_PAYS),
        "locked": event.is_in(("order_locked", "order_imported")),
    }
    of_sort = [pl.when(sort).then(row).alias(name) for name, sort in sorts.items()]
    rows = history.lazy().select("order_id", *of_sort, row.alias("any")).filter(pl.col("order_id").is_not_null())
    grouped = rows.group_by("order_id").agg(pl.col(*sorts, "any").max())
    return grouped.filter(pl.col("begin").is_not_null()).sort("begin").collect()


def _columns(history: pl.DataFrame, last: pl.DataFrame) -> dict[str, pl.Series]:
    """The columns that one row of the history tells."""
    begin, paid, locked = last["begin"], last["paid"], last["locked"]
    firm_at = _either(history, paid, "order_imported", "firm_at", "at")
    found = {"id": last["order_id"]}
    found |= {name: history[name][begin] for name in ("reference", "customer")}
    found |= {name: history[name][last["converted"]] for name in ("model", "deposit_minor")}
    found |= {name: history[name][last["described"]] for name in ("trim", "options", "region", "price_minor")}
    found |= {"state": history["state"][last["stated"]], "payment_id": history["payment_id"][paid], "firm_at": firm_at}
    found |= _promises(history, last)
    found["ordered_at"] = _either(history, begin, "order_imported", "ordered_at", "at")
    frame = pl.DataFrame(
        {
            "at": history["at"][locked],
            "imported": history["event"][locked] == "order_imported",
            "given": history["locked_at"][locked],
            "firm_at": firm_at,
            "cooling_off_s": history["cooling_off_s"][begin],
        }
    )
    ends = pl.col("firm_at") + pl.duration(seconds="cooling_off_s")
    taken = pl.when("imported").then("given").when(pl.col("at").is_not_null()).then(pl.min_horizontal("at", ends))
    found["locked_at"] = frame.select(taken.cast(TIME)).to_series()
    return found


def _promises(history: pl.DataFrame, last: pl.DataFrame) -> dict[str, pl.Series]:
    """What its customer was told when ordering or changing it, what holds now, and whether an operator said so.

    A payment that revives an expired order tells anew; who lets go of a week (a pin without one) leaves the promise.
    """
    rows = last.select("order_id", "described", "paid").join(
        _last_plans(history), on="order_id", how="left", maintain_order="left"
    )
    revived = pl.when(pl.col("expired") < pl.col("paid")).then("paid")
    rows = rows.with_columns(told=pl.max_horizontal("described", revived))
    rows = rows.with_columns(now=pl.max_horizontal("told", "planned"))
    told, now, pin = rows["told"], rows["now"], rows["pinned"]
    pinned = (pin > told) & history["build_week"][pin].is_not_null()
    found = {name: history[name][told] for name in ("promised_from", "promised_until")}
    for name, column in zip(("delivery_from", "delivery_until", "delivery_sure_by"), PROMISED, strict=False):
        found[name] = history[column][now]
    found |= {name: history[name][now] for name in ("build_week", "short")}
    return found | {"pinned": pinned.fill_null(value=False)}


def _last_plans(history: pl.DataFrame) -> pl.DataFrame:
    """Of the orders that expired, or whose week an operator changed (few, mostly): the last rows that say so."""
    event, row, week = pl.col("event"), pl.col("row"), pl.col("build_week")
    rows = history.lazy().select(
        "order_id", "event", "build_week", pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
    )
    last = {
        "expired": row.filter(event == "order_expired"),
        "pinned": row.filter(event == "order_pinned"),
        "planned": row.filter(event.is_in(_PLANS), week.is_not_null()),
    }
    few = rows.filter(event.is_in((*_PLANS, "order_expired"))).group_by("order_id")
    return few.agg(rows.max().alias(name) for name, rows in last.items()).collect()


def _either(history: pl.DataFrame, rows: pl.Series, event: str, column: str, other: str) -> pl.Series:
    """One column where the row is of that event, another where it is not."""
    pair = pl.DataFrame({"a": history[column][rows], "b": history[other][rows], "is": history["event"][rows] == event})
    return pair.select(pl.when("is").then("a").otherwise("b")).to_series()


def _with_money(orders: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Where the money is. Of an order without a rarer life all of it is held while it stands firm or is on its way."""
    times = [pl.col(name).cast(TIME) for name in ("locked_at", "queued_at", "converted_at")]
    rare = found.with_columns(times, rare=pl.lit(True))
    both = orders.join(rare, left_on="id", right_on="order_id", how="left", suffix="_rare", maintain_order="left")
    is_rare, nothing = pl.col("rare").is_not_null(), pl.lit(0, WHOLE())
    paid = pl.when(pl.col("state").is_in(_PAID)).then(pl.col("deposit_minor")).otherwise(nothing)
    kept = pl.coalesce("held_minor", paid)
    delivered = pl.col("state") == "delivered"
    rest = [pl.coalesce(name, nothing) for name in _FOUND if name.endswith("_minor") and name != "held_minor"]
    return both.with_columns(
        *rest,
        held_minor=pl.when(delivered).then(nothing).otherwise(kept),
        applied_minor=pl.when(delivered).then(kept).otherwise(nothing),
        queued_at=pl.when(is_rare).then("queued_at").otherwise("locked_at"),
        locked_at=pl.when(is_rare).then("locked_at_rare").otherwise("locked_at"),
    )
