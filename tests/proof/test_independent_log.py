"""Whole published logs, made by drumroll, before the independent verifier: what holds, and what was tampered with."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.promise import Promise
from drumroll.errors import ProofError
from drumroll.log.base import Block
from drumroll.log.memory import MemoryLog
from drumroll.proof.checkpoint import Checkpoint
from drumroll.proof.claim import make_claim
from drumroll.proof.count import Count
from drumroll.proof.definition import bounds_in_words, unit_of
from drumroll.proof.entry import KINDS, STATES, LaunchEntry, LaunchFacts, parse_entry
from drumroll.proof.merkle import inclusion_proof
from drumroll.proof.note import check_note, note_bytes, parse_note, sign_note
from drumroll.proof.receipt import check_fields, check_included, parse_receipt
from drumroll.proof.sample import Drawn, Population, Sample, sample_bytes
from drumroll.proof.statement import parse_statement
from drumroll.proof.tiles import Growing, Tile, TileNodes, bundle, tile_path
from drumroll.transparency.following import publish_all
from drumroll.transparency.keys import KeyRing, make_ring, rotate
from drumroll.transparency.leaf_index import LeafIndex
from drumroll.transparency.openings import open_leaves
from drumroll.transparency.publisher import Publisher
from drumroll.transparency.receipts import entries_of_order, receipt
from drumroll.transparency.sources import open_published
from tests.brief import seeds
from tests.proof import independent as alone
from tests.proof import publishing

OPENS = 1_750_946_400_000
KEY = (b"k" * 16, b"f" * 8)
BY = ("desk 3", "as agreed")
PROMISE = Promise(2_900, 2_901, 2_904, 2_906)
MODELS = tuple(Model(name, name.upper(), OPENS, None, (Trim("max", "Max", 32_990_000),)) for name in ("yu7", "su7"))
LAUNCH = Launch("yu7", "The YU7", "Asia/Shanghai", "CNY", OPENS, None, 500_000, 900, 2, MODELS, ("yu7",))


def reserved(order: str, customer: str) -> ev.OrderReserved:
    return ev.OrderReserved(
        order, customer, "yu7", "max", 32_990_000, 500_000, 900, *KEY, ("red", "hook"), "beijing", 604_800, PROMISE
    )


def converted(order: str, model: str, state: str) -> ev.OrderConverted:
    return ev.OrderConverted(
        *(order, "w", model, "max", (), "", 24_590_000, 400_000, 0, 100_000, None, OPENS, state, OPENS, False, *KEY)
    )


def moved(state: str, *orders: str) -> ev.OrdersMoved:
    return ev.OrdersMoved(state, orders, *BY, *KEY)


BATCHES: tuple[tuple[ev.Event, ...], ...] = (
    (ev.DeskOpened("h"), ev.LaunchSet(LAUNCH)),
    (reserved("o1", "c-1"), reserved("o2", "c-2"), reserved("o3", "c-2")),
    (ev.OrderFirmed("o1", "pay-1", PROMISE), ev.OrderFirmed("o2", "pay-2"), ev.OrderExpired("o3")),
    (ev.OrderFirmed("o3", "pay-3"), ev.OrderChanged("o1", "max", ("grey",), "wuhan", 33_000_000, *KEY)),
    (ev.OrderLocked("o1", early=True), ev.LockUndone("o1", *KEY), ev.OrderLocked("o1", early=False)),
    (ev.OrderCancelled("o2", 500_000, *KEY), ev.RefundPaid("pay-2"), ev.OrderLocked("o3", early=False)),
    (
        ev.OrderImported(
            "i1", "SU7-1", "c-3", "su7", "max", (), "", 1, 500_000, "p9", "locked", 1, 2, 3, None, b"d" * 16
        ),
    ),
    (converted("i1", "yu7", "locked"), ev.DifferencePaid("i1", "pay-4", 100_000)),
    (moved("scheduled", "o1", "i1"), moved("in_production", "o1", "i1")),
    (moved("built", "o1", "i1"), moved("in_transit", "o1", "i1"), moved("delivered", "o1")),
    (ev.OrderForfeited("o3", 500_000, *KEY), ev.OrderWithdrawn("i1", 500_000, 0, *BY, *KEY)),
    (ev.WaitingJoined("o4", "c-4", "yu7", "max", ("red",), "beijing", *KEY),),
    (ev.PlaceOffered("o4", 32_990_000, 500_000, 86_400, None), ev.OrderFirmed("o4", "pay-5")),
    (ev.LaunchSet(msgspec.structs.replace(LAUNCH, name="The YU7, again")),),
)
"""A night in which every kind of entry is made."""


def quietly(done: int, of: int) -> None:
    """Nobody looks on."""


class Night:
    """A published log, and what it was made of."""

    def __init__(self, folder: Path) -> None:
        self.ring: KeyRing = make_ring(folder / "keys", "log.example.com/yu7")
        self.log, self.public, self.index = MemoryLog(), folder / "public", LeafIndex(folder / "leaves")
        publisher = Publisher(self.log, self.ring, self.public, self.index.path)
        publisher.start()
        for position, batch in enumerate(BATCHES, 1):
            self.log.append(Block(position, OPENS + position * 1_000, batch))
            if position % 3:
                publish_all(publisher, quietly)
        self.keys = [alone.Key(key.verifier.text) for key in self.ring.signing]

    def audited(self) -> tuple[alone.Auditor, list[str]]:
        said: list[str] = []
        auditor = alone.Auditor(self.keys, said.append)
        auditor.folder(self.public)
        return auditor, said

    def receipts(self, order: str) -> dict[str, bytes]:
        found = entries_of_order(order, self.log.read(), self.index, self.ring.blinding)
        return {one.kind: receipt(one, open_published(str(self.public))) for one in found}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(tmp_path_factory.mktemp("night"))


def test_a_log_that_drumroll_publishes_holds_and_has_every_kind_of_entry(night: Night) -> None:
    auditor, said = night.audited()
    assert {entry.kind for entry in auditor.parsed} == {"launch", *KINDS}
    assert [line.split()[0] for line in said] == ["OK"] * 5


def test_every_receipt_holds_offline_and_opens_what_happened(night: Night) -> None:
    opened = {}
    for order in ("o1", "o2", "o3", "o4", "i1"):
        for kind, data in night.receipts(order).items():
            *_, entry, values = alone.check_receipt(data, night.keys)
            assert (entry.kind, values["order"]) == (kind, order)
            opened[order, kind] = values
    assert opened["o1", "firm"]["payment"] == "pay-1"
    assert opened["o1", "changed"] | {"promised": ""} == {
        "order": "o1", "customer": "c-1", "trim": "max", "options": "grey", "region": "wuhan", "price": "33000000",
        "deposit": "500000", "promised": "",
    }  # fmt: skip
    assert opened["i1", "imported"]["reference"] == "SU7-1"
    assert opened["i1", "difference_paid"]["amount"] == "100000"


def accepted(data: bytes, night: Night) -> bool:
    """Whether the receipt holds for drumroll."""
    try:
        found = parse_receipt(data)
        check_note(found.note, [key.verifier for key in night.ring.signing])
        check_included(found)
        check_fields(found)
    except ProofError:
        return False
    return True


def test_no_changed_byte_of_a_receipt_goes_unnoticed_by_either(night: Night) -> None:
    data = night.receipts("o1")["firm"]
    chance = random.Random(5)
    before = alone.check_receipt(data, night.keys)[2:]
    for at in chance.sample(range(len(data)), 150):
        wrong = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        drumrolls = accepted(wrong, night)
        try:
            found = alone.check_receipt(wrong, night.keys)[2:]
        except alone.Fault:
            assert not drumrolls, f"drumroll accepts another byte {at}"
            continue
        assert drumrolls
        # Another way to write the same JSON is no other receipt.
        assert (found[0], found[1].text, found[2]) == (before[0], before[1].text, before[2])


def test_a_field_can_not_stand_for_another_and_none_be_added(night: Night) -> None:
    data = alone.Receipt(night.receipts("o1")["firm"])
    entry, fields = alone.Entry(data.extra["entry"].encode()), data.extra["fields"]
    assert entry.open(fields)["payment"] == "pay-1"
    closed = {"digest": alone.base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")}
    for wrong in (
        fields[:-1],
        [*fields, closed],
        [fields[1], fields[0], fields[2]],
        [fields[0], fields[1] | {"value": "pay-2"}, fields[2]],
        [fields[0], fields[1] | closed, fields[2]],
        [fields[0], fields[1] | {"name": "paid"}, fields[2]],
    ):
        with pytest.raises(alone.Fault):
            entry.open(wrong)


# Samples


def sampled(night: Night, kind: str, count: int, shown: frozenset[str]) -> bytes:
    """As the operator answers a sample."""
    published = open_published(str(night.public))
    note = parse_note(published.checkpoint())
    checkpoint = alone.Checkpoint(note.text)
    population = Population(kind)
    for entries in published.entries(checkpoint.size):
        population.extend(entries)
    indices = population.drawn(checkpoint.root, "lottery: 1 2 3", count)
    opened = open_leaves(night.log, night.ring.blinding, indices, shown)
    nodes = TileNodes(checkpoint.size, published.tile)
    drawn = tuple(
        Drawn(index, opened[index][0].decode(), proof_of(index, checkpoint.size, nodes), tuple(opened[index][1]))
        for index in indices
    )
    root = alone.base64.b64encode(checkpoint.root).decode()
    named = (checkpoint.origin, checkpoint.size, root, "lottery: 1 2 3", kind, count)
    return sample_bytes(Sample(*named, drawn, note_bytes(note).decode()))


def proof_of(index: int, size: int, nodes: TileNodes) -> tuple[str, ...]:
    return tuple(alone.base64.b64encode(one).decode() for one in inclusion_proof(index, size, nodes))


@pytest.mark.parametrize(("kind", "count"), [("firm", 4), ("all", 20), ("in_production", 1)])
def test_a_sample_that_drumroll_draws_and_opens_holds(night: Night, kind: str, count: int) -> None:
    auditor, said = night.audited()
    auditor.sample(sampled(night, kind, count, frozenset(("order", "payment"))))
    rows = said[6:]
    assert len(rows) == count
    assert kind != "firm" or all(f"pay-{number}" in "".join(rows) for number in (1, 2, 3, 5))


def test_an_entry_that_was_not_drawn_is_refused(night: Night) -> None:
    auditor, _ = night.audited()
    data = sampled(night, "all", 12, frozenset(("order",)))
    for wrong in (data.replace(b"1 2 3", b"1 2 4"), data.replace(b'"n": 12', b'"n": 11')):
        with pytest.raises(alone.Fault, match="drawn"):
            auditor.sample(wrong)


# Claims


LIVES = publishing.Launch(seed=7, customers=50).go_on(700)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return publishing.publish(tmp_path / "log", LIVES.entries, sizes=(1, 300, 512), cosigned={300: 1_750_946_450})


STATEMENTS = (
    "firm orders in the first hour",
    "firm orders of yu7 in the first 2 minutes",
    "firm orders of yu7-max in the first 10 minutes net of cancellations",
    "locked orders until 2025-06-26T22:09:00+08:00",
    "customers with firm orders in the first hour net of cancellations",
    "customers with reserved orders of yu7",
    "standing orders",
    "standing orders of yu7 at 2025-06-26T14:05:00.500Z",
    "orders in state in_production",
    "orders in state locked of yu7 in the first 3 minutes",
    "deposits held",
    "deposits held of yu7-max at 2025-06-26T14:04:00Z",
    "converted orders of yu7 between 2025-06-26T14:01:00Z and 2025-06-26T14:06:00Z",
    "imported orders",
    "cancelled orders in the first day",
)


def recount(entries: list[bytes], text: str) -> tuple[int, str, str, str]:
    """What drumroll counts, and what it says of it."""
    statement = parse_statement(text)
    counting = Count(statement)
    for one in entries:
        counting.add(parse_entry(one))
    counting = again(counting, entries)
    assert counting.facts is not None
    return (
        counting.value(), unit_of(statement, counting.facts), *bounds_in_words(statement, counting.facts)
    )  # fmt: skip


def again(counting: Count, entries: list[bytes]) -> Count:
    anew = counting.again()
    if anew is None:
        return counting
    for one in entries:
        anew.add(parse_entry(one))
    return anew


def agree(entries: list[bytes], text: str) -> int:
    value, unit, begin, end = recount(entries, text)
    counted = alone.count(parse_statement(text).text, [alone.Entry(one) for one in entries])
    for words, at_ms in ((begin, counted[2]), (end, counted[3])):
        assert (words[:4] == "the ") == (at_ms is None)
        assert at_ms is None or alone.moment(words) == at_ms
    assert (value, unit.partition("/")[0]) == counted[:2], text
    return value


def test_every_statement_is_counted_alike() -> None:
    entries = publishing.Launch(seed=3, customers=60).go_on(1_500).entries
    assert all(agree(entries, text) > 0 for text in STATEMENTS)


def statements() -> st.SearchStrategy[str]:
    at = st.integers(0, 500).map(lambda s: f"2025-06-26T14:{s // 60:02}:{s % 60:02}Z")
    happened = st.sampled_from(KINDS).flatmap(
        lambda kind: st.sampled_from((f"{kind} orders", f"customers with {kind} orders"))
    )
    stands = st.sampled_from((*(f"orders in state {state}" for state in STATES), "standing orders", "deposits held"))
    model = st.sampled_from(("", " of yu7", " of yu7-max"))
    first = st.builds(" in the first {} {}".format, st.integers(1, 90), st.sampled_from(("seconds", "minutes")))
    until = at.map(" until {}".format)
    between = st.tuples(at, at).map(lambda both: " between {} and {}".format(*sorted(both)))
    net = st.sampled_from(("", " net of cancellations"))
    return st.one_of(
        st.tuples(happened, model, st.one_of(st.just(""), first, until, between), net).map("".join),
        st.tuples(stands, model, st.one_of(st.just(""), first, until, at.map(" at {}".format))).map("".join),
    )


def sensible(text: str) -> bool:
    try:
        parse_statement(text)
    except ProofError:
        return False
    return True


def moved_launch(entries: list[bytes], opens_at_ms: int) -> list[bytes]:
    """The same with an opening that is moved in the midst of it."""
    half = len(entries) // 2
    facts = msgspec.structs.replace(publishing.FACTS, opens_at_ms=opens_at_ms)
    at_ms = parse_entry(entries[half - 1]).at_ms
    return [*entries[:half], publishing.launch_entry(at_ms, facts), *entries[half:]]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 5), text=statements().filter(sensible), moved_s=st.sampled_from((None, None, 30)))
def test_any_statement_over_any_launch_is_counted_alike(seed: int, text: str, moved_s: int | None) -> None:
    entries = publishing.Launch(seed=seed, customers=20).go_on(300).entries
    agree(entries if moved_s is None else moved_launch(entries, OPENS + moved_s * 1_000), text)


@pytest.mark.slow
@settings(max_examples=len(seeds(0, 250)), deadline=None)
@given(seed=st.integers(0, 10_000), text=statements().filter(sensible), moved_s=st.sampled_from((None, 0, 60)))
def test_very_many_statements_are_counted_alike(seed: int, text: str, moved_s: int | None) -> None:
    entries = publishing.Launch(seed=seed, customers=20).go_on(400).entries
    agree(entries if moved_s is None else moved_launch(entries, OPENS + moved_s * 1_000), text)


def claimed(entries: list[bytes], size: int, text: str) -> str:
    """The text of a claim of drumroll's."""
    statement = parse_statement(text)
    counting = Count(statement)
    for one in entries[:size]:
        counting.add(parse_entry(one))
    assert counting.facts is not None
    checkpoint = Checkpoint(publishing.ORIGIN, size, alone.Tree(entries).root(size))
    return make_claim(statement, counting.value(), counting.facts, checkpoint).text


