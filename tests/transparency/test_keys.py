"""Key rings: who may read them, what a crash leaves, and that nothing secret is ever shown."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import traceback
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from drumroll.errors import KeyInvalid
from drumroll.proof.note import COSIGNATURE, ED25519, KEY_BYTES, SigningKey, check_note, parse_verifier, sign_note
from drumroll.transparency import keys
from drumroll.transparency.keys import KeyRing, make_ring, open_ring, retire, rotate, verifier_lines

NAME = "example.com/launch"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_ring(tmp_path / "keys", NAME, witness=True).path


def ids(ring: KeyRing) -> list[str]:
    return [key.verifier.id.hex() for key in ring.signing]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def secret_part(text: str) -> str:
    """The base64 of a key's text; there may be a + in it too."""
    return text.split("+", 4)[-1]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(KeyInvalid) as caught:
        call()
    return str(caught.value)


# Making


def test_a_ring_is_made_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ring = make_ring(tmp_path / "data" / "keys", NAME, witness=True)
        rotate(ring.path)
    finally:
        os.umask(before)
    assert mode(ring.path) == 0o700
    assert sorted(file.name for file in ring.path.iterdir()) == ["1.key", "2.key", "blinding.key", "witness.key"]
    assert {mode(file) for file in ring.path.iterdir()} == {0o600}


def test_what_was_made_is_what_is_opened(tmp_path: Path) -> None:
    made = make_ring(tmp_path / "keys", NAME)
    opened = open_ring(tmp_path / "keys")
    assert opened == made
    assert (opened.origin, len(opened.blinding), opened.witness, opened.retired) == (NAME, KEY_BYTES, None, ())
    assert make_ring(tmp_path / "more", NAME).blinding != made.blinding


def test_a_witness_s_key_is_of_its_own_type_and_seed(path: Path) -> None:
    ring = open_ring(path)
    assert ring.witness is not None
    assert (ring.witness.kind, ring.witness.name) == (COSIGNATURE, NAME)
    assert ring.witness.seed != ring.signing[0].seed


def test_a_ring_takes_the_place_of_an_empty_directory_and_of_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o755)
    assert mode(make_ring(tmp_path / "empty", NAME).path) == 0o700
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for there in ("empty", "full", "file", "link"):
        before = open_ring(tmp_path / "empty")
        assert "is there already; no key was made or changed" in refused(
            lambda at=there: make_ring(tmp_path / at, NAME)
        )
        assert open_ring(tmp_path / "empty") == before
    assert (tmp_path / "full" / "thesis.txt").read_text() == (tmp_path / "file").read_text() == "mine"
    assert {one.name for one in tmp_path.iterdir()} == {"empty", "full", "file", "link"}, "nothing is left beside"


@pytest.mark.parametrize(
    "name", ["", "my launch", "a+b", "https://example.com/launch", "señor.example", "a\x00b", "\udcff"]
)
def test_a_name_that_is_none_makes_nothing(tmp_path: Path, name: str) -> None:
    assert "such as example.com/launch" in refused(lambda: make_ring(tmp_path / "keys", name))
    assert not list(tmp_path.iterdir())


def test_of_many_that_make_a_ring_at_once_one_does(tmp_path: Path) -> None:
    start = Barrier(8)

    def attempt(number: int) -> KeyRing | str:
        start.wait()
        try:
            return make_ring(tmp_path / "keys", f"example.com/{number}")
        except KeyInvalid as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    made = [outcome for outcome in outcomes if isinstance(outcome, KeyRing)]
    assert len(made) == 1
    assert made[0] == open_ring(tmp_path / "keys")
    assert all("is there already" in outcome for outcome in outcomes if isinstance(outcome, str))
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]


# Opening


def test_keys_that_are_not_there_say_how_to_make_them(tmp_path: Path) -> None:
    for call in (open_ring, rotate, lambda path: retire(path, "00000000")):
        found = refused(lambda call=call: call(tmp_path / "keys"))
        assert f"drumroll key new example.com/launch --keys {tmp_path / 'keys'}" in found
    (tmp_path / "file").write_text("")
    assert "a key ring's own directory" in refused(lambda: open_ring(tmp_path / "file"))
    (tmp_path / "empty").mkdir(mode=0o700)
    assert "no key that signs" in refused(lambda: open_ring(tmp_path / "empty"))


@pytest.mark.parametrize("bits", [0o644, 0o640, 0o604, 0o620, 0o601, 0o666])
@pytest.mark.parametrize("file", ["1.key", "2.retired", "blinding.key", "witness.key"])
def test_a_key_that_others_may_read_is_not_used(path: Path, file: str, bits: int) -> None:
    rotate(path)
    os.rename(path / "2.key", path / "2.retired")
    (path / file).chmod(bits)
    found = refused(lambda: open_ring(path))
    assert f"{path / file} is open to others (mode {bits:04o})" in found
    assert f"chmod 600 {path / file}" in found
    (path / file).chmod(0o400)
    assert open_ring(path)


