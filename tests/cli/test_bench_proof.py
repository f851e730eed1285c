"""The benchmark of the transparency log has every figure, from a real server, and its ratios are taken in pairs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from drumroll.cli import bench_proof
from drumroll.cli.main import cli
from drumroll.rehearsal.bench import Round

PROMISED = {
    "leaves_per_s",
    "proof_ms",
    "intake_ratio_with",
    "intake_ratio_without",
    "intake_cost_percent",
    "lag_ms_p99",
}


def a_round(rps: int) -> Round:
    return Round(1000, 1000 / rps, 0.1, 0.1, [])


def test_the_ratio_is_of_the_intake_to_the_ceiling_of_its_own_round() -> None:
    results = {
        "ceiling with": [a_round(1000), a_round(2000), a_round(4000)],
        "intake with": [a_round(500), a_round(800), a_round(3000)],
        "intake without": [a_round(500), a_round(1000), a_round(2000)],
    }
    assert bench_proof._ratio(results, "with") == 0.5
    assert bench_proof._cost(results) == {"intake_cost_percent": 0.0}


@pytest.mark.slow
def test_a_small_benchmark_has_every_figure_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_proof, "LEAVES", 3_000)
    monkeypatch.setattr(bench_proof, "PROOFS", 50)
    monkeypatch.setattr(bench_proof, "PACED_S", 0.5)
    out = tmp_path / "bench.json"
    run = CliRunner().invoke(cli, ["bench", "--proof", "--rounds", "1", "--orders", "300", "--json", str(out)])
    assert run.exit_code == 0, run.output
    found = msgspec.json.decode(out.read_bytes())
    assert set(found) >= PROMISED
    assert found["leaves"] == 3_000
    assert found["lag_ms_p99"] > 0
