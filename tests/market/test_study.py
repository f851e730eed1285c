"""The event study as it is asked: what it refuses, leaves out and warns of; codes, dates and returns of quotes."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.errors import MarketError, StudyRefused
from drumroll.market import study as module
from drumroll.market.panel import Panel, panel_of, returns_of, study_of
from drumroll.market.study import study
from drumroll.market.study_result import StudySpec

SPEC = StudySpec("market", 40, 5, (-2, 2), ((0, 0), (-1, 1)))
DAYS = tuple(date(2025, 1, 1) + timedelta(days=i) for i in range(100))
CODES = tuple("ABCDEFGHIJKL")


def panel(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, 100)
    return market[:, None] + rng.normal(0, 0.02, (100, 12)), market


def refusal(*args: Any, **more: Any) -> str:
    with pytest.raises(StudyRefused) as caught:
        study(*args, **more)
    assert isinstance(caught.value, MarketError)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"estimation": 29}, "29 sessions is too short"),
        ({"gap": -1}, "gap"),
        ({"window": (2, -2), "windows": ((0, 0),)}, "ends before it begins"),
        ({"windows": ((-3, 0),)}, "not within the event window"),
        ({"windows": ((1, 0),)}, "not within the event window"),
        ({"windows": ()}, "no window"),
        ({"least_share": 0.0}, "least_share"),
        ({"least_share": 1.1}, "least_share"),
        ({"least_share": 0.1}, "too few returns"),
        ({"model": "three-factor"}, "three-factor"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    returns, market = panel()
    spec = StudySpec(**{"estimation": 40, "gap": 5, "window": (-2, 2), **change})
    assert words in refusal(returns, market, [(0, 60)], spec)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "no event"),
        ([(12, 60)], "firm 12"),
        ([(-1, 60)], "firm -1"),
        ([(0, 100)], "session 100"),
        ([(0, -1)], "session -1"),
        ([(0, 46)], "47 needed"),
        ([(0, 98)], "past the last session"),
        ([(0, 60), (1, 60), (0, 60)], "given twice"),
    ],
)
def test_events_that_cannot_be_studied_are_refused(events: list[tuple[int, int]], words: str) -> None:
    returns, market = panel()
    assert words in refusal(returns, market, events, SPEC)


def test_first_and_last_session_that_fit_are_studied() -> None:
    returns, market = panel()
    assert study(returns, market, [(0, 47), (1, 97)], SPEC).firm.tolist() == [0, 1]


def test_all_faulty_events_are_told_at_once() -> None:
    returns, market = panel()
    text = refusal(returns, market, [(99, 60), (0, 3), (0, 99), (1, 60), (1, 60)], SPEC)
    assert all(words in text for words in ("firm 99", "(firm 0, session 3)", "past the last", "twice"))


@pytest.mark.parametrize("where", [13, 52, 58, 62])
def test_a_gap_of_the_benchmark_that_would_be_used_is_refused(where: int) -> None:
    returns, market = panel()
    market[where] = np.nan
    assert f"[{where}]" in refusal(returns, market, [(0, 60)], SPEC)


@pytest.mark.parametrize("where", [12, 53, 57, 63])
def test_a_gap_of_the_benchmark_outside_the_windows_is_not(where: int) -> None:
    returns, market = panel()
    market[where] = np.nan
    result = study(returns, market, [(0, 60)], SPEC)
    assert np.isfinite(result.car).all()


def test_a_benchmark_that_stands_still_or_is_missing_or_misshapen_is_refused() -> None:
    returns, market = panel()
    assert "does not move" in refusal(returns, np.full(100, 0.01), [(0, 60)], SPEC)
    assert "needs a benchmark" in refusal(returns, None, [(0, 60)], SPEC)
    assert "not one figure" in refusal(returns, market[:-1], [(0, 60)], SPEC)
    assert "at_limit" in refusal(returns, market, [(0, 60)], SPEC, at_limit=np.zeros((2, 2), dtype=bool))
    assert "infinite" in refusal(np.where(returns > 0.03, np.inf, returns), market, [(0, 60)], SPEC)


def test_the_mean_model_needs_no_benchmark_and_minds_no_gap_in_one() -> None:
    returns, _ = panel()
    spec = StudySpec("mean", 40, 5, (-2, 2))
    without = study(returns, None, [(0, 60), (1, 60)], spec)
    with_gap = study(returns, np.full(100, np.nan), [(0, 60), (1, 60)], spec)
    assert without.car[:, 1] == pytest.approx(returns[59:62, :2].sum(axis=0) - 3 * returns[13:53, :2].mean(axis=0))
    assert without.car.tolist() == with_gap.car.tolist()
    assert without.tests == with_gap.tests


def test_thin_trading_and_still_prices_are_left_out_and_named() -> None:
    returns, market = panel()
    returns[13:26, 0] = np.nan
    returns[13:25, 1] = np.nan
    returns[:, 2] = 0.0
    returns[:, 3] = market
    returns[58:63, 4] = np.nan
    spec = StudySpec("market", 40, 5, (-2, 2), ((0, 0),), 0.7)
    result = study(returns, market, [(firm, 60) for firm in range(8)], spec)
    why = {each.firm: each.reason for each in result.excluded}
    assert set(why) == {0, 2, 3, 4}
    assert why[0] == "27 of 40 returns in the estimation window, 28 needed"
    assert "vary" in why[2]
    assert "vary" in why[3]
    assert "event window" in why[4]
    assert result.firm.tolist() == [1, 5, 6, 7]
    assert result.count.tolist() == [28, 40, 40, 40]
    assert any(text.startswith("4 firm-event(s) left out") for text in result.warnings)


def test_what_is_left_out_changes_nothing_for_the_others() -> None:
    returns, market = panel()
    returns[13:40, 0] = np.nan
    events = [(firm, 60) for firm in range(8)]
    assert study(returns, market, events, SPEC).tests == study(returns, market, events[1:], SPEC).tests


def test_if_nothing_can_be_estimated_the_study_is_refused_with_the_reasons() -> None:
    returns, market = panel()
    text = refusal(np.full_like(returns, np.nan), market, [(0, 60)], SPEC)
    assert "no firm-event can be estimated" in text
    assert "0 of 40 returns" in text


def test_a_missing_return_takes_only_its_own_windows_out() -> None:
    returns, market = panel()
    returns[61, 0] = np.nan
    result = study(returns, market, [(0, 60), (1, 60), (2, 60)], SPEC)
    assert np.isfinite(result.car[:, 0]).all()
    assert np.isnan(result.car[:, 1]).tolist() == [True, False, False]
    assert {(row.first, row.last): row.events for row in result.tests} == {(0, 0): 3, (-1, 1): 2}
    assert result.aar[3] == pytest.approx(result.ar[1:, 3].mean())
    assert any("1 of 3 firm-events lack a return" in text for text in result.warnings)


@pytest.mark.parametrize(("session", "flagged"), [(57, False), (58, True), (62, True), (63, False)])
def test_a_limit_is_flagged_within_the_event_window_alone(session: int, flagged: bool) -> None:
    returns, market = panel()
    at_limit = np.zeros(returns.shape, dtype=bool)
    at_limit[session, 1] = True
    result = study(returns, market, [(0, 60), (1, 60)], SPEC, at_limit)
    assert result.limited.tolist() == [False, flagged]
    assert any("censored" in text for text in result.warnings) is flagged


def test_firms_that_share_a_date_are_advised_kolari_pynnonen_and_others_bmp() -> None:
    returns, market = panel()
    shared = study(returns, market, [(0, 60), (1, 60), (2, 70)], SPEC)
    apart = study(returns, market, [(0, 60), (1, 65), (2, 70)], SPEC)
    assert {row.test for row in shared.tests if row.advised} == {"kolari-pynnonen"}
    assert {row.test for row in apart.tests if row.advised} == {"bmp"}
    assert any("2 of 3 firm-events share their date" in text for text in shared.warnings)
    assert not any("share" in text for text in apart.warnings)
    assert apart.mean_correlation == 0


def test_overlapping_windows_of_one_firm_are_warned_of() -> None:
    returns, market = panel()
    assert any("overlap" in text for text in study(returns, market, [(0, 60), (0, 64)], SPEC).warnings)
    assert not any("overlap" in text for text in study(returns, market, [(0, 60), (0, 65)], SPEC).warnings)


def test_dates_nearer_than_the_longest_tested_window_are_warned_of() -> None:
    returns, market = panel()
    assert any("overlap in time" in text for text in study(returns, market, [(0, 60), (1, 62)], SPEC).warnings)
    assert not any("overlap in time" in text for text in study(returns, market, [(0, 60), (1, 63)], SPEC).warnings)


@given(order=st.permutations(list(range(12))))
def test_the_order_of_events_does_not_matter(order: list[int]) -> None:
    returns, market = panel()
    events = [(firm, 55 + firm) for firm in range(12)]
    one, other = study(returns, market, events, SPEC), study(returns, market, [events[i] for i in order], SPEC)
    assert [row.p for row in one.tests] == pytest.approx([row.p for row in other.tests], rel=1e-9)
    assert one.car[order].tolist() == other.car.tolist()


def test_chunks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    returns, market = panel()
    returns[np.random.default_rng(2).random(returns.shape) < 0.05] = np.nan
    events = [(firm, day) for firm in range(12) for day in (55, 70)]
    whole = study(returns, market, events, SPEC)
    monkeypatch.setattr(module, "CHUNK", 5)
    parts = study(returns, market, events, SPEC)
    assert [row.p for row in whole.tests] == pytest.approx([row.p for row in parts.tests], rel=1e-12)
    assert parts.excluded == whole.excluded
    assert parts.ar == pytest.approx(whole.ar, nan_ok=True, rel=0, abs=0)


def test_an_effect_that_was_put_in_is_found_where_it_was_put() -> None:
    returns, market = panel()
    days = [50 + 3 * firm for firm in range(12)]
    for firm, day in enumerate(days):
        returns[day, firm] += 0.05
    result = study(returns, market, list(enumerate(days)), SPEC)
    assert result.aar[2] == pytest.approx(0.05, abs=0.02)
    assert result.caar_path[-1] == pytest.approx(result.aar.sum())
    p = {(row.first, row.test): row.p for row in result.daily}
    assert all(p[0, test] < 0.01 for test in ("patell", "bmp", "corrado-rank", "generalised-sign"))
    assert all(p[-2, test] > 0.01 for test in ("patell", "bmp", "corrado-rank", "generalised-sign"))


def quotes(**columns: Any) -> pl.DataFrame:
    rows = [(day, code, 10.0 + i + j / 7) for i, day in enumerate(DAYS[:4]) for j, code in enumerate("AB")]
    return pl.DataFrame(rows, schema=["date", "code", "close"], orient="row").with_columns(**columns)


@given(st.lists(st.floats(0.01, 1e4), min_size=2, max_size=20))
def test_log_returns_add_up_to_the_growth_and_simple_returns_multiply(prices: list[float]) -> None:
    price = np.array(prices)
    logs, simple = returns_of(price[1:], price[:-1], "log"), returns_of(price[1:], price[:-1], "simple")
    assert logs.sum() == pytest.approx(math.log(prices[-1] / prices[0]), abs=1e-9)
    assert np.prod(1 + simple) == pytest.approx(prices[-1] / prices[0], rel=1e-9)


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan])
def test_a_price_that_is_none_gives_no_return(price: float) -> None:
    assert np.isnan(returns_of(np.array([price, 2.0]), np.array([2.0, price]), "log")).all()


def test_returns_of_quotes_are_on_the_close_before_or_on_prev_close_where_it_is_given() -> None:
    plain = panel_of(quotes())
    assert np.isnan(plain.returns[0]).all()
    assert plain.returns[1, 0] == pytest.approx(11 / 10 - 1)
    adjusted = panel_of(quotes(prev_close=pl.lit(9.0)))
    assert adjusted.returns[0] == pytest.approx([10 / 9 - 1, (10 + 1 / 7) / 9 - 1])


def test_a_gap_of_the_quotes_leaves_its_own_return_and_the_next_missing() -> None:
    gap = panel_of(quotes().filter((pl.col("code") == "A") | (pl.col("date") != DAYS[2])))
    assert np.isnan(gap.returns[:, 1]).tolist() == [True, False, True, True]


def test_limits_are_met_by_the_high_and_the_low() -> None:
    frame = quotes(high=pl.lit(11.0), low=pl.lit(9.0), limit_down=8.0)
    met = panel_of(frame.with_columns(limit_up=pl.when(pl.col("close") == 10.0).then(11.0).otherwise(99.0))).at_limit
    assert np.argwhere(met).tolist() == [[0, 0]]


def test_quotes_given_twice_or_of_no_session_are_refused() -> None:
    with pytest.raises(StudyRefused, match="A is quoted twice on 2025-01-01"):
        panel_of(pl.concat([quotes(), quotes().head(1)]))
    with pytest.raises(StudyRefused, match="2025-01-04, which is no session"):
        panel_of(quotes(), DAYS[:3])


def test_unknown_codes_and_dates_that_are_no_session_are_refused_all_at_once() -> None:
    returns, _ = panel()
    given = Panel(DAYS, CODES, returns, np.zeros(returns.shape, dtype=bool))
    with pytest.raises(StudyRefused) as caught:
        study_of(given, "HSI", [("A", DAYS[60]), ("ZZ", DAYS[60]), ("B", date(2030, 1, 1))], SPEC)
    assert caught.value.faults == (
        "no quotes of the code ZZ",
        "no quotes of the code HSI",
        "2030-01-01 is no session of the quotes",
    )
    with pytest.raises(StudyRefused, match="no quotes of the code Z"):
        given.column("Z")


def test_a_study_of_codes_is_that_of_their_indices() -> None:
    returns, market = panel()
    given = Panel(DAYS, CODES, returns, np.zeros(returns.shape, dtype=bool))
    events = [("C", DAYS[60]), ("A", DAYS[61])]
    by_code, by_index = study_of(given, "L", events, SPEC), study(returns, returns[:, 11], [(2, 60), (0, 61)], SPEC)
    assert by_code.tests == by_index.tests
    assert study_of(given, market, events, SPEC).tests == study(returns, market, [(2, 60), (0, 61)], SPEC).tests
    assert by_code.summary()[0]["test"] == "cross-sectional"


@pytest.mark.slow
def test_100_000_firm_events_take_bounded_memory() -> None:
    import resource

    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.01, 600)
    returns = market[:, None] + rng.normal(0, 0.02, (600, 5000))
    days = rng.choice(np.arange(300, 580), 20, replace=False)
    events = np.array([(firm, day) for firm in range(5000) for day in days])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = study(returns, market, events, StudySpec(estimation=250))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000, "kilobytes"
    assert len(result.firm) == 100_000


def test_the_example_of_the_documentation_runs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "event-study.md").read_text()
    exec(text.split("```python\n")[1].split("```")[0], {})
