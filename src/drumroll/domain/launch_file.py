"""A launch file (TOML) to a ``Launch``, or every mistake in it at once, each with its path and what would be allowed.

Text in, value out: reading the file from disk is the caller's. The keys are in ``launch_schema``.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from drumroll.domain.launch import Conversion, Launch, Model, Region
from drumroll.domain.launch_capacity_rules import (
    backlog_of,
    cliffs_of,
    limits_of,
    plants_of,
    promise_of,
    too_many_kinds,
)
from drumroll.domain.launch_contradictions import contradictions, first
from drumroll.domain.launch_keys import Key, Nested, Table, spelled
from drumroll.domain.launch_market_rules import market_of
from drumroll.domain.launch_mistakes import MISSING, UNKNOWN, Draft, Mistake
from drumroll.domain.launch_option_rules import options, trims
from drumroll.domain.launch_outlook_rules import finance_of, outlook_of
from drumroll.domain.launch_schema import ROOT
from drumroll.domain.launch_store import Figure
from drumroll.domain.launch_store_rules import languages_of, rivals_of, waiting_room_of
from drumroll.domain.launch_values import Unfit, find_zone, shown
from drumroll.errors import LaunchFileInvalid

MAX_BYTES = 1024 * 1024
MAX_MISTAKES = 1000
"""After this many the rest of the file is not looked at."""

_TOML_PLACE = re.compile(r"(.*) \(at (line \d+, column \d+|end of document)\)", re.DOTALL)


class _TooMany(Exception):
    """There are more mistakes than anybody reads."""


class _Mistakes(list[Mistake]):
    def note(self, path: str, found: str, allowed: str) -> None:
        self.append(Mistake(path, found, allowed))
        if len(self) >= MAX_MISTAKES:
            raise _TooMany


def parse_bytes(data: bytes, source: str) -> Launch:
    """As ``parse``, from the bytes of a file: UTF-8, with or without a byte order mark."""
    if len(data) > MAX_BYTES:
        raise LaunchFileInvalid(source, (_too_large(),))
    try:
        return parse(data.decode("utf-8-sig"), source)
    except UnicodeDecodeError as error:
        mistake = Mistake(f"byte {error.start}", f"0x{data[error.start]:02x}", "text in UTF-8")
        raise LaunchFileInvalid(source, (mistake,)) from None


def parse(text: str, source: str) -> Launch:
    """The launch that the text describes; ``source`` names the text in the error.

    Raises:
        LaunchFileInvalid: with every ``Mistake`` in the file.
    """
    raw = _parse_toml(text, source)
    zone = find_zone(raw.get("time_zone")) or ZoneInfo("UTC")
    mistakes = _Mistakes()
    draft: Draft = {}
    try:
        draft = _read_table(raw, ROOT, "", zone, mistakes)
        unfit = frozenset(mistake.path for mistake in mistakes if mistake.found != UNKNOWN)
        for mistake in contradictions(draft, unfit):
            mistakes.note(mistake.path, mistake.found, mistake.allowed)
    except _TooMany:
        pass
    if mistakes:
        raise LaunchFileInvalid(source, tuple(mistakes))
    launch = _launch(draft)
    for mistake in too_many_kinds(launch):
        raise LaunchFileInvalid(source, (mistake,))
    return launch


def _too_large() -> Mistake:
    return Mistake("file", f"more than {MAX_BYTES} bytes", f"at most {MAX_BYTES} bytes (1 MiB)")


def _parse_toml(text: str, source: str) -> dict[str, Any]:
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise LaunchFileInvalid(source, (_too_large(),))
    try:
        return tomllib.loads(text)
    except RecursionError:
        mistake = Mistake("file", "lists or tables nested too deep", "the tables of a launch file")
    except ValueError as error:  # TOMLDecodeError, and a number of more digits than Python reads
        parts = _TOML_PLACE.fullmatch(str(error))
        found, place = parts.groups() if parts else (str(error), "file")
        mistake = Mistake(place, f"no TOML ({found})", "TOML 1.0")
    raise LaunchFileInvalid(source, (mistake,))


# Reading: what stands in each table, by the schema.


def _read_table(raw: dict[str, Any], table: Table, path: str, zone: ZoneInfo, mistakes: _Mistakes) -> Draft:
    for name in raw:
        if name not in table.names:
            mistakes.note(path + spelled(name), UNKNOWN, _known_keys(name, table))
    draft: Draft = {key.name: _read_key(raw, key, path, zone, mistakes) for key in table.keys}
    for nested in table.tables:
        draft[nested.name] = _read_nested(raw, nested, path, zone, mistakes)
    return draft


def _read_key(raw: dict[str, Any], key: Key, path: str, zone: ZoneInfo, mistakes: _Mistakes) -> object:
    if key.name not in raw:
        if key.required:
            mistakes.note(path + key.name, MISSING, key.allowed)
        return key.default
    try:
        return key.read(raw[key.name], zone)
    except Unfit as error:
        for fault in error.faults:
            mistakes.note(path + key.name + fault.at, fault.found, fault.allowed or key.allowed)
        return None


def _read_nested(raw: dict[str, Any], nested: Nested, path: str, zone: ZoneInfo, mistakes: _Mistakes) -> object:
    here = path + nested.name
    if nested.name not in raw:
        if nested.required:
            mistakes.note(here, MISSING, _tables_allowed(nested, path))
        return [] if nested.most else None
    value = raw[nested.name]
    if not nested.most:
        if isinstance(value, dict):
            return _read_table(value, nested.table, here + ".", zone, mistakes)
        mistakes.note(here, shown(value), _tables_allowed(nested, path))
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= nested.most:
        mistakes.note(here, shown(value), _tables_allowed(nested, path))
        return []
    return [_read_item(one, nested, f"{here}[{index}]", zone, mistakes) for index, one in enumerate(value)]


def _read_item(raw: object, nested: Nested, path: str, zone: ZoneInfo, mistakes: _Mistakes) -> Draft:
    if isinstance(raw, dict):
        return _read_table(raw, nested.table, path + ".", zone, mistakes)
    mistakes.note(path, shown(raw), "a table")
    return dict.fromkeys(nested.table.names)


def _tables_allowed(nested: Nested, path: str) -> str:
    heading = re.sub(r"\[\d+\]", "", path) + nested.name
    return f"1 to {nested.most} tables [[{heading}]]" if nested.most else f"a table [{heading}]"


def _known_keys(name: str, table: Table) -> str:
    near = get_close_matches(name[:64], table.names, n=1)
    return f"{near[0]} (nearest); all: {', '.join(table.names)}" if near else ", ".join(table.names)


# The launch, from a draft without mistakes.


def _launch(draft: Draft) -> Launch:
    sales, board = draft["sales"], draft["board"] or {}
    models = tuple(_model(model, sales) for model in draft["model"])
    return Launch(
        id=draft["id"],
        name=draft["name"],
        time_zone=draft["time_zone"],
        currency=draft["currency"],
        opens_at_ms=sales["opens"],
        closes_at_ms=sales["closes"],
        deposit_minor=sales["deposit_minor"],
        hold_s=sales["hold_s"],
        orders_per_customer=sales["orders_per_customer"],
        models=models,
        headline=board.get("models") or tuple(model.id for model in models),
        milestones=board.get("milestones") or (),
        cap=sales["cap"],
        cooling_off_s=sales["cooling_off_s"],
        early_lock_undo_s=sales["early_lock_undo_s"],
        waiting_offer_s=sales["waiting_offer_s"],
        regions=tuple(Region(**region) for region in draft["region"]),
        conversions=tuple(_conversion(window) for window in draft["conversion"]),
        market=market_of(draft["market"]),
        promise=promise_of(draft),
        plants=plants_of(draft),
        limits=limits_of(draft),
        backlog=backlog_of(draft),
        cliffs=cliffs_of(draft),
        finance=finance_of(draft["finance"]),
        outlook=outlook_of(draft["outlook"]),
        figures=tuple(Figure(**figure) for figure in draft["figure"]),
        rivals=rivals_of(draft),
        waiting_room=waiting_room_of(draft["waiting_room"]),
        languages=languages_of(draft["language"]),
    )


def _model(draft: Draft, sales: Draft) -> Model:
    opens_at_ms = first(draft["opens"], sales["opens"])
    assert opens_at_ms is not None, "sales.opens is required"
    return Model(
        id=draft["id"],
        name=draft["name"],
        opens_at_ms=opens_at_ms,
        closes_at_ms=first(draft["closes"], sales["closes"]),
        trims=trims(draft),
        cap=draft["cap"],
        deposit_minor=draft["deposit_minor"],
        options=options(draft),
        tagline=draft["tagline"],
        figures=draft["figures"],
    )


_CALLED = {
    "from": "from_models",
    "to": "to_models",
    "opens": "opens_at_ms",
    "closes": "closes_at_ms",
    "place_kept_before": "place_kept_before_ms",
}
"""The keys of ``[[conversion]]`` that are fields of another name; the rest are the same."""


def _conversion(draft: Draft) -> Conversion:
    return Conversion(**{_CALLED.get(key, key): value for key, value in draft.items()})
