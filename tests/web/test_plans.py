"""A plan that an operator accepts: what of it holds, when it is refused as a whole, and what customers see of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from drumroll.domain.promise import Promise
from tests.web.house import order_headers, session
from tests.web.lives import is_steady
from tests.web.planted import FIRST, NOW, UNSURE, WEEK_S, Loft, day_of, first_day, group, last_day, plan

END = NOW + 1 + 12


@pytest.fixture
def loft() -> Iterator[Loft]:
    with Loft(horizon_weeks=12) as loft:
        yield loft


def shown(loft: Loft, order_id: str) -> Any:
    """What the order's customer sees of its promise."""
    return loft.order_of(loft.desk.book.orders[order_id].customer, order_id)["promise"]


def firms(loft: Loft, count: int) -> list[str]:
    return [loft.firm(f"c{number}") for number in range(count)]


def test_what_is_accepted_is_what_holds_and_what_was_promised_stays_told(loft: Loft) -> None:
    later, same, earlier = (mine := firms(loft, 6))[0], mine[1], mine[5]
    before = {one: shown(loft, one) for one in mine}
    kept = loft.promised(same)
    weeks = {name: getattr(kept, name) for name in ("build_week", "first_week", "last_week", "sure_week", "short")}
    accepted = loft.plan(
        group(FIRST + 4, later, short="loft"), group(0, same) | weeks, group(FIRST, earlier), policy="least-breakage"
    )
    assert (accepted.status, accepted.json()["done"]) == (200, "plan accepted, 3 orders promised anew")
    late = shown(loft, later)
    assert late["promised"] == before[later]["promised"]
    assert (late["moved"], late["weeks"], late["pinned"]) == ("later", 4, False)
    assert late["now"] == {
        **before[later]["promised"],
        "from": first_day(FIRST + 4),
        "until": last_day(FIRST + 5),
        "sure_by": last_day(FIRST + 5),
        "weeks": [FIRST + 4 - NOW, FIRST + 5 - NOW],
        "short": "loft",
        "because": "the loft has nothing left in the weeks before.",
        "cliffs": [{"id": "fair", "name": "the kite fair", "last_day": "2026-06-07", "crossing": "will"}],
    }
    assert shown(loft, same) == before[same]
    soon = shown(loft, earlier)
    assert (soon["moved"], soon["weeks"]) == ("earlier", 2)
    assert [shown(loft, one) for one in mine[2:5]] == [before[one] for one in mine[2:5]]


def test_the_history_says_planned_with_the_reason_and_without_a_name(loft: Loft) -> None:
    mine = firms(loft, 3)
    content = plan(loft.desk.position, group(FIRST + 4, mine[0]), group(FIRST + 5, mine[1]))
    assert loft.does("plans", {**content, "reason": "a supplier burnt down"}, name="heidi").status == 200
    event = loft.history("c1", mine[1])[-1]
    assert (event["what"], event["by"], event["reason"]) == ("planned", "operator", "a supplier burnt down")
    weeks = {"from": first_day(FIRST + 5), "until": last_day(FIRST + 6), "sure_by": last_day(FIRST + 6)}
    assert event["facts"] == {
        "plan": content["plan"],
        "policy": "strict",
        "short": None,
        **{f"delivery_{name}": day for name, day in weeks.items()},
    }
    assert "heidi" not in json.dumps(loft.history("c1", mine[1]))
    read = loft.get(f"/v1/operator/orders/{mine[1]}", loft.operator()).json()["history"]
    assert read[-1]["operator"] == "heidi"
    assert [one["what"] for one in loft.history("c2", mine[2])] == ["reserved", "firm"]


def test_the_trail_has_figures_and_no_lists_of_orders() -> None:
    with Loft(weekly=40) as loft:
        mine = firms(loft, 40)
        content = plan(loft.desk.position, group(FIRST + 4, *mine[:30]), group(FIRST + 5, *mine[30:]))
        assert loft.does("plans", content).status == 200
        answer = loft.get("/v1/operator/trail", loft.operator())
    (entry,) = answer.json()["entries"]
    assert (entry["what"], entry["operator"], entry["reason"]) == ("plan", "grace", "it must be")
    assert entry["facts"] == {
        "plan": content["plan"],
        "policy": "strict",
        "based_on": content["based_on"],
        "orders": 40,
    }
    assert mine[0] not in answer.body.decode()


def test_the_plans_that_were_accepted_are_shown_the_latest_first(loft: Loft) -> None:
    mine = firms(loft, 1)
    names = []
    for number in range(25):
        content = plan(loft.desk.position, group(FIRST + number % 5, *mine))
        names.append(content["plan"])
        assert loft.does("plans", content).status == 200
    found = loft.get("/v1/operator/plan", loft.operator()).json()["accepted"]
    assert [one["plan"] for one in found] == names[::-1][:20]
    assert found[0] == {"plan": names[-1], "policy": "strict", "at": "2026-05-01T12:00:30.000+02:00"}


