"""Signed notes: Go's vectors, the specification's, a real log's; and everything that must not pass for a note."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import KeyInvalid, NoteInvalid, ProofError
from drumroll.proof.note import (
    COSIGNATURE,
    ED25519,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    check_note,
    note_bytes,
    parse_note,
    parse_signing,
    parse_verifier,
    sign_note,
)

# golang.org/x/mod/sumdb/note, note_test.go
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)  # fmt: skip
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# C2SP signed-note.md
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
SEED = bytes(range(32))
KEY = SigningKey("example.com/launch", ED25519, SEED)


def note(*lines: str, text: str = TEXT) -> bytes:
    return f"{text}\n{''.join(lines)}".encode()


def line(name: str = "example.com/launch", data: bytes = b"iden" + b"s" * 64) -> str:
    return f"— {name} {b64encode(data).decode()}\n"


def refused(data: bytes) -> str:
    with pytest.raises(NoteInvalid) as caught:
        parse_note(data)
    return str(caught.value)


# Vectors


def test_go_s_key_signs_go_s_text_byte_for_byte() -> None:
    signing = parse_signing(SKEY)
    assert signing.verifier == parse_verifier(VKEY)
    assert note_bytes(sign_note(TEXT, [signing])) == note(PETER_LINE)
    assert (signing.text, signing.verifier.text) == (SKEY, VKEY)


def test_go_s_note_of_two_is_verified_by_either_key_and_by_both() -> None:
    peter, enoch = parse_verifier(VKEY), parse_verifier(ENOCH)
    both = parse_note(note(PETER_LINE, ENOCH_LINE))
    assert check_note(both, [peter]) == [peter]
    assert check_note(both, [enoch, peter]) == [enoch, peter]
    assert check_note(parse_note(note(PETER_LINE)), [peter, enoch]) == [peter]


def test_a_note_that_only_unknown_keys_signed_is_not_believed() -> None:
    with pytest.raises(NoteInvalid, match=re.escape("EnochRoot+af0cfe78, the keys given: PeterNeumann+c74f20a3")):
        check_note(parse_note(note(ENOCH_LINE)), [parse_verifier(VKEY)])
    with pytest.raises(NoteInvalid, match="the keys given: none"):
        check_note(parse_note(note(ENOCH_LINE)), [])


def test_a_wrong_signature_of_a_known_key_spoils_the_note_even_if_another_is_right() -> None:
    """Go's vector: four characters put into the signature."""
    spoiled = PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]
    read = parse_note(note(spoiled, ENOCH_LINE))
    assert check_note(read, [parse_verifier(ENOCH)])
    with pytest.raises(NoteInvalid, match=re.escape("PeterNeumann+c74f20a3 is not of this text")):
        check_note(read, [parse_verifier(VKEY), parse_verifier(ENOCH)])


def test_a_signature_twice_is_one_signer_and_a_false_one_beside_a_right_one_is_refused() -> None:
    peter = parse_verifier(VKEY)
    assert check_note(parse_note(note(PETER_LINE, PETER_LINE)), [peter, peter]) == [peter]
    false = line("PeterNeumann", peter.id + b"s" * 64)
    for lines in ((PETER_LINE, false), (false, PETER_LINE)):
        with pytest.raises(NoteInvalid):
            check_note(parse_note(note(*lines)), [peter])


def test_the_specification_s_note_is_parted_at_its_last_empty_line() -> None:
    read = parse_note(POEM.encode())
    assert read.text.endswith("di sole:\n\ned è subito sera.\n")
    (signature,) = read.signatures
    assert (signature.name, signature.key_id.hex()) == ("quasimodo.example/salvatore", "367ba04b")
    assert len(signature.data) == 64
    assert note_bytes(read) == POEM.encode()


def test_the_id_is_what_the_specification_says_for_both_types() -> None:
    for kind in (ED25519, COSIGNATURE):
        key = SigningKey("example.com/launch", kind, SEED).verifier
        public = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
        assert key.id == sha256(b"example.com/launch\n" + bytes([kind]) + public).digest()[:4]
        assert parse_verifier(key.text) == key
        assert key.text == f"example.com/launch+{key.id.hex()}+{b64encode(bytes([kind]) + public).decode()}"


# Keys


def pieces(text: str) -> list[str]:
    """Go's mangling: every part of the text, and the text with each character one further."""
    parts = [text[i:j] for i in range(len(text) + 1) for j in range(i + 1, len(text) + 1)]
    parts.remove(text)
    return parts + [text[:i] + chr(ord(text[i]) + 1) + text[i + 1 :] for i in range(len(text))]


