# ruff: noqa: RUF001 (full-width signs are what is tested)
"""My orders: every state, event and reason has its words; what was promised and what holds; nobody else's orders."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drumroll.domain.book import OwedBecause
from drumroll.domain.states import State
from drumroll.web import history
from drumroll.web.pages.order_history import lines_of, owed_because
from drumroll.words.catalog import words_of
from tests.web.lives import DAY_S, HOUR_S, Life
from tests.web.pages.visiting import Browser, Page
from tests.web.planted import FIRST, Loft, group, plan
from tests.web.servers import RealServer

CODES = re.compile(r"\b(?:in_production|in_transit|refund_paid|owed_back|order_cancelled|undo_lock|None)\b")


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


def both(life: Life, customer: str, path: str) -> tuple[Page, Page]:
    """The page in English and in Chinese."""
    pages = [Browser(life, language).signed_in(customer).get(path) for language in ("en", "zh-CN")]
    for page in pages:
        assert page.status == 200, page.text
        assert not CODES.search(page.text), page.text
    return pages[0], pages[1]


def steps(page: Page) -> list[str]:
    """What of the order's life is done, and where it is."""
    found = re.findall(r'<li class="(was|is|will)"(?: aria-current="step")?><b>([^<]+)</b>', page.html)
    return [name for how, name in found if how != "will"]


def test_no_order_yet_is_said_in_words_with_the_way_to_the_store(life: Life) -> None:
    english, chinese = both(life, "ada", "/orders")
    assert "You have no order yet." in english.text
    assert "您还没有订单" in chinese.text
    assert "/#models" in english.links


def test_without_a_session_there_is_the_sign_in(life: Life) -> None:
    order_id = life.firm("ada")
    for path, back in (("/orders", "%2Forders"), (f"/orders/{order_id}", f"%2Forders%2F{order_id}")):
        answer = life.call("GET", path)
        assert (answer.status, answer.headers["location"]) == (303, f"/sign-in?back={back}")


def test_orders_are_shown_the_newest_first_and_to_nobody_else(life: Life) -> None:
    older = life.firm("ada")
    life.pass_s(60)
    newer = life.reserved("ada", "balloon", "round")
    other = life.firm("bob")
    english, chinese = both(life, "ada", "/orders")
    for page in (english, chinese):
        assert page.html.index(newer) < page.html.index(older)
        assert other not in page.html
        assert f"/orders/{newer}/pay" in page.links
        assert f"/orders/{older}/pay" not in page.links
    assert "Pay €50" in english.text
    assert "支付 €50" in chinese.text
    page = Browser(life).signed_in("ada").get(f"/orders/{other}")
    assert (page.status, other in page.html.replace(page.path, "").replace(page.path.replace("/", "%2F"), "")) == (
        404,
        False,
    )


def test_an_order_says_where_it_is_all_its_life_long(life: Life) -> None:
    order_id = life.reserved("ada", options=["blue"], region="south")
    english, chinese = both(life, "ada", f"/orders/{order_id}")
    assert "Your place is held: pay €20 until 1 May 2026, 12:10 (UTC+2)." in english.text
    assert "Refundable in full for 1 day after you paid it." in english.text
    assert "犹豫期" in chinese.text
    for words in ("Kite Plain", "Blue", "South", "€104"):
        assert words in english.text
    life.paid(order_id)
    english, _ = both(life, "ada", f"/orders/{order_id}")
    assert "have €20 back, until 2 May 2026, 12:00 (UTC+2); then it locks." in english.text
    assert {f"/orders/{order_id}/{one}" for one in ("change", "lock", "cancel")} <= set(english.links)
    life.pass_s(DAY_S)
    names = ["Ordered", "Deposit paid", "Locked"]
    assert steps(both(life, "ada", f"/orders/{order_id}")[0]) == names
    for state, name in (
        ("scheduled", "Scheduled"),
        ("in_production", "In production"),
        ("built", "Built"),
        ("in_transit", "On its way"),
        ("delivered", "Delivered"),
    ):
        life.moved(order_id, state)
        names = [*(one for one in names if one != "In production"), name]
        english, chinese = both(life, "ada", f"/orders/{order_id}")
        assert steps(english) == names
        assert len(steps(chinese)) == len(names)
    assert "It was delivered on 2 May 2026." in english.text
    assert "grace" not in english.html, "customers see reasons, not names"
    assert "it must be" in english.text


def test_what_was_undone_or_set_back_is_no_step_any_more(life: Life) -> None:
    order_id = life.locked("ada")
    life.act("ada", order_id, "undo-lock")
    assert steps(both(life, "ada", f"/orders/{order_id}")[0]) == ["Ordered", "Deposit paid"]
    life.act("ada", order_id, "cancel")
    page = both(life, "ada", f"/orders/{order_id}")[0]
    assert steps(page) == ["Ordered", "Deposit paid", "Cancelled"]
    assert "for the cancelled order" in page.text
    assert "/#models" in page.links


def test_an_order_that_ran_out_offers_no_payment_even_before_the_desk_has_noted_it(life: Life) -> None:
    order_id = life.reserved("ada")
    assert life.clock is not None
    life.clock.move_to(life.clock() + HOUR_S * 1000)
    english, chinese = both(life, "ada", f"/orders/{order_id}")
    for page in (english, chinese):
        assert f"/orders/{order_id}/pay" not in page.links
    assert "did not come in time" in english.text


