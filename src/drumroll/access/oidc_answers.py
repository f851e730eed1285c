"""What an OpenID provider answers, and which of its keys a token means."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

KEYS_LIMIT = 64
_KINDS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}

Url = Annotated[str, Meta(max_length=2048)]
Name = Annotated[str, Meta(max_length=255)]


class Provider(msgspec.Struct, frozen=True):
    """A provider's configuration, as far as we need it."""

    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Tokens(msgspec.Struct, frozen=True):
    """The answer of a token endpoint. We ask for nothing else at the provider, so its access token is dropped."""

    id_token: Annotated[str, Meta(max_length=65_536)]


class Vouched(msgspec.Struct, frozen=True):
    """What an ID token says."""

    sub: Annotated[str, Meta(min_length=1, max_length=255)]
    nonce: Annotated[str, Meta(max_length=512)]
    aud: str | list[str]
    azp: str | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    email_verified: bool | str = False
    name: Name | None = None


def issued_to(vouched: Vouched, client_id: str) -> bool:
    """Whether the token is for us alone, or says that it is us whom it was made for (Core 3.1.3.7, 3 to 5)."""
    shared = isinstance(vouched.aud, list) and len(vouched.aud) > 1
    return vouched.azp == client_id or (vouched.azp is None and not shared)


def key_of(keys: dict[str, Any], header: dict[str, Any]) -> Any:
    """The public key that a token's header means: by ``kid``, or the only one of its kind. ``None``: there is none."""
    import jwt  # what calls this has loaded it

    kind, named = _KINDS.get(str(header.get("alg"))), header.get("kid")
    listed = keys.get("keys")
    usable = [
        one
        for one in (listed if isinstance(listed, list) else [])[:KEYS_LIMIT]
        if isinstance(one, dict) and one.get("kty") == kind and one.get("use", "sig") == "sig"
    ]
    found = usable if named is None else [one for one in usable if one.get("kid") == named]
    if len(found) != 1:
        return None
    try:
        return jwt.PyJWK(found[0], algorithm=str(header["alg"])).key
    except (jwt.PyJWTError, TypeError, ValueError):
        return None
