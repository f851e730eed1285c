"""Values that are fine by themselves, but not together: each is one mistake, at the path of what has to change."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from drumroll.domain.launch_file import parse
from tests.launch_files import HANDHELD, HANDHELD_ALONE, YU7_ALONE, mistakes, paths, written
from tests.launch_files import YU7_UNTRANSLATED as YU7

# The sale, the board, the models.


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (YU7_ALONE.replace('id = "su7-ultra"', 'id = "su7"'), "model[2].id"),
        (
            YU7_ALONE.replace('"pro"\nname = "Pro"\nprice_minor = 24', '"max"\nname = "Pro"\nprice_minor = 24'),
            "model[1].trim[2].id",
        ),
        (YU7_ALONE.replace('["yu7"]', '["yu7", "yu8"]'), "board.models[1]"),
        (YU7_ALONE.replace('["yu7"]', '["yu7", "yu7"]'), "board.models[1]"),
        (YU7_ALONE.replace('["yu7"]', '["YU7"]'), "board.models[0]"),
        (YU7_ALONE.replace('["yu7"]', "[]"), "board.models"),
        (YU7_ALONE.replace("240_000,  ", "200_000,  "), "board.milestones[4]"),
        (YU7_ALONE.replace("240_000,  ", "0,  "), "board.milestones[4]"),
        (YU7_ALONE.replace("hold_s = 900", "hold_s = 900\ncap = 288_999"), "board.milestones[5]"),
        (HANDHELD_ALONE.replace("cap = 10_000", "").replace("8_000", "7_499"), "board.milestones[2]"),
        (YU7_ALONE.replace("hold_s = 900", "hold_s = 900\ncap = -1"), "sales.cap"),
        (YU7_ALONE.replace("hold_s = 900", "hold_s = 900\ncloses = 2025-06-26T14:00:00Z"), "sales.closes"),
        (
            YU7_ALONE.replace('name = "YU7"\n', 'name = "YU7"\ncloses = 2025-06-01T00:00:00\n'),
            "model[0].closes",
        ),
        (HANDHELD_ALONE.replace('id = "console"', 'id = "console"\nopens = 2026-04-01T00:00:00'), "model[0].opens"),
        (YU7_ALONE.replace("deposit_minor = 500_000", "deposit_minor = 21_590_001"), "sales.deposit_minor"),
        (YU7_ALONE.replace('name = "SU7 Ultra"', 'name = "SU7\\u0000Ultra"'), "model[2].name"),
        (YU7_ALONE.replace('name = "SU7 Ultra"', 'name = "SU7\\nUltra"'), "model[2].name"),
        (YU7_ALONE.replace('name = "SU7 Ultra"', 'name = " SU7"'), "model[2].name"),
        (YU7_ALONE.replace('name = "SU7 Ultra"', f'name = "{"S" * 81}"'), "model[2].name"),
        (YU7_ALONE.replace('id = "su7-ultra"', f'id = "{"s" * 33}"'), "model[2].id"),
        (YU7_ALONE.replace('"CNY"', '"CNX"'), "currency"),
        (YU7_ALONE.replace("format = 1", "format = 2"), "format"),
        (YU7_ALONE.replace("[board]", "[[board]]"), "board"),
        (YU7_ALONE.split("[[model]]")[0] + "[model]", "model"),
        (YU7_ALONE.split("[[model]]")[0] + "[[model]]\nid='yu7'\nname='N'\ntrim=[]", "model[0].trim"),
        (YU7_ALONE.split("[[model]]")[0] + "[[model]]\nid='yu7'\nname='N'\ntrim=[1]", "model[0].trim[0]"),
    ],
)
def test_a_contradiction_is_one_mistake_at_its_path(text: str, path: str) -> None:
    assert paths(text) == [path]


@pytest.mark.parametrize(("number", "clean"), [(50, True), (51, False)])
def test_models_and_trims_have_a_limit(number: int, clean: bool) -> None:
    trims = [{"id": f"t{n}", "name": "T", "price_minor": 10**9} for n in range(number)]
    tables = tomllib.loads(YU7_ALONE)
    tables["model"][1]["trim"] = trims
    many = tomllib.loads(YU7_ALONE)
    many["model"] += [{"id": f"m{n}", "name": "M", "trim": trims[:1]} for n in range(number - 3)]
    for changed, path in ((tables, "model[1].trim"), (many, "model")):
        if clean:
            parse(written(changed), "it")
        else:
            assert paths(written(changed))[0] == path


# Options.


def choices(*rows: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": choice_id, "name": "N", **rest} for choice_id, rest in rows]


def with_options(*options: tuple[str, dict[str, Any], list[dict[str, Any]]]) -> str:
    """The YU7 (trims standard, pro, max) with these options instead of its own."""
    tables = tomllib.loads(YU7)
    tables["model"][0]["option"] = [{"id": one, "name": "N", **rest, "choice": its} for one, rest, its in options]
    return written(tables)


MANY = {"many": True}
TWO = ("o", {}, choices(("a", {}), ("b", {})))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (with_options(TWO, ("o", {}, choices(("c", {})))), "option[1].id"),
        (with_options(TWO, ("p", {}, choices(("a", {})))), "option[1].choice[0].id"),
        (with_options(("o", {}, choices(("a", {"trims": ["pro", "prp"]})))), "option[0].choice[0].trims[1]"),
        (with_options(("o", {}, choices(("a", {"trims": ["pro", "pro"]})))), "option[0].choice[0].trims[1]"),
        (with_options(("o", {}, choices(("a", {"trims": []})))), "option[0].choice[0].trims"),
        (with_options(("o", {}, choices(("a", {"requires": ["z"]})))), "option[0].choice[0].requires[0]"),
        (with_options(("o", {}, choices(("a", {"excludes": ["z"]})))), "option[0].choice[0].excludes[0]"),
        (with_options(("o", MANY, choices(("a", {"requires": ["a"]})))), "option[0].choice[0].requires[0]"),
        (with_options(("o", MANY, choices(("a", {"excludes": ["a"]})))), "option[0].choice[0].excludes[0]"),
        (
            with_options(("o", MANY, choices(("a", {"requires": ["b"], "excludes": ["b"]}), ("b", {})))),
            "option[0].choice[0].excludes[0]",
        ),
        (with_options(("o", {}, choices(("a", {}), ("b", {"requires": ["a"]})))), "option[0].choice[1].requires[0]"),
        (
            with_options(TWO, ("p", MANY, choices(("c", {"requires": ["a", "b"]})))),
            "option[1].choice[0].requires[1]",
        ),
        (
            with_options(("o", MANY, choices(("a", {"requires": ["b"]}), ("b", {"trims": ["max"]})))),
            "option[0].choice[0].requires[0]",
        ),
        (
            with_options(("o", MANY, choices(("a", {"requires": ["b"]}), ("b", {"excludes": ["a"]})))),
            "option[0].choice[0].requires[0]",
        ),
        # a needs b, b needs c, c can't be with b: b is what is wrong, not a.
        (
            with_options(
                ("o", MANY, choices(("a", {"requires": ["b"]}), ("b", {"requires": ["c"]}), ("c", {"excludes": ["b"]})))
            ),
            "option[0].choice[1].requires[0]",
        ),
        (with_options(TWO, ("p", {}, choices(("c", {"trims": ["pro"], "excludes": ["a"]}), ("d", {})))), "trim[1]"),
        (
            with_options(
                ("o", {}, choices(("a", {"trims": ["max"], "requires": ["c"]}), ("b", {}))),
                ("p", MANY, choices(("c", {}))),
            ),
            "trim[2]",
        ),
    ],
)
def test_a_contradiction_in_the_options_is_one_mistake_at_its_path(text: str, path: str) -> None:
    assert paths(text) == [f"model[0].{path}"]


def test_choices_that_need_each_other_are_no_contradiction() -> None:
    parse(with_options(("o", MANY, choices(("a", {"requires": ["b"]}), ("b", {"requires": ["a"]})))), "it")


def test_choices_that_need_each_other_and_something_impossible_are_both_named() -> None:
    circle = choices(("a", {"requires": ["b"]}), ("b", {"requires": ["a", "c"]}), ("c", {"trims": ["max"]}))
    text = with_options(("o", MANY, circle))
    assert paths(text) == [f"model[0].option[0].choice[{number}].requires[0]" for number in (0, 1)]


def test_a_reference_is_not_unknown_because_its_choice_could_not_be_read() -> None:
    text = with_options(("o", MANY, choices(("A", {}), ("b", {"requires": ["a"]}))))
    assert paths(text) == ["model[0].option[0].choice[0].id"]


def test_an_id_that_is_nearly_right_is_named_among_many() -> None:
    many = choices(*((f"choice-{number}", {}) for number in range(20)), ("z", {"excludes": ["choice-x7"]}))
    (mistake,) = mistakes(with_options(("o", MANY, many)))
    assert "(nearest of 21)" in mistake.allowed


# Deposits of a model.


def test_a_deposit_of_a_model_is_held_against_its_own_prices_only() -> None:
    for deposit_minor, own in ((29_990_000, "su7"), (25_350_001, "yu7")):
        tables = tomllib.loads(YU7)
        index = [model["id"] for model in tables["model"]].index(own)
        tables["model"][index]["deposit_minor"] = deposit_minor
        assert paths(written(tables)) == [f"model[{index}].deposit_minor"]
    tables = tomllib.loads(YU7)
    tables["sales"]["deposit_minor"] = 25_350_000
    for model in tables["model"][1:]:
        model["deposit_minor"] = 1
    parse(written(tables), "it")


# Conversions.


def with_window(text: str = YU7, **keys: Any) -> str:
    tables = tomllib.loads(text)
    tables["conversion"][0].update(keys)
    return written(tables)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (with_window(to=["yu7", "su7"]), "to[1]"),
        (with_window(to=["yu8"]), "to[0]"),
        (with_window(to=["yu7", "yu7"]), "to[1]"),
        (with_window(to=[]), "to"),
        (with_window(**{"from": ["su7", "su8"]}), "from[1]"),
        (with_window(states=["locked", "locked"]), "states[1]"),
        (with_window(states=["locked", "delivered"]), "states[1]"),
        (with_window(states=["reserved"]), "states[0]"),
        (with_window(states=[]), "states"),
        (with_window(closes="2025-06-26 22:00"), "closes"),
        (with_window(times=0), "times"),
        (with_window(times=11), "times"),
        (with_window(place="deadline"), "place_kept_before"),
        (with_window(place_kept_before="2025-06-27 00:00"), "place_kept_before"),
        (with_window(HANDHELD, place_kept_before="2026-03-28 12:00"), "place_kept_before"),
        (with_window(HANDHELD, place_kept_before="2026-04-06 00:00:01"), "place_kept_before"),
        (with_window(HANDHELD, place="requeue"), "place_kept_before"),
        (with_window(HANDHELD, place="first"), "place"),
    ],
)
def test_a_contradiction_in_a_window_is_one_mistake_at_its_path(text: str, path: str) -> None:
    assert paths(text) == [f"conversion[0].{path}"]


def test_the_deadline_may_be_as_late_as_the_closing() -> None:
    parse(with_window(HANDHELD, place_kept_before="2026-04-06 00:00"), "it")


def test_two_windows_of_one_id_are_one_mistake() -> None:
    tables = tomllib.loads(YU7)
    tables["conversion"] *= 2
    tables["region"].append(tables["region"][0])
    assert sorted(paths(written(tables))) == ["conversion[1].id", f"region[{len(tables['region']) - 1}].id"]


def test_a_cooling_off_that_could_not_be_read_is_not_held_against_a_window() -> None:
    assert paths(HANDHELD.replace("cooling_off_s = 1_209_600", "cooling_off_s = -1")) == ["sales.cooling_off_s"]


@pytest.mark.parametrize("key", ["place", "place_kept_before", "cooling_off", "opens", "closes", "from", "to"])
def test_what_could_not_be_read_of_a_window_is_one_mistake(key: str) -> None:
    assert paths(with_window(HANDHELD, **{key: 1.5})) == [f"conversion[0].{key}"]


# The market.

MARKET = """
[market]
share = "A"
exchange = "XHKG"
currency = "HKD"
benchmark = ["B"]
suppliers = ["C", "D"]
[[market.claim]]
what = "a claim"
figure = "1"
definition = "former_record"
on = 2025-02-27
"""


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (MARKET.replace('["C", "D"]', '["C", "C"]'), "market.suppliers[1]"),
        (MARKET.replace('["C", "D"]', '["C", "A"]'), "market.suppliers[1]"),
        (MARKET.replace('["B"]', '["A"]'), "market.benchmark[0]"),
        (MARKET.replace("on = 2025-02-27", ""), "market.claim[0].on"),
        (MARKET.replace("former_record", "record"), "market.claim[0].on"),
        (MARKET.replace("former_record", "change.noon"), "market.claim[0].definition"),
        (MARKET.replace('"A"', '"A share"'), "market.share"),
        (MARKET.replace('"1"', '"1,5"'), "market.claim[0].figure"),
        (MARKET.replace('"1"', "1.5"), "market.claim[0].figure"),
        (MARKET.replace("2025-02-27", '"2025-02-30"'), "market.claim[0].on"),
        (MARKET.replace("2025-02-27", "2025-02-27T10:00:00"), "market.claim[0].on"),
        (MARKET + '[[market.holding]]\nholder = "H"\ncode = "A"\nshares = 0', "market.holding[0].shares"),
    ],
)
def test_what_contradicts_itself_about_the_market_is_one_mistake(text: str, path: str) -> None:
    assert paths(YU7_ALONE + text) == [path]


def test_a_market_without_a_mistake_is_kept_as_it_was_written() -> None:
    market = parse(YU7_ALONE + MARKET, "it").market
    assert market is not None
    assert (market.share, market.benchmark, market.suppliers, market.rivals) == ("A", ("B",), ("C", "D"), ())
    assert [(claim.figure, str(claim.on)) for claim in market.claims] == [("1", "2025-02-27")]
    assert parse(YU7_ALONE, "it").market is None


# Money, and what is to come.

FINANCE = """
[finance]
vat_percent = "13"
[[finance.cost]]
model = "yu7"
trim = "pro"
cost_minor = 1
[[finance.quarter]]
id = "q1"
name = "Q1"
revenue_minor = 1
[[finance.published]]
id = "orders"
what = "orders"
figure = "200000"
definition = "orders"
at = 2025-06-26T22:03:00
[[finance.published]]
id = "share"
what = "a share"
figure = "65"
definition = "quarter_share"
quarter = "q1"
[[finance.published]]
id = "many"
what = "how many times"
figure = "3"
definition = "ratio"
of = ["orders", "share"]
"""


QUARTER = '[[finance.quarter]]\nid = "q1"\nname = "Q1"\nrevenue_minor = 1\n'
AGAIN = '[[finance.published]]\nid = "orders"\nwhat = "again"\nfigure = "1"\ndefinition = "given"'


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (FINANCE.replace('"13"', "13"), "finance.vat_percent"),
        (FINANCE.replace('"13"', '"101"'), "finance.vat_percent"),
        (FINANCE.replace('"13"', '"1e1"'), "finance.vat_percent"),
        (FINANCE.replace('model = "yu7"', 'model = "yu8"'), "finance.cost[0].model"),
        (FINANCE.replace('trim = "pro"', 'trim = "ultra"'), "finance.cost[0].trim"),
        (FINANCE + '[[finance.cost]]\nmodel = "yu7"\ntrim = "pro"\ncost_minor = 2', "finance.cost[1].trim"),
        (FINANCE + '[[finance.quarter]]\nid = "q1"\nname = "Q"\nrevenue_minor = 2', "finance.quarter[1].id"),
        (FINANCE + AGAIN, "finance.published[3].id"),
        (FINANCE.replace("at = 2025-06-26T22:03:00", ""), "finance.published[0].at"),
        (FINANCE.replace('quarter = "q1"', ""), "finance.published[1].quarter"),
        (FINANCE.replace('quarter = "q1"', 'quarter = "q2"'), "finance.published[1].quarter"),
        (FINANCE.replace(QUARTER, ""), "finance.published[1].quarter"),
        (FINANCE.replace(QUARTER, "").replace("[finance]", "[finance]\nquarter = -1"), "finance.quarter"),
        (FINANCE.replace('of = ["orders", "share"]', ""), "finance.published[2].of"),
        (FINANCE.replace('["orders", "share"]', '["orders"]'), "finance.published[2].of"),
        (FINANCE.replace('["orders", "share"]', '["orders", "orders"]'), "finance.published[2].of[1]"),
        (FINANCE.replace('["orders", "share"]', '["orders", "nobody"]'), "finance.published[2].of[1]"),
        (FINANCE.replace('definition = "orders"', 'definition = "sales"'), "finance.published[0].definition"),
        (FINANCE.replace('definition = "ratio"', 'definition = "given"'), "finance.published[2].of"),
    ],
)
def test_what_contradicts_itself_about_money_is_one_mistake(text: str, path: str) -> None:
    assert set(paths(YU7_ALONE + text)) == {path}


OUTLOOK = """
[outlook.earlier]
name = "Before"
point = [{ after_s = 1, orders = 1 }, { after_s = 2, orders = 2 }, { after_s = 3, orders = 2 }]
[outlook.diffusion]
market = 1000
innovation = "0.1"
imitation = "0.2"
[[outlook.scenario]]
id = "one"
name = "One"
[[outlook.published]]
id = "cars"
what = "cars"
who = "maker"
from = 2025-07-01
until = 2025-10-01
low = 2
high = 3
models = ["yu7"]
scenario = "one"
"""


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (OUTLOOK.replace(", { after_s = 3, orders = 2 }", ""), "outlook.earlier.point"),
        (OUTLOOK.replace("after_s = 3", "after_s = 2"), "outlook.earlier.point[2].after_s"),
        (OUTLOOK.replace("after_s = 3, orders = 2", "after_s = 3, orders = 1"), "outlook.earlier.point[2].orders"),
        (OUTLOOK.replace('"0.1"', '"0"'), "outlook.diffusion.innovation"),
        (OUTLOOK.replace('"0.2"', '"-1"'), "outlook.diffusion.imitation"),
        (OUTLOOK.replace("until = 2025-10-01", "until = 2025-07-01"), "outlook.published[0].until"),
        (OUTLOOK.replace("high = 3", "high = 1"), "outlook.published[0].high"),
        (OUTLOOK.replace('["yu7"]', '["yu8"]'), "outlook.published[0].models[0]"),
        (OUTLOOK.replace('scenario = "one"', 'scenario = "two"'), "outlook.published[0].scenario"),
        (OUTLOOK.replace('[[outlook.scenario]]\nid = "one"\nname = "One"\n', ""), "outlook.published[0].scenario"),
        (OUTLOOK.replace('[[outlook.scenario]]\nid = "one"', "[[outlook.scenario]]\nid = 1"), "outlook.scenario[0].id"),
        (
            "[outlook]\nscenario = -1\n" + OUTLOOK.replace('[[outlook.scenario]]\nid = "one"\nname = "One"\n', ""),
            "outlook.scenario",
        ),
        (
            "[outlook]\nscenario = [1]\n" + OUTLOOK.replace('[[outlook.scenario]]\nid = "one"\nname = "One"\n', ""),
            "outlook.scenario[0]",
        ),
        (OUTLOOK + '[[outlook.scenario]]\nid = "one"\nname = "Again"', "outlook.scenario[1].id"),
        (OUTLOOK + '[[outlook.demand]]\nmodel = "yu7"\nmonthly = 1', "outlook.demand[0].model"),
        (OUTLOOK + '[[outlook.demand]]\nmodel = "yu8"\nmonthly = 1', "outlook.demand[0].model"),
    ],
)
def test_what_contradicts_itself_about_what_is_to_come_is_one_mistake(text: str, path: str) -> None:
    assert paths(YU7_ALONE + text) == [path]


def test_money_and_outlook_without_a_mistake_are_kept_as_they_were_written() -> None:
    launch = parse(YU7_ALONE + FINANCE + OUTLOOK, "it")
    assert launch.finance is not None
    assert launch.outlook is not None
    assert launch.outlook.earlier is not None
    assert (launch.finance.vat_percent, launch.finance.published[2].of) == ("13", ("orders", "share"))
    assert [point.orders for point in launch.outlook.earlier.points] == [1, 2, 2]
    assert (launch.outlook.published[0].scenario, launch.outlook.scenarios[0].capacity) == ("one", "planned")
