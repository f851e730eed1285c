"""``drumroll claim`` as the operator runs it: it signs what is so, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.claim import claim
from drumroll.cli.verify import verify
from drumroll.errors import DrumrollError
from drumroll.proof.claim import parse_claim
from drumroll.proof.note import check_note, parse_note
from drumroll.proof.statement import parse_statement
from drumroll.transparency.keys import KeyRing, make_ring, open_ring, rotate
from tests.proof.publishing import ORIGIN, OTHER_KEY, Launch, launch_entry, publish, publish_bundles
from tests.proof.test_recount import changed, naive

ENTRIES = Launch(seed=13).go_on(1_500).entries
HOUR = "firm orders in the first hour"


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    """An empty folder with keys, and a log that they signed."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DRUMROLL_")]:
        monkeypatch.delenv(name)
    Path("data").mkdir()
    ring = make_ring(Path("data/keys"), ORIGIN)
    publish(Path("log"), ENTRIES, ring.signing[0], sizes=(500, 1_000))
    return ring


def run(*words: str) -> Result:
    return CliRunner().invoke(claim, [*words, "--log", "log"])


def refused(*words: str) -> str:
    result = run(*words)
    assert isinstance(result.exception, DrumrollError), result.output
    assert not list(Path().glob("claim-*"))
    return str(result.exception)


def test_what_is_claimed_is_counted_signed_and_verified_by_others(ring: KeyRing) -> None:
    value = naive(parse_statement(HOUR), ENTRIES)
    result = run(f"{value:,} {HOUR}")
    assert result.exit_code == 0, result.output
    assert f"{value:,} orders: {HOUR}" in result.output
    assert "2025-06-26T14:00:00Z" in result.output
    note = parse_note(Path("claim-firm-orders-in-the-first-hour.txt").read_bytes())
    assert check_note(note, [ring.signing[0].verifier])
    made = parse_claim(note.text)
    assert (made.value, made.checkpoint.size) == (value, 1_501)
    words = ["claim-firm-orders-in-the-first-hour.txt", "--log", "log", "--key", ring.signing[0].verifier.text]
    assert CliRunner().invoke(verify, words).exit_code == 0


def test_a_number_that_is_not_so_is_refused_with_the_right_one() -> None:
    value = naive(parse_statement(HOUR), ENTRIES)
    said = refused(f"289,000 {HOUR}")
    assert f"289,000 were claimed; {value:,} are there" in said
    assert "became firm" in said


def test_programs_get_json_and_choose_the_file() -> None:
    result = run("deposits held of yu7", "--json", "--output", "deposits.txt")
    said = json.loads(result.output)
    assert said["value"] == naive(parse_statement("deposits held of yu7"), ENTRIES)
    assert (said["unit"], said["file"], said["size"], said["until"]) == (
        "CNY/100",
        "deposits.txt",
        1_501,
        "the checkpoint",
    )
    assert parse_claim(parse_note(Path("deposits.txt").read_bytes()).text).value == said["value"]


def test_a_log_that_does_not_hold_is_not_claimed_about() -> None:
    publish_bundles(Path("log"), [*ENTRIES[:700], changed(ENTRIES[700], held_minor=1), *ENTRIES[701:]])
    result = run(HOUR)
    assert result.exit_code == 1
    assert "Nothing was signed" in result.stderr
    assert "entry 700, " in result.stderr
    assert not list(Path().glob("claim-*"))


def test_a_log_that_others_signed_is_not_claimed_about() -> None:
    publish(Path("log"), ENTRIES, OTHER_KEY)
    result = run(HOUR)
    assert result.exit_code == 1
    assert "not signed by the keys given" in result.stderr


def test_what_can_not_be_read_or_counted_is_refused() -> None:
    assert "'frist'" in refused("firm orders in the frist hour")
    assert "su9" in refused("firm orders of su9")
    shutil.rmtree("log")
    assert "no published log" in refused(HOUR)
    publish(Path("log"), [launch_entry()], open_ring(Path("data/keys")).signing[0])
    assert run("firm orders").exit_code == 0


def test_without_keys_nothing_is_claimed() -> None:
    shutil.rmtree("data")
    assert "drumroll key new" in refused(HOUR)


def test_after_a_rotation_both_keys_sign_a_claim(ring: KeyRing) -> None:
    both = rotate(ring.path)
    assert run(HOUR).exit_code == 0
    note = parse_note(Path("claim-firm-orders-in-the-first-hour.txt").read_bytes())
    assert len(check_note(note, [key.verifier for key in both.signing])) == 2


def test_a_file_that_can_not_be_written_is_said() -> None:
    assert "can't be written" in refused(HOUR, "--output", "none/claim.txt")
