"""An endpoint: where messages go, which, and the secrets that sign them."""

from __future__ import annotations

import ipaddress
import re
import secrets
from base64 import b64encode
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from drumroll.errors import EndpointInvalid
from drumroll.payments.standard_webhooks import secret_bytes, sign
from drumroll.webhooks.messages import Cursor

OLD_SECRET_S = 24 * 3600
"""How long the secret before still signs beside the new one."""

URL_LIMIT = 2048

State = Literal["active", "failing", "disabled"]
"""``failing``: it used up the schedule without one success. Like ``disabled``, nothing is sent until it is enabled."""


class Secret(msgspec.Struct, frozen=True):
    """A secret, and until when it signs (``None``: it is the present one)."""

    text: str
    until_ms: int | None = None


class Endpoint(msgspec.Struct, frozen=True):
    """One receiver. ``version`` grows with every change made to it by hand; ``events`` is as it was given."""

    id: str
    url: str
    events: str
    state: State
    why: str
    version: int
    made_at_ms: int
    last_at_ms: int | None
    last_outcome: str
    succeeded_at_ms: int | None
    failures: int
    """Attempts that failed since the last one that did not."""
    secrets: tuple[Secret, ...] = ()

    def signatures(self, webhook_id: str, at_ms: int, body: bytes) -> str:
        """The value of ``webhook-signature``: one signature for each secret that is valid now, the newest first."""
        return " ".join(
            sign(secret_bytes(secret.text), webhook_id, at_ms // 1000, body)
            for secret in self.secrets
            if secret.until_ms is None or at_ms < secret.until_ms
        )


class Stretch(msgspec.Struct, frozen=True):
    """Messages to be sent, from ``at`` to the end of block ``to_position``; without it, for ever."""

    number: int
    at: Cursor
    to_position: int | None


class Waiting(msgspec.Struct, frozen=True):
    """A message that failed, as it is tried again. ``attempts`` were made, the first at ``first_at_ms``."""

    id: str
    body: bytes
    attempts: int
    first_at_ms: int


def fresh_id() -> str:
    """An id for a new endpoint."""
    return f"ep_{secrets.token_hex(5)}"


def fresh_secret() -> str:
    """A new secret of 32 bytes, as receivers know them."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def check_url(url: str) -> str:
    """The URL itself, if messages can be sent to it. Raises ``EndpointInvalid``."""
    if len(url) > URL_LIMIT or not re.fullmatch(r"[!-~]+", url):
        raise EndpointInvalid(f"url: allowed: up to {URL_LIMIT} printable ASCII characters, without blanks")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise EndpointInvalid(f"url: found {url}, which can't be read ({error}); give https://host/path") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise EndpointInvalid(f"url: found {url}; allowed: https://host/path")
    if parts.username is not None or parts.fragment:
        raise EndpointInvalid("url: leave out user, password and #fragment; messages are signed instead")
    if parts.scheme == "http" and not _is_loopback(host):
        raise EndpointInvalid(f"url: found {url}; allowed: https (http only for this machine, such as 127.0.0.1)")
    return url


def is_public(url: str) -> bool:
    """Whether an address is https and names no host of this machine or of a private network (OWASP API7:2023).

    What a name resolves to is not looked at here: a name that leads inside is for the network to refuse.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        return parts.scheme == "https" and ipaddress.ip_address(host).is_global
    except ValueError:
        return parts.scheme == "https" and "." in host and not host.endswith((".localhost", ".local", ".internal"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
