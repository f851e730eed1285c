"""A provider's statement from a file: every mistake at once with its line; what is right means what it says."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drumroll.domain.money import EXPONENTS
from drumroll.domain.times import rfc3339, to_ms
from drumroll.errors import FileMistakes, FileUnfit
from drumroll.exchange import statements
from drumroll.exchange.faults import Fault
from drumroll.exchange.statement_columns import COLUMNS, MOST_MONEY_MINOR, OPTIONAL
from drumroll.exchange.statements import read_statement
from drumroll.outlook.reconciliation_values import Statement

ROW = {"type": "payment", "id": "p1", "amount": "5000.00", "currency": "CNY", "at": "2025-06-26T22:00:07+08:00"}
AT_MS = 1_750_946_407_000
SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)


def as_csv(*rows: dict[str, Any], names: Any = None) -> str:
    out = StringIO()
    writer = csv.DictWriter(out, names or list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(folder: Path, content: str | bytes) -> Statement:
    path = folder / "statement.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_statement(path)


def faults(folder: Path, content: str | bytes) -> list[Fault]:
    with pytest.raises(FileMistakes) as raised:
        read(folder, content)
    assert all(str(fault) in str(raised.value) for fault in raised.value.faults)
    return list(raised.value.faults)  # type: ignore[arg-type]


def wrong_in(folder: Path, row: dict[str, Any]) -> set[str]:
    """The columns in which a row is refused."""
    try:
        read(folder, as_csv(row))
    except FileMistakes as error:
        return {fault.field for fault in error.faults}  # type: ignore[attr-defined]
    return set()


def test_a_row_says_what_it_says(tmp_path: Path) -> None:
    (row,) = read(tmp_path, as_csv(ROW)).rows.iter_rows(named=True)
    assert row == {
        **{"line": 2, "type": "payment", "id": "p1", "amount_minor": 500_000, "currency": "CNY", "at_ms": AT_MS},
        **{"payment_id": None, "order_id": None},
    }


@SHARED_FOLDER
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(("payment", "refund")),
                "id": TEXT,
                "amount_minor": st.integers(1, MOST_MONEY_MINOR),
                "currency": st.sampled_from(sorted(EXPONENTS)),
                "at_ms": st.integers(946_684_800_000, 7_258_118_399_999),
                "payment_id": TEXT | st.just(""),
                "order_id": TEXT | st.just(""),
                "launch": TEXT | st.just(""),
            }
        ),
        max_size=8,
    )
)
def test_every_row_says_what_was_written_in_it(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    written = [{**row, "at": rfc3339(row["at_ms"])} for row in rows]
    for row in written:
        del row["at_ms"]
    found = read(tmp_path, as_csv(*written, names=("type", "id", "amount_minor", "currency", "at", *OPTIONAL)))
    names = ("type", "id", "amount_minor", "currency", "at_ms", "payment_id", "order_id")
    assert [row[1:] for row in found.rows.iter_rows()] == [tuple(row[name] or None for name in names) for row in rows]
    assert found.rows["line"].to_list() == [*range(2, len(rows) + 2)]
    assert set(found.launches) == {row["launch"] for row in rows if row["launch"]}
    assert found.ignored == ()


@SHARED_FOLDER
@given(st.sampled_from(sorted(EXPONENTS)), st.integers(0, 10**17), st.integers(0, 3))
def test_an_amount_in_units_is_that_of_decimal_arithmetic(
    tmp_path: Path, currency: str, number: int, decimals: int
) -> None:
    amount = Decimal(number).scaleb(-decimals)
    minor = amount.scaleb(EXPONENTS[currency])
    fits = decimals <= EXPONENTS[currency] and 1 <= minor <= MOST_MONEY_MINOR
    said = {"amount": f"{amount:f}", "currency": currency}
    if fits:
        assert read(tmp_path, as_csv({**ROW, **said})).rows["amount_minor"].to_list() == [int(minor)]
    else:
        with pytest.raises(FileMistakes, match="line 2, amount: found"):
            read(tmp_path, as_csv({**ROW, **said}))


@SHARED_FOLDER
@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30)),
    st.integers(-(23 * 60 + 59), 23 * 60 + 59),
    st.sampled_from(("seconds", "milliseconds", "microseconds")),
    st.sampled_from("Tt "),
)
def test_a_time_is_that_moment_in_any_zone_and_form(
    tmp_path: Path, local: datetime, offset: int, precision: str, between: str
) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(minutes=offset)))
    text = moment.isoformat(between, timespec=precision)
    at_ms = to_ms(datetime.fromisoformat(text.upper()))
    zulu = moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
    said = [{**ROW, "at": text}] + ([{**ROW, "at": zulu}] if 2000 <= moment.astimezone(UTC).year < 2200 else [])
    assert set(read(tmp_path, as_csv(*said)).rows["at_ms"]) == {at_ms}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("type", ("Payment", "fee", "", " refund")),
        ("id", ("", "ü", "a\nb", "a\tb", "x" * 161, "\x00")),
        ("currency", ("cny", "CN", "", "CNYY", "XAU", "元")),
        ("amount", ("", "0", "0.00", "-5", "+5", "5.", ".5", "5,000.00", "5.001", "1e3", "\u0665", "NaN", "1" * 17)),
        ("at", ("", "2025-06-26", "2025-06-26T22:00:07", "2025-06-26T24:00:00Z", "2025-02-29T00:00:00Z", "1999")),
        ("at", ("1999-06-26T22:00:07Z", "2025-06-26T22:00:60Z", "2025-06-26T22:00:07+24:00", " 2025-06-26T22:00:07Z")),
        ("order_id", ("ü", "o" * 161)),
        ("payment_id", ("a\nb",)),
        ("launch", ("ä",)),
    ],
)
def test_what_is_no_value_of_its_column_is_refused(tmp_path: Path, field: str, values: tuple[str, ...]) -> None:
    found = {value: wrong_in(tmp_path, {**ROW, field: value}) for value in values}
    assert found == {value: {field} for value in values}


def test_minor_units_are_whole_numbers_in_any_currency(tmp_path: Path) -> None:
    row = {name: value for name, value in ROW.items() if name != "amount"}
    good = [{**row, "amount_minor": "500000"}, {**row, "amount_minor": str(10**15), "currency": "usd"}]
    assert read(tmp_path, as_csv(*good)).rows["amount_minor"].to_list() == [500_000, 10**15]
    for bad in ("0", "5000.00", "-1", "", str(10**15 + 1), "9" * 30):
        (fault,) = faults(tmp_path, as_csv({**row, "amount_minor": bad}))
        assert (fault.line, fault.field) == (2, "amount_minor")


def test_cells_that_look_like_formulas_are_text(tmp_path: Path) -> None:
    names = ["=1+1", "@x", "+p", "-p", '"quoted", with a comma', " spaced "]
    found = read(tmp_path, as_csv(*({**ROW, "id": name} for name in names)))
    assert found.rows["id"].to_list() == names


def test_every_mistake_is_told_at_once_in_the_order_of_lines_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "ROWS_AT_ONCE", 2)
    rows = [
        ROW,
        {**ROW, "order_id": "two\r\nlines"},
        {**ROW, "currency": "yuan", "amount": "5.00.0"},
        {**ROW, "type": None, "at": "noon"},
        ROW,
    ]
    lines = as_csv(*rows, names=[*ROW, "order_id"]).splitlines(keepends=True)
    content = "".join([*lines[:2], "torn,row\r\n", *lines[2:], "payment\r\n"])
    found = [(fault.line, fault.field, fault.found) for fault in faults(tmp_path, content)]
    assert found == [
        (3, "row", '"2 fields"'),
        (4, "order_id", '"two\\r\\nlines"'),
        (6, "currency", '"yuan"'),
        (6, "amount", '"5.00.0"'),
        (7, "type", "nothing"),
        (7, "at", '"noon"'),
        (9, "row", '"1 fields"'),
    ]


def test_mistakes_beyond_the_first_thousand_are_counted(tmp_path: Path) -> None:
    with pytest.raises(FileMistakes, match="2,500 mistake") as raised:
        read(tmp_path, as_csv(*[{**ROW, "type": "fee"}] * 2_500))
    assert (len(raised.value.faults), raised.value.count) == (1_000, 2_500)


def test_the_columns_come_in_any_order_with_a_byte_order_mark_and_others_are_ignored_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "ROWS_AT_ONCE", 2)
    row = {"fee": "=2", **dict(reversed(ROW.items())), "launch": "yu7", "card": "visa", "": ""}
    found = read(tmp_path, b"\xef\xbb\xbf" + as_csv(row, {**row, "launch": ""}, {**row, "launch": "su7"}, row).encode())
    assert found.ignored == ("fee", "card", "")
    assert found.launches == {"yu7": 2, "su7": 4}
    assert found.rows["amount_minor"].to_list() == [500_000] * 4


@pytest.mark.parametrize(
    ("header", "found", "allowed"),
    [
        ("", "nothing", "type, id, currency, at"),
        ("id,amount", "no column type, currency, at", "type, id, currency, at, and amount or amount_minor"),
        ("type,id,currency,at", "no column amount or amount_minor", "amount_minor"),
        ("type;id;currency;at;amount", "no column type", "columns are separated by commas"),
        ("type,id,currency,at,amount,amount_minor", '"amount and amount_minor"', "one of them"),
        ("type,id,id,currency,at,amount", '"id"', "each column once"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_with_all_that_it_lacks(
    tmp_path: Path, header: str, found: str, allowed: str
) -> None:
    (fault,) = faults(tmp_path, header + "\n" if header else "")
    assert (fault.line, fault.field) == (1, "header")
    assert found in str(fault)
    assert allowed in str(fault)


def test_bytes_that_are_no_utf_8_are_told_where_they_stand(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, as_csv(ROW, ROW).encode().replace(b"p1", b"p\xff", 1))
    assert (fault.line, fault.field) == (2, "id")


def test_an_open_quote_ends_the_reading_and_is_told(tmp_path: Path) -> None:
    found = faults(tmp_path, as_csv(ROW, {**ROW, "type": "fee"}) + 'payment,"open')
    assert [(fault.line, fault.field) for fault in found] == [(3, "type"), (4, "row")]


def test_a_file_that_is_no_statement_is_refused_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileUnfit, match="can't be read"):
        read_statement(tmp_path)
    with pytest.raises(FileUnfit, match="can't be read"):
        read_statement(tmp_path / "none.csv")
    with pytest.raises(FileUnfit, match="found UTF-16, allowed: UTF-8"):
        read(tmp_path, as_csv(ROW).encode("utf-16"))
    monkeypatch.setattr(statements, "MOST_ROWS", 2)
    with pytest.raises(FileUnfit, match="found more than 2 rows, allowed: 2"):
        read(tmp_path, as_csv(ROW, ROW, ROW))
    monkeypatch.setattr(statements, "MOST_BYTES", 20)
    with pytest.raises(FileUnfit, match=r"bytes, allowed: 20"):
        read(tmp_path, as_csv(ROW))


def test_the_page_describes_every_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reconciliation.md").read_text()
    table = [line for line in page.splitlines() if line.startswith("| `")]
    assert all(any(f"`{name}`" in line.split("|")[1] for line in table) for name in COLUMNS)
