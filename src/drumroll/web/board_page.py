"""The page of the live board: the same bytes for all who read a language, made and compressed once.

Its words (``static/board-words.json``) are in it: as text, and as a block of data for its script. Such a block is no
script that runs, so the content security policy need not allow one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from drumroll.web.incoming import Headers, Receive, Scope, Send
from drumroll.web.pages.assets import ASKED_AGAIN, KINDS, Stored, given, send_stored, stored
from drumroll.words.negotiation import negotiate

TEMPLATE, WORDS = "board.html", "board-words.json"
_CHOSEN = re.compile(rb"(?:^|;)\s*language=([A-Za-z-]{2,16})(?:;|$)")
_LANGUAGE_HEADER_LIMIT = 1024

Texts = Mapping[str, Mapping[str, str]]


class BoardPage:
    """``GET /board``."""

    def __init__(self, folder: Path, url: Callable[[str], str], safe_headers: Headers, texts: Texts) -> None:
        """``folder`` has the template and the words; ``url`` says where a file of the page is.

        ``texts``: those of the launch file in each language that it has them in.
        """
        pages = {tag: stored(html) for tag, html in board_pages(folder, url, texts).items()}
        self._pages: dict[str, tuple[Stored, Headers]] = {
            tag: (page, [*safe_headers, *_headers(tag)]) for tag, page in pages.items()
        }

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page in the language of whoever asks."""
        accepted, cookies = given(scope["headers"], b"accept-language", b"cookie")
        chosen = _CHOSEN.search(cookies) if cookies else None
        header = accepted[: _LANGUAGE_HEADER_LIMIT + 1].decode("latin-1")
        page, headers = self._pages[negotiate(header, chosen and chosen[1].decode())]
        await send_stored(send, scope, page, headers)


def board_pages(folder: Path, url: Callable[[str], str], texts: Texts) -> dict[str, bytes]:
    """The page in each language that it has words for."""
    every: dict[str, dict[str, str]] = msgspec.json.decode((folder / WORDS).read_bytes())
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string((folder / TEMPLATE).read_text())
    return {
        tag: template.render(
            language=tag, words=words, json=_data(words), texts=_data(texts.get(tag, {})), url=url
        ).encode()
        for tag, words in every.items()
    }


def _data(words: Mapping[str, str]) -> Markup:
    """JSON inside of HTML: no ``<`` is left in it, so nothing in it ends the block."""
    return Markup(msgspec.json.encode(words).decode().replace("<", "\\u003c"))


def _headers(tag: str) -> Headers:
    return [
        (b"content-type", KINDS[".html"]),
        (b"content-language", tag.encode()),
        (b"cache-control", ASKED_AGAIN),
        (b"vary", b"accept-encoding, accept-language, cookie"),
    ]
