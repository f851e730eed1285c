"""A receipt: that an event of one's order is in the signed log. A C2SP tlog-proof (see proof.tlog_proof).

Its extra data is JSON: ``{"entry": "<the entry>", "fields": [...]}``, the entry as it is published and the opening of
all that it commits to. Nobody signed that: it is believed because the entry's hash leads to the signed root, and
because the fields are those that the entry commits to.
"""

from __future__ import annotations

import msgspec

from drumroll.errors import EntryInvalid, ProofInvalid
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.entry import Entry, LaunchEntry, Opened, check_opening, parse_entry
from drumroll.proof.merkle import check_inclusion, leaf_hash
from drumroll.proof.note import Note, parse_note
from drumroll.proof.tlog_proof import TlogProof, parse_tlog_proof

FIELDS_MOST = 64


class Extra(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The extra data of a receipt."""

    entry: str
    fields: tuple[Opened, ...] = ()


class Receipt(msgspec.Struct, frozen=True):
    """A receipt, in its parts. Nothing in it is checked yet."""

    proof: TlogProof
    note: Note
    checkpoint: Checkpoint
    entry: Entry | LaunchEntry
    data: bytes
    fields: tuple[Opened, ...]

    @property
    def index(self) -> int:
        """Which entry of the log it is of, from 0."""
        return self.proof.index


def parse_receipt(data: bytes) -> Receipt:
    """Read a receipt. Raises ``ProofInvalid``, ``NoteInvalid``, ``EntryInvalid``: it is none, or was changed."""
    proof = parse_tlog_proof(data)
    try:
        extra = msgspec.json.decode(proof.extra, type=Extra)
        entry = extra.entry.encode("utf-8")
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ProofInvalid(
            f"what the receipt says of its entry can't be read: {error}. Get the receipt anew"
        ) from error
    if len(extra.fields) > FIELDS_MOST:
        raise ProofInvalid(f"the receipt has {len(extra.fields):,} fields; allowed: {FIELDS_MOST}")
    note = parse_note(proof.checkpoint)
    return Receipt(proof, note, parse_checkpoint(note.text), parse_entry(entry), entry, extra.fields)


def check_included(receipt: Receipt) -> None:
    """Check that the entry is in the tree of the receipt's checkpoint. Raises ``ProofInvalid``.

    Whether somebody who is trusted signed that checkpoint is for ``note.check_note`` to say.
    """
    checkpoint = receipt.checkpoint
    check_inclusion(leaf_hash(receipt.data), receipt.index, checkpoint.size, receipt.proof.hashes, checkpoint.root)


def check_fields(receipt: Receipt) -> dict[str, str]:
    """The fields that the entry commits to, if these are they. Raises ``EntryInvalid``."""
    if isinstance(receipt.entry, Entry):
        return check_opening(receipt.entry, receipt.fields)
    if receipt.fields:
        raise EntryInvalid("what is said of a launch stands in clear: its receipt opens nothing. Get the receipt anew")
    return {}
