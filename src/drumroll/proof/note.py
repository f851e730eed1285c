"""Signed notes and their keys, as C2SP signed-note says: a text, an empty line, a line a signature.

``— <key name> base64(key id || signature)``

A key is told by its name and its id together: the id is the first 4 bytes of the SHA-256 of the name, a newline, the
signature's type and the public key. Keys are written as Go's ``sumdb/note`` writes them: ``name+id+base64(type ||
public key)``, and ``PRIVATE+KEY+name+id+base64(type || seed)``. Reading is strict: what two programs might read in two
ways is refused. Nothing a note says is to be believed before ``check_note``.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from drumroll.errors import KeyInvalid, NoteInvalid

ED25519, COSIGNATURE = 1, 4
"""Signature types: Ed25519 over the note's text, and a witness's with its time (C2SP tlog-cosignature)."""

KINDS = {ED25519: "Ed25519", COSIGNATURE: "Ed25519 cosignature"}
ID_BYTES, KEY_BYTES, SIGNATURE_BYTES = 4, 32, 64
NOTE_BYTES_MOST = 65_536
SIGNATURES_MOST = 64
NAME_BYTES_MOST = 255
KEY_CHARACTERS_MOST = 512
"""A key's text: its name, 12 for ``PRIVATE+KEY+``, 8 for the id, 44 for the key, 2 signs between, and some."""

_PRIVATE = "PRIVATE+KEY+"
_ID = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key: ``kind`` is ``ED25519`` or ``COSIGNATURE``, ``public`` its 32 bytes (RFC 8032)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id, 4 bytes."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:ID_BYTES]

    @property
    def text(self) -> str:
        """The key as it is published: ``name+id+base64(kind || public)``."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made the Ed25519 signature (64 bytes) of the message (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """A private key. Nothing shows its seed but ``seed`` and ``text``, and those are for the key's own file only."""

    __slots__ = ("_private", "kind", "name", "verifier")

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        """A key from its seed (32 bytes of randomness). Raises ``KeyInvalid``."""
        check_name(name)
        if kind not in KINDS or len(seed) != KEY_BYTES:
            raise KeyInvalid(f"a private key of {shown(name)} has a type that is not known, or not {KEY_BYTES} bytes")
        self.name, self.kind = name, kind
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, kind, self._private.public_key().public_bytes_raw())

    @property
    def seed(self) -> bytes:
        """The secret, 32 bytes."""
        return self._private.private_bytes_raw()

    @property
    def text(self) -> str:
        """The key as its file has it: ``PRIVATE+KEY+name+id+base64(kind || seed)``. Never print it."""
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{to_base64(bytes([self.kind]) + self.seed)}"

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of exactly these bytes, 64 of them (RFC 8032)."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"<SigningKey {self.name}+{self.verifier.id.hex()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigningKey) and self.verifier == other.verifier

    def __hash__(self) -> int:
        return hash(self.verifier)


class Signature(msgspec.Struct, frozen=True):
    """A signature line: ``data`` is the signature without the key id before it."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        """The line, with its newline."""
        return f"— {self.name} {to_base64(self.key_id + self.data)}\n"

    def of(self, key: VerifierKey) -> bool:
        """Whether it says that it is of this key: name and id are the key's."""
        return self.name == key.name and self.key_id == key.id


class Note(msgspec.Struct, frozen=True):
    """A note: ``text`` ends with a newline; the signatures are in the order in which they stand."""

    text: str
    signatures: tuple[Signature, ...]


def shown(name: str) -> str:
    """The name as it may stand in a message: short, and without anything that a terminal would obey."""
    return repr(name[:60])[1:-1]


# Keys


def check_name(name: str) -> None:
    """Raise ``KeyInvalid`` if this is no name of a key: it says what is wrong and what is allowed."""
    wrong = any(sign.isspace() or sign == "+" or sign < " " for sign in name)
    if wrong or not 0 < _length(name) <= NAME_BYTES_MOST:
        raise KeyInvalid(
            f"found the key name {name[:60]!r}; allowed: 1 to {NAME_BYTES_MOST} bytes without spaces, + and control "
            "characters, such as example.com/launch (an address of yours, without https://)"
        )


def parse_verifier(text: str) -> VerifierKey:
    """Read a public key, ``name+id+base64``. Raises ``KeyInvalid`` (it never repeats what might be secret)."""
    if text.upper().startswith(_PRIVATE):
        raise KeyInvalid(
            "found a private key where a public one belongs. Use the public one (`drumroll key show` prints it); "
            "if anybody may have seen this one, make another: drumroll key rotate"
        )
    name, kind, public = _key_parts(text, "a public key is written name+id+base64, such as `drumroll key show` prints")
    key = VerifierKey(name, kind, public)
    if key.text != text:
        raise KeyInvalid(f"the id in the public key of {shown(name)} is not that key's: copy the whole key again")
    return key


def parse_signing(text: str) -> SigningKey:
    """Read a private key, ``PRIVATE+KEY+name+id+base64``. Raises ``KeyInvalid``, which never repeats the text."""
    form = "a private key is written PRIVATE+KEY+name+id+base64"
    if not text.startswith(_PRIVATE):
        raise KeyInvalid(f"found something else than a private key; {form}")
    name, kind, seed = _key_parts(text.removeprefix(_PRIVATE), form)
    key = SigningKey(name, kind, seed)
    if key.text != text:
        raise KeyInvalid(f"the id in a private key of {shown(name)} is not that key's: use a copy that is whole")
    return key


