"""Claims and receipts: what is written reads back, and what was changed anywhere is refused."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import ClaimInvalid, EntryInvalid, NoteInvalid, ProofError, ProofInvalid
from drumroll.proof.checkpoint import Checkpoint
from drumroll.proof.claim import LABELS, make_claim, parse_claim, slug_of
from drumroll.proof.entry import LaunchEntry, opening, parse_entry
from drumroll.proof.merkle import Frontier, inclusion_proof, leaf_hash
from drumroll.proof.note import check_note, note_bytes, parse_note, sign_note
from drumroll.proof.receipt import check_fields, check_included, parse_receipt
from drumroll.proof.statement import parse_statement
from drumroll.proof.tlog_proof import TlogProof, tlog_proof_bytes
from tests.proof.publishing import FACTS, KEY, ORIGIN, Launch, fields_of
from tests.proof.test_statement import statements

CHECKPOINT = Checkpoint(ORIGIN, 601_234, bytes(range(32)))
CLAIM = make_claim(parse_statement("289,000 firm orders of yu7 in the first hour"), 289_000, FACTS, CHECKPOINT)
ENTRIES = Launch(seed=9).go_on(60).entries


def root_of(entries: list[bytes]) -> bytes:
    tree = Frontier()
    tree.extend([leaf_hash(entry) for entry in entries])
    return tree.root()


def receipt_of(index: int, entries: list[bytes] = ENTRIES, **changed: object) -> bytes:
    """The receipt of an entry of ``Launch``; ``changed``: other extra data."""
    note = note_bytes(sign_note(Checkpoint(ORIGIN, len(entries), root_of(entries)).text, [KEY]))
    fields = (
        []
        if entries[index].startswith(b"launch")
        else opening(*fields_of(entries[index].split(b" ")[0].decode(), f"order-{index}"), frozenset())
    )
    extra = {"entry": entries[index].decode(), "fields": fields} | changed
    hashes = inclusion_proof(
        index, len(entries), lambda height, at: root_of(entries[at << height : (at + 1) << height])
    )
    return tlog_proof_bytes(TlogProof(index, tuple(hashes), note, msgspec.json.encode(extra)))


def test_a_claim_is_ten_lines_that_anybody_can_read() -> None:
    assert CLAIM.text == (
        "drumroll claim/v1\n"
        "log.example.com/yu7\n"
        "601234\n"
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
        "claim: firm orders of yu7 in the first hour\n"
        "value: 289000\n"
        "unit: orders\n"
        "from: 2025-06-26T14:00:00Z\n"
        "until: 2025-06-26T15:00:00Z\n"
        f"definition: {CLAIM.definition}\n"
    )
    assert slug_of(CLAIM.statement) == "firm-orders-of-yu7-in-the-first-hour"


@settings(max_examples=60, deadline=None)
@given(text=statements, value=st.integers(0, 10**24))
def test_every_claim_reads_back_as_it_was_made(text: str, value: int) -> None:
    claim = make_claim(parse_statement(text), value, FACTS, CHECKPOINT)
    note = parse_note(note_bytes(sign_note(claim.text, [KEY])))
    assert check_note(note, [KEY.verifier]) == [KEY.verifier]
    assert parse_claim(note.text) == claim
    assert re.fullmatch(r"[a-z0-9-]{1,80}", slug_of(claim.statement))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_claim_with_any_byte_changed_is_not_signed(data: st.DataObject) -> None:
    signed = note_bytes(sign_note(CLAIM.text, [KEY]))
    at = data.draw(st.integers(0, len(signed) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != signed[at]))
    with pytest.raises(NoteInvalid):
        check_note(parse_note(signed[:at] + bytes((byte,)) + signed[at + 1 :]), [KEY.verifier])


@pytest.mark.parametrize("line", range(10))
def test_a_line_of_a_claim_that_is_wrong_or_missing_is_refused(line: int) -> None:
    lines = CLAIM.text.split("\n")
    for other in ("", lines[line] + "\n" + lines[line], *(() if line == 1 else ("x",))):
        with pytest.raises(ClaimInvalid):
            parse_claim("\n".join([*lines[:line], *([other] if other else []), *lines[line + 1 :]]))


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ("value: 289000", "value: 289,000", "289,000"),
        ("value: 289000", "value: -1", "-1"),
        ("value: 289000", "value: 0289000", "0289000"),
        ("in the first hour\n", "in the first 1 hour\n", "must be written"),
        ("claim: firm", "claim: Firm", "must be written"),
        ("claim: firm", "claim: 289,000 firm", "must be written"),
        ("claim: firm", "claim: paid", "paid"),
        ("\n601234\n", "\n0601234\n", "0601234"),
    ],
)
def test_a_claim_has_one_way_to_be_written(was: str, now: str, why: str) -> None:
    assert was in CLAIM.text
    with pytest.raises(ClaimInvalid, match=why):
        parse_claim(CLAIM.text.replace(was, now))


def test_facts_that_would_add_lines_to_a_claim_make_none() -> None:
    facts = msgspec.structs.replace(FACTS, time_zone="Asia/Shanghai\nvalue: 1")
    with pytest.raises(ClaimInvalid):
        make_claim(parse_statement("firm orders in the first hour"), 1, facts, CHECKPOINT)
    assert [line.partition(": ")[0] for line in CLAIM.text.split("\n")[4:10]] == list(LABELS)


# Receipts


@pytest.mark.parametrize("index", [0, 1, 17, 60])
def test_a_receipt_reads_back_and_holds(index: int) -> None:
    receipt = parse_receipt(receipt_of(index))
    check_note(receipt.note, [KEY.verifier])
    check_included(receipt)
    assert (receipt.index, receipt.data) == (index, ENTRIES[index])
    if isinstance(receipt.entry, LaunchEntry):
        assert check_fields(receipt) == {}
    else:
        assert check_fields(receipt)["order"] == f"order-{index}"


def test_a_receipt_of_the_launch_opens_nothing() -> None:
    with pytest.raises(EntryInvalid):
        check_fields(parse_receipt(receipt_of(0, fields=opening(*fields_of("firm", "order-0"), frozenset()))))


def test_a_receipt_with_another_entry_or_place_or_field_is_refused() -> None:
    with pytest.raises(ProofInvalid):
        check_included(parse_receipt(receipt_of(17, entry=ENTRIES[18].decode())))
    moved = receipt_of(17).replace(b"index 17", b"index 18")
    with pytest.raises(ProofInvalid):
        check_included(parse_receipt(moved))
    fields = opening(*fields_of(parse_entry(ENTRIES[17]).kind, "order-17"), frozenset())
    for others in ([], fields[::-1], fields[:-1], [msgspec.structs.replace(fields[0], value="order-1"), *fields[1:]]):
        with pytest.raises(EntryInvalid):
            check_fields(parse_receipt(receipt_of(17, fields=others)))


@pytest.mark.parametrize("extra", [{"entry": 5}, {"entry": "hello"}, {"entry": "\ud800"}, {"fields": [{}] * 65}])
def test_a_receipt_whose_extra_data_are_none_is_refused(extra: dict[str, object]) -> None:
    if extra.get("entry") == "\ud800":
        data = receipt_of(17, entry="x").replace(b'"x"', b'"\\ud800"')
    else:
        data = receipt_of(17, **extra)
    with pytest.raises(ProofError):
        parse_receipt(data)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_receipt_with_any_byte_changed_never_holds(data: st.DataObject) -> None:
    whole = receipt_of(17)
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    with pytest.raises(ProofError):
        check(whole[:at] + bytes((byte,)) + whole[at + 1 :])


def check(data: bytes) -> None:
    receipt = parse_receipt(data)
    check_note(receipt.note, [KEY.verifier])
    check_included(receipt)
    check_fields(receipt)
