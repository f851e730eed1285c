"""Signing in: a code that is guessed, a contact that is found out, a cookie that leaks, a form sent from elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec
import pytest
from aiohttp import web as aio
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.access.limits import Guard
from drumroll.access.oidc import Oidc
from drumroll.people.person import Contact, parse_contact
from drumroll.web.pages.sessions import label_of
from drumroll.web.pages.sign_in import masked
from tests.access.test_oidc import CLIENT, SECRET, Provider
from tests.web.house import House
from tests.web.pages.entering import CODE_PAGE, asked, came_in, customer_of, last_code
from tests.web.pages.visiting import Browser, Page

REAL: dict[str, Any] = {
    "sandbox": False,
    "secret": "22" * 32,
    "webhook_secret": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "people_key": "33" * 32,
}


NUMBERS = count()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One for all, since nobody here gets in another's way: each test has contacts of its own."""
    with House() as house:
        yield house


@pytest.fixture
def browser(house: House) -> Browser:
    return Browser(house)


@pytest.fixture
def ada() -> str:
    return f"ada{next(NUMBERS)}@example.com"


def outbox(house: House) -> list[Any]:
    return list(house.server.web.entrance.outbox.messages)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


def answered(browser: Browser, code: str, **sent: Any) -> Page:
    return browser.post(CODE_PAGE, {"code": code, "form_token": ""}, **sent)


@pytest.mark.parametrize("contact", ["ada@example.com", "138 1234 5678", "+49 (151) 2345-6789"])
def test_a_code_lets_in_and_leads_back_to_the_page_that_was_asked_for(browser: Browser, contact: str) -> None:
    page = browser.get("/order?model=kite&trim=plain")
    assert page.path.startswith("/sign-in?back=")
    page = browser.send(page.form("/sign-in"), contact=contact)
    assert page.path == CODE_PAGE
    page = browser.send(page.form(CODE_PAGE), code=last_code(browser.house))
    assert page.path == "/order?model=kite&trim=plain"
    assert page.status == 200
    assert "challenge" not in browser.cookies


def test_the_same_person_is_the_same_customer_the_next_time(house: House) -> None:
    one, other, another = Browser(house), Browser(house), Browser(house)
    came_in(one, "13912345678")
    came_in(other, "+86 139-1234-5678")
    came_in(another, "139 1234 5679")
    assert customer_of(one) == customer_of(other) != customer_of(another)
    assert customer_of(one).startswith("cus_")
    assert len(customer_of(one)) == 24
    assert one.cookies["session"] != other.cookies["session"]


@pytest.mark.parametrize("typed", ["", "ada", "ada@", "12345", "ada@example.com\r\nBcc: bob@example.com", "a" * 400])
def test_what_is_no_contact_is_said_and_nothing_is_sent(browser: Browser, typed: str) -> None:
    sent = len(outbox(browser.house))
    page = browser.send(browser.get("/sign-in").form("/sign-in"), contact=typed)
    assert page.status == 422
    assert "neither an e-mail address nor a phone number" in page.text
    assert len(outbox(browser.house)) == sent


def test_known_and_unknown_contacts_look_the_same(house: House) -> None:
    came_in(Browser(house), "known11@example.com")
    found = []
    for contact in ("known11@example.com", "unknown@example.com"):
        browser = Browser(house)
        sent = browser.send(browser.get("/sign-in").form("/sign-in"), follow=False, contact=contact)
        length, there = len(browser.cookies["challenge"]), browser.get(CODE_PAGE)
        refused = answered(browser, wrong(last_code(house)))
        shown = [page.html.replace(masked(Contact("email", contact)), "?") for page in (there, refused)]
        found.append((sent.status, sent.answer.headers["location"], sent.answer.body, length, *shown, refused.status))
    assert found[0] == found[1]


def test_contact_and_challenge_are_in_no_address_and_not_readable_in_the_cookie(browser: Browser, ada: str) -> None:
    page = browser.send(browser.get("/sign-in").form("/sign-in"), follow=False, contact=ada)
    assert page.answer.headers["location"] == CODE_PAGE
    cookie = browser.cookies["challenge"]
    assert "ada" not in cookie
    for place in range(0, len(cookie), 23):
        browser.cookies["challenge"] = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        assert browser.get(CODE_PAGE).path == "/sign-in"
    for noise in ("", "=", "é", "x" * 5000, cookie[:-9]):
        browser.cookies["challenge"] = noise
        assert browser.get(CODE_PAGE).path == "/sign-in"


