"""Standard Webhooks, held against the vector that its specification's libraries publish, and against any change."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.errors import SettingInvalid, WebhookRejected
from drumroll.payments.standard_webhooks import TOLERANCE_S, secret_bytes, sign, verify

# From the tests of the specification's own libraries (standard-webhooks, libraries/*/test).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP_S = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

KEY = secret_bytes(SECRET)


def check(
    signatures: str = SIGNATURE,
    *,
    webhook_id: str = WEBHOOK_ID,
    timestamp: str = str(TIMESTAMP_S),
    body: bytes = BODY,
    now_s: int = TIMESTAMP_S,
) -> None:
    verify(KEY, webhook_id, timestamp, signatures, body, now_s)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(WebhookRejected) as error:
        yield
    assert error.value.code == code


def test_the_published_vector() -> None:
    assert sign(KEY, WEBHOOK_ID, TIMESTAMP_S, BODY) == SIGNATURE
    check()


@given(
    st.binary(min_size=24, max_size=64),
    st.from_regex("[!-~]{1,80}", fullmatch=True),
    st.integers(0, 10**11),
    st.binary(),
)
def test_a_signature_is_the_hmac_that_the_specification_says(
    key: bytes, webhook_id: str, at_s: int, body: bytes
) -> None:
    mac = hmac.new(key, f"{webhook_id}.{at_s}.".encode() + body, "sha256").digest()
    assert sign(key, webhook_id, at_s, body) == "v1," + b64encode(mac).decode()


@pytest.mark.parametrize(
    "signatures",
    [
        f"v1,{'A' * 43}= {SIGNATURE}",
        f"{SIGNATURE} v1,{'A' * 43}=",
        f"v1a,abcdef {SIGNATURE} v2,xyz",
        f"  {SIGNATURE}  ",
        f"garbage {SIGNATURE}",
    ],
)
def test_one_fit_signature_among_several_is_enough(signatures: str) -> None:
    check(signatures)


@pytest.mark.parametrize(
    "signatures",
    [
        "",
        " ",
        "v1,",
        "v1",
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.replace("v1,", "v2,"),
        SIGNATURE.replace("v1,", ""),
        SIGNATURE.replace("v1,", "V1,"),
        SIGNATURE.rstrip("="),
        SIGNATURE + "=",
        SIGNATURE.lower(),
        f"{SIGNATURE},{SIGNATURE}",
        "x " * 3_000 + SIGNATURE,
    ],
)
def test_signatures_of_which_none_is_fit(signatures: str) -> None:
    with refused("webhook_signature"):
        check(signatures)


@pytest.mark.parametrize("away_s", [0, 1, TOLERANCE_S, -1, -TOLERANCE_S])
def test_a_timestamp_within_five_minutes_is_taken(away_s: int) -> None:
    check(now_s=TIMESTAMP_S + away_s)


@pytest.mark.parametrize("away_s", [TOLERANCE_S + 1, -TOLERANCE_S - 1, 10**9, -(10**9)])
def test_a_timestamp_too_far_from_now_in_either_direction_is_refused(away_s: int) -> None:
    with refused("webhook_too_old"):
        check(now_s=TIMESTAMP_S + away_s)


@pytest.mark.parametrize("timestamp", ["", " 1614265330", "1614265330 ", "-1614265330", "+1614265330", "1614265330.0"])
def test_a_timestamp_that_is_no_whole_number_is_malformed(timestamp: str) -> None:
    with refused("webhook_malformed"):
        check(timestamp=timestamp)


@pytest.mark.parametrize(
    "timestamp", ["1e9", "0x60382272", "9" * 13, "1_614_265_330", "\u0661614265330", "01614265330"]
)
def test_a_timestamp_in_other_digits_is_malformed(timestamp: str) -> None:
    with refused("webhook_malformed"):
        check(timestamp=timestamp)


@pytest.mark.parametrize("webhook_id", ["", "m" * 257])
def test_an_unfit_id_is_malformed(webhook_id: str) -> None:
    with refused("webhook_malformed"):
        check(webhook_id=webhook_id)


@given(st.data())
def test_a_change_of_any_byte_is_refused(data: st.DataObject) -> None:
    parts = {"webhook_id": WEBHOOK_ID.encode(), "timestamp": str(TIMESTAMP_S).encode(), "body": BODY}
    parts["signatures"] = SIGNATURE.encode()
    name = data.draw(st.sampled_from(sorted(parts)))
    whole = parts[name]
    place = data.draw(st.integers(0, len(whole) - 1))
    how = data.draw(st.sampled_from(["change", "remove", "insert"]))
    byte = bytes([data.draw(st.integers(0x21, 0x7E))])
    changed = whole[:place] + (b"" if how == "remove" else byte) + whole[place + (how != "insert") :]
    if changed == whole:
        return
    texts = {key: value.decode() for key, value in (parts | {name: changed}).items() if key != "body"}
    with pytest.raises(WebhookRejected):
        verify(
            KEY,
            texts["webhook_id"],
            texts["timestamp"],
            texts["signatures"],
            changed if name == "body" else BODY,
            TIMESTAMP_S,
        )


@given(st.binary(min_size=24, max_size=64))
def test_another_key_is_refused(key: bytes) -> None:
    if key != KEY:
        with refused("webhook_signature"):
            verify(key, WEBHOOK_ID, str(TIMESTAMP_S), SIGNATURE, BODY, TIMESTAMP_S)


@given(st.binary(min_size=24, max_size=64))
def test_a_secret_is_read_with_and_without_its_prefix(key: bytes) -> None:
    text = b64encode(key).decode()
    assert secret_bytes("whsec_" + text) == secret_bytes(text) == b64decode(text) == key


@pytest.mark.parametrize("length", [0, 23, 65])
def test_a_secret_too_short_or_too_long_is_a_wrong_setting(length: int) -> None:
    with pytest.raises(SettingInvalid, match="24 to 64"):
        secret_bytes("whsec_" + b64encode(bytes(length)).decode())


@pytest.mark.parametrize(
    "secret", ["whsec_?", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ 9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
def test_a_secret_that_is_no_base64_is_a_wrong_setting(secret: str) -> None:
    with pytest.raises(SettingInvalid, match="base64"):
        secret_bytes(secret)
