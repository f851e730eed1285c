"""The language of claims: what it reads, what it refuses, and that each word means one thing."""

from __future__ import annotations

import doctest
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.money import EXPONENTS
from drumroll.errors import ClaimInvalid
from drumroll.proof import moments
from drumroll.proof.definition import bounds_in_words, definition, unit_of
from drumroll.proof.entry import KINDS, STATES
from drumroll.proof.moments import local, read_moment, utc
from drumroll.proof.statement import EXAMPLE, Statement, parse_statement
from tests.proof.publishing import FACTS, OPENS_MS

MINUTE_MS = 60_000
LATER_KINDS = [kind for kind in KINDS if kind not in ("cancelled", "forfeited", "withdrawn", "expired")]
times = st.integers(0, 253_402_300_799_999).map(utc)
measures = st.one_of(
    st.sampled_from([f"{kind} orders" for kind in KINDS]),
    st.sampled_from([f"customers with {kind} orders" for kind in KINDS]),
)
standing = st.one_of(
    st.sampled_from([f"orders in state {state}" for state in STATES]),
    st.sampled_from(["standing orders", "deposits held"]),
)
first = st.builds(
    lambda amount, unit: f" in the first {unit}" if amount == 1 else f" in the first {amount} {unit}s",
    st.integers(1, 3_000),
    st.sampled_from(["second", "minute", "hour", "day"]),
)
models = st.sampled_from(["", " of yu7", " of yu7-max", " of in", " of net"])
between = (
    st.tuples(times, times)
    .filter(lambda two: two[0] != two[1])
    .map(lambda two: f" between {min(two, key=read_moment)} and {max(two, key=read_moment)}")
)
statements = st.one_of(
    st.tuples(measures, models, st.one_of(st.just(""), first, between, times.map(" until {}".format))).map("".join),
    st.tuples(standing, models, st.one_of(st.just(""), first, times.map(" at {}".format))).map("".join),
    st.tuples(st.sampled_from([f"{kind} orders" for kind in LATER_KINDS]), models, first).map(
        lambda parts: f"{''.join(parts)} net of cancellations"
    ),
)


@settings(max_examples=200, deadline=None)
@given(text=statements)
def test_the_normal_form_reads_as_itself(text: str) -> None:
    assert parse_statement(text).text == text


@settings(max_examples=100, deadline=None)
@given(text=statements, number=st.integers(0, 10**12), separator=st.sampled_from([",", "", " ", "_", "'", "\u00a0"]))
def test_case_and_separators_do_not_matter(text: str, number: int, separator: str) -> None:
    written = f"{number:,}".replace(",", separator)
    found = parse_statement(f"  {written}  {text.upper()} ")
    assert (found.asserted, found.text) == (number, text)


@settings(max_examples=200, deadline=None)
@given(text=statements, data=st.data())
def test_any_word_that_is_wrong_is_named(text: str, data: st.DataObject) -> None:
    words = text.split(" ")
    at = data.draw(st.integers(0, len(words) - 1))
    if at and words[at - 1] == "of" and words[at] != "cancellations":
        return  # Any word may be a model: only the log can tell.
    words[at] = "quux"
    with pytest.raises(ClaimInvalid, match="quux"):
        parse_statement(" ".join(words))


@settings(max_examples=100, deadline=None)
@given(text=statements, data=st.data())
def test_a_statement_that_ends_early_or_late_is_another_or_refused(text: str, data: st.DataObject) -> None:
    with pytest.raises(ClaimInvalid, match="quux"):
        parse_statement(f"{text} quux")
    words = text.split(" ")
    cut = " ".join(words[: data.draw(st.integers(0, len(words) - 1))])
    with suppress(ClaimInvalid):
        assert parse_statement(cut).text == cut


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_no_text_whatever_breaks_the_parser(text: str) -> None:
    with suppress(ClaimInvalid):
        parse_statement(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("289.000 firm orders", "289.000"),
        ("28,9000 firm orders", "28,9000"),
        ("-1 firm orders", "-1"),
        ("1e6 firm orders", "1e6"),
        ("firm orders in the frist hour", "frist"),
        ("firm orders in the first 1.5 hours", "1.5"),
        ("firm orders in the first 0 hours", "1 second"),
        ("firm orders in the first 99999 days", "3,660"),
        ("paid orders", "paid"),
        ("orders in state paid", "paid"),
        ("firm orders until 2025-06-26T24:00:00Z", "24:00"),
        ("firm orders until 2025-06-26", "2025-06-26"),
        ("firm orders until 2025-06-26T22:00:00", "2025-06-26"),
        ("firm orders until 2025-02-30T22:00:00Z", "2025-02-30"),
        ("firm orders until 2025-06-26T22:00:60Z", ":60"),
        ("firm orders until 2025-06-26T22:00:00.0001Z", "millisecond"),
        ("firm orders until 1969-06-26T22:00:00Z", "1969"),
        ("firm orders between 2025-06-26T22:00:00Z and 2025-06-26T22:00:00Z", "earlier first"),
        ("firm orders at 2025-06-26T22:00:00Z", '"until"'),
        ("standing orders between 2025-06-26T22:00:00Z and 2025-06-26T23:00:00Z", '"at"'),
        ("standing orders net of cancellations", "already"),
        ("cancelled orders net of cancellations", "is nothing"),
        ("more than 5 firm orders", "more"),
        ("", "too early"),
        ("firm orders " + "x" * 500, "characters"),
    ],
)
def test_what_means_nothing_is_refused_with_the_word(text: str, names: str) -> None:
    with pytest.raises(ClaimInvalid, match=names.replace(".", r"\.")):
        parse_statement(text)


