"""A launch night for operators' pages: a server with orders in many states, and operators with browsers."""

from __future__ import annotations

from typing import Any

from tests.web.lives import Life
from tests.web.pages.visiting import Browser, Page

REASON = "the plant stands still"


class Night(Life):
    """A server, and what operators do on its pages."""

    def browser(self, role: str = "admin", language: str = "en", name: str = "") -> Browser:
        """An operator with a browser, a new one each time unless named: one alone may not ask for hundreds of pages."""
        self._operators = getattr(self, "_operators", 0) + 1
        return Browser(self, language).operating(name or f"operator-{self._operators}", role)

    def deed(self, path: str, browser: Browser | None = None, *, sure: bool = True, **given: str) -> Page:
        """Open the page of a deed, fill it in and send it; where that leads."""
        browser = browser or self.browser()
        form = browser.get(path).form(path)
        more = {"sure": "yes"} if sure else {}
        return browser.send(form, **{"reason": REASON, **more, **given})

    @property
    def trail(self) -> list[Any]:
        """What operators did, as the API says it."""
        answer = self.get("/v1/operator/trail?limit=100", self.operator())
        assert answer.status == 200, answer
        entries: list[Any] = answer.json()["entries"]
        return entries


def peopled(night: Night, *, everything: bool = True) -> dict[str, str]:
    """An order in each of many states: its id by its state. ``everything``: and a trim that is sold out."""
    found = {"reserved": night.reserved("ada"), "firm": night.firm("bob"), "locked": night.locked("cyd")}
    found["scheduled"] = night.locked("dan")
    night.moved(found["scheduled"], "scheduled")
    found["in_transit"] = night.locked("eve")
    night.moved(found["in_transit"], "scheduled", "in_production", "built", "in_transit")
    found["cancelled"] = night.firm("fay")
    assert night.act("fay", found["cancelled"], "cancel").status == 200
    found["forfeited"] = night.locked("gus")
    assert night.both_steps("gus", found["forfeited"], "cancel").status == 200
    if everything:
        night.firm("hal", trim="rare")
        night.join("ivy")
    found["refund"] = next(iter(night.desk.book.refunds_owed))
    return found
