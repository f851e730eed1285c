"""``drumroll verify`` as a journalist runs it: on what is true, and on every way in which a log was cheated with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from drumroll.cli.verify import verify
from drumroll.errors import DrumrollError
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.claim import make_claim
from drumroll.proof.entry import BYTES_MOST, Entry, entry_bytes, opening, parse_entry, tag
from drumroll.proof.merkle import inclusion_proof
from drumroll.proof.note import ED25519, SigningKey, note_bytes, parse_note, sign_note
from drumroll.proof.sample import Sample, sample_bytes
from drumroll.proof.statement import parse_statement
from drumroll.proof.tiles import Tile, TileNodes, tile_path
from drumroll.proof.tlog_proof import TlogProof, tlog_proof_bytes
from drumroll.transparency.sampling import leaves_of, population_of
from drumroll.transparency.sources import open_published
from tests.proof.publishing import (
    BLINDING,
    FACTS,
    KEY,
    ORIGIN,
    OTHER_KEY,
    WITNESS,
    Launch,
    fields_of,
    launch_entry,
    publish,
    publish_bundles,
    write,
)
from tests.proof.test_recount import naive

SIZES = (300, 1_000, 1_700, 2_500)
ENTRIES = Launch(seed=11).go_on(3_000).entries
AT = 1_234
"""Where the log is cheated with: between the checkpoints of 1,000 and 1,700 entries."""

STATEMENT = parse_statement("reserved orders in the first hour")


def claimed(
    log: Path, value: int | None = None, key: Any = KEY, text: str = "reserved orders in the first hour"
) -> bytes:
    """The claim of a log that was not verified, as somebody might make it who lies."""
    checkpoint = parse_checkpoint(parse_note((log / "checkpoint").read_bytes()).text)
    statement = parse_statement(text)
    value = naive(statement, ENTRIES[: checkpoint.size]) if value is None else value
    return note_bytes(sign_note(make_claim(statement, value, FACTS, checkpoint).text, [key]))


def receipt_of(log: Path, index: int) -> bytes:
    published = open_published(str(log))
    note = published.checkpoint()
    size = parse_checkpoint(parse_note(note).text).size
    entry = [one for part in published.entries(size) for one in part][index]
    fields = opening(*fields_of(parse_entry(entry).kind, f"order-{index}"), frozenset())
    extra = msgspec.json.encode({"entry": entry.decode(), "fields": fields})
    hashes = inclusion_proof(index, size, TileNodes(size, published.tile))
    return tlog_proof_bytes(TlogProof(index, tuple(hashes), note, extra))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A true log, its claim and a receipt."""
    folder = tmp_path_factory.mktemp("made")
    last_s = parse_entry(ENTRIES[1_699]).at_ms // 1_000 + 2
    publish(folder / "log", ENTRIES, sizes=SIZES, cosigned={1_700: last_s})
    write(folder / "claim.txt", claimed(folder / "log"))
    firm = next(at for at, entry in enumerate(ENTRIES) if at > 500 and entry.startswith(b"firm"))
    write(folder / "receipt.tlog-proof", receipt_of(folder / "log", firm))
    write(folder / "key.txt", KEY.verifier.text.encode() + b"\n")
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(verify, [str(word) for word in words])


def found(*words: object) -> dict[str, Any]:
    """What ``--json`` says; a claim that does not hold ends with 1."""
    result = run(*words, "--json")
    assert not isinstance(result.exception, Exception), result.exception
    said: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if said["holds"] else 1)
    return said


def refused(*words: object) -> str:
    result = run(*words)
    assert isinstance(result.exception, DrumrollError), (result.output, result.exception)
    return str(result.exception)


# What is true


