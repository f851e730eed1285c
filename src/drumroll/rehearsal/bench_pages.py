"""How fast pages are, how heavy, and what the viewers of the live board cost the intake.

Pages are measured with the server on one core and the client on another, where there are two. For the intake, rounds
without viewers and with them alternate on one server, each against the constant answer of its own round (without
viewers): the median of the ratios counts.
"""

from __future__ import annotations

import gzip
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from statistics import median
from typing import Any, Self
from urllib.parse import urljoin

import brotli
import msgspec

from drumroll.errors import DrumrollError
from drumroll.rehearsal.bench import Round, Target, customers, orders, play
from drumroll.rehearsal.bench_viewers import Seen

PAGE_CONNECTIONS = 64
REST_S = 1.0
"""Between what prepares a measurement and the measurement: what came before must not be counted to it."""

LOOKS_S = 5.0
"""How long the viewers are counted without any load, to see that each gets an event a second."""

_AS_A_BROWSER = {"accept-encoding": "gzip, br", "accept-language": "en"}
_NEEDED_LINKS = {"stylesheet", "icon", "modulepreload", "preload", "manifest"}
_IN_SCRIPT = re.compile(r"""(?:^|[;\s])(?:import|from)\s*["'](\.{0,2}/[^"']+)["']""")
_IN_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
_FILES_LIMIT = 200
Progress = Callable[[], None]


class Page(msgspec.Struct, frozen=True):
    """A page as a browser gets it: where it is, its ETag (``""``: none that works), and the bytes of all it needs."""

    path: str
    etag: str
    files: dict[str, int]

    @property
    def kilobytes(self) -> float:
        """What is transferred, in kB (1,000 bytes)."""
        return sum(self.files.values()) / 1000


