"""The plan's pages: what they show is what the API says, and what a plan would do is what accepting it does."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from drumroll.domain.weeks import week_of_day
from drumroll.log.sqlite import SqliteLog
from drumroll.web.ops.jobs import Jobs
from drumroll.web.ops.jobs_kinds import Sources
from drumroll.web.ops.plots import Plots
from tests.web.pages.visiting import Browser, Page
from tests.web.planted import FIRST, Loft, day_of, planted

REASON = "a supplier burnt down"
WITHIN_S = 60.0
UNTIL = FIRST + 9


class Works(Loft):
    """A server on a log on disk, whose jobs other processes can do."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        super().__init__(SqliteLog(folder / "o.log"), path=str(folder / "o.log"), **rules)
        (folder / "launch.toml").write_text(planted(**rules))
        sources = Sources(str(folder / "o.log"), str(folder / "launch.toml"))
        self.jobs = Jobs(sources, folder / "o.log-jobs", self.desk.clock_ms)
        self.plots = Plots()
        msgspec.structs.force_setattr(self.server.web, "jobs", self.jobs)
        msgspec.structs.force_setattr(self.server.web, "plots", self.plots)

    def __exit__(self, *error: object) -> None:
        self.jobs.close()
        self.plots.close()
        super().__exit__(*error)
        self.log.close()

    def browser(self, role: str = "admin", language: str = "en") -> Browser:
        return Browser(self, language).operating(f"{role}-1", role)

    def finished(self, browser: Browser, page: Page) -> Page:
        """The page that a job's page becomes once it is over."""
        job_id = page.path.rpartition("/")[2]
        end = time.monotonic() + WITHIN_S
        while time.monotonic() < end:
            job = self.jobs.job(job_id)
            if job is None or job.over:
                break
            time.sleep(0.01)
        return browser.get(f"/ops/jobs/{job_id}")


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with Works(tmp_path, weekly=4, backlog=3) as works:
        yield works


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    """One for all tests that change nothing."""
    with Works(tmp_path_factory.mktemp("still"), weekly=4, backlog=3) as works:
        yield works


def table(browser: Browser, path: str, name: str) -> list[dict[str, str]]:
    """A table of a page as its file has it."""
    answer = browser.get(f"{path}{'&' if '?' in path else '?'}csv={name}").answer
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))


def cut(browser: Browser, percent: str = "50", **given: str) -> Page:
    form = browser.get("/ops/plan/capacity").form("/ops/plan/capacity")
    fields = {"from": day_of(FIRST), "until": day_of(UNTIL), "percent": percent, "reason": REASON, **given}
    return browser.send(form, **fields)


def test_weeks_and_their_plot_are_what_the_api_says(works: Works) -> None:
    for number in range(6):
        works.firm(f"c{number}")
    browser = works.browser("viewer")
    told = works.get("/v1/operator/plan?weeks=52", works.operator()).json()["weeks"]
    loft = [next(one for one in week["resources"] if one["id"] == "loft") for week in told]
    rows = table(browser, "/ops/plan?resource=loft", "weeks")
    assert [row["Week"] for row in rows] == [week["week"] for week in told]
    assert [int(row["Planned"]) for row in rows] == [one["planned"] for one in loft]
    assert [row["Capacity"] for row in rows] == [str(one["capacity"]) for one in loft]
    assert [row["State"] == "frozen" for row in rows] == [week["frozen"] for week in told]
    answer = browser.get("/ops/plots/weeks.svg?resource=loft&theme=dark").answer
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    root = ElementTree.fromstring(answer.body)
    words = {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"the loft", "orders a week", "capacity"} <= words
    bars = [one for one in root.iter() if (one.get("id") or "").startswith("bar-")]
    assert len(bars) == len(loft)
    assert browser.get("/ops/plots/weeks.svg?resource=nothing").status == 200, "the first there is"


def test_empty_pages_say_so_in_both_languages(still: Works) -> None:
    said = still.browser().get("/ops/plan").text
    assert "No plan was made yet." in said
    assert "No plan was accepted yet." in said
    assert "Promises were not counted yet" in said
    chinese = still.browser(language="zh-CN").get("/ops/plan").text
    assert "尚未生成过计划。" in chinese
    assert "尚未推演过。" in still.browser(language="zh-CN").get("/ops/whatif").text


