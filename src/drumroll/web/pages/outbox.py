"""What a sandbox would have sent, for anybody to look at. On a real server there is no such page."""

from __future__ import annotations

from itertools import islice

import msgspec
from litestar import get

from drumroll.web.context import Parts, web_of
from drumroll.web.operators import Connection
from drumroll.web.pages.pages import PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import visitor_of
from drumroll.web.problems import Problem

SHOWN = 50
"""Messages on the page, the latest ones."""


class Message(msgspec.Struct, frozen=True):
    """A message that would have been sent, its text by paragraphs."""

    at_ms: int
    to: str
    subject: str
    paragraphs: list[str]


def only_in_sandbox(connection: Connection, _: object) -> None:
    """Raises ``Problem`` on a real server: the address is that of nothing."""
    if web_of(connection).sandbox is None:
        raise Problem("not_found", "There is nothing at this address.")


@get("/sandbox/outbox", guards=[only_in_sandbox], **PAGE)
def outbox_page(web: Parts, request: Asking) -> Html:
    """The latest messages, newest first."""
    outbox = web.entrance.outbox
    latest = islice(reversed(outbox.messages), SHOWN) if outbox else ()
    messages = [Message(one.at_ms, one.to, one.subject, one.text.split("\n\n")) for one in latest]
    visitor = visitor_of(web, request)
    return page(web, visitor, "outbox.html", messages=messages, shown=SHOWN, kept=outbox is not None)


OUTBOX_PAGES = [outbox_page]
