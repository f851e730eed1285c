"""Bodies that mean no good, on every route that reads one: a problem document, never a 500, and nothing done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.house import order_headers
from tests.web.lives import Life, is_steady

CUSTOMERS = ["cancel", "lock", "undo-lock", "change", "convert"]
OPERATORS = ["sales", "caps", "windows/up", "moves", "refunds/pay_x/paid"]
OF_ORDERS = ["cancel", "refund", "correct"]
BODIES = {
    "null": b"null",
    "list": b"[]",
    "number": b"1e999",
    "digits": b"9" * 5_000,
    "cut off": b'{"confirmation":"',
    "latin-1": b'{"reason":"\xff\xfe"}',
    "utf-16": '{"reason":"it must be"}'.encode("utf-16"),
    "surrogate": b'{"reason":"it must be \\ud800","confirmation":"\\udfff","trim":"\\ud800","cap":1}',
    "nan": b'{"cap":NaN,"amount_minor":Infinity,"reason":"it must be"}',
    "huge": b'{"cap":' + b"1" * 4_000 + b',"amount_minor":' + b"1" * 4_000 + b',"reason":"it must be"}',
    "deep": b'{"reason":' + b"[" * 14_000,
    "deep objects": b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    "two objects": b'{"reason":"it must be"}{"reason":"it must be"}',
    "names": b'{"__class__":"x","__proto__":{},"reason":"it must be"}',
}


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Life, str]]:
    with Life() as life:
        yield life, life.firm()


def urls(order_id: str) -> list[str]:
    return [
        "/v1/orders",
        "/v1/waiting-list",
        *[f"/v1/orders/{order_id}/{action}" for action in CUSTOMERS],
        f"/v1/waiting-list/{order_id}/leave",
        *[f"/v1/operator/{deed}" for deed in OPERATORS],
        *[f"/v1/operator/orders/{order_id}/{deed}" for deed in OF_ORDERS],
    ]


def refused(life: Life, url: str, body: bytes, kind: str = "application/json") -> Any:
    token = life.operator() if "/operator/" in url else life.token("ada")
    headers = [one for one in order_headers(token, "k") if one[0] != "content-type"]
    return life.call("POST", url, [*headers, ("content-type", kind)], body)


@pytest.mark.parametrize("name", [name for name in BODIES if name != "null"])
def test_a_body_that_means_no_good_does_nothing(prepared: tuple[Life, str], name: str) -> None:
    life, order_id = prepared
    steady = is_steady(life)
    for url in urls(order_id):
        answer = refused(life, url, BODIES[name])
        assert 400 <= answer.status < 500, url
        assert answer.code in ("malformed_body", "invalid_body", "invalid_request"), url
        assert is_steady(life) == steady, url


@pytest.mark.parametrize("kind", ["application/x-msgpack", "text/plain", "multipart/form-data; boundary=x", ""])
def test_a_body_that_is_not_json_does_nothing(prepared: tuple[Life, str], kind: str) -> None:
    life, order_id = prepared
    steady = is_steady(life)
    for url in urls(order_id):
        answer = refused(life, url, b'{"reason":"no"}' if "/operator/" in url else b'{"x":1}', kind)
        assert answer.status in (400, 415), url
        assert answer.code in ("unsupported_media_type", "malformed_body", "invalid_request"), url
        assert is_steady(life) == steady, url


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["model", "trim", "options", "region", "confirmation", "reason", "action", "cap", "closes_at", "refund"]
NAMES += ["amount_minor", "moves", "order_id", "state"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0, 15), content=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), VALUES))
def test_no_body_is_a_500(prepared: tuple[Life, str], number: int, content: dict[str, Any]) -> None:
    life, order_id = prepared
    every = urls(order_id)
    answer = refused(life, every[number % len(every)], json.dumps(content).encode())
    assert answer.status < 500
    assert answer.status < 400 or answer.code


@pytest.mark.parametrize("field", ["trim", "region", "model"])
@pytest.mark.parametrize("text", ["\0", "\u202e", "<script>", "'; drop table blocks; --", "\U0001f600", "../..", "%00"])
def test_strange_names_are_unknown_and_said_back_as_text(prepared: tuple[Life, str], field: str, text: str) -> None:
    life = prepared[0]
    customer = life.key()
    order_id = life.firm(customer)
    answer = life.act(customer, order_id, "convert", {"model": "balloon", "trim": "round", field: text})
    assert answer.code == {"trim": "unknown_trim", "region": "unknown_region", "model": "no_conversion"}[field]
    assert life.send(life.token(customer), "/v1/orders", {"model": "kite", "trim": "plain", field: text}).status == 422
