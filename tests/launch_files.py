"""Launch files for tests: the shipped ones, changed ones written back as TOML, and what is wrong with them."""

from __future__ import annotations

import json
import pickle
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from drumroll.domain.launch_file import parse
from drumroll.domain.launch_keys import Table
from drumroll.domain.launch_mistakes import Mistake
from drumroll.domain.launch_schema import ROOT
from drumroll.errors import LaunchFileInvalid

HOUSE = Path(__file__).parent.parent
SHIPPED = sorted((HOUSE / "launches").glob("*.toml"))
YU7 = (HOUSE / "launches" / "yu7.toml").read_text("utf-8")
HANDHELD = (HOUSE / "launches" / "handheld.toml").read_text("utf-8")
YU7_ALONE = YU7.split("# Existing orders may move")[0]
HANDHELD_ALONE = HANDHELD.split('[[model]]\nid = "console-xl"')[0]
"""The same without conversion windows and regions."""
YU7_UNTRANSLATED = YU7.partition("# The texts in Chinese")[0]
HANDHELD_UNTRANSLATED = HANDHELD.partition("# The texts in Chinese")[0]
"""The same in one language, for tests that take names away: a translation without its text is a mistake."""
PAGE = (HOUSE / "docs" / "launch-file.md").read_text("utf-8")


def tables_of(text: str) -> dict[str, Any]:
    """The tables of a shipped file, to be changed: anew each time, but parsed only once, for that takes far longer."""
    tables: dict[str, Any] = pickle.loads(_pickled(text))
    return tables


@cache
def _pickled(text: str) -> bytes:
    return pickle.dumps(tomllib.loads(text))


def mistakes(text: str) -> list[Mistake]:
    """The mistakes of a text, which must have some."""
    with pytest.raises(LaunchFileInvalid) as raised:
        parse(text, "it.toml")
    found = [mistake for mistake in raised.value.mistakes if isinstance(mistake, Mistake)]
    assert len(found) == len(raised.value.mistakes) > 0
    return found


def paths(text: str) -> list[str]:
    return [mistake.path for mistake in mistakes(text)]


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def as_toml(value: Any) -> str:
    """A value as inline TOML: enough of it for what these tests write."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def written(tables: dict[str, Any]) -> str:
    return "\n".join(f"{quoted(key)} = {as_toml(value)}" for key, value in tables.items())


def places(
    value: Any, schema: Table, path: str = "", keys: tuple[Any, ...] = ()
) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Every key of the file that the schema knows: its path, the way to it, and what the schema says of it."""
    for key in schema.keys:
        if key.name in value:
            yield path + key.name, (*keys, key.name), key
    for nested in schema.tables:
        if nested.name not in value:
            continue
        yield path + nested.name, (*keys, nested.name), nested
        inside = value[nested.name]
        for index, one in enumerate(inside) if nested.most else ((None, inside),):
            here = path + nested.name + ("." if index is None else f"[{index}].")
            way = (*keys, nested.name) if index is None else (*keys, nested.name, index)
            yield from places(one, nested.table, here, way)


def holder(tables: dict[str, Any], way: tuple[Any, ...]) -> Any:
    """The table of a parsed file in which the last step of the way is a key."""
    for step in way[:-1]:
        tables = tables[step]
    return tables


def schema_keys(table: Table, path: str = "") -> Iterator[str]:
    yield from (path + key.name for key in table.keys)
    for nested in table.tables:
        yield path + nested.name
        yield from schema_keys(nested.table, path + nested.name + ".")


def required_keys(table: Table, path: str = "") -> Iterator[str]:
    """The keys and tables that must be there, of the tables that may be left out too."""
    yield from (path + one.name for one in (*table.keys, *table.tables) if one.required)
    for nested in table.tables:
        yield from required_keys(nested.table, path + nested.name + ".")


KNOWN = {key.rpartition(".")[2] for key in schema_keys(ROOT)}

ALL_PLACES = [(text, place) for text in (YU7, HANDHELD) for place in places(tomllib.loads(text), ROOT)]
