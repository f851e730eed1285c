# ruff: noqa: RUF001 (full-width signs are what is tested)
"""Acting on an order by forms: nothing by one slip, nothing twice, nothing by other terms than those shown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

import pytest

from tests.web.lives import DAY_S, HOUR_S, Life
from tests.web.pages.visiting import Browser, Form, Page

NUMBERS = count()
CONFIRMED = ("lock", "change", "convert", "forfeit")


@pytest.fixture(scope="module")
def shared() -> Iterator[Life]:
    """A server whose clock stands: every test has a customer of its own."""
    with Life() as life:
        yield life


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


def somebody() -> str:
    return f"customer-{next(NUMBERS)}"


def blocks(life: Life, order_id: str) -> int:
    return len(life.desk.book.orders[order_id].blocks)


def state(life: Life, order_id: str) -> str:
    return life.desk.book.orders[order_id].state.value


def first_step(browser: Browser, order_id: str, action: str) -> Page:
    """The page with the terms."""
    path = {
        "change": "change?trim=plain&o-colour=blue&region=south&step=review",
        "convert": "convert?model=balloon&trim=round&region=north&step=review",
        "forfeit": "cancel",
    }.get(action, action)
    page = browser.get(f"/orders/{order_id}/{path}")
    assert page.status == 200, page.text
    return page


def ready(life: Life, customer: str, action: str) -> str:
    """An order that can be acted on so."""
    return life.locked(customer) if action == "forfeit" else life.firm(customer)


def second(page: Page, order_id: str) -> Form:
    form = page.form(f"/orders/{order_id}/")
    form.fields.append(("understood", "yes"))
    return form


@pytest.mark.parametrize("action", [*CONFIRMED, "cancel"])
def test_the_first_step_changes_nothing_however_it_is_asked_for(shared: Life, action: str) -> None:
    who = somebody()
    order_id, browser = ready(shared, who, action), Browser(shared).signed_in(who)
    before = blocks(shared, order_id)
    page = first_step(browser, order_id, action)
    form = page.form(f"/orders/{order_id}/")
    fields = {name: value for name, value in form.fields if name not in ("confirmation", "sure")}
    again = browser.post(form.action, fields)
    assert again.status == 200
    assert again.form(form.action).fields == form.fields, "a form without a confirmation is shown the same terms"
    assert blocks(shared, order_id) == before


@pytest.mark.parametrize("action", [*CONFIRMED, "cancel"])
def test_a_second_step_sent_twice_at_once_and_again_later_is_done_once(shared: Life, action: str) -> None:
    who = somebody()
    order_id, browser = ready(shared, who, action), Browser(shared).signed_in(who)
    form = second(first_step(browser, order_id, action), order_id)
    before = blocks(shared, order_id)
    headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", f"session={browser.cookies['session']}"),
    ]
    body = urlencode(form.fields).encode()
    answers = shared.all([shared.ask("POST", form.action, headers, body) for _ in range(3)])
    assert [one.status for one in answers] == [303] * 3
    assert {one.headers["location"] for one in answers} == {f"/orders/{order_id}"}
    assert blocks(shared, order_id) == before + 1
    assert browser.send(form).path == f"/orders/{order_id}"
    assert blocks(shared, order_id) == before + 1


@pytest.mark.parametrize(
    ("language", "told"), [("en", "tick first that you understand"), ("zh-CN", "请先勾选，确认您了解将放弃的内容")]
)
@pytest.mark.parametrize("action", ["lock", "forfeit"])
def test_nothing_is_given_up_without_the_tick(shared: Life, action: str, language: str, told: str) -> None:
    who = somebody()
    order_id, browser = ready(shared, who, action), Browser(shared, language).signed_in(who)
    page, before = first_step(browser, order_id, action), blocks(shared, order_id)
    assert 'name="understood" value="yes" required' in page.html
    refused = browser.send(page.form(f"/orders/{order_id}/"))
    assert (refused.status, told in refused.text) == (422, True)
    assert blocks(shared, order_id) == before
    assert browser.send(second(refused, order_id)).path == f"/orders/{order_id}"
    assert state(shared, order_id) == {"lock": "locked", "forfeit": "forfeited"}[action]


def test_the_button_and_the_tick_say_what_is_given_up(shared: Life) -> None:
    who = somebody()
    order_id, browser = shared.firm(who), Browser(shared).signed_in(who)
    page = first_step(browser, order_id, "lock")
    assert "Lock this order for good; give up the refund of €20" in page.text
    assert "I understand that I can neither have €20 back nor change the order." in page.text
    assert "2 May 2026, 12:00 (UTC+2)" in page.text
    assert "for 30 min" in page.text
    browser.send(second(page, order_id))
    page = first_step(browser, order_id, "forfeit")
    assert "Cancel for good; give up €20" in page.text
    assert "Until 1 May 2026, 12:30 (UTC+2) you can undo the lock instead" in page.text


def test_other_terms_than_those_shown_are_shown_again_and_nothing_is_done(shared: Life) -> None:
    who = somebody()
    order_id, browser = shared.firm(who), Browser(shared).signed_in(who)
    page = first_step(browser, order_id, "lock")
    assert shared.both_steps(who, order_id, "change", {"region": "south"}).status == 200
    anew = browser.send(second(page, order_id))
    assert (anew.status, state(shared, order_id)) == (409, "firm")
    assert "changed in between" in anew.text
    assert browser.send(second(anew, order_id)).path == f"/orders/{order_id}"
    assert state(shared, order_id) == "locked"


def test_an_old_page_with_another_wish_does_not_overwrite_what_was_done(shared: Life) -> None:
    who = somebody()
    order_id, browser = shared.firm(who), Browser(shared).signed_in(who)
    blue, south = (
        browser.get(f"/orders/{order_id}/change?trim=plain&o-colour={colour}&region={region}&step=review")
        for colour, region in (("blue", "north"), ("red", "south"))
    )
    assert browser.send(blue.form(f"/orders/{order_id}/")).status == 200
    anew = browser.send(south.form(f"/orders/{order_id}/"))
    assert (anew.status, "changed in between" in anew.text) == (409, True)
    offer = shared.desk.book.orders[order_id].offer
    assert (offer.options, offer.region) == (("blue",), "north")


def test_a_page_from_before_the_lock_never_forfeits(life: Life) -> None:
    order_id, browser = life.firm("ada"), Browser(life).signed_in("ada")
    page = first_step(browser, order_id, "cancel")
    assert "Cancel the order; get €20 back" in page.text
    life.pass_s(DAY_S)
    assert state(life, order_id) == "locked"
    anew = browser.send(page.form(f"/orders/{order_id}/"))
    assert (anew.status, state(life, order_id)) == (409, "locked")
    assert "Cancel for good; give up €20" in anew.text


@pytest.mark.parametrize("action", ["cancel", "lock", "undo-lock", "change", "convert", "pay"])
def test_somebody_elses_order_is_one_that_there_is_not(shared: Life, action: str) -> None:
    order_id, browser = shared.firm(somebody()), Browser(shared).signed_in(somebody())
    before = blocks(shared, order_id)
    pages = [browser.get(f"/orders/{one}/{action}") for one in (order_id, "ord_none")]
    pages += [browser.post(f"/orders/{one}/{action}", {}) for one in (order_id, "ord_none")]
    assert {page.status for page in pages} == {404}
    assert len({page.text for page in pages}) == 1, "not even the words differ"
    assert blocks(shared, order_id) == before


@pytest.mark.parametrize("action", ["cancel", "lock", "undo-lock", "change", "convert", "pay"])
def test_a_form_of_another_session_or_site_does_nothing(shared: Life, action: str) -> None:
    who = somebody()
    order_id, browser = shared.reserved(who), Browser(shared).signed_in(who)
    token = dict(browser.get(f"/orders/{order_id}/cancel").form(f"/orders/{order_id}").fields)["form_token"]
    sent = {"key": "k", "sure": "yes", "trim": "plain", "model": "balloon", "understood": "yes"}
    before = blocks(shared, order_id)
    for given, headers in (("", {}), (token[::-1], {}), (token, {"sec-fetch-site": "cross-site"})):
        refused = browser.post(f"/orders/{order_id}/{action}", {**sent, "form_token": given}, headers=headers)
        assert refused.status == 403
    assert blocks(shared, order_id) == before


@pytest.mark.parametrize("path", ["lock", "change", "convert", "pay", "cancel", "undo-lock", "receipt"])
def test_without_a_session_there_is_the_sign_in_and_the_way_back(shared: Life, path: str) -> None:
    order_id = shared.firm(somebody())
    for method in ("GET", "POST"):
        if (method, path) == ("POST", "receipt"):
            continue
        answer = shared.call(method, f"/orders/{order_id}/{path}")
        assert answer.status == 303
        assert answer.headers["location"] == f"/sign-in?back=%2Forders%2F{order_id}%2F{path}"


def test_what_can_not_be_done_is_said_on_the_order_in_both_languages(life: Life) -> None:
    reserved, locked = life.reserved("ada"), life.locked("ada")
    english, chinese = Browser(life).signed_in("ada"), Browser(life, "zh-CN").signed_in("ada")
    for order_id, path in ((reserved, "lock"), (locked, "change?trim=rare")):
        pages = [browser.get(f"/orders/{order_id}/{path}") for browser in (english, chinese)]
        assert [page.status for page in pages] == [409, 409]
        assert "can be done only while it is" in pages[0].text
        assert 'role="alert"' in pages[1].html
        assert "can be done" not in pages[1].text
    form = english.get(f"/orders/{locked}").form(f"/orders/{locked}/undo-lock")
    theirs = chinese.get(f"/orders/{locked}").form(f"/orders/{locked}/undo-lock")
    life.pass_s(HOUR_S)
    late = [english.send(form), chinese.send(theirs)]
    assert [page.status for page in late] == [409, 409]
    assert "It is too late: this could be done until 1 May 2026, 12:30" in late[0].text
    assert "2026年5月1日 12:30" in late[1].text
    life.pass_s(3 * DAY_S)
    closed = [browser.get(f"/orders/{locked}/convert") for browser in (english, chinese)]
    assert [page.status for page in closed] == [409, 409]
    assert "Orders could be converted so until 4 May 2026" in closed[0].text
    assert "2026年5月4日" in closed[1].text


def test_the_lock_is_undone_with_one_button(shared: Life) -> None:
    who = somebody()
    order_id, browser = shared.locked(who), Browser(shared).signed_in(who)
    form = browser.get(f"/orders/{order_id}").form(f"/orders/{order_id}/undo-lock")
    assert browser.send(form).path == f"/orders/{order_id}"
    assert state(shared, order_id) == "firm"
    assert browser.send(form).status == 200, "sent again it is the same"


def test_the_configurator_begins_with_the_order_and_says_the_difference(shared: Life) -> None:
    who = somebody()
    order_id, browser = shared.firm(who, options=["blue", "tail"], region="south"), Browser(shared).signed_in(who)
    page = browser.get(f"/orders/{order_id}/change")
    fields = page.form(f"/orders/{order_id}/change").fields
    assert {("trim", "plain"), ("o-colour", "blue"), ("o-extras", "tail"), ("region", "south")} <= set(fields)
    assert "This is your order as it stands." in page.text
    page = browser.get(f"/orders/{order_id}/change?trim=plain&o-colour=red&o-extras=tail&region=south")
    assert "That is less by €5" in page.text
    page = browser.get(f"/orders/{order_id}/change?trim=plain&o-colour=blue&o-extras=bag&region=south")
    assert "Bag does not go with" in page.text
    assert "Continue" not in page.text
    assert browser.get(f"/orders/{order_id}/change?trim=nonsense").status == 200
    assert browser.get(f"/orders/{order_id}/change?trim=plain&region=nowhere").status == 200
    assert browser.get(f"/orders/{order_id}/change?trim=plain&{'o-x=y&' * 101}").status == 400


def test_a_conversion_with_its_difference_is_paid_on_the_page_and_goes_back(shared: Life) -> None:
    who = somebody()
    order_id, browser = shared.firm(who, options=["blue"], region="south"), Browser(shared).signed_in(who)
    page = first_step(browser, order_id, "convert")
    for words in ("Deposit to be paid on top €30", "That is more by €95", "can be taken back"):
        assert words in page.text
    page = browser.send(page.form(f"/orders/{order_id}/convert"))
    assert ("Balloon Round" in page.text, f"/orders/{order_id}/pay" in page.links) == (True, True)
    pay = browser.get(f"/orders/{order_id}/pay")
    assert "€30" in pay.text
    form = pay.form(f"/orders/{order_id}/pay")
    for _ in range(2):
        assert browser.send(form).path == f"/orders/{order_id}"
    order = shared.desk.book.orders[order_id]
    assert (order.due_minor, order.held_minor) == (0, 5_000)
    back = browser.get(f"/orders/{order_id}/convert?model=kite")
    assert {("trim", "plain"), ("o-colour", "blue"), ("region", "south")} <= set(
        back.form(f"/orders/{order_id}").fields
    )
    page = browser.send(back.form(f"/orders/{order_id}/convert"), step="review")
    browser.send(second(page, order_id))
    assert (order.offer.model, order.offer.options, order.offer.region) == ("kite", ("blue",), "south")


def test_a_deposit_is_paid_once_and_an_order_that_ran_out_takes_none(life: Life) -> None:
    browser = Browser(life).signed_in("ada")
    order_id = life.reserved("ada")
    page = browser.get(f"/orders/{order_id}/pay")
    assert "No real money" in page.text
    for _ in range(2):
        assert browser.send(page.form(f"/orders/{order_id}/pay")).path == f"/orders/{order_id}"
    assert (state(life, order_id), life.desk.book.money.received) == ("firm", 2_000)
    late = life.reserved("ada")
    form = browser.get(f"/orders/{late}/pay").form(f"/orders/{late}/pay")
    life.pass_s(HOUR_S)
    assert "did not come in time" in browser.send(form).text
    assert life.desk.book.money.received == 2_000


def test_the_waiting_list_is_left_in_two_steps_and_once(life: Life) -> None:
    life.reserved("ada", trim="rare")
    ids = [life.join(name) for name in ("bob", "eve")]
    browser = Browser(life).signed_in("bob")
    page = browser.get(f"/waiting-list/{ids[0]}/leave")
    assert "place number 1 in the waiting list" in page.text
    assert browser.post(f"/waiting-list/{ids[0]}/leave", dict(page.form("/waiting-list").fields[:1])).status == 200
    assert life.waiting("bob", ids[0])["state"] == "waiting"
    for _ in range(2):
        assert browser.send(page.form("/waiting-list")).path == "/orders"
    assert [life.waiting(name, one)["state"] for name, one in zip(("bob", "eve"), ids, strict=True)] == [
        "left",
        "waiting",
    ]
    assert browser.get(f"/waiting-list/{ids[1]}/leave").status == 404
    assert browser.post(f"/waiting-list/{ids[1]}/leave", {"sure": "yes"}).status == 404


@pytest.mark.parametrize("field", ["confirmation", "trim", "region", "options", "key"])
def test_fields_beyond_all_limits_are_refused_as_a_page(shared: Life, field: str) -> None:
    who = somebody()
    order_id, browser = shared.firm(who), Browser(shared).signed_in(who)
    page, before = first_step(browser, order_id, "change"), blocks(shared, order_id)
    refused = browser.send(page.form(f"/orders/{order_id}/"), **{field: "x" * 300})
    assert refused.status in (400, 409, 422)
    assert "<h1" in refused.html
    assert blocks(shared, order_id) == before
