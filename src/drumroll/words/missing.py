"""``python -m drumroll.words.missing``: what lacks a translation, as a fragment of a .po file to be filled in.

It ends with 1 if something is missing or left over, and says so on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from drumroll.words.extraction import Asked, asked
from drumroll.words.reading import Key, read_catalogues

FOLDER = Path(__file__).parent / "zh_CN"


def missing(wanted: dict[Key, Asked], said: Iterable[Key]) -> dict[Key, Asked]:
    """What is asked for and not translated."""
    there = set(said)
    return {key: one for key, one in wanted.items() if key not in there}


def left_over(wanted: dict[Key, Asked], said: Iterable[Key]) -> list[Key]:
    """What is translated and said nowhere."""
    return [key for key in said if key not in wanted]


def fragment(messages: dict[Key, Asked]) -> str:
    """The messages as entries of a .po file, each with where it is said and an empty translation."""
    catalog = Catalog(locale=FOLDER.name)
    for (context, single), one in messages.items():
        both = single if one.plural is None else (single, one.plural)
        catalog.add(both, context=context, locations=[(one.file, one.line)])
    written = BytesIO()
    write_po(written, catalog, width=0, omit_header=True)
    return written.getvalue().decode()


def main() -> int:
    """Print the fragment. Returns 0 if nothing is missing and nothing left over."""
    wanted, said = asked(), read_catalogues(FOLDER)
    lacking, over = missing(wanted, said), left_over(wanted, said)
    sys.stdout.write(fragment(lacking))
    sys.stderr.write(f"{len(wanted)} messages, {len(lacking)} without a translation, {len(over)} left over\n")
    sys.stderr.writelines(f"left over: {single}\n" for _, single in over)
    return 1 if lacking or over else 0


if __name__ == "__main__":
    sys.exit(main())