class Viewers:
    """The crowd, in its own process."""

    def __init__(self, target: Target, count: int) -> None:
        command = [sys.executable, "-m", "drumroll.rehearsal.bench_viewers", target.host, str(target.port), str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def say(self, word: str) -> Seen:
        """``open``, ``count`` or ``close``; what the viewers saw since the last word. Raises ``DrumrollError``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise DrumrollError("the viewers of the board gave up; what they said is above")
        return msgspec.json.decode(line, type=Seen)


def page_of(host: str, port: int, path: str = "/") -> Page:
    """The page at ``path``, following redirects, with all that it needs. Raises ``DrumrollError``."""
    path, answer, body = _followed(host, port, path)
    files = {path: len(body)}
    waiting = _needs(path, answer, body)
    while waiting:
        one = waiting.pop()
        if one not in files:
            _, found, content = _followed(host, port, one)
            files[one] = len(content)
            waiting += _needs(one, found, content)
        if len(files) > _FILES_LIMIT:
            raise DrumrollError(f"{path} needs more than {_FILES_LIMIT} files")
    return Page(path, _etag_that_works(host, port, path, answer.getheader("etag") or ""), files)


def _etag_that_works(host: str, port: int, path: str, etag: str) -> str:
    """The ETag, if the server answers 304 to who has it."""
    status, _, _ = _got(host, port, path, {"if-none-match": etag})
    return etag if status == 304 else ""


def pages(target: Target, page: Page, rounds: int, requests: int) -> tuple[list[Round], list[Round]]:
    """GET of the page, whole and as 304 (none, if it never is one), alternating, after one round to warm up."""
    looking = msgspec.structs.replace(target, connections=PAGE_CONNECTIONS)
    whole: list[Round] = []
    unchanged: list[Round] = []
    with _a_core_each(target.pid):
        for number in range(rounds + 1):
            got, _ = play(looking, [_get(page.path)] * requests, 200)
            if number:
                whole.append(got)
            if page.etag:
                known, _ = play(looking, [_get(page.path, page.etag)] * requests, 304)
                unchanged += [known] if number else []
    return whole, unchanged


def intake(
    target: Target, viewers: Viewers, rounds: int, orders_a_round: int, progress: Progress
) -> tuple[dict[str, list[Round]], list[Seen]]:
    """Rounds of ceiling, intake without viewers and intake with them, in turn; and what the viewers saw meanwhile."""
    results: dict[str, list[Round]] = {"ceiling": [], "without": [], "with": []}
    seen: list[Seen] = []
    for number in range(rounds + 1):  # the first warms up
        found: dict[str, Round] = {}
        who = customers(target, f"bench-{secrets.token_hex(4)}", orders_a_round)
        found["ceiling"], _ = play(target, orders(target, "/bench/ceiling", who), 201)
        for name in ("without", "with") if number % 2 else ("with", "without"):
            who = customers(target, f"bench-{secrets.token_hex(4)}", orders_a_round)
            wanted = orders(target, "/v1/orders", who)
            if name == "with":
                viewers.say("open")
            time.sleep(REST_S)
            viewers.say("count")
            found[name], _ = play(target, wanted, 201)
            saw = viewers.say("close" if name == "with" else "count")
            seen += [saw] if number and name == "with" else []
        if number:
            for name, done in found.items():
                results[name].append(done)
        progress()
    return results, seen


def figures(results: dict[str, list[Round]]) -> dict[str, Any]:
    """The intake against the constant answer without viewers: medians of what each round gives."""
    ceiling = results["ceiling"]
    ratios = {
        name: median(b.rps / a.rps for a, b in zip(ceiling, results[name], strict=True)) for name in ("with", "without")
    }
    both = list(zip(results["with"], results["without"], strict=True))
    return {
        "intake_ratio_without": round(ratios["without"], 3),
        "intake_ratio_with_viewers": round(ratios["with"], 3),
        "intake_kept": round(median(a.rps / b.rps for a, b in both), 3),
        "intake_kept_of_server_cpu": round(median(b.server_us / a.server_us for a, b in both), 3),
        "p99_ms_without": _p99_ms(results["without"]),
        "p99_ms_with_viewers": _p99_ms(results["with"]),
    }


def _p99_ms(rounds: list[Round]) -> float:
    latencies = sorted(latency for done in rounds for latency in done.latencies_s)
    return round(latencies[int(len(latencies) * 0.99)] * 1e3, 2)


def _get(path: str, etag: str = "") -> bytes:
    fields = {"host": "x", **_AS_A_BROWSER, **({"if-none-match": etag} if etag else {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()


def _followed(host: str, port: int, path: str) -> tuple[str, HTTPResponse, bytes]:
    """The answer at ``path``, or at where it sends one, with its body as it was transferred."""
    for _ in range(5):
        status, answer, body = _got(host, port, path)
        if status == 200:
            return path, answer, body
        where = answer.getheader("location")
        if where is None or status >= 400:
            break
        path = urljoin(path, where)
    raise DrumrollError(f"GET {path} answered {status}")


def _got(host: str, port: int, path: str, also: dict[str, str] | None = None) -> tuple[int, HTTPResponse, bytes]:
    connection = HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", path, headers=_AS_A_BROWSER | (also or {}))
        answer = connection.getresponse()
        return answer.status, answer, answer.read()
    finally:
        connection.close()


class _Needs(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "link" and _NEEDED_LINKS & set(given.get("rel", "").split()):
            self.found.append(given.get("href", ""))
        elif tag in ("script", "img", "source", "iframe"):
            self.found.append(given.get("src", ""))


def _needs(path: str, answer: HTTPResponse, body: bytes) -> list[str]:
    """The files of this host that a page, a script or a style sheet asks for."""
    text = _plain(answer.getheader("content-encoding") or "", body).decode(errors="replace")
    kind = answer.headers.get_content_type()
    found: list[str] = []
    if kind == "text/html":
        parser = _Needs()
        parser.feed(text)
        found = parser.found
    elif "javascript" in kind:
        found = _IN_SCRIPT.findall(text)
    elif kind == "text/css":
        found = _IN_STYLE.findall(text)
    return [urljoin(path, one) for one in found if one and not one.startswith(("data:", "http:", "https:", "#"))]


def _plain(encoding: str, body: bytes) -> bytes:
    if encoding == "br":
        return bytes(brotli.decompress(body))
    if encoding == "gzip":
        return gzip.decompress(body)
    return body


@contextmanager
def _a_core_each(server_pid: int) -> Iterator[None]:
    """The server and all its threads on one core, this process on another; with one core only, as it is."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        _pin(server_pid, {cores[0]})
        _pin(os.getpid(), {cores[1]})
    try:
        yield
    finally:
        _pin(server_pid, set(cores))
        _pin(os.getpid(), set(cores))


def _pin(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)
