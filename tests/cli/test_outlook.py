"""``drumroll outlook`` as it is run: from a launch file, from a log, its page, its refusals, what its document says."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from drumroll.cli.outlook_words import thousands
from drumroll.domain.launch_finance import Finance, Quarter
from drumroll.domain.launch_outlook import Diffusion, EarlierLaunch, EarlierPoint, OutlookFigure, OutlookScenario
from drumroll.errors import CurveUnfit, OutlookRefused, WrongLaunch
from drumroll.outlook.by_month import Range
from tests.cli.running import Command, written_log
from tests.outlook.outlooks import AS_IT_IS, launch
from tests.plan.lives import OPENS, Life
from tests.plan.lives import launch as bare

COMMAND = Command("outlook")
run, refused = COMMAND.run, COMMAND.refused
ROOT = Path(__file__).parents[2]
YU7 = ROOT / "launches" / "yu7.toml"
HANDHELD = ROOT / "launches" / "handheld.toml"
PAGE = ROOT / "docs" / "outlook.md"
SCENARIOS = ["planned", "released", "cancellations", "rival", "further-model"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], str]:
    """What is printed, the values, the page: of the reference launch, in one run."""
    folder = tmp_path_factory.mktemp("outlook")
    result = run(YU7, "--json", folder / "it.json", "--html", folder / "it.html")
    assert result.exit_code == 0, result.output + str(result.exception)
    values = json.loads((folder / "it.json").read_text())
    return result.stdout, values, (folder / "it.html").read_text()


# The reference launch


def test_every_scenario_is_there_by_month_and_adds_up(whole: tuple[str, dict[str, Any], str]) -> None:
    _, values, _ = whole
    assert [one["id"] for one in values["scenarios"]] == SCENARIOS
    for one in values["scenarios"]:
        months = one["months"]
        assert [months[0]["period"], months[-1]["period"], len(months)] == ["2025-06", "2027-05", 24]
        backlog = one["backlog_at_opening"]
        for month in months:
            backlog += month["orders"]["middle"] - month["cancelled"]["middle"] - month["deliveries"]["middle"]
            assert backlog == month["backlog"]["middle"]
            assert month["capacity"] is None or month["deliveries"]["middle"] <= month["capacity"] + 10
            assert all(month[name]["low"] <= month[name]["high"] for name in ("orders", "deliveries", "revenue_minor"))
        for name in ("orders", "deliveries", "revenue_minor"):
            assert sum(month[name]["middle"] for month in months) == one["total"][name]["middle"]


def test_scenarios_differ_as_they_say(whole: tuple[str, dict[str, Any], str]) -> None:
    by_id = {one["id"]: one["total"] for one in whole[1]["scenarios"]}
    planned = by_id["planned"]
    assert by_id["released"]["deliveries"]["middle"] > planned["deliveries"]["middle"]
    assert by_id["released"]["orders"] == by_id["cancellations"]["orders"] == planned["orders"]
    assert by_id["cancellations"]["cancelled"]["middle"] > planned["cancelled"]["middle"]
    assert by_id["rival"]["orders"]["middle"] < planned["orders"]["middle"]
    assert by_id["further-model"]["orders"]["middle"] > planned["orders"]["middle"]


def test_what_others_said_stands_beside_ours_with_the_reason(whole: tuple[str, dict[str, Any], str]) -> None:
    found = {one["id"]: one for one in whole[1]["compared"]}
    assert found["q2-2025"]["verdict"] == "before the launch"
    assert found["july-2025"]["low"] == 30_000
    assert abs(found["q3-2025"]["difference_percent"]) < 10
    assert found["cars-2026"]["verdict"] == "agrees"
    target = found["target-2025"]
    assert target["verdict"] == "not comparable"
    assert any("81,302 were published" in line for line in target["why"])
    released = found["cars-2026-released"]
    assert released["scenario"] == "released"
    assert any("Nothing limits ours but orders" in line for line in released["why"])
    for one in found.values():
        assert one["why"] or one["verdict"] == "agrees", one["id"]


def test_it_says_what_minute_three_would_have_said_next_to_what_came(whole: tuple[str, dict[str, Any], str]) -> None:
    text, values, _ = whole
    early = values["minute_3"]
    assert (early["moment_s"], early["known"], early["came"]) == (180.0, 200_000, 289_000)
    low, high = early["horizon"]["intervals"]["80"]
    assert 200_000 <= low < early["horizon"]["median"] < high
    assert "At 3 minutes, with 200,000 orders, it would have said" in text
    assert [one["name"].split(",")[0] for one in values["back_tests"]] == ["Xiaomi YU7", "Xiaomi SU7"]


def test_the_terminal_shows_it_eighty_wide_with_everything_that_is_assumed(
    whole: tuple[str, dict[str, Any], str],
) -> None:
    text, values, _ = whole
    assert max(map(len, text.splitlines())) <= 80
    flat = re.sub(r"\s+", " ", text)
    for one in values["assumed"]:
        assert re.sub(r"\s+", " ", one) in flat
    for one in values["scenarios"]:
        assert f"({one['id']})" in text


# The page


def test_the_page_reaches_nowhere_runs_nothing_and_says_its_pictures(whole: tuple[str, dict[str, Any], str]) -> None:
    html = whole[2]
    for reaching in ("http:", "https:", "<script", "src=", "<link", "@import", "url("):
        assert reaching not in html
    assert "prefers-color-scheme:dark" in html
    pictures = [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]
    assert len(pictures) == 4 + len(SCENARIOS)
    for each in pictures:
        assert each.attrib["role"] == "img"
        assert each.attrib["aria-label"]
    assert html.count('<th scope="col"') > 10
    assert "nan" not in html.lower().replace("finance", "")


def test_the_page_opens_with_one_number_that_the_values_have_too(whole: tuple[str, dict[str, Any], str]) -> None:
    _, values, html = whole
    found = re.search(r"<h1>(.*?)</h1>", html)
    assert found is not None
    assert found[1] == values["headline"]["figure"]
    assert html.count("<h1>") == 1


# A log


def sold(of: Any, orders: int = 40) -> Life:
    """A log of orders that came one every ten seconds, some of which are locked, and one delivered."""
    life = Life(of)
    for number in range(orders):
        at_ms = OPENS + 10_000 * (number + 1)
        life.reserve(f"o{number}", "big" if number % 4 == 0 else "small", at_ms=at_ms)
        life.firm(f"o{number}", at_ms=at_ms)
    life.lock("o1")
    life.deliver("o1", at_ms=life.at_ms + 60_000)
    return life


def with_outlook() -> Any:
    points = tuple(EarlierPoint(at, many) for at, many in ((60, 5), (300, 20), (3600, 60)))
    figure = OutlookFigure("july", "July", "maker", date(2025, 7, 1), date(2025, 8, 1), 1)
    return launch(
        AS_IT_IS,
        OutlookScenario("free", "Free", "released"),
        plant=7,
        older=5,
        earlier=EarlierLaunch("The one before", points),
        diffusion=Diffusion(2_000, "0.1", "0.2"),
        published=(figure,),
    )


def test_a_log_goes_on_from_its_own_orders(tmp_path: Path) -> None:
    path = written_log(tmp_path / "orders.drumroll", sold(with_outlook()).blocks)
    result = run("--log", path, "--months", 3, "--json", "-")
    assert result.exit_code == 0, result.output + str(result.exception)
    values = json.loads(result.stdout)
    assert (values["launch"], values["from_log"], values["orders_so_far"]) == ("cars", True, 40)
    planned = values["scenarios"][0]
    assert planned["backlog_at_opening"] == 5, "the declared ones, none of which was imported"
    june = planned["months"][0]
    assert june["period"] == "2025-06"
    assert june["orders"]["middle"] >= 40
    total = planned["total"]
    assert (
        5 + total["orders"]["middle"] - total["cancelled"]["middle"] - total["deliveries"]["middle"]
        == (total["backlog"]["middle"])
    )


def test_the_axis_of_revenue_is_named_for_what_it_is_drawn_in(tmp_path: Path) -> None:
    """A company that earns far more in a quarter than this launch ever will: the axis is then the company's."""
    of = with_outlook()
    finance = Finance("19", quarters=(Quarter("q1", "Q1 2025", 10**13),))
    path = written_log(tmp_path / "orders.log", sold(msgspec.structs.replace(of, finance=finance)).blocks)
    page = tmp_path / "outlook.html"
    result = run("--log", path, "--months", 3, "--html", page)
    assert result.exit_code == 0, result.output + str(result.exception)
    assert f"bn {of.currency} without VAT, at delivery" in page.read_text("utf-8")


