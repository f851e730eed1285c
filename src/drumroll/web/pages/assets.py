"""Style sheets, scripts, pictures: read and compressed once, served from memory, cached by browsers for good.

A page names an asset with the digest of its bytes (``/static/site.css?v=3f2a…``): another version has another address,
so the answer may be kept for a year (RFC 8246). Without that digest it is asked for again each time, by its ETag.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path

import brotli
import msgspec

from drumroll.web.incoming import Headers, Receive, Scope, Send

KINDS = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
}
FOR_GOOD = b"public, max-age=31536000, immutable"
ASKED_AGAIN = b"no-cache"
SOON, WELL = 5, 11
"""Qualities of brotli (0 to 11): 5 costs a millisecond a page, 11 thirty times that, for what is made once."""
PREFIX = "/static/"


class Stored(msgspec.Struct, frozen=True):
    """Bytes ready to be sent, as they are and compressed, with their ETag."""

    plain: bytes
    brotli: bytes
    gzip: bytes
    etag: bytes

    def fitting(self, accepted: bytes) -> tuple[bytes, bytes | None]:
        """The body for an ``Accept-Encoding``, and its ``Content-Encoding``."""
        if b"br" in accepted:
            return self.brotli, b"br"
        return (self.gzip, b"gzip") if b"gzip" in accepted else (self.plain, None)


def stored(body: bytes, *, quality: int = SOON) -> Stored:
    """Bytes made ready. Their ETag is the same at every ``quality`` (brotli's, 0 to 11)."""
    digest = blake2b(body, digest_size=8).hexdigest().encode()
    return Stored(body, brotli.compress(body, quality=quality), gzip.compress(body, 6, mtime=0), b'W/"%s"' % digest)


def given(headers: Headers, *names: bytes) -> list[bytes]:
    """The headers of these names (of several lines the last), ``b""`` for what is not there."""
    found = dict.fromkeys(names, b"")
    for name, value in headers:
        if name in found:
            found[name] = value
    return list(found.values())


async def send_stored(send: Send, scope: Scope, what: Stored, headers: Headers) -> None:
    """Answer with it, or with 304 to whoever has it (RFC 9110, section 13.1.2)."""
    known, accepted = given(scope["headers"], b"if-none-match", b"accept-encoding")
    all_headers = [*headers, (b"etag", what.etag)]
    if known and (what.etag in known or known == b"*"):
        await send({"type": "http.response.start", "status": 304, "headers": all_headers})
        await send({"type": "http.response.body", "body": b""})
        return
    body, encoding = what.fitting(accepted)
    if encoding is not None:
        all_headers.append((b"content-encoding", encoding))
    all_headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": 200, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})


class Assets:
    """The files of a folder, in memory: compressed quickly when they are read, and as well as can be by ``press``."""

    def __init__(self, folder: Path) -> None:
        self._files = dict(_read(folder))
        self._versions = {name: file.etag[3:11].decode() for name, (file, _) in self._files.items()}

    def press(self) -> None:
        """Compress the files as well as can be: an eighth of a second's work, for a thread once the server listens.

        What was already sent stays good: the bytes inside are the same, and so is the ETag.
        """
        for name, (file, kind) in list(self._files.items()):
            self._files[name] = (stored(file.plain, quality=WELL), kind)

    def url(self, name: str) -> str:
        """The address of a file, with the digest of what is in it. Raises ``KeyError``: there is no such file."""
        return f"{PREFIX}{name}?v={self._versions[name]}"

    def has(self, path: str) -> bool:
        """Whether a path is that of a file."""
        return path.startswith(PREFIX) and path.removeprefix(PREFIX) in self._files

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file that there is."""
        name = scope["path"].removeprefix(PREFIX)
        file, kind = self._files[name]
        asked_for = b"v=" + self._versions[name].encode()
        kept = FOR_GOOD if scope.get("query_string") == asked_for else ASKED_AGAIN
        headers = [
            (b"content-type", kind),
            (b"cache-control", kept),
            (b"vary", b"accept-encoding"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send_stored(send, scope, file, headers)


@cache
def assets_in(folder: Path) -> Assets:
    """The files of a folder, read once in a process."""
    return Assets(folder)


def _read(folder: Path) -> Iterable[tuple[str, tuple[Stored, bytes]]]:
    for path in sorted(folder.iterdir()):
        if path.suffix in KINDS:
            yield path.name, (stored(path.read_bytes()), KINDS[path.suffix])
