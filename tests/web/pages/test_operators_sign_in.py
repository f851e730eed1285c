"""Operators sign in: what tells a name from a password, a code used twice, a way in that only a sandbox has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import pyotp
import pytest

from drumroll.access.roles import Role
from drumroll.access.roster import Roster
from drumroll.errors import AccessFailed
from tests.web.house import House
from tests.web.pages.entering import customer_of
from tests.web.pages.test_sign_in import ELSEWHERE, REAL
from tests.web.pages.visiting import Browser, Page

PASSWORD = "a horse, a battery, a staple"
NUMBERS = count()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House() as house:
        yield house


@pytest.fixture
def roster(house: House) -> Roster:
    entrance = house.server.web.entrance
    return Roster(entrance.access, entrance.accounts._seal)


class Account:
    """An operator with a password and an authenticator."""

    def __init__(self, roster: Roster, role: Role = Role.OPERATOR) -> None:
        self.name = f"grace{next(NUMBERS)}"
        self.secret = roster.add(self.name, role, PASSWORD, "", time.time())

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)


def tried(browser: Browser, name: str, password: str, code: str, back: str = "") -> Page:
    form = browser.get(f"/ops/sign-in?back={back}" if back else "/ops/sign-in").form("/ops/sign-in")
    return browser.send(form, follow=False, name=name, password=password, code=code)


def test_name_password_and_code_let_in_with_the_role_of_the_account(house: House, roster: Roster) -> None:
    browser, account = Browser(house), Account(roster, Role.FINANCE)
    page = tried(browser, account.name, PASSWORD, f" {account.code()[:3]} {account.code()[3:]}", "/ops/orders")
    assert (page.status, page.answer.headers["location"]) == (303, "/ops/orders")
    assert customer_of(browser, "operator") == f"operator:{account.name}:finance"
    (line,) = browser.set_cookies
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in line.split(";")}
    (session,) = house.server.web.entrance.access.sessions_of(f"operator:{account.name}")
    assert session.expires_s - session.made_s == house.server.web.entrance.operator_session_s


def test_whatever_does_not_fit_is_answered_the_same(house: House, roster: Roster) -> None:
    account, gone = Account(roster), Account(roster)
    roster.disable(gone.name)
    used = account.code(-1)
    assert tried(Browser(house), account.name, PASSWORD, used).status == 303
    pages = [
        tried(Browser(house), account.name, PASSWORD, used),
        tried(Browser(house), account.name, PASSWORD, "000000" if account.code() != "000000" else "111111"),
        tried(Browser(house), account.name, "another password", account.code()),
        tried(Browser(house), gone.name, PASSWORD, gone.code()),
        tried(Browser(house), "nobody", PASSWORD, account.code()),
        tried(Browser(house), "", "", ""),
    ]
    assert {page.status for page in pages} == {403}
    assert len({page.html for page in pages}) == 1
    assert "do not fit" in pages[0].text


def test_a_name_is_tried_only_so_often_and_nobody_else_waits_for_it(house: House, roster: Roster) -> None:
    account, other = Account(roster), Account(roster)
    pages = [tried(Browser(house), account.name, "a wrong password", "000000") for _ in range(6)]
    assert [page.status for page in pages] == [403] * 5 + [429]
    assert 0 < int(pages[-1].answer.headers["retry-after"]) <= 60
    assert "too often" in pages[-1].text
    assert tried(Browser(house), other.name, PASSWORD, other.code()).status == 303


def test_signing_out_ends_the_session_on_pages_and_on_the_api(house: House, roster: Roster) -> None:
    browser, account = Browser(house), Account(roster)
    tried(browser, account.name, PASSWORD, account.code())
    token = browser.cookies["operator"]
    assert house.get("/v1/operator/orders", token).status == 200
    form_token = house.server.web.pages.safety.token(token)
    for headers, sent in ((ELSEWHERE[0], form_token), ({}, ""), ({}, form_token[::-1])):
        assert browser.post("/ops/sign-out", {"form_token": sent}, follow=False, headers=headers).status == 403
    assert house.get("/v1/operator/orders", token).status == 200
    page = browser.post("/ops/sign-out", {"form_token": form_token})
    assert page.path == "/ops/sign-in"
    assert "operator" not in browser.cookies
    assert house.get("/v1/operator/orders", token).code == "no_session"


def test_who_is_in_goes_straight_on_until_the_account_is_disabled(house: House, roster: Roster) -> None:
    browser, account = Browser(house), Account(roster)
    tried(browser, account.name, PASSWORD, account.code())
    page = browser.get("/ops/sign-in?back=/ops/orders", follow=False)
    assert page.answer.headers["location"] == "/ops/orders"
    assert f"You are signed in as {account.name}" in browser.get("/ops/sign-in").text
    roster.disable(account.name)
    assert browser.get("/ops/sign-in?back=/ops/orders", follow=False).status == 200


def test_another_sign_in_in_the_same_browser_ends_the_one_before(house: House, roster: Roster) -> None:
    browser, one, other = Browser(house), Account(roster), Account(roster)
    tried(browser, one.name, PASSWORD, one.code())
    token = browser.cookies["operator"]
    assert tried(browser, other.name, PASSWORD, other.code()).status == 303
    assert house.get("/v1/operator/orders", token).code == "no_session"


def test_the_way_back_is_a_page_of_operations(house: House, roster: Roster) -> None:
    browser, account = Browser(house), Account(roster)
    for back in ("/", "/me", "/opsy", "//elsewhere.example", "https://elsewhere.example/ops", "/\\x"):
        form = browser.get(f"/ops/sign-in?back={back}").form("/ops/sign-in")
        assert dict(form.fields)["back"] == "/ops"
    body = {"name": account.name, "password": PASSWORD, "code": account.code(), "back": "//elsewhere.example/ops"}
    assert browser.post("/ops/sign-in", body, follow=False).answer.headers["location"] == "/ops"


def test_a_form_from_another_site_lets_nobody_in(house: House, roster: Roster) -> None:
    account = Account(roster)
    body = {"name": account.name, "password": PASSWORD, "code": account.code()}
    for headers in ELSEWHERE:
        browser = Browser(house)
        assert browser.post("/ops/sign-in", body, follow=False, headers=headers).status == 403
        assert browser.cookies == {}


def test_a_customers_session_opens_nothing_here_and_an_operators_nothing_there(house: House, roster: Roster) -> None:
    browser, account = Browser(house).signed_in("ada"), Account(roster)
    browser.cookies["operator"] = browser.cookies["session"]
    assert browser.get("/ops/sign-in?back=/ops", follow=False).status == 200
    operator = Browser(house)
    tried(operator, account.name, PASSWORD, account.code())
    assert operator.get("/me").path.startswith("/sign-in")


def test_accounts_that_can_not_be_read_let_nobody_in() -> None:
    with House() as house:
        browser = Browser(house)
        form = browser.get("/ops/sign-in").form("/ops/sign-in")
        house.server.web.entrance.access.close()
        page = browser.send(form, name="grace", password=PASSWORD, code="123456")
        assert page.status == 503
        assert browser.cookies == {}
        with pytest.raises(AccessFailed):
            house.server.web.entrance.access.operators()


def test_a_sandbox_without_accounts_lets_anybody_in_as_an_admin_until_there_is_one() -> None:
    with House() as house:
        browser = Browser(house)
        page = browser.get("/ops/sign-in?back=/ops/plan")
        assert "drumroll operator add" in page.text
        assert "以沙盒管理员身份登录" in Browser(house, "zh-CN").get("/ops/sign-in").text
        form = page.form("/sandbox/ops-session")
        for headers in ELSEWHERE:
            assert browser.send(form, follow=False, headers=headers).status == 403
        page = browser.send(form, follow=False)
        assert page.answer.headers["location"] == "/ops/plan"
        assert customer_of(browser, "operator") == "operator:sandbox:admin"
        entrance = house.server.web.entrance
        Account(Roster(entrance.access, entrance.accounts._seal))
        other = Browser(house)
        assert "/sandbox/ops-session" not in other.get("/ops/sign-in").html
        assert other.send(form, follow=False).status == 404
        assert other.cookies == {}


def test_a_real_server_has_no_such_way_in() -> None:
    with House(**REAL) as house:
        browser = Browser(house)
        page = browser.get("/ops/sign-in")
        assert page.status == 200
        assert "andbox" not in page.html
        assert browser.post("/sandbox/ops-session", {"back": "/ops"}, follow=False).status == 404
        assert browser.cookies == {}
