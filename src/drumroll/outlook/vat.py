"""The tax that a price contains, in whole minor units.

A price to consumers is said with value added tax in it, so the tax is a share of the price: at 13 %, 13/113 of it. It
is rounded half up to the minor unit, once an order, and what is left is the price without it: the two always add up.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from drumroll.domain.launch_values import FIGURE
from drumroll.errors import LedgerError

MAX_PERCENT = 100


def vat_in(price_minor: int, percent: str) -> int:
    """The tax in a price of ``price_minor`` (0 or more, tax included) at ``percent``, rounded half up.

    Raises ``LedgerError`` if ``percent`` is not a number as text from "0" to "100", or the price is negative.
    """
    if price_minor < 0:
        raise LedgerError(f"price_minor is {price_minor}; a price is 0 or more: give what the order stands at")
    part, whole = _share(percent)
    return (2 * price_minor * part + whole) // (2 * whole)


def without_vat(price_minor: int, percent: str) -> int:
    """What is left of a price of ``price_minor`` without the tax in it: with ``vat_in`` it makes up the price."""
    return price_minor - vat_in(price_minor, percent)


@lru_cache(maxsize=64)
def _share(percent: str) -> tuple[int, int]:
    """The tax as a share of the price that contains it: numerator and denominator, in whole numbers."""
    if not FIGURE.fullmatch(percent) or not 0 <= Fraction(percent) <= MAX_PERCENT:
        allowed = f"a number as text from 0 to {MAX_PERCENT} with at most 9 decimals"
        raise LedgerError(f'vat_percent is {percent!r}; allowed is {allowed}, like "13" or "7.5": mend it in [finance]')
    rate = Fraction(percent)
    return (rate / (100 + rate)).as_integer_ratio()
