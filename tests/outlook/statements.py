"""Random nights with their true statements: an independent walk over the events, with the money as the book has it."""

from __future__ import annotations

from functools import cache

import msgspec
import polars as pl
from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.log.base import Block
from drumroll.outlook.ledger import Ledger
from drumroll.outlook.reconciliation import Cash
from drumroll.outlook.reconciliation_values import STATEMENT, Statement, Type
from tests.rehearsal.lives import Life

SEEDS, TURNS = (0, 1, 2, 3, 8, 35), 220
"""The last two have a payment that was paid back in two refunds."""


class Row(msgspec.Struct, frozen=True):
    """A row of a statement, as the provider writes it; its line is where it stands."""

    type: Type
    id: str
    amount_minor: int
    currency: str
    at_ms: int
    payment_id: str | None = None
    order_id: str | None = None

    @property
    def net_minor(self) -> int:
        return self.amount_minor if self.type == "payment" else -self.amount_minor


class Night(msgspec.Struct, frozen=True):
    """A log, what its provider did, what was paid elsewhere, and refunds that are owed still."""

    blocks: list[Block]
    true: tuple[Row, ...]
    elsewhere: tuple[Row, ...]
    owed: tuple[Row, ...]
    happened: frozenset[str]

    ledger: Ledger
    cash: Cash

    def booked(self) -> tuple[Ledger, Cash]:
        return self.ledger, self.cash


class ForeignLife(Life):
    """Some pay in a currency that is not the launch's."""

    def _pay(self) -> cmd.Command:
        command = super()._pay()
        assert isinstance(command, cmd.RecordPayment)
        return replace(command, currency="USD") if self.random.random() < 0.15 else command


@cache
def night(seed: int) -> Night:
    life = ForeignLife(seed).live(TURNS)
    return walked(life.blocks)


def walked(blocks: list[Block]) -> Night:
    book, true, elsewhere, happened = Book(), list[Row](), list[Row](), set[str]()
    for block in blocks:
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
            row = _row(book, event, block.at_ms)
            if row is not None and row.amount_minor:
                by_hand = isinstance(event, ev.RefundPaid) and event.operator
                outside = isinstance(event, ev.OrderImported) or by_hand
                (elsewhere if outside else true).append(row)
                happened.add(f"{type(event).__name__}{' by hand' if by_hand else ''}")
                happened |= {f"in {row.currency}"} | (
                    {"second refund"} if row in true and row.id.endswith(".2") else set()
                )
    owed = [
        Row("refund", refund.id, refund.amount_minor, refund.currency, 0, refund.payment_id, refund.order_id)
        for refund in book.refunds_owed.values()
    ]
    return Night(blocks, tuple(true), tuple(elsewhere), tuple(owed), frozenset(happened), *booked(blocks))


def _row(book: Book, event: ev.Event, at_ms: int) -> Row | None:
    match event:
        case ev.OrderFirmed():
            amount = (book.orders[event.order_id].offer.deposit_minor, "EUR")
        case ev.DifferencePaid():
            amount = (event.amount_minor, "EUR")
        case ev.DepositOwedBack():
            amount = (event.amount_minor, event.currency)
        case ev.OrderImported():
            amount = (event.deposit_minor, "EUR")
        case ev.RefundPaid():
            refund = book.refunds[event.refund_id]
            of = (refund.payment_id, refund.order_id)
            return Row("refund", refund.id, refund.amount_minor, refund.currency, at_ms, *of)
        case _:
            return None
    return Row("payment", event.payment_id, *amount, at_ms, None, event.order_id)


def booked(blocks: list[Block]) -> tuple[Ledger, Cash]:
    ledger, cash = Ledger(), Cash()
    for block in blocks:
        for transaction in ledger.transactions(block):
            cash.add(transaction)
    return ledger, cash


def statement(rows: list[Row], **launches: int) -> Statement:
    """The rows as they are read from a file, from its second line on."""
    values = [(line, *(getattr(row, name) for name in list(STATEMENT)[1:])) for line, row in enumerate(rows, 2)]
    return Statement(pl.DataFrame(values, schema=STATEMENT, orient="row"), launches)
