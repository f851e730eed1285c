"""The provider's statement held against the ledger: what matches, and each difference with the orders that it concerns.

Every transaction of the ledger that touches the cash at the provider is a payment or a refund that the statement
should have, once, with the same amount in the same currency. Nothing is mended: what differs is said, and the totals
differ by the sum of what differs, to the minor unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl

from drumroll.domain.launch import Launch
from drumroll.errors import LedgerError, StatementUnfit
from drumroll.outlook.accounts import Account
from drumroll.outlook.journal import Transaction
from drumroll.outlook.ledger import Balance, Ledger
from drumroll.outlook.reconciliation_values import (
    KINDS,
    Booked,
    Difference,
    Kind,
    Place,
    Reconciliation,
    Said,
    Statement,
    Sums,
    Total,
    Type,
)

BOOKED = ("matched", "missing_there", "amount_differs", "currency_differs", "reference_differs")
"""The kinds in which the ledger's cash at the provider has a part."""

LEDGER = {
    "type": pl.String(),
    "id": pl.String(),
    "amount_minor": pl.Int64(),
    "currency": pl.String(),
    "at_ms": pl.Int64(),
    "payment_id": pl.String(),
    "order_id": pl.String(),
    "event": pl.String(),
    "place": pl.String(),
}

_SAYS: dict[tuple[Account, bool], tuple[Type, Place]] = {
    (Account.PROVIDER, True): ("payment", "provider"),
    (Account.PROVIDER, False): ("refund", "provider"),
    (Account.TAKEN_OVER, True): ("payment", "elsewhere"),
    (Account.PAID_BY_HAND, False): ("refund", "elsewhere"),
    (Account.PAYABLE, False): ("refund", "owed"),
}
"""What a debit (True) or a credit of an account says of a payment or a refund."""


