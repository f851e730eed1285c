"""``drumroll key`` as it is run: what it says, what it never says, and what it leaves on the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.key import key
from drumroll.errors import DrumrollError
from drumroll.proof.note import COSIGNATURE, ED25519, parse_verifier
from drumroll.transparency.keys import open_ring, verifier_lines

NAME = "example.com/launch"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DRUMROLL_")]:
        monkeypatch.delenv(name)


def run(*words: str) -> Result:
    return CliRunner().invoke(key, list(words))


def done(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.output


def refused(*words: str) -> str:
    result = run(*words)
    assert isinstance(result.exception, DrumrollError), result.output
    return str(result.exception)


def test_keys_are_made_where_nobody_else_reads_and_the_public_ones_are_shown() -> None:
    said = done("new", NAME)
    ring = open_ring(Path("data/keys"))
    assert verifier_lines(ring) in said
    assert "Keep a copy" in said
    assert done("show") == verifier_lines(ring)
    assert "no witness's key" in refused("show", "--witness")


def test_a_witness_s_key_is_shown_apart_from_the_log_s() -> None:
    said = done("new", "witness.example.com/press", "--witness", "--keys", "press")
    mine = parse_verifier(done("show", "--witness", "--keys", "press").strip())
    assert mine.kind == COSIGNATURE
    assert mine.text in said
    assert parse_verifier(done("show", "--keys", "press").strip()).kind == ED25519


def test_keys_are_where_the_setting_says_and_the_option_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUMROLL_KEYS", "set")
    done("new", NAME)
    done("new", NAME, "--keys", "given")
    assert sorted(os.listdir()) == ["given", "set"]


def test_the_life_of_a_key_from_being_made_to_being_retired() -> None:
    done("new", NAME)
    old = parse_verifier(done("show").strip())
    said = done("rotate")
    assert f"drumroll key retire {old.id.hex()} --keys data/keys" in said
    newest, also = map(parse_verifier, done("show").splitlines())
    assert also == old
    assert newest.text in said
    done("retire", old.id.hex().upper())
    rows = json.loads(done("list", "--json"))["keys"]
    assert [(row["id"], row["state"]) for row in rows] == [(newest.id.hex(), "signs"), (old.id.hex(), "retired")]
    assert [parse_verifier(row["public"]) for row in rows] == [newest, old]
    assert "Make another first: drumroll key rotate" in refused("retire", newest.id.hex())
    assert "retired already" in refused("retire", old.id.hex())


def test_the_table_and_every_help_fit_80_columns() -> None:
    done("new", NAME, "--witness")
    done("rotate")
    listed = done("list")
    for fact in ("example.com/launch", "checkpoints", "cosignatures", "signs", "witness"):
        assert fact in listed
    said = [listed, done("rotate"), done("show"), *(done(name, "--help") for name in ("new", "list", "rotate", "show"))]
    assert max(len(line) for text in said for line in text.splitlines()) <= 80


def test_every_refusal_says_the_way_out() -> None:
    assert "Make keys: drumroll key new example.com/launch --keys data/keys" in refused("show")
    assert "such as example.com/launch" in refused("new", "https://example.com")
    done("new", NAME)
    assert "drumroll key rotate --keys data/keys" in refused("new", NAME)
    Path("data/keys/1.key").chmod(0o644)
    for words in (["show"], ["list"], ["rotate"], ["retire", "00000000"]):
        assert "chmod 600 data/keys/1.key" in refused(*words)


def test_no_command_ever_says_anything_secret() -> None:
    results = [run("new", NAME, "--witness"), run("rotate")]
    ring = open_ring(Path("data/keys"))
    first = ring.signing[-1].verifier.id.hex()
    tried = (
        ["list"],
        ["list", "--json"],
        ["show"],
        ["show", "--witness"],
        ["retire", "x"],
        ["retire", first],
        ["new", NAME],
    )
    results += [run(*words) for words in tried]
    whole = Path("data/keys/2.key").read_text()
    for torn in (whole[:60], whole[:-9], whole.replace("PRIVATE", "PUBLIC"), whole + "x"):
        Path("data/keys/2.key").write_text(torn)
        results.append(run("show"))
    assert any(result.exception for result in results)
    shown = "".join(result.output for result in results)
    shown += "".join("".join(traceback.format_exception(result.exception)) for result in results if result.exception)
    assert ring.witness is not None
    for secret in (ring.blinding, ring.witness.seed, *(one.seed for one in ring.signing)):
        forms = [b64encode(before + secret).decode() for before in (b"", b"\x01", b"\x04")]
        assert not [form for form in (*forms, secret.hex()) if form[:16] in shown or form[-20:-2] in shown]


@pytest.mark.parametrize("words", [["new"], ["retire"], ["list", "--yaml"], ["forge"]])
def test_what_is_no_command_is_a_mistake_in_usage(words: list[str]) -> None:
    assert run(*words).exit_code == 2
    assert not os.listdir()


def test_two_processes_that_make_the_same_ring_make_one() -> None:
    program = f"import drumroll.cli.key as k; k.key(['new', '{NAME}', '--keys', 'keys'])"
    started = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate()[1].decode() for process in started]
    assert sorted(process.returncode for process in started) == [0, 1]
    assert sum("is there already" in text for text in said) == 1
    assert os.listdir() == ["keys"]
    assert len(open_ring(Path("keys")).signing) == 1
