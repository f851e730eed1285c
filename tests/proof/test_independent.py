"""drumroll and a verifier that shares no code with it agree: on what holds, and on every byte that was changed."""

from __future__ import annotations

import ast
import base64
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import DrumrollError, ProofError
from drumroll.proof import merkle
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.cosignature import cosign, cosigned_at
from drumroll.proof.note import (
    COSIGNATURE,
    ED25519,
    Note,
    SigningKey,
    VerifierKey,
    check_note,
    note_bytes,
    parse_note,
    parse_verifier,
    sign_note,
)
from drumroll.proof.tiles import Growing, Tile, TileNodes, tile_path, unbundle
from drumroll.proof.tlog_proof import TlogProof, parse_tlog_proof, tlog_proof_bytes
from tests.proof import independent as alone

SOURCE = Path(alone.__file__)
RFC_8032 = [  # Section 7.1: secret key, public key, message, signature.
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
]


def test_the_independent_verifier_shares_no_code_with_drumroll() -> None:
    imported = {
        name.split(".")[0]
        for found in ast.walk(ast.parse(SOURCE.read_text()))
        for name in (
            [alias.name for alias in found.names]
            if isinstance(found, ast.Import)
            else [found.module or ""]
            if isinstance(found, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {"cryptography", *sys.stdlib_module_names}


# Ed25519


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032, ids=["1", "2", "3", "sha-abc"])
def test_the_vectors_of_rfc_8032_hold_for_both(secret: str, public: str, message: str, signature: str) -> None:
    key = SigningKey("example.com/vectors", ED25519, bytes.fromhex(secret))
    assert key.verifier.public.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    for holds in (key.verifier.verifies, lambda m, s: alone.ed25519_holds(bytes.fromhex(public), m, s)):
        assert holds(bytes.fromhex(message), bytes.fromhex(signature))
        assert not holds(bytes.fromhex(message) + b"!", bytes.fromhex(signature))


@settings(max_examples=8, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=80), data=st.data())
def test_a_changed_byte_of_a_signature_key_or_message_is_refused_by_both(
    seed: bytes, message: bytes, data: st.DataObject
) -> None:
    key = SigningKey("example.com/log", ED25519, seed)
    signature, public = key.sign(message), key.verifier.public
    assert alone.ed25519_holds(public, message, signature)
    wrong = changed(data, signature)
    assert not alone.ed25519_holds(public, message, wrong)
    assert not key.verifier.verifies(message, wrong)
    other = changed(data, public)
    assert not alone.ed25519_holds(other, message, signature)
    assert not VerifierKey(key.name, ED25519, other).verifies(message, signature)


# Merkle proofs


def leaves_of(count: int) -> list[bytes]:
    return [alone.leaf_hash(b"leaf %d" % number) for number in range(count)]


def nodes_of(leaves: list[bytes]) -> merkle.NodeOf:
    return lambda height, index: alone.tree_hash(leaves[index << height : (index + 1) << height])


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]), RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = alone.split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), alone.tree_hash(leaves[k:])]
    return [*path(index - k, leaves[k:]), alone.tree_hash(leaves[:k])]


