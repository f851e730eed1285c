"""Every route with everybody: nobody, customers, each role, and sessions that no longer stand. None is left out.

Operators' routes say what one needs for them; all others stand on one of the lists here, or the test fails: a new
route must be one or the other. What a role may do is ``access/roles.py``; that it is so is tried, not read.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from drumroll.access.operator_sessions import new_sid
from drumroll.access.roles import Role, may, subject_of
from drumroll.access.store import StoredOperator
from drumroll.people.person import Contact
from drumroll.web import app as app_module
from tests.web.house import LAUNCH, Answer, House
from tests.web.test_room import WAITING_ROOM
from tests.web.walked import FOLDERS, PLAIN, Route, routes_of

ORDER, WAITING = "/v1/orders/{order_id}", "/v1/waiting-list/{order_id}"
PAGE_ACTIONS = ("cancel", "lock", "undo-lock", "change", "convert", "pay")
CUSTOMERS = {
    "GET /v1/orders",
    "POST /v1/orders",
    f"GET {ORDER}",
    f"GET {ORDER}/history",
    f"GET {ORDER}/receipt",
    *(f"POST {ORDER}/{action}" for action in ("cancel", "lock", "undo-lock", "change", "convert")),
    "POST /v1/waiting-list",
    f"GET {WAITING}",
    f"POST {WAITING}/leave",
    "GET /order",
    "POST /order",
    "POST /waiting-list",
    "GET /orders",
    "GET /orders/{order_id}",
    "GET /orders/{order_id}/receipt",
    *(f"{method} /orders/{{order_id}}/{action}" for action in PAGE_ACTIONS for method in ("GET", "POST")),
    "GET /waiting-list/{order_id}/leave",
    "POST /waiting-list/{order_id}/leave",
    "GET /me",
    "GET /me/data",
    "POST /me/name",
    "POST /me/sessions/end",
    "POST /me/sessions/end-others",
    "POST /room",
    "POST /v1/waiting-room",
}
"""For whoever has a customer's session, and for nobody else; operators sign in as customers to order."""
ANYBODYS = {
    "GET /",
    "GET /configure/{model_id}",
    "GET /language",
    "GET /room",
    "GET /board",
    "GET /v1/board",
    "GET /v1/board/events",
    "GET /v1/launch",
    "GET /v1/sale",
    "GET /v1/quotes",
    "GET /v1/waiting-room",
    "GET /v1/waiting-room/draw",
    "GET /healthz",
    "GET /metrics",
    *("GET /docs", "GET /docs/{path}", "GET /docs/openapi.json"),
    *("GET /docs/assets/{file_path}", "HEAD /docs/assets/{file_path}"),
    *(f"{method} {path}" for path in ("/sign-in", "/sign-in/code", "/ops/sign-in") for method in ("GET", "POST")),
    *("POST /sign-in/again", "POST /sign-out", "POST /ops/sign-out"),
    *("GET /sign-in/oidc", "GET /sign-in/oidc/done", "GET /ops/sign-in/oidc", "GET /ops/sign-in/oidc/done"),
    "POST /v1/webhooks/payments",
}
"""Open to all; what a provider or a sign-in must show for itself is checked by them, and tested beside them."""
SANDBOXS = {
    *("POST /sandbox/sessions", "POST /sandbox/operators", "POST /sandbox/ops-session", "POST /sandbox/pay/{order_id}"),
    *("GET /sandbox/clock", "POST /sandbox/clock", "GET /sandbox/outbox"),
}
"""Open to all, on no real server."""
ENDLESS = "GET /v1/board/events"
SIGN_INS = {"GET /sign-in/oidc/done", "GET /ops/sign-in/oidc/done", "POST /ops/sign-in"}
"""Nobody is turned away here but who did not begin a sign-in, or shows nothing for it: that is a 403 too."""
REAL = {"secret": "22" * 32, "webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "people_key": "33" * 32}
TOKENS = ("authorization", "session", "operator")
FORM = "application/x-www-form-urlencoded"
WANTED = {"model": "kite", "trim": "plain", "key": "k", "name": "Ada", "sid": "x"}
"""What customers' forms ask for before they ask who it is."""
NEVER = 10**11


class Somebody(msgspec.Struct, frozen=True):
    """Who asks: their token goes wherever a token can go, so that none counts where another kind should."""

    name: str
    token: str = ""
    role: Role | None = None
    customer: bool = False


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House() as house:
        yield house


@pytest.fixture(scope="module")
def routes(house: House) -> list[Route]:
    return routes_of(house)


def people(house: House) -> list[Somebody]:
    """Everybody who there is, and those whose time is over."""
    web = house.server.web
    issue, access, now_s = web.sessions.issue, web.entrance.access, int(web.now_s())
    for name in ("disabled", "demoted"):
        access.add_operator(StoredOperator(name, Role.VIEWER, "", b"", f"subject of {name}", False, now_s))
    access.change_disabled("disabled", disabled=True)
    ended = {subject: new_sid() for subject in ("eve", subject_of("eve", Role.ADMIN))}
    for subject, sid in ended.items():
        access.add_session(sid, subject, now_s, now_s + 1000)
        access.revoke(sid)
    ada = web.entrance.people.find_or_make(Contact("email", "ada@post.example"), "en", "cus_ada", now_s * 1000)
    # A server learns of it within a second for customers; operators' routes look each time.
    web.sessions.revoked = {ended["eve"]}
    return [
        Somebody("nobody"),
        Somebody("a customer", issue(ada.id, NEVER), customer=True),
        *(Somebody(f"{role}", issue(subject_of("grace", role), NEVER), role) for role in Role),
        Somebody("an admin who is a viewer now", issue(subject_of("demoted", Role.ADMIN), NEVER), Role.VIEWER),
        Somebody("a disabled admin", issue(subject_of("disabled", Role.ADMIN), NEVER)),
        Somebody("a customer who signed out", issue("eve", NEVER, ended["eve"])),
        Somebody("an admin who signed out", issue(subject_of("eve", Role.ADMIN), NEVER, ended["operator:eve:admin"])),
        Somebody("a customer whose time is over", issue("ada", now_s - 1)),
        Somebody("an admin whose time is over", issue(subject_of("grace", Role.ADMIN), now_s - 1)),
        Somebody("a forger", issue(subject_of("grace", Role.ADMIN), NEVER)[:-1] + "~"),
        Somebody("a role that there is not", issue("operator:grace:king", NEVER)),
    ]


def ask(house: House, route: Route, who: Somebody, value: str = "x") -> Answer:
    """The route asked by somebody, with as little as gets them to the door; a form with the token of its session."""
    headers: list[tuple[str, str | bytes]] = [("host", "launch.test"), ("sec-fetch-site", "same-origin")]
    headers.append(("idempotency-key", f"{who.name} {route}".replace(" ", "-")))
    if who.token:
        headers += [("authorization", f"Bearer {who.token}"), ("cookie", f"session={who.token}; operator={who.token}")]
    body = b""
    if route.method == "POST":
        headers.append(("content-type", FORM if route.page else "application/json"))
        fields = WANTED if str(route) in CUSTOMERS else {}
        token = house.server.web.pages.safety.token(who.token)
        body = urlencode({"form_token": token, **fields}).encode() if route.page else b"{}"
    return house.call(route.method, route.at(value), headers, body)


def outcome(answer: Answer) -> str:
    """What became of it: ``in``, or how they were turned away."""
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"failed with {answer.status}"
    to = answer.headers.get("location", "")
    if answer.status == HTTPStatus.SEE_OTHER and to.startswith(("/sign-in?back=", "/ops/sign-in?back=")):
        return to.partition("?")[0]
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return str(int(answer.status))
    return "in"


def expected_of_operators(route: Route, who: Somebody) -> set[str]:
    assert route.permission is not None
    if who.role is not None:
        return {"in"} if may(who.role, route.permission) else {"403"}
    if route.page:
        return {"/ops/sign-in"}
    return {"403"} if who.customer else {"401"}


def expected_of_customers(route: Route, who: Somebody) -> set[str]:
    if who.customer:
        return {"in"}
    # A form whose session is over is refused as that of another session, or leads to the sign-in.
    return {"/sign-in", "403"} if route.page else {"401"}


def tried(house: House, routes: list[Route], expected: Any) -> None:
    """Ask each route as everybody, and say all that was not as expected."""
    wrong = [
        f"{route} as {who.name}: {found}, expected {' or '.join(sorted(wanted))}"
        for who in people(house)
        for route in routes
        if (found := outcome(ask(house, route, who))) not in (wanted := expected(route, who))
    ]
    assert not wrong, "\n".join(wrong)


def test_an_operators_route_lets_in_the_roles_that_have_its_permission_and_nobody_else(routes: list[Route]) -> None:
    theirs = [route for route in routes if route.permission]
    assert len(theirs) > 40
    with House() as house:
        tried(house, theirs, expected_of_operators)


def test_a_customers_route_lets_in_customers_and_nobody_else(routes: list[Route], tmp_path: Path) -> None:
    theirs = [route for route in routes if str(route) in CUSTOMERS]
    with House(path=str(tmp_path / "orders"), launch=LAUNCH + WAITING_ROOM) as house:
        tried(house, theirs, expected_of_customers)


def test_an_open_route_turns_nobody_away_and_fails_for_nobody(routes: list[Route]) -> None:
    with House() as house:
        everybody = people(house)
        for route in (route for route in routes if str(route) in (ANYBODYS | SANDBOXS) - {ENDLESS}):
            allowed = {"in", "403"} if str(route) in SIGN_INS else {"in"}
            assert outcome(ask(house, route, everybody[0])) in allowed, route
            for who in everybody[1:3]:
                assert not outcome(ask(house, route, who)).startswith("failed"), (route, who.name)


def test_no_route_is_forgotten(routes: list[Route]) -> None:
    """A new one needs a permission, or a place on one of the lists above: say which."""
    listed = CUSTOMERS | ANYBODYS | SANDBOXS
    open_ones = {str(route) for route in routes if route.permission is None}
    assert open_ones - listed == set(), "neither a permission nor a place on a list"
    assert listed - open_ones == set(), "on a list, and there is no such route or it needs a permission"
    assert not CUSTOMERS & (ANYBODYS | SANDBOXS)


def test_an_operators_address_always_needs_a_permission(routes: list[Route]) -> None:
    """Whatever is under operations is behind the door, but for the door itself."""
    door = ("/ops/sign-in", "/ops/sign-out")
    for route in routes:
        if route.path.startswith(("/ops", "/v1/operator")) and not route.path.startswith(door):
            assert route.permission is not None, route
        else:
            assert route.permission is None, route


def test_every_route_is_documented_or_a_page(house: House, routes: list[Route]) -> None:
    """OWASP API9:2023: what nobody knows of, nobody guards."""
    paths = house.get("/docs/openapi.json").json()["paths"]
    documented = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    pages = {"GET /", "GET /board"}
    others = {str(route) for route in routes if not route.page} - documented - pages
    assert {name for name in others if not name.partition(" ")[2].startswith("/docs")} == set()
    assert documented <= {str(route) for route in routes}


def test_who_asks_for_the_head_of_anything_gets_that_and_no_body(house: House, routes: list[Route]) -> None:
    """RFC 9110, section 9.3.2. Those who watch a server from outside ask so; a stream alone has no head of its own."""
    for route in (one for one in routes if one.method == "GET" and one.path != "/v1/board/events"):
        whole, head = (house.call(method, route.at("x")) for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (whole.status, b""), route
        assert head.headers.keys() == whole.headers.keys(), route
    assert house.call("HEAD", "/v1/board/events").status == HTTPStatus.METHOD_NOT_ALLOWED


def test_the_plain_routes_are_all_in_the_table() -> None:
    """``web/app.py`` read: each pair of method and address in it, and each address that it names, is in the table."""
    tree = ast.parse(inspect.getsource(app_module))
    pairs, addresses = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            method, path = map(_said, node.elts)
            if isinstance(path, str) and path.startswith("/") and method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
                pairs.add(f"{method} {path}")
        said = _said(node)
        if isinstance(said, str) and said.startswith("/") and not said.startswith("/v1/orders/{"):
            addresses.add(said)
    assert pairs
    assert pairs <= PLAIN, "a plain route that is not in the table of tests/web/walked.py"
    known = {name.partition(" ")[2] for name in PLAIN} | {*FOLDERS, "/", "/not-found"}
    assert addresses <= known, "an address that is not in the table of tests/web/walked.py"


def _said(node: Any) -> Any:
    """The value of a constant, or of a name of the module."""
    if isinstance(node, ast.Name):
        return getattr(app_module, node.id, None)
    return node.value if isinstance(node, ast.Constant) else None


def test_a_plain_route_is_what_answers_and_not_its_twin(routes: list[Route]) -> None:
    """The twins are there for the document alone: each of them answers 404 to whoever gets there."""
    assert {str(route) for route in routes if route.twin} == {name for name in PLAIN if " /v1/" in name}


def test_somebody_elses_order_is_nowhere(routes: list[Route]) -> None:
    """OWASP API1:2023. On every customers' route with an order in it: as if there were none, to the byte but its id."""
    with House() as house:
        mine = house.order(house.session("ada"), "k").json()["id"]
        position, other = house.desk.position, Somebody("bob", house.session("bob"), customer=True)
        for route in (route for route in routes if str(route) in CUSTOMERS and "{order_id}" in route.path):
            found, missing = ask(house, route, other, mine), ask(house, route, other, "ord_0")
            assert found.status == missing.status, route
            assert found.status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY), route
            same = (found.body.replace(mine.encode(), b""), missing.body.replace(b"ord_0", b""))
            assert same[0] == same[1], route
        assert house.desk.position == position


@pytest.mark.parametrize("only", TOKENS)
def test_a_session_counts_only_where_it_belongs(only: str) -> None:
    """A cookie is nobody's session on the API, a header nobody's on a page, and each cookie is for its own people."""
    with House() as house:
        issue = house.server.web.sessions.issue
        admin, mine = issue(subject_of("grace", Role.ADMIN), NEVER), issue("ada", NEVER)
        reached = set()
        for path, token in (("/v1/operator/trail", admin), ("/v1/orders", mine), ("/ops", admin), ("/orders", mine)):
            header = (only, f"Bearer {token}") if only == "authorization" else ("cookie", f"{only}={token}")
            if house.call("GET", path, [header]).status == HTTPStatus.OK:
                reached.add(path)
        wanted = {"authorization": {"/v1/operator/trail", "/v1/orders"}, "session": {"/orders"}, "operator": {"/ops"}}
        assert reached == wanted[only]


def test_a_real_server_has_none_of_the_sandboxs_doors() -> None:
    """Sessions for the asking, a clock that can be moved, messages to be read: on a real server there is nothing."""
    with House(sandbox=False, smtp="smtp://127.0.0.1:1", mail_from="orders@launch.example", **REAL) as house:
        nobody = Somebody("nobody")
        for name in SANDBOXS:
            method, path = name.split(" ")
            page = path in ("/sandbox/outbox", "/sandbox/ops-session")
            assert ask(house, Route(method, path, page), nobody).status == HTTPStatus.NOT_FOUND, name
