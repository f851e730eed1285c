"""How somebody comes in by the pages: what tests of signing in, of the account and of the waiting room share."""

from __future__ import annotations

from tests.web.house import House
from tests.web.pages.visiting import Browser, Page

CODE_PAGE = "/sign-in/code"


def last_code(house: House) -> str:
    """The code of the latest message, without the space in it."""
    text = house.server.web.entrance.outbox.messages[-1].text
    found: str = "".join(sign for sign in text.split("valid")[0].split("有效")[0] if sign.isdigit())[:8]
    return found


def asked(browser: Browser, contact: str, back: str = "/") -> Page:
    """The page where the code is typed."""
    return browser.send(browser.get(f"/sign-in?back={back}").form("/sign-in"), contact=contact)


def came_in(browser: Browser, contact: str, back: str = "/me") -> Page:
    """Signed in by the code; the page that they wanted."""
    page = asked(browser, contact, back)
    assert page.path == CODE_PAGE, page.text
    return browser.send(page.form(CODE_PAGE), code=last_code(browser.house))


def customer_of(browser: Browser, cookie: str = "session") -> str:
    """Whose session the browser has."""
    session = browser.house.server.web.sessions.read(browser.cookies[cookie].encode(), 0)
    assert session is not None
    found: str = session.subject
    return found
