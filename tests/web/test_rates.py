"""Who asks too often for what is dear waits, and nobody else: not their neighbours, not a campus, not launch night."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drumroll.access.limits import Guard
from drumroll.web.api import make_api
from drumroll.web.pages import pages
from drumroll.web.pages.pages import ADDRESS_WIDTH, BURST, RATE_PER_S
from drumroll.web.rates import is_dear
from tests.web.house import Answer, House

FEW = 5


CAMPUS, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """With buckets of ``FEW`` that fill up so slowly that no test sees it; behind a proxy that says who asks."""
    with pytest.MonkeyPatch.context() as small:
        small.setattr(pages, "RATE_PER_S", 1e-6)
        small.setattr(pages, "BURST", float(FEW))
        with House(proxies="127.0.0.1/32") as house:
            yield house


def looked(house: House, path: str, token: str = "", times: int = 1, **headers: str) -> list[Answer]:
    """A page asked for by a browser with that session."""
    given = {"accept": "text/html", **({"cookie": f"session={token}"} if token else {}), **headers}
    named = [(name.replace("_", "-"), value) for name, value in given.items()]
    return [house.call("GET", path, named) for _ in range(times)]


def statuses(answers: list[Answer]) -> list[int]:
    return [int(answer.status) for answer in answers]


def test_one_person_asks_so_often_and_not_more_and_is_told_when_to_come_back(house: House) -> None:
    answers = looked(house, "/orders", house.session("ada"), FEW + 1)
    assert statuses(answers) == [200] * FEW + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert b"<h1" in answers[-1].body
    assert "content-security-policy" in answers[-1].headers


def test_pages_and_the_api_are_one_bucket_and_each_answers_in_its_own_way(house: House) -> None:
    token = house.session("gil")
    order_id = house.order(token, "k").json()["id"]
    assert statuses(looked(house, f"/orders/{order_id}", token, FEW)) == [200] * FEW
    for what in ("history", "receipt"):
        answer = house.get(f"/v1/orders/{order_id}/{what}", token)
        assert (answer.status, answer.code) == (429, "too_many_requests")
        assert int(answer.headers["retry-after"]) == answer.json()["retry_after_s"]


def test_what_one_person_asks_takes_nothing_from_another_at_the_same_address(house: House) -> None:
    looked(house, "/orders", house.session("bea"), FEW + 1)
    for name in ("bob", "cy"):
        assert statuses(looked(house, "/orders", house.session(name), FEW)) == [200] * FEW


def test_a_campus_behind_one_address_is_many_people_without_a_session(house: House) -> None:
    """Some make up sessions, a new one each time: that makes nobody somebody new."""
    for number in range(FEW * ADDRESS_WIDTH):
        made_up = f"made-up-{number}.x.9999999999.00" if number % 2 else ""
        assert looked(house, "/language?to=en", made_up, x_forwarded_for=CAMPUS)[0].status == 303
    assert statuses(looked(house, "/sign-in", x_forwarded_for=CAMPUS)) == [429]
    assert statuses(looked(house, "/orders", "made.up.9999999999.00", x_forwarded_for=CAMPUS)) == [429]
    assert statuses(looked(house, "/sign-in", x_forwarded_for=ELSEWHERE)) == [200]
    assert statuses(looked(house, "/orders", house.session("dan"), x_forwarded_for=CAMPUS)) == [200], "has a session"


def test_an_address_where_nothing_is_counts_too_and_then_costs_no_page(house: House) -> None:
    flood = "203.0.113.9"
    found = [looked(house, f"/nothing-{n}", x_forwarded_for=flood)[0] for n in range(FEW * ADDRESS_WIDTH + 1)]
    assert set(statuses(found)) == {404}
    assert found[0].headers["content-type"].startswith("text/html")
    assert found[-1].headers["content-type"] == "application/problem+json"
    assert statuses(looked(house, "/sign-in", x_forwarded_for=flood)) == [429]


def test_a_person_is_the_same_by_cookie_and_by_header(house: House) -> None:
    token = house.session("fay")
    looked(house, "/orders", token, FEW)
    assert statuses(looked(house, "/orders", "", 1, authorization=f"Bearer {token}"))[0] == 429


def test_an_operator_has_a_bucket_of_their_own(house: House) -> None:
    made = house.post("/sandbox/operators", {"operators": ["grace"]}).json()["sessions"][0]["token"]
    looked(house, "/orders", house.session("grace"), FEW + 1)
    cookie = [("cookie", f"operator={made}")]
    assert statuses([house.call("GET", "/ops", cookie) for _ in range(FEW + 1)]) == [200] * FEW + [429]


def test_what_is_the_same_for_all_is_never_limited(house: House) -> None:
    token = house.session("eve")
    for path in ("/", "/board", "/v1/board", "/v1/launch", "/v1/sale", "/healthz", "/metrics"):
        assert set(statuses(looked(house, path, token, FEW + 1))) == {200}, path


def test_the_night_is_not_limited_here(house: House) -> None:
    """What the load client does: ordering, cancelling, looking an order up, by anybody and however often."""
    token = house.session("hal")
    order_id = house.order(token, "k").json()["id"]
    for _ in range(FEW * 3):
        assert house.order(token, "k").status == 201
        assert house.get(f"/v1/orders/{order_id}", token).status == 200
        assert house.get("/v1/orders", token).status == 200
        assert house.get("/v1/quotes?model=kite&trim=plain").status == 200
    assert house.cancel(token, order_id, "c").status == 200


def test_every_page_is_dear_and_so_is_what_is_read_from_the_log(house: House) -> None:
    found = {}
    for route in make_api(sandbox=True, body_limit_bytes=131_072).routes:
        for method, handlers in getattr(route, "route_handler_map", {}).items():
            handler: Any = handlers[0] if isinstance(handlers, tuple) else handlers
            found[f"{method} {route.path_format}"] = (is_dear(handler), bool(handler.opt.get("page")))
    assert {name for name, (dear, page) in found.items() if dear and not page} == {
        "GET /v1/orders/{order_id}/history",
        "GET /v1/orders/{order_id}/receipt",
    }
    assert all(dear for dear, page in found.values() if page)


def test_nobody_who_clicks_is_ever_stopped() -> None:
    """All tabs anew at once, then a click a second for an hour, by somebody whose every page has ten more requests."""
    guard = Guard(RATE_PER_S, BURST)
    assert not any(guard.admit("192.0.2.1", 0.0, subject="ada") for _ in range(int(BURST)))
    assert not any(guard.admit("192.0.2.1", 30.0 + second, subject="ada") for second in range(3600) for _ in range(10))