def test_tables_that_are_read_side_by_side_share_their_unit_and_small_intervals_keep_their_digits(
    whole: tuple[str, dict[str, Any], str],
) -> None:
    heads = [line for line in whole[0].splitlines() if "deliveries  " in line and "backlog" in line]
    assert len(heads) == len(SCENARIOS)
    assert len({" ".join(line.split()[-2:]) for line in heads}) == 1
    assert thousands(Range(534, 301, 828)) == "301-828"
    assert thousands(Range(12_000, 9_600, 15_200)) == "10-15k"
    assert thousands(Range(5, 5, 5)) == ""


# Refusals


def test_a_launch_without_an_outlook_is_told_what_to_add(tmp_path: Path) -> None:
    assert "[outlook]" in refused(OutlookRefused, HANDHELD)
    path = written_log(tmp_path / "orders.drumroll", sold(bare()).blocks)
    assert "cars has no [outlook]" in refused(OutlookRefused, "--log", path)


def test_two_launches_are_not_mixed(tmp_path: Path) -> None:
    path = written_log(tmp_path / "orders.drumroll", sold(with_outlook()).blocks)
    said = refused(WrongLaunch, YU7, "--log", path)
    assert "cars" in said
    assert "yu7" in said


def test_a_scenario_that_is_not_there_and_a_moment_too_early_are_refused() -> None:
    assert "planned, released" in refused(OutlookRefused, YU7, "--scenario", "boom")
    assert "minute 3" in refused(CurveUnfit, YU7, "--at", "2025-06-26T22:01:00+08:00")


# The document


def test_the_document_names_every_field_of_a_month(whole: tuple[str, dict[str, Any], str]) -> None:
    page = PAGE.read_text("utf-8")
    for name in whole[1]["scenarios"][0]["months"][0]:
        assert f"`{name}`" in page, name
    for name in whole[1]["compared"][0]:
        assert f"`{name}`" in page, name
