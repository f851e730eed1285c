"""Orders for operators: finding them, and one with everything about it."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import get, post
from litestar.params import FromPath

from drumroll.access.roles import Permission
from drumroll.domain.book import Order
from drumroll.domain.launch import Launch
from drumroll.domain.states import GONE, State
from drumroll.people.person import Person, parse_contact
from drumroll.web.context import Parts, Web
from drumroll.web.lookups import Wanted, look_up
from drumroll.web.messages_operator import FoundOrder
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.cells import amount_cell, moment_in, said_cell, state_cell
from drumroll.web.ops.deeds import done_in
from drumroll.web.ops.order_rights import doable
from drumroll.web.ops.order_story import told_of
from drumroll.web.ops.tables import SHOWN, Cell, Column, Table, exported, view_of
from drumroll.web.pages.forms import form_of
from drumroll.web.pages.order_views import badge_of, money_of, place_text, promised_of, state_name, state_of
from drumroll.web.pages.pages import Html
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.sessions import available
from drumroll.web.pages.windows import chosen_of, name_of, region_name
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

HERE = "/ops/orders"
WHO_LIMIT = 64


class Asked(msgspec.Struct, frozen=True):
    """What the form of the search holds, as it was typed."""

    who: str = ""
    state: str = ""
    what: str = ""
    since: str = ""
    before: str = ""


@get(HERE, **needs(Permission.FIND_ORDERS))
def find_orders(web: Parts, request: Asking) -> Any:
    """A page of the orders that are looked for, oldest first. Who knows an order's number is taken to it."""
    seen, launch, fields = seen_by(web, request), web.launch, request.query_params
    asked = Asked(**{name: fields.get(name, "").strip()[:WHO_LIMIT] for name in Asked.__struct_fields__})
    if asked.who in web.desk.book.orders:
        return web.pages.see_other(f"{HERE}/{asked.who}")
    words = seen.visitor.words
    found = look_up(web.desk.book, _wanted(asked, launch), SHOWN, fields.get("cursor") or None, web.desk.at_ms)
    table = Table(
        "orders", words.say("Orders"), _columns(words), _rows(found.orders, launch, words), _empty(found.next, words)
    )
    file = exported(table, fields)
    if file is not None:
        return file
    again = {name: value for name, value in msgspec.structs.asdict(asked).items() if value}
    return ops_page(
        web,
        seen,
        "ops_orders.html",
        HERE,
        asked=asked,
        table=view_of(table, dict(fields)),
        next="" if found.next is None else f"{HERE}?{urlencode({**again, 'cursor': found.next})}",
        first=HERE + (f"?{urlencode(again)}" if again else "") if "cursor" in fields else "",
        **_offered(launch, words),
        refused="",
    )


@post(f"{HERE}/person", **needs(Permission.SEE_CONTACTS, form=True))
async def find_person(web: Parts, request: Asking) -> Any:
    """The orders of whoever is reached by an address or number: a form, so that it stands in no address."""
    seen, launch = seen_by(web, request), web.launch
    form = await form_of(web, request, seen.visitor)
    contact, words = parse_contact(form.one("contact", "")), seen.visitor.words
    with available():
        found = await asyncio.to_thread(web.entrance.people.find, contact) if contact else None
    if found is not None:
        return web.pages.see_other(f"{HERE}?{urlencode({'who': found.id})}")
    refused = words.say("Nobody is known by this e-mail address or phone number.")
    if contact is None:
        refused = words.say("This is neither an e-mail address nor a phone number. Please check it.")
    table = Table("orders", words.say("Orders"), _columns(words), [], words.say("No orders."))
    return ops_page(
        web,
        seen,
        "ops_orders.html",
        HERE,
        status=404 if contact else 422,
        asked=Asked(),
        table=view_of(table, {}),
        next="",
        first=HERE,
        **_offered(launch, words),
        refused=refused,
    )


