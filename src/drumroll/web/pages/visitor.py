"""Who asks for a page: in which language, with whose session, from where. None of it is ever written down."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from drumroll.access.sessions import Session
from drumroll.web.pages.safety import Asking
from drumroll.words.catalog import Words, words_of
from drumroll.words.negotiation import negotiate

if TYPE_CHECKING:
    from drumroll.web.context import Web

SESSION, OPERATOR_SESSION, LANGUAGE = "session", "operator", "language"
"""The names of our cookies."""
BACK_LIMIT = 512


class SignInNeeded(Exception):
    """A page is somebody's own, and nobody is signed in: they are sent to the sign-in, and come back."""

    def __init__(self, back: str, *, operators: bool) -> None:
        self.back = back
        self.operators = operators
        super().__init__("sign-in needed")


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who looks at a page. ``token``: what the forms of their session carry; ``path``: with the query."""

    words: Words
    path: str
    session: Session | None
    token: str
    address: str
    operators: bool = False

    @property
    def customer(self) -> str:
        """The customer whose session it is. Raises ``SignInNeeded``."""
        if self.session is None or self.session.subject.startswith("operator:"):
            raise SignInNeeded(self.path, operators=False)
        return self.session.subject

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return self.session is not None


def visitor_of(web: Web, request: Asking, *, operators: bool = False) -> Visitor:
    """Who asks. ``operators``: whether it is their session that counts on this page."""
    pages = web.pages
    name = OPERATOR_SESSION if operators else SESSION
    raw = request.cookies.get(pages.safety.cookie_name(name), "")
    session = web.sessions.read(raw.encode("latin-1", "replace"), web.now_s()) if raw else None
    tag = negotiate(request.headers.get("accept-language"), request.cookies.get(LANGUAGE))
    query = f"?{request.url.query}" if request.url.query else ""
    return Visitor(
        words=words_of(tag),
        path=back_to(request.url.path + query),
        session=session,
        token=pages.safety.token(raw) if session else "",
        address=pages.address_of(request),
        operators=operators,
    )


def back_to(path: str) -> str:
    """A path of ours to come back to; anything else (another site's, a script) becomes the start page."""
    parts = urlsplit(path[:BACK_LIMIT])
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if fine and len(path) <= BACK_LIMIT and path.isprintable() and "\\" not in path else "/"
