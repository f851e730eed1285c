"""Verifies each kind of file: a claim, a receipt, a checkpoint. Offline as far as that goes, and against a log."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from drumroll.cli.at_the_terminal import progress
from drumroll.cli.verify_words import Report
from drumroll.domain.money import EXPONENTS, format_minor
from drumroll.errors import NoteInvalid, ProofError
from drumroll.proof.checkpoint import Checkpoint, check_signed, parse_checkpoint
from drumroll.proof.claim import Claim, make_claim, parse_claim
from drumroll.proof.cosignature import cosigned_at
from drumroll.proof.count import Count
from drumroll.proof.entry import LaunchEntry
from drumroll.proof.moments import local, utc
from drumroll.proof.note import Note, VerifierKey, parse_note, to_base64
from drumroll.proof.receipt import Receipt, check_fields, check_included, parse_receipt
from drumroll.proof.recount import BACK_DATING_S, Recount
from drumroll.proof.roots import Signed
from drumroll.transparency.inspection import Inspection, Seen, seen_in_words
from drumroll.transparency.published import Published

_SAMPLE = (
    "That behind each entry stands a real person's order, with money. An auditor can see some opened, drawn by "
    "nobody's choice (drumroll sample), and hold them against the payment provider's statement."
)
_OFFLINE = (
    "That others are shown the same log as you: this was checked from the file alone. Compare it with the published "
    "log (--log), or with what a witness saw (--witness)."
)
_LEFT_OUT = "That no order was left out. Whoever has a receipt can show that theirs is in the log."
_WITNESS = (
    "That everybody is shown the same log, and that nothing was made up before it was published. Compare the root with "
    "somebody else's, or give the key of a witness (--witness)."
)

_SIGNED = frozenset(("unsigned", "history", "origin", "two_roots", "cosignature"))
_WHOLE = frozenset(("changed", "rewritten", "cut", "missing", "entries", "tile"))
_LIVES = frozenset(
    (
        *(
            "unreadable",
            "time_falls",
            "backdated",
            "postdated",
            "no_beginning",
            "twice",
            "impossible",
            "another",
            "deposit",
        ),
        *("copied", "launch"),
    )
)
"""Codes of findings, by the line of what was checked that they belong to."""


class Given(msgspec.Struct, frozen=True):
    """With what a file is verified. ``own_keys``: the keys came from the log itself, from nowhere else."""

    keys: list[VerifierKey]
    witnesses: list[VerifierKey]
    log: Published | None = None
    own_keys: bool = False


def verify_claim(data: bytes, given: Given) -> Report:
    """A claim: who signed it, and (with a log) whether its number is what the entries give.

    Raises ``NoteInvalid``, ``ClaimInvalid``: the file is none, or can't be read.
    """
    note = parse_note(data)
    claim = parse_claim(note.text)
    report = Report("claim", f"Claim: {valued(claim)} ({claim.statement.text})")
    report.facts += [("It counts", claim.definition), *checkpoint_facts(claim.checkpoint)]
    report.figures = {"claim": claim.statement.text, "value": claim.value, "unit": claim.unit}
    signed = require_signed(report, note, claim.checkpoint.origin, given, "the claim")
    report.not_proven += [_SAMPLE, _LEFT_OUT]
    if given.log is None:
        report.unchecked = "Who signed it was checked, the number was not: give the published log with --log."
        if not signed:
            report.unchecked = ""
        return report
    count = Count(claim.statement)
    inspection, recount = _recounted(report, given, given.log, claim.checkpoint, count)
    if recount is not None:
        _check_value(report, claim, count, inspection)
    report.proven += [
        f"Of the entries that were published, exactly so many are what the claim says it counts: {claim.value:,}.",
        "None of them was changed, added or taken away since they were signed.",
    ]
    say_witnesses(report, inspection.seen, given, claim.checkpoint.size)
    return report


def verify_checkpoint(data: bytes, given: Given) -> Report:
    """A checkpoint: who signed it, and (with a log) whether all of it is what was signed. Raises ``NoteInvalid``."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    report = Report("checkpoint", f"Checkpoint of {checkpoint.origin}", checkpoint_facts(checkpoint))
    require_signed(report, note, checkpoint.origin, given, "the checkpoint")
    seen = _check_cosigned(report, note, checkpoint, given)
    if given.log is None:
        report.proven.append("Whoever holds the key has signed this root: they can't show other entries for that size.")
        report.not_proven.append("What the entries are: nothing of the log was read. Give it with --log.")
    else:
        inspection, _ = _recounted(report, given, given.log, checkpoint, None)
        seen = inspection.seen
        report.proven.append("The published entries are those that were signed: none was changed, added or taken away.")
    report.not_proven += [_SAMPLE, _LEFT_OUT]
    say_witnesses(report, seen, given, checkpoint.size)
    return report


