"""Orders that were made elsewhere, from a file to events: every value is read, and every row held against the launch.

What only the log knows (references and payments that it has) is left to ``decide``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from drumroll.domain.configuration import configure
from drumroll.domain.events import OrderImported
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.refusal import Refusal
from drumroll.domain.states import STANDING, State
from drumroll.domain.times import rfc3339, to_ms
from drumroll.exchange.faults import Faults
from drumroll.exchange.sheets import Columns, Row, read_rows

MOST_MONEY_MINOR = 10**15
YEARS = range(2000, 2200)
STATES = tuple(state.value for state in State if state in STANDING)

_CUSTOMER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PAYMENT = re.compile(r"[!-~]{1,128}")
_WHOLE = re.compile(r"[0-9]{1,16}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

Note = Callable[[str, object, str, str], None]
"""Notes a mistake of the row that is looked at: field, what was found, what is allowed, and why."""


class Incoming(msgspec.Struct, frozen=True):
    """The orders of a file, and the line of each."""

    rows: tuple[OrderImported, ...]
    lines: tuple[int, ...]


class Said(msgspec.Struct, frozen=True):
    """What a row says, each value read by itself; ``None``: it doesn't, or (then it is noted) it can't be read."""

    reference: str | None
    customer: str | None
    model: str | None
    trim: str | None
    options: tuple[str, ...] | None
    region: str | None
    state: str | None
    price_minor: int | None
    deposit_minor: int | None
    currency: str | None
    ordered_at_ms: int | None
    firm_at_ms: int | None
    locked_at_ms: int | None
    payment_id: str | None


def read_orders(
    path: Path, launch: Launch, now_ms: int, progress: Callable[[int], None] = lambda count: None
) -> Incoming:
    """The orders of a CSV or Parquet file, for this launch; ``progress`` is told how many rows were read.

    Raises:
        FileUnfit: the file can't be read, or (``FileMistakes``) with every mistake that is in it.
    """
    faults = Faults(str(path))
    incoming = _Reading(launch, now_ms, faults).orders(_counted(read_rows(path, COLUMNS, faults), progress))
    if not incoming.rows and not faults.count:
        faults.add(0, "file", "no rows", "at least one order")
    faults.refuse()
    return incoming


def _counted(rows: Iterable[Row], progress: Callable[[int], None]) -> Iterable[Row]:
    for count, row in enumerate(rows):
        if count % 4096 == 0:
            progress(count)
        yield row


class _Reading:
    """One file being read."""

    def __init__(self, launch: Launch, now_ms: int, faults: Faults) -> None:
        self.launch = launch
        self.now_ms = now_ms
        self.faults = faults
        self.offered = {model.id: (model, {trim.id: trim for trim in model.trims}) for model in launch.models}
        self.regions = tuple(region.id for region in launch.regions)
        self.line_of_reference: dict[str, int] = {}
        self.line_of_payment: dict[str, int] = {}
        self.configured = lru_cache(maxsize=4096)(configure)

    def orders(self, rows: Iterable[Row]) -> Incoming:
        """The rows without a mistake; those of the others are noted."""
        orders: list[OrderImported] = []
        lines: list[int] = []
        for line, values in rows:
            order = self._order(line, values)
            if order is not None:
                orders.append(order)
                lines.append(line)
        return Incoming(tuple(orders), tuple(lines))

    def _order(self, line: int, values: dict[str, Any]) -> OrderImported | None:
        before = self.faults.count

        def note(field: str, found: object, allowed: str, reason: str = "") -> None:
            self.faults.add(line, field, found, allowed, reason)

        said = _said(values, note)
        self._look_at_names(said, line, note)
        self._look_at_terms(said, note)
        options = self._options(said, note)
        _look_at_times(said, self.now_ms, note)
        return None if self.faults.count > before or options is None else self._event(said, options)

    def _look_at_names(self, said: Said, line: int, note: Note) -> None:
        for field, value, seen in (
            ("reference", said.reference, self.line_of_reference),
            ("payment_id", said.payment_id, self.line_of_payment),
        ):
            if value is not None and seen.setdefault(value, line) != line:
                note(field, value, "each one once", f"it is in line {seen[value]} too")

    def _look_at_terms(self, said: Said, note: Note) -> None:
        if said.currency is not None and said.currency != self.launch.currency:
            note("currency", said.currency, self.launch.currency, "the launch's currency")
        if said.price_minor is not None and said.deposit_minor is not None and said.deposit_minor > said.price_minor:
            note("deposit_minor", said.deposit_minor, f"{said.price_minor} at most", "the deposit is part of the price")
        if said.region is not None and said.region not in self.regions:
            note("region", said.region, ", ".join(self.regions) or "nothing", "the regions of the launch")

    def _options(self, said: Said, note: Note) -> tuple[str, ...] | None:
        """The whole configuration, defaults included; ``None`` if there is none."""
        offered = self._offered(said, note)
        if offered is None:
            return None
        configured = self.configured(*offered, said.options or ())
        if not isinstance(configured, Refusal):
            return configured.options
        note("options", ";".join(said.options or ()), "choices that go together", configured.message)
        return None

    def _offered(self, said: Said, note: Note) -> tuple[Model, Trim] | None:
        if said.model is None or said.trim is None:
            return None
        if said.model not in self.offered:
            note("model", said.model, ", ".join(self.offered), "the models of the launch")
            return None
        model, trims = self.offered[said.model]
        if said.trim not in trims:
            note("trim", said.trim, ", ".join(trims), f"the trims of {said.model}")
            return None
        return model, trims[said.trim]

    def _event(self, said: Said, options: tuple[str, ...]) -> OrderImported:
        number = blake2b(str(said.reference).encode(), digest_size=10).hexdigest()
        given: dict[str, Any] = msgspec.structs.asdict(said)
        given |= {"options": options, "order_id": f"ord_{number}", "reserved_at_ms": given.pop("ordered_at_ms")}
        given["region"] = said.region or (self.regions[0] if self.regions else "")
        given["payment_id"] = said.payment_id or f"imported-{number}"
        given["cooling_off_s"] = self.launch.cooling_off_s
        given["digest"] = _digest(said)
        del given["currency"]
        return OrderImported(**given)


def _digest(said: Said) -> bytes:
    """Of what the row says, not of how it is written: in CSV or Parquet, in any zone, options in any order."""
    canonical = list(msgspec.structs.astuple(said))
    canonical[4] = sorted(said.options or ())
    return blake2b(msgspec.msgpack.encode(canonical), digest_size=16).digest()


def _said(values: dict[str, Any], note: Note) -> Said:
    return Said(*[_value(values.get(field.name), field, note) for field in _FIELDS])


def _value(value: Any, field: Field, note: Note) -> Any:
    if value is None:
        if field.required:
            note(field.name, None, field.allowed, "it is required")
        return None
    found = field.read(value)
    if found is None:
        note(field.name, value, field.allowed, "")
    return found


def _look_at_times(said: Said, now_ms: int, note: Note) -> None:
    times = (("ordered_at", said.ordered_at_ms), ("firm_at", said.firm_at_ms), ("locked_at", said.locked_at_ms))
    known = [(name, at_ms) for name, at_ms in times if at_ms is not None]
    for (earlier, before_ms), (later, at_ms) in pairwise(known):
        if at_ms < before_ms:
            note(later, rfc3339(at_ms), f"{rfc3339(before_ms)} or later", f"it can't be before {earlier}")
    for name, at_ms in known:
        if at_ms > now_ms:
            note(name, rfc3339(at_ms), f"{rfc3339(now_ms)} or earlier", "it is in the future")
    if said.state == State.FIRM and said.locked_at_ms is not None:
        note("locked_at", rfc3339(said.locked_at_ms), "nothing", "a firm order is not locked")
    if said.state not in (None, State.FIRM) and said.locked_at_ms is None:
        note("locked_at", None, "the time of the lock", f"the order is {said.state}")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= 128 and value.isprintable() else None


def _reference(value: Any) -> str | None:
    text = _text(value)
    return text if text is not None and text == text.strip() else None


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str | None]:
    return lambda value: value if isinstance(value, str) and pattern.fullmatch(value) else None


def _choices(value: Any) -> tuple[str, ...] | None:
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) and _text(part) for part in parts):
        return None
    return tuple(parts)


def _money(value: Any) -> int | None:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    return value if type(value) is int and 1 <= value <= MOST_MONEY_MINOR else None


def _moment(value: Any) -> int | None:
    """A time in milliseconds since the epoch; a text, or a datetime with a zone (Parquet)."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.upper()) if _MOMENT.fullmatch(value) else None
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None or value.microsecond % 1000:
        return None
    return to_ms(value) if value.year in YEARS else None


