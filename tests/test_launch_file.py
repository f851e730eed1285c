"""The launch file: the shipped ones are clean, every mistake is found at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.configuration import configure, defaults
from drumroll.domain.launch import Launch
from drumroll.domain.launch_file import MAX_BYTES, MAX_MISTAKES, parse, parse_bytes
from drumroll.domain.launch_values import true_or_false
from drumroll.domain.states import UNDELIVERED
from drumroll.domain.times import to_ms
from drumroll.errors import LaunchFileInvalid
from tests.launch_files import (
    ALL_PLACES,
    HANDHELD,
    HANDHELD_ALONE,
    KNOWN,
    SHIPPED,
    YU7,
    holder,
    mistakes,
    paths,
    quoted,
    tables_of,
    written,
)

HOPELESS = st.one_of(
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(-1),
    st.just(10**16),
    st.just("\x00"),
    st.just(""),
)


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
    assert launch.cooling_off_s == 7 * 24 * 3600
    assert {m.id for m in launch.models if m.opens_at_ms < launch.opens_at_ms} == {"su7", "su7-ultra"}


def test_yu7_has_the_conversion_window_that_was_public() -> None:
    launch = parse(YU7, "yu7")
    (window,) = launch.conversions
    assert (window.from_models, window.to_models) == (("su7", "su7-ultra"), ("yu7",))
    assert window.opens_at_ms == to_ms(datetime(2025, 6, 26, 14, tzinfo=UTC))
    assert window.closes_at_ms == to_ms(datetime(2025, 6, 29, 16, tzinfo=UTC))
    assert set(window.states) == UNDELIVERED
    assert window.irreversible


def test_who_chooses_nothing_pays_the_public_price() -> None:
    for model in parse(YU7, "yu7").models:
        for trim in model.trims:
            assert configure(model, trim, ()) == defaults(model, trim)
            assert defaults(model, trim).price_minor == trim.price_minor


def test_handheld_has_the_other_rules() -> None:
    launch = parse(HANDHELD, "it")
    (window,) = launch.conversions
    assert (window.deposit, window.cooling_off, window.place, window.irreversible) == (
        "settle",
        "anew",
        "deadline",
        False,
    )
    assert window.place_kept_before_ms == launch.closes_at_ms
    assert [launch.deposit_of(model) for model in launch.models] == [5_000, 8_000]


def test_a_model_without_times_takes_those_of_the_sale() -> None:
    launch = parse(HANDHELD, "it")
    assert launch.models[0].opens_at_ms == launch.opens_at_ms
    assert launch.models[0].closes_at_ms == launch.closes_at_ms == to_ms(datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert launch.headline == ("console",)


# Mutations: one mistake is one, at its place.


def test_the_writer_of_these_tests_changes_nothing() -> None:
    for text in (YU7, HANDHELD):
        assert parse(written(tables_of(text)), "it") == parse(text, "it")


@settings(deadline=None)
@given(st.sampled_from(ALL_PLACES), HOPELESS)
def test_a_value_that_nothing_allows_is_one_mistake_at_its_path(chosen: Any, value: Any) -> None:
    text, (path, way, key) = chosen
    tables = tables_of(text)
    allowed = isinstance(value, bool) and getattr(key, "read", None) is true_or_false
    holder(tables, way)[way[-1]] = 1.5 if allowed else value
    assert paths(written(tables)) == [path]


LEANT_ON_BY_SEVERAL = {
    (YU7, "figure[1].decimals"): [
        *(f"model[{place}].figures.acceleration" for place in ("0].trim[0", "0].trim[1", "0].trim[2")),
        *(f"model[{place}].figures.acceleration" for place in ("1].trim[0", "1].trim[2")),
    ],
    (HANDHELD, "figure[0].decimals"): [f"model[{index}].figures.screen" for index in (0, 1)],
}

LEANT_ON = {
    (YU7, "model[0].option[1].choice[3].trims"): "model[0].option[1].choice[3].requires[0]",
    (YU7, "model[0].option[3].many"): "model[0].option[3].choice[1].requires[0]",
    (YU7, "market.claim[3].on"): "market.claim[3].on",
    (HANDHELD, "sales.cooling_off_s"): "conversion[0].cooling_off",
    (HANDHELD, "conversion[0].place"): "conversion[0].place_kept_before",
    (HANDHELD, "conversion[0].place_kept_before"): "conversion[0].place_kept_before",
    (YU7, "limit[3].models"): "limit[3].models",
    (YU7, "plant"): "plant",
    (YU7, "figure"): "figure",
    (HANDHELD, "figure"): "figure",
    (YU7, "outlook.scenario"): "outlook.published[10].scenario",
    (YU7, "finance.quarter"): "finance.published[7].quarter",
    **{(YU7, f"finance.published[{index}].at"): f"finance.published[{index}].at" for index in range(4)},
    (YU7, "finance.published[7].quarter"): "finance.published[7].quarter",
    **{(YU7, f"finance.published[{index}].of"): f"finance.published[{index}].of" for index in (9, 12)},
    (HANDHELD, "plant"): "plant",
    **{
        (text, path): path
        for text, (path, _, _) in ALL_PLACES
        if re.fullmatch(r"(plant|limit)\[\d+\]\.weeks\[\d+\]\.until", path)
    },
}
"""Keys that may be left out, but that something else in the file needs: where the mistake is then."""


def untranslatable(tables: dict[str, Any]) -> list[str]:
    """The paths of translations whose text no longer stands in the file, wherever that is."""
    standing = {*strings({key: value for key, value in tables.items() if key != "language"})}
    return [
        f"language.{tag}.{text if re.fullmatch('[A-Za-z0-9_-]+', text) else quoted(shortened(text))}"
        for tag, texts in tables.get("language", {}).items()
        for text in texts
        if text not in standing
    ]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


@pytest.mark.parametrize(("text", "place"), ALL_PLACES, ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_a_key_taken_away_is_missing_at_its_path_if_it_is_required(text: str, place: Any) -> None:
    path, way, key = place
    tables = tables_of(text)
    del holder(tables, way)[way[-1]]
    if key.required:
        assert [(one.path, one.found) for one in mistakes(written(tables))] == [(path, "missing")]
        return
    gone = untranslatable(tables)
    leant_on = [LEANT_ON[text, path]] if (text, path) in LEANT_ON else LEANT_ON_BY_SEVERAL.get((text, path), [])
    if gone or leant_on:
        assert sorted(paths(written(tables))) == sorted(leant_on + gone)
    else:
        assert isinstance(parse(written(tables), "it"), Launch)


@settings(deadline=None)
@given(st.sampled_from(ALL_PLACES), st.text(min_size=1, max_size=20).filter(lambda key: key not in KNOWN))
def test_a_key_added_is_an_unknown_key_of_its_table(chosen: Any, key: str) -> None:
    text, (path, way, _) = chosen
    tables = tables_of(text)
    holder(tables, way)[key] = 1
    (mistake,) = mistakes(written(tables))
    assert mistake.found == "an unknown key"
    assert mistake.path.startswith(path[: len(path) - len(way[-1])])


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    (unknown, missing) = mistakes(YU7.replace("hold_s", "holds_s"))
    assert (unknown.path, missing.path) == ("sales.holds_s", "sales.hold_s")
    assert unknown.allowed.startswith("hold_s (nearest)")


LEAVES = [[p for t, p in ALL_PLACES if t is text and p[2].__class__.__name__ == "Key"] for text in (YU7, HANDHELD)]


@settings(deadline=None)
@given(st.data(), st.sampled_from((0, 1)))
def test_two_mistakes_are_two(data: st.DataObject, which: int) -> None:
    chosen = data.draw(
        st.lists(st.sampled_from(LEAVES[which]), min_size=2, max_size=6, unique_by=lambda place: place[0])
    )
    tables = tables_of((YU7, HANDHELD)[which])
    for _, way, _ in chosen:
        holder(tables, way)[way[-1]] = 1.5
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


@settings(max_examples=300, deadline=None)
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


@settings(deadline=None)
@given(st.sampled_from(ALL_PLACES), TREES)
def test_a_value_of_any_shape_is_read_or_refused(chosen: Any, value: Any) -> None:
    text, (_, way, _) = chosen
    tables = tables_of(text)
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
    return HANDHELD_ALONE.replace('closes = "2026-03-29 24:00"', f"closes = {value}")


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
