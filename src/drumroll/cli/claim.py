"""``drumroll claim``: sign a number that anybody can count again."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from drumroll import bootstrap
from drumroll.cli.at_the_terminal import progress
from drumroll.cli.verify_kinds import valued
from drumroll.cli.verify_words import WIDTH, Report, say, show
from drumroll.errors import ClaimInvalid, PublishedInvalid
from drumroll.proof.claim import Claim, make_claim, slug_of
from drumroll.proof.count import Count
from drumroll.proof.note import note_bytes, sign_note, to_base64
from drumroll.proof.statement import Statement, parse_statement
from drumroll.settings import load
from drumroll.transparency.inspection import Inspection
from drumroll.transparency.keys import KeyRing, open_ring
from drumroll.transparency.sources import open_published


@click.command(short_help="Sign a number that anybody can count again.")
@click.argument("statement")
@click.option("--log", "log_path", metavar="DIR|URL|ORDERLOG", help="The published log.  [default: the order log's]")
@click.option("--keys", help="The directory of the keys.  [default: data/keys]")
@click.option("--output", type=click.Path(dir_okay=False), help="The claim's file.  [default: claim-<statement>.txt]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def claim(statement: str, log_path: str | None, keys: str | None, output: str | None, as_json: bool) -> None:
    """Count STATEMENT in the published log and sign what comes out.

    The whole log is read and verified first. Nothing is signed if it does not
    hold, or if STATEMENT says a number and another one comes out.

    \b
      [NUMBER] KIND orders | customers with KIND orders | standing orders
               | orders in state STATE | deposits held
      [of MODEL]
      [in the first N minutes | until TIME | at TIME | between TIME and TIME]
      [net of cancellations]

    \b
    Example:
      drumroll claim "289,000 firm orders in the first hour"
      drumroll claim "customers with firm orders of yu7 net of cancellations"
    """
    wanted = parse_statement(statement)
    settings = load(os.environ, keys=keys)
    ring = open_ring(bootstrap.key_folder(settings))
    made = _counted(wanted, log_path or settings.log, ring)
    if wanted.asserted not in (None, made.value):
        raise ClaimInvalid(
            f"{wanted.asserted:,} were claimed; {made.value:,} are there ({made.unit}). Nothing was signed. "
            f"What counts: {made.definition}"
        )
    path = Path(output or f"claim-{slug_of(wanted)}.txt")
    _write(path, note_bytes(sign_note(made.text, ring.signing)))
    _say(made, path, as_json)


def _counted(statement: Statement, where: str, ring: KeyRing) -> Claim:
    """The claim that the log gives, once all of the log is verified; ends the command if it does not hold."""
    published = open_published(where)
    inspection = Inspection(published, [*(key.verifier for key in ring.signing), *ring.retired])
    head, count = inspection.head, Count(statement)
    if head is None or not head.size:
        why = inspection.unreadable or "it has no entries yet"
        raise PublishedInvalid(f"there is nothing to claim in {published.where}: {why}")
    with progress("Reading the log") as tell:
        inspection.recount([], tell, count, head.size)
    if inspection.found.kept:
        _refuse(inspection)
    with progress("Counting again") as tell:
        count = inspection.count_again(count, head.size, tell)
    value = count.value()
    assert count.facts is not None
    return make_claim(statement, value, count.facts, head)


def _refuse(inspection: Inspection) -> None:
    """Say what is wrong with the log, and end."""
    report = Report("claim", "Nothing was signed: the published log does not hold.")
    report.facts = [("Log", inspection.published.where)]
    report.take(inspection.found)
    show(report, Console(width=WIDTH, highlight=False, stderr=True))
    sys.exit(1)


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a device or a pipe: it is written to, not replaced
            return
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise ClaimInvalid(f"{path} can't be written: {error.strerror}. Choose another file with --output") from error


def _say(made: Claim, path: Path, as_json: bool) -> None:
    checkpoint = made.checkpoint
    if as_json:
        found = {
            "file": str(path),
            "claim": made.statement.text,
            "value": made.value,
            "unit": made.unit,
            "from": made.begins,
            "until": made.ends,
            "definition": made.definition,
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": to_base64(checkpoint.root),
        }
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    console = Console(width=WIDTH, highlight=False)
    say(console, f"{valued(made)}: {made.statement.text}", style="bold")
    say(console, made.definition)
    say(console, f"Counted in {checkpoint.origin} at {checkpoint.size:,} entries, and signed:")
    console.print(str(path), markup=False, soft_wrap=True)
    say(console, "Anybody can check it, with your public key (drumroll key show):")
    console.print(f"  drumroll verify {shlex.quote(str(path))} --log DIR|URL --key VKEY", markup=False, soft_wrap=True)
