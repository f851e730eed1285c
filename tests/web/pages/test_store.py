"""The store and the order on pages: what is shown before anything is paid, and that nothing makes two orders."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest

from tests.web.house import LAUNCH, House
from tests.web.pages.visiting import Browser, Page
from tests.web.planted import planted


@pytest.fixture
def browser(house: House) -> Browser:
    return Browser(house)


def reviewed(browser: Browser, trim: str = "plain") -> Page:
    return browser.get(f"/order?model=kite&trim={trim}")


def test_the_store_shows_every_trim_with_its_price_and_where_to_configure_it(browser: Browser) -> None:
    page = browser.get("/")
    assert page.status == 200
    assert "€99" in page.text
    assert "€499" in page.text
    assert {"/configure/kite?trim=plain", "/configure/kite?trim=rare", "/configure/balloon?trim=red"} <= set(page.links)


def test_the_store_is_in_the_language_of_the_browser_and_in_the_one_that_was_chosen(browser: Browser) -> None:
    chinese = browser.get("/", **{"accept-language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh-CN">' in chinese.html
    assert chinese.answer.headers["content-language"] == "zh-CN"
    assert "我的订单" in chinese.text
    browser.get("/language?to=zh-CN&back=/configure/kite")
    assert '<html lang="zh-CN">' in browser.get("/").html
    assert '<html lang="zh-CN">' in browser.get("/configure/kite").html


@pytest.mark.parametrize("odd", ['a={"b": 1}', "a b=c", "x=(1,2)", "=", '"'])
def test_an_odd_cookie_of_somebody_else_hides_no_chosen_language(house: House, odd: str) -> None:
    for cookies in (f"{odd}; language=zh-CN", f"language=zh-CN; {odd}"):
        for path in ("/", "/configure/kite"):
            page = house.call("GET", path, [("cookie", cookies), ("accept-language", "en")])
            assert page.headers["content-language"] == "zh-CN", (path, cookies)


def test_choosing_a_language_never_leads_to_another_site(browser: Browser) -> None:
    for back in ("//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "/%0d%0aset-cookie:a=b"):
        page = browser.get(f"/language?to=en&back={back}", follow=False)
        assert page.status == 303
        location = page.answer.headers["location"]
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))
        assert "\r" not in location


def test_the_store_and_all_it_needs_is_under_150_kb_and_may_be_kept(house: House) -> None:
    page = house.call("GET", "/", [("accept-encoding", "br")])
    html = brotli.decompress(page.body).decode()
    needed = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    assert needed
    total = len(page.body)
    for path in needed:
        answer = house.call("GET", path, [("accept-encoding", "gzip")])
        assert answer.status == 200, path
        assert "immutable" in answer.headers["cache-control"]
        assert gzip.decompress(answer.body)
        total += len(answer.body)
    assert total < 150_000
    assert house.call("GET", "/", [("if-none-match", page.headers["etag"])]).status == 304
    assert "public" in page.headers["cache-control"]


def test_the_front_page_is_made_anew_when_the_sale_opens(house: House) -> None:
    with House(clock="2026-05-01T11:59:30+02:00@0") as early:
        assert "Sales open on" in Browser(early).get("/").text
        early.pass_s(31)
        assert "On sale now" in Browser(early).get("/").text


def test_the_configurator_shows_price_and_delivery_before_the_deposit() -> None:
    with House(launch=planted(weekly=10)) as house:
        page = Browser(house).get("/configure/kite?trim=plain")
    assert "Deposit now: €20" in page.text
    assert "weeks" in page.text
    assert "Delivery" in page.text


def test_choices_that_do_not_go_together_are_said_and_can_not_be_ordered(browser: Browser) -> None:
    assert browser.get("/configure/nothing").status == 422
    assert browser.get("/configure/kite?trim=nothing").status == 422


def test_an_order_takes_a_sign_in_and_comes_back_to_what_was_chosen(browser: Browser) -> None:
    page = browser.get("/order?model=kite&trim=plain", follow=False)
    assert page.status == 303
    assert page.answer.headers["location"] == "/sign-in?back=%2Forder%3Fmodel%3Dkite%26trim%3Dplain"


def test_two_clicks_on_order_make_one_order(house: House, browser: Browser) -> None:
    form = reviewed(browser.signed_in("ada")).form("/order")
    first = browser.send(form, follow=False)
    second = browser.send(form, follow=False)
    assert first.status == second.status == 303
    assert first.answer.headers["location"] == second.answer.headers["location"]
    assert len(house.desk.book.orders) == 1


def test_two_tabs_that_order_the_same_make_one_order(house: House, browser: Browser) -> None:
    browser.signed_in("ada")
    one, other = reviewed(browser).form("/order"), reviewed(browser).form("/order")
    browser.send(one, follow=False)
    browser.send(other, follow=False)
    assert len(house.desk.book.orders) == 1


def test_the_back_button_after_an_order_asks_whether_another_is_wanted(house: House, browser: Browser) -> None:
    browser.signed_in("ada")
    browser.send(reviewed(browser).form("/order"), follow=False)
    again = reviewed(browser)
    assert "You have an order already" in again.text
    refused = browser.send(again.form("/order"), follow=False)
    assert refused.status == 409
    assert len(house.desk.book.orders) == 1
    browser.send(again.form("/order"), follow=False, another="yes")
    assert len(house.desk.book.orders) == 2


def test_one_order_more_than_allowed_is_refused_on_the_page_in_words(house: House, browser: Browser) -> None:
    browser.signed_in("ada")
    for _ in range(2):
        browser.send(reviewed(browser).form("/order"), follow=False, another="yes")
    page = browser.send(reviewed(browser).form("/order"), another="yes")
    assert page.status == 409
    assert len(house.desk.book.orders) == 2
    assert "alert" in page.html


def test_an_order_before_the_opening_is_not_to_be_had_on_the_page_either() -> None:
    with House(clock="2026-05-01T11:59:30+02:00@0") as early:
        browser = Browser(early).signed_in("ada")
        page = reviewed(browser)
        assert not [form for form in page.forms if form.method == "post" and form.action == "/order"]
        token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/me").html)
        body = {"form_token": token[1] if token else "", "key": "page-0", "model": "kite", "trim": "plain"}
        assert browser.post("/order", body).status in (403, 409)
        assert not early.desk.book.orders


def test_what_is_sold_out_offers_the_waiting_list_only_where_there_is_one(house: House, browser: Browser) -> None:
    house.order(house.session("bob"), "k", trim="rare")
    page = browser.get("/configure/kite?trim=rare")
    assert "Sold out" in page.text


# What keeps forms from being turned against people: each of these fails if its protection is taken out.


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "", "origin": "https://evil.test"},
        {"sec-fetch-site": "", "origin": "null"},
        {"sec-fetch-site": "", "referer": "https://evil.test/launch.test/"},
        {"sec-fetch-site": ""},
    ],
)
def test_a_form_from_another_site_does_nothing(house: House, browser: Browser, headers: dict[str, str]) -> None:
    form = reviewed(browser.signed_in("ada")).form("/order")
    page = browser.send(form, follow=False, headers=headers)
    assert page.status == 403
    assert not house.desk.book.orders


@pytest.mark.parametrize("token", ["", "0" * 32, "another"])
def test_a_form_without_the_token_of_its_session_does_nothing(house: House, browser: Browser, token: str) -> None:
    browser.signed_in("ada")
    if token == "another":
        token = dict(reviewed(Browser(house).signed_in("eve")).form("/order").fields)["form_token"]
    page = browser.send(reviewed(browser).form("/order"), follow=False, form_token=token)
    assert page.status == 403
    assert not house.desk.book.orders


@pytest.mark.parametrize("path", ["/", "/configure/kite", "/nothing-here", "/order?model=kite&trim=plain", "/board"])
def test_every_page_forbids_what_it_does_not_need(browser: Browser, path: str) -> None:
    page = browser.signed_in("ada").get(path)
    policy = page.answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy or path == "/board"
    assert not re.search(r"<style|<script(?![^>]*src=)(?![^>]*application/json)|\sstyle=|\son[a-z]+=", page.html)


def test_a_name_that_is_markup_is_shown_and_not_run() -> None:
    with House() as house:
        page = Browser(house).get("/configure/kite?trim=%3Cscript%3Ealert(1)%3C/script%3E")
    assert page.status == 422
    assert "<script>alert" not in page.html


def test_with_https_cookies_are_bound_to_the_host_and_the_browser_is_told_to_stay_with_it() -> None:
    with House(public_url="https://launch.test") as house:
        page = Browser(house).get("/configure/kite")
        assert "max-age=" in page.answer.headers["strict-transport-security"]
        assert house.server.web.pages.safety.cookie_name("session") == "__Host-session"


# Where one goes on from there, and what is said of money.


def test_who_sends_a_form_too_late_is_led_back_to_its_page_and_never_to_another_site(browser: Browser) -> None:
    browser.signed_in("ada")
    for referer, back in (
        ("http://launch.test/order?model=kite&trim=plain", "/order?model=kite&trim=plain"),
        ("http://launch.test//evil.test/", "/"),
        ("http://[evil/", "/"),
        ("", "/"),
    ):
        form = reviewed(browser).form("/order")
        page = browser.send(form, follow=False, headers={"referer": referer}, form_token="0")
        assert "That did not work" in page.text
        main = page.html.partition("<main")[2].partition("</main>")[0]
        assert f'href="{back.replace("&", "&amp;")}"' in main, referer


def test_an_order_that_is_not_theirs_leads_to_those_that_are(browser: Browser) -> None:
    page = browser.signed_in("ada").get("/orders/ord_00000000000000000000")
    assert page.status == 404
    assert 'href="/orders"' in page.html.partition("<main")[2]


def test_a_price_says_whether_vat_is_in_it() -> None:
    for text, said in ((LAUNCH + '\n[finance]\nvat_percent = "13"\n', True), (LAUNCH, False)):
        with House(launch=text) as house:
            browser = Browser(house)
            assert ("All prices include VAT." in browser.get("/").text) is said
            assert ("VAT included" in browser.get("/configure/kite?trim=plain").text) is said


# What a launch does not have is not spoken of, and money is never said to come back where it does not.


def one_rare_sold(*lines: str) -> House:
    """A house whose only rare kite is taken."""
    text = LAUNCH.replace("milestones = [2, 5]", "").replace("hold_s = 600", "\n".join(("hold_s = 600", *lines)))
    house = House(launch=text)
    house.order(house.session("bob"), "k", trim="rare")
    return house


def test_nobody_is_asked_for_money_now_that_is_not_due_now() -> None:
    with one_rare_sold("waiting_offer_s = 3600") as house:
        browser = Browser(house).signed_in("ada")
        for page in (browser.get("/configure/kite?trim=rare"), reviewed(browser, "rare")):
            assert "Nothing to pay now" in page.text
            assert "Deposit now" not in page.text
    with House(clock="2026-05-01T11:59:30+02:00@0") as early:
        page = Browser(early).get("/configure/kite?trim=plain")
    assert "Deposit when you order: €20" in page.text
    assert "Deposit now" not in page.text


@pytest.mark.parametrize("path", ["/", "/configure/kite?trim=rare", "/order?model=kite&trim=rare"])
def test_nobody_is_offered_a_waiting_list_that_there_is_not(path: str) -> None:
    with one_rare_sold() as house:
        page = Browser(house).signed_in("ada").get(path)
    assert "Sold out." in page.text
    assert "wait" not in page.text.lower()


def test_one_may_wait_for_two_things_and_again_after_leaving_but_the_back_button_takes_no_second_place() -> None:
    with one_rare_sold("waiting_offer_s = 3600", "cap = 1") as house:
        browser, waiting = Browser(house).signed_in("ada"), house.desk.book.waiting_of
        form = reviewed(browser, "rare").form("/waiting-list")
        for _ in range(2):
            assert browser.send(form).path == "/orders"
        assert "You wait for it already" in reviewed(browser, "rare").text
        assert browser.send(form, key="page-7").path == "/orders"
        browser.send(reviewed(browser, "plain").form("/waiting-list"))
        entry, other = waiting["ada"]
        assert (entry.trim, other.trim) == ("rare", "plain")
        leave = browser.get(f"/waiting-list/{entry.order_id}/leave").form("/waiting-list")
        assert browser.send(leave).path == "/orders"
        assert waiting["ada"] == (other,)
        browser.send(reviewed(browser, "rare").form("/waiting-list"))
        assert [one.trim for one in waiting["ada"]] == ["plain", "rare"]


def test_where_an_order_locks_at_once_nothing_promises_the_deposit_back() -> None:
    with House(launch=LAUNCH.replace("hold_s = 600", "hold_s = 600\ncooling_off_s = 0")) as house:
        browser = Browser(house).signed_in("ada")
        told = browser.get("/").text + browser.get("/configure/kite?trim=plain").text
        page = browser.send(reviewed(browser).form("/order"))
        told += page.text + browser.get(f"{page.path}/pay").text
    assert told.count("locks") >= 4
    for promised in ("get the deposit back", "get all of", "Refundable", "0 s"):
        assert promised not in told


def test_without_a_plant_no_week_is_spoken_of() -> None:
    with House() as house:
        browser = Browser(house)
        for path in ("/", "/configure/kite?trim=plain"):
            assert "week" not in browser.get(path).text.lower()
            assert "delivered" not in browser.get(path).text


def test_the_countdown_runs_to_the_opening_of_what_the_launch_is_about() -> None:
    late = LAUNCH.replace('name = "Kite"', 'name = "Kite"\nopens = 2026-05-03T12:00:00')
    with House(launch=late) as house:
        page = Browser(house).get("/")
        assert house.get("/v1/sale").json()["opens_at"].startswith("2026-05-03T12:00:00")
    assert "Sales open on 3 May 2026, 12:00" in page.text
    assert f'data-opens="{1_777_802_400_000}"' in page.html


def test_a_model_beside_the_launch_says_when_it_opens_and_a_deposit_of_its_own_is_told() -> None:
    with House(launch=LAUNCH.replace('name = "Kite"', 'name = "Kite"\ndeposit_minor = 3_000')) as house:
        page = Browser(house).get("/")
    assert "Sales open on 2 May 2026, 12:00" in page.text
    assert "The deposit is €30." in page.text
