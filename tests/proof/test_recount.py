"""The recount: it counts what a dumb count counts, and whatever was done to a log, it says what and where."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain import states as domain
from drumroll.errors import ClaimInvalid, EntryInvalid
from drumroll.proof.count import Count
from drumroll.proof.entry import FORMAT, Entry, LaunchEntry, LaunchFacts, entry_bytes, parse_entry
from drumroll.proof.lives import STEPS
from drumroll.proof.merkle import EMPTY_ROOT, Frontier, leaf_hash
from drumroll.proof.recount import BACK_DATING_S, Recount
from drumroll.proof.roots import Signed
from drumroll.proof.statement import STANDING, Statement, parse_statement
from drumroll.proof.tiles import Growing, Tile, bundles_of
from tests.proof.publishing import DEPOSIT_MINOR, FACTS, OPENS_MS, Launch, launch_entry
from tests.proof.test_statement import statements

LAUNCH = Launch(seed=7, customers=400).go_on(2_000)


def naive(statement: Statement, entries: list[bytes]) -> int:
    """The count, said as simply as can be: all entries in a list, read as often as it takes."""
    parsed = [parse_entry(entry) for entry in entries]
    facts = [one.facts for one in parsed if isinstance(one, LaunchEntry)][-1]
    begin, end = statement.window.bounds(facts)
    events = [one for one in parsed if isinstance(one, Entry) and (end is None or one.at_ms < end)]
    last = {one.order: one for one in events}
    of_model = {order for order, one in last.items() if statement.model in ("", one.model)}
    if statement.measure == "state":
        return sum(last[order].state == statement.what for order in of_model)
    if statement.measure == "standing":
        return sum(last[order].state in STANDING for order in of_model)
    if statement.measure == "deposits":
        return sum(last[order].held_minor for order in of_model)
    happened = {
        one.order: one.customer
        for one in events
        if one.kind == statement.what and (begin is None or one.at_ms >= begin) and statement.model in ("", one.model)
    }
    if statement.net:
        happened = {
            order: customer
            for order, customer in happened.items()
            if order in of_model and last[order].state in STANDING
        }
    return len(set(happened.values()) if statement.measure == "customers" else happened)


def counted(statement: Statement, entries: list[bytes]) -> int:
    count = Count(statement)
    for entry in entries:
        count.add(parse_entry(entry))
    again = count.again()
    if again is not None:
        for entry in entries:
            again.add(parse_entry(entry))
    return (again or count).value()


def recounted(entries: list[bytes], *signed: Signed, count: Count | None = None, upto: int | None = None) -> Recount:
    """A recount of entries whose tiles were made from them."""
    made = tiles_made(entries)
    recount = Recount(signed, made.__getitem__, count, upto)
    for tile in bundles_of(len(entries)):
        part = entries[tile.index * 256 : tile.index * 256 + tile.width]
        recount.add(tile, part, made[Tile(0, tile.index, tile.width)])
    return recount.done()


def tiles_made(entries: list[bytes]) -> dict[Tile, bytes]:
    tree = Growing()
    return dict([*tree.extend([leaf_hash(entry) for entry in entries]), *tree.partials()])


def root_of(entries: list[bytes]) -> bytes:
    tree = Frontier()
    tree.extend([leaf_hash(entry) for entry in entries])
    return tree.root()


def signed_at(entries: list[bytes], *sizes: int, own: bool = False) -> list[Signed]:
    return [Signed(size, root_of(entries[:size]), own=own) for size in sizes]


def changed(entry: bytes, **what: object) -> bytes:
    return entry_bytes(msgspec.structs.replace(parse_entry(entry), **what))


def codes(recount: Recount) -> list[str]:
    return [finding.code for finding in recount.findings]


# Counting

relevant = st.sampled_from(
    [
        f"{measure}{model}{window}{net}"
        for measure in ("firm orders", "reserved orders", "locked orders", "customers with firm orders")
        for model in ("", " of yu7")
        for window in ("", " in the first 5 minutes", " until 2025-06-26T14:07:00Z")
        for net in ("", " net of cancellations")
    ]
    + [
        f"{measure}{model}{window}"
        for measure in ("standing orders", "deposits held", "orders in state locked", "orders in state cancelled")
        for model in ("", " of yu7-max")
        for window in ("", " in the first 5 minutes", " at 2025-06-26T14:03:00Z")
    ]
)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), text=relevant, length=st.integers(0, 400), moved_ms=st.sampled_from([0, 0, 90_000]))
def test_a_count_is_what_a_dumb_count_gives(seed: int, text: str, length: int, moved_ms: int) -> None:
    launch = Launch(seed, customers=20).go_on(length, step_ms=3_000)
    if moved_ms:  # The launch file was changed in the middle of the sale.
        facts = msgspec.structs.replace(FACTS, opens_at_ms=OPENS_MS + moved_ms)
        launch.entries.append(launch_entry(launch.at_ms, facts))
    launch.go_on(length // 2, step_ms=3_000)
    statement = parse_statement(text)
    assert counted(statement, launch.entries) == naive(statement, launch.entries)


@settings(max_examples=40, deadline=None)
@given(text=statements)
def test_any_statement_is_counted_as_a_dumb_count_does(text: str) -> None:
    statement, entries = parse_statement(text), LAUNCH.entries[:300]
    if statement.model not in ("", *FACTS.models):
        with pytest.raises(ClaimInvalid, match=statement.model):
            counted(statement, entries)
        return
    assert counted(statement, entries) == naive(statement, entries)


@pytest.mark.parametrize("upto", [1, 255, 256, 257, 1_000, 2_001])
def test_only_the_entries_up_to_the_claims_checkpoint_are_counted(upto: int) -> None:
    for text in ("firm orders", "deposits held", "customers with reserved orders"):
        count = Count(parse_statement(text))
        recount = recounted(LAUNCH.entries, count=count, upto=upto)
        assert count.value() == naive(count.statement, LAUNCH.entries[:upto])
        assert not recount.findings


def test_an_entry_at_a_windows_start_counts_and_one_at_its_end_does_not() -> None:
    launch = Launch()
    for number, at_ms in enumerate((OPENS_MS - 1, OPENS_MS, OPENS_MS + 59_999, OPENS_MS + 60_000)):
        launch.at_ms = at_ms
        order = f"{number:016}"
        launch.entries.append(entry_bytes(launch.entry("reserved", "reserved", order, "c" * 16)))
    assert counted(parse_statement("reserved orders in the first minute"), launch.entries) == 2
    assert counted(parse_statement("orders in state reserved in the first minute"), launch.entries) == 3
    assert counted(parse_statement("customers with reserved orders in the first minute"), launch.entries) == 1


def test_nothing_is_counted_in_a_log_that_says_nothing_of_its_launch() -> None:
    with pytest.raises(ClaimInvalid, match="says nothing of the launch"):
        counted(parse_statement("firm orders"), LAUNCH.entries[1:300])


# The rules of a life


def test_the_steps_are_those_of_the_desk() -> None:
    """What the desk's own table allows is allowed here, and nothing else but what changes no state."""
    moves = {
        domain.Move.PAY: "firm",
        domain.Move.EXPIRE: "expired",
        domain.Move.CANCEL: "cancelled",
        domain.Move.LOCK: "locked",
        domain.Move.UNDO_LOCK: "unlocked",
        domain.Move.FORFEIT: "forfeited",
        domain.Move.CONVERT: "converted",
        domain.Move.WITHDRAW: "withdrawn",
    }
    due = {
        (before.value, moves.get(step.move, step.leads_to.value), step.leads_to.value)
        for step in domain.TABLE
        for before in step.leaves
    }
    found = {
        (before.decode(), *(word.decode() for word in what.split(b" ")))
        for before, steps in STEPS.items()
        for what in steps
        if before and not what.startswith((b"changed", b"difference_paid"))
    }
    assert found == due
    assert {state.value for state in domain.STANDING} == STANDING


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), length=st.integers(0, 700))
def test_no_possible_life_is_called_impossible(seed: int, length: int) -> None:
    entries = Launch(seed, customers=30).go_on(length).entries
    assert not recounted(entries, *signed_at(entries, 0, len(entries) // 2, len(entries))).findings


def life(*steps: tuple[str, str, int] | Entry) -> list[bytes]:
    """A log of one order; a step is kind, state and the deposit held from then on."""
    launch = Launch()
    for step in steps:
        launch.at_ms += 1_000
        entry = step if isinstance(step, Entry) else launch.entry(step[0], step[1], "o" * 16, "c" * 16, held=step[2])
        launch.entries.append(entry_bytes(msgspec.structs.replace(entry, at_ms=launch.at_ms)))
    return launch.entries


RESERVED, FIRM = ("reserved", "reserved", 0), ("firm", "firm", DEPOSIT_MINOR)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([FIRM], "no_beginning"),
        ([RESERVED, RESERVED], "twice"),
        ([RESERVED, FIRM, FIRM], "twice"),
        ([RESERVED, FIRM, ("imported", "firm", DEPOSIT_MINOR)], "twice"),
        ([RESERVED, ("locked", "locked", 0)], "impossible"),
        ([RESERVED, FIRM, ("cancelled", "cancelled", 0), FIRM], "impossible"),
        ([RESERVED, FIRM, ("delivered", "delivered", 0)], "impossible"),
        ([("reserved", "firm", 0)], "impossible"),
        ([("reserved", "reserved", 5)], "impossible"),
        ([RESERVED, FIRM, ("cancelled", "cancelled", 5)], "deposit"),
        ([RESERVED, FIRM, ("locked", "locked", DEPOSIT_MINOR + 1)], "deposit"),
        ([RESERVED, FIRM, ("converted", "firm", DEPOSIT_MINOR + 1)], "deposit"),
        ([RESERVED, ("paid", "firm", 5)], "unreadable"),
        ([RESERVED, Launch().entry("firm", "firm", "o" * 16, "d" * 16, held=5)], "another"),
        ([RESERVED, Launch().entry("firm", "firm", "o" * 16, "c" * 16, "yu7-max", held=5)], "another"),
    ],
)
def test_an_impossible_life_is_found_at_its_entry(steps: list[tuple[str, str, int]], code: str) -> None:
    recount = recounted(life(*steps))
    found = [finding for finding in recount.findings if finding.code != "copied"]
    assert [finding.code for finding in found] == [code]
    assert f"entry {len(steps)}, 2025-06-26T22:00:0{len(steps)}+08:00" in found[0].where
    assert not recounted(life(*steps[:-1])).findings or len(steps) == 1


