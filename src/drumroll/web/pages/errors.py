"""What went wrong, as a page: in the reader's language, with the way on. The API answers the same as problem+json."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from drumroll.errors import DrumrollError, NotDelivered, NotSignedIn, TooMany
from drumroll.web.context import Web, web_of
from drumroll.web.pages.pages import Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import SignInNeeded, Visitor, back_to, visitor_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

OPERATIONS = "/ops"
BUSY_PAGES_KEPT = 256
_log = logging.getLogger("drumroll")


def is_page(request: Asking) -> bool:
    """Whether who asks wants a page: a route that is one, or an address that is nothing, asked for by a browser."""
    handler = request.scope.get("route_handler")
    if handler is not None and handler.opt.get("page"):
        return True
    path = request.url.path
    is_api = path.startswith(("/v1/", "/log/", "/docs", "/metrics", "/healthz", "/static/"))
    return not is_api and "text/html" in request.headers.get("accept", "")


def error_page(web: Web, request: Asking, problem: Problem) -> Html:
    """A problem as a page."""
    operators = request.url.path.startswith(OPERATIONS)
    visitor = visitor_of(web, request, operators=operators)
    if problem.code == "too_many_requests":
        return _busy_page(web, visitor, problem)
    return _told(web, visitor, problem, _way_on(request, visitor, problem), operators=operators)


def _busy_page(web: Web, visitor: Visitor, problem: Problem) -> Html:
    """The same for all who have to wait as long: whoever asks too often is not to cost a page each time."""
    kept, key = web.pages.busy, (visitor.words.tag, problem.retry_after_s or 0)
    if key not in kept:
        if len(kept) >= BUSY_PAGES_KEPT:
            kept.clear()
        nobody = msgspec.structs.replace(visitor, path="/", session=None, token="")
        kept[key] = _told(web, nobody, problem, _start(nobody), operators=False)
    return kept[key]


def _start(visitor: Visitor) -> tuple[str, str]:
    """Where there is always something: its path, and what its link says."""
    if visitor.operators:
        return OPERATIONS, visitor.words.say("To operations")
    return "/", visitor.words.say("To the start page")


def _way_on(request: Asking, visitor: Visitor, problem: Problem) -> tuple[str, str]:
    """Where one goes from here: back to the page whose form was too old, to one's orders, or to the start."""
    if problem.code == "form_expired":
        try:
            came_from = urlsplit(request.headers.get("referer", ""))
        except ValueError:
            return _start(visitor)
        query = f"?{came_from.query}" if came_from.query else ""
        return back_to(f"{came_from.path or '/'}{query}"), visitor.words.say("Back to the page")
    if problem.code == "no_such_order" and not visitor.operators:
        return "/orders", visitor.words.say("My orders")
    return _start(visitor)


def _told(web: Web, visitor: Visitor, problem: Problem, way_on: tuple[str, str], *, operators: bool) -> Html:
    words, (back, back_text) = visitor.words, way_on
    found = page(
        web,
        visitor,
        "ops_error.html" if operators else "error.html",
        status=problem.status,
        title=_title(problem, words),
        text=words.problem(problem.code, problem.facts, problem.detail),
        code=problem.code,
        back=back,
        back_text=back_text,
    )
    if problem.retry_after_s is not None:
        found.headers["retry-after"] = str(problem.retry_after_s)
    return found


def _title(problem: Problem, words: Words) -> str:
    if problem.status == HTTPStatus.NOT_FOUND:
        return words.say("There is nothing here")
    if problem.status == HTTPStatus.FORBIDDEN and problem.code != "form_expired":
        return words.say("Not allowed")
    if problem.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        return words.say("Please try again in a moment")
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return words.say("Something went wrong on our side")
    return words.say("That did not work")


def to_sign_in(web: Web, request: Asking, needed: SignInNeeded) -> Response[Any]:
    """To the sign-in, and back afterwards.

    A page that was opened from another site comes without its cookie (``SameSite=Strict``): it asks for itself once
    more from here, and then the cookie comes along.
    """
    if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET":
        return page(web, visitor_of(web, request), "again.html", address=needed.back)
    where = f"{OPERATIONS}/sign-in" if needed.operators else "/sign-in"
    return web.pages.see_other(f"{where}?back={quote(needed.back, safe='')}")


def of_error(error: Exception) -> Problem:
    """The problem of an error of ours that can happen on any page."""
    if isinstance(error, TooMany):
        return Problem("too_many_requests", str(error), {"retry_after_s": error.retry_after_s}, error.retry_after_s)
    if isinstance(error, NotSignedIn):
        return Problem("not_signed_in", str(error))
    assert isinstance(error, NotDelivered)
    return Problem("not_delivered", str(error))


Answering = Callable[[Any, Any], Response[bytes]]
_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


def or_page(answer: Answering) -> Answering:
    """The same handler, but for pages a page. While not even the launch can be read, there is none to be made."""

    def handled(request: Asking, error: Exception) -> Response[bytes]:
        if not is_page(request) or _asked_for_nothing_too_often(request):
            return answer(request, error)
        if not isinstance(error, DrumrollError | Problem | HTTPException):
            _log.error("%s %r failed", request.method, request.url.path, exc_info=error)
        try:
            return error_page(web_of(request), request, _problem_of(error))
        except Problem:
            return answer(request, error)

    return handled


def _asked_for_nothing_too_often(request: Asking) -> bool:
    """Whether it is at no address of ours, and who asks has had their share of pages: no more are made for them."""
    if request.scope.get("route_handler") is not None:
        return False
    web = web_of(request)
    return web.pages.guard.admit(web.pages.address_of(request), web.now_s()) > 0


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return Problem(_OF_STATUS.get(error.status_code, "invalid_request"), error.detail)
    if isinstance(error, TooMany | NotSignedIn | NotDelivered):
        return of_error(error)
    return Problem("internal_error", "The server has failed; it has written down why.")


def signs_in(request: Asking, needed: SignInNeeded) -> Response[Any]:
    """The handler of ``SignInNeeded``."""
    return to_sign_in(web_of(request), request, needed)
