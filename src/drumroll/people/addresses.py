"""What the settings of a delivery may be, and whom it trusts. A setting holds a password, so none is ever cited."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import certifi

from drumroll.errors import SettingInvalid


def split(url: str, schemes: tuple[str, ...], setting: str, allowed: str) -> SplitResult:
    """The parts of a URL. Raises ``SettingInvalid`` in the setting's name, without what was found."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        fits = False
    if not fits or " " in url:
        raise SettingInvalid(f"{setting}: what is set can't be used (it is not shown); allowed: {allowed}")
    return parts


def is_loopback(host: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def trust() -> ssl.SSLContext:
    """Who is trusted: the system's authorities (a company's own among them) and those that browsers know."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
