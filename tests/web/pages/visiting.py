"""Somebody with a browser, without scripts: cookies, links and forms as they stand in the pages of a ``House``."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from tests.web.house import Answer, House

HOST = "launch.test"


class Form:
    """A form in a page: where it goes, and its fields as a browser would send them untouched."""

    def __init__(self, action: str, method: str) -> None:
        self.action, self.method = action, method
        self.fields: list[tuple[str, str]] = []

    def filled(self, **given: str) -> list[tuple[str, str]]:
        """The fields with these in place of what stands there."""
        return [(name, value) for name, value in self.fields if name not in given] + list(given.items())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "form":
            self.forms.append(Form(given.get("action") or "", (given.get("method") or "get").lower()))
        elif tag == "a":
            self.links.append(given.get("href") or "")
        elif tag == "select":
            self._select = given.get("name")
        elif self.forms and tag == "option" and self._select and "selected" in given:
            self.forms[-1].fields.append((self._select, given.get("value") or ""))
        elif self.forms and tag == "input" and given.get("name") and "disabled" not in given:
            chosen = given.get("type") not in ("radio", "checkbox") or "checked" in given
            if chosen:
                self.forms[-1].fields.append((given["name"] or "", given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


class Page:
    """An answer, read as a page."""

    def __init__(self, answer: Answer, path: str) -> None:
        self.answer, self.path, self.status = answer, path, answer.status
        self.html = answer.body.decode()
        self._read = _Reader()
        self._read.feed(self.html)
        self.forms, self.links = self._read.forms, self._read.links

    @property
    def text(self) -> str:
        """All words of the page, in a row."""
        return unescape(" ".join(self._read.texts))

    def form(self, action: str) -> Form:
        """The form that goes to this address (its beginning)."""
        found = [form for form in self.forms if (form.action or self.path).startswith(action)]
        assert found, f"{self.path}: no form goes to {action}; there are {[form.action for form in self.forms]}"
        return found[0]


class Browser:
    """A person with a browser. ``headers`` are sent with every request."""

    def __init__(self, house: House, language: str = "en", **headers: str) -> None:
        self.house = house
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []
        self.headers = {"host": HOST, "accept": "text/html", "accept-language": language, **headers}

    def signed_in(self, customer: str) -> Browser:
        """With the session of a customer, as the sandbox gives it."""
        self.cookies["session"] = self.house.session(customer)
        return self

    def operating(self, name: str = "grace", role: str = "admin") -> Browser:
        """With the session of an operator, as the sandbox gives it."""
        answer = self.house.post("/sandbox/operators", {"operators": [name], "role": role})
        assert answer.status == 201, answer
        self.cookies["operator"] = answer.json()["sessions"][0]["token"]
        return self

    def get(self, path: str, *, follow: bool = True, **headers: str) -> Page:
        """Open an address, and go where it leads on."""
        return self._ask("GET", path, b"", {"sec-fetch-site": "none", **headers}, follow)

    def send(self, form: Form, *, follow: bool = True, headers: dict[str, str] | None = None, **given: str) -> Page:
        """Send a form of a page, with these fields filled in."""
        body = urlencode(form.filled(**given)).encode()
        if form.method == "get":
            return self.get(f"{form.action}?{body.decode()}")
        return self.post(form.action, body, follow=follow, headers=headers)

    def post(self, path: str, body: bytes | dict[str, str], *, follow: bool = True, headers: Any = None) -> Page:
        """Send a form to an address."""
        content = urlencode(body).encode() if isinstance(body, dict) else body
        own = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        return self._ask("POST", path, content, {**own, **(headers or {})}, follow)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str], follow: bool) -> Page:
        sent = {**self.headers, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.house.call(method, path, [(name, value) for name, value in sent.items() if value], body)
        self._keep(answer)
        if follow and answer.status in (302, 303):
            onward = urlsplit(urljoin(f"http://{HOST}{path}", answer.headers["location"]))
            assert onward.netloc == HOST, f"{path} leads away, to {answer.headers['location']}"
            return self.get(onward.path + (f"?{onward.query}" if onward.query else ""))
        return Page(answer, path)

    def _keep(self, answer: Answer) -> None:
        for line in answer.all("set-cookie"):
            self.set_cookies.append(line)
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            if "max-age=0" in line.lower().replace(" ", "") or not value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
