"""The publisher as a process that goes on: reads what is new, signs several times a second, until it is told to end."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

from drumroll.transparency.publisher import Publisher

LOOK_EVERY_S = 0.05
SIGN_EVERY_S = 0.4
"""At most so many checkpoints, since all of them are kept: the log is to be a second behind the order log at most."""

REST = 7
"""While it is behind and orders come, it rests so many times as long as it worked: of what cores share, the sale gets
most. What is left is some 5,000 entries a second; a launch makes 3,400 at its height."""


def follow(publisher: Publisher, told: Callable[[], bool]) -> None:
    """Publish what comes until ``told`` says so; then what was read is signed. Raises ``LogError``, ``ProofError``."""
    signed_s = monotonic() - SIGN_EVERY_S
    while not told():
        began_s, head = monotonic(), publisher.head()
        publisher.step()
        took_s = monotonic() - began_s
        if monotonic() - signed_s >= SIGN_EVERY_S and publisher.publish():
            signed_s = monotonic()
        if publisher.position >= head:
            sleep(LOOK_EVERY_S)
        elif publisher.head() > head:
            sleep(REST * took_s)
    publisher.publish()


def publish_all(publisher: Publisher, say: Callable[[int, int], None]) -> None:
    """Publish all that is in the order log now. ``say`` hears of the blocks read, and of how many."""
    end = publisher.head()
    while publisher.position < end and publisher.step():
        say(publisher.position, end)
    publisher.publish()
