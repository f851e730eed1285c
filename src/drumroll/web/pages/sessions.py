"""Sessions of pages begin and end here; and what a browser keeps for us, sealed, until somebody is signed in."""

from __future__ import annotations

import asyncio
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import Cookie

from drumroll.access.operator_sessions import new_sid
from drumroll.access.sessions import Session
from drumroll.errors import AccessFailed, PeopleFailed
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import SESSION
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

if TYPE_CHECKING:
    from drumroll.web.context import Web

UNDER_WAY_S = 600
"""How long a sign-in may take from its beginning to its end."""
SEALED_LIMIT = 4096
"""Characters of a sealed cookie; browsers keep no longer ones (RFC 6265, section 6.1)."""
_RETRY_S = 5
_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_log = logging.getLogger("drumroll")
_Kept = TypeVar("_Kept", bound=msgspec.Struct)


async def begin(web: Web, request: Asking, subject: str, session_s: int, name: str = SESSION) -> Cookie:
    """A new session of ``session_s`` seconds, listed among the subject's; the cookie of ``name`` that carries it."""
    sid, now_s = new_sid(), int(web.now_s())
    label = label_of(request.headers.get("user-agent", ""))
    with available():
        await asyncio.to_thread(web.entrance.access.add_session, sid, subject, now_s, now_s + session_s, label)
    return web.pages.safety.cookie(name, web.sessions.issue(subject, now_s + session_s, sid), session_s)


async def end(web: Web, session: Session | None) -> None:
    """End a session before its time: on the disk, and in this process at once, for pages and for the API."""
    if session is None or not session.sid:
        return
    with available():
        await asyncio.to_thread(web.entrance.access.revoke, session.sid)
    web.sessions.revoked.add(session.sid)


async def end_others(web: Web, session: Session) -> None:
    """End all sessions of the same person but this one."""
    with available():
        ended = await asyncio.to_thread(web.entrance.access.revoke_all, session.subject, session.sid)
    web.sessions.revoked.update(ended)


def forgotten(web: Web, name: str) -> Cookie:
    """What makes a browser forget a cookie."""
    return web.pages.safety.cookie(name, "", 0)


@contextmanager
def available() -> Iterator[None]:
    """What can't be read or written is told as that. The reason is for our output; it names nobody."""
    try:
        yield
    except (AccessFailed, PeopleFailed) as error:
        _log.error("%s", error)
        raise Problem("access_unavailable", "Signing in is not possible now.", retry_after_s=_RETRY_S) from error


def label_of(user_agent: str) -> str:
    """Where a session is, as coarse as it can be and still be told apart: "Chromium on Linux"; empty: who knows."""
    found = [next((name for mark, name in marks if mark in user_agent[:500]), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " on ".join(name for name in found if name)


def label_in_words(label: str, words: Words) -> str:
    """A label in the reader's language."""
    browser, on, system = label.partition(" on ")
    if on:
        return words.say("%(browser)s on %(system)s", browser=browser, system=system)
    return label or words.say("Unknown browser")


def host_of(issuer: str) -> str:
    """What people know a sign-in service by."""
    return urlsplit(issuer).hostname or issuer


def sealed(web: Web, name: str, kept: msgspec.Struct, same_site: Literal["strict", "lax"] = "strict") -> Cookie:
    """A cookie for the time of a sign-in, which nobody but us reads or changes."""
    content = web.entrance.seal.seal(msgspec.json.encode((int(web.now_s()) + UNDER_WAY_S, kept)), name)
    text = urlsafe_b64encode(content).decode().rstrip("=")
    return web.pages.safety.cookie(name, text, UNDER_WAY_S, same_site)


def unsealed(web: Web, request: Asking, name: str, kind: type[_Kept]) -> _Kept | None:
    """What a cookie of ours holds; ``None``: there is none, it is not ours, or too old."""
    text = request.cookies.get(web.pages.safety.cookie_name(name), "")
    if not text or len(text) > SEALED_LIMIT:
        return None
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        until_s, raw = msgspec.json.decode(web.entrance.seal.open(content, name), type=tuple[int, msgspec.Raw])
        kept = msgspec.json.decode(raw, type=kind)
    except (AccessFailed, ValueError, msgspec.DecodeError):
        return None
    return kept if web.now_s() < until_s else None
