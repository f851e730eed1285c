"""Customers look before they order: what they were quoted, and what they were promised then."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from drumroll.rehearsal import requests
from drumroll.rehearsal.answers import code_of, days_of
from drumroll.rehearsal.outbox import Outbox
from drumroll.rehearsal.population import Offer
from drumroll.rehearsal.tallies import Tallies

EVERY = 9
"""One ordinary visit in so many asks for a quote first: a tenth of all. Assumed."""
_WARNINGS = {"will": b'"crossing":"will"', "may": b'"crossing":"may"'}
_NOTHING = b"-\t-"

Step = Callable[[int], None]


class Quotes:
    """Asks for quotes, and compares them with the promises of the orders that follow.

    Others may come between, so the order may be promised later; that is said in its answer. It is promised earlier only
    if others left meanwhile.
    """

    def __init__(self, offers: list[Offer], trims: bytearray, outbox: Outbox, tallies: Tallies) -> None:
        self.outbox = outbox
        self.tallies = tallies
        self._trims = trims
        self._requests = [requests.quote(offer.model, offer.trim) for offer in offers]
        self._prices = [b'"price_minor":%d,' % offer.price_minor for offer in offers]
        self._asked: dict[int, bytes] = {}

    def ask(self, visit: int, then: Step) -> None:
        """Ask first what it would cost, and when it would be delivered."""
        wire = self.outbox.wire
        began_s = perf_counter()

        def quoted(visit: int, status: int, raw: bytes) -> None:
            self.tallies.quote_latencies_s.append(wire.now_s - began_s)
            self._quoted(visit, status, raw)
            then(visit)

        self.outbox.send(quoted, visit, self._requests[self._trims[visit]])

    def _quoted(self, visit: int, status: int, raw: bytes) -> None:
        self.tallies.quotes["asked"] += 1
        if status != 200:
            self.tallies.surprises[f"a quote was refused: {code_of(status, raw)}"] += 1
            return
        if self._prices[self._trims[visit]] not in raw:
            self.tallies.surprises["a quote had another price than the launch's"] += 1
        self._asked[visit] = days_of(raw)

    def compare(self, visit: int, days: bytes, raw: bytes) -> None:
        """An order was acknowledged: what its customer was told of the delivery."""
        for crossing, words in _WARNINGS.items():
            if words in raw:
                self.tallies.warned[crossing] += 1
                break
        if not self._asked:
            return
        quoted = self._asked.pop(visit, None)
        if quoted is not None:
            self.tallies.quotes[_compared(quoted, days)] += 1


def _compared(quoted: bytes, days: bytes) -> str:
    """What became of a quote: days as ISO 8601 has them sort as they follow one another; nothing comes last."""
    if quoted == days:
        return "kept"
    before, after = (b"~" if one == _NOTHING else one.split(b"\t")[1] for one in (quoted, days))
    return "later" if after > before else "earlier"