class Field(msgspec.Struct, frozen=True):
    """One column: how its value is read (``None``: it can't be), and what is allowed, in words."""

    name: str
    read: Callable[[Any], Any]
    allowed: str
    required: bool = True


_MONEY = f"a whole number of minor units, 1 to {MOST_MONEY_MINOR}"
_TIME = f"RFC 3339 with an offset, to the millisecond, years {YEARS.start} to {YEARS.stop - 1}"

_FIELDS = (
    Field("reference", _reference, "1 to 128 printable characters, no space at the ends"),
    Field("customer", _matching(_CUSTOMER), "1 to 64 of A-Z a-z 0-9 _ -"),
    Field("model", _text, "the id of a model"),
    Field("trim", _text, "the id of a trim"),
    Field("options", _choices, "ids of choices (in CSV separated by ;)", required=False),
    Field("region", _text, "the id of a region", required=False),
    Field("state", lambda value: value if value in STATES else None, ", ".join(STATES)),
    Field("price_minor", _money, _MONEY),
    Field("deposit_minor", _money, _MONEY),
    Field("currency", _text, "an ISO 4217 code"),
    Field("ordered_at", _moment, _TIME),
    Field("firm_at", _moment, _TIME),
    Field("locked_at", _moment, _TIME, required=False),
    Field("payment_id", _matching(_PAYMENT), "1 to 128 printable ASCII characters without spaces", required=False),
)
"""The columns, in the order of ``Said``."""

COLUMNS = Columns(
    tuple(field.name for field in _FIELDS if field.required),
    tuple(field.name for field in _FIELDS if not field.required),
)
