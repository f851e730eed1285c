"""A promise is one and the same wherever it is read: in the quote, the order's answer, the order, its history, the log.

And what was answered once is answered again, byte for byte, whatever became of the order since.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drumroll.domain import events as ev
from drumroll.domain.promise import Promise
from drumroll.domain.weeks import week_of
from tests.web.house import Answer
from tests.web.lives import DAY_S, HOUR_S
from tests.web.planted import FIRST, NOW, UNSURE, WEEK_S, Loft, days, group, last_day

PLAIN = {"model": "kite", "trim": "plain"}
WANTED = [
    PLAIN,
    {**PLAIN, "region": "south"},
    {**PLAIN, "options": ["blue"]},
    {**PLAIN, "options": ["blue", "tail"], "region": "south"},
    {"model": "kite", "trim": "rare"},
    {"model": "kite", "trim": "rare", "options": ["blue"]},
    {"model": "balloon", "trim": "round"},
    {"model": "wing", "trim": "grey"},
]


@pytest.fixture
def loft() -> Iterator[Loft]:
    with Loft(**UNSURE) as loft:
        yield loft


def last_event(loft: Loft) -> Any:
    """The last event of the log that promised something."""
    return [event for block in loft.log.read(1) for event in block.events if hasattr(event, "promise")][-1]


def seen(loft: Loft, delivery: Any) -> Any:
    """A delivery's days, and the weeks from now."""
    now = week_of(loft.desk.clock_ms(), "Europe/Berlin")
    return {name: delivery[name] for name in ("from", "until", "sure_by")}, [week + now for week in delivery["weeks"]]


def as_seen(promise: Promise) -> Any:
    return days(promise), [promise.first_week, promise.last_week]


def agree(loft: Loft, wanted: dict[str, Any], customer: str) -> str:
    """Quote, order, and read in every way; all of it must say the same."""
    quote = loft.quoted(**wanted)
    order = loft.ordered(customer, **wanted)
    event = last_event(loft)
    assert isinstance(event, ev.OrderReserved)
    read = loft.order_of(customer, order["id"])
    facts = loft.history(customer, order["id"])[0]["facts"]
    assert order["delivery"] == quote["delivery"]
    for name in ("model", "trim", "price_minor", "deposit_minor", "currency"):
        assert order[name] == quote[name], name
    assert [read["options"], read["region"]] == [quote["options"], quote["region"]]
    if event.promise is None:
        assert (order["delivery"], read["promise"]) == (None, None)
        assert "delivery_until" not in facts
        return str(order["id"])
    assert seen(loft, order["delivery"]) == as_seen(event.promise)
    nothing_moved = {"moved": None, "weeks": 0, "pinned": False}
    assert read["promise"] == {"promised": order["delivery"], "now": order["delivery"], **nothing_moved}
    assert {name: facts[f"delivery_{name}"] for name in ("from", "until", "sure_by")} == days(event.promise)
    assert facts["short"] == order["delivery"]["short"]
    return str(order["id"])


@settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_quoted_is_promised_answered_read_and_logged(data: st.DataObject) -> None:
    with Loft(weekly=3, horizon_weeks=9, **UNSURE) as loft:
        mine: list[tuple[str, str]] = []
        for number in range(data.draw(st.integers(3, 14))):
            customer = f"c{number}"
            order_id = agree(loft, data.draw(st.sampled_from(WANTED)), customer)
            then = data.draw(st.sampled_from(["pay", "cancel another", "a while", "a week", ""]))
            if then == "pay":
                loft.paid(order_id)
            elif then == "cancel another" and mine:
                loft.act(*mine.pop(0), "cancel")
            elif then.startswith("a w"):
                loft.pass_s(HOUR_S if then == "a while" else WEEK_S)
            mine.append((customer, order_id))
        wanted = data.draw(st.sampled_from(WANTED))
        before = loft.quoted(**wanted)
        with Loft(loft.log, **UNSURE, weekly=3, horizon_weeks=9) as again:
            again.to_ms(loft.desk.clock_ms())
            assert again.quoted(**wanted) == before


