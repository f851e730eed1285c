"""How things are said in a language: sentences from the catalogues, figures, money and times by locale.

English is the language that the sentences are written in, and the key under which a translation is found (gettext's
msgid). Translations are the files ``zh_CN/*.po``, one for each part of the house, read once. Locale data is Babel's
(Unicode CLDR); whoever needs no words does not import this module, and so not Babel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_interval
from babel.numbers import NumberPattern, parse_pattern

from drumroll.domain.launch import Launch
from drumroll.domain.launch_texts import translated
from drumroll.domain.money import EXPONENTS
from drumroll.words.negotiation import LANGUAGES
from drumroll.words.problem_words import STATES
from drumroll.words.reading import Key, Said, read_catalogues
from drumroll.words.telling import told

Precision = Literal["minute", "second", "day"]

# British formats for English: day before month and 24 hours, as the rest of the house writes them.
_LOCALES = {"en": "en_GB", "zh-CN": "zh_Hans_CN"}
_FOLDERS = {"zh-CN": "zh_CN"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK = {"minute": "%H:%M", "second": "%H:%M:%S"}
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
TEXTS_KEPT = 8192
"""Figures, amounts and days that are kept as text, of each kind: a list has hundreds, of which few are different, and
the event loop, which takes orders, makes each but once."""


class Words:
    """One language: ``tag`` as in ``LANGUAGES`` (for ``lang=`` and Content-Language), ``locale`` as Babel knows it."""

    def __init__(self, tag: str, said: Mapping[Key, Said]) -> None:
        self.tag = tag
        self.locale = Locale.parse(_LOCALES[tag])
        self._said = said
        self._money = self.locale.currency_formats["standard"].pattern
        self._percent = self.locale.percent_formats[None].pattern

    def __repr__(self) -> str:
        return f"<Words {self.tag}>"

    def say(self, message: str, **facts: object) -> str:
        """A sentence with its facts, named in it as ``%(name)s`` (so a percent sign is written ``%%``)."""
        return self.found(message) % facts

    def say_in(self, context: str, message: str, **facts: object) -> str:
        """As ``say``, of a word that is another one elsewhere ("Order" on a button, and over a table)."""
        return self.found(message, context) % facts

    def say_n(self, singular: str, plural: str, n: int, **facts: object) -> str:
        """A sentence about ``n`` things; it may name their number as ``%(num)s``."""
        return self.found_n(singular, plural, n) % {"num": self.number(n), **facts}

    def found(self, message: str, context: str | None = None) -> str:
        """The translation as it is, without facts; the English where there is none."""
        said = self._said.get((context, message))
        return message if said is None else said[0]

    def found_n(self, singular: str, plural: str, n: int, context: str | None = None) -> str:
        """As ``found``, in the form for ``n`` things."""
        said = self._said.get((context, singular))
        form = self.locale.plural_form(n) == "other"
        forms = (singular, plural) if said is None else said
        return forms[min(form, len(forms) - 1)]

    def money(self, minor: int, currency: str) -> str:
        """An amount in minor units of a currency of ``EXPONENTS``; whole ones without decimals."""
        return _amount(self._money, minor, currency, self.locale)

    def number(self, n: float | Decimal, decimals: int = 0) -> str:
        """A number, rounded to so many decimals, all of which are shown."""
        return _figure("#,##0", n + 0, decimals, self.locale)

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share of one as percent: 0.582 is 58 %."""
        return _figure(self._percent, share + 0, decimals, self.locale)

    def moment(self, at_ms: int, zone: str, precision: Precision = "minute", *, named: bool = True) -> str:
        """A time in a zone (IANA's name), with the zone's short name unless it is a day or not to be ``named``."""
        return self._moment(_EPOCH + timedelta(milliseconds=at_ms), zone, precision, named=named)

    def rfc3339(self, text: str, zone: str | None = None) -> str:
        """A time as the API writes it, to the minute, in that zone or at the offset that it is written with."""
        return self._moment(datetime.fromisoformat(text), zone, "minute", named=True)

    def _moment(self, at: datetime, zone: str | None, precision: Precision, *, named: bool) -> str:
        at = at if zone is None else at.astimezone(ZoneInfo(zone))
        day = self.day(at.date())
        if precision == "day":
            return day
        clock = at.strftime(_CLOCK[precision])
        if not named:
            return self.say("%(day)s, %(clock)s", day=day, clock=clock)
        return self.say("%(day)s, %(clock)s (%(zone)s)", day=day, clock=clock, zone=self._zone_name(at, zone))

    def _zone_name(self, at: datetime, zone: str | None) -> str:
        """What people call the zone. "CST" would be Chicago's time as much as Beijing's, so it is the offset else."""
        if zone == "Asia/Shanghai":
            return self.say("Beijing time")
        minutes = (at.utcoffset() or timedelta()) // timedelta(minutes=1)
        hours, rest = divmod(abs(minutes), 60)
        sign = "-" if minutes < 0 else "+"
        return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "") if minutes else "UTC"

    def day(self, day: date) -> str:
        """A day: 26 June 2025, 2025年6月26日."""
        return _day(day, self.locale)

    def days(self, from_day: date, until: date) -> str:
        """The days from one to another; both belong to the range."""
        if from_day == until:
            return self.day(from_day)
        return _days(from_day, until, self.locale)

    def weeks(self, first: int, last: int) -> str:
        """So many weeks: 39 to 42 weeks, 39 至 42 周."""
        if first == last:
            return self.say_n("%(num)s week", "%(num)s weeks", first)
        return self.say("%(first)s to %(last)s weeks", first=self.number(first), last=self.number(last))

    def span(self, seconds: float) -> str:
        """How long something takes, rounded up, in its two largest units: 2 min 58 s, 2 分 58 秒."""
        s = max(0, math.ceil(seconds))
        if s < _HOUR_S:
            return self._minutes(*divmod(s, _MINUTE_S))
        minutes = -(-s // _MINUTE_S)
        if minutes < _DAY_S // _MINUTE_S:
            return self._hours(*divmod(minutes, 60))
        return self._days(*divmod(-(-s // _HOUR_S), 24))

    def _minutes(self, minutes: int, seconds: int) -> str:
        if not minutes:
            return self.say("%(seconds)s s", seconds=seconds)
        if not seconds:
            return self.say("%(minutes)s min", minutes=minutes)
        return self.say("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=seconds)

    def _hours(self, hours: int, minutes: int) -> str:
        if not minutes:
            return self.say("%(hours)s h", hours=hours)
        return self.say("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)

    def _days(self, days: int, hours: int) -> str:
        if not hours:
            return self.say_n("%(num)s day", "%(num)s days", days)
        return self.say_n("%(num)s day %(hours)s h", "%(num)s days %(hours)s h", days, hours=hours)

    def listed(self, things: list[str] | tuple[str, ...]) -> str:
        """Several things in a row: a, b, c; a、b、c."""
        return self.say(", ").join(things)

    def state(self, state: str) -> str:
        """The state of an order, or of a place in the waiting list; one that is not known here as it stands."""
        return self.say_in(*STATES[state]) if state in STATES else state

    def text(self, launch: Launch, text: str) -> str:
        """A text of the launch file in this language, as the file translates it; as it stands where it does not."""
        return translated(launch, self.tag, text)

    def problem(self, code: str, facts: Mapping[str, Any], detail: str) -> str:
        """What went wrong and what to do next, for people; the ``detail`` where a code is not known here."""
        return told(self, code, facts, detail)


@lru_cache(maxsize=len(LANGUAGES))
def words_of(tag: str) -> Words:
    """The words of a language of ``LANGUAGES``; its catalogues are read at the first call."""
    if tag not in LANGUAGES:
        raise ValueError(f"language: found {tag[:40]!r}, allowed: {', '.join(LANGUAGES)}; ask negotiate() for one")
    folder = _FOLDERS.get(tag)
    return Words(tag, {} if folder is None else read_catalogues(Path(__file__).parent / folder))


@lru_cache(maxsize=64)
def _with_decimals(pattern: str, decimals: int) -> NumberPattern:
    """A pattern of CLDR with just so many decimals, all of them shown."""
    whole, _, rest = pattern.partition(".")
    end = rest.lstrip("0#")
    if not rest:
        head, digit, end = whole.rpartition("0")
        whole = head + digit
    return parse_pattern(whole + ("." + "0" * decimals if decimals else "") + end)


@lru_cache(maxsize=TEXTS_KEPT)
def _figure(pattern: str, n: float | Decimal, decimals: int, locale: Locale) -> str:
    """``n`` is never minus zero, which is equal to zero and has another text."""
    return str(_with_decimals(pattern, decimals).apply(n, locale))


@lru_cache(maxsize=TEXTS_KEPT)
def _amount(pattern: str, minor: int, currency: str, locale: Locale) -> str:
    exponent = EXPONENTS[currency]
    amount = Decimal(minor).scaleb(-exponent)
    decimals = 0 if amount == amount.to_integral_value() else exponent
    return str(_with_decimals(pattern, decimals).apply(amount, locale, currency=currency, currency_digits=False))


@lru_cache(maxsize=TEXTS_KEPT)
def _day(day: date, locale: Locale) -> str:
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=TEXTS_KEPT)
def _days(from_day: date, until: date, locale: Locale) -> str:
    return format_interval(from_day, until, "yMMMd", locale=locale)