def test_a_viewer_sees_the_weeks_and_starts_nothing(still: Works) -> None:
    viewer = still.browser("viewer")
    page = viewer.get("/ops/plan")
    assert page.status == 200
    assert not [form for form in page.forms if form.action.endswith("/jobs")]
    assert "/ops/whatif" not in page.links
    for path in ("/ops/whatif", "/ops/plan/capacity", "/ops/plan/0123456789abcdef"):
        assert viewer.get(path).status == 403, path
    token = page.form("/ops/sign-out").filled()[0][1]
    body = {"form_token": token, "kind": "plan", "policy": "strict"}
    assert viewer.post("/ops/plan/jobs", body).status == 403
    assert still.jobs.all() == []


def test_changing_a_capacity_does_what_the_api_does_and_twice_is_once(works: Works) -> None:
    browser = works.browser("operator")
    form = browser.get("/ops/plan/capacity").form("/ops/plan/capacity")
    given = {"from": day_of(FIRST), "until": day_of(FIRST + 3), "weekly": "1", "resource": "loft", "reason": REASON}
    for _ in range(2):
        page = browser.send(form, **given)
        assert (page.status, page.path) == (200, "/ops/plan?done=capacity")
    assert "The capacity is changed." in page.text
    entries = works.get("/v1/operator/trail", works.operator()).json()["entries"]
    assert [(one["what"], one["operator"], one["reason"]) for one in entries] == [("capacity", "operator-1", REASON)]
    rows = table(browser, "/ops/plan?resource=loft", "weeks")
    assert [row["Capacity"] for row in rows if row["Begins"] == day_of(FIRST)] == ["1"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"percent": ""}, "one of the two"),
        ({"weekly": "3"}, "one of the two"),
        ({"percent": "1001"}, "from 0 to 1,000"),
        ({"percent": "-1"}, "from 0 to 1,000"),
        ({"percent": "五"}, "from 0 to 1,000"),
        ({"from": "2025-13-01"}, "such as 2025-08-04"),
        ({"until": "tomorrow"}, "such as 2025-08-04"),
        ({"reason": "x"}, "3 to 500"),
    ],
)
def test_a_capacity_that_is_none_is_refused_on_the_page_and_what_was_typed_stays(
    still: Works, given: dict[str, str], words: str
) -> None:
    page = cut(still.browser(), **given)
    assert page.status == 422
    assert words in page.text
    assert dict(page.form("/ops/plan/capacity").fields)["until"] == given.get("until", day_of(UNTIL))
    assert not still.desk.book.trail


def test_what_a_plan_would_do_is_what_accepting_it_does(works: Works) -> None:
    mine = [works.firm(f"c{number}") for number in range(10)]
    browser = works.browser("operator")
    assert cut(browser).status == 200
    plan = browser.get("/ops/plan").form("/ops/plan/jobs")
    made = works.finished(browser, browser.send(plan, kind="plan", policy="strict"))
    path = made.path
    assert path.startswith("/ops/plan/")
    assert "Nothing has changed yet." in made.text
    (trim,) = [row for row in table(browser, path, "trims") if int(row["Orders"])]
    moves = {int(row["Weeks"]): int(row["Orders"]) for row in table(browser, path, "moves")}
    (fair,) = table(browser, path, "cliffs")
    before = {one: works.promised(one) for one in mine}
    form = browser.get(f"{path}/accept").form(path)
    unsure = browser.send(form, reason=REASON)
    assert (unsure.status, "Tick the box" in unsure.text) == (422, True)
    assert {one: works.promised(one) for one in mine} == before
    for _ in range(2):
        page = browser.send(form, reason=REASON, sure="yes")
        assert (page.status, page.path) == (200, "/ops/plan?done=accepted")
    after = {one: works.promised(one) for one in mine}
    by = [after[one].build_week - before[one].build_week for one in mine]
    assert {weeks: by.count(weeks) for weeks in set(by)} == moves
    assert (int(trim["Later"]), int(trim["Earlier"])) == (sum(one > 0 for one in by), sum(one < 0 for one in by))
    assert int(trim["Later"]) > 0
    # It is delivered in the week after it is built; the fair's last day is the Sunday of its week.
    arrives = {one: after[one].build_week + 1 for one in mine}
    assert int(trim["Broken"]) == sum(arrives[one] > before[one].last_week for one in mine)
    fair_week = week_of_day(date(2026, 6, 7))
    crossed = [one for one in mine if before[one].last_week <= fair_week < arrives[one]]
    assert int(fair["Newly beyond it"]) == len(crossed)
    (accepted,) = table(browser, "/ops/plan", "accepted")
    assert (accepted["By"], accepted["Reason"]) == ("operator-1", REASON)
    assert "This plan was accepted." in browser.get(path).text
    weeks = browser.get(f"/ops/jobs/{path.rpartition('/')[2]}/files/weeks.csv")
    assert weeks.answer.headers["content-disposition"].startswith("attachment")
    assert {row["id"] for row in csv.DictReader(io.StringIO(weeks.html))} == set(mine)


