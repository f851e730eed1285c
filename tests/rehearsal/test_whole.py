"""The whole rehearsal, small: a real server, real kills, a real audit, and a verdict that can go the other way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ORDERS, CRASHES = 2000, 2


def drumroll(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "drumroll", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=180, check=False)


class Night:
    """What one rehearsal left behind."""

    def __init__(self, folder: Path, done: subprocess.CompletedProcess[str]) -> None:
        self.done = done
        self.log = folder / "kept" / "orders.log"
        self.told = folder / "kept" / "told.tsv"
        self.report = folder / "report.html"
        assert (folder / "figures.json").exists(), done.stdout + done.stderr
        self.figures: dict[str, Any] = json.loads((folder / "figures.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("night")
    done = drumroll(
        *("rehearse", "--orders", str(ORDERS), "--crashes", str(CRASHES), "--seed", "5"),
        *("--keep", str(folder / "kept"), "--report", str(folder / "report.html")),
        *("--json", str(folder / "figures.json")),
    )
    return Night(folder, done)


def test_a_rehearsal_with_two_crashes_is_go(night: Night) -> None:
    assert night.done.returncode == 0, night.done.stdout + night.done.stderr
    figures = night.figures
    assert (figures["go"], figures["reasons"]) == (True, [])
    assert (figures["firm_orders"], figures["crashes"]) == (ORDERS, CRASHES)
    assert (figures["lost"], figures["doubled"]) == (0, 0)
    assert figures["acknowledged"] > ORDERS
    assert figures["sent_again"] > 0


def test_the_days_end_with_every_order_locked_or_gone(night: Night) -> None:
    figures = night.figures
    assert figures["imported"] == round(ORDERS * 100_000 / 289_000)
    assert figures["converted"] == round(figures["imported"] * 0.1) + 1
    assert figures["standing"] == figures["locked"] > ORDERS
    assert figures["locked_after_18_hours"] == pytest.approx(ORDERS * 240_000 / 289_000, abs=2)
    assert min(figures[name] for name in ("forfeited", "changed", "undone", "refunds_owed")) > 0


def test_what_the_rules_of_the_days_forbid_was_refused_with_its_code(night: Night) -> None:
    refusals = night.figures["refusals"]
    due = {"too_late", "confirmation_required", "no_conversion", "wrong_state", "no_such_order"}
    assert due <= refusals.keys()
    assert refusals["conversion_closed"] == 2


def test_every_misbehaviour_was_refused_with_its_code(night: Night) -> None:
    refusals = night.figures["refusals"]
    due = {"not_open_yet", "idempotency_key_reused", "too_many_orders", "unknown_trim", "webhook_signature"}
    assert due <= refusals.keys()
    assert night.figures["revived"] + night.figures["expired"] > 0
    assert night.figures["cancelled"] > 0
    assert night.figures["refunds_owed"] > 0


def test_every_customer_is_promised_weeks_and_some_asked_before(night: Night) -> None:
    figures, promises = night.figures, night.figures["promises"]
    assert promises["made"] == figures["acknowledged"]
    assert promises["nothing_promised"] == 0
    assert figures["quotes"] > ORDERS / 20
    compared = sum(promises[f"quotes_{what}"] for what in ("kept", "later", "earlier"))
    assert 0 < compared <= figures["quotes"]
    assert 0 < figures["quote_p50_ms"] <= figures["quote_p99_ms"]
    assert promises["weeks"].keys() == {"yu7/standard", "yu7/pro", "yu7/max"}
    assert all(weeks["first"] <= weeks["last"] for weeks in promises["weeks"].values())
    for day in promises["reference"].values():
        assert all(rehearsed and rehearsed[0] < rehearsed[1] for rehearsed in day["rehearsed"].values())
        assert day["rehearsed"].keys() == day["quoted"].keys()


def test_a_promise_told_otherwise_is_no_go(night: Night, tmp_path: Path) -> None:
    lines = night.told.read_text("utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("order"))
    words = lines[at].rstrip("\n").split("\t")
    lines[at] = "\t".join([*words[:-1], "2031-01-05"]) + "\n"
    (tmp_path / "told.tsv").write_text("".join(lines), "utf-8")
    done = drumroll("audit", str(night.log), "--told", str(tmp_path / "told.tsv"))
    assert done.returncode == 1
    assert "2031-01-05" in done.stdout.replace("\n", "")


def test_a_launch_without_plants_is_rehearsed_without_a_word_on_promises(tmp_path: Path) -> None:
    text = (ROOT / "launches" / "handheld.toml").read_text("utf-8")
    text = text.partition("# When they are built")[0]
    (tmp_path / "bare.toml").write_text(text, "utf-8")
    done = drumroll(*("rehearse", "bare.toml", "--orders", "300", "--json", "figures.json"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert figures["promises"] == {}
    assert figures["quotes"] > 0
    assert "promised" not in done.stdout
    assert "told about delivery" not in (tmp_path / "report.html").read_text("utf-8")


def test_the_summary_fits_eighty_columns_and_says_where_to_look(night: Night) -> None:
    lines = night.done.stdout.splitlines()
    fixed = [line for line in lines if not line.startswith(("report", "audit"))]
    assert max(map(len, fixed)) <= 80
    assert {"report", "audit", "live"} <= {line.split(" ")[0] for line in lines}


def test_the_audit_alone_says_go(night: Night) -> None:
    assert drumroll("audit", str(night.log)).returncode == 0
    assert drumroll("audit", str(night.log), "--told", str(night.told)).returncode == 0


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("order", "was acknowledged to nobody"),
        ("payment", "told to nobody"),
        ("cancelled", "was told"),
        *((word, "nobody was told") for word in ("locked", "undone", "changed", "converted", "forfeited")),
    ],
)
def test_a_ledger_with_a_line_taken_out_is_no_go(night: Night, tmp_path: Path, word: str, reason: str) -> None:
    lines = night.told.read_text("utf-8").splitlines(keepends=True)
    taken = next(line for line in lines if line.startswith(word) and not line.endswith("\t0\n"))
    same_payment = [line for line in lines if line.split()[:2] != taken.split()[:2]]
    (tmp_path / "told.tsv").write_text("".join(same_payment), "utf-8")
    done = drumroll("audit", str(night.log), "--told", str(tmp_path / "told.tsv"))
    assert done.returncode == 1
    assert "no-go" in done.stdout
    assert reason in done.stdout.replace("\n", " ")


def test_a_flipped_bit_in_the_log_is_no_go(night: Night, tmp_path: Path) -> None:
    data = bytearray(night.log.read_bytes())
    at = data.rindex(b"DRB") + 40
    data[at] ^= 1
    damaged = tmp_path / "orders.log"
    damaged.write_bytes(bytes(data))
    done = drumroll("audit", str(damaged))
    assert done.returncode == 1
    assert "damaged" in done.stdout + done.stderr


class _Outside(HTMLParser):
    """Collects whatever a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset")]
        self.found += [tag] if tag in ("script", "link", "iframe", "object") else []
        if tag not in ("meta", "br", "line", "circle", "rect", "polyline", "polygon"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "circle", "rect", "polyline", "polygon"):
            assert self.open.pop() == tag


