"""What a customer may do with an order, each with until when: pure, in the order in which one looks for it."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from drumroll.domain.book import Book, Order
from drumroll.domain.launch import Launch
from drumroll.domain.rights import Right, rights
from drumroll.words.catalog import Words

_ORDER = ("undo_lock", "change", "convert", "lock", "cancel")


class ActionLine(msgspec.Struct, frozen=True):
    """One thing to do: where its first step is (``now``: it is done at once), and what its button says."""

    action: str
    title: str
    text: str
    button: str
    path: str
    now: bool = False


def actions_of(book: Book, order: Order, now_ms: int, words: Words) -> list[ActionLine]:
    """All but paying, which has a place of its own."""
    assert book.launch is not None
    found = [right for right in rights(book, order, now_ms) if right.action in _ORDER]
    found.sort(key=lambda right: _ORDER.index(right.action))
    return [_line(book.launch, order, right, words) for right in found]


def _line(launch: Launch, order: Order, right: Right, words: Words) -> ActionLine:
    until = "" if right.until_ms is None else words.moment(right.until_ms, launch.time_zone)
    path = f"/orders/{order.id}/{right.action.replace('_', '-')}"
    held = words.money(order.held_minor, order.offer.currency)
    if right.action == "change":
        return _change(until, path, words)
    if right.action == "convert":
        return _convert(launch, right, until, path, words)
    if right.action == "undo_lock":
        text = words.say("You locked it early. Until %(until)s that can be taken back.", until=until)
        return ActionLine("undo-lock", words.say("Undo the lock"), text, words.say("Undo the lock"), path, now=True)
    if right.action == "lock":
        return _lock(until, held, path, words)
    return _cancel(right, held if order.held_minor else "", until, path, words)


def _change(until: str, path: str, words: Words) -> ActionLine:
    text = words.say("Trim, options and region, until %(until)s.", until=until)
    text = text if until else words.say("Trim, options and region, until you lock it.")
    return ActionLine("change", words.say("Change the configuration"), text, words.say("Change it"), path)


def _convert(launch: Launch, right: Right, until: str, path: str, words: Words) -> ActionLine:
    models = [model for one in right.to if (model := launch.model(one)) is not None]
    names = words.listed([words.text(launch, model.name) for model in models])
    text = words.say("Make it an order for %(names)s, until %(until)s.", names=names, until=until)
    return ActionLine(
        "convert",
        words.say("Change the model"),
        text,
        words.say("Choose the model"),
        f"{path}?{urlencode({'model': right.to[0]})}",
    )


def _lock(until: str, held: str, path: str, words: Words) -> ActionLine:
    if until:
        text = words.say(
            "You get your place in the queue now and give up the refund of %(held)s. Otherwise it locks on %(until)s.",
            held=held,
            until=until,
        )
    else:
        text = words.say("You get your place in the queue and give up the refund of %(held)s.", held=held)
    return ActionLine("lock", words.say("Lock early"), text, words.say("Lock early"), path)


def _cancel(right: Right, held: str, until: str, path: str, words: Words) -> ActionLine:
    if right.confirm:
        text = words.say("It is locked: you would give up the deposit of %(held)s.", held=held)
    elif not held:
        text = words.say("Nothing was paid yet, so it costs nothing.")
    elif until:
        text = words.say("Until %(until)s all of %(held)s is paid back.", until=until, held=held)
    else:
        text = words.say("All of %(held)s is paid back.", held=held)
    return ActionLine("cancel", words.say("Cancel the order"), text, words.say("Cancel the order"), path)
