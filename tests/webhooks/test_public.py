"""Which addresses an operator may add on a real server's pages: none that lead into this machine or its network."""

from __future__ import annotations

import pytest

from drumroll.webhooks.endpoint import is_public


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://localhost/",
        "https://localhost./",
        "https://db/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/",
        "https://metadata.internal/",
        "https://printer.local/",
        "https://0.0.0.0/",
        "not an address",
    ],
)
def test_an_address_inside_is_not_taken_for_one_outside(url: str) -> None:
    assert not is_public(url)


@pytest.mark.parametrize("url", ["https://example.com/hook", "https://8.8.8.8/", "https://[2606:4700::1111]/x"])
def test_an_address_outside_is_taken(url: str) -> None:
    assert is_public(url)