# What was done to a log


def test_an_entry_that_is_copied_or_out_of_time_is_found_where_it_is() -> None:
    entries = list(LAUNCH.entries)
    entries.insert(801, changed(entries[800], at_ms=parse_entry(entries[800]).at_ms - 5))
    findings = recounted(entries).findings
    assert [(one.code, one.where.split(",")[0]) for one in findings if one.code in ("time_falls", "copied")] == [
        ("time_falls", "entry 801"),
        ("copied", "entry 801"),
    ]


def test_an_entry_that_is_none_is_named_and_the_rest_is_read() -> None:
    entries = list(LAUNCH.entries)
    entries[300] = b"hello"
    entries[301] = b""
    recount = recounted(entries)
    assert [one.where for one in recount.findings if one.code == "unreadable"] == ["entry 300", "entry 301"]
    assert recount.size == len(entries)


def test_a_log_that_does_not_begin_with_its_launch_is_found() -> None:
    assert codes(recounted(LAUNCH.entries[1:50])).count("launch") == 1


def test_at_most_twenty_findings_of_a_code_are_kept_and_the_rest_counted() -> None:
    entries = [launch_entry(), *LAUNCH.entries[1:60], *[b"?"] * 50]
    recount = recounted(entries)
    assert codes(recount).count("unreadable") == 20
    assert recount.found.more["unreadable"] == 30


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_change_is_located_between_the_checkpoints_around_it(data: st.DataObject) -> None:
    entries = LAUNCH.entries[:700]
    sizes = sorted(data.draw(st.sets(st.integers(1, 700), min_size=1, max_size=6)) | {700})
    at = data.draw(st.integers(1, 699))
    signed = signed_at(entries, *sizes)
    forged = [*entries[:at], changed(entries[at], commitment="A" * 43), *entries[at + 1 :]]
    (finding,) = [one for one in recounted(forged, *signed).findings if one.code == "rewritten"]
    begin, end = max([0, *(size for size in sizes if size <= at)]), min(size for size in sizes if size > at)
    named = f"entry {begin:,}" if end - begin == 1 else f"entries {begin:,} to {end - 1:,}"
    assert finding.where.startswith(f"{named}: between ")
    later = sum(size > end for size in sizes)
    assert (f"the {later:,} checkpoints after that" in finding.what) == bool(later)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(1, 699), how=st.sampled_from(["changed", "put in", "taken away"]))
