"""What operators do with one order, each with a reason: cancel, correct, pin, give back, move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from drumroll.access.roles import Permission
from drumroll.domain import commands as cmd
from drumroll.domain.book import Order
from drumroll.domain.launch import Launch, Model
from drumroll.domain.states import DELIVERED, RESERVED, UNDELIVERED, State
from drumroll.domain.weeks import monday, week_of_day
from drumroll.web.context import Web
from drumroll.web.ops.base import Seen
from drumroll.web.ops.cells import field_amount, minor_in
from drumroll.web.ops.deeds import (
    Choice,
    Declined,
    Deed,
    Field,
    Given,
    Sheet,
    always,
    decided,
    on_to,
    routes_of,
)
from drumroll.web.ops.order_rights import check_doable, ways_from
from drumroll.web.ops.orders import HERE, order_of
from drumroll.web.pages.forms import Form
from drumroll.web.pages.order_views import state_name, state_of
from drumroll.web.pages.windows import name_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

Asked = Mapping[str, str]


async def _cancel(web: Web, seen: Seen, asked: Asked) -> Sheet:
    order, words = _sheet_of(web, seen, asked, "cancel"), seen.visitor.words
    state, held = state_of(order, web.now_ms), words.money(order.held_minor, order.offer.currency)
    choices = [Choice("yes", words.say("Owe all of it back: %(held)s", held=held))]
    if state in UNDELIVERED:
        choices.append(Choice("no", words.say("Keep it: it is forfeited")))
    return Sheet(
        title=words.say("Cancel the order"),
        says=[words.say("The order ends, its place and its week become free. That can't be undone.")],
        button=words.say("Cancel the order"),
        back=_path(order),
        facts=_facts(web, order, words),
        fields=(Field("refund", words.say("What was paid"), "select", "yes", choices=tuple(choices)),),
        sure=words.say("Yes, cancel this order for good."),
        danger=True,
    )


async def _do_cancel(web: Web, seen: Seen, given: Given) -> Any:
    refund = given.form.one("refund", "yes") != "no"
    order_id = given.asked["order_id"]
    await decided(web, cmd.Withdraw(order_id, refund, given.operator, given.reason, given.key, given.fingerprint))
    return on_to(web, f"{HERE}/{order_id}", "cancelled")


async def _correct(web: Web, seen: Seen, asked: Asked) -> Sheet:
    order, words, launch = _sheet_of(web, seen, asked, "correct"), seen.visitor.words, web.launch
    model = _model(launch, order)
    trims = tuple(Choice(trim.id, name_of(launch, model.id, trim.id, words)) for trim in model.trims)
    fields = [Field("trim", words.say("Trim"), "select", order.offer.trim, choices=trims)]
    for option in model.options:
        offered = tuple(Choice(one.id, words.text(launch, one.name)) for one in option.choices)
        chosen = tuple(one.id for one in option.choices if one.id in order.offer.options)
        name, label = f"o-{option.id}", words.text(launch, option.name)
        if option.many:
            fields.append(Field(name, label, "many", values=chosen, choices=offered, needed=False))
        else:
            fields.append(Field(name, label, "select", chosen[0] if chosen else "", choices=offered))
    if launch.regions:
        regions = tuple(Choice(one.id, words.text(launch, one.name)) for one in launch.regions)
        fields.append(Field("region", words.say("Region"), "select", order.offer.region, choices=regions))
    return Sheet(
        title=words.say("Correct the order"),
        says=[words.say("At the prices of now; the week that is promised may change with it.")],
        button=words.say("Correct"),
        back=_path(order),
        facts=_facts(web, order, words),
        fields=tuple(fields),
    )


async def _do_correct(web: Web, seen: Seen, given: Given) -> Any:
    order, form = order_of(web, given.asked["order_id"]), given.form
    options = tuple(one for name in form.fields if name.startswith("o-") for one in form.many(name))
    trim, region = form.one("trim", ""), form.one("region", "")
    command = cmd.Correct(
        order.id,
        given.operator,
        given.reason,
        given.key,
        given.fingerprint,
        trim or None,
        None if set(options) == set(order.offer.options) else options,
        region or None,
    )
    await decided(web, command)
    return on_to(web, _path(order), "corrected")


async def _pin(web: Web, seen: Seen, asked: Asked) -> Sheet:
    order, words = _sheet_of(web, seen, asked, "pin"), seen.visitor.words
    day = "" if order.promise is None else monday(order.promise.build_week).isoformat()
    return Sheet(
        title=words.say("Give the order a week"),
        says=[words.say("It is built in that week whatever a plan says, until the week is let go of.")],
        button=words.say("Give it the week"),
        back=_path(order),
        facts=_facts(web, order, words),
        fields=(Field("week", words.say("A day of the week in which it is built"), "day", day),),
    )


async def _do_pin(web: Web, seen: Seen, given: Given) -> Any:
    try:
        day = date.fromisoformat(given.form.one("week", ""))
    except ValueError:
        day = date.min
    if not 2000 <= day.year <= 2199:
        raise Declined(seen.visitor.words.say("Give a day, such as 2025-08-04."))
    return await _pinned(web, given, week_of_day(day), "pinned")


async def _unpin(web: Web, seen: Seen, asked: Asked) -> Sheet:
    order, words = _sheet_of(web, seen, asked, "unpin"), seen.visitor.words
    return Sheet(
        title=words.say("Let go of the order's week"),
        says=[words.say("The next plan may move it as it may move any other order.")],
        button=words.say("Let go of its week"),
        back=_path(order),
        facts=_facts(web, order, words),
    )


async def _do_unpin(web: Web, seen: Seen, given: Given) -> Any:
    return await _pinned(web, given, None, "unpinned")


async def _pinned(web: Web, given: Given, week: int | None, done: str) -> Any:
    order_id = given.asked["order_id"]
    await decided(web, cmd.PinOrder(order_id, week, given.operator, given.reason, given.key, given.fingerprint))
    return on_to(web, f"{HERE}/{order_id}", done)


async def _refund(web: Web, seen: Seen, asked: Asked) -> Sheet:
    order, words = _sheet_of(web, seen, asked, "refund"), seen.visitor.words
    most, currency = order.forfeited_minor, order.offer.currency
    return Sheet(
        title=words.say("Give the deposit back"),
        says=[words.say("Of what was forfeited, this much is owed to the customer from now on.")],
        button=words.say("Give it back"),
        back=_path(order),
        facts=(*_facts(web, order, words), (words.say("Forfeited"), words.money(most, currency))),
        fields=(
            Field(
                "amount",
                words.say("Amount in %(currency)s", currency=currency),
                "amount",
                field_amount(most, currency),
                hint=words.say("At most %(most)s.", most=words.money(most, currency)),
            ),
        ),
        sure=words.say("Yes, this amount is to be paid."),
    )


async def _do_refund(web: Web, seen: Seen, given: Given) -> Any:
    order, words = order_of(web, given.asked["order_id"]), seen.visitor.words
    currency = order.offer.currency
    amount_minor = minor_in(given.form.one("amount", ""), currency)
    if amount_minor is None:
        raise Declined(words.say("Give an amount in %(currency)s, such as 2500.", currency=currency))
    command = cmd.GrantRefund(order.id, amount_minor, given.operator, given.reason, given.key, given.fingerprint)
    await decided(web, command)
    return on_to(web, _path(order), "granted")


async def _move(web: Web, seen: Seen, asked: Asked) -> Sheet:
    order, words = _sheet_of(web, seen, asked, "move"), seen.visitor.words
    ways = ways_from(state_of(order, web.now_ms))
    choices = tuple(Choice(one.value, state_name(one, words)) for one in ways)
    return Sheet(
        title=words.say("Move the order in production"),
        says=[words.say("One step along, or back.")],
        button=words.say("Move"),
        back=_path(order),
        facts=_facts(web, order, words),
        fields=(Field("state", words.say("To"), "select", ways[0].value, choices=choices),),
        sure=words.say("Yes, the customer has it: that can't be undone.") if DELIVERED in ways else "",
    )


async def _do_move(web: Web, seen: Seen, given: Given) -> Any:
    order_id, state = given.asked["order_id"], given.form.one("state", "")
    moves = ((order_id, state),)
    try:
        await decided(web, cmd.MoveOrders(moves, given.operator, given.reason, given.key, given.fingerprint))
    except Problem as problem:
        if problem.code == "invalid_moves":
            words = seen.visitor.words
            raise Declined(words.say("It can't be moved there now: look at its state."), problem.status) from problem
        raise
    return on_to(web, f"{HERE}/{order_id}", "moved")


def _sheet_of(web: Web, seen: Seen, asked: Asked, what: str) -> Order:
    """The order that a page is about. Raises ``Problem``: there is none, or that can't be done with it."""
    order = order_of(web, asked["order_id"])
    check_doable(web, seen, order, what)
    return order