def test_a_true_claim_holds_and_says_what_is_proven_and_what_is_not(made: Path) -> None:
    result = run(made / "claim.txt", "--log", made / "log", "--key", made / "key.txt")
    assert result.exit_code == 0, result.output
    value = naive(STATEMENT, ENTRIES)
    said = " ".join(result.output.split())
    assert f"Counted anew, the entries give {value:,}: the claim says {value:,}." in said
    for part in ("This proves", "This does not prove", "real person's order", "It holds.", "--witness", STATEMENT.text):
        assert part in said
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize(
    "text",
    [
        "firm orders of yu7 in the first 10 minutes net of cancellations",
        "customers with firm orders",
        "deposits held",
        "orders in state in_production at 2025-06-26T14:20:00Z",
        "standing orders of yu7-max",
    ],
)
def test_true_claims_of_every_kind_hold_and_wrong_ones_are_found_out(made: Path, tmp_path: Path, text: str) -> None:
    value = naive(parse_statement(text), ENTRIES)
    for claimed_value, holds in ((value, True), (value + 1, False)):
        write(tmp_path / "claim.txt", claimed(made / "log", claimed_value, text=text))
        said = found(tmp_path / "claim.txt", "--log", made / "log", "--key", KEY.verifier.text)
        assert (said["holds"], said["counted"]) == (holds, value)
        assert [one["code"] for one in said["findings"]] == ([] if holds else ["value"])


def test_a_claim_holds_when_the_log_has_gone_on(made: Path, tmp_path: Path) -> None:
    publish(tmp_path / "log", Launch(seed=11).go_on(3_000).go_on(800).entries, sizes=[*SIZES, len(ENTRIES), 3_300])
    said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    assert said["holds"]
    assert (said["entries"], said["checkpoints"]) == (3_801, 7)
    assert found(made / "receipt.tlog-proof", "--log", tmp_path / "log", "--key", made / "key.txt")["holds"]
    assert found(made / "log" / "checkpoint", "--log", tmp_path / "log", "--key", made / "key.txt")["holds"]


def test_a_receipt_holds_offline_with_the_key_alone(made: Path) -> None:
    said = found(made / "receipt.tlog-proof", "--key", made / "key.txt")
    assert said["holds"]
    assert said["fields"]["payment"].startswith("pay-order-")
    assert any("others are shown the same log" in text for text in said["not_proven"])
    assert found(made / "receipt.tlog-proof", "--log", made / "log", "--key", made / "key.txt")["holds"]


def test_a_checkpoint_alone_says_who_signed_it_and_with_the_log_all_of_it_is_read(made: Path) -> None:
    alone = found(made / "log" / "checkpoint", "--key", made / "key.txt")
    assert alone["holds"]
    assert any("nothing of the log was read" in text for text in alone["not_proven"])
    assert found(made / "log" / "checkpoint", "--log", made / "log", "--key", made / "key.txt")["entries"] == 3_001


def test_a_claim_without_its_log_is_not_verified_however_well_signed(made: Path) -> None:
    result = run(made / "claim.txt", "--key", made / "key.txt")
    assert result.exit_code == 1
    assert "Not verified" in result.output
    assert "the number was not" in " ".join(result.output.split())


def test_a_key_from_the_log_itself_is_said_to_prove_little(made: Path) -> None:
    said = found(made / "claim.txt", "--log", made / "log")
    assert said["holds"]
    assert any("came from the same place" in text and KEY.verifier.text in text for text in said["not_proven"])


def test_a_witness_is_asked_for_and_named_with_its_time(made: Path) -> None:
    words = (made / "claim.txt", "--log", made / "log", "--key", made / "key.txt")
    said = found(*words, "--witness", WITNESS.verifier.text)
    assert not said["holds"], "a witness that saw a part is none of the whole"
    assert any("cosigned 1,700 of the" in one["what"] for one in said["findings"]), str(said)
    shutil.copytree(made, other := made.parent / "unseen", dirs_exist_ok=True)
    publish(other / "log", ENTRIES, sizes=SIZES)
    unseen = found(
        made / "claim.txt", "--log", other / "log", "--key", made / "key.txt", "--witness", WITNESS.verifier.text
    )
    assert [one["code"] for one in unseen["findings"]] == ["cosignature"]


