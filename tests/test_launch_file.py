"""The launch file: the shipped ones are clean, every mistake is found at its place, and the page about it is true."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.launch import Launch
from drumroll.domain.launch_file import MAX_BYTES, MAX_MISTAKES, Mistake, parse, parse_bytes
from drumroll.domain.launch_schema import ROOT, Table
from drumroll.domain.money import EXPONENTS, format_minor
from drumroll.domain.times import to_ms
from drumroll.errors import LaunchFileInvalid

HOUSE = Path(__file__).parent.parent
SHIPPED = sorted((HOUSE / "launches").glob("*.toml"))
YU7 = (HOUSE / "launches" / "yu7.toml").read_text("utf-8")
HANDHELD = (HOUSE / "launches" / "handheld.toml").read_text("utf-8")
PAGE = (HOUSE / "docs" / "launch-file.md").read_text("utf-8")


def mistakes(text: str) -> list[Mistake]:
    """The mistakes of a text, which must have some."""
    with pytest.raises(LaunchFileInvalid) as raised:
        parse(text, "it.toml")
    found = [mistake for mistake in raised.value.mistakes if isinstance(mistake, Mistake)]
    assert len(found) == len(raised.value.mistakes) > 0
    return found


def paths(text: str) -> list[str]:
    return [mistake.path for mistake in mistakes(text)]


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def as_toml(value: Any) -> str:
    """A value as inline TOML: enough of it for what these tests write."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def written(tables: dict[str, Any]) -> str:
    return "\n".join(f"{quoted(key)} = {as_toml(value)}" for key, value in tables.items())


