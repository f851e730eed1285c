"""The history of a log as a table: every event a row, made from what ``Log.read`` gives without folding any of it.

A million orders are three million events and more, so as little as possible is done for each of them by itself: events
go into lists by kind, and from time to time these become columns. What many events share is made into columns once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from drumroll.domain import events as ev
from drumroll.domain.promise import Promise
from drumroll.domain.weeks import monday, sunday
from drumroll.exchange.kinds import ITSELF, KINDS, MANY, OWN, PROMISE, PROMISED, Kind, parts_of
from drumroll.exchange.schema import HISTORY, TEXT, TIME, Schema, in_work
from drumroll.log.base import Block

AT_ONCE = 1 << 15
"""Events that are held as objects before they become columns: it bounds memory, and more is no quicker."""

GATHERED: Schema = in_work(HISTORY)

_SHARED = {name: dtype for name, dtype in GATHERED.items() if name not in (*OWN, "at", "block")}
_BLOCKS = {"at": TIME, "block": pl.Int64()}


class Numbers(dict[Any, int]):
    """A number for each combination of values (``Kind.key``), given when it is first asked for."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


class Piece(msgspec.Struct):
    """The rows of some blocks, in the order of the log: their own columns, and by kind the combinations used."""

    narrow: pl.DataFrame
    combinations: list[list[Any]]
    blocks: list[tuple[int, int]]


class Gathered:
    """The rows gathered so far: the latest as events, those before them as columns."""

    def __init__(self) -> None:
        self.keys = {kind.event: (kind.key(), Numbers()) for kind in KINDS}
        self.made: list[pl.DataFrame] = []
        self.blocks: list[tuple[int, int]] = []
        self._begin()

    def _begin(self) -> None:
        self.count = 0
        self.block_of_row: list[int] = []
        self.events: dict[type[ev.Event], list[Any]] = {kind.event: [] for kind in KINDS}
        self.rows: dict[type[ev.Event], list[int]] = {kind.event: [] for kind in KINDS}

    def take(self, block: Block) -> None:
        """Take the events of a block. This is the only loop over single events."""
        events, rows, row = self.events, self.rows, self.count
        for event in block.events:
            kind = type(event)
            if kind in MANY:
                row = self._take_parts(event, row)
                continue
            events[kind].append(event)
            rows[kind].append(row)
            row += 1
        self.block_of_row += [len(self.blocks)] * (row - self.count)
        self.blocks.append((block.at_ms, block.position))
        self.count = row
        if row >= AT_ONCE:
            self.settle()

    def _take_parts(self, event: Any, row: int) -> int:
        """Take an event about many orders; says which row comes after it."""
        kind = type(event)
        for part in parts_of(event):
            self.events[kind].append(part)
            self.rows[kind].append(row)
            row += len(part.order_ids)
        return row

    def settle(self) -> None:
        """Turn the events into columns."""
        parts = [self._part(number, kind) for number, kind in enumerate(KINDS) if self.events[kind.event]]
        self.made.append(_in_order(parts, self.block_of_row))
        self._begin()

    def piece(self) -> Piece:
        """All that was gathered."""
        self.settle()
        return Piece(pl.concat(self.made), [list(self.keys[kind.event][1]) for kind in KINDS], self.blocks)

    def _part(self, number: int, kind: Kind) -> pl.DataFrame:
        """Of each event of a kind: its row, the number of its combination, and its own values."""
        events, rows = self.events[kind.event], self.rows[kind.event]
        key, numbers = self.keys[kind.event]
        found = [numbers[values] for values in map(key, events)] if kind.shared else [numbers[()]] * len(events)
        if kind.event in MANY:
            rows, found, ids = _each_order(rows, found, events)
            own = [pl.Series("order_id", ids, pl.String)]
        else:
            own = [pl.Series(name, list(map(attrgetter(name), events)), pl.String) for name in kind.own]
        given = [pl.Series("row", rows, pl.UInt32), pl.Series("combination", found, pl.UInt32)]
        return pl.DataFrame([*given, *own]).with_columns(pl.lit(number, pl.UInt8).alias("kind"))


def gather(blocks: Iterable[Block]) -> Piece:
    """The rows of these blocks."""
    gathered = Gathered()
    for block in blocks:
        gathered.take(block)
    return gathered.piece()


