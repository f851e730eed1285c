"""Who may do an operator's deeds, and what every one of them needs: a session, a key, a reason, and a replay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.house import Answer, order_headers, session
from tests.web.lives import HOUR_S, Life, is_steady

WINDOW_LATER = {"closes_at": "2026-05-05T00:00:00+02:00"}
RAISED = {"model": "kite", "trim": "rare", "cap": 7}


def deeds(life: Life) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every deed, on orders that can have it done."""
    forfeited = life.locked("ada")
    life.both_steps("ada", forfeited, "cancel")
    cancelled = life.firm("bob")
    life.act("bob", cancelled, "cancel")
    firm, locked = life.firm("cyd"), life.locked("dan")
    return {
        "sales": ("sales", {"action": "pause", "model": "wing"}),
        "cap": ("caps", RAISED),
        "window": ("windows/up", WINDOW_LATER),
        "cancel": (f"orders/{firm}/cancel", {"refund": True}),
        "refund": (f"orders/{forfeited}/refund", {"amount_minor": 500}),
        "correct": (f"orders/{life.firm('eve')}/correct", {"region": "south"}),
        "paid": (f"refunds/pay_{cancelled}/paid", {}),
        "move": ("moves", {"moves": [{"order_id": locked, "state": "scheduled"}]}),
    }


NAMES = ["sales", "cap", "window", "cancel", "refund", "correct", "paid", "move"]
READS = ["orders", "orders/{id}", "trail"]


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Life, dict[str, tuple[str, dict[str, Any]]]]]:
    """A server on which nothing more is done: what is tried here is refused."""
    with Life() as life:
        yield life, deeds(life)


def ask(life: Life, token: str | None, path: str, content: dict[str, Any], key: str | None = "k") -> Answer:
    import json

    headers: Any = [("content-type", "application/json")]
    headers += session(token) if token else []
    headers += [("idempotency-key", key)] if key is not None else []
    return life.call("POST", f"/v1/operator/{path}", headers, json.dumps(content).encode())


@pytest.mark.parametrize("name", NAMES)
def test_only_operators_do_what_operators_do(prepared: Any, name: str) -> None:
    life, (path, content) = prepared[0], prepared[1][name]
    content, steady = {**content, "reason": "it must be"}, is_steady(prepared[0])
    assert ask(life, None, path, {"moves": "x" * 100_000}, None).status == 401, "no body is read before the session"
    for token, status, code in (
        (None, 401, "no_session"),
        (life.token("ada"), 403, "not_an_operator"),
        (life.operator()[:-1] + "x", 401, "no_session"),
        ("operator:grace", 401, "no_session"),
    ):
        answer = ask(life, token, path, content)
        assert (answer.status, answer.code) == (status, code), token
    assert is_steady(life) == steady


@pytest.mark.parametrize("path", READS)
def test_only_operators_read_what_operators_read(prepared: Any, path: str) -> None:
    life = prepared[0]
    url = "/v1/operator/" + path.format(id=next(iter(life.desk.book.orders)))
    assert life.get(url, life.operator()).status == 200
    assert (life.get(url).status, life.get(url).code) == (401, "no_session")
    assert (life.get(url, life.token("ada")).status, life.get(url, life.token("ada")).code) == (403, "not_an_operator")


@pytest.mark.parametrize("path", ["orders", "waiting-list", "orders/x/lock", "orders/x/cancel", "orders/x/undo-lock"])
def test_an_operator_is_no_customer(prepared: Any, path: str) -> None:
    life = prepared[0]
    answer = life.send(life.operator(), f"/v1/{path}", {"model": "kite", "trim": "plain"})
    assert (answer.status, answer.code) == (401, "no_session")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reason", ["", "no", "x" * 501, None, 5, ["because"], "   "], ids=repr)
def test_nothing_is_done_without_a_reason(prepared: Any, name: str, reason: Any) -> None:
    life, (path, content) = prepared[0], prepared[1][name]
    steady = is_steady(life)
    wanted = dict(content) if reason == "" else {**content, "reason": reason}
    answer = ask(life, life.operator(), path, wanted)
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert "reason" in str(answer.json())
    assert is_steady(life) == steady


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", [None, "", '""', "k" * 256])
def test_nothing_is_done_without_a_key(prepared: Any, name: str, key: str | None) -> None:
    life, (path, content) = prepared[0], prepared[1][name]
    steady = is_steady(life)
    answer = ask(life, life.operator(), path, {**content, "reason": "it must be"}, key)
    assert (answer.status, answer.code) == (
        400,
        "idempotency_key_missing" if key is None else "idempotency_key_invalid",
    )
    assert is_steady(life) == steady


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_done_that_says_more_than_it_should(prepared: Any, name: str) -> None:
    life, (path, content) = prepared[0], prepared[1][name]
    answer = ask(life, life.operator(), path, {**content, "reason": "it must be", "force": True})
    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize("name", NAMES)
