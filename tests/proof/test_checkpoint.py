"""Checkpoints, cosignatures and the files of proofs: real ones of other logs, and everything that can't be one."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import KeyInvalid, NoteInvalid, ProofError, ProofInvalid
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.cosignature import cosign, cosigned_at
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
    parse_verifier,
    sign_note,
)
from drumroll.proof.tlog_proof import TlogProof, parse_tlog_proof, tlog_proof_bytes

# C2SP tlog-checkpoint.md and tlog-cosignature.md. Its first signature is one of Go's checksum database, of the same
# size and root, under another name: with the name and the public key of that log it verifies.
SIGNED = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
COSIGNED = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
SIZE_AND_ROOT = "20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA = (
    f"example.com/behind-the-sofa\n{SIZE_AND_ROOT}\n"
    f"— example.com/behind-the-sofa {SIGNED}\n— witness.example.com/w1 {COSIGNED}\n"
)
GO = f"go.sum database tree\n{SIZE_AND_ROOT}\n— sum.golang.org {SIGNED}\n"
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

# A checkpoint of a certificate log, as a public witness cosigned it on 2 August 2026.
COACH = """coachandhorses2026h1.staging.certificate.transparency.goog
185550722
YXAM0VmnrfvLaBCOOYSJhCaE5F10oGBOo+hkbDa1kng=

