"""An order's history in the words of whoever reads it: pure, from what the API says of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from drumroll.domain.launch import Launch
from drumroll.web.messages_orders import HistoryEvent
from drumroll.web.pages.windows import name_of
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

_HAPPENED = {
    "reserved": worded("You ordered it: %(name)s, %(price)s."),
    "firm": worded("The deposit arrived: the order is firm."),
    "expired": worded("The deposit did not come in time: the place was given free."),
    "cancelled": worded("You cancelled it."),
    "cancelled.operator": worded("We cancelled it."),
    "owed_back": worded("A payment of %(amount)s could not be used."),
    "refund_paid": worded("A refund was paid to you."),
    "locked": worded("It locked: its cooling-off had ended."),
    "locked.customer": worded("You locked it early."),
    "locked.operator": worded("It was set back: it waits for its week again."),
    "lock_undone": worded("You took the early lock back."),
    "forfeited": worded("You cancelled it after its lock and gave up %(forfeited)s."),
    "changed": worded("You changed it: %(price)s instead of %(price_before)s."),
    "changed.operator": worded("We changed it: %(price)s instead of %(price_before)s."),
    "converted": worded("You made it an order for %(name)s, at %(price)s instead of %(price_before)s."),
    "difference_paid": worded("%(amount)s more of the deposit arrived."),
    "imported": worded("It was taken over from where you ordered it: %(name)s, %(price)s."),
    "waiting": worded("You joined the waiting list for %(name)s."),
    "offered": worded("A place became free and was held for you, at %(price)s."),
    "left_waiting_list": worded("The waiting ended."),
    "refund_granted": worded("We gave back %(amount)s of the deposit that was given up."),
    "pinned": worded("We gave it a week of its own."),
    "unpinned": worded("Its week can be planned again like any other."),
    "planned": worded("Production was planned anew."),
    "scheduled": worded("It has its place in production."),
    "in_production": worded("Building it began."),
    "built": worded("It is built."),
    "in_transit": worded("It set out on its way to you."),
    "delivered": worded("It was delivered."),
}
"""By what happened (and, after a dot, who made it happen where that says something else)."""

_OWED = {
    "order_cancelled": worded("for the cancelled order"),
    "unknown_order": worded("there is no such order"),
    "second_deposit": worded("the deposit had been paid already"),
    "paid_after_cancellation": worded("the order had been cancelled"),
    "expired_and_no_longer_to_be_had": worded("it came too late, and nothing was left"),
    "wrong_amount": worded("it was not the amount that was asked for"),
    "conversion": worded("the other model's deposit is lower"),
    "cancelled_by_operator": worded("we cancelled the order"),
    "granted_by_operator": worded("we gave it back"),
}
"""Why money is owed back."""


class Line(msgspec.Struct, frozen=True):
    """One event in words: when, what, what follows from it, and the reason that was given."""

    at: str
    text: str
    more: list[str]
    reason: str


def lines_of(launch: Launch, events: list[HistoryEvent], words: Words) -> list[Line]:
    """A history in words, the latest first."""
    return [_line(launch, event, words) for event in reversed(events)]


def owed_because(reason: str, words: Words) -> str:
    """Why money is owed back, in words."""
    return words.say(_OWED[reason]) if reason in _OWED else ""


def _line(launch: Launch, event: HistoryEvent, words: Words) -> Line:
    facts = _facts(launch, event.facts, words)
    text = _HAPPENED.get(f"{event.what}.{event.by}") or _HAPPENED[event.what]
    at = words.rfc3339(event.at, launch.time_zone)
    return Line(at, words.say(text, **facts), _more(event.facts, facts, words), event.reason or "")


def _facts(launch: Launch, given: dict[str, Any], words: Words) -> dict[str, str]:
    facts = {
        name.removesuffix("_minor"): words.money(value, launch.currency)
        for name, value in given.items()
        if name.endswith("_minor") and isinstance(value, int)
    }
    if "model" in given:
        facts["name"] = name_of(launch, given["model"], given["trim"], words)
    return facts


def _more(given: dict[str, Any], facts: dict[str, str], words: Words) -> list[str]:
    """What follows from an event: a delivery, money to be paid or to come back."""
    more = []
    if "delivery_from" in given:
        days = words.days(date.fromisoformat(given["delivery_from"]), date.fromisoformat(given["delivery_until"]))
        more.append(words.say("Delivery: %(days)s.", days=days))
    if given.get("refund_minor"):
        more.append(words.say("To be paid back: %(refund)s.", refund=facts["refund"]))
    if given.get("due_minor"):
        more.append(words.say("Still to be paid of the deposit: %(due)s.", due=facts["due"]))
    if given.get("forfeited_minor") and "refund_minor" in given:
        more.append(words.say("Not paid back: %(forfeited)s.", forfeited=facts["forfeited"]))
    if given.get("reason") in _OWED:
        more.append(words.say("It comes back to you: %(because)s.", because=owed_because(given["reason"], words)))
    return more
