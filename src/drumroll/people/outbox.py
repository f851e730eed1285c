"""The sandbox's delivery: messages stay in memory, to be looked at. Nobody gets one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from drumroll.errors import NotDelivered
from drumroll.people.delivery import check_message, no_way
from drumroll.people.person import Contact, Kind

KEPT = 1_000


class Sent(msgspec.Struct, frozen=True):
    """A message that would have been sent."""

    at_ms: int
    kind: Kind
    to: str
    subject: str
    text: str

    def __repr__(self) -> str:
        """Nothing of whom it is to, and nothing of its text."""
        return f"Sent(at_ms={self.at_ms}, kind={self.kind!r})"


class Outbox:
    """The last 1,000 messages, the latest last. ``now_ms`` says when they were sent."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.messages: deque[Sent] = deque(maxlen=KEPT)

    async def send(self, contact: Contact, subject: str, text: str) -> None:
        """Keep a message. Raises ``NotDelivered`` where a real delivery would have no way."""
        check_message(subject, text)
        if contact.kind == "oidc":
            raise NotDelivered(no_way(contact))
        self.messages.append(Sent(self._now_ms(), contact.kind, contact.value, subject, text))

    async def close(self) -> None:
        """Nothing is to be let go of."""
