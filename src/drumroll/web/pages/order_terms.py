"""The first of two steps in words: what would be given up, paid, moved. Pure, from the facts that the desk answers."""

from __future__ import annotations

from typing import Any

import msgspec

from drumroll.domain.book import Book, Entry, Order
from drumroll.domain.delivery import Delivery
from drumroll.domain.launch import Launch
from drumroll.web.pages.order_views import launch_of, place_of
from drumroll.web.pages.windows import Chosen, Window, chosen_of, name_of, region_name, window_of
from drumroll.words.catalog import Words

Facts = dict[str, Any]


class Moved(msgspec.Struct, frozen=True):
    """The delivery before and after."""

    before: str
    now: Window | None


class Terms(msgspec.Struct, frozen=True):
    """What somebody is about to do. ``understood``: what they have to tick; empty where nothing is given up for good.

    ``way_out``: what they could do instead, and where. ``danger``: whether the button is to look like it.
    """

    title: str
    lead: str
    facts: list[tuple[str, str]]
    gives_up: list[str]
    button: str
    understood: str = ""
    way_out: str = ""
    danger: bool = False
    chosen: list[Chosen] = []
    delivery: Moved | None = None
    confirmation: str = ""


def cancel_terms(book: Book, order: Order, words: Words) -> Terms:
    """Before the lock: the desk asks for no confirmation, but nobody cancels by one slip."""
    launch, held = launch_of(book), words.money(order.held_minor, order.offer.currency)
    facts = [(words.say("Your order"), name_of(launch, order.offer.model, order.offer.trim, words))]
    facts.append((words.say("Paid back"), held if order.held_minor else words.say("nothing, for nothing was paid")))
    paid = order.held_minor > 0
    return Terms(
        title=words.say("Cancel the order?"),
        lead=words.say("Its place goes to somebody else. If you order again later, you come after all others."),
        facts=facts,
        gives_up=[words.say("the order"), words.say("its delivery time")],
        button=words.say("Cancel the order; get %(held)s back", held=held) if paid else words.say("Cancel the order"),
        danger=True,
    )


def forfeit_terms(book: Book, order: Order, facts: Facts, words: Words) -> Terms:
    """After the lock."""
    launch, lost = launch_of(book), words.money(facts["forfeits_minor"], facts["currency"])
    zone, way_out = launch.time_zone, ""
    shown = [(words.say("Your order"), name_of(launch, order.offer.model, order.offer.trim, words))]
    shown.append((words.say("Not paid back"), lost))
    shown.append((words.say("Could be had back until"), words.rfc3339(facts["refundable_until"], zone)))
    if facts["undo_until"]:
        until = words.rfc3339(facts["undo_until"], zone)
        way_out = words.say(
            "Until %(until)s you can undo the lock instead; then you can cancel and have all of it back.", until=until
        )
    return Terms(
        title=words.say("Give up the order?"),
        lead=words.say(
            "The order is locked. If you cancel it now, its deposit of %(lost)s is not paid back.", lost=lost
        ),
        facts=shown,
        gives_up=[
            words.say("the deposit of %(lost)s", lost=lost),
            words.say("the place in the queue"),
            words.say("the order"),
        ],
        button=words.say("Cancel for good; give up %(lost)s", lost=lost),
        understood=words.say("I understand that I don't get the deposit of %(lost)s back.", lost=lost),
        way_out=way_out,
        danger=True,
        confirmation=facts["confirmation"],
    )


def lock_terms(book: Book, order: Order, facts: Facts, words: Words) -> Terms:
    """Before its cooling-off ends."""
    launch, held = launch_of(book), words.money(facts["forfeits_minor"], facts["currency"])
    until = facts["refundable_until"]
    shown = [(words.say("Your order"), name_of(launch, order.offer.model, order.offer.trim, words))]
    shown.append((words.say("Place in the queue"), words.say("number %(place)s", place=words.number(facts["place"]))))
    if until:
        shown.append((words.say("Refundable otherwise until"), words.rfc3339(until, launch.time_zone)))
    undo = words.span(facts["undo_s"]) if facts["undo_s"] else ""
    shown.append(
        (words.say("Can be undone"), words.say("for %(undo)s", undo=undo) if undo else words.say("not at all"))
    )
    return Terms(
        title=words.say("Lock the order early?"),
        lead=words.say(
            "A locked order goes to production as it is. It can't be changed any more, and its deposit is no longer "
            "refunded."
        ),
        facts=shown,
        gives_up=[
            words.say("the refund of %(held)s", held=held),
            words.say("the right to change trim, options and region"),
        ],
        button=words.say("Lock this order for good; give up the refund of %(held)s", held=held),
        understood=words.say("I understand that I can neither have %(held)s back nor change the order.", held=held),
        danger=True,
        confirmation=facts["confirmation"],
    )


