"""All orders and all that happened to them, as two files."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import polars as pl

from drumroll.exchange.orders import follow, present
from drumroll.exchange.reading import Open, read_history
from drumroll.exchange.tables import kind_of, write_table


class Exported(msgspec.Struct, frozen=True):
    """What was written: ``block`` is the last one that is in it; no history file where none was wanted."""

    orders_file: str
    orders: int
    history_file: str | None
    events: int
    block: int
    size_bytes: int


def history_beside(path: Path) -> Path:
    """Where the history goes: ``orders.csv`` has ``orders-history.csv`` beside it."""
    return path.with_name(f"{path.stem}-history{path.suffix}")


def export(open_reader: Open, path: Path, *, history: bool, progress: Callable[[int, int], None]) -> Exported:
    """Write the present state of all orders to ``path``, and the history beside it: both of one moment.

    Raises:
        FileUnfit: the name ends in neither .csv nor .parquet, or a file can't be written.
        LogError: the log can't be read, or is damaged; no file was written.
    """
    kind_of(path)
    events, block = read_history(open_reader, progress)
    currency = _currency(events)
    found, events = follow(events, currency)
    beside = history_beside(path) if history else None
    # Two threads: while one waits for the disk, or works on one column, the other goes on.
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write_table, beside, events) if beside is not None else None
        orders = present(events, found, currency)
        size_bytes = write_table(path, orders) + (writing.result() if writing is not None else 0)
    return Exported(str(path), orders.height, str(beside) if beside else None, events.height, block, size_bytes)


def _currency(history: pl.DataFrame) -> str:
    """The currency of the launch that was set last ("" in a log without one, which has no orders)."""
    launches = history.filter(pl.col("event") == "launch_set")["details"]
    return str(msgspec.json.decode(launches[-1])["currency"]) if len(launches) else ""