def test_a_cookie_sealed_for_one_thing_is_none_for_another(browser: Browser, ada: str) -> None:
    asked(browser, ada)
    browser.cookies["away"] = browser.cookies["challenge"]
    assert browser.get("/sign-in/oidc/done?code=good&state=x").answer.status in {403, 404}


def test_five_guesses_end_a_code_and_all_refusals_read_the_same(browser: Browser, ada: str) -> None:
    asked(browser, ada)
    code = last_code(browser.house)
    pages = [answered(browser, wrong(code)) for _ in range(5)]
    assert {page.status for page in pages} == {403}
    late = answered(browser, code)
    assert late.status == 403
    assert {page.text for page in [*pages, late]} == {late.text}
    assert "session" not in browser.cookies
    page = browser.send(late.form("/sign-in/again"))
    assert "A new code was sent" in page.text
    assert browser.send(page.form(CODE_PAGE), code=last_code(browser.house)).status == 200
    assert "session" in browser.cookies


def test_a_code_works_once_and_a_newer_one_ends_it(house: House, ada: str) -> None:
    browser, thief = Browser(house), Browser(house)
    page = asked(browser, ada)
    thief.cookies |= browser.cookies
    first = last_code(house)
    browser.send(page.form("/sign-in/again"))
    assert answered(browser, first).status == 403 or first == last_code(house)
    used = browser.cookies["challenge"]
    assert answered(browser, last_code(house), follow=False).status == 303
    thief.cookies["challenge"] = used
    assert answered(thief, last_code(house)).status == 403
    assert "session" not in thief.cookies


def test_a_contact_is_sent_five_codes_an_hour_and_no_more(browser: Browser, ada: str) -> None:
    for _ in range(5):
        assert asked(browser, ada).path == CODE_PAGE
    page = asked(browser, ada)
    assert page.status == 429
    assert int(page.answer.headers["retry-after"]) > 3000
    assert "too often" in page.text
    assert [one.to for one in outbox(browser.house)].count(ada) == 5
    assert asked(browser, f"another-{ada}").path == CODE_PAGE


def test_three_hundred_people_of_one_address_come_in_while_one_who_guesses_there_is_stopped() -> None:
    with House() as house:
        # An address as wide as 300 forms at once: two each would be too many, if those who come in paid for them.
        msgspec.structs.force_setattr(house.server.web.entrance, "guard", Guard(1 / 30, 3.0))
        attacker, stopped = Browser(house), 0
        asked(attacker, "victim@example.com")
        code = last_code(house)
        for number in range(300):
            student = Browser(house)
            student.post("/sign-in", {"contact": f"student{number}@example.com"}, follow=False)
            answered(student, last_code(house), follow=False)
            assert "session" in student.cookies
            if number % 5 == 0:
                stopped += answered(attacker, wrong(code), follow=False).status == 429
        assert stopped > 45
        assert "session" not in attacker.cookies


ELSEWHERE = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "", "origin": "https://elsewhere.example"},
    {"sec-fetch-site": "", "origin": "null"},
    {"sec-fetch-site": ""},
]


@pytest.mark.parametrize("path", ["/sign-in", CODE_PAGE, "/sign-in/again", "/sign-out"])
def test_a_form_from_another_site_does_nothing(browser: Browser, path: str, ada: str) -> None:
    if path == "/sign-out":
        came_in(browser, ada)
    elif path != "/sign-in":
        asked(browser, ada)
    sent, cookies = len(outbox(browser.house)), dict(browser.cookies)
    body = {"contact": ada, "code": last_code(browser.house) if sent else "", "form_token": ""}
    for headers in ELSEWHERE:
        page = browser.post(path, body, follow=False, headers=headers)
        assert page.status == 403
        assert "cross_site" in page.text
    assert (len(outbox(browser.house)), browser.cookies) == (sent, cookies)
    if path == "/sign-out":
        assert browser.get("/me").path == "/me"