@pytest.mark.parametrize("bits", [0o755, 0o750, 0o701, 0o777])
def test_a_directory_that_others_may_enter_is_not_used_nor_changed(path: Path, bits: int) -> None:
    before = contents(path)
    path.chmod(bits)
    for call in (lambda: open_ring(path), lambda: rotate(path), lambda: retire(path, "00000000")):
        assert f"chmod 700 {path}" in refused(call)
    assert contents(path) == before


@pytest.mark.parametrize("file", ["1.key", "blinding.key", "witness.key"])
def test_a_link_a_pipe_or_a_directory_is_no_key(path: Path, tmp_path: Path, file: str) -> None:
    os.rename(path / file, tmp_path / "elsewhere")
    (path / file).symlink_to(tmp_path / "elsewhere")
    assert f"{path / file} is a symbolic link" in refused(lambda: open_ring(path))
    (path / file).unlink()
    os.mkfifo(path / file, 0o600)
    assert str(path / file) in refused(lambda: open_ring(path))
    (path / file).unlink()
    (path / file).mkdir(mode=0o700)
    assert str(path / file) in refused(lambda: open_ring(path))


def test_a_link_to_a_ring_is_no_ring(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    assert "symbolic link" in refused(lambda: open_ring(tmp_path / "link"))


def test_another_user_s_ring_is_not_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.geteuid() + 1
    monkeypatch.setattr(keys.os, "geteuid", lambda: other)
    found = refused(lambda: open_ring(path))
    assert f"chown -R {other} {path}" in found


@pytest.mark.parametrize("file", ["1.key", "blinding.key", "witness.key"])
def test_a_torn_or_changed_file_is_found_and_never_repeated(path: Path, file: str) -> None:
    whole = (path / file).read_bytes()
    secret = secret_part(whole.decode().strip())
    torn = [whole[:end] for end in range(len(whole) - 1)]
    for data in (*torn, whole + b"x", whole + b"\n", b"\xff" + whole, whole * 20, b"\x00" * len(whole)):
        (path / file).write_bytes(data)
        with pytest.raises(KeyInvalid) as caught:
            open_ring(path)
        shown = "".join(traceback.format_exception(caught.value))
        assert str(path / file) in shown
        assert "Restore it from the copy" in shown
        assert secret[:12] not in shown


def test_a_seed_that_is_not_of_its_id_is_found(path: Path) -> None:
    mine, other = open_ring(path).signing[0], SigningKey(NAME, ED25519, b"o" * 32)
    (path / "1.key").write_text(mine.text.replace(secret_part(mine.text), secret_part(other.text)))
    assert "is not that key's" in refused(lambda: open_ring(path))


def test_files_that_do_not_belong_together_are_no_ring(path: Path) -> None:
    shutil.copy2(path / "1.key", path / "2.key")
    assert "a key twice" in refused(lambda: open_ring(path))
    (path / "2.key").write_text(SigningKey("example.com/other", ED25519, b"o" * 32).text)
    assert "keys of several names" in refused(lambda: open_ring(path))
    (path / "2.key").write_text(SigningKey(NAME, COSIGNATURE, b"o" * 32).text)
    assert "of type 4; allowed: 1" in refused(lambda: open_ring(path))
    os.rename(path / "2.key", path / "1.retired")
    (path / "1.retired").write_text(SigningKey(NAME, ED25519, b"o" * 32).text)
    assert "a key twice" in refused(lambda: open_ring(path))


def test_files_that_are_no_keys_are_left_alone(path: Path) -> None:
    ring = open_ring(path)
    for name in (".new-0123456789abcdef", "1.key~", "01.key", "notes.txt", "0.key"):
        (path / name).write_text("anything")
    assert open_ring(path) == ring


@pytest.mark.parametrize("file", ["blinding.key", "1.key"])
def test_a_ring_without_one_of_its_files_says_which(path: Path, file: str) -> None:
    (path / file).unlink()
    found = refused(lambda: open_ring(path))
    assert "Restore it" in found or "no key that signs" in found


# Rotating and retiring


def test_a_rotated_ring_signs_with_both_and_keeps_what_the_entries_are_blinded_with(path: Path) -> None:
    before = open_ring(path)
    after = rotate(path)
    assert ids(after)[1:] == ids(before)
    assert (after.blinding, after.witness, after.origin) == (before.blinding, before.witness, before.origin)
    signed = sign_note("text\n", after.signing)
    assert check_note(signed, [key.verifier for key in before.signing])
    assert check_note(signed, [after.signing[0].verifier])
    assert open_ring(path) == after


def test_the_published_keys_are_the_newest_first_and_then_the_retired(path: Path) -> None:
    oldest = ids(open_ring(path))[0]
    for _ in range(11):
        rotate(path)
    ring = retire(path, oldest)
    lines = verifier_lines(ring).splitlines()
    assert [parse_verifier(line) for line in lines] == [*(key.verifier for key in ring.signing), *ring.retired]
    assert [key.id.hex() for key in ring.retired] == [oldest]
    assert ids(ring)[0] == parse_verifier(lines[0]).id.hex()
    assert (path / "12.key").exists()


def test_a_retired_key_signs_no_more_and_is_known_for_what_it_signed(path: Path) -> None:
    old = open_ring(path).signing[0]
    rotate(path)
    ring = retire(path, old.verifier.id.hex())
    assert old not in ring.signing
    assert ring.retired == (old.verifier,)
    assert "retired already" in refused(lambda: retire(path, old.verifier.id.hex()))
    assert len(ids(rotate(path))) == 2, "its number is not given to another"
    assert sorted(file.name for file in path.glob("[0-9]*")) == ["1.retired", "2.key", "3.key"]


def test_the_last_key_that_signs_is_not_retired(path: Path) -> None:
    before = contents(path)
    found = refused(lambda: retire(path, ids(open_ring(path))[0]))
    assert "drumroll key rotate" in found
    assert contents(path) == before


def test_an_id_that_is_none_is_answered_with_those_there_are(path: Path) -> None:
    for key_id in ("", "00000000", "../1.key", "1"):
        assert f"allowed: the id of a key that signs: {ids(open_ring(path))[0]}" in refused(
            lambda key_id=key_id: retire(path, key_id)
        )


def test_a_ring_has_an_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "KEYS_MOST", 2)
    rotate(path)
    assert "2 signing keys; allowed: 2" in refused(lambda: rotate(path))