def test_a_deed_is_done_once_and_a_replay_answers_the_same(life: Life, name: str) -> None:
    path, content = deeds(life)[name]
    done = life.does(path, content, key="k")
    assert (done.status, done.json()["operator"], "idempotent-replayed" in done.headers) == (200, "grace", False)
    life.firm("fay")
    life.pass_s(HOUR_S)
    steady = is_steady(life)
    again = life.does(path, content, key="k")
    assert (again.status, again.body, again.headers.get("idempotent-replayed")) == (200, done.body, "true")
    assert is_steady(life) == steady
    if name != "paid":
        other = life.does(path, {**content, "reason": "another reason"}, key="k")
        assert (other.status, other.code) == (422, "idempotency_key_reused")
        assert is_steady(life) == steady


def test_a_key_belongs_to_its_operator_and_to_one_deed(life: Life) -> None:
    done = deeds(life)
    assert life.does(*done["sales"], key="k").status == 200
    assert life.does(*done["cap"], key="k").code == "idempotency_key_reused"
    assert life.does(*done["cap"], key="k", name="alan").status == 200
    assert [entry["operator"] for entry in trail(life)] == ["alan", "grace"]


def trail(life: Life, query: str = "") -> Any:
    answer = life.get(f"/v1/operator/trail{query}", life.operator())
    assert answer.status == 200, answer
    return answer.json()["entries"]


def test_the_trail_tells_every_deed_with_its_name_and_reason(life: Life) -> None:
    done = deeds(life)
    for name in NAMES:
        path, content = done[name]
        assert life.does(path, {**content, "reason": f"for {name}"}, name=f"op-{name}").status == 200, name
    entries = trail(life)
    assert [(entry["reason"], entry["operator"]) for entry in reversed(entries)] == [
        (f"for {name}", f"op-{name}") for name in NAMES
    ]
    whats = [entry["what"] for entry in reversed(entries)]
    assert whats == ["sales", "cap", "window", "cancel", "refund", "correct", "refund_paid", "move"]
    assert entries[-1]["facts"] == {"action": "pause", "model": "wing"}
    assert entries[-2]["facts"] == RAISED
    assert entries[0]["facts"]["orders"] == 1
    assert {entry["at"] for entry in entries} == {"2026-05-01T12:00:30.000+02:00"}


def test_the_trail_goes_on_in_pages_while_operators_do_more(life: Life) -> None:
    for number in range(7):
        life.done("caps", {"cap": 100 + number})
    seen: list[int] = []
    page = life.get("/v1/operator/trail?limit=3", life.operator()).json()
    while True:
        assert len(page["entries"]) <= 3
        seen += [entry["facts"]["cap"] for entry in page["entries"]]
        if page["next"] is None:
            break
        life.done("caps", {"cap": 900})
        page = life.get(f"/v1/operator/trail?limit=3&cursor={page['next']}", life.operator()).json()
    assert seen == [106, 105, 104, 103, 102, 101, 100]


@pytest.mark.parametrize("bound", ["ENTRIES_ENOUGH", "EVENTS_READ"])
def test_a_page_of_the_trail_ends_where_reading_on_would_keep_orders_waiting(
    life: Life, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(f"drumroll.web.trail.{bound}", 2)
    for number in range(5):
        life.done("caps", {"cap": 100 + number})
    pages: list[list[int]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = life.get(f"/v1/operator/trail?limit=100{cursor}", life.operator()).json()
        pages.append([entry["facts"]["cap"] for entry in page["entries"]])
        cursor = page["next"] and f"&cursor={page['next']}"
    assert pages == [[104, 103], [102, 101], [100]]


@pytest.mark.parametrize("path", ["trail", "orders"])
@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "", "٣", "9" * 13, "9" * 60, "%00", "1%20", "0x1"])
def test_a_cursor_that_no_page_gave_is_a_400(prepared: Any, path: str, cursor: str) -> None:
    life = prepared[0]
    answer = life.get(f"/v1/operator/{path}?cursor={cursor}", life.operator())
    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["trail", "orders"])
def test_a_cursor_beyond_the_end_is_an_empty_page(prepared: Any, path: str) -> None:
    life = prepared[0]
    page = life.get(f"/v1/operator/{path}?cursor=999999999999", life.operator()).json()
    assert (page.get("orders", page.get("entries")), page["next"] is None or path == "trail") == ([], True)


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "1.5", ""])
def test_a_limit_out_of_bounds_is_a_400(prepared: Any, limit: str) -> None:
    life = prepared[0]
    for path in ("trail", "orders"):
        answer = life.get(f"/v1/operator/{path}?limit={limit}", life.operator())
        assert (answer.status, answer.code) == (400, "invalid_request")


def test_two_keys_of_an_operator_at_once_are_refused(prepared: Any) -> None:
    life, (path, content) = prepared[0], prepared[1]["cap"]
    import json

    headers = [*order_headers(life.operator(), "a"), ("idempotency-key", "b")]
    body = json.dumps({**content, "reason": "it must be"}).encode()
    answer = life.call("POST", f"/v1/operator/{path}", headers, body)
    assert (answer.status, answer.code) == (400, "idempotency_key_invalid")
