"""The shop window in a launch file: what is shown was written so, and nothing is compared or translated in vain."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.launch import Launch
from drumroll.domain.launch_file import parse
from drumroll.domain.launch_room import WaitingRoom
from drumroll.domain.launch_store import Figure
from drumroll.domain.launch_texts import coverage, figures_of, texts_of, translated
from drumroll.domain.times import to_ms
from tests.launch_files import HANDHELD, YU7, YU7_ALONE, YU7_UNTRANSLATED, mistakes, paths, tables_of, written

ROOM = "\n[waiting_room]\nopens = 2025-06-26T21:30:00\n"
RIVAL = '\n[[rival]]\nname = "R"\nprice_minor = 1\nsource = "a price list"\nfigures = { range = "1" }\n'


def changed(text: str = YU7_UNTRANSLATED, **tables: Any) -> str:
    return written({**tables_of(text), **tables})


def with_model(**keys: Any) -> str:
    """The YU7 launch, its first model changed."""
    tables = tables_of(YU7_UNTRANSLATED)
    tables["model"][0].update(keys)
    return written(tables)


# Figures and rivals.


def test_the_figures_that_the_maker_published_stand_in_the_file() -> None:
    launch = parse(YU7, "it")
    yu7 = launch.models[0]
    shown = [figures_of(yu7, trim) for trim in yu7.trims]
    assert [figures["range"] for figures in shown] == ["835", "770", "760"]
    for figures in shown:
        assert [figures[id_] for id_ in ("length", "width", "height", "wheelbase")] == ["4999", "1996", "1600", "3000"]
    prices = {rival.name: rival.price_minor // 100 for rival in launch.rivals}
    assert prices["Tesla Model Y"] == 263_500
    assert [*prices] == ["Tesla Model Y", "XPeng G7"]


def test_the_figures_of_a_trim_stand_in_place_of_its_models() -> None:
    launch = parse(HANDHELD, "it")
    base, clear = launch.models[0].trims
    assert figures_of(launch.models[0], base)["weight"] == "320"
    assert figures_of(launch.models[0], clear)["weight"] == "310"
    assert launch.figures[0] == Figure("screen", "Screen", "inch", 1)
    assert launch.figures[0].unit == "inch"


@given(st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,2})?", fullmatch=True))
def test_the_digits_of_a_figure_are_kept(number: str) -> None:
    launch = parse(with_model(figures={"acceleration": number}), "it")
    assert launch.models[0].figures == (("acceleration", number),)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (with_model(figures={"rnage": "1"}), "model[0].figures.rnage"),
        (with_model(figures={"range": 835}), "model[0].figures.range"),
        (with_model(figures={"range": "835 km"}), "model[0].figures.range"),
        (with_model(figures={"range": "835.5"}), "model[0].figures.range"),
        (with_model(figures={"acceleration": "3.233"}), "model[0].figures.acceleration"),
        (with_model(figures={"Range": "835"}), "model[0].figures.Range"),
        (with_model(figures={"a b": "835"}), 'model[0].figures."a b"'),
        (with_model(figures={}), "model[0].figures"),
        (with_model(figures=["range"]), "model[0].figures"),
        (with_model(tagline=""), "model[0].tagline"),
        (with_model(tagline="T" * 161), "model[0].tagline"),
        (with_model(tagline="two\nlines"), "model[0].tagline"),
        (YU7_ALONE + '\n[[figure]]\nid = "range"\nname = "Again"', "figure[8].id"),
        (YU7_ALONE.replace("decimals = 2", "decimals = 4"), "figure[1].decimals"),
        (YU7_ALONE.replace('unit = "kW"', 'unit = ""'), "figure[3].unit"),
        (YU7_ALONE + RIVAL.replace("range", "rnage"), "rival[2].figures.rnage"),
        (YU7_ALONE + RIVAL.replace("price_minor = 1", "price_minor = 0"), "rival[2].price_minor"),
        (YU7_ALONE + RIVAL.replace('source = "a price list"\n', ""), "rival[2].source"),
        (YU7_ALONE + RIVAL.replace("a price list", "S" * 201), "rival[2].source"),
        (YU7_ALONE + RIVAL + 'as_of = "2025-06-31"', "rival[2].as_of"),
        (YU7_ALONE + RIVAL * 19, "rival"),
    ],
)
def test_what_is_wrong_with_figures_and_rivals_is_one_mistake_at_its_path(text: str, path: str) -> None:
    assert paths(text) == [path]


def test_figures_without_any_figure_to_compare_are_one_mistake() -> None:
    tables = tables_of(YU7_UNTRANSLATED)
    del tables["figure"]
    (mistake,) = mistakes(written(tables))
    assert (mistake.path, mistake.found) == ("figure", "missing")
    assert "model[0].figures" in mistake.allowed


def test_a_rival_is_kept_as_it_was_written() -> None:
    rival = parse(YU7_ALONE + RIVAL + "as_of = 2025-06-11", "it").rivals[-1]
    assert (rival.name, rival.price_minor, rival.source, rival.figures, rival.as_of) == (
        *("R", 1, "a price list"),
        (("range", "1"),),
        date(2025, 6, 11),
    )


# The waiting room.


def test_a_waiting_room_is_kept_as_it_was_written() -> None:
    opens_at_ms = to_ms(datetime(2025, 6, 26, 13, 30, tzinfo=UTC))
    assert parse(YU7_ALONE + ROOM, "it").waiting_room == WaitingRoom(opens_at_ms, 1000, 600)
    room = parse(YU7_ALONE + ROOM + "rate_per_s = 250\nticket_s = 86_400", "it").waiting_room
    assert room == WaitingRoom(opens_at_ms, 250, 86_400)


@pytest.mark.parametrize("text", [YU7, HANDHELD])
def test_the_shipped_launches_take_orders_without_a_ticket(text: str) -> None:
    assert parse(text, "it").waiting_room is None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (ROOM.replace("21:30", "22:00"), "opens"),
        (ROOM.replace("21:30", "22:01"), "opens"),
        (ROOM.replace("opens = 2025-06-26T21:30:00\n", "rate_per_s = 1"), "opens"),
        (ROOM + "rate_per_s = 0", "rate_per_s"),
        (ROOM + "rate_per_s = 100_001", "rate_per_s"),
        (ROOM + "ticket_s = 59", "ticket_s"),
        (ROOM + "ticket_s = 86_401", "ticket_s"),
    ],
)
def test_what_is_wrong_with_a_waiting_room_is_one_mistake_at_its_path(text: str, path: str) -> None:
    assert paths(YU7_ALONE + text) == [f"waiting_room.{path}"]


def test_a_waiting_room_is_not_held_against_a_sale_whose_opening_could_not_be_read() -> None:
    assert paths(YU7_ALONE.replace("opens = 2025-06-26T22:00:00  ", "opens = 1  ", 1) + ROOM) == ["sales.opens"]


# Languages.


@pytest.mark.parametrize("text", [YU7, HANDHELD])
def test_every_text_of_a_shipped_launch_is_in_chinese(text: str) -> None:
    (all_of_it,) = coverage(parse(text, "it"))
    assert all_of_it.tag == "zh-CN"
    assert all_of_it.translated == all_of_it.texts == len(tables_of(text)["language"]["zh-CN"])


def test_a_text_is_said_in_the_language_asked_for_or_as_it_stands() -> None:
    launch = parse(YU7, "it")
    assert translated(launch, "zh-CN", "Emerald Green") == "宝石绿"
    assert translated(launch, "zh-CN", "Standard") == "标准版"
    assert translated(launch, "en", "Emerald Green") == "Emerald Green"
    assert translated(launch, "zh-CN", "no text of the file") == "no text of the file"
    assert translated(parse(YU7_UNTRANSLATED, "it"), "zh-CN", "Standard") == "Standard"


@pytest.mark.parametrize("text", [YU7, HANDHELD])
def test_a_launch_has_the_texts_that_its_file_lets_translate(text: str) -> None:
    launch = parse(text, "it")
    everything = {one: one for one in texts_of(launch)}
    assert coverage(parse(changed(text, language={"en": everything}), "it"))[0].translated == len(everything)
    for not_read in (launch.id, launch.currency, "console-xl"):
        assert not_read not in everything


@pytest.mark.parametrize(
    ("language", "path"),
    [
        ({"zh-CN": {"Emerald Gren": "宝石绿"}}, 'language.zh-CN."Emerald Gren"'),
        ({"en": {"yizhuang": "Yizhuang"}}, "language.en.yizhuang"),
        ({"zh-CN": {"Standard": ""}}, "language.zh-CN.Standard"),
        ({"zh-CN": {"Standard": "W" * 301}}, "language.zh-CN.Standard"),
        ({"zh-CN": {"Standard": 1}}, "language.zh-CN.Standard"),
        ({"zh-CN": {"Emerald Green": "two\nlines"}}, 'language.zh-CN."Emerald Green"'),
        ({"zh-CN": {}}, "language.zh-CN"),
        ({"zh-CN": {f"t{number}": "T" for number in range(5_001)}}, "language.zh-CN"),
        ({"zh-TW": {"Standard": "W"}}, "language.zh-TW"),
        ({"zh-cn": {"Standard": "W"}}, "language.zh-cn"),
        ([], "language"),
    ],
)
def test_what_is_wrong_with_a_language_is_one_mistake_at_its_path(language: Any, path: str) -> None:
    assert paths(changed(language=language)) == [path]


def test_a_text_that_is_nearly_right_is_named() -> None:
    (mistake,) = mistakes(changed(language={"zh-CN": {"Emerald Gren": "宝石绿"}}))
    assert mistake.allowed == 'a text of this file; nearest: "Emerald Green"'


def test_a_translation_is_not_unknown_because_its_text_could_not_be_read() -> None:
    assert paths(YU7.replace('name = "Emerald Green"', "name = 1")) == ["model[0].option[0].choice[1].name"]


@pytest.mark.parametrize(
    "text", ['what = "2025 delivery target', 'what = "65 % of a quarter', 'what = "high HK$61.45"']
)
def test_a_published_figure_is_translated_and_what_can_not_be_read_is_one_mistake(text: str) -> None:
    launch = parse(YU7, "it")
    (what,) = {
        one for one in texts_of(launch) if one.startswith(text.partition('"')[2].rstrip('"')) and "record" not in one
    }
    assert translated(launch, "zh-CN", what) != what
    (path,) = paths(YU7.replace(f'what = "{what}"', "what = 1", 1))
    assert path.endswith(".what")


def test_a_translation_is_unknown_beside_mistakes_that_have_no_text() -> None:
    text = YU7.replace("hold_s = 900", "hold_s = -1").replace('"Emerald Green" =', '"Emerald Gren" =')
    assert paths(text) == ["sales.hold_s", 'language.zh-CN."Emerald Gren"']


# The log.


@pytest.mark.parametrize("text", [YU7, HANDHELD, changed(waiting_room={"opens": "2025-06-26 21:30"})])
def test_what_the_log_keeps_of_a_launch_reads_back_as_the_same(text: str) -> None:
    launch = parse(text, "it")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(launch), type=Launch) == launch


def test_a_launch_in_an_older_log_reads_without_what_it_did_not_know() -> None:
    launch = parse(YU7_ALONE, "it")
    old = msgspec.to_builtins(launch)
    for key in ("figures", "rivals", "waiting_room", "languages"):
        del old[key]
    for model in old["models"]:
        del model["figures"], model["tagline"]
        for trim in model["trims"]:
            del trim["figures"]
    read = msgspec.convert(old, Launch)
    assert (read.figures, read.rivals, read.waiting_room, read.languages) == ((), (), None, ())
    assert (read.models[0].tagline, read.models[0].figures, read.models[0].trims[0].figures) == (None, (), ())
