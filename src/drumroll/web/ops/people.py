"""People: who somebody is, all that is kept of them as a file, and forgetting them. No contact stands in an address."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from drumroll.access.roles import Permission
from drumroll.domain.book import Book, Entry, Order
from drumroll.domain.states import ENDED
from drumroll.domain.times import rfc3339
from drumroll.people.person import Person, is_id, parse_contact
from drumroll.people.store import Erasure
from drumroll.web.context import Parts, Web
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.deeds import Declined, Deed, Given, Sheet, always, done_in, on_to, routes_of
from drumroll.web.ops.noted import note
from drumroll.web.order_views import waiting_view
from drumroll.web.pages.forms import form_of
from drumroll.web.pages.order_views import state_name, state_of
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.sessions import available
from drumroll.web.pages.windows import name_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

HERE = "/ops/people"
ZONE = "UTC"
_NOT_KEPT = ("actions", "pay_url")
"""What a view of an order adds for whoever is about to do something with it."""
_log = logging.getLogger("drumroll")


class Known(msgspec.Struct, frozen=True):
    """All that there is of somebody: the person (``None``: erased, or the log's alone), erasures, orders, waiting."""

    id: str
    person: Person | None
    erasures: list[Erasure]
    orders: tuple[Order, ...]
    waiting: tuple[Entry, ...]

    def open(self, at_ms: int) -> list[str]:
        """The ids of what is not at its end yet."""
        orders = [order.id for order in self.orders if order.state_at(at_ms) not in ENDED]
        return orders + [entry.order_id for entry in self.waiting]


@get(HERE, **needs(Permission.ERASE_PEOPLE))
def people(web: Parts, request: Asking) -> Any:
    """One field."""
    seen = seen_by(web, request)
    return ops_page(web, seen, "ops_people.html", HERE, done=done_in(request, seen.visitor.words), refused="")


@post(HERE, **needs(Permission.ERASE_PEOPLE, form=True))
async def find(web: Parts, request: Asking) -> Any:
    """By contact or id; then on to the person, by the id alone."""
    seen = seen_by(web, request)
    form = await form_of(web, request, seen.visitor)
    given, words = form.one("who", ""), seen.visitor.words
    contact = parse_contact(given)
    with available():
        found = await asyncio.to_thread(web.entrance.people.find, contact) if contact else None
    if found is not None:
        return web.pages.see_other(f"{HERE}/{found.id}")
    if is_id(given) and await _is_known(web, given):
        return web.pages.see_other(f"{HERE}/{given}")
    # What was asked for is not shown again: it may be somebody's address, on a screen that others see.
    refused = words.say("Nobody is known by this contact or id.")
    return ops_page(web, seen, "ops_people.html", HERE, status=404, done="", refused=refused)


@get(f"{HERE}/{{customer:str}}", **needs(Permission.ERASE_PEOPLE, form=True))
async def show(web: Parts, request: Asking, customer: FromPath[str]) -> Any:
    """Who they are, what they ordered, and what can be done about what is kept."""
    seen, launch = seen_by(web, request), web.launch
    known, words = await _known(web, customer), seen.visitor.words
    return ops_page(
        web,
        seen,
        "ops_person.html",
        HERE,
        done=done_in(request, words),
        known=known,
        orders=[
            (
                order.id,
                name_of(launch, order.offer.model, order.offer.trim, words),
                state_name(state_of(order, web.now_ms), words),
            )
            for order in known.orders
        ],
        waits=[(entry.order_id, name_of(launch, entry.model, entry.trim, words)) for entry in known.waiting],
        zone=launch.time_zone,
    )


@get(f"{HERE}/{{customer:str}}/export", **needs(Permission.ERASE_PEOPLE, form=True))
async def export(web: Parts, request: Asking, customer: FromPath[str]) -> Response[bytes]:
    """All that is kept of somebody, as a file to be handed to them."""
    _ = web.launch
    known = await _known(web, customer)
    await note(web, seen_by(web, request), f"{HERE}/export", known.id)
    body = msgspec.json.format(msgspec.json.encode(_exported(web, known)))
    headers = web.pages.safety.headers | {
        "content-disposition": f'attachment; filename="person-{known.id}.json"',
        "cache-control": "no-store",
    }
    return Response(body + b"\n", media_type="application/json", headers=headers)


def _exported(web: Web, known: Known) -> dict[str, Any]:
    launch, person, orders = web.launch, known.person, []
    identity = None
    if person is not None:
        identity = {"id": person.id, "contact": person.contact, "kind": person.kind, "name": person.name}
        identity |= {"language": person.language, "known_since": rfc3339(person.made_ms, ZONE)}
    for order in known.orders:
        view: dict[str, Any] = msgspec.to_builtins(web.shown(order))
        kept = {name: value for name, value in view.items() if name not in _NOT_KEPT}
        orders.append({**kept, "history": msgspec.to_builtins(web.history(order, for_operators=False).events)})
    return {
        "id": known.id,
        "identity": identity,
        "erased": [{"at": rfc3339(one.at_ms, ZONE), "reason": one.reason} for one in known.erasures],
        "launch": launch.id,
        "based_on": web.desk.position,
        "at": rfc3339(web.desk.at_ms, launch.time_zone),
        "orders": orders,
        "waiting": [msgspec.to_builtins(waiting_view(web.desk.book, entry)) for entry in known.waiting],
    }


async def _known(web: Web, customer: str) -> Known:
    """All that there is of an id. Raises ``Problem`` if there is nothing."""
    if not is_id(customer) or not await _is_known(web, customer):
        raise Problem("not_found", "Nobody is known by this id.")
    store, book = web.entrance.people, web.desk.book
    with available():
        person = await asyncio.to_thread(store.read, customer)
        erasures = await asyncio.to_thread(store.erasures, customer)
    return Known(customer, person, erasures, book.customers.get(customer, ()), _waiting_of(book, customer))


async def _is_known(web: Web, customer: str) -> bool:
    book, store = web.desk.book, web.entrance.people
    if customer in book.customers or customer in book.waiting_of:
        return True
    with available():
        if await asyncio.to_thread(store.read, customer) is not None:
            return True
        return bool(await asyncio.to_thread(store.erasures, customer))


def _waiting_of(book: Book, customer: str) -> tuple[Entry, ...]:
    return book.waiting_of.get(customer, ())


async def _erase_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words: Words = seen.visitor.words
    known = await _known(web, asked["customer"])
    is_open = known.open(web.now_ms)
    says = [
        words.say(
            "Name and contact are erased from every file of drumroll, and their sessions end. That can't be undone."
        ),
        words.say("The log keeps the orders, under an id that then names nobody. Backups are yours to see to."),
    ]
    sure = words.say("Yes, erase name and contact for good.")
    if is_open:
        says.insert(
            0,
            words.say(
                "Still open: %(ids)s. They can't be told of an offer or a delivery any more.",
                ids=words.listed(is_open[:5]),
            ),
        )
        sure = words.say("Yes, erase name and contact for good, although something is open.")
    return Sheet(
        title=words.say("Erase the person"),
        says=says,
        button=words.say("Erase name and contact"),
        back=f"{HERE}/{known.id}",
        facts=((words.say("Person"), known.id), (words.say("Orders in the log"), words.number(len(known.orders)))),
        sure=sure,
        danger=True,
    )


async def _erase(web: Web, seen: Seen, given: Given) -> Any:
    known = await _known(web, given.asked["customer"])
    if known.person is None and not known.erasures:
        raise Declined(seen.visitor.words.say("There is neither a name nor a contact to erase."), 409)
    with available():
        await asyncio.to_thread(web.entrance.people.erase, known.id, given.reason, int(web.now_s() * 1000))
        ended = await asyncio.to_thread(web.entrance.access.revoke_all, known.id)
    web.sessions.revoked.update(ended)
    _log.warning("operator %s erased the person %s", seen.operator.name, known.id)
    return on_to(web, f"{HERE}/{known.id}", "erased")


_DEED = Deed(
    HERE + "/{customer:str}/erase", HERE, Permission.ERASE_PEOPLE, _erase_sheet, _erase, always, about="customer"
)
PEOPLE_PAGES = [people, find, show, export, *routes_of(_DEED)]
