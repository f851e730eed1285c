# ruff: noqa: RUF001 (full-width signs are what is tested)
"""Plots: their numbers are the numbers, their words are the reader's, they carry no style, and their process dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.web.ops.plots import Band, Bars, Lines, Plots, Series, Sums, bars_with_capacity, check, fan, lines
from drumroll.web.ops.plots_drawing import draw, number_text, width_of

SVG = "{http://www.w3.org/2000/svg}"
WEEKS = tuple(f"2025-W{number}" for number in range(10, 30))
PLANNED = (0.0, 3.0, 700.0, 8200.0, *(100.0 * number for number in range(16)))
CAPACITY = (8200.0,) * 10 + (None,) * 2 + (4000.0,) * 8
FROZEN = (True,) * 2 + (False,) * 18


def weeks(title: str = "Beijing Yizhuang", unit: str = "orders a week", *named: str) -> Bars:
    planned, capacity, frozen = named or ("planned", "capacity", "planned, frozen")
    return bars_with_capacity(title, unit, WEEKS, Series(planned, PLANNED), Series(capacity, CAPACITY), FROZEN, frozen)


CHINESE = weeks("北京亦庄", "单/周", "已排产", "产能", "已排产（已冻结）")


def root(svg: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: bytes) -> set[str]:
    return {(one.text or "").strip() for one in root(svg).iter(f"{SVG}text")}


def by_id(svg: bytes, name: str) -> ElementTree.Element:
    return next(one for one in root(svg).iter() if one.get("id") == name)


def points(element: ElementTree.Element) -> list[tuple[float, float]]:
    """The corners of the first path in an element."""
    words = next(one for one in element.iter(f"{SVG}path")).attrib["d"].replace("z", "").split()
    numbers = [float(word) for word in words if word not in ("M", "L")]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def scale(svg: bytes) -> tuple[float, float]:
    """What a point's height on the page is worth, from two numbers at the axis as a reader finds them."""
    ticks = []
    for number in range(1, 9):
        tick = next((one for one in root(svg).iter() if one.get("id") == f"ytick_{number}"), None)
        label = next(tick.iter(f"{SVG}text"), None) if tick is not None else None
        if tick is not None and label is not None and label.text:
            ticks.append((float((label.text).replace(",", "").replace("\N{MINUS SIGN}", "-")), points(tick)[0][1]))
    (low, low_at), (high, high_at) = ticks[0], ticks[-1]
    worth = (high - low) / (high_at - low_at)
    return worth, low - worth * low_at


def test_a_bar_is_as_high_at_its_axis_as_its_number() -> None:
    svg = draw(weeks(), "light", "wide")
    worth, offset = scale(svg)
    heights = [min(y for _, y in points(by_id(svg, f"bar-{number}"))) * worth + offset for number in range(20)]
    assert heights == pytest.approx(PLANNED, abs=8)
    steps = points(by_id(svg, "capacity"))
    assert {round(y * worth + offset, -1) for _, y in steps} == {8200.0, 4000.0}


def test_a_line_and_a_fan_go_through_their_numbers() -> None:
    plot = lines("Deliveries", "a month", WEEKS, {"planned": PLANNED})
    svg = draw(plot, "dark", "wide")
    worth, offset = scale(svg)
    assert [y * worth + offset for _, y in points(by_id(svg, "line-0"))] == pytest.approx(PLANNED, abs=8)
    high = tuple(2 * one for one in PLANNED)
    drawn = draw(fan("F", "u", WEEKS, Series("middle", PLANNED), (Band("80 %", PLANNED, high),)), "light", "wide")
    worth, offset = scale(drawn)
    assert [y * worth + offset for _, y in points(by_id(drawn, "middle"))] == pytest.approx(PLANNED, abs=16)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_the_words_are_there_as_text_in_both_languages(theme: str, size: str) -> None:
    english, chinese = (draw(one, theme, size) for one in (weeks(), CHINESE))  # type: ignore[arg-type]
    assert {"Beijing Yizhuang", "orders a week", "planned", "capacity", "planned, frozen"} <= texts(english)
    assert {"北京亦庄", "单/周", "已排产", "产能", "已排产（已冻结）"} <= texts(chinese)
    assert root(chinese).find(f"{SVG}title") is not None
    assert "2025-W10" in texts(english) & texts(chinese)


def test_a_plot_needs_no_style_and_no_script_and_says_nothing_of_when_it_was_drawn() -> None:
    sums = Sums("余额", "百万 CNY", ("合同负债", "Cash"), Series("x", (-19.9, 14.8)))
    for plot in (weeks(), CHINESE, sums):
        svg = draw(plot, "light", "narrow")
        assert svg == draw(plot, "light", "narrow")
        for element in root(svg).iter():
            assert element.tag.removeprefix(SVG) not in ("style", "script", "metadata", "image", "foreignObject")
            assert not {name for name in element.attrib if name == "style" or name.startswith("on")}


def test_what_people_wrote_stays_text_whatever_signs_it_has() -> None:
    svg = draw(weeks("<script>alert(1)</script> & $x^2$", "a\\b"), "light", "wide")
    assert "<script>alert(1)</script> & $x^2$" in texts(svg)


@given(st.floats(-1e9, 1e9).map(lambda value: round(value, 3)))
def test_a_number_at_an_axis_is_read_back_as_it_is(value: float) -> None:
    read = float(number_text(value).replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert read == pytest.approx(value, abs=1e-3)


def test_han_is_taken_for_twice_as_wide_as_latin() -> None:
    assert width_of("产能") > 1.5 * width_of("ab")


def test_a_plot_with_too_much_in_it_or_with_series_of_another_length_is_refused() -> None:
    for plot in (
        Lines("t", "u", ("",) * 2001, (Series("a", (1.0,) * 2001),)),
        Lines("t", "u", ("a",), (Series("a", (1.0, 2.0)),)),
        Lines("t" * 201, "u", ("a",), (Series("a", (1.0,)),)),
        Lines("t", "u", ("a",), tuple(Series("a", (1.0,)) for _ in range(13))),
    ):
        with pytest.raises(ValueError, match="plot"):
            check(plot)


def gone(pid: int) -> bool:
    """Whether a process is no more (or only waits to be buried), within some seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_a_process_that_died_is_started_again_and_what_was_drawn_is_kept() -> None:
    plots = Plots()
    try:
        drawn = asyncio.run(plots.svg(weeks()))
        (first,) = plots.pids
        os.kill(first, signal.SIGKILL)
        assert gone(first)
        assert asyncio.run(plots.svg(weeks())) is drawn
        assert asyncio.run(plots.svg(CHINESE)) == draw(CHINESE, "light", "wide")
        assert plots.pids != [first]
    finally:
        plots.close()


ORPHAN = """
import asyncio, os, signal
from drumroll.web.ops.plots import Lines, Plots, Series
if __name__ == "__main__":
    plots = Plots()
    asyncio.run(plots.svg(Lines("t", "u", ("a", "b"), (Series("s", (1.0, 2.0)),))))
    print(*plots.pids, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_with_the_server_even_if_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(ORPHAN)
    with (tmp_path / "output").open("w") as output:  # no pipe: who draws would hold its end
        code = subprocess.run([sys.executable, script], check=False, stdout=output, timeout=60).returncode
    assert code == -signal.SIGKILL
    assert gone(int((tmp_path / "output").read_text()))
