"""What customers do, in a real Chromium on a real server: from the countdown to the delivery, and what can go wrong.

Needs ``playwright`` (its Python package, not its browsers) and a Chromium of the system; skipped without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages_server import (
    DAY_BEFORE,
    DESK,
    LAUNCH,
    OPENED,
    OPENING,
    PHONE,
    PagesServer,
    Person,
    chromium,
    needs_chromium,
    somebody,
)

pytestmark = [pytest.mark.slow, needs_chromium]

BEFORE_OPENING = "2025-06-26T21:55:00+08:00"
UNTIL_OPENED_MS = 301_000
UNTIL_WOKEN_MS = 60_000
WEEK_LATER = "2025-07-03T22:30:00+08:00"
DEPOSIT_MINOR = 500_000
ORDER_PAGE = re.compile(r"/orders/(ord_[0-9a-z]+)$")
ON_THE_LINE = ("scheduled", "in_production", "built", "in_transit", "delivered")
WAITING_ROOM = "\n[waiting_room]\nopens = 2025-06-26T21:30:00\nrate_per_s = 1\nticket_s = 900\n"
SU7_CUSTOMERS = ("lin", "mei")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PagesServer, dict[str, str]]]:
    """A minute after the opening, with SU7 orders that locked before: by customer."""
    with PagesServer(tmp_path_factory.mktemp("night"), DAY_BEFORE) as server:
        tokens = dict(zip(SU7_CUSTOMERS, server.sessions(*SU7_CUSTOMERS), strict=True))
        held = {name: server.ordered(token, "su7", "su7", "pro") for name, token in tokens.items()}
        server.move_clock(OPENED)
        yield server, held


@pytest.fixture
def sale(night: tuple[PagesServer, dict[str, str]]) -> PagesServer:
    return night[0]


def ordered_number(person: Person) -> str:
    """The number of the order whose page is shown."""
    person.page.wait_for_url(ORDER_PAGE)
    found = ORDER_PAGE.search(person.page.url)
    assert found is not None
    return found[1]


def review(person: Person, trim: str = "standard") -> None:
    """The page with the button that orders."""
    person.go(f"/order?model=yu7&trim={trim}")
    person.sees("Order now, pay the deposit next")


def pay(person: Person) -> None:
    """From the order's page, by way of the provider's, back to the order."""
    amount = person.money(DEPOSIT_MINOR)
    person.press("Pay %(amount)s", amount=amount)
    person.page.wait_for_url(re.compile(r"/pay$"))
    person.press("Pay %(amount)s", amount=amount)
    ordered_number(person)


def state_shown(person: Person) -> str:
    return str(person.page.locator(".order-head .badge").first.inner_text())


def watch_the_countdown(person: Person) -> None:
    """It runs by the server's clock. The browser's can be moved on from here, so that nobody has to wait."""
    person.page.clock.install()
    person.go("/")
    person.page.wait_for_function("() => /^[0-5][0-9]$/.test(document.getElementById('seconds').textContent)")
    assert person.page.locator("#days").inner_text() == "0"
    assert person.called("Configure").is_visible()


def configure(person: Person) -> None:
    """Options change the price, and a region the delivery, on the page that is there: nothing is loaded anew."""
    pro = f"YU7 {person.say('Pro')}"
    person.page.get_by_role("link", name=f"{person.say('Configure')} {pro}", exact=True).click()
    person.arrives("/configure/yu7")
    person.sees(person.money(27_990_000), within="#quote")
    person.page.evaluate("() => { window.stays = true; }")
    person.page.get_by_label(person.say("Matte Grey")).check()
    person.sees(person.money(28_890_000), within="#quote")
    delivery = person.page.locator("#quote .window").inner_text()
    person.page.locator("#region").select_option("chengdu")
    person.sees("Chengdu", within="#quote")
    assert person.page.locator("#quote .window").inner_text() != delivery
    assert person.page.locator("#quote").inner_text().index(delivery[:1]) >= 0
    assert person.page.evaluate("() => window.stays")
    assert "matte-grey" in person.path
    person.press("Continue to the order")


def test_a_countdown_that_slept_is_right_again_and_the_sale_opens_without_a_reload(
    browser: Any, tmp_path: Path
) -> None:
    with PagesServer(tmp_path, BEFORE_OPENING) as server, somebody(browser, server, PHONE) as person:
        person.go("/")
        server.move_clock("2025-06-26T21:59:57+08:00")
        person.page.evaluate("window.kept = 1; window.dispatchEvent(new Event('online'))")
        person.page.wait_for_selector("#sale[data-state=open]", timeout=UNTIL_WOKEN_MS)
        assert person.page.evaluate("window.kept") == 1


def test_the_whole_way_from_the_countdown_to_the_delivery(browser: Any, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(PagesServer(tmp_path, BEFORE_OPENING))
        phone = stack.enter_context(somebody(browser, server, PHONE, "zh-CN", "dark", is_mobile=True, has_touch=True))
        desk = stack.enter_context(somebody(browser, server, DESK, "en"))
        people = {"lan@example.com": phone, "+4915112345678": desk}
        for person in people.values():
            watch_the_countdown(person)
        server.move_clock(OPENING)
        for person in people.values():
            person.page.clock.fast_forward(UNTIL_OPENED_MS)
        numbers: dict[str, str] = {}
        for contact, person in people.items():
            person.sees("On sale now. You see when yours will be delivered before you pay anything.")
            configure(person)
            person.arrives("/sign-in")
            person.signs_in(contact)
            person.arrives("/order")
            person.sees("Matte Grey")
            person.press("Order now, pay the deposit next")
            numbers[contact] = ordered_number(person)
            assert state_shown(person) == person.say("Reserved")
            pay(person)
            assert state_shown(person) == person.say("Firm")
        server.move_clock(WEEK_LATER)
        for contact, person in people.items():
            person.context.clear_cookies()
            person.page.reload()
            person.arrives("/sign-in")
            person.signs_in(contact)
            assert ordered_number(person) == numbers[contact], "signed in anew, they are back where they were"
            assert state_shown(person) == person.say("Locked")
        operator = server.sandbox_operator()
        for state in ON_THE_LINE:
            server.moved(operator, state, *numbers.values())
            for person in people.values():
                person.page.reload()
                assert state_shown(person) == person.words.state(state).capitalize()
        for person in people.values():
            assert person.page.locator("li[aria-current=step]").inner_text().startswith(person.say("Delivered"))


def test_who_waits_in_the_configurator_can_go_on_when_sales_open(browser: Any, tmp_path: Path) -> None:
    with PagesServer(tmp_path, BEFORE_OPENING) as server, somebody(browser, server, PHONE) as person:
        server.move_clock("2025-06-26T21:59:52+08:00")
        person.go("/configure/yu7?trim=pro")
        person.sees("Sales open on", within="#quote")
        person.page.get_by_label("Matte Grey").check()
        person.press("Continue to the order")
        person.arrives("/sign-in")
        assert "matte-grey" in person.page.url


def test_a_locked_order_becomes_one_for_another_model_in_two_steps(
    browser: Any, night: tuple[PagesServer, dict[str, str]]
) -> None:
    server, held = night
    for customer, size, language in (("lin", PHONE, "zh-CN"), ("mei", DESK, "en")):
        with somebody(browser, server, size, language) as person:
            person.is_signed_in(customer)
            person.go(f"/orders/{held[customer]}")
            assert state_shown(person) == person.say("Locked")
            person.press("Choose the model")
            person.page.get_by_label("Max").check()
            person.sees(person.money(32_990_000), within="#quote")
            person.press("Continue")
            person.sees("Change the model?")
            assert server.orders_of(person.token)[0]["model"] == "su7", "the first step changes nothing"
            convert = person.called("Change for good to %(name)s", name="YU7 Max")
            convert.click()
            person.sees("Change the model?")
            assert server.orders_of(person.token)[0]["model"] == "su7", "nor does the second, without its tick"
            person.page.get_by_role("checkbox").check()
            convert.click()
            assert ordered_number(person) == held[customer]
            person.sees("YU7 Max")
            assert [order["model"] for order in server.orders_of(person.token)] == ["yu7"]


def test_an_early_lock_takes_two_steps_and_can_be_undone(browser: Any, sale: PagesServer) -> None:
    with somebody(browser, sale, PHONE) as person:
        person.is_signed_in("ida")
        number = sale.ordered(person.token, "1", "yu7", "max")
        person.go(f"/orders/{number}")
        person.press("Lock early")
        person.sees("Lock the order early?")
        lock = person.called("Lock this order for good; give up the refund of %(held)s", held=person.money(500_000))
        lock.click()
        assert sale.orders_of(person.token)[0]["state"] == "firm", "without its tick it is not done"
        person.page.get_by_role("checkbox").check()
        lock.click()
        ordered_number(person)
        assert state_shown(person) == "Locked"
        person.press("Undo the lock")
        person.sees("Lock early")
        assert state_shown(person) == "Firm"


@pytest.mark.parametrize(("size", "language"), [(PHONE, "en"), (DESK, "zh-CN")])
def test_without_scripts_it_goes_all_the_same(
    browser: Any, sale: PagesServer, size: tuple[int, int], language: str
) -> None:
    with somebody(browser, sale, size, language, java_script_enabled=False) as person:
        person.go("/")
        person.press("Configure")
        person.page.get_by_label(person.say("Orange")).check()
        person.press("Show price and delivery")
        person.sees(person.money(26_050_000), within="#quote")
        person.press("Continue to the order")
        person.arrives("/sign-in")
        person.signs_in(f"plain-{language}@example.com".lower())
        person.sees("Orange")
        person.press("Order now, pay the deposit next")
        ordered_number(person)
        pay(person)
        assert state_shown(person) == person.say("Firm")


def test_a_double_click_makes_one_order_and_the_back_button_none(browser: Any, sale: PagesServer) -> None:
    with somebody(browser, sale) as person:
        person.is_signed_in("quick")
        review(person)
        person.called("Order now, pay the deposit next").dblclick(no_wait_after=True)
        number = ordered_number(person)
        assert [order["id"] for order in sale.orders_of(person.token)] == [number]
        person.page.go_back()
        person.sees("You have an order already.")
        person.press("Order now, pay the deposit next")
        assert person.page.get_by_role("checkbox").evaluate("(box) => box.validity.valueMissing")
        assert len(sale.orders_of(person.token)) == 1
        person.page.get_by_role("checkbox").check()
        person.press("Order now, pay the deposit next")
        assert ordered_number(person) != number
        assert len(sale.orders_of(person.token)) == 2


def test_an_answer_that_never_came_and_the_form_sent_again_make_one_order(browser: Any, sale: PagesServer) -> None:
    with somebody(browser, sale) as person:
        person.is_signed_in("tunnel")
        review(person)
        taken: list[int] = []

        def lost(route: Any) -> None:
            if route.request.method != "POST" or taken:
                return route.continue_()
            taken.append(route.fetch(max_redirects=0).status)
            return route.abort("connectionreset")

        person.page.route("**/order", lost)
        person.press("Order now, pay the deposit next")
        person.page.wait_for_url("chrome-error://chromewebdata/")
        assert taken == [303], "the server took it, and nobody was told"
        sends_again(person)
        number = ordered_number(person)
        assert [order["id"] for order in sale.orders_of(person.token)] == [number]
        forgiven(person)


def test_a_server_that_is_killed_after_the_form_was_sent_has_one_order_of_it(browser: Any, tmp_path: Path) -> None:
    with PagesServer(tmp_path, OPENED) as server, somebody(browser, server, PHONE, "zh-CN") as person:
        person.is_signed_in("storm")
        review(person)

        def killed(route: Any) -> None:
            if route.request.method == "POST" and server.process.poll() is None:
                route.fetch(max_redirects=0)
                server.kill()
            route.abort("connectionreset") if server.process.poll() is not None else route.continue_()

        person.page.route("**/order", killed)
        person.press("Order now, pay the deposit next")
        person.page.wait_for_url("chrome-error://chromewebdata/")
        person.page.unroute("**/order", killed)
        with PagesServer(tmp_path, OPENED, port=server.port) as again:
            sends_again(person)
            number = ordered_number(person)
            assert [order["id"] for order in again.orders_of(person.token)] == [number]
        forgiven(person)


def sends_again(person: Person) -> None:
    """The browser's own "reload" on the page of its error: the same form, with all that was in it."""
    person.page.reload()