# What was cheated with


def invented() -> list[bytes]:
    """One order more, from nobody."""
    entry = msgspec.structs.replace(
        parse_entry(ENTRIES[AT]),
        kind="reserved", state="reserved", held_minor=0, order=tag(BLINDING, b"order", "nobody"), commitment="A" * 43,
    )  # fmt: skip
    return [*ENTRIES[:AT], entry_bytes(entry), *ENTRIES[AT:]]


def removed() -> list[bytes]:
    """One event less: an order was reserved, and isn't any more."""
    at = next(at for at, entry in enumerate(ENTRIES) if at > AT and entry.startswith(b"reserved"))
    order = parse_entry(ENTRIES[at])
    assert isinstance(order, Entry)
    return [entry for entry in ENTRIES if f" {order.order} ".encode() not in entry]


def moved() -> list[bytes]:
    """An event of a later time is put to an earlier one: at its place in time, so that times do not fall."""
    entry = parse_entry(ENTRIES[1_650])
    early = msgspec.structs.replace(entry, at_ms=parse_entry(ENTRIES[AT]).at_ms)
    return [*ENTRIES[:AT], entry_bytes(early), *ENTRIES[AT:1_650], *ENTRIES[1_651:]]


def twice() -> list[bytes]:
    """An order is there a second time, with all that it commits to, under another tag."""
    at = next(at for at, entry in enumerate(ENTRIES) if at > AT and entry.startswith(b"reserved"))
    copy = msgspec.structs.replace(parse_entry(ENTRIES[at]), order=tag(BLINDING, b"order", "again"))
    return [*ENTRIES[: at + 1], entry_bytes(copy), *ENTRIES[at + 1 :]]


def place_of(forged: list[bytes]) -> int:
    """The first entry that is not the one that it was."""
    return next(at for at, (one, other) in enumerate(zip(forged, ENTRIES, strict=False)) if one != other)


CHEATS = pytest.mark.parametrize("cheat", [invented, removed, moved, twice])


def test_a_file_of_keys_that_is_empty_is_said_so(made: Path, tmp_path: Path) -> None:
    write(tmp_path / "none.txt", b"\n")
    shown = run(made / "receipt.tlog-proof", "--key", tmp_path / "none.txt")
    assert shown.exit_code == 1
    assert "has no key in it" in str(shown.exception)


@CHEATS
def test_a_cheat_in_the_entries_alone_is_found_at_its_entry(
    made: Path, tmp_path: Path, cheat: Callable[[], list[bytes]]
) -> None:
    forged = cheat()
    shutil.copytree(made / "log", tmp_path / "log")
    publish_bundles(tmp_path / "log", forged)
    said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    assert not said["holds"]
    first = said["findings"][0]
    assert first["code"] == "changed"
    assert first["where"].startswith(f"entry {place_of(forged):,}, 2025-06-26T22:")
    assert said["proven"] == []


@pytest.mark.parametrize("cheat", [invented, removed, twice])
def test_a_cheat_that_changes_one_full_bundle_is_found_at_its_entry(
    made: Path, tmp_path: Path, cheat: Callable[[], list[bytes]]
) -> None:
    """The bundle has more or fewer than 256 entries then; all other files are as they were."""
    forged = cheat()
    number = place_of(forged) // 256
    part = forged[number * 256 : (number + 1) * 256 + len(forged) - len(ENTRIES)]
    shutil.copytree(made / "log", tmp_path / "log")
    data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
    write(tmp_path / "log" / tile_path(Tile(-1, number)), data)
    said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    (changed,) = [one for one in said["findings"] if one["code"] == "changed"]
    assert changed["where"].startswith(f"entry {place_of(forged):,}, 2025-06-26T22:")
    (length,) = [one for one in said["findings"] if one["code"] == "entries"]
    assert f"has {len(part)} entries, not 256" in length["what"]


