"""Every page by axe and by keyboard, in both languages, light and dark, on a phone and on a desk; nothing is cut off.

Needs ``playwright`` and ``axe-playwright-python`` (not their browsers) and a Chromium of the system; skipped without.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages_life import Life, a_life, a_waiting_room, enter
from tests.browser.pages_server import DESK, OPENING, PHONE, WIDER, Person, chromium, needs_chromium, somebody

pytestmark = [pytest.mark.slow, needs_chromium]

SERIOUS = ("serious", "critical")
LOOKS = {"en": ((DESK, "light"), (PHONE, "dark")), "zh-CN": ((PHONE, "light"), (DESK, "dark"))}
"""Any two of language, size and colours meet in one of these."""
RUN_AXE = (
    "(options) => axe.run(document, { resultTypes: ['violations'], ...options }).then((found) => found.violations)"
)
OF_LOOKS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "scrollable-region-focusable", "link-in-text-block"]}
}
CALM = {"reduced_motion": "reduce"}
"""Colours change at once, so that none is looked at half-way."""
FOCUSED = """() => {
  const node = document.activeElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
  const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const what = [node.tagName, node.name || node.id || node.textContent.trim()].join(' ');
  return [what, seen && box.width > 0 && box.bottom > 0 && box.top < innerHeight];
}"""
"""What has the focus, and whether one can see that."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def life(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with a_life(browser, tmp_path_factory.mktemp("life"), orders=9) as one:
        yield one


@pytest.fixture(scope="module")
def axe() -> Any:
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def findings(person: Person, axe: Any, language: str, where: str) -> list[str]:
    """What axe finds, and what is wider than the screen: all rules in one look, in the other what looks change."""
    found = []
    person.page.evaluate(axe.axe_script)
    for ((width, height), scheme), options in zip(LOOKS[language], ({}, OF_LOOKS), strict=True):
        person.page.set_viewport_size({"width": width, "height": height})
        person.page.emulate_media(color_scheme=scheme)
        found += [
            f"{where} {scheme} {width}: {one['id']}: {one['nodes'][0]['html'][:160]}"
            for one in person.page.evaluate(RUN_AXE, options)
            if one["impact"] in SERIOUS
        ]
        found += [f"{where} {width}: wider than the screen: {one}" for one in person.page.evaluate(WIDER)]
    return found


@pytest.mark.parametrize("language", sorted(LOOKS))
def test_no_page_has_a_serious_finding_or_is_cut_off(browser: Any, life: Life, axe: Any, language: str) -> None:
    found = []
    with somebody(browser, life.server, DESK, language, **CALM) as person:
        for name, path in life.pages.items():
            enter(person, life, name)
            answer = person.go(path)
            if name == "board":
                person.page.wait_for_selector("main:not([aria-busy])")
            assert person.page.locator("html").get_attribute("lang") == language
            assert answer.status == (404 if name == "error" else 200), name
            found += findings(person, axe, language, name)
            if name == "sign-in":
                person.page.locator("#contact").fill(f"axe-{language}@example.com".lower())
                person.page.locator("#contact").press("Enter")
                person.arrives("/sign-in/code")
                found += findings(person, axe, language, "code")
        person.errors[:] = [error for error in person.errors if "status of 404" not in error]
    assert found == []


DEEDS = (
    "/ops/sales/pause?model=yu7",
    "/ops/sales/close",
    "/ops/limits/cap",
    "/ops/limits/window?window=su7-to-yu7",
    "/ops/plan/capacity?resource=pack-max",
    "/ops/operators/add",
    "/ops/webhooks/add",
    "/ops/people",
)


def test_no_form_of_operators_has_a_serious_finding(browser: Any, life: Life, axe: Any) -> None:
    found = []
    with somebody(browser, life.server, DESK, **CALM) as person:
        enter(person, life)
        person.go(life.pages["ops-order"])
        links = person.page.locator("main a.button").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
        for path in (*DEEDS, *links):
            assert person.go(path).status == 200, path
            found += findings(person, axe, "en", path)
        assert links
    assert found == []


def test_the_waiting_room_before_and_after_the_draw(browser: Any, axe: Any, tmp_path: Path) -> None:
    with a_waiting_room(tmp_path, 60) as (server, token), somebody(browser, server, DESK, "zh-CN", **CALM) as person:
        person.go("/room")
        found = findings(person, axe, "zh-CN", "nobody's")
        person.is_given("session", token)
        person.go("/room")
        found += findings(person, axe, "zh-CN", "before the draw")
        server.move_clock(OPENING)
        person.go("/room")
        found += findings(person, axe, "zh-CN", "in line")
    assert found == []


def tabbed(person: Person, until: str, most: int = 60) -> list[str]:
    """What Tab leads to one after the other, until that has the focus; each must be seen to have it."""
    walked = []
    for _ in range(most):
        person.page.keyboard.press("Tab")
        what, is_seen = person.page.evaluate(FOCUSED)
        assert is_seen, f"the focus is on {what}, which does not show it"
        walked.append(what)
        if until in what:
            return walked
    raise AssertionError(f"{until} is not reached by the keyboard: {walked}")


def test_an_order_is_made_with_the_keyboard_alone(browser: Any, life: Life) -> None:
    with somebody(browser, life.server, DESK) as person:
        person.is_signed_in("keys")
        person.go("/configure/yu7?trim=standard")
        walked = tabbed(person, "A Skip to the content")
        assert len(walked) == 1, "the skip link comes first"
        person.page.keyboard.press("Enter")
        assert person.page.evaluate("() => document.activeElement.id") == "main"
        tabbed(person, "INPUT trim")
        person.page.keyboard.press("ArrowDown")
        person.sees("CN¥279,900", within="#quote")
        walked = tabbed(person, "BUTTON Continue to the order")
        assert next(what for what in walked if what.startswith(("INPUT", "SELECT"))) == "INPUT o-exterior"
        person.page.keyboard.press("Enter")
        person.arrives("/order")
        tabbed(person, "BUTTON Order now, pay the deposit next")
        person.page.keyboard.press("Enter")
        person.sees("Deposit to be paid")
        tabbed(person, "A Pay CN¥5,000")
        person.page.keyboard.press("Enter")
        person.sees("Sandbox payment")
        tabbed(person, "BUTTON Pay CN¥5,000")
        person.page.keyboard.press("Enter")
        person.sees("The deposit arrived: the order is firm.")


def test_operators_act_with_the_keyboard_alone(browser: Any, life: Life) -> None:
    with somebody(browser, life.server, DESK, scheme="dark") as person:
        enter(person, life)
        person.go("/ops")
        tabbed(person, "A Pause SU7")
        person.page.keyboard.press("Enter")
        person.arrives("/ops/sales/pause")
        tabbed(person, "INPUT reason")
        person.page.keyboard.type("a test of the keyboard")
        tabbed(person, "BUTTON Pause")
        person.page.keyboard.press("Enter")
        person.arrives("/ops")
        tabbed(person, "A Resume SU7")
        person.page.keyboard.press("Enter")
        person.arrives("/ops/sales/resume")
        tabbed(person, "INPUT reason")
        person.page.keyboard.type("it was a test")
        person.page.keyboard.press("Enter")
        person.arrives("/ops")