def signed(text: str) -> bytes:
    return note_bytes(sign_note(text, [publishing.KEY]))


def auditor_of(public: Path) -> tuple[alone.Auditor, list[str]]:
    said: list[str] = []
    auditor = alone.Auditor([alone.Key(publishing.KEY.verifier.text)], said.append)
    auditor.folder(public)
    return auditor, said


def test_every_claim_that_drumroll_makes_is_recounted(public: Path) -> None:
    auditor, said = auditor_of(public)
    for text in STATEMENTS:
        for size in (1, 300, 700):
            auditor.claim(signed(claimed(LIVES.entries, size, text)))
    assert len(said) == 5 + 2 * 3 * len(STATEMENTS)


def test_a_claim_that_does_not_match_is_refused_whoever_signed_it(public: Path) -> None:
    auditor, _ = auditor_of(public)
    right = claimed(LIVES.entries, 700, "firm orders of yu7 in the first 2 minutes")
    auditor.claim(signed(right))
    value = right.partition("value: ")[2].partition("\n")[0]
    for before, after, says in (
        (f"value: {value}", f"value: {int(value) + 1}", "were claimed"),
        ("unit: orders", "unit: customers", "unit"),
        ("until: 2025-06-26T14:02:00Z", "until: 2025-06-26T14:03:00Z", "from"),
        ("from: 2025-06-26T14:00:00Z", "from: the beginning", "from"),
        ("first 2 minutes", "first 1 minutes", "from"),
        ("claim: firm orders of yu7", "claim: firm orders of yu9", "no model"),
        ("claim: firm", "claim: nice", "no kind"),
        ("\n700\n", "\n699\n", "another history"),
        ("\n700\n", "\n7000\n", "ends at"),
        (publishing.ORIGIN, "other.example/log", "no key"),
    ):
        assert before in right
        with pytest.raises(alone.Fault, match=says):
            auditor.claim(signed(right.replace(before, after)))