def _key_parts(text: str, form: str) -> tuple[str, int, bytes]:
    """Name, kind and key of ``name+id+base64(kind || key)``. No part after the name is ever in the error's text."""
    name, found, rest = text.partition("+")
    given, also_found, encoded = rest.partition("+")
    if len(text) > KEY_CHARACTERS_MOST or not (found and also_found and _ID.fullmatch(given)):
        raise KeyInvalid(f"found something that is no key; {form}")
    check_name(name)
    data = from_base64(encoded)
    if data is None or len(data) != 1 + KEY_BYTES:
        raise KeyInvalid(f"the key of {shown(name)} is cut or changed: not {1 + KEY_BYTES} bytes in base64; {form}")
    if data[0] not in KINDS:
        allowed = ", ".join(f"{kind} ({word})" for kind, word in KINDS.items())
        raise KeyInvalid(f"the key of {shown(name)} is of type {data[0]}; allowed: {allowed}")
    return name, data[0], data[1:]


# Notes


def parse_note(data: bytes) -> Note:
    """Read a note; its signatures are NOT checked (``check_note`` does that). Raises ``NoteInvalid``."""
    if len(data) > NOTE_BYTES_MOST:
        raise NoteInvalid(f"the note has {len(data):,} bytes; allowed: {NOTE_BYTES_MOST:,}")
    try:
        text, empty_line, rest = data.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError as error:
        raise NoteInvalid(f"the note is not UTF-8 from byte {error.start} on: get it again, byte for byte") from error
    _refuse_control(text + rest)
    if not empty_line or not rest.endswith("\n"):
        raise NoteInvalid("the note is cut: a note is a text, an empty line and signature lines, each with a newline")
    lines = rest.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURES_MOST:
        raise NoteInvalid(f"the note has {len(lines):,} signatures; allowed: {SIGNATURES_MOST}")
    return Note(text + "\n", tuple(map(_parse_signature, lines)))


def note_bytes(note: Note) -> bytes:
    """The note as it is published. Raises ``NoteInvalid`` for one that would not read back as the same."""
    data = _utf8(note.text + "\n" + "".join(signature.line for signature in note.signatures))
    if parse_note(data) != note:
        raise NoteInvalid("a note's text must end with a newline; this one would not read back as it was made")
    return data


def sign_note(text: str, keys: Sequence[SigningKey]) -> Note:
    """A note of this text (it ends with a newline), signed by each of the keys (``ED25519``).

    Raises ``NoteInvalid`` (a text that no note can have) or ``KeyInvalid`` (no key, or a witness's).
    """
    if not keys or any(key.kind != ED25519 for key in keys):
        raise KeyInvalid("a note is signed by one signing key or more; a witness's key only cosigns checkpoints")
    message = _utf8(text)
    note = Note(text, tuple(Signature(key.name, key.verifier.id, key.sign(message)) for key in keys))
    note_bytes(note)
    return note


def check_note(note: Note, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Those of the keys (of type ``ED25519``, others are passed over) that signed the note, in the keys' order.

    Signatures of other keys are ignored, as the specification asks. Raises ``NoteInvalid`` if none of the keys signed,
    or if a signature that says it is of one of them does not verify.
    """
    message = _utf8(note.text)
    mine = [key for key in dict.fromkeys(keys) if key.kind == ED25519]
    signed = []
    for key in mine:
        found = [signature for signature in note.signatures if signature.of(key)]
        if not all(key.verifies(message, signature.data) for signature in found):
            raise NoteInvalid(f"the signature of {shown(key.name)}+{key.id.hex()} is not of this text: {_DISTRUST}")
        signed += [key] if found else []
    if not signed:
        raise NoteInvalid(_unsigned(note, mine))
    return signed


_DISTRUST = "the text, the signature or the key was changed. Do not believe it; get it anew"


def _unsigned(note: Note, keys: Sequence[VerifierKey]) -> str:
    """That none of these keys signed: which did, and which were asked for."""
    found = ", ".join(f"{shown(signature.name)}+{signature.key_id.hex()}" for signature in note.signatures[:4])
    asked = ", ".join(f"{shown(key.name)}+{key.id.hex()}" for key in keys[:4]) or "none"
    return (
        f"none of the keys given signed this; its signatures are of {found}, the keys given: {asked}. "
        "Use the signer's public key, from a place that you trust"
    )


def _parse_signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise NoteInvalid(f"found the line {line[:60]!r} among the signatures; allowed: — name base64")
    try:
        check_name(parts[1])
    except KeyInvalid as error:
        raise NoteInvalid(f"a signature's line: {error}") from error
    data = from_base64(parts[2])
    if data is None or len(data) <= ID_BYTES:
        raise NoteInvalid(f"the signature of {shown(parts[1])} is cut or changed: not base64 of an id and a signature")
    return Signature(parts[1], data[:ID_BYTES], data[ID_BYTES:])


def _refuse_control(text: str) -> None:
    """Raise ``NoteInvalid`` for an ASCII control character other than a newline."""
    found = _CONTROL.search(text)
    if found is not None:
        raise NoteInvalid(
            f"the note has the control character {found[0]!r}; allowed: none but newlines (Windows' line ends are not)"
        )


def _length(text: str) -> int:
    """Bytes of the text as UTF-8; 0 if it can't be written so."""
    try:
        return len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return 0


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NoteInvalid("found half of a surrogate pair; allowed: text that can be written as UTF-8") from error


def to_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """What ``to_base64`` wrote, and nothing else that means the same: ``None`` if this isn't it."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return data if to_base64(data) == text else None