def test_what_is_done_to_the_entries_alone_is_found_at_its_entry(at: int, how: str) -> None:
    entries = LAUNCH.entries[:700]
    tiles = tiles_made(entries)
    forged = {
        "changed": [*entries[:at], changed(entries[at], held_minor=1), *entries[at + 1 :]],
        "put in": [*entries[:at], changed(entries[at], held_minor=1), *entries[at:-1]],
        "taken away": [*entries[:at], *entries[at + 1 :], changed(entries[-1], held_minor=1)],
    }[how]
    recount = Recount(signed_at(entries, 700), tiles.__getitem__)
    for tile in bundles_of(700):
        part = forged[tile.index * 256 : tile.index * 256 + tile.width]
        recount.add(tile, part, tiles[Tile(0, tile.index, tile.width)])
    (finding,) = [one for one in recount.done().findings if one.code == "changed"]
    assert finding.where.startswith(f"entry {at:,}, 2025-06-26T2")
    at_an_edge = at % 256 == 255 or at == 699  # Then what is beside it can't be seen.
    words = {"changed": "is not the one", "put in": "was put in", "taken away": "was taken away"}[how]
    assert words in finding.what or at_an_edge
    differ = 0 if how == "changed" else 699 - at
    assert (f"; {differ:,} after it" in finding.what) == bool(differ)


