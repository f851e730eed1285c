"""The keys of ``[finance]`` and ``[outlook]`` in a launch file."""

from __future__ import annotations

from drumroll.domain.launch_finance import FIGURES
from drumroll.domain.launch_finance import RELATIONS as FIGURE_RELATIONS
from drumroll.domain.launch_keys import (
    COST_ALLOWED,
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
    decimal,
    ids,
    number,
    one_word,
    required,
)
from drumroll.domain.launch_market import SCALES
from drumroll.domain.launch_values import day, figure, identifier, moment, name, whole_number

COSTS = 500
QUARTERS = 40
FIGURES_MOST = 200
EARLIER_POINTS = 1000
AFTER_S = 10**8
DEMANDS = 50
SCENARIOS = 12
FURTHER = 10
MONTHLY = 10**7
FIGURE_ALLOWED = 'a figure as text with the digits it was published with, like "73.26"'

_money = Key("revenue_minor", whole_number(1, MONEY_MINOR), MONEY_ALLOWED)
_model = Key("model", identifier, ID_ALLOWED)
_what = Key("what", name, NAME_ALLOWED)
_from = Key("from", day, DAY_ALLOWED)
_until = Key("until", day, DAY_ALLOWED)
_monthly = Key("monthly", whole_number(0, MONTHLY), "a whole number of orders a month, 0 to 10^7")

COST = Table(
    (_model, Key("trim", identifier, ID_ALLOWED), Key("cost_minor", whole_number(0, MONEY_MINOR), COST_ALLOWED))
)

QUARTER = Table((ID_KEY, NAME_KEY, _money))

PUBLISHED = Table(
    (
        ID_KEY,
        _what,
        Key("figure", figure, FIGURE_ALLOWED),
        required(one_word("definition", *FIGURES)),
        one_word("scale", *SCALES),
        Key("unit", name, NAME_ALLOWED, required=False),
        one_word("relation", *FIGURE_RELATIONS),
        Key("at", moment, MOMENT_ALLOWED, required=False),
        Key("quarter", identifier, ID_ALLOWED, required=False),
        ids("of", 2, "a list of 2 ids of published figures (a-z, 0-9 and -)"),
    )
)

FINANCE = Table(
    (decimal("vat_percent", "0", "100", default="0"),),
    (
        Nested("cost", COST, most=COSTS, required=False),
        Nested("quarter", QUARTER, most=QUARTERS, required=False),
        Nested("published", PUBLISHED, most=FIGURES_MOST, required=False),
    ),
)

EARLIER_POINT = Table(
    (
        Key("after_s", whole_number(1, AFTER_S), "a whole number of seconds, 1 to 10^8"),
        Key("orders", whole_number(0, PLACES), PLACES_ALLOWED),
    )
)

EARLIER = Table(
    (
        NAME_KEY,
        decimal("times", "0.001", "1000", default="1"),
        decimal("within_factor", "1.01", "1000", default="3"),
        decimal("pace_within_factor", "1.01", "1000", default="10"),
    ),
    (Nested("point", EARLIER_POINT, most=EARLIER_POINTS),),
)

DIFFUSION = Table(
    (
        Key("market", whole_number(1, PLACES), "a whole number of buyers, 1 to 10^9"),
        decimal("innovation", "0.000001", "10", " a year"),
        decimal("imitation", "0", "100", " a year"),
        decimal("within_factor", "1.01", "1000", default="2"),
    )
)

FURTHER_MODEL = Table(
    (
        NAME_KEY,
        _from,
        _monthly,
        Key("price_minor", whole_number(1, MONEY_MINOR), MONEY_ALLOWED),
        number("takes_percent", 0, 100, default=0),
    )
)

SCENARIO = Table(
    (
        ID_KEY,
        NAME_KEY,
        one_word("capacity", "planned", "released"),
        number("capacity_percent", 0, 1000, default=100),
        number("cancel_percent", 0, 90),
        number("rival_price_cut_percent", 0, 90, default=0),
        decimal("cross_elasticity", "0", "10", default="0"),
    ),
    (Nested("further", FURTHER_MODEL, most=FURTHER, required=False),),
)

DELIVERIES = Table(
    (
        ID_KEY,
        _what,
        required(one_word("who", "maker", "analysts")),
        _from,
        _until,
        Key("low", whole_number(0, PLACES), PLACES_ALLOWED),
        number("high", 0, PLACES),
        one_word("relation", *FIGURE_RELATIONS),
        one_word("per", "period", "month"),
        ids("models", 50, "a list of 1 to 50 ids of models (a-z, 0-9 and -)"),
        Key("scenario", identifier, ID_ALLOWED, required=False),
    )
)

OUTLOOK = Table(
    (),
    (
        Nested("earlier", EARLIER, required=False),
        Nested("diffusion", DIFFUSION, required=False),
        Nested("demand", Table((_model, _monthly)), most=DEMANDS, required=False),
        Nested("scenario", SCENARIO, most=SCENARIOS, required=False),
        Nested("published", DELIVERIES, most=FIGURES_MOST, required=False),
    ),
)
