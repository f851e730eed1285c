"""The configurator and the page before the order: what it costs, when it comes, what can still be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote as quoted_for_url
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.params import FromPath

from drumroll.domain.book import Book
from drumroll.domain.configuration import Configured, configure, default_choices, has, kept
from drumroll.domain.launch import Launch, Model, Option, Trim
from drumroll.domain.refusal import Refusal
from drumroll.web.context import Parts, Web
from drumroll.web.messages import SaleState
from drumroll.web.messages_promise import QuoteView
from drumroll.web.pages.pages import PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import Visitor, visitor_of
from drumroll.web.pages.windows import Window, name_of, region_name, window_of
from drumroll.web.problems import Problem
from drumroll.web.quotes import Wanted, quote
from drumroll.web.sale import state_of
from drumroll.words.catalog import Words

CHOICE = "o-"
"""What the fields of options begin with."""
CHOICES_LIMIT = 100


class OneOf(msgspec.Struct, frozen=True):
    """Something to choose. ``fits``: whether the trim can have it."""

    id: str
    name: str
    price: str
    checked: bool
    fits: bool = True


class OptionField(msgspec.Struct, frozen=True):
    """The choices of one option."""

    id: str
    name: str
    many: bool
    choices: list[OneOf]


class QuotePanel(msgspec.Struct, frozen=True):
    """What an order would be, in words."""

    name: str
    price: str
    with_vat: bool
    deposit: str
    region: str
    window: Window | None
    nothing: str
    place: str
    cancelling: str
    promises: bool
    state: SaleState


@get("/configure/{model_id:str}", **PAGE)
def configure_page(web: Parts, request: Asking, model_id: FromPath[str]) -> Html:
    """Trim, options, region; what that costs and when it comes. A form: it works without scripts."""
    visitor, launch = visitor_of(web, request), web.launch
    model = launch.model(model_id)
    if model is None:
        raise Problem("unknown_model", f"There is no model {model_id[:32]!r}.")
    wanted = wanted_in(model, request)
    trim = next(one for one in model.trims if one.id == wanted.trim)
    configured = configure(model, trim, wanted.options)
    refused = told_why(launch, model, configured, visitor.words) if isinstance(configured, Refusal) else ""
    return page(
        web,
        visitor,
        "configure.html",
        here="store",
        model_id=model.id,
        model_name=visitor.words.text(launch, model.name),
        trims=trim_choices(launch, model, trim, visitor.words),
        options=option_fields(launch, model, trim, wanted, configured, visitor.words),
        regions=region_choices(launch, wanted.region, visitor.words),
        refused=refused,
        quote=None if refused else quote_panel(web.desk.book, wanted, web.now_ms, visitor.words),
        opens_at_ms=model.opens_at_ms,
        room=launch.waiting_room is not None,
        waiting_list=launch.waiting_offer_s is not None,
    )


def told_why(launch: Launch, model: Model, refusal: Refusal, words: Words) -> str:
    """Why these choices don't go together, by their names."""
    names = {one.id: words.text(launch, one.name) for option in model.options for one in option.choices}
    named = {
        name: names.get(value, value) if isinstance(value, str) else value for name, value in refusal.facts.items()
    }
    return words.problem(refusal.code.value, named, refusal.message)


def _with_defaults(model: Model, trim: Trim, chosen: Sequence[str]) -> list[str]:
    """The choices, and the default of every option that none was made of."""
    of = {one.id: option.id for option in model.options for one in option.choices}
    touched = {of[one] for one in chosen}
    return [*chosen, *(taken.choice.id for taken in default_choices(model, trim) if taken.option.id not in touched)]


def wanted_in(model: Model, request: Asking) -> Wanted:
    """What the address asks for. What the trim can't have (another one had it) is left out. Raises ``Problem``."""
    fields = request.query_params
    asked = fields.get("trim") or model.trims[0].id
    trim = next((one for one in model.trims if one.id == asked), None)
    if trim is None:
        raise Problem("unknown_trim", f"{model.name} has no trim {asked[:32]!r}.")
    chosen = [value for name, value in fields.multi_items() if name.startswith(CHOICE) or name == "options"]
    if len(chosen) > CHOICES_LIMIT:
        raise Problem("invalid_request", f"options: {len(chosen)} choices; allowed: {CHOICES_LIMIT}.")
    return Wanted(model.id, trim.id, kept(model, trim, tuple(chosen)), fields.get("region") or None)