def test_a_bundle_with_too_few_or_too_many_entries_does_not_shift_what_follows() -> None:
    entries = LAUNCH.entries[:700]
    for first in (entries[:255], [*entries[:256], entries[256]]):
        recount = Recount(signed_at(entries, 512, 700))
        recount.add(Tile(-1, 0), first)
        recount.add(Tile(-1, 1), entries[256:512])
        recount.add(Tile(-1, 2, 188), entries[512:700])
        found = recount.done()
        assert found.size == 700
        assert "entries" in codes(found)
        assert ("rewritten" in codes(found)) == (len(first) < 256)


def test_a_tile_above_the_leaves_that_is_wrong_is_found_since_receipts_need_it() -> None:
    entries = LAUNCH.entries[:600]
    tiles = tiles_made(entries)
    tiles[Tile(1, 0, 2)] = bytes(64)
    recount = Recount((), tiles.__getitem__)
    for tile in bundles_of(600):
        part = entries[tile.index * 256 : tile.index * 256 + tile.width]
        recount.add(tile, part, tiles[Tile(0, tile.index, tile.width)])
    assert [(one.code, one.where) for one in recount.done().findings] == [("tile", "tile/1/000.p/2")]


def test_another_history_a_cut_log_and_two_roots_are_told_apart() -> None:
    entries = LAUNCH.entries[:500]
    other = Signed(400, bytes(32), own=True)
    found = recounted(entries, *signed_at(entries, 300, 500), other).findings
    assert [one.code for one in found] == ["other_history"]
    assert "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" in found[0].what
    assert [one.where for one in recounted(entries, Signed(600, bytes(32), own=True)).findings] == ["from entry 500 on"]
    two = recounted(entries, *signed_at(entries, 300, 500), Signed(300, bytes(32)))
    assert set(codes(two)) == {"two_roots", "rewritten"}
    assert "another history" in two.findings[-1].what
    assert not recounted(entries, Signed(0, EMPTY_ROOT), *signed_at(entries, 300, 300, 500, own=True)).findings


