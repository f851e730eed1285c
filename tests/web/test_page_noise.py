"""Noise at every page: query, fields, cookies, headers. Never an error of ours, and always what keeps a page safe.

The fuzzer of the API knows its routes by their document; pages have none, so they are found by walking.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import drumroll.web
from drumroll.access.roles import Role, subject_of
from drumroll.people.person import Contact
from drumroll.web.pages import pages
from tests.web.house import Answer
from tests.web.lives import Life
from tests.web.walked import Route, routes_of

SOURCE = Path(drumroll.web.__file__).parent
NAMES = sorted(
    {name for path in SOURCE.glob("templates/*.html") for name in re.findall(r'name="([a-z_-]+)"', path.read_text())}
    | {
        name
        for folder in ("pages", "ops")
        for path in (SOURCE / folder).glob("*.py")
        for name in re.findall(r'(?:one|maybe|many|get)\("([a-z_-]+)"', path.read_text())
    }
    | {f"{table}-{what}" for table in ("orders", "trail") for what in ("sort", "q", "page")}
    | {"csv"}
)
"""The fields that pages read, as their sources name them."""
FITTING = [
    "kite",
    "plain",
    "rare",
    "balloon",
    "red",
    "yes",
    "open",
    "en",
    "zh-CN",
    "1",
    "0",
    "-1",
    "2026-05-04",
    "north",
]
HOSTILE = [
    *("<script>alert(1)</script>", "{{ 7 * 7 }}", "'; DROP TABLE session; --", "../../etc/passwd", "//evil.example"),
    *("\0", "\r\nset-cookie: a=b", "%00", "\ud7ff\ue000", "=1+1", "9" * 400, "x" * 2001, "\u202eabc", "\u0663"),
    *("1e9", "nan"),
]
LIMITED = ("sign-in", "/me")
"""What has limits of its own beside those that are off here."""
NEVER = 10**11
FORM = "application/x-www-form-urlencoded"


class Noise(msgspec.Struct, frozen=True):
    """A request that means no good, or nothing at all."""

    at: int
    who: str
    value: str
    query: list[tuple[str, str]]
    fields: list[tuple[str, str]]
    kind: str
    body: bytes | None
    token: bool
    headers: list[tuple[str, str]]


values = st.one_of(st.sampled_from([*FITTING, *HOSTILE]), st.text(max_size=30))
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.text(max_size=10)), values), max_size=6)
header_values = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40)).map(
    lambda text: (
        text.encode("latin-1", "replace").decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")
    )
)
cookies = header_values.map(lambda text: f"challenge={text}; away={text}; language={text}; session={text}")
LINES = ["accept-language", "referer", "origin", "user-agent", "x-forwarded-for", "accept", "host", "if-none-match"]
LINES += ["authorization", "content-length"]
headers = st.lists(
    st.one_of(
        st.tuples(st.just("cookie"), cookies),
        st.tuples(st.sampled_from(LINES), header_values),
        st.tuples(st.just("sec-fetch-site"), st.sampled_from(["cross-site", "none", "same-site", ""])),
    ),
    max_size=3,
)
noises = st.builds(
    Noise,
    at=st.sampled_from(range(200)),
    who=st.sampled_from(["nobody", "customer", "customer", "operator", "operator"]),
    value=st.one_of(st.just(""), st.sampled_from(["x", "kite", *HOSTILE]), st.text(min_size=1, max_size=70)),
    query=pairs,
    fields=pairs,
    kind=st.sampled_from([FORM] * 6 + ["application/json", "", "text/plain; charset=x"]),
    body=st.one_of(st.none(), st.none(), st.none(), st.binary(max_size=60)),
    token=st.integers(0, 5).map(bool),
    headers=headers,
)


class Noisy:
    """A server with an order, a customer who is known, an operator, and all of its pages."""

    def __init__(self, life: Life) -> None:
        self.life, web = life, life.server.web
        self.routes: list[Route] = [route for route in routes_of(life) if route.page or route.path in ("/", "/board")]
        contact = Contact("email", "ada@post.example")
        customer = web.entrance.people.find_or_make(contact, "en", "cus_ada", int(web.now_s() * 1000)).id
        issue = web.sessions.issue
        self.tokens = {"nobody": "", "customer": issue(customer, NEVER)}
        self.tokens["operator"] = issue(subject_of("grace", Role.ADMIN), NEVER)
        self.order_id = life.order(self.tokens["customer"], "k").json()["id"]
        life.pay(self.order_id, "paid")
        self.safe = web.pages.safety.headers

    def sent(self, route: Route, noise: Noise) -> Answer:
        token = self.tokens[noise.who]
        fields = [*noise.fields]
        if noise.token:
            fields.append(("form_token", self.life.server.web.pages.safety.token(token)))
        body = urlencode(fields, errors="replace").encode() if noise.body is None else noise.body
        own = {"content-type": noise.kind, "sec-fetch-site": "same-origin", "accept": "text/html"}
        own |= {"cookie": f"session={token}; operator={token}"} if token else {}
        given = {**own, **dict(noise.headers)}
        path = re.sub(r"[?#]", "", route.at(noise.value or self.order_id).replace("//", "/x/"))
        query = urlencode(noise.query, errors="replace")
        content = body if route.method == "POST" else b""
        return self.life.call(route.method, f"{path}?{query}", list(given.items()), content)


@pytest.fixture(scope="module")
def noisy() -> Iterator[Noisy]:
    with pytest.MonkeyPatch.context() as unlimited:
        unlimited.setattr(pages, "BURST", 1e9)
        with Life() as life:
            yield Noisy(life)


@pytest.fixture
def failures() -> Iterator[list[str]]:
    """What the server writes down of its own errors."""
    found: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    kept, log = Kept(logging.ERROR), logging.getLogger("drumroll")
    log.addHandler(kept)
    yield found
    log.removeHandler(kept)


def wrong_with(noisy: Noisy, route: Route, answer: Answer) -> str:
    """What is wrong with an answer to noise, in words; empty: nothing."""
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{answer.status}"
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS and not any(part in route.path for part in LIMITED):
        return "429 where this test has no limit"
    if b"Traceback" in answer.body or b"drumroll/" in answer.body:
        return "shows how it failed"
    is_file = answer.headers.get("content-disposition", "").startswith("attachment;")
    needed = ("x-content-type-options", "cache-control") if is_file else noisy.safe
    missing = [name for name in needed if name not in answer.headers]
    if missing:
        return f"{answer.status} without {', '.join(missing)}"
    to = answer.headers.get("location", "/")
    if not to.startswith("/") or to.startswith(("//", "/\\")):
        return f"leads to {to}"
    injected = [value for name, value in answer.lines if name == "set-cookie" and value.startswith("a=b")]
    return "a cookie was slipped in" if injected else ""


def test_noise_at_any_page_is_answered_and_answered_safely(noisy: Noisy, failures: list[str]) -> None:
    """Each noise at four pages; that every page is met is for the test below."""
    apart = len(noisy.routes) // 4

    @settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(noises)
    def one(noise: Noise) -> None:
        for shift in range(4):
            route = noisy.routes[(noise.at + shift * apart) % len(noisy.routes)]
            wrong = wrong_with(noisy, route, noisy.sent(route, noise))
            assert not wrong, f"{route}: {wrong}"
            assert not failures, f"{route}: {failures}"

    one()


@pytest.mark.parametrize("who", ["nobody", "customer", "operator"])
def test_every_page_meets_hostile_text_in_all_of_its_fields(noisy: Noisy, failures: list[str], who: str) -> None:
    """Each page with some of them, so that none is met by luck alone."""
    for number, route in enumerate(noisy.routes):
        for text in HOSTILE[number % 8 :: 8]:
            every: Any = [(name, text) for name in NAMES if name != "form_token"]
            value = "" if number % 2 else "x"
            noise = Noise(0, who, value, every[:20], every, FORM, None, True, [])
            wrong = wrong_with(noisy, route, noisy.sent(route, noise))
            assert not wrong, f"{route} with {text[:40]!r}: {wrong}"
            assert not failures, f"{route} with {text[:40]!r}: {failures}"


def test_no_hostile_text_comes_back_as_markup(noisy: Noisy) -> None:
    """What is typed is shown again on many pages; never so that a browser would run it."""
    mark = "<img src=x onerror=alert(1)>\"'"
    for who in noisy.tokens:
        for route in noisy.routes:
            every: Any = [(name, mark) for name in NAMES if name != "form_token"]
            noise = Noise(0, who, "", every[:20], every, FORM, None, True, [])
            assert b"<img src=x" not in noisy.sent(route, noise).body, route


def test_the_fields_that_pages_read_are_known_here() -> None:
    assert {"contact", "code", "name", "key", "reason", "back", "form_token", "confirmation"} <= set(NAMES)
