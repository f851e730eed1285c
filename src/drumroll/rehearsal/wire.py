"""An HTTP/1.1 client that costs the rehearsal about ten microseconds of its own CPU for a request and its answer.

Raw non-blocking sockets with keep-alive on one epoll, one request at a time on each, requests encoded by the caller.
It understands what drumroll's server sends (answers with a content-length) and nothing more.
A request that gets no whole answer comes back with status 0: whether it was done is not known, so the caller asks again
with the same key. For the same reason nothing is ever sent twice in here.
"""

from __future__ import annotations

import errno
import select
import socket
from time import perf_counter
from typing import Any

LOST = 0
"""The status of a request whose answer never came: refused, closed, reset or timed out."""

_READ_BYTES = 4_096
_LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
_AGAIN_AFTER_S = 0.02
_SWEEP_EVERY_S = 0.25
_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "

Answer = tuple[Any, int, bytes]
"""What ``Wire.poll`` gives: the context of the request, the HTTP status (or ``LOST``), the answer as it came."""


class _Line:
    """One connection and the request that it waits for."""

    __slots__ = ("buffer", "busy", "context", "fd", "open", "recv", "rest", "send", "sent_at", "sock", "timed")

    def __init__(self, sock: socket.socket, now: float) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.send = sock.send
        self.recv = sock.recv
        self.open = False
        self.busy = False
        self.timed = False
        self.context: Any = None
        self.buffer = b""
        self.rest = b""
        self.sent_at = now


