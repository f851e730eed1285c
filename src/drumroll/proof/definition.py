"""What a statement means, in one exact sentence: what is counted, from when until when, and what isn't."""

from __future__ import annotations

from drumroll.proof.entry import LaunchFacts
from drumroll.proof.moments import local, utc
from drumroll.proof.statement import CUSTOMERS, DEPOSITS, HAPPENED, ORDERS, STATE, Statement

_WORDS = {
    "reserved": "were reserved, their deposit still to come",
    "firm": "became firm (their deposit arrived)",
    "expired": "expired (no deposit came in time)",
    "cancelled": "were cancelled by their customers",
    "locked": "were locked (could no longer be had back)",
    "unlocked": "had their early lock undone",
    "forfeited": "were given up with their deposit",
    "changed": "were changed (trim, options or region)",
    "converted": "were converted to another model",
    "difference_paid": "had the rest of their deposit paid after a conversion",
    "imported": "were made elsewhere and imported",
    "withdrawn": "were cancelled by an operator",
    "scheduled": "were scheduled for production",
    "in_production": "went into production",
    "built": "were built",
    "in_transit": "were sent on their way",
    "delivered": "were delivered",
}
_STANDS = "firm or further, and not expired, cancelled or forfeited"
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
BEGINNING, CHECKPOINT = "the beginning", "the checkpoint"


def unit_of(statement: Statement, facts: LaunchFacts) -> str:
    """What the value counts: orders, customers, or minor units of a currency such as ``CNY/100`` (ISO 4217)."""
    if statement.measure == DEPOSITS:
        currency = facts.currency
        minor = 1 if currency in _WHOLE.split() else 1000 if currency in _THOUSANDTHS.split() else 100
        return f"{currency}/{minor}"
    return "customers" if statement.measure == CUSTOMERS else "orders"


def bounds_in_words(statement: Statement, facts: LaunchFacts) -> tuple[str, str]:
    """Start and end as a claim has them: RFC 3339 in UTC, or that there is none."""
    from_ms, until_ms = statement.window.bounds(facts)
    if statement.measure not in HAPPENED:
        from_ms = None
    return BEGINNING if from_ms is None else utc(from_ms), CHECKPOINT if until_ms is None else utc(until_ms)


def definition(statement: Statement, facts: LaunchFacts) -> str:
    """One exact sentence: what is counted, from when until when in UTC and the launch's zone, and what isn't."""
    when = _when(statement, facts)
    if statement.measure == DEPOSITS:
        unit = unit_of(statement, facts)
        return f"The deposits held for {_orders(statement)} {when}, in minor units ({unit}), as their last entries say."
    if statement.measure not in HAPPENED:
        state = f"in the state {statement.what}" if statement.measure == STATE else f"standing ({_STANDS})"
        return f"The number of {_orders(statement)} that are {state} {when}, by their last entries."
    counted = f"{_orders(statement)} that {_WORDS[statement.what]} {when}"
    if statement.measure == ORDERS:
        said = f"The number of {counted}, each order counted once however often"
    else:
        said = f"The number of distinct customers (by their blinded tags) of {counted}"
    return f"{said}; {_later(statement)}{_imported(statement)}."


def _orders(statement: Statement) -> str:
    return f"orders of {statement.model}" if statement.model else "orders"


def _when(statement: Statement, facts: LaunchFacts) -> str:
    from_ms, until_ms = statement.window.bounds(facts)
    if statement.measure not in HAPPENED:
        return "at the checkpoint" if until_ms is None else f"just before {_at(until_ms, facts)}"
    begin = "from the beginning" if from_ms is None else f"from {_at(from_ms, facts)} on"
    opening = ", the opening," if statement.window.form == "first" else ""
    end = "the checkpoint" if until_ms is None else f"{_at(until_ms, facts)} exclusive"
    return f"{begin}{opening} until {end}"


def _at(at_ms: int, facts: LaunchFacts) -> str:
    return f"{utc(at_ms)} ({local(at_ms, facts.time_zone)} in {facts.time_zone})"


def _later(statement: Statement) -> str:
    if not statement.net:
        return "what became of them later does not matter"
    until = "the checkpoint" if statement.window.until_ms is None and statement.window.form == "all" else "that end"
    still = f"still of {statement.model}, " if statement.model else ""
    return f"only those that stand at {until} ({still}{_STANDS})"


def _imported(statement: Statement) -> str:
    """An order from elsewhere comes as it stood there, in one event: it never became firm here."""
    return "" if statement.what == "imported" else "; of imported orders only what happened here counts"
