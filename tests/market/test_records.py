"""Records: each definition against brute force, and the word flagged where it would depend on one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from drumroll.market.records import Basis, Definition, FormerRecord, definitions, record, records
from drumroll.market.sessions import sessions
from tests.market.reference import SESSION, SHARE, launch_day, quotes

HKD52 = FormerRecord(Decimal("52"), date(2025, 2, 27))


def history(*days: tuple[float, float, float]) -> pl.DataFrame:
    """Days of (high, close, prev_close), the last of them the session."""
    first = SESSION - timedelta(days=len(days) - 1)
    return quotes(
        *(
            (first + timedelta(days=n), SHARE, close, high, close, close, prev)
            for n, (high, close, prev) in enumerate(days)
        )
    )


def test_the_reference_launchs_record_is_flagged_as_depending_on_its_definition() -> None:
    found = records(launch_day(), SHARE, SESSION, claimed_former=HKD52)
    assert found.depends_on_definition
    assert any("52 on 2025-02-27" in flag and "56.9" in flag for flag in found.flags)
    assert {answer.outcome for answer in found.answers} == {"not known"}


def test_a_former_record_that_was_one_is_not_flagged() -> None:
    quoted = history((52.0, 51.0, 50.0), (51.5, 51.0, 51.0), (61.45, 58.95, 51.0))
    first = SESSION - timedelta(days=2)
    found = records(quoted, SHARE, SESSION, listed=first, claimed_former=FormerRecord(Decimal("52"), first))
    assert found.flags == ()
    assert {answer.outcome for answer in found.answers} == {"record"}
    assert {(answer.definition.basis, answer.former) for answer in found.answers} == {
        ("intraday", Decimal("52.0")),
        ("close", Decimal("51.0")),
    }


def test_a_record_within_the_day_and_not_at_the_close_is_flagged() -> None:
    quoted = history((60.0, 59.5, 58.0), (61.45, 58.95, 59.5))
    found = records(quoted, SHARE, SESSION, listed=SESSION - timedelta(days=1))
    by_basis = {answer.definition.basis: answer.outcome for answer in found.answers}
    assert by_basis == {"intraday": "record", "close": "no record"}
    assert any(flag.startswith("it depends on the definition") for flag in found.flags)


def test_a_split_makes_a_record_in_adjusted_terms_only() -> None:
    # 100 before a split of 2 for 1 is 50 in today's terms, so 61.45 is a record adjusted and none as printed.
    quoted = history((100.0, 100.0, 99.0), (51.0, 51.0, 50.0), (61.45, 58.95, 51.0))
    outcomes = {
        adjusted: record(quoted, SHARE, SESSION, Definition("intraday", adjusted)).outcome for adjusted in (True, False)
    }
    assert outcomes == {True: "record", False: "no record"}
    assert record(quoted, SHARE, SESSION, Definition("close", True)).former == Decimal("51.0")


def test_quotes_that_begin_after_the_listing_do_not_make_a_record() -> None:
    quoted = history((52.0, 51.0, 50.0), (61.45, 58.95, 51.0))
    found = record(quoted, SHARE, SESSION, Definition("close", False, date(2018, 7, 9), "the listing"))
    assert (found.outcome, found.reaches_back) == ("not known", False)
    assert "do not reach back" in str(found)
    # A higher price in what there is settles it all the same.
    lower = history((62.0, 61.0, 50.0), (61.45, 58.95, 61.0))
    assert record(lower, SHARE, SESSION, Definition("close", False, date(2018, 7, 9))).outcome == "no record"


def test_a_price_reached_again_equals_the_record() -> None:
    quoted = history((61.45, 57.0, 56.0), (61.45, 58.95, 57.0))
    assert record(quoted, SHARE, SESSION, Definition("intraday", False)).outcome == "equalled"


def test_the_price_so_far_is_asked_before_the_close() -> None:
    quoted = history((60.0, 59.5, 58.0), (61.45, 58.95, 59.5))
    assert record(quoted, SHARE, SESSION, Definition("close", False), so_far=Decimal("59.6")).outcome == "record"


def test_missing_sessions_are_no_split() -> None:
    days = [(date(2025, 6, 20), 45.0, 44.0), (date(2025, 6, 26), 50.0, 60.0), (SESSION, 58.95, 50.0)]
    quoted = quotes(*((day, SHARE, close, close, close, close, prev) for day, close, prev in days))
    calendar = sessions("XHKG", date(2025, 6, 1), SESSION)
    with_calendar = records(quoted, SHARE, SESSION, calendar=calendar)
    assert any("missing before 2025-06-26" in flag for flag in with_calendar.flags)
    # As a factor, 60 / 45 would make 60 of the 45 and no record of the 58.95.
    closes = {
        each.definition.adjusted: each.former for each in with_calendar.answers if each.definition.basis == "close"
    }
    assert closes == {True: Decimal("50.0"), False: Decimal("50.0")}


PRICES = st.integers(100, 120).map(float)


@given(st.lists(st.tuples(PRICES, PRICES, st.sampled_from([1.0, 0.5])), min_size=2, max_size=12), st.data())
def test_records_are_what_brute_force_over_the_days_finds(
    days: list[tuple[float, float, float]], data: st.DataObject
) -> None:
    rows, last = [], None
    for high, close, factor in days:
        rows.append((max(high, close), close, (last if last is not None else 100.0) * factor))
        last = close
    quoted = history(*rows)
    since = data.draw(st.sampled_from(quoted["date"].to_list()[:-1]))
    bases: tuple[Basis, ...] = ("intraday", "close")
    for basis in bases:
        for adjusted in (True, False):
            found = record(quoted, SHARE, SESSION, Definition(basis, adjusted, since))
            earlier = []
            for number, day in enumerate(quoted["date"].to_list()[:-1]):
                scale = 1.0
                for factor in [each[2] for each in days][number + 1 :]:
                    scale *= factor if adjusted else 1.0
                price = rows[number][0] if basis == "intraday" else rows[number][1]
                earlier += [round(price * scale, 4)] if day >= since else []
            price = rows[-1][0] if basis == "intraday" else rows[-1][1]
            best = max(earlier)
            assert found.former == Decimal(str(best))
            assert found.outcome == ("record" if price > best else "equalled" if price == best else "no record")


def test_every_usual_definition_is_asked_and_says_itself() -> None:
    asked = definitions(date(2018, 7, 9), date(2025, 1, 1))
    assert len({str(each) for each in asked}) == len(asked) == 12
