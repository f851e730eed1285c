"""A real server with its pages, and people who look at them in a real Chromium: what the browser tests share."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from drumroll.domain.launch_file import parse
from drumroll.words.catalog import words_of
from tests.browser.test_board import ARGUMENTS
from tests.web.servers import WEBHOOK_SECRET, Answer, RealServer, free_port

playwright = pytest.importorskip("playwright.sync_api", reason="the pages' browser tests need `pip install playwright`")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="the pages' browser tests need Chromium (Debian: apt install chromium)"
)

LAUNCH = Path(__file__).parents[2] / "launches" / "yu7.toml"
DAY_BEFORE = "2025-06-18T12:00:00+08:00"
"""SU7 is on sale then, YU7 is not; an SU7 that is paid then is locked when YU7 opens."""
OPENING, OPENED = "2025-06-26T22:00:00+08:00", "2025-06-26T22:01:00+08:00"
PHONE, DESK = (360, 740), (1280, 900)
PATIENCE_MS = 15_000
"""How long a test waits for what must happen; it goes on as soon as it has."""

WIDER = """() => {
  const edge = Math.max(document.documentElement.clientWidth, 1) + 0.5;
  const frame = (n) => n && (/auto|scroll/.test(getComputedStyle(n).overflowX) || frame(n.parentElement));
  const held = (n) => getComputedStyle(n).clipPath !== 'none' || frame(n.parentElement);
  const out = [...document.body.querySelectorAll('*')].filter((n) => n.getClientRects().length && !held(n)
    && n.getBoundingClientRect().right > edge);
  const page = document.documentElement.scrollWidth > window.innerWidth ? ['page'] : [];
  return out.map((n) => `${n.tagName} ${n.className} ${n.textContent.trim().slice(0, 40)}`).concat(page);
}"""
"""What is wider than the screen; a table that scrolls in a frame of its own is not."""


class PagesServer(RealServer):
    """A sandbox whose clock starts at ``clock`` and runs as the real one does, until it is moved."""

    def __init__(
        self,
        folder: Path,
        clock: str = OPENED,
        launch: str = "",
        *,
        log: str = "o.drumroll",
        port: int = 0,
        publish: bool = False,
    ) -> None:
        self.port, self.log = port or free_port(), folder / log
        self.output = folder / f"output-{self.port}"
        launch_file = folder / "launch.toml"
        launch_file.write_text(launch or LAUNCH.read_text())
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DRUMROLL_")}
        self.environment |= {"DRUMROLL_SECRET": "11" * 32, "DRUMROLL_WEBHOOK_SECRET": WEBHOOK_SECRET}
        self.environment |= {"DRUMROLL_PUBLISH": str(publish)}
        command = [sys.executable, "-m", "drumroll", "serve", str(launch_file), "--log", str(self.log)]
        command += ["--port", str(self.port), "--sandbox", "--clock", clock]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=self.environment)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def move_clock(self, to: str) -> None:
        self.told("/sandbox/clock", {"now": to})

    def told(self, path: str, body: Any, token: str = "", key: str = "") -> Any:
        """What a POST is answered with; it must be taken."""
        headers = {"content-type": "application/json"}
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        headers |= {"idempotency-key": key} if key else {}
        answer: Answer = self.ask("POST", path, headers, json.dumps(body).encode())
        assert answer.status in (200, 201), (path, answer.status, answer.body)
        return answer.json()

    def sandbox_operator(self, name: str = "grace", role: str = "admin") -> str:
        sessions = self.told("/sandbox/operators", {"operators": [name], "role": role})["sessions"]
        return str(sessions[0]["token"])

    def ordered(self, token: str, key: str, model: str, trim: str, *, paid: bool = True, **more: Any) -> str:
        """An order by the API; its number."""
        order_id = str(self.told("/v1/orders", {"model": model, "trim": trim, **more}, token, key)["id"])
        if paid:
            self.told(f"/sandbox/pay/{order_id}", {})
        return order_id

    def moved(self, operator: str, state: str, *order_ids: str) -> None:
        """Orders one step further in production."""
        moves = [{"order_id": order_id, "state": state} for order_id in order_ids]
        self.told(
            "/v1/operator/moves", {"moves": moves, "reason": "from the line"}, operator, f"{state}-{moves[0]}"[:60]
        )

    def orders_of(self, token: str) -> list[Any]:
        found: list[Any] = self.get("/v1/orders", token).json()["orders"]
        return found


class Person:
    """Somebody with a browser: one window, what it logged, and how they find their way by what they read."""

    def __init__(self, context: Any, server: PagesServer, language: str) -> None:
        self.context, self.server, self.words = context, server, words_of(language)
        self.errors: list[str] = []
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self._listened_to)
        self.page = context.new_page()

    def _listened_to(self, page: Any) -> None:
        def heard(message: Any) -> None:
            if message.type == "error" or "Content Security Policy" in message.text:
                self.errors.append(f"{page.url}: {message.text}")

        page.on("console", heard)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))

    @property
    def path(self) -> str:
        return str(self.page.url).removeprefix(self.server.url)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.locator("body").inner_text()).strip()

    @property
    def token(self) -> str:
        """Of their session, for the API."""
        return next(one["value"] for one in self.context.cookies() if one["name"] == "session")

    def go(self, path: str) -> Any:
        return self.page.goto(self.server.url + path)

    def say(self, message: str, **facts: Any) -> str:
        """A text of the pages, or of the launch file, in their language."""
        text = self.words.text(launch_of_tests(), message)
        return text if text != message else self.words.say(message, **facts)

    def money(self, minor: int) -> str:
        return self.words.money(minor, "CNY")

    def called(self, message: str, **facts: Any) -> Any:
        """The button or link whose name has these words, which are given in English."""
        said = self.say(message, **facts)
        return self.page.get_by_role("button", name=said).or_(self.page.get_by_role("link", name=said)).first

    def press(self, message: str, **facts: Any) -> None:
        self.called(message, **facts).click()

    def sees(self, text: str | re.Pattern[str], within: str = "main", **facts: Any) -> None:
        """Waits until it is there to be read; given in English."""
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(self.say(text, **facts)))
        playwright.expect(self.page.locator(within).first).to_contain_text(
            pattern, use_inner_text=True, timeout=PATIENCE_MS
        )

    def is_told(self, text: str, within: str = "main", **facts: Any) -> bool:
        """Whether the page says so now."""
        return self.say(text, **facts) in self.page.locator(within).first.inner_text()

    def arrives(self, path: str) -> None:
        """Waits until the window shows that path, whatever its query."""
        self.page.wait_for_url(re.compile(re.escape(self.server.url + path) + r"(\?.*)?(#.*)?$"))

    def signs_in(self, contact: str) -> None:
        """From the page of the sign-in, by the code of the sandbox's outbox, read in another window."""
        self.page.locator("#contact").fill(contact)
        self.page.locator("form[action='/sign-in'] button[type=submit]").click()
        self.arrives("/sign-in/code")
        outbox = self.context.new_page()
        outbox.goto(f"{self.server.url}/sandbox/outbox")
        message = outbox.locator("article", has_text=contact).first.inner_text()
        outbox.close()
        code = re.search(r"\b(\d{4}) ?(\d{4})\b", message)
        assert code is not None, message
        self.page.locator("#code").fill(code[1] + code[2])
        self.page.locator("form[action='/sign-in/code'] button[type=submit]").click()

    def is_signed_in(self, customer: str) -> None:
        """By a session of the sandbox."""
        self.is_given("session", self.server.sessions(customer)[0])

    def is_given(self, cookie: str, token: str) -> None:
        self.context.add_cookies([{"name": cookie, "value": token, "url": self.server.url}])


@cache
def launch_of_tests() -> Any:
    return parse(LAUNCH.read_text(), LAUNCH.name)


@contextmanager
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield launched
        finally:
            launched.close()


@contextmanager
def somebody(
    browser: Any,
    server: PagesServer,
    size: tuple[int, int] = DESK,
    language: str = "en",
    scheme: str = "light",
    **more: Any,
) -> Iterator[Person]:
    """A person with a window of that size; at the end nothing may have been logged as an error."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, locale=language, color_scheme=scheme, **more)
    try:
        person = Person(context, server, language)
        yield person
        assert person.errors == []
    finally:
        context.close()