@pytest.mark.parametrize("cheat", [invented, removed, twice])
def test_a_cheat_with_tiles_made_anew_is_found_by_the_last_checkpoint_alone(
    made: Path, tmp_path: Path, cheat: Callable[[], list[bytes]]
) -> None:
    """The last bundle has another length then than the one that was signed."""
    publish(tmp_path / "true", ENTRIES)
    publish(tmp_path / "log", cheat())
    for name in ("checkpoint", "checkpoints", "keys"):
        shutil.copy(tmp_path / "true" / name, tmp_path / "log" / name)
    said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    assert [one["where"] for one in said["findings"] if one["code"] == "rewritten"]
    assert not [one for one in said["findings"] if one["code"] == "missing"]


@CHEATS
def test_a_cheat_with_tiles_made_anew_is_found_between_two_checkpoints(
    made: Path, tmp_path: Path, cheat: Callable[[], list[bytes]]
) -> None:
    """The signed checkpoints are those of before: nobody else can sign."""
    forged = cheat()
    publish(tmp_path / "log", forged)
    for name in ("checkpoint", "checkpoints", "keys"):
        shutil.copy(made / "log" / name, tmp_path / "log" / name)
    said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    assert not said["holds"]
    (where,) = [one["where"] for one in said["findings"] if one["code"] == "rewritten"]
    assert where.startswith(
        "entries 1,000 to 1,699: between the checkpoint of 1,000 entries (the last of 2025-06-26T22:"
    )
    assert 1_000 <= place_of(forged) < 1_700


@CHEATS
def test_a_cheat_signed_by_another_key_is_found_by_the_true_one(
    made: Path, tmp_path: Path, cheat: Callable[[], list[bytes]]
) -> None:
    publish(tmp_path / "log", cheat(), OTHER_KEY, sizes=SIZES)
    said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    codes = [one["code"] for one in said["findings"]]
    assert codes[0] == "unsigned"
    assert "other_history" in codes or "cut" in codes
    untrusting = found(made / "claim.txt", "--log", tmp_path / "log")
    assert untrusting["findings"][0]["code"] == "unsigned"
    write(tmp_path / "claim.txt", claimed(tmp_path / "log", key=OTHER_KEY))
    assert "unsigned" in [one["code"] for one in found(tmp_path / "claim.txt", "--key", made / "key.txt")["findings"]]


@CHEATS
def test_a_cheat_by_whoever_holds_the_key_is_found_by_who_kept_something(
    made: Path, tmp_path: Path, cheat: Callable[[], list[bytes]]
) -> None:
    """A log that its own operator made anew: an older claim, receipt or checkpoint, and witnesses, still tell."""
    publish(tmp_path / "log", cheat(), sizes=SIZES)
    for kept in ("claim.txt", "receipt.tlog-proof", "log/checkpoint"):
        said = found(made / kept, "--log", tmp_path / "log", "--key", made / "key.txt")
        assert not said["holds"]
        codes = {one["code"] for one in said["findings"]}
        assert codes & {"other_history", "cut"}
        if "other_history" in codes:
            what = next(one["what"] for one in said["findings"] if one["code"] == "other_history")
            roots = [parse_checkpoint(parse_note((made / "log" / "checkpoint").read_bytes()).text).text.split("\n")[2]]
            assert roots[0] in what
            assert what.count("=") == 2


@CHEATS
def test_a_cheat_with_the_history_cut_is_found(made: Path, tmp_path: Path, cheat: Callable[[], list[bytes]]) -> None:
    """Without the list of checkpoints nobody can say where, but that it was cut is found, and that roots differ."""
    publish(tmp_path / "log", cheat())
    shutil.copy(made / "log" / "checkpoint", tmp_path / "log" / "checkpoint")
    for history in (b"", (made / "log" / "checkpoints").read_bytes()[:500]):
        write(tmp_path / "log" / "checkpoints", history)
        said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
        codes = {one["code"] for one in said["findings"]}
        assert "history" in codes
        assert codes & {"rewritten", "cut", "missing"}


