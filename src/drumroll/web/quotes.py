"""``GET /v1/quotes``: price, deposit and delivery of an order before it is made. Plain ASGI, for launch night too.

It reads what is kept for the next order of a kind (``domain.availability``), so it costs the same however many orders
there are.
"""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl

import msgspec

from drumroll.desk.desk import Desk
from drumroll.domain.book import Book, OnOffer
from drumroll.domain.configuration import configure
from drumroll.domain.decided import unknown
from drumroll.domain.places import no_place, not_on_sale
from drumroll.domain.promise import Promise
from drumroll.domain.promising import promised_anew, unpromised, why_nothing
from drumroll.domain.refusal import Refusal
from drumroll.domain.regions import region_of
from drumroll.web.incoming import JSON, Receive, Scope, Send, answer
from drumroll.web.messages_promise import QuoteView
from drumroll.web.problems import Problem, of_refusal
from drumroll.web.promises import delivery_of, waiting_for

QUERY_LIMIT = 4096
"""Characters of a query. The longest that means something is shorter."""

_FIELDS = ("model", "trim", "options", "region")
_encode = msgspec.json.Encoder().encode
_log = logging.getLogger("drumroll")


class Wanted(msgspec.Struct, frozen=True):
    """What a quote is asked for."""

    model: str
    trim: str
    options: tuple[str, ...]
    region: str | None


class Quotes:
    """The route, with the desk that it reads."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def quote(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answered = 200, JSON, _encode(self._quoted(wanted_of(scope.get("query_string", b""))))
        except Problem as problem:
            answered = problem.answered(scope["headers"])
        except Exception:
            _log.exception("%s failed", scope["path"])
            raise
        await answer(send, *answered)

    def _quoted(self, wanted: Wanted) -> QuoteView:
        desk = self.desk
        if not desk.readable or desk.book.launch is None:
            raise Problem("desk_closed", f"The log can't be read now: {desk.closed_because}.", retry_after_s=1)
        found = quote(desk.book, wanted, max(desk.clock_ms(), desk.at_ms))
        if isinstance(found, Refusal):
            raise of_refusal(found)
        return found


def wanted_of(query: bytes) -> Wanted:
    """What a query asks for. Raises ``Problem``."""
    if len(query) > QUERY_LIMIT:
        raise Problem("invalid_request", f"The query has {len(query)} characters; allowed: {QUERY_LIMIT}.")
    given: dict[str, str] = {}
    options: list[str] = []
    try:
        fields = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=128)
    except ValueError as error:
        raise Problem("invalid_request", "The query can't be read: allowed are at most 128 fields in UTF-8.") from error
    for name, value in fields:
        if name == "options":
            options += [one for one in value.split(",") if one]
        elif name not in _FIELDS:
            raise Problem("invalid_request", f"{name[:64]}: there is no such field; there are: {', '.join(_FIELDS)}.")
        elif name in given:
            raise Problem("invalid_request", f"{name}: send it once.")
        else:
            given[name] = value
    for name in ("model", "trim"):
        if not given.get(name):
            raise Problem("invalid_request", f"{name}: missing; send /v1/quotes?model=<id>&trim=<id>.")
    return Wanted(given["model"], given["trim"], tuple(options), given.get("region") or None)


def quote(book: Book, wanted: Wanted, at_ms: int) -> QuoteView | Refusal:
    """The quote at that moment; a refusal if there is no such thing to order."""
    launch = book.launch
    assert launch is not None
    on_offer = book.on_offer.get((wanted.model, wanted.trim))
    if on_offer is None:
        return unknown(launch, wanted.model, wanted.trim)
    configured = configure(on_offer.model, on_offer.trim, wanted.options) if wanted.options else on_offer.default
    if isinstance(configured, Refusal):
        return configured
    region = on_offer.region if wanted.region is None else region_of(launch, wanted.region)
    if isinstance(region, Refusal):
        return region
    promise = promised_anew(book, wanted.model, wanted.trim, configured.options, region, at_ms)
    delivered = delivery_of(book, wanted.model, promise, at_ms)
    if delivered is not None:
        because = delivered.because
    else:
        because = _nothing(why_nothing(book, launch, wanted.model, wanted.trim, configured.options))
    return QuoteView(
        wanted.model,
        wanted.trim,
        configured.options,
        region,
        configured.price_minor,
        on_offer.deposit_minor,
        launch.currency,
        delivered,
        because,
        waiting_for(book, wanted.model) + 1,
        _not_now(book, on_offer, configured.options, promise, at_ms),
    )


def _nothing(why: str) -> str:
    return f"No delivery can be promised: {why}."


def _not_now(
    book: Book, on_offer: OnOffer, options: tuple[str, ...], promise: Promise | None, at_ms: int
) -> str | None:
    """Why an order would be refused at this moment, whoever's it is."""
    launch = book.launch
    assert launch is not None
    model, trim = on_offer.model, on_offer.trim
    refusal = not_on_sale(book, launch, model, at_ms) or no_place(book, launch, model, trim)
    if refusal is None and promise is None:
        refusal = unpromised(book, launch, model.id, trim.id, options)
    return None if refusal is None else refusal.code.value
