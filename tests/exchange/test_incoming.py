"""Orders from elsewhere: every mistake of a file is found, with its line; what is right comes in as it stands there."""

from __future__ import annotations

import csv
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.configuration import defaults
from drumroll.domain.launch_file import parse_bytes
from drumroll.errors import FileMistakes, FileUnfit
from drumroll.exchange import sheets
from drumroll.exchange.faults import Fault
from drumroll.exchange.incoming import COLUMNS, STATES, Incoming, read_orders
from drumroll.exchange.moves import read_moves

YU7 = parse_bytes((Path(__file__).parents[2] / "launches" / "yu7.toml").read_bytes(), "yu7.toml")
NOW_MS = 1_750_000_000_000
ROW = {
    "reference": "A-1",
    "customer": "ann",
    "model": "su7",
    "trim": "pro",
    "state": "locked",
    "price_minor": "24590000",
    "deposit_minor": "500000",
    "currency": "CNY",
    "ordered_at": "2024-03-28T22:00:01+08:00",
    "firm_at": "2024-03-28T22:01:00.5+08:00",
    "options": "",
    "region": "",
    "locked_at": "2024-04-04T14:01:00.500Z",
    "payment_id": "",
}


def as_csv(*rows: dict[str, Any], names: Any = None, **how: Any) -> str:
    out = StringIO()
    writer = csv.DictWriter(out, names or list(ROW), **how)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(folder: Path, content: str | bytes) -> Incoming:
    path = folder / "orders.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_orders(path, YU7, NOW_MS)


def faults(folder: Path, content: str | bytes) -> list[Fault]:
    with pytest.raises(FileMistakes) as raised:
        read(folder, content)
    assert all(str(fault) in str(raised.value) for fault in raised.value.faults)
    return list(raised.value.faults)  # type: ignore[arg-type]


def test_a_row_becomes_an_order_as_it_stood_there(tmp_path: Path) -> None:
    (row,), (line,) = (incoming := read(tmp_path, as_csv(ROW))).rows, incoming.lines
    number = blake2b(b"A-1", digest_size=10).hexdigest()
    model = YU7.model("su7")
    assert model is not None
    assert (row.order_id, row.payment_id, line) == (f"ord_{number}", f"imported-{number}", 2)
    assert (row.reserved_at_ms, row.firm_at_ms, row.locked_at_ms) == (1711634401000, 1711634460500, 1712239260500)
    assert row.options == defaults(model, model.trims[1]).options
    assert (row.region, row.cooling_off_s) == (YU7.regions[0].id if YU7.regions else "", YU7.cooling_off_s)
    assert (row.price_minor, row.deposit_minor, row.state) == (24_590_000, 500_000, "locked")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reference": ""}, "reference"),
        ({"reference": " A"}, "reference"),
        ({"reference": "A\x00"}, "reference"),
        ({"reference": "x" * 129}, "reference"),
        ({"customer": "ann@example"}, "customer"),
        ({"customer": "a" * 65}, "customer"),
        ({"model": "su8"}, "model"),
        ({"trim": "mega"}, "trim"),
        ({"options": "nope"}, "options"),
        ({"options": ";"}, "options"),
        ({"region": "moon"}, "region"),
        ({"state": "reserved"}, "state"),
        ({"state": "cancelled"}, "state"),
        ({"price_minor": "0"}, "price_minor"),
        ({"price_minor": "1.5"}, "price_minor"),
        ({"price_minor": "1e9"}, "price_minor"),
        ({"price_minor": "-1"}, "price_minor"),
        ({"price_minor": str(10**15 + 1)}, "price_minor"),
        ({"price_minor": "٣"}, "price_minor"),
        ({"deposit_minor": "24590001"}, "deposit_minor"),
        ({"currency": "EUR"}, "currency"),
        ({"ordered_at": "2024-03-28T22:00:01"}, "ordered_at"),
        ({"ordered_at": "2024-02-30T22:00:01Z"}, "ordered_at"),
        ({"ordered_at": "20240328T220001Z"}, "ordered_at"),
        ({"ordered_at": "1999-03-28T22:00:01Z"}, "ordered_at"),
        ({"ordered_at": "2024-03-28T22:00:01.0005Z"}, "ordered_at"),
        ({"firm_at": "2024-03-28T13:00:00Z"}, "firm_at"),
        ({"locked_at": "2024-03-28T13:00:00Z"}, "locked_at"),
        ({"locked_at": "2026-01-01T00:00:00Z"}, "locked_at"),
        ({"locked_at": ""}, "locked_at"),
        ({"state": "firm"}, "locked_at"),
        ({"payment_id": "two words"}, "payment_id"),
    ],
)
def test_a_value_that_is_wrong_is_listed_with_its_line_and_field(
    tmp_path: Path, change: dict[str, str], field: str
) -> None:
    found = faults(tmp_path, as_csv(ROW, ROW | {"reference": "A-2"} | change))
    assert [(fault.line, fault.field) for fault in found] == [(3, field)]
    assert found[0].allowed


