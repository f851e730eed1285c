"""``drumroll operator capacity``, ``pin``, ``plan``, ``weeks`` against a real server, with ``drumroll plan``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from drumroll.cli.main import cli
from drumroll.cli.operator_client import ServerRefused
from drumroll.errors import DrumrollError
from tests.cli.test_operator import firm_order, operate, told
from tests.web.planted import FIRST, NOW, day_of, group, last_day, plan, planted
from tests.web.servers import RealServer

BECAUSE = ("--reason", "a supplier burnt down")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealServer]:
    monkeypatch.setenv("DRUMROLL_SECRET", "11" * 32)
    with RealServer(tmp_path, launch=planted()) as running:
        yield running


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """One for all who change nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRUMROLL_SECRET", "11" * 32)
        with RealServer(tmp_path_factory.mktemp("unchanged"), launch=planted()) as running:
            yield running


def now(server: RealServer, order_id: str, customer: str = "ada") -> Any:
    """What is promised to an order now."""
    (token,) = server.sessions(customer)
    return server.get(f"/v1/orders/{order_id}", token).json()["promise"]


def refusal(server: RealServer, *words: str) -> str:
    result = operate(server, *words)
    assert isinstance(result.exception, DrumrollError), result.output
    assert "Traceback" not in result.output
    return str(result.exception)


def test_a_cut_is_made_and_shown_in_the_weeks(server: RealServer) -> None:
    result = operate(server, "capacity", day_of(FIRST), day_of(FIRST + 2), "--percent", "50", *BECAUSE)
    assert result.exit_code == 0, result.exception
    assert result.output.startswith("capacity, by grace at 2026-05-01T12:00:")
    weeks = told(server, "weeks", "--weeks", "5")["weeks"]
    assert [week["resources"][-1]["capacity"] for week in weeks] == [4, 2, 2, 4, 4]
    receipt = told(
        server, "capacity", day_of(FIRST), day_of(FIRST + 1), "--weekly", "9", "--resource", "loft", *BECAUSE
    )
    assert (receipt["done"], receipt["operator"]) == ("capacity", "grace")
    assert told(server, "trail")["entries"][0]["facts"]["weekly"] == 9


def test_the_weeks_are_a_table_that_fits_a_terminal(server: RealServer) -> None:
    firm_order(server)
    result = operate(server, "weeks", "--weeks", "4")
    assert result.exit_code == 0, result.exception
    lines = result.output.splitlines()
    assert lines[0].split() == ["week", "from", "dye", "frames", "loft"]
    assert lines[1].split()[:3] == ["2026-W19", "frozen", "2026-05-04"]
    assert lines[2].endswith("4 of 4")
    assert "0 of 2" in lines[2]
    assert len(lines) == 5
    assert max(map(len, lines)) <= 80


def test_a_launch_without_plants_says_that_it_plans_no_weeks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUMROLL_SECRET", "11" * 32)
    with RealServer(tmp_path) as server:
        assert "plans no weeks" in operate(server, "weeks").output
        assert "no_capacity" in refusal(
            server, "capacity", day_of(FIRST), day_of(FIRST + 1), "--percent", "5", *BECAUSE
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2026-05-11", "2026-05-18", "--percent", "50", "--resource", "attic"], ["unknown_resource", "loft", "dye"]),
        (["2026-05-18", "2026-05-11", "--percent", "50"], ["invalid_week", "2026-05-04"]),
        (["2026-05-11", "2026-05-11", "--percent", "50"], ["invalid_week"]),
        (["2025-05-12", "2026-05-11", "--percent", "50"], ["invalid_week"]),
        (["2026-02-30", "2026-05-11", "--percent", "50"], ["invalid_body", "2026-02-30"]),
        (["soon", "2026-05-11", "--percent", "50"], ["soon"]),
    ],
)
def test_a_change_that_the_server_refuses_says_why_and_what_is_allowed(
    unchanged: RealServer, words: list[str], said: list[str]
) -> None:
    message = refusal(unchanged, "capacity", *words, *BECAUSE)
    for word in said:
        assert word in message


@pytest.mark.parametrize(
    "words",
    [
        ["capacity", "2026-05-11", "2026-05-18", *BECAUSE],
        ["capacity", "2026-05-11", "2026-05-18", "--percent", "5", "--weekly", "5", *BECAUSE],
        ["capacity", "2026-05-11", "2026-05-18", "--percent", "-1", *BECAUSE],
        ["capacity", "2026-05-11", "2026-05-18", "--percent", "5"],
        ["capacity", "2026-05-11", *BECAUSE],
        ["pin", "ord_0", *BECAUSE],
        ["pin", "ord_0", "none"],
        ["plan", "there-is-none.json", *BECAUSE],
        ["weeks", "--weeks", "0"],
    ],
)
def test_what_is_typed_wrong_is_said_before_any_server_is_asked(words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["operator", *words, "--server", "http://127.0.0.1:1", "--token", "x"])
    assert result.exit_code == 2
    assert "Usage:" in result.output


