"""Where messages may go: https anywhere, http on this machine, nothing that carries a password."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from drumroll.errors import EndpointInvalid
from drumroll.webhooks.endpoint import Endpoint, Secret, check_url, fresh_secret


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example.com/hooks?tenant=4",
        "https://[2001:db8::1]:8443/",
        "http://127.0.0.1:9000/",
        "http://127.8.9.1/",
        "http://[::1]:9000/",
        "http://localhost:9000/hooks",
    ],
)
def test_https_and_loopback_are_taken(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/hooks",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "http://localhost.example.com/",
        "https://user:word@crm.example.com/",
        "https://crm.example.com/#part",
        "https://crm.example.com:99999/",
        "https:///hooks",
        "ftp://crm.example.com/",
        "https://crm.example.com/a b",
        "https://crm.example.com/\r\nx: y",
        "https://[::1/",
        "https://e.com/" + "x" * 2048,
        "",
    ],
)
def test_what_would_travel_unencrypted_or_can_not_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(EndpointInvalid, match="url"):
        check_url(url)


def test_the_published_librarys_signature_is_ours_for_each_secret_while_one_rotates() -> None:
    old, new = fresh_secret(), fresh_secret()
    endpoint = Endpoint(
        "ep", "https://e.com", "", "active", "", 1, 0, None, "", None, 0, (Secret(new), Secret(old, 5000))
    )

    def published(secret: str, at_s: int) -> str:
        return Webhook(secret).sign("msg_1_0", datetime.fromtimestamp(at_s, UTC), "{}")

    assert endpoint.signatures("msg_1_0", 4999, b"{}") == f"{published(new, 4)} {published(old, 4)}"
    assert endpoint.signatures("msg_1_0", 5000, b"{}") == published(new, 5)
