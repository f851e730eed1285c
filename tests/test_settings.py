"""Settings: each from the environment, over it what was given; what can't be is said by name."""

from __future__ import annotations

import msgspec
import pytest

from drumroll.errors import SettingInvalid
from drumroll.settings import Settings, load

FIT = {
    "launch": "a.toml",
    "log": "x.drumroll",
    "host": "0.0.0.0",
    "port": "81",
    "sandbox": "true",
    "clock": "2026-05-01T12:00:00Z@60",
    "secret": "aa",
    "webhook_secret": "whsec_x",
    "keys": "ring",
    "publish": "false",
    "witnesses": "https://example.com/w1 w1+00000000+BAAA",
    "quotes": "quotes",
    "session_s": "61",
    "operator_session_s": "62",
    "public_url": "https://launch.example",
    "proxies": "10.0.0.0/8",
    "people_key": "bb",
    "smtp": "smtp://mail.example:587",
    "mail_from": "orders@launch.example",
    "sms": "https://sms.example/send",
    "oidc": "https://id.example me secret",
    "operators_oidc": "https://id.example us secret",
    "notices": "off",
    "notices_per_s": "4",
    "queue_limit": "5",
    "batch_limit": "6",
    "body_limit_bytes": "2048",
    "header_limit_bytes": "9000",
    "header_timeout_ms": "200",
    "body_timeout_ms": "300",
    "connections_limit": "17",
    "viewers_limit": "2",
    "drain_s": "0.5",
}


def test_every_setting_is_read_from_the_environment() -> None:
    assert FIT.keys() == {field.name for field in msgspec.structs.fields(Settings)}
    loaded = load({f"DRUMROLL_{name.upper()}": value for name, value in FIT.items()} | {"HOME": "/", "DRUM": "no"})
    for name, text in FIT.items():
        value, default = getattr(loaded, name), getattr(Settings(), name)
        assert value != default, name
        assert type(value) is type(default), name
        assert str(value).lower() == text.lower()


def test_what_is_given_goes_before_the_environment_and_nothing_given_does_not() -> None:
    environment = {"DRUMROLL_PORT": "81", "DRUMROLL_HOST": "::1"}
    loaded = load(environment, port=82, host=None, sandbox=None)
    assert (loaded.port, loaded.host, loaded.sandbox) == (82, "::1", False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", ""),
        ("SANDBOX", "maybe"),
        ("SESSION_S", "59"),
        ("QUEUE_LIMIT", "0"),
        ("QUEUE_LIMIT", "1.5"),
        ("NOTICES", "yes"),
        ("NOTICES_PER_S", "0"),
        ("BATCH_LIMIT", "0"),
        ("BODY_LIMIT_BYTES", "1023"),
        ("HEADER_LIMIT_BYTES", "8191"),
        ("HEADER_TIMEOUT_MS", "99"),
        ("CONNECTIONS_LIMIT", "15"),
        ("VIEWERS_LIMIT", "0"),
        ("DRAIN_S", "0"),
        ("DRAIN_S", "nan"),
        ("DRAIN_S", "inf"),
        ("PROT", "8000"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=f"DRUMROLL_{name}"):
        load({f"DRUMROLL_{name}": value})


def test_every_number_has_bounds() -> None:
    properties = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"]
    numbers = {name for name, kind in properties.items() if kind["type"] in ("integer", "number")}
    assert {"queue_limit", "body_limit_bytes", "drain_s"} <= numbers
    for name in numbers:
        assert "maximum" in properties[name], name
        assert {"minimum", "exclusiveMinimum"} & properties[name].keys(), name