def test_every_mistake_of_every_row_is_listed_at_once(tmp_path: Path) -> None:
    bad = ROW | {"price_minor": "x", "customer": "", "reference": "A-2"}
    found = faults(tmp_path, as_csv(ROW, bad, bad | {"reference": "A-3", "state": "sold"}))
    assert [(fault.line, fault.field) for fault in found] == [
        (3, "customer"),
        (3, "price_minor"),
        (4, "customer"),
        (4, "state"),
        (4, "price_minor"),
    ]


def test_only_the_first_thousand_mistakes_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    rows = [ROW | {"reference": f"A-{number}", "currency": "EUR"} for number in range(1_500)]
    with pytest.raises(FileMistakes, match=r"1,500 mistake\(s\)") as raised:
        read(tmp_path, as_csv(*rows))
    assert len(raised.value.faults) == 1_000
    assert "and 500 more" in str(raised.value)


@pytest.mark.parametrize("field", ["reference", "payment_id"])
def test_what_must_be_there_once_is_found_twice_with_both_lines(tmp_path: Path, field: str) -> None:
    rows = [ROW | {"payment_id": "P1"}, ROW | {"reference": "A-2", "payment_id": "P2"}]
    third = ROW | {"reference": "A-3", "payment_id": "P3"} | {field: rows[0][field]}
    (fault,) = faults(tmp_path, as_csv(*rows, third))
    assert (fault.line, fault.field, fault.reason) == (4, field, "it is in line 2 too")


def test_lines_are_those_of_the_file_though_a_field_has_line_breaks_and_rows_are_empty(tmp_path: Path) -> None:
    content = as_csv(ROW | {"customer": "two\nlines"}) + "\r\n" + as_csv(ROW | {"state": "x"}).partition("\n")[2]
    found = faults(tmp_path, content)
    assert [(fault.line, fault.field) for fault in found] == [(2, "customer"), (5, "state"), (5, "reference")]


