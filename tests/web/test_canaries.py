"""A whole life with marks on everything that is personal or secret; then every byte that stayed is searched for them.

What somebody is reached by, how they are called, codes, passwords, what cookies carry: it may pass through the server,
and be kept encrypted. In clear it stands nowhere afterwards: in no file, no log, no metric, no message, no address.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyotp
import pytest

from tests.web.house import LAUNCH, Answer, Headers
from tests.web.pages.visiting import Browser, Page
from tests.web.servers import RealServer, answer_of
from tests.web.test_room import WAITING_ROOM

pytestmark = pytest.mark.slow

MAIL, PHONE = "kanarie.vogel-7f3a9c@post.example", "+8613900017352"
NAME, MISTYPED = "Serinus Kanaria-Quetzal", "kanarie.vogel-7f3a9c at post.example"
OPERATOR, PASSWORD, WRONG_PASSWORD = "grace", "a lemon finch sings at 4711", "an orange finch sings at 4712"
WAITING = WAITING_ROOM.replace("ticket_s = 60", "ticket_s = 600")
URLS = re.compile(r"""(?:href|action|src|content)=["']([^"']+)["']""")


class Served:
    """A real server as ``Browser`` asks it; every address that was asked for or given is noted."""

    def __init__(self, server: RealServer) -> None:
        self.server = server
        self.addresses: list[str] = []

    def call(self, method: str, path: str, headers: Headers, body: bytes = b"") -> Answer:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            lines = tuple((name.lower(), value) for name, value in response.getheaders())
            found = answer_of(response)
        finally:
            connection.close()
        self.addresses += [path, *(value for name, value in lines if name in ("location", "link", "refresh"))]
        self.addresses += URLS.findall(found.body.decode("utf-8", "replace"))
        return Answer(found.status, found.headers, found.body, lines)


class Canaries:
    """What must stand nowhere, by what it is. Each is looked for as it is, and as it would look encoded."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {
            "the e-mail address": MAIL.partition("@")[0],
            "the phone number": PHONE.lstrip("+"),
            "the name": NAME,
            "the password": PASSWORD,
            "a wrong password": WRONG_PASSWORD,
        }

    def add(self, what: str, mark: str) -> None:
        assert len(mark) >= 8, what
        self.marks[what] = mark

    def found_in(self, content: bytes) -> list[str]:
        small = content.lower()
        return [what for what, mark in self.marks.items() if any(one in small for one in _looks(mark))]


