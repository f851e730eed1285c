"""docs/owasp-api-top-10.md says which test fails without which protection: all those are there, and so is the code."""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from drumroll.payments.base import PaymentWebhook
from drumroll.web.api import make_api
from tests.web.house import House

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "owasp-api-top-10.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CODE = re.compile(r"`(?!tests/)([a-z_]+(?:/[a-z_]+)*\.py)`")
RISKS = [f"API{number}:2023" for number in range(1, 11)]


def risks() -> dict[str, str]:
    """What the document says of each risk."""
    parts = re.split(r"^## (API\d+:2023)", DOCUMENT.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_each_of_the_ten_is_met_by_code_and_tests() -> None:
    assert list(risks()) == RISKS
    for risk, text in risks().items():
        assert NAMED.search(text), f"{risk} names no test"
        assert CODE.search(NAMED.sub("", text)), f"{risk} names no module"


def test_every_test_that_is_named_is_there() -> None:
    named = NAMED.findall(DOCUMENT.read_text())
    missing = [
        f"{path}::{name}" for path, name in named if not (ROOT / path).exists() or name not in functions_of(path)
    ]
    assert not missing
    assert all(name.startswith("test_") for _, name in named)
    assert len(set(named)) > 40


def test_every_module_that_is_named_is_there() -> None:
    for name in CODE.findall(NAMED.sub("", DOCUMENT.read_text())):
        assert (ROOT / "src" / "drumroll" / name).exists(), name


# API3:2023, the half of it that has no other home: who sends more than is asked for is refused, on every route.


def bodies(house: House) -> Iterator[tuple[str, Any]]:
    """What each route of the API takes, by its address."""
    for route in make_api(sandbox=True, body_limit_bytes=131_072).routes:
        for method, handlers in getattr(route, "route_handler_map", {}).items():
            function = getattr(handlers[0] if isinstance(handlers, tuple) else handlers, "fn", None)
            if "data" in getattr(function, "__annotations__", {}):
                yield f"{method} {route.path_format}", typing.get_type_hints(function)["data"]


def structs_in(kind: Any) -> set[type[msgspec.Struct]]:
    """Every struct that a body may hold, however deep."""
    found: set[type[msgspec.Struct]] = set()
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        waiting += typing.get_args(one)
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one not in found:
            found.add(one)
            waiting += typing.get_type_hints(one).values()
    return found


def test_no_body_may_say_more_than_is_asked_for() -> None:
    """Else a price, a state or an owner could be slipped in with an order."""
    with House() as house:
        taken = dict(bodies(house))
    assert {"POST /v1/orders", "POST /v1/operator/moves", "POST /sandbox/sessions"} <= taken.keys()
    assert len(taken) > 20
    loose = {
        f"{name}: {struct.__name__}"
        for name, kind in taken.items()
        for struct in structs_in(kind)
        if not struct.__struct_config__.forbid_unknown_fields
    }
    # A provider tells of more than it promises, and signs it: what we do not know of it is not read.
    ours = {one for one in loose if not one.startswith("POST /v1/webhooks/payments")}
    assert not ours
    assert loose == {f"POST /v1/webhooks/payments: {one.__name__}" for one in structs_in(PaymentWebhook)}