def test_signing_out_needs_the_token_of_that_very_session(house: House, ada: str) -> None:
    browser, other = Browser(house), Browser(house)
    came_in(browser, ada)
    tokens = dict(came_in(other, f"another-{ada}").form("/sign-out").fields)
    for token in ("", "00" * 16, tokens["form_token"]):
        page = browser.post("/sign-out", {"form_token": token}, follow=False)
        assert (page.status, "form_expired" in page.text) == (403, True)
    assert browser.get("/me").path == "/me"


def test_who_signs_out_is_out_on_pages_and_on_the_api_wherever_the_token_went(browser: Browser, ada: str) -> None:
    page = came_in(browser, ada)
    token = browser.cookies["session"]
    assert browser.house.get("/v1/orders", token).status == 200
    page = browser.send(page.form("/sign-out"))
    assert page.path == "/"
    assert "session" not in browser.cookies
    assert browser.house.get("/v1/orders", token).code == "no_session"
    browser.cookies["session"] = token
    assert browser.get("/me").path.startswith("/sign-in")
    web = browser.house.server.web
    assert web.sessions.revoked == web.entrance.access.revoked_sids(web.now_s())


@pytest.mark.parametrize(
    "back",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "javascript:alert(1)",
        "elsewhere",
        "/%0d%0aset-cookie:x=1\r\nx: y",
    ],
)
def test_the_way_back_never_leaves_this_site(house: House, back: str, ada: str) -> None:
    browser = Browser(house)
    page = browser.post("/sign-in", {"contact": ada, "back": back}, follow=False)
    assert page.answer.headers["location"] == CODE_PAGE
    page = answered(browser, last_code(house), follow=False)
    assert page.answer.headers["location"] == "/"
    assert browser.get("/sign-in?back=https://elsewhere.example/", follow=False).answer.headers["location"] == "/"


@pytest.mark.parametrize("back", ["/orders/订单", "/orders/ord_é?q=訂單", "/orders/\U0001f600"])
def test_the_way_back_may_be_named_in_any_script(house: House, back: str, ada: str) -> None:
    browser = Browser(house)
    browser.post("/sign-in", {"contact": ada, "back": back}, follow=False)
    page = answered(browser, last_code(house), follow=False)
    assert page.status == 303
    assert unquote(page.answer.headers["location"]) == back
    again = browser.get(f"/sign-in?back={quote(back, safe='')}", follow=False)
    assert again.answer.headers["location"] == page.answer.headers["location"]


def test_an_address_that_is_encoded_already_leads_back_as_it_is(house: House, ada: str) -> None:
    browser = Browser(house)
    browser.post("/sign-in", {"contact": ada, "back": "/orders/a%2Fb%E8%AE%A2?x=1&y=%26#end"}, follow=False)
    page = answered(browser, last_code(house), follow=False)
    assert page.answer.headers["location"] == "/orders/a%2Fb%E8%AE%A2?x=1&y=%26#end"


def test_an_address_that_a_client_makes_up_is_not_believed_whatever_lines_it_comes_in(ada: str) -> None:
    with House(proxies="10.0.0.0/8,127.0.0.0/8") as house:
        msgspec.structs.force_setattr(house.server.web.entrance, "guard", Guard(1 / 3000, 1.0))
        statuses = []
        for number in range(105):
            # As a proxy sends it that adds a line of its own below the client's (HAProxy's forwardfor).
            lines = [("x-forwarded-for", f"198.51.{number}.1"), ("x-forwarded-for", "203.0.113.7")]
            body = f"contact=n{number}-{ada}".encode()
            given = [("host", "launch.test"), ("sec-fetch-site", "same-origin"), *lines]
            given.append(("content-type", "application/x-www-form-urlencoded"))
            statuses.append(house.call("POST", "/sign-in", given, body).status)
        assert 429 in statuses


def test_cookies_are_strict_and_read_by_no_script(browser: Browser, ada: str) -> None:
    came_in(browser, ada)
    assert len(browser.set_cookies) == 3
    for line in browser.set_cookies:
        flags = {part.strip().lower() for part in line.split(";")}
        assert {"httponly", "samesite=strict", "path=/"} <= flags, line
        assert not any(flag.startswith("domain") for flag in flags)


