"""The witness: the protocol's answers one by one, what it remembers, and that nothing makes it forget."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from drumroll.cli.witness import read_keys
from drumroll.cli.witness import witness as command
from drumroll.errors import DrumrollError, KeyInvalid, NoteInvalid, ProofError
from drumroll.proof.checkpoint import parse_checkpoint
from drumroll.proof.cosignature import cosigned_at
from drumroll.proof.note import ED25519, Note, SigningKey, note_bytes, parse_note, sign_note
from drumroll.transparency import witness_app, witness_state
from drumroll.transparency.keys import make_ring
from drumroll.transparency.witness import BODY_BYTES_MOST, Witness
from drumroll.transparency.witness_app import make_app
from drumroll.transparency.witness_state import State
from tests.brief import BRIEF, seeds
from tests.transparency.watched import IMPOSTOR, KEY, ORIGIN, STRANGER, WITNESS, Answered, Log, RealWitness, request

NOW_S = 1_750_946_400
TRUE, FALSE = Log(300), Log(300, fork=40)
"""Two logs with the same key and the same first 40 entries."""


class House:
    """A witness in this process, with a clock that stands and ears that remember."""

    def __init__(self, path: Path, key: SigningKey = WITNESS) -> None:
        self.now_s = NOW_S
        self.heard: list[str] = []
        self.state = State(path, key.verifier)
        self.witness = Witness(key, [KEY.verifier], self.state, lambda: self.now_s, self.heard.append)

    def __enter__(self) -> House:
        return self

    def __exit__(self, *_: object) -> None:
        self.state.close()

    def add(self, body: bytes) -> tuple[int, str]:
        answer = self.witness.add(body)
        return answer.status, answer.body


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path / "state") as house:
        yield house


def cosigned(note: Note, body: str | bytes, key: SigningKey = WITNESS) -> int | None:
    body = body.encode() if isinstance(body, str) else body
    return cosigned_at(parse_note(note.text.encode() + b"\n" + body), key.verifier)


# What the specification asks for, one answer after the other


@pytest.mark.parametrize(
    ("old", "size"), [(1, 2), (1, 300), (7, 8), (8, 9), (31, 40), (64, 128), (100, 300), (299, 300)]
)
def test_what_extends_the_last_checkpoint_is_cosigned(house: House, old: int, size: int) -> None:
    assert house.add(TRUE.request(0, old))[0] == 200
    status, body = house.add(TRUE.request(old, size))
    assert status == 200
    assert cosigned(TRUE.note(size), body) == NOW_S
    assert body.startswith("— witness.example/press ")
    assert body.endswith("\n")


def test_the_cosignature_is_of_the_text_with_its_further_lines(house: House) -> None:
    text = TRUE.note(5).text + "a line that only this log knows\n"
    note = sign_note(text, [KEY])
    status, body = house.add(request(0, [], note_bytes(note)))
    assert status == 200
    assert cosigned(note, body) == NOW_S
    with pytest.raises(NoteInvalid):
        cosigned(TRUE.note(5), body)


def test_an_unknown_log_is_404(house: House) -> None:
    assert house.add(Log(9, key=STRANGER).request(0, 9))[0] == 404


def test_a_known_log_signed_by_another_key_is_403(house: House) -> None:
    assert house.add(TRUE.request(0, 9, [IMPOSTOR]))[0] == 403
    assert house.add(TRUE.request(0, 9, [STRANGER]))[0] == 403


def test_a_signature_that_does_not_verify_is_403(house: House) -> None:
    good = TRUE.note(9)
    torn = bytes([good.signatures[0].data[0] ^ 1]) + good.signatures[0].data[1:]
    bad = Note(good.text, (type(good.signatures[0])(ORIGIN, KEY.verifier.id, torn),))
    assert house.add(request(0, [], note_bytes(bad)))[0] == 403


def test_signatures_of_strangers_beside_a_good_one_are_ignored_and_not_kept(house: House) -> None:
    assert house.add(TRUE.request(0, 9, [STRANGER, KEY, IMPOSTOR]))[0] == 200
    kept = house.state.seen[ORIGIN].note
    assert [one.name for one in kept.signatures] == [ORIGIN, WITNESS.name]
    assert kept.signatures[0].key_id == KEY.verifier.id


def test_an_old_size_above_the_checkpoints_is_400(house: House) -> None:
    assert house.add(TRUE.request(0, 9))[0] == 200
    assert house.add(request(10, [], note_bytes(TRUE.note(9))))[0] == 400


@pytest.mark.parametrize("old", [0, 8, 10, 20])
def test_another_old_size_is_409_with_the_size(house: House, old: int) -> None:
    assert house.add(TRUE.request(0, 9))[0] == 200
    answer = house.witness.add(TRUE.request(old, 20))
    assert (answer.status, answer.body, answer.kind) == (409, "9\n", "text/x.tlog.size")


def test_a_log_that_was_never_cosigned_is_409_with_0(house: House) -> None:
    answer = house.witness.add(TRUE.request(5, 9))
    assert (answer.status, answer.body, answer.kind) == (409, "0\n", "text/x.tlog.size")


def test_a_smaller_checkpoint_than_the_last_is_409(house: House) -> None:
    assert house.add(TRUE.request(0, 9))[0] == 200
    assert house.add(TRUE.request(0, 5)) == (409, "9\n")
    assert house.add(TRUE.request(5, 5)) == (409, "9\n")


def test_a_proof_that_does_not_hold_is_422(house: House) -> None:
    assert house.add(TRUE.request(0, 50))[0] == 200
    assert house.add(FALSE.request(50, 60))[0] == 422
    proof = TRUE.tree.consistency(50, 60)
    note = note_bytes(TRUE.note(60))
    for wrong in ([], proof[:-1], [*proof, proof[0]], proof[::-1], [bytes(32), *proof[1:]]):
        assert house.add(request(50, wrong, note))[0] == 422
    assert house.add(request(50, proof, note))[0] == 200


@pytest.mark.parametrize("size", [0, 1, 9])
def test_a_proof_where_none_is_due_is_422(house: House, size: int) -> None:
    assert house.add(request(0, [bytes(32)], note_bytes(TRUE.note(size))))[0] == 422
    assert house.add(TRUE.request(0, size))[0] == 200
    assert house.add(request(size, [bytes(32)], note_bytes(TRUE.note(size))))[0] == 422


def test_an_empty_log_is_cosigned_with_the_root_of_nothing_only(house: House) -> None:
    wrong = sign_note(f"{ORIGIN}\n0\n{'A' * 43}=\n", [KEY])
    assert house.add(request(0, [], note_bytes(wrong))) == (409, "0\n")
    assert house.add(TRUE.request(0, 0))[0] == 200
    assert house.add(request(0, [], note_bytes(wrong))) == (409, "0\n")
    assert house.add(TRUE.request(0, 0))[0] == 200
    assert house.add(TRUE.request(0, 7))[0] == 200


def test_the_same_checkpoint_again_is_cosigned_at_the_time_of_then(house: House) -> None:
    assert house.add(TRUE.request(0, 9))[0] == 200
    house.now_s += 100
    status, body = house.add(TRUE.request(9, 9))
    assert status == 200
    assert cosigned(TRUE.note(9), body) == NOW_S + 100


def test_the_same_size_with_another_root_is_409_and_kept_as_evidence(house: House) -> None:
    assert house.add(TRUE.request(0, 60))[0] == 200
    for old in (60, 0, 17):
        answer = house.witness.add(FALSE.request(old, 60))
        assert (answer.status, answer.body, answer.kind) == (409, "60\n", "text/x.tlog.size")
    (kept,) = house.state.path.with_name("state-conflicts").iterdir()
    (said,) = house.heard
    assert "two checkpoints of 60 entries" in said
    assert str(kept) in said


def test_evidence_is_two_notes_that_anybody_can_check(house: House) -> None:
    assert house.add(TRUE.request(0, 60))[0] == 200
    assert house.add(FALSE.request(60, 61))[0] == 422
    assert house.add(FALSE.request(60, 60))[0] == 409
    files = sorted(house.state.path.with_name("state-conflicts").iterdir())
    assert [path.name.split("-")[0] for path in files] == ["conflict", "unproven"]
    for path, size in zip(files, (60, 61), strict=True):
        first, _, second = path.read_bytes().partition(f"\n\n{ORIGIN}\n".encode())
        notes = parse_note(first + b"\n"), parse_note(f"{ORIGIN}\n".encode() + second.removesuffix(b"\n"))
        assert [parse_checkpoint(note.text).size for note in notes] == [60, size]
        assert parse_checkpoint(notes[1].text).root == FALSE.tree.root(size)
        assert all(KEY.verifier.verifies(note.text.encode(), note.signatures[0].data) for note in notes)
        assert cosigned_at(notes[0], WITNESS.verifier) == NOW_S


def test_evidence_does_not_fill_the_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_state, "CONFLICTS_MOST", 3)
    assert house.add(TRUE.request(0, 60))[0] == 200
    for number in range(6):
        house.add(Log(61, fork=40, story=f"story {number}").request(60, 60))
    for size in range(61, 70):
        house.add(FALSE.request(60, size))
    kept = [path.name for path in house.state.path.with_name("state-conflicts").iterdir()]
    assert len([name for name in kept if name.startswith("conflict")]) == 3
    assert len([name for name in kept if name.startswith("unproven")]) == 3
    assert len(house.heard) == 6


HOSTILE = {
    "empty": b"",
    "newlines": b"\n\n\n\n",
    "no newline": b"old 0",
    "no checkpoint": b"old 0\n\n",
    "no empty line": b"old 0\n" + note_bytes(TRUE.note(5)).replace(b"\n\n", b"\n"),
    "negative": request(-1, [], note_bytes(TRUE.note(5))),
    "leading zero": request("00", [], note_bytes(TRUE.note(5))),
    "plus": request("+0", [], note_bytes(TRUE.note(5))),
    "arabic digit": request("٣", [], note_bytes(TRUE.note(5))),
    "beyond 63 bits": request(2**63, [], note_bytes(TRUE.note(5))),
    "5,000 digits": request("9" * 5_000, [], note_bytes(TRUE.note(5))),
    "hexadecimal": request("0x5", [], note_bytes(TRUE.note(5))),
    "two spaces": request(" 0", [], note_bytes(TRUE.note(5))),
    "carriage returns": TRUE.request(0, 5).replace(b"\n", b"\r\n"),
    "another word": TRUE.request(0, 5).replace(b"old", b"new", 1),
    "64 proof lines": request(0, [bytes(32)] * 64, note_bytes(TRUE.note(5))),
    "short hash": request(0, [bytes(31)], note_bytes(TRUE.note(5))),
    "long hash": request(0, [bytes(33)], note_bytes(TRUE.note(5))),
    "no base64": TRUE.request(0, 5).replace(b"old 0\n", b"old 0\n" + b"*" * 44 + b"\n"),
    "base64url": TRUE.request(0, 5).replace(b"old 0\n", b"old 0\n" + b"_" * 43 + b"=\n"),
    "loose base64": TRUE.request(0, 5).replace(b"old 0\n", b"old 0\n" + b"A" * 42 + b"B=\n"),
    "unsigned": b"old 0\n\n" + TRUE.note(5).text.encode(),
    "not UTF-8": b"old 0\n\n\xff\xfe\n\n",
    "too long": b"old 0\n\n" + b"x" * BODY_BYTES_MOST,
    "negative size": request(0, [], note_bytes(sign_note(f"{ORIGIN}\n-1\n{'A' * 43}=\n", [KEY]))),
    "size of 99 digits": request(0, [], note_bytes(sign_note(f"{ORIGIN}\n{'9' * 99}\n{'A' * 43}=\n", [KEY]))),
    "short root": request(0, [], note_bytes(sign_note(f"{ORIGIN}\n5\nAAAA\n", [KEY]))),
    "no root": request(0, [], note_bytes(sign_note(f"{ORIGIN}\n5\n", [KEY]))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_body_that_is_no_request_is_400(house: House, name: str) -> None:
    assert house.add(HOSTILE[name])[0] == 400
    assert not house.state.seen


def test_63_proof_lines_are_read(house: House) -> None:
    assert house.add(request(0, [bytes(32)] * 63, note_bytes(TRUE.note(5))))[0] == 422


def test_every_changed_byte_of_a_request_is_refused(house: House) -> None:
    """Nothing but what the log signed is ever cosigned, whatever comes around it."""
    assert house.add(TRUE.request(0, 50))[0] == 200
    body = TRUE.request(50, 77)
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert house.add(changed)[0] in {400, 403, 404, 409, 422}, at
    assert house.state.seen[ORIGIN].checkpoint.size == 50
    assert house.add(body)[0] == 200


# The clock


def test_a_clock_that_is_a_little_back_does_not_make_times_fall(house: House) -> None:
    house.add(TRUE.request(0, 5))
    house.now_s -= 30
    status, body = house.add(TRUE.request(5, 9))
    assert status == 200
    assert cosigned(TRUE.note(9), body) == NOW_S


def test_a_clock_that_went_back_far_stops_the_witness_until_it_is_mended(house: House) -> None:
    house.add(TRUE.request(0, 5))
    house.now_s -= 3_600
    assert house.add(TRUE.request(5, 9))[0] == 503
    assert "clock" in house.heard[-1]
    assert house.state.seen[ORIGIN].checkpoint.size == 5
    house.now_s += 3_700
    assert house.add(TRUE.request(5, 9))[0] == 200


# What it remembers


def test_it_remembers_after_a_start(tmp_path: Path) -> None:
    with House(tmp_path / "state") as house:
        assert house.add(TRUE.request(0, 50))[0] == 200
    with House(tmp_path / "state") as house:
        assert house.add(FALSE.request(0, 60)) == (409, "50\n")
        assert house.add(FALSE.request(50, 60))[0] == 422
        assert house.add(FALSE.request(50, 50))[0] == 409
        assert house.add(TRUE.request(50, 60))[0] == 200


def test_logs_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    state, other = State(tmp_path / "state", WITNESS.verifier), Log(80, key=STRANGER, fork=0)
    witness = Witness(WITNESS, [KEY.verifier, STRANGER.verifier], state, lambda: NOW_S, print)
    assert [witness.add(one.request(0, 50)).status for one in (TRUE, other)] == [200, 200]
    state.close()
    state = State(tmp_path / "state", WITNESS.verifier)
    witness = Witness(WITNESS, [KEY.verifier, STRANGER.verifier], state, lambda: NOW_S, print)
    assert [witness.add(one.request(50, 60)).status for one in (TRUE, other)] == [200, 200]
    assert f"{STRANGER.name}: 60 entries" in witness.page()
    state.close()


def test_it_remembers_a_log_that_is_not_trusted_any_more(tmp_path: Path) -> None:
    with House(tmp_path / "state") as house:
        assert house.add(TRUE.request(0, 50))[0] == 200
        other = Witness(WITNESS, [STRANGER.verifier], house.state, lambda: NOW_S, print)
        assert other.add(TRUE.request(50, 60)).status == 404
        assert other.add(Log(9, key=STRANGER).request(0, 9)).status == 200
    with House(tmp_path / "state") as house:
        assert house.add(FALSE.request(50, 60))[0] == 422


def test_a_memory_that_was_set_back_to_nothing_is_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with House(path) as house:
        assert house.add(TRUE.request(0, 50))[0] == 200
    data = path.read_bytes()
    path.unlink()
    with pytest.raises(NoteInvalid, match="is gone"):
        House(path)
    path.write_bytes(data)
    with House(path) as house:
        assert house.add(TRUE.request(50, 60))[0] == 200


def test_every_damaged_byte_of_the_memory_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with House(path) as house:
        house.add(TRUE.request(0, 50))
    data = path.read_bytes()
    for at in range(0, len(data), 3):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with suppress(ProofError), House(path) as house:
            assert house.state.seen[ORIGIN].checkpoint == parse_checkpoint(TRUE.note(50).text)
        path.write_bytes(data[:at])
        with suppress(NoteInvalid), House(path) as house:
            assert house.state.seen[ORIGIN].checkpoint.size == 50


def test_the_memory_of_another_witness_is_refused(tmp_path: Path) -> None:
    with House(tmp_path / "state") as house:
        house.add(TRUE.request(0, 50))
    with pytest.raises(NoteInvalid, match="not cosigned by"):
        House(tmp_path / "state", SigningKey(WITNESS.name, 4, bytes(range(7, 39))))
    with House(tmp_path / "state"):
        pass  # the lock was given back


def test_two_in_one_process_can_not_have_one_memory(tmp_path: Path) -> None:
    with House(tmp_path / "state"), pytest.raises(KeyInvalid, match="another witness"):
        House(tmp_path / "state")


def test_nothing_is_cosigned_that_the_disk_does_not_take(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert house.add(TRUE.request(0, 50))[0] == 200

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert house.add(TRUE.request(50, 60)) == (503, house.add(TRUE.request(50, 60))[1])
        assert "No space left" in house.heard[-1]
        # Evidence that can't be kept does not make the answer another one.
        assert house.add(FALSE.request(50, 50)) == (409, "50\n")
    assert house.state.seen[ORIGIN].checkpoint.size == 50
    assert house.add(TRUE.request(50, 60))[0] == 200


def test_a_checkpoint_is_durable_before_it_is_answered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file is synced, then takes its place, then its name is synced; only then there is a cosignature."""
    did: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def syncing(descriptor: int) -> None:
        did.append("folder synced" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file synced")
        fsync(descriptor)

    def replacing(path: Path, target: Path) -> Path:
        did.append("renamed")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing)
    assert house.add(TRUE.request(0, 50))[0] == 200
    assert did == ["file synced", "renamed", "folder synced"]


