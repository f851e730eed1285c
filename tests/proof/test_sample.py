"""Samples: the draw is fair and the same for everybody, the chances are exact, and a sample can't be dressed up."""

from __future__ import annotations

import csv
import doctest
import io
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, hypergeom

from drumroll.errors import ClaimInvalid, NoteInvalid, ProofError
from drumroll.proof import sample as module
from drumroll.proof.chances import chance_to_miss, fewer_than, needed, share_of
from drumroll.proof.entry import Entry, Opened, entry_bytes
from drumroll.proof.note import note_bytes, sign_note
from drumroll.proof.sample import (
    SAMPLE_MOST,
    Checked,
    Drawn,
    Population,
    Row,
    Sample,
    check_sample,
    csv_of,
    draw,
    parse_sample,
    sample_bytes,
)
from tests.proof.naive_merkle import Tree
from tests.proof.publishing import KEY, ORIGIN, OTHER_KEY, launch_entry

VALUE = "lottery of 5 July: 04 11 17 23 31 36 + 42"
ROOT = bytes(range(32))

# The draw


def drawn_by_the_book(root: bytes, value: str, population: int, n: int) -> list[int]:
    """The docstring of the module, written down again."""
    places: list[int] = []
    counter = 0
    while True:
        length = len(value.encode()).to_bytes(8, "big")
        digest = sha256(b"drumroll sample/v1\n" + root + length + value.encode() + counter.to_bytes(8, "big")).digest()
        counter += 1
        for at in (0, 8, 16, 24):
            word = int.from_bytes(digest[at : at + 8], "big")
            if word >= 2**64 - 2**64 % population or word % population in places:
                continue
            places.append(word % population)
            if len(places) == n:
                return places


def test_the_vector_of_the_page_is_what_is_drawn() -> None:
    assert doctest.testmod(module).attempted == 1
    assert doctest.testmod(module).failed == 0
    assert draw(ROOT, VALUE, 288_412, 5) == [97_032, 218_489, 68_179, 258_261, 188_064]


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.text("abc 0123ä€", min_size=8).map(lambda text: f"x{text}x"), st.data())
def test_it_draws_as_the_docstring_says(root: bytes, value: str, data: st.DataObject) -> None:
    population = data.draw(st.integers(1, 300))
    n = data.draw(st.integers(1, population))
    places = draw(root, value, population, n)
    assert places == drawn_by_the_book(root, value, population, n)
    assert len(set(places)) == n
    assert all(0 <= place < population for place in places)


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    assert draw(ROOT, VALUE, 5_000, 400)[:100] == draw(ROOT, VALUE, 5_000, 100)


def test_another_root_or_value_draws_others() -> None:
    drawn = set(draw(ROOT, VALUE, 10**6, 400))
    assert len(drawn & set(draw(bytes(32), VALUE, 10**6, 400))) < 10
    assert len(drawn & set(draw(ROOT, VALUE + "!", 10**6, 400))) < 10


def fits(counts: list[int], expected: float) -> bool:
    """Whether counts may well be of equal chances: the chi-square test at one in 10,000."""
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    return bool(chi2.sf(statistic, len(counts) - 1) > 1e-4)


@pytest.mark.parametrize(("population", "n"), [(7, 1), (10, 3), (100, 30), (97, 96), (3, 2)])
def test_every_place_is_as_likely_as_any_other(population: int, n: int) -> None:
    rounds = 1_000 if population > 90 else 4_000
    counts: Counter[int] = Counter()
    for number in range(rounds):
        counts.update(draw(sha256(b"%d" % number).digest(), VALUE, population, n))
    expected = rounds * n / population
    # Drawn without putting back, counts vary less than the test supposes: by the factor (N - n) / (N - 1).
    shrunk = ((population - n) / (population - 1)) ** 0.5 if n < population else 1
    assert fits([round(expected + (counts[place] - expected) / shrunk) for place in range(population)], expected)


