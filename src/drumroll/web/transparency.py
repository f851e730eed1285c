"""The transparency log over HTTP: ``/log/`` as static files would be, and the receipts of orders."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from drumroll.domain.book import Book, Order
from drumroll.errors import LogError, ProofError
from drumroll.log.base import Log
from drumroll.proof.tiles import parse_tile_path
from drumroll.transparency.leaf_index import LeafIndex
from drumroll.transparency.receipts import Found, NotYetPublished, entries_of_order, receipt
from drumroll.transparency.sources import open_published
from drumroll.web.incoming import Headers, Receive, Scope, Send, answer
from drumroll.web.problems import Problem

PREFIX = "/log/"
TEXT = b"text/plain; charset=utf-8"
CHANGING = {"checkpoint": b"max-age=1", "checkpoints": b"max-age=1", "keys": b"max-age=60"}
"""The files that change, and for how long one may keep them."""

FOR_GOOD = b"max-age=31536000, immutable"


class Transparency(msgspec.Struct, frozen=True):
    """Where the log is published, which leaves each block has, and what blinds them."""

    public: Path
    index: LeafIndex
    blinding: bytes

    def __repr__(self) -> str:
        return f"<Transparency {self.public}>"

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for a file of the published log."""
        try:
            headers, body = await self._file(scope["method"], scope["path"].removeprefix(PREFIX))
        except Problem as problem:
            return await answer(send, *problem.answered(scope["headers"]))
        return await answer(send, 200, headers, body)

    async def _file(self, method: str, name: str) -> tuple[Headers, bytes]:
        if method != "GET":
            raise Problem("not_published", f"The published log is read with GET, not {method}.")
        # What is no name of a published file is not looked for, so nobody leaves the directory.
        if name not in CHANGING and parse_tile_path(name) is None:
            raise Problem("not_published", f"The published log has no file {name[:100]!r}.")
        try:
            body = await asyncio.to_thread((self.public / name).read_bytes)
        except OSError as error:
            raise Problem("not_published", f"{name} is not there (yet).") from error
        kind = TEXT if name in CHANGING else b"application/octet-stream"
        length = b"%d" % len(body)
        kept = CHANGING.get(name, FOR_GOOD)
        headers = [(b"content-type", kind), (b"cache-control", kept), (b"content-length", length)]
        return [*headers, (b"access-control-allow-origin", b"*")], body

    def receipt(self, book: Book, log: Log, order: Order, event: str) -> bytes:
        """The receipt of the last entry of an order, or of the last one of that kind. Raises ``Problem``."""
        entry = book.entries.get(order.id)
        positions = order.blocks if entry is None else sorted({entry.block, *order.blocks})
        try:
            found = entries_of_order(order.id, map(log.block, positions), self.index, self.blinding)
            return receipt(_chosen(found, order.id, event), open_published(str(self.public)))
        except NotYetPublished as error:
            raise Problem("not_published_yet", f"{error}.", retry_after_s=1) from error
        except LogError as error:
            raise Problem("desk_closed", f"The log can't be read now: {error}.", retry_after_s=1) from error
        except ProofError as error:
            raise Problem("not_published_yet", f"{error}", retry_after_s=5) from error


def _chosen(found: list[Found], order_id: str, event: str) -> Found:
    fitting = [one for one in found if event in ("", one.kind)]
    if not fitting:
        known = ", ".join(dict.fromkeys(one.kind for one in found))
        raise Problem("no_such_event", f"Order {order_id} has no event {event[:40]!r}; it has: {known}.")
    return fitting[-1]
