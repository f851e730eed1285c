"""Every limit that a request can meet without a socket, and requests that mean no good. None is a 500."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.house import House, order_headers, session

GOOD = b'{"model":"kite","trim":"plain"}'


def test_a_body_at_the_limit_is_taken_and_a_byte_more_is_a_413() -> None:
    with House(body_limit_bytes=1024) as house:
        token = house.session("ada")
        most = GOOD + b" " * (1024 - len(GOOD))
        assert house.call("POST", "/v1/orders", order_headers(token, "k"), most).status == 201
        answer = house.call("POST", "/v1/orders", order_headers(token, "k2"), most + b" ")
        assert (answer.status, answer.code, answer.json()["limit_bytes"]) == (413, "body_too_large", 1024)


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/o/cancel", "/v1/webhooks/payments", "/sandbox/sessions"])
def test_a_body_in_chunks_without_end_is_a_413_before_it_was_read(house: House, path: str) -> None:
    read = 0

    def endless() -> list[bytes]:
        return [b"x" * 10_000] * 100

    async def ask() -> object:
        nonlocal read
        messages = iter(endless())

        async def receive() -> dict[str, object]:
            nonlocal read
            read += 1
            return {"type": "http.request", "body": next(messages), "more_body": True}

        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        from tests.web.house import _scope

        await house.server.app(_scope("POST", path, "", order_headers(token, "k")), receive, send)
        return sent[0]["status"]

    token = house.session("ada")
    assert house.run(ask()) == 413
    assert read <= 15


@pytest.mark.parametrize("length", ["20000", "99999999999999999999", "70000"])
def test_an_announced_body_that_is_too_long_is_a_413_unread(house: House, length: str) -> None:
    headers = [*order_headers(house.session("ada"), "k"), ("content-length", length)]
    assert house.call("POST", "/v1/orders", headers, GOOD).status == 413
    if int(length) > 65_536:
        assert house.call("POST", "/v1/webhooks/payments", headers, GOOD).status == 413


def test_a_body_longer_than_it_says_is_still_measured(house: House) -> None:
    headers = [*order_headers(house.session("ada"), "k"), ("content-length", "5")]
    assert house.call("POST", "/v1/orders", headers, [GOOD, b" " * 9_000, b" " * 9_000]).status == 413


@pytest.mark.parametrize("length", ["", "abc", "1e3", "0x10", "-5", "9" * 5000])
@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/o/cancel", "/v1/webhooks/payments"])
def test_a_content_length_that_is_no_number_is_never_a_500(house: House, path: str, length: str) -> None:
    headers = [*order_headers(house.session("ada"), "k"), ("content-length", length)]
    assert house.call("POST", path, headers, GOOD).status < 500


@pytest.mark.parametrize("action", ["order", "cancel"])
def test_a_client_that_goes_away_in_the_middle_of_its_request_has_asked_for_nothing(house: House, action: str) -> None:
    token = house.session("ada")
    order_id = house.order(token, "first").json()["id"]
    position = house.desk.position
    path, body = ("/v1/orders", GOOD) if action == "order" else (f"/v1/orders/{order_id}/cancel", b"{")
    answer = house.run(house.ask("POST", path, order_headers(token, "k"), body, whole=False))
    assert answer.status == 400
    assert house.desk.position == position


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_body"),
        (b"{", 400, "malformed_body"),
        (GOOD + b"}", 400, "malformed_body"),
        (b'{"model":"kite","trim":NaN}', 400, "malformed_body"),
        (b'{"model":"\xff","trim":"plain"}', 400, "malformed_body"),
        (b'{"model":"\\ud800","trim":"plain"}', 400, "malformed_body"),
        (b"\xef\xbb\xbf" + GOOD, 400, "malformed_body"),
        (GOOD.decode().encode("utf-16"), 400, "malformed_body"),
        (b"null", 422, "invalid_body"),
        (b"[]", 422, "invalid_body"),
        (b"1" * 5_000, None, None),
        (b"{}", 422, "invalid_body"),
        (b'{"model":"kite"}', 422, "invalid_body"),
        (b'{"model":5,"trim":"plain"}', 422, "invalid_body"),
        (b'{"model":' + b"1" * 5_000 + b',"trim":"plain"}', 422, "invalid_body"),
        (b'{"model":null,"trim":"plain"}', 422, "invalid_body"),
        (b'{"model":"","trim":"plain"}', 422, "invalid_body"),
        (b'{"model":"' + b"k" * 33 + b'","trim":"plain"}', 422, "invalid_body"),
        (b'{"model":"kite","trim":"plain","price_minor":1}', 422, "invalid_body"),
        (b'{"model":' + b"[" * 15_000, 422, "invalid_body"),
        (b'{"x":' + b"[" * 15_000, 422, "invalid_body"),
        (b"[" * 15_000, 422, "invalid_body"),
        (b'{"model":"' + b"k" * 32 + b'","trim":"plain"}', 422, "unknown_model"),
        (b'{"model":"<script>","trim":"\\u0000"}', 422, "unknown_model"),
    ],
)
def test_a_body_that_is_no_order(house: House, body: bytes, status: int | None, code: str | None) -> None:
    answer = house.call("POST", "/v1/orders", order_headers(house.session("ada"), "k"), body)
    if status is None:
        assert answer.status in (400, 422)
    else:
        assert (answer.status, answer.code) == (status, code)
    assert not house.desk.book.orders


def test_of_a_member_given_twice_the_last_counts_and_the_bytes_are_the_request(house: House) -> None:
    token = house.session("ada")
    twice = b'{"model":"boat","model":"kite","trim":"plain"}'
    assert house.call("POST", "/v1/orders", order_headers(token, "k"), twice).json()["model"] == "kite"
    assert house.call("POST", "/v1/orders", order_headers(token, "k"), GOOD).code == "idempotency_key_reused"


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"]
)
def test_json_by_any_spelling_of_its_name(house: House, kind: str) -> None:
    headers = [*session(house.session("ada")), ("idempotency-key", "k"), ("content-type", kind)]
    assert house.call("POST", "/v1/orders", headers, GOOD).status == 201


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/jsonp", "application/x-www-form-urlencoded"])
def test_an_order_that_is_not_json_is_a_415(house: House, kind: str | None) -> None:
    headers: list[tuple[str, str | bytes]] = [*session(house.session("ada")), ("idempotency-key", "k")]
    if kind is not None:
        headers.append(("content-type", kind))
    answer = house.call("POST", "/v1/orders", headers, GOOD)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_a_full_queue_is_a_503_with_the_time_to_ask_again_and_loses_nothing_that_it_took() -> None:
    with House(queue_limit=3) as house:
        tokens = [house.session(f"c{number}") for number in range(8)]
        answers = house.all(house.ordering(token, "k") for token in tokens)
        assert [answer.status for answer in answers] == [201] * 3 + [503] * 5
        assert {answer.code for answer in answers[3:]} == {"queue_full"}
        assert {answer.headers["retry-after"] for answer in answers[3:]} == {"1"}
        assert len(house.desk.book.orders) == 3
        assert house.desk.meter.refused_full == 5
        assert house.order(tokens[-1], "k").status == 201


def test_no_block_holds_more_commands_than_the_batch_limit() -> None:
    with House(batch_limit=4) as house:
        tokens = [house.session(f"c{number}") for number in range(10)]
        answers = house.all(house.ordering(token, "k") for token in tokens)
        assert {answer.status for answer in answers} == {201}
        assert [len(block.events) for block in house.log.read(2)] == [4, 4, 2]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/orders/"),
        ("POST", "//v1/orders"),
        ("POST", "/v1/webhooks/payments/"),
        ("POST", "/v1/orders/x/cancel/"),
        ("POST", "/v1/orders/a/b/cancel"),
        ("POST", "/v1/orders//cancel"),
        ("POST", "/v1/orders/\ufffd/undo-unlock"),
        ("POST", "/v1/waiting-list/"),
        ("POST", "/v1/waiting-list//leave"),
        ("POST", "/v1/waiting-list/x/cancel"),
        ("POST", "/v1/operator/orders/x/y/cancel"),
        ("GET", "/v1/orders/\ufffd"),
        ("GET", "/v1/orders/" + "x" * 900),
        ("GET", "/v1/orders/" + "x" * 9_000),
        ("GET", "/static/\0"),
        ("GET", "/static/../api.py"),
        ("GET", "/static/" + "a" * 5_000),
        ("GET", "/static"),
        ("GET", "/docs/assets/../../../api.py"),
        ("POST", "/sandbox/pay/\0"),
        ("PUT", "/v1/orders"),
        ("DELETE", "/v1/board"),
        ("BREW", "/v1/board"),
        ("GET", "/wp-admin.php"),
    ],
)
def test_an_address_where_nothing_is(house: House, method: str, path: str) -> None:
    headers = [*order_headers(house.session("ada"), "k"), ("webhook-id", "m"), ("webhook-timestamp", "1")]
    answer = house.call(method, path, [*headers, ("webhook-signature", "v1,x")], GOOD)
    assert answer.status in (400, 404, 405)
    assert answer.code
    assert not house.desk.book.orders


@pytest.mark.parametrize("path", ["/sandbox/sessions", "/sandbox/clock"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b"\xff",
        b'{"customers":["\xff"]}',
        b'{"now":"\xff"}',
        b'{"customers":["\\ud800"]}',
        b'{"customers":' + b"[" * 60000,
        b'{"x":' + b"[" * 60000,
        b"[" * 60000,
        b'{"now":' + b"9" * 5000 + b"}",
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-msgpack", "multipart/form-data; boundary=x", ""])
def test_a_body_that_the_framework_cannot_read_is_a_400(house: House, path: str, body: bytes, kind: str) -> None:
    answer = house.call("POST", path, [("content-type", kind)], body)
    assert answer.status == 400
    assert answer.code in ("invalid_request", "malformed_body")


WORDS = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS"]),
    path=st.sampled_from(
        [
            "/v1/orders",
            *[f"/v1/orders/x{rest}" for rest in ("", "/cancel", "/convert", "/undo-lock", "/history")],
            "/v1/waiting-list",
            "/v1/waiting-list/x/leave",
            *[f"/v1/operator/{rest}" for rest in ("moves", "orders", "orders/x/cancel", "trail")],
            "/v1/webhooks/payments",
            "/sandbox/sessions",
        ]
    )
    | st.text(st.characters(codec="utf-8"), max_size=30).map(lambda text: "/" + text.partition("?")[0]),
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "content-length",
                    "content-type",
                    "idempotency-key",
                    "webhook-id",
                    "webhook-timestamp",
                    "accept",
                    "webhook-signature",
                    "cookie",
                    "origin",
                    "range",
                    "if-none-match",
                    "transfer-encoding",
                ]
            ),
            WORDS,
        ),
        max_size=6,
    ),
    body=st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda value: json.dumps(value).encode()),
)
def test_no_request_is_a_500(
    house: House, method: str, path: str, headers: list[tuple[str, str | bytes]], body: bytes
) -> None:
    token = house.session("ada")
    assert house.call(method, path, [*session(token), *headers], body).status < 500
    assert house.get("/healthz").status == 200
