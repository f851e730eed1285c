"""Jobs: what they find is what the command line finds, what is hostile never reaches it, and none is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from drumroll.cli.main import cli
from drumroll.log.sqlite import SqliteLog
from drumroll.web.ops import jobs as module
from drumroll.web.ops.jobs import Job, Jobs, figures, file_of
from drumroll.web.ops.jobs_kinds import KINDS, Sources, command_of
from drumroll.web.ops.jobs_process import ENDED
from drumroll.web.problems import Problem
from tests.web.planted import Loft, planted

WITHIN_S = 60.0
HOSTILE = [
    *("55\n", "55; rm -rf /", "$(id)", "`id`", "--html=/tmp/x", "-1", "\u0665\u0665", "55 --log=/etc/passwd", ""),
    *("../../etc", "/etc/passwd", "{log}", "5" * 400, "55\0", "1,5", "+5"),
]
NO_NUMBERS = ["1e3", "0x10", "101", "055", "five"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """A log with some orders, and the launch file that it is of."""
    folder = tmp_path_factory.mktemp("jobs")
    log = SqliteLog(folder / "orders.log")
    with Loft(log, weekly=3) as loft:
        for number in range(7):
            loft.firm(f"c{number}")
    log.close()
    (folder / "launch.toml").write_text(planted(3))
    return Sources(str(folder / "orders.log"), str(folder / "launch.toml"))


@pytest.fixture
def jobs(sources: Sources, tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(sources, tmp_path / "o-jobs", lambda: 1_000)
    yield jobs
    jobs.close()


def until(jobs: Jobs, job: Job, *states: str) -> Job:
    """The job, once it is in one of these states."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        now = jobs.job(job.id)
        assert now is not None
        if now.state in states:
            return now
        assert not now.over, now
        time.sleep(0.01)
    raise AssertionError(f"still {now.state}")


def over(jobs: Jobs, job: Job) -> Job:
    return until(jobs, job, "done", "failed")


def test_what_a_job_finds_is_what_the_command_line_finds(jobs: Jobs, sources: Sources) -> None:
    asked = jobs.start("plan", {"--policy": "least-breakage"}, "grace")
    assert (asked.by, asked.asked_at_ms, asked.state in ("waiting", "running")) == ("grace", 1_000, True)
    done = over(jobs, asked)
    assert done.state == "done", done
    said = CliRunner().invoke(cli, ["plan", sources.log, "--policy", "least-breakage", "--json", "-"])
    assert figures(done) == json.loads(said.stdout)
    assert jobs.latest("plan") == done
    assert (jobs.latest("ledger"), jobs.pid) == (None, None)
    assert "drumroll operator plan" in "\n".join(done.said)
    for name in ("plan.json", "weeks.csv"):
        found = file_of(done, name)
        assert found is not None
        assert found[0].parent == done.folder
    for name in ("output.txt", "../figures.json", "/etc/passwd", "figures.json", ""):
        assert file_of(done, name) is None, name


def test_a_job_that_is_killed_has_failed_and_the_next_one_is_done(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUMROLL_SECRET", "5ec2e7" * 10)
    first = until(jobs, jobs.start("promises", {}, "grace"), "running")
    second = jobs.start("ledger", {}, "heidi")
    assert jobs.start("ledger", {}, "heidi") == second, "asked twice is asked once"
    assert jobs.ahead_of(second) == 1
    while jobs.pid is None:
        time.sleep(0.001)
    kept = Path(f"/proc/{jobs.pid}/environ").read_bytes()
    assert b"DRUMROLL_" not in kept
    assert b"5ec2e7" not in kept
    os.kill(jobs.pid, signal.SIGKILL)
    failed = over(jobs, first)
    assert (failed.state, failed.failure, figures(failed)) == ("failed", "killed", None)
    assert over(jobs, second).state == "done"
    assert jobs.start("ledger", {}, "heidi").id != second.id, "what is over is begun anew"


def test_too_many_that_wait_are_refused_and_closing_leaves_nothing_running(jobs: Jobs) -> None:
    running = until(jobs, jobs.start("promises", {}, "grace"), "running")
    waiting = [jobs.start("whatif", {"--cut": str(cut)}, "grace") for cut in range(1, 9)]
    with pytest.raises(Problem) as refused:
        jobs.start("whatif", {"--cut": "9"}, "grace")
    assert (refused.value.code, refused.value.status) == ("too_many_requests", 429)
    while jobs.pid is None:
        time.sleep(0.001)
    pid = jobs.pid
    jobs.close()
    assert not Path(f"/proc/{pid}").exists()
    assert over(jobs, running).failure == "killed"
    assert [jobs.job(one.id).state for one in waiting] == ["waiting"] * 8  # type: ignore[union-attr]
    with pytest.raises(Problem):
        jobs.start("ledger", {}, "grace")


def test_what_takes_too_long_is_ended_and_only_so_many_folders_are_kept(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    folder = tmp_path / "o-jobs"
    (folder / "job-of-an-earlier-server").mkdir(parents=True)
    (folder / "something-else").mkdir()
    jobs = Jobs(sources, folder, lambda: 0, time_limit_s=0.01)
    for cut in range(1, 5):
        job = over(jobs, jobs.start("whatif", {"--cut": str(cut)}, "grace"))
        assert job.failure == "too_long"
    jobs.close()
    kept = [one.id for one in jobs.all()]
    assert len(kept) == 2
    assert {path.name for path in folder.iterdir()} == {"something-else", *(f"job-{one}" for one in kept)}


def test_a_command_that_refuses_says_why(tmp_path: Path) -> None:
    jobs = Jobs(Sources(str(tmp_path / "none.log"), str(tmp_path / "none.toml")), tmp_path / "j", lambda: 0)
    job = over(jobs, jobs.start("ledger", {}, "grace"))
    jobs.close()
    assert (job.state, job.failure) == ("failed", "refused")
    assert "none.log" in "\n".join(job.said)


def test_a_job_ends_with_who_started_it(sources: Sources) -> None:
    words = ["whatif", sources.launch, "--orders=300", "--json", "-"]
    process = subprocess.Popen(
        [sys.executable, "-m", "drumroll.web.ops.jobs_process", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(WITHIN_S) == ENDED


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_hostile_becomes_an_argument(value: str) -> None:
    for kind, shape in KINDS.items():
        for option in shape.options:
            with pytest.raises(Problem) as refused:
                command_of(kind, {option: value}, Sources("o.log", "l.toml"), Path("f"))
            assert refused.value.status == 400


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_percentage_is_a_whole_number_up_to_a_hundred(value: str) -> None:
    with pytest.raises(Problem):
        command_of("whatif", {"--cut": value}, Sources("o.log", "l.toml"), Path("f"))


@given(kind=st.sampled_from(sorted(KINDS)), name=st.text(max_size=12), value=st.text(max_size=12))
def test_an_option_is_one_word_of_the_kinds_own_or_refused(kind: Any, name: str, value: str) -> None:
    options = {name if name in KINDS[kind].options else f"--{name}": value}
    plain = command_of(kind, {}, Sources("o.log", "l.toml"), Path("f"))
    try:
        command = command_of(kind, options, Sources("o.log", "l.toml"), Path("f"))
    except Problem:
        return
    ((option, given_value),) = options.items()
    assert option in KINDS[kind].options
    assert command[-1] == f"{option}={given_value}"
    assert len(command) == len(plain) + 1