def test_no_mangled_public_key_is_taken() -> None:
    wrong_length = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="
    unknown_type = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    upper = VKEY.replace("c74f20a3", "C74F20A3")
    for bad in (*pieces(VKEY), wrong_length, unknown_type, upper, VKEY + "\n", VKEY * 20, "", "\udcff+0+a"):
        with pytest.raises(KeyInvalid):
            parse_verifier(bad)


def test_no_mangled_private_key_is_taken_and_none_is_repeated() -> None:
    secret = SKEY.split("+", 4)[4]
    for bad in (*pieces(SKEY), SKEY + " "):
        with pytest.raises(KeyInvalid) as caught:
            parse_signing(bad)
        assert secret[:12] not in str(caught.value)


def test_a_private_key_given_for_a_public_one_is_not_repeated() -> None:
    for private in (SKEY, SKEY.lower(), SKEY.removeprefix("PRIVATE+KEY+"), SKEY[:-4]):
        with pytest.raises(KeyInvalid) as caught:
            parse_verifier(private)
        shown = str(caught.value)
        assert "AYEKFALVFGyN".lower() not in shown.lower()
        assert "drumroll key" in shown or "copy the whole key" in shown


def test_a_signing_key_shows_no_seed() -> None:
    shown = f"{KEY!r} {KEY} {KEY.verifier!r} {[KEY]}"
    for secret in (b64encode(b"\x01" + SEED).decode(), b64encode(SEED).decode(), SEED.hex(), repr(SEED)[2:20]):
        assert secret[:16] not in shown
    assert repr(KEY) == f"<SigningKey example.com/launch+{KEY.verifier.id.hex()}>"
    assert parse_signing(KEY.text) == KEY
    assert len({KEY, parse_signing(KEY.text)}) == 1


@pytest.mark.parametrize("kind", [0, 2, 5, 255])
def test_a_type_that_is_not_known_is_named(kind: int) -> None:
    key = VerifierKey("example.com/launch", kind, b"p" * 32)
    with pytest.raises(KeyInvalid, match=f"type {kind}; allowed: 1 "):
        parse_verifier(key.text)
    with pytest.raises(KeyInvalid):
        SigningKey("example.com/launch", kind, SEED)


def test_a_witness_s_key_signs_no_note_and_verifies_none() -> None:
    witness = SigningKey("example.com/launch", COSIGNATURE, SEED)
    for keys in ([], [witness], [KEY, witness]):
        with pytest.raises(KeyInvalid, match="only cosigns"):
            sign_note(TEXT, keys)
    with pytest.raises(NoteInvalid, match="none of the keys"):
        check_note(sign_note(TEXT, [KEY]), [witness.verifier])


@pytest.mark.parametrize("name", ["", "a b", "a\u00a0b", "a\u2003b", "a\u3000b", "a\u0085b", "a+b", "a\tb", "a\x00b"])
def test_a_name_with_a_space_of_any_kind_a_plus_or_a_control_character_is_none(name: str) -> None:
    with pytest.raises(KeyInvalid, match="key name"):
        SigningKey(name, ED25519, SEED)
    assert refused(note(line(name)))


# Malformed notes


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (TEXT.encode(), "cut"),
        (TEXT.encode() + b"\n", "cut"),
        (b"", "cut"),
        (b"\n", "cut"),
        (b"\n" + PETER_LINE.encode(), "cut"),
        (note(PETER_LINE[:-1]), "cut"),
        (note("\x01" + PETER_LINE), "control character"),
        (b"\x01" + note(PETER_LINE), "control character"),
        (b"\xff" + note(PETER_LINE), "UTF-8 from byte 0"),
        (b"\xed\xa0\x80" + note(PETER_LINE), "UTF-8"),
        (b"\xc0\xae" + note(PETER_LINE), "UTF-8"),
        (b"a\x00b" + note(PETER_LINE), "control character"),
        (note(PETER_LINE).replace(b"\n", b"\r\n"), "Windows"),
        (note(PETER_LINE.replace("PeterNeumann", "Bad Name")), "among the signatures"),
        (note(PETER_LINE + "Unexpected line.\n"), "among the signatures"),
        (note(PETER_LINE.replace("—", "-")), "among the signatures"),
        (note(PETER_LINE.replace("— ", "—  ")), "among the signatures"),
        (note(PETER_LINE.replace("=\n", "= \n")), "among the signatures"),
        (note(PETER_LINE.replace("=\n", "\n")), "not base64"),
        (note(PETER_LINE.replace("AM=\n", "AN=\n")), "not base64"),
        (note(PETER_LINE.replace("/", "_")), "not base64"),
        (note(line(data=b"iden")), "not base64"),
        (note("— name \n"), "not base64"),
        (note("—  AAAAAAAA\n"), "key name"),
        (note(line("a" * 256)), "key name"),
    ],
)
def test_what_is_no_note_is_refused_with_what_is_wrong(data: bytes, why: str) -> None:
    assert why in refused(data)


