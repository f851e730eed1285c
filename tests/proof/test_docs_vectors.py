"""docs/transparency-log.md is true: its vectors hold, its tables are complete, its grammar and statements are read."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from hashlib import blake2b, sha256
from pathlib import Path
from textwrap import dedent

from drumroll.proof import statement
from drumroll.proof.claim import make_claim, parse_claim
from drumroll.proof.entry import (
    KINDS,
    Entry,
    LaunchEntry,
    Opened,
    bytes_of,
    check_opening,
    commitment,
    entry_bytes,
    field_digest,
    parse_entry,
    salts,
    tag,
)
from drumroll.proof.merkle import leaf_hash
from drumroll.proof.sample import draw
from drumroll.proof.statement import parse_statement
from tests.proof import independent

PAGE = (Path(__file__).parent.parent.parent / "docs" / "transparency-log.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


VECTOR, DRAWN = (json.loads(text) for text in blocks("json"))
BLINDING = bytes.fromhex(VECTOR["blinding_key_hex"])
FIELDS = [(field["name"], field["value"]) for field in VECTOR["fields"]]


def text_of(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def test_the_vector_of_the_page_is_what_drumroll_makes() -> None:
    assert tag(BLINDING, b"order", VECTOR["order"]) == VECTOR["order_tag"]
    assert tag(BLINDING, b"customer", VECTOR["customer"]) == VECTOR["customer_tag"]
    made = salts(BLINDING, VECTOR["position"], VECTOR["number"], len(FIELDS))
    digests = [field_digest(salt, *field) for salt, field in zip(made, FIELDS, strict=True)]
    for field, salt, digest in zip(VECTOR["fields"], made, digests, strict=True):
        assert (bytes_of(field["salt"]), bytes_of(field["digest"])) == (salt, digest)
    assert commitment(digests) == VECTOR["commitment"]
    entry = parse_entry(VECTOR["entry"].encode())
    assert isinstance(entry, Entry)
    assert entry_bytes(entry).decode() == VECTOR["entry"]
    clear = (entry.order, entry.customer, entry.commitment)
    assert clear == (VECTOR["order_tag"], VECTOR["customer_tag"], VECTOR["commitment"])
    assert leaf_hash(VECTOR["entry"].encode()).hex() == VECTOR["leaf_hash_hex"]


def test_the_vector_of_the_page_follows_from_its_words_alone() -> None:
    def blake(data: bytes, size: int, person: bytes) -> bytes:
        return blake2b(data, key=BLINDING, digest_size=size, person=person).digest()

    assert text_of(blake(VECTOR["order"].encode(), 12, b"order")) == VECTOR["order_tag"]
    assert text_of(blake(VECTOR["customer"].encode(), 12, b"customer")) == VECTOR["customer_tag"]
    place = VECTOR["position"].to_bytes(8, "big") + VECTOR["number"].to_bytes(4, "big")
    part = blake(place + b"\x00", 64, b"salt")
    joined = b""
    for at, field in enumerate(VECTOR["fields"]):
        salt = part[16 * at : 16 * at + 16]
        digest = sha256(salt + f"{field['name']}={field['value']}".encode()).digest()
        assert (text_of(salt), text_of(digest)) == (field["salt"], field["digest"])
        joined += digest
    assert text_of(sha256(joined).digest()) == VECTOR["commitment"]
    assert sha256(b"\x00" + VECTOR["entry"].encode()).hexdigest() == VECTOR["leaf_hash_hex"]


def test_each_field_of_the_vector_opens_alone_for_both() -> None:
    entry, alone = parse_entry(VECTOR["entry"].encode()), independent.Entry(VECTOR["entry"].encode())
    assert isinstance(entry, Entry)
    for shown, value in FIELDS:
        opened = [
            {"name": field["name"], "value": field["value"], "salt": field["salt"], "digest": ""}
            if field["name"] == shown
            else {"name": "", "value": "", "salt": "", "digest": field["digest"]}
            for field in VECTOR["fields"]
        ]
        assert check_opening(entry, [Opened(**field) for field in opened]) == {shown: value}
        assert alone.open(opened) == {shown: value}


def test_the_drawn_places_of_the_page_are_drawn_by_both() -> None:
    asked = (bytes.fromhex(DRAWN["root_hex"]), DRAWN["random"], DRAWN["population"], DRAWN["n"])
    assert draw(*asked) == independent.draw(*asked) == DRAWN["places"]


def test_the_examples_of_entries_are_entries() -> None:
    lines = [text.removesuffix("\n") for text in blocks("") if text.startswith(("firm ", "launch "))]
    found = [parse_entry(line.encode()) for line in lines]
    assert [type(one) for one in found] == [Entry, LaunchEntry]
    assert [entry_bytes(one).decode() for one in found] == lines
    assert [independent.Entry(line.encode()).text for line in lines] == lines


def table() -> dict[str, tuple[str, ...]]:
    """The fields of each kind, as the page has them."""
    found: dict[str, tuple[str, ...]] = {}
    part = PAGE.partition("| kind | what happened |")[2].partition("\n\n")[0]
    for kinds, _, fields in re.findall(r"^\| (`[^|]+) \| ([^|]+) \| ([^|]+) \|$", part, re.MULTILINE):
        names = tuple(re.findall(r"`(\w+)`", fields))
        if fields.startswith("as "):
            names = (*found["reserved"], *names[1:])
        found |= dict.fromkeys(re.findall(r"`(\w+)`", kinds), names)
    return found


def test_the_table_of_kinds_is_complete() -> None:
    assert set(table()) == set(KINDS)
    assert table() == independent.FIELDS


def test_the_grammar_of_the_page_is_that_of_the_code() -> None:
    assert statement.__doc__ is not None
    grammar = next(text for text in blocks("") if text.startswith("statement = "))
    assert grammar.rstrip() in dedent(
        statement.__doc__.replace("What can be", "    What can be").partition("Windows")[0]
    )


def test_every_statement_that_would_have_settled_it_can_be_claimed() -> None:
    rows = [line for line in PAGE.partition("## How a claim")[2].splitlines() if line.startswith("| ")][1:]
    texts = [text for row in rows for text in re.findall("`([^`]+)`", row)]
    assert len(texts) > 15
    for text in texts:
        normal = parse_statement(text).text
        assert independent.STATEMENT.fullmatch(normal), text
        assert parse_statement(normal).text == normal


def test_the_claim_of_the_page_is_what_drumroll_would_sign() -> None:
    text = next(text for text in blocks("") if text.startswith("drumroll claim/v1"))
    launch = parse_entry(next(text for text in blocks("") if text.startswith("launch ")).strip().encode())
    assert isinstance(launch, LaunchEntry)
    found = parse_claim(text)
    assert make_claim(found.statement, found.value, launch.facts, found.checkpoint).text == text
    checkpoint, said = independent.parse_claim(text)
    assert (checkpoint.size, int(said["value"])) == (found.checkpoint.size, found.value)
