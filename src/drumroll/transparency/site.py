"""A published log behind a URL. Connections are kept, and answers bounded in size and time."""

from __future__ import annotations

import socket
import ssl
import time
import weakref
import zlib
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import NoReturn
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi

from drumroll import __version__
from drumroll.errors import PublishedInvalid
from drumroll.proof.note import NOTE_BYTES_MOST
from drumroll.transparency.published import NotThere, Published

THREADS = 8
TIMEOUT_S = 20
"""For a connection, and for each piece of an answer."""

WHOLE_S = 120
"""For a whole answer, its headers too."""

TRIES = 3
PAUSE_S = 0.5
"""Between two tries; then twice that."""

REDIRECTS_MOST = 3
BUSY = frozenset((429, 500, 502, 503, 504))
_MOVED = frozenset((301, 302, 303, 307, 308))
_HEADERS = {"accept-encoding": "gzip, identity", "user-agent": f"drumroll/{__version__}"}


Idle = dict[tuple[str, str], list[HTTPConnection]]
"""Connections that wait to be used again, by scheme and host."""


class _Busy(Exception):
    """The server can't answer just now."""


class Site(Published):
    """A published log behind a URL prefix."""

    threads = THREADS

    def __init__(self, url: str) -> None:
        parts = _split(url)
        if parts.query or parts.fragment:
            raise PublishedInvalid(
                f"found {url!r}; allowed: the address under which the log's files lie, without ? and #"
            )
        self.where = url.rstrip("/")
        self._idle: Idle = {}
        weakref.finalize(self, _close_all, self._idle)

    def read(self, path: str, most: int = NOTE_BYTES_MOST) -> bytes:
        """A file of it."""
        url = f"{self.where}/{path}"
        why = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(PAUSE_S * attempt)
            try:
                return self._followed(url, most)
            except _Busy as error:
                why = str(error)
            except (OSError, HTTPException) as error:
                why = str(error) or type(error).__name__
        raise PublishedInvalid(f"{url} can't be fetched: {why}. Try again later, or from another network")

    def _followed(self, url: str, most: int) -> bytes:
        """The answer of a URL, or of the one to which it sends on: of the same scheme only."""
        for _ in range(REDIRECTS_MOST + 1):
            parts = _split(url)
            found = self._asked(parts, most)
            if isinstance(found, bytes):
                return found
            on = urljoin(url, found.location)
            if _split(on).scheme != parts.scheme:
                raise PublishedInvalid(f"{url} sends on to {on[:200]}: another scheme, which is not followed")
            url = on
        raise PublishedInvalid(f"{url} sends on more than {REDIRECTS_MOST} times. Use the address where the log is")

    def _asked(self, parts: SplitResult, most: int) -> bytes | _Elsewhere:
        """The body of a URL, or where that is. Only a connection on which all went well is kept."""
        connection = self._connection(parts)
        alarm, until = None, time.monotonic() + WHOLE_S
        try:
            if connection.sock is None:
                connection.connect()
            # A time-out of a socket is for each piece: headers that come a byte at a time would never meet it.
            alarm = Timer(WHOLE_S, _cut, (connection.sock,))
            alarm.daemon = True
            alarm.start()
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=_HEADERS)
            answer = connection.getresponse()
            if answer.status in _MOVED:
                connection.close()
                return _Elsewhere(answer.headers.get("location", ""))
            data = _body(answer, parts.geturl(), most)
            if time.monotonic() >= until:  # what was cut off looks like an answer that ended
                _too_slow(parts.geturl())
        except BaseException:
            connection.close()
            # Others that waited as long may have been closed by the server, too: the next try is to be a new one.
            self._idle.pop((parts.scheme, parts.netloc), None)
            raise
        finally:
            if alarm is not None:
                alarm.cancel()
        self._idle.setdefault((parts.scheme, parts.netloc), []).append(connection)
        return data

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        """A connection that waits, or a new one."""
        try:
            return self._idle[parts.scheme, parts.netloc].pop()
        except (KeyError, IndexError):
            return _connected(parts)


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class _Elsewhere:
    """What was asked for is at another address."""

    def __init__(self, location: str) -> None:
        self.location = location


def _close_all(idle: Idle) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()


def _body(answer: HTTPResponse, url: str, most: int) -> bytes:
    """The body of an answer that is one. Of others nothing is read."""
    if answer.status != 200:
        _refuse(answer, url)
    return _plain(_bounded(answer, url, most), answer.headers.get("content-encoding", "identity").lower(), url, most)


def _refuse(answer: HTTPResponse, url: str) -> NoReturn:
    """What an answer that is not 200 means."""
    if answer.status in BUSY:
        raise _Busy(f"it answers {answer.status} {answer.reason}")
    if answer.status in {404, 410}:
        raise NotThere(f"{url} is not there ({answer.status}). Is this the address of the log?")
    raise PublishedInvalid(f"{url} answers {answer.status} {answer.reason}; allowed: 200")


def _connected(parts: SplitResult) -> HTTPConnection:
    assert parts.hostname is not None
    if parts.scheme == "http":
        return HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_S, context=context)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        fits = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
    except ValueError:
        fits = False
    if not fits or not url.isascii() or any(sign <= " " for sign in url):
        raise PublishedInvalid(
            f"found the address {url[:200]!r}; allowed: http:// or https://, such as https://example.com/log"
        )
    return parts


def _bounded(answer: HTTPResponse, url: str, most: int) -> bytes:
    """All of an answer, as it came."""
    pieces, size, until = [], 0, time.monotonic() + WHOLE_S
    while piece := answer.read1(1 << 16):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            _too_large(url, most)
        if time.monotonic() > until:
            _too_slow(url)
    if answer.length:
        raise HTTPException(f"the answer ended {answer.length:,} bytes early")
    answer.close()  # All of it was read: its connection may be used again.
    return b"".join(pieces)


def _plain(data: bytes, encoding: str, url: str, most: int) -> bytes:
    """The data as it was before it was compressed."""
    if encoding in {"identity", ""}:
        return data
    if encoding not in {"gzip", "x-gzip"}:
        raise PublishedInvalid(f"{url} comes as {encoding[:40]!r}; allowed: gzip, or as it is")
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(data, most + 1)
    except zlib.error as error:
        raise PublishedInvalid(f"{url} can't be unpacked: {error}. Get it anew") from error
    if len(plain) > most:
        _too_large(url, most)
    if not unpacking.eof:
        raise PublishedInvalid(f"{url} is cut: its gzip does not end. Get it anew")
    return plain


def _too_slow(url: str) -> NoReturn:
    raise PublishedInvalid(f"{url} takes more than {WHOLE_S} seconds. Try again later, or from another network")


def _too_large(url: str, most: int) -> NoReturn:
    raise PublishedInvalid(f"{url} has more than the {most:,} bytes that are allowed")
