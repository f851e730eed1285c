"""The OpenAPI document holds: a fuzzer plays all routes of a real server by it, and finds nothing left out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi import checks

from drumroll.bootstrap import read_launch
from drumroll.payments.standard_webhooks import secret_bytes, sign
from tests.brief import seeds
from tests.web.house import LAUNCH, House, order_headers
from tests.web.planted import FIRST, day_of, group, plan, planted
from tests.web.servers import WEBHOOK_SECRET, RealServer

ENDLESS = "/v1/board/events"
WEBHOOK = "/v1/webhooks/payments"
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.missing_required_header,
    checks.unsupported_method,
]
OPERATORS = "/v1/operator/"
QUOTES = "/v1/quotes"
ROOM = "/v1/waiting-room"
ORDER = "/v1/orders/{order_id}"
ACTIONS = ["cancel", "lock", "undo-lock", "change", "convert"]
DEEDS = [
    "sales",
    "caps",
    "windows/{window}",
    "orders/{order_id}/cancel",
    "orders/{order_id}/refund",
    "orders/{order_id}/correct",
    "refunds/{refund_id}/paid",
    "moves",
    "capacity",
    "plans",
    "orders/{order_id}/pin",
]
ROUTES = [
    ("POST", "/v1/orders"),
    ("GET", "/v1/orders"),
    ("GET", ORDER),
    ("GET", f"{ORDER}/history"),
    ("GET", f"{ORDER}/receipt"),
    *[("POST", f"{ORDER}/{action}") for action in ACTIONS],
    ("POST", "/v1/waiting-list"),
    ("GET", "/v1/waiting-list/{order_id}"),
    ("POST", "/v1/waiting-list/{order_id}/leave"),
    ("POST", WEBHOOK),
    *[("POST", OPERATORS + deed) for deed in DEEDS],
    *[("GET", OPERATORS + read) for read in ("orders", "orders/{order_id}", "trail", "plan")],
    ("GET", QUOTES),
    ("POST", ROOM),
    ("GET", ROOM),
    ("GET", f"{ROOM}/draw"),
    ("GET", "/v1/launch"),
    ("GET", "/v1/sale"),
    ("GET", "/v1/board"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("POST", "/sandbox/sessions"),
    ("POST", "/sandbox/operators"),
    ("POST", "/sandbox/pay/{order_id}"),
    ("GET", "/sandbox/clock"),
    ("POST", "/sandbox/clock"),
]
RULES = [("POST", OPERATORS + deed) for deed in ("sales", "caps", "windows/{window}")]
"""What decides whether anything can be ordered."""
FUZZ = settings(
    max_examples=len(seeds(0, 24)),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    launch = planted(weekly=10_000, dye=10_000)
    with RealServer(tmp_path_factory.mktemp("fuzzed"), launch=launch, publish=True) as server:
        yield server


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """One whose sale is closed sooner or later: nothing that is to be ordered can be on it."""
    with RealServer(tmp_path_factory.mktemp("ruled"), launch=planted(weekly=10_000, dye=10_000)) as server:
        yield server


@pytest.fixture(scope="module")
def token(server: RealServer) -> str:
    return server.sessions("ada")[0]


@pytest.fixture(scope="module")
def operator(server: RealServer) -> str:
    return server.operators("grace")[0]


@pytest.fixture(scope="module")
def api(server: RealServer) -> Any:
    return schemathesis.openapi.from_url(f"{base(server)}/docs/openapi.json")


def base(server: RealServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def play(api: Any, method: str, path: str, check: Callable[[Any], None], how: settings = FUZZ) -> None:
    """Check as many requests as ``how`` says, fit and unfit ones: always the same."""
    operation = api[path][method]
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

        @how
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            check(case)

        try:
            one()
        except Unsatisfiable:
            assert mode is schemathesis.GenerationMode.NEGATIVE, "nothing fits"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_is_as_documented(
    api: Any, server: RealServer, token: str, operator: str, request: Any, method: str, path: str
) -> None:
    session = operator if path.startswith(OPERATORS) else token
    if (method, path) in RULES:
        server = request.getfixturevalue("ruled")
        (session,) = server.operators("grace")

    def check(case: Any) -> None:
        headers = {"authorization": f"Bearer {session}"} if case.operation.security else {}
        case.validate_response(case.call(base_url=base(server), headers=headers), checks=CHECKS)

    play(api, method, path, check)


def test_every_answer_to_who_knows_what_is_sold_is_as_documented(api: Any, server: RealServer) -> None:
    numbers = count()
    statuses = set()

    def check(case: Any) -> None:
        number = next(numbers)
        if isinstance(case.body, dict):
            case.body = case.body | {"model": "kite", "trim": "plain"}
            if number % 3:
                case.headers["Idempotency-Key"] = f"fit-{number}"
                case.body = {"model": "kite", "trim": "plain", "options": ["blue"] if number % 3 == 1 else ["puce"]}
        if number == 0:
            case.headers.pop("Idempotency-Key", None)
        (token,) = server.sessions(f"c{number // 5}")
        response = case.call(base_url=base(server), headers={"authorization": f"Bearer {token}"})
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    play(api, "POST", "/v1/orders", check)
    assert {201, 400, 422} <= statuses


KNOWN = {
    "change": {"trim": "plain", "options": ["blue"], "region": "south"},
    "orders/{order_id}/correct": {"trim": "plain", "options": ["blue"], "region": "south"},
    "convert": {"model": "balloon", "trim": "round"},
    "windows/{window}": {"closes_at": "2026-05-09T00:00:00Z"},
    "moves": {},
    "orders/{order_id}/pin": {"build_week": day_of(FIRST + 2)},
}
STRICT = ("build_week", "reason")
"""All that a pin may say: what the fuzzer adds to it is refused."""


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method, path in ROUTES if "{" in path and "sandbox" not in path],
)
def test_every_answer_about_what_there_is_is_as_documented(
    api: Any, server: RealServer, method: str, path: str
) -> None:
    """With an order of the customer's, firm or not, a window that there is, and what is wanted made to fit it."""
    numbers = count()
    statuses: set[int] = set()
    known = KNOWN.get(path.removeprefix(f"{ORDER}/").removeprefix(OPERATORS), {})

    def check(case: Any) -> None:
        number = next(numbers)
        (token,) = server.sessions(f"r{ROUTES.index((method, path))}-{number // 3}")
        made = server.order(token, f"k{number}").json()
        if number % 2:
            server.pay(made["id"], f"paid-{made['id']}")
        case.path_parameters = dict.fromkeys(case.path_parameters, made["id"]) | {"window": "up"}
        if isinstance(case.body, dict) and number % 3:
            case.body = {**case.body, **known}
            if path.endswith("/pin"):
                case.body = {name: case.body.get(name, "because") for name in STRICT}
        if number % 4 and method == "POST":
            case.headers["Idempotency-Key"] = f"fit-{number}"
        if path.startswith(OPERATORS):  # a new one each time: the fuzzer likes the same key for all
            (token,) = server.operators(f"r{ROUTES.index((method, path))}-{number}")
        response = case.call(base_url=base(server), headers={"authorization": f"Bearer {token}"})
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    play(api, method, path, check)
    assert statuses - {400, 401, 404, 415, 422} or "waiting" in path or "refund" in path, statuses


