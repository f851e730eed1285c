"""The store's front page: made once a second at most for each language, and sent from memory to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from drumroll.web.incoming import Headers, Receive, Scope, Send, answer
from drumroll.web.pages.assets import Stored, given, send_stored, stored
from drumroll.web.pages.pages import Pages, frame
from drumroll.web.pages.store_views import compared, deposits_of, model_cards
from drumroll.web.pages.visitor import LANGUAGE
from drumroll.web.problems import Problem
from drumroll.web.sale import opens_at_ms, together
from drumroll.words.catalog import Words, words_of
from drumroll.words.negotiation import negotiate

if TYPE_CHECKING:
    from drumroll.web.context import Web

ANEW_MS = 1000
"""For how long a page made is shown: what it says of delivery moves with every order."""
KEPT_S = 2
_COOKIES_LIMIT = 4096


class Made(msgspec.Struct, frozen=True):
    """A page that was made, and when."""

    at_ms: int
    body: Stored


class Store:
    """``/``, plain: on a launch night everybody looks at it."""

    def __init__(self, web: Web, pages: Pages) -> None:
        self._web = web
        self._pages = pages
        self._made: dict[str, Made] = {}
        self._headers: Headers = [
            *pages.safety.raw_headers,
            (b"content-type", b"text/html; charset=utf-8"),
            (b"cache-control", b"public, max-age=%d" % KEPT_S),
            (b"vary", b"accept-encoding, accept-language, cookie"),
        ]

    async def front(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``GET /``."""
        accepted, cookies = given(scope["headers"], b"accept-language", b"cookie")
        tag = negotiate(accepted.decode("latin-1"), _chosen(cookies))
        try:
            body = self._front(tag)
        except Problem as problem:
            return await answer(send, *problem.answered(scope["headers"]))
        return await send_stored(send, scope, body, [*self._headers, (b"content-language", tag.encode())])

    def _front(self, tag: str) -> Stored:
        now_ms, made = self._web.now_ms, self._made.get(tag)
        if made is None or not 0 <= now_ms - made.at_ms < ANEW_MS * self._web.clock_rate:
            html = self._html(words_of(tag), now_ms)
            same = made is not None and made.body.plain == html
            made = self._made[tag] = Made(now_ms, made.body if made and same else stored(html))
        return made.body

    def _html(self, words: Words, now_ms: int) -> bytes:
        launch, book = self._web.launch, self._web.desk.book
        cards = model_cards(book, now_ms, words)
        return self._pages.render.html(
            "store.html",
            words,
            **frame(self._web, "/", words, "store"),
            launch=launch,
            room=self._web.room is not None and self._web.room.view(now_ms).state != "over",
            models=cards,
            opens_at_ms=opens_at_ms(book, now_ms),
            deposit=" / ".join(words.money(minor, launch.currency) for minor in deposits_of(launch)),
            state=together([card.state for card in cards if card.headline]),
            compared=compared(launch, words),
        )


def _chosen(cookies: bytes) -> str | None:
    """The language that somebody chose, from the ``Cookie`` header."""
    # Not the standard library's parser: it reads nothing of a header in which another site's cookie is odd.
    mark = LANGUAGE.encode() + b"="
    found = (one.strip() for one in cookies[:_COOKIES_LIMIT].split(b";"))
    return next((one.removeprefix(mark).decode("latin-1") for one in found if one.startswith(mark)), None)
