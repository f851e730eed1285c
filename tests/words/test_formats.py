# ruff: noqa: RUF001 (full-width signs are what is tested)
"""Figures, money and times: as people of either language write them, and never another amount or time."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.money import EXPONENTS
from drumroll.words.catalog import Words, words_of
from drumroll.words.negotiation import LANGUAGES

EN, ZH = words_of("en"), words_of("zh-CN")
BOTH = pytest.mark.parametrize("words", [EN, ZH], ids=LANGUAGES)
OPENED_MS = 1_750_946_400_000
"""26 June 2025, 22:00 in Beijing."""


def test_money_is_written_as_each_language_does() -> None:
    assert (EN.money(25_350_000, "CNY"), ZH.money(25_350_000, "CNY")) == ("CN¥253,500", "¥253,500")
    assert (EN.money(25_350_050, "CNY"), ZH.money(25_350_050, "CNY")) == ("CN¥253,500.50", "¥253,500.50")
    assert (EN.money(5_000, "JPY"), ZH.money(5_000, "JPY")) == ("JP¥5,000", "JP¥5,000")
    assert EN.money(-9_900, "EUR") == ZH.money(-9_900, "EUR") == "-€99"


@BOTH
@given(minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(sorted(EXPONENTS)))
def test_no_minor_unit_is_lost_in_words(words: Words, minor: int, currency: str) -> None:
    text = words.money(minor, currency)
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    assert digits is not None
    decimals = digits[0].partition(".")[2]
    assert len(decimals) in (0, EXPONENTS[currency])
    amount = Decimal(digits[0].replace(",", "")) * (-1 if "-" in text else 1)
    assert amount * 10 ** EXPONENTS[currency] == minor


@BOTH
def test_numbers_and_shares(words: Words) -> None:
    assert (words.number(289_000), words.number(1234.5, 1), words.number(-7)) == ("289,000", "1,234.5", "-7")
    assert (words.percent(0.582), words.percent(0.58249, 2), words.percent(1)) == ("58%", "58.25%", "100%")


@BOTH
def test_what_was_said_of_one_number_is_not_said_of_another_that_is_equal_to_it(words: Words) -> None:
    assert [words.number(n) for n in (-0.0, 0, 0.0, Decimal("-0"))] == ["0"] * 4
    assert [words.percent(n) for n in (-0.0, 0)] == ["0%"] * 2
    assert [words.number(1, 2), words.number(1), words.number(1.0, 1)] == ["1.00", "1", "1.0"]


def test_a_moment_names_its_zone_so_that_nobody_takes_it_for_another() -> None:
    assert EN.moment(OPENED_MS, "Asia/Shanghai") == "26 June 2025, 22:00 (Beijing time)"
    assert ZH.moment(OPENED_MS, "Asia/Shanghai") == "2025年6月26日 22:00（北京时间）"
    assert EN.moment(OPENED_MS, "Europe/Berlin", "second") == "26 June 2025, 16:00:00 (UTC+2)"
    assert ZH.moment(OPENED_MS, "Asia/Kolkata", named=False) == "2025年6月26日 19:30"
    assert EN.moment(OPENED_MS, "Asia/Kolkata").endswith("(UTC+5:30)")
    assert EN.moment(OPENED_MS, "America/St_Johns").endswith("(UTC-2:30)")
    assert EN.moment(OPENED_MS, "UTC").endswith("(UTC)")
    assert (EN.moment(OPENED_MS, "UTC", "day"), ZH.moment(OPENED_MS, "UTC", "day")) == ("26 June 2025", "2025年6月26日")


@given(
    st.integers(0, 4_000_000_000_000),
    st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia"]),
)
def test_a_moment_is_that_of_the_zone(at_ms: int, zone: str) -> None:
    local = datetime.fromtimestamp(at_ms // 1000, ZoneInfo(zone))
    found = re.match(r"(\d+)年(\d+)月(\d+)日 (\d\d):(\d\d):(\d\d)", ZH.moment(at_ms, zone, "second"))
    assert found is not None
    assert tuple(map(int, found.groups())) == local.timetuple()[:6]


def test_a_time_of_the_api_reads_as_it_is_written() -> None:
    assert EN.rfc3339("2025-06-26T22:00:00.000+08:00") == "26 June 2025, 22:00 (UTC+8)"
    assert ZH.rfc3339("2025-06-26T14:00:00Z", "Asia/Shanghai") == "2025年6月26日 22:00（北京时间）"


def test_ranges_of_days_and_weeks() -> None:
    assert EN.days(date(2026, 4, 6), date(2026, 4, 12)) == "6–12 Apr 2026"
    assert ZH.days(date(2026, 4, 6), date(2026, 5, 3)) == "2026年4月6日至5月3日"
    assert EN.days(date(2026, 4, 6), date(2026, 4, 6)) == "6 April 2026"
    assert (EN.weeks(39, 42), ZH.weeks(39, 42)) == ("39 to 42 weeks", "39 至 42 周")
    assert (EN.weeks(1, 1), EN.weeks(2, 2), ZH.weeks(1, 1)) == ("1 week", "2 weeks", "1 周")


def test_a_span_is_said_in_its_two_largest_units() -> None:
    assert (EN.span(178), ZH.span(178)) == ("2 min 58 s", "2 分 58 秒")
    assert (EN.span(120), ZH.span(120)) == ("2 min", "2 分钟")
    assert (EN.span(3_661), ZH.span(3_661)) == ("1 h 2 min", "1 小时 2 分钟")
    assert (EN.span(7 * 86_400), ZH.span(7 * 86_400)) == ("7 days", "7 天")
    assert (EN.span(86_401), ZH.span(86_401)) == ("1 day 1 h", "1 天 1 小时")
    assert (EN.span(0), EN.span(-5), EN.span(59.01), EN.span(86_399.5)) == ("0 s", "0 s", "1 min", "1 day")


@given(st.floats(0, 10**8))
def test_a_span_is_never_shorter_than_the_wait(seconds: float) -> None:
    units = {"s": 1, "min": 60, "h": 3600, "day": 86_400, "days": 86_400}
    said = timedelta(seconds=sum(int(n) * units[unit] for n, unit in _parts(EN.span(seconds))))
    smallest = 1 if seconds <= 3600 else 60 if seconds <= 86_400 else 3600
    assert 0 <= said.total_seconds() - seconds <= smallest


def _parts(span: str) -> list[tuple[str, str]]:
    return re.findall(r"(\d+) (\w+)", span.replace(",", ""))


def test_there_are_no_words_of_a_language_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="language: found 'fr', allowed: en, zh-CN"):
        words_of("fr")