def verify_receipt(data: bytes, given: Given) -> Report:
    """A receipt: that an event of an order is in the signed log. Raises ``ProofError``: the file is none."""
    receipt = parse_receipt(data)
    report = Report(
        "receipt", f"Receipt of entry {receipt.index:,} of {receipt.checkpoint.origin}", _entry_facts(receipt)
    )
    require_signed(report, receipt.note, receipt.checkpoint.origin, given, "the receipt's checkpoint")
    fields = _check_receipt(report, receipt)
    report.facts += [(f"  {name}", value) for name, value in fields.items()]
    report.facts += checkpoint_facts(receipt.checkpoint)
    report.figures = {"index": receipt.index, "entry": receipt.data.decode("utf-8", "replace"), "fields": fields}
    seen = _check_cosigned(report, receipt.note, receipt.checkpoint, given)
    if given.log is not None:
        seen += compare(report, given, given.log, receipt.checkpoint, receipt)
    report.proven += [
        f"The log that was signed has this entry as number {receipt.index:,}. It can't be changed, moved or "
        "taken away without everybody who counts that log noticing.",
    ]
    if fields:
        report.proven.append("The values above are those that were committed to when it was written.")
    report.not_proven += [
        "What became of the order later: a receipt is of one event. Ask for a newer one.",
        "That nobody else was given the same receipt, for the same order. Two people who compare order numbers see it.",
    ]
    if given.log is None:
        report.not_proven.append(_OFFLINE)
    if given.log is not None or given.witnesses:
        say_witnesses(report, seen, given, receipt.index + 1)
    return report


# Signatures


def require_signed(report: Report, note: Note, origin: str, given: Given, what: str) -> bool:
    """Whether one of the keys of the log ``origin`` signed the note; noted either way."""
    try:
        signers = check_signed(note, origin, given.keys)
    except NoteInvalid as error:
        report.check(False, f"{what[0].upper()}{what[1:]} is signed by the log's key.")
        report.fault("unsigned", f"{what} is not signed by the key given: {error}")
        return False
    report.check(True, f"{what[0].upper()}{what[1:]} is signed by {_ids(signers)}.")
    if given.own_keys:
        report.not_proven.append(
            "That the key is the launch's own: it came from the same place as the log, and whoever changes the one can "
            f"change the other. Compare it with one from elsewhere, or give that with --key: {given.keys[0].text}"
        )
    return True


def _ids(keys: Sequence[VerifierKey]) -> str:
    return " and ".join(f"{key.name}+{key.id.hex()}" for key in keys)


def _check_cosigned(report: Report, note: Note, checkpoint: Checkpoint, given: Given) -> list[Seen]:
    """Which of the witnesses cosigned this very note."""
    seen = []
    for witness in given.witnesses:
        try:
            at_s = cosigned_at(note, witness)
        except NoteInvalid as error:
            report.fault("cosignature", str(error))
            continue
        if at_s is not None:
            seen.append(Seen(witness.name, checkpoint.size, at_s))
    return seen


