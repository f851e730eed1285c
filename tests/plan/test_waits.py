"""``drumroll waits`` says what the desk would say, and yu7.toml is set up to say what the maker quoted."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from drumroll.cli.main import cli
from drumroll.domain import commands as cmd
from drumroll.domain.book import Book
from drumroll.domain.capacity import capacity_of, kinds_of, rules_of
from drumroll.domain.decide import decide
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Launch
from drumroll.domain.launch_file import parse_bytes
from drumroll.domain.promising import promised_anew
from drumroll.domain.times import to_ms
from drumroll.errors import PlanRefused
from drumroll.plan.safety import safety
from drumroll.plan.waits import waits

LAUNCHES = Path(__file__).parents[2] / "launches"
JULY_2 = to_ms(datetime.fromisoformat("2025-07-02T12:00:00+08:00"))
QUOTED = {"standard": (58, 61), "pro": (51, 54), "max": (39, 42)}
"""Public: the waits that the maker quoted on 2 July 2025, in weeks (reference-launch.md)."""


@pytest.fixture(scope="module")
def yu7() -> Launch:
    return parse_bytes((LAUNCHES / "yu7.toml").read_bytes(), "yu7.toml")


@pytest.mark.parametrize("orders", [289_000, 295_000, 300_000])
def test_yu7_toml_gives_the_waits_that_the_maker_quoted_on_2_july(yu7: Launch, orders: int) -> None:
    capacity = capacity_of(yu7)
    assert capacity is not None
    sure = safety(capacity, kinds_of(yu7), rules_of(yu7))
    found = {one.trim: one.delivery for one in waits(yu7, sure, [orders], JULY_2, "beijing")}
    assert {trim: told.weeks for trim, told in found.items() if told is not None} == QUOTED
    for told in found.values():
        assert told is not None
        assert [(cliff.id, cliff.crossing) for cliff in told.cliffs] == [("purchase-tax", "will")]


def test_what_is_said_beforehand_is_what_the_desk_says_then(yu7: Launch) -> None:
    """Order by order through ``decide`` and ``evolve``, with the same mix: nothing of ``waits`` is used."""
    few = replace(yu7, backlog=tuple(replace(one, orders=one.orders // 20) for one in yu7.backlog))
    book, orders, at_ms = Book(), 11_000, yu7.opens_at_ms
    for event in decide(book, cmd.SetLaunch(few), at_ms):  # type: ignore[union-attr]
        evolve(book, event, at_ms, 1)
    trims = ["standard", "pro", "standard", "max", "standard", "pro", "standard", "pro", "standard", "max", "standard"]
    for number in range(orders):
        key = number.to_bytes(16, "big")
        command = cmd.Reserve(f"o{number}", f"c{number}", "yu7", trims[number % 11], key, b"")
        for event in decide(book, command, at_ms):  # type: ignore[union-attr]
            evolve(book, event, at_ms, 2)
    for said in waits(few, {}, [0, 1_000, orders], at_ms, "chengdu")[-3:]:
        assert book.availability is not None
        options = book.on_offer["yu7", said.trim].default.options
        then = promised_anew(book, "yu7", said.trim, options, "chengdu", at_ms)
        assert then is not None
        assert said.delivery is not None
        now = book.availability.week_at(at_ms)
        assert said.delivery.weeks == (then.first_week - now, then.last_week - now)


def test_a_launch_without_plants_promises_nothing(yu7: Launch) -> None:
    bare = replace(yu7, plants=(), limits=(), backlog=(), cliffs=(), promise=None)
    with pytest.raises(PlanRefused, match="no plants"):
        waits(bare, {}, [10], JULY_2, "beijing")


def test_the_command_says_it_as_a_table_and_as_json() -> None:
    arguments = ["waits", str(LAUNCHES / "yu7.toml"), "--at", "2025-07-02T12:00:00+08:00"]
    shown = CliRunner().invoke(cli, arguments).output
    assert "58-61" in shown
    assert "51-54" in shown
    assert "39-42" in shown
    assert max(map(len, shown.splitlines())) <= 80
    told = json.loads(CliRunner().invoke(cli, [*arguments, "--json", "-"]).output)
    last = {one["trim"]: tuple(one["delivery"]["weeks"]) for one in told["waits"] if one["orders"] == 289_000}
    assert last == QUOTED


@pytest.mark.parametrize(
    ("given", "named"),
    [(["--at", "noon"], "--at"), (["--region", "mars"], "--region"), (["--at", "2025-07-02"], "--at")],
)
def test_what_can_not_be_meant_is_refused_by_its_name(given: list[str], named: str) -> None:
    outcome = CliRunner().invoke(cli, ["waits", str(LAUNCHES / "yu7.toml"), *given])
    assert outcome.exit_code != 0
    assert named in str(outcome.exception)
