"""The account: a session that outlives its end, another's that is ended, a name that breaks a page, data withheld."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import pytest

from tests.web.house import House
from tests.web.pages.entering import came_in, customer_of
from tests.web.pages.visiting import Browser

NUMBERS = count()
PHONE = {"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36"}
DESK = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House() as house:
        yield house


@pytest.fixture
def ada() -> str:
    return f"ada{next(NUMBERS)}@example.com"


def test_a_name_is_kept_and_shown_as_it_was_given(house: House, ada: str) -> None:
    browser = Browser(house)
    page = came_in(browser, ada)
    assert "a***@example.com" in page.text
    assert ada not in page.html
    page = browser.send(page.form("/me/name"), name=' Ada <script>"Lovelace" 小米 ')
    assert (page.path, page.status) == ("/me", 200)
    assert "<script>&" not in page.html
    assert dict(page.form("/me/name").fields)["name"] == 'Ada <script>"Lovelace" 小米'
    for name in ("", " ", "x" * 81, "a\nb", "\u202eada"):
        refused = browser.send(page.form("/me/name"), name=name)
        assert refused.status == 422
        assert "A name has 1 to 80" in refused.text
    assert browser.get("/me/data").answer.json()["identity"]["name"] == 'Ada <script>"Lovelace" 小米'


def test_one_session_is_ended_from_another_on_pages_and_on_the_api(house: House, ada: str) -> None:
    here, there = Browser(house, **DESK), Browser(house, "zh-CN", **PHONE)
    came_in(here, ada)
    assert "Linux 上的 Firefox" in came_in(there, ada).text
    page = here.get("/me")
    assert "Firefox on Linux this one" in page.text
    assert "Chrome on Android" in page.text
    assert len([form for form in page.forms if form.action == "/me/sessions/end"]) == 1
    page = here.send(page.form("/me/sessions/end"), follow=False)
    assert page.answer.headers["location"] == "/me"
    assert there.get("/me").path.startswith("/sign-in")
    assert house.get("/v1/orders", there.cookies["session"]).code == "no_session"
    assert "Android" not in here.get("/me").text


def test_all_others_end_and_this_one_stays(house: House, ada: str) -> None:
    browsers = [Browser(house, **DESK) for _ in range(4)]
    for browser in browsers:
        came_in(browser, ada)
    page = browsers[2].get("/me")
    assert "/me/sessions/end-others" not in browsers[2].send(page.form("/me/sessions/end-others")).html
    standing = [browser.get("/me").path == "/me" for browser in browsers]
    assert standing == [False, False, True, False]


def test_nobody_ends_anothers_session(house: House, ada: str) -> None:
    browser, other = Browser(house), Browser(house)
    page = came_in(browser, ada)
    came_in(other, f"other-{ada}")
    session = house.server.web.sessions.read(other.cookies["session"].encode(), 0)
    assert session is not None
    token = dict(page.form("/sign-out").fields)["form_token"]
    browser.post("/me/sessions/end", {"form_token": token, "sid": session.sid})
    browser.post("/me/sessions/end", {"form_token": token, "sid": "' OR 1=1 --"})
    assert other.get("/me").path == "/me"
    assert browser.get("/me").path == "/me"


@pytest.mark.parametrize("path", ["/me/name", "/me/sessions/end", "/me/sessions/end-others"])
def test_a_form_without_the_token_of_the_session_does_nothing(house: House, ada: str, path: str) -> None:
    browser, other = Browser(house), Browser(house)
    page = came_in(browser, ada)
    came_in(other, ada)
    token = dict(page.form("/sign-out").fields)["form_token"]
    session = house.server.web.sessions.read(other.cookies["session"].encode(), 0)
    assert session is not None
    body = {"name": "Mallory", "sid": session.sid}
    foreign = {"sec-fetch-site": "cross-site"}
    for token_sent, headers in (("", {}), (token[::-1], {}), (token, foreign)):
        refused = browser.post(path, {**body, "form_token": token_sent}, follow=False, headers=headers)
        assert refused.status == 403
    assert other.post(path, {**body, "form_token": token}, follow=False).status == 403
    assert other.get("/me").path == "/me"
    assert "Mallory" not in browser.get("/me").html


@pytest.mark.parametrize("path", ["/me", "/me/data"])
def test_without_a_session_there_is_the_sign_in(house: House, path: str) -> None:
    assert Browser(house).get(path).path == f"/sign-in?back={path.replace('/', '%2F')}"


def test_all_that_is_kept_is_handed_over_and_nothing_of_others(house: House, ada: str) -> None:
    browser, other = Browser(house, **DESK), Browser(house)
    came_in(browser, ada)
    came_in(other, f"other-{ada}")
    mine = house.order(browser.cookies["session"], "key").json()
    theirs = house.order(other.cookies["session"], "key").json()
    house.pay(mine["id"], f"pay_{mine['id']}")
    answer = browser.get("/me/data").answer
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    data = answer.json()
    assert data["id"] == customer_of(browser)
    assert (data["identity"]["contact"], data["identity"]["kind"]) == (ada, "email")
    assert [one["where"] for one in data["sessions"]] == ["Firefox on Linux"]
    assert [order["id"] for order in data["orders"]] == [mine["id"]]
    assert len(data["orders"][0]["history"]) == 2
    assert "pay_url" not in data["orders"][0]
    text = json.dumps(data)
    assert theirs["id"] not in text
    assert browser.cookies["session"].rpartition(".")[2] not in text


def test_data_is_handed_over_only_so_often(house: House, ada: str) -> None:
    browser = Browser(house)
    came_in(browser, ada)
    found = [browser.get("/me/data") for _ in range(12)]
    assert {page.status for page in found} == {200, 429}
    assert int(found[-1].answer.headers["retry-after"]) > 0
    assert "too often" in found[-1].text


def test_a_session_made_by_hand_has_a_page_too(house: House) -> None:
    page = Browser(house).signed_in("by-hand").get("/me")
    assert page.status == 200
    assert "no contact and no name" in page.text
    assert Browser(house).signed_in("by-hand").get("/me/data").answer.json()["identity"] is None


def test_a_file_that_can_not_be_read_is_told_without_why(tmp_path_factory: pytest.TempPathFactory, ada: str) -> None:
    with House() as house:
        browser = Browser(house)
        page = came_in(browser, ada)
        house.server.web.entrance.people.close()
        for found in (browser.get("/me"), browser.send(page.form("/me/name"), name="Ada")):
            assert found.status == 503
            assert "sqlite" not in found.html.lower()
            assert "access_unavailable" in found.text


def test_the_outbox_is_the_newest_first_and_says_when_it_is_empty() -> None:
    with House() as house:
        browser = Browser(house)
        assert "Nothing yet" in browser.get("/sandbox/outbox").text
        assert "暂无消息" in Browser(house, "zh-CN").get("/sandbox/outbox").text
        for contact in ("ada@example.com", "bob@example.com"):
            browser.send(browser.get("/sign-in").form("/sign-in"), contact=contact)
        text = browser.get("/sandbox/outbox").text
        assert text.index("bob@example.com") < text.index("ada@example.com")
