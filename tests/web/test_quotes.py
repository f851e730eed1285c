"""``GET /v1/quotes``: what it answers, to whom, and what it makes of whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.house import House
from tests.web.lives import HOUR_S, LIVES, Life, is_steady
from tests.web.planted import FIRST, NOW, Loft, first_day, last_day

PLAIN = "model=kite&trim=plain"


@pytest.fixture
def loft() -> Iterator[Loft]:
    with Loft() as loft:
        yield loft


OLDER = 3
"""Older orders that the launch file declares: they stand before everybody."""


def weeks(quote: Any) -> Any:
    return None if quote["delivery"] is None else quote["delivery"]["weeks"]


def test_a_quote_says_price_place_days_and_why_it_is_no_earlier(loft: Loft) -> None:
    # Three older orders are in the first week, so one more finds room there; it is delivered a week later.
    assert loft.quoted() == {
        "model": "kite",
        "trim": "plain",
        "options": ["red"],
        "region": "north",
        "price_minor": 9_900,
        "deposit_minor": 2_000,
        "currency": "EUR",
        "delivery": {
            "from": first_day(FIRST),
            "until": last_day(FIRST + 1),
            "weeks": [FIRST - NOW, FIRST + 1 - NOW],
            "sure_by": last_day(FIRST + 1),
            "kept_percent": 80,
            "sure_percent": 95,
            "short": None,
            "because": "It is planned for the first week that there is.",
            "cliffs": [],
        },
        "because": "It is planned for the first week that there is.",
        "place": 4,
        "not_now": None,
    }
    loft.firm()
    later = loft.quoted()
    assert (weeks(later), later["delivery"]["short"]) == ([3, 4], "loft")
    assert later["because"] == "the loft has nothing left in the weeks before."


def test_a_quote_needs_no_session_and_leaves_everything_as_it_was(loft: Loft) -> None:
    loft.firm("bob")
    before = is_steady(loft)
    first = loft.get(f"/v1/quotes?{PLAIN}")
    for token in (loft.token("ada"), loft.operator(), "nonsense"):
        assert loft.get(f"/v1/quotes?{PLAIN}", token).body == first.body
    assert first.headers == {"content-type": "application/json"}
    assert is_steady(loft) == before


@pytest.mark.parametrize(
    "query",
    [
        "options=blue,tail",
        "options=blue&options=tail",
        "options=blue,,tail,",
        "options=&options=tail&options=blue",
        "options=blue%2Ctail",
        "options=%74ail,blue&region=",
        "options=tail,blue&region=north",
    ],
)
def test_options_are_read_with_commas_or_repeated(loft: Loft, query: str) -> None:
    quote = loft.get(f"/v1/quotes?{PLAIN}&{query}").json()
    assert (sorted(quote["options"]), quote["price_minor"]) == (["blue", "tail"], 9_900 + 500 + 300)


@pytest.mark.parametrize("query", ["", "&options=", "&options=,,", "&region="])
def test_what_is_empty_is_as_if_it_were_not_there(loft: Loft, query: str) -> None:
    assert loft.get(f"/v1/quotes?{PLAIN}{query}").json() == loft.quoted()


@pytest.mark.parametrize(
    ("query", "status", "code", "words"),
    [
        ("", 400, "invalid_request", "model: missing"),
        ("trim=plain", 400, "invalid_request", "model: missing"),
        ("model=kite", 400, "invalid_request", "trim: missing"),
        ("model=&trim=plain", 400, "invalid_request", "model: missing"),
        ("model&trim", 400, "invalid_request", "model: missing"),
        ("model=boat&trim=plain", 422, "unknown_model", "boat"),
        ("model=kite&trim=golden", 422, "unknown_trim", "golden"),
        ("model=KITE&trim=plain", 422, "unknown_model", "KITE"),
        ("model=balloon&trim=plain", 422, "unknown_trim", "plain"),
        (f"{PLAIN}&options=green", 422, "unknown_option", "green"),
        (f"{PLAIN}&options=red,blue", 422, "invalid_options", "red"),
        (f"{PLAIN}&options=tail,tail", 422, "invalid_options", "tail"),
        (f"{PLAIN}&options=gold", 422, "invalid_options", "gold"),
        (f"{PLAIN}&options=long-tail", 422, "invalid_options", "tail"),
        (f"{PLAIN}&options=bag,blue", 422, "invalid_options", "bag"),
        (f"{PLAIN}&region=moon", 422, "unknown_region", "moon"),
        (f"{PLAIN}&colour=red", 400, "invalid_request", "colour: there is no such field"),
        (f"{PLAIN}&option=red", 400, "invalid_request", "options"),
        (f"{PLAIN}&=x", 400, "invalid_request", "there is no such field"),
        (f"{PLAIN}&model=kite", 400, "invalid_request", "model: send it once"),
        (f"{PLAIN}&region=&region=south", 400, "invalid_request", "region: send it once"),
        (f"{PLAIN}&options=%ff", 400, "invalid_request", "UTF-8"),
        (f"{PLAIN}&options=%ed%a0%80", 400, "invalid_request", "UTF-8"),
        (f"{PLAIN}&options=é", 400, "invalid_request", "UTF-8"),
        (f"{PLAIN}&options=" + "x" * 5_000, 400, "invalid_request", "4096"),
        (PLAIN + "&options=tail" * 200, 400, "invalid_request", "128"),
        (f"{PLAIN}&" + "%00=x", 400, "invalid_request", "there is no such field"),
        ("model=%00&trim=%F0%9F%AA%81", 422, "unknown_model", "model"),
    ],
)
def test_a_quote_for_what_is_not_there_says_what_is_wrong(
    loft: Loft, query: str, status: int, code: str, words: str
) -> None:
    answer = loft.get(f"/v1/quotes?{query}")
    assert (answer.status, answer.code) == (status, code)
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("wrong", ["options", "region", "model", "trim"])
def test_a_quote_is_refused_in_the_words_of_the_order(loft: Loft, wrong: str) -> None:
    wanted: dict[str, Any] = {"model": "kite", "trim": "plain"}
    wanted |= {wrong: ["green"] if wrong == "options" else "green"}
    order = loft.send(loft.token("ada"), "/v1/orders", wanted)
    assert loft.asked(**wanted).body == order.body
    assert order.status == 422


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_told_which_there_is(loft: Loft, method: str) -> None:
    answer = loft.call(method, f"/v1/quotes?{PLAIN}")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]
    assert answer.code == "method_not_allowed"


@pytest.mark.parametrize("path", ["/v1/quotes/", "/v1/quote", "/v1/quotes/kite", "//v1/quotes", "/V1/quotes"])
def test_there_is_nothing_beside_the_path(loft: Loft, path: str) -> None:
    answer = loft.get(f"{path}?{PLAIN}")
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_launch_without_plants_quotes_prices_and_says_that_it_plans_nothing() -> None:
    with Life(launch=LIVES) as life:
        quote = life.get(f"/v1/quotes?{PLAIN}&options=blue&region=south").json()
        assert (quote["price_minor"], quote["region"], quote["delivery"]) == (10_400, "south", None)
        assert quote["because"] == "No delivery can be promised: this launch plans no deliveries."


def test_a_launch_without_regions_has_none_in_its_quotes() -> None:
    with House() as house:
        assert house.get(f"/v1/quotes?{PLAIN}").json()["region"] == ""
        assert house.get(f"/v1/quotes?{PLAIN}&region=north").code == "unknown_region"


def test_a_model_that_no_plant_builds_is_quoted_and_ordered_without_a_delivery(loft: Loft) -> None:
    quote = loft.quoted("wing", "grey")
    assert (quote["delivery"], quote["because"]) == (None, "No delivery can be promised: no plant builds it.")
    order = loft.ordered(model="wing", trim="grey")
    assert order["delivery"] is None
    assert loft.order_of("ada", order["id"])["promise"] is None


@pytest.mark.parametrize("refused", [False, True])
def test_where_the_capacity_has_run_out_nothing_is_promised_and_the_order_is_taken_or_not(*, refused: bool) -> None:
    with Loft(weekly=1, backlog=0, horizon_weeks=6, refuse_unpromised=refused) as loft:
        for number in range(5):  # of the six weeks the first is frozen
            loft.ordered(f"c{number}")
        quote = loft.quoted()
        assert quote["delivery"] is None
        said = "No delivery can be promised: all the capacity that is planned is promised, or closed."
        assert quote["because"] == said
        assert quote["place"] == 6
        answer = loft.send(loft.token("ada"), "/v1/orders", {"model": "kite", "trim": "plain"})
        if refused:
            assert (answer.status, answer.code) == (409, "no_capacity")
            assert "all the capacity that is planned is promised" in answer.json()["detail"]
            assert loft.quoted() == quote
            loft.act("c0", loft.get("/v1/orders", loft.token("c0")).json()["orders"][0]["id"], "cancel")
            assert weeks(loft.quoted()) == [6, 7]
            assert loft.ordered()["delivery"] == {**loft_delivery(loft), "weeks": [6, 7]}
        else:
            assert (answer.status, answer.json()["delivery"]) == (201, None)
            assert "No delivery could be promised" in answer.json()["unpromised"]
            assert loft.order_of("ada", answer.json()["id"])["promise"] is None
            assert loft.order_of("ada", answer.json()["id"])["unpromised"] == answer.json()["unpromised"]


def test_a_trim_whose_frames_come_in_no_week_is_said_to_have_no_capacity() -> None:
    """Not that it is promised to others: nothing is."""
    with Loft(backlog=0, dye=0) as loft:
        quote = loft.quoted(options="blue")
        assert quote["delivery"] is None
        assert "blue dye has no capacity in any week" in quote["because"]


def test_before_its_lock_an_order_says_the_place_that_it_has_at_most(loft: Loft) -> None:
    first = loft.reserved("ada")
    assert loft.order_of("ada", first)["place_at_most"] == OLDER + 1
    locked = loft.locked("bob")
    assert loft.order_of("ada", first)["place_at_most"] == OLDER + 2
    found = loft.order_of("bob", locked)
    assert (found["place_at_most"], found["queue"]["place"]) == (None, 1)


def loft_delivery(loft: Loft) -> Any:
    """What the last order was promised, as it reads now."""
    order = loft.desk.book.sequence[-1]
    return loft.order_of(order.customer, order.id)["promise"]["now"]


def test_a_cliff_may_be_missed_where_it_lies_in_the_window_and_will_be_where_it_lies_before() -> None:
    with Loft(backlog=0) as loft:
        seen = []
        for number in range(20):
            quote = loft.quoted()
            seen.append((quote["delivery"]["until"], quote["delivery"]["from"], quote["delivery"]["cliffs"]))
            assert loft.ordered(f"c{number}")["delivery"] == quote["delivery"]
        for until, begins, cliffs in seen:
            crossing = "will" if begins > "2026-06-07" else "may" if until > "2026-06-07" else None
            cliff = {"id": "fair", "name": "the kite fair", "last_day": "2026-06-07", "crossing": crossing}
            assert cliffs == ([] if crossing is None else [cliff])
        assert {len(cliffs) and cliffs[0]["crossing"] for _, _, cliffs in seen} == {0, "may", "will"}
        # The cliff is one for kites.
        balloon = loft.quoted("balloon", "round")["delivery"]
        assert balloon["from"] >= seen[-1][1]
        assert balloon["cliffs"] == []


def test_a_farther_region_is_delivered_as_much_later_as_it_is_far(loft: Loft) -> None:
    near, far = loft.quoted()["delivery"], loft.quoted(region="south")["delivery"]
    assert [week + 1 for week in near["weeks"]] == far["weeks"]


def test_what_is_short_is_named_by_the_limit_that_is_tightest(loft: Loft) -> None:
    for number in range(2):
        loft.ordered(f"c{number}", options=["blue"])
    blue, red = loft.quoted(options="blue"), loft.quoted()
    assert blue["delivery"]["weeks"] > red["delivery"]["weeks"] or blue["delivery"]["short"] == "loft"
    loft.ordered("eve", "kite", "rare")
    rare = loft.quoted(trim="rare")
    assert rare["delivery"]["short"] == "frames"
    assert rare["because"] == "rare frames has nothing left in the weeks before."


def test_the_place_counts_everybody_who_waits_and_those_who_are_older(loft: Loft) -> None:
    def place() -> int:
        return int(loft.quoted(trim="rare")["place"])

    assert place() == OLDER + 1
    reserved, firm, locked = loft.reserved("ada"), loft.firm("bob"), loft.locked("cyd", trim="rare")
    loft.firm("dan", "balloon", "round")
    assert place() == OLDER + 4
    loft.moved(locked, "scheduled")
    assert place() == OLDER + 4
    loft.moved(locked, "in_production")
    assert place() == OLDER + 3
    loft.act("bob", firm, "cancel")
    assert place() == OLDER + 2
    loft.pass_s(601)
    assert loft.order_of("ada", reserved)["state"] == "expired"
    assert place() == OLDER + 1


def test_a_quote_is_answered_before_the_opening_and_while_nothing_can_be_ordered() -> None:
    with Loft(clock="2026-05-01T11:00:00+02:00@0") as loft:
        opening = loft.quoted()
        assert (weeks(opening), opening["not_now"]) == ([2, 3], "not_open_yet")
        loft.pass_s(HOUR_S)
        order = loft.ordered()
        assert order["delivery"] == opening["delivery"]
        loft.done("caps", {"model": "kite", "cap": 1})
        sold_out = loft.quoted()
        assert sold_out["not_now"] == "sold_out"
        assert loft.send(loft.token("bob"), "/v1/orders", {"model": "kite", "trim": "plain"}).code == "sold_out"
        for action, code in (("pause", "paused"), ("close", "closed")):
            loft.done("sales", {"action": action, "model": "balloon"})
            refused = loft.send(loft.token("bob"), "/v1/orders", {"model": "balloon", "trim": "round"})
            assert refused.code == code
            told = loft.quoted("balloon", "round")
            assert (told["delivery"]["weeks"], told["not_now"]) == (sold_out["delivery"]["weeks"], code)


def test_while_the_book_is_not_known_there_are_no_quotes(loft: Loft) -> None:
    loft.desk.closed_because, loft.desk.readable = "the disk is gone", False
    answer = loft.get(f"/v1/quotes?{PLAIN}")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "desk_closed", "1")
