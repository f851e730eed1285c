"""What all acts of the days share: two steps that must not be mistaken, what was told, what surprised."""

from __future__ import annotations

from collections.abc import Callable

from drumroll.rehearsal import requests
from drumroll.rehearsal.answers import code_of
from drumroll.rehearsal.customers import BY_THE_RULES, Customers
from drumroll.rehearsal.days import Act
from drumroll.rehearsal.outbox import Handler

Confirmed = Callable[[int, bytes], None]
"""Takes the visit and a confirmation, or the visit and the whole answer."""

WRONG = b"0123456789abcdef"
"""A confirmation that nobody was given."""
SHOWN_AGAIN = (b"cancel", b"convert", b"change", b"lock")
"""Actions that something else may come before: time, others who came first, a refund of the same order being paid."""
_SHOWN_AGAIN_MOST = 20
_CONFIRMATION = b'"confirmation":"'


class Acting:
    """Sends what the acts ask for and holds the answers against what is due."""

    def __init__(self, customers: Customers, acts: bytearray) -> None:
        self.customers = customers
        self.acts = acts
        self.outbox = customers.outbox
        self.timeline = customers.timeline
        self.tallies = customers.tallies

    def order_id(self, visit: int) -> bytes:
        """The visit's order."""
        return self.customers.order_ids[visit] or b""

    def key(self, prefix: bytes, visit: int) -> bytes:
        """An idempotency key of the visit's own; the prefix says what for."""
        return b"%s%s%d" % (self.customers.key, prefix, visit)

    def act_of(self, visit: int) -> Act:
        """What the visit's customer does in these days."""
        return Act(self.acts[visit])

    def tell(self, visit: int, line: bytes) -> None:
        """Note what a customer was told."""
        self.customers.told.append(line)
        self.customers.recent.append(visit)

    def note(self, visit: int, text: str) -> None:
        """Count an answer under the visit's act."""
        self.tallies.acts[self.act_of(visit), text] += 1

    def surprise(self, visit: int, text: str) -> None:
        """Count something that must not be."""
        self.tallies.surprises[f"{self.act_of(visit).name.lower()}: {text}"] += 1

    def has(self, visit: int, raw: bytes, facts: tuple[bytes, ...]) -> None:
        """These facts must be in the answer."""
        for fact in facts:
            if fact not in raw:
                self.surprise(visit, f"an answer was without {fact.decode()}")

    def refused(self, visit: int, status: int, raw: bytes, expected: str = "") -> None:
        """A refusal; any but the expected one is a surprise, unless a launch with caps may give it to anybody."""
        code = code_of(status, raw)
        self.tallies.refusals[code] += 1
        self.note(visit, code)
        if code != expected and code not in BY_THE_RULES:
            self.surprise(visit, f"{code} where {expected or 'success'} was due")

    def expecting(self, code: str, facts: tuple[bytes, ...] = ()) -> Handler:
        """A handler for a refusal that has to come, with these facts."""

        def handle(visit: int, status: int, raw: bytes) -> None:
            self.refused(visit, status, raw, code)
            self.has(visit, raw, facts)

        return handle

    def send(self, handler: Handler, visit: int, action: bytes, prefix: bytes, body: bytes = b"{}") -> None:
        """Ask for an action on the visit's order."""
        customers = self.customers
        order_id = customers.order_ids[visit] or b""
        self.outbox.send(
            handler, visit, requests.act(customers.token(visit), order_id, action, self.key(prefix, visit), body)
        )

    # Two steps

    def ask(
        self, visit: int, action: bytes, prefix: bytes, fields: bytes, facts: tuple[bytes, ...], then: Confirmed
    ) -> None:
        """The first step: it has to be answered with the terms and a confirmation, and to do nothing."""

        def terms(visit: int, status: int, raw: bytes) -> None:
            confirmation = confirmation_of(raw)
            if confirmation is None:
                self.refused(visit, status, raw, "confirmation_required")
                return
            self.has(visit, raw, facts)
            then(visit, confirmation)

        self.send(terms, visit, action, prefix, b"{%s}" % fields[:-1])

    def confirm(
        self, visit: int, action: bytes, prefix: bytes, fields: bytes, confirmation: bytes, then: Confirmed
    ) -> None:
        """The second step: it has to be done now.

        If the order changed in between (its cooling-off ended, a deadline passed, a surplus deposit of it was paid
        back), or others took the weeks that were shown, the new terms are shown, and accepted.
        """
        shown = [confirmation]

        def done(visit: int, status: int, raw: bytes) -> None:
            fresh = confirmation_of(raw)
            if status == 200:
                then(visit, raw)
            elif fresh and fresh not in shown[-1:] and len(shown) <= _SHOWN_AGAIN_MOST and action in SHOWN_AGAIN:
                shown.append(fresh)
                self.tallies.shown_again[action.decode()] += 1
                self.note(visit, "terms shown again")
                self.send(done, visit, action, prefix, requests.confirmed(fresh, fields))
            else:
                self.refused(visit, status, raw)

        self.send(done, visit, action, prefix, requests.confirmed(confirmation, fields))

    def in_two_steps(
        self, visit: int, action: bytes, prefix: bytes, fields: bytes, facts: tuple[bytes, ...], then: Confirmed
    ) -> None:
        """Both steps; ``then`` takes the answer to the second. The key of both is the same: the first binds nothing."""
        self.ask(
            *(visit, action, prefix, fields, facts),
            lambda visit, confirmation: self.confirm(visit, action, prefix, fields, confirmation, then),
        )


def confirmation_of(raw: bytes) -> bytes | None:
    """The confirmation that a first step was answered with, if that is what it was answered with."""
    at = raw.find(_CONFIRMATION)
    if at < 0 or b'"code":"confirmation_required"' not in raw:
        return None
    return raw[at + 16 : raw.find(b'"', at + 16)]
