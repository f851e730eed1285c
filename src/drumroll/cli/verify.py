"""``drumroll verify``: check a claim, a receipt, a sample or a checkpoint, and say what that proves."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from drumroll.cli.given_keys import keys_of
from drumroll.cli.verify_kinds import Given, verify_checkpoint, verify_claim, verify_receipt
from drumroll.cli.verify_words import WIDTH, Report, as_json, show
from drumroll.errors import ClaimInvalid, KeyInvalid
from drumroll.proof import claim as claims
from drumroll.proof import sample as samples
from drumroll.proof import tlog_proof
from drumroll.proof.note import COSIGNATURE
from drumroll.transparency.sources import open_published


@click.command(short_help="Check a claim, a receipt, a sample or a checkpoint.")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--log", "log_path", metavar="DIR|URL", help="The published log.")
@click.option("--key", "keys", multiple=True, metavar="VKEY|FILE", help="The log's public key, from a place you trust.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY|FILE", help="A witness that must have cosigned.")
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False), help="Of a sample: write what it shows to this file."
)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def verify(
    file: str,
    log_path: str | None,
    keys: tuple[str, ...],
    witnesses: tuple[str, ...],
    csv_file: str | None,
    json_wanted: bool,
) -> None:
    """Check FILE and say what that proves, and what it does not. Exits with 0 only if all of it holds.

    FILE is a claim, a receipt, a sample or a checkpoint; which, its first line
    tells. Nothing is believed but the keys that you give. With --log a claim is
    counted again from the published entries, and all else compared with them.

    \b
    Example:
      drumroll verify claim.txt --log https://example.com/log --key keys.txt
      drumroll verify receipt.tlog-proof --key keys.txt
    """
    data = _read(file)
    given = _given(log_path, keys, witnesses)
    report = _verified(data, given, csv_file)
    if json_wanted:
        click.echo(as_json(report))
    else:
        show(report, Console(width=WIDTH, highlight=False))
    if not report.holds:
        sys.exit(1)


def _verified(data: bytes, given: Given, csv_file: str | None) -> Report:
    first = data.split(b"\n", 1)[0].decode("utf-8", "replace")
    if first == samples.HEADER:
        from drumroll.cli.verify_sample import verify_sample

        return verify_sample(data, given, csv_file)
    if csv_file is not None:
        raise ClaimInvalid("--csv is for samples only: leave it out")
    if first == claims.HEADER:
        return verify_claim(data, given)
    if first == tlog_proof.FIRST_LINE:
        return verify_receipt(data, given)
    if data.count(b"\n") < 5 or first.startswith("drumroll "):
        raise ClaimInvalid(
            f"the file begins with {first[:60]!r}: that is none of these: {claims.HEADER!r}, {samples.HEADER!r}, "
            f"{tlog_proof.FIRST_LINE!r}, or the name of a log (a checkpoint)"
        )
    return verify_checkpoint(data, given)


def _given(log_path: str | None, keys: tuple[str, ...], witnesses: tuple[str, ...]) -> Given:
    log = None if log_path is None else open_published(log_path)
    wanted, cosigners = keys_of(keys), keys_of(witnesses, COSIGNATURE)
    if wanted:
        return Given(wanted, cosigners, log)
    if log is None:
        raise KeyInvalid(
            "without the log's public key nothing can be checked. The launch publishes it in several places (the line "
            "that `drumroll key show` prints, like example.com/launch+1a2b3c4d+...): take it from one that you trust, "
            "and give it with --key"
        )
    return Given(log.keys(), cosigners, log, own_keys=True)


def _read(file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(samples.FILE_BYTES_MOST + 1)
    except OSError as error:
        raise ClaimInvalid(f"{file} can't be read: {error.strerror}") from error
    if len(data) > samples.FILE_BYTES_MOST:
        raise ClaimInvalid(f"{file} has more than the {samples.FILE_BYTES_MOST:,} bytes that are allowed")
    return data
