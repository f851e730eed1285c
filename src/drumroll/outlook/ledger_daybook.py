"""What the rules of the ledger write into: totals by account, what each order has paid, refunds that are owed.

A million events go through here, so the totals are plain numbers, an order is six fields, and a movement is only noted
down where somebody asked for the journal.
"""

from __future__ import annotations

import msgspec

from drumroll.domain.launch import Launch
from drumroll.errors import LedgerError
from drumroll.outlook.accounts import Account
from drumroll.outlook.vat import vat_in

_PAYABLE = Account.PAYABLE


class Standing(msgspec.Struct, gc=False):
    """What the ledger knows of an order: ``held_minor`` of its payments is on ``account`` (given up: as income).

    ``deposit_minor`` is what firms it. ``later`` are the payments after the first (id, what is left of each); what they
    leave of ``held_minor`` is left of the first.
    """

    price_minor: int
    deposit_minor: int
    held_minor: int = 0
    account: Account = Account.REFUND
    payment_id: str = ""
    later: list[tuple[str, int]] | None = None


class Owed(msgspec.Struct, frozen=True, gc=False):
    """A refund that is owed and not paid."""

    amount_minor: int
    currency: str
    order_id: str
    payment_id: str


class Totals(msgspec.Struct):
    """The sums of one currency by account, each above 0: debits and credits apart, so that they can be compared."""

    debits: dict[Account, int]
    credits: dict[Account, int]


def _no_totals() -> Totals:
    return Totals(dict.fromkeys(Account, 0), dict.fromkeys(Account, 0))


class Noted(msgspec.Struct, frozen=True, gc=False):
    """One transaction as the rules say it: ``legs`` are accounts and amounts, a debit above 0, a credit below."""

    why: str
    legs: tuple[tuple[Account, int], ...]
    currency: str
    order_id: str
    payment_id: str
    refund_id: str


class Daybook:
    """The state of the fold. ``noted`` is a list while transactions are asked for, and ``None`` while they are not.

    ``amounts`` has each price and deposit once: orders share them, which keeps hundreds of thousands nearer together.
    """

    def __init__(self) -> None:
        self.launch: Launch | None = None
        self.currency = ""
        self.percent = "0"
        self.orders: dict[str, Standing] = {}
        self.amounts: dict[int, int] = {}
        self.owed: dict[str, Owed] = {}
        self.refund_ids: set[str] = set()
        self.totals: dict[str, Totals] = {}
        self.home = _no_totals()
        self.noted: list[Noted] | None = None

    def set_launch(self, launch: Launch) -> None:
        """What is sold, in which currency, at which rate of VAT, from now on."""
        before = self.launch
        if before is not None and (before.id, before.currency) != (launch.id, launch.currency):
            raise LedgerError(
                f"two launches mixed: {before.id!r} in {before.currency}, then {launch.id!r} in {launch.currency}; "
                "a ledger is of one launch in one currency: keep a log for each"
            )
        self.launch, self.currency = launch, launch.currency
        self.percent = "0" if launch.finance is None else launch.finance.vat_percent
        vat_in(0, self.percent)  # a rate that is none is refused here, not at the first delivery
        self.home = self.of_currency(launch.currency)

    def of_currency(self, currency: str) -> Totals:
        """The totals of a currency, from now on there."""
        totals = self.totals.get(currency)
        if totals is None:
            totals = self.totals[currency] = _no_totals()
        return totals

    # Movements

    def move(
        self, debit: Account, credit: Account, amount_minor: int, why: str, order_id: str, payment_id: str = ""
    ) -> None:
        """Debit one account and credit another, in the launch's currency. Nothing moved is nothing noted."""
        if amount_minor:
            totals = self.home
            totals.debits[debit] += amount_minor
            totals.credits[credit] += amount_minor
            if self.noted is not None:
                legs = ((debit, amount_minor), (credit, -amount_minor))
                self.noted.append(Noted(why, legs, self.currency, order_id, payment_id, ""))

    def post(
        self,
        legs: tuple[tuple[Account, int], ...],
        why: str,
        order_id: str,
        payment_id: str = "",
        refund_id: str = "",
        currency: str | None = None,
    ) -> None:
        """The same for any number of accounts, in any currency, and about a refund."""
        currency = self.currency if currency is None else currency
        totals = self.of_currency(currency)
        legs = tuple(leg for leg in legs if leg[1])
        for account, amount_minor in legs:
            if amount_minor > 0:
                totals.debits[account] += amount_minor
            else:
                totals.credits[account] -= amount_minor
        if legs and self.noted is not None:
            self.noted.append(Noted(why, legs, currency, order_id, payment_id, refund_id))

    # Refunds

    def give_back(self, order_id: str, amount_minor: int, why: str) -> None:
        """Owe back so much of an order's money: of the latest payment first, one refund a payment."""
        if not amount_minor:
            return
        order = self.orders[order_id]
        if not 0 < amount_minor <= order.held_minor:
            raise LedgerError(
                f"order {order_id} is to have back {amount_minor}; it can have up to {order.held_minor} (minor units)"
            )
        later = order.later or []
        while amount_minor and later:
            payment_id, left_minor = later.pop()
            part_minor = min(left_minor, amount_minor)
            if part_minor < left_minor:
                later.append((payment_id, left_minor - part_minor))
            self._give_back_of(order_id, order, payment_id, part_minor, why)
            amount_minor -= part_minor
        if amount_minor:
            self._give_back_of(order_id, order, order.payment_id, amount_minor, why)

    def _give_back_of(self, order_id: str, order: Standing, payment_id: str, amount_minor: int, why: str) -> None:
        order.held_minor -= amount_minor
        self.owe(order.account, Owed(amount_minor, self.currency, order_id, payment_id), why)

    def owe(self, debit: Account, owed: Owed, why: str) -> None:
        """A refund is owed from now on; its id is its payment's, with a number from the second one on."""
        refund_id, number = owed.payment_id, 1
        while refund_id in self.refund_ids:
            number += 1
            refund_id = f"{owed.payment_id}.{number}"
        self.refund_ids.add(refund_id)
        self.owed[refund_id] = owed
        legs = ((debit, owed.amount_minor), (_PAYABLE, -owed.amount_minor))
        self.post(legs, why, owed.order_id, owed.payment_id, refund_id, owed.currency)

    def pay(self, refund_id: str, credit: Account, why: str) -> None:
        """A refund that was owed is paid."""
        owed = self.owed.pop(refund_id)
        legs = ((_PAYABLE, owed.amount_minor), (credit, -owed.amount_minor))
        self.post(legs, why, owed.order_id, owed.payment_id, refund_id, owed.currency)