def fates(loft: Loft, order_id: str) -> dict[str, Callable[[], Any]]:
    """What may become of ada's order; each leaves it another than it was."""

    def revived() -> None:
        loft.pass_s(601)
        for number in range(5):
            loft.firm(f"r{number}")
        assert loft.paid(order_id) == "firm"

    def firm(then: Callable[[], Answer]) -> Callable[[], Any]:
        def paid_first() -> None:
            assert loft.paid(order_id) == "firm"
            assert then().status == 200

        return paid_first

    def made() -> Answer:
        assert loft.both_steps("ada", order_id, "lock").status == 200
        loft.moved(order_id, "scheduled")
        return loft.done("moves", {"moves": [{"order_id": order_id, "state": "in_production"}]})

    return {
        "nothing": lambda: None,
        "a later week": lambda: loft.pass_s(5 * WEEK_S),
        "paid": lambda: loft.paid(order_id),
        "expired": lambda: loft.pass_s(601),
        "revived": revived,
        "cancelled": lambda: loft.act("ada", order_id, "cancel"),
        "changed": firm(lambda: loft.both_steps("ada", order_id, "change", {"region": "south"})),
        "changed to another kind": firm(
            lambda: loft.both_steps("ada", order_id, "change", {"trim": "rare", "options": ["blue"]})
        ),
        "converted": firm(lambda: loft.both_steps("ada", order_id, "convert", {"model": "balloon", "trim": "round"})),
        "converted to what nobody builds": firm(
            lambda: loft.both_steps("ada", order_id, "convert", {"model": "wing", "trim": "grey"})
        ),
        "planned later": firm(lambda: loft.plan(group(FIRST + 6, order_id))),
        "pinned": firm(lambda: loft.done(f"orders/{order_id}/pin", {"build_week": last_day(FIRST + 5)})),
        "corrected": firm(lambda: loft.done(f"orders/{order_id}/correct", {"options": ["blue"]})),
        "cut": lambda: loft.done("capacity", {"from": last_day(NOW + 1), "until": last_day(NOW + 10), "percent": 20}),
        "a pause": lambda: loft.done("sales", {"action": "pause"}),
        "locked and in production": firm(made),
    }


FATES = list(fates(None, ""))  # type: ignore[arg-type]


@pytest.mark.parametrize("fate", FATES)
def test_the_first_key_is_answered_the_very_same_body_whatever_became_of_the_order(loft: Loft, fate: str) -> None:
    for number in range(6):
        loft.firm(f"c{number}")
    answer = loft.send(loft.token("ada"), "/v1/orders", PLAIN, "first")
    order = answer.json()
    assert order["delivery"]["cliffs"], "the test is to see a cliff, too"
    fates(loft, order["id"])[fate]()
    assert_replayed(loft, answer, "/v1/orders", PLAIN, "first")
    loft.pass_s(3 * WEEK_S)
    assert_replayed(loft, answer, "/v1/orders", PLAIN, "first")
    with Loft(loft.log, **UNSURE) as again:
        again.to_ms(loft.desk.clock_ms() + DAY_S * 1000)
        assert_replayed(again, answer, "/v1/orders", PLAIN, "first")
        there = loft.get(f"/v1/orders/{order['id']}", loft.token("ada")).json()
        here = again.order_of("ada", order["id"])
        assert here["promise"] == there["promise"]


def assert_replayed(loft: Loft, answer: Answer, path: str, content: Any, key: str) -> None:
    replay = loft.send(loft.token("ada"), path, content, key)
    assert (replay.status, replay.body) == (answer.status, answer.body)
    assert replay.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("action", "content"),
    [
        ("change", {"region": "south"}),
        ("change", {"trim": "rare", "options": ["blue", "tail"]}),
        ("convert", {"model": "balloon", "trim": "round"}),
        ("convert", {"model": "wing", "trim": "grey"}),
    ],
)
@pytest.mark.parametrize("fate", ["a later week", "another change", "converted", "planned", "cancelled"])
def test_a_second_step_is_answered_again_as_at_first(loft: Loft, action: str, content: Any, fate: str) -> None:
    for number in range(9):
        loft.firm(f"c{number}")
    order_id = loft.firm("ada")
    terms = loft.act("ada", order_id, action, content).json()
    wanted = {**content, "confirmation": terms["confirmation"]}
    path = f"/v1/orders/{order_id}/{action}"
    answer = loft.send(loft.token("ada"), path, wanted, "second")
    assert answer.status == 200, answer
    assert answer.json()["delivery"] == terms["delivery"]
    if fate == "a later week":
        loft.pass_s(2 * WEEK_S)
    elif fate == "another change":
        model = answer.json()["model"] if action == "convert" else "kite"
        other = {"region": "south"} if model != "kite" else {"options": ["tail"]}
        loft.both_steps("ada", order_id, "change", other)
    elif fate == "converted" and action == "change":
        loft.both_steps("ada", order_id, "convert", {"model": "balloon", "trim": "round"})
    elif fate == "planned" and answer.json().get("model") != "wing":
        assert loft.plan(group(FIRST + 7, order_id, lead=2)).status == 200
    elif fate == "cancelled":
        assert loft.act("ada", order_id, "cancel").status == 200
    assert_replayed(loft, answer, path, wanted, "second")
    with Loft(loft.log, **UNSURE) as again:
        again.to_ms(loft.desk.clock_ms())
        assert_replayed(again, answer, path, wanted, "second")