def _looks(mark: str) -> set[bytes]:
    """A mark in clear and encoded, in small letters: where in a text it begins changes what base64 makes of it."""
    raw = mark.encode()
    found = {raw, raw.hex().encode(), mark.encode("utf-16-le"), quote(mark).encode(), mark.replace(" ", "+").encode()}
    for before in range(3):
        text = b64encode(b"\0" * before + raw)
        found.add(text[(before and 4) : len(text) // 4 * 4 - 4])
    return {one.lower() for one in found if len(one) >= 8}


@contextmanager
def receiver() -> Iterator[tuple[str, list[bytes]]]:
    """Another system that webhooks tell of orders; what it was sent."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(str(self.headers).encode() + self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/orders", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def drumroll(server: RealServer, *words: str, given: str = "") -> str:
    """A command beside the server, with its secret."""
    environment = {**os.environ, "DRUMROLL_SECRET": "11" * 32}
    command = [sys.executable, "-m", "drumroll", *words, "--log", str(server.log)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def comes_in(browser: Browser, contact: str, canaries: Canaries, what: str) -> None:
    """By the code in the outbox; one wrong guess first."""
    page = browser.send(browser.get("/sign-in?back=/me").form("/sign-in"), contact=contact)
    assert page.path == "/sign-in/code", page.text
    canaries.add(f"the cookie of {what}'s sign-in", browser.cookies["challenge"])
    shown = browser.get("/sandbox/outbox").text
    (code,) = re.findall(r"\b(\d{4} \d{4})\b", shown)[:1]
    canaries.add(f"{what}'s code", code.replace(" ", ""))
    canaries.add(f"{what}'s code as it is written", code)
    guess = "8765 4321"
    assert browser.send(page.form("/sign-in/code"), code=guess).status == 403
    assert browser.send(page.form("/sign-in/code"), code=code).path == "/me"
    _note_session(browser, "session", canaries, what)


def _note_session(browser: Browser, cookie: str, canaries: Canaries, what: str) -> None:
    """All of a session's token, and the part that nobody else can make: its sid and its subject may be written down."""
    token = browser.cookies[cookie]
    canaries.add(f"{what}'s session", token)
    canaries.add(f"the MAC of {what}'s session", token.rpartition(".")[2])


def orders(browser: Browser) -> str:
    """An order from the pages, once the waiting room lets them in, paid; its id."""
    assert browser.send(browser.get("/room").form("/room")).path == "/room"
    until = time.monotonic() + 15
    page: Page | None = None
    while (page is None or not page.path.startswith("/orders/")) and time.monotonic() < until:
        time.sleep(0.3)
        page = browser.send(browser.get("/order?model=kite&trim=plain").form("/order"))
    assert page is not None
    assert page.path.startswith("/orders/"), page.text
    order_id = page.path.rpartition("/")[2]
    paid = browser.send(browser.get(f"/orders/{order_id}/pay").form(f"/orders/{order_id}/pay"))
    assert paid.status == 200, paid.text
    return order_id


def lives(served: Served, canaries: Canaries) -> str:
    """A customer: signs in, waits, orders, pays, says their name, takes their data, signs out. The order's id."""
    browser = Browser(served)  # type: ignore[arg-type]
    assert browser.send(browser.get("/sign-in").form("/sign-in"), contact=MISTYPED).status == 422
    comes_in(browser, MAIL, canaries, "the customer")
    order_id = orders(browser)
    assert NAME in browser.send(browser.get("/me").form("/me/name"), name=NAME).html
    assert MAIL in browser.get("/me/data").html
    for path in ("/orders", f"/orders/{order_id}", f"/orders/{order_id}/receipt", "/sign-in/no-such-page", "/?code=1"):
        browser.get(path)
    browser.send(browser.get("/me").form("/sign-out"))
    other = Browser(served, "zh-CN")  # type: ignore[arg-type]
    comes_in(other, PHONE, canaries, "another customer")
    return order_id


def operates(served: Served, canaries: Canaries, secret: str) -> None:
    """An operator: a wrong password, the right one, looks the customer up, looks around, signs out."""
    browser = Browser(served)  # type: ignore[arg-type]
    page = browser.get("/ops/sign-in")
    code = pyotp.TOTP(secret).now()
    form = page.form("/ops/sign-in")
    assert browser.send(form, name=OPERATOR, code=code, password=WRONG_PASSWORD).status == 403
    assert browser.send(form, name=OPERATOR, code=code, password=PASSWORD).path == "/ops"
    _note_session(browser, "operator", canaries, "the operator")
    token = browser.get("/ops").form("/ops/sign-out").filled()
    for path, field in (("/ops/orders/person", "contact"), ("/ops/people", "contact"), ("/ops/orders/person", "who")):
        browser.post(path, {**dict(token), field: MAIL})
        browser.post(path, {**dict(token), field: MISTYPED})
    for path in ("/ops/orders", "/ops/trail", "/ops/operators", "/ops/people", "/ops/webhooks", "/ops/limits"):
        assert browser.get(path).status == 200, path
    browser.post("/ops/sign-out", dict(token))


def kept_in(folder: Path) -> dict[str, bytes]:
    """Every file that there is, but for the launch file."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "launch.toml"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def waited_for(folder: Path, sent: list[bytes], order_log: str) -> None:
    """Until the order is published, and the other system was told of it."""
    until = time.monotonic() + 15
    while time.monotonic() < until:
        tiles = [path for path in (folder / f"{order_log}-proof").rglob("*") if "tile" in path.parts]
        if tiles and len(sent) >= 2:
            return
        time.sleep(0.1)
    raise AssertionError(f"published: {bool(tiles)}, messages: {len(sent)}")


def test_nothing_personal_and_no_secret_is_left_in_clear_anywhere(tmp_path: Path) -> None:
    canaries, log = Canaries(), "o.drumroll"
    with receiver() as (url, sent), RealServer(tmp_path, launch=LAUNCH + WAITING, publish=True) as server:
        served = Served(server)
        drumroll(server, "webhooks", "add", url)
        said = drumroll(server, "operator", "add", OPERATOR, "--role", "admin", "--password-stdin", given=PASSWORD)
        (secret,) = re.findall(r"\b[A-Z2-7]{32}\b", said)[:1]
        canaries.add("the secret of the operator's codes", secret)
        order_id = lives(served, canaries)
        operates(served, canaries, secret)
        waited_for(tmp_path, sent, log)
        metrics, board = server.get("/metrics").body, server.get("/v1/board").body
        while_it_runs = kept_in(tmp_path)
        assert server.end() == 0
    files = kept_in(tmp_path)
    for name in (log, f"{log}-access", f"{log}-people", f"{log}-notices", f"{log}-room", f"{log}-webhooks"):
        assert files[name], name
    assert order_id.encode() in while_it_runs[log] + while_it_runs[f"{log}-wal"], "what is in clear is found"
    assert any(name.endswith("-wal") for name in while_it_runs), "what is not in the file yet is looked at too"
    places = {f"{name} (while it runs)": content for name, content in while_it_runs.items()} | files
    places |= {"/metrics": metrics, "/v1/board": board, "webhooks": b"".join(sent)}
    places |= {"addresses": "\n".join(served.addresses).encode(), "output": server.output.read_bytes()}
    found = {name: what for name, content in places.items() if (what := canaries.found_in(content))}
    assert not found
    assert b"Traceback" not in places["output"]


@pytest.mark.parametrize("offset", range(4))
def test_a_mark_is_found_however_it_is_written(offset: int) -> None:
    canaries, before = Canaries(), b"x" * offset
    for text in (MAIL, MAIL.upper(), NAME, PASSWORD, PHONE):
        raw = before + text.encode() + b"."
        for written in (raw, raw.hex().encode(), b64encode(raw), text.encode("utf-16-le"), quote(text).encode()):
            if text != MAIL.upper() or written in (raw,):
                assert canaries.found_in(b"noise" + written + b"noise"), written
    assert not canaries.found_in(b"noise" * 1000 + MAIL[:10].encode())
