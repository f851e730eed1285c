"""Asks witnesses to cosign a checkpoint (the log's side of C2SP tlog-witness).

A witness that is down, hangs or answers rubbish is passed over, so that a log never depends on one; it is left alone
for a while then, so that it costs a log that signs several times a second no more than one timeout a minute. What
happened is in ``Witnesses.troubles``. The grave ones say that the witness saw another history than the one here.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock, Timer
from urllib.parse import SplitResult, urlsplit

import certifi
import msgspec

from drumroll import __version__
from drumroll.errors import DrumrollError, NoteInvalid, ProofError, SettingInvalid
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint, read_number
from drumroll.proof.cosignature import TIME_BYTES, cosigned_at
from drumroll.proof.merkle import consistency_proof
from drumroll.proof.note import (
    COSIGNATURE,
    NOTE_BYTES_MOST,
    Note,
    Signature,
    VerifierKey,
    note_bytes,
    parse_note,
    to_base64,
)
from drumroll.proof.tiles import TileNodes

TIMEOUT_S = 2.0
"""For each question, from the connection to the last byte of the answer."""

AHEAD_S = 60
"""How far a witness's clock may be ahead of ours: a time to come says nothing of what was there by then."""

REST_MOST_S = 60.0
"""A witness that failed is not asked for 1 s, then 2, 4, ... up to this."""

WITNESSES_MOST = 16
Nodes = Callable[[int], TileNodes]
Post = Callable[[SplitResult, bytes, float], "Reply"]


class Trouble(msgspec.Struct, frozen=True):
    """Why there is no cosignature of a witness. ``grave``: it saw another history; tell people.

    ``rests``: it was not asked now, because of what was told before.
    """

    witness: str
    what: str
    grave: bool = False
    rests: bool = False

    def __str__(self) -> str:
        return f"{self.witness}: {self.what}"


class Reply(msgspec.Struct, frozen=True):
    """What a server answered."""

    status: int
    body: bytes


class _Failed(Exception):
    def __init__(self, what: str, *, grave: bool = False) -> None:
        super().__init__(what)
        self.grave = grave


class Witnesses:
    """The witnesses at these URLs (their submission prefixes), each with its key. ``troubles`` are of the last ``ask``.

    Raises ``SettingInvalid`` for an address or a key that can't be a witness's.
    """

    def __init__(
        self,
        urls: Sequence[tuple[str, VerifierKey]],
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.time,
        rest_most_s: float = REST_MOST_S,
    ) -> None:
        if len(urls) > WITNESSES_MOST:
            raise SettingInvalid(f"found {len(urls)} witnesses, allowed: {WITNESSES_MOST}")
        self.troubles: list[Trouble] = []
        self._each = [_Witness(url, key, timeout_s, clock, rest_most_s) for url, key in urls]

    def ask(self, note: Note, nodes: Nodes) -> list[Signature]:
        """The cosignatures of a signed checkpoint, of those who gave one. ``nodes`` has the tree of a size.

        All are asked at once, so this takes two timeouts at most. Never raises for what a witness does.
        """
        if not self._each:
            return []
        question = _Question(note, nodes)
        with ThreadPoolExecutor(len(self._each), thread_name_prefix="witness") as pool:
            found = list(pool.map(lambda one: one.asked(question), self._each))
        self.troubles = [one for one in found if isinstance(one, Trouble)]
        return [one for one in found if isinstance(one, Signature)]


class _Question:
    """A checkpoint to be cosigned, and the proofs that it extends earlier ones."""

    def __init__(self, note: Note, nodes: Nodes) -> None:
        self.note = note
        self.checkpoint: Checkpoint = parse_checkpoint(note.text)
        self._bytes = note_bytes(note)
        self._nodes = nodes
        self._lock = Lock()  # Whoever gives the nodes need not know that we are several.

    def body(self, old: int) -> bytes:
        """The request: old size, proof, an empty line, the checkpoint."""
        with self._lock:
            size = self.checkpoint.size
            proof = consistency_proof(old, size, self._nodes(size)) if 0 < old < size else []
        lines = [f"old {old}\n", *(f"{to_base64(one)}\n" for one in proof)]
        return "".join(lines).encode() + b"\n" + self._bytes