def test_where_there_is_tls_cookies_are_bound_to_the_host(browser: Browser, ada: str) -> None:
    with House(public_url="https://launch.test") as house:
        secure = Browser(house)
        page = came_in(secure, ada)
        assert page.path == "/me"
        assert {line.partition("=")[0] for line in secure.set_cookies} == {"__Host-challenge", "__Host-session"}
        assert all("secure" in line.lower() for line in secure.set_cookies)
        assert "max-age=" in page.answer.headers["strict-transport-security"]


def test_a_session_that_ran_out_asks_to_sign_in_again(house: House, ada: str) -> None:
    browser, web = Browser(house), house.server.web
    came_in(browser, ada)
    found = web.sessions.read(browser.cookies["session"].encode(), web.now_s())
    assert found is not None
    assert 0 < found.expires_s - web.now_s() <= web.session_s
    old = web.sessions.issue(found.subject, int(web.now_s()) - 1, found.sid)
    browser.cookies["session"] = old
    assert browser.get("/me").path.startswith("/sign-in?back=%2Fme")


def test_whoever_is_in_is_not_asked_again(browser: Browser, ada: str) -> None:
    came_in(browser, ada)
    assert browser.get("/sign-in?back=/me").path == "/me"
    assert browser.get(CODE_PAGE).path == "/"
    assert browser.post("/sign-in", {"contact": f"another-{ada}"}).path == "/"
    assert f"another-{ada}" not in [one.to for one in outbox(browser.house)]


def test_an_operators_session_is_no_customers(browser: Browser) -> None:
    browser.operating("grace")
    browser.cookies["session"] = browser.cookies["operator"]
    assert browser.get("/me").path.startswith("/sign-in")


def test_the_message_is_in_the_readers_language_and_says_what_it_is_for(house: House, ada: str) -> None:
    came_in(Browser(house), ada)
    assert "Your code to sign in to Kites is:" in outbox(house)[-1].text
    assert last_code(house) not in outbox(house)[-1].subject.replace(" ", "")
    chinese = Browser(house, "zh-CN")
    page = asked(chinese, "13712345678")
    assert "输入验证码" in page.text
    assert "+86137****5678" in page.text
    assert "13712345678" not in page.html
    assert "请勿告诉任何人" in outbox(house)[-1].text
    assert "登录未成功" in answered(chinese, "1").text
    assert answered(chinese, last_code(house)).path == "/"


def test_nothing_personal_and_no_code_is_in_the_servers_output(
    house: House, ada: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        browser = Browser(house)
        asked(browser, ada)
        answered(browser, wrong(last_code(house)))
        came_in(browser, ada)
        browser.get("/me/data")
    out = "".join([*capfd.readouterr(), caplog.text, house.get("/metrics").body.decode()])
    for secret in (ada, "example.com", last_code(house), browser.cookies["session"], customer_of(browser)):
        assert secret not in out


def test_a_server_that_can_send_nothing_says_so(ada: str) -> None:
    with House(**REAL) as house:
        browser = Browser(house)
        page = asked(browser, ada)
        assert page.status == 503
        assert "could not be sent" in page.text
        for path in ("/sandbox/outbox", "/sandbox/sessions"):
            assert browser.get(path).status == 404
        assert "outbox" not in browser.get("/sign-in").html


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/131.0 Safari/537.36", "Chromium on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/116.0 MicroMessenger/8.0", "WeChat on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on macOS"),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_a_session_is_labelled_no_finer_than_people_tell_their_devices_apart(user_agent: str, label: str) -> None:
    assert label_of(user_agent) == label


@settings(max_examples=40, deadline=None)
@given(st.emails() | st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_masked_contact_does_not_tell_the_contact(text: str) -> None:
    contact = parse_contact(text)
    if contact is not None:
        assert contact.value not in masked(contact)
        assert len(masked(contact).partition("@")[0].replace("*", "")) < max(2, len(text) - 3)


def test_who_came_by_a_service_is_shown_which() -> None:
    assert masked(Contact("oidc", "https://accounts.example.com/realm|1234")) == "accounts.example.com"


# By a sign-in service


@pytest.fixture
def served() -> Iterator[tuple[House, Provider]]:
    """A house of its own, whose people may come by a provider of OpenID Connect that runs beside it."""
    with House() as house:
        provider = Provider()
        runner = aio.AppRunner(provider.app())

        async def start() -> None:
            await runner.setup()
            await aio.TCPSite(runner, "127.0.0.1", 0).start()

        house.run(start())
        provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        for field, path in (("oidc", "/sign-in/oidc/done"), ("operators_oidc", "/ops/sign-in/oidc/done")):
            service = Oidc(provider.issuer, CLIENT, SECRET, f"http://launch.test{path}")
            msgspec.structs.force_setattr(house.server.web.entrance, field, service)
        yield house, provider
        house.run(runner.cleanup())


def gone(browser: Browser, provider: Provider, path: str) -> str:
    """Off to the provider, which notes what it is asked; the state to come back with."""
    away = browser.get(path, follow=False).answer
    assert away.status == 303
    assert away.headers["location"].startswith(f"{provider.issuer}/authorize?")
    provider.begun = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["location"]).query).items()}
    return provider.begun["state"]


