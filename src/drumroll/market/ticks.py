"""Prices in whole ten-thousandths, and the price steps ("minimum spreads") and volatility band of Hong Kong.

A price is a whole number of ``UNITS`` ten-thousandths inside, so that no rounding is ever left to binary fractions: the
A-share step is 100 of them, Hong Kong's finest is 10.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from drumroll.errors import NoLimit

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

UNITS = 10_000
FEN_UNITS = 100
"""The step of A-share prices, 0.01 yuan (SSE and SZSE Trading Rules; BSE Trading Rules)."""

MOST_UNITS = 10**12
_OFF = 1e-3
"""How far a double may lie from the whole number it stands for: doubles near 10**12 are 1e-4 apart."""

_OFF_STEP = 1e-5
"""The same, in steps."""

_BANDS_2006 = (
    *((2_500, 10), (5_000, 50), (100_000, 100), (200_000, 200), (1_000_000, 500), (2_000_000, 1_000)),
    *((5_000_000, 2_000), (10_000_000, 5_000), (20_000_000, 10_000), (50_000_000, 20_000), (99_950_000, 50_000)),
)
_BANDS_2025 = (
    *((2_500, 10), (5_000, 50), (200_000, 100), (500_000, 200), (1_000_000, 500), (2_000_000, 1_000)),
    *((5_000_000, 2_000), (10_000_000, 5_000), (20_000_000, 10_000), (50_000_000, 20_000), (99_950_000, 50_000)),
)
SPREAD_TABLES: tuple[tuple[date, tuple[tuple[int, int], ...]], ...] = (
    (date(2006, 7, 24), _BANDS_2006),
    (date(2025, 8, 4), _BANDS_2025),
)
"""Hong Kong's spread tables, by the day each came into force: up to a price (included), the step; in ten-thousandths.

Second Schedule of the Rules of the Exchange. 2006: HKEX news release of 18 July 2006. 2025: HKEX, "Reduction of Minimum
Spreads", phase 1 (10 to 20: 0.02 to 0.01; 20 to 50: 0.05 to 0.02). Phase 2 (0.50 to 10: 0.005) was announced for about
the middle of 2026: ``phase_two`` gives its first day.
"""

_PHASE_TWO = (100_000, 50)


def units_of(price: float | Decimal | str) -> int:
    """A price as whole ten-thousandths, from what its text says.

    Raises:
        NoLimit: it is not positive, not finite, too large, or finer than a ten-thousandth.
    """
    exact = Decimal(str(price))
    if not exact.is_finite() or exact <= 0 or exact * UNITS > MOST_UNITS:
        raise NoLimit(f"{price} is no price: a positive number up to {MOST_UNITS // UNITS:,}")
    if exact * UNITS != (whole := int(exact * UNITS)):
        raise NoLimit(f"{price} is finer than a ten-thousandth")
    return whole


def price_of(units: int) -> Decimal:
    """The price of so many ten-thousandths, with at least two decimals."""
    exact = Decimal(units) / UNITS
    return exact.quantize(Decimal("0.01")) if units % FEN_UNITS == 0 else exact


def whole_units(price: pl.Expr) -> pl.Expr:
    """Prices as whole ten-thousandths (``Int64``); null where they are finer than that, not positive or too large."""
    scaled = price * UNITS
    whole = scaled.round()
    fit = ((scaled - whole).abs() < _OFF) & (whole > 0) & (whole <= MOST_UNITS)
    return pl.when(fit).then(whole).otherwise(None).cast(pl.Int64)


def spread_table(on: date, phase_two: date | None = None) -> tuple[tuple[int, int], ...]:
    """Hong Kong's table on a day: (up to this price, the step), in ten-thousandths; before 2006 that of 2006."""
    bands = next((bands for since, bands in reversed(SPREAD_TABLES) if since <= on), _BANDS_2006)
    if phase_two is None or on < phase_two:
        return bands
    return (*bands[:2], _PHASE_TWO, *(band for band in bands[2:] if band[0] > _PHASE_TWO[0]))


def tick(price: float | Decimal | str, on: date, phase_two: date | None = None) -> Decimal:
    """The smallest step of a Hong Kong share at this price; where two bands meet, that of the lower one.

    >>> tick("59.40", date(2025, 6, 27)), tick("45", date(2025, 8, 1)), tick("45", date(2025, 8, 4))
    (Decimal('0.05'), Decimal('0.05'), Decimal('0.02'))
    """
    return Decimal(_step(units_of(price), spread_table(on, phase_two))) / UNITS


