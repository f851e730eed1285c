"""A sample for an auditor: which entries are to be opened, what they show, and what it proves (see proof.chances).

Nobody chooses the sample. It follows from the root of a signed checkpoint, which fixes every entry, and from a value
that nobody could know when the checkpoint was signed: the figures of a lottery, or of an index's close, of a later day.

The draw. There are N leaves of the kind, in the order of their indices, at places 0 to N - 1. For counter = 0, 1, ...

    SHA-256("drumroll sample/v1\\n" || root || length of VALUE in bytes (8 bytes) || VALUE (UTF-8) || counter (8 bytes))

gives four words of 8 bytes (all numbers are big-endian). A word of 2**64 - 2**64 mod N or more is passed over, so that
no place is likelier than another; any other word draws place = word mod N; a place that was drawn is passed over too.
The first n places are the sample. A vector, which the tests hold:

>>> draw(bytes(range(32)), "lottery of 5 July: 04 11 17 23 31 36 + 42", 288412, 5)
[97032, 218489, 68179, 258261, 188064]

A sample's file is the line ``drumroll sample/v1`` and one JSON object (``Sample``).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from hashlib import sha256
from unicodedata import normalize

import msgspec

from drumroll.errors import ClaimInvalid, EntryInvalid, ProofError, ProofInvalid
from drumroll.proof.checkpoint import Checkpoint, check_signed, parse_checkpoint
from drumroll.proof.entry import FIELDS, KINDS, Entry, LaunchEntry, Opened, check_opening, parse_entry
from drumroll.proof.merkle import HASH_BYTES, SIZE_MOST, check_inclusion, leaf_hash
from drumroll.proof.moments import utc
from drumroll.proof.note import VerifierKey, from_base64, parse_note, to_base64

HEADER = "drumroll sample/v1"
ALL = "all"
"""Instead of a kind: every entry, whatever it says."""

SAMPLE_MOST = 10_000
"""Leaves of a sample: enough to find one invented order in 3,000 with 95 %."""

FILE_BYTES_MOST = 64 * 1024 * 1024
RANDOM_LEAST, RANDOM_MOST = 8, 1_000
"""Characters of the random value."""

PROOF_MOST = 63
SHOWN = frozenset({"order", "payment"})
"""The fields that an auditor needs to hold an order against the payment provider's statement."""

PAID = frozenset({"firm", "difference_paid"})
"""Kinds of entries that say that money came: without a payment's reference they are not shown to be true."""

_MUST_BE_PUBLIC = (
    "Use a public value that nobody could choose and nobody knew when the checkpoint was signed, such as a lottery's "
    "numbers or a stock index's closing figures of a later day, and write it as it was published"
)
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|[\ud800-\udfff]")

# The draw


def check_random(value: str) -> None:
    """Raise ``ClaimInvalid`` if this can't be the value from outside that a sample is drawn with."""
    if not value.strip():
        raise ClaimInvalid(f"found an empty random value. {_MUST_BE_PUBLIC}")
    if value != value.strip() or _UNFIT.search(value):
        raise ClaimInvalid(f"the random value begins or ends with a space, or has signs that can't be seen: {value!r}")
    if not RANDOM_LEAST <= len(value) <= RANDOM_MOST:
        raise ClaimInvalid(
            f"found a random value of {len(value):,} characters, allowed: {RANDOM_LEAST} to {RANDOM_MOST:,} (a short "
            f"one can be tried out beforehand, until the sample is a harmless one). {_MUST_BE_PUBLIC}"
        )


def check_kind(kind: str) -> None:
    """Raise ``ClaimInvalid`` if there are no entries of that kind, ever."""
    if kind != ALL and kind not in KINDS:
        raise ClaimInvalid(f"found the kind {kind[:60]!r}, allowed: {', '.join(KINDS)}, or {ALL}")


