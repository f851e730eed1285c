"""The catalogues of a language: gettext's .po files, read with Babel and put together."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

Key = tuple[str | None, str]
"""The context of a message (``None``: it has none), and its English."""
Said = tuple[str, ...]
"""Its translation, in every plural form of the language."""

FILES_LIMIT, FILE_LIMIT_BYTES = 64, 1_000_000


def read_catalogues(folder: Path) -> dict[Key, Said]:
    """Every translation of a folder. Raises ``ValueError``: they are part of the package, so it is a bug of ours."""
    found: dict[Key, tuple[Said, str]] = {}
    for file in po_files(folder):
        for message in read_file(file):
            if not message.id or message.fuzzy or not all(_forms(message.string)):
                continue
            key, said = key_of(message), _forms(message.string)
            before = found.setdefault(key, (said, file.name))
            if before[0] != said:
                raise ValueError(
                    f"{file.name} says {said[0]!r} for {key[1]!r}, {before[1]} says {before[0][0]!r}; "
                    "say the same in both, or give one of them a context (msgctxt)"
                )
    return {key: said for key, (said, _) in found.items()}


def po_files(folder: Path) -> list[Path]:
    """The catalogues of a folder, by name."""
    files = sorted(folder.glob("*.po"))
    if len(files) > FILES_LIMIT:
        raise ValueError(f"{folder.name}: found {len(files)} catalogues, allowed: {FILES_LIMIT}")
    return files


def read_file(file: Path) -> Catalog:
    """One catalogue. Raises ``ValueError`` with its name if it can't be read."""
    if file.stat().st_size > FILE_LIMIT_BYTES:
        raise ValueError(f"{file.name}: allowed are {FILE_LIMIT_BYTES:,} bytes; make two files of it")
    with file.open("rb") as opened:
        return read_po(opened, locale=file.parent.name, abort_invalid=True)


def key_of(message: Message) -> Key:
    """Under which key a message of a catalogue is found."""
    english = message.id if isinstance(message.id, str) else message.id[0]
    return message.context or None, english


def _forms(string: str | tuple[str, ...] | list[str] | None) -> Said:
    return (string or "",) if isinstance(string, str | None) else tuple(string)
