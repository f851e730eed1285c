"""Verifies a sample: nobody chose it, what it shows was committed to, and no payment stands for two orders."""

from __future__ import annotations

from drumroll.cli.at_the_terminal import progress, write_private
from drumroll.cli.verify_kinds import Given, checkpoint_facts, compare, require_signed, say_witnesses
from drumroll.cli.verify_words import Report
from drumroll.errors import PublishedInvalid
from drumroll.proof.chances import fewer_than
from drumroll.proof.checkpoint import parse_checkpoint
from drumroll.proof.findings import KEPT_MOST
from drumroll.proof.note import parse_note
from drumroll.proof.sample import Checked, Sample, check_sample, csv_of, parse_sample
from drumroll.transparency.inspection import Seen
from drumroll.transparency.sampling import population_of

_MONEY = (
    "That the payments are real. Get them from the payment provider itself and look for each reference: is it there, "
    "once, of that day, and was it not paid back? One that fails is not to be explained away or drawn anew."
)
_VALUE = "Anything, if somebody could choose the random value, or knew it before the checkpoint was signed."
_MISSING = "That nothing is missing: a sample finds what is there and should not be, never what is not there."


def verify_sample(data: bytes, given: Given, csv_file: str | None) -> Report:
    """A sample, against the log if one is given. Raises ``ClaimInvalid``, ``NoteInvalid``: the file is none."""
    sample = parse_sample(data)
    note = parse_note(sample.checkpoint.encode("utf-8", "surrogatepass"))
    checkpoint = parse_checkpoint(note.text)
    of = "entries" if sample.kind == "all" else f"{sample.kind} entries"
    report = Report("sample", f"Sample of {sample.n:,} {of} of {sample.origin}")
    report.facts = [("Random value", sample.random), *checkpoint_facts(checkpoint)]
    report.not_proven += [_MONEY, _VALUE, _MISSING]
    if not require_signed(report, note, checkpoint.origin, given, "the sample's checkpoint"):
        return report
    population, seen = None, list[Seen]()
    if given.log is not None:
        seen = compare(report, given, given.log, checkpoint)
        try:
            with progress("Reading the log") as say:
                found = population_of(given.log, checkpoint, sample.kind, lambda done: say(done, checkpoint.size))
            population = found.indices
        except PublishedInvalid as error:
            report.fault("missing", str(error))
            return report
    checked = check_sample(sample, given.keys, population)
    _say(report, sample, checked, None if population is None else len(population))
    if csv_file is not None:
        write_private(csv_file, csv_of(checked.rows).encode())
        report.facts.append(("Written", csv_file))
    say_witnesses(report, seen, given, checkpoint.size)
    return report


def _say(report: Report, sample: Sample, checked: Checked, population: int | None) -> None:
    drawn = {fault.index for fault in checked.faults}
    if checked.draw_checked:
        report.check(not checked.faults, "The draw was made again from the root and the random value.")
    else:
        report.unchecked = "Whether nobody chose these entries was not checked: give the published log with --log."
    report.check(
        not checked.faults,
        f"{len(checked.rows) - len(drawn & {row.index for row in checked.rows}):,} of "
        f"{sample.n:,} entries are in the log and show what they committed to, no payment twice.",
    )
    for fault in checked.faults[:KEPT_MOST]:
        report.fault("sample", fault.what, f"entry {fault.index:,}")
    if len(checked.faults) > KEPT_MOST:
        report.more["sample"] = len(checked.faults) - KEPT_MOST
    report.figures = {"n": sample.n, "opened": checked.opened, "draw_checked": checked.draw_checked}
    if not checked.opened:
        report.unchecked = report.unchecked or "Nothing is opened in it: it asks. The operator answers with --open."
        return
    report.proven.append("These entries were drawn by nobody's choice, and committed to these orders and payments.")
    if population:
        report.proven.append(
            f"If the payment provider confirms every one of them, then with 95 % confidence fewer than "
            f"{fewer_than(population, sample.n):,} of the {population:,} are invented."
        )