def subproof(old: int, leaves: list[bytes], known: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b), RFC 6962 section 2.1.2, word for word."""
    if old == len(leaves):
        return [] if known else [alone.tree_hash(leaves)]
    k = alone.split(len(leaves))
    if old <= k:
        return [*subproof(old, leaves[:k], known), alone.tree_hash(leaves[k:])]
    return [*subproof(old - k, leaves[k:], False), alone.tree_hash(leaves[:k])]


def holds(check: Callable[..., object], *arguments: object) -> bool:
    try:
        check(*arguments)
    except (ProofError, alone.Fault):
        return False
    return True


def both(name: str, *arguments: object) -> bool:
    """Whether drumroll and the independent verifier accept this; they must agree."""
    found = [holds(getattr(module, name), *arguments) for module in (merkle, alone)]
    assert found[0] == found[1], f"{name}: drumroll says {found[0]}, the independent verifier {found[1]}"
    return found[0]


def changed(data: st.DataObject, value: bytes) -> bytes:
    at = data.draw(st.integers(0, len(value) - 1))
    return value[:at] + bytes([value[at] ^ data.draw(st.integers(1, 255))]) + value[at + 1 :]


def one_changed(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    """A proof with one byte changed, one hash more, one less, or two exchanged."""
    at = data.draw(st.integers(0, len(proof) - 1))
    return data.draw(
        st.sampled_from(
            [
                [*proof[:at], changed(data, proof[at]), *proof[at + 1 :]],
                [*proof[:at], *proof[at + 1 :]],
                [*proof[:at], proof[at], *proof[at:]],
                [*proof, alone.sha256(b"more")],
                [*proof[:at], proof[at][:-1], *proof[at + 1 :]],
                [proof[at], *proof[:at], *proof[at + 1 :]] if at else [*proof, proof[0]],
            ]
        )
    )


def try_inclusion(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    root, leaf = alone.tree_hash(leaves), leaves[index]
    proof = merkle.inclusion_proof(index, size, nodes_of(leaves))
    assert merkle.root(size, nodes_of(leaves)) == root
    assert proof == path(index, leaves)
    assert both("check_inclusion", leaf, index, size, proof, root)
    assert not both("check_inclusion", changed(data, leaf), index, size, proof, root)
    assert not both("check_inclusion", leaf, index, size, proof, changed(data, root))
    other = data.draw(st.integers(-1, size + 1).filter(lambda at: at != index))
    assert not both("check_inclusion", leaf, other, size, proof, root)
    if proof:
        assert not both("check_inclusion", leaf, index, size, one_changed(data, proof), root)
    # A root does not say its size (a signed checkpoint does): another size may fit, but then for both.
    both("check_inclusion", leaf, index, data.draw(st.integers(-1, 2 * size + 2)), proof, root)


def try_consistency(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    old = data.draw(st.integers(0, size))
    root, old_root = alone.tree_hash(leaves), alone.tree_hash(leaves[:old])
    proof = merkle.consistency_proof(old, size, nodes_of(leaves))
    assert proof == (subproof(old, leaves) if old else [])
    assert both("check_consistency", old, old_root, size, root, proof)
    assert not both("check_consistency", old, changed(data, old_root), size, root, proof)
    if old:
        assert not both("check_consistency", old, old_root, size, changed(data, root), proof)
    if proof:
        assert not both("check_consistency", old, old_root, size, root, one_changed(data, proof))
    assert not both("check_consistency", old, old_root, size, root, [*proof, root])
    both("check_consistency", data.draw(st.integers(-1, size + 1)), old_root, size, root, proof)
    both("check_consistency", old, old_root, data.draw(st.integers(-1, 2 * size + 2)), root, proof)


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 70), data=st.data())
def test_every_inclusion_proof_verifies_and_every_changed_byte_is_refused_by_both(
    size: int, data: st.DataObject
) -> None:
    try_inclusion(size, data)


@settings(max_examples=40, deadline=None)
@given(size=st.integers(0, 70), data=st.data())
def test_every_consistency_proof_verifies_and_every_changed_byte_is_refused_by_both(
    size: int, data: st.DataObject
) -> None:
    try_consistency(size, data)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(size=st.integers(1, 700), data=st.data())
def test_many_more_proofs_verify_and_are_refused_alike(size: int, data: st.DataObject) -> None:
    try_inclusion(size, data)
    try_consistency(size, data)


def test_all_pairs_of_small_trees_are_consistent_for_both() -> None:
    leaves = leaves_of(20)
    for size in range(21):
        for old in range(size + 1):
            proof = merkle.consistency_proof(old, size, nodes_of(leaves[:size]))
            assert both(
                "check_consistency", old, alone.tree_hash(leaves[:old]), size, alone.tree_hash(leaves[:size]), proof
            )


@settings(max_examples=5, deadline=None)
@given(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=4))
def test_tiles_grown_in_steps_are_those_that_the_definition_gives(sizes: list[int]) -> None:
    growing, files, total = Growing(), {}, 0
    entries: list[bytes] = []
    for count in sizes:
        more = [b"leaf %d" % number for number in range(total, total + count)]
        total += count
        entries += more
        files |= {tile_path(tile): data for tile, data in growing.extend([alone.leaf_hash(one) for one in more])}
    files |= {tile_path(tile): data for tile, data in growing.partials()}
    tree = alone.Tree(entries)
    assert files == {
        alone.tile_name(level, at // 256, min(256, len(hashes) - at)): b"".join(hashes[at : at + 256])
        for level, hashes in enumerate(tree.levels)
        for at in range(0, len(hashes), 256)
    }
    assert growing.root() == tree.root(total)
    for size in {total, total * 2 // 3, total // 300 * 256}:
        nodes = TileNodes(size, lambda tile: files_prefix(tree, tile))
        assert merkle.root(size, nodes) == tree.root(size)


def files_prefix(tree: alone.Tree, tile: Tile) -> bytes:
    return b"".join(tree.levels[tile.level][tile.index * 256 : tile.index * 256 + tile.width])


@pytest.mark.parametrize("index", [0, 1, 999, 1000, 1234067, 999_999, 1_000_000, 10**12 + 5])
@pytest.mark.parametrize("width", [256, 1, 255])
def test_both_give_a_tile_the_same_name(index: int, width: int) -> None:
    for level, word in [(-1, "entries"), (0, 0), (7, 7)]:
        assert tile_path(Tile(level, index, width)) == alone.tile_name(word, index, width)


@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=12))
def test_both_read_any_bytes_as_the_same_bundle(data: bytes) -> None:
    def read(how: Callable[[bytes], list[bytes]]) -> list[bytes] | None:
        try:
            return how(data)
        except (ProofError, alone.Fault):
            return None

    drumrolls, independents = read(unbundle), read(lambda data: alone.unbundle(data, "a bundle"))
    assert drumrolls == independents


# Notes, checkpoints, cosignatures


KEY = SigningKey("example.com/launch", ED25519, bytes(range(32)))
WITNESS = SigningKey("witness.example/w1", COSIGNATURE, bytes(range(1, 33)))
LEAVES = leaves_of(20)
CHECKPOINT = Checkpoint("example.com/launch", 20, alone.tree_hash(LEAVES))


def keys() -> list[alone.Key]:
    return [alone.Key(KEY.verifier.text), alone.Key(WITNESS.verifier.text)]


def cosigned(at_s: int = 1_750_946_460) -> bytes:
    note = sign_note(CHECKPOINT.text, [KEY])
    return note_bytes(Note(note.text, (*note.signatures, cosign(note.text, WITNESS, at_s))))


def drumroll_accepts(data: bytes) -> bool:
    """As strictly as the independent verifier: signed by the log, and cosigned."""
    try:
        note = parse_note(data)
        check_note(note, [KEY.verifier])
        parse_checkpoint(note.text)
        return cosigned_at(note, WITNESS.verifier) is not None
    except DrumrollError:
        return False


def independent_accepts(data: bytes) -> bool:
    try:
        note, _ = alone.signed_checkpoint(data, keys(), alone.quick_ed25519_holds)
        return len({key.name for key, _ in note.signed_by(keys(), alone.quick_ed25519_holds)}) == 2
    except alone.Fault:
        return False


def test_what_drumroll_signs_and_cosigns_holds_independently() -> None:
    note, checkpoint = alone.signed_checkpoint(cosigned(), keys())
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (CHECKPOINT.origin, 20, CHECKPOINT.root)
    assert [at_s for _, at_s in note.signed_by(keys())] == [None, 1_750_946_460]


def test_what_is_signed_and_cosigned_without_drumroll_holds_for_it() -> None:
    text = CHECKPOINT.text.encode()
    at_s = 1_750_946_500
    lines = [text, b"\n"]
    for key, message, before in (
        (KEY, text, b""),
        (WITNESS, b"cosignature/v1\ntime %d\n" % at_s + text, at_s.to_bytes(8, "big")),
    ):
        private = Ed25519PrivateKey.from_private_bytes(key.seed)
        public = bytes([key.kind]) + private.public_key().public_bytes_raw()
        identity = hashlib.sha256(key.name.encode() + b"\n" + public).digest()[:4]
        signature = base64.b64encode(identity + before + private.sign(message)).decode()
        lines.append(f"— {key.name} {signature}\n".encode())
        assert parse_verifier(f"{key.name}+{identity.hex()}+{base64.b64encode(public).decode()}") == key.verifier
    note = parse_note(b"".join(lines))
    assert check_note(note, [KEY.verifier]) == [KEY.verifier]
    assert cosigned_at(note, WITNESS.verifier) == at_s


def test_every_changed_byte_of_a_checkpoint_is_refused_by_both() -> None:
    data = cosigned()
    assert drumroll_accepts(data)
    assert independent_accepts(data)
    for at in range(len(data)):
        for bit in (1, 32, 128):
            wrong = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            assert not drumroll_accepts(wrong), f"drumroll accepts byte {at} changed by {bit}"
            assert not independent_accepts(wrong), f"the independent verifier accepts byte {at} changed by {bit}"


def test_every_byte_left_out_of_or_put_into_a_checkpoint_is_refused_by_both() -> None:
    data = cosigned()
    for at in range(len(data)):
        for wrong in (data[:at] + data[at + 1 :], data[:at] + b"\n" + data[at:], data[:at]):
            if wrong != data:
                assert not drumroll_accepts(wrong)
                assert not independent_accepts(wrong)


def test_the_key_of_the_documentation_of_signed_notes_in_go_is_read_alike() -> None:
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert parse_verifier(text).public == alone.Key(text).public


# Receipts' outer form


@settings(max_examples=12, deadline=None)
@given(index=st.integers(0, 19), data=st.data())
def test_a_proof_file_that_drumroll_writes_holds_and_no_changed_byte_does(index: int, data: st.DataObject) -> None:
    proof = merkle.inclusion_proof(index, 20, nodes_of(LEAVES))
    whole = tlog_proof_bytes(TlogProof(index, tuple(proof), cosigned(), b'{"entry":"e"}'))
    assert included(whole, index) == (True, True)
    first = whole.index(b"\nindex ") + 1  # What is before it is the version and the extra data, which proves nothing.
    at = data.draw(st.integers(first, len(whole) - 1))
    bit = data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
    wrong = whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]
    assert included(wrong, index) == (False, False)


def included(whole: bytes, index: int) -> tuple[bool, bool]:
    """What drumroll and the independent verifier say of leaf ``index`` of the 20, in a proof file."""

    def drumrolls() -> None:
        proof = parse_tlog_proof(whole)
        if not drumroll_accepts(proof.checkpoint):
            raise alone.Fault("not signed")
        checkpoint = parse_checkpoint(parse_note(proof.checkpoint).text)
        merkle.check_inclusion(LEAVES[index], proof.index, checkpoint.size, proof.hashes, checkpoint.root)

    def independents() -> None:
        receipt = alone.Receipt(whole)
        alone.require(independent_accepts(receipt.checkpoint), "not signed")
        checkpoint = alone.Checkpoint(alone.Note(receipt.checkpoint).text)
        alone.check_inclusion(LEAVES[index], receipt.index, checkpoint.size, receipt.path, checkpoint.root)

    return holds(drumrolls), holds(independents)
