"""The key ring of a log: a directory for its owner alone, a file a key. Nothing here ever shows a private key.

``1.key``, ``2.key`` ... sign (C2SP signed-note, in Go's ``PRIVATE+KEY`` text); ``1.retired`` is one that signs no more.
``blinding.key`` makes the tags and salts of the entries, 32 bytes in base64url: it stays as long as the log does.
``witness.key`` cosigns the checkpoints of other logs. A ring is made beside its place and renamed, a key is written
beside its name and renamed: whoever is killed at any moment leaves the ring as it was, or as it was to be (and perhaps
a hidden file or directory of his own beside it, which nothing reads).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from drumroll.errors import EntryInvalid, KeyInvalid
from drumroll.proof.entry import bytes_of, text_of
from drumroll.proof.note import COSIGNATURE, ED25519, KEY_BYTES, SigningKey, VerifierKey, check_name, parse_signing

BLINDING, WITNESS = "blinding.key", "witness.key"
FILE_BYTES_MOST = 1_024
KEYS_MOST = 50
"""Signing keys of a ring, retired ones too: more would not fit into a note, and nobody rotates so often."""

_NUMBERED = re.compile(r"([1-9][0-9]{0,5})\.(key|retired)")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of a log. ``signing``: those that sign, the newest first; ``retired``: those that did."""

    path: Path
    signing: tuple[SigningKey, ...]
    retired: tuple[VerifierKey, ...]
    blinding: bytes = field(repr=False)
    witness: SigningKey | None = None

    @property
    def origin(self) -> str:
        """The name of the log, which is the name of its keys."""
        return self.signing[0].name


