"""The benchmark measures what it says: its figures follow from its rounds, and a small run has every one of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from drumroll.cli.main import cli
from drumroll.rehearsal.bench import Round, figures

ROOT = Path(__file__).parent.parent.parent
PROMISED = {
    "ratio",
    "cpu_ratio",
    "intake_rps",
    "ceiling_rps",
    "firm_orders_per_s",
    "p50_ms",
    "p99_ms",
    "quote_p99_ms",
    "recovery_s",
    "bytes_per_order_memory",
    "bytes_per_order_disk",
    "limited_by",
}


def a_round(wall_s: float, server_s: float, client_s: float = 0.1) -> Round:
    return Round(1000, wall_s, server_s, client_s, [0.001 * step for step in range(1, 101)])


def test_ratios_are_taken_round_by_round_and_the_median_of_them_counts() -> None:
    results = {
        "ceiling": [a_round(0.1, 0.04), a_round(0.2, 0.08), a_round(0.4, 0.1)],
        "unread": [a_round(0.05, 0.02)] * 3,
        "intake": [a_round(0.2, 0.05), a_round(0.25, 0.10), a_round(0.4, 0.2)],
        "payment": [a_round(0.2, 0.1)] * 3,
    }
    found = figures(results)
    assert (found["ratio"], found["cpu_ratio"]) == (0.8, 0.8)
    assert found["intake_rps"] == 4000
    assert found["ceiling_rps"] == 5000
    assert (found["p50_ms"], found["p99_ms"]) == (51.0, 100.0)


def test_a_busy_client_is_said_to_be_the_limit() -> None:
    busy, idle = [a_round(0.1, 0.05, client_s=0.099)], [a_round(0.1, 0.05, client_s=0.03)]
    found = figures({"ceiling": busy, "unread": busy, "intake": idle, "payment": idle})
    assert found["limited_by"] == {"ceiling": "client", "intake": "server"}


@pytest.mark.slow
def test_a_small_benchmark_has_every_figure_promised(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    small = ["--rounds", "1", "--orders", "500", "--recover", "2000"]
    run = CliRunner().invoke(cli, ["bench", str(ROOT / "launches" / "yu7.toml"), "--json", str(out), *small])
    assert run.exit_code == 0, run.output
    found = msgspec.json.decode(out.read_bytes())
    assert found.keys() >= PROMISED
    assert found["ratio"] > 0
    assert max(map(len, run.output.partition("Written")[0].splitlines())) <= 80