class _Witness:
    """One witness: what it last cosigned, and until when it is left alone."""

    def __init__(
        self, url: str, key: VerifierKey, timeout_s: float, clock: Callable[[], float], rest_most_s: float
    ) -> None:
        if key.kind != COSIGNATURE:
            raise SettingInvalid(
                f"{key.text} is no witness's key; allowed: one that `drumroll witness` says at its start"
            )
        self._url, self._parts, self._key = url.rstrip("/"), _split(url), key
        self._timeout_s, self._clock, self._rest_most_s = timeout_s, clock, rest_most_s
        self._last = 0
        self._failures = 0
        self._rests_until_s = 0.0
        self._why: Trouble | None = None

    def asked(self, question: _Question) -> Signature | Trouble:
        """Its cosignature, or why there is none."""
        left_s = self._rests_until_s - time.monotonic()
        if self._why is not None and left_s > 0:
            what = f"{self._why.what} (not asked again for {left_s:.0f} s)"
            return msgspec.structs.replace(self._why, what=what, rests=True)
        try:
            signature = self._cosignature(question)
        except (_Failed, ProofError) as error:
            return self._rest(Trouble(self._url, str(error), isinstance(error, _Failed) and error.grave))
        self._last, self._failures, self._why = question.checkpoint.size, 0, None
        return signature

    def _rest(self, trouble: Trouble) -> Trouble:
        self._why, self._failures = trouble, min(self._failures + 1, 32)
        self._rests_until_s = time.monotonic() + min(2.0 ** (self._failures - 1), self._rest_most_s)
        return trouble

    def _cosignature(self, question: _Question) -> Signature:
        size = question.checkpoint.size
        old = self._last if self._last <= size else 0
        reply = self._post(question, old)
        if reply.status == 409 and (said := self._size_said(reply, old, size)) != old:
            old, reply = said, self._post(question, said)
            if reply.status == 409:
                self._size_said(reply, old, size)
                raise _Failed("it named one size after the other; does somebody else ask it about this log?")
        return self._read(reply, question, old)

    def _post(self, question: _Question, old: int) -> Reply:
        return post(self._parts, question.body(old), self._timeout_s)

    def _size_said(self, reply: Reply, old: int, size: int) -> int:
        """The size of the last checkpoint that it cosigned, which it says if another old size was sent."""
        try:
            said = read_number(reply.body[:40].decode("ascii", "replace").removesuffix("\n"), "the size")
        except NoteInvalid as error:
            raise _Failed(f"it answers 409 with rubbish: {error}") from error
        if said > size:
            what = f"it saw a LONGER log: {said:,} entries, and this one has {size:,}"
            raise _Failed(f"{what}. The log was rolled back, or an old copy of it is at work", grave=True)
        if said == old == size:
            raise _Failed(f"it saw ANOTHER log of {size:,} entries: two histories were signed", grave=True)
        if said == old:
            raise _Failed(f"it answers 409 and names the size that was sent to it, {old:,}")
        return said

    def _read(self, reply: Reply, question: _Question, old: int) -> Signature:
        if reply.status == 422 and old:
            what = f"it saw ANOTHER history: what it cosigned of {old:,} entries is not how this log begins"
            raise _Failed(what, grave=True)
        if reply.status in _MEANINGS:
            raise _Failed(_MEANINGS[reply.status])
        if reply.status != 200:
            raise _Failed(f"it answers {reply.status}: {_shown(reply.body)}")
        try:
            return self._signature(question.note.text, reply.body)
        except DrumrollError as error:
            raise _Failed(f"its answer is no cosignature: {error}") from error

    def _signature(self, text: str, body: bytes) -> Signature:
        """The cosignature in the answer, checked. Raises ``NoteInvalid``."""
        answered = parse_note(text.encode() + b"\n" + body)
        at_s = cosigned_at(answered, self._key)
        if at_s is None:
            found = ", ".join(f"{one.name[:60]}+{one.key_id.hex()}" for one in answered.signatures[:4])
            raise NoteInvalid(f"it is of {found}, expected: {self._key.name}+{self._key.id.hex()}")
        ahead_s = at_s - int(self._clock())
        if ahead_s > AHEAD_S:
            raise NoteInvalid(f"its time is {ahead_s:,} s ahead of this clock: one of the two clocks is wrong")
        return max((one for one in answered.signatures if one.of(self._key)), key=lambda one: one.data[:TIME_BYTES])


_MEANINGS = {
    403: "it does not trust the keys of this log: give its owner the file `keys` of the published log",
    404: "it does not know this log (or no witness is at this address): its owner starts it with --trust",
}


def post(parts: SplitResult, body: bytes, timeout_s: float) -> Reply:
    """Ask ``add-checkpoint``, within a time for all of it. Raises ``_Failed``."""
    until_s = time.monotonic() + timeout_s
    connection = _connection(parts, timeout_s)
    alarm = None
    try:
        connection.connect()
        # The time-out of a socket is for each piece: a server that sends a byte a second would never meet it.
        alarm = Timer(max(0.001, until_s - time.monotonic()), _cut, (connection.sock,))
        alarm.start()
        connection.request("POST", f"{parts.path.rstrip('/')}/add-checkpoint", body, _HEADERS)
        answer = connection.getresponse()
        reply = Reply(answer.status, answer.read(NOTE_BYTES_MOST + 1))
        if time.monotonic() >= until_s:
            raise TimeoutError
    except (OSError, HTTPException, ValueError) as error:
        late = time.monotonic() >= until_s or isinstance(error, TimeoutError)
        words = f"no answer within {timeout_s:g} s" if late else str(error) or type(error).__name__
        raise _Failed(_shown(words.encode())) from error
    finally:
        if alarm is not None:
            alarm.cancel()
        connection.close()
    if len(reply.body) > NOTE_BYTES_MOST:
        raise _Failed(f"its answer has more than {NOTE_BYTES_MOST:,} bytes")
    return reply


_HEADERS = {"content-type": "text/plain; charset=utf-8", "user-agent": f"drumroll/{__version__}"}


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _connection(parts: SplitResult, timeout_s: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=timeout_s)
    return HTTPSConnection(host, parts.port, timeout=timeout_s, context=_trust())


@cache
def _trust() -> ssl.SSLContext:
    """The system's authorities, and those that browsers know."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or "@" in parts.netloc or parts.query or parts.fragment or not url.isascii() or not url.isprintable():
        raise SettingInvalid(f"found the witness {url[:200]!r}, allowed: a URL such as https://witness.example.com")
    return parts


def _shown(body: bytes) -> str:
    """Words of others, short and harmless for a terminal."""
    text = body[:200].decode("utf-8", "replace").strip()
    return "".join(sign if sign.isprintable() else " " for sign in text) or "nothing"
