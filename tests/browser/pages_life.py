"""A sale with a life: orders in every state, what operators did, somebody who is signed in. For pictures and axe."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.browser.pages_server import DAY_BEFORE, LAUNCH, OPENED, PATIENCE_MS, PagesServer, Person, somebody

CONTACT = "lan@example.com"
TRIMS = ("standard", "pro", "standard", "max", "standard", "pro")
SPREAD_S = 9
"""How long it is from one order to the next."""
WAITING_ROOM = "\n[waiting_room]\nopens = 2025-06-26T21:30:00\nrate_per_s = 1\nticket_s = 900\n"
OPERATORS = (("grace", "admin"), ("joan", "finance"), ("vera", "viewer"))
JOB_MS = 8 * PATIENCE_MS
"""Long work is done by processes beside the server, one after the other."""


class Life(NamedTuple):
    """Where what is to be seen is, and the sessions that one sees it with."""

    server: PagesServer
    customer: str
    payer: str
    newcomer: str
    operator: str
    pages: dict[str, str]
    """Paths of the pages, by the names that they have in docs/pages.md."""


@contextmanager
def a_life(browser: Any, folder: Path, orders: int) -> Iterator[Life]:
    """A server in the first hour of its sale. ``orders``: how many there are beside those that the pages are about."""
    with PagesServer(folder, DAY_BEFORE, publish=True) as server:
        with somebody(browser, server) as person:
            person.go("/sign-in?back=%2Fme")
            person.signs_in(CONTACT)
            person.arrives("/me")
            person.page.locator("#name").fill("Lan")
            person.press("Keep this name")
            customer = person.token
        older = server.sessions(*(f"older-{number}" for number in range(6)))
        saloon = server.ordered(customer, "su7", "su7", "pro", region="shanghai")
        saloons = [server.ordered(token, "su7", "su7", "max") for token in older]
        server.move_clock(OPENED)
        operator = server.sandbox_operator()
        suv = server.ordered(customer, "yu7", "yu7", "pro", region="chengdu", options=["emerald-green", "comfort"])
        payer, newcomer = server.sessions("payer", "newcomer")
        standing = _ordered(server, orders)
        unpaid = server.ordered(payer, "1", "yu7", "max", paid=False)
        _operated(server, operator, saloons, standing)
        yield Life(server, customer, payer, newcomer, operator, _pages(suv, saloon, unpaid))


def _ordered(server: PagesServer, count: int) -> list[str]:
    """Orders of the first minutes; every eighth is not paid."""
    at, made = datetime.fromisoformat(OPENED), []
    for number, token in enumerate(server.sessions(*(f"customer-{number}" for number in range(count)))):
        at += timedelta(seconds=SPREAD_S)
        server.move_clock(at.isoformat())
        made.append(server.ordered(token, "1", "yu7", TRIMS[number % len(TRIMS)], paid=number % 8 != 5))
    return [order_id for number, order_id in enumerate(made) if number % 8 != 5]


def _operated(server: PagesServer, operator: str, saloons: list[str], standing: list[str]) -> None:
    """What operators did: production, a capacity, a cap, refunds; each with its reason."""
    server.moved(operator, "scheduled", *saloons[:4])
    server.moved(operator, "in_production", *saloons[:2])
    for order_id in standing[:3]:
        withdrawn = {"refund": True, "reason": "ordered twice by mistake"}
        server.told(f"/v1/operator/orders/{order_id}/cancel", withdrawn, operator, f"cancel-{order_id}")
    cut = {"resource": "pack-max", "from": "2025-07-21", "until": "2025-09-01", "percent": 45}
    server.told("/v1/operator/capacity", cut | {"reason": "fewer battery packs in August"}, operator, "capacity")
    for number, action in enumerate(("pause", "resume")):
        said = {"action": action, "model": "su7-ultra", "reason": "the provider was slow for a minute"}
        server.told("/v1/operator/sales", said, operator, f"sales-{number}")


def _pages(suv: str, saloon: str, unpaid: str) -> dict[str, str]:
    return {
        "store": "/",
        "configure": "/configure/yu7?trim=pro&o-exterior=matte-grey&o-packages=comfort&region=chengdu",
        "review": "/order?model=yu7&trim=max&o-exterior=orange&o-wheels=wheels-20-sport&o-interior=interior-black",
        "order": f"/orders/{suv}",
        "orders": "/orders",
        "act-lock": f"/orders/{suv}/lock",
        "change": f"/orders/{suv}/change?trim=max",
        "convert": f"/orders/{saloon}/convert?trim=max",
        "pay": f"/orders/{unpaid}/pay",
        "sign-in": "/sign-in",
        "account": "/me",
        "board": "/board",
        "outbox": "/sandbox/outbox",
        "error": "/orders/ord_00000000000000000000",
        "ops-overview": "/ops",
        "ops-orders": "/ops/orders",
        "ops-order": f"/ops/orders/{suv}",
        "ops-limits": "/ops/limits",
        "ops-plan": "/ops/plan",
        "ops-whatif": "/ops/whatif",
        "ops-refunds": "/ops/refunds",
        "ops-ledger": "/ops/ledger",
        "ops-outlook": "/ops/outlook",
        "ops-market": "/ops/market",
        "ops-webhooks": "/ops/webhooks",
        "ops-trail": "/ops/trail",
        "ops-operators": "/ops/operators",
        "ops-sign-in": "/ops/sign-in",
    }


def enter(person: Person, life: Life, page: str = "") -> None:
    """With the sessions that the page of that name is seen with; the page of a sign-in is seen without."""
    person.context.clear_cookies()
    if page not in ("sign-in", "ops-sign-in"):
        person.is_given("session", {"pay": life.payer, "review": life.newcomer}.get(page, life.customer))
        person.is_given("operator", life.operator)


def given_operators(server: PagesServer) -> None:
    """Accounts, from the command line."""
    for name, role in OPERATORS:
        command = [sys.executable, "-m", "drumroll", "operator", "add", name, "--role", role, "--password-stdin"]
        subprocess.run(
            [*command, "--log", str(server.log)],
            input=b"seven-quiet-geese-cross-the-road\n",
            capture_output=True,
            check=True,
            env=server.environment,
        )


def worked_out(person: Person) -> None:
    """What takes longer, started by its buttons: a plan, a question, the books, figures, forecast and outlook."""
    for path, button in (
        ("/ops/plan", "Make a plan"),
        ("/ops/plan", "Count the promises"),
        ("/ops/ledger", "Work out the books"),
        ("/ops/outlook", "Work out the outlook"),
    ):
        person.go(path)
        person.press(button)
        finished(person)
    person.go("/ops/whatif")
    person.page.locator("#cut").fill("55")
    person.press("Work it out")
    finished(person)


def finished(person: Person) -> None:
    """Waits until the page of a job has gone on to what the job found."""
    person.page.wait_for_function("() => !location.pathname.startsWith('/ops/jobs/')", timeout=JOB_MS)


@contextmanager
def a_waiting_room(folder: Path, people: int) -> Iterator[tuple[PagesServer, str]]:
    """A server that lets one in a second, a minute after the draw; and the session of somebody who waits among them."""
    with PagesServer(folder, "2025-06-26T21:40:00+08:00", LAUNCH.read_text() + WAITING_ROOM) as server:
        tokens = server.sessions(*(f"waiting-{number}" for number in range(people)))
        for token in tokens:
            server.told("/v1/waiting-room", {}, token)
        yield server, tokens[0]
