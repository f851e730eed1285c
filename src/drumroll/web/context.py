"""What the framework's routes reach for: the running server's parts, in one value."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry

from drumroll.desk.clock import SandboxClock
from drumroll.desk.desk import Desk
from drumroll.domain.book import Order, Refund
from drumroll.domain.launch import Launch
from drumroll.payments.base import PaymentProvider
from drumroll.payments.sandbox import SandboxProvider
from drumroll.web.board import BoardStream
from drumroll.web.hot import HotPath
from drumroll.web.messages import BoardView, OrderView, Status
from drumroll.web.problems import Problem
from drumroll.web.sessions import Sessions
from drumroll.web.views import board_view, order_view


class Sandbox(msgspec.Struct, frozen=True):
    """What only a sandbox has."""

    provider: SandboxProvider
    clock: SandboxClock | None


class Web(msgspec.Struct, frozen=True):
    """The parts of a running server. ``sandbox`` is ``None`` on a real one."""

    desk: Desk
    hot: HotPath
    sessions: Sessions
    provider: PaymentProvider
    stream: BoardStream
    metrics: CollectorRegistry
    now_s: Callable[[], float]
    session_s: int
    body_limit_bytes: int
    sandbox: Sandbox | None

    @property
    def launch(self) -> Launch:
        """The launch that is on. Raises ``Problem`` while the log can't be read."""
        if not self.desk.readable or self.desk.book.launch is None:
            raise Problem("desk_closed", f"The log can't be read now: {self.desk.closed_because}.", retry_after_s=1)
        return self.desk.book.launch

    def board(self) -> BoardView:
        """The live board, now."""
        return board_of(self.desk, sandbox=self.sandbox is not None)

    def order_of(self, order_id: str, authorization: str | None) -> OrderView:
        """An order for its own customer. Raises ``Problem``: no session, or no such order of this customer's."""
        customer = self.hot.customer_of(None if authorization is None else authorization.encode("latin-1"))
        launch, book = self.launch, self.desk.book
        order = book.orders.get(order_id)
        if order is None or order.customer != customer:
            raise Problem("no_such_order", f"There is no order {order_id}.")
        return order_view(order, self._refunds_of(order), launch.time_zone, self.provider.pay_url(order.id))

    def _refunds_of(self, order: Order) -> list[Refund]:
        return self.desk.book.refunds_of.get(order.id, [])


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