def draw(root: bytes, random: str, population: int, n: int) -> list[int]:
    """The places that are drawn, ``n`` of 0 to ``population`` - 1, all different, in the order of the draw.

    Raises ``ClaimInvalid`` for a value that is none, and for more than there are.
    """
    check_random(random)
    check_count(population, n)
    value = random.encode()
    begun = sha256(b"drumroll sample/v1\n" + root + len(value).to_bytes(8, "big") + value)
    fair = 2**64 - 2**64 % population
    places: dict[int, None] = {}
    counter = 0
    while len(places) < n:
        for word in _words(begun.copy(), counter):
            if word < fair and len(places) < n:
                places[word % population] = None
        counter += 1
    return list(places)


def check_count(population: int, n: int) -> None:
    """Raise ``ClaimInvalid`` if ``n`` can't be drawn of that many."""
    if not 1 <= n <= SAMPLE_MOST:
        raise ClaimInvalid(f"found a sample of {n:,}, allowed: 1 to {SAMPLE_MOST:,}")
    if n > population:
        raise ClaimInvalid(f"{n:,} can't be drawn: there are {population:,} of that kind. Draw {population:,} or fewer")


def _words(hashing: object, counter: int) -> list[int]:
    hashing.update(counter.to_bytes(8, "big"))  # type: ignore[attr-defined]
    digest: bytes = hashing.digest()  # type: ignore[attr-defined]
    return [int.from_bytes(digest[at : at + 8], "big") for at in range(0, 32, 8)]


class Population:
    """The indices of the leaves of a kind, found while all entries of a log are read once, in order."""

    def __init__(self, kind: str) -> None:
        check_kind(kind)
        self.size = 0
        self.indices: array[int] = array("q")
        self._begins = b"" if kind == ALL else kind.encode() + b" "

    def extend(self, entries: Sequence[bytes]) -> None:
        """The next entries of the log."""
        begins, first = self._begins, self.size
        self.indices.extend([first + at for at, entry in enumerate(entries) if entry.startswith(begins)])
        self.size += len(entries)

    def drawn(self, root: bytes, random: str, n: int) -> list[int]:
        """The indices of the leaves that are drawn, in the order of the draw."""
        return [self.indices[place] for place in draw(root, random, len(self.indices), n)]


# The file