def test_a_session_is_read_from_standard_input_where_nobody_else_sees_it(unchanged: RealServer) -> None:
    (token,) = unchanged.operators("grace")
    words = ["operator", "weeks", "--server", f"http://127.0.0.1:{unchanged.port}", "--token", "-"]
    result = CliRunner().invoke(cli, words, input=f"{token}\n")
    assert result.exit_code == 0, result.output
    assert token not in result.output
    empty = CliRunner().invoke(cli, words, input="")
    assert empty.exit_code == 2
    assert "standard input has no session" in empty.output


def test_an_order_is_pinned_and_let_go(server: RealServer) -> None:
    order_id = firm_order(server)
    assert operate(server, "pin", order_id, day_of(FIRST + 4), *BECAUSE).output.startswith("pinned, by grace")
    assert (now(server, order_id)["pinned"], now(server, order_id)["now"]["until"]) == (True, last_day(FIRST + 5))
    assert told(server, "pin", order_id, "none", *BECAUSE)["done"] == "unpinned"
    assert now(server, order_id)["pinned"] is False
    assert "invalid_week" in refusal(server, "pin", order_id, day_of(NOW), *BECAUSE)
    assert "no_such_order" in refusal(server, "pin", "ord_0", day_of(FIRST), *BECAUSE)
    assert "not_found" in refusal(server, "pin", "../../x", day_of(FIRST), *BECAUSE)
    shown = operate(server, "show", order_id)
    assert shown.exit_code == 0, shown.exception
    assert "unpinned" in shown.output
    assert "a supplier burnt" in shown.output


def test_a_plan_of_the_servers_own_log_is_made_beside_it_and_accepted(server: RealServer, tmp_path: Path) -> None:
    mine = [firm_order(server, f"c{number}") for number in range(6)]
    assert operate(server, "capacity", day_of(FIRST), day_of(FIRST + 3), "--percent", "50", *BECAUSE).exit_code == 0
    file = tmp_path / "plan.json"
    made = CliRunner().invoke(cli, ["plan", str(server.log), "--out", str(file)])
    assert made.exit_code == 0, made.exception
    assert now(server, mine[5], "c5")["moved"] is None, "a plan changes nothing before it is accepted"
    assert told(server, "plan", str(file), *BECAUSE)["done"].startswith("plan accepted, ")
    seen = [now(server, one, f"c{number}") for number, one in enumerate(mine)]
    assert [one["now"]["until"] for one in seen] == sorted(one["now"]["until"] for one in seen)
    assert seen[5]["moved"] == "later"
    (token,) = server.sessions("c5")
    last = server.get(f"/v1/orders/{mine[5]}/history", token).json()["events"][-1]
    assert (last["what"], last["reason"]) == ("planned", "a supplier burnt down")
    assert len(told(server, "weeks")["accepted"]) == 1


def test_a_plan_that_is_stale_or_broken_is_refused_with_the_reason(server: RealServer, tmp_path: Path) -> None:
    order_id = firm_order(server)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(3, group(FIRST + 4, order_id, "ord_nobody"))))
    message = refusal(server, "plan", str(file), *BECAUSE)
    assert "invalid_plan" in message
    assert "ord_nobody" in message
    made = CliRunner().invoke(cli, ["plan", str(server.log), "--out", str(file)])
    assert made.exit_code == 0, made.exception
    assert operate(server, "capacity", day_of(FIRST), day_of(FIRST + 3), "--percent", "50", *BECAUSE).exit_code == 0
    stale = refusal(server, "plan", str(file), *BECAUSE)
    assert "stale_plan" in stale
    assert "plan again" in stale


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"plan": 1}', b"\xff", b"null"])
def test_a_file_that_is_no_plan_is_named_before_any_server_is_asked(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(content)
    where = ["--server", "http://127.0.0.1:1", "--token", "x"]
    result = CliRunner().invoke(cli, ["operator", "plan", str(file), *BECAUSE, *where])
    assert isinstance(result.exception, DrumrollError)
    assert not isinstance(result.exception, ServerRefused)
    assert str(file) in str(result.exception)


def test_a_plan_too_long_to_be_taken_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    with file.open("wb") as hole:
        hole.truncate(64 * 1024 * 1024 + 1)
    where = ["--server", "http://127.0.0.1:1", "--token", "x"]
    result = CliRunner().invoke(cli, ["operator", "plan", str(file), *BECAUSE, *where])
    assert isinstance(result.exception, DrumrollError)
    assert "67108864" in str(result.exception)


def test_the_same_key_accepts_a_plan_once(server: RealServer, tmp_path: Path) -> None:
    order_id = firm_order(server)
    file = tmp_path / "plan.json"
    position = server.get("/healthz").json()["position"]
    file.write_text(json.dumps(plan(position, group(FIRST + 4, order_id))))
    receipts = [told(server, "plan", str(file), *BECAUSE, "--key", "mine") for _ in range(2)]
    assert receipts[0] == receipts[1]
    assert len(told(server, "weeks")["accepted"]) == 1
