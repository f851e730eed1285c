"""The port through which a message reaches a person, and the way that takes each kind of contact.

What is raised and logged names no contact and holds no text: a code that lets somebody in may be in it.
"""

from __future__ import annotations

from typing import Protocol

from drumroll.errors import NotDelivered
from drumroll.people.person import Contact

SUBJECT_CHARACTERS = 200
TEXT_CHARACTERS = 20_000
TIMEOUT_S = 10.0
"""How long whoever takes a message may take over each step."""
WAITING_LIMIT = 10_000
"""Messages that may wait to be handed over; beyond it: ``NotDelivered`` at once."""


class Delivery(Protocol):
    """Hands messages over. Call ``close`` in the end; closing twice is no error."""

    async def send(self, contact: Contact, subject: str, text: str) -> None:
        """Hand one message over. Raises ``NotDelivered``: they have not got it, let them ask for another one."""

    async def close(self) -> None:
        """Let go of connections."""


class Both:
    """E-mail for addresses, texts for numbers; ``None``: there is no such way."""

    def __init__(self, email: Delivery | None, sms: Delivery | None) -> None:
        self._ways = {"email": email, "phone": sms}

    async def send(self, contact: Contact, subject: str, text: str) -> None:
        """Hand one message over by the way of its kind of contact."""
        way = self._ways.get(contact.kind)
        if way is None:
            raise NotDelivered(no_way(contact))
        await way.send(contact, subject, text)

    async def close(self) -> None:
        """Let go of both ways."""
        for way in self._ways.values():
            if way is not None:
                await way.close()


def no_way(contact: Contact) -> str:
    """What to say where nothing takes this kind of contact."""
    setting = {"email": "set DRUMROLL_SMTP", "phone": "set DRUMROLL_SMS"}.get(contact.kind, "ask for another contact")
    return f"there is no way to a contact of kind {contact.kind}: {setting}"


def check_message(subject: str, text: str) -> None:
    """Raises ``NotDelivered`` for a subject that is not one line, or what is too long."""
    if not subject.isprintable() or not 0 < len(subject) <= SUBJECT_CHARACTERS:
        raise NotDelivered(f"subject: allowed: one line of 1 to {SUBJECT_CHARACTERS} printable characters")
    if not 0 < len(text) <= TEXT_CHARACTERS:
        raise NotDelivered(f"text: found {len(text)} characters, allowed: 1 to {TEXT_CHARACTERS}")