def test_a_change_made_while_it_was_another_model_is_answered_again_with_that_models_cliffs(loft: Loft) -> None:
    """Only kites have a fair to miss: a balloon changed, and made a kite again since, was not told of it."""
    for number in range(9):
        loft.firm(f"c{number}")
    order_id = loft.firm("ada")
    assert loft.both_steps("ada", order_id, "convert", {"model": "balloon", "trim": "round"}).status == 200
    loft.paid(order_id)
    loft.pass_s(60)
    path = f"/v1/orders/{order_id}/change"
    terms = loft.act("ada", order_id, "change", {"region": "south"}).json()
    wanted = {"region": "south", "confirmation": terms["confirmation"]}
    answer = loft.send(loft.token("ada"), path, wanted, "as a balloon")
    assert answer.json()["delivery"]["cliffs"] == []
    loft.pass_s(60)
    back = loft.both_steps("ada", order_id, "convert", {"model": "kite", "trim": "plain"})
    assert back.json()["delivery"]["cliffs"] != []
    assert_replayed(loft, answer, path, wanted, "as a balloon")


def test_a_change_in_the_same_moment_as_a_conversion_is_answered_again_with_its_own_models_cliffs(loft: Loft) -> None:
    for number in range(9):
        loft.firm(f"c{number}")
    order_id = loft.firm("ada")
    assert loft.both_steps("ada", order_id, "convert", {"model": "balloon", "trim": "round"}).status == 200
    path = f"/v1/orders/{order_id}/change"
    terms = loft.act("ada", order_id, "change", {"region": "south"}).json()
    wanted = {"region": "south", "confirmation": terms["confirmation"]}
    answer = loft.send(loft.token("ada"), path, wanted, "at once")
    assert answer.status == 200, answer
    assert answer.json()["delivery"] == terms["delivery"]
    assert answer.json()["delivery"]["cliffs"] == []
    assert_replayed(loft, answer, path, wanted, "at once")


def test_weeks_are_counted_from_the_order_when_answered_again_and_from_now_when_read(loft: Loft) -> None:
    answer = loft.send(loft.token("ada"), "/v1/orders", PLAIN, "first")
    order = answer.json()
    loft.paid(order["id"])
    for passed in range(1, 6):
        loft.pass_s(WEEK_S)
        promise = loft.order_of("ada", order["id"])["promise"]
        for name in ("promised", "now"):
            counted = [week - passed for week in order["delivery"]["weeks"]]
            assert promise[name] == {**order["delivery"], "weeks": counted}, name
        assert_replayed(loft, answer, "/v1/orders", PLAIN, "first")


def test_a_week_begins_at_midnight_of_the_launchs_zone(loft: Loft) -> None:
    loft.to_ms(1_777_845_599_999)  # Sunday, 2026-05-03T23:59:59.999+02:00
    before = loft.quoted()["delivery"]
    sunday = loft.ordered("ada")
    loft.to_ms(1_777_845_600_000)
    monday = loft.ordered("bob")
    assert sunday["delivery"] == before
    assert monday["delivery"]["weeks"][0] >= before["weeks"][0]
    assert monday["delivery"]["from"] > before["from"], "one more week is frozen"
    promise = loft.order_of("ada", sunday["id"])["promise"]["now"]
    assert promise == {**before, "weeks": [week - 1 for week in before["weeks"]]}


