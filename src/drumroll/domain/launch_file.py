"""A launch file (TOML) to a ``Launch``, or every mistake in it at once, each with its path and what would be allowed.

Text in, value out: reading the file from disk is the caller's. The keys are in ``launch_schema``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.launch_schema import ROOT, Key, Nested, Table
from drumroll.domain.launch_values import Unfit, find_zone, shown
from drumroll.domain.times import rfc3339
from drumroll.errors import LaunchFileInvalid

MAX_BYTES = 1024 * 1024
MAX_MISTAKES = 1000
"""After this many the rest of the file is not looked at."""

MISSING = "missing"
UNKNOWN = "an unknown key"

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOML_PLACE = re.compile(r"(.*) \(at (line \d+, column \d+|end of document)\)", re.DOTALL)

Draft = dict[str, Any]
"""What could be read, by key: ``None`` where a key is absent or unfit. Tables are drafts again."""


class Mistake(msgspec.Struct, frozen=True):
    """One mistake: where (``model[0].trim[2].price_minor``), what was found there, what is allowed there."""

    path: str
    found: str
    allowed: str

    def __str__(self) -> str:
        """One line for people."""
        found = MISSING if self.found == MISSING else f"found {self.found}"
        return f"{self.path}: {found}, allowed: {self.allowed}"


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
        for mistake in _contradictions(draft):
            mistakes.note(mistake.path, mistake.found, mistake.allowed)
    except _TooMany:
        pass
    if mistakes:
        raise LaunchFileInvalid(source, tuple(mistakes))
    return _launch(draft)


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
            mistakes.note(path + _spelled(name), UNKNOWN, _known_keys(name, table))
    draft: Draft = {key.name: _read_key(raw, key, path, zone, mistakes) for key in table.keys}
    for nested in table.tables:
        draft[nested.name] = _read_nested(raw, nested, path, zone, mistakes)
    return draft


def _read_key(raw: dict[str, Any], key: Key, path: str, zone: ZoneInfo, mistakes: _Mistakes) -> object:
    if key.name not in raw:
        if key.required:
            mistakes.note(path + key.name, MISSING, key.allowed)
        return None
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


def _spelled(name: str) -> str:
    """A key as TOML spells it, cut to a readable length."""
    return name if _BARE_KEY.fullmatch(name) else shown(name)


def _known_keys(name: str, table: Table) -> str:
    near = get_close_matches(name[:64], table.names, n=1)
    return f"{near[0]} (nearest); all: {', '.join(table.names)}" if near else ", ".join(table.names)


# Contradictions: values that are fine by themselves, but not together. What could not be read is not held against them.


def _contradictions(draft: Draft) -> Iterator[Mistake]:
    for find in (_same_ids, _closed_before_open, _deposit_above_price, _wrong_headline, _wrong_milestones):
        yield from find(draft)


def _same_ids(draft: Draft) -> Iterator[Mistake]:
    yield from _repeated([model["id"] for model in draft["model"]], "model[{}].id", "no other model")
    for index, model in enumerate(draft["model"]):
        ids = [trim["id"] for trim in model["trim"] or ()]
        yield from _repeated(ids, f"model[{index}].trim[{{}}].id", "no other trim of this model")


def _repeated(values: list[str | None], path: str, nobody_else: str) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if value is not None and first.setdefault(value, index) != index:
            allowed = f"an id that {nobody_else} has ({path.format(first[value])} has this one)"
            yield Mistake(path.format(index), shown(value), allowed)


def _closed_before_open(draft: Draft) -> Iterator[Mistake]:
    sales = draft["sales"] or {}
    opens, closes = sales.get("opens"), sales.get("closes")
    if _backwards(opens, closes):
        yield _ends_too_early("sales.closes", draft, opens, closes)
    for index, model in enumerate(draft["model"]):
        own_opens, own_closes = model["opens"], model["closes"]
        if own_opens is None and own_closes is None:
            continue
        opens_at, closes_at = _first(own_opens, opens), _first(own_closes, closes)
        if _backwards(opens_at, closes_at):
            key = "opens" if own_closes is None else "closes"
            yield _ends_too_early(f"model[{index}].{key}", draft, opens_at, closes_at)


def _backwards(opens_at_ms: int | None, closes_at_ms: int | None) -> bool:
    return opens_at_ms is not None and closes_at_ms is not None and closes_at_ms <= opens_at_ms


def _ends_too_early(path: str, draft: Draft, opens_at_ms: int | None, closes_at_ms: int | None) -> Mistake:
    assert opens_at_ms is not None
    assert closes_at_ms is not None
    zone = draft["time_zone"] or "UTC"
    opens, closes = rfc3339(opens_at_ms, zone), rfc3339(closes_at_ms, zone)
    if path.endswith("opens"):
        return Mistake(path, opens, f"a time before the closing, {closes}")
    return Mistake(path, closes, f"a time after the opening, {opens}")


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _deposit_above_price(draft: Draft) -> Iterator[Mistake]:
    deposit_minor = (draft["sales"] or {}).get("deposit_minor")
    prices = [trim["price_minor"] for model in draft["model"] for trim in model["trim"] or ()]
    lowest_minor = min((price for price in prices if price is not None), default=None)
    if deposit_minor is not None and lowest_minor is not None and deposit_minor > lowest_minor:
        yield Mistake("sales.deposit_minor", str(deposit_minor), f"at most the lowest price, {lowest_minor}")


def _wrong_headline(draft: Draft) -> Iterator[Mistake]:
    headline = (draft["board"] or {}).get("models") or ()
    known = [model["id"] for model in draft["model"]]
    for index, model_id in enumerate(headline):
        if model_id in headline[:index]:
            yield Mistake(f"board.models[{index}]", shown(model_id), "each model once")
        elif known and None not in known and model_id not in known:
            yield Mistake(f"board.models[{index}]", shown(model_id), f"the id of a model: {', '.join(known)}")


def _wrong_milestones(draft: Draft) -> Iterator[Mistake]:
    milestones = (draft["board"] or {}).get("milestones") or ()
    most = _places(draft)
    for index, milestone in enumerate(milestones):
        if index and milestone <= milestones[index - 1]:
            yield Mistake(
                f"board.milestones[{index}]", str(milestone), f"more than the one before, {milestones[index - 1]}"
            )
        elif most is not None and milestone > most:
            yield Mistake(
                f"board.milestones[{index}]", str(milestone), f"at most the {most} orders that the caps allow"
            )


def _places(draft: Draft) -> int | None:
    """How many orders of the headline models the caps allow at once; ``None`` if that has no bound."""
    headline = (draft["board"] or {}).get("models")
    models = [model for model in draft["model"] if headline is None or model["id"] in headline]
    bounds = [_least(model["cap"], _sum(trim["cap"] for trim in model["trim"] or ())) for model in models]
    return _least((draft["sales"] or {}).get("cap"), _sum(bounds))


def _least(*bounds: int | None) -> int | None:
    return min((bound for bound in bounds if bound is not None), default=None)


def _sum(bounds: Iterable[int | None]) -> int | None:
    every = list(bounds)
    return None if not every or None in every else sum(bound for bound in every if bound is not None)


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
    )


def _model(draft: Draft, sales: Draft) -> Model:
    opens_at_ms = _first(draft["opens"], sales["opens"])
    assert opens_at_ms is not None, "sales.opens is required"
    return Model(
        id=draft["id"],
        name=draft["name"],
        opens_at_ms=opens_at_ms,
        closes_at_ms=_first(draft["closes"], sales["closes"]),
        trims=tuple(Trim(**trim) for trim in draft["trim"]),
        cap=draft["cap"],
    )
