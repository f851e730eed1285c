"""A claim: a number that somebody signed, with what it counts and the checkpoint of the log that it was counted in.

A signed note whose text is

    drumroll claim/v1
    <origin of the log>
    <size>
    <root, base64>
    claim: <the statement in its normal form, see proof.statement>
    value: <integer>
    unit: orders | customers | <minor units of a currency, such as CNY/100>
    from: <RFC 3339 in UTC, or "the beginning">
    until: <RFC 3339 in UTC, or "the checkpoint">
    definition: <one sentence, see proof.definition>

Everything after the value follows from the statement and from what the log says of the launch: whoever recounts a claim
makes it anew, and compares.
"""

from __future__ import annotations

import re

import msgspec

from drumroll.errors import ClaimInvalid, NoteInvalid
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.definition import bounds_in_words, definition, unit_of
from drumroll.proof.entry import LaunchFacts
from drumroll.proof.statement import Statement, parse_statement

HEADER = "drumroll claim/v1"
LABELS = ("claim", "value", "unit", "from", "until", "definition")
LINE_CHARACTERS_MOST = 4_000

_VALUE = re.compile(r"0|[1-9][0-9]{0,29}")


class Claim(msgspec.Struct, frozen=True):
    """What is claimed. ``begins`` and ``ends`` are the lines ``from`` and ``until``."""

    checkpoint: Checkpoint
    statement: Statement
    value: int
    unit: str
    begins: str
    ends: str
    definition: str

    @property
    def text(self) -> str:
        """The text to be signed."""
        values = (self.statement.text, str(self.value), self.unit, self.begins, self.ends, self.definition)
        lines = [f"{label}: {value}\n" for label, value in zip(LABELS, values, strict=True)]
        return f"{HEADER}\n{self.checkpoint.text}{''.join(lines)}"


def make_claim(statement: Statement, value: int, facts: LaunchFacts, checkpoint: Checkpoint) -> Claim:
    """The claim that this was counted, at this checkpoint. Raises ``ClaimInvalid`` if no note can say it."""
    unit, (begins, ends) = unit_of(statement, facts), bounds_in_words(statement, facts)
    counted = msgspec.structs.replace(statement, asserted=None)
    claim = Claim(checkpoint, counted, value, unit, begins, ends, definition(statement, facts))
    if parse_claim(claim.text) != claim:
        raise ClaimInvalid(
            "this claim would not read back as it was made: the launch's facts have signs that no claim can"
        )
    return claim


def parse_claim(text: str) -> Claim:
    """Read a claim's text, without its signatures. Raises ``ClaimInvalid`` with the line that is wrong."""
    lines = text.split("\n")
    if lines[0] != HEADER:
        raise ClaimInvalid(f"this is no claim: it begins with {lines[0][:60]!r}, allowed: {HEADER!r}")
    if len(lines) != 11 or lines[10] or any(len(line) > LINE_CHARACTERS_MOST for line in lines):
        raise ClaimInvalid(f"a claim has 10 lines, this has {len(lines) - 1}: it was cut or changed. Get it anew")
    try:
        checkpoint = parse_checkpoint("\n".join(lines[1:4]) + "\n")
    except NoteInvalid as error:
        raise ClaimInvalid(f"the claim's checkpoint can't be read: {error}") from error
    said, value, unit, begins, ends, sentence = map(_valued, LABELS, lines[4:10])
    if not _VALUE.fullmatch(value):
        raise ClaimInvalid(f"found {value[:60]!r} as the claim's value; allowed: a whole number without separators")
    statement = parse_statement(said)
    if statement.text != said:
        raise ClaimInvalid(f"found the claim {said[:200]!r}; it must be written {statement.text!r}")
    return Claim(checkpoint, statement, int(value), unit, begins, ends, sentence)


def _valued(label: str, line: str) -> str:
    found, _, value = line.partition(": ")
    if found != label or not value:
        raise ClaimInvalid(f"found the line {line[:60]!r} in a claim where {label!r} must be. Get it anew")
    return value


def slug_of(statement: Statement) -> str:
    """The statement as part of a file's name: ``firm-orders-in-the-first-hour``."""
    return re.sub(r"[^a-z0-9]+", "-", statement.text.lower()).strip("-")[:80]
