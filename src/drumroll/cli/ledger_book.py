"""The books of a log at a moment, for the commands of ``drumroll ledger``. Reading is all that takes them time."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from drumroll.cli.reading import blocks_of
from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339
from drumroll.errors import LedgerError
from drumroll.log.codec import decode_as
from drumroll.outlook.journal import Transaction
from drumroll.outlook.ledger import Ledger
from drumroll.outlook.ledger_events import EVENTS


class Books(msgspec.Struct, frozen=True):
    """A ledger, the launch that it is of, and the moment that it is looked at."""

    ledger: Ledger
    launch: Launch
    at_ms: int


def read_books(log: str, at_ms: int | None = None) -> Books:
    """Book a log, beside whoever writes it: up to ``at_ms`` and as of then, or up to its last block and its time.

    Raises:
        LogError: the log can't be read, or is damaged.
        LedgerError: it has no launch by then, or can't be booked.
    """
    ledger = Ledger()
    for block in blocks_of(log, at_ms, decode_as(EVENTS)):
        try:
            ledger.block(block)
        except LedgerError as error:
            raise LedgerError(f"{log}: {error}") from error
    launch = launch_of(log, ledger, at_ms)
    return Books(ledger, launch, ledger.at_ms if at_ms is None else at_ms)


def read_journal(log: str, ledger: Ledger, from_ms: int | None, until_ms: int | None) -> Iterator[Transaction]:
    """The transactions from ``from_ms`` on and before ``until_ms``, booked into ``ledger``, which must be new.

    Raises:
        LogError, LedgerError: as ``read_books``, but for a log without a launch, which has no transactions.
    """
    last_ms = None if until_ms is None else until_ms - 1
    for block in blocks_of(log, last_ms):
        try:
            if from_ms is None or block.at_ms >= from_ms:
                yield from ledger.transactions(block)
            else:
                ledger.block(block)
        except LedgerError as error:
            raise LedgerError(f"{log}: {error}") from error


def launch_of(log: str, ledger: Ledger, at_ms: int | None) -> Launch:
    """The launch of the books. Raises ``LedgerError`` if there is none by then."""
    if ledger.launch is not None:
        return ledger.launch
    if at_ms is None:
        raise LedgerError(f"{log} has no launch yet, so there are no books: start its server once")
    raise LedgerError(
        f"{log} has no launch by {rfc3339(at_ms)}, so there are no books of then: "
        "give a later time, or none for its last block"
    )
