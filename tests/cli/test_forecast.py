"""``drumroll forecast`` as it is run: from published points, a curve, a log; its page, its refusals."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from drumroll.bootstrap import read_launch
from drumroll.cli.forecast_words import clock, parameters, rounded, short_clock, span
from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from drumroll.errors import CurveUnfit, WrongLaunch
from drumroll.log.base import Block
from drumroll.outlook.curves import Bass
from drumroll.rehearsal.arrivals import firm_seconds
from tests.cli.running import Command, written_log

COMMAND = Command("forecast")
run, figures, refused = COMMAND.run, COMMAND.values, COMMAND.refused
ROOT = Path(__file__).parents[2]
YU7, HANDHELD = ROOT / "launches" / "yu7.toml", ROOT / "launches" / "handheld.toml"
PAGE = ROOT / "docs" / "curves.md"
OPENS = read_launch(str(YU7)).opens_at_ms
CURVE = ("after_s,orders", "0,0", "60,64000", "120,120000", "180,150000", "600,190000", "3600,210000", "86400,240000")


def written(folder: Path, *lines: str) -> Path:
    path = folder / "curve.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def logged(path: Path, launch: Launch, orders: int = 900, cancelled: int = 40) -> Path:
    """A log of the reference night, scaled down: firm orders by its curve, then some that cancel after two hours."""
    with_events: dict[int, list[ev.Event]] = {}
    for number, second in enumerate(firm_seconds(orders)):
        order_id = f"ord_{number}"
        reserved = ev.OrderReserved(order_id, f"c-{number}", "yu7", "max", 100, 5, 900, b"", b"", (), "", 604_800)
        with_events.setdefault(int(second), []).extend((reserved, ev.OrderFirmed(order_id, f"pay_{number}")))
    gone = [ev.OrderCancelled(f"ord_{number}", 0, b"", b"") for number in range(cancelled)]
    with_events[7200] = [*gone]
    blocks = [Block(1, launch.opens_at_ms - 1000, (ev.LaunchSet(launch),))]
    for second, events in sorted(with_events.items()):
        blocks.append(Block(len(blocks) + 1, launch.opens_at_ms + second * 1000, tuple(events)))
    return written_log(path, blocks)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return logged(tmp_path_factory.mktemp("log") / "orders.log", read_launch(str(YU7)))


# What was published


def test_three_minutes_of_the_yu7_are_forecast_from_what_was_published_then() -> None:
    found = figures(YU7, "--after", "3m")
    assert (found["orders_now"], found["after_s"], found["points"], found["source"]) == (200_000, 180, 1, "published")
    hour, day, week = found["horizons"]
    assert [each["at_s"] for each in (hour, day, week)] == [3600, 86_400, 604_800]
    for each in (hour, day, week):
        (a, b), (c, d), (e, f) = (each["intervals"][level] for level in ("50", "80", "95"))
        assert 200_000 <= e <= c <= a <= each["median"] <= b <= d <= f
        assert 0 < each["prior_weight"] <= 1
    assert hour["came"] == 289_000
    low, high = hour["intervals"]["95"]
    assert hour["verdict"].startswith("inside") == (low <= 289_000 <= high)
    assert (day["came"], week["verdict"]) == (None, None)
    assert len(found["months"]) == 24
    assert sum(each["weight"] for each in found["curves"]) == pytest.approx(1)
    assert any("no shape" in note for note in found["notes"])


def test_a_moment_by_the_clock_is_the_same_as_seconds_after_the_opening() -> None:
    by_clock, after = figures(YU7, "--at", "2025-06-26T22:03:00+08:00"), figures(YU7, "--after", 180)
    assert by_clock == after


def test_what_was_published_later_is_not_known_and_seeds_repeat() -> None:
    early = figures(YU7, "--after", "59m", "--horizon", "2h")
    assert early["orders_now"] == 200_000
    assert figures(YU7, "--horizon", "2h")["orders_now"] == 289_000
    assert figures(YU7, "--after", "59m", "--horizon", "2h", "--seed", 2) != early


def test_the_prior_can_be_changed_and_matters_early() -> None:
    usual, larger = (figures(YU7, "--after", 180, "--times", times, "--within-factor", 1.5) for times in (3, 9))
    assert larger["horizons"][1]["median"] > 1.3 * usual["horizons"][1]["median"]
    assert larger["prior"]["earlier"]["times"] == 9
    assert any("--times 9 instead" in note for note in larger["notes"])
    vague = figures(YU7, "--after", 180, "--no-prior")
    assert vague["prior"]["earlier"] is None
    assert "last launch scaled" not in vague["horizons"][0]["naive"]


# A curve


def test_a_curve_of_its_own_is_forecast_and_compared_with_what_came(tmp_path: Path) -> None:
    found = figures(YU7, "--curve", written(tmp_path, *CURVE), "--after", "10m")
    assert (found["orders_now"], found["source"], found["launch"]) == (190_000, "curve", "yu7")
    assert [each["came"] for each in found["horizons"]] == [210_000, 240_000, None]
    result = run(YU7, "--curve", written(tmp_path, *CURVE), "--after", "10m")
    assert re.search(r"1 hour +210,000 +(in|out)side the \d+ % interval", result.output)


def test_a_past_horizon_is_what_was_counted(tmp_path: Path) -> None:
    found = figures("--curve", written(tmp_path, *CURVE), "--horizon", "10m,7d")
    past, ahead = found["horizons"]
    assert (past["known"], past["median"], past["intervals"]["95"]) == (True, 190_000, [190_000, 190_000])
    assert not ahead["known"]
    assert ahead["median"] >= 240_000


def test_without_a_launch_file_the_prior_is_vague_and_that_is_said(tmp_path: Path) -> None:
    found = figures("--curve", written(tmp_path, *CURVE))
    assert found["launch"] is None
    assert any("the prior is vague" in note for note in found["notes"])
    assert found["months"] == found["locked"] == []
    result = run("--curve", written(tmp_path, *CURVE))
    assert "Locked orders are not forecast" in result.output
    assert "Months are not forecast" in result.output


# A log


def test_a_log_is_forecast_as_of_a_moment_with_what_came_beside(log: Path) -> None:
    found = figures("--log", log, "--after", "10m")
    firm = sorted(firm_seconds(900))
    assert found["orders_now"] == sum(int(at) < 601 for at in firm)
    assert found["horizons"][0]["came"] == sum(int(at) < 3600 for at in firm)
    assert found["horizons"][1]["came"] is None, "the log ends after two hours"
    assert found["cancels"]["became"]["cancelled"] == 0
    assert any("gross" in note for note in found["notes"])


def test_cancelled_orders_stay_counted_and_are_not_locked(log: Path) -> None:
    found = figures("--log", log)
    assert (found["after_s"], found["orders_now"]) == (7200, 900)
    assert found["cancels"]["became"]["cancelled"] == 40
    now = found["locked"][0]
    assert now["of_orders_by_s"] is None
    assert now["intervals"]["95"][1] <= 860
    assert found["horizons"][0] | {"known": True, "median": 900} == found["horizons"][0]


def test_the_launch_file_lends_a_log_its_outlook(tmp_path: Path) -> None:
    older = logged(tmp_path / "orders.log", replace(read_launch(str(YU7)), outlook=None, finance=None))
    assert figures("--log", older, "--after", "10m")["months"] == []
    assert len(figures(YU7, "--log", older, "--after", "10m")["months"]) == 24


def test_a_launch_of_another_size_than_assumed_is_told_so(log: Path) -> None:
    assert any("another size" in note for note in figures("--log", log, "--after", "10m")["notes"])
    scaled = figures("--log", log, "--after", "10m", "--times", 0.01)
    assert not any("another size" in note for note in scaled["notes"])


# Refusals


def test_what_is_advised_about_another_size_can_be_done(tmp_path: Path) -> None:
    path = written(tmp_path, "after_s,orders", "0,0", "180,200", "600,290", "3600,300", "86400,301")
    said = " ".join(figures("--curve", path, "--no-prior")["notes"])
    assert "do not look like what the prior assumes" in said
    assert "[outlook.earlier] of its size" in said
    assert "--times" not in said, "which is refused without an earlier launch"


def test_two_launches_are_refused_by_name(log: Path, tmp_path: Path) -> None:
    said = refused(WrongLaunch, HANDHELD, "--log", log)
    assert "two launches mixed" in said
    assert "is the log of yu7" in said
    assert read_launch(str(HANDHELD)).id in said
    mixed = written(tmp_path, "launch,after_s,orders", "yu7,0,0", "yu7,180,5", "su7,240,7")
    assert "two launches mixed: line 2" in refused(CurveUnfit, "--curve", mixed)
    other = written(tmp_path, "launch,after_s,orders", "su7,0,0", "su7,180,5", "su7,240,7")
    assert "two launches mixed" in refused(WrongLaunch, YU7, "--curve", other)


def test_a_launch_file_in_another_currency_than_the_log_is_refused(tmp_path: Path) -> None:
    path = logged(tmp_path / "orders.log", replace(read_launch(str(YU7)), currency="EUR"))
    assert "is in EUR, and the launch file in CNY" in refused(WrongLaunch, YU7, "--log", path)


def test_a_curve_that_falls_is_refused(tmp_path: Path) -> None:
    said = refused(CurveUnfit, "--curve", written(tmp_path, *CURVE, "90000,239999"))
    assert "line 9: a cumulative curve never falls; found 239,999 orders after 240,000" in said


def test_fewer_than_three_points_are_refused(tmp_path: Path) -> None:
    said = refused(CurveUnfit, "--curve", written(tmp_path, "after_s,orders", "180,5", "600,9"))
    assert "at least 3 points; found 2" in said
    by_then = refused(CurveUnfit, "--curve", written(tmp_path, *CURVE[0:1], *CURVE[4:]), "--after", "10m")
    assert "at least 3 points; found 2" in by_then


def test_before_minute_three_nothing_is_forecast(log: Path, tmp_path: Path) -> None:
    for words in ((YU7,), ("--log", log), ("--curve", written(tmp_path, *CURVE))):
        assert "from minute 3 on" in refused(CurveUnfit, *words, "--after", 179)
    early = written(tmp_path, *CURVE[:4])
    assert "from minute 3 on" in refused(CurveUnfit, "--curve", early, "--after", "1h")


def test_a_launch_without_published_orders_says_what_to_give() -> None:
    assert "[[finance.published]]" in refused(CurveUnfit, HANDHELD)


def test_a_log_in_which_nothing_was_ordered_is_refused(tmp_path: Path) -> None:
    path = logged(tmp_path / "orders.log", read_launch(str(YU7)), orders=0, cancelled=0)
    assert "at least 3 points" in refused(CurveUnfit, "--log", path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--log", "a.log", "--curve", "b.csv"), "--log and --curve"),
        ((YU7, "--at", "2025-06-26T22:03:00+08:00", "--after", "3m"), "--at and --after"),
        (("--curve", "b.csv", "--at", "2025-06-26T22:03:00+08:00"), "give LAUNCH_FILE"),
        ((YU7, "--no-prior", "--times", 2), "--times with --no-prior"),
        ((YU7, "--horizon", "1h,soon"), "'soon'"),
        ((YU7, "--horizon", ",".join(f"{at}h" for at in range(1, 14))), "found 13 horizons"),
        ((YU7, "--after", "40000d"), "allowed: a time since the opening"),
        ((YU7, "--times", 0), "--times"),
        ((YU7, "--at", "22:03"), "--at"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_what_is_allowed(words: tuple[object, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.replace("│", " ").split())


# What is shown


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(tmp_path: Path, log: Path) -> None:
    page = tmp_path / "forecast.html"
    launch = replace(read_launch(str(YU7)), name="<b>Night</b> & day")
    hostile = logged(tmp_path / "orders.log", launch)
    result = run("--log", hostile, "--after", "10m", "--html", page)
    assert result.exit_code == 0, result.output
    html = page.read_text()
    assert not re.search(r"(?:src|href|url|@import)\s*[=(]|<script", html)
    assert "<b>Night" not in html
    pictures = [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", html, re.S)]
    assert len(pictures) == 4
    for picture in pictures:
        width, height = map(float, picture.attrib["viewBox"].split()[2:])
        for node in picture.iter():
            assert 0 <= float(node.attrib.get("x", 0)) <= width
            assert 0 <= float(node.attrib.get("y", 0)) <= height
            for pair in node.attrib.get("points", "").split():
                x, y = map(float, pair.split(","))
                assert 0 <= x <= width
                assert 0 <= y <= height
    assert html.count("<polygon") == 3
    assert html.count("came: ") == 1


def test_the_table_says_all_that_is_promised() -> None:
    result = run(YU7, "--after", "3m")
    assert result.exit_code == 0
    for said in (
        "50 %",
        "80 %",
        "95 %",
        "prior",
        "naive rules",
        "Locked in the end",
        "weight",
        "by quarter",
        "3 times",
    ):
        assert said in result.output, said
    assert max(map(len, result.output.splitlines())) <= 80


def test_a_back_test_says_coverage_scores_errors_and_losses() -> None:
    found = figures(YU7, "--after", "3m", "--backtest", 2)["backtest"]
    assert found["simulated"]["launches"] == 2
    assert {each["name"].split(",")[0] for each in found["known"]} == {"Xiaomi YU7", "Xiaomi SU7"}
    for of in (found["simulated"], *found["known"]):
        for cell in of["cells"]:
            worse = {rule for rule, score in cell["naive"].items() if score < cell["crps"]}
            said = " ".join(found["loses_to"])
            assert all(rule in said for rule in worse)


def test_times_and_numbers_are_said_as_people_say_them() -> None:
    assert [clock(at) for at in (180, 3600, 5400, 86_400, 604_800)] == [
        *("3 minutes", "1 hour", "1.5 hours", "24 hours", "7 days"),
    ]
    assert [rounded(at) for at in (0, 999, 999.6, 1000, 999_600, 271_400, 1.234e9)] == [
        *("0", "999", "1k", "1k", "1M", "271k", "1.23bn"),
    ]


def test_large_numbers_are_said_without_an_exponent() -> None:
    assert [clock(3650 * 86_400), short_clock(3650 * 86_400), rounded(1.25e12), rounded(999.7e9)] == [
        *("3,650 days", "3,650 d", "1.25trn", "1trn"),
    ]
    assert "e+" not in parameters(Bass(1.31, 14.9))


def test_a_forecast_of_few_draws_says_that_it_is_rough(tmp_path: Path) -> None:
    path = written(tmp_path, "after_s,orders", "0,0", "180,5000000", "3600,30000000")
    found = figures(YU7, "--curve", path, "--times", "0.001")
    assert found["effective_draws"] <= 100
    assert any("of the draws carry weight" in note for note in found["notes"])
    assert not any("of the draws carry weight" in note for note in figures(YU7, "--after", "3m")["notes"])


def test_a_narrow_interval_keeps_its_digits() -> None:
    assert [span(each) for each in ((1016, 1024), (900, 2000), (0, 0), (263_127, 466_688))] == [
        *("1,016-1,024", "900-2k", "0-0", "263k-467k"),
    ]


def test_its_document_has_every_column_and_field() -> None:
    text = PAGE.read_text()
    for column in ("after_s", "at", "orders", "launch"):
        assert f"`{column}`" in text
    for field in figures(YU7, "--after", "3m"):
        assert f"`{field}`" in text, field
