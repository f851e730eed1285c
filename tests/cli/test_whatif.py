"""``drumroll whatif`` as it is run: without a log, with one, its page, its refusals, and what its document says."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drumroll.bootstrap import read_launch
from drumroll.cli.whatif import ORDERS
from drumroll.domain.capacity import capacity_of
from drumroll.domain.launch_capacity import Backlog, Cliff
from drumroll.domain.weeks import sunday
from drumroll.errors import PlanRefused, ScenarioInvalid, WrongLaunch
from drumroll.plan.assumed import assumed
from drumroll.plan.scenario import Scenario, changed
from drumroll.rehearsal.arrivals import firm_seconds
from tests.cli.running import Command, written_log
from tests.plan.lives import WEEK, Life, built_in, launch
from tests.plan.test_whatif import fewest_broken

COMMAND = Command("whatif")
run, figures, refused = COMMAND.run, COMMAND.values, COMMAND.refused
ROOT = Path(__file__).parents[2]
HANDHELD = ROOT / "launches" / "handheld.toml"
YU7 = ROOT / "launches" / "yu7.toml"
PAGE = ROOT / "docs" / "what-if.md"
POLICIES = {"strict", "least_breakage"}


# Without a log


def test_a_cut_is_answered_by_both_policies_with_every_figure() -> None:
    found = figures(HANDHELD, "--cut", "50%", "--weeks", 4)
    for name in (
        *("broken", "weeks_late", "mean_weeks_late", "most_late", "beyond_bound", "unplanned", "promised", "kept"),
        *("deposits_at_risk_minor", "cliff_crossings", "at_risk", "improved", "moved_earlier", "moved_later"),
    ):
        assert set(found[name]) == set(found["before"][name]) == POLICIES
    assert found["orders"] == 10_000
    assert found["before"]["broken"] == {"strict": 0, "least_breakage": 0}
    assert 0 < found["broken"]["least_breakage"] < found["broken"]["strict"] / 2
    for policy in POLICIES:
        assert sum(trim["broken"][policy] for trim in found["by_trim"]) == found["broken"][policy]
        assert sum(week["broken"][policy] for week in found["by_promised_week"]) == found["broken"][policy]
        assert sum(orders for _, orders in found["moves"][policy]) == found["orders"]
        assert sum(cliff["crossed"][policy] for cliff in found["cliffs"]) == found["cliff_crossings"][policy]
    assert found["scenario"]["weeks"] == 4
    assert set(found["seconds"]) == {"orders", "safety", *POLICIES}


def test_the_same_question_has_the_same_answer_and_another_seed_another() -> None:
    one, same, other = (figures(HANDHELD, "--cancel", "20%", "--seed", seed) for seed in (1, 1, 2))
    for found in (one, same, other):
        del found["seconds"]
    assert one == same
    assert one["by_trim"] != other["by_trim"]


def test_changes_are_combined() -> None:
    found = figures(YU7, "--orders", 3_000, *("--cut", "30%", "--convert", "10%", "--cancel", "8%", "--weeks", 5))
    total = found["orders"] + found["declared_backlog"]
    assert found["cancelled"] == (total * 8 + 50) // 100
    assert found["converted"] > 0
    after = {(trim["model"], trim["trim"]): trim["orders"] for trim in found["by_trim"]}
    assert sum(orders["after"] for orders in after.values()) == total - found["cancelled"]
    assert after["su7", "max"]["after"] < after["su7", "max"]["before"]


def test_the_tables_fit_80_columns_and_say_what_matters() -> None:
    result = run(HANDHELD, "--cut", "50%", "--weeks", 4)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    for said in ("50 % less a week", "broken", "deposits at risk", "without a week", "crossing 20", "least breakage"):
        assert said in result.stdout
    found = figures(HANDHELD, "--cut", "50%", "--weeks", 4)
    (row,) = [line.split() for line in result.stdout.splitlines() if line.strip().startswith("broken  ")]
    assert row[1:] == [f"{found['broken']['strict']:,}", "0", f"{found['broken']['least_breakage']:,}", "0"]


@pytest.mark.slow
def test_of_300000_promises_of_the_reference_launch_the_fewest_break_that_an_independent_optimum_allows() -> None:
    found = figures(YU7, "--cut", "55%", "--weeks", 12)
    assert found["orders"] == ORDERS == 300_000
    of = read_launch(str(YU7))
    capacity = capacity_of(of)
    assert capacity is not None
    situation = assumed(of, capacity, firm_seconds(ORDERS), 1)
    first = situation.first_week
    after = changed(situation, Scenario(first, first + 12, cut_percent=55)).situation
    assert found["broken"]["least_breakage"] == fewest_broken(after)
    assert found["broken"]["least_breakage"] < found["broken"]["strict"] / 3


# With a log


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Sixty cars, promised as an undisturbed plan of ten a week would have them, behind five coupes."""
    life = Life(launch(backlog=(Backlog("coupe", "one", 5),), cliffs=(Cliff("bonus", "Bonus", sunday(WEEK + 6)),)))
    for number in range(60):
        life.locked(f"o{number:02}", "big" if number % 3 == 0 else "small", built_in(2 + (5 + number) // 10))
    return written_log(tmp_path / "orders.drumroll", life.blocks)


def test_the_orders_of_a_log_are_planned_with_what_was_promised_to_them(log: Path) -> None:
    found = figures("--log", log, "--cut", "50%", "--weeks", 2)
    assert (found["launch"], found["orders"], found["declared_backlog"]) == ("cars", 60, 5)
    assert found["before"]["broken"] == {"strict": 0, "least_breakage": 0}
    # The cut takes the places of ten cars: strict moves everybody by a week, the other lets ten wait till the end.
    assert found["broken"] == {"strict": 60, "least_breakage": 10}
    assert found["deposits_at_risk_minor"] == {"strict": 60 * 500, "least_breakage": 10 * 500}
    assert found["most_late"]["strict"] == 1


def test_a_log_needs_no_launch_file_but_is_not_that_of_another(log: Path) -> None:
    said = refused(WrongLaunch, HANDHELD, "--log", log, "--cut", "50%")
    assert "cars" in said
    assert "--orders" in refused(ScenarioInvalid, "--log", log, "--orders", 5, "--cut", "50%")


def test_a_log_without_orders_or_without_plants_is_refused(tmp_path: Path) -> None:
    empty = written_log(tmp_path / "orders.drumroll", Life(launch()).blocks)
    assert "leave --log out" in refused(ScenarioInvalid, "--log", empty, "--cut", "5%")
    (tmp_path / "other").mkdir()
    plantless = written_log(tmp_path / "other" / "orders.drumroll", Life(launch(plants=())).blocks)
    assert "[[plant]]" in refused(PlanRefused, "--log", plantless, "--cut", "5%")


# Refusals


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "found nothing to change"),
        (("--cut", "155%"), "--cut: found 155%, allowed: 1% to 100%"),
        (("--add", "-5"), "--add: found -5%"),
        (("--cut", "5%", "--from", "2020-01-01"), "frozen"),
        (("--cut", "5%", "--from", "2120-01-01"), "horizon_weeks"),
        (("--cut", "5%", "--resource", "shed"), "--resource: found 'shed', allowed: "),
        (("--cancel", "5%", "--weeks", "3"), "--weeks: found 3, but no capacity changes"),
        (("--cancel", "5%", "--from", "2026-06-01"), "--from: found 2026-06-01, but no capacity changes"),
        (("--convert", "5%"), "--convert"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(options: tuple[str, ...], words: str) -> None:
    assert words in refused(ScenarioInvalid, HANDHELD, "--orders", 100, *options)


@pytest.mark.parametrize("value", ["half", "5.5%", "%", ""])
def test_a_percentage_that_is_none_is_refused_before_anything_is_done(value: str) -> None:
    result = run(HANDHELD, "--cut", value)
    assert result.exit_code == 2
    assert "a whole percentage, like 55%" in result.output


def test_a_launch_without_plants_is_refused_with_where_to_look(tmp_path: Path) -> None:
    text = HANDHELD.read_text("utf-8")
    parts = re.split(r"(?m)^(?=\[)", text)
    left = [part for part in parts if not re.match(r"\[\[?(plant|limit|backlog|cliff|promise|language)\b", part)]
    (tmp_path / "bare.toml").write_text("".join(left), "utf-8")
    said = refused(ScenarioInvalid, tmp_path / "bare.toml", "--cut", "5%")
    assert "without a [[plant]]" in said
    assert "docs/launch-file.md" in said


# The page


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "w.html"
    result = run(YU7, "--orders", 2_000, "--cut", "60%", "--weeks", 6, "--convert", "10%", "--html", path)
    assert result.exit_code == 0, result.output
    return path.read_text("utf-8")


def pictures(html: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]


def test_the_page_asks_nothing_of_a_network_runs_nothing_and_is_light_or_dark(html: str) -> None:
    for reaching in ("http:", "https:", "<script", "src=", "<link", "@import", "url("):
        assert reaching not in html
    assert "prefers-color-scheme:dark" in html
    assert len(pictures(html)) == 6


def test_everything_is_drawn_within_its_picture(html: str) -> None:
    for picture in pictures(html):
        _, _, width, height = (float(each) for each in picture.attrib["viewBox"].split())
        places = [
            (float(each.attrib[x]), float(each.attrib[y]))
            for each in picture.iter()
            for x, y in (("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy"))
            if x in each.attrib
        ]
        for each in picture.iter():
            places += [tuple(map(float, pair.split(","))) for pair in each.attrib.get("points", "").split()]  # type: ignore[misc]
            if each.tag == "rect":
                places.append(
                    (
                        float(each.attrib["x"]) + float(each.attrib["width"]),
                        float(each.attrib["y"]) + float(each.attrib["height"]),
                    )
                )
        assert places
        assert all(-0.05 <= x <= width + 0.05 and -0.05 <= y <= height + 0.05 for x, y in places)


def test_bars_of_the_broken_are_as_high_as_they_are_many(tmp_path: Path) -> None:
    found = figures(HANDHELD, "--cut", "50%", "--weeks", 4, "--html", tmp_path / "w.html")
    picture = pictures((tmp_path / "w.html").read_text("utf-8"))[-3]
    for policy in POLICIES:
        heights = [
            float(bar.attrib["height"]) for bar in picture.iter("rect") if bar.attrib["class"] == f"bar {policy}"
        ]
        counts = [week["broken"][policy] for week in found["by_promised_week"] if week["broken"][policy]]
        assert heights == pytest.approx([count * max(heights) / max(counts) for count in counts], abs=0.2)


def test_names_can_not_break_the_page(tmp_path: Path) -> None:
    text = HANDHELD.read_text("utf-8").partition("[language.")[0]
    text = text.replace('name = "Pocket Console"', 'name = "<b>Pocket</b> & Console"')
    (tmp_path / "named.toml").write_text(text, "utf-8")
    assert run(tmp_path / "named.toml", "--cut", "5%", "--orders", 100, "--html", tmp_path / "w.html").exit_code == 0
    page = (tmp_path / "w.html").read_text("utf-8")
    assert "<b>Pocket" not in page
    assert "&lt;b&gt;Pocket&lt;/b&gt; &amp; Console" in page


# The document


def test_the_documents_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On fewer orders, which is all that they are made quicker by."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "launches").symlink_to(ROOT / "launches")
    lines = re.search(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert lines is not None
    for line in lines[1].splitlines():
        words = line.removeprefix("drumroll whatif ").split()
        result = run(*words, "--orders", 500)
        assert result.exit_code == 0, f"{line}: {result.output}{result.exception}"
    assert {"w.json", "handheld.html"} <= {path.name for path in tmp_path.iterdir()}


def test_the_document_shows_what_the_command_prints() -> None:
    shown = PAGE.read_text("utf-8").split("```\n")[2].splitlines()
    printed = [line.rstrip() for line in run(HANDHELD, "--cut", "50%", "--weeks", 4).stdout.splitlines()]
    assert len(shown) > 10
    for line in shown:
        assert line in printed


def test_the_document_defines_every_figure() -> None:
    text = PAGE.read_text("utf-8")
    found = figures(HANDHELD, "--cut", "50%", "--weeks", 4, "--orders", 200)
    for name in (*found["before"], "moves", "by_promised_week", "seconds", "before", "late_bound_weeks"):
        assert f"`{name}`" in text or name in ("promised", "kept"), name
