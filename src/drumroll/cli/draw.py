"""``drumroll draw``: check that a published draw of places is what was promised, and say which place one drew."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

import click
import msgspec

from drumroll.errors import DrawInvalid
from drumroll.room.draw import PUBLISHED_LIMIT_BYTES, Draw, check, place_in, read

TIMEOUT_S = 30


@click.command(short_help="Check a waiting room's draw of places.")
@click.argument("draw_file", metavar="FILE_OR_URL")
@click.option("--place", "entry", metavar="ENTRY_ID", help="Say which place this entry drew.")
@click.option("--commitment", metavar="HEX", help="What the waiting room showed before the draw, as you noted it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def draw(draw_file: str, entry: str | None, commitment: str | None, as_json: bool) -> None:
    """Check the draw of a waiting room: a file, or the URL where it is published.

    Without --commitment, the one in the file is believed. Note the one that the
    waiting room shows before the draw, and give it here.

    Exits with 1, and what is wrong, if the draw does not hold.

    \b
    Example:
      drumroll draw https://launch.example/v1/waiting-room/draw
      drumroll draw draw.json --place 9f2c5d0e7b1a48c3a6e4d7f8091b2c3d
    """
    found = read(_bytes_of(draw_file))
    check(found, commitment)
    place = None if entry is None else place_in(found, entry)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_figures(found, commitment, entry, place))))
        return
    click.echo(f"launch      {found.launch}")
    click.echo(f"drawn       {found.drawn_at}, among {len(found.entrants):,}")
    click.echo(f"commitment  {found.commitment}")
    click.echo(f"            {'the one you noted' if commitment else 'as the file has it: compare it with your note'}")
    if place is not None:
        click.echo(f"place       {place:,} of {len(found.entrants):,}")
    click.echo("the draw holds: this seed was committed to, and each entrant is in it once")


def _figures(found: Draw, noted: str | None, entry: str | None, place: int | None) -> dict[str, Any]:
    return {
        "launch": found.launch,
        "drawn_at": found.drawn_at,
        "entrants": len(found.entrants),
        "commitment": found.commitment,
        "commitment_noted": noted is not None,
        "entry_id": entry,
        "place": place,
    }


def _bytes_of(where: str) -> bytes:
    """The published draw, read no further than one may be long. Raises ``DrawInvalid``."""
    try:
        if where.startswith(("https://", "http://")):
            with urllib.request.urlopen(where, timeout=TIMEOUT_S) as answer:
                return bytes(answer.read(PUBLISHED_LIMIT_BYTES + 1))
        with Path(where).open("rb") as file:
            return file.read(PUBLISHED_LIMIT_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise DrawInvalid(f"{where} was answered with {error.code}; is that where the draw is published?") from error
    except (OSError, ValueError, HTTPException) as error:
        raise DrawInvalid(f"{where} can't be read ({error}); allowed: a file, or an http or https URL") from error
