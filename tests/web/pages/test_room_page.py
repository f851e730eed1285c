"""The waiting room's page: a place for each tab, a place without a person, a turn that is not shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from drumroll.room.draw import check, place_in, read
from tests.web.house import House
from tests.web.pages.entering import came_in, customer_of
from tests.web.pages.visiting import Browser, Page
from tests.web.test_room import Waiting


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    with Waiting(tmp_path) as house:
        yield house


def joined(house: House, customer: str) -> tuple[Browser, Page]:
    browser = Browser(house).signed_in(customer)
    return browser, browser.send(browser.get("/room").form("/room"))


def test_who_is_not_signed_in_signs_in_and_joins_with_one_place_in_all_tabs(waiting: Waiting) -> None:
    browser = Browser(waiting)
    page = browser.get("/room")
    assert "Sign in to join" in page.text
    assert page.forms == []
    assert "/sign-in?back=%2Froom" in page.links
    page = came_in(browser, "ada@example.com", back="/room")
    tab = browser.get("/room")
    first, second = browser.send(page.form("/room")), browser.send(tab.form("/room"))
    place = waiting.room.place_of(customer_of(browser), waiting.desk.clock_ms())
    assert place is not None
    assert "You are in" in first.text
    assert place.entry_id in first.html
    assert first.html == second.html == browser.get("/room").html
    assert "1 person waits for the draw" in first.text
    assert customer_of(browser) not in first.html.replace(browser.cookies["session"], "")


def test_a_form_that_is_not_of_this_session_or_of_nobody_takes_no_place(waiting: Waiting) -> None:
    browser, other = Browser(waiting).signed_in("ada"), Browser(waiting).signed_in("bob")
    token = dict(other.get("/room").form("/room").fields)["form_token"]
    own = dict(browser.get("/room").form("/room").fields)["form_token"]
    assert browser.post("/room", {"form_token": token}, follow=False).status == 403
    assert browser.post("/room", {"form_token": ""}, follow=False).status == 403
    foreign = {"sec-fetch-site": "cross-site"}
    assert browser.post("/room", {"form_token": own}, follow=False, headers=foreign).status == 403
    nobody = Browser(waiting).post("/room", {"form_token": ""}, follow=False)
    assert nobody.answer.headers["location"] == "/sign-in?back=%2Froom"
    assert waiting.room.view(waiting.desk.clock_ms()).entrants == 0


def test_from_the_draw_to_the_turn_to_its_end(waiting: Waiting) -> None:
    people = [joined(waiting, f"c{number}") for number in range(40)]
    assert "40 people wait for the draw" in people[0][0].get("/room").text
    waiting.until(3.25)
    pages = [browser.get("/room") for browser, _ in people]
    turns = [page for page in pages if "It is your turn" in page.text]
    lines = [page for page in pages if "Your turn in about" in page.text]
    assert (len(turns), len(lines)) == (10, 30)
    assert all("/#models" in page.links and "Order until 1 May 2026, 12:01:0" in page.text for page in turns)
    assert sorted(int(page.text.split("Ahead of you ")[1].split()[0]) for page in lines) == list(range(30))
    waiting.until(20)
    assert all("It is your turn" in browser.get("/room").text for browser, _ in people)
    waiting.until(65)
    browser, late = next(
        (browser, page)
        for browser, page in ((one, one.get("/room")) for one, _ in people)
        if "Your time to order is over" in page.text
    )
    again = browser.send(late.form("/room"))
    assert "Your turn in about" in again.text
    assert "Ahead of you 0" in again.text
    waiting.until(200)
    assert "Nobody has to wait any more" in browser.get("/room").text
    assert "无需再等候" in Browser(waiting, "zh-CN").get("/room").text


def test_while_sales_are_paused_the_page_says_that_nobody_loses_a_place(waiting: Waiting) -> None:
    people = [joined(waiting, f"c{number}")[0] for number in range(30)]
    waiting.until(3.25)
    turn = next(browser for browser in people if "It is your turn" in browser.get("/room").text)
    # Who is next may come in at once when sales go on.
    line = next(browser for browser in people if re.search("Ahead of you [2-9]", browser.get("/room").text))
    waiting.operate("pause")
    waiting.until(100)
    for browser in (turn, line, Browser(waiting)):
        assert "Sales are paused. Nobody loses a place by it" in browser.get("/room").text
        assert "a second come in" not in browser.get("/room").text
    assert re.search(r"you keep the (1 min|5\d s) that you have left", turn.get("/room").text)
    assert "Order until" not in turn.get("/room").text
    assert "Expected Not known until sales go on" in line.get("/room").text
    assert "Your turn in about" not in line.get("/room").text
    line.headers["accept-language"] = turn.headers["accept-language"] = "zh-CN"
    assert "名次不受影响" in line.get("/room").text
    assert re.search(r"您剩余的 (1 分钟|5\d 秒)会为您保留", turn.get("/room").text)
    waiting.operate("close")
    assert "销售已关闭" in line.get("/room").text
    line.headers["accept-language"] = "en"
    waiting.operate("open")
    waiting.operate("resume")
    assert "Your turn in about" in line.get("/room").text


def test_what_was_chosen_goes_along_into_the_line_and_back_to_the_order(waiting: Waiting) -> None:
    for number in range(30):
        joined(waiting, f"c{number}")
    waiting.until(1)
    browser, chosen = Browser(waiting).signed_in("late"), "/order?model=kite&trim=plain"
    line = browser.send(browser.get(chosen).form("/order"))
    assert "Get in line" in line.text
    assert "/sign-in?back=%2Froom%3Fto%3D%252Forder%253Fmodel" in Browser(waiting).get(line.path).html
    browser.send(line.form("/room"))
    waiting.until(20)
    turn = browser.get(line.path)
    assert "It is your turn" in turn.text
    (back,) = [link for link in turn.links if link.startswith("/order?")]
    assert back.startswith(chosen)
    assert "Reserved" in browser.send(browser.get(back).form("/order")).text
    elsewhere = Browser(waiting).signed_in("c1").get("/room?to=//evil.example/order")
    assert not [link for link in elsewhere.links if link.startswith("//")]


def test_what_the_page_shows_lets_anybody_check_the_draw(waiting: Waiting) -> None:
    browser, before = joined(waiting, "ada")
    for number in range(20):
        joined(waiting, f"c{number}")
    seal = waiting.room.commitment
    assert seal in before.text
    waiting.until(0.25)
    after = browser.get("/room")
    (address,) = [link for link in after.links if "draw" in link]
    found = read(waiting.get(address).body)
    check(found, seal)
    assert found.seed in after.text
    place = waiting.room.place_of("ada", waiting.desk.clock_ms())
    assert place is not None
    assert place_in(found, place.entry_id) == place.position
    assert f"--commitment {seal} --place {place.entry_id}" in after.text


def test_before_it_opens_the_page_says_when_and_nobody_gets_a_place(tmp_path: Path) -> None:
    with Waiting(tmp_path, "2026-05-01T11:00:00+02:00@0") as early:
        browser = Browser(early).signed_in("ada")
        page = browser.get("/room")
        assert "It opens on 1 May 2026, 11:50" in page.text
        assert [form.action for form in page.forms] == []
        token = early.server.web.pages.safety.token(browser.cookies["session"])
        browser.post("/room", {"form_token": token})
        assert early.room.view(early.desk.clock_ms()).entrants == 0


def test_a_launch_without_a_waiting_room_says_so(house: House) -> None:
    page = Browser(house).get("/room")
    assert page.status == 200
    assert "There is none for this launch" in page.text
    assert "本次发售没有等候室" in Browser(house, "zh-CN").get("/room").text


def test_a_disk_that_fails_is_told_without_why_and_the_page_comes_back(waiting: Waiting) -> None:
    browser = Browser(waiting).signed_in("ada")
    form = browser.get("/room").form("/room")
    waiting.room._store.close()
    page = browser.send(form)
    assert page.status == 503
    assert "You keep the place" in page.text
    assert "You are in" in browser.send(form).text
