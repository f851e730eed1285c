"""Published logs for tests: a log of imaginary orders, written out as the publisher writes it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from drumroll.proof.checkpoint import Checkpoint
from drumroll.proof.cosignature import cosign
from drumroll.proof.entry import FIELDS, FORMAT, Entry, LaunchEntry, LaunchFacts, committed, entry_bytes, tag
from drumroll.proof.merkle import leaf_hash
from drumroll.proof.note import COSIGNATURE, ED25519, Note, SigningKey, note_bytes, sign_note
from drumroll.proof.tiles import Growing, bundle, bundles_of, tile_path

ORIGIN = "log.example.com/yu7"
OPENS_MS = 1_750_946_400_000
"""2025-06-26T22:00:00 in Shanghai."""

KEY = SigningKey(ORIGIN, ED25519, bytes(range(32)))
OTHER_KEY = SigningKey(ORIGIN, ED25519, bytes(range(1, 33)))
WITNESS = SigningKey("witness.example/press", COSIGNATURE, bytes(range(2, 34)))
FACTS = LaunchFacts(FORMAT, "yu7", "YU7", OPENS_MS, "Asia/Shanghai", "CNY", ("firm",), ("yu7", "yu7-max"))
DEPOSIT_MINOR = 500_000
BLINDING = bytes(32)


def launch_entry(at_ms: int = OPENS_MS - 3_600_000, facts: LaunchFacts = FACTS) -> bytes:
    """The entry with which every log begins."""
    return entry_bytes(LaunchEntry(at_ms, facts))


def publish(
    directory: Path,
    entries: Sequence[bytes],
    key: SigningKey = KEY,
    sizes: Sequence[int] = (),
    cosigned: dict[int, int] | None = None,
    witness: SigningKey = WITNESS,
) -> Path:
    """Write a published log with a checkpoint at each of ``sizes`` and at the end; ``cosigned``: size to seconds."""
    tree, notes = Growing(), []
    for begin, end in zip([0, *sorted({*sizes, len(entries)})], sorted({*sizes, len(entries)}), strict=False):
        for tile, data in tree.extend([leaf_hash(entry) for entry in entries[begin:end]]):
            write(directory / tile_path(tile), data)
        note = sign_note(Checkpoint(ORIGIN, end, tree.root()).text, [key])
        if cosigned and end in cosigned:
            note = Note(note.text, (*note.signatures, cosign(note.text, witness, cosigned[end])))
        notes.append(note_bytes(note))
    for tile, data in tree.partials():
        write(directory / tile_path(tile), data)
    publish_bundles(directory, entries)
    write(directory / "checkpoints", b"".join(note + b"\n" for note in notes))
    write(directory / "checkpoint", notes[-1])
    write(directory / "keys", f"{key.verifier.text}\n".encode())
    return directory


def publish_bundles(directory: Path, entries: Sequence[bytes]) -> None:
    """Write the entries alone: what somebody changes who does not know of the tiles."""
    for tile in bundles_of(len(entries)):
        write(directory / tile_path(tile), bundle(entries[tile.index * 256 : tile.index * 256 + tile.width]))


def write(path: Path, data: bytes) -> None:
    """Write a file, and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def fields_of(kind: str, order: str) -> tuple[list[str], list[bytes]]:
    """The fields (``name=value``) that an entry of ``Launch`` commits to, and their salts; ``order``: like order-17."""
    values = {"order": order, "payment": f"pay-{order}", "price": "25350000", "trim": "max", "region": "east"}
    salts = [blake2b(f"{order}{name}".encode(), digest_size=16).digest() for name in FIELDS.get(kind, ("order",))]
    return [f"{name}={values.get(name, '')}" for name in FIELDS.get(kind, ("order",))], salts


