"""A second opinion on the log: counts it again with plain dictionaries, and knows nothing of the desk's book.

On purpose it shares no code with what decides and folds in ``domain``: a mistake made there is to be found here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from drumroll.domain import events as ev
from drumroll.log.base import Block
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal import recount_changes as changes
from drumroll.rehearsal import recount_operators as operators
from drumroll.rehearsal import recount_orders as orders
from drumroll.rehearsal.recount_count import Count

_FOLD: dict[type, Callable[[Count, Any], None]] = {
    ev.DeskOpened: orders.desk_opened,
    ev.LaunchSet: orders.launch_set,
    ev.OrderReserved: orders.reserved,
    ev.OrderFirmed: orders.firmed,
    ev.OrderExpired: orders.expired,
    ev.OrderCancelled: orders.cancelled,
    ev.DepositOwedBack: orders.owed_back,
    ev.RefundPaid: orders.refund_paid,
    ev.OrderLocked: orders.locked,
    ev.LockUndone: orders.lock_undone,
    ev.OrderForfeited: orders.forfeited,
    ev.OrderChanged: orders.changed,
    ev.OrderConverted: changes.converted,
    ev.DifferencePaid: orders.difference_paid,
    ev.OrderImported: changes.imported,
    ev.WaitingJoined: changes.waiting_joined,
    ev.PlaceOffered: changes.place_offered,
    ev.WaitingLeft: changes.waiting_left,
    ev.SalesSet: operators.sales_set,
    ev.CapSet: operators.cap_set,
    ev.WindowMoved: operators.window_moved,
    ev.OrderWithdrawn: operators.withdrawn,
    ev.RefundGranted: operators.refund_granted,
    ev.OrdersMoved: operators.orders_moved,
    ev.SafetySet: operators.safety_set,
    ev.CapacitySet: operators.capacity_set,
    ev.OrderPinned: operators.order_pinned,
    ev.PlanAccepted: operators.plan_accepted,
}


class Recount(Count):
    """The count so far. Feed it blocks; read ``faults`` and the dictionaries."""

    def block(self, block: Block) -> None:
        """Count one block more."""
        if block.position != self.position + 1:
            self.faults.add(rules.ONE_LOG, f"block {block.position} follows block {self.position}")
        if block.at_ms < self.at_ms:
            back_ms = self.at_ms - block.at_ms
            self.faults.add(rules.ONE_LOG, f"block {block.position} is {back_ms} ms before the one before it")
        self.position, self.at_ms = block.position, block.at_ms
        for event in block.events:
            _FOLD[type(event)](self, event)

    def all(self, blocks: Iterable[Block]) -> Recount:
        """Count all of these blocks and check the money; returns itself."""
        for block in blocks:
            self.block(block)
        self.check_money()
        return self
