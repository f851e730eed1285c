"""A crowd in front of the live board: a process of its own that opens so many streams, reads them, and counts.

``python -m drumroll.rehearsal.bench_viewers HOST PORT VIEWERS`` takes a word a line from its input and answers each
with a line of JSON: ``open`` opens every stream and waits for its first event, ``count`` says what came since it was
last asked, ``close`` says so too and ends all of them. In between it reads, as raw sockets on one epoll.
"""

from __future__ import annotations

import os
import resource
import select
import socket
import sys
import time
from collections.abc import Iterator

import msgspec

PATH = b"/v1/board/events"
AT_ONCE = 64
"""Connections that are being made at a time: a crowd, but none that overflows a backlog."""

OPENS_WITHIN_S = 60.0
_EVENT, _STREAM_ENDS = b"event: ", b"0\r\n\r\n"
_REQUEST = b"GET %s HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n" % PATH


class Seen(msgspec.Struct, frozen=True):
    """What the viewers got within ``seconds``: events and bytes of all, events of the viewer with the fewest."""

    viewers: int
    seconds: float
    fewest: int
    events: int
    bytes: int
    longest_silence_s: float
    cpu_s: float

    @property
    def one_a_second(self) -> bool:
        """Whether nobody missed an event: as many as there were whole seconds, less one at each end."""
        return self.fewest >= int(self.seconds) - 1


class _Viewer:
    """One stream and what came of it."""

    __slots__ = ("events", "first", "last_at", "silence_s", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.first = False
        self.events = 0
        self.last_at = 0.0
        self.silence_s = 0.0


class Crowd:
    """All viewers, on one epoll."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._epoll = select.epoll()
        self._viewers: dict[int, _Viewer] = {}
        self._bytes = 0
        self._since = time.perf_counter()
        self._cpu_s = time.process_time()

    @property
    def fd(self) -> int:
        """Readable when something came."""
        return self._epoll.fileno()

    def open(self, viewers: int) -> None:
        """Open so many streams, and wait for the first event of each. Raises ``TimeoutError``."""
        until = time.perf_counter() + OPENS_WITHIN_S
        while (waiting := self._waiting()) or len(self._viewers) < viewers:
            for _ in range(min(AT_ONCE - waiting, viewers - len(self._viewers))):
                self._connect()
            self.read(0.05)
            if time.perf_counter() > until:
                raise TimeoutError(f"{self._waiting():,} of {viewers:,} viewers saw nothing in {OPENS_WITHIN_S:.0f} s")
        self.seen()

    def read(self, timeout_s: float) -> None:
        """Take what came, waiting ``timeout_s`` at most."""
        for fd, _ in self._epoll.poll(timeout_s, 512):
            self._take(self._viewers[fd])

    def seen(self) -> Seen:
        """What came since this was last asked."""
        now, cpu_s, all_of_them = time.perf_counter(), time.process_time(), self._viewers.values()
        found = Seen(
            viewers=len(self._viewers),
            seconds=now - self._since,
            fewest=min((one.events for one in all_of_them), default=0),
            events=sum(one.events for one in all_of_them),
            bytes=self._bytes,
            longest_silence_s=max((max(one.silence_s, now - one.last_at) for one in all_of_them), default=0.0),
            cpu_s=cpu_s - self._cpu_s,
        )
        for one in all_of_them:
            one.events, one.silence_s, one.last_at = 0, 0.0, max(one.last_at, self._since)
        self._bytes, self._since, self._cpu_s = 0, now, cpu_s
        return found

    def close(self) -> None:
        """Go away."""
        for one in self._viewers.values():
            one.sock.close()
        self._viewers.clear()

    def _waiting(self) -> int:
        return sum(not one.first for one in self._viewers.values())

    def _connect(self) -> None:
        sock = socket.create_connection(self._address, timeout=OPENS_WITHIN_S)
        sock.setblocking(False)
        sock.send(_REQUEST)
        self._viewers[sock.fileno()] = _Viewer(sock)
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def _take(self, one: _Viewer) -> None:
        try:
            data = one.sock.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise ConnectionError("the server closed the connection of a viewer")
        self._bytes += len(data)
        events = data.count(_EVENT)
        if events:
            now = time.perf_counter()
            if one.first:
                one.silence_s = max(one.silence_s, now - one.last_at)
            one.first, one.last_at = True, now
            one.events += events
        if data.endswith(_STREAM_ENDS):  # a stream lives for some minutes: then its viewer asks for the next
            one.sock.send(_REQUEST)


def _words(crowd: Crowd) -> Iterator[str]:
    """The words of the input, reading events until the next one comes."""
    asked = select.poll()
    asked.register(0, select.POLLIN)
    asked.register(crowd.fd, select.POLLIN)
    rest = b""
    while True:
        ready = {fd for fd, _ in asked.poll()}
        if crowd.fd in ready:
            crowd.read(0)
        if 0 in ready:
            got = os.read(0, 4096)
            if not got:
                return
            *lines, rest = (rest + got).split(b"\n")
            yield from (line.decode() for line in lines)


def main(host: str, port: int, viewers: int) -> None:
    """Do as the input says, until it ends."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    crowd = Crowd(host, port)
    for word in _words(crowd):
        if word == "open":
            crowd.open(viewers)
        sys.stdout.buffer.write(msgspec.json.encode(crowd.seen()) + b"\n")
        sys.stdout.buffer.flush()
        if word == "close":
            crowd.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