def test_a_log_that_was_cut_is_found_by_a_claim_and_a_receipt_of_later(made: Path, tmp_path: Path) -> None:
    publish(tmp_path / "log", ENTRIES[:400], sizes=(300,))
    for file in ("claim.txt", "receipt.tlog-proof"):
        said = found(made / file, "--log", tmp_path / "log", "--key", made / "key.txt")
        (cut,) = [one for one in said["findings"] if one["code"] == "cut"]
        assert cut["where"] == "from entry 400 on"
        assert "3,001" in cut["what"]


def test_an_entry_that_was_written_later_than_it_says_is_found_with_a_witness(made: Path, tmp_path: Path) -> None:
    late_s = parse_entry(ENTRIES[1_700]).at_ms // 1_000 + 120
    publish(tmp_path / "log", ENTRIES, sizes=SIZES, cosigned={1_700: late_s})
    words = ("--log", tmp_path / "log", "--key", made / "key.txt")
    assert found(made / "claim.txt", *words)["holds"]
    said = found(made / "claim.txt", *words, "--witness", WITNESS.verifier.text)
    assert said["findings"][0]["code"] == "backdated"
    assert said["findings"][0]["where"].startswith("entry 1,700, ")
    write(tmp_path / "receipt", receipt_of(tmp_path / "log", 1_701))
    one = found(tmp_path / "receipt", *words, "--witness", WITNESS.verifier.text)
    assert [finding["code"] for finding in one["findings"]] == ["backdated", "cosignature"]


def test_a_claim_with_another_definition_or_window_than_its_statement_s_is_found(made: Path, tmp_path: Path) -> None:
    claim = parse_note((made / "claim.txt").read_bytes()).text
    for was, now in (
        ("whatever", "whatever"),
        ("definition: The number of", "definition: The exact number of paid"),
        ("T15:00:00Z\n", "T16:00:00Z\n"),
    ):
        text = claim.replace(was, now, 1)
        write(tmp_path / "claim.txt", note_bytes(sign_note(text, [KEY])))
        said = found(tmp_path / "claim.txt", "--log", made / "log", "--key", made / "key.txt")
        assert said["holds"] == (text == claim)
        assert {one["code"] for one in said["findings"]} <= {"definition"}


def test_a_claim_of_another_log_or_model_is_said_so(made: Path, tmp_path: Path) -> None:
    text = parse_note((made / "claim.txt").read_bytes()).text
    write(
        tmp_path / "claim.txt", note_bytes(sign_note(text.replace("log.example.com/yu7", "log.example.com/su7"), [KEY]))
    )
    said = found(tmp_path / "claim.txt", "--log", made / "log", "--key", made / "key.txt")
    assert [one["code"] for one in said["findings"]] == ["unsigned", "origin"]
    write(tmp_path / "claim.txt", claimed(made / "log", 5, text="firm orders of su9"))
    said = found(tmp_path / "claim.txt", "--log", made / "log", "--key", made / "key.txt")
    assert "su9" in said["findings"][0]["what"]


def test_two_histories_signed_by_one_key_are_the_strongest_evidence(made: Path, tmp_path: Path) -> None:
    publish(tmp_path / "log", ENTRIES, sizes=SIZES)
    fork = note_bytes(sign_note(Checkpoint("log.example.com/yu7", 1_700, bytes(32)).text, [KEY]))
    history = tmp_path / "log" / "checkpoints"
    history.write_bytes(fork + b"\n" + history.read_bytes())
    codes = [
        one["code"]
        for one in found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")["findings"]
    ]
    assert "two_roots" in codes


# Samples


def sample_of(log: Path, n: int = 40) -> Sample:
    """The answer to a draw: every drawn entry with all its fields."""
    published = open_published(str(log))
    note = published.checkpoint()
    checkpoint = parse_checkpoint(parse_note(note).text)
    random = "lottery of 5 July: 04 11 17 23 31 36"
    drawn = population_of(published, checkpoint, "firm").drawn(checkpoint.root, random, n)
    opened = [
        msgspec.structs.replace(leaf, fields=tuple(opening(*fields_of("firm", f"order-{leaf.index}"), frozenset())))
        for leaf in leaves_of(published, checkpoint, drawn)
    ]
    root = checkpoint.text.split("\n")[2]
    return Sample(checkpoint.origin, checkpoint.size, root, random, "firm", n, tuple(opened), note.decode())