class _Killed(BaseException):
    pass


def killed_at_steps(folder: Path, patched: pytest.MonkeyPatch, seeds: range) -> int:
    """Seeded lives of a witness that is killed at a call to the disk, while a log tries two histories on it.

    Says how often it was killed. Syncing is left out here: what only a power failure loses is another test's.
    """
    left, kills = [0], 0

    def killing(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise _Killed
            return real(*arguments, **named)

        return call

    patched.setattr(os, "fsync", lambda descriptor: None)
    for module, name in ((os, "open"), (os, "write"), (os, "fsync"), (Path, "replace"), (Path, "read_bytes")):
        patched.setattr(module, name, killing(getattr(module, name)))
    for seed in seeds:
        chance, path = random.Random(seed), folder / f"state-{seed}"
        given: list[tuple[Log, int]] = []
        for _ in range(25):
            left[0] = chance.randrange(1, 40)
            try:
                with House(path) as house:
                    for _ in range(8):
                        _try(house, chance, given)
            except _Killed:
                kills += 1
        left[0] = 0
        check_one_history(given, f"seed {seed}")
    return kills


def test_killed_at_any_step_it_never_cosigns_two_histories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert killed_at_steps(tmp_path, monkeypatch, range(10)) > 150


@pytest.mark.slow
def test_killed_at_thousands_of_steps_it_never_cosigns_two_histories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert killed_at_steps(tmp_path, monkeypatch, seeds(10, 90)) > (500 if BRIEF else 1_000)


def _try(house: House, chance: random.Random, given: list[tuple[Log, int]]) -> None:
    log = chance.choice((TRUE, FALSE))
    old = parse_size(house.add(log.request(0, 0))[1])
    size = chance.randrange(old, min(301, old + 30)) if old is not None else chance.randrange(30)
    if house.add(log.request(old or 0, size))[0] == 200:
        given.append((log, size))


def parse_size(body: str | bytes) -> int | None:
    text = body.decode() if isinstance(body, bytes) else body
    return int(text) if text.strip().isdigit() else None


def check_one_history(given: list[tuple[Log, int]], what: str) -> None:
    """What was cosigned one after the other never shrinks, and is all of one history."""
    sizes = [size for _, size in given]
    assert sizes == sorted(sizes), what
    assert len({id(log) for log, size in given if size > 40}) <= 1, what


def test_an_older_checkpoint_checked_first_is_never_stored_last(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race of the specification, step by step: the larger one comes while the smaller one is being stored."""
    assert house.add(TRUE.request(0, 30))[0] == 200
    larger: list[int] = []
    thread = threading.Thread(target=lambda: larger.append(house.add(TRUE.request(30, 60))[0]))
    save = house.state.save

    def saving(note: Note) -> None:
        if not thread.ident:
            thread.start()
            thread.join(0.3)  # it must wait for us, so this is the time that it would need if it did not
        save(note)

    monkeypatch.setattr(house.state, "save", saving)
    assert house.add(TRUE.request(30, 31))[0] == 200
    thread.join()
    assert larger == [409]
    assert house.state.seen[ORIGIN].checkpoint.size == 31


def test_many_at_once_get_no_two_histories_and_no_smaller_size(house: House) -> None:
    """The race of the specification: the older checkpoint, checked first, must not be stored last."""
    assert house.add(TRUE.request(0, 30))[0] == 200
    given: list[tuple[Log, int]] = []
    start = threading.Barrier(16)

    def worker(number: int) -> None:
        log, chance = (TRUE, FALSE)[number % 2], random.Random(number)
        start.wait()
        for _ in range(40):
            old = parse_size(house.add(log.request(0, 1))[1])
            assert old is not None
            if house.add(log.request(old, min(300, old + chance.randrange(5))))[0] == 200:
                given.append((log, old))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(worker, range(16)))
    assert len({id(log) for log, old in given if old > 40}) == 1
    assert house.state.seen[ORIGIN].checkpoint.size > 40


# Keys of logs


def test_keys_are_given_one_by_one_or_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{KEY.verifier.text}\n{IMPOSTOR.verifier.text}\n\n")
    assert read_keys(KEY.verifier.text) == [KEY.verifier]
    assert read_keys(str(path)) == [KEY.verifier, IMPOSTOR.verifier]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"no key\n", b"\xff\n", b"x" * 100_000, WITNESS.text.encode()])
def test_a_file_that_is_no_file_of_keys_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)
    with pytest.raises(KeyInvalid) as found:
        read_keys(str(path))
    assert WITNESS.text not in str(found.value)


def test_a_key_that_is_neither_key_nor_file_is_refused(tmp_path: Path) -> None:
    for one in (str(tmp_path / "none"), str(tmp_path), "log.example.com+12345678+AAAA"):
        with pytest.raises(KeyInvalid):
            read_keys(one)


def test_the_key_of_a_witness_is_not_that_of_a_log(house: House) -> None:
    with pytest.raises(KeyInvalid, match="witness's key"):
        Witness(WITNESS, [WITNESS.verifier], house.state, lambda: NOW_S, print)
    with pytest.raises(KeyInvalid, match="no log's key"):
        Witness(WITNESS, [], house.state, lambda: NOW_S, print)


def test_both_keys_of_a_log_that_rotates_them_are_good(tmp_path: Path) -> None:
    state = State(tmp_path / "state", WITNESS.verifier)
    newer = SigningKey(ORIGIN, ED25519, bytes(range(3, 35)))
    witness = Witness(WITNESS, [KEY.verifier, newer.verifier], state, lambda: NOW_S, print)
    for old, size, keys in ((0, 5, [KEY]), (5, 6, [newer, KEY]), (6, 7, [newer])):
        assert witness.add(TRUE.request(old, size, keys)).status == 200
    state.close()


def test_a_ring_without_a_witness_key_is_refused(tmp_path: Path) -> None:
    make_ring(tmp_path / "keys", "log.example.com/x")
    result = CliRunner().invoke(command, ["--keys", str(tmp_path / "keys"), "--trust", KEY.verifier.text])
    assert isinstance(result.exception, DrumrollError)
    assert "--witness" in str(result.exception)


# The process


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWitness]:
    with RealWitness(tmp_path_factory.mktemp("witness")) as witness:
        yield witness


def grown(process: RealWitness, log: Log = TRUE) -> int:
    """The size that it has; at least 1."""
    size = parse_size(process.add(log.request(0, 0)).body)
    if size is None:
        assert process.add(log.request(0, 1)).status == 200
        return 1
    return size


def test_the_process_speaks_the_protocol(process: RealWitness) -> None:
    size = grown(process)
    answer = process.add(TRUE.request(size, size + 3))
    assert (answer.status, answer.kind) == (200, "text/plain; charset=utf-8")
    at_s = cosigned_at(parse_note(TRUE.note(size + 3).text.encode() + b"\n" + answer.body), process.key)
    assert at_s is not None
    assert abs(at_s - time.time()) < 60
    assert process.add(TRUE.request(0, 1)) == Answered(409, f"{size + 3}\n".encode(), "text/x.tlog.size")
    assert process.add(Log(3, key=STRANGER).request(0, 3)).status == 404
    assert process.add(TRUE.request(0, 3, [IMPOSTOR])).status == 403
    assert process.add(request(size + 3, [], note_bytes(TRUE.note(size + 9)))).status == 422
    assert process.add(request(size + 9, [], note_bytes(TRUE.note(size)))).status == 400


def test_the_page_says_who_it_is_and_what_it_saw(process: RealWitness) -> None:
    size = grown(process)
    page = process.ask("GET", "/")
    assert page.status == 200
    assert process.key.text in page.body.decode()
    assert f"{ORIGIN}: {size} entries, root {TRUE.tree.root(size).hex()}" in page.body.decode()
    assert process.ask("HEAD", "/").body == b""


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"])
def test_other_methods_are_405(process: RealWitness, method: str) -> None:
    assert process.ask(method, "/add-checkpoint").status == 405


def test_other_paths_are_404(process: RealWitness) -> None:
    for path in ("/add-checkpoint/", "//add-checkpoint", "/../witness.state", "/%00", "/add-checkpoint%0a"):
        assert process.ask("POST", path, TRUE.request(0, 1)).status == 404
    assert process.ask("POST", "/", b"").status == 405


def test_a_body_of_10_megabytes_is_refused_before_it_is_read(process: RealWitness) -> None:
    with socket.create_connection(("127.0.0.1", process.port), timeout=20) as sock:
        sock.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\n\r\nold")
        assert sock.recv(4096).startswith(b"HTTP/1.1 413 ")
    with socket.create_connection(("127.0.0.1", process.port), timeout=20) as sock:
        sock.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        with suppress(OSError):  # it may hang up on us
            for _ in range(160):
                sock.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        with suppress(OSError):
            assert sock.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert process.ask("GET", "/").status == 200


@pytest.mark.parametrize("announced", [b"-1", b"5, 6", b"99999999999999999999999", b"five", b"0x5", b"+5"])
def test_a_length_that_is_none_does_no_harm(process: RealWitness, announced: bytes) -> None:
    with socket.create_connection(("127.0.0.1", process.port), timeout=20) as sock:
        sock.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: " + announced + b"\r\n\r\nold 0")
        assert sock.recv(4096)[:10] in {b"HTTP/1.1 4", b""}
    assert process.ask("GET", "/").status == 200


def test_slow_bodies_do_not_stop_others(process: RealWitness) -> None:
    slow = []
    for _ in range(30):
        sock = socket.create_connection(("127.0.0.1", process.port), timeout=20)
        sock.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nold 0\n")
        slow.append(sock)
    size = grown(process)
    assert process.add(TRUE.request(size, size)).status == 200
    for sock in slow:
        sock.close()


def call(house: House, pieces: list[dict[str, Any]], pause_s: float = 0.0, headers: Any = ()) -> int:
    """What the application answers to a body that comes in these pieces; then nothing more comes."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause_s if pieces else 60)
        return pieces.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/add-checkpoint", "headers": list(headers)}
    asyncio.run(make_app(house.witness)(scope, receive, send))
    status: int = sent[0]["status"]
    return status


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_pieces_is_read_as_one(house: House) -> None:
    body = TRUE.request(0, 5)
    assert call(house, [piece(body[at : at + 7]) for at in range(0, len(body), 7)] + [piece(b"", more=False)]) == 200


def test_a_body_that_does_not_end_is_408(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_app, "BODY_S", 0.05)
    assert call(house, [piece(TRUE.request(0, 5))]) == 408
    assert call(house, [piece(b"o")] * 1_000, pause_s=0.01) == 408
    assert not house.state.seen


def test_a_body_that_is_cut_off_asks_for_nothing(house: House) -> None:
    assert call(house, [piece(TRUE.request(0, 5)), {"type": "http.disconnect"}]) == 400
    assert not house.state.seen


def test_too_many_at_once_are_told_to_come_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_app, "AT_ONCE", 0)
    assert call(house, [piece(TRUE.request(0, 5), more=False)]) == 503


def test_one_connection_may_ask_many_times(process: RealWitness) -> None:
    size = grown(process)
    connection = HTTPConnection("127.0.0.1", process.port, timeout=20)
    for body, status in ((TRUE.request(size, size), 200), (b"old", 400), (TRUE.request(size, size), 200)):
        connection.request("POST", "/add-checkpoint", body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def test_many_clients_race_for_two_histories_and_one_wins(tmp_path: Path) -> None:
    given: list[tuple[Log, int]] = []
    with RealWitness(tmp_path) as witness:
        assert witness.add(TRUE.request(0, 39)).status == 200

        def client(number: int) -> None:
            log, chance = (TRUE, FALSE)[number % 2], random.Random(number)
            for _ in range(15):
                old = parse_size(witness.add(log.request(0, 1)).body) or 0
                size = min(300, old + chance.randrange(1, 4))
                answer = witness.add(log.request(old, size))
                assert answer.status in {200, 409, 422}
                if answer.status == 200:
                    given.append((log, size))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(client, range(8)))
        assert len({id(log) for log, size in given if size > 40}) == 1
        assert len({size for _, size in given}) == len([1 for _ in given]), "one size was cosigned twice as new"
        assert parse_size(witness.add(TRUE.request(0, 1)).body) == max(size for _, size in given)


def test_two_processes_can_not_have_one_memory(tmp_path: Path) -> None:
    with RealWitness(tmp_path) as witness:
        second = witness.spawn(port=witness.port + 1)
        assert second.wait(20) == 1
        assert "another witness is at work" in witness.said()
        assert "Traceback" not in witness.said()
        assert witness.add(TRUE.request(0, 5)).status == 200
        assert witness.end() == 0
        witness.start()
        assert witness.add(TRUE.request(5, 6)).status == 200


def killed_lives(folder: Path, seed: int, lives: int) -> None:
    """A witness that is killed while it answers, again and again, and a log that tries two histories on it."""
    chance = random.Random(seed)
    given: list[tuple[Log, int]] = []
    witness = RealWitness(folder)
    for life in range(lives):
        witness.start()
        known = parse_size(witness.add(TRUE.request(0, 0)).body)
        most = max((size for _, size in given), default=0)
        assert (known or 0) >= most, f"seed {seed}, life {life}: it forgot {most}, and says {known}"
        killer = threading.Timer(chance.random() * 0.08, witness.kill)
        killer.start()
        with suppress(OSError, HTTPException, AssertionError):
            while True:
                _try_process(witness, chance, given)
        killer.join()
    check_one_history(given, f"seed {seed}")
    assert given


def _try_process(witness: RealWitness, chance: random.Random, given: list[tuple[Log, int]]) -> None:
    log = chance.choice((TRUE, FALSE))
    old = parse_size(witness.add(log.request(0, 0)).body) or 0
    size = min(300, old + chance.randrange(3))
    if witness.add(log.request(old, size)).status == 200:
        given.append((log, size))


def test_killed_while_it_answers_it_forgets_nothing(tmp_path: Path) -> None:
    killed_lives(tmp_path, seed=1, lives=6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 4))
def test_killed_many_times_it_forgets_nothing(tmp_path: Path, seed: int) -> None:
    killed_lives(tmp_path, seed, lives=15)