def test_every_order_of_the_draw_is_as_likely_as_any_other() -> None:
    counts = Counter(tuple(draw(sha256(b"%d" % number).digest(), VALUE, 4, 3)) for number in range(6_000))
    assert len(counts) == 24
    assert fits(list(counts.values()), 250)


def test_a_word_above_the_last_whole_round_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first places would be likelier: with 64 bits no statistics could show it."""
    words = iter([[2**64 - 1, 2**64 - 2**64 % 10, 2**64 - 2**64 % 10 - 1, 3]])
    monkeypatch.setattr(module, "_words", lambda hashing, counter: next(words))
    assert draw(ROOT, VALUE, 10, 2) == [9, 3]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *[("", "empty"), ("        ", "empty"), ("1234567", "7 characters"), ("x" * 1_001, "1,001 characters")],
        *[(" 12345678", "space"), ("12345678\n", "space"), ("1234\x005678", "seen"), ("1234\u202e5678", "seen")],
        ("1234\ud8005678", "seen"),
    ],
)
def test_a_value_that_is_none_is_refused_and_a_good_one_described(value: str, words: str) -> None:
    with pytest.raises(ClaimInvalid, match=words) as found:
        draw(ROOT, value, 10, 2)
    if len(value.strip()) < 8:
        assert "lottery" in str(found.value)
        assert "index" in str(found.value)


@pytest.mark.parametrize(("population", "n"), [(10, 11), (0, 1), (10, 0), (10, -1), (10**6, SAMPLE_MOST + 1)])
def test_more_than_there_are_can_not_be_drawn(population: int, n: int) -> None:
    with pytest.raises(ClaimInvalid):
        draw(ROOT, VALUE, population, n)


def test_all_of_them_can_be_drawn() -> None:
    assert sorted(draw(ROOT, VALUE, 500, 500)) == list(range(500))


# The chances


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 300_000), st.data())
def test_the_chance_to_miss_is_that_of_the_hypergeometric_distribution(population: int, data: st.DataObject) -> None:
    invented = data.draw(st.integers(0, min(population, 5_000)))
    n = data.draw(st.integers(0, min(population, 2_000)))
    expected = hypergeom.pmf(0, population, invented, n)
    assert chance_to_miss(population, invented, n) == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_figures_of_the_reference_launch() -> None:
    assert chance_to_miss(288_412, share_of(288_412, 10), 400) == pytest.approx(0.017878338657)
    assert needed(288_412, share_of(288_412, 10)) == 298
    assert fewer_than(288_412, 400) == 2_151


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3_000), st.data())
def test_what_is_needed_is_the_least_that_does(population: int, data: st.DataObject) -> None:
    invented = data.draw(st.integers(1, population))
    n = needed(population, invented)
    assert hypergeom.pmf(0, population, invented, n) <= 0.05 + 1e-9
    assert n == 1 or hypergeom.pmf(0, population, invented, n - 1) > 0.05 - 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3_000), st.data())
def test_what_is_ruled_out_is_the_least_that_would_have_shown(population: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, population))
    invented = fewer_than(population, n)
    assert hypergeom.pmf(0, population, invented, n) <= 0.05 + 1e-9
    assert invented == 1 or hypergeom.pmf(0, population, invented - 1, n) > 0.05 - 1e-9


def test_shares_are_rounded_up_to_one_at_least() -> None:
    assert [share_of(*of) for of in ((1_000, 1), (1_001, 1), (5, 1), (100, 50), (101, 50))] == [1, 2, 1, 5, 6]


@pytest.mark.parametrize(("population", "invented", "n"), [(10, 11, 1), (10, 1, 11), (10, -1, 1), (10, 1, -1)])
def test_more_than_there_are_have_no_chances(population: int, invented: int, n: int) -> None:
    with pytest.raises(ClaimInvalid):
        chance_to_miss(population, invented, n)
    assert fewer_than(10, 0) == 11
    with pytest.raises(ClaimInvalid):
        needed(10, 0)


# The population


def test_a_population_is_of_one_kind_whatever_others_begin_with() -> None:
    entries = [launch_entry(), *(leaf(number, kind)[0] for number, kind in enumerate(("firm", "locked", "firm")))]
    entries.append(entries[1].replace(b"firm ", b"firmly ", 1))
    for kind, indices in (("firm", [1, 3]), ("locked", [2]), ("cancelled", []), ("all", [0, 1, 2, 3, 4])):
        population = Population(kind)
        population.extend(entries[:2])
        population.extend(entries[2:])
        assert list(population.indices) == indices
        assert population.size == 5
    with pytest.raises(ClaimInvalid, match="allowed: reserved, firm"):
        Population("invented")


# Checking a sample

AT_MS = 1_750_946_400_000
NAMES = {
    "firm": ("order", "payment", "promised"),
    "difference_paid": ("order", "payment", "amount"),
    "locked": ("order",),
    "imported": (
        *("order", "customer", "trim", "options", "region", "price", "deposit", "promised", "payment", "reference"),
    ),
}


def leaf(number: int, kind: str = "firm", **changed: str) -> tuple[bytes, list[Opened]]:
    """The entry of an order and its opening; ``changed`` fields are other ones."""
    known = {"order": f"ord-{number}", "payment": f"pay-{number}", "promised": "2025-07-07/2025-07-20", "amount": "5"}
    fields = {name: changed.get(name, known.get(name, name)) for name in NAMES[kind]}
    opened, digests = [], []
    for name, value in fields.items():
        salt = sha256(f"{number}{name}".encode()).digest()[:16]
        digests.append(sha256(salt + f"{name}={value}".encode()).digest())
        open_one = Opened(name, value, url_safe(salt))
        opened.append(open_one if name in {"order", "payment"} else Opened(digest=url_safe(digests[-1])))
    tag = changed.get("tag", f"tag-{number:012d}")
    committed = url_safe(sha256(b"".join(digests)).digest())
    return entry_bytes(
        Entry(kind, "locked" if kind == "locked" else "firm", "yu7", AT_MS + number, tag, "c" * 16, 500_000, committed)
    ), opened


def url_safe(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class Audited:
    """A log of 60 orders, and what an honest operator gives an auditor; ``others`` replaces leaves."""

    def __init__(self, n: int = 20, kind: str = "firm", others: dict[int, Any] | None = None) -> None:
        made = [leaf(number, "firm" if number % 3 else "locked") for number in range(60)]
        for number, other in (others or {}).items():
            made[number] = other
        entries = [launch_entry(), *(entry for entry, _ in made)]
        self.openings = [[], *(fields for _, fields in made)]
        self.tree = Tree(entries)
        self.population = Population(kind)
        self.population.extend(entries)
        self.root = self.tree.root(61)
        note = sign_note(f"{ORIGIN}\n61\n{b64encode(self.root).decode()}\n", [KEY])
        drawn = tuple(map(self.drawn, self.population.drawn(self.root, VALUE, n)))
        root = b64encode(self.root).decode()
        self.sample = Sample(ORIGIN, 61, root, VALUE, kind, n, drawn, note_bytes(note).decode())

    def drawn(self, index: int) -> Drawn:
        proof = tuple(b64encode(one).decode() for one in self.tree.inclusion(index, 61))
        return Drawn(index, self.tree.entries[index].decode(), proof, tuple(self.openings[index]))

    def check(self, sample: Sample | None = None, with_log: bool = True) -> Checked:
        read = parse_sample(sample_bytes(sample or self.sample))
        return check_sample(read, [KEY.verifier], self.population.indices if with_log else None)

    def with_entry(self, at: int, **changed: Any) -> Sample:
        entries = list(self.sample.entries)
        entries[at] = msgspec.structs.replace(entries[at], **changed)
        return msgspec.structs.replace(self.sample, entries=tuple(entries))


@pytest.fixture(scope="module")
def audited() -> Audited:
    return Audited()


def test_an_honest_sample_holds_and_shows_its_payments(audited: Audited) -> None:
    checked = audited.check()
    assert checked.faults == ()
    assert checked.draw_checked
    assert checked.opened
    assert [row.index for row in checked.rows] == sorted(drawn.index for drawn in audited.sample.entries)
    for row in checked.rows:
        assert (row.order, row.payment) == (f"ord-{row.index - 1}", f"pay-{row.index - 1}")
        assert (row.customer, row.held_minor, row.at_ms) == ("", 500_000, AT_MS + row.index - 1)


def test_without_the_log_the_draw_is_not_checked_but_of_all_it_is(audited: Audited) -> None:
    checked = audited.check(with_log=False)
    assert (checked.faults, checked.draw_checked) == ((), False)
    everything = Audited(kind="all", n=61)
    checked = everything.check(with_log=False)
    assert (checked.faults, checked.draw_checked) == ((), True)
    assert checked.rows[0].kind == "launch"


def test_a_sample_that_nothing_was_opened_of_is_a_request(audited: Audited) -> None:
    entries = tuple(msgspec.structs.replace(drawn, fields=()) for drawn in audited.sample.entries)
    checked = audited.check(msgspec.structs.replace(audited.sample, entries=entries))
    assert (checked.faults, checked.opened) == ((), False)
    assert all(row.payment == "" for row in checked.rows)


def test_an_entry_that_suits_better_is_found_out(audited: Audited) -> None:
    drawn = {one.index for one in audited.sample.entries}
    better = next(index for index in audited.population.indices if index not in drawn)
    entries = (audited.drawn(better), *audited.sample.entries[1:])
    checked = audited.check(msgspec.structs.replace(audited.sample, entries=entries))
    assert [str(fault) for fault in checked.faults] == [
        f"entry {audited.sample.entries[0].index:,}: it was drawn, and the sample does not have it",
        f"entry {better:,}: it was not drawn, and the sample has it",
    ]


def test_an_entry_that_is_there_twice_instead_of_another_is_found_out(audited: Audited) -> None:
    entries = (audited.sample.entries[1], *audited.sample.entries[1:])
    checked = audited.check(msgspec.structs.replace(audited.sample, entries=entries))
    assert any("does not have it" in fault.what for fault in checked.faults)
    assert any("payment" in fault.what for fault in checked.faults)


def test_another_value_or_another_order_of_entries_is_another_draw(audited: Audited) -> None:
    assert audited.check(msgspec.structs.replace(audited.sample, random="another lottery")).faults
    turned = msgspec.structs.replace(audited.sample, entries=audited.sample.entries[::-1])
    assert "order of the draw" in audited.check(turned).faults[0].what


def test_an_entry_that_is_not_in_the_log_is_found_out(audited: Audited) -> None:
    entry, fields = leaf(99)
    checked = audited.check(audited.with_entry(3, entry=entry.decode(), fields=tuple(fields)))
    (fault,) = checked.faults
    assert fault.index == audited.sample.entries[3].index
    assert "is not in the tree" in fault.what


@pytest.mark.parametrize("field", [0, 1])
def test_another_order_or_payment_than_was_committed_to_is_found_out(audited: Audited, field: int) -> None:
    fields = list(audited.sample.entries[3].fields)
    fields[field] = msgspec.structs.replace(fields[field], value="pay-of-somebody-else")
    (fault,) = audited.check(audited.with_entry(3, fields=tuple(fields))).faults
    assert "not those that the entry commits to" in fault.what


@pytest.mark.parametrize("hides", ["order", "payment"])
def test_a_payment_that_is_not_shown_is_asked_for(audited: Audited, hides: str) -> None:
    honest = [_closed(one) if one.name == hides else one for one in audited.sample.entries[3].fields]
    (fault,) = audited.check(audited.with_entry(3, fields=tuple(honest))).faults
    assert f"does not show its {hides}" in fault.what
    (fault,) = audited.check(audited.with_entry(3, fields=())).faults
    assert "does not show its order and its payment" in fault.what


def _closed(one: Opened) -> Opened:
    salt = urlsafe_b64decode(one.salt + "==")
    return Opened(digest=url_safe(sha256(salt + f"{one.name}={one.value}".encode()).digest()))


def test_an_empty_payment_of_a_firm_order_is_found_out() -> None:
    audited = Audited(n=40, others={1: leaf(1, payment="")})
    (fault,) = audited.check().faults
    assert (fault.index, "its payment" in fault.what) == (2, True)


def test_an_entry_of_another_kind_needs_no_payment() -> None:
    audited = Audited(n=20, kind="locked", others={3: leaf(3, "locked")})
    assert audited.check().faults == ()


def test_the_payment_of_an_imported_order_is_shown_and_may_be_empty() -> None:
    audited = Audited(n=3, kind="imported", others={n: leaf(n, "imported", payment="") for n in (3, 4, 5)})
    assert audited.check().faults == ()
    hidden = tuple(_closed(one) if one.name == "payment" else one for one in audited.sample.entries[0].fields)
    (fault,) = audited.check(audited.with_entry(0, fields=hidden)).faults
    assert "does not show its payment" in fault.what


def test_one_payment_for_two_orders_is_found_out() -> None:
    audited = Audited(n=40, others={4: leaf(4, payment="pay-1")})
    (fault,) = audited.check().faults
    assert "'pay-1' is that of entry" in fault.what


@pytest.mark.parametrize("payment", ["pay-1\u200b", "pay-1 ", "pay\u00ad-1", "\u202epay-1"])
def test_a_payment_that_looks_like_another_one_is_found_out(payment: str) -> None:
    (fault,) = Audited(n=40, others={4: leaf(4, payment=payment)}).check().faults
    assert "its payment has signs that can't be seen" in fault.what


def test_a_payment_in_letters_of_another_width_is_the_same_one() -> None:
    (fault,) = Audited(n=40, others={4: leaf(4, payment="\uff50ay-1")}).check().faults
    assert "is that of entry" in fault.what


def test_one_order_number_for_two_orders_is_found_out() -> None:
    audited = Audited(n=40, others={4: leaf(4, order="ord-1")})
    (fault,) = audited.check().faults
    assert "order number 'ord-1'" in fault.what


@pytest.mark.parametrize("kind", ["firm", "difference_paid"])
def test_one_payment_twice_for_the_same_order_is_found_out(kind: str) -> None:
    twice = leaf(4, kind, order="ord-1", payment="pay-1", tag=f"tag-{1:012d}")
    (fault,) = Audited(n=61, kind="all", others={4: twice}).check().faults
    assert "its payment 'pay-1'" in fault.what


def test_two_payments_for_the_same_order_are_fine() -> None:
    more = leaf(4, "difference_paid", order="ord-1", payment="pay-4", tag=f"tag-{1:012d}")
    assert Audited(n=61, kind="all", others={4: more}).check().faults == ()


def test_one_order_with_two_numbers_is_found_out() -> None:
    other = leaf(4, order="ord-4", tag=f"tag-{1:012d}")
    (fault,) = Audited(n=40, others={4: other}).check().faults
    assert "with another number" in fault.what


def test_a_sample_that_nobody_trusted_signed_is_refused(audited: Audited) -> None:
    with pytest.raises(NoteInvalid):
        check_sample(audited.sample, [OTHER_KEY.verifier], audited.population.indices)


@pytest.mark.parametrize("changed", [{"size": 60}, {"origin": "other.example.com"}, {"root": "A" * 43 + "="}])
def test_a_sample_that_says_another_checkpoint_than_it_has_is_refused(
    audited: Audited, changed: dict[str, Any]
) -> None:
    with pytest.raises(ClaimInvalid, match="its checkpoint is another"):
        audited.check(msgspec.structs.replace(audited.sample, **changed))


HOSTILE = {
    "empty": b"",
    "no JSON": b"drumroll sample/v1\n{",
    "no object": b"drumroll sample/v1\n[]",
    "another version": b"drumroll sample/v2\n{}",
    "deep": b"drumroll sample/v1\n" + b"[" * 100_000,
    "not UTF-8": b'drumroll sample/v1\n{"origin":"\xff"}',
    "numbers": b'drumroll sample/v1\n{"origin":1}',
    "unknown field": b'drumroll sample/v1\n{"surprise":1}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_sample_is_refused(name: str) -> None:
    with pytest.raises(ClaimInvalid):
        parse_sample(HOSTILE[name])


@pytest.mark.parametrize(
    "changed",
    [
        *({"n": 19}, {"n": 0}, {"n": -5}, {"n": 10**30}, {"size": 0}, {"size": -1}, {"size": 2**64}, {"entries": ()}),
        *({"random": ""}, {"random": "short"}, {"kind": "invented"}, {"kind": ""}, {"checkpoint": ""}),
        *({"checkpoint": "\ud800"}, {"checkpoint": "x" * 70_000}),
    ],
)
def test_a_sample_of_nonsense_is_refused(audited: Audited, changed: dict[str, Any]) -> None:
    sample = msgspec.to_builtins(audited.sample) | changed
    data = b"drumroll sample/v1\n" + json.dumps(sample).encode()
    with pytest.raises(ProofError):
        check_sample(parse_sample(data), [KEY.verifier], audited.population.indices)


@pytest.mark.parametrize(
    "changed",
    [
        *({"index": -1}, {"index": 61}, {"index": 2**70}, {"proof": ()}, {"proof": ("A" * 44,) * 100}),
        *({"proof": ("nonsense",)}, {"entry": ""}, {"entry": "\x00"}, {"entry": "firm " * 900}),
        *({"fields": (Opened(),)}, {"fields": (Opened("order", "x", "AAAA"),)}, {"fields": (Opened(digest="*"),)}),
        *({"fields": (Opened("a=b", "x", "A" * 22),)}, {"fields": (Opened(digest="A" * 43),) * 1_000}),
    ],
)
def test_a_leaf_of_nonsense_is_a_fault_of_that_leaf(audited: Audited, changed: dict[str, Any]) -> None:
    checked = audited.check(audited.with_entry(3, **changed))
    index = changed.get("index", audited.sample.entries[3].index)
    assert index in {fault.index for fault in checked.faults}
    assert len(checked.rows) == 19


def test_every_changed_byte_of_a_sample_is_found_out() -> None:
    """All but what only says the same in other words: a space between two names, and such."""
    audited = Audited(n=3)
    data = sample_bytes(audited.sample)
    text = data.decode()
    meant = parse_sample(data)
    for at in range(0, len(data), 5):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            sample = parse_sample(changed)
            found = check_sample(sample, [KEY.verifier], audited.population.indices)
        except ProofError:
            continue
        assert found.faults or sample == meant, text[max(0, at - 40) : at + 40]


# The auditor's table


def test_a_table_reads_back_and_is_no_formula() -> None:
    rows = [
        Row(5, 1_750_946_400_000, "firm", "tag", 500_000, "ord-1", "pay-1"),
        Row(6, 1_750_946_400_001, "firm", "tag", 0, '=HYPERLINK("x")', 'a,"b"\r\nc'),
        Row(7, 10**16, "firm", "tag", 0, "@SUM(1)", "-1", "+customer"),
    ]
    read = list(csv.reader(io.StringIO(csv_of(rows), newline="")))
    assert read == [
        ["index", "time", "kind", "order", "payment", "held_minor", "customer"],
        ["5", "2025-06-26T14:00:00Z", "firm", "ord-1", "pay-1", "500000", ""],
        ["6", "2025-06-26T14:00:00.001Z", "firm", '\'=HYPERLINK("x")', 'a,"b"\r\nc', "0", ""],
        ["7", f"{10**16} ms", "firm", "'@SUM(1)", "'-1", "0", "'+customer"],
    ]
    assert "customer" not in csv_of(rows[:2])
