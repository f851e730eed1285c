"""A curve from a CSV file: what is written is read, and what can't be a curve is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.times import rfc3339
from drumroll.errors import CurveUnfit, DrumrollError, FileUnfit, WrongLaunch
from drumroll.exchange import curves
from drumroll.exchange.curves import CurveFile, read_curve

OPENS = 1_750_946_400_000


def written(folder: Path, *lines: str) -> Path:
    path = folder / "curve.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def refused(folder: Path, *lines: str, kind: type[DrumrollError] = CurveUnfit, **given: int | str) -> str:
    with pytest.raises(kind) as raised:
        read_curve(written(folder, *lines), **given)  # type: ignore[arg-type]
    return str(raised.value)


steps = st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 10**6)), min_size=1, max_size=30)


@given(steps, st.sampled_from(["UTC", "Asia/Shanghai"]), st.booleans())
def test_what_is_written_is_read_in_seconds_and_in_times_alike(
    tmp_path_factory: pytest.TempPathFactory, rises: list[tuple[int, int]], zone: str, with_opening: bool
) -> None:
    points, at_ms, orders = [(0.0, 0)] if with_opening else [], 0, 0
    for milliseconds, more in rises:
        at_ms, orders = at_ms + milliseconds, orders + more
        points.append((at_ms / 1000, orders))
    folder = tmp_path_factory.mktemp("curve")
    seconds = written(folder, "after_s,orders", *(f"{at:.3f},{orders}" for at, orders in points))
    assert read_curve(seconds) == CurveFile(tuple(points))
    times = (f"yu7,{orders},{rfc3339(OPENS + round(at * 1000), zone)}" for at, orders in points)
    assert read_curve(written(folder, "launch,orders,at", *times), OPENS, "yu7") == CurveFile(tuple(points), "yu7")


def test_a_byte_order_mark_and_quotes_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeff"orders","after_s"', '"10","180"', "20,300", "")
    assert read_curve(path).points == ((180.0, 10), (300.0, 20))


def test_a_curve_that_falls_is_refused_with_both_lines(tmp_path: Path) -> None:
    said = refused(tmp_path, "after_s,orders", "0,0", "180,200000", "600,199999")
    assert "line 4: a cumulative curve never falls; found 199,999 orders after 200,000 (line 3)" in said


def test_two_launches_in_one_file_are_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, "launch,after_s,orders", "yu7,180,5", ",200,6", "su7,240,7")
    assert 'two launches mixed: line 2 is of "yu7", line 4 of "su7"' in said
    said = refused(tmp_path, "launch,after_s,orders", "su7,180,5", kind=WrongLaunch, launch_id="yu7")
    assert 'is a curve of "su7", the launch file is of "yu7"' in said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["after_s,orders", "60,1", "60,2"], "line 3: times must rise; found second 60 after second 60 (line 2)"),
        (["after_s,orders", "60,1", "59.5,2"], "line 3: times must rise"),
        (["after_s,orders", "60,many"], 'line 2, orders: found "many"'),
        (["after_s,orders", '60,"200,000"'], 'line 2, orders: found "200,000"'),
        (["after_s,orders", "60,-1"], "line 2, orders"),
        (["after_s,orders", "60,\u0665"], "line 2, orders"),
        (["after_s,orders", "60,1.5"], "line 2, orders"),
        (["after_s,orders", "60,"], "line 2, orders: found nothing"),
        (["after_s,orders", "60,9999999999999"], "allowed: a whole number from 0 to 1,000,000,000,000"),
        (["after_s,orders", "-60,1"], 'line 2, after_s: found "-60"'),
        (["after_s,orders", "nan,1", "inf,1", "1e3,1"], "3 mistake(s)"),
        (["after_s,orders", "999999999,1"], "ten years"),
        (["after_s,orders", "60"], 'line 2, row: found "1 fields"'),
        (["after_s;orders", "60;1"], "columns are separated by commas"),
        (["after_s,order", "60,1"], 'line 1, header: found "order"'),
        (["after_s,orders,orders", "60,1,1"], "each column once"),
        (["orders", "1"], "line 1: found neither of the columns at and after_s"),
        (["after_s,at,orders", "60,,1"], "line 1: found both of the columns at and after_s"),
        (["after_s,orders"], "at least 3 points; found no row"),
        (["at,orders", "2025-06-26T22:03:00+08:00,1"], "needs the time of the opening: give LAUNCH_FILE"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_line(tmp_path: Path, lines: list[str], said: str) -> None:
    assert said in refused(tmp_path, *lines)


@pytest.mark.parametrize("at", ["2025-06-26T22:03:00", "2025-06-26", "now", "", "2025-06-31T22:03:00+08:00"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, at: str) -> None:
    assert "line 2, at" in refused(tmp_path, "at,orders", f"{at},1", opens_at_ms=OPENS)


def test_a_time_before_the_opening_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, "at,orders", "2025-06-26T21:59:59+08:00,1", opens_at_ms=OPENS)
    assert "line 2, at" in said
    assert "from the opening" in said


def test_of_very_many_mistakes_only_the_first_are_listed(tmp_path: Path) -> None:
    said = refused(tmp_path, "after_s,orders", *(f"{at},none" for at in range(1, 60)))
    assert "59 mistake(s)" in said
    assert said.endswith("and 39 more")


def test_a_file_is_never_too_long_to_be_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_POINTS", 50)
    said = refused(tmp_path, "after_s,orders", *(f"{at},{at}" for at in range(1, 60)))
    assert "line 52: a curve has at most 50 rows" in said
    monkeypatch.setattr(curves, "MOST_BYTES", 100)
    assert "allowed: 100" in refused(tmp_path, "after_s,orders", *("1,1" for _ in range(90)), kind=FileUnfit)


def test_what_is_no_csv_or_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("curve.xlsx", "curve.parquet", "none.csv"):
        with pytest.raises(FileUnfit):
            read_curve(tmp_path / name)


def test_a_file_of_another_kind_is_told_what_is_allowed_here(tmp_path: Path) -> None:
    with pytest.raises(FileUnfit, match=r"allowed: \.csv$"):
        read_curve(tmp_path / "curve.txt")