def test_a_stale_plan_is_refused_where_it_would_be_accepted(works: Works) -> None:
    for number in range(3):
        works.firm(f"c{number}")
    browser = works.browser(language="zh-CN")
    plan = browser.get("/ops/plan").form("/ops/plan/jobs")
    made = works.finished(browser, browser.send(plan, kind="plan", policy="least-breakage"))
    assert cut(browser).status == 200
    form = browser.get(f"{made.path}/accept").form(made.path)
    page = browser.send(form, reason=REASON, sure="yes")
    assert page.status == 409
    assert not works.desk.book.plans


def test_what_if_changes_nothing_and_says_what_the_command_says(works: Works) -> None:
    for number in range(8):
        works.firm(f"c{number}")
    browser, position = works.browser("operator"), works.desk.position
    page = browser.get("/ops/whatif")
    form = page.form("/ops/whatif")
    for hostile in (
        {},
        {"cut": "50", "add": "10"},
        {"cut": "101"},
        {"weeks": "3"},
        {"cut": "5", "resource": "--html=x"},
    ):
        refused = browser.send(form, **hostile)
        assert refused.status == 422, hostile
        assert 'role="alert"' in refused.html
    assert works.jobs.all() == []
    answer = works.finished(browser, browser.send(form, cut="50", weeks="6"))
    assert answer.path.startswith("/ops/whatif/")
    (job,) = works.jobs.all()
    found = msgspec.json.decode((job.folder / "figures.json").read_bytes())
    rows = {row["Figure"]: row for row in table(browser, answer.path, "figures")}
    assert int(rows["broken"]["strict, by place, after"]) == found["broken"]["strict"]
    assert int(rows["moved_later"]["least breakage, after"]) == found["moved_later"]["least_breakage"]
    assert works.desk.position == position
    assert "产能削减 50%、为期 6 周" in works.browser(language="zh-CN").get(answer.path).text
    report = browser.get(f"/ops/jobs/{job.id}/files/report.html").answer
    assert report.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in report.headers["content-security-policy"]
    assert works.browser("finance").get(answer.path).status == 403
    assert browser.get(f"/ops/jobs/{job.id}/files/output.txt").status == 404


def test_a_form_from_elsewhere_starts_nothing(still: Works) -> None:
    browser = still.browser()
    form = browser.get("/ops/plan").form("/ops/plan/jobs")
    assert browser.send(form, headers={"sec-fetch-site": "cross-site"}).status == 403
    assert browser.send(form, form_token="0" * 32).status == 403
    assert browser.send(form, kind="ledger").status == 400, "a job of another permission"
    assert still.jobs.all() == []


def test_without_a_log_on_disk_the_pages_say_why_nothing_can_be_started() -> None:
    with Loft() as loft:
        browser = Browser(loft).operating()
        assert "keeps its log in memory" in browser.get("/ops/plan").text
        assert browser.get("/ops/jobs/0123456789abcdef").status == 404