def _is_delivered(form: Form) -> bool:
    return form.one("state", "") == DELIVERED.value


def _facts(web: Web, order: Order, words: Words) -> tuple[tuple[str, str], ...]:
    """What the order is, over each of its forms."""
    state: State = state_of(order, web.now_ms)
    paid = words.money(order.held_minor, order.offer.currency)
    return (
        (words.say("Order"), order.id),
        (words.say("Model"), name_of(web.launch, order.offer.model, order.offer.trim, words)),
        (words.say("State"), state_name(state, words)),
        *(((words.say("Paid"), paid),) if state is not RESERVED else ()),
    )


def _model(launch: Launch, order: Order) -> Model:
    model = launch.model(order.offer.model)
    if model is None:
        raise Problem("unknown_model", f"The launch has no model {order.offer.model} any more.")
    return model


def _path(order: Order) -> str:
    return f"{HERE}/{order.id}"


_OF_ORDER = HERE + "/{order_id:str}"
_DEEDS = (
    Deed(f"{_OF_ORDER}/cancel", HERE, Permission.ACT_ON_ORDERS, _cancel, _do_cancel, always),
    Deed(f"{_OF_ORDER}/correct", HERE, Permission.ACT_ON_ORDERS, _correct, _do_correct),
    Deed(f"{_OF_ORDER}/pin", HERE, Permission.ACT_ON_ORDERS, _pin, _do_pin),
    Deed(f"{_OF_ORDER}/unpin", HERE, Permission.ACT_ON_ORDERS, _unpin, _do_unpin),
    Deed(f"{_OF_ORDER}/refund", HERE, Permission.GRANT_REFUNDS, _refund, _do_refund, always),
    Deed(f"{_OF_ORDER}/move", HERE, Permission.MOVE_ORDERS, _move, _do_move, _is_delivered),
)
ORDER_ACTS = [route for deed in _DEEDS for route in routes_of(deed)]