def places(
    value: Any, schema: Table, path: str = "", keys: tuple[Any, ...] = ()
) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Every key of the file that the schema knows: its path, the way to it, and what the schema says of it."""
    for key in schema.keys:
        if key.name in value:
            yield path + key.name, (*keys, key.name), key
    for nested in schema.tables:
        if nested.name not in value:
            continue
        yield path + nested.name, (*keys, nested.name), nested
        inside = value[nested.name]
        for index, one in enumerate(inside) if nested.most else ((None, inside),):
            here = path + nested.name + ("." if index is None else f"[{index}].")
            way = (*keys, nested.name) if index is None else (*keys, nested.name, index)
            yield from places(one, nested.table, here, way)


ALL_PLACES = [(text, place) for text in (YU7, HANDHELD) for place in places(tomllib.loads(text), ROOT)]
HOPELESS = st.one_of(
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(-1),
    st.just(10**16),
    st.just("\x00"),
    st.just(""),
)


def holder(tables: dict[str, Any], way: tuple[Any, ...]) -> Any:
    for step in way[:-1]:
        tables = tables[step]
    return tables


# What is shipped.


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_launch_file_is_clean(path: Path) -> None:
    assert parse_bytes(path.read_bytes(), path.name).models


def test_yu7_is_the_reference_launch() -> None:
    launch = parse(YU7, "yu7")
    assert launch.opens_at_ms == to_ms(datetime(2025, 6, 26, 14, tzinfo=UTC))
    assert (launch.deposit_minor, launch.hold_s, launch.orders_per_customer) == (500_000, 900, 2)
    prices = {(model.id, trim.id): trim.price_minor // 100 for model in launch.models for trim in model.trims}
    assert prices == {
        ("yu7", "standard"): 253_500,
        ("yu7", "pro"): 279_900,
        ("yu7", "max"): 329_900,
        ("su7", "standard"): 215_900,
        ("su7", "pro"): 245_900,
        ("su7", "max"): 299_900,
        ("su7-ultra", "ultra"): 529_900,
    }
    assert launch.headline == ("yu7",)
    assert {m.id for m in launch.models if m.opens_at_ms < launch.opens_at_ms} == {"su7", "su7-ultra"}


def test_a_model_without_times_takes_those_of_the_sale() -> None:
    launch = parse(HANDHELD, "it")
    assert launch.models[0].opens_at_ms == launch.opens_at_ms
    assert launch.models[0].closes_at_ms == launch.closes_at_ms == to_ms(datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert launch.headline == ("console",)


# Mutations: one mistake is one, at its place.


def test_the_writer_of_these_tests_changes_nothing() -> None:
    for text in (YU7, HANDHELD):
        assert parse(written(tomllib.loads(text)), "it") == parse(text, "it")


@given(st.sampled_from(ALL_PLACES), HOPELESS)
def test_a_value_that_nothing_allows_is_one_mistake_at_its_path(chosen: Any, value: Any) -> None:
    text, (path, way, _) = chosen
    tables = tomllib.loads(text)
    holder(tables, way)[way[-1]] = value
    assert paths(written(tables)) == [path]


@pytest.mark.parametrize(("text", "place"), ALL_PLACES, ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_a_key_taken_away_is_missing_at_its_path_if_it_is_required(text: str, place: Any) -> None:
    path, way, key = place
    tables = tomllib.loads(text)
    del holder(tables, way)[way[-1]]
    if key.required:
        assert [(one.path, one.found) for one in mistakes(written(tables))] == [(path, "missing")]
    else:
        assert isinstance(parse(written(tables), "it"), Launch)


@given(st.sampled_from(ALL_PLACES), st.text(min_size=1, max_size=20).filter(lambda key: key not in KNOWN))
def test_a_key_added_is_an_unknown_key_of_its_table(chosen: Any, key: str) -> None:
    text, (path, way, _) = chosen
    tables = tomllib.loads(text)
    holder(tables, way)[key] = 1
    (mistake,) = mistakes(written(tables))
    assert mistake.found == "an unknown key"
    assert mistake.path.startswith(path[: len(path) - len(way[-1])])


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    (unknown, missing) = mistakes(YU7.replace("hold_s", "holds_s"))
    assert (unknown.path, missing.path) == ("sales.holds_s", "sales.hold_s")
    assert unknown.allowed.startswith("hold_s (nearest)")


LEAVES = [[p for t, p in ALL_PLACES if t is text and p[2].__class__.__name__ == "Key"] for text in (YU7, HANDHELD)]


@given(st.data(), st.sampled_from((0, 1)))
def test_two_mistakes_are_two(data: st.DataObject, which: int) -> None:
    chosen = data.draw(
        st.lists(st.sampled_from(LEAVES[which]), min_size=2, max_size=6, unique_by=lambda place: place[0])
    )
    tables = tomllib.loads((YU7, HANDHELD)[which])
    for _, way, _ in chosen:
        holder(tables, way)[way[-1]] = True
    assert sorted(paths(written(tables))) == sorted(path for path, _, _ in chosen)


def test_a_mistake_reads_as_one_line() -> None:
    text = YU7.replace("price_minor = 32_990_000", 'price_minor = "cheap"')
    assert [str(one) for one in mistakes(text)] == [
        'model[0].trim[2].price_minor: found "cheap", allowed: a whole number of minor units, 1 to 10^15'
    ]


# Fuzzing: nothing but LaunchFileInvalid comes out.


def only_our_error(text: str) -> None:
    lines = "none"
    try:
        parse(text, "fuzz")
    except LaunchFileInvalid as error:
        lines = str(error)
    assert all(line.isprintable() for line in lines.split("\n"))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    only_our_error(text)


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(LaunchFileInvalid):
        parse_bytes(data, "fuzz")


@settings(max_examples=300)
@given(st.sampled_from((YU7, HANDHELD)), st.data())
def test_a_shipped_file_with_a_piece_replaced_is_read_or_refused(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    only_our_error(text[:start] + data.draw(st.text(max_size=10)) + text[end:])


TREES = st.recursive(
    st.one_of(
        st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(), st.datetimes()
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "trim", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(ALL_PLACES), TREES)
def test_a_value_of_any_shape_is_read_or_refused(chosen: Any, value: Any) -> None:
    text, (_, way, _) = chosen
    tables = copy.deepcopy(tomllib.loads(text))
    holder(tables, way)[way[-1]] = value
    only_our_error(written(tables))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("format = ", "end of document"),
        ("format = 1\nformat = 1\n", "line 2, column 11"),
        ("\x00", "line 1, column 1"),
        ("a = " + "[" * 100_000, "file"),
        ("a = " + "9" * 5_000, "file"),
        ("#" * (MAX_BYTES + 1), "file"),
        ("#" + "é" * (MAX_BYTES // 2), "file"),
    ],
    ids=["cut", "twice", "binary", "deep", "digits", "huge", "huge in bytes"],
)
def test_what_is_no_toml_is_one_mistake_with_its_place(text: str, path: str) -> None:
    assert paths(text) == [path]


def test_a_number_of_any_size_can_be_shown() -> None:
    assert "20000 bits" in str(mistakes("format = 0x" + "f" * 5_000)[0])


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(LaunchFileInvalid, match=r"byte 1: found 0xff"):
        parse_bytes(b"a\xff", "it")
    assert parse_bytes(b"\xef\xbb\xbf" + YU7.encode(), "it").id == "yu7"


def test_the_list_of_mistakes_has_a_bound() -> None:
    assert len(mistakes("\n".join(f"k{number} = 1" for number in range(5_000)))) == MAX_MISTAKES


# Times.


def closing(value: str) -> str:
    return HANDHELD.replace('closes = "2026-03-29 24:00"', f"closes = {value}")


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ('"2026-03-29 24:00"', datetime(2026, 3, 29, 22)),
        ('"2026-03-30 00:00"', datetime(2026, 3, 29, 22)),
        ('"2026-12-31T24:00:00"', datetime(2026, 12, 31, 23)),
        ("2026-03-29T01:59:59.999", datetime(2026, 3, 29, 0, 59, 59, 999_000)),
        ("2026-03-29T03:00:00", datetime(2026, 3, 29, 1)),
        ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30)),
        ("2026-03-29T02:30:00Z", datetime(2026, 3, 29, 2, 30)),
    ],
)
def test_a_time_is_the_moment_that_the_zone_makes_it(value: str, utc: datetime) -> None:
    assert parse(closing(value), "it").closes_at_ms == to_ms(utc.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-03-29T02:30:00", "its clocks skip this one; perhaps 2026-03-29T03:30:00+02:00"),
        ('"2026-03-29 02:30"', "its clocks skip this one"),
        ("2026-10-25T02:30:00", "twice: 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"),
        ('"2026-03-29 24:01"', "a day and a time that exist"),
        ('"2026-02-29 24:00"', "a day and a time that exist"),
        ('"9999-12-31 24:00"', "a day and a time that exist"),
        ("0001-01-01T00:00:00+23:00", "a year from 2000 to 2199"),
        ("2026-05-01T00:00:00.0005", "whole milliseconds"),
        ("2026-05-01", "2025-06-26T22:00:00 (in time_zone)"),
        ("00:00:00", "2025-06-26T22:00:00 (in time_zone)"),
        ('"soon"', "2025-06-26T22:00:00 (in time_zone)"),
        ("2026-03-27T18:00:00", "a time after the opening, 2026-03-27T18:00:00.000+01:00"),
    ],
)
def test_a_time_that_is_none_says_why(value: str, said: str) -> None:
    (mistake,) = mistakes(closing(value))
    assert mistake.path == "sales.closes"
    assert said in mistake.allowed


@pytest.mark.parametrize(
    "zone", ["localtime", "right/Europe/Berlin", "../etc/passwd", "Europe", "America", "", "UTC+8", "\u00e9"]
)
def test_what_is_no_zone_of_its_own_is_refused(zone: str) -> None:
    assert paths(YU7.replace("Asia/Shanghai", zone)) == ["time_zone"]


def test_a_misspelt_zone_is_set_right() -> None:
    assert "perhaps Asia/Shanghai" in mistakes(YU7.replace("Asia/Shanghai", "Asia/Shangai"))[0].allowed


# Contradictions, each at the path of what has to change.


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (YU7.replace('id = "su7-ultra"', 'id = "su7"'), "model[2].id"),
        (YU7.replace('id = "max"', 'id = "pro"', 1), "model[0].trim[2].id"),
        (YU7.replace('["yu7"]', '["yu7", "yu8"]'), "board.models[1]"),
        (YU7.replace('["yu7"]', '["yu7", "yu7"]'), "board.models[1]"),
        (YU7.replace('["yu7"]', '["YU7"]'), "board.models[0]"),
        (YU7.replace('["yu7"]', "[]"), "board.models"),
        (YU7.replace("240_000,  ", "200_000,  "), "board.milestones[4]"),
        (YU7.replace("240_000,  ", "0,  "), "board.milestones[4]"),
        (YU7.replace("hold_s = 900", "hold_s = 900\ncap = 288_999"), "board.milestones[5]"),
        (HANDHELD.replace("cap = 10_000", "").replace("8_000", "7_499"), "board.milestones[2]"),
        (YU7.replace("hold_s = 900", "hold_s = 900\ncap = -1"), "sales.cap"),
        (YU7.replace("hold_s = 900", "hold_s = 900\ncloses = 2025-06-26T14:00:00Z"), "sales.closes"),
        (YU7.replace('name = "YU7"\n', 'name = "YU7"\ncloses = 2025-06-01T00:00:00\n'), "model[0].closes"),
        (HANDHELD.replace('id = "console"', 'id = "console"\nopens = 2026-04-01T00:00:00'), "model[0].opens"),
        (YU7.replace("deposit_minor = 500_000", "deposit_minor = 21_590_001"), "sales.deposit_minor"),
        (YU7.replace('name = "SU7 Ultra"', 'name = "SU7\\u0000Ultra"'), "model[2].name"),
        (YU7.replace('name = "SU7 Ultra"', 'name = "SU7\\nUltra"'), "model[2].name"),
        (YU7.replace('name = "SU7 Ultra"', 'name = " SU7"'), "model[2].name"),
        (YU7.replace('name = "SU7 Ultra"', f'name = "{"S" * 81}"'), "model[2].name"),
        (YU7.replace('id = "su7-ultra"', f'id = "{"s" * 33}"'), "model[2].id"),
        (YU7.replace('"CNY"', '"CNX"'), "currency"),
        (YU7.replace("format = 1", "format = 2"), "format"),
        (YU7.replace("[board]", "[[board]]"), "board"),
        (YU7.split("[[model]]")[0] + "[model]", "model"),
        (YU7.split("[[model]]")[0] + "[[model]]\nid='yu7'\nname='N'\ntrim=[]", "model[0].trim"),
        (YU7.split("[[model]]")[0] + "[[model]]\nid='yu7'\nname='N'\ntrim=[1]", "model[0].trim[0]"),
    ],
)
def test_a_contradiction_is_one_mistake_at_its_path(text: str, path: str) -> None:
    assert paths(text) == [path]


@pytest.mark.parametrize(("number", "clean"), [(50, True), (51, False)])
def test_models_and_trims_have_a_limit(number: int, clean: bool) -> None:
    trims = [{"id": f"t{n}", "name": "T", "price_minor": 10**9} for n in range(number)]
    tables = tomllib.loads(YU7)
    tables["model"][1]["trim"] = trims
    many = tomllib.loads(YU7)
    many["model"] += [{"id": f"m{n}", "name": "M", "trim": trims[:1]} for n in range(number - 3)]
    for changed, path in ((tables, "model[1].trim"), (many, "model")):
        if clean:
            parse(written(changed), "it")
        else:
            assert paths(written(changed))[0] == path


# The page about it.


def schema_keys(table: Table, path: str = "") -> Iterator[str]:
    yield from (path + key.name for key in table.keys)
    for nested in table.tables:
        yield path + nested.name
        yield from schema_keys(nested.table, path + nested.name + ".")


KNOWN = {key.rpartition(".")[2] for key in schema_keys(ROOT)}


def test_the_page_has_a_row_for_every_key_and_for_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(schema_keys(ROOT))


def test_the_page_says_required_where_it_is() -> None:
    rows = {
        row[1].strip(" `"): row[4].strip() for row in (line.split("|") for line in PAGE.splitlines()) if len(row) == 7
    }
    required = {re.sub(r"\[\d+\]", "", path) for _, (path, _, key) in ALL_PLACES if key.required}
    assert {key for key, default in rows.items() if default == "required"} == required


SNIPPETS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_first_snippet_is_a_whole_launch_file() -> None:
    assert parse(SNIPPETS[0], "page").id == "bicycle"


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_of_the_page_has_no_mistake_but_what_it_leaves_out(snippet: str) -> None:
    try:
        parse(snippet, "page")
    except LaunchFileInvalid as error:
        left_out = [one for one in error.mistakes if isinstance(one, Mistake) and one.found == "missing"]
        others = [one for one in error.mistakes if one not in left_out]
        assert others == []


# Money for people.


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(EXPONENTS)))
def test_money_shown_reads_back_as_the_same_sum(amount_minor: int, currency: str) -> None:
    number, code = format_minor(amount_minor, currency).split(" ")
    assert code == currency
    assert int(number.replace(",", "").replace(".", "")) == amount_minor
    assert len(number.partition(".")[2]) == EXPONENTS[currency]


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"),
    [(500_000, "CNY", "5,000.00 CNY"), (5_000, "JPY", "5,000 JPY"), (-5, "EUR", "-0.05 EUR"), (1, "KWD", "0.001 KWD")],
)
def test_money_is_shown_with_the_decimals_of_its_currency(amount_minor: int, currency: str, shown: str) -> None:
    assert format_minor(amount_minor, currency) == shown