def quote_panel(book: Book, wanted: Wanted, now_ms: int, words: Words) -> QuotePanel:
    """What an order would be now. Raises ``Problem`` if there is no such thing to order."""
    launch = book.launch
    assert launch is not None
    quoted = quote(book, wanted, now_ms)
    if isinstance(quoted, Refusal):
        raise Problem(quoted.code, quoted.message, quoted.facts)
    return QuotePanel(
        name=name_of(launch, wanted.model, wanted.trim, words),
        price=words.money(quoted.price_minor, launch.currency),
        with_vat=launch.finance is not None and launch.finance.vat_percent != "0",
        deposit=words.money(quoted.deposit_minor, launch.currency),
        region=region_name(launch, quoted.region, words),
        window=window_of(launch, quoted.delivery, words),
        nothing=words.say("No week can be promised for this now."),
        place=words.number(quoted.place),
        cancelling=_cancelling(launch, quoted, words),
        promises=bool(launch.plants),
        state=state_of(quoted),
    )


def _cancelling(launch: Launch, quoted: QuoteView, words: Words) -> str:
    deposit = words.money(quoted.deposit_minor, launch.currency)
    if launch.cooling_off_s is None:
        return words.say("You can cancel and get %(deposit)s back until you lock the order yourself.", deposit=deposit)
    if launch.cooling_off_s == 0:
        return words.say(
            "Before you pay, cancelling costs nothing. Once %(deposit)s is paid, the order locks at once: it can't be "
            "changed, and cancelling it gives the deposit up.",
            deposit=deposit,
        )
    return words.say(
        "For %(span)s after you paid it, you can cancel and get all of %(deposit)s back. Then the order locks, and "
        "cancelling it gives the deposit up. You may lock it earlier yourself; that takes two steps.",
        span=words.span(launch.cooling_off_s),
        deposit=deposit,
    )


def address_of(wanted: Wanted) -> str:
    """The configurator with this in it."""
    return f"/configure/{quoted_for_url(wanted.model, safe='')}?{urlencode(_fields(wanted))}"


def review_address(wanted: Wanted) -> str:
    """The page before the order with this in it."""
    return f"/order?{urlencode([('model', wanted.model), *_fields(wanted)])}"


def _fields(wanted: Wanted) -> list[tuple[str, str]]:
    fields = [("trim", wanted.trim), *(("options", one) for one in wanted.options)]
    return fields + ([("region", wanted.region)] if wanted.region else [])


def trim_choices(launch: Launch, model: Model, chosen: Trim, words: Words) -> list[OneOf]:
    """The trims of a model, with the chosen one checked."""
    return [
        OneOf(
            one.id, words.text(launch, one.name), words.money(one.price_minor, launch.currency), checked=one is chosen
        )
        for one in model.trims
    ]


def option_fields(
    launch: Launch, model: Model, trim: Trim, wanted: Wanted, configured: Configured | Refusal, words: Words
) -> list[OptionField]:
    """The options of a model as fields, with what is taken checked and what this trim can not have disabled."""
    taken = _with_defaults(model, trim, wanted.options) if isinstance(configured, Refusal) else configured.options
    return [_option(launch, option, trim, taken, words) for option in model.options]


def _option(launch: Launch, option: Option, trim: Trim, taken: Sequence[str], words: Words) -> OptionField:
    choices = [
        OneOf(
            one.id,
            words.text(launch, one.name),
            f"+{words.money(one.price_minor, launch.currency)}" if one.price_minor else words.say("included"),
            checked=one.id in taken,
            fits=has(trim.id, one),
        )
        for one in option.choices
    ]
    return OptionField(option.id, words.text(launch, option.name), option.many, choices)


def region_choices(launch: Launch, chosen: str | None, words: Words) -> list[OneOf]:
    """The regions; without a choice the first, which is the default."""
    first = launch.regions[0].id if launch.regions else None
    return [OneOf(one.id, words.text(launch, one.name), "", one.id == (chosen or first)) for one in launch.regions]


def ids_of(web: Web, visitor: Visitor) -> Any:
    """The orders that somebody signed in has, the gone ones too."""
    return web.desk.book.customers.get(visitor.customer, ())
