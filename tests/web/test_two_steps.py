"""What takes two steps over HTTP can't be done in one, nor with a confirmation of anything else; and the undoing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drumroll.log.memory import MemoryLog
from tests.web.house import Answer, order_headers
from tests.web.lives import DAY_S, HOUR_S, Life, is_steady

CHANGE = {"trim": "rare", "options": ["gold"], "region": "south"}
BALLOON = {"model": "balloon", "trim": "round"}


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


def an_order_to(life: Life, action: str) -> tuple[str, str, Any]:
    """An order that takes two steps to do this, the name of the route, its body."""
    if action == "forfeit":
        return life.locked(), "cancel", None
    return life.firm(), action, {"lock": None, "change": CHANGE, "convert": BALLOON}[action]


ACTIONS = ["lock", "forfeit", "change", "convert"]
STATE_AFTER = {"lock": "locked", "forfeit": "forfeited", "change": "firm", "convert": "firm"}


@pytest.mark.parametrize("action", ACTIONS)
def test_the_first_step_changes_nothing_and_the_second_does_it(life: Life, action: str) -> None:
    order_id, route, content = an_order_to(life, action)
    before, steady = life.order_of("ada", order_id), is_steady(life)
    for _ in range(2):
        first = life.act("ada", order_id, route, content, key="first")
        assert (first.status, first.code) == (409, "confirmation_required")
        assert first.json()["confirmation"] in first.body.decode()
    assert (life.order_of("ada", order_id), is_steady(life)) == (before, steady)
    body = {**(content or {}), "confirmation": first.json()["confirmation"]}
    assert life.act("ada", order_id, route, body, key="first").status == 200, "a first step binds no key"
    assert life.order_of("ada", order_id)["state"] == STATE_AFTER[action]


def test_what_is_given_up_is_said_before(life: Life) -> None:
    order_id = life.firm()
    lock = life.act("ada", order_id, "lock").json()
    assert (lock["refundable_until"], lock["forfeits_minor"], lock["undo_s"], lock["place"]) == (
        "2026-05-02T12:00:30.000+02:00",
        2_000,
        1_800,
        1,
    )
    life.both_steps("ada", order_id, "lock")
    forfeit = life.act("ada", order_id, "cancel").json()
    assert (forfeit["forfeits_minor"], forfeit["refundable_until"], forfeit["undo_until"]) == (
        2_000,
        "2026-05-01T12:00:30.000+02:00",
        "2026-05-01T12:30:30.000+02:00",
    )
    assert all(terms["gives_up"] for terms in (lock, forfeit))


def test_the_prices_are_said_before_and_recorded_after(life: Life) -> None:
    order_id = life.firm()
    quote = life.act("ada", order_id, "change", CHANGE).json()
    changed = life.both_steps("ada", order_id, "change", CHANGE).json()
    for said in (quote, changed):
        assert (said["price_minor"], said["price_before_minor"], said["difference_minor"]) == (58_900, 9_900, 49_000)
        assert (said["trim"], said["options"], said["region"]) == ("rare", ["gold"], "south")
    order = life.order_of("ada", order_id)
    assert (order["trim"], order["options"], order["region"], order["price_minor"]) == (
        "rare",
        ["gold"],
        "south",
        58_900,
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_a_confirmation_of_another_order_is_a_first_step_again(life: Life, action: str) -> None:
    order_id, route, content = an_order_to(life, action)
    if action == "change":
        content = {"region": "south"}
    mine = life.act("ada", order_id, route, content).json()["confirmation"]
    other_id = life.locked("bob") if action == "forfeit" else life.firm("bob")
    steady = is_steady(life)
    answer = life.act("bob", other_id, route, {**(content or {}), "confirmation": mine})
    assert (answer.code, answer.json()["confirmation"] == mine) == ("confirmation_required", False)
    assert is_steady(life) == steady


def test_a_confirmation_of_another_action_or_of_other_terms_is_a_first_step_again(life: Life) -> None:
    order_id = life.firm()
    first = {
        action: life.act("ada", order_id, action, content).json()["confirmation"]
        for action, content in (("lock", None), ("change", CHANGE), ("convert", BALLOON))
    }
    assert len(set(first.values())) == 3
    steady = is_steady(life)
    for action, content, of in (
        ("lock", {}, "change"),
        ("lock", {}, "convert"),
        ("change", CHANGE, "lock"),
        ("change", {"trim": "rare"}, "change"),
        ("change", CHANGE | {"region": "north"}, "change"),
        ("convert", BALLOON, "change"),
        ("convert", BALLOON | {"region": "south"}, "convert"),
        ("convert", {"model": "wing", "trim": "grey"}, "convert"),
    ):
        answer = life.act("ada", order_id, action, {**content, "confirmation": first[of]})
        assert answer.code == "confirmation_required", (action, content, of)
        assert answer.json()["confirmation"] not in first.values() or content in (CHANGE, BALLOON, {})
    for made_up in ("0" * 16, "x", first["lock"].upper() + "x"):
        assert life.act("ada", order_id, "lock", {"confirmation": made_up}).code == "confirmation_required"
    assert is_steady(life) == steady


@pytest.mark.parametrize("confirmation", ["", 5, None, "x" * 65, [], {"a": 1}])
def test_a_confirmation_that_is_none_does_nothing(life: Life, confirmation: Any) -> None:
    order_id = life.firm()
    steady = is_steady(life)
    answer = life.act("ada", order_id, "lock", {"confirmation": confirmation})
    assert answer.code == ("confirmation_required" if confirmation is None else "invalid_body")
    assert is_steady(life) == steady


def test_a_confirmation_of_an_order_that_changed_since_is_stale_and_new_terms_are_shown(life: Life) -> None:
    order_id = life.firm()
    stale = life.act("ada", order_id, "change", {"trim": "rare"}).json()
    life.both_steps("ada", order_id, "change", {"options": ["blue"]})
    again = life.act("ada", order_id, "change", {"trim": "rare", "confirmation": stale["confirmation"]})
    assert again.code == "confirmation_required"
    assert (stale["price_minor"], again.json()["price_minor"]) == (49_900, 50_400)
    assert life.order_of("ada", order_id)["trim"] == "plain"


def test_a_confirmation_outlives_neither_its_use_nor_an_undone_lock(life: Life) -> None:
    order_id = life.firm()
    confirmation = life.act("ada", order_id, "lock").json()["confirmation"]
    assert life.act("ada", order_id, "lock", {"confirmation": confirmation}).status == 200
    assert life.act("ada", order_id, "undo-lock").status == 200
    again = life.act("ada", order_id, "lock", {"confirmation": confirmation})
    assert (again.code, life.order_of("ada", order_id)["state"]) == ("confirmation_required", "firm")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_replay_answers_the_same_bytes_and_another_body_is_a_422(life: Life, action: str) -> None:
    order_id, route, content = an_order_to(life, action)
    confirmation = life.act("ada", order_id, route, content).json()["confirmation"]
    body = {**(content or {}), "confirmation": confirmation}
    done = life.act("ada", order_id, route, body, key="k")
    assert (done.status, "idempotent-replayed" in done.headers) == (200, False)
    steady = is_steady(life)
    life.pass_s(HOUR_S)
    replayed = life.act("ada", order_id, route, body, key="k")
    assert (replayed.status, replayed.body, replayed.headers["idempotent-replayed"]) == (200, done.body, "true")
    for other in (content, body | {"confirmation": "0" * 16}):
        reused = life.act("ada", order_id, route, other, key="k")
        assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    assert is_steady(life) == steady


def test_replays_answer_the_same_whatever_became_of_the_order(life: Life) -> None:
    """The undo runs out with the cooling-off here, and the conversion begins another cooling-off."""
    order_id = life.firm()
    life.pass_s(DAY_S - 600)
    lock = {"confirmation": life.act("ada", order_id, "lock").json()["confirmation"]}
    asked: list[tuple[str, Any, str]] = [("lock", lock, "lock"), ("undo-lock", None, "undo")]
    answers = [life.act("ada", order_id, action, content, key) for action, content, key in asked]
    assert answers[0].json()["undo_until"] == answers[1].json()["refundable_until"] == "2026-05-02T12:00:30.000+02:00"
    life.both_steps("ada", order_id, "convert", BALLOON)
    life.paid(order_id)
    again = [life.act("ada", order_id, action, content, key) for action, content, key in asked]
    assert [answer.body for answer in again] == [answer.body for answer in answers]


def test_replays_outlive_the_server() -> None:
    bodies: list[bytes] = []
    secret = {"secret": "11" * 32}
    asked: list[tuple[str, str, Any]] = []
    with Life(MemoryLog(bodies), **secret) as first:
        for action in ACTIONS:
            order_id, route, content = an_order_to(first, action) if action != "change" else (first.firm("bob"), "", {})
            customer = "ada" if action != "change" else "bob"
            route, content = (route, content) if action != "change" else ("change", {"region": "south"})
            terms = first.act(customer, order_id, route, content).json()
            body = {**(content or {}), "confirmation": terms["confirmation"]}
            asked.append((customer, f"{order_id}/{route}", body))
        answers = [_asked(first, *one) for one in asked]
        assert {answer.status for answer in answers} == {200}
    with Life(MemoryLog(bodies), clock="2026-05-02T11:00:00+02:00@0", **secret) as second:
        again = [_asked(second, *one) for one in asked]
    assert [answer.body for answer in again] == [answer.body for answer in answers]


def _asked(life: Life, customer: str, path: str, body: Any) -> Answer:
    order_id, _, route = path.partition("/")
    return life.act(customer, order_id, route, body, key=f"k-{path}")


def test_an_early_lock_is_undone_to_the_last_millisecond_and_not_after(life: Life) -> None:
    in_time, late = life.locked("ada"), life.locked("bob")
    until = life.desk.clock_ms() + 1_800_000
    life.to_ms(until - 1)
    undone = life.act("ada", in_time, "undo-lock")
    assert (undone.status, undone.json()["state"]) == (200, "firm")
    assert undone.json()["refundable_until"] == "2026-05-02T12:00:30.000+02:00"
    life.to_ms(until)
    refused = life.act("bob", late, "undo-lock")
    assert (refused.status, refused.code, refused.json()["until"]) == (
        409,
        "too_late",
        "2026-05-01T12:30:30.000+02:00",
    )
    assert life.act("ada", in_time, "undo-lock").code == "wrong_state"
    cancelled = life.act("ada", in_time, "cancel").json()
    assert (cancelled["state"], cancelled["refund_minor"]) == ("cancelled", 2_000)


def test_a_lock_that_time_made_is_not_undone(life: Life) -> None:
    order_id = life.firm()
    life.pass_s(DAY_S)
    assert life.order_of("ada", order_id)["state"] == "locked"
    assert life.act("ada", order_id, "undo-lock").code == "too_late"


def test_a_refund_is_had_to_the_last_millisecond_of_the_cooling_off_and_not_after(life: Life) -> None:
    in_time, late = life.firm("ada"), life.firm("bob")
    ends = life.desk.clock_ms() + DAY_S * 1000
    life.to_ms(ends - 1)
    assert life.act("ada", in_time, "cancel").json()["refund_minor"] == 2_000
    assert life.clock is not None
    life.clock.move_to(ends)
    first = life.act("bob", late, "cancel")
    assert (first.code, first.json()["forfeits_minor"]) == ("confirmation_required", 2_000), "before any tick saw it"
    second = life.act("bob", late, "cancel", {"confirmation": first.json()["confirmation"]})
    assert second.code == "confirmation_required", "time has locked it in between: it stands otherwise than shown"
    done = life.both_steps("bob", late, "cancel")
    assert (done.json()["state"], done.json()["forfeited_minor"], done.json()["refund_minor"]) == (
        "forfeited",
        2_000,
        0,
    )
    assert life.desk.book.money.forfeited == 2_000


@pytest.mark.parametrize("kind", [None, "", "text/plain"])
@pytest.mark.parametrize("action", ["cancel", "lock", "undo-lock"])
def test_an_empty_body_needs_no_content_type(life: Life, action: str, kind: str | None) -> None:
    order_id = life.locked() if action == "undo-lock" else life.firm()
    headers = [one for one in order_headers(life.token("ada"), "k") if one[0] != "content-type"]
    headers += [] if kind is None else [("content-type", kind)]
    answer = life.call("POST", f"/v1/orders/{order_id}/{action}", headers)
    assert (answer.status, answer.json().get("code")) == (
        (409, "confirmation_required") if action == "lock" else (200, None)
    )
    assert life.call("POST", f"/v1/orders/{order_id}/{action}", headers, b"{}").status == 415


@pytest.mark.parametrize("action", ["lock", "change", "convert", "undo-lock", "cancel"])
def test_the_order_of_another_customer_is_told_from_a_missing_one_by_nothing(life: Life, action: str) -> None:
    order_id, missing_id = life.locked(), "ord_" + "0" * 20
    content = {"change": CHANGE, "convert": BALLOON}.get(action)
    theirs, missing = (life.act("eve", one, action, content) for one in (order_id, missing_id))
    assert theirs.code == "no_such_order"
    assert (theirs.status, theirs.headers) == (missing.status, missing.headers)
    assert theirs.body.replace(order_id.encode(), missing_id.encode()) == missing.body
    for path in ("", "/history"):
        assert life.get(f"/v1/orders/{order_id}{path}", life.token("eve")).status == 404
