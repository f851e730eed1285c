"""A table as a file: text that somebody typed and a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest

from drumroll.web.ops.tables import Cell, Column, Table, exported


def cells_of(*values: str | int | float) -> list[str]:
    """What a spreadsheet reads in a row of these."""
    columns = [Column(f"c{number}", "Head") for number in range(len(values))]
    answer = exported(Table("t", "T", columns, [[Cell("", value) for value in values]], ""), {"csv": "t"})
    assert answer is not None
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))[1]


@pytest.mark.parametrize(
    "begins", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "  -", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_text_that_a_spreadsheet_would_run_is_text(begins: str) -> None:
    assert cells_of(f"{begins}HYPERLINK(1)") == [f"'{begins}HYPERLINK(1)"]


def test_numbers_and_plain_text_stay_as_they_are() -> None:
    assert cells_of(-5, 2.5, "a = b", "北京 \uff1d", " plain", "") == [
        "-5",
        "2.5",
        "a = b",
        "北京 \uff1d",
        " plain",
        "",
    ]
