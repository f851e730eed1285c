"""Deeds on pages: done twice, done by who may not, done without a reason or by somebody else's form, or not done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drumroll.access.roles import Role, may
from drumroll.web.ops.routes import OPS_PAGES
from tests.web.lives import is_steady
from tests.web.ops.night import REASON, Night, peopled
from tests.web.pages.visiting import Browser
from tests.web.planted import FIRST, Loft, day_of

PAGES = ("/ops", "/ops/orders", "/ops/limits", "/ops/refunds", "/ops/trail", "/ops/operators", "/ops/people")
DEEDS: dict[str, tuple[str, dict[str, str], str]] = {
    "no cap": ("/ops/limits/cap?model=kite&trim=rare", {"cap": ""}, "cap"),
    "cap": ("/ops/limits/cap?model=kite&trim=rare", {"cap": "7"}, "cap"),
    "window": ("/ops/limits/window?window=up", {"closes_at": "2026-05-20T18:30"}, "window"),
    "paid": ("/ops/refunds/paid?refund={refund}", {}, "refund_paid"),
    "correct": ("/ops/orders/{firm}/correct", {"o-colour": "blue", "region": "south"}, "correct"),
    "cancel": ("/ops/orders/{firm}/cancel", {}, "cancel"),
    "give back": ("/ops/orders/{forfeited}/refund", {"amount": "12.50"}, "refund"),
    "deliver": ("/ops/orders/{in_transit}/move", {"state": "delivered"}, "move"),
    "move": ("/ops/orders/{locked}/move", {"state": "scheduled"}, "move"),
    "cancel without": ("/ops/orders/{locked}/cancel", {"refund": "no"}, "cancel"),
    "pause": ("/ops/sales/pause?model=kite", {}, "sales"),
    "resume": ("/ops/sales/resume?model=kite", {}, "sales"),
    "close all": ("/ops/sales/close", {}, "sales"),
}
"""In an order in which all can be done one after the other: path, fields, what the trail calls it."""


@pytest.fixture
def night() -> Iterator[Night]:
    with Night() as night:
        yield night


@pytest.fixture(scope="module")
def still() -> Iterator[tuple[Night, dict[str, str]]]:
    """A night in which nothing happens, with its orders."""
    with Night() as night:
        yield night, peopled(night)


def test_a_deed_is_done_once_however_often_its_page_is_sent_and_stands_in_the_trail(night: Night) -> None:
    ids, browser = peopled(night), night.browser(name="joan")
    for name, (where, fields, what) in DEEDS.items():
        path, before = where.format(**ids), len(night.trail)
        form, given = browser.get(path).form(path), {"reason": f"{REASON}: {name}", "sure": "yes", **fields}
        done = browser.send(form, **given)
        assert (done.status, 'role="status"' in done.html) == (200, True), (name, done.text)
        night.desk.turn()
        steady = is_steady(night)
        again = browser.send(form, **given)
        assert (again.status, again.path) == (200, done.path), name
        assert is_steady(night) == steady, name
        entries = night.trail
        assert len(entries) == before + 1, name
        assert (entries[0]["what"], entries[0]["operator"], entries[0]["reason"]) == (what, "joan", given["reason"])
        assert given["reason"] in browser.get("/ops/trail").text


def test_what_deeds_say_is_what_they_do(night: Night) -> None:
    ids, book = peopled(night), night.desk.book
    night.deed("/ops/sales/pause?model=kite")
    assert book.paused == {"kite"}
    night.deed("/ops/sales/resume?model=kite")
    night.deed("/ops/sales/pause")
    assert book.paused == {""}
    night.deed("/ops/limits/cap?model=kite&trim=rare", cap="2")
    assert book.launch is not None
    assert [trim.cap for trim in book.launch.models[0].trims] == [None, 2]
    night.deed("/ops/limits/window?window=up", closes_at="2026-05-20T18:30")
    # In the launch's zone, which is Berlin's, in summer: two hours ahead of UTC.
    assert book.launch.conversions[0].closes_at_ms == 1_779_294_600_000
    night.deed(f"/ops/orders/{ids['firm']}/correct", **{"o-colour": "blue", "region": "south"})
    offer = book.orders[ids["firm"]].offer
    assert (offer.options, offer.region, offer.price_minor) == (("blue",), "south", 10_400)
    night.deed(f"/ops/orders/{ids['locked']}/cancel", refund="no")
    assert (book.orders[ids["locked"]].state, book.orders[ids["locked"]].forfeited_minor) == ("forfeited", 2_000)
    night.deed(f"/ops/orders/{ids['firm']}/cancel")
    assert book.orders[ids["firm"]].state == "cancelled"
    assert [refund.amount_minor for refund in book.refunds_of[ids["firm"]]] == [2_000]
    night.deed(f"/ops/orders/{ids['forfeited']}/refund", amount="12.50")
    assert [refund.amount_minor for refund in book.refunds_of[ids["forfeited"]]] == [1_250]
    night.deed(f"/ops/orders/{ids['scheduled']}/move", state="locked")
    assert book.orders[ids["scheduled"]].state == "locked"


def test_a_week_is_given_and_let_go_of() -> None:
    with Loft() as loft:
        order_id, browser = loft.firm("ada"), Browser(loft).operating()
        order, path = loft.desk.book.orders[order_id], f"/ops/orders/{order_id}"
        day = day_of(FIRST + 3, weekday=2)
        browser.send(browser.get(f"{path}/pin").form(path), week=day, reason=REASON)
        assert (order.pinned, order.promise and order.promise.build_week) == (True, FIRST + 3)
        for wrong in ("", "soon", "2026-02-30"):
            assert browser.send(browser.get(f"{path}/pin").form(path), week=wrong, reason=REASON).status == 422
        assert browser.send(browser.get(f"{path}/unpin").form(path), reason=REASON).status == 200
        assert not order.pinned
        assert browser.get(f"{path}/unpin").status == 409


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("pause", {"reason": "no"}, ("Give a reason", "请填写原因")),
        ("pause", {"reason": "x" * 501}, ("Give a reason", "请填写原因")),
        ("close all", {"sure": ""}, ("Tick the box", "请勾选确认框")),
        ("cancel", {"sure": "no"}, ("Tick the box", "请勾选确认框")),
        ("deliver", {"sure": ""}, ("Tick the box", "请勾选确认框")),
        ("cap", {"cap": "-1"}, ("A cap is", "限额须为")),
        ("cap", {"cap": "1000000001"}, ("A cap is", "限额须为")),
        ("window", {"closes_at": "soon"}, ("Give a time", "请填写时间")),
        ("give back", {"amount": "0.001"}, ("Give an amount", "请填写金额")),
        ("give back", {"amount": "-5"}, ("Give an amount", "请填写金额")),
        ("give back", {"amount": "1e3"}, ("Give an amount", "请填写金额")),
        ("move", {"state": "delivered"}, ("It can't be moved", "现在不能改为该状态")),
    ],
)
def test_what_is_not_taken_is_said_on_the_page_and_changes_nothing(
    still: tuple[Night, dict[str, str]], name: str, given: dict[str, str], says: tuple[str, str], language: str
) -> None:
    (night, ids), (path, fields, _) = still, DEEDS[name]
    path = path.format(**ids)
    steady, browser = is_steady(night), night.browser(language=language)
    form = browser.get(path).form(path)
    page = browser.send(form, **{"reason": REASON, "sure": "yes", **fields, **given})
    assert page.status in (409, 422)
    assert says[language == "zh-CN"] in page.text
    assert 'role="alert"' in page.html
    assert is_steady(night) == steady


def test_a_page_that_went_stale_says_so_and_a_key_is_good_for_one_thing(night: Night) -> None:
    ids, browser = peopled(night), night.browser()
    path = f"/ops/orders/{ids['firm']}/cancel"
    form, stale = browser.get(path).form(path), browser.get(path).form(path)
    assert browser.send(form, reason=REASON, sure="yes").status == 200
    late = browser.send(stale, reason=REASON, sure="yes")
    assert (late.status, [form.action for form in late.forms if form.action == path]) == (409, [])
    assert browser.get(path).status == 409
    cap = "/ops/limits/cap"
    form = browser.get(cap).form(cap)
    assert browser.send(form, reason=REASON, cap="50").status == 200
    other = browser.send(form, reason=REASON, cap="60")
    assert other.status == 422
    assert night.desk.book.launch is not None
    assert night.desk.book.launch.cap == 50
    # The page that says so has a key that is not used up.
    assert browser.send(other.form(cap), reason=REASON, cap="60").status == 200


def test_a_form_from_elsewhere_or_of_another_session_does_nothing(still: tuple[Night, dict[str, str]]) -> None:
    night = still[0]
    steady, path = is_steady(night), "/ops/sales/pause"
    mine, theirs = night.browser(), night.browser(name="joan")
    form = mine.get(path).form(path)
    refused = [
        theirs.send(form, reason=REASON),
        mine.send(form, reason=REASON, headers={"sec-fetch-site": "cross-site"}),
        mine.send(form, reason=REASON, form_token=""),
    ]
    assert [page.status for page in refused] == [403, 403, 403]
    nobody = Browser(night).post(path, {"reason": REASON}, follow=False)
    assert (nobody.status, nobody.answer.headers["location"]) == (303, "/ops/sign-in?back=%2Fops")
    assert is_steady(night) == steady


def addresses(ids: dict[str, str]) -> Iterator[tuple[str, str, Any]]:
    """Each route of ours: method, an address, and the permission that it needs."""
    for handler in OPS_PAGES:
        for path in handler.paths:
            filled = path.replace("{order_id:str}", ids["firm"]).replace("{name:str}", "joan")
            for method in handler.http_methods & {"GET", "POST"}:
                yield str(method), filled.replace("{customer:str}", "ada"), handler.opt["permission"]


def test_every_route_asks_for_its_permission_before_anything_else(still: tuple[Night, dict[str, str]]) -> None:
    night, routes = still[0], list(addresses(still[1]))
    assert len(routes) > 50
    steady = is_steady(night)
    for role in Role:
        for method, path, permission in routes:
            browser = night.browser(role.value)
            answer = browser.get(path) if method == "GET" else browser.post(path, {"form_token": "none"})
            if not may(role, permission):
                assert answer.status == 403, (role, method, path)
                assert "not_allowed" in answer.html, (role, method, path)
            else:
                assert "not_allowed" not in answer.html, (role, method, path)
    assert is_steady(night) == steady


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_can_be_read_in_both_languages_and_leads_only_where_one_may_go(
    still: tuple[Night, dict[str, str]], language: str
) -> None:
    night, ids = still
    of_orders = [f"/ops/orders/{order_id}" for name, order_id in ids.items() if name != "refund"]
    for role in Role:
        led: set[str] = set()
        for path in [*PAGES, *of_orders]:
            page = night.browser(role.value, language).get(path)
            assert page.status in (200, 403), (page.path, page.text)
            assert "%(" not in page.text
            led |= {link for link in page.links if link.startswith("/ops/") and link.split("/")[2][:5] in _OURS}
        pages = {link: night.browser(role.value, language).get(link) for link in led if "csv=" not in link}
        assert [link for link, page in pages.items() if page.status == 403] == []


_OURS = {"sales", "order", "limit", "refun", "trail", "opera", "peopl"}
"""The sections that are tested here."""
