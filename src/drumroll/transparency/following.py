"""The publisher as a process that goes on: reads what is new, signs several times a second, until it is told to end."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, process_time, sleep

from drumroll.transparency.publisher import Publisher

LOOK_EVERY_S = 0.05
SIGN_EVERY_S = 0.4
"""On launch night: the log is to be a second behind the order log at most."""

SIGNED_A_SECOND = 20_000
"""A log that has signed so many checkpoints signs every second at most, and every ten seconds with ten times as many:
all of them are kept, and so they stay under 2 million in two years of orders that never pause."""

REST = 7
"""While it is behind and orders come, it rests so many times as long as it computed: of what cores share, the sale gets
most. What is left is some 5,000 entries a second; a launch makes 3,400 at its height."""


def follow(publisher: Publisher, told: Callable[[], bool]) -> None:
    """Publish what comes until ``told`` says so; then what was read is signed. Raises ``LogError``, ``ProofError``.

    Witnesses are asked about nothing while it is behind: what is read next happened before they would say that they
    saw the log without it, so it would look back-dated for ever.
    """
    signed_s, behind = monotonic() - SIGN_EVERY_S, False
    while not told():
        began_s, head = process_time(), publisher.head()
        publisher.step()
        took_s, behind = process_time() - began_s, publisher.position < head
        every_s = max(SIGN_EVERY_S, publisher.checkpoints / SIGNED_A_SECOND)
        if monotonic() - signed_s >= every_s and publisher.publish(witnessed=not behind):
            signed_s = monotonic()
        if not behind:
            sleep(LOOK_EVERY_S)
        elif publisher.head() > head:
            sleep(REST * took_s)
    publisher.publish(witnessed=not behind)


def publish_all(publisher: Publisher, say: Callable[[int, int], None]) -> None:
    """Publish all that is in the order log now. ``say`` hears of the blocks read, and of how many."""
    end = publisher.head()
    while publisher.position < end and publisher.step():
        say(publisher.position, end)
    publisher.publish()
