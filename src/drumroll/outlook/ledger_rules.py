"""What each kind of event books: the ledger's rules, a function each. Events that move no money book nothing.

Every rule changes the daybook through ``move``, ``post``, ``give_back``, ``owe`` and ``pay``, so that what is summed up
and what the journal shows are one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drumroll.domain import events as ev
from drumroll.errors import LedgerError
from drumroll.outlook.accounts import Account
from drumroll.outlook.ledger_daybook import Daybook, Owed, Standing
from drumroll.outlook.vat import vat_in

# Looking a member up on its enumeration costs more than the rest of a movement.
_PROVIDER, _TAKEN_OVER, _BY_HAND = Account.PROVIDER, Account.TAKEN_OVER, Account.PAID_BY_HAND
_REFUND, _CONTRACT, _FORFEITED = Account.REFUND, Account.CONTRACT, Account.FORFEITED
_RECEIVABLE, _REVENUE, _VAT = Account.RECEIVABLE, Account.REVENUE, Account.VAT
_RECOGNISED_BEFORE = Account.RECOGNISED_BEFORE


def _nothing(daybook: Daybook, event: ev.Event) -> None:
    """No money moves."""


def _launch_set(daybook: Daybook, event: ev.LaunchSet) -> None:
    daybook.set_launch(event.launch)


# From the order to its lock


def _reserved(daybook: Daybook, event: ev.OrderReserved | ev.PlaceOffered) -> None:
    price_minor, deposit_minor, amounts = event.price_minor, event.deposit_minor, daybook.amounts
    daybook.orders[event.order_id] = Standing(
        amounts.setdefault(price_minor, price_minor), amounts.setdefault(deposit_minor, deposit_minor)
    )


def _firmed(daybook: Daybook, event: ev.OrderFirmed) -> None:
    order_id, payment_id = event.order_id, event.payment_id
    order = daybook.orders[order_id]
    order.payment_id = payment_id
    order.held_minor = amount_minor = order.deposit_minor
    daybook.move(_PROVIDER, _REFUND, amount_minor, "deposit paid: the order is firm", order_id, payment_id)


def _cancelled(daybook: Daybook, event: ev.OrderCancelled) -> None:
    daybook.give_back(event.order_id, event.refund_minor, "cancelled by its customer: the deposit is owed back")


def _locked(daybook: Daybook, event: ev.OrderLocked) -> None:
    order_id = event.order_id
    order = daybook.orders[order_id]
    order.account = _CONTRACT
    daybook.move(_REFUND, _CONTRACT, order.held_minor, "locked: the deposit can no longer be had back", order_id)


def _lock_undone(daybook: Daybook, event: ev.LockUndone) -> None:
    order = daybook.orders[event.order_id]
    order.account = _REFUND
    why = "lock undone: the deposit can be had back again"
    daybook.move(_CONTRACT, _REFUND, order.held_minor, why, event.order_id)


# Changes


def _changed(daybook: Daybook, event: ev.OrderChanged) -> None:
    daybook.orders[event.order_id].price_minor = event.price_minor


def _converted(daybook: Daybook, event: ev.OrderConverted) -> None:
    """What the new model's deposit is less goes back; the rest is where the new state has it. What is due is no asset.

    The maker has no unconditional right to the difference before it is paid (IFRS 15.105, 108).
    """
    daybook.give_back(event.order_id, event.refund_minor, "converted: the new deposit is lower, the rest is owed back")
    order = daybook.orders[event.order_id]
    order.price_minor, order.deposit_minor = event.price_minor, event.deposit_minor
    before, account = order.account, _CONTRACT if event.state == "locked" else _REFUND
    if before is not account:
        order.account = account
        can = "can no longer be" if account is _CONTRACT else "can be"
        daybook.move(before, account, order.held_minor, f"converted: the deposit {can} had back", event.order_id)


def _difference_paid(daybook: Daybook, event: ev.DifferencePaid) -> None:
    order_id, payment_id, amount_minor = event.order_id, event.payment_id, event.amount_minor
    order = daybook.orders[order_id]
    order.later = [*(order.later or ()), (payment_id, amount_minor)]
    order.held_minor += amount_minor
    daybook.move(_PROVIDER, order.account, amount_minor, "difference to the new deposit paid", order_id, payment_id)


def _forfeited(daybook: Daybook, event: ev.OrderForfeited) -> None:
    _give_up(daybook, event.order_id, event.forfeited_minor, "given up by its customer: the deposit is forfeited")


def _withdrawn(daybook: Daybook, event: ev.OrderWithdrawn) -> None:
    if event.forfeited_minor:
        _give_up(daybook, event.order_id, event.forfeited_minor, "withdrawn by an operator: the deposit is forfeited")
    else:
        daybook.give_back(event.order_id, event.refund_minor, "withdrawn by an operator: the deposit is owed back")


def _give_up(daybook: Daybook, order_id: str, amount_minor: int, why: str) -> None:
    """All that is held is income, and stays with its order there, as it may be granted back."""
    order = daybook.orders[order_id]
    if amount_minor != order.held_minor:
        raise LedgerError(
            f"order {order_id} forfeits {amount_minor}; all that is held for it is {order.held_minor} (minor units)"
        )
    daybook.move(order.account, _FORFEITED, amount_minor, why, order_id)
    order.account = _FORFEITED


def _refund_granted(daybook: Daybook, event: ev.RefundGranted) -> None:
    daybook.give_back(event.order_id, event.amount_minor, "granted by an operator: the forfeited deposit is owed back")


# Money without an order


def _owed_back(daybook: Daybook, event: ev.DepositOwedBack) -> None:
    owed = Owed(event.amount_minor, event.currency, event.order_id, event.payment_id)
    daybook.owe(_PROVIDER, owed, "paid, and no order can use it: owed back")


def _refund_paid(daybook: Daybook, event: ev.RefundPaid) -> None:
    if event.operator:
        daybook.pay(event.refund_id, _BY_HAND, "refund paid outside the provider, as an operator says")
    else:
        daybook.pay(event.refund_id, _PROVIDER, "refund paid by the provider")


# Orders from elsewhere, and delivery


def _imported(daybook: Daybook, event: ev.OrderImported) -> None:
    order_id, payment_id, state, amounts = event.order_id, event.payment_id, event.state, daybook.amounts
    price_minor = amounts.setdefault(event.price_minor, event.price_minor)
    held_minor = amount_minor = amounts.setdefault(event.deposit_minor, event.deposit_minor)
    if state == "firm":
        account, why = _REFUND, "taken over with its deposit: firm"
    elif state == "delivered":
        account, why, held_minor = _RECOGNISED_BEFORE, "taken over: it was delivered before", 0
    else:
        account, why = _CONTRACT, "taken over with its deposit: locked"
    daybook.orders[order_id] = Standing(price_minor, amount_minor, held_minor, account, payment_id)
    daybook.move(_TAKEN_OVER, account, amount_minor, why, order_id, payment_id)


def _moved(daybook: Daybook, event: ev.OrdersMoved) -> None:
    """Of production, only the delivery books anything."""
    if event.state == "delivered":
        for order_id in event.order_ids:
            _delivered(daybook, order_id, daybook.orders[order_id])


def _delivered(daybook: Daybook, order_id: str, order: Standing) -> None:
    """Control passes: the deposit is applied, the rest is receivable, the price is revenue and tax.

    A deposit that a conversion carried over may be above the price: the receivable is a credit then, to be paid out.
    """
    price_minor, held_minor = order.price_minor, order.held_minor
    order.held_minor, order.later = 0, None
    vat_minor = vat_in(price_minor, daybook.percent)
    legs = (
        (_CONTRACT, held_minor),
        (_RECEIVABLE, price_minor - held_minor),
        (_REVENUE, vat_minor - price_minor),
        (_VAT, -vat_minor),
    )
    daybook.post(legs, "delivered: control passes", order_id)


RULES: dict[type[ev.Event], Callable[[Daybook, Any], None]] = {
    ev.DeskOpened: _nothing,
    ev.LaunchSet: _launch_set,
    ev.OrderReserved: _reserved,
    ev.OrderFirmed: _firmed,
    ev.OrderExpired: _nothing,
    ev.OrderCancelled: _cancelled,
    ev.DepositOwedBack: _owed_back,
    ev.RefundPaid: _refund_paid,
    ev.OrderLocked: _locked,
    ev.LockUndone: _lock_undone,
    ev.OrderForfeited: _forfeited,
    ev.OrderChanged: _changed,
    ev.OrderConverted: _converted,
    ev.DifferencePaid: _difference_paid,
    ev.OrderImported: _imported,
    ev.WaitingJoined: _nothing,
    ev.PlaceOffered: _reserved,
    ev.WaitingLeft: _nothing,
    ev.SalesSet: _nothing,
    ev.CapSet: _nothing,
    ev.WindowMoved: _nothing,
    ev.OrderWithdrawn: _withdrawn,
    ev.RefundGranted: _refund_granted,
    ev.OrdersMoved: _moved,
    ev.SafetySet: _nothing,
    ev.CapacitySet: _nothing,
    ev.OrderPinned: _nothing,
    ev.PlanAccepted: _nothing,
}
"""The rule of every kind of event."""