class Wire:
    """A bundle of keep-alive connections to one server.

    Send while ``free`` is above 0, then ``poll``. ``latencies_s`` holds, for one request in ``sample_every``, the
    seconds from sending to the whole answer; ``lost`` counts requests that came back with status 0.
    """

    def __init__(
        self, host: str, port: int, connections: int, *, timeout_s: float = 10.0, sample_every: int = 16
    ) -> None:
        self.latencies_s: list[float] = []
        self.lost = 0
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._sample_every = sample_every
        self._until_sample = 1
        self._epoll = select.epoll()
        self._lines: dict[int, _Line] = {}
        self._idle: list[_Line] = []
        self._late: list[Answer] = []
        self._missing = connections
        self._down = False
        self._now = perf_counter()
        self._sweep_at = self._now + _SWEEP_EVERY_S
        self._connect_at = self._now
        self._connect_missing()

    @property
    def free(self) -> int:
        """How many requests can be sent now."""
        return len(self._idle)

    @property
    def now_s(self) -> float:
        """When answers were last looked for, on the clock of ``perf_counter``."""
        return self._now

    def send(self, request: bytes, context: Any) -> None:
        """Send one encoded request on a free connection. ``context`` comes back with its answer."""
        line = self._idle.pop()
        line.context = context
        line.busy = True
        line.sent_at = self._now
        self._until_sample -= 1
        if not self._until_sample:
            self._until_sample = self._sample_every
            line.timed = True
            line.sent_at = perf_counter()
        try:
            sent = line.send(request)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(line, self._late)
            return
        if sent != len(request):
            line.rest = request[sent:]
            self._epoll.modify(line.fd, select.EPOLLIN | select.EPOLLOUT)

    def poll(self, timeout_s: float) -> list[Answer]:
        """Wait ``timeout_s`` at most (0: only look) and return the answers that are whole, in the order they came."""
        answers, self._late = self._late, []
        if answers:
            timeout_s = 0
        elif self._missing:
            timeout_s = min(timeout_s, _AGAIN_AFTER_S)
        lines = self._lines
        ready = self._epoll.poll(timeout_s, 1024)
        now = self._now = perf_counter()
        for fd, event in ready:
            line = lines[fd]
            if event == select.EPOLLIN or self._made_ready(line, event, answers):
                self._read(line, answers)
        if now >= self._sweep_at:
            self._sweep(answers)
        if self._missing and now >= self._connect_at:
            self._connect_missing()
        return answers

    def close(self) -> None:
        """Close every connection; what is in flight is forgotten."""
        for line in list(self._lines.values()):
            line.sock.close()
        self._lines.clear()
        self._idle.clear()
        self._epoll.close()

    def _read(self, line: _Line, answers: list[Answer]) -> None:
        try:
            data = line.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or not line.busy:
            self._drop(line, answers)
            return
        if line.buffer:
            data = line.buffer + data
        try:
            status = int(data[9:12]) if _whole(data) else LOST
        except ValueError:  # no HTTP at all
            self._drop(line, answers)
            return
        if status == LOST:
            self._keep(line, data, answers)
            return
        if line.timed:
            line.timed = False
            self.latencies_s.append(self._now - line.sent_at)
        line.buffer = b""
        line.busy = False
        self._idle.append(line)
        answers.append((line.context, status, data))

    def _made_ready(self, line: _Line, event: int, answers: list[Answer]) -> bool:
        """Finish connecting or sending; say whether there is something to read."""
        if not line.open:
            self._opened(line, answers)
            return False
        if event & select.EPOLLOUT and line.rest:
            self._send_rest(line, answers)
        return bool(event & ~select.EPOLLOUT) and line.fd in self._lines

    def _opened(self, line: _Line, answers: list[Answer]) -> None:
        failed = line.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        # With nobody listening, a socket may connect to itself on loopback; that would take the server's port.
        if failed or line.sock.getsockname() == line.sock.getpeername():
            self._down = True
            self._drop(line, answers)
            return
        self._down = False
        line.open = True
        self._epoll.modify(line.fd, select.EPOLLIN)
        self._idle.append(line)

    def _send_rest(self, line: _Line, answers: list[Answer]) -> None:
        try:
            line.rest = line.rest[line.send(line.rest) :]
        except BlockingIOError:
            return
        except OSError:
            self._drop(line, answers)
            return
        if not line.rest:
            self._epoll.modify(line.fd, select.EPOLLIN)

    def _keep(self, line: _Line, data: bytes, answers: list[Answer]) -> None:
        if len(data) > _LARGEST_ANSWER_BYTES or _unreadable(data):
            self._drop(line, answers)
        else:
            line.buffer = data

    def _drop(self, line: _Line, answers: list[Answer]) -> None:
        """Give up a connection; its request comes back as lost, and a new connection takes its place."""
        if self._lines.pop(line.fd, None) is None:
            return
        if line.busy:
            self.lost += 1
            answers.append((line.context, LOST, line.buffer))
        elif line.open:
            self._idle.remove(line)
        line.sock.close()
        if not self._missing:
            self._connect_at = self._now + (_AGAIN_AFTER_S if self._down else 0.0)
        self._missing += 1

    def _sweep(self, answers: list[Answer]) -> None:
        self._sweep_at = self._now + _SWEEP_EVERY_S
        too_old = self._now - self._timeout_s
        for line in [line for line in self._lines.values() if line.sent_at < too_old and (line.busy or not line.open)]:
            self._drop(line, answers)

    def _connect_missing(self) -> None:
        """Connect what is missing; while nobody listens, one connection tries at a time, a few dozen times a second."""
        self._connect_at = self._now + _AGAIN_AFTER_S
        if self._down and any(not line.open for line in self._lines.values()):
            return
        for _ in range(1 if self._down else self._missing):
            self._connect()
            self._missing -= 1

    def _connect(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        failed = sock.connect_ex(self._address)
        if failed not in (0, errno.EINPROGRESS):
            self._down = True
            self._missing += 1
            sock.close()
            return
        line = _Line(sock, self._now)
        self._lines[line.fd] = line
        self._epoll.register(line.fd, select.EPOLLOUT)


def _whole(data: bytes) -> bool:
    """Whether the answer has come to its end."""
    head = data.find(_HEAD_ENDS)
    if head < 0:
        return False
    at = data.find(_LENGTH, 0, head)
    if at < 0:
        return _whole_in_other_case(data, head)
    at += 18
    return len(data) - head - 4 >= int(data[at : data.find(b"\r", at)])


def _whole_in_other_case(data: bytes, head: int) -> bool:
    length = header_of(data, "content-length")
    if length is None:
        return data[9:12] in (b"204", b"304")
    return length.isdigit() and len(data) - head - 4 >= int(length)


def _unreadable(data: bytes) -> bool:
    """Whether these are the beginnings of something that will never be a whole answer."""
    if not data.startswith(b"HTTP/1.1 "[: len(data)]):
        return True
    return _HEAD_ENDS in data and not (header_of(data, "content-length") or "").isdigit()


def body_of(raw: bytes) -> bytes:
    """The body of an answer."""
    return raw[raw.find(_HEAD_ENDS) + 4 :]


def header_of(raw: bytes, name: str) -> str | None:
    """The value of a header of an answer, or ``None``; the name in any case."""
    wanted = name.lower().encode()
    for line in raw[: raw.find(_HEAD_ENDS)].split(b"\r\n")[1:]:
        field, _, value = line.partition(b":")
        if field.strip().lower() == wanted:
            return value.strip().decode("latin-1")
    return None


def encoded(method: str, path: str, host: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One request as bytes, for what is not sent often enough to be formatted by hand."""
    fields = {"host": host, **headers, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
