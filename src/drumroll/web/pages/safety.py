"""What keeps a page from being turned against whoever looks at it: its headers, its cookies, its forms.

The headers are those of OWASP's secure headers project; a form is taken from our own pages alone: by where the browser
says that it comes from (Fetch Metadata, RFC 6454), and by a token that only a page of that session has.
"""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import Any, Literal
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie

from drumroll.web.incoming import Headers
from drumroll.web.problems import Problem

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SAFE_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"

Asking = Request[Any, Any, Any]


class Safety:
    """Headers, cookies and forms of a server that browsers reach at ``public_url`` (empty: wherever it listens)."""

    def __init__(self, public_url: str, key: bytes) -> None:
        self.secure = public_url.startswith("https://")
        self._origin = _origin(public_url)
        self._keyed = blake2b(key=key, digest_size=16, person=b"form token")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every page."""
        return SAFE_HEADERS | ({"strict-transport-security": STRICT_TRANSPORT} if self.secure else {})

    @property
    def raw_headers(self) -> Headers:
        """The same for the plain routes."""
        return [(name.encode(), value.encode()) for name, value in self.headers.items()]

    def cookie_name(self, name: str) -> str:
        """``__Host-`` binds a cookie to this very host (RFC 6265bis, section 4.1.3.2), where there is TLS."""
        return f"__Host-{name}" if self.secure else name

    def cookie(self, name: str, value: str, max_age_s: int, same_site: Literal["strict", "lax"] = "strict") -> Cookie:
        """A cookie that no script reads and no other site's page sends. ``max_age_s`` 0 ends it."""
        return Cookie(
            self.cookie_name(name),
            path="/",
            value=value,
            max_age=max_age_s,
            secure=self.secure,
            httponly=True,
            samesite=same_site,
        )

    def token(self, session: str) -> str:
        """What a form of this session carries. Without a session there is none, and where it comes from decides."""
        if not session:
            return ""
        keyed = self._keyed.copy()
        keyed.update(session.encode())
        return keyed.hexdigest()

    def check_form(self, request: Asking, session: str, token: str) -> None:
        """Raises ``Problem`` unless the form came from a page of ours, of the same session."""
        if not self._is_ours(request):
            raise Problem("cross_site", "This form was sent from another site. Open the page itself and send it there.")
        if not hmac.compare_digest(self.token(session), token):
            raise Problem("form_expired", "This form belongs to another session. Load the page anew and send it again.")

    def _is_ours(self, request: Asking) -> bool:
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        said = request.headers.get("origin") or request.headers.get("referer") or ""
        own = self._origin or _origin(f"http://{request.headers.get('host', '')}")
        return bool(own) and _origin(said) == own


def _origin(url: str) -> str:
    """Scheme, host and port of an address; empty for what is none."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""
    except ValueError:
        return ""
