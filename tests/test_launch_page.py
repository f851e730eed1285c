"""The page about the launch file is true, and money is shown as people read it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.launch_file import parse
from drumroll.domain.launch_mistakes import Mistake
from drumroll.domain.launch_schema import ROOT
from drumroll.domain.money import EXPONENTS, format_minor
from drumroll.errors import LaunchFileInvalid
from tests.launch_files import PAGE, required_keys, schema_keys

# The page about it.


def test_the_page_has_a_row_for_every_key_and_for_no_other() -> None:
    rows = re.findall(r"^\| `([a-zA-Z_.-]+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(schema_keys(ROOT))


def test_the_page_says_required_where_it_is() -> None:
    rows = {
        row[1].strip(" `"): row[4].strip() for row in (line.split("|") for line in PAGE.splitlines()) if len(row) == 7
    }
    required = set(required_keys(ROOT))
    assert {key for key, default in rows.items() if default == "required"} == required


SNIPPETS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_first_snippet_is_a_whole_launch_file() -> None:
    assert parse(SNIPPETS[0], "page").id == "bicycle"


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_of_the_page_has_no_mistake_but_what_it_leaves_out(snippet: str) -> None:
    try:
        parse(snippet, "page")
    except LaunchFileInvalid as error:
        left_out = [one for one in error.mistakes if isinstance(one, Mistake) and one.found == "missing"]
        others = [one for one in error.mistakes if one not in left_out]
        assert others == []


# Money for people.


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(EXPONENTS)))
def test_money_shown_reads_back_as_the_same_sum(amount_minor: int, currency: str) -> None:
    number, code = format_minor(amount_minor, currency).split(" ")
    assert code == currency
    assert int(number.replace(",", "").replace(".", "")) == amount_minor
    assert len(number.partition(".")[2]) == EXPONENTS[currency]


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"),
    [(500_000, "CNY", "5,000.00 CNY"), (5_000, "JPY", "5,000 JPY"), (-5, "EUR", "-0.05 EUR"), (1, "KWD", "0.001 KWD")],
)
def test_money_is_shown_with_the_decimals_of_its_currency(amount_minor: int, currency: str, shown: str) -> None:
    assert format_minor(amount_minor, currency) == shown
