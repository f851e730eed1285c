"""``drumroll market`` as it is run: the reference launch from its published prices, refusals, log, JSON, page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.main import cli
from drumroll.domain.events import DeskOpened, LaunchSet, OrderFirmed, OrderReserved
from drumroll.domain.launch_file import parse_bytes
from drumroll.errors import DrumrollError, MarketError, NotASession, QuotesUnfit, WrongLaunch
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog

ROOT = Path(__file__).parents[2]
YU7 = ROOT / "launches" / "yu7.toml"
REFERENCE = Path(__file__).parent / "reference"


def run(*options: object, launch: Path = YU7, quotes: Path = REFERENCE) -> Result:
    return CliRunner().invoke(cli, ["market", str(launch), "--quotes", str(quotes), *map(str, options)])


def as_json(*options: object, **more: Any) -> dict[str, Any]:
    result = run("--json", "-", *options, **more)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(result: Result, kind: type[DrumrollError]) -> str:
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


# The reference launch, from docs/reference-launch.md.

VERDICTS = {
    "up 8 % at the open": "agrees",
    "high HK$61.45": "agrees",
    "high HK$61.45, a record": "depends on its definition",
    "record before: HK$52 on 27 February 2025": "does not agree",
    "mid-day HK$59.4": "agrees",
    "up 4.39 % at mid-day": "agrees",
    "up 3.6 % at the close": "agrees",
    "worth HK$1.54 trillion at mid-day": "agrees",
    "worth HK$1.55 trillion at the high": "does not agree",
    "300697 at its 20 % limit": "agrees",
    "000700 at its 10 % limit": "agrees",
    "002402 at its 10 % limit": "agrees",
}


def test_what_was_published_of_the_reference_launch_is_held_against_its_prices() -> None:
    made = as_json()
    assert {row["what"]: row["verdict"] for row in made["claims"]} == VERDICTS
    prices = {row["what"]: (float(row["price"]), row["percent"]) for row in made["day"]["prices"]}
    assert prices["open"] == prices["high"] == (61.45, "8.00")
    assert prices["midday"] == (59.4, "4.39")
    assert prices["close"][1] == "3.60"
    assert (float(made["day"]["prev_close"]), made["day"]["session"]) == (56.9, "2025-06-27")


def test_the_value_that_does_not_agree_is_told_with_how_much() -> None:
    row = next(row for row in as_json()["claims"] if "1.55" in row["what"])
    assert row["computed"].startswith("1.5931 trillion")
    assert row["off_by"].startswith("-0.0431 trillion")
    assert row["off_by_percent"] == "-2.71"
    (against,) = as_json()["consistency"]
    assert "25.93 bn" in against
    assert "do not agree with each other" in against


def test_the_former_record_is_refuted_by_the_close_before() -> None:
    row = next(row for row in as_json()["claims"] if "HK$52" in row["what"])
    assert "56.9" in " ".join(row["notes"])
    assert "needs a definition" in " ".join(row["notes"])


def test_the_limits_of_the_suppliers_are_those_of_their_boards() -> None:
    limits = {row["code"]: row["limit_percent"] for row in as_json()["limits"]}
    assert limits == {
        **dict.fromkeys(("01810", "09866", "09868"), None),
        **dict.fromkeys(("300697", "301607", "301022", "300650"), 20),
        **dict.fromkeys(("000700", "002402", "603037", "002579", "600361"), 10),
    }


def test_the_published_day_alone_gives_a_report_that_says_what_it_lacks() -> None:
    result = run()
    assert result.exit_code == 0
    assert "What is missing" in result.output
    for lack in ("HSI", "300697", "09868"):
        assert lack in result.output.partition("What is missing")[2]
    assert max(map(len, result.output.splitlines())) <= 80
    assert run("--strict").exit_code == 1


def test_the_page_and_the_json_are_written_where_asked(tmp_path: Path) -> None:
    result = run("--html", tmp_path / "new" / "market.html", "--json", tmp_path / "market.json")
    assert result.exit_code == 0, result.output
    html = (tmp_path / "new" / "market.html").read_text("utf-8")
    assert "+3.60 %" in html
    assert "289,000, published" in html
    assert json.loads((tmp_path / "market.json").read_text())["orders"]["source"] == "published"


# The log.


def write_log(path: Path, orders: int) -> None:
    """A log of the launch in which an order stands firm each second after the opening."""
    launch = parse_bytes(YU7.read_bytes(), "yu7.toml")
    log = SqliteLog(path)
    log.append(Block(1, launch.opens_at_ms - 1000, (DeskOpened("test"), LaunchSet(launch))))
    for number in range(orders):
        reserved = OrderReserved(f"o{number}", f"c{number}", "yu7", "pro", 27_990_000, 500_000, 900, b"k", b"f")
        at_ms = launch.opens_at_ms + 1000 * (number + 1)
        log.append(Block(number + 2, at_ms, (reserved, OrderFirmed(f"o{number}", f"p{number}"))))
    log.close()


def test_the_order_curve_is_counted_from_the_log(tmp_path: Path) -> None:
    write_log(tmp_path / "orders.log", 5)
    orders = as_json("--log", tmp_path / "orders.log")["orders"]
    opening = parse_bytes(YU7.read_bytes(), "yu7.toml").opens_at_ms
    assert orders["source"] == "log"
    assert orders["points"] == [[opening + 1000 * number, number] for number in range(1, 6)]


def test_the_log_of_another_launch_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path / "orders.log", 1)
    other = tmp_path / "other.toml"
    other.write_text(YU7.read_text("utf-8").replace('id = "yu7"\nname = "Xiaomi', 'id = "other"\nname = "Xiaomi'))
    assert "other" in refused(run("--log", tmp_path / "orders.log", launch=other), WrongLaunch)


# Refusals.


def test_a_launch_without_a_market_is_refused_with_where_to_look() -> None:
    assert "docs/launch-file.md" in refused(run(launch=ROOT / "launches" / "handheld.toml"), MarketError)


def test_quotes_that_are_not_there_are_refused(tmp_path: Path) -> None:
    refused(run(quotes=tmp_path / "nothing"), QuotesUnfit)


def test_an_event_on_a_holiday_is_refused_unless_it_is_said_where_it_moves(tmp_path: Path) -> None:
    said = refused(run("--event-date", "2025-07-01"), NotASession)
    assert "2025-06-30" in said
    assert "2025-07-02" in said
    assert as_json("--event-date", "2025-06-28", "--moved", "previous")["day"]["session"] == "2025-06-27"
    no_quote = refused(run("--event-date", "2025-06-28", "--moved", "next"), MarketError)
    assert "2025-06-30" in no_quote


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--estimation", "29"), "29"),
        (("--window", "5,1"), "5,1"),
        (("--window", "one"), "two offsets"),
        (("--car", "0,9"), "within --window -5,5"),
        (("--rate", "CNY"), "CNY=1.09"),
        (("--rate", "CNY=0"), "CNY=1.09"),
        (("--event-date", "2025-06-31"), "a day that exists"),
        (("--model", "three-factor"), "three-factor"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_what_is_allowed(options: tuple[str, str], words: str) -> None:
    result = run(*options)
    assert result.exit_code == 2
    assert words in result.output
