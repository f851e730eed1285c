"""The keys of a launch file, in tables: what each may hold, and whether it must be there.

``docs/launch-file.md`` explains them to the people who write one.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from drumroll.domain.launch_capacity import PromiseRules
from drumroll.domain.launch_keys import (
    DAY_ALLOWED,
    ID_ALLOWED,
    ID_KEY,
    MOMENT_ALLOWED,
    MONEY_ALLOWED,
    MONEY_MINOR,
    NAME_ALLOWED,
    NAME_KEY,
    PLACES,
    PLACES_ALLOWED,
    Key,
    Nested,
    Table,
    ids,
    number,
    one_word,
    required,
    seconds,
    switch,
)
from drumroll.domain.launch_market import DEFINITIONS, RELATIONS, SCALES
from drumroll.domain.launch_outlook_schema import FINANCE, OUTLOOK
from drumroll.domain.launch_store_schema import (
    FIGURE,
    FIGURES,
    LANGUAGE,
    RIVAL,
    RIVALS,
    ROOM,
    figures_key,
    tagline_key,
)
from drumroll.domain.launch_values import (
    Fault,
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
    unfit,
    whole_number,
)
from drumroll.domain.states import FIRM, UNDELIVERED, State

FORMAT = 1
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

_MONEY_OR_NOTHING = "a whole number of minor units, 0 to 10^15"
_MODEL_IDS = f"a list of 1 to {MODELS} ids of models (a-z, 0-9 and -)"
_CODE = 'a code as text: 1 to 16 of letters, digits and . ^ _ -, like "01810"'
_CODES = f'a list of 1 to {CODES} codes as texts, like ["01810"]'
_CURRENCY = "the ISO 4217 code of a currency in use, like CNY"
_SHARES = "a whole number of shares, 1 to 10^15"
_MONDAY = "a Monday, like 2025-06-30"
_WEEKLY = "a whole number of orders a week and a shift, 0 to 10^7"
_CANCEL_PERCENT = f"two whole numbers, 0 to {CANCEL_PERCENT}, the second no smaller than the first, like [5, 15]"
_CHOICE_IDS = f"a list of 1 to {RULES} ids of choices of this model (a-z, 0-9 and -)"


def _rule(name: str, low: int, high: int, unit: str) -> Key:
    """A number of ``[promise]``: its default is the one that holds where there is no such table."""
    return number(name, low, high, unit, getattr(PromiseRules(), name))


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


_cap = Key("cap", whole_number(0, PLACES), PLACES_ALLOWED, required=False)
_opens = Key("opens", moment, MOMENT_ALLOWED)
_closes = Key("closes", moment, MOMENT_ALLOWED, required=False)
_deposit = Key("deposit_minor", whole_number(1, MONEY_MINOR), MONEY_ALLOWED)

TRIM = Table((ID_KEY, NAME_KEY, Key("price_minor", whole_number(1, MONEY_MINOR), MONEY_ALLOWED), _cap, figures_key))

CHOICE = Table(
    (
        ID_KEY,
        NAME_KEY,
        Key("price_minor", whole_number(0, MONEY_MINOR), _MONEY_OR_NOTHING, required=False, default=0),
        ids("trims", TRIMS, f"a list of 1 to {TRIMS} ids of trims of this model (a-z, 0-9 and -)"),
        ids("requires", RULES, _CHOICE_IDS),
        ids("excludes", RULES, _CHOICE_IDS),
    )
)

OPTION = Table((ID_KEY, NAME_KEY, switch("many", default=False)), (Nested("choice", CHOICE, most=CHOICES),))

MODEL = Table(
    (
        ID_KEY,
        NAME_KEY,
        Key("opens", moment, MOMENT_ALLOWED, required=False),
        _closes,
        _cap,
        Key("deposit_minor", whole_number(1, MONEY_MINOR), MONEY_ALLOWED, required=False),
        tagline_key,
        figures_key,
    ),
    (Nested("trim", TRIM, most=TRIMS), Nested("option", OPTION, most=OPTIONS, required=False)),
)

SALES = Table(
    (
        _opens,
        _closes,
        _deposit,
        seconds("hold_s", 1, HOLD_S, "30 days", required=True),
        Key("orders_per_customer", whole_number(1, ORDERS_PER_CUSTOMER), "a whole number, 1 to 100"),
        _cap,
        seconds("cooling_off_s", 0, COOLING_OFF_S, "366 days"),
        seconds("early_lock_undo_s", 0, HOLD_S, "30 days", default=0),
        seconds("waiting_offer_s", *WAITING_OFFER_S, "1 minute to 30 days"),
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

REGION = Table((ID_KEY, NAME_KEY, number("lead_days", 0, LEAD_DAYS, " of days", default=0)))

CONVERSION = Table(
    (
        ID_KEY,
        required(ids("from", MODELS, _MODEL_IDS)),
        Key(
            "states",
            list_of(one_of(*CONVERTIBLE), len(CONVERTIBLE)),
            f"a list of 1 to {len(CONVERTIBLE)} of {', '.join(CONVERTIBLE)}",
        ),
        required(ids("to", MODELS, _MODEL_IDS)),
        _opens,
        required(_closes),
        switch("irreversible", default=True),
        Key("times", whole_number(1, TIMES), f"a whole number, 1 to {TIMES}", required=False, default=1),
        one_word("deposit", "carry", "settle"),
        one_word("cooling_off", "keep", "anew"),
        one_word("place", "keep", "requeue", "deadline"),
        Key("place_kept_before", moment, MOMENT_ALLOWED, required=False),
    )
)


def _codes(name: str) -> Key:
    return Key(name, list_of(code, CODES), _CODES, required=False, default=())


HOLDING = Table(
    (
        Key("holder", name, NAME_ALLOWED),
        Key("code", code, _CODE),
        Key("shares", whole_number(1, SHARES), _SHARES),
        Key("currency", currency, _CURRENCY, required=False),
    )
)

CLAIM = Table(
    (
        Key("what", name, NAME_ALLOWED),
        Key("figure", figure, 'a figure as text with the digits it was published with, like "4.39"'),
        required(one_word("definition", *DEFINITIONS)),
        one_word("scale", *SCALES),
        Key("unit", name, NAME_ALLOWED, required=False),
        one_word("relation", *RELATIONS),
        Key("code", code, _CODE, required=False),
        Key("on", day, DAY_ALLOWED, required=False),
    )
)

ORDER_POINT = Table((Key("at", moment, MOMENT_ALLOWED), Key("firm", whole_number(0, PLACES), PLACES_ALLOWED)))

MARKET = Table(
    (
        Key("share", code, _CODE),
        required(one_word("exchange", *EXCHANGES)),
        Key("currency", currency, _CURRENCY),
        _codes("benchmark"),
        _codes("suppliers"),
        _codes("rivals"),
        Key("shares", whole_number(1, SHARES), _SHARES, required=False),
        Key("listed", day, DAY_ALLOWED, required=False),
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
        one_word("policy", "strict", "least-breakage"),
        _rule("late_bound_weeks", 0, 520, " of weeks"),
        _rule("kept_percent", 50, 99, ""),
        _rule("sure_percent", 50, 99, ""),
        switch("refuse_unpromised", default=PromiseRules().refuse_unpromised),
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
        number("shifts", 1, SHIFTS, default=1),
    )
)

CLOSED_SPAN = Table((NAME_KEY, Key("from", day, DAY_ALLOWED), Key("until", day, DAY_ALLOWED)))

PLANT = Table(
    (ID_KEY, NAME_KEY, required(ids("models", MODELS, _MODEL_IDS))),
    (Nested("weeks", PERIOD, most=PERIODS), Nested("closed", CLOSED_SPAN, most=CLOSED, required=False)),
)

LIMIT = Table(
    (
        ID_KEY,
        NAME_KEY,
        ids("models", MODELS, _MODEL_IDS),
        ids("trims", TRIMS, f"a list of 1 to {TRIMS} ids of trims (a-z, 0-9 and -)"),
        ids("choices", CHOICES, f"a list of 1 to {CHOICES} ids of choices (a-z, 0-9 and -)"),
    ),
    (Nested("weeks", PERIOD, most=PERIODS),),
)

BACKLOG = Table(
    (
        Key("model", identifier, ID_ALLOWED),
        Key("trim", identifier, ID_ALLOWED),
        Key("orders", whole_number(0, WEEKLY), "a whole number of orders, 0 to 10^7"),
    )
)

CLIFF = Table((ID_KEY, NAME_KEY, Key("last_day", day, DAY_ALLOWED), ids("models", MODELS, _MODEL_IDS)))

ROOT = Table(
    (
        Key("format", whole_number(FORMAT, FORMAT), f"{FORMAT}, the format that this drumroll reads"),
        ID_KEY,
        NAME_KEY,
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
        Nested("finance", FINANCE, required=False),
        Nested("outlook", OUTLOOK, required=False),
        Nested("figure", FIGURE, most=FIGURES, required=False),
        Nested("rival", RIVAL, most=RIVALS, required=False),
        Nested("waiting_room", ROOM, required=False),
        Nested("language", LANGUAGE, required=False),
    ),
)