def test_every_answer_to_who_asks_what_it_would_cost_is_as_documented(api: Any, server: RealServer) -> None:
    numbers = count()
    statuses = set()

    def check(case: Any) -> None:
        case.query = {**(case.query or {}), "model": "kite", "trim": "plain"}
        if number := next(numbers) % 3:
            case.query |= {"region": "south", "options": "blue,tail" if number == 1 else "puce"}
        response = case.call(base_url=base(server))
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    play(api, "GET", QUOTES, check)
    assert {200, 422} <= statuses


@pytest.mark.parametrize(
    ("deed", "known"),
    [
        ("capacity", {"from": day_of(FIRST + 3), "until": day_of(FIRST + 5), "resource": "dye"}),
        ("plans", plan(1)),
        ("plans", {"groups": [group(FIRST + 3, "ord_nobody")]}),
    ],
)
def test_every_answer_about_the_plants_weeks_is_as_documented(
    api: Any, server: RealServer, deed: str, known: dict[str, Any]
) -> None:
    numbers = count()
    statuses: set[int] = set()
    fields = api.raw_schema["components"]["schemas"][f"New{deed.removesuffix('s').title()}"]["properties"]

    def check(case: Any) -> None:
        number = next(numbers)
        if isinstance(case.body, dict) and number % 3:
            case.body = {name: case.body[name] for name in case.body if name in fields} | known
        (token,) = server.operators(f"{deed}-{len(known)}-{number}")
        response = case.call(base_url=base(server), headers={"authorization": f"Bearer {token}"})
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    play(api, "POST", OPERATORS + deed, check)
    assert statuses & {200, 409, 422}, statuses


