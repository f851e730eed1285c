"""The operators' night in a real Chromium: an account, the sale, an order, the capacity, a plan, the trail of it all.

Needs ``playwright`` (its Python package, not its browsers) and a Chromium of the system; skipped without.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest

from tests.browser.pages_server import (
    DESK,
    OPENED,
    PATIENCE_MS,
    PHONE,
    PagesServer,
    Person,
    chromium,
    needs_chromium,
    somebody,
)

pytestmark = [pytest.mark.slow, needs_chromium]

PASSWORD = "seven-quiet-geese-cross-the-road"
JOB_MS = 4 * PATIENCE_MS
"""A plan is made by a process of its own, which has to start first."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PagesServer, list[str]]]:
    """A minute after the opening: a server, and the orders of six customers."""
    with PagesServer(tmp_path_factory.mktemp("ops"), OPENED) as server:
        tokens = server.sessions(*(f"customer-{number}" for number in range(6)))
        yield server, [server.ordered(token, "1", "yu7", "max") for token in tokens]


def account(server: PagesServer, name: str, role: str) -> pyotp.TOTP:
    """An account from the command line; what its authenticator has."""
    command = [sys.executable, "-m", "drumroll", "operator", "add", name, "--role", role, "--password-stdin"]
    done = subprocess.run(
        [*command, "--log", str(server.log)],
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        check=False,
        env=server.environment,
    )
    assert done.returncode == 0, done.stderr
    secret = re.search(r"secret=([A-Z2-7]+)", done.stdout)
    assert secret is not None, done.stdout
    return pyotp.TOTP(secret[1])


def signs_in(person: Person, name: str, totp: pyotp.TOTP) -> None:
    person.page.locator("#name").fill(name)
    person.page.locator("#password").fill(PASSWORD)
    person.page.locator("#code").fill(totp.at(int(time.time())))
    person.page.locator("form[action='/ops/sign-in'] button[type=submit]").click()


def does(person: Person, reason: str, *, sure: bool = False) -> None:
    """What a deed asks for, and its button."""
    person.page.locator("#reason").fill(reason)
    if sure:
        person.page.locator("input[name=sure]").check()
    person.page.locator("form[data-once]:has(#reason) button[type=submit]").click()
    person.page.wait_for_url(re.compile(r"done="))


def sale_of(server: PagesServer) -> str:
    return str(server.get("/v1/sale").json()["state"])


def test_a_night_from_the_sign_in_to_the_sign_out(browser: Any, house: tuple[PagesServer, list[str]]) -> None:
    server, orders = house
    totp = account(server, "grace", "admin")
    with somebody(browser, server, DESK) as person:
        person.go("/ops/orders")
        person.arrives("/ops/sign-in")
        signs_in(person, "grace", totp)
        person.arrives("/ops/orders")
        steers_the_sale(person)
        acts_on_an_order(person, orders[0])
        cuts_the_capacity(person)
        asks_what_if(person)
        accepts_a_plan(person)
        sees_what_was_done(person, orders[0])
        person.press("Sign out")
        person.go("/ops")
        person.arrives("/ops/sign-in")


def steers_the_sale(person: Person) -> None:
    person.go("/ops")
    for name, reason, after in (
        ("Pause", "the provider is slow", "paused"),
        ("Resume", "it is well again", "open"),
    ):
        person.page.get_by_role("link", name=f"{name} YU7", exact=True).click()
        does(person, reason)
        assert sale_of(person.server) == after


def acts_on_an_order(person: Person, order_id: str) -> None:
    person.go("/ops/orders")
    person.page.locator("#who").fill(order_id)
    person.press("Find")
    person.arrives(f"/ops/orders/{order_id}")
    person.press("Cancel the order")
    person.press("Cancel the order")
    assert person.page.locator("#reason").evaluate("(field) => field.validity.valueMissing"), "not without a reason"
    does(person, "ordered for somebody else", sure=True)
    person.sees("Cancelled")
    person.sees("Reason: %(reason)s", reason="ordered for somebody else")


def cuts_the_capacity(person: Person) -> None:
    person.go("/ops/plan")
    person.press("Change a capacity")
    person.page.locator("#f-resource").select_option("pack-max")
    person.page.locator("#f-from").fill("2025-06-30")
    person.page.locator("#f-until").fill("2025-09-01")
    person.page.locator("#f-percent").fill("0")
    does(person, "no battery packs before September")


def asks_what_if(person: Person) -> None:
    person.go("/ops/plan")
    person.press("Ask what if")
    person.page.locator("#cut").fill("55")
    person.press("Work it out")
    person.page.wait_for_url(re.compile(r"/ops/whatif/"), timeout=JOB_MS)
    person.sees("Nothing was changed by asking.")
    person.sees("promises broken")


def accepts_a_plan(person: Person) -> None:
    person.go("/ops/plan")
    person.press("Make a plan")
    person.page.wait_for_url(re.compile(r"/ops/plan/"), timeout=JOB_MS)
    person.sees("This is what it would change. Nothing has changed yet.")
    person.sees("Against what is promised now")
    person.press("Accept this plan")
    does(person, "packs come in September", sure=True)
    person.arrives("/ops/plan")


def sees_what_was_done(person: Person, cancelled: str) -> None:
    person.go("/ops/refunds")
    person.sees(cancelled)
    person.go("/ops/trail")
    for reason in (
        "the provider is slow",
        "it is well again",
        "ordered for somebody else",
        "no battery packs before September",
        "packs come in September",
    ):
        person.sees(reason)
    person.sees("grace")


def test_customers_see_the_reason_of_what_operators_did(browser: Any, house: tuple[PagesServer, list[str]]) -> None:
    server, orders = house
    with somebody(browser, server, PHONE) as person:
        person.is_signed_in("customer-0")
        person.go(f"/orders/{orders[0]}")
        person.sees("ordered for somebody else")


def test_a_viewer_sees_no_buttons_and_is_turned_away(browser: Any, house: tuple[PagesServer, list[str]]) -> None:
    server, orders = house
    totp = account(server, "vera", "viewer")
    with somebody(browser, server, PHONE, "zh-CN", "dark") as person:
        person.go("/ops")
        signs_in(person, "vera", totp)
        person.arrives("/ops")
        for path in ("/ops", "/ops/limits", "/ops/plan", "/ops/trail"):
            assert person.go(path).status == 200
            main = person.page.locator("main")
            assert main.locator("a.button:not([download]), form[method=post]").count() == 0, path
        for path in (
            "/ops/sales/pause",
            f"/ops/orders/{orders[1]}",
            f"/ops/orders/{orders[1]}/cancel",
            "/ops/plan/capacity",
            "/ops/whatif",
            "/ops/limits/cap",
            "/ops/refunds",
            "/ops/ledger",
            "/ops/operators",
            "/ops/people",
            "/ops/webhooks",
        ):
            assert person.go(path).status == 403, path
            assert person.page.locator("h1").inner_text()
        person.errors[:] = [error for error in person.errors if "403" not in error]
