"""The benchmark of plans measures what it says: promises that an undisturbed plan keeps, and a cut that breaks some."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from drumroll.cli import bench_plan
from drumroll.cli.main import cli
from drumroll.plan.least_breakage import least_breakage
from drumroll.plan.problem import Problem, score
from drumroll.plan.strict import strict

ORDERS = 5_000


def fewest_for(problem: Problem, resource: int) -> int:
    """How many of those who need a resource must be late: the most by which dues outrun the capacity until then."""
    needing = problem.needs[problem.kind, resource]
    due = np.cumsum(np.bincount(problem.due[needing], minlength=problem.weeks)[: problem.weeks])
    return int(np.max(due - np.cumsum(problem.capacity[resource])))


def test_what_is_planned_was_promised_by_an_undisturbed_plan_and_is_then_cut() -> None:
    problem = bench_plan.disturbed(ORDERS)
    before = bench_plan._undisturbed(ORDERS)
    assert (len(problem.kind), problem.weeks, len(problem.resources)) == (ORDERS, 104, 4)
    assert score(before, strict(before), 0).unplanned == 0
    cut = problem.capacity[-1] != before.capacity[-1]
    assert np.flatnonzero(cut).tolist() == list(range(5, 17))
    assert np.array_equal(problem.capacity[:-1], before.capacity[:-1])


def test_the_fewest_broken_promises_are_those_that_the_cut_costs() -> None:
    problem = bench_plan.disturbed(ORDERS)
    fewest = score(problem, least_breakage(problem, bench_plan.LATE_BOUND), 0).broken
    assert fewest == max(fewest_for(problem, resource) for resource in range(4))
    assert fewest * 10 < score(problem, strict(problem), 0).broken


@pytest.mark.slow
def test_a_small_run_has_every_figure_and_is_measured_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_plan, "SIZES", (100, 1000))
    monkeypatch.setattr(bench_plan, "run", lambda measured=bench_plan.run: measured((100, 1000)))
    out = tmp_path / "p.json"
    result = CliRunner().invoke(cli, ["bench", "--plan", "--json", str(out)])
    assert result.exit_code == 0, result.output
    found = msgspec.json.decode(out.read_bytes())
    assert found.keys() >= {"strict_s", "least_breakage_s", "memory_mb", "broken", "growth"}
    assert list(found["growth"]) == ["100", "1000"]
    for each in (found, *found["growth"].values()):
        assert each["broken"]["least_breakage"] < each["broken"]["strict"]
        assert each["memory_mb"] > 10
    assert max(map(len, result.output.partition("Written")[0].splitlines())) <= 80
