"""Sessions, and what only a sandbox offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll import bootstrap
from drumroll.access.sessions import Sessions
from drumroll.errors import SettingInvalid
from drumroll.settings import Settings
from tests.web.house import House

KEY = bytes(range(32))
NOW_S = 1_777_629_630
TOKEN = Sessions(KEY).issue("ada", NOW_S + 60).encode()
SECRETS = {
    "people_key": "33" * 32,
    "secret": "22" * 32,
    "webhook_secret": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


def test_a_session_says_whose_it_is_until_it_ends() -> None:
    sessions = Sessions(KEY)
    assert sessions.customer_of(TOKEN, NOW_S) == "ada"
    assert sessions.customer_of(TOKEN, NOW_S + 59.9) == "ada"
    assert sessions.customer_of(TOKEN, NOW_S + 60) is None


def test_a_session_of_another_key_is_none() -> None:
    assert Sessions(KEY[::-1]).customer_of(TOKEN, NOW_S) is None


def test_a_session_changed_in_any_byte_is_none() -> None:
    for place in range(len(TOKEN)):
        for byte in {TOKEN[place] ^ (1 << bit) for bit in range(8)} | set(b"a0._-"):
            changed = TOKEN[:place] + bytes([byte]) + TOKEN[place + 1 :]
            assert changed == TOKEN or Sessions(KEY).customer_of(changed, NOW_S) is None, changed


def test_a_session_cut_or_lengthened_is_none() -> None:
    for place in range(len(TOKEN)):
        assert Sessions(KEY).customer_of(TOKEN[:place], NOW_S) is None
        assert Sessions(KEY).customer_of(TOKEN[place + 1 :], NOW_S) is None
    assert Sessions(KEY).customer_of(TOKEN + b"0", NOW_S) is None
    assert Sessions(KEY).customer_of(b"a" + TOKEN, NOW_S) is None


@given(st.binary(max_size=200))
def test_noise_is_no_session(noise: bytes) -> None:
    assert Sessions(KEY).customer_of(noise, NOW_S) is None


@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
def test_a_session_is_of_its_customer_alone(customer: str, other: str) -> None:
    sessions = Sessions(KEY)
    token = sessions.issue(customer, NOW_S + 1)
    assert sessions.customer_of(token.encode(), NOW_S) == customer
    if other != customer:
        assert sessions.issue(other, NOW_S + 1).rpartition(".")[2] != token.rpartition(".")[2]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YWRhOjE=",
        "Bearer ada.9999999999.00",
        "Bearer \xff.1.\xfe",
        "Bearer ..",
        "x" * 300,
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/orders"), ("POST", "/v1/orders/o/cancel"), ("GET", "/v1/orders/o")]
)
def test_without_a_valid_session_there_is_a_401(
    house: House, method: str, path: str, authorization: str | None
) -> None:
    headers: list[tuple[str, str | bytes]] = [("idempotency-key", "k"), ("content-type", "application/json")]
    if authorization is not None:
        headers.append(("authorization", authorization))
    answer = house.call(method, path, headers, b'{"model":"kite","trim":"plain"}' if method == "POST" else b"")
    assert (answer.status, answer.code) == (401, "no_session")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert not house.desk.book.orders


def test_the_word_bearer_may_be_written_in_any_case(house: House) -> None:
    token = house.session("ada")
    for word in ("bearer", "BEARER"):
        answer = house.call("GET", "/v1/orders/none", [("authorization", f"{word} {token}")])
        assert answer.code == "no_such_order"


def test_a_session_that_has_ended_is_a_401() -> None:
    with House(secret=KEY.hex()) as house:
        ended = Sessions(KEY).issue("ada", 1_000)
        assert house.order(ended, "k").code == "no_session"


@pytest.mark.parametrize(
    "customers", [[], ["a"] * 1001, [""], ["a" * 65], ["a b"], ["a.b"], ["\u00e9"], ["a\n"], [5], "ada", None]
)
def test_sessions_are_for_fit_names_only(house: House, customers: object) -> None:
    answer = house.post("/sandbox/sessions", {"customers": customers})
    assert (answer.status, answer.code) == (400, "invalid_request")


def test_a_thousand_sessions_at_once(house: House) -> None:
    answer = house.post("/sandbox/sessions", {"customers": [f"c{number:063}" for number in range(1000)]})
    assert answer.status == 201
    assert len({one["token"] for one in answer.json()["sessions"]}) == 1000


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/sandbox/sessions"), ("POST", "/sandbox/pay/x"), ("GET", "/sandbox/clock"), ("POST", "/sandbox/clock")],
)
def test_without_sandbox_its_routes_are_not_there(method: str, path: str) -> None:
    with House(sandbox=False, **SECRETS) as house:
        answer = house.call(method, path, [("content-type", "application/json")], b'{"customers":["ada"]}')
        assert (answer.status, answer.code) == (404, "not_found")
        assert not [path for path in house.get("/docs/openapi.json").json()["paths"] if "sandbox" in path]


def test_only_a_sandbox_says_that_it_is_one(house: House) -> None:
    with House(sandbox=False, **SECRETS) as real:
        for path in ("/v1/launch", "/v1/board"):
            assert (real.get(path).json()["sandbox"], house.get(path).json()["sandbox"]) == (False, True)


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {"secret": "22" * 32},
        {"webhook_secret": SECRETS["webhook_secret"]},
        SECRETS | {"secret": "22" * 31},
        SECRETS | {"secret": "22" * 65},
        SECRETS | {"secret": "zz" * 32},
        SECRETS | {"webhook_secret": "whsec_AAAA"},
        SECRETS | {"webhook_secret": "whsec_no base64!"},
    ],
)
def test_a_real_server_needs_fit_secrets(secrets: dict[str, str]) -> None:
    with pytest.raises(SettingInvalid) as refused:
        House(sandbox=False, **secrets)
    assert not any(secret in str(refused.value) for secret in secrets.values()), "a secret in a message is none"


def test_a_real_server_takes_no_clock() -> None:
    with pytest.raises(SettingInvalid, match="sandbox"):
        bootstrap.make_clock(Settings(clock="2026-05-01T12:00:00Z@1"))


@pytest.mark.parametrize(
    "clock",
    [
        "noon",
        "2026-05-01T12:00:00",
        "2026-05-01T12:00:00Z@-1",
        "2026-05-01T12:00:00Z@nan",
        "2026-05-01T12:00:00Z@x",
        "2026-05-01T12:00:00Z@1e9",
        "9999-12-31T23:59:59Z@1",
        "0001-01-01T00:00:00+08:00",
    ],
)
def test_a_clock_that_cannot_run_is_refused_at_the_start(clock: str) -> None:
    with pytest.raises(SettingInvalid, match="clock"):
        bootstrap.make_clock(Settings(sandbox=True, clock=clock))


def test_the_clock_of_a_sandbox_goes_on_and_never_back(house: House) -> None:
    assert house.get("/sandbox/clock").json() == {"now": "2026-05-01T12:00:30.000+02:00"}
    moved = house.post("/sandbox/clock", {"now": "2026-05-02T12:00:00+02:00"})
    assert (moved.status, moved.json()) == (200, {"now": "2026-05-02T12:00:00.000+02:00"})
    assert house.post("/sandbox/clock", {"now": "2026-05-01T00:00:00Z"}).json() == moved.json()
    assert house.order(house.session("ada"), "k", "balloon", "red").status == 201


@pytest.mark.parametrize(
    "now", ["yesterday, noon", "2026-05-01T12:00:00", "1999-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_the_clock_refuses_what_is_no_time(house: House, now: str) -> None:
    answer = house.post("/sandbox/clock", {"now": now})
    assert (answer.status, answer.code) == (422, "invalid_body")


def test_a_sandbox_on_the_real_time_cannot_be_steered() -> None:
    with House(steered=False) as house:
        assert house.post("/sandbox/clock", {"now": "2026-05-02T12:00:00Z"}).code == "clock_not_steerable"


def test_a_sandbox_keeps_its_keys_beside_its_log_for_its_owner_only(tmp_path: Path) -> None:
    path = f"{tmp_path}/o.drumroll"
    with House(path=path) as first, House(path=path) as second:
        assert second.order(first.session("ada"), "k").status == 201
    for name in ("session", "webhook"):
        assert Path(f"{tmp_path}/o.drumroll.{name}-key").stat().st_mode & 0o777 == 0o600


def test_a_session_lasts_as_long_as_the_setting_says() -> None:
    with House(session_s=60) as house:
        token = house.session("ada").encode()
        now_s = house.server.web.now_s()
        assert house.server.web.sessions.customer_of(token, now_s + 55) == "ada"
        assert house.server.web.sessions.customer_of(token, now_s + 61) is None
