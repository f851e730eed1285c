"""The book as the API shows it: pure functions from what is true now to messages."""

from __future__ import annotations

from drumroll.domain.book import Book, Order, Refund, State, Tally
from drumroll.domain.launch import Launch, Model
from drumroll.domain.times import rfc3339
from drumroll.web.messages import (
    BoardLaunch,
    BoardTrim,
    BoardView,
    LaunchView,
    MilestoneView,
    ModelView,
    OrderView,
    RefundView,
    Status,
    Totals,
    TrimView,
)

CURVE_POINTS = 240
RATE_OVER_S = 10


def order_view(order: Order, refunds: list[Refund], zone: str, pay_url: str) -> OrderView:
    """An order, with what is owed back for it. ``pay_url`` is shown while a deposit is awaited."""
    offer = order.offer
    return OrderView(
        id=order.id,
        state=order.state.value,
        model=offer.model,
        trim=offer.trim,
        price_minor=offer.price_minor,
        deposit_minor=offer.deposit_minor,
        currency=offer.currency,
        reserved_at=rfc3339(order.reserved_at_ms, zone),
        expires_at=rfc3339(order.expires_at_ms, zone),
        firm_at=None if order.firm_at_ms is None else rfc3339(order.firm_at_ms, zone),
        changed_at=rfc3339(order.changed_at_ms, zone),
        refunds=[_refund_view(refund, zone) for refund in refunds],
        pay_url=pay_url if order.state is State.RESERVED else None,
    )


def _refund_view(refund: Refund, zone: str) -> RefundView:
    return RefundView(
        refund.payment_id,
        refund.amount_minor,
        refund.currency,
        refund.reason,
        rfc3339(refund.owed_at_ms, zone),
        None if refund.paid_at_ms is None else rfc3339(refund.paid_at_ms, zone),
    )


def launch_view(launch: Launch, now_ms: int, *, sandbox: bool) -> LaunchView:
    """What is sold, when, for how much, by which limits."""
    zone = launch.time_zone
    return LaunchView(
        id=launch.id,
        name=launch.name,
        time_zone=zone,
        currency=launch.currency,
        now=rfc3339(now_ms, zone),
        opens_at=rfc3339(launch.opens_at_ms, zone),
        closes_at=_maybe(launch.closes_at_ms, zone),
        deposit_minor=launch.deposit_minor,
        hold_s=launch.hold_s,
        orders_per_customer=launch.orders_per_customer,
        cap=launch.cap,
        models=[_model_view(model, zone) for model in launch.models],
        sandbox=sandbox,
    )


def _model_view(model: Model, zone: str) -> ModelView:
    trims = [TrimView(trim.id, trim.name, trim.price_minor, trim.cap) for trim in model.trims]
    return ModelView(
        model.id, model.name, rfc3339(model.opens_at_ms, zone), _maybe(model.closes_at_ms, zone), model.cap, trims
    )


def board_view(book: Book, position: int, now_ms: int, status: Status, *, sandbox: bool) -> BoardView:
    """The live board: the headline models' orders by state, their rate, curve and milestones."""
    launch = book.launch
    assert launch is not None, "a log begins with its launch"
    zone = launch.time_zone
    trims = [trim for model in launch.models if model.id in book.headline for trim in _board_trims(book, model)]
    opens_s = launch.opens_at_ms // 1000
    return BoardView(
        launch=BoardLaunch(launch.id, launch.name, zone, launch.currency),
        sandbox=sandbox,
        now=rfc3339(now_ms, zone),
        opens_at=rfc3339(launch.opens_at_ms, zone),
        closes_at=_maybe(launch.closes_at_ms, zone),
        status=status,
        position=position,
        totals=_totals(book),
        rate_per_s=_rate_per_s(book, now_ms),
        trims=trims,
        milestones=_milestones(book, launch),
        next_milestone=book.milestones_ahead[-1] if book.milestones_ahead else None,
        curve=[(second - opens_s, firm) for second, firm in book.curve.sampled(CURVE_POINTS)],
    )


def _board_trims(book: Book, model: Model) -> list[BoardTrim]:
    rows = []
    for trim in model.trims:
        tally = book.tally(model.id, trim.id)
        counts = (tally.reserved, tally.firm, tally.expired, tally.cancelled)
        rows.append(BoardTrim(model.id, model.name, trim.id, trim.name, *counts, trim.cap))
    return rows


def _totals(book: Book) -> Totals:
    """Counted over all trims that were ever ordered, so that none taken out of the launch file is lost."""
    tallies: list[Tally] = [tally for (model, _), tally in book.tallies.items() if model in book.headline]
    return Totals(
        reserved=sum(tally.reserved for tally in tallies),
        firm=sum(tally.firm for tally in tallies),
        expired=sum(tally.expired for tally in tallies),
        cancelled=sum(tally.cancelled for tally in tallies),
    )


def _rate_per_s(book: Book, now_ms: int) -> float:
    """Orders gained a second, over the last whole seconds: ten of them, fewer just after the opening."""
    assert book.launch is not None
    last = now_ms // 1000 - 1
    seconds = min(RATE_OVER_S, last + 1 - book.launch.opens_at_ms // 1000)
    return (book.curve.at(last) - book.curve.at(last - seconds)) / seconds if seconds > 0 else 0.0


def _milestones(book: Book, launch: Launch) -> list[MilestoneView]:
    return [
        MilestoneView(stone.firm, rfc3339(stone.at_ms, launch.time_zone), (stone.at_ms - launch.opens_at_ms) / 1000)
        for stone in book.milestones
    ]


def _maybe(at_ms: int | None, zone: str) -> str | None:
    return None if at_ms is None else rfc3339(at_ms, zone)
