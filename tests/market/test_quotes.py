"""Quotes from files: every kind of fault is found where it is; days made of minutes are those of brute force."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from drumroll.errors import QuotesUnfit
from drumroll.exchange.quote_report import SHOWN
from drumroll.exchange.quotes import read_quotes
from drumroll.market.quotes import KINDS
from drumroll.market.sessions import sessions

HEADER = "date,code,open,high,low,close,prev_close,volume"
GOOD = [
    "2025-06-26,01810,57.00,57.30,56.50,56.90,56.80,1000",
    "2025-06-27,01810,61.45,61.45,58.70,58.95,56.90,2000",
    "2025-06-30,01810,59.00,60.00,58.50,59.50,58.95,3000",
]
HONG_KONG = ZoneInfo("Asia/Hong_Kong")


def write(folder: Path, *rows: str, header: str = HEADER, name: str = "q.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_good_quotes_have_nothing_to_report(tmp_path: Path) -> None:
    found = read_quotes(write(tmp_path, *GOOD))
    assert found.report.clean
    assert found.daily["date"].to_list() == [date(2025, 6, 26), date(2025, 6, 27), date(2025, 6, 30)]
    assert found.daily["code"].unique().to_list() == ["01810"]
    assert found.daily["volume"].dtype == pl.Int64


# Of each kind: the row put at line 3 (after the first good one), the kind, and what the finding must name.
FAULTS = {
    "a letter for a price": ("2025-06-27,01810,x61,61.45,58.70,58.95,56.90,2000", "unreadable", "open", '"x61"'),
    "nothing for a price": ("2025-06-27,01810,61.45,61.45,58.70,,56.90,2000", "unreadable", "close", "nothing"),
    "no day": ("27.6.2025,01810,61.45,61.45,58.70,58.95,56.90,2000", "unreadable", "date", '"27.6.2025"'),
    "not a number": ("2025-06-27,01810,NaN,61.45,58.70,58.95,56.90,2000", "unreadable", "open", "NaN"),
    "half a share": ("2025-06-27,01810,61.45,61.45,58.70,58.95,56.90,0.5", "unreadable", "volume", "0.5"),
    "a price of nought": ("2025-06-27,01810,61.45,61.45,0,58.95,56.90,2000", "not_positive", "low", "0.0"),
    "a price below nought": ("2025-06-27,01810,61.45,61.45,-1,58.95,56.90,2000", "not_positive", "low", "-1.0"),
    "volume below nought": ("2025-06-27,01810,61.45,61.45,58.70,58.95,56.90,-1", "not_positive", "volume", "-1"),
    "open above high": ("2025-06-27,01810,61.50,61.45,58.70,58.95,56.90,2000", "outside_range", "high", "61.5"),
    "close below low": ("2025-06-27,01810,61.45,61.45,58.70,58.65,56.90,2000", "outside_range", "low", "58.65"),
    "off the step": ("2025-06-27,01810,61.45,61.45,58.71,58.95,56.90,2000", "off_tick", "low", "58.71"),
    "the same day again": ("2025-06-26,01810,57.00,57.30,56.50,56.90,56.80,1000", "duplicate", "date", "2025-06-26"),
    "a Saturday": ("2025-06-28,01810,61.45,61.45,58.70,58.95,56.90,2000", "not_a_session", "date", "2025-06-28"),
    "sessions left out": ("2025-07-03,01810,61.45,61.45,58.70,58.95,56.90,2000", "gap", "date", "2025-06-26"),
    "an ex-rights day": (
        "2025-06-27,01810,30.70,30.70,29.35,29.50,28.45,2000",
        "ex_rights",
        "prev_close",
        "factor 0.5",
    ),
    "a split not adjusted for": ("2025-06-27,01810,30.70,30.70,29.35,29.50,56.90,2000", "jump", "open", "30.7"),
    "no previous close": ("2025-06-27,01810,61.45,61.45,58.70,58.95,,2000", "unreadable", "prev_close", "nothing"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind_of_file", ["csv", "parquet"])
def test_every_fault_is_found_with_its_line_field_and_what_stood_there(
    fault: str, kind_of_file: str, tmp_path: Path
) -> None:
    if (fault, kind_of_file) == ("a letter for a price", "parquet"):
        pytest.skip("a column of numbers has no letters")
    row, kind, field, found = FAULTS[fault]
    path = write(tmp_path, GOOD[0], row)
    line = 3
    if kind_of_file == "parquet":
        texts = pl.read_csv(path, infer_schema=False)
        numbers = texts.with_columns(pl.col(name).cast(pl.Float64, strict=False) for name in HEADER.split(",")[2:])
        path = tmp_path / "q.parquet"
        numbers.write_parquet(path)
        line, found = 2, found if found not in {'"x61"', '"27.6.2025"'} else found.replace('"x61"', "nothing")
    report = read_quotes(path).report
    (finding,) = report.of(kind)
    assert report.counts[kind] == 1
    assert (finding.file, finding.line) == (path.name, line)
    assert field in finding.field
    assert found.lower() in finding.found.lower()
    assert finding.allowed
    assert str(finding) in str(report)


def test_a_day_of_which_not_every_price_was_published_counts_for_what_is_known(tmp_path: Path) -> None:
    found = read_quotes(write(tmp_path, GOOD[0], "2025-06-27,01810,61.45,61.45,,58.95,56.90,"))
    assert found.report.clean
    assert found.daily["low"].to_list()[1] is None
    assert found.daily["volume"].to_list()[1] is None


@pytest.mark.parametrize("fault", FAULTS)
def test_only_rows_that_cannot_be_used_are_left_out(fault: str, tmp_path: Path) -> None:
    row, kind, field, _ = FAULTS[fault]
    found = read_quotes(write(tmp_path, GOOD[0], row))
    left_out = KINDS[kind].left_out and field != "prev_close"
    assert found.daily.height == (1 if left_out else 2)


def test_a_price_above_the_given_limit_is_reported(tmp_path: Path) -> None:
    header = f"{HEADER},limit_up,limit_down"
    rows = [
        "2025-06-27,000700,4.30,4.70,4.20,4.69,4.26,1,4.69,3.83",
        "2025-06-30,000700,4.70,5.00,4.20,4.69,4.69,1,5.16,4.22",
    ]
    report = read_quotes(write(tmp_path, *rows, header=header)).report
    assert [(each.line, each.field) for each in report.of("outside_limits")] == [(2, "high"), (3, "low")]


@pytest.mark.parametrize("column", ["limit_up", "limit_down", "shares", "midday", "prev_close"])
@pytest.mark.parametrize(("text", "kind"), [("", ""), ("n/a", "unreadable"), ("-5", "not_positive")])
def test_a_value_that_may_be_empty_may_not_be_nonsense(column: str, text: str, kind: str, tmp_path: Path) -> None:
    values = {"prev_close": "56.90", "volume": "1"} | {column: text}
    path = write(
        tmp_path,
        f"2025-06-27,01810,57,57,57,57,{','.join(values.values())}",
        header=f"date,code,open,high,low,close,{','.join(values)}",
    )
    if not kind:
        assert read_quotes(path).report.clean
        return
    with pytest.raises(QuotesUnfit, match=rf"line 2, {column} .*found .*{text}"):
        read_quotes(path)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_byte_order_mark_and_either_line_ending_change_nothing(ending: str, tmp_path: Path) -> None:
    plain = read_quotes(write(tmp_path, *GOOD)).daily
    (tmp_path / "q.csv").write_bytes(b"\xef\xbb\xbf" + ending.join([HEADER, *GOOD, ""]).encode())
    found = read_quotes(tmp_path / "q.csv")
    assert found.report.clean
    assert_frame_equal(found.daily, plain)


def test_a_row_of_a_closed_day_does_not_hide_a_gap(tmp_path: Path) -> None:
    saturday = GOOD[1].replace("2025-06-27", "2025-06-28")
    later = GOOD[2].replace("2025-06-30", "2025-07-03")
    (gap,) = read_quotes(write(tmp_path, GOOD[0], saturday, later)).report.of("gap")
    assert gap.line == 4
    assert "3 session(s)" in gap.allowed  # 27 and 30 June, 2 July; 1 July is a holiday


def test_a_trade_at_the_afternoons_first_minute_is_not_of_the_morning(tmp_path: Path) -> None:
    rows = [
        f"2025-06-27 {at},01810,{price},{price},{price},{price},56.90,1"
        for at, price in (("12:00", 59.4), ("13:00", 60.0))
    ]
    found = read_quotes(write(tmp_path, *rows, header=HEADER.replace("date", "time")))
    assert found.daily["midday"].to_list() == [59.4]


def test_overrides_of_the_calendar_decide_what_a_gap_is(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD[0], GOOD[2].replace("58.95", "56.90"))
    assert read_quotes(path).report.counts == {"gap": 1}
    closed = sessions("XHKG", date(2025, 6, 1), date(2025, 7, 31), removed=(date(2025, 6, 27),))
    assert read_quotes(path, calendars={"XHKG": closed}).report.clean


def test_codes_are_checked_by_their_own_exchange(tmp_path: Path) -> None:
    rows = [
        "2025-07-01,600001,10.01,10.01,10.01,10.01,10.00,1",  # a session in Shanghai, none in Hong Kong
        "2025-06-27,A,10.001,10.001,10.001,10.001,10.00,1",  # of no exchange known
        "2025-06-27,000300,3921.7576,3921.7576,3921.7576,3921.7576,3946.02,1",
    ]
    path = write(tmp_path, *rows)
    assert read_quotes(path).report.counts == {"off_tick": 1, "no_exchange": 1}
    assert read_quotes(path, indices=("000300",), exchange="XSHG").report.counts == {"off_tick": 1}


def test_rows_in_any_order_give_the_same(tmp_path: Path) -> None:
    there, back = read_quotes(write(tmp_path, *GOOD)), read_quotes(write(tmp_path, *reversed(GOOD)))
    assert_frame_equal(there.daily, back.daily)
    assert back.report.clean


def test_a_folder_is_read_as_one(tmp_path: Path) -> None:
    write(tmp_path, GOOD[0], name="a.csv")
    pl.read_csv(write(tmp_path, GOOD[1], GOOD[2]), schema_overrides={"code": pl.String}).write_parquet(
        tmp_path / "b.parquet"
    )
    write(tmp_path, GOOD[0], name="q.csv")
    (tmp_path / "b.json").write_text("{}")
    found = read_quotes(tmp_path)
    assert found.daily.height == 3
    assert [(each.file, each.line) for each in found.report.of("duplicate")] == [("q.csv", 2)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "can't be read"),
        (b"date,code\n", "open"),
        (b"date,time,code,open,high,low,close,prev_close,volume\n", "date and time"),
        (b"code,open,high,low,close,prev_close,volume\n", "neither"),
        (HEADER.encode() + b"\n", "no row can be used"),
        (HEADER.encode() + b"\n2025-06-27,01810,1,1,1,1,1,1,1,1\n", "more fields"),
        (HEADER.encode() + b"\n2025-06-27,\xff\xfe,1,1,1,1,1,1\n", "utf-8"),
        (HEADER.encode() + b"\nx,y,z,1,1,1,1,1\n", "no row can be used"),
    ],
)
def test_a_file_that_is_none_of_quotes_is_refused_with_why(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_bytes(content)
    with pytest.raises(QuotesUnfit, match=said):
        read_quotes(tmp_path / "q.csv")


def test_all_files_problems_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, header="date,code", name="a.csv")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and no more")
    pl.DataFrame({"date": [1], "code": [1810], "open": ["x"]}).write_parquet(tmp_path / "c.parquet")
    with pytest.raises(QuotesUnfit) as caught:
        read_quotes(tmp_path)
    text = str(caught.value)
    assert all(part in text for part in ("a.csv, column volume", "b.parquet: can't be read", "c.parquet, column code"))
    with pytest.raises(QuotesUnfit, match="nothing of that name"):
        read_quotes(tmp_path / "none")


def test_an_unknown_column_is_said_and_not_read(tmp_path: Path) -> None:
    found = read_quotes(write(tmp_path, *(f"{row},7" for row in GOOD), header=f"{HEADER},turnover"))
    assert [each.field for each in found.report.of("unknown_column")] == ["turnover"]
    assert "turnover" not in found.daily.columns


def test_very_many_findings_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    days = [date(2025, 6, 26) + timedelta(days=n) for n in range(SHOWN + 30)]
    report = read_quotes(write(tmp_path, *(f"{day},A,1,1,2,1,1,1" for day in days))).report
    assert report.counts["outside_range"] == len(days)
    assert len(report.of("outside_range")) == SHOWN
    assert f"and {len(days) - SHOWN} more" in str(report)


# By the minute.

TICKS = st.tuples(st.integers(0, 2), st.sampled_from(["01810", "600001"]), st.integers(570, 959), st.integers(100, 130))


def minute_rows(ticks: list[tuple[int, str, int, int]]) -> list[tuple[datetime, str, float, float, float, float]]:
    start = datetime(2025, 6, 25, tzinfo=HONG_KONG)
    return [
        (start + timedelta(days=day, minutes=minute), code, price / 2, price / 2 + 0.5, price / 2 - 0.5, price / 2)
        for day, code, minute, price in ticks
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(TICKS, min_size=1, max_size=40, unique_by=lambda tick: tick[:3]), st.sampled_from(["csv", "parquet"]))
def test_days_made_of_minutes_are_those_of_brute_force(ticks: list[tuple[int, str, int, int]], kind: str) -> None:
    rows = minute_rows(ticks)
    frame = pl.DataFrame(rows, schema=["time", "code", "open", "high", "low", "close"], orient="row").with_columns(
        pl.col("time").cast(pl.Datetime("us", "UTC")), prev_close=pl.lit(55.0), volume=pl.lit(3)
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"m.{kind}"
        if kind == "parquet":
            frame.write_parquet(path)
        else:
            frame.with_columns(pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%SZ")).write_csv(path)
        found = read_quotes(path)
        minutes = found.minutes(["01810", "600001"], date(2025, 6, 25), date(2025, 6, 27))
    assert minutes["time"].dt.convert_time_zone("Asia/Hong_Kong").sort().to_list() == sorted(row[0] for row in rows)
    for day in found.daily.iter_rows(named=True):
        mine = sorted(row for row in rows if row[1] == day["code"] and row[0].date() == day["date"])
        morning = [row[5] for row in mine if row[0].hour < 13]
        highest, lowest = max(row[3] for row in mine), min(row[4] for row in mine)
        assert (day["open"], day["high"], day["low"], day["close"]) == (mine[0][2], highest, lowest, mine[-1][5])
        assert (day["midday"], day["volume"]) == (morning[-1] if morning else None, 3 * len(mine))
        first = next(row[0] for row in mine if row[3] == highest)
        assert day["high_at"] == int(first.timestamp() * 1000)
    assert found.daily.height == len({(row[0].date(), row[1]) for row in rows})


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2025-06-27T09:30:00+08:00", 9),
        ("2025-06-27 09:30:00", 9),
        ("2025-06-27 09:30", 9),
        ("2025-06-27T01:30:00Z", 9),
        ("2025-06-27T01:30:00.000Z", 9),
        ("2025-06-26T21:30:00-04:00", 9),
    ],
)
def test_times_are_read_with_and_without_an_offset(text: str, hour: int, tmp_path: Path) -> None:
    header = HEADER.replace("date", "time")
    found = read_quotes(write(tmp_path, f"{text},01810,57,57,57,57,56.90,1", header=header))
    assert found.daily["date"].to_list() == [date(2025, 6, 27)]
    (time,) = found.minutes(["01810"], date(2025, 6, 27))["time"].to_list()
    assert (time.hour, time.minute, time.utcoffset()) == (hour, 30, timedelta(hours=8))


def test_minutes_that_come_twice_or_cannot_be_read_are_reported_and_not_counted(tmp_path: Path) -> None:
    rows = [
        "2025-06-27 09:30,01810,61.45,61.45,61.00,61.00,56.90,100",
        "2025-06-27 09:30,01810,61.45,61.45,61.00,61.00,56.90,100",
        "2025-06-27 09:31,01810,61.00,x,61.00,61.00,56.90,100",
        "2025-06-27T09:32,01810,61.00,61.00,61.00,61.00,56.90,100",
        "2025-06-27 09:33,01810,61.00,61.00,61.00,61.05,56.90,100",
        "2025-06-27 15:59,01810,58.95,58.95,58.95,58.95,57.00,100",
    ]
    found = read_quotes(write(tmp_path, *rows, header=HEADER.replace("date", "time")))
    assert found.report.counts == {"unreadable": 2, "outside_range": 1, "duplicate": 1, "prev_close_differs": 1}
    assert [(each.line, each.field) for each in found.report.of("unreadable")] == [(4, "high"), (5, "time")]
    assert [each.line for each in found.report.of("duplicate")] == [3]
    assert found.daily["volume"].to_list() == [300]
    assert found.minutes(["01810"], date(2025, 6, 27)).height == 3


def test_a_half_day_has_no_midday(tmp_path: Path) -> None:
    row = "2025-12-24 11:00,01810,57,57,57,57,56.90,1"
    found = read_quotes(write(tmp_path, row, header=HEADER.replace("date", "time")))
    assert found.daily["midday"].to_list() == [None]


def test_a_daily_file_counts_before_minutes_which_give_it_midday(tmp_path: Path) -> None:
    write(tmp_path, GOOD[1], name="daily.csv")
    rows = ["2025-06-27 11:59,01810,59.4,59.4,59.4,59.4,56.90,1", "2025-06-27 15:59,01810,58.9,58.9,58.9,58.9,56.90,1"]
    write(tmp_path, *rows, header=HEADER.replace("date", "time"), name="a-minutes.csv")
    found = read_quotes(tmp_path)
    assert found.report.clean
    assert found.daily.select("close", "midday", "volume").rows() == [(58.95, 59.4, 2000)]


def ten_million_minutes(path: Path) -> int:
    """Quotes of 250 codes over 166 sessions, 241 minutes a session, on the step of a fen."""
    calendar = sessions("XSHG", date(2025, 1, 1), date(2025, 12, 31)).dates[:166]
    minutes = np.r_[np.arange(570, 691), np.arange(780, 900)]
    codes = pl.Series("code", [f"600{number:03}" for number in range(250)])
    days = np.array(calendar, dtype="datetime64[ms]").astype(np.int64)
    time = (days[:, None, None] + minutes[None, None, :] * 60_000 - 8 * 3_600_000).repeat(len(codes), axis=1).ravel()
    generator = np.random.default_rng(7)
    price = np.round(50 + generator.standard_normal(len(time)).cumsum() * 0.001, 2)
    pl.DataFrame({"open": price, "high": price, "low": price, "close": price}).with_columns(
        time=pl.Series(time).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC"),
        code=codes.gather(np.tile(np.repeat(np.arange(len(codes)), len(minutes)), len(days))),
        prev_close=pl.lit(50.0),
        volume=pl.lit(100),
    ).write_parquet(path)
    return len(time)


@pytest.mark.slow
def test_ten_million_minutes_are_read_in_one_pass(tmp_path: Path) -> None:
    rows = ten_million_minutes(tmp_path / "minutes.parquet")
    assert rows > 10_000_000
    found = read_quotes(tmp_path / "minutes.parquet")
    assert found.daily.height == 166 * 250
    assert found.daily["volume"].sum() == 100 * rows
    assert set(found.report.counts) <= {"ex_rights", "jump"}  # the walk does not keep its previous closes


def test_the_time_zone_of_a_parquet_file_is_kept(tmp_path: Path) -> None:
    row = {"code": "01810", "open": 57.0, "high": 57.0, "low": 57.0, "close": 57.0, "prev_close": 56.9, "volume": 1}
    path = tmp_path / "m.parquet"
    for zoned, at in ((True, datetime(2025, 6, 26, 16, 30, tzinfo=UTC)), (False, datetime(2025, 6, 27, 0, 30))):
        kind = pl.Datetime("ns", "UTC") if zoned else pl.Datetime("ns")
        pl.DataFrame({"time": [at], **{name: [value] for name, value in row.items()}}).with_columns(
            pl.col("time").cast(kind)
        ).write_parquet(path)
        assert read_quotes(path).daily["date"].to_list() == [date(2025, 6, 27)]


PAGE = (Path(__file__).parents[2] / "docs" / "market.md").read_text()


def test_the_pages_example_has_nothing_to_report(tmp_path: Path) -> None:
    example = PAGE.split("```")[1].strip()
    (tmp_path / "q.csv").write_text(example)
    found = read_quotes(tmp_path / "q.csv")
    assert found.report.clean
    assert found.daily["midday"].to_list() == [None, 59.4]


def test_the_page_has_every_kind_and_says_rightly_whether_its_row_is_left_out() -> None:
    table = PAGE.partition("| kind |")[2].partition("\n\n")[0]
    rows = {line.split("|")[1].strip(" `"): line.split("|")[3] for line in table.splitlines()[2:]}
    assert list(rows) == list(KINDS)
    for kind, fate in rows.items():
        assert KINDS[kind].left_out == ("left out" in fate or "not read" in fate), kind
