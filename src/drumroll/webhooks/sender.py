"""One attempt: a signed POST, and what became of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from time import monotonic

import aiohttp
import certifi
import msgspec

from drumroll import __version__
from drumroll.webhooks.endpoint import Endpoint

ATTEMPT_S = 20.0
"""How long a receiver may take, from the connection to its answer."""

ANSWER_LIMIT_BYTES = 16_384
"""What is read of an answer; more, and the connection is closed rather than used again."""

ANSWER_S = 2.0
"""How long an answer's body may take, which counts for nothing."""

CONNECTIONS = 20


class Outcome(msgspec.Struct, frozen=True):
    """What a receiver answered: ``status`` is 0 if it did not. ``words`` are for people."""

    status: int
    words: str
    retry_after_s: int = 0

    @property
    def delivered(self) -> bool:
        """Any 2xx."""
        return 200 <= self.status <= 299

    @property
    def gone(self) -> bool:
        """The receiver wants no more, ever."""
        return self.status == HTTPStatus.GONE


class Sender:
    """Sends to one endpoint. Call ``close`` in the end."""

    def __init__(self, endpoint: Endpoint, now_ms: Callable[[], int], attempt_s: float = ATTEMPT_S) -> None:
        self._endpoint = endpoint
        self._now_ms = now_ms
        self._attempt_s = attempt_s
        # No proxy, cookie or password of the environment: what a deliverer does follows from its file alone.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=_trust()),
            timeout=aiohttp.ClientTimeout(total=attempt_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={
                "content-type": "application/json",
                "user-agent": f"drumroll/{__version__}",
                "accept-encoding": "identity",
            },
        )

    async def send(self, webhook_id: str, body: bytes) -> Outcome:
        """Try once. Never raises for what a receiver or the network does."""
        began = monotonic()
        try:
            return await self._post(webhook_id, body, began)
        except TimeoutError:
            return Outcome(0, f"no answer within {self._attempt_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(0, f"{str(error) or type(error).__name__} (after {monotonic() - began:.1f} s)"[:300])

    async def close(self) -> None:
        """Close what connections there are."""
        await self._session.close()

    async def _post(self, webhook_id: str, body: bytes, began: float) -> Outcome:
        now_ms = self._now_ms()
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(now_ms // 1000),
            "webhook-signature": self._endpoint.signatures(webhook_id, now_ms, body),
        }
        url = self._endpoint.url
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            status, took_ms = answer.status, (monotonic() - began) * 1000
            with suppress(TimeoutError, aiohttp.ClientError):
                async with asyncio.timeout(ANSWER_S):
                    await _read_a_little(answer)
        words = f"{status} in {took_ms:.0f} ms"
        if 300 <= status <= 399:
            words += " (redirects are not followed)"
        return Outcome(status, words, _retry_after(answer.headers.get("retry-after", "")))


async def _read_a_little(answer: aiohttp.ClientResponse) -> None:
    """Read an answer to its end if that is near, so that its connection can be used again."""
    read = 0
    async for chunk in answer.content.iter_any():
        read += len(chunk)
        if read > ANSWER_LIMIT_BYTES:
            return


def _retry_after(header: str) -> int:
    return int(header) if header.isascii() and header.isdigit() and len(header) < 8 else 0


_context: list[ssl.SSLContext] = []


def _trust() -> ssl.SSLContext:
    """Who is trusted: the system's authorities (a company's own among them) and those that browsers know. Made once."""
    if not _context:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        _context.append(context)
    return _context[0]