ROOM_OPENS = (
    LAUNCH.replace("opens = 2026-05-01T12:00:00", "opens = 2026-05-01T14:00:00")
    + """
[waiting_room]
opens = 2026-05-01T13:00:00
rate_per_s = 10
ticket_s = 60
"""
)
PHASES = {
    "before": ("2026-05-01T12:30:00+02:00", {("POST", 409), ("GET", 200), ("DRAW", 409)}),
    "open": ("2026-05-01T13:00:01+02:00", {("POST", 200), ("GET", 200), ("DRAW", 409)}),
    "drawn": ("2026-05-01T14:00:05+02:00", {("POST", 200), ("GET", 200), ("DRAW", 200)}),
    "over": ("2026-05-01T18:00:00+02:00", {("POST", 409), ("GET", 200), ("DRAW", 200)}),
}


def test_every_answer_of_a_waiting_room_is_as_documented_before_and_after_the_draw(tmp_path: Path) -> None:
    with RealServer(tmp_path, launch=ROOM_OPENS) as server:
        api = schemathesis.openapi.from_url(f"{base(server)}/docs/openapi.json")
        for state, (now, wanted) in PHASES.items():
            become(server, state, now)
            assert played_in_room(api, server) >= wanted, state


def become(server: RealServer, state: str, now: str) -> None:
    """Move the clock on until the room is as it should be then: it is over only once nobody waited for a while."""
    until, moment = time.monotonic() + 20, datetime.fromisoformat(now)
    while True:
        moved = json.dumps({"now": moment.isoformat()}).encode()
        assert server.ask("POST", "/sandbox/clock", {"content-type": "application/json"}, moved).status == 200
        found = server.get(ROOM).json()
        if found["state"] == state and (state != "drawn" or draw_of(server) == 200):
            return
        assert time.monotonic() < until, found
        time.sleep(0.3)
        moment += timedelta(seconds=90 if state == "over" else 0)


def draw_of(server: RealServer) -> int:
    return server.get(f"{ROOM}/draw").status


def played_in_room(api: Any, server: RealServer) -> set[tuple[str, int]]:
    """All three routes fuzzed, by new people and old ones; what was answered to whom came in rightly."""
    numbers, found = count(), set()

    def check(case: Any) -> None:
        (token,) = server.sessions(f"c{next(numbers) % 7}")
        headers = {"authorization": f"Bearer {token}"} if case.operation.security else {}
        response = case.call(base_url=base(server), headers=headers)
        case.validate_response(response, checks=CHECKS)
        found.add(("DRAW" if case.path.endswith("/draw") else case.method, response.status_code))

    for method, path in (("POST", ROOM), ("GET", ROOM), ("GET", f"{ROOM}/draw")):
        play(api, method, path, check, settings(FUZZ, max_examples=10))
    return found