def make_ring(path: Path, name: str, *, witness: bool = False) -> KeyRing:
    """Make a ring of fresh keys; with a witness's key too, if asked.

    Raises ``KeyInvalid`` if anything is at ``path`` already, if the name is no key name, or if the disk refuses.
    """
    _check_new_name(name)
    blinding = text_of(secrets.token_bytes(KEY_BYTES))
    texts = {"1.key": _fresh(name, ED25519), BLINDING: blinding}
    texts |= {WITNESS: _fresh(name, COSIGNATURE)} if witness else {}
    with _in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            with _opened(beside) as folder:
                for file, text in texts.items():
                    _write(folder, file, text)
            _take_place(beside, path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return open_ring(path)


def open_ring(path: Path) -> KeyRing:
    """The ring at ``path``. Raises ``KeyInvalid`` if it is not there, not whole, or not its owner's alone."""
    with _in_words(path), _locked(path, fcntl.LOCK_SH) as folder:
        return _read_ring(path, folder)


def rotate(path: Path) -> KeyRing:
    """Add a signing key. The old ones go on signing too, until they are retired; the blinding key stays."""
    with _in_words(path), _locked(path) as folder:
        ring = _read_ring(path, folder)
        numbers = [number for number, _ in _numbered(folder)]
        if len(numbers) >= KEYS_MOST:
            raise KeyInvalid(f"{path} has {len(numbers)} signing keys; allowed: {KEYS_MOST}. Begin a new log for more")
        _write(folder, f"{max(numbers) + 1}.key", _fresh(ring.origin, ED25519))
        return _read_ring(path, folder)


def retire(path: Path, key_id: str) -> KeyRing:
    """Let the key of this id (8 hexadecimal digits) sign no more. What it signed stays valid.

    Raises ``KeyInvalid`` if there is no such key, or if it is the last that signs.
    """
    with _in_words(path), _locked(path) as folder:
        ring = _read_ring(path, folder)
        active = {_read_key(path, folder, file).verifier.id.hex(): file for file in _files(folder, "key")}
        if key_id not in active:
            raise KeyInvalid(_not_active(ring, key_id, list(active)))
        if len(active) == 1:
            raise KeyInvalid(
                f"{key_id} is the last key that signs. Make another first: drumroll key rotate --keys {path}"
            )
        file = active[key_id]
        os.rename(file, file.replace(".key", ".retired"), src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
        return _read_ring(path, folder)


def verifier_lines(ring: KeyRing) -> str:
    """The file ``keys`` of the published log: a public key a line, those that sign first, the newest of each first."""
    keys = (*(key.verifier for key in ring.signing), *ring.retired)
    return "".join(f"{key.text}\n" for key in keys)


def _check_new_name(name: str) -> None:
    """Names of new keys are plainer than those that others may have: they are read aloud, typed and compared."""
    check_name(name)
    if not (name.isascii() and name.isprintable()) or "://" in name:
        raise KeyInvalid(
            f"found the key name {name[:60]!r}; allowed: ASCII, such as example.com/launch (an address of yours, "
            "without https://)"
        )


def _fresh(name: str, kind: int) -> str:
    return SigningKey(name, kind, secrets.token_bytes(KEY_BYTES)).text


def _not_active(ring: KeyRing, key_id: str, active: list[str]) -> str:
    if any(key.id.hex() == key_id for key in ring.retired):
        return f"{key_id} is retired already: it signs no more"
    return f"found {key_id[:60]!r}; allowed: the id of a key that signs: {', '.join(active)}"


# Reading: through the directory's descriptor, so that what was checked is what is read


def _read_ring(path: Path, folder: int) -> KeyRing:
    signing = tuple(_read_key(path, folder, file) for file in _files(folder, "key"))
    retired = tuple(_read_key(path, folder, file) for file in _files(folder, "retired"))
    if not signing:
        raise KeyInvalid(f"{path} has no key that signs. {_MAKE.format(path=path)}")
    numbers = [number for number, _ in _numbered(folder)]
    twice = len(set(numbers)) < len(numbers) or len({*signing, *retired}) < len(numbers)
    if twice or len({key.name for key in (*signing, *retired)}) > 1:
        raise KeyInvalid(f"{path} has a key twice, or keys of several names: keep the files of one log, each once")
    witness = _read_key(path, folder, WITNESS, COSIGNATURE) if WITNESS in os.listdir(folder) else None
    return KeyRing(path, signing, tuple(key.verifier for key in retired), _read_blinding(path, folder), witness)


def _numbered(folder: int) -> list[tuple[int, str]]:
    """Numbers and names of the signing keys' files, the newest first."""
    found = (_NUMBERED.fullmatch(name) for name in os.listdir(folder))
    return sorted(((int(match[1]), match[0]) for match in found if match), reverse=True)


def _files(folder: int, kind: str) -> list[str]:
    return [name for _, name in _numbered(folder) if name.endswith(f".{kind}")]


def _read_key(path: Path, folder: int, file: str, kind: int = ED25519) -> SigningKey:
    text = _read(path, folder, file)
    try:
        key = parse_signing(text)
    except KeyInvalid as error:
        raise KeyInvalid(f"{path / file}: {error}. {_RESTORE}") from None
    if key.kind != kind:
        raise KeyInvalid(f"{path / file} is a key of type {key.kind}; allowed: {kind}. {_RESTORE}")
    return key


def _read_blinding(path: Path, folder: int) -> bytes:
    try:
        blinding = bytes_of(_read(path, folder, BLINDING))
    except FileNotFoundError:
        raise KeyInvalid(f"{path / BLINDING} is not there. {_RESTORE}") from None
    except EntryInvalid:
        blinding = b""
    if len(blinding) != KEY_BYTES:
        raise KeyInvalid(f"{path / BLINDING} is cut or changed: not {KEY_BYTES} bytes in base64url. {_RESTORE}")
    return blinding


def _read(path: Path, folder: int, file: str) -> str:
    """A file's text without its last newline. A symbolic link is not followed: it might lead to anybody's file."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise KeyInvalid(f"{path / file} is a symbolic link; allowed: a file. Move the file itself there") from error
    try:
        _be_private(path / file, os.fstat(descriptor), stat.S_ISREG, "600")
        data = os.read(descriptor, FILE_BYTES_MOST + 1)
    finally:
        os.close(descriptor)
    if len(data) > FILE_BYTES_MOST:
        raise KeyInvalid(f"{path / file} has more than {FILE_BYTES_MOST:,} bytes: that is no key. {_RESTORE}")
    return data.decode("utf-8", "replace").removesuffix("\n")


def _be_private(path: Path, found: os.stat_result, is_kind: Callable[[int], bool], mode: str) -> None:
    """Raise ``KeyInvalid`` unless it is a file or directory of this user, and nobody else may do anything with it."""
    if not is_kind(found.st_mode):
        raise KeyInvalid(f"{path} is neither a file nor a directory where a key ring has one. {_RESTORE}")
    if found.st_uid != os.geteuid():
        raise KeyInvalid(
            f"{path} belongs to the user {found.st_uid}, and this is the user {os.geteuid()}. Run this as its owner, "
            f"or give it to this user: chown -R {os.geteuid()} {path}"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise KeyInvalid(
            f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o}). Close it: chmod {mode} {path} ; and "
            "if others use this machine, trust its keys no more: make another (drumroll key rotate). If it is the "
            "blinding key that they may have read, they can find the entries of every order and customer that they know"
        )


_MAKE = "Make keys: drumroll key new example.com/launch --keys {path}"
_RESTORE = "Restore it from the copy that you keep of the key ring"


# Writing


def _write(folder: int, file: str, text: str) -> None:
    """A whole file or none; only its owner may read it from the first moment."""
    beside = f".new-{secrets.token_hex(8)}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        try:
            os.write(descriptor, f"{text}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(beside, file, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(beside, dir_fd=folder)
        raise
    os.fsync(folder)


def _take_place(beside: Path, path: Path) -> None:
    """Give the new directory its name: in one step, and only if nothing but an empty directory has it."""
    try:
        os.rename(beside, path)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise KeyInvalid(
                f"{path} is there already; no key was made or changed. Choose another directory, or add a key to this "
                f"ring: drumroll key rotate --keys {path}"
            ) from error
        raise
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The directory's descriptor, once it is known to be its owner's alone."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _be_private(path, os.fstat(folder), stat.S_ISDIR, "700")
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[int]:
    """The same, while nobody else changes it."""
    with _opened(path) as folder:
        fcntl.flock(folder, how)
        yield folder


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """What the system refuses, as a ``KeyInvalid`` with the way out."""
    try:
        yield
    except FileNotFoundError as error:
        raise KeyInvalid(f"there are no keys at {path}. {_MAKE.format(path=path)}") from error
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise KeyInvalid(f"{path} is a file or a symbolic link; allowed: a key ring's own directory") from error
        raise KeyInvalid(f"{path} can't be used: {error.strerror}. No key was changed") from error
