"""Texts, handed over to a gateway over HTTP: ``POST`` of ``{"to": "+86...", "text": "..."}`` as JSON."""

from __future__ import annotations

import ssl

import aiohttp
import msgspec

from drumroll import __version__
from drumroll.errors import NotDelivered
from drumroll.people.addresses import is_loopback, split, trust
from drumroll.people.delivery import TIMEOUT_S, WAITING_LIMIT, check_message, no_way
from drumroll.people.person import Contact

AT_ONCE = 16
ALLOWED = "https://gateway.example/send, with user:password@ before the host if it wants that"


class Sms:
    """Hands texts over at ``url``; any 2xx means taken. Redirects are not followed, answers' bodies not read.

    Raises:
        SettingInvalid: the URL is not https (or http on this machine).
    """

    def __init__(self, url: str, trusted: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S) -> None:
        parts = split(url, ("https", "http"), "DRUMROLL_SMS", ALLOWED)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            split(url, ("https",), "DRUMROLL_SMS", ALLOWED)
        self._url, self._timeout_s = url, timeout_s
        self._trusted = trusted or trust()
        self._session: aiohttp.ClientSession | None = None
        self._waiting = 0

    async def send(self, contact: Contact, subject: str, text: str) -> None:
        """Hand one text over; it has no subject. Raises ``NotDelivered``, which says nothing of whom it was to."""
        check_message(subject, text)
        if contact.kind != "phone":
            raise NotDelivered(no_way(contact))
        if self._waiting >= WAITING_LIMIT:
            raise NotDelivered(f"{WAITING_LIMIT:,} texts wait for the gateway already; try again later")
        self._waiting += 1
        try:
            trouble = await self._tried(msgspec.json.encode({"to": contact.value, "text": text}))
        finally:
            self._waiting -= 1
        if trouble:
            raise NotDelivered(trouble)

    async def close(self) -> None:
        """Close what connections there are."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _tried(self, body: bytes) -> str:
        """What went wrong, or nothing."""
        try:
            async with self._opened().post(self._url, data=body, allow_redirects=False) as answer:
                return "" if answer.ok and answer.status < 300 else f"the text gateway answered {answer.status}"
        except TimeoutError:
            return f"the text gateway gave no answer within {self._timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"the text gateway can't be reached: {type(error).__name__}"

    def _opened(self) -> aiohttp.ClientSession:
        """Made in the running loop. No proxy, cookie or password of the environment has a say."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=AT_ONCE, ssl=self._trusted),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"content-type": "application/json", "user-agent": f"drumroll/{__version__}"},
            )
        return self._session
