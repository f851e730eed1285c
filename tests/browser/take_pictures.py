"""Pictures of every page for docs/pages.md: ``python -m tests.browser.take_pictures docs/pages [NAME ...]``."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.pages_life import (
    CONTACT,
    Life,
    a_life,
    a_waiting_room,
    enter,
    given_operators,
    worked_out,
)
from tests.browser.pages_server import DESK, OPENING, PHONE, PagesServer, Person, chromium, somebody

CUT_AT = 1_800
COLOURS = 96
ORDERS, PEOPLE = 150, 240
SIZES = {"phone": PHONE, "desk": DESK}
LANGUAGES = {"en": "en", "zh": "zh-CN"}


def main(folder: Path, only: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, tempfile.TemporaryDirectory() as scratch:
        if only != {"room"}:
            with a_life(browser, Path(scratch), ORDERS) as life:
                if not only or any(name.startswith("ops-") for name in only):
                    given_operators(life.server)
                    _worked_out(browser, life)
                _each(browser, life, folder, only)
        if not only or "room" in only:
            with tempfile.TemporaryDirectory() as other, a_waiting_room(Path(other), PEOPLE) as (server, token):
                server.move_clock(OPENING)
                _room(browser, server, token, folder)


def _worked_out(browser: Any, life: Life) -> None:
    with somebody(browser, life.server) as person:
        enter(person, life)
        worked_out(person)


def _each(browser: Any, life: Life, folder: Path, only: set[str]) -> None:
    for ending, person in _people(browser, life.server):
        for name, path in life.pages.items():
            if only and name not in only:
                continue
            enter(person, life, name)
            person.go(path)
            _taken(person, folder / f"{name}-{ending}.png")
            if name == "sign-in":
                person.page.locator("#contact").fill(CONTACT.replace("lan", f"mei-{ending}"))
                person.page.locator("form[action='/sign-in'] button[type=submit]").click()
                person.arrives("/sign-in/code")
                _taken(person, folder / f"code-{ending}.png")


def _room(browser: Any, server: PagesServer, token: str, folder: Path) -> None:
    for ending, person in _people(browser, server):
        person.is_given("session", token)
        person.go("/room")
        _taken(person, folder / f"room-{ending}.png")


def _people(browser: Any, server: PagesServer) -> Iterator[tuple[str, Person]]:
    for ending, size, language in _kinds():
        with somebody(browser, server, size, language, reduced_motion="reduce") as person:
            yield ending, person
            person.errors.clear()


def _kinds() -> Iterator[tuple[str, tuple[int, int], str]]:
    for short, language in LANGUAGES.items():
        for name, size in SIZES.items():
            yield f"{short}-{name}", size, language


def _taken(person: Person, path: Path) -> None:
    """The page from its top, cut where it becomes long; in few colours, so that it is small."""
    page = person.page
    page.wait_for_function("() => [...document.images].every((one) => one.complete || one.loading === 'lazy')")
    if path.name.startswith("board"):
        page.wait_for_selector("main:not([aria-busy])")
    size = page.viewport_size
    height = min(CUT_AT, int(page.evaluate("() => document.documentElement.scrollHeight")))
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    page.set_viewport_size(size)
    picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
