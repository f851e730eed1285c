"""What customers read: when, in which language, what of their order; and that nobody else gets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.notices.house import URL, known, written
from tests.web.lives import DAY_S, Life
from tests.web.pages.visiting import Browser
from tests.web.planted import FIRST, Loft, group

LAUNCH = Path(__file__).parent.parent.parent / "launches" / "yu7.toml"
RARE = {"model": "kite", "trim": "rare"}


@pytest.fixture
def life() -> Iterator[Life]:
    with Life(public_url=URL) as life:
        yield life


@pytest.fixture
def loft() -> Iterator[Loft]:
    with Loft(horizon_weeks=12, public_url=URL) as loft:
        yield loft


def test_a_paid_order_is_confirmed_once_with_what_its_page_says(loft: Loft) -> None:
    known(loft, "ada")
    order_id = loft.reserved("ada")
    assert written(loft) == []
    loft.paid(order_id)
    (letter,) = written(loft)
    assert (letter.to, letter.subject) == ("ada@post.example", "Your order stands: Kite Plain")
    page = loft.order_of("ada", order_id)["promise"]["now"]
    assert f"Order number: {order_id}" in letter.text
    assert f"{URL}/orders/{order_id}" in letter.text
    assert "€20" in letter.text
    assert "Delivery: " in letter.text
    assert f"Delivery: {date.fromisoformat(page['from']).day}" in letter.text
    assert "have €20 back" in letter.text
    assert written(loft) == []


def test_without_a_public_address_no_letter_has_one() -> None:
    with Life() as life:
        known(life, "ada")
        life.firm("ada")
        (letter,) = written(life)
        assert "http" not in letter.text
        assert "/orders/" not in letter.text


def test_until_when_all_comes_back_stands_in_the_letter_in_the_launch_s_zone(life: Life) -> None:
    known(life, "ada")
    known(life, "bo", language="zh-CN")
    life.firm("ada", options=["blue"])
    life.firm("bo")
    english, chinese = written(life)
    assert "until 2 May 2026, 12:00 (UTC+2); then it locks." in english.text
    assert "Colour: Blue" in english.text
    assert chinese.subject.startswith("订单已生效")
    assert "2026年5月2日" in chinese.text


def test_an_offered_place_says_until_when_and_where_and_goes_before_all_others(life: Life) -> None:
    owner = life.firm("owner", **RARE)
    for customer in ("owner", "ada", "bo"):
        known(life, customer)
    waiting = life.join("ada")
    life.firm("bo")
    life.act("owner", owner, "cancel")
    life.pass_s(1)
    first, *rest = written(life)
    assert first.to == "ada@post.example"
    assert first.subject.startswith("A place is held for you until 1 May 2026, 13:00 (UTC+2): Kite Rare")
    assert f"{URL}/orders/{waiting}" in first.text
    assert [one.subject for one in rest] == ["Your order stands: Kite Plain", "Money comes back to you: Kite Rare"]


def test_an_offer_that_ran_out_before_it_was_written_is_not_written(life: Life) -> None:
    owner = life.firm("owner", **RARE)
    known(life, "ada")
    life.join("ada")
    life.act("owner", owner, "cancel")
    life.pass_s(1)
    life.pass_s(DAY_S)
    assert written(life) == []
    assert life.server.web.notices.meter.waiting == 0


def test_a_moved_promise_is_told_once_with_then_now_and_the_reason(loft: Loft) -> None:
    for customer in ("ada", "bo"):
        known(loft, customer)
    moved, same = loft.firm("ada"), loft.firm("bo")
    before = written(loft)
    kept = loft.promised(same)
    weeks = {name: getattr(kept, name) for name in ("build_week", "first_week", "last_week", "sure_week", "short")}
    loft.plan(group(FIRST + 4, moved), group(0, same) | weeks)
    (letter,) = written(loft)
    assert (letter.to, letter.subject) == ("ada@post.example", "Your delivery comes later: Kite Plain")
    assert "4 weeks later than you were last told" in letter.text
    assert "The reason: " in letter.text
    told = next(line for line in before[0].text.splitlines() if line.startswith("Delivery: "))
    then = told.removeprefix("Delivery: ")
    assert f"You were last told: {then}" in letter.text
    # The next one is measured from what was told last, not from what was promised at first.
    loft.plan(group(FIRST + 3, moved))
    (letter,) = written(loft)
    assert "1 week earlier than you were last told" in letter.text
    loft.plan(group(FIRST + 3, moved))
    assert written(loft) == []


def test_what_moved_before_the_confirmation_went_is_in_it_and_told_once(loft: Loft) -> None:
    known(loft, "ada")
    order_id = loft.firm("ada")
    loft.plan(group(FIRST + 4, order_id))
    (letter,) = written(loft)
    assert letter.subject.startswith("Your order stands")
    loft.plan(group(FIRST + 5, order_id))
    (letter,) = written(loft)
    assert "1 week later than you were last told" in letter.text


def test_what_a_customer_was_shown_when_changing_an_order_is_what_was_last_told(loft: Loft) -> None:
    known(loft, "ada")
    order_id = loft.firm("ada")
    loft.plan(group(FIRST + 4, order_id))
    written(loft)
    assert loft.both_steps("ada", order_id, "change", {"region": "south"}).status == 200
    assert loft.promised(order_id).last_week == FIRST + 6
    assert loft.plan(group(FIRST + 3, order_id, lead=2)).status == 200
    assert loft.promised(order_id).last_week == FIRST + 5, "as the letter said"
    (letter,) = written(loft)
    assert "1 week earlier than you were last told" in letter.text


def test_two_plans_that_lead_back_are_no_letter(loft: Loft) -> None:
    known(loft, "ada")
    order_id = loft.firm("ada")
    written(loft)
    was = loft.promised(order_id)
    loft.plan(group(FIRST + 4, order_id))
    weeks = {name: getattr(was, name) for name in ("build_week", "first_week", "last_week", "sure_week", "short")}
    loft.plan(group(0, order_id) | weeks)
    assert written(loft) == []


def test_who_is_cancelled_by_us_reads_the_reason_and_what_comes_back(life: Life) -> None:
    known(life, "ada")
    order_id = life.firm("ada")
    written(life)
    life.done(f"orders/{order_id}/cancel", {"refund": True, "reason": "the kite burnt"})
    (letter,) = written(life)
    assert letter.subject == "We cancelled your order: Kite Plain"
    assert "The reason: the kite burnt" in letter.text
    assert "To be paid back: €20." in letter.text
    assert "grace" not in letter.text


def test_a_refund_that_is_paid_is_told(life: Life) -> None:
    known(life, "ada")
    order_id = life.firm("ada")
    written(life)
    life.act("ada", order_id, "cancel")
    assert [one.subject for one in written(life)] == ["Money comes back to you: Kite Plain"]
    (refund,) = life.desk.book.refunds_owed
    life.done(f"refunds/{refund}/paid", {"reason": "paid by hand"})
    (letter,) = written(life)
    assert "€20 was paid back to you." in letter.text
    assert "paid by hand" not in letter.text


def test_a_confirmation_that_waited_while_the_order_was_cancelled_is_not_sent(life: Life) -> None:
    known(life, "ada")
    life.act("ada", life.firm("ada"), "cancel")
    assert [one.subject for one in written(life)] == ["Money comes back to you: Kite Plain"]


def test_an_imported_order_is_confirmed_by_nobody(life: Life) -> None:
    known(life, "ada")
    life.imported("ada", "kite", "plain", "firm")
    assert written(life) == []
    assert life.server.web.notices.meter.waiting == 0


def test_who_has_no_contact_or_was_erased_is_skipped(life: Life) -> None:
    known(life, "ada")
    life.firm("ada")
    life.firm("nobody")
    life.server.web.entrance.people.erase("ada")
    assert written(life) == []
    meter = life.server.web.notices.meter
    assert (meter.waiting, meter.skipped, meter.sent) == (0, 2, 0)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_text_to_a_phone_has_at_most_140_signs_and_what_matters_in_it(language: str) -> None:
    launch = LAUNCH.read_text()
    with Life(clock="2025-06-26T22:00:30+08:00@0", launch=launch, public_url=URL) as life:
        known(life, "ada", "+8613912345678", language)
        order_id = life.firm("ada", model="yu7", trim="max")
        (letter,) = written(life)
        assert letter.kind == "phone"
        assert len(letter.text) <= 140
        assert "YU7 Max" in letter.text
        life.act("ada", order_id, "cancel")
        assert all(len(one.text) <= 140 for one in written(life))


def test_operators_see_what_waits_and_what_went_and_metrics_name_nobody() -> None:
    with Life() as life:
        known(life, "ada", "+8613912345678")
        life.firm("ada")
        assert "Letters to customers, waiting" in Browser(life).operating().get("/ops").text
        (letter,) = written(life)
        assert letter.to == "+8613912345678"
        metrics = life.get("/metrics").body.decode()
        assert 'drumroll_notices_total{end="sent"} 1.0' in metrics
        assert "drumroll_notices_waiting 0.0" in metrics
        assert "13912345678" not in metrics