def say_witnesses(report: Report, seen: Sequence[Seen], given: Given, size: int) -> None:
    """What witnesses add for the first ``size`` entries, or that there are none."""
    if report.unchecked:
        return
    if not given.witnesses:
        report.not_proven.append(_WITNESS)
        return
    last = {one.witness: one for one in sorted(seen, key=lambda one: (one.size, -one.at_s))}
    for key in given.witnesses:
        until = min(size, last[key.name].size) if key.name in last else 0
        if not report.check(until == size, f"The witness {key.name} cosigned all {size:,} entries."):
            seen_of = f"cosigned {until:,} of the {size:,} entries" if until else "cosigned no checkpoint"
            report.fault("cosignature", f"the witness {key.name}+{key.id.hex()} {seen_of}")
        if until:
            report.proven.append(
                f"{seen_in_words(last[key.name])}: what was there by then was shown to the witness too, and what came "
                f"later does not say that it is older (but for {BACK_DATING_S} seconds)."
            )


# Against a log


def _recounted(
    report: Report, given: Given, log: Published, checkpoint: Checkpoint, count: Count | None
) -> tuple[Inspection, Recount | None]:
    """Read all of a log, which must begin with what ``checkpoint`` says. The recount is ``None`` if it can't be."""
    inspection = Inspection(log, given.keys, given.witnesses)
    if _unreadable(report, inspection):
        return inspection, None
    with progress("Reading the log") as say:
        recount = inspection.recount([_own(checkpoint)], say, count, checkpoint.size)
    _require_origin(inspection, checkpoint)
    report.figures |= {"entries": recount.size, "checkpoints": inspection.checkpoints}
    _say_recounted(report, inspection, recount)
    report.take(inspection.found)
    return inspection, recount


def _unreadable(report: Report, inspection: Inspection) -> bool:
    """Whether the log can't be read at all: that is no proof of anything, for or against."""
    if inspection.unreadable:
        report.check(False, "The published log can be read.")
        report.unchecked = f"The log can't be read: {inspection.unreadable}"
        report.not_proven.clear()
    return bool(inspection.unreadable)


def _say_recounted(report: Report, inspection: Inspection, recount: Recount) -> None:
    """What of the log was checked, and whether it is so."""
    codes = {finding.code for finding in inspection.found.kept}
    size, many = recount.size, inspection.checkpoints
    report.check(not codes & _SIGNED, f"The log's {many:,} checkpoints are all signed by that key.")
    whole = not codes & _WHOLE
    report.check(
        whole, f"Its {size:,} entries were all read: they give the signed roots, each checkpoint extends the last."
    )
    if report.kind != "checkpoint":
        report.check(not codes & {"other_history", "cut"}, "The checkpoint of the claim is one of this log.")
    report.check(not codes & _LIVES, "No entry is there twice or out of time, and each order's life is possible.")


def compare(
    report: Report, given: Given, log: Published, checkpoint: Checkpoint, receipt: Receipt | None = None
) -> list[Seen]:
    """Whether the log as it is now begins with what the checkpoint says; what witnesses saw of it."""
    inspection = Inspection(log, given.keys, given.witnesses)
    if _unreadable(report, inspection):
        return []
    with progress("Comparing checkpoints") as say:
        inspection.glance([_own(checkpoint)], say)
    _require_origin(inspection, checkpoint)
    if receipt is not None:
        _check_back_dating(inspection, receipt)
    codes = {finding.code for finding in inspection.found.kept}
    many = inspection.checkpoints
    report.check(
        not codes & {*_SIGNED, "rewritten"}, f"The log's {many:,} checkpoints are signed; each extends the last."
    )
    here = not codes & {"other_history", "cut", "missing"}
    report.check(here, f"This checkpoint is of the log's history, which has {inspection.size:,} entries by now.")
    if given.witnesses and receipt is not None:
        report.check("backdated" not in codes, "The entry was not written later than it says.")
    report.take(inspection.found)
    return inspection.seen


