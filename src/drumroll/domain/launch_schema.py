"""The keys of a launch file, in tables: what each may hold, and whether it must be there.

``docs/launch-file.md`` explains them to the people who write one.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from drumroll.domain.launch_capacity import PromiseRules
from drumroll.domain.launch_market import DEFINITIONS, RELATIONS, SCALES
from drumroll.domain.launch_values import (
    Fault,
    Reader,
    Unfit,
    code,
    currency,
    day,
    figure,
    identifier,
    list_of,
    moment,
    name,
    one_of,
    time_zone,
    true_or_false,
    unfit,
    whole_number,
)
from drumroll.domain.states import FIRM, UNDELIVERED, State

FORMAT = 1
MONEY_MINOR = 10**15
PLACES = 10**9
HOLD_S = 30 * 24 * 3600
ORDERS_PER_CUSTOMER = 100
MODELS = 50
TRIMS = 50
MILESTONES = 50
OPTIONS = 20
CHOICES = 50
RULES = 20
REGIONS = 500
CONVERSIONS = 50
TIMES = 10
CODES = 500
HOLDINGS = 200
CLAIMS = 200
ORDER_POINTS = 1000
SHARES = 10**15
LEAD_DAYS = 366
PLANTS = 20
PERIODS = 200
CLOSED = 200
WEEKLY = 10**7
SHIFTS = 4
LIMITS = 100
BACKLOGS = 500
CLIFFS = 20
CANCEL_PERCENT = 90
EXCHANGES = ("XHKG", "XSHG")
"""Those whose sessions are known: Hong Kong; Shanghai, whose days are Shenzhen's and Beijing's too."""
DAY_S = 24 * 3600
COOLING_OFF_S = 366 * DAY_S
WAITING_OFFER_S = (60, 30 * DAY_S)

CONVERTIBLE = tuple(state.value for state in State if state is FIRM or state in UNDELIVERED)
"""The states that a conversion window may be for: paid, not delivered, not given up."""

_ID = "1 to 32 of a-z, 0-9 and -, the first no -"
_NAME = "a text of 1 to 80 printable characters"
_MOMENT = '2025-06-26T22:00:00 (in time_zone), 2025-06-26T22:00:00+08:00, or "2025-06-26 24:00"'
_MONEY = "a whole number of minor units, 1 to 10^15"
_MONEY_OR_NOTHING = "a whole number of minor units, 0 to 10^15"
_PLACES = "a whole number of orders, 0 to 10^9"
_MODEL_IDS = f"a list of 1 to {MODELS} ids of models (a-z, 0-9 and -)"
_CODE = 'a code as text: 1 to 16 of letters, digits and . ^ _ -, like "01810"'
_CODES = f'a list of 1 to {CODES} codes as texts, like ["01810"]'
_CURRENCY = "the ISO 4217 code of a currency in use, like CNY"
_SHARES = "a whole number of shares, 1 to 10^15"
_DAY = "a day from 1900 to 2199, like 2025-06-27"
_MONDAY = "a Monday, like 2025-06-30"
_WEEKLY = "a whole number of orders a week and a shift, 0 to 10^7"
_CANCEL_PERCENT = f"two whole numbers, 0 to {CANCEL_PERCENT}, the second no smaller than the first, like [5, 15]"
_CHOICE_IDS = f"a list of 1 to {RULES} ids of choices of this model (a-z, 0-9 and -)"


class Key(msgspec.Struct, frozen=True):
    """One key: its name, what it allows (in words and as a reader), and whether the file must have it.

    ``default`` stands in for a key that is not there.
    """

    name: str
    read: Reader
    allowed: str
    required: bool = True
    default: object = None


class Table(msgspec.Struct, frozen=True):
    """The keys of one table, and the tables in it."""

    keys: tuple[Key, ...]
    tables: tuple[Nested, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every key that may stand in it."""
        return (*(key.name for key in self.keys), *(nested.name for nested in self.tables))


class Nested(msgspec.Struct, frozen=True):
    """A table in a table: ``[sales]`` (``most`` is 0), or 1 to ``most`` of ``[[model]]``."""

    name: str
    table: Table
    most: int = 0
    required: bool = True


def _seconds(name: str, low_s: int, high_s: int, in_days: str, required: bool = False, default: object = None) -> Key:
    allowed = f"a whole number of seconds, {low_s} to {high_s} ({in_days})"
    return Key(name, whole_number(low_s, high_s), allowed, required, default)


def _switch(name: str, default: bool) -> Key:
    return Key(name, true_or_false, "true or false", required=False, default=default)


def _one_of(name: str, *words: str) -> Key:
    return Key(name, one_of(*words), ", ".join(f'"{word}"' for word in words), required=False, default=words[0])


def _ids(name: str, most: int, allowed: str) -> Key:
    return Key(name, list_of(identifier, most), allowed, required=False, default=())