@pytest.mark.parametrize(
    ("content", "field", "line"),
    [
        ("", "header", 1),
        (as_csv(ROW, names=list(ROW), delimiter=";"), "header", 1),
        (as_csv(ROW | {"colour": "red"}, names=[*ROW, "colour"]), "header", 1),
        (as_csv(ROW).replace("reference,", "customer,", 1), "header", 1),
        (as_csv(ROW).replace("currency", "Currency", 1), "header", 1),
        (as_csv(ROW), "", 0),
        (as_csv(ROW) + "a,b\r\n", "row", 3),
        (as_csv(ROW) + as_csv(ROW).splitlines()[1] + ",more\r\n", "row", 3),
        (as_csv(ROW) + '"never closed', "row", 3),
        (as_csv(), "file", 0),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_as_such(tmp_path: Path, content: str, field: str, line: int) -> None:
    if not field:
        assert len(read(tmp_path, content).rows) == 1
        return
    assert (field, line) in [(fault.field, fault.line) for fault in faults(tmp_path, content)]


@pytest.mark.parametrize(
    "content",
    [as_csv(ROW).encode("utf-8-sig"), as_csv(ROW, lineterminator="\n").encode(), as_csv(ROW, quoting=1).encode()],
)
def test_a_byte_order_mark_line_ends_and_quotes_change_nothing(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == read(tmp_path, as_csv(ROW))


def test_text_that_is_not_utf_8_is_refused_where_it_stands(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, as_csv(ROW | {"reference": "Bestellung Ä"}).encode("latin-1"))
    assert (fault.line, fault.field) == (2, "reference")
    with pytest.raises(FileUnfit, match="UTF-16"):
        read(tmp_path, as_csv(ROW).encode("utf-16"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@given(content=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_at_all_raise_anything_but_what_is_wrong_with_them(folder: Path, content: bytes) -> None:
    path = folder / "any.csv"
    path.write_bytes(as_csv(ROW).encode() + content)
    with suppress(FileUnfit):
        read_orders(path, YU7, NOW_MS)


OFFERS = [(model, trim) for model in YU7.models for trim in model.trims]


@given(data=st.data())
def test_csv_and_parquet_of_the_same_orders_are_the_same_events(folder: Path, data: st.DataObject) -> None:
    moment = datetime(2024, 3, 28, 14, tzinfo=UTC)
    rows: list[dict[str, Any]] = []
    for number in range(data.draw(st.integers(1, 5))):
        model, trim = data.draw(st.sampled_from(OFFERS))
        state = data.draw(st.sampled_from(STATES))
        steps = sorted(data.draw(st.lists(st.integers(0, 10**10), min_size=3, max_size=3)))
        times = [moment + timedelta(milliseconds=step) for step in steps]
        rows.append(
            {
                "reference": data.draw(st.from_regex(r"[A-Z]{1,5}", fullmatch=True)) + f"-{number}",
                "customer": data.draw(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)),
                "model": model.id,
                "trim": trim.id,
                "options": data.draw(st.sampled_from([None, list(defaults(model, trim).options)])),
                "region": data.draw(st.sampled_from([None, *(region.id for region in YU7.regions)])),
                "state": state,
                "price_minor": data.draw(st.integers(10**6, 10**15)),
                "deposit_minor": data.draw(st.integers(1, 10**6)),
                "currency": "CNY",
                "ordered_at": times[0],
                "firm_at": times[1],
                "locked_at": None if state == "firm" else times[2],
                "payment_id": data.draw(st.sampled_from([None, f"P{number}"])),
            }
        )
    written = [row | {"options": ";".join(row["options"] or ())} for row in rows]
    for row in written:
        row |= {name: row[name].isoformat() for name in ("ordered_at", "firm_at", "locked_at") if row[name]}
    (folder / "same.csv").write_text(as_csv(*written), newline="")
    schema = {"options": pl.List(pl.String), "region": pl.String, "payment_id": pl.String}
    schema |= {name: pl.Datetime("us", "UTC") for name in ("ordered_at", "firm_at", "locked_at")}
    pl.DataFrame(rows, schema_overrides=schema).write_parquet(folder / "same.parquet")
    csv_rows, parquet_rows = (read_orders(folder / f"same.{kind}", YU7, NOW_MS).rows for kind in ("csv", "parquet"))
    assert csv_rows == parquet_rows
    for row, event in zip(rows, csv_rows, strict=True):
        for name in ("reference", "customer", "model", "trim", "price_minor", "deposit_minor", "state"):
            assert getattr(event, name) == row[name]
        assert event.firm_at_ms == round(row["firm_at"].timestamp() * 1000)


def test_the_digest_is_of_what_a_row_says_and_not_of_how_it_is_written(tmp_path: Path) -> None:
    (row,) = read(tmp_path, as_csv(ROW)).rows
    other_zone = ROW | {"ordered_at": "2024-03-28T14:00:01.000Z"}
    (same,) = read(tmp_path, as_csv(other_zone, names=sorted(ROW))).rows
    assert same == row
    for name, value in (("price_minor", "24590001"), ("customer", "bob"), ("payment_id", "P1"), ("state", "built")):
        (other,) = read(tmp_path, as_csv(ROW | {name: value})).rows
        assert other.digest != row.digest, name


def test_parquet_of_other_types_or_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(FileUnfit, match="can't be read as Parquet"):
        read_orders(path, YU7, NOW_MS)
    pl.DataFrame([ROW | {"price_minor": 1.5, "customer": 7}]).write_parquet(path)
    with pytest.raises(FileMistakes) as raised:
        read_orders(path, YU7, NOW_MS)
    assert [(fault.line, fault.field) for fault in raised.value.faults] == [  # type: ignore[attr-defined]
        (1, "customer"),
        (1, "price_minor"),
    ]


def test_a_file_beyond_the_bounds_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    assert len(read(tmp_path, as_csv(ROW, ROW | {"reference": "B"})).rows) == 2
    with pytest.raises(FileUnfit, match="more than 2 rows"):
        read(tmp_path, as_csv(ROW, ROW | {"reference": "B"}, ROW | {"reference": "C"}))
    monkeypatch.setattr(sheets, "MOST_BYTES", 100)
    with pytest.raises(FileUnfit, match="allowed: 100"):
        read(tmp_path, as_csv(ROW))


@pytest.mark.parametrize("name", ["orders.xlsx", "orders", "missing.csv", "missing.parquet", "folder.csv"])
def test_a_file_that_can_not_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileUnfit, match=name):
        list(sheets.read_rows(tmp_path / name, COLUMNS, None))  # type: ignore[arg-type]


def test_moves_are_read_in_order_or_refused_with_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "moves.csv"
    path.write_text("order_id,state\nord_1,scheduled\nord_2,delivered\n")
    assert read_moves(path) == (("ord_1", "scheduled"), ("ord_2", "delivered"))
    pl.DataFrame({"state": ["built"], "order_id": ["ord_3"]}).write_parquet(tmp_path / "moves.parquet")
    assert read_moves(tmp_path / "moves.parquet") == (("ord_3", "built"),)
    path.write_text("order_id,state\nord_1,firm\nord_1,sold\n,built\nord_4\n")
    with pytest.raises(FileMistakes) as raised:
        read_moves(path)
    found = [(fault.line, fault.field) for fault in raised.value.faults]  # type: ignore[attr-defined]
    assert found == [(2, "state"), (3, "order_id"), (3, "state"), (4, "order_id"), (5, "row")]
    path.write_text("order_id,state\n")
    with pytest.raises(FileMistakes, match="no rows"):
        read_moves(path)