— coachandhorses2026h1.staging.certificate.transparency.goog \
MpXgsHy8ZwxXnO+WjtVrPxAzL49Rs1gWTkNVNeEa//5peAzaocRCB3qt3EaibjzY5GILLtGgBP7dBhgcSHy+JQh0OAc=
— witness.navigli.sunlight.geomys.org \
o+AP4gAAAABqb7DzNrGFRJnQ9vrJ8xpnwZytnr/ZYczDIsvwvouiSjwOjn7a72ccxBk+lKnZ7dKqkYKER1s/KxLTaVwQD7lJZTC/CQ==
"""
NAVIGLI = "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G"

SEED = bytes(range(32))
LOG = SigningKey("example.com/launch", ED25519, SEED)
WITNESS = SigningKey("witness.example.com/press", COSIGNATURE, SEED[::-1])
POINT = Checkpoint("example.com/launch", 109_482, bytes(range(100, 132)))
AT_S = 1_750_946_401


def cosigned(*signatures: Signature) -> Note:
    made = sign_note(POINT.text, [LOG])
    return Note(made.text, made.signatures + signatures)


# Checkpoints


def test_the_specification_s_checkpoint_is_read() -> None:
    read = parse_note(SOFA.encode())
    point = parse_checkpoint(read.text)
    assert (point.origin, point.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert point.root == b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert point.text == read.text
    assert [(one.name, one.key_id.hex(), len(one.data)) for one in read.signatures] == [
        ("example.com/behind-the-sofa", "033de0ae", 64),
        ("witness.example.com/w1", "8d66cf3f", 72),
    ]
    assert int.from_bytes(read.signatures[1].data[:8], "big") == 1_679_315_147


def test_a_checkpoint_of_go_s_checksum_database_verifies() -> None:
    key = parse_verifier(GO_KEY)
    assert check_note(parse_note(GO.encode()), [key]) == [key]
    with pytest.raises(NoteInvalid):
        check_note(parse_note(GO.replace("20852163", "20852164").encode()), [key])


def test_lines_after_the_third_are_ignored_by_the_reader_and_kept_in_the_text() -> None:
    assert parse_checkpoint(POINT.text + "more\nand more\n") == POINT
    assert parse_checkpoint("go.sum database tree\n" + SIZE_AND_ROOT).origin == "go.sum database tree"


ROOT = b64encode(POINT.root).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "origin\n1\n",
        f"origin\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"origin\n1\n{ROOT}\n\n",
        f"origin\n1\n{ROOT}\n\nmore\n",
        f"origin\n\n1\n{ROOT}\n",
        *(
            f"origin\n{size}\n{ROOT}\n"
            for size in ("", "01", "-1", "+1", " 1", "1 ", "1e3", "1_0", "٣", "0x1", "9" * 19)
        ),
        *(f"origin\n1\n{root}\n" for root in (ROOT[:-1], ROOT + "=", ROOT.replace("=", "A"), "AAAA", " " + ROOT)),
        f"origin\n1\n{b64encode(bytes(33)).decode()}\n",
        f"origin\n1\n{ROOT[:-2]}{chr(ord(ROOT[-2]) + 1)}=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_checkpoint(text)


@settings(max_examples=60, deadline=None)
@given(
    origin=st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=40),
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
)
def test_any_checkpoint_survives_being_written_and_read(origin: str, size: int, root: bytes) -> None:
    point = Checkpoint(origin, size, root)
    assert parse_checkpoint(point.text) == point
    assert parse_checkpoint(parse_note(note_bytes(sign_note(point.text, [LOG]))).text) == point


# Cosignatures


def test_a_public_witness_s_cosignature_verifies_and_gives_its_time() -> None:
    key = parse_verifier(NAVIGLI)
    assert cosigned_at(parse_note(COACH.encode()), key) == 1_785_704_691
    other = COACH.replace("185550722", "185550723")
    with pytest.raises(NoteInvalid, match=re.escape("witness.navigli.sunlight.geomys.org+a3e00fe2 is not of this")):
        cosigned_at(parse_note(other.encode()), key)


def test_what_is_cosigned_is_what_the_specification_says() -> None:
    """Held against the library itself: the two lines of the head, then the whole text."""
    data = cosign(POINT.text, WITNESS, AT_S).data
    message = f"cosignature/v1\ntime {AT_S}\n{POINT.text}".encode()
    Ed25519PrivateKey.from_private_bytes(SEED[::-1]).public_key().verify(data[8:], message)
    assert data[:8] == AT_S.to_bytes(8, "big")


def test_a_cosigned_checkpoint_is_still_the_log_s_and_tells_who_saw_it_when() -> None:
    read = parse_note(note_bytes(cosigned(cosign(POINT.text, WITNESS, AT_S))))
    assert check_note(read, [LOG.verifier, WITNESS.verifier]) == [LOG.verifier]
    assert cosigned_at(read, WITNESS.verifier) == AT_S
    stranger = SigningKey("witness.example.com/other", COSIGNATURE, SEED).verifier
    assert cosigned_at(read, stranger) is None


def test_of_two_cosignatures_the_later_counts_and_a_false_one_spoils_both() -> None:
    early, late = (cosign(POINT.text, WITNESS, at_s) for at_s in (AT_S, AT_S + 60))
    assert cosigned_at(cosigned(late, early), WITNESS.verifier) == AT_S + 60
    false = Signature(early.name, early.key_id, (AT_S + 90).to_bytes(8, "big") + early.data[8:])
    with pytest.raises(NoteInvalid):
        cosigned_at(cosigned(early, false), WITNESS.verifier)


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 71), change=st.integers(1, 255))
def test_one_changed_byte_of_a_cosignature_or_its_time_is_refused(at: int, change: int) -> None:
    data = bytearray(cosign(POINT.text, WITNESS, AT_S).data)
    data[at] ^= change
    with pytest.raises(NoteInvalid):
        cosigned_at(cosigned(Signature(WITNESS.name, WITNESS.verifier.id, bytes(data))), WITNESS.verifier)


@pytest.mark.parametrize("data", [b"s", b"s" * 8, b"s" * 64, b"s" * 71, b"s" * 73, b"\xff" * 72])
def test_a_cosignature_of_another_length_or_of_no_time_is_refused(data: bytes) -> None:
    with pytest.raises(NoteInvalid):
        cosigned_at(cosigned(Signature(WITNESS.name, WITNESS.verifier.id, data)), WITNESS.verifier)


def test_a_witness_cosigns_checkpoints_alone_and_only_with_a_witness_s_key() -> None:
    with pytest.raises(NoteInvalid, match="no checkpoint"):
        cosign("a claim\n", WITNESS, AT_S)
    with pytest.raises(KeyInvalid, match=r"of type 1; allowed: 4 .*--witness"):
        cosign(POINT.text, LOG, AT_S)
    with pytest.raises(KeyInvalid):
        cosigned_at(cosigned(), LOG.verifier)
    for at_s in (-1, 2**63):
        with pytest.raises(NoteInvalid, match="clock"):
            cosign(POINT.text, WITNESS, at_s)


def test_a_signature_of_the_log_is_no_cosignature_of_the_same_public_key() -> None:
    """The two types sign different bytes and have different ids."""
    as_witness = VerifierKey(LOG.name, COSIGNATURE, LOG.verifier.public)
    assert cosigned_at(cosigned(), as_witness) is None
    forged = Signature(LOG.name, as_witness.id, bytes(8) + LOG.sign(POINT.text.encode()))
    with pytest.raises(NoteInvalid):
        cosigned_at(cosigned(forged), as_witness)


# Files of proofs

# The example of tlog-proof.md, with whole signatures and extra data where the page abbreviates.
SPEC_PROOF = f"""c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog {SIGNED}
— witness1.example {COSIGNED}
"""
CHECKPOINT = SPEC_PROOF.partition("\n\n")[2]


def test_the_specification_s_proof_is_read_and_written_byte_for_byte() -> None:
    proof = parse_tlog_proof(SPEC_PROOF.encode())
    assert (proof.index, proof.extra) == (73_894, b"age-v1.2.1-darwin-arm64.tar.gz")
    assert [b64encode(one).decode()[:4] for one in proof.hashes] == ["gSKy", "B95l", "EKNz", "Roop", "AHCi"]
    assert proof.checkpoint == CHECKPOINT.encode()
    assert tlog_proof_bytes(proof) == SPEC_PROOF.encode()


def test_a_proof_without_extra_data_and_of_a_single_entry_is_one() -> None:
    shortest = f"c2sp.org/tlog-proof@v1\nindex 0\n\n{CHECKPOINT}".encode()
    assert parse_tlog_proof(shortest) == TlogProof(0, (), CHECKPOINT.encode())
    assert tlog_proof_bytes(parse_tlog_proof(shortest)) == shortest


HASH = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"


@pytest.mark.parametrize(
    ("found", "instead", "why"),
    [
        ("@v1", "@v2", "first line"),
        ("c2sp.org/tlog-proof@v1\n", "", "first line"),
        ("index 73894\n", "", "index <number>"),
        ("index 73894\n", "index 073894\n", "the index"),
        ("index 73894\n", "index -1\n", "the index"),
        ("index 73894\n", "index  73894\n", "the index"),
        ("index 73894\n", "index 73894 \n", "the index"),
        ("index 73894\n", "Index 73894\n", "index <number>"),
        ("index 73894\n", f"index {10**19}\n", "the index"),
        ("\nextra YWdl", "\nextra !!!!", "extra data"),
        ("extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6", "extra ", "extra data"),
        ("extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6", "extra", "index <number>"),
        ("extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6", "extra " + "AAAA" * 21_846, "extra data"),
        (HASH, HASH[:-2] + "\n", "a hash"),
        (HASH, HASH[:-3] + "R=\n", "a hash"),
        (HASH, "AAAA\n", "a hash"),
        (HASH, HASH * 60, "64 hashes; allowed: 63"),
        (HASH, HASH.replace("\n", "\r\n"), "a hash"),
        (HASH, "é" + HASH, "first line"),
        (HASH, "\n" + HASH, "no checkpoint"),
        ("109482\n", "0109482\n", "the size"),
        ("\n\n— example", "\n— example", "the note is cut"),
    ],
)
def test_what_is_no_proof_is_refused_with_what_is_wrong(found: str, instead: str, why: str) -> None:
    assert found in SPEC_PROOF
    with pytest.raises((ProofInvalid, NoteInvalid)) as caught:
        parse_tlog_proof(SPEC_PROOF.replace(found, instead, 1).encode())
    assert why in str(caught.value)


def test_a_proof_that_is_too_long_or_cut_anywhere_is_refused() -> None:
    with pytest.raises(ProofInvalid, match="allowed"):
        parse_tlog_proof(SPEC_PROOF.encode() + b"a" * 200_000)
    whole = SPEC_PROOF.encode()
    lines = {at for at, byte in enumerate(whole, 1) if byte == ord("\n")}
    for end in range(len(whole)):
        if end in lines and end > whole.index(b"\n\n", whole.index(b"\n\n") + 2) + 2:
            continue  # without its last signatures it is a proof all the same
        with pytest.raises(ProofError):
            parse_tlog_proof(whole[:end])


def test_no_proof_is_written_that_would_not_be_read() -> None:
    good = parse_tlog_proof(SPEC_PROOF.encode())
    for index, hashes, checkpoint in (
        (-1, good.hashes, good.checkpoint),
        (0, (b"short",), good.checkpoint),
        (0, good.hashes * 13, good.checkpoint),
        (0, good.hashes, b"no note"),
    ):
        with pytest.raises(ProofError):
            tlog_proof_bytes(TlogProof(index, hashes, checkpoint))


@settings(max_examples=60, deadline=None)
@given(
    index=st.integers(0, 2**63 - 1),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    extra=st.binary(max_size=300),
)
def test_any_proof_survives_being_written_and_read(index: int, hashes: list[bytes], extra: bytes) -> None:
    proof = TlogProof(index, tuple(hashes), CHECKPOINT.encode(), extra)
    assert parse_tlog_proof(tlog_proof_bytes(proof)) == proof


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(SPEC_PROOF.encode()) - 1), change=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_seen(at: int, change: int) -> None:
    """Two files never mean the same: nobody can say of a changed one that it is what was handed out."""
    data = bytearray(SPEC_PROOF.encode())
    data[at] ^= change
    try:
        changed = parse_tlog_proof(bytes(data))
    except ProofError:
        return
    assert changed != parse_tlog_proof(SPEC_PROOF.encode())