def test_two_words_of_a_state_or_kind_are_one() -> None:
    assert parse_statement("orders in state in production").text == "orders in state in_production"
    assert parse_statement("in transit orders in the first hour").text == "in_transit orders in the first hour"
    assert parse_statement("difference-paid orders").text == "difference_paid orders"


@settings(max_examples=200, deadline=None)
@given(at_ms=st.integers(0, 253_402_300_799_999), offset=st.integers(-14 * 60, 14 * 60))
def test_a_time_is_the_same_with_any_offset(at_ms: int, offset: int) -> None:
    shifted = at_ms + offset * MINUTE_MS
    if not 0 <= shifted < 253_402_300_800_000:
        return
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = f"{utc(shifted).removesuffix('Z')}{sign}{minutes // 60:02}:{minutes % 60:02}"
    assert read_moment(text) == at_ms
    assert read_moment(utc(at_ms).lower()) == at_ms
    assert parse_statement(f"firm orders until {text}").text == f"firm orders until {utc(at_ms)}"


def test_a_zone_that_is_none_is_utc_and_a_time_beyond_calendars_is_shown() -> None:
    assert local(OPENS_MS, "Asia/Shanghai") == "2025-06-26T22:00:00+08:00"
    for zone in ("", "../etc/passwd", "Asia", "No/Where", "\x00"):
        assert local(OPENS_MS, zone) == utc(OPENS_MS) == "2025-06-26T14:00:00Z"
    assert utc(9_999_999_999_999_999) == "9999999999999999 ms"
    assert doctest.testmod(moments).failed == 0


def test_the_definition_says_what_from_when_until_when_and_what_not() -> None:
    text = definition(parse_statement("firm orders of yu7 in the first hour net of cancellations"), FACTS)
    for part in (
        *("became firm", "orders of yu7", "2025-06-26T14:00:00Z (2025-06-26T22:00:00+08:00 in Asia/Shanghai)"),
        *("2025-06-26T15:00:00Z", "exclusive", "opening", "still of yu7", "imported", "each order counted once"),
    ):
        assert part in text
    assert "distinct customers" in definition(parse_statement("customers with firm orders"), FACTS)
    assert "CNY/100" in definition(parse_statement("deposits held"), FACTS)
    assert "at the checkpoint" in definition(parse_statement("standing orders"), FACTS)


@settings(max_examples=100, deadline=None)
@given(text=statements)
def test_a_definition_is_one_line_and_says_no_two_things(text: str) -> None:
    statement = parse_statement(text)
    sentence = definition(statement, FACTS)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    begins, ends = bounds_in_words(statement, FACTS)
    assert ends == "the checkpoint" or ends in sentence
    assert begins == "the beginning" or begins in sentence


def test_two_statements_never_have_the_same_definition() -> None:
    texts = [f"{kind} orders" for kind in KINDS] + [f"customers with {kind} orders" for kind in KINDS]
    texts += [f"orders in state {state}" for state in STATES] + ["standing orders", "deposits held"]
    texts += [f"{text} of yu7" for text in texts]
    texts += [f"{text} in the first hour" for text in texts]
    assert len({definition(parse_statement(text), FACTS) for text in texts}) == len(texts)


def test_money_is_in_the_minor_units_of_its_currency() -> None:
    deposits = Statement("deposits")
    for currency, exponent in EXPONENTS.items():
        facts = msgspec.structs.replace(FACTS, currency=currency)
        assert unit_of(deposits, facts) == f"{currency}/{10**exponent}"
    assert unit_of(parse_statement(EXAMPLE), FACTS) == "orders"
