"""What the customers were told, kept for the audit: tab-separated lines that a person can read and grep.

==========  ==================================================================================
first word  the rest of the line
==========  ==================================================================================
order       order id, customer, model, trim, price_minor, the customer's idempotency key, the days promised
payment     payment id, order id, amount_minor, currency, outcome (as the webhook was answered)
cancelled   order id, refund_minor
locked      order id: the customer locked it early
undone      order id: the customer undid that
forfeited   order id, forfeited_minor
changed     order id, trim, price_minor, the days promised: as the customer was told that it is now
converted   order id, model, trim, price_minor, the days promised: likewise
board       the last ``GET /v1/board``, as JSON
==========  ==================================================================================

The days promised are two words, the first and the last day of the delivery; ``-`` where nothing was promised, ``?``
where the customer was not told.

Each is one line however often it was answered: an answer that is a replay is no line of its own. The lines of one order
stand in the order in which they were answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from drumroll.errors import DrumrollError

_FIELDS = {
    "order": 8,
    "payment": 5,
    "cancelled": 2,
    "locked": 1,
    "undone": 1,
    "forfeited": 2,
    "changed": 5,
    "converted": 6,
    "board": 1,
}
_AMOUNT_AT = {"forfeited": 0, "changed": 1, "converted": 2}
"""Which word after the order id is an amount."""


class ToldInvalid(DrumrollError):
    """The file of what customers were told can't be read. Give the file that the rehearsal wrote."""


class ToldOrder(msgspec.Struct, frozen=True, gc=False):
    """An order that was acknowledged."""

    order_id: str
    customer: str
    model: str
    trim: str
    price_minor: int
    key: str
    days: tuple[str, str] = ("?", "?")


class ToldPayment(msgspec.Struct, frozen=True, gc=False):
    """A payment and the outcome that its webhook was answered with."""

    payment_id: str
    order_id: str
    amount_minor: int
    currency: str
    outcome: str


class Told(msgspec.Struct):
    """All that was told. A payment may have several outcomes (``already_counted`` after another).

    ``acts``: what each order's customer was told of locks, changes and conversions, as tuples of the line's words.
    """

    orders: list[ToldOrder] = []
    payments: list[ToldPayment] = []
    cancelled: dict[str, int] = {}
    acts: dict[str, list[tuple[str | int, ...]]] = {}
    board: dict[str, Any] | None = None


def write(path: Path, lines: list[bytes], board: bytes | None) -> None:
    """Write the ledger: its lines as they were noted, then the last board."""
    with path.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
        if board is not None:
            file.write(b"board\t" + board + b"\n")


def read(path: Path) -> Told:
    """Read a ledger back. Raises ``ToldInvalid`` with the line."""
    told = Told()
    try:
        with path.open(encoding="utf-8") as file:
            for number, word, fields in _lines(file, path):
                _take(told, word, fields, path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise ToldInvalid(f"{path} can't be read: {error}") from error
    return told


def _lines(file: Iterator[str] | Any, path: Path) -> Iterator[tuple[int, str, list[str]]]:
    for number, line in enumerate(file, 1):
        word, *fields = line.rstrip("\n").split("\t")
        if _FIELDS.get(word) != len(fields):
            raise ToldInvalid(f"{path}:{number}: not a line of what was told: {line[:80]!r}")
        yield number, word, fields


def _take(told: Told, word: str, fields: list[str], path: Path, number: int) -> None:
    try:
        if word == "order":
            order_id, customer, model, trim, price, key, first, last = fields
            told.orders.append(ToldOrder(order_id, customer, model, trim, int(price), key, (first, last)))
        elif word == "payment":
            payment_id, order_id, amount, currency, outcome = fields
            told.payments.append(ToldPayment(payment_id, order_id, int(amount), currency, outcome))
        elif word == "cancelled":
            told.cancelled[fields[0]] = int(fields[1])
        elif word in ("locked", "undone", *_AMOUNT_AT):
            order_id, *said = fields
            at = _AMOUNT_AT.get(word)
            words = (int(one) if number == at else one for number, one in enumerate(said))
            told.acts.setdefault(order_id, []).append((word, *words))
        else:
            told.board = msgspec.json.decode(fields[0], type=dict[str, Any])
    except (ValueError, msgspec.MsgspecError) as error:
        raise ToldInvalid(f"{path}:{number}: {error}") from error