def test_no_changed_byte_of_a_claim_goes_unnoticed(public: Path) -> None:
    auditor, _ = auditor_of(public)
    data = signed(claimed(LIVES.entries, 700, "standing orders at 2025-06-26T14:02:00Z"))
    auditor.claim(data)
    for at in range(0, len(data), 5):
        with pytest.raises(alone.Fault):
            auditor.claim(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


# Tampering


def verdict(public: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """What the file says, run as an auditor would: the first fault, or nothing."""
    status = alone.main([str(public), "--key", publishing.KEY.verifier.text, *more])
    last = capsys.readouterr().out.splitlines()[-1]
    assert (status == 1) == last.startswith("FAULT ")
    return last if status else ""


def with_entries(public: Path, entries: list[bytes]) -> None:
    """Somebody rewrites entries and tiles to fit each other. They can't sign."""
    growing = Growing()
    for tile, data in growing.extend([alone.leaf_hash(one) for one in entries]) + growing.partials():
        publishing.write(public / tile_path(tile), data)
    publishing.publish_bundles(public, entries)


def test_an_untouched_log_has_no_fault(public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(public, capsys, "--witness", publishing.WITNESS.verifier.text) == ""


def invented(entries: list[bytes]) -> list[bytes]:
    return [*entries[:400], entries[399].replace(b" ", b" ", 1)[:-1] + b"A", *entries[401:]]


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "another entry": invented,
    "one removed": lambda entries: entries[:250] + entries[251:],
    "two exchanged": lambda entries: [*entries[:90], entries[91], entries[90], *entries[92:]],
    "one copied": lambda entries: [*entries[:90], entries[80], *entries[91:]],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("tiles_too", [False, True])
def test_a_changed_entry_is_found(
    public: Path, capsys: pytest.CaptureFixture[str], change: Callable[[list[bytes]], list[bytes]], tiles_too: bool
) -> None:
    entries = change(list(LIVES.entries))
    (with_entries if tiles_too else publishing.publish_bundles)(public, entries)
    found = verdict(public, capsys)
    assert ("root" in found) if tiles_too and len(entries) == len(LIVES.entries) else found


@pytest.mark.parametrize(
    "path", ["tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/189", "checkpoint", "checkpoints"]
)
def test_any_changed_byte_of_a_published_file_is_found(
    public: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    data = (public / path).read_bytes()
    chance = random.Random(path)
    for at in chance.sample(range(len(data)), 4):
        (public / path).write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        if path != "checkpoints" or b"witness" not in data[max(0, at - 150) : at + 20]:
            assert verdict(public, capsys), f"byte {at} of {path}"


def test_signed_faults_are_found_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The operator signs whatever it likes; what can't be is found all the same."""
    entries = list(LIVES.entries)
    firm = next(at for at, one in enumerate(entries) if one.startswith(b"firm firm "))
    twice = entries[firm][:-43] + alone.base64.urlsafe_b64encode(bytes(32))[:43]
    for number, (wrong, says) in enumerate(
        (
            ([*entries, entries[5]], "earlier time"),
            ([*entries[: firm + 1], twice, *entries[firm + 1 :]], "counted twice"),
            ([*entries[: firm + 1], entries[firm], *entries[firm + 1 :]], "copied"),
            (entries[1:], "first entry"),
            ([*entries, b"firm firm yu7 1 x y 0 z"], "base64url"),
        )
    ):
        public = publishing.publish(tmp_path / str(number), wrong)
        assert says in verdict(public, capsys)


def test_what_is_dated_back_before_a_cosignature_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at_s = alone.Entry(LIVES.entries[300]).at_ms // 1000
    for late_s, says in ((59, ""), (62, "entry 300 says it is from before")):
        public = publishing.publish(tmp_path / str(late_s), LIVES.entries, sizes=(300,), cosigned={300: at_s + late_s})
        assert verdict(public, capsys) == ""
        assert (
            verdict(public, capsys, "--witness", publishing.WITNESS.verifier.text).removeprefix("FAULT ")[:32] == says
        )


def test_a_checkpoint_of_another_history_is_found(public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = sign_note(Checkpoint(publishing.ORIGIN, 400, bytes(32)).text, [publishing.KEY])
    history = (public / "checkpoints").read_bytes()
    (public / "checkpoints").write_bytes(history + note_bytes(other) + b"\n")
    assert "go back" in verdict(public, capsys)
    before = history.index(b"\n\n", history.index(b"\n512\n"))
    end = history.index(b"\n\n", before + 2) + 2
    (public / "checkpoints").write_bytes(
        history[: history.index(publishing.ORIGIN.encode() + b"\n512")] + note_bytes(other) + b"\n" + history[end:]
    )
    assert "size 400" in verdict(public, capsys)


def test_a_torn_last_record_of_the_history_is_left_out(public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = (public / "checkpoints").read_bytes()
    record = history[: history.index(b"\n\n", history.index(b"\n\n") + 2) + 2]
    for cut in range(0, len(record), 23):
        (public / "checkpoints").write_bytes(history + record[:cut])
        assert verdict(public, capsys) == "", f"cut at {cut}"


def test_a_partial_tile_may_be_gone_if_the_full_one_is_there(public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = LIVES.entries + [publishing.launch_entry(2_000_000_000_000)] * 400
    for level, data in ((0, b"".join(map(alone.leaf_hash, more[512:768]))), (-1, bundle(more[512:768]))):
        publishing.write(public / tile_path(Tile(level, 2)), data)
        (public / tile_path(Tile(level, 2, 189))).unlink()
    assert verdict(public, capsys) == ""


def test_a_stray_file_among_the_tiles_is_found(public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publishing.write(public / "tile/0/000.p/17", b"".join(map(alone.leaf_hash, LIVES.entries[:17])))
    assert verdict(public, capsys) == ""
    publishing.write(public / "tile/0/000.p/18", bytes(18 * 32))
    assert "tile/0/000.p/18" in verdict(public, capsys)


def test_another_key_is_no_key_of_the_log(public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert alone.main([str(public), "--key", publishing.OTHER_KEY.verifier.text]) == 1
    assert "no key that you gave" in capsys.readouterr().out


def test_after_a_rotation_both_keys_are_needed_for_the_history(tmp_path: Path) -> None:
    night = Night(tmp_path)
    ring = rotate(night.ring.path)
    night.log.append(Block(len(BATCHES) + 1, OPENS + 10**6, (reserved("o9", "c-5"),)))
    publisher = Publisher(night.log, ring, night.public, night.index.path)
    publisher.start()
    publish_all(publisher, quietly)
    assert night.audited()[1]
    night.keys = [alone.Key(key.verifier.text) for key in ring.signing]
    assert len(night.keys) == 2
    assert night.audited()[1]
    night.keys = night.keys[:1]
    with pytest.raises(alone.Fault, match="signed by no key that you gave"):
        night.audited()


def test_the_file_runs_alone_and_ends_with_0_or_1(night: Night, tmp_path: Path) -> None:
    copy, proof = tmp_path / "verifier.py", tmp_path / "o1.tlog-proof"
    copy.write_text(alone.Path(alone.__file__).read_text())
    proof.write_bytes(night.receipts("o1")["delivered"])
    keys = night.public / "keys"
    run = [sys.executable, "-I", str(copy), str(night.public), "--key", str(keys), "--receipt", str(proof)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.startswith("OK ") for line in done.stdout.splitlines())
    proof.write_bytes(proof.read_bytes().replace(b"index 2", b"index 1"))
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1].startswith("FAULT ")


def test_the_facts_of_a_launch_are_read_alike(night: Night) -> None:
    auditor, _ = night.audited()
    first = parse_entry(auditor.parsed[0].text.encode())
    assert isinstance(first, LaunchEntry)
    assert msgspec.convert(auditor.parsed[0].facts, LaunchFacts) == first.facts
    assert json.loads(msgspec.json.encode(first.facts)) == auditor.parsed[0].facts
