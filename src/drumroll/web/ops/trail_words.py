"""What operators did, in words: pure, from the entries of the trail."""

from __future__ import annotations

from datetime import date
from typing import Any

from drumroll.domain.launch import Launch
from drumroll.domain.states import State
from drumroll.web.messages_operator import TrailEntry
from drumroll.web.pages.order_views import state_name
from drumroll.web.pages.windows import name_of
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

_NAMES: dict[str, str] = {
    "sales.open": worded("Sales opened"),
    "sales.close": worded("Sales closed"),
    "sales.pause": worded("Sales paused"),
    "sales.resume": worded("Sales resumed"),
    "cap": worded("Cap changed"),
    "window": worded("Window moved"),
    "correct": worded("Order corrected"),
    "cancel": worded("Order cancelled"),
    "refund": worded("Refund granted"),
    "refund_paid": worded("Refund paid by hand"),
    "move": worded("Moved in production"),
    "capacity": worded("Capacity changed"),
    "pin": worded("Week given"),
    "plan": worded("Plan accepted"),
}


def deed_name(entry: TrailEntry, words: Words) -> str:
    """What was done."""
    action = entry.facts.get("action")
    name = _NAMES.get(f"{entry.what}.{action}") or _NAMES.get(entry.what)
    if entry.what == "pin" and entry.facts.get("build_week") is None:
        return words.say("Week let go of")
    return words.say(name) if name else entry.what


def facts_of(entry: TrailEntry, launch: Launch, words: Words) -> str:
    """What it was about, and what it is since: names, figures, days."""
    facts: dict[str, Any] = entry.facts
    tell = _TELLS.get(entry.what)
    return tell(facts, launch, words) if tell else ""


def _of_what(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    """The trim or model that it is about; without one, all of the launch."""
    model_id, trim_id = facts.get("model") or "", facts.get("trim") or ""
    if not model_id:
        return words.say("all models")
    model = launch.model(model_id)
    if trim_id:
        return name_of(launch, model_id, trim_id, words)
    return words.text(launch, model.name) if model else str(model_id)


def _cap(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    of = _of_what(facts, launch, words)
    if facts.get("cap") is None:
        return words.say("%(name)s: no limit", name=of)
    return words.say("%(name)s: %(cap)s", name=of, cap=words.number(facts["cap"]))


def _window(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    at = words.moment(facts["closes_at_ms"], launch.time_zone, named=False)
    return words.say("%(name)s: closes %(at)s", name=facts["window"], at=at)


def _corrected(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    return words.say("now %(price)s", price=words.money(facts["price_minor"], launch.currency))


def _cancelled(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    if facts.get("forfeited_minor"):
        return words.say("%(amount)s forfeited", amount=words.money(facts["forfeited_minor"], launch.currency))
    return words.say("%(amount)s owed back", amount=words.money(facts.get("refund_minor", 0), launch.currency))


def _granted(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    return words.say("%(amount)s owed back", amount=words.money(facts["amount_minor"], launch.currency))


def _refund_paid(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    return str(facts["refund_id"])


def _moved(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    state = state_name(State(facts["state"]), words)
    return words.say_n("%(num)s order: %(state)s", "%(num)s orders: %(state)s", facts["orders"], state=state)


def _capacity(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    names = {one.id: one.name for one in launch.plants} | {one.id: one.name for one in launch.limits}
    resource = facts.get("resource") or ""
    what = words.text(launch, names.get(resource, resource)) if resource else words.say("everything")
    change = (
        words.percent(facts["percent"] / 100)
        if facts.get("percent") is not None
        else words.say("%(count)s a week", count=words.number(facts.get("weekly") or 0))
    )
    first, until = (words.day(date.fromisoformat(facts[name])) for name in ("from_week", "until_week"))
    return words.say(
        "%(what)s: %(change)s, from %(first)s until %(until)s", what=what, change=change, first=first, until=until
    )


def _pinned(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    week = facts.get("build_week")
    return words.say("built in the week of %(day)s", day=words.day(date.fromisoformat(week))) if week else ""


def _plan(facts: dict[str, Any], launch: Launch, words: Words) -> str:
    return words.say_n(
        "%(policy)s: %(num)s order promised anew",
        "%(policy)s: %(num)s orders promised anew",
        facts["orders"],
        policy=facts["policy"],
    )


_TELLS: dict[str, Any] = {
    "sales": _of_what,
    "cap": _cap,
    "window": _window,
    "correct": _corrected,
    "cancel": _cancelled,
    "refund": _granted,
    "refund_paid": _refund_paid,
    "move": _moved,
    "capacity": _capacity,
    "pin": _pinned,
    "plan": _plan,
}