def forgiven(person: Person) -> None:
    """That a connection broke is logged by the browser, and was what the test is about."""
    person.errors[:] = [error for error in person.errors if "ERR_CONNECTION" not in error]


def test_the_waiting_room_gives_one_place_in_all_tabs_and_lets_one_in(browser: Any, tmp_path: Path) -> None:
    launch = LAUNCH.read_text() + WAITING_ROOM
    with (
        PagesServer(tmp_path, "2025-06-26T21:40:00+08:00", launch) as server,
        somebody(browser, server, PHONE, "zh-CN", "dark") as person,
    ):
        for token in server.sessions("a", "b"):
            server.told("/v1/waiting-room", {}, token)
        person.go("/room")
        person.press("Sign in to join")
        person.signs_in("wei@example.com")
        person.arrives("/room")
        tab = person.context.new_page()
        tab.goto(server.url + "/room")
        tab.get_by_role("button", name=person.say("Join the draw")).click()
        person.press("Join the draw")
        person.sees("You are in")
        person.sees(re.compile(r"(?<!\d)3(?!\d)[^。]*抽签"))
        entries = [
            window.locator("section:last-of-type .notice code").nth(1).inner_text() for window in (person.page, tab)
        ]
        assert entries[0] == entries[1]
        person.page.clock.install()
        server.move_clock(OPENING)
        person.go("/room")
        server.move_clock(OPENED)
        person.page.clock.fast_forward(60_000)
        person.sees("It is your turn")
        person.press("To the store")
        review(person)
        person.press("Order now, pay the deposit next")
        ordered_number(person)
        assert state_shown(person) == person.say("Reserved")