def test_who_waits_sees_the_position_and_then_the_offer(life: Life) -> None:
    first = life.reserved("ada", trim="rare")
    life.join("bob")
    waiting = life.join("eve")
    english, chinese = both(life, "eve", "/orders")
    assert "You are number 2 in the waiting list." in english.text
    assert "第 2 位" in chinese.text
    assert f"/waiting-list/{waiting}/leave" in english.links
    assert life.act("ada", first, "cancel").status == 200
    life.pass_s(1)
    bobs = life.desk.book.customers["bob"][-1].id
    english, chinese = both(life, "bob", "/orders")
    assert "A place became free: pay €20 until 1 May 2026, 13:00" in english.text
    assert "有名额空出" in chinese.text
    assert f"/orders/{bobs}/pay" in english.links
    assert "You are number" not in english.text
    assert "A place became free and was held for you" in both(life, "bob", f"/orders/{bobs}")[0].text


def test_a_promise_that_moved_says_from_what_to_what_by_how_much_and_why() -> None:
    with Loft(horizon_weeks=12) as loft:
        mine, other = loft.firm("ada"), loft.firm("bob")
        before = both(loft, "ada", f"/orders/{mine}")[0]
        assert "As it was promised to you." in before.text
        groups = (group(FIRST + 4, mine, short="loft"), group(FIRST + 4, other))
        content = plan(loft.desk.position, *groups)
        assert loft.does("plans", {**content, "reason": "a supplier burnt down"}, name="heidi").status == 200
        english, chinese = both(loft, "ada", f"/orders/{mine}")
        promise = loft.order_of("ada", mine)["promise"]
    weeks = promise["weeks"]
    assert promise["moved"] == "later"
    assert f"{weeks} weeks later than promised" in english.text
    assert f"比承诺的晚 {weeks} 周" in chinese.text
    assert "The reason: a supplier burnt down" in english.text
    assert "原因：a supplier burnt down" in chinese.text
    assert "the loft has nothing left in the weeks before" in english.text
    assert "you will miss “the kite fair”" in english.text
    assert "heidi" not in english.html
    then = re.search(r'class="window"><b>([^<]+)</b>', before.html)
    assert then is not None
    assert f"You were promised {then[1]}." in english.text


def test_a_delivered_order_still_says_what_it_had_been_promised() -> None:
    with Loft(horizon_weeks=12) as loft:
        mine = loft.locked("ada")
        before = both(loft, "ada", f"/orders/{mine}")[0]
        loft.moved(mine, "scheduled", "in_production", "built", "in_transit", "delivered")
        english, _ = both(loft, "ada", f"/orders/{mine}")
    then = re.search(r'class="window"><b>([^<]+)</b>', before.html)
    assert then is not None
    assert f"It was delivered on 1 May 2026. You were promised {then[1]}." in english.text


@pytest.mark.parametrize("tag", ["en", "zh-CN"])
def test_every_event_state_and_reason_that_there_is_has_words(life: Life, tag: str) -> None:
    words, launch = words_of(tag), life.server.web.launch
    whats = {what for what, _ in history._WHAT.values()} | {"unpinned"} | {one.value for one in State}
    facts: dict[str, Any] = {"model": "kite", "trim": "plain", "state": "firm"}
    facts |= {f"{name}_minor": 100 for name in ("price", "price_before", "amount", "forfeited", "refund", "due")}
    at = "2026-05-01T12:00:00.000+02:00"
    for what in whats:
        for by in ("customer", "operator", "time", "provider"):
            event = history.HistoryEvent(at, what, by, 1, None, "because", facts)
            (line,) = lines_of(launch, [event], words)
            assert line.text
            assert "%(" not in line.text
    for reason in OwedBecause:
        assert owed_because(reason.value, words)


def test_money_says_where_it_is(life: Life) -> None:
    order_id = life.locked("ada")
    assert "Paid so far €20" in both(life, "ada", f"/orders/{order_id}")[0].text
    assert life.both_steps("ada", order_id, "cancel").status == 200
    assert "Given up €20" in both(life, "ada", f"/orders/{order_id}")[0].text
    life.done(f"orders/{order_id}/refund", {"amount_minor": 500})
    text = both(life, "ada", f"/orders/{order_id}")[0].text
    assert "Given up €15" in text
    assert "we gave it back" in text


def test_a_launch_without_a_published_log_says_so_and_has_no_receipt(life: Life) -> None:
    order_id = life.firm("ada")
    assert "there are no receipts" in both(life, "ada", f"/orders/{order_id}")[0].text
    page = Browser(life, "zh-CN").signed_in("ada").get(f"/orders/{order_id}/receipt")
    assert (page.status, "没有收据" in page.text) == (404, True)


@pytest.mark.slow
def test_the_receipt_of_the_page_is_that_of_the_api(tmp_path: Path) -> None:
    with RealServer(tmp_path, publish=True) as server:
        token, other = server.sessions("ada", "bob")
        order_id = server.order(token, "k").json()["id"]
        path, until = f"/orders/{order_id}/receipt", time.monotonic() + 30
        cookie = {"cookie": f"session={token}", "accept": "text/html"}
        while (page := server.ask("GET", path, cookie)).status != 200 and time.monotonic() < until:
            assert page.status == 409
            assert b"The receipt is not ready yet" in page.body
            time.sleep(0.1)
        assert page.body == server.get(f"/v1{path}", token).body
        assert page.headers["content-disposition"] == f'attachment; filename="{order_id}.tlog-proof"'
        assert server.ask("GET", path, {"cookie": f"session={other}"}).status == 404