def on_tick(price: float | Decimal | str, on: date, phase_two: date | None = None) -> bool:
    """Whether a Hong Kong price is one that can be traded."""
    units = units_of(price)
    return units % _step(units, spread_table(on, phase_two)) == 0


def _step(units: int, bands: tuple[tuple[int, int], ...]) -> int:
    return next((step for upper, step in bands if units <= upper), bands[-1][1])


def off_hong_kong_steps(prices: Floats, days: Days, phase_two: date | None = None) -> Flags:
    """Which rows have a price that is on no Hong Kong step: ``not on_tick``, for many rows at once.

    Args:
        prices: shape (k, rows): the prices of each row; NaN: none, which is on every step.
        days: shape (rows,): days since 1970-01-01.
        phase_two: the first day of the table's second phase.

    Returns:
        Shape (rows,).
    """
    units = prices * UNITS
    changes = sorted({since for since, _ in SPREAD_TABLES[1:]} | ({phase_two} if phase_two else set()))
    table_of = np.searchsorted([(since - date(1970, 1, 1)).days for since in changes], days, side="right")
    off = np.zeros(units.shape[1], dtype=bool)
    for number, since in enumerate([SPREAD_TABLES[0][0], *changes]):
        rows = table_of == number
        if rows.all():
            return _off_steps(units, spread_table(since, phase_two))
        off[rows] = _off_steps(units[:, rows], spread_table(since, phase_two))
    return off


def _off_steps(units: Floats, bands: tuple[tuple[int, int], ...]) -> Flags:
    """Most rows have all their prices in one band, so its step is looked up once a row; the others price by price."""
    uppers = np.array([upper for upper, _ in bands[:-1]], dtype=np.float64) + _OFF
    steps = np.array([step for _, step in bands], dtype=np.float64)
    band = np.searchsorted(uppers, np.fmin.reduce(units))
    scaled = units / steps[band]
    mixed = np.searchsorted(uppers, np.fmax.reduce(units)) != band
    scaled[:, mixed] = units[:, mixed] / steps[np.searchsorted(uppers, units[:, mixed])]
    scaled -= np.rint(scaled)
    return np.asarray((np.abs(scaled, out=scaled) > _OFF_STEP).any(axis=0))


Tier = Literal["large", "mid", "small"]

VCM_PERCENT: dict[str, int] = {"large": 10, "mid": 15, "small": 20}
"""The band by the Hang Seng Composite index that has the share as a constituent (LargeCap, MidCap, SmallCap)."""

VCM_TIERED_SINCE = date(2020, 5, 11)
VCM_SINCE = date(2016, 8, 22)


class VolatilityBand(msgspec.Struct, frozen=True):
    """Prices from ``low`` to ``high`` (both included) trade freely; one beyond starts a cooling-off of 5 minutes."""

    reference: Decimal
    percent: int
    low: Decimal
    high: Decimal

    def triggered_by(self, price: float | Decimal | str) -> bool:
        """Whether a trade at this price would start the cooling-off: further than the band from the reference."""
        exact = Decimal(str(price))
        return abs(exact - self.reference) * 100 > self.reference * self.percent


def volatility_band(
    reference: float | Decimal | str, on: date, tier: Tier = "large", phase_two: date | None = None
) -> VolatilityBand:
    """Hong Kong's volatility control band (VCM) about the last price traded five minutes before.

    The edges are the outermost tradable prices within the band. The mechanism watches continuous trading except its
    first 15 minutes in the morning and in the afternoon and the last 20 of the day. Source: HKEX, "Volatility Control
    Mechanism": 10 % for the constituents of the Hang Seng and China Enterprises indices since 22 August 2016; 10, 15
    and 20 % for Hang Seng Composite large, mid and small caps since 11 May 2020. It is a pause, no daily limit.

    Raises:
        NoLimit: there was no such band on that day (for that tier), or the reference is no price.
    """
    if on < VCM_SINCE or (on < VCM_TIERED_SINCE and tier != "large"):
        raise NoLimit(f"no volatility control for {tier} caps on {on}: since {VCM_SINCE}, by tiers {VCM_TIERED_SINCE}")
    units, percent = units_of(reference), VCM_PERCENT[tier]
    bands = spread_table(on, phase_two)
    high = units * (100 + percent) // 100
    low = -(-units * (100 - percent) // 100)
    low_step, high_step = _step(low, bands), _step(high, bands)
    edges = (-(-low // low_step) * low_step, high // high_step * high_step)
    return VolatilityBand(Decimal(units) / UNITS, percent, price_of(edges[0]), price_of(edges[1]))