def _required(key: Key) -> Key:
    return msgspec.structs.replace(key, required=True, default=None)


def _number(name: str, low: int, high: int, unit: str = "", default: object = None) -> Key:
    """A whole number that may be left out."""
    return Key(name, whole_number(low, high), f"a whole number{unit}, {low} to {high}", required=False, default=default)


def _rule(name: str, low: int, high: int, unit: str) -> Key:
    """A number of ``[promise]``: its default is the one that holds where there is no such table."""
    return _number(name, low, high, unit, getattr(PromiseRules(), name))


def _monday(value: object, zone: ZoneInfo) -> date:
    """A day on which a week begins."""
    at = day(value, zone)
    assert isinstance(at, date)
    if at.weekday():
        before = at - timedelta(days=at.weekday())
        raise unfit(value, f"a Monday: {before} or {before + timedelta(days=7)}")
    return at


def _low_and_high(value: object, zone: ZoneInfo) -> object:
    """Two percentages, the second no smaller than the first."""
    if not isinstance(value, list) or len(value) != 2:
        raise unfit(value)
    both = list_of(whole_number(0, CANCEL_PERCENT), 2)(value, zone)
    if value[0] > value[1]:
        raise Unfit(Fault(str(value)))
    return both


_id = Key("id", identifier, _ID)
_name = Key("name", name, _NAME)
_cap = Key("cap", whole_number(0, PLACES), _PLACES, required=False)
_opens = Key("opens", moment, _MOMENT)
_closes = Key("closes", moment, _MOMENT, required=False)
_deposit = Key("deposit_minor", whole_number(1, MONEY_MINOR), _MONEY)

TRIM = Table((_id, _name, Key("price_minor", whole_number(1, MONEY_MINOR), _MONEY), _cap))

CHOICE = Table(
    (
        _id,
        _name,
        Key("price_minor", whole_number(0, MONEY_MINOR), _MONEY_OR_NOTHING, required=False, default=0),
        _ids("trims", TRIMS, f"a list of 1 to {TRIMS} ids of trims of this model (a-z, 0-9 and -)"),
        _ids("requires", RULES, _CHOICE_IDS),
        _ids("excludes", RULES, _CHOICE_IDS),
    )
)

OPTION = Table((_id, _name, _switch("many", default=False)), (Nested("choice", CHOICE, most=CHOICES),))

MODEL = Table(
    (
        _id,
        _name,
        Key("opens", moment, _MOMENT, required=False),
        _closes,
        _cap,
        Key("deposit_minor", whole_number(1, MONEY_MINOR), _MONEY, required=False),
    ),
    (Nested("trim", TRIM, most=TRIMS), Nested("option", OPTION, most=OPTIONS, required=False)),
)

SALES = Table(
    (
        _opens,
        _closes,
        _deposit,
        _seconds("hold_s", 1, HOLD_S, "30 days", required=True),
        Key("orders_per_customer", whole_number(1, ORDERS_PER_CUSTOMER), "a whole number, 1 to 100"),
        _cap,
        _seconds("cooling_off_s", 0, COOLING_OFF_S, "366 days"),
        _seconds("early_lock_undo_s", 0, HOLD_S, "30 days", default=0),
        _seconds("waiting_offer_s", *WAITING_OFFER_S, "1 minute to 30 days"),
    )
)

BOARD = Table(
    (
        Key("models", list_of(identifier, MODELS), _MODEL_IDS, required=False),
        Key(
            "milestones",
            list_of(whole_number(1, PLACES), MILESTONES),
            "a rising list of 1 to 50 whole numbers of firm orders, 1 to 10^9",
            required=False,
        ),
    )
)

REGION = Table((_id, _name, _number("lead_days", 0, LEAD_DAYS, " of days", default=0)))

CONVERSION = Table(
    (
        _id,
        _required(_ids("from", MODELS, _MODEL_IDS)),
        Key(
            "states",
            list_of(one_of(*CONVERTIBLE), len(CONVERTIBLE)),
            f"a list of 1 to {len(CONVERTIBLE)} of {', '.join(CONVERTIBLE)}",
        ),
        _required(_ids("to", MODELS, _MODEL_IDS)),
        _opens,
        _required(_closes),
        _switch("irreversible", default=True),
        Key("times", whole_number(1, TIMES), f"a whole number, 1 to {TIMES}", required=False, default=1),
        _one_of("deposit", "carry", "settle"),
        _one_of("cooling_off", "keep", "anew"),
        _one_of("place", "keep", "requeue", "deadline"),
        Key("place_kept_before", moment, _MOMENT, required=False),
    )
)


def _codes(name: str) -> Key:
    return Key(name, list_of(code, CODES), _CODES, required=False, default=())


