"""Holdings: values are exact, ranks say ties, and a missing price is no value of nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.errors import MarketError
from drumroll.market.holdings import Holding, rank_holdings


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 5), st.sampled_from(["X", "Y"])), min_size=1))
def test_ranks_count_how_many_are_worth_more(rows: list[tuple[str, int, str]]) -> None:
    prices = {"X": 1.5, "Y": 3.0}
    ranked = rank_holdings([Holding(who, code, shares, "HKD") for who, shares, code in rows], prices, "HKD")
    worth = {who: sum(Decimal(str(prices[code])) * n for w, n, code in rows if w == who) for who, _, _ in rows}
    assert {each.holder: each.value for each in ranked} == worth
    for each in ranked:
        assert each.rank == 1 + sum(other > each.value for other in worth.values())
        assert set(each.tied_with) == {who for who, value in worth.items() if value == each.value} - {each.holder}
    assert [each.rank for each in ranked] == sorted(each.rank or 0 for each in ranked)


def test_the_rise_of_a_price_changes_who_is_first() -> None:
    held = [Holding("A", "01810", 6_000, "HKD"), Holding("B", "600001", 31_000, "CNY")]
    before = rank_holdings(held, {"01810": 56.90, "600001": 10.3}, "CNY", {"HKD": Decimal("0.91")})
    after = rank_holdings(held, {"01810": 61.45, "600001": 10.3}, "CNY", {"HKD": Decimal("0.91")})
    assert [each.holder for each in before] == ["B", "A"]
    assert [each.holder for each in after] == ["A", "B"]
    assert after[0].value == Decimal("61.45") * 6_000 * Decimal("0.91")


def test_a_missing_price_or_rate_is_said_and_the_holder_not_ranked() -> None:
    held = [
        Holding("A", "X", 1, "HKD"),
        Holding("A", "Z", 1, "HKD"),
        Holding("B", "X", 1, "HKD"),
        Holding("C", "X", 1, "USD"),
    ]
    ranked = {each.holder: each for each in rank_holdings(held, {"X": 2.0, "Z": None}, "HKD")}
    assert ranked["B"].rank == 1
    assert (ranked["A"].rank, ranked["A"].value, ranked["A"].missing) == (None, Decimal("2.0"), ("price of Z",))
    assert (ranked["C"].rank, ranked["C"].missing) == (None, ("rate of USD",))


@pytest.mark.parametrize(("shares", "price"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, float("nan"))])
def test_what_can_be_no_holding_is_refused(shares: int, price: float) -> None:
    with pytest.raises(MarketError):
        rank_holdings([Holding("A", "X", shares, "HKD")], {"X": price}, "HKD")
