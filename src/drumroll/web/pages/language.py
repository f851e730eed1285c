"""The language that somebody chose: kept in a cookie, over whatever their browser says."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.datastructures import Cookie

from drumroll.web.context import Parts
from drumroll.web.pages.pages import PAGE
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import LANGUAGE, back_to
from drumroll.web.problems import Problem
from drumroll.words.negotiation import LANGUAGES

KEPT_S = 31_536_000


@get("/language", **PAGE)
def choose_language(web: Parts, request: Asking) -> Any:
    """Keep the choice, and go back to the page."""
    chosen = request.query_params.get("to", "")
    if chosen not in LANGUAGES:
        raise Problem("invalid_request", f"to: found {chosen[:20]!r}, allowed: {', '.join(LANGUAGES)}.")
    cookie = Cookie(LANGUAGE, path="/", value=chosen, max_age=KEPT_S, secure=web.pages.safety.secure, samesite="lax")
    return web.pages.see_other(back_to(request.query_params.get("back", "/")), [cookie])


LANGUAGE_PAGES = [choose_language]