def test_rotations_and_retirements_at_once_neither_lose_a_key_nor_the_last_one(path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        rings = list(pool.map(lambda _: rotate(path), range(6)))
    assert max(len(ring.signing) for ring in rings) == len(open_ring(path).signing) == 7

    def attempt(key_id: str) -> bool:
        try:
            retire(path, key_id)
        except KeyInvalid:
            return False
        return True

    with ThreadPoolExecutor(7) as pool:
        assert sorted(pool.map(attempt, ids(open_ring(path)))) == [False] + [True] * 6
    assert len(open_ring(path).signing) == 1


# Crashes

KILLED = """
import os, signal, sys
from pathlib import Path
from drumroll.transparency import keys

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

step, name, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])
setattr(os, step, die)
keys.rotate(path) if name == "rotate" else keys.make_ring(path, "example.com/launch")
"""


@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
def test_a_kill_before_the_rename_leaves_the_old_ring(path: Path, step: str) -> None:
    before = open_ring(path)
    done = subprocess.run([sys.executable, "-c", KILLED, step, "rotate", str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert open_ring(path) == before
    assert ids(rotate(path))[1:] == ids(before)
    assert {mode(file) for file in path.iterdir()} == {0o600}, "what was left half-written is closed too"


def test_a_kill_while_a_ring_is_made_leaves_none_and_the_next_one_is_made(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, "rename", "new", str(tmp_path / "keys")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "keys").exists()
    (left,) = tmp_path.iterdir()
    assert mode(left) == 0o700
    assert open_ring(make_ring(tmp_path / "keys", NAME).path)


@pytest.mark.parametrize("step", ["write", "fsync", "rename", "open"])
def test_a_disk_that_refuses_leaves_the_ring_and_no_rubbish(
    path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(path)
    real = os.open

    def full(*args: object, **options: object) -> object:
        if step == "open" and not int(args[1]) & os.O_CREAT:  # type: ignore[call-overload]
            return real(*args, **options)  # type: ignore[arg-type]
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(keys.os, step, full)
    assert "No space left on device" in refused(lambda: rotate(path))
    assert "No space left on device" in refused(lambda: make_ring(path.parent / "more", NAME))
    monkeypatch.undo()
    assert contents(path) == before
    assert [one.name for one in path.parent.iterdir()] == ["keys"]


# Secrets


def test_nothing_that_is_printed_of_a_ring_is_secret(path: Path) -> None:
    ring = rotate(path)
    ring = retire(path, ids(ring)[1])
    secrets = [ring.blinding, *(key.seed for key in ring.signing), ring.witness.seed if ring.witness else b""]
    shown = "\n".join([repr(ring), str(ring), f"{ring.signing}", verifier_lines(ring)])
    for secret in secrets:
        forms = (b64encode(secret).decode(), b64encode(b"\x01" + secret).decode(), secret.hex(), repr(secret)[2:-1])
        assert not [form for form in forms if form[:20] in shown]
    assert "PRIVATE" not in shown