def widened(pieces: Sequence[Piece]) -> pl.DataFrame:
    """The history of the blocks of these pieces, one after the other, as ``GATHERED``."""
    narrow: list[pl.DataFrame] = []
    shared = [pl.DataFrame(schema=_SHARED)]
    blocks: list[tuple[int, int]] = []
    combinations = 0
    for piece in pieces:
        starts = pl.Series([combinations, *accumulate(map(len, piece.combinations), initial=combinations)][1:-1])
        at = starts.cast(pl.UInt32)[piece.narrow["kind"]] + piece.narrow["combination"]
        narrow.append(piece.narrow.select(*OWN, pl.col("block") + len(blocks), at.alias("at")))
        shared += [_combinations(kind, keys) for kind, keys in zip(KINDS, piece.combinations, strict=True) if keys]
        blocks += piece.blocks
        combinations += sum(map(len, piece.combinations))
    # Each column is made in one go: putting them together from pieces would copy them once more.
    rows = pl.concat(narrow, rechunk=True)
    of_blocks = pl.DataFrame(blocks, schema=_BLOCKS, orient="row")[rows["block"]]
    return rows.select(OWN).hstack(pl.concat(shared, rechunk=True)[rows["at"]]).hstack(of_blocks).select(list(GATHERED))


def _in_order(parts: list[pl.DataFrame], block_of_row: list[int]) -> pl.DataFrame:
    """The parts of all kinds as one, in the order of their rows (which are numbered from 0 without a gap)."""
    schema = {"row": pl.UInt32(), "combination": pl.UInt32(), "kind": pl.UInt8(), **dict.fromkeys(OWN, TEXT())}
    together = pl.concat([pl.DataFrame(schema=schema), *parts], how="diagonal").sort("row")
    return together.drop("row").with_columns(block=pl.Series(block_of_row, dtype=pl.UInt32))


def _each_order(rows: list[int], found: list[int], parts: Sequence[Any]) -> tuple[list[int], list[int], list[str]]:
    """The rows of events that are about many orders: one for each."""
    each = [(row, number, part.order_ids) for row, number, part in zip(rows, found, parts, strict=True)]
    return (
        [row + index for row, _, ids in each for index in range(len(ids))],
        [number for _, number, ids in each for _ in ids],
        [order_id for _, _, ids in each for order_id in ids],
    )


def _combinations(kind: Kind, keys: list[Any]) -> pl.DataFrame:
    """The combinations of a kind as columns of ``_SHARED``, in the order of their numbers."""
    alone = len(kind.shared) == 1
    values = {name: keys if alone else [key[index] for key in keys] for index, name in enumerate(kind.shared)}
    promises = values.pop(PROMISE, None)
    given = {name: _column(name, column) for name, column in values.items()}
    if promises is not None:
        given |= _promised(promises)
    columns: dict[str, Any] = {name: pl.lit(None, dtype) for name, dtype in _SHARED.items()} | given
    columns["event"] = pl.lit(kind.name)
    if kind.state and kind.state != ITSELF:
        columns["state"] = pl.lit(kind.state)
    if kind.event is ev.OrderWithdrawn:
        forfeits = given["forfeited_minor"] > 0
        columns["state"] = pl.Series(["forfeited" if each else "cancelled" for each in forfeits], dtype=pl.String)
    rows = pl.DataFrame({"": pl.Series(range(len(keys)), dtype=pl.UInt32)})
    return rows.with_columns(**columns).select(list(_SHARED))


def _column(name: str, values: list[Any]) -> pl.Series:
    if name == "options":
        return pl.Series(name, [";".join(value) for value in values], pl.String)
    if GATHERED[name] == TIME:
        return pl.Series(name, values, pl.Int64).cast(TIME)
    return pl.Series(name, values, GATHERED[name])


def _promised(promises: list[Promise | None]) -> dict[str, pl.Series]:
    """What was promised, as ``PROMISED``."""
    rows = [(None,) * len(PROMISED) if promise is None else _in_days(promise) for promise in promises]
    return pl.DataFrame(rows, schema={name: GATHERED[name] for name in PROMISED}, orient="row").to_dict()


def _in_days(promise: Promise) -> tuple[Any, ...]:
    delivered = (monday(promise.first_week), sunday(promise.last_week), sunday(promise.sure_week))
    return (*map(str, delivered), str(monday(promise.build_week)), promise.short or None)