def change_terms(book: Book, order: Order, facts: Facts, words: Words) -> Terms:
    """Another trim, configuration or region."""
    launch, price = launch_of(book), words.money(facts["price_minor"], facts["currency"])
    name = name_of(launch, order.offer.model, facts["trim"], words)
    return Terms(
        title=words.say("Change the order?"),
        lead=words.say("The order stays yours, with its deposit. Its prices are those of now."),
        facts=[(words.say("Your order"), name), *_prices(facts, words), *_region(launch, facts, words)],
        gives_up=[],
        button=words.say("Change the order, at %(price)s", price=price),
        chosen=_chosen(launch, order.offer.model, facts, words),
        delivery=_moved(launch, facts, words),
        confirmation=facts["confirmation"],
    )


def convert_terms(book: Book, order: Order, facts: Facts, words: Words) -> Terms:
    """Another model, through a window of the launch."""
    launch, for_good = launch_of(book), bool(facts["irreversible"])
    before = name_of(launch, order.offer.model, order.offer.trim, words)
    name = name_of(launch, facts["model"], facts["trim"], words)
    if for_good:
        lead = words.say("The same order becomes one for another model. That can't be taken back.")
        button = words.say("Change for good to %(name)s", name=name)
        understood = words.say("I understand that it can't become %(before)s again.", before=before)
    else:
        until = words.rfc3339(facts["closes_at"], launch.time_zone)
        lead = words.say(
            "The same order becomes one for another model. Until %(until)s that can be taken back.", until=until
        )
        button, understood = words.say("Change to %(name)s", name=name), ""
    lost = not facts["keeps_place"] and facts["place_before"] is not None
    return Terms(
        title=words.say("Change the model?"),
        lead=lead,
        facts=[
            (words.say("Until now"), before),
            (words.say("From now on"), name),
            *_prices(facts, words),
            *_deposit(facts, words),
            *_standing(launch, facts, words),
            *_region(launch, facts, words),
        ],
        gives_up=[words.say("the place in the queue")] if lost else [],
        button=button,
        understood=understood,
        danger=for_good,
        chosen=_chosen(launch, facts["model"], facts, words),
        delivery=_moved(launch, facts, words),
        confirmation=facts["confirmation"],
    )


def leave_terms(book: Book, entry: Entry, words: Words) -> Terms:
    """Out of the waiting list."""
    position = words.number(place_of(book, entry))
    return Terms(
        title=words.say("Leave the waiting list?"),
        lead=words.say("Whoever joins again comes after all who wait."),
        facts=[(words.say("Waiting for"), name_of(launch_of(book), entry.model, entry.trim, words))],
        gives_up=[words.say("place number %(position)s in the waiting list", position=position)],
        button=words.say("Leave the waiting list"),
        danger=True,
    )


def _prices(facts: Facts, words: Words) -> list[tuple[str, str]]:
    currency, difference_minor = facts["currency"], facts["difference_minor"]
    shown = [
        (words.say("Price"), words.money(facts["price_minor"], currency)),
        (words.say("Price before"), words.money(facts["price_before_minor"], currency)),
    ]
    name = words.say("That is less by") if difference_minor < 0 else words.say("That is more by")
    return [*shown, (name, words.money(abs(difference_minor), currency))] if difference_minor else shown


def _deposit(facts: Facts, words: Words) -> list[tuple[str, str]]:
    currency = facts["currency"]
    if facts["due_minor"]:
        return [(words.say("Deposit to be paid on top"), words.money(facts["due_minor"], currency))]
    if facts["refund_minor"]:
        return [(words.say("Paid back of the deposit"), words.money(facts["refund_minor"], currency))]
    return [
        (
            words.say("Deposit"),
            words.say("%(held)s, as before", held=words.money(facts["deposit_held_minor"], currency)),
        )
    ]


def _standing(launch: Launch, facts: Facts, words: Words) -> list[tuple[str, str]]:
    """Its place in the other queue, and until when its deposit could be had back."""
    shown = []
    if facts["place"] is not None:
        place = words.number(facts["place"])
        text = words.say("number %(place)s: you keep your place", place=place)
        shown.append(
            (
                words.say("Place in the queue"),
                text if facts["keeps_place"] else words.say("number %(place)s: at the end", place=place),
            )
        )
    if facts["refundable_until"]:
        shown.append((words.say("Refundable until"), words.rfc3339(facts["refundable_until"], launch.time_zone)))
    return shown


def _region(launch: Launch, facts: Facts, words: Words) -> list[tuple[str, str]]:
    name = region_name(launch, facts["region"], words)
    return [(words.say("Delivered to"), name)] if name else []


def _chosen(launch: Launch, model_id: str, facts: Facts, words: Words) -> list[Chosen]:
    model = launch.model(model_id)
    return [] if model is None else chosen_of(launch, model, facts["options"], words)


def _moved(launch: Launch, facts: Facts, words: Words) -> Moved | None:
    if "delivery" not in facts:
        return None
    before, now = (
        window_of(launch, msgspec.convert(told, Delivery) if told else None, words)
        for told in (facts["delivery_before"], facts["delivery"])
    )
    return Moved(before.days if before else words.say("no week was promised"), now)


OF_ACTION = {
    "forfeit": forfeit_terms,
    "lock": lock_terms,
    "change": change_terms,
    "convert": convert_terms,
}
"""By the ``action`` that the desk wants confirmed."""