class Drawn(msgspec.Struct, frozen=True):
    """A leaf of the sample: the entry as it is published, its inclusion proof (base64 hashes), its opened fields."""

    index: int
    entry: str
    proof: tuple[str, ...]
    fields: tuple[Opened, ...] = ()


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sample's file says: a draw, and what came of it, in the order of the draw. ``root`` is base64.

    ``checkpoint`` is the signed note. Without opened fields it asks; the operator's answer has them.
    """

    origin: str
    size: int
    root: str
    random: str
    kind: str
    n: int
    entries: tuple[Drawn, ...]
    checkpoint: str

    @property
    def opened(self) -> bool:
        """Whether anything is opened: else it only says which entries are asked for."""
        return any(drawn.fields for drawn in self.entries)


def sample_bytes(sample: Sample) -> bytes:
    """The file of a sample."""
    return HEADER.encode() + b"\n" + msgspec.json.format(msgspec.json.encode(sample)) + b"\n"


def parse_sample(data: bytes) -> Sample:
    """Read the file of a sample; nothing that it says is checked yet. Raises ``ClaimInvalid``."""
    first, _, rest = data[: FILE_BYTES_MOST + 1].partition(b"\n")
    if first != HEADER.encode():
        raise ClaimInvalid(f"this is no sample: it begins with {first[:60]!r}, allowed: {HEADER!r}")
    if len(data) > FILE_BYTES_MOST:
        raise ClaimInvalid(f"the sample's file has {len(data):,} bytes, allowed: {FILE_BYTES_MOST:,}")
    try:
        sample = msgspec.json.decode(rest, type=Sample)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClaimInvalid(f"the sample's file can't be read: {error}. Get it again from whoever made it") from error
    check_random(sample.random)
    check_kind(sample.kind)
    if not 1 <= sample.n <= SAMPLE_MOST or not 1 <= sample.size <= SIZE_MOST or len(sample.entries) != sample.n:
        raise ClaimInvalid(
            f"the sample has {len(sample.entries):,} entries and says {sample.n:,} of a log of {sample.size:,}; "
            f"allowed: as many as it says, 1 to {SAMPLE_MOST:,}"
        )
    return sample


# Checking it


class Row(msgspec.Struct, frozen=True):
    """What a drawn entry says and shows: to be held against the payment provider's statement. Empty: not shown.

    ``held_minor`` is the deposit that was held for the order from then on, in minor units of the launch's currency.
    """

    index: int
    at_ms: int
    kind: str
    tag: str = ""
    held_minor: int = 0
    order: str = ""
    payment: str = ""
    customer: str = ""


class Fault(msgspec.Struct, frozen=True):
    """Something of a sample that is not as it must be, and of which leaf."""

    index: int
    what: str

    def __str__(self) -> str:
        return f"entry {self.index:,}: {self.what}"


class Checked(msgspec.Struct, frozen=True):
    """What came of checking a sample: it holds if there are no ``faults``. ``rows`` are in the order of the log.

    ``draw_checked``: the draw itself was made again, so that nobody chose the entries.
    """

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    draw_checked: bool
    opened: bool


def check_sample(sample: Sample, keys: Sequence[VerifierKey], population: Sequence[int] | None = None) -> Checked:
    """Check a sample: its checkpoint's signature, the draw, that each entry is in the log, what they show.

    ``population`` has the indices of all leaves of the kind, from the published log at the sample's size; without it
    the draw is only checked for the kind ``all``.

    Raises:
        NoteInvalid: none of the keys signed the checkpoint, or it is malformed.
        ClaimInvalid: the checkpoint is not the one that the sample names, or the draw is an impossible one.
    """
    checkpoint = _checkpoint(sample, keys)
    if population is None and sample.kind == ALL:
        population = range(checkpoint.size)
    faults = _draw_faults(sample, checkpoint, population) if population is not None else []
    rows = []
    opened = sample.opened
    for drawn in sample.entries:
        try:
            rows.append(_row(drawn, sample.kind, checkpoint, opened))
        except ProofError as error:
            faults.append(Fault(drawn.index, str(error)))
    faults += repeated(rows)
    in_order = tuple(sorted(rows, key=lambda row: row.index))
    return Checked(in_order, tuple(faults), population is not None, opened)


def _checkpoint(sample: Sample, keys: Sequence[VerifierKey]) -> Checkpoint:
    note = parse_note(sample.checkpoint.encode("utf-8", "surrogatepass"))
    checkpoint = parse_checkpoint(note.text)
    check_signed(note, checkpoint.origin, keys)
    said = (sample.origin, sample.size, sample.root)
    if said != (checkpoint.origin, checkpoint.size, to_base64(checkpoint.root)):
        raise ClaimInvalid(f"the sample says it is of {said}, its checkpoint is another: {checkpoint.text!r}")
    return checkpoint


def _draw_faults(sample: Sample, checkpoint: Checkpoint, population: Sequence[int]) -> list[Fault]:
    places = draw(checkpoint.root, sample.random, len(population), sample.n)
    due, found = [population[place] for place in places], [drawn.index for drawn in sample.entries]
    faults = [Fault(index, "it was drawn, and the sample does not have it") for index in _but(due, found)]
    faults += [Fault(index, "it was not drawn, and the sample has it") for index in _but(found, due)]
    if not faults and due != found:
        faults = [Fault(found[0], "the sample's entries are not in the order of the draw, or one is there twice")]
    return faults


def _but(some: Sequence[int], others: Iterable[int]) -> list[int]:
    without = set(others)
    return sorted(index for index in some if index not in without)


def _row(drawn: Drawn, kind: str, checkpoint: Checkpoint, opened: bool) -> Row:
    """What a leaf shows, once all of it is checked. Raises ``ProofError``."""
    data = drawn.entry.encode("utf-8", "surrogatepass")
    check_inclusion(leaf_hash(data), drawn.index, checkpoint.size, _hashes(drawn.proof), checkpoint.root)
    entry = parse_entry(data)
    found = "launch" if isinstance(entry, LaunchEntry) else entry.kind
    if kind not in (ALL, found):
        raise EntryInvalid(f"it is of the kind {found!r}, and the sample is of {kind!r}")
    if isinstance(entry, LaunchEntry):
        return Row(drawn.index, entry.at_ms, found)
    fields = _shown(entry, drawn) if opened else {}
    return Row(
        drawn.index, entry.at_ms, found, entry.order, entry.held_minor,
        *(fields.get(name, "") for name in ("order", "payment", "customer")),
    )  # fmt: skip


def _shown(entry: Entry, drawn: Drawn) -> dict[str, str]:
    """The opened fields of a leaf, with all that an auditor needs among them. Raises ``EntryInvalid``."""
    fields = check_opening(entry, drawn.fields) if drawn.fields else {}
    # The payment of an imported order has to be shown too, but it may be empty: it was paid elsewhere.
    may_be_empty = set() if entry.kind in PAID else {"payment"}
    due = [name for name in FIELDS[entry.kind] if name in SHOWN]
    lacking = [name for name in due if name not in fields or not (fields[name] or name in may_be_empty)]
    if lacking:
        raise EntryInvalid(f"it does not show its {' and its '.join(lacking)}: ask the operator to open it")
    unseen = [name for name in due if not fields[name].isprintable() or fields[name] != fields[name].strip()]
    if unseen:
        raise EntryInvalid(f"its {' and its '.join(unseen)} has signs that can't be seen: it looks like another one")
    return fields


def _hashes(proof: Sequence[str]) -> list[bytes]:
    hashes = [from_base64(text) or b"" for text in proof[: PROOF_MOST + 1]]
    if len(hashes) > PROOF_MOST or any(len(one) != HASH_BYTES for one in hashes):
        raise ProofInvalid(f"its proof can't be read: allowed are up to {PROOF_MOST} hashes in base64")
    return hashes


def repeated(rows: Iterable[Row]) -> list[Fault]:
    """Where a payment stands for two entries, an order's number for two orders, or an order has two numbers."""
    payments: dict[str, Row] = {}
    numbers: dict[str, Row] = {}
    tags: dict[str, Row] = {}
    faults = []
    for row in rows:
        # As people read it: what only differs in the width or the form of its letters is one payment.
        paid = payments.setdefault(normalize("NFKC", row.payment), row)
        if row.payment and paid is not row:
            faults.append(Fault(row.index, f"its payment {row.payment!r} is that of entry {paid.index:,} too"))
        same = numbers.setdefault(row.order, row)
        if row.order and same.tag != row.tag:
            faults.append(Fault(row.index, f"its order number {row.order!r} is that of entry {same.index:,} too"))
        other = tags.setdefault(row.tag, row)
        if row.order and other.order != row.order:
            faults.append(Fault(row.index, f"it is of the same order as entry {other.index:,}, with another number"))
    return faults


# For the auditor's table


def csv_of(rows: Sequence[Row]) -> str:
    """The rows as CSV (RFC 4180), with the customer where one is shown."""
    names = ["index", "time", "kind", "order", "payment", "held_minor"]
    if any(row.customer for row in rows):
        names.append("customer")
    lines = [
        names,
        *([utc(row.at_ms) if name == "time" else str(getattr(row, name)) for name in names] for row in rows),
    ]
    return "".join(",".join(map(_cell, line)) + "\r\n" for line in lines)


def _cell(text: str) -> str:
    """In quotes where it must be, and never a formula for the spreadsheet that opens it."""
    safe = "'" + text if text[:1] in tuple("=+-@\t\r") and text[:1] else text
    return '"' + safe.replace('"', '""') + '"' if re.search(r'[",\r\n]', safe) else safe
