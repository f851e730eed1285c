"""Every setting and every limit, with its number. The only place that reads the environment: ``DRUMROLL_<NAME>``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from drumroll.errors import SettingInvalid


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a server. An environment variable of the same name in capitals sets each."""

    launch: str = "launches/yu7.toml"
    """Path of the launch file."""
    log: str = "data/orders.drumroll"
    """Path of the order log; ``:memory:`` keeps it in memory (for trials; it is gone when the server stops)."""
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    sandbox: bool = False
    """No real money: sessions for the asking, a clock that can be steered, payments by a click."""
    clock: str = ""
    """Sandbox only: ``<RFC 3339>@<rate>``, when the clock starts and how fast it runs (0: it stands still)."""
    secret: str = ""
    """Hex of 32 to 64 bytes; signs customers' sessions."""
    webhook_secret: str = ""
    """``whsec_`` and base64 of 24 to 64 bytes; verifies payment webhooks."""
    keys: str = ""
    """Directory of the keys that sign the transparency log (``drumroll key new``); default: ``data/keys``."""
    publish: bool = True
    """Publish the transparency log under ``/log/``, if there are keys. A sandbox makes its own."""
    witnesses: str = ""
    """Witnesses of the transparency log: the URL of each, a space, its verifier key; a comma between two."""
    quotes: str = ""
    """A file or folder of quotes, for the market's report on the operators' pages."""
    session_s: Annotated[int, Meta(ge=60, le=31_536_000)] = 86_400
    """How long a customer's session is valid."""
    operator_session_s: Annotated[int, Meta(ge=60, le=604_800)] = 28_800
    """How long an operator's session is valid."""
    public_url: str = ""
    """Where browsers reach the server, such as ``https://launch.example``; with https, cookies are sent by it alone."""
    proxies: str = ""
    """Networks of proxies whose ``X-Forwarded-For`` is believed, such as ``10.0.0.0/8``; a comma between two."""
    people_key: str = ""
    """Hex of 32 bytes; encrypts names and contacts. A sandbox makes its own."""
    smtp: str = ""
    """Where e-mail is handed over: ``smtps://user:password@host:465`` or ``smtp://host:587`` (with STARTTLS)."""
    mail_from: str = ""
    """The sender of e-mail, such as ``orders@launch.example``."""
    sms: str = ""
    """Where texts are handed over: an ``https://`` address that takes ``{"to", "text"}`` as JSON."""
    oidc: str = ""
    """OpenID Connect for customers: issuer, client id and client secret, a space between two."""
    operators_oidc: str = ""
    """OpenID Connect for operators, likewise; only accounts made with ``drumroll operator add --oidc`` get in."""
    notices: Annotated[str, Meta(pattern="^(on|off)?$")] = ""
    """``on`` or ``off``: write to customers about their orders; empty: if there is a way to (or a sandbox)."""
    notices_per_s: Annotated[int, Meta(ge=1, le=1_000)] = 20
    """Letters to customers a second, at most; what is urgent goes first."""
    queue_limit: Annotated[int, Meta(ge=1, le=1_000_000)] = 4096
    """Commands that may wait for the desk; beyond it: 503 ``queue_full``."""
    batch_limit: Annotated[int, Meta(ge=1, le=100_000)] = 1024
    """Commands in one block."""
    body_limit_bytes: Annotated[int, Meta(ge=1024, le=1_048_576)] = 16_384
    """Bytes of a request's body; beyond it: 413."""
    header_limit_bytes: Annotated[int, Meta(ge=8192, le=1_048_576)] = 16_384
    """Bytes of a request's line and headers that are buffered; beyond it: 431."""
    header_timeout_ms: Annotated[int, Meta(ge=100, le=60_000)] = 10_000
    """How long a client may take to send its headers."""
    body_timeout_ms: Annotated[int, Meta(ge=100, le=600_000)] = 30_000
    """How long a client may take to send a body; who takes twice as long is cut off."""
    connections_limit: Annotated[int, Meta(ge=16, le=1_000_000)] = 8192
    """Open connections; more wait or are closed."""
    viewers_limit: Annotated[int, Meta(ge=1, le=100_000)] = 4096
    """Open streams of the live board; beyond it: 503."""
    drain_s: Annotated[float, Meta(gt=0, le=60)] = 4.0
    """After SIGTERM: how long answers may take before the server ends all the same."""


def load(environment: Mapping[str, str], **given: Any) -> Settings:
    """The settings from the environment, and over them what was given (``None``: not given).

    Raises:
        SettingInvalid: a name that is none, or a value out of its range.
    """
    values: dict[str, Any] = {
        name.removeprefix("DRUMROLL_").lower(): value
        for name, value in environment.items()
        if name.startswith("DRUMROLL_")
    }
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingInvalid(_in_words(str(error))) from error


def _in_words(message: str) -> str:
    """``Expected `int` <= 65535 - at `$.port``` → what to mend, in the name under which it is set."""
    name = re.search(r"\$\.(\w+)", message) or re.search(r"unknown field `(\w+)`", message)
    return f"DRUMROLL_{name[1].upper()}: {message}" if name else message
