"""What a printed figure can stand for: the values that give its digits, by rounding or by cutting. Exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from drumroll.domain.launch_finance import TIMED, PublishedFigure
from drumroll.domain.launch_market import SCALES

Fit = Literal["as printed", "rounded further", "cut", "no"]
"""How a value gives the printed digits: rounded to the last digit; rounded to the noughts that a whole number ends in;
cut off, not rounded; not at all."""

DIGITS_KEPT = 2
"""Noughts at the end of a whole number may be rounding, but two digits are meant: 300,000 is 295,000 to 305,000."""

_HALF = Fraction(1, 2)


class Interval(msgspec.Struct, frozen=True):
    """Values from ``low`` to ``high`` (``None``: without end), both included unless ``*_open``."""

    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: Fraction) -> bool:
        return self.meets(Interval(value, value))

    def meets(self, other: Interval) -> bool:
        """Whether some value lies in both."""
        return _reaches(self, other) and _reaches(other, self)

    def over(self, other: Interval) -> Interval | None:
        """What this divided by the other can be; ``None`` if that is 0, anything if it can be above 0 and below."""
        if other.high is not None and other.high <= 0:
            return None if other.low == 0 else self.negative().over(other.negative())
        if other.low is None or other.low < 0:
            return Interval(None, None)
        low, low_open = _least_quotient(self, other)
        high, high_open = _least_quotient(self.negative(), other)
        return Interval(low, None if high is None else -high, low_open, high_open)

    def negative(self) -> Interval:
        """All values with the other sign."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return Interval(low, high, self.high_open, self.low_open)

    def times(self, factor: Fraction | int) -> Interval:
        """All values times a positive factor."""
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        return Interval(low, high, self.low_open, self.high_open)


def _least_quotient(of: Interval, by: Interval) -> tuple[Fraction | None, bool]:
    """The lower end of a quotient, and whether it is open. ``by`` is 0 or above, and not 0 alone."""
    if of.low is None:
        return None, False
    if of.low == 0:
        return of.low, of.low_open
    end, end_open = (by.high, by.high_open) if of.low > 0 else (by.low, by.low_open)
    if not end:
        return (Fraction(0), True) if of.low > 0 else (None, False)
    return of.low / end, of.low_open or end_open


def _reaches(one: Interval, other: Interval) -> bool:
    """Whether ``one`` does not end before the ``other`` begins."""
    if one.high is None or other.low is None:
        return True
    return one.high > other.low or (one.high == other.low and not (one.high_open or other.low_open))


def value_of(figure: PublishedFigure) -> Fraction:
    """The figure itself: "1.445" billion is 1,445,000,000."""
    return Fraction(figure.figure) * SCALES[figure.scale]


def rounded(figure: PublishedFigure) -> Interval:
    """What gives these digits when rounded to the last one: "65" is 64.5 to 65.5. Both ends, for either way is used."""
    return _around(figure, _unit(figure))


def coarse(figure: PublishedFigure) -> Interval:
    """The same, rounded to the noughts that a whole number ends in, two digits kept: 289,000 is 288,500 to 289,500."""
    return _around(figure, coarse_unit(figure))


def cut(figure: PublishedFigure) -> Interval:
    """What gives these digits when the rest is cut off: "65" is 65 to 66, without 66."""
    value, unit = value_of(figure), coarse_unit(figure)
    if figure.figure.startswith("-"):
        return Interval(value - unit, value, low_open=True)
    return Interval(value, value + unit, high_open=True)


def stands_for(figure: PublishedFigure) -> Interval:
    """All that the figure can be taken to say, with its relation; "about" is rounding, to two digits or more."""
    value = value_of(figure)
    match figure.relation:
        case "more than":
            return Interval(value, None, low_open=True)
        case "at least":
            return Interval(value, None)
        case "less than":
            return Interval(Fraction(0) if value > 0 else None, value, high_open=True)
        case _:
            return coarse(figure)


def fit(value: Fraction, figure: PublishedFigure) -> Fit:
    """How a value gives what was printed. "Cut" is tried only for what is said plainly ("is")."""
    if figure.relation != "is":
        return "as printed" if value in stands_for(figure) else "no"
    if value in rounded(figure):
        return "as printed"
    if value in coarse(figure):
        return "rounded further"
    return "cut" if value in cut(figure) else "no"


def can_be(value: Interval, figure: PublishedFigure) -> bool:
    """Whether some value of the interval gives what was printed, rounded or cut."""
    return value.meets(stands_for(figure)) or (figure.relation == "is" and value.meets(cut(figure)))


def coarse_unit(figure: PublishedFigure) -> Fraction:
    """What one of the last digit is worth that may not be a nought of rounding."""
    digits = figure.figure.lstrip("-")
    if "." in digits:
        return _unit(figure)
    digits = digits.lstrip("0")
    noughts = len(digits) - len(digits.rstrip("0"))
    kept: int = 10 ** min(noughts, max(0, len(digits) - DIGITS_KEPT))
    return _unit(figure) * kept


def _unit(figure: PublishedFigure) -> Fraction:
    return Fraction(SCALES[figure.scale], 10 ** len(figure.figure.partition(".")[2]))


def _around(figure: PublishedFigure, unit: Fraction) -> Interval:
    value = value_of(figure)
    if unit == 1 and (figure.definition in TIMED or (figure.definition == "given" and figure.unit is None)):
        return Interval(value, value)  # what is counted is whole: a count to the last digit is that count
    return Interval(value - unit * _HALF, value + unit * _HALF)


# In words


def number(value: Fraction, decimals: int = 2) -> str:
    """A number for people, rounded half up.

    >>> number(Fraction(289000)), number(Fraction(13, 4)), number(Fraction(2, 3), 1)
    ('289,000', '3.25', '0.7')
    """
    whole = (value * 10**decimals + _HALF).__floor__()
    text = f"{Decimal(whole).scaleb(-decimals):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def printed(figure: PublishedFigure) -> str:
    """The figure as it was published, in words."""
    relation = "" if figure.relation == "is" else f"{figure.relation} "
    digits = figure.figure.lstrip("-")
    whole, _, decimals = digits.partition(".")
    sign = "-" if figure.figure.startswith("-") else ""
    return f"{relation}{sign}{int(whole):,}{f'.{decimals}' if decimals else ''}{_unit_of(figure)}"


def shown(value: Fraction, figure: PublishedFigure, more_digits: int = 2) -> str:
    """A value in the scale and unit of a published figure, with some digits more than that."""
    decimals = len(figure.figure.partition(".")[2]) + more_digits
    return number(value / SCALES[figure.scale], decimals) + _unit_of(figure)


def shown_interval(of: Interval, figure: PublishedFigure) -> str:
    """An interval in the same way."""
    low, high = (None if end is None else shown(end, figure) for end in (of.low, of.high))
    if low is None or high is None:
        return f"up to {high}" if high is not None else f"{low} and more" if low is not None else "any value"
    return low if low == high else f"{low.removesuffix(_unit_of(figure))} to {high}"


def _unit_of(figure: PublishedFigure) -> str:
    scale = "" if figure.scale == "one" else f" {figure.scale}"
    return f"{scale} {figure.unit}" if figure.unit else scale