def test_a_plan_from_before_a_change_of_capacity_is_stale_and_one_from_after_it_is_not(loft: Loft) -> None:
    mine = firms(loft, 2)
    old = plan(loft.desk.position, group(FIRST + 4, *mine))
    loft.done("capacity", {"from": day_of(FIRST), "until": day_of(END), "percent": 50})
    before = is_steady(loft)
    refused = loft.does("plans", old)
    assert (refused.status, refused.code) == (409, "stale_plan")
    assert refused.json()["capacity_set"] == loft.desk.position
    assert is_steady(loft) == before
    assert loft.plan(group(FIRST + 4, *mine)).status == 200


def test_what_changed_since_the_plan_was_made_stays_as_it_is(loft: Loft) -> None:
    gone, paid, made, changed, calm = (mine := [*firms(loft, 4), loft.firm("eve")])
    reserved = loft.reserved("fay")
    content = plan(loft.desk.position, group(FIRST + 4, *mine[:3]), group(FIRST + 5, *mine[3:], reserved))
    loft.act("c0", gone, "cancel")
    loft.paid(reserved)
    loft.both_steps("c2", made, "lock")
    loft.moved(made, "scheduled", "in_production")
    loft.both_steps("c3", changed, "change", {"region": "south"})
    before = {one: shown(loft, one) for one in (changed, reserved, made)}
    assert loft.does("plans", content).status == 200
    assert {one: shown(loft, one) for one in before} == before
    assert [shown(loft, one)["moved"] for one in (paid, calm)] == ["later", "later"]
    assert shown(loft, gone) is None
    assert [one["what"] for one in loft.history("c0", gone)][-1] == "cancelled"
    assert loft.get("/v1/operator/trail", loft.operator()).json()["entries"][0]["facts"]["orders"] == 2


def test_a_plan_that_moves_frozen_orders_is_refused_as_a_whole_and_names_them(loft: Loft) -> None:
    mine = firms(loft, 6)
    loft.pass_s(WEEK_S)
    frozen = [one for one in mine if loft.promised(one).build_week < FIRST + 1]
    before = is_steady(loft)
    refused = loft.plan(group(FIRST + 6, *mine[:3]), group(FIRST + 7, *mine[3:]))
    assert (refused.status, refused.code) == (409, "frozen_weeks")
    assert (refused.json()["order_ids"], refused.json()["count"]) == (frozen, len(frozen))
    assert is_steady(loft) == before
    free = [one for one in mine if one not in frozen]
    assert loft.plan(group(FIRST + 6, *free[:3]), group(FIRST + 7, *free[3:])).status == 200


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([group(FIRST + 1, "ord_nobody")], "no order ord_nobody"),
        ([group(FIRST + 1, "{0}", "{0}")], "twice"),
        ([group(FIRST + 1, "{0}"), group(FIRST + 2, "{1}", "{0}")], "twice"),
        ([group(FIRST - 1, "{0}")], "can't be planned"),
        ([group(NOW - 1, "{0}")], "can't be planned"),
        ([group(END, "{0}")], "can't be planned"),
        ([group(1, "{0}")], "can't be planned"),
        ([group(FIRST, "{0}") | {"first_week": FIRST + 2}], "follow"),
        ([group(FIRST, "{0}") | {"sure_week": FIRST}], "follow"),
        ([group(FIRST, "{0}", short="attic")], "attic"),
        ([group(FIRST, "{0}"), group(FIRST + 1, "{1}", short="LOFT")], "LOFT"),
        ([group(FIRST + 1, "{0}") | {"first_week": FIRST - 1, "last_week": FIRST, "sure_week": FIRST}], ""),
        ([group(FIRST, "{0}") | {"first_week": 1}], ""),
    ],
)
def test_a_plan_that_is_none_for_this_log_is_refused_as_a_whole(loft: Loft, groups: Any, words: str) -> None:
    mine = firms(loft, 2)
    filled = [{**one, "order_ids": [name.format(*mine) for name in one["order_ids"]]} for one in groups]
    before = is_steady(loft)
    refused = loft.plan(*filled)
    assert (refused.status, refused.code) == (422, "invalid_plan")
    assert words in refused.json()["faults"][0]
    assert refused.json()["fault_count"] == 1
    assert is_steady(loft) == before


def test_every_fault_of_a_plan_is_counted_and_the_first_hundred_are_named(loft: Loft) -> None:
    refused = loft.plan(group(FIRST, *[f"ord_{number}" for number in range(250)]))
    assert (len(refused.json()["faults"]), refused.json()["fault_count"]) == (100, 250)


def test_a_plan_that_is_based_on_what_has_not_happened_yet_is_of_another_log(loft: Loft) -> None:
    mine = firms(loft, 1)
    for ahead in (1, 10**6):
        refused = loft.does("plans", plan(loft.desk.position + ahead, group(FIRST + 4, *mine)))
        assert (refused.status, refused.code) == (422, "invalid_plan")


def test_a_plan_gives_no_week_to_what_no_plant_builds(loft: Loft) -> None:
    nobody = loft.firm("ada", "wing", "grey")
    assert loft.plan(group(FIRST + 4, nobody)).code == "invalid_plan"