def test_the_report_needs_no_network_and_is_whole(night: Night) -> None:
    page = night.report.read_text("utf-8")
    reader = _Outside()
    reader.feed(page)
    assert reader.found == []
    assert reader.open == []
    assert "url(" not in page
    assert "@import" not in page
    assert page.count('class="crash"') == CRASHES
    assert f"{ORDERS:,}" in page
    assert "--seed 5" in page
    assert page.count("What customers were told about delivery") == 1


def test_a_launch_with_fewer_places_says_so_and_fills_them(tmp_path: Path) -> None:
    text = (ROOT / "launches" / "handheld.toml").read_text("utf-8")
    text = (
        text.replace("cap = 10_000", "cap = 500")
        .replace("cap = 8_000", "cap = 400")
        .replace("cap = 2_500", "cap = 120")
        .replace("milestones = [1_000, 5_000, 10_000]", "milestones = [100, 500]")
    )
    (tmp_path / "few.toml").write_text(text, "utf-8")
    done = drumroll(
        *("rehearse", str(tmp_path / "few.toml"), "--orders", "900", "--json", "figures.json"), cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "500 places" in done.stdout
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert (figures["firm_orders"], figures["orders_asked"]) == (500, 900)
    assert figures["refusals"]["sold_out"] > 0
    assert figures["refusals"]["already_converted"] > 0
    assert min(figures[name] for name in ("offered", "converted", "locked")) > 0
    assert figures["imported"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rehearsal_leaves_no_server_behind(tmp_path: Path, number: int) -> None:
    command = [sys.executable, "-m", "drumroll", "rehearse", "--pace", "real", "--orders", "100"]
    command += ["--keep", str(tmp_path / "kept"), "--report", str(tmp_path / "report.html")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    give_up_at = monotonic() + 30
    output = tmp_path / "kept" / "server.log"
    while not (output.exists() and "Taking orders" in output.read_text("utf-8")) and monotonic() < give_up_at:
        sleep(0.1)
    assert _serving(tmp_path)
    process.send_signal(number)
    process.wait(20)
    give_up_at = monotonic() + 5
    while _serving(tmp_path) and monotonic() < give_up_at:
        sleep(0.1)
    assert not _serving(tmp_path)


def _serving(folder: Path) -> list[str]:
    """The processes that serve from that folder."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                command = Path(f"/proc/{entry}/cmdline").read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            if "\0serve\0" in command and str(folder) in command:
                found.append(entry)
    return found
