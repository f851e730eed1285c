"""A real OpenID provider over HTTP, honest and hostile: whom it does not vouch for, for us, now, gets in nowhere."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drumroll.access.oidc import ANSWER_LIMIT_BYTES, Begun, Identity, Oidc
from drumroll.errors import AccessFailed, NotSignedIn

CLIENT, SECRET, REDIRECT = "drumroll client", "s3cret:+/", "https://launch.example/sign-in/oidc/done"
RSA_KEYS = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
EC_KEY, ED_KEY = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()


def jwk(algorithm: str, key: Any, kid: str) -> dict[str, Any]:
    """A public key as a provider publishes it."""
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "use": "sig", "alg": algorithm}


class Provider:
    """A small provider. ``claims`` and the other fields are what a test may spoil."""

    def __init__(self) -> None:
        self.key: Any = RSA_KEYS[0]
        self.algorithm, self.kid = "RS256", "one"
        self.published = [jwk("RS256", RSA_KEYS[0], "one"), jwk("ES256", EC_KEY, "ec"), jwk("EdDSA", ED_KEY, "ed")]
        self.claims: dict[str, Any] = {}
        self.without: tuple[str, ...] = ()
        self.metadata: dict[str, Any] = {}
        self.token: str | None = None
        self.answers: dict[str, Callable[[], web.StreamResponse]] = {}
        self.asked: list[str] = []
        self.forms: list[dict[str, Any]] = []
        self.begun: dict[str, str] = {}
        self.issuer = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self.configuration)
        app.router.add_get("/keys", self.keys)
        app.router.add_post("/token", self.tokens)
        app.router.add_get("/moved/{which}", self.moved)
        return app

    async def moved(self, request: web.Request) -> web.StreamResponse:
        """What was asked for, at an address that only a redirect leads to."""
        which = request.match_info["which"]
        del self.answers[which]
        return await (self.keys if which == "keys" else self.configuration)(request)

    async def configuration(self, request: web.Request) -> web.StreamResponse:
        self.asked.append("configuration")
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.metadata,
        }
        return self.answers["configuration"]() if "configuration" in self.answers else web.json_response(found)

    async def keys(self, request: web.Request) -> web.StreamResponse:
        self.asked.append("keys")
        return self.answers["keys"]() if "keys" in self.answers else web.json_response({"keys": self.published})

    async def tokens(self, request: web.Request) -> web.StreamResponse:
        self.asked.append("token")
        form = dict(await request.post())
        header = request.headers.get("authorization")
        self.forms.append({**form, "basic": b64decode(header.removeprefix("Basic ")) if header else None})
        if "token" in self.answers:
            return self.answers["token"]()
        # As RFC 7636 asks a provider to: whoever has no verifier gets nothing for the code.
        challenge = urlsafe_b64encode(sha256(str(form["code_verifier"]).encode()).digest()).rstrip(b"=").decode()
        if form["code"] != "good" or challenge != self.begun["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self.token or self.id_token(), "token_type": "Bearer"})

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "248289761001",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.begun["nonce"],
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if name not in self.without}
        return jwt.encode(claims, self.key, self.algorithm, headers={"kid": self.kid} if self.kid else None)


def play(
    provider: Provider,
    steps: Callable[[Oidc, Provider], Awaitable[Any]],
    *,
    secret: str = SECRET,
    issuer: Callable[[str], str] = str,
) -> Any:
    """Run the provider on a free port of this machine, and the steps against it."""

    async def run() -> Any:
        runner = web.AppRunner(provider.app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            return await steps(Oidc(issuer(provider.issuer), CLIENT, secret, REDIRECT), provider)
        finally:
            await runner.cleanup()

    return asyncio.run(run())


async def begin(oidc: Oidc, provider: Provider) -> Begun:
    """What the browser does at the provider: it takes the query along."""
    begun = await oidc.begin()
    provider.begun = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    return begun


async def whole(oidc: Oidc, provider: Provider) -> Identity:
    begun = await begin(oidc, provider)
    return await oidc.finish("good", begun.state, begun)


def test_who_the_provider_vouches_for_is_known_by_its_subject() -> None:
    provider = Provider()
    found = play(provider, whole)
    assert found == Identity(provider.issuer, "248289761001", "ada@example.com", "Ada")
    asked = provider.begun
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", CLIENT, REDIRECT)
    assert (asked["code_challenge_method"], asked["scope"].split()[0]) == ("S256", "openid")
    (form,) = provider.forms
    # RFC 6749, 2.3.1: both parts are form-encoded before they become Basic.
    assert form["basic"] == b"drumroll%20client:s3cret%3A%2B%2F"
    assert "client_secret" not in form
    assert len(form["code_verifier"]) >= 43


def test_the_secret_goes_as_the_provider_wants_it() -> None:
    provider = Provider()
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    play(provider, whole)
    assert (provider.forms[0]["basic"], provider.forms[0]["client_secret"]) == (None, SECRET)
    public = Provider()
    play(public, whole, secret="")
    assert (public.forms[0]["basic"], public.forms[0].get("client_secret")) == (None, None)


@pytest.mark.parametrize(("algorithm", "key", "kid"), [("ES256", EC_KEY, "ec"), ("EdDSA", ED_KEY, "ed")])
def test_other_public_keys_do_too(algorithm: str, key: Any, kid: str) -> None:
    provider = Provider()
    provider.algorithm, provider.key, provider.kid = algorithm, key, kid
    assert play(provider, whole).subject == "248289761001"
    provider.kid = ""
    assert play(provider, whole).subject == "248289761001"


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


NOW = int(time.time())
HOSTILE: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"without": ("nonce",)},
    "another audience": {"claims": {"aud": "somebody else"}},
    "no audience": {"without": ("aud",)},
    "shared with others": {"claims": {"aud": [CLIENT, "somebody else"]}},
    "made for another": {"claims": {"azp": "somebody else"}},
    "expired": {"claims": {"exp": NOW - 3600, "iat": NOW - 7200}},
    "never expires": {"without": ("exp",)},
    "not yet": {"claims": {"iat": NOW + 86_400}},
    "another issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "no issuer": {"without": ("iss",)},
    "no subject": {"without": ("sub",)},
    "an empty subject": {"claims": {"sub": ""}},
    "a long subject": {"claims": {"sub": "x" * 256}},
    "a subject that is a number": {"claims": {"sub": 5}},
    "a key of somebody else": {"key": RSA_KEYS[1]},
    "an unknown key": {"kid": "two"},
    "a secret for a key": {"key": "x" * 64, "algorithm": "HS256"},
    "a weaker signature than allowed": {"algorithm": "RS384"},
    "the key of another kind": {"kid": "ec"},
    "no token": {"token": "nothing of the kind"},
    "dots": {"token": ".."},
    "none": {"token": unsigned({"iss": "x", "sub": "x"}, {"alg": "none", "kid": "one"})},
    "None": {"token": unsigned({"iss": "x", "sub": "x"}, {"alg": "None", "kid": "one"})},
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_token_that_does_not_check_lets_nobody_in(how: str) -> None:
    provider = Provider()
    for field, value in HOSTILE[how].items():
        setattr(provider, field, value)
    with pytest.raises(NotSignedIn) as refused:
        play(provider, whole)
    assert str(refused.value) == "the sign-in does not check; begin again"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_what_anybody_could_have_signed_lets_nobody_in_with_all_else_right(algorithm: str) -> None:
    """No signature; and one whose secret is the public key, which everybody has."""

    async def steps(oidc: Oidc, provider: Provider) -> Identity:
        begun = await begin(oidc, provider)
        claims = jwt.decode(provider.id_token(), options={"verify_signature": False})
        signed = unsigned(claims, {"alg": algorithm, "kid": "one"})
        pem = RSA_KEYS[0].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        mac = hmac.digest(pem, signed[:-1].encode(), "sha256") if algorithm == "HS256" else b""
        provider.token = signed + urlsafe_b64encode(mac).rstrip(b"=").decode()
        return await oidc.finish("good", begun.state, begun)

    with pytest.raises(NotSignedIn):
        play(Provider(), steps)


@pytest.mark.parametrize("state", ["", "another", "ä", "\ud800"])
def test_a_state_that_is_not_ours_asks_the_provider_nothing(state: str) -> None:
    async def steps(oidc: Oidc, provider: Provider) -> Identity:
        begun = await begin(oidc, provider)
        return await oidc.finish("good", state, begun)

    provider = Provider()
    with pytest.raises(NotSignedIn):
        play(provider, steps)
    assert provider.asked == ["configuration"]


@pytest.mark.parametrize(
    ("code", "issuer"), [("", None), ("x" * 5000, None), ("used", None), ("good", "https://elsewhere.example")]
)
def test_a_code_that_is_none_or_of_another_issuer_lets_nobody_in(code: str, issuer: str | None) -> None:
    async def steps(oidc: Oidc, provider: Provider) -> Identity:
        begun = await begin(oidc, provider)
        return await oidc.finish(code, begun.state, begun, issuer)

    with pytest.raises(NotSignedIn):
        play(Provider(), steps)


def test_a_code_without_its_verifier_is_worth_nothing() -> None:
    async def steps(oidc: Oidc, provider: Provider) -> Identity:
        begun = await begin(oidc, provider)
        return await oidc.finish("good", begun.state, Begun(begun.url, begun.state, begun.nonce, "stolen" * 8))

    with pytest.raises(NotSignedIn):
        play(Provider(), steps)


@pytest.mark.parametrize("verified", [False, "false", None])
def test_an_address_that_the_provider_has_not_verified_is_none(verified: Any) -> None:
    provider = Provider()
    provider.claims = {} if verified is None else {"email_verified": verified}
    provider.without = ("email_verified",) if verified is None else ()
    assert play(provider, whole).email is None


def test_configuration_and_keys_are_asked_for_once() -> None:
    async def steps(oidc: Oidc, provider: Provider) -> None:
        for _ in range(3):
            await whole(oidc, provider)

    provider = Provider()
    play(provider, steps)
    assert (provider.asked.count("configuration"), provider.asked.count("keys")) == (1, 1)


def test_unknown_keys_do_not_make_us_ask_over_and_over() -> None:
    async def steps(oidc: Oidc, provider: Provider) -> None:
        await whole(oidc, provider)
        provider.kid = "two"
        for _ in range(5):
            with pytest.raises(NotSignedIn):
                await whole(oidc, provider)

    provider = Provider()
    play(provider, steps)
    assert provider.asked.count("keys") == 1


def test_a_new_key_is_taken_up_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drumroll.access.oidc.KEYS_ANEW_S", 0)

    async def steps(oidc: Oidc, provider: Provider) -> Identity:
        await whole(oidc, provider)
        provider.key, provider.kid = RSA_KEYS[1], "two"
        provider.published = [jwk("RS256", RSA_KEYS[1], "two")]
        return await whole(oidc, provider)

    assert play(Provider(), steps).subject == "248289761001"


SPOILT: dict[str, Callable[[], web.StreamResponse]] = {
    "an error": lambda: web.Response(status=500),
    "no JSON": lambda: web.Response(text="<html>"),
    "no UTF-8": lambda: web.Response(body=b'{"a":"\xff"}'),
    "something else": lambda: web.json_response([1, 2]),
    "too much": lambda: web.Response(body=b'{"a":"' + b"x" * ANSWER_LIMIT_BYTES + b'"}'),
    "deep": lambda: web.Response(body=b"[" * 50_000),
}


@pytest.mark.parametrize("which", ["configuration", "token", "keys"])
@pytest.mark.parametrize("how", SPOILT)
def test_a_provider_that_gives_no_sense_is_said_so_and_lets_nobody_in(which: str, how: str) -> None:
    provider = Provider()
    provider.answers = {which: SPOILT[how]}
    with pytest.raises(AccessFailed) as refused:
        play(provider, whole)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("which", ["configuration", "keys"])
def test_a_redirect_is_not_followed_wherever_it_leads(which: str) -> None:
    provider = Provider()
    provider.answers = {which: lambda: web.Response(status=302, headers={"location": f"/moved/{which}"})}
    with pytest.raises(AccessFailed, match="302"):
        play(provider, whole)


@pytest.mark.parametrize("keys", [{}, {"keys": None}, {"keys": [None, 5, {"kty": "RSA", "kid": "one"}]}])
def test_keys_that_are_none_let_nobody_in(keys: Any) -> None:
    provider = Provider()
    provider.answers = {"keys": lambda: web.json_response(keys)}
    with pytest.raises(NotSignedIn):
        play(provider, whole)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 5},
    ],
)
def test_a_configuration_that_leads_elsewhere_is_refused(metadata: dict[str, Any]) -> None:
    provider = Provider()
    provider.metadata = metadata
    with pytest.raises(AccessFailed):
        play(provider, whole)


@pytest.mark.parametrize("issuer", ["http://elsewhere.example", "elsewhere.example", "", "https://"])
def test_an_issuer_must_be_asked_over_https(issuer: str) -> None:
    with pytest.raises(AccessFailed, match="https"):
        Oidc(issuer, CLIENT, SECRET, REDIRECT)


def test_a_provider_that_is_not_there_is_said_so() -> None:
    with pytest.raises(AccessFailed, match="could not be asked"):
        asyncio.run(Oidc("http://127.0.0.1:9", CLIENT, SECRET, REDIRECT).begin())
