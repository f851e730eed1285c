"""Every operators' route has a permission, every role does what its table says and nothing else, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drumroll.access.roles import MEANING, ROLES, Permission, Role, may, permissions_table
from drumroll.web.operators import OPERATOR_ROUTES
from drumroll.web.operators_plan import PLAN_ROUTES
from tests.web.house import session
from tests.web.lives import Life

PAGE = Path(__file__).parent.parent.parent / "docs" / "access.md"
ROUTES = [*OPERATOR_ROUTES, *PLAN_ROUTES]
WANTED = {
    ("POST", "sales"): "operator admin",
    ("POST", "caps"): "operator admin",
    ("POST", "windows/x"): "operator admin",
    ("POST", "orders/x/cancel"): "support operator admin",
    ("POST", "orders/x/correct"): "support operator admin",
    ("POST", "orders/x/pin"): "support operator admin",
    ("POST", "orders/x/refund"): "finance admin",
    ("POST", "refunds/x/paid"): "finance admin",
    ("POST", "moves"): "operator admin",
    ("POST", "capacity"): "operator admin",
    ("POST", "plans"): "operator admin",
    ("GET", "orders"): "support operator finance admin",
    ("GET", "orders/x"): "support operator finance admin",
    ("GET", "trail"): "viewer support operator finance admin",
    ("GET", "plan"): "viewer support operator finance admin",
}
"""Who may what, written down a second time."""


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


def token(life: Life, role: Role, name: str = "grace") -> str:
    answer = life.post("/sandbox/operators", {"operators": [name], "role": role})
    assert answer.status == 201, answer
    return str(answer.json()["sessions"][0]["token"])


def test_every_operators_route_is_tried_here() -> None:
    assert len(ROUTES) == len(WANTED)
    assert all(isinstance(route.opt["permission"], Permission) and route.guards for route in ROUTES)


@pytest.mark.parametrize(("method", "path"), WANTED, ids=str)
@pytest.mark.parametrize("role", Role)
def test_a_route_is_open_to_those_roles_that_may_and_to_no_other(
    life: Life, method: str, path: str, role: Role
) -> None:
    headers: Any = [*session(token(life, role)), ("content-type", "application/json")]
    answer = life.call(method, f"/v1/operator/{path}", headers, b"{}" if method == "POST" else b"")
    if role in WANTED[method, path].split():
        assert answer.status != 403
        return
    assert (answer.status, answer.code) == (403, "not_allowed")
    problem = answer.json()
    assert problem["permission"] in problem["detail"]
    assert problem["roles"] == WANTED[method, path].split()
    assert problem["role"] == role


def test_a_role_that_there_is_not_lets_nobody_in(life: Life) -> None:
    made = life.server.web.sessions.issue("operator:grace:king", 2_000_000_000)
    assert life.get("/v1/operator/trail", made).code == "no_session"
    assert life.post("/sandbox/operators", {"operators": ["grace"], "role": "king"}).status == 400


def test_the_table_of_the_documents_is_that_of_the_code() -> None:
    assert permissions_table() in PAGE.read_text()
    assert set(MEANING) == set(Permission)


def test_roles_are_as_was_asked_for() -> None:
    assert ROLES[Role.ADMIN] == set(Permission)
    assert ROLES[Role.VIEWER] == {"see"}
    assert ROLES[Role.SUPPORT] == {"see", "find_orders", "see_contacts", "act_on_orders"}
    assert ROLES[Role.FINANCE] == {"see", "find_orders", "see_money", "grant_refunds", "record_refunds"}
    on_the_night = {"set_sales", "move_orders", "plan", "manage_webhooks"}
    assert ROLES[Role.OPERATOR] == {"see", "find_orders", "act_on_orders"} | on_the_night
    assert [role for role in Role if may(role, Permission.SEE_CONTACTS)] == ["support", "admin"]
