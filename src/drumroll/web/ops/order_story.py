"""An order's history in operators' words: who did what, why, and what followed from it. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from drumroll.domain.launch import Launch
from drumroll.web.messages_orders import HistoryEvent
from drumroll.web.ops.cells import said_cell
from drumroll.web.pages.windows import name_of
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

_HAPPENED: dict[str, str] = {
    "reserved": worded("Ordered: %(name)s, %(price)s."),
    "firm": worded("The deposit arrived: firm."),
    "expired": worded("The deposit did not come in time: expired."),
    "cancelled": worded("Cancelled by the customer."),
    "cancelled.operator": worded("Cancelled by an operator."),
    "owed_back": worded("A payment of %(amount)s could not be used, and is owed back."),
    "refund_paid": worded("A refund was paid."),
    "locked": worded("Locked: the cooling-off had ended."),
    "locked.customer": worded("Locked early by the customer."),
    "locked.operator": worded("Set back to locked."),
    "lock_undone": worded("The customer took the early lock back."),
    "forfeited": worded("Cancelled by the customer after the lock; %(forfeited)s given up."),
    "changed": worded("Changed by the customer: %(price)s instead of %(price_before)s."),
    "changed.operator": worded("Corrected by an operator: %(price)s instead of %(price_before)s."),
    "converted": worded("Converted to %(name)s, at %(price)s instead of %(price_before)s."),
    "difference_paid": worded("%(amount)s more of the deposit arrived."),
    "imported": worded("Taken over from elsewhere: %(name)s, %(price)s."),
    "waiting": worded("Joined the waiting list for %(name)s."),
    "offered": worded("A place became free and was offered, at %(price)s."),
    "left_waiting_list": worded("The waiting ended."),
    "refund_granted": worded("%(amount)s of the forfeited deposit granted back."),
    "pinned": worded("Given a week of its own."),
    "unpinned": worded("Its week was let go of."),
    "planned": worded("A plan was accepted that moves it."),
    "scheduled": worded("Scheduled for production."),
    "in_production": worded("In production."),
    "built": worded("Built."),
    "in_transit": worded("In transit."),
    "delivered": worded("Delivered."),
}
"""By what happened (and, after a dot, who made it happen where that says something else)."""


class Told(msgspec.Struct, frozen=True):
    """One event: when, what, who (an operator's name, or empty), why, and what followed from it."""

    at: str
    text: str
    who: str
    reason: str
    more: list[str]
    block: int


def told_of(launch: Launch, events: list[HistoryEvent], words: Words) -> list[Told]:
    """A history, the latest first."""
    return [_told(launch, event, before, words) for event, before in reversed(_with_prices(events))]


def _with_prices(events: list[HistoryEvent]) -> list[tuple[HistoryEvent, int | None]]:
    """Each event with the price before it."""
    found: list[tuple[HistoryEvent, int | None]] = []
    before: int | None = None
    for event in events:
        found.append((event, before))
        price = event.facts.get("price_minor")
        before = price if isinstance(price, int) else before
    return found


def _told(launch: Launch, event: HistoryEvent, before_minor: int | None, words: Words) -> Told:
    facts = _facts(launch, event.facts, words)
    if before_minor is not None:
        facts.setdefault("price_before", words.money(before_minor, launch.currency))
    message = _HAPPENED.get(f"{event.what}.{event.by}") or _HAPPENED[event.what]
    text = words.say(message, **{"price_before": "", "amount": "", **facts})
    at = said_cell(event.at, launch.time_zone, words).text
    return Told(at, text, event.operator or "", event.reason or "", _more(event.facts, facts, words), event.block)


def _facts(launch: Launch, given: dict[str, Any], words: Words) -> dict[str, str]:
    facts = {
        name.removesuffix("_minor"): words.money(value, launch.currency)
        for name, value in given.items()
        if name.endswith("_minor") and isinstance(value, int)
    }
    if "model" in given and "trim" in given:
        facts["name"] = name_of(launch, given["model"], given["trim"], words)
    return facts


def _more(given: dict[str, Any], facts: dict[str, str], words: Words) -> list[str]:
    """What followed: a delivery, money owed or due."""
    more = []
    if "delivery_from" in given:
        days = words.days(date.fromisoformat(given["delivery_from"]), date.fromisoformat(given["delivery_until"]))
        more.append(words.say("Delivery promised: %(days)s.", days=days))
    if given.get("refund_minor"):
        more.append(words.say("Owed back: %(refund)s.", refund=facts["refund"]))
    if given.get("due_minor"):
        more.append(words.say("Still due of the deposit: %(due)s.", due=facts["due"]))
    if given.get("forfeited_minor") and "refund_minor" in given:
        more.append(words.say("Forfeited: %(forfeited)s.", forfeited=facts["forfeited"]))
    return more