def _check_back_dating(inspection: Inspection, receipt: Receipt) -> None:
    for seen in inspection.seen:
        if seen.size <= receipt.index and receipt.entry.at_ms < (seen.at_s - BACK_DATING_S) * 1000:
            text = (
                f"the entry says it is of {utc(receipt.entry.at_ms)}, but {seen_in_words(seen)}, and it was not there"
            )
            inspection.found.add("backdated", text, f"entry {receipt.index:,}")
            return


def _own(checkpoint: Checkpoint) -> Signed:
    return Signed(checkpoint.size, checkpoint.root, own=True)


def _require_origin(inspection: Inspection, checkpoint: Checkpoint) -> None:
    if inspection.origin and inspection.origin != checkpoint.origin:
        text = f"this is of the log {checkpoint.origin[:80]!r}, and the one given is {inspection.origin[:80]!r}"
        inspection.found.add("origin", text, "checkpoint")


def _check_value(report: Report, claim: Claim, count: Count, inspection: Inspection) -> None:
    """Whether the number, and all that the claim says of it, is what the entries give."""
    opened_ms = count.opened_ms
    try:
        with progress("Counting again") as say:
            count = inspection.count_again(count, claim.checkpoint.size, say)
        value, facts = count.value(), count.facts
        assert facts is not None  # else there is no value
        found = make_claim(claim.statement, value, facts, claim.checkpoint)
    except ProofError as error:
        report.check(False, "The number was counted anew.")
        report.fault("claim", f"the claim can't be counted: {error}")
        return
    same = report.check(
        found.value == claim.value, f"Counted anew, the entries give {found.value:,}: the claim says {claim.value:,}."
    )
    report.figures["counted"] = found.value
    if opened_ms not in (None, facts.opens_at_ms):
        moved = f"it was moved: the log began with {utc(opened_ms or 0)}, and now says {utc(facts.opens_at_ms)}"
        report.facts.append(("The opening", moved))
    if not same:
        report.fault("value", f"the claim says {valued(claim)}; the entries give {valued(found)}")
    for name in ("unit", "begins", "ends", "definition"):
        said, right = getattr(claim, name), getattr(found, name)
        if said != right:
            report.fault("definition", f"the claim is explained wrongly. It says {said!r}; right is {right!r}")


def _check_receipt(report: Report, receipt: Receipt) -> dict[str, str]:
    """Inclusion and opening; the opened fields, if they hold."""
    try:
        check_included(receipt)
        report.check(True, "The entry is in the log with that checkpoint.")
    except ProofError as error:
        report.check(False, "The entry is in the log with that checkpoint.")
        report.fault("inclusion", str(error), f"entry {receipt.index:,}")
    try:
        fields = check_fields(receipt)
    except ProofError as error:
        report.check(False, "What the receipt shows of the order is what the entry committed to.")
        report.fault("opening", str(error), f"entry {receipt.index:,}")
        return {}
    if fields:
        report.check(True, "What the receipt shows of the order is what the entry committed to.")
    return fields


# Facts


def valued(claim: Claim) -> str:
    """The number with what it counts; money in the currency."""
    currency = claim.unit.partition("/")[0]
    if claim.unit in {"orders", "customers"}:
        return f"{claim.value:,} {claim.unit}"
    return format_minor(claim.value, currency) if currency in EXPONENTS else f"{claim.value:,} {claim.unit}"


def checkpoint_facts(checkpoint: Checkpoint) -> list[tuple[str, str]]:
    """What a checkpoint says, as rows of a table."""
    return [("Log", checkpoint.origin), ("Entries", f"{checkpoint.size:,}"), ("Root", to_base64(checkpoint.root))]


def _entry_facts(receipt: Receipt) -> list[tuple[str, str]]:
    entry = receipt.entry
    if isinstance(entry, LaunchEntry):
        return [("What", f"the launch {entry.facts.name} was set"), ("When", local(entry.at_ms, entry.facts.time_zone))]
    state = "" if entry.kind == entry.state else f" (it is {entry.state} from then on)"
    return [
        ("What", f"an order for {entry.model}: {entry.kind}{state}"),
        ("When", utc(entry.at_ms)),
        ("Order's tag", entry.order),
    ]
