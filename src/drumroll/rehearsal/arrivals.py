"""When customers come: the order curve of the reference launch, scaled to any number of orders.

Two points are facts: 200,000 orders stood firm after 3 minutes and 289,000 after 1 hour. Between them the rate is
assumed to fall exponentially, with a time constant of its own on each side of minute 3, chosen so that the rate has no
step there (about 237 orders a second at full size; about 3,100 a second at the opening).
"""

from __future__ import annotations

from math import exp, log

REFERENCE_ORDERS = 289_000
REFERENCE_POINTS = ((180.0, 200_000), (3600.0, 289_000))
"""Seconds since the opening and orders standing firm by then, as reported."""

RUSH_S = 180.0
HOUR_S = 3600.0
RUSH_SHARE = 200_000 / REFERENCE_ORDERS
_RUSH_FALLS_IN_S = 70.0
_HOUR_FALLS_IN_S = 375.0
_RUSH_ALL = 1 - exp(-RUSH_S / _RUSH_FALLS_IN_S)
_HOUR_ALL = 1 - exp(-(HOUR_S - RUSH_S) / _HOUR_FALLS_IN_S)


def share_by(second: float) -> float:
    """Which share (0 to 1) of the hour's orders stands firm ``second`` seconds after the opening."""
    if second <= 0:
        return 0.0
    if second <= RUSH_S:
        return RUSH_SHARE * (1 - exp(-second / _RUSH_FALLS_IN_S)) / _RUSH_ALL
    rest = (1 - exp(-(min(second, HOUR_S) - RUSH_S) / _HOUR_FALLS_IN_S)) / _HOUR_ALL
    return RUSH_SHARE + (1 - RUSH_SHARE) * rest


def second_of(share: float) -> float:
    """The inverse of ``share_by``: the second by which this share (0 to 1) stands firm."""
    if share <= RUSH_SHARE:
        return -_RUSH_FALLS_IN_S * log(1 - share / RUSH_SHARE * _RUSH_ALL)
    rest = (share - RUSH_SHARE) / (1 - RUSH_SHARE)
    return RUSH_S - _HOUR_FALLS_IN_S * log(1 - min(rest, 1.0) * _HOUR_ALL)


def firm_seconds(orders: int, later: int = 0) -> list[float]:
    """The seconds at which ``orders`` less ``later`` orders become firm, rising, so that the curve meets its points.

    ``later`` orders (late deposits) become firm on their own time after minute 3; they are missing from the rest of
    the hour, not from the rush.
    """
    in_rush = min(round(orders * RUSH_SHARE), orders - later)
    after = orders - later - in_rush
    rush = [second_of(RUSH_SHARE * (number + 0.5) / in_rush) for number in range(in_rush)]
    rest = [second_of(RUSH_SHARE + (1 - RUSH_SHARE) * (number + 0.5) / after) for number in range(after)]
    return rush + rest