def test_a_sample_holds_with_its_log_and_is_a_table_for_the_auditor(made: Path, tmp_path: Path) -> None:
    write(tmp_path / "sample.txt", sample_bytes(sample_of(made / "log")))
    words = (tmp_path / "sample.txt", "--key", made / "key.txt", "--csv", tmp_path / "rows.csv")
    (tmp_path / "rows.csv").touch(0o644)
    said = found(*words, "--log", made / "log")
    assert said["holds"], said
    assert any("95 % confidence" in text for text in said["proven"])
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 41
    assert (tmp_path / "rows.csv").stat().st_mode & 0o077 == 0
    alone = found(*words)
    assert not alone["holds"]
    assert "nobody chose" in alone["unchecked"]


def test_a_sample_that_somebody_chose_or_with_a_payment_twice_is_found(made: Path, tmp_path: Path) -> None:
    sample = sample_of(made / "log")
    other = next(
        at
        for at, entry in enumerate(ENTRIES)
        if entry.startswith(b"firm") and at not in {e.index for e in sample.entries}
    )
    published = open_published(str(made / "log"))
    checkpoint = parse_checkpoint(parse_note(published.checkpoint()).text)
    (chosen,) = leaves_of(published, checkpoint, [other])
    chosen = msgspec.structs.replace(chosen, fields=tuple(opening(*fields_of("firm", f"order-{other}"), frozenset())))
    forged = msgspec.structs.replace(sample, entries=(chosen, *sample.entries[1:]))
    write(tmp_path / "sample.txt", sample_bytes(forged))
    said = found(tmp_path / "sample.txt", "--key", made / "key.txt", "--log", made / "log")
    assert {one["where"] for one in said["findings"]} == {f"entry {other:,}", f"entry {sample.entries[0].index:,}"}
    signed = found(tmp_path / "sample.txt", "--key", OTHER_KEY.verifier.text, "--log", made / "log")
    assert [one["code"] for one in signed["findings"]] == ["unsigned"]


# What can't be read


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"hello\n", b"drumroll claim/v2\n" * 12, b"\xff" * 100, b"a\n" * 9, b"c2sp.org/tlog-proof@v1\n"],
)
def test_a_file_that_is_none_of_these_is_refused(made: Path, tmp_path: Path, data: bytes) -> None:
    write(tmp_path / "file", data)
    assert refused(tmp_path / "file", "--key", made / "key.txt")


def test_what_is_missing_is_named(made: Path, tmp_path: Path) -> None:
    assert "can't be read" in refused(tmp_path / "none", "--key", made / "key.txt")
    assert "--key" in refused(made / "claim.txt")
    assert "no published log" in refused(made / "claim.txt", "--log", tmp_path / "none")
    assert "a witness's key" in refused(made / "claim.txt", "--key", WITNESS.verifier.text)
    assert "a log's key" in refused(made / "claim.txt", "--key", KEY.verifier.text, "--witness", KEY.verifier.text)
    assert "--csv" in refused(made / "claim.txt", "--key", made / "key.txt", "--csv", tmp_path / "x")


