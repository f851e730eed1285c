"""``drumroll sample``: which orders an auditor should see, chosen by nobody; and, for the operator, opening them."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import click
import msgspec
from rich.console import Console

from drumroll import bootstrap
from drumroll.cli import sample_words as words
from drumroll.cli.at_the_terminal import progress, write_private
from drumroll.errors import ClaimInvalid, FileUnfit, LogRewritten
from drumroll.proof.checkpoint import Checkpoint, check_signed, parse_checkpoint
from drumroll.proof.claim import parse_claim
from drumroll.proof.entry import KINDS
from drumroll.proof.note import NOTE_BYTES_MOST, Note, VerifierKey, note_bytes, parse_note, to_base64
from drumroll.proof.sample import (
    ALL,
    SHOWN,
    Checked,
    Drawn,
    Population,
    Sample,
    check_count,
    check_random,
    check_sample,
    csv_of,
    sample_bytes,
)
from drumroll.settings import Settings, load
from drumroll.transparency.keys import KeyRing, open_ring
from drumroll.transparency.openings import open_leaves
from drumroll.transparency.published import Published
from drumroll.transparency.sampling import checkpoint_of, leaves_of, population_of
from drumroll.transparency.sources import open_published


class Wanted(msgspec.Struct, frozen=True):
    """What was asked for on the command line."""

    random: str
    n: int
    kind: str
    claim: str | None
    size: int | None
    opens: bool
    with_customers: bool
    csv: str | None
    output: str | None
    as_json: bool


KIND = click.Choice([*KINDS, ALL])


@click.command(short_help="Draw orders at random for an auditor to see opened.")
@click.option("--random", required=True, metavar="VALUE", help="A public value that nobody could choose or foresee.")
@click.option("-n", "n", type=int, default=400, show_default=True, help="How many to draw.")
@click.option("--kind", type=KIND, default="firm", show_default=True, metavar="KIND", help="firm, locked, ... or all.")
@click.option("--log", "where", metavar="DIR|URL", help="The published log.  [default: that of the order log]")
@click.option("--claim", type=click.Path(dir_okay=False), help="Draw from the checkpoint of this claim.")
@click.option(
    "--size", type=click.IntRange(min=1), help="Draw from the checkpoint of that size.  [default: the newest]"
)
@click.option("--open", "opens", is_flag=True, help="Operator: open the drawn entries, into --output.")
@click.option("--orders", help="Operator: the order log.  [default: data/orders.drumroll]")
@click.option("--keys", help="Operator: the directory of the keys.  [default: data/keys]")
@click.option("--with-customers", is_flag=True, help="Operator: show customers' ids where entries have them.")
@click.option("--csv", type=click.Path(dir_okay=False), help="Operator: write the opened entries as a table, too.")
@click.option("--output", type=click.Path(dir_okay=False), help="Write the sample here.  [with --open: sample-....txt]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")
def sample(where: str | None, orders: str | None, keys: str | None, **asked: object) -> None:
    """Draw orders at random, so that an auditor may see that they are real.

    Which ones follows from the signed checkpoint and from VALUE, so neither the
    operator nor the auditor can pick them. VALUE must be something public that
    nobody knew when the checkpoint was signed: the numbers of a lottery, or the
    closing figures of a stock index, of a later day.

    The auditor draws, and asks for these entries. The operator draws the same
    with --open, and sends the file. The auditor checks it with drumroll verify,
    and holds the payments against the payment provider's own statement.

    \b
    Example:
      drumroll sample --random "lottery of 5 July: 04 11 17 23 31 36" -n 400
      drumroll sample --random "lottery of 5 July: 04 11 17 23 31 36" --open
    """
    wanted = msgspec.convert(asked, Wanted)
    check_random(wanted.random)
    check_count(wanted.n, wanted.n)
    settings = load(os.environ, log=orders, keys=keys)
    ring = open_ring(bootstrap.key_folder(settings)) if wanted.opens else None
    published = open_published(where or settings.log)
    known = published.keys() if ring is None else [*(key.verifier for key in ring.signing), *ring.retired]
    note = _note(published, wanted, known)
    checkpoint = parse_checkpoint(note.text)
    with progress("Reading the log") as say:
        population = population_of(published, checkpoint, wanted.kind, lambda done: say(done, checkpoint.size))
    leaves = leaves_of(published, checkpoint, population.drawn(checkpoint.root, wanted.random, wanted.n))
    if ring is not None:
        leaves = _opened(leaves, settings, ring, SHOWN | ({"customer"} if wanted.with_customers else frozenset()))
    made = _made(wanted, checkpoint, note, leaves)
    _finish(wanted, made, check_sample(made, known, population.indices), population, where)


def _note(published: Published, wanted: Wanted, keys: list[VerifierKey]) -> Note:
    """The signed checkpoint to draw from."""
    size, root = wanted.size, None
    if wanted.claim is not None:
        claimed = _claimed(wanted.claim, keys)
        if size not in {None, claimed.size}:
            raise ClaimInvalid(
                f"the claim is of {claimed.size:,} entries, and --size says {size:,}: leave out one of them"
            )
        size, root = claimed.size, claimed.root
    note = checkpoint_of(published, size, root)
    check_signed(note, parse_checkpoint(note.text).origin, keys)
    return note


def _claimed(path: str, keys: list[VerifierKey]) -> Checkpoint:
    """The checkpoint that a claim was counted at, if the claim is signed."""
    try:
        with Path(path).open("rb") as file:
            note = parse_note(file.read(NOTE_BYTES_MOST + 1))
    except OSError as error:
        raise FileUnfit(f"{path} can't be read ({error.strerror})") from error
    claimed = parse_claim(note.text).checkpoint
    check_signed(note, claimed.origin, keys)
    return claimed


def _opened(leaves: list[Drawn], settings: Settings, ring: KeyRing, shown: frozenset[str]) -> list[Drawn]:
    """The drawn leaves with their fields, from the order log. Raises ``LogRewritten`` if that has others."""
    indices = [leaf.index for leaf in leaves]
    with (
        closing(bootstrap.open_log_for_reading(settings.log)) as reader,
        progress("Opening") as say,
    ):
        found = open_leaves(reader, ring.blinding, indices, shown, lambda done: say(done, max(indices) + 1))
    for leaf in leaves:
        entry, _ = found.get(leaf.index, (b"", []))
        if entry != leaf.entry.encode():
            raise LogRewritten(
                f"entry {leaf.index:,} is another one in {settings.log} than in the published log: was another order "
                "log meant, or are the keys others (its blinding key)? Nothing was opened"
            )
    return [msgspec.structs.replace(leaf, fields=tuple(found[leaf.index][1])) for leaf in leaves]


def _made(wanted: Wanted, checkpoint: Checkpoint, note: Note, leaves: list[Drawn]) -> Sample:
    return Sample(
        checkpoint.origin,
        checkpoint.size,
        to_base64(checkpoint.root),
        wanted.random,
        wanted.kind,
        wanted.n,
        tuple(leaves),
        note_bytes(note).decode(),
    )


def _finish(wanted: Wanted, made: Sample, checked: Checked, population: Population, where: str | None) -> None:
    """Write what is to be written, say what came of it, and fail if what was opened has faults."""
    output = wanted.output or (f"sample-{made.kind}-{made.size}.txt" if wanted.opens else None)
    if output is not None:
        write_private(output, sample_bytes(made))
    if wanted.csv is not None:
        write_private(wanted.csv, csv_of(checked.rows).encode())
    if wanted.as_json:
        found = words.values(made, checked, len(population.indices), output)
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        console = Console(width=words.WIDTH, highlight=False, markup=False, emoji=False, soft_wrap=False)
        words.show(console, made, checked, len(population.indices), output, where, wanted.csv)
    if checked.faults:
        sys.exit(1)
