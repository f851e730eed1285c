"""Is it on sale, is there a place, may this customer have one more? Part of ``decide``: it reads the book only.

A place is taken by every order that is not gone, for good. While people wait for a place, nobody else gets it.
"""

from __future__ import annotations

from drumroll.domain.book import Book
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.times import rfc3339

ORDERS_EVER_A_CUSTOMER = 100
"""A bound on one customer's orders of all states, so that making and cancelling can't go on for ever."""


def not_on_sale(book: Book, launch: Launch, model: Model, at_ms: int) -> Refusal | None:
    """Why this model is not on sale at this moment, or ``None`` if it is."""
    if model.closes_at_ms is not None and at_ms >= model.closes_at_ms:
        closed_at = rfc3339(model.closes_at_ms, launch.time_zone)
        return Refusal(Code.CLOSED, f"Sales of {model.name} closed at {closed_at}.", {"closed_at": closed_at})
    if at_ms < model.opens_at_ms:
        opens_at = rfc3339(model.opens_at_ms, launch.time_zone)
        return Refusal(Code.NOT_OPEN_YET, f"Sales of {model.name} open at {opens_at}.", {"opens_at": opens_at})
    return paused(book, model)


def paused(book: Book, model: Model) -> Refusal | None:
    """The refusal while an operator has paused the sale of this model, or of all."""
    if book.paused and ("" in book.paused or model.id in book.paused):
        return Refusal(Code.PAUSED, f"Sales of {model.name} are paused; try again in a while.", {"model": model.id})
    return None


def too_many(book: Book, launch: Launch, customer: str) -> Refusal | None:
    """Why this customer can't have one more order, over all models and channels; those waited for count."""
    orders = book.customers.get(customer, ())
    held = sum(order.live for order in orders) + len(book.waiting_of.get(customer, ()))
    if held >= launch.orders_per_customer:
        limit = launch.orders_per_customer
        return Refusal(Code.TOO_MANY_ORDERS, f"A customer may hold {limit} orders.", {"limit": limit})
    if len(orders) >= ORDERS_EVER_A_CUSTOMER:
        limit = ORDERS_EVER_A_CUSTOMER
        return Refusal(Code.TOO_MANY_ORDERS, f"A customer may make {limit} orders in all.", {"limit": limit})
    return None


def no_place(book: Book, launch: Launch, model: Model, trim: Trim, leaves: str | None = None) -> Refusal | None:
    """Why there is no place in this trim. ``leaves``: the model in which the order has a place already, if any."""
    waited_for = bool(book.waiting) and (model.id, trim.id) in book.waiting
    if waited_for or (trim.cap is not None and book.tally(model.id, trim.id).live >= trim.cap):
        facts = {"model": model.id, "trim": trim.id, "waiting_list": launch.waiting_offer_s is not None}
        return Refusal(Code.SOLD_OUT, f"{model.name} {trim.name} is sold out.", facts)
    if leaves == model.id:
        return None
    if model.cap is not None and _full(model.cap, book.live(model.id), _ahead(book, launch, model.id)):
        facts = {"model": model.id, "waiting_list": launch.waiting_offer_s is not None}
        return Refusal(Code.SOLD_OUT, f"{model.name} is sold out.", facts)
    if leaves is None and launch.cap is not None and _full(launch.cap, book.live(), _ahead(book, launch)):
        return Refusal(
            Code.SOLD_OUT, f"{launch.name} is sold out.", {"waiting_list": launch.waiting_offer_s is not None}
        )
    return None


def room(book: Book, launch: Launch, model: Model, trim: Trim, taken: dict[str, int]) -> bool:
    """Whether a place is free at every cap, besides those of ``taken`` (by trim, model and "")."""
    of_trim = book.tally(model.id, trim.id).live + taken.get(f"{model.id}/{trim.id}", 0)
    if trim.cap is not None and of_trim >= trim.cap:
        return False
    if model.cap is not None and _full(model.cap, book.live(model.id), taken.get(model.id, 0)):
        return False
    return launch.cap is None or not _full(launch.cap, book.live(), taken.get("", 0))


def _full(cap: int | None, live: int, more: int) -> bool:
    return cap is not None and live + more >= cap


def _ahead(book: Book, launch: Launch, model_id: str | None = None) -> int:
    """How many of those who wait could take a place if this cap had one: they come first.

    Without a model, the cap is the launch's; then those who wait for a model that is full itself are not ahead.
    """
    ahead = 0
    for model in launch.models if book.waiting else ():
        if model_id in (None, model.id):
            could = sum(_could_take(book, model, trim) for trim in model.trims)
            if model_id is None and model.cap is not None:
                could = min(could, max(0, model.cap - book.live(model.id)))
            ahead += could
    return ahead


def _could_take(book: Book, model: Model, trim: Trim) -> int:
    """How many of those who wait for this trim its own cap has room for."""
    waiting = len(book.waiting.get((model.id, trim.id), ()))
    return waiting if trim.cap is None else min(waiting, max(0, trim.cap - book.tally(model.id, trim.id).live))
