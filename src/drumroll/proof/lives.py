"""What may happen to an order, as its entries show it: which state follows which, and what becomes of its deposit.

The same rules as ``domain.states``, written anew for whoever checks a log from outside; a test holds the two together.
``Lives`` holds every entry of a log against them, as it reads them once.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence

from drumroll.errors import EntryInvalid
from drumroll.proof.count import Count
from drumroll.proof.entry import KINDS, LINE, STATES, LaunchEntry, LaunchFacts, parse_entry
from drumroll.proof.findings import Findings
from drumroll.proof.moments import local

SAME, NOTHING, LESS, MORE, ANY = range(5)
"""What may become of the deposit held for an order: it stays, nothing is held, never more, never less, whatever."""

_MAKING = (b"scheduled", b"in_production", b"built", b"in_transit")
_FIRM = (b"firm", b"locked", *_MAKING)

_STEPS: tuple[tuple[bytes, tuple[bytes, ...], bytes, int], ...] = (
    (b"reserved", (b"",), b"reserved", NOTHING),
    *((b"imported", (b"",), state, ANY) for state in _FIRM),
    (b"imported", (b"",), b"delivered", NOTHING),
    (b"firm", (b"reserved", b"expired"), b"firm", MORE),
    (b"expired", (b"reserved",), b"expired", NOTHING),
    (b"cancelled", (b"reserved", b"firm"), b"cancelled", NOTHING),
    (b"locked", (b"firm", b"scheduled"), b"locked", SAME),
    (b"unlocked", (b"locked",), b"firm", SAME),
    (b"forfeited", (b"locked", b"scheduled"), b"forfeited", NOTHING),
    *((b"changed", (state,), state, SAME) for state in (b"reserved", b"firm", b"locked", b"scheduled")),
    (b"converted", _FIRM, b"firm", LESS),
    (b"converted", _FIRM, b"locked", LESS),
    *((b"difference_paid", (state,), state, MORE) for state in (*_FIRM, b"delivered")),
    (b"withdrawn", (b"reserved", *_FIRM), b"cancelled", NOTHING),
    (b"withdrawn", (b"locked", *_MAKING), b"forfeited", NOTHING),
    (b"scheduled", (b"locked", b"in_production"), b"scheduled", SAME),
    (b"in_production", (b"scheduled", b"built"), b"in_production", SAME),
    (b"built", (b"in_production", b"in_transit"), b"built", SAME),
    (b"in_transit", (b"built",), b"in_transit", SAME),
    (b"delivered", (b"in_transit",), b"delivered", NOTHING),
)
"""Kind, the states that it leaves (empty: it is the order's first entry), the state that it leads to, the deposit."""

Step = tuple[int, dict[bytes, "Step"], bytes, bytes]
"""What a step does: to the deposit; what may come after it; its kind and the state that it leads to."""

STEPS: dict[bytes, dict[bytes, Step]] = {after: {} for after in (b"", *(step[2] for step in _STEPS))}
"""From each state, by kind and state as an entry has them, separated by a space."""

for _kind, _leaves, _after, _held in _STEPS:
    for _before in _leaves:
        STEPS[_before][b"%b %b" % (_kind, _after)] = (_held, STEPS[_after], _kind, _after)

Life = tuple[dict[bytes, Step], bytes, bytes, int, int]
"""What may come next, model, customer, deposit held (minor units), and the index of the last entry of an order."""

_UNBORN: Life = (STEPS[b""], b"", b"", 0, -1)
_UNGROUPED = LINE.pattern.replace(b") (", b" ", 1).replace(b"([0-9A-Za-z_-]{43})", b"[0-9A-Za-z_-]{43}")
_fullmatch = re.compile(_UNGROUPED).fullmatch
"""An entry in its parts but the commitment, kind and state together as the first."""

_KEPT = 16
"""Characters of a commitment that are kept: 96 bits. By chance two are the same once in 10^15 logs of 10 million."""


class Lives:
    """Every order of a log, as far as it was read: what can't be is added to ``found``.

    ``facts``: of the launch; ``begins``: whether the first entry speaks of it.
    """

    def __init__(self, found: Findings) -> None:
        self.facts: LaunchFacts | None = None
        self.begins = True
        self._found = found
        self._orders: dict[bytes, Life] = {}
        self._same: dict[bytes, bytes] = {}
        self._commitments = array("Q")
        self._before_ms = 0

    def read(self, first: int, entries: Sequence[bytes], floor_ms: int, count: Count | None) -> None:
        """The next entries; ``first`` is the index of the first of them. The hot loop: some microseconds an entry.

        ``floor_ms``: none of them may say that it is from before that time.
        """
        orders, same, fullmatch, begins = self._orders, self._same, _fullmatch, STEPS[b""]
        before_ms, committed = self._before_ms, [data[-43:-27] for data in entries]
        if not first and entries:
            self.begins = entries[0].startswith(b"launch ")
        for index, data in enumerate(entries, first):
            line = fullmatch(data)
            if line is None:
                before_ms = self._other(index, data, before_ms, count)
                committed[index - first] = b"%16d" % index
                continue
            what, model, at, order, customer, held = line.groups()
            at_ms, held_minor = int(at), int(held)
            if at_ms < before_ms or at_ms < floor_ms:
                self._too_early(index, at_ms, before_ms, floor_ms)
            before_ms = at_ms
            life = orders.get(order)
            if life is None:
                step = begins.get(what)
                well = step is not None and (step[0] != NOTHING or not held_minor)
                model = same.setdefault(model, model)
            else:
                next_steps, was_model, was_customer, was_minor, _ = life
                step = next_steps.get(what)
                if model == was_model and customer == was_customer and step is not None:
                    model, customer = was_model, was_customer
                    well = held_minor == was_minor if step[0] == SAME else _held_well(step[0], was_minor, held_minor)
                else:
                    model = same.setdefault(model, model)
                    well = step is not None and _goes_on(life, step, model, customer, held_minor)
            if step is None or not well:
                step = self._wrong(index, data, life or _UNBORN)
            orders[order] = (step[1], model, customer, held_minor, index)
            if count is not None:
                count.line(step[2], step[3], model, at_ms, order, customer, held_minor)
        self._before_ms = before_ms
        self._commitments.frombytes(b"".join(committed))

    def _other(self, index: int, data: bytes, before_ms: int, count: Count | None) -> int:
        """An entry that is not of an order; its time, or that of the entry before it."""
        try:
            entry = parse_entry(data)
        except EntryInvalid as error:
            self._found.add("unreadable", str(error), self._found.entry(index))
            return before_ms
        if not isinstance(entry, LaunchEntry):
            return before_ms
        self.facts, self._found.zone = entry.facts, entry.facts.time_zone
        if count is not None:
            count.launch(entry.facts)
        if entry.at_ms < before_ms:
            self._too_early(index, entry.at_ms, before_ms, 0)
        return entry.at_ms

    def _too_early(self, index: int, at_ms: int, before_ms: int, floor_ms: int) -> None:
        where = self._found.entry(index, at_ms)
        if at_ms < before_ms:
            before = local(before_ms, self._found.zone)
            self._found.add("time_falls", f"it is earlier than the entry before it, which is of {before}", where)
        if at_ms < floor_ms:
            seen = f"it says that it is from before {local(floor_ms, self._found.zone)}"
            self._found.add("backdated", f"{seen}, but a witness saw the log later than that without it", where)

    def _wrong(self, index: int, data: bytes, life: Life) -> Step:
        """Say what is wrong with what happens to an order; what it is taken for all the same."""
        line = LINE.fullmatch(data)
        assert line is not None
        kind, state, model, at, order, customer, held, _ = (part.decode() for part in line.groups())
        code, text = _why_wrong(kind, state, model, customer, int(held), life)
        self._found.add(code, text, f"{self._found.entry(index, int(at))}, order {order}")
        return (ANY, STEPS.get(line[2], {}), line[1], line[2])

    def check_copies(self) -> None:
        """Say which entries commit to the same as an earlier one: commitments are salted, so none ever does."""
        firsts = self._commitments[::2]
        if len(set(firsts)) == len(firsts):
            return
        twice = {one for one, times in Counter(firsts).items() if times > 1}
        seen: dict[tuple[int, int], int] = {}
        for index, one in enumerate(firsts):
            if one in twice:
                first = seen.setdefault((one, self._commitments[2 * index + 1]), index)
                if first != index:
                    text = f"it is a copy: it commits to the same as entry {first:,}, and no two ever do"
                    self._found.add("copied", text, self._found.entry(index))


def _goes_on(life: Life, step: Step, model: bytes, customer: bytes, held_minor: int) -> bool:
    """Whether customer, model and deposit may follow those of the order's last entry."""
    if life[2] != customer or (life[1] != model and step[2] != b"converted"):
        return False
    return _held_well(step[0], life[3], held_minor)


def _held_well(rule: int, was_minor: int, held_minor: int) -> bool:
    if rule == MORE:
        return held_minor >= was_minor
    if rule == SAME:
        return held_minor == was_minor
    return held_minor <= was_minor if rule == LESS else not held_minor


def _why_wrong(kind: str, state: str, model: str, customer: str, held_minor: int, life: Life) -> tuple[str, str]:
    """A code and words for what can't happen to an order of that life."""
    next_steps, of_model, of_customer, was_minor, last = life
    was = next((name.decode() for name, steps in STEPS.items() if steps is next_steps), "of an unknown state")
    if kind not in KINDS or state not in STATES:
        return "unreadable", f"found the kind {kind!r} and the state {state!r}: one of them is unknown"
    begins = kind in {"reserved", "imported"}
    if last < 0 and begins:
        return "impossible", f"an order begins as {kind}, {state}, with a deposit of {held_minor:,} minor units"
    if last < 0:
        return "no_beginning", f"an order is {kind} that never began: its beginning is missing, or it was invented"
    if begins or kind == state == was:
        return "twice", f"an order is {kind} a second time: it was so before, see entry {last:,}"
    if b"%b %b" % (kind.encode(), state.encode()) not in next_steps:
        then = "" if kind == state else f" and then {state}"
        return "impossible", f"an order that was {was} (entry {last:,}) can't be {kind}{then}"
    if customer.encode() != of_customer or (model.encode() != of_model and kind != "converted"):
        what = "customer's" if customer.encode() != of_customer else "model's"
        code, text = "another", f"an order is another {what} than before, see entry {last:,}"
    else:
        code, text = "deposit", f"an order's deposit held is {held_minor:,} minor units once {kind}; was {was_minor:,}"
    return code, text