def test_a_plan_is_not_taken_that_fills_a_week_beyond_its_capacity(loft: Loft) -> None:
    """Four a week: what customers would be told of the fifth could not be kept."""
    mine = firms(loft, 5)
    assert loft.plan(group(FIRST + 4, *mine)).code == "invalid_plan"


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": "short"},
        {"plan": "G" * 16},
        {"policy": "kindest"},
        {"based_on": 0},
        {"based_on": -1},
        {"groups": None},
        {"groups": [group(FIRST)]},
        {"groups": [group(FIRST, "x") | {"build_week": 0}]},
        {"groups": [group(FIRST, "x") | {"build_week": 10**9}]},
        {"groups": [group(FIRST, "x" * 65)]},
        {"groups": [group(FIRST, "x", short="x" * 65)]},
        {"groups": [group(FIRST, "x") | {"orders": 1}]},
        {"reason": ""},
        {"model": "kite"},
    ],
)
def test_what_is_no_plan_is_refused_before_it_is_looked_at(loft: Loft, wrong: Any) -> None:
    refused = loft.does("plans", {**plan(loft.desk.position), **wrong})
    assert (refused.status, refused.code) == (400, "invalid_request")


def test_a_plan_of_nothing_changes_nothing_but_the_trail(loft: Loft) -> None:
    mine = firms(loft, 3)
    before, quote = [shown(loft, one) for one in mine], loft.quoted()
    assert loft.plan().status == 200
    assert ([shown(loft, one) for one in mine], loft.quoted()) == (before, quote)


def test_after_a_plan_new_orders_are_promised_what_it_left_free(loft: Loft) -> None:
    mine = firms(loft, 9)
    loft.done("capacity", {"from": day_of(FIRST), "until": day_of(END), "percent": 200})
    weeks = [group(FIRST, *mine[:5]), group(FIRST + 1, *mine[5:])]
    assert loft.plan(*weeks).status == 200
    assert loft.quoted()["delivery"]["until"] == last_day(FIRST + 2)
    for number in range(4):
        assert loft.ordered(f"n{number}")["delivery"]["until"] == last_day(FIRST + 2)
    assert loft.quoted()["delivery"]["until"] == last_day(FIRST + 3)


def test_a_later_change_is_promised_anew_and_told_as_what_was_promised(loft: Loft) -> None:
    order_id = loft.firm()
    assert loft.plan(group(FIRST + 4, order_id)).status == 200
    terms = loft.act("ada", order_id, "change", {"trim": "rare"}).json()
    assert terms["delivery_before"] == shown(loft, order_id)["now"]
    done = loft.act("ada", order_id, "change", {"trim": "rare", "confirmation": terms["confirmation"]})
    assert shown(loft, order_id)["promised"] == shown(loft, order_id)["now"] == done.json()["delivery"]


def test_a_plan_survives_a_restart_with_everything_that_is_seen_of_it() -> None:
    with Loft(**UNSURE) as loft:
        mine = firms(loft, 8)
        loft.done(f"orders/{mine[0]}/pin", {"build_week": day_of(FIRST + 3)})
        loft.done("capacity", {"from": day_of(FIRST), "until": day_of(END), "percent": 75})
        assert loft.plan(group(FIRST + 6, *mine[4:7])).status == 200
        reads = ["/v1/operator/plan", "/v1/operator/trail", *(f"/v1/operator/orders/{one}" for one in mine)]
        seen = [loft.get(path, loft.operator()).json() for path in reads]
        quotes = [loft.quoted(trim=trim) for trim in ("plain", "rare")]
        with Loft(loft.log, **UNSURE) as again:
            assert [again.get(path, again.operator()).json() for path in reads] == seen
            assert [again.quoted(trim=trim) for trim in ("plain", "rare")] == quotes


def test_a_plan_may_be_as_long_as_64_mebibytes_and_no_longer(loft: Loft) -> None:
    limit = 64 * 1024 * 1024
    content = json.dumps({"reason": "it must be", **plan(loft.desk.position)}).encode()
    headers = order_headers(loft.operator(), "k")
    for too_long in (1, 0):
        body = content + b" " * (limit + too_long - len(content))
        pieces = [body[at : at + 2**20] for at in range(0, len(body), 2**20)]
        answer = loft.call("POST", "/v1/operator/plans", headers, pieces)
        assert answer.status == (413 if too_long else 200), answer
    told = loft.call("POST", "/v1/operator/plans", [*headers, ("content-length", str(limit + 1))], content)
    assert (told.status, told.code) == (413, "body_too_large")
    customer = [*session(loft.token("ada")), ("content-length", str(limit))]
    assert loft.call("POST", "/v1/operator/plans", customer, [b"[" * 2**20] * 2).code == "not_an_operator"


def test_a_promise_in_the_log_is_the_one_that_was_accepted(loft: Loft) -> None:
    order_id = loft.firm()
    assert loft.plan(group(FIRST + 4, order_id, short="frames") | {"sure_week": FIRST + 9}).status == 200
    assert loft.promised(order_id) == Promise(FIRST + 4, FIRST + 4, FIRST + 5, FIRST + 9, "frames")
