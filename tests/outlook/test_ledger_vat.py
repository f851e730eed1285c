"""A price is its tax and what is left, to the minor unit: rounded half up, in whole numbers."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.errors import LedgerError
from drumroll.outlook.vat import vat_in, without_vat

prices = st.one_of(st.integers(0, 1000), st.integers(0, 10**15))
whole = st.integers(0, 99).map(str)
decimals = st.text("0123456789", min_size=1, max_size=9)
percents = st.one_of(whole, st.just("100"), st.builds("{}.{}".format, whole, decimals))


@given(prices, percents)
def test_the_tax_is_its_share_of_the_price_rounded_half_up(price_minor: int, percent: str) -> None:
    rate = Fraction(percent)
    assert vat_in(price_minor, percent) == floor(price_minor * rate / (100 + rate) + Fraction(1, 2))


@given(prices, percents)
def test_tax_and_net_make_up_the_price(price_minor: int, percent: str) -> None:
    vat_minor, net_minor = vat_in(price_minor, percent), without_vat(price_minor, percent)
    assert vat_minor + net_minor == price_minor
    assert 0 <= vat_minor <= price_minor


@given(st.integers(0, 10**12))
def test_a_half_goes_up(number: int) -> None:
    assert vat_in(2 * number + 1, "100") == number + 1


def test_the_reference_launch_without_tax_is_what_was_reckoned() -> None:
    assert vat_in(25_350_000, "13") == 2_916_372
    assert round(289_000 * without_vat(25_350_000, "13") / 100 / 10**9, 2) == 64.83


@pytest.mark.parametrize(
    "percent", ["", "13%", "-1", "1e1", "101", "100.1", "13/1", "7,5", "7.", ".5", "1.0123456789", "١٣"]
)
def test_a_rate_that_is_none_is_refused_by_name(percent: str) -> None:
    with pytest.raises(LedgerError, match=r"vat_percent is .* allowed is a number as text from 0 to 100"):
        vat_in(100, percent)


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(LedgerError, match="price_minor is -1"):
        vat_in(-1, "13")