HOLDING = Table(
    (
        Key("holder", name, _NAME),
        Key("code", code, _CODE),
        Key("shares", whole_number(1, SHARES), _SHARES),
        Key("currency", currency, _CURRENCY, required=False),
    )
)

CLAIM = Table(
    (
        Key("what", name, _NAME),
        Key("figure", figure, 'a figure as text with the digits it was published with, like "4.39"'),
        _required(_one_of("definition", *DEFINITIONS)),
        _one_of("scale", *SCALES),
        Key("unit", name, _NAME, required=False),
        _one_of("relation", *RELATIONS),
        Key("code", code, _CODE, required=False),
        Key("on", day, _DAY, required=False),
    )
)

ORDER_POINT = Table((Key("at", moment, _MOMENT), Key("firm", whole_number(0, PLACES), _PLACES)))

MARKET = Table(
    (
        Key("share", code, _CODE),
        _required(_one_of("exchange", *EXCHANGES)),
        Key("currency", currency, _CURRENCY),
        _codes("benchmark"),
        _codes("suppliers"),
        _codes("rivals"),
        Key("shares", whole_number(1, SHARES), _SHARES, required=False),
        Key("listed", day, _DAY, required=False),
    ),
    (
        Nested("holding", HOLDING, most=HOLDINGS, required=False),
        Nested("claim", CLAIM, most=CLAIMS, required=False),
        Nested("orders", ORDER_POINT, most=ORDER_POINTS, required=False),
    ),
)

PROMISE = Table(
    (
        _rule("width_weeks", 1, 26, " of weeks"),
        _rule("frozen_weeks", 0, 26, " of weeks"),
        _rule("horizon_weeks", 4, 520, " of weeks"),
        _one_of("policy", "strict", "least-breakage"),
        _rule("late_bound_weeks", 0, 520, " of weeks"),
        _rule("kept_percent", 50, 99, ""),
        _rule("sure_percent", 50, 99, ""),
        _switch("refuse_unpromised", default=PromiseRules().refuse_unpromised),
        _rule("spread_percent", 0, 100, ""),
        _rule("spread_weeks", 1, 104, " of weeks"),
        _rule("ramp_late_weeks", 0, 52, " of weeks"),
        Key("cancel_percent", _low_and_high, _CANCEL_PERCENT, required=False, default=PromiseRules().cancel_percent),
    )
)

PERIOD = Table(
    (
        Key("from", _monday, _MONDAY),
        Key("until", _monday, _MONDAY, required=False),
        Key("capacity", whole_number(0, WEEKLY), _WEEKLY),
        Key("ramp_to", whole_number(0, WEEKLY), _WEEKLY, required=False),
        _number("shifts", 1, SHIFTS, default=1),
    )
)

CLOSED_SPAN = Table((_name, Key("from", day, _DAY), Key("until", day, _DAY)))

PLANT = Table(
    (_id, _name, _required(_ids("models", MODELS, _MODEL_IDS))),
    (Nested("weeks", PERIOD, most=PERIODS), Nested("closed", CLOSED_SPAN, most=CLOSED, required=False)),
)

LIMIT = Table(
    (
        _id,
        _name,
        _ids("models", MODELS, _MODEL_IDS),
        _ids("trims", TRIMS, f"a list of 1 to {TRIMS} ids of trims (a-z, 0-9 and -)"),
        _ids("choices", CHOICES, f"a list of 1 to {CHOICES} ids of choices (a-z, 0-9 and -)"),
    ),
    (Nested("weeks", PERIOD, most=PERIODS),),
)

BACKLOG = Table(
    (
        Key("model", identifier, _ID),
        Key("trim", identifier, _ID),
        Key("orders", whole_number(0, WEEKLY), "a whole number of orders, 0 to 10^7"),
    )
)

CLIFF = Table((_id, _name, Key("last_day", day, _DAY), _ids("models", MODELS, _MODEL_IDS)))

ROOT = Table(
    (
        Key("format", whole_number(FORMAT, FORMAT), f"{FORMAT}, the format that this drumroll reads"),
        _id,
        _name,
        Key("time_zone", time_zone, "a time zone of the IANA database, like Asia/Shanghai"),
        Key("currency", currency, _CURRENCY),
    ),
    (
        Nested("sales", SALES),
        Nested("board", BOARD, required=False),
        Nested("model", MODEL, most=MODELS),
        Nested("region", REGION, most=REGIONS, required=False),
        Nested("conversion", CONVERSION, most=CONVERSIONS, required=False),
        Nested("market", MARKET, required=False),
        Nested("promise", PROMISE, required=False),
        Nested("plant", PLANT, most=PLANTS, required=False),
        Nested("limit", LIMIT, most=LIMITS, required=False),
        Nested("backlog", BACKLOG, most=BACKLOGS, required=False),
        Nested("cliff", CLIFF, most=CLIFFS, required=False),
    ),
)
