"""Sign-in by OpenID Connect (Core 1.0): authorization code flow with PKCE (RFC 7636), as RFC 9700 asks for it.

A provider's answers are a stranger's: https (or this machine), no redirects, a limit on time and size, and only
signatures of a public key. What begins (``Begun``) is kept by the browser, sealed, until it comes back.
"""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Meta

from drumroll.access.oidc_answers import Provider, Tokens, Vouched, issued_to, key_of
from drumroll.errors import AccessFailed, NotSignedIn

if TYPE_CHECKING:
    import aiohttp

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
"""Never ``none``, and none that is keyed with a secret which both sides know."""
ANSWER_LIMIT_BYTES = 262_144
TIMEOUT_S, CONNECT_TIMEOUT_S = 10, 5
CACHED_S = 3600
KEYS_ANEW_S = 60
"""A key that is not known has the keys fetched again, at most so often."""
LEEWAY_S = 60
CODE_LIMIT = 4096
NOT_VOUCHED = "the sign-in does not check; begin again"

_read_provider = msgspec.json.Decoder(Provider).decode
_read_tokens = msgspec.json.Decoder(Tokens).decode
Text = Annotated[str, Meta(max_length=512)]


class Begun(msgspec.Struct, frozen=True):
    """A sign-in under way. Send the browser to ``url``; keep the rest where nobody else reads or changes it."""

    url: str
    state: Text
    nonce: Text
    verifier: Text


class Identity(msgspec.Struct, frozen=True):
    """Who somebody is to a provider: ``subject`` never changes. ``email`` only if the provider has verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str | None


class Oidc:
    """One provider, and us as its client. Without a ``secret`` we are a public client, and PKCE alone protects us."""

    def __init__(
        self, issuer: str, client_id: str, secret: str, redirect_uri: str, scope: str = "openid email profile"
    ) -> None:
        # Loaded here by a server that has a provider: it brings X.509 along, a tenth of the start of all others.
        import jwt  # noqa: F401

        _check_url(issuer, "issuer")
        self.issuer, self.client_id, self.redirect_uri, self.scope = issuer, client_id, redirect_uri, scope
        self._secret = secret
        self._provider: tuple[Provider, float] | None = None
        self._keys: tuple[dict[str, Any], float] | None = None

    async def begin(self) -> Begun:
        """A new sign-in. Raises ``AccessFailed`` if the provider can't be asked."""
        provider = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(provider.authorization_endpoint).query else "?"
        return Begun(provider.authorization_endpoint + joint + urlencode(asked), state, nonce, verifier)

    async def finish(self, code: str, state: str, begun: Begun, issuer: str | None = None) -> Identity:
        """Who came back from the provider with ``code`` and ``state`` (and ``iss``, RFC 9207, if there was one).

        Raises:
            NotSignedIn: it is not the sign-in that was begun, or the provider's word does not check.
            AccessFailed: the provider can't be asked, or gives no sense.
        """
        if not hmac.compare_digest(state.encode("utf-8", "replace"), begun.state.encode()) or not begun.state:
            raise NotSignedIn(NOT_VOUCHED)
        if issuer not in {None, self.issuer} or not 1 <= len(code) <= CODE_LIMIT:
            raise NotSignedIn(NOT_VOUCHED)
        vouched = await self._verified(await self._token(code, begun.verifier))
        if not hmac.compare_digest(vouched.nonce.encode(), begun.nonce.encode()):
            raise NotSignedIn(NOT_VOUCHED)
        email = vouched.email if vouched.email_verified in {True, "true"} else None
        return Identity(self.issuer, vouched.sub, email, vouched.name)

    async def _discovered(self) -> Provider:
        """What the provider says of itself (OpenID Connect Discovery 1.0), asked again once an hour."""
        if self._provider is None or time.monotonic() > self._provider[1] + CACHED_S:
            answer = await self._ask("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            provider = _understood(_read_provider, answer, "its configuration")
            if provider.issuer != self.issuer:
                raise AccessFailed(f"{self.issuer}: its configuration is that of another issuer; mend the setting")
            for url in (provider.authorization_endpoint, provider.token_endpoint, provider.jwks_uri):
                _check_url(url, "an address of the provider's")
            self._provider = provider, time.monotonic()
        return self._provider[0]

    async def _token(self, code: str, verifier: str) -> str:
        """The ID token that a code is good for. The client's secret goes as the provider wants it (RFC 6749, 2.3.1)."""
        provider = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": verifier,
        }
        headers = {}
        if self._secret and "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
            both = f"{quote(self.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers = {"authorization": f"Basic {b64encode(both.encode()).decode()}"}
        elif self._secret:
            form["client_secret"] = self._secret
        answer = await self._ask("POST", provider.token_endpoint, form, headers)
        tokens: Tokens = _understood(_read_tokens, answer, "its token")
        return tokens.id_token

    async def _verified(self, token: str) -> Vouched:
        """What an ID token says, once all that OpenID Connect Core 3.1.3.7 asks for holds."""
        import jwt

        try:
            key = await self._key(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self.client_id,
                issuer=self.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
            vouched = msgspec.convert(claims, Vouched)
        except (jwt.PyJWTError, msgspec.ValidationError, TypeError, ValueError) as error:
            raise NotSignedIn(NOT_VOUCHED) from error
        if not issued_to(vouched, self.client_id):
            raise NotSignedIn(NOT_VOUCHED)
        return vouched

    async def _key(self, header: dict[str, Any]) -> Any:
        """The public key that a token names; fetched anew if it is not known, for providers change their keys."""
        age_s = time.monotonic() - self._keys[1] if self._keys else CACHED_S
        key = key_of(self._keys[0], header) if self._keys and age_s < CACHED_S else None
        if key is None and (self._keys is None or age_s >= KEYS_ANEW_S):
            answer = await self._ask("GET", (await self._discovered()).jwks_uri)
            self._keys = _understood(msgspec.json.Decoder(dict[str, Any]).decode, answer, "its keys"), time.monotonic()
            key = key_of(self._keys[0], header)
        if key is None:
            raise NotSignedIn(NOT_VOUCHED)
        return key

    async def _ask(
        self, method: str, url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        """The body of an answer. Nothing of what was sent or came stands in the error: it may be a secret."""
        # Imported here: most servers ask no provider, and it would take a fifth of their start.
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.request(method, url, data=form, headers=headers, allow_redirects=False) as answer,
            ):
                # A code that was used, or is none, is a 400 (RFC 6749, 5.2): that is about who signs in, not us.
                if form is not None and answer.status == 400:
                    raise NotSignedIn(NOT_VOUCHED)
                if answer.status != 200:
                    raise AccessFailed(f"{self.issuer}: the provider answered {answer.status}")
                return await _limited(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AccessFailed(f"{self.issuer}: the provider could not be asked ({type(error).__name__})") from error


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for piece in answer.content.iter_chunked(16_384):
        body += piece
        if len(body) > ANSWER_LIMIT_BYTES:
            raise AccessFailed(f"the provider's answer has over {ANSWER_LIMIT_BYTES} bytes")
    return body


def _understood(read: Any, answer: bytes, what: str) -> Any:
    try:
        return read(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AccessFailed(f"the provider gave something else than {what}") from error


def _check_url(url: str, what: str) -> None:
    """Only https, or this machine (for a trial). Raises ``AccessFailed``."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}:
        return
    raise AccessFailed(f"OpenID Connect, {what}: allowed: an address that begins with https://")