def test_an_order_that_is_gone_shows_no_promise_and_one_paid_too_late_shows_its_new_one(loft: Loft) -> None:
    order = loft.ordered()
    loft.pass_s(601)
    assert loft.order_of("ada", order["id"])["promise"] is None
    for number in range(6):
        loft.firm(f"c{number}")
    anew = loft.quoted()["delivery"]
    assert anew["until"] > order["delivery"]["until"]
    assert loft.paid(order["id"]) == "firm"
    event = last_event(loft)
    assert isinstance(event, ev.OrderFirmed)
    assert event.promise is not None
    promise = loft.order_of("ada", order["id"])["promise"]
    assert (promise["promised"], promise["now"], promise["moved"]) == (anew, anew, None)
    history = loft.history("ada", order["id"])
    assert [one["what"] for one in history] == ["reserved", "expired", "firm"]
    assert history[0]["facts"]["delivery_until"] == order["delivery"]["until"]
    assert history[2]["facts"]["delivery_until"] == anew["until"]


def test_an_order_that_was_firm_in_time_is_promised_nothing_anew(loft: Loft) -> None:
    order = loft.ordered()
    for number in range(6):
        loft.firm(f"c{number}")
    loft.paid(order["id"])
    assert loft.order_of("ada", order["id"])["promise"]["promised"] == order["delivery"]
    assert "delivery_until" not in loft.history("ada", order["id"])[1]["facts"]


def test_terms_whose_week_has_moved_between_the_steps_are_shown_anew(loft: Loft) -> None:
    order_id = loft.firm()
    rare = {"trim": "rare"}
    terms = loft.act("ada", order_id, "change", rare).json()
    for number in range(3):
        loft.firm(f"c{number}", "kite", "rare")
    refused = loft.act("ada", order_id, "change", {**rare, "confirmation": terms["confirmation"]})
    assert refused.code == "confirmation_required"
    assert refused.json()["delivery"]["until"] > terms["delivery"]["until"]
    assert refused.json()["delivery_before"] == loft.order_of("ada", order_id)["promise"]["now"]
    taken = loft.act("ada", order_id, "change", {**rare, "confirmation": refused.json()["confirmation"]})
    assert taken.json()["delivery"] == refused.json()["delivery"]
    assert loft.order_of("ada", order_id)["promise"]["promised"] == taken.json()["delivery"]


def test_whoever_is_offered_a_place_is_promised_a_week_when_it_is_offered(loft: Loft) -> None:
    with Loft(**UNSURE) as loft:
        loft.done("caps", {"model": "kite", "trim": "rare", "cap": 1})
        owner = loft.firm("owner", trim="rare")
        waiting = loft.join("ada")
        loft.act("owner", owner, "cancel")
        quote = loft.quoted(trim="rare")
        loft.pass_s(0)
        promise = loft.order_of("ada", waiting)["promise"]
        assert promise["promised"] == quote["delivery"] == promise["now"]
        offered = loft.history("ada", waiting)[-1]
        assert (offered["what"], offered["facts"]["delivery_until"]) == ("offered", quote["delivery"]["until"])


def test_an_order_imported_without_a_promise_shows_none_and_takes_its_place(loft: Loft) -> None:
    before = loft.quoted("balloon", "round")
    order_id = loft.imported("ada", "balloon", "round", "locked", options=(), region="north")
    assert loft.order_of("ada", order_id)["promise"] is None
    assert loft.quoted("balloon", "round")["place"] == before["place"] + 1


def test_orders_made_at_once_are_promised_one_after_the_other_and_nobody_twice_the_same_place() -> None:
    with Loft(weekly=2, backlog=0) as loft:
        tokens = [loft.token(f"c{number}") for number in range(12)]
        answers = loft.all(loft.ordering(token, "k") for token in tokens)
        untils = [json.loads(one.body)["delivery"]["until"] for one in answers]
        assert untils == sorted(untils)
        assert untils == [last_day(FIRST + 1 + number // 2) for number in range(12)]


def test_a_promise_is_answered_again_with_the_percentages_it_was_made_with_though_the_launch_file_changed() -> None:
    with Loft(**UNSURE, kept_percent=80) as loft:
        answer = loft.send(loft.token("ada"), "/v1/orders", PLAIN, "first")
        assert answer.json()["delivery"]["kept_percent"] == 80
        with Loft(loft.log, **UNSURE, kept_percent=95, sure_percent=99) as again:
            assert again.quoted()["delivery"]["kept_percent"] == 95
            assert_replayed(again, answer, "/v1/orders", PLAIN, "first")