@pytest.mark.parametrize("size", [256, 300, 512])
def test_an_entry_that_is_back_dated_is_found_with_a_witness(size: int) -> None:
    entries = list(LAUNCH.entries[:700])
    at_ms = parse_entry(entries[size]).at_ms
    root = root_of(entries[:size])
    seen_s = at_ms // 1000 + BACK_DATING_S
    assert not recounted(entries, Signed(size, root, seen_s)).findings
    late = recounted(entries, Signed(size, root, seen_s + 1)).findings
    assert {one.code for one in late} == {"backdated"}
    assert late[0].where.startswith(f"entry {size},")


def test_an_entry_that_a_witness_saw_before_the_time_that_it_says_is_found() -> None:
    entries, size = LAUNCH.entries, 400
    seen_s = -(-parse_entry(entries[size - 1]).at_ms // 1000) - BACK_DATING_S
    root = root_of(entries[:size])
    assert not recounted(entries, Signed(size, root, seen_s)).findings
    assert codes(recounted(entries, Signed(size, root, seen_s - 1))) == ["postdated"]


def test_hostile_facts_and_numbers_do_not_break_the_recount() -> None:
    facts = LaunchFacts(FORMAT, "\x1b[2J", "x", 9_999_999_999_999_999, "No/Where", "XXX", (), ())
    wild = Entry("firm", "firm", "yu7", 9_999_999_999_999_999, "o" * 16, "c" * 16, 10**17, "A" * 43)
    entries = [entry_bytes(LaunchEntry(9_999_999_999_999_999, facts)), entry_bytes(wild), LAUNCH.entries[1]]
    found = recounted(entries, *signed_at(entries, 2, 3))
    assert codes(found) == ["no_beginning", "time_falls"]


@pytest.mark.parametrize(
    "changed",
    [
        {"time_zone": "Asia/Shanghai), every one of them delivered (see the annual report"},
        {"time_zone": "../x"},
        {"currency": "CNY of real money"},
        {"currency": "CNY\n"},
        {"models": ("yu7", "yu7 max")},
        {"format": "drumroll/v9"},
        {"opens_at_ms": -1},
        {"opens_at_ms": 10**16},
    ],
)
def test_facts_that_would_put_words_into_a_definition_are_none(changed: dict[str, object]) -> None:
    with pytest.raises(EntryInvalid, match="not written as"):
        parse_entry(launch_entry(facts=msgspec.structs.replace(FACTS, **changed)))


@pytest.mark.parametrize(
    ("was", "instead"),
    [
        (b'"opens_at_ms":', b'"opens_at_ms":1,"opens_at_ms":'),
        (b'"opens_at_ms":', b'"Opens_At_Ms":1,"opens_at_ms":'),
        (b'"name":"YU7"', b'"name":"\\u0059U7"'),
        (b'"name":', b' "name":'),
        (b"]}", b"]}\n"),
    ],
)
def test_facts_that_could_be_read_in_two_ways_are_none(was: bytes, instead: bytes) -> None:
    assert was in launch_entry()
    with pytest.raises(EntryInvalid):
        parse_entry(launch_entry().replace(was, instead))


def test_a_log_that_says_only_later_what_its_launch_is_is_found() -> None:
    entries = [*LAUNCH.entries[1:50], launch_entry(parse_entry(LAUNCH.entries[49]).at_ms)]
    assert codes(recounted(entries)).count("launch") == 1
