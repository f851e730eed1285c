"""The configurator of an order that there is: another configuration of its model, or another model by a window."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.params import FromPath

from drumroll.domain.book import Order
from drumroll.domain.configuration import Configured, configure, kept
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.refusal import Refusal
from drumroll.domain.rights import rights
from drumroll.web.context import Parts, Web
from drumroll.web.messages_orders import WantedChange, WantedConversion
from drumroll.web.pages.acting import Said, first_or_refused, terms_of
from drumroll.web.pages.configure import (
    CHOICE,
    CHOICES_LIMIT,
    OneOf,
    option_fields,
    region_choices,
    told_why,
    trim_choices,
)
from drumroll.web.pages.orders import own, refused
from drumroll.web.pages.pages import PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import Visitor, visitor_of
from drumroll.web.pages.windows import name_of
from drumroll.web.problems import Problem
from drumroll.web.quotes import Wanted

_OF_THE_ORDER = (
    "wrong_state",
    "no_such_order",
    "no_conversion",
    "conversion_not_open",
    "conversion_closed",
    "already_converted",
    "desk_closed",
)
"""Refusals that no other choice would mend: they are said on the order's page."""


@get("/orders/{order_id:str}/change", **PAGE)
def change_page(web: Parts, request: Asking, order_id: FromPath[str]) -> Html:
    """Another trim, other options, another region, with what that costs and when it would come."""
    visitor = visitor_of(web, request)
    order = own(web, visitor, order_id)
    wanted = _wanted(web.launch, order, order.offer.model, request)
    said = WantedChange(wanted.trim, list(wanted.options), wanted.region)
    return _page(web, visitor, order, "change", wanted, said, request, [])


@get("/orders/{order_id:str}/convert", **PAGE)
def convert_page(web: Parts, request: Asking, order_id: FromPath[str]) -> Html:
    """An order for another model, as the windows of the launch have it."""
    visitor = visitor_of(web, request)
    order = own(web, visitor, order_id)
    targets = _targets(web, order)
    if not targets:
        return refused(web, visitor, order, _no_way(web, visitor, order))
    asked_for = request.query_params.get("model", targets[0])
    model_id = asked_for if asked_for in targets else targets[0]
    wanted = _wanted(web.launch, order, model_id, request)
    said = WantedConversion(wanted.model, wanted.trim, list(wanted.options), wanted.region)
    return _page(web, visitor, order, "convert", wanted, said, request, targets)


def _targets(web: Web, order: Order) -> list[str]:
    """The models that it can become one of now."""
    found = [right for right in rights(web.desk.book, order, web.now_ms) if right.action == "convert"]
    return list(dict.fromkeys(model for right in found for model in right.to))


def _no_way(web: Web, visitor: Visitor, order: Order) -> Problem:
    """Why it can become no other model now: by the desk's own words, of the first that some window names."""
    windows = [one for one in web.launch.conversions if order.offer.model in one.from_models]
    model = web.launch.model(windows[0].to_models[0]) if windows else None
    if model is not None:
        try:
            terms_of(web, visitor, order, "convert", WantedConversion(model.id, model.trims[0].id))
        except Problem as problem:
            return problem
    return Problem("no_conversion", f"Order {order.id} can't become one for another model.")


def _wanted(launch: Launch, order: Order, model_id: str, request: Asking) -> Wanted:
    """What the address asks for; without a trim that the model has, what the order is (or was, or else the default)."""
    model = launch.model(model_id)
    if model is None:
        raise Problem("unknown_model", f"There is no model {model_id[:32]!r}.")
    fields = request.query_params
    trim = next((one for one in model.trims if one.id == fields.get("trim")), None)
    if trim is None:
        return _as_it_is(order, model)
    chosen = [value for name, value in fields.multi_items() if name.startswith(CHOICE)]
    if len(chosen) > CHOICES_LIMIT:
        raise Problem("invalid_request", f"options: {len(chosen)} choices; allowed: {CHOICES_LIMIT}.")
    return Wanted(
        model.id, trim.id, kept(model, trim, tuple(chosen)), fields.get("region") or order.offer.region or None
    )


def _as_it_is(order: Order, model: Model) -> Wanted:
    last = order.converted_by
    was = order.offer if model.id == order.offer.model else last.offer if last is not None else None
    trim = next((one for one in model.trims if was is not None and one.id == was.trim), model.trims[0])
    if was is None or was.model != model.id:
        return Wanted(model.id, trim.id, (), order.offer.region or None)
    return Wanted(model.id, trim.id, kept(model, trim, was.options), was.region or None)


def _page(
    web: Web,
    visitor: Visitor,
    order: Order,
    action: str,
    wanted: Wanted,
    said: Said,
    request: Asking,
    targets: list[str],
) -> Html:
    if request.query_params.get("step") == "review":
        return first_or_refused(web, visitor, order, action, said)
    launch, words = web.launch, visitor.words
    model = launch.model(wanted.model)
    assert model is not None
    trim = next(one for one in model.trims if one.id == wanted.trim)
    configured = configure(model, trim, wanted.options)
    try:
        shown = _shown(web, visitor, order, action, said, model, configured)
    except Problem as problem:
        return refused(web, visitor, order, problem)
    return page(
        web,
        visitor,
        "change.html",
        here="orders",
        order=order,
        action=action,
        name=name_of(launch, order.offer.model, order.offer.trim, words),
        models=_models(launch, targets, wanted.model, visitor),
        **_choices(launch, model, trim, wanted, configured, visitor),
        **shown,
    )


def _shown(
    web: Web,
    visitor: Visitor,
    order: Order,
    action: str,
    said: Said,
    model: Model,
    configured: Configured | Refusal,
) -> dict[str, Any]:
    """The terms of what was chosen, or why there are none. Raises ``Problem`` if no other choice would mend that."""
    words = visitor.words
    if isinstance(configured, Refusal):
        return {"terms": None, "same": False, "refused": told_why(web.launch, model, configured, words)}
    try:
        return {"terms": terms_of(web, visitor, order, action, said), "same": False, "refused": ""}
    except Problem as problem:
        if problem.code in _OF_THE_ORDER:
            raise
        same = problem.code == "nothing_to_change"
        told = "" if same else words.problem(problem.code, problem.facts, problem.detail)
        return {"terms": None, "same": same, "refused": told}


def _models(launch: Launch, targets: list[str], chosen: str, visitor: Visitor) -> list[OneOf]:
    models = [model for one in targets if (model := launch.model(one)) is not None]
    return [OneOf(one.id, visitor.words.text(launch, one.name), "", checked=one.id == chosen) for one in models]


def _choices(
    launch: Launch, model: Model, trim: Trim, wanted: Wanted, configured: Configured | Refusal, visitor: Visitor
) -> dict[str, Any]:
    """The fields of the configurator, as the store has them."""
    words = visitor.words
    return {
        "trims": trim_choices(launch, model, trim, words),
        "options": option_fields(launch, model, trim, wanted, configured, words),
        "regions": region_choices(launch, wanted.region, words),
    }


RECONFIGURING_PAGES = [change_page, convert_page]
