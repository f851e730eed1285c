"""What a sample proves, exactly: the chance that none of the invented orders is among those drawn.

Of ``population`` orders ``invented`` are; ``n`` are drawn without putting back, each as likely as any other. The number
of invented ones among them follows the hypergeometric distribution, and the chance of none is
C(population - invented, n) / C(population, n). Whole numbers throughout; only the last division is rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

from drumroll.errors import ClaimInvalid

MISSED_PERCENT = 5
"""95 % confidence: a fraud as large as said would be missed with a chance of 5 % at most."""


def chance_to_miss(population: int, invented: int, n: int) -> float:
    """The chance that a sample of ``n`` has none of them. Raises ``ClaimInvalid`` for more than there are."""
    missed, all_ways = _ways(population, invented, n)
    return missed / all_ways


def needed(population: int, invented: int) -> int:
    """How many must be drawn so that the chance to miss all of them is ``MISSED_PERCENT`` at most."""
    _require(0 < invented <= population, population, invented, 0)
    return _first(lambda n: not _is_missed(population, invented, n), population)


def fewer_than(population: int, n: int) -> int:
    """If none of ``n`` is invented, this many or more invented ones are ruled out with 95 % confidence.

    ``population`` + 1 if not even all of them are (nothing was drawn).
    """
    return _first(lambda invented: not _is_missed(population, invented, n), population) if n else population + 1


def share_of(population: int, per_mille: int) -> int:
    """How many that share is, rounded up: one at least."""
    return max(1, -(-population * per_mille // 1000))


def _is_missed(population: int, invented: int, n: int) -> bool:
    """Whether so many would all be missed with a chance of more than ``MISSED_PERCENT``."""
    missed, all_ways = _ways(population, invented, n)
    return missed * 100 > all_ways * MISSED_PERCENT


def _ways(population: int, invented: int, n: int) -> tuple[int, int]:
    """How many samples have none of the invented, and how many there are (n and invented may change places)."""
    _require(0 <= invented <= population and 0 <= n <= population, population, invented, n)
    few, many = sorted((n, invented))
    return comb(population - many, few), comb(population, few)


def _first(holds: Callable[[int], bool], most: int) -> int:
    """The least number from 1 to ``most`` for which it holds, if it holds for all after it. Doubling, then halving."""
    high = 1
    while high < most and not holds(high):
        high *= 2
    low, high = high // 2, min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _require(fine: bool, population: int, invented: int, n: int) -> None:
    if not fine:
        raise ClaimInvalid(
            f"found {invented} invented and {n} drawn of {population}: there can't be more than there are"
        )
