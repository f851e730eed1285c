"""Letters from a server in this process, step by step; and a desk's log without a server, for random nights."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from drumroll.domain.book import Book
from drumroll.errors import NotDelivered
from drumroll.log.memory import MemoryLog
from drumroll.notices.notices import Notices, Reading, Surroundings, Write
from drumroll.notices.store import Store
from drumroll.people.outbox import Sent
from drumroll.people.person import Contact, Person, parse_contact
from drumroll.web.letters import Letters
from tests.web.lives import Life

URL = "https://launch.example"


def known(life: Life, customer: str, contact: str = "", language: str = "en") -> None:
    """A customer who signed in with a contact."""
    parsed = parse_contact(contact or f"{customer}@post.example")
    assert parsed is not None
    life.server.web.entrance.people.find_or_make(parsed, language, customer, 1)


def written(life: Life) -> list[Sent]:
    """Every letter that is to go now goes; those that went, the first first."""
    notices, outbox = life.server.web.notices, life.server.web.entrance.outbox
    before = len(outbox.messages)
    life.run(settled(notices, lambda: life.desk.position))
    return list(outbox.messages)[before:]


async def settled(notices: Notices, position: Callable[[], int]) -> None:
    """Follow and send until nothing is left that could go now."""
    while notices._next <= position():
        await notices.follow()
    meter, waited = notices.meter, 0
    while meter.waiting and waited < 3:
        before = (meter.waiting, notices.meter.sent)
        wait_s = await notices.send()
        if wait_s:
            await asyncio.sleep(min(wait_s, 0.002))
        waited = 0 if (meter.waiting, meter.sent) != before or wait_s < notices._around.poll_s else waited + 1


class Post:
    """A delivery that keeps what it is given, or does not take it."""

    def __init__(self) -> None:
        self.got: list[tuple[Contact, str, str]] = []
        self.fails: Callable[[Contact], bool] = lambda _: False

    async def send(self, contact: Contact, subject: str, text: str) -> None:
        await asyncio.sleep(0)
        if self.fails(contact):
            raise NotDelivered("the mail server can't be reached")
        self.got.append((contact, subject, text))

    async def close(self) -> None:
        pass


class Desk:
    """As much of a server as letters need: a log, its book, a clock; everybody can be reached by e-mail."""

    def __init__(
        self,
        write: Write | None = None,
        store: Store | None = None,
        per_s: float = 1_000,
        bodies: list[bytes] | None = None,
    ) -> None:
        self.log, self.book, self.post = MemoryLog(bodies), Book(), Post()
        self.at_ms, self.now_ms, self.commands = 0, time.time_ns() // 1_000_000, 0
        self.people: dict[str, Person | None] = {}
        self.store = store or Store(None)
        self.around = Surroundings(
            book=lambda: self.book,
            position=self.log.head,
            commands=lambda: self.commands,
            open_log=lambda: Reading(self.log.read, lambda: None),
            read=self.person,
            delivery=self.post,
            reach=frozenset({"email"}),
            write=write or Letters(URL, lambda: self.at_ms),
            now_ms=lambda: self.now_ms,
            per_s=per_s,
            poll_s=0.002,
        )
        self.notices = Notices(self.store, self.around)

    def person(self, customer: str) -> Person | None:
        return self.people.get(customer, Person(customer, f"{customer}@post.example", "email", None, "en", 1))

    async def settled(self) -> None:
        await settled(self.notices, self.log.head)

    def subjects(self) -> list[str]:
        return [subject for _, subject, _ in self.post.got]


def text_of(sent: Any) -> str:
    return f"{sent.subject}\n{sent.text}"
