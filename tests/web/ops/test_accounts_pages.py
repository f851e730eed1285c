"""Accounts, people and webhooks on pages: a secret shown twice, a session that outlives its end, data that stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from drumroll.people.person import parse_contact
from tests.web.ops.night import REASON, Night, peopled
from tests.web.pages.visiting import Browser

PASSWORD = "four quiet horses run"
CONTACT = "bob.quiet@mail.example"


@pytest.fixture
def night() -> Iterator[Night]:
    with Night() as night:
        yield night


def made(night: Night, name: str = "joan", role: str = "finance", **given: str) -> Any:
    return night.deed("/ops/operators/add", name=name, role=role, **{"password": PASSWORD, **given})


def secret_in(page: Any) -> str:
    found: str = page.html.split('class="secret"><code>')[1].split("<")[0]
    return found


def test_an_account_that_was_made_signs_in_and_its_secret_is_shown_once(night: Night) -> None:
    page = made(night)
    secret = secret_in(page)
    assert 'src="data:image/svg+xml' in page.html
    assert page.answer.headers["cache-control"] == "no-store"
    now_s = night.server.web.now_s()
    signing = night.server.web.entrance.accounts.sign_in("joan", PASSWORD, pyotp.TOTP(secret).at(int(now_s)), now_s)
    assert night.run(signing).role == "finance"
    for path in ("/ops/operators", "/ops/operators/account/joan", "/ops/operators?csv=operators"):
        assert secret not in night.browser().get(path).html
    assert "finance" in night.browser().get("/ops/operators").text


def test_a_space_around_a_password_belongs_to_it_here_as_at_the_sign_in(night: Night) -> None:
    accounts, now_s = night.server.web.entrance.accounts, night.server.web.now_s()
    for given in (" two quiet horses ", " three quiet horses "):
        if given.startswith(" two"):
            page = made(night, password=given)
        else:
            page = night.deed("/ops/operators/account/joan/password", password=given)
        code = pyotp.TOTP(secret_in(page)).at(int(now_s))
        assert night.run(accounts.sign_in("joan", given, code, now_s)).name == "joan"


@pytest.fixture(scope="module")
def with_joan() -> Iterator[Night]:
    """A night with one account."""
    with Night() as night:
        made(night)
        yield night


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"name": "no spaces"}, 422),
        ({"name": "joan"}, 409),
        ({"name": "kim", "password": "short"}, 422),
        ({"name": "kim", "password": "passwordpassword"}, 422),
        ({"name": "kim", "password": ""}, 422),
        ({"name": "kim", "role": "king"}, 422),
    ],
)
def test_an_account_that_can_not_be_made_is_refused_in_words(
    with_joan: Night, given: dict[str, str], status: int, language: str
) -> None:
    browser = with_joan.browser(language=language)
    path = "/ops/operators/add"
    fields = {"role": "viewer", "password": PASSWORD, **given}
    page = browser.send(browser.get(path).form(path), **fields)
    assert (page.status, 'role="alert"' in page.html) == (status, True)
    assert fields["password"] == "" or fields["password"] not in page.html
    assert [one.name for one in with_joan.server.web.entrance.access.operators()] == ["joan"]


def test_a_change_of_an_account_ends_its_sessions_at_once(night: Night) -> None:
    made(night, role="viewer")
    web = night.server.web
    admin = night.browser()
    changes = {"role": {"role": "support"}, "password": {"password": "other quiet horses"}, "disable": {}}
    for change, given in changes.items():
        now_s = int(web.now_s())
        web.entrance.access.add_session(f"sid-{change}", "operator:joan:viewer", now_s, now_s + 900, "Firefox on Linux")
        theirs = Browser(night)
        theirs.cookies["operator"] = web.sessions.issue("operator:joan:viewer", now_s + 900, f"sid-{change}")
        assert theirs.get("/ops", follow=False).status == 200
        night.deed(f"/ops/operators/account/joan/{change}", admin, **given)
        assert theirs.get("/ops", follow=False).status == 303
    night.deed("/ops/operators/account/joan/enable", admin)
    account = web.entrance.access.operator("joan")
    assert account is not None
    assert (account.role, account.disabled) == ("support", False)


def test_a_session_can_be_ended_and_only_one_of_that_account(night: Night) -> None:
    made(night)
    web, now_s = night.server.web, int(night.server.web.now_s())
    for sid, subject in (("theirs", "operator:joan:finance"), ("other", "operator:kim:admin")):
        web.entrance.access.add_session(sid, subject, now_s, now_s + 900, "Firefox on Linux")
    browser, path = night.browser(), "/ops/operators/account/joan/end-session"
    form = browser.get("/ops/operators/account/joan").form(path)
    browser.send(form, sid="other")
    assert web.entrance.access.stands("other")
    page = browser.send(form)
    assert "No session is open." in page.text
    assert not web.entrance.access.stands("theirs")


def test_nobody_locks_themselves_out(night: Night) -> None:
    made(night, name="grace", role="admin")
    for change, given in (("disable", {}), ("role", {"role": "viewer"})):
        page = night.deed(f"/ops/operators/account/grace/{change}", night.browser(name="grace"), **given)
        assert page.status == 409
    account = night.server.web.entrance.access.operator("grace")
    assert account is not None
    assert (account.role, account.disabled) == ("admin", False)


def test_who_is_erased_is_gone_and_their_orders_and_the_reason_stay(night: Night) -> None:
    ids, people = peopled(night), night.server.web.entrance.people
    contact = parse_contact(CONTACT)
    assert contact is not None
    people.find_or_make(contact, "en", "bob", 0)
    browser = night.browser()
    found = browser.send(browser.get("/ops/people").form("/ops/people"), who=CONTACT)
    assert (found.path, CONTACT in found.text) == ("/ops/people/bob", True)
    file = json.loads(browser.get("/ops/people/bob/export").answer.body)
    assert (file["identity"]["contact"], [order["id"] for order in file["orders"]]) == (CONTACT, [ids["firm"]])
    assert file["orders"][0]["history"]
    path = "/ops/people/bob/erase"
    unsure = browser.send(browser.get(path).form(path), reason=REASON)
    assert (unsure.status, people.find(contact) is None) == (422, False)
    assert ids["firm"] in unsure.text
    night.deed(path, browser)
    assert people.find(contact) is None
    assert REASON in browser.get("/ops/people/bob").text
    assert ids["firm"] in browser.get("/ops/people/bob").text
    again = browser.send(browser.get("/ops/people").form("/ops/people"), who=CONTACT)
    assert (again.status, CONTACT in again.html) == (404, False)
    assert json.loads(browser.get("/ops/people/bob/export").answer.body)["identity"] is None


def test_an_endpoint_lives_its_life_on_pages(tmp_path: Path) -> None:
    with Night(path=str(tmp_path / "a.log")) as night:
        browser, url = night.browser(), "https://crm.example.com/hooks"
        assert night.deed("/ops/webhooks/add", browser, url="http://crm.example.com").status == 422
        assert night.deed("/ops/webhooks/add", browser, url=url, events="order.sold").status == 422
        added = night.deed("/ops/webhooks/add", browser, url=url, events="order.firm, order.locked")
        assert secret_in(added).startswith("whsec_")
        page = browser.get("/ops/webhooks")
        assert "order.firm,order.locked" in page.text
        assert "whsec_" not in page.html
        endpoint = next(link for link in page.links if "disable" in link).split("=")[1]
        for what in ("disable", "enable", "retry"):
            assert night.deed(f"/ops/webhooks/{what}?endpoint={endpoint}", browser).status == 200
        assert secret_in(night.deed(f"/ops/webhooks/rotate?endpoint={endpoint}", browser)) != secret_in(added)
        assert night.deed(f"/ops/webhooks/remove?endpoint={endpoint}", browser, sure=False).status == 422
        night.deed(f"/ops/webhooks/remove?endpoint={endpoint}", browser)
        assert "There are no endpoints yet" in browser.get("/ops/webhooks").text
        assert browser.get(f"/ops/webhooks/remove?endpoint={endpoint}").status == 404


def test_a_log_in_memory_says_that_it_has_no_webhooks(night: Night) -> None:
    page = night.browser().get("/ops/webhooks")
    assert (page.status, "in memory" in page.text) == (200, True)


def test_what_is_done_to_accounts_and_people_is_on_the_trail_for_those_who_manage_them(night: Night) -> None:
    made(night)
    night.deed("/ops/operators/account/joan/role", role="viewer")
    night.deed("/ops/operators/account/joan/disable")
    contact = parse_contact(CONTACT)
    assert contact is not None
    night.server.web.entrance.people.find_or_make(contact, "en", "bob", 0)
    night.browser().get("/ops/people/bob/export")
    page = night.browser().get("/ops/trail")
    for what in ("Account made", "Role changed", "Account disabled", "Data of a person exported"):
        assert what in page.text, what
    assert "bob" in page.text
    assert CONTACT not in page.html
    file = night.browser().get("/ops/trail?csv=beside").answer.body.decode("utf-8-sig")
    assert file.count("joan") == 3
    assert "Account made" not in night.browser("viewer").get("/ops/trail").text


def test_a_deed_that_was_refused_is_not_on_the_trail(night: Night) -> None:
    assert made(night, password="short").status == 422
    assert "Account made" not in night.browser().get("/ops/trail").text