def test_a_published_log_with_files_missing_or_broken_gives_findings_and_no_traceback(
    made: Path, tmp_path: Path
) -> None:
    broken: list[tuple[str, bytes | None]] = [
        ("checkpoint", None),
        ("checkpoint", b"\xff"),
        ("checkpoints", b"\n\n\n"),
        ("tile/entries/003", None),
        ("tile/entries/003", b"\xff\xff"),
        ("tile/entries/003", (BYTES_MOST + 1).to_bytes(2, "big")),
        ("tile/entries/003", b""),
        ("tile/0/003", None),
        ("tile/0/003", b"x"),
        ("tile/1/000.p/11", b"x" * 352),
    ]
    for number, (name, data) in enumerate(broken):
        log = tmp_path / str(number)
        shutil.copytree(made / "log", log)
        (log / name).unlink()
        if data is not None:
            write(log / name, data)
        said = found(made / "claim.txt", "--log", log, "--key", made / "key.txt")
        assert said["findings"] or "can't be read" in said["unchecked"], name
        assert not said["holds"]
        assert "cut" not in {one["code"] for one in said["findings"]}
        receipt = run(made / "receipt.tlog-proof", "--log", log, "--key", made / "key.txt", "--json")
        assert receipt.exit_code in (0, 1)
        assert receipt.stdout.startswith("{")


def test_nothing_in_a_hostile_file_reaches_the_terminal_as_it_is(made: Path, tmp_path: Path) -> None:
    facts = msgspec.structs.replace(FACTS, name="\x1b[2J", time_zone="\x1b]0;owned\x07", models=("yu7", "[red]x[/red]"))
    entries = Launch(facts=facts).go_on(50).entries
    publish(tmp_path / "log", entries)
    wrong = [*entries[:30], b"\x1b[31m", *entries[31:]]
    publish_bundles(tmp_path / "log", wrong)
    result = run(tmp_path / "log" / "checkpoint", "--log", tmp_path / "log", "--key", made / "key.txt")
    assert result.exit_code == 1
    assert "\x1b" not in result.output


def test_a_key_of_another_name_signs_nothing_of_this_log(made: Path, tmp_path: Path) -> None:
    other = SigningKey("other.example/log", ED25519, bytes(range(2, 34)))
    publish(tmp_path / "log", ENTRIES, key=other, sizes=SIZES)
    write(tmp_path / "claim.txt", claimed(tmp_path / "log", key=other))
    write(tmp_path / "receipt.tlog-proof", receipt_of(tmp_path / "log", 700))
    write(tmp_path / "sample.txt", sample_bytes(sample_of(tmp_path / "log")))
    for file in ("claim.txt", "receipt.tlog-proof", "sample.txt", "log/checkpoint"):
        for words in ((), ("--log", tmp_path / "log")):
            said = found(tmp_path / file, *words, "--key", other.verifier.text)
            assert said["findings"][0]["code"] == "unsigned"
            assert "give that log's key" in said["findings"][0]["what"]


def test_a_size_that_nobody_signed_is_not_read_up_to(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "log", tmp_path / "log")
    huge = sign_note(Checkpoint(ORIGIN, 10**15, bytes(32)).text, [OTHER_KEY])
    write(tmp_path / "log" / "checkpoint", note_bytes(huge))
    said = found(made / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    assert not said["holds"]
    assert said["entries"] == len(ENTRIES)
    assert "missing" not in [one["code"] for one in said["findings"]]


def test_an_opening_that_was_moved_is_said(made: Path, tmp_path: Path) -> None:
    moved = msgspec.structs.replace(FACTS, opens_at_ms=FACTS.opens_at_ms + 60_000)
    entries = [*ENTRIES, launch_entry(parse_entry(ENTRIES[-1]).at_ms, moved)]
    publish(tmp_path / "log", entries, sizes=SIZES)
    checkpoint = parse_checkpoint(parse_note((tmp_path / "log" / "checkpoint").read_bytes()).text)
    claim = make_claim(STATEMENT, naive(STATEMENT, entries), moved, checkpoint)
    write(tmp_path / "claim.txt", note_bytes(sign_note(claim.text, [KEY])))
    said = found(tmp_path / "claim.txt", "--log", tmp_path / "log", "--key", made / "key.txt")
    assert said["holds"]
    assert said["facts"]["The opening"].startswith("it was moved: the log began with 2025-06-26T14:00:00Z")
    assert "The opening" not in found(made / "claim.txt", "--log", made / "log", "--key", made / "key.txt")["facts"]