_AFTER: dict[str, tuple[tuple[str, str, int], ...]] = {
    "reserved": (("firm", "firm", 12), ("expired", "expired", 2), ("cancelled", "cancelled", 1), ("changed", "", 1)),
    "expired": (("firm", "firm", 1),),
    "firm": (
        *(("locked", "locked", 8), ("cancelled", "cancelled", 3), ("changed", "", 2), ("converted", "firm", 2)),
        *(("withdrawn", "cancelled", 1), ("difference_paid", "", 1)),
    ),
    "locked": (
        *(("scheduled", "scheduled", 6), ("unlocked", "firm", 1), ("forfeited", "forfeited", 1), ("changed", "", 1)),
        *(("converted", "locked", 1), ("withdrawn", "forfeited", 1), ("converted", "firm", 1)),
    ),
    "scheduled": (
        *(("in_production", "in_production", 6), ("locked", "locked", 1), ("forfeited", "forfeited", 1)),
        ("converted", "locked", 1),
    ),
    "in_production": (("built", "built", 6), ("scheduled", "scheduled", 1), ("withdrawn", "cancelled", 1)),
    "built": (("in_transit", "in_transit", 6), ("in_production", "in_production", 1)),
    "in_transit": (("delivered", "delivered", 6), ("built", "built", 1), ("withdrawn", "forfeited", 1)),
}
"""What may come after a state: kind, the state that it leads to (empty: the same), how often."""

_GONE = frozenset(("expired", "cancelled", "forfeited", "delivered"))


class Launch:
    """A launch of imaginary orders that live as real ones may; ``entries`` grows. The same seed gives the same."""

    def __init__(self, seed: int = 1, customers: int = 1_000, facts: LaunchFacts = FACTS) -> None:
        self.random = random.Random(seed)
        self.entries = [launch_entry(facts=facts)]
        self.at_ms = facts.opens_at_ms
        self._facts = facts
        self._customers = [tag(BLINDING, b"customer", f"customer-{number}") for number in range(customers)]
        self._alive: list[Entry] = []
        self._orders = 0
        self._made = 0

    def go_on(self, count: int, step_ms: int = 900) -> Launch:
        """So many entries more, one every ``step_ms`` at most; returns itself."""
        for _ in range(count):
            self.at_ms += self.random.randrange(step_ms)
            old = self._alive and self.random.random() < 0.6
            entry = self._goes_on() if old else self._begins()
            self._made += 1
            self.entries.append(entry_bytes(entry))
        return self

    def entry(self, kind: str, state: str, order: str, customer: str, model: str = "yu7", held: int = 0) -> Entry:
        """An entry at this moment; its commitment opens with ``fields_of(kind, "order-<its index>")``."""
        fields, salts = fields_of(kind, f"order-{len(self.entries)}")
        return Entry(kind, state, model, self.at_ms, order, customer, held, committed(fields, salts))

    def _begins(self) -> Entry:
        self._orders += 1
        order, customer = tag(BLINDING, b"order", f"order-{self._orders}"), self.random.choice(self._customers)
        model = self.random.choice(self._facts.models)
        if self.random.random() < 0.05:
            state = self.random.choice(("firm", "locked", "scheduled", "built"))
            entry = self.entry("imported", state, order, customer, model, DEPOSIT_MINOR)
        else:
            entry = self.entry("reserved", "reserved", order, customer, model)
        self._alive.append(entry)
        return entry

    def _goes_on(self) -> Entry:
        at = self.random.randrange(len(self._alive))
        self._alive[at], self._alive[-1] = self._alive[-1], self._alive[at]
        before = self._alive.pop()
        ways = _AFTER[before.state]
        kind, state, _ = self.random.choices(ways, [often for *_, often in ways])[0]
        state, held, model = state or before.state, before.held_minor, before.model
        if kind == "firm":
            held = DEPOSIT_MINOR
        elif kind == "difference_paid":
            held += 100_000
        elif kind == "converted":
            model = self.random.choice(self._facts.models)
            held = self.random.choice((held, held * 4 // 5))
        elif state in _GONE:
            held = 0
        entry = self.entry(kind, state, before.order, before.customer, model, held)
        if state in _AFTER:
            self._alive.append(entry)
        return entry