def test_who_comes_from_the_service_is_in_and_goes_on_by_a_page_of_ours(served: tuple[House, Provider]) -> None:
    house, provider = served
    browser = Browser(house)
    assert any(link.startswith("/sign-in/oidc?back=%2Fme") for link in browser.get("/sign-in?back=/me").links)
    state = gone(browser, provider, "/sign-in/oidc?back=/me")
    (line,) = [line for line in browser.set_cookies if line.startswith("away=")]
    assert {"samesite=lax", "httponly"} <= {part.strip().lower() for part in line.split(";")}
    page = browser.get(f"/sign-in/oidc/done?code=good&state={state}", **{"sec-fetch-site": "cross-site"})
    assert page.status == 200
    assert '<meta http-equiv="refresh" content="0;url=/me">' in page.html
    assert "away" not in browser.cookies
    assert "127.0.0.1" in browser.get("/me").text
    again = Browser(house)
    again.get(f"/sign-in/oidc/done?code=good&state={gone(again, provider, '/sign-in/oidc')}")
    assert customer_of(again) == customer_of(browser)


def test_who_did_not_begin_here_or_brings_another_state_is_not_in(served: tuple[House, Provider]) -> None:
    house, provider = served
    browser, victim = Browser(house), Browser(house)
    state = gone(browser, provider, "/sign-in/oidc")
    assert victim.get(f"/sign-in/oidc/done?code=good&state={state}").status == 403
    other = gone(victim, provider, "/sign-in/oidc")
    assert victim.get(f"/sign-in/oidc/done?code=good&state={state}").status == 403
    for path in ("/sign-in/oidc/done?error=access_denied", f"/sign-in/oidc/done?code=bad&state={other}"):
        assert victim.get(path).status == 403
    assert "session" not in victim.cookies


def test_a_service_that_is_down_is_told_as_that(served: tuple[House, Provider]) -> None:
    house, provider = served
    provider.answers["configuration"] = lambda: aio.Response(status=500)
    page = Browser(house).get("/sign-in/oidc")
    assert page.status == 503
    assert "Signing in is not possible" in page.text


def test_an_operator_of_the_provider_needs_an_account_here(served: tuple[House, Provider]) -> None:
    from drumroll.access.roles import Role
    from drumroll.access.roster import Roster
    from drumroll.bootstrap_pages import accounts_seal

    house, provider = served
    browser, access = Browser(house), house.server.web.entrance.access
    done = "/ops/sign-in/oidc/done?code=good&state="
    assert browser.get(done + gone(browser, provider, "/ops/sign-in/oidc")).status == 403
    Roster(access, accounts_seal(bytes(32))).add("joan", Role.FINANCE, None, "248289761001", 0)
    page = browser.get(done + gone(browser, provider, "/ops/sign-in/oidc?back=/ops/orders"))
    assert '<meta http-equiv="refresh" content="0;url=/ops/orders">' in page.html
    assert customer_of(browser, "operator") == "operator:joan:finance"
    assert "session" not in browser.cookies


def test_without_a_service_there_is_no_such_page(browser: Browser) -> None:
    assert browser.get("/sign-in/oidc").status == 404
    assert "/sign-in/oidc" not in browser.get("/sign-in").html
