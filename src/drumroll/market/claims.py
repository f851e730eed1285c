"""Published figures, held against what the quotes give: whether they agree, within the rounding of the published one.

A figure is taken to be rounded to its last digit.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from drumroll.market.day import exact, rounded

Relation = Literal["is", "more than", "at least", "less than"]


class Published(msgspec.Struct, frozen=True):
    """A figure as it was published: its digits say how it was rounded. "1.55" at 10**12 is 1.55 trillion."""

    text: str
    scale: int = 1
    unit: str = ""

    @property
    def value(self) -> Fraction:
        """The figure itself."""
        return Fraction(self.text) * self.scale

    @property
    def places(self) -> int:
        """How many decimal places it was published with."""
        return max(0, -int(Decimal(self.text).as_tuple().exponent))

    @property
    def bounds(self) -> tuple[Fraction, Fraction]:
        """Between which values (both included) it was, if it was rounded to its last digit."""
        half = Fraction(self.scale, 2 * 10**self.places)
        return self.value - half, self.value + half

    def __str__(self) -> str:
        scale = {1: "", 10**8: " hundred million", 10**9: " billion", 10**12: " trillion"}.get(
            self.scale, f" x {self.scale:,}"
        )
        return f"{self.text}{scale}{' ' + self.unit if self.unit else ''}"


class Claim(msgspec.Struct, frozen=True):
    """A statement somebody published, with the definition it is held against."""

    what: str
    published: Published
    definition: str
    relation: Relation = "is"


class Verdict(msgspec.Struct, frozen=True):
    """Whether a claim agrees. ``difference`` is published - computed; ``percent`` that difference of the computed."""

    claim: Claim
    computed: Decimal
    agrees: bool
    difference: Decimal
    percent: Decimal | None

    def __str__(self) -> str:
        said = f"{self.claim.what}: published {self.claim.published}"
        if self.agrees:
            return f"{said}, agrees with {self.computed:,} ({self.claim.definition})"
        off = "" if self.percent is None else f" ({self.percent:+} %)"
        return (
            f"{said}, does not agree with {self.computed:,}: off by {self.difference:+,}{off} ({self.claim.definition})"
        )


def check_claim(claim: Claim, computed: Decimal | float | int) -> Verdict:
    """Hold a claim against the computed figure (in the same unit, unscaled).

    "is": the computed figure lies within half of the published last digit. The other relations compare with the figure.
    """
    value = Fraction(exact(computed))
    low, high = claim.published.bounds
    published = claim.published.value
    agrees = {
        "is": low <= value <= high,
        "more than": value > published,
        "at least": value >= published,
        "less than": value < published,
    }[claim.relation]
    percent = rounded((published / value - 1) * 100, 2) if value else None
    return Verdict(claim, exact(computed), agrees, rounded(published - value, 4).normalize() + 0, percent)


class Agreement(msgspec.Struct, frozen=True):
    """Whether two published values fit one number of shares: the numbers each one allows, and whether they overlap."""

    agrees: bool
    first_shares: tuple[int, int]
    second_shares: tuple[int, int]
    shares: int
    """The number that the first one implies, unrounded figure by figure."""
    expected: Decimal
    """What the second value would be with that number."""


def implied_shares(value: Published, price: str) -> tuple[int, int]:
    """The fewest and the most shares that a published market value at a price allows, given how it was rounded."""
    low, high = (bound / Fraction(price) for bound in value.bounds)
    return low.__ceil__(), high.__floor__()


def values_agree(first: Published, first_price: str, second: Published, second_price: str) -> Agreement:
    """Whether two published market values, each at its price, can both be right for one number of shares.

    1.54 trillion at 59.4 means 25.84 to 26.01 billion shares, so 1.59 to 1.60 trillion at 61.45: "1.55" is not that.
    """
    one, other = implied_shares(first, first_price), implied_shares(second, second_price)
    shares = first.value / Fraction(first_price)
    expected = rounded(shares * Fraction(second_price), 0)
    overlap = max(one[0], other[0]) <= min(one[1], other[1])
    return Agreement(overlap, one, other, int(rounded(shares, 0)), expected)