def test_every_answer_to_an_authentic_webhook_is_as_documented(api: Any, server: RealServer) -> None:
    outcomes: set[str] = set()

    def check(case: Any) -> None:
        body = case.body if isinstance(case.body, dict) else {}
        if body and len(outcomes) < 3:
            body = body | {"type": "payment.succeeded"}
        content = json.dumps(body).encode()
        now = datetime.fromisoformat(server.get("/sandbox/clock").json()["now"])
        now_s = int(now.timestamp())
        signature = sign(secret_bytes(WEBHOOK_SECRET), "msg_1", now_s, content)
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now_s), "webhook-signature": signature}
        answer = server.ask("POST", WEBHOOK, headers, content)
        assert answer.status in (200, 400), answer
        outcomes.add(answer.json()["outcome"] if answer.status == 200 else answer.code)

    play(api, "POST", WEBHOOK, check)
    assert outcomes <= {"ignored", "owed_back", "already_counted", "webhook_malformed"}
    assert {"ignored", "webhook_malformed"} <= outcomes


def test_no_documented_route_is_left_out(api: Any) -> None:
    documented = {(result.ok().method.upper(), result.ok().path) for result in api.get_all_operations()}
    assert documented - set(ROUTES) == {("GET", ENDLESS)}


def test_the_server_is_none_the_worse_for_it(server: RealServer) -> None:
    (token,) = server.sessions("late")
    assert server.order(token, "k").status == 201
    assert server.get("/healthz").status == 200
    assert "Traceback" not in server.output.read_text()
    assert " failed" not in server.output.read_text()


def test_the_document_says_of_each_route_what_it_is_for() -> None:
    with House() as house:
        document = house.get("/docs/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    routes = {(method, path): route for path, methods in document["paths"].items() for method, route in methods.items()}
    assert {(method.lower(), path) for method, path in ROUTES} == routes.keys() - {("get", ENDLESS)}
    for name, route in routes.items():
        assert " " in route["summary"] or len(route["summary"]) < 10, name
        assert len(route["description"]) > 15, name
    keyed = {path for (method, path), route in routes.items() if "Idempotency-Key" in str(route.get("parameters"))}
    assert keyed == {
        path for method, path in ROUTES if method == "POST" and path.startswith("/v1/") and path not in (WEBHOOK, ROOM)
    }
    answered = routes["post", "/v1/orders"]["responses"]["201"]["headers"]
    assert {"Location", "Idempotent-Replayed"} <= answered.keys()
    for method, path in ROUTES:
        needed: list[dict[str, list[str]]] = [{"operator": []}] if path.startswith(OPERATORS) else [{"session": []}]
        is_open = not path.startswith(("/v1/orders", "/v1/waiting-list", ROOM, OPERATORS)) or path.endswith("/draw")
        if (method, path) == ("GET", ROOM):
            needed = [{}, *needed]
        assert routes[method.lower(), path].get("security") == (None if is_open else needed), path
    assert document["components"]["schemas"]["NewOrder"]["properties"]["model"]["examples"]


def test_the_example_of_an_order_is_one_on_the_reference_launch() -> None:
    with House() as house:
        properties = house.get("/docs/openapi.json").json()["components"]["schemas"]["NewOrder"]["properties"]
    model = read_launch("launches/yu7.toml").model(properties["model"]["examples"][0])
    assert model is not None
    assert properties["trim"]["examples"][0] in {trim.id for trim in model.trims}


def test_the_document_takes_the_bodies_that_the_server_takes_and_no_others() -> None:
    """Read by a validator that is not ours: choices are texts, and a field that nobody knows is refused by both."""
    with House(launch=planted()) as house:
        schema = house.get("/docs/openapi.json").json()["components"]["schemas"]["NewOrder"]
        fits = jsonschema_rs.validator_for(schema).is_valid
        token = house.session("ada")
        plain = {"model": "kite", "trim": "plain", "options": ["blue"]}
        for number, (body, right) in enumerate([(plain, True), ({**plain, "colour": "blue"}, False)]):
            assert fits(body) is right
            asked = house.ask("POST", "/v1/orders", order_headers(token, f"k{number}"), json.dumps(body).encode())
            assert (house.run(asked).status == 201) is right
