"""Transactions as a journal shows them: what each moved between which accounts, and the event that it comes from."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from drumroll.domain.events import Event
from drumroll.outlook.accounts import Account


class Posting(msgspec.Struct, frozen=True, gc=False):
    """An amount on one account, in minor units of ``currency``: a debit is above 0, a credit below."""

    account: Account
    amount_minor: int
    currency: str


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """What one event did for one order: its postings add up to 0.

    ``number`` is that of the event within ``block``, from 0. An event about many orders makes a transaction for each;
    so does one that owes back several payments, for each refund, as every refund has an id. ``order_id`` is as the
    event says it (a payment may name an order that there is not); ``payment_id`` and ``refund_id`` are "" where the
    transaction is about none.
    """

    block: int
    number: int
    at_ms: int
    kind: str
    order_id: str
    payment_id: str
    refund_id: str
    postings: tuple[Posting, ...]
    narration: str

    @property
    def event(self) -> str:
        """The event that it comes from: ``<block>.<number>``."""
        return f"{self.block}.{self.number}"


@cache
def kind_name(event: type[Event]) -> str:
    """The name of a kind of event as the exported history has it: ``order_firmed``."""
    return re.sub("(?<!^)(?=[A-Z])", "_", event.__name__).lower()