@get(f"{HERE}/{{order_id:str}}", **needs(Permission.FIND_ORDERS, form=True))
async def show_order(web: Parts, request: Asking, order_id: FromPath[str]) -> Html:
    """Everything about an order, and what can be done with it."""
    seen, launch = seen_by(web, request), web.launch
    order, words = order_of(web, order_id), seen.visitor.words
    view, events = web.shown(order), web.history(order, for_operators=True).events
    model, state = launch.model(order.offer.model), state_of(order, web.now_ms)
    return ops_page(
        web,
        seen,
        "ops_order.html",
        HERE,
        done=done_in(request, words),
        order=order,
        name=name_of(launch, order.offer.model, order.offer.trim, words),
        state=state_name(state, words),
        badge=badge_of(state),
        person=await _person(web, seen, order),
        region=region_name(launch, order.offer.region, words),
        chosen=chosen_of(launch, model, order.offer.options, words) if model else [],
        place=place_text(view, words),
        money=money_of(launch, view, words),
        promise=promised_of(launch, view, events, words),
        nothing_promised=view.unpromised is not None and state not in GONE,
        story=told_of(launch, events, words),
        deeds=doable(web, seen, order),
    )


def order_of(web: Web, order_id: str) -> Order:
    """The order of that id. Raises ``Problem``."""
    order = web.desk.book.orders.get(order_id)
    if order is None:
        raise Problem("no_such_order", f"There is no order {order_id[:64]}.")
    return order


async def _person(web: Web, seen: Seen, order: Order) -> Person | None:
    if not seen.may(Permission.SEE_CONTACTS):
        return None
    with available():
        return await asyncio.to_thread(web.entrance.people.read, order.customer)


def _wanted(asked: Asked, launch: Launch) -> Wanted:
    """Raises ``Problem`` for what can't be looked for."""
    model, _, trim = asked.what.partition("/")
    if asked.state and asked.state not in [state.value for state in State]:
        raise Problem("invalid_request", f"state: found {asked.state[:40]!r}, allowed: a state of an order.")
    return Wanted(
        asked.state or None,
        model or None,
        trim or None,
        asked.who or None,
        _bound("since", asked.since, launch),
        _bound("before", asked.before, launch),
    )


def _bound(field: str, text: str, launch: Launch) -> int | None:
    found = moment_in(text, launch.time_zone) if text else None
    if text and found is None:
        raise Problem("invalid_request", f"{field}: found {text[:40]!r}, allowed: a time like 2025-06-26T22:00.")
    return found


def _offered(launch: Launch, words: Words) -> dict[str, Any]:
    """What the form of the search has to choose from."""
    whats = []
    for model in launch.models:
        whats.append((model.id, words.text(launch, model.name)))
        if len(model.trims) > 1:
            whats += [(f"{model.id}/{trim.id}", name_of(launch, model.id, trim.id, words)) for trim in model.trims]
    return {"states": [(state.value, state_name(state, words)) for state in State], "whats": whats}


def _columns(words: Words) -> list[Column]:
    return [
        Column("order", words.say("Order")),
        Column("what", words.say("Model")),
        Column("state", words.say("State")),
        Column("region", words.say("Region")),
        Column("price", words.say("Price"), amount=True),
        Column("held", words.say("Paid"), amount=True),
        Column("ordered", words.say("Ordered")),
        Column("changed", words.say("Last change")),
        Column("customer", words.say("Customer")),
    ]


def _rows(found: list[FoundOrder], launch: Launch, words: Words) -> list[list[Cell]]:
    return [
        [
            Cell(one.id, link=f"{HERE}/{one.id}"),
            Cell(name_of(launch, one.model, one.trim, words)),
            state_cell(State(one.state), words),
            Cell(region_name(launch, one.region, words)),
            amount_cell(one.price_minor, one.currency, words),
            amount_cell(one.held_minor, one.currency, words),
            said_cell(one.ordered_at, launch.time_zone, words),
            said_cell(one.changed_at, launch.time_zone, words),
            Cell(one.customer, link=f"{HERE}?{urlencode({'who': one.customer})}"),
        ]
        for one in found
    ]


def _empty(following: str | None, words: Words) -> str:
    if following is not None:
        return words.say("None of the orders looked at so far. Go on with the next ones.")
    return words.say("No order fits.")


ORDER_PAGES = [find_orders, find_person, show_order]