def test_a_note_has_64_signatures_and_64_kb_and_no_more() -> None:
    lines = [line(f"witness.example.com/{number}") for number in range(65)]
    assert len(parse_note(note(*lines[:64])).signatures) == 64
    assert "65 signatures; allowed: 64" in refused(note(*lines))
    rest = len(note(PETER_LINE, text="\n"))
    assert parse_note(note(PETER_LINE, text="a" * (65_536 - rest) + "\n"))
    assert "65,537 bytes; allowed: 65,536" in refused(note(PETER_LINE, text="a" * (65_537 - rest) + "\n"))


@pytest.mark.parametrize("text", ["", "abc", "a\r\n", "a\tb\n", "\x00\n", "\udc80\n", "a" * 70_000 + "\n"])
def test_nothing_is_signed_that_would_not_be_a_note(text: str) -> None:
    with pytest.raises(NoteInvalid):
        sign_note(text, [KEY])


def test_a_note_made_by_hand_that_would_read_back_as_another_is_not_written() -> None:
    for signature in (Signature("a b", b"iden", b"s"), Signature("a", b"id", b"s"), Signature("a\n\n", b"iden", b"s")):
        with pytest.raises(NoteInvalid):
            note_bytes(Note(TEXT, (signature,)))
    with pytest.raises(NoteInvalid):
        note_bytes(Note(TEXT, ()))


def test_what_a_terminal_would_obey_is_not_repeated_in_an_error() -> None:
    with pytest.raises(NoteInvalid) as caught:
        check_note(parse_note(note(line("evil\u009b31m\u202egnp.exe"))), [KEY.verifier])
    assert str(caught.value).isprintable()


# Properties

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=30)
GOOD_NAMES = NAMES.map(lambda name: name.replace("+", "-"))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)) | st.just("\n"), max_size=80)
SEEDS = st.binary(min_size=32, max_size=32)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, names=st.lists(GOOD_NAMES, min_size=1, max_size=4), seed=SEEDS)
def test_any_note_survives_being_written_and_read(text: str, names: list[str], seed: bytes) -> None:
    keys = [SigningKey(name, ED25519, seed) for name in names]
    made = sign_note(text + "\n", keys)
    read = parse_note(note_bytes(made))
    assert read == made
    assert note_bytes(read) == note_bytes(made)
    assert check_note(read, [key.verifier for key in keys]) == list(dict.fromkeys(key.verifier for key in keys))
    assert all(parse_signing(key.text) == key and parse_verifier(key.verifier.text) == key.verifier for key in keys)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_one_changed_byte_of_text_or_signature_is_never_believed(data: st.DataObject) -> None:
    whole = bytearray(note(PETER_LINE))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(NoteInvalid):
        check_note(parse_note(bytes(whole)), [parse_verifier(VKEY)])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_one_changed_byte_of_the_key_verifies_nothing(data: st.DataObject) -> None:
    public = bytearray(parse_verifier(VKEY).public)
    public[data.draw(st.integers(0, 31))] ^= data.draw(st.integers(1, 255))
    other = VerifierKey("PeterNeumann", ED25519, bytes(public))
    read = parse_note(note(PETER_LINE))
    with pytest.raises(NoteInvalid):
        check_note(read, [other])
    # Even if its id were the same: what counts is the key.
    disguised = Note(TEXT, (Signature("PeterNeumann", other.id, read.signatures[0].data),))
    with pytest.raises(NoteInvalid):
        check_note(disguised, [other])


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_more_than_an_error_of_ours(data: bytes) -> None:
    for read in (parse_note, lambda found: parse_verifier(found.decode("utf-8", "surrogateescape"))):
        try:
            read(data)
        except ProofError:
            continue


def test_the_signature_is_one_of_ed25519_over_the_text_alone() -> None:
    """Held against the library itself, without a line of ours but the parsing of base64."""
    made = note_bytes(sign_note(TEXT, [KEY])).decode()
    text, _, lines = made.rpartition("\n\n")
    blob = b64decode(lines.split(" ")[2])
    Ed25519PrivateKey.from_private_bytes(SEED).public_key().verify(blob[4:], (text + "\n").encode())