class Cash:
    """Payments and refunds by id, as the ledger's transactions tell of them: feed it all of a log, in order."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Any, ...]] = {}

    def add(self, transaction: Transaction) -> None:
        """Note what one transaction says. Raises ``LedgerError`` if a payment or a refund is booked twice."""
        for posting in transaction.postings:
            says = _SAYS.get((posting.account, posting.amount_minor > 0))
            if says is not None:
                self._note(transaction, says, abs(posting.amount_minor), posting.currency)

    def _note(self, transaction: Transaction, says: tuple[Type, Place], amount_minor: int, currency: str) -> None:
        kind, place = says
        found_id = transaction.payment_id if kind == "payment" else transaction.refund_id
        before = self._known.get((kind, found_id))
        if before is not None and (before[-1] != "owed" or place == "owed"):
            raise LedgerError(
                f"{kind} {found_id} is booked by event {transaction.event} and by {before[-2]}: each is there once; "
                "look at the log with drumroll audit"
            )
        what = (amount_minor, currency, transaction.at_ms, transaction.payment_id, transaction.order_id)
        self._known[kind, found_id] = (kind, found_id, *what, transaction.event, place)

    def table(self) -> pl.DataFrame:
        """All of it, with the columns of ``LEDGER``."""
        columns = zip(*self._known.values(), strict=True) if self._known else [()] * len(LEDGER)
        return pl.DataFrame(
            [pl.Series(name, column, dtype) for (name, dtype), column in zip(LEDGER.items(), columns, strict=True)]
        )


def reconcile(
    ledger: Ledger, cash: Cash, statement: Statement, *, only: Type | None = None, most: int = 1_000_000
) -> Reconciliation:
    """Hold a statement against a ledger; ``cash`` was fed the same blocks. ``most`` differences of a kind are listed.

    Raises:
        StatementUnfit: it is of another launch or in another currency as a whole, or the log has no launch.
    """
    launch = _fits(ledger.launch, statement)
    wanted = pl.lit(value=True) if only is None else pl.col("type") == only
    there, known = statement.rows.filter(wanted), cash.table()
    held = _held(there, known.filter(wanted))
    kinds = dict(held.group_by("kind").len().iter_rows())
    missing_here = pl.col("kind") == "missing_here"
    return Reconciliation(
        launch=launch.id,
        currency=launch.currency,
        position=ledger.position,
        at_ms=ledger.at_ms,
        only=only,
        rows=there.height,
        passed_over=statement.rows.height - there.height,
        matched=kinds.get("matched", 0),
        later=held.filter(missing_here & (pl.col("at_ms") > ledger.at_ms)).height,
        counts={kind: kinds.get(kind, 0) for kind in KINDS},
        totals=tuple(_totals(there, held, ledger.balances(), launch.currency, only)),
        differences=tuple(_differences(held, known, most)),
        ignored_columns=statement.ignored,
    )


def _fits(launch: Launch | None, statement: Statement) -> Launch:
    if launch is None:
        raise StatementUnfit(
            "the log has no launch yet, so there is nothing to hold the statement against: name the log of the launch, "
            "or give a later --at"
        )
    for other, line in statement.launches.items():
        if other != launch.id:
            raise StatementUnfit(
                f"two launches mixed: the log is of {launch.id!r}, line {line} of the statement is of {other!r}; ask "
                f"the provider for the statement of {launch.id!r} alone, or name the log of {other!r}"
            )
    currencies = sorted(statement.rows["currency"].unique())
    if currencies and launch.currency not in currencies:
        raise StatementUnfit(
            f"the statement is in {', '.join(currencies[:5])}, the log in {launch.currency}: it is another account's; "
            f"ask the provider for the statement of the account in {launch.currency}, or name the log that it is of"
        )
    return launch


# Row by row


def _held(there: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    """A row for each row of the statement, and for each of the ledger that it lacks: both sides, and the ``kind``.

    The ledger's columns end in ``_here``.
    """
    of_ledger = [name for name in LEDGER if name not in ("type", "id")]
    renamed = here.rename({name: f"{name}_here" for name in of_ledger})
    extra = pl.struct("type", "id").is_first_distinct().not_().alias("extra")
    both = there.with_columns(extra).join(renamed, on=["type", "id"], how="left", maintain_order="left")
    lacking = renamed.filter(place_here="provider").join(there, on=["type", "id"], how="anti", maintain_order="left")
    held = both.with_columns(_kind().alias("kind")).drop("extra")
    return pl.concat([held, lacking.with_columns(kind=pl.lit("missing_there"))], how="diagonal")


def _kind() -> pl.Expr:
    place = pl.col("place_here")
    names_other = [
        pl.col(name).is_not_null() & (pl.col(name) != pl.col(f"{name}_here")) for name in ("payment_id", "order_id")
    ]
    kinds = {
        "duplicate": pl.col("extra"),
        "missing_here": place.is_null() | (place == "owed"),
        "elsewhere": place == "elsewhere",
        "currency_differs": pl.col("currency") != pl.col("currency_here"),
        "amount_differs": pl.col("amount_minor") != pl.col("amount_minor_here"),
        "reference_differs": pl.any_horizontal(names_other),
    }
    first = [pl.when(condition).then(pl.lit(kind)) for kind, condition in kinds.items()]
    return pl.coalesce(*first, pl.lit("matched"))


def _differences(held: pl.DataFrame, here: pl.DataFrame, most: int) -> Iterator[Difference]:
    """The first of each kind, in the order of the statement (those that it lacks: in the order of the log)."""
    for kind in KINDS:
        few = _with_order(held.filter(pl.col("kind") == kind).head(most), here)
        yield from (_difference(kind, row) for row in few.iter_rows(named=True))


def _with_order(few: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    """Of refunds that the log does not know: the order of the payment that they are of (``order_of_payment``)."""
    first = pl.col("id").str.replace(r"\.[0-9]+$", "")
    refund = pl.col("place_here").is_null() & (pl.col("type") == "refund")
    named = few.with_columns(
        exact=pl.when(refund).then(pl.coalesce("payment_id", "id")),
        first=pl.when(refund).then(pl.coalesce("payment_id", first)),
    )
    payments = here.filter(type="payment").select(of="id", order="order_id")
    for name in ("exact", "first"):
        order = pl.col("order").alias(f"order_{name}")
        named = named.join(payments, left_on=name, right_on="of", how="left", maintain_order="left")
        named = named.with_columns(order).drop("order")
    return named.with_columns(order_of_payment=pl.coalesce("order_exact", "order_first"))


def _difference(kind: Kind, row: dict[str, Any]) -> Difference:
    statement = _side(row, Said, "") if row["line"] is not None else None
    ledger = _side(row, Booked, "_here") if row["place_here"] is not None else None
    orders = (row["order_id_here"], row["order_of_payment"], row["order_id"])
    named = tuple(dict.fromkeys(order for order in orders if order))
    return Difference(kind, row["type"], row["id"], row["line"], named, statement, ledger)


def _side(row: dict[str, Any], of: Any, ending: str) -> Any:
    return of(*(row[name + ending] for name in of.__struct_fields__))


# Sums


def _totals(
    there: pl.DataFrame,
    held: pl.DataFrame,
    balances: dict[tuple[Account, str], Balance],
    currency: str,
    only: Type | None,
) -> Iterator[Total]:
    """The launch's currency first. The ledger's sums are those of its account, not of the rows that were compared."""
    said = _sums(there.with_columns(kind=pl.lit("statement")), "")
    theirs, ours = _sums(held.filter(pl.col("line").is_not_null()), ""), _sums(_booked(held), "_here")
    accounts = {
        of: _of_account(balance, only) for (account, of), balance in balances.items() if account is Account.PROVIDER
    }
    others = {of for _, of, _ in said} | {of for of, sums in accounts.items() if sums != Sums(0, 0)}
    for of in (currency, *sorted(others - {currency})):
        by_kind = {kind: _net(theirs, kind, of) - _net(ours, kind, of) for kind in KINDS}
        ledger = accounts.get(of, Sums(0, 0))
        yield Total(of, _pair(said, "statement", of), ledger, _pair(ours, "matched", of), by_kind)


def _booked(held: pl.DataFrame) -> pl.DataFrame:
    return held.filter(pl.col("kind").is_in(BOOKED))


def _of_account(balance: Balance, only: Type | None) -> Sums:
    return Sums(
        0 if only == "refund" else balance.debit_minor,
        0 if only == "payment" else balance.credit_minor,
    )


Amounts = Counter[tuple[str, str, str]]
"""Minor units by kind, currency and type."""


def _sums(rows: pl.DataFrame, ending: str) -> Amounts:
    """Summed in 128 bits: millions of the largest amounts are more than 64 hold."""
    amount = pl.col(f"amount_minor{ending}").cast(pl.Int128).sum()
    grouped = rows.group_by("kind", f"currency{ending}", "type").agg(amount.alias("sum"))
    return Counter({(kind, currency, type_): int(total) for kind, currency, type_, total in grouped.iter_rows()})


def _pair(amounts: Amounts, kind: str, currency: str) -> Sums:
    return Sums(amounts[kind, currency, "payment"], amounts[kind, currency, "refund"])


def _net(amounts: Amounts, kind: str, currency: str) -> int:
    return _pair(amounts, kind, currency).net_minor
