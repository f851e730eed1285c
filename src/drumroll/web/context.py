"""What the framework's routes reach for: the running server's parts, in one value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry

from drumroll.access.sessions import Sessions
from drumroll.desk.clock import SandboxClock
from drumroll.desk.desk import Desk
from drumroll.domain.book import Order
from drumroll.domain.launch import Launch
from drumroll.errors import LogError
from drumroll.notices.notices import Notices
from drumroll.payments.base import PaymentProvider
from drumroll.payments.sandbox import SandboxProvider
from drumroll.room.room import Room
from drumroll.web.board import BoardStream
from drumroll.web.entrance import Entrance
from drumroll.web.history import history
from drumroll.web.hot import HotPath
from drumroll.web.messages import BoardView, OrderView, Status
from drumroll.web.messages_orders import HistoryView, OrdersView, WaitingView
from drumroll.web.ops.jobs import Jobs
from drumroll.web.ops.parts import Operations
from drumroll.web.ops.plots import Plots
from drumroll.web.order_views import order_view, waiting_view
from drumroll.web.pages.pages import Pages
from drumroll.web.problems import Problem
from drumroll.web.transparency import Transparency
from drumroll.web.views import board_view


class Sandbox(msgspec.Struct, frozen=True):
    """What only a sandbox has."""

    provider: SandboxProvider
    clock: SandboxClock | None


class Web(msgspec.Struct, frozen=True):
    """The parts of a running server. ``sandbox`` is ``None`` on a real one, ``room`` where the launch has none."""

    desk: Desk
    hot: HotPath
    sessions: Sessions
    provider: PaymentProvider
    stream: BoardStream
    metrics: CollectorRegistry
    now_s: Callable[[], float]
    session_s: int
    body_limit_bytes: int
    body_timeout_s: float
    sandbox: Sandbox | None
    pages: Pages
    entrance: Entrance
    operations: Operations | None = None
    jobs: Jobs | None = None
    plots: Plots | None = None
    room: Room | None = None
    transparency: Transparency | None = None
    notices: Notices | None = None

    @property
    def launch(self) -> Launch:
        """The launch that is on. Raises ``Problem`` while the log can't be read."""
        if not self.desk.readable or self.desk.book.launch is None:
            raise Problem("desk_closed", f"The log can't be read now: {self.desk.closed_because}.", retry_after_s=1)
        return self.desk.book.launch

    def board(self) -> BoardView:
        """The live board, now."""
        return board_of(self.desk, sandbox=self.sandbox is not None)

    @property
    def now_ms(self) -> int:
        """The desk's time: that of its clock, but never before the last block."""
        return max(self.desk.clock_ms(), self.desk.at_ms)

    @property
    def clock_rate(self) -> float:
        """How fast the desk's clock runs: 1 but in a sandbox whose clock is steered."""
        clock = self.sandbox.clock if self.sandbox is not None else None
        return 1.0 if clock is None else clock.rate

    def customer_of(self, authorization: str | None) -> str:
        """Whose session it is. Raises ``Problem`` if it is none."""
        return self.hot.customer_of(None if authorization is None else authorization.encode("latin-1"))

    def own(self, order_id: str, authorization: str | None) -> Order:
        """An order of the customer whose session it is. Raises ``Problem``: no session, or no such order of theirs."""
        customer = self.customer_of(authorization)
        _ = self.launch
        order = self.desk.book.orders.get(order_id)
        if order is None or order.customer != customer:
            raise Problem("no_such_order", f"There is no order {order_id}.")
        return order

    def shown(self, order: Order) -> OrderView:
        """An order as it is now."""
        return order_view(self.desk.book, order, self.now_ms, self.provider.pay_url(order.id))

    def orders_of(self, authorization: str | None) -> OrdersView:
        """All orders of the customer whose session it is."""
        customer = self.customer_of(authorization)
        _, book = self.launch, self.desk.book
        orders = [self.shown(order) for order in book.customers.get(customer, ())]
        waiting = [waiting_view(book, entry) for entry in book.waiting_of.get(customer, ())]
        return OrdersView(orders, waiting)

    def waiting(self, order_id: str, authorization: str | None) -> WaitingView:
        """A place in the waiting list of the customer whose session it is."""
        customer = self.customer_of(authorization)
        _ = self.launch
        entry = self.desk.book.entries.get(order_id)
        if entry is None or entry.customer != customer:
            raise Problem("no_such_order", f"Nobody waits as {order_id}.")
        return waiting_view(self.desk.book, entry)

    def history(self, order: Order, *, for_operators: bool) -> HistoryView:
        """All that happened to an order. Raises ``Problem`` while the log can't be read."""
        try:
            return history(self.desk.book, self.desk.log, order, for_operators=for_operators)
        except LogError as error:
            raise Problem("desk_closed", f"The log can't be read now: {error}.", retry_after_s=1) from error

    def receipt(self, order: Order, event: str) -> bytes:
        """The receipt of an event of an order. Raises ``Problem``: there is none, or none yet."""
        if self.transparency is None:
            raise Problem("no_transparency_log", "This launch has no transparency log.")
        return self.transparency.receipt(self.desk.book, self.desk.log, order, event)


WEB = "drumroll"
"""Where a request carries the server that it came to: the framework's application knows none, and serves them all."""


def web_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Web:
    """The server that a request came to."""
    scope: Any = connection.scope
    web: Web = scope[WEB]
    return web


Parts = NamedDependency[Web]
"""The parts of the server, as the framework hands them to a route."""


def board_of(desk: Desk, *, sandbox: bool) -> BoardView:
    """The live board of a desk, now."""
    now_ms = max(desk.clock_ms(), desk.at_ms)
    return board_view(desk.book, desk.position, now_ms, status_of(desk), sandbox=sandbox)


def status_of(desk: Desk) -> Status:
    """Whether the desk takes orders."""
    if desk.closed_because is not None:
        return "closed"
    return "draining" if desk.draining else "open"
