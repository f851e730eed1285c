"""``drumroll operator`` against a real server: what it does stands in the log under a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.main import cli
from drumroll.errors import DrumrollError
from tests.web.servers import RealServer, free_port


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealServer]:
    monkeypatch.setenv("DRUMROLL_SECRET", "11" * 32)
    with RealServer(tmp_path) as running:
        yield running


def operate(server: RealServer, *words: str, name: str = "grace") -> Result:
    where = ["--server", f"http://127.0.0.1:{server.port}", "--name", name]
    return CliRunner().invoke(cli, ["operator", *words, *where])


def told(server: RealServer, *words: str) -> Any:
    result = operate(server, *words, "--json")
    assert result.exit_code == 0, result.exception
    return json.loads(result.output)


def firm_order(server: RealServer, customer: str = "ada") -> str:
    (token,) = server.sessions(customer)
    order_id = str(server.order(token, f"key-{customer}").json()["id"])
    assert server.pay(order_id, f"pay-{customer}").json() == {"outcome": "firm"}
    return order_id


def test_a_pause_holds_until_it_is_taken_back_and_both_stand_in_the_trail(server: RealServer) -> None:
    (token,) = server.sessions("ada")
    assert operate(server, "sales", "pause", "--reason", "payments are down").exit_code == 0
    assert server.order(token, "one").code == "paused"
    assert operate(server, "sales", "resume", "--reason", "payments are back", name="joan").exit_code == 0
    assert server.order(token, "one").status == 201
    trail = told(server, "trail")["entries"]
    assert [(one["operator"], one["reason"]) for one in trail] == [
        ("joan", "payments are back"),
        ("grace", "payments are down"),
    ]


def test_a_cancelled_order_shows_who_did_it_and_why(server: RealServer) -> None:
    order_id = firm_order(server)
    assert operate(server, "cancel", order_id, "--refund", "--reason", "ordered twice").exit_code == 0
    shown = operate(server, "show", order_id)
    assert shown.exit_code == 0, shown.exception
    for words in ("cancelled", "operator grace", "ordered twice"):
        assert words in shown.output
    assert max(map(len, shown.output.splitlines())) <= 80


def test_moves_from_a_file_are_all_done_or_none_and_every_fault_is_named(server: RealServer, tmp_path: Path) -> None:
    order_id = firm_order(server)
    file = tmp_path / "week.csv"
    file.write_text(f"order_id,state\n{order_id},scheduled\nord_nobody,scheduled\n")
    result = operate(server, "move", str(file), "--reason", "week 31")
    assert isinstance(result.exception, DrumrollError)
    for words in ("row 1", order_id, "row 2", "ord_nobody"):
        assert words in str(result.exception)
    assert told(server, "show", order_id)["order"]["state"] == "firm"


def test_a_look_up_finds_what_it_is_asked_for_and_says_that_there_is_more(server: RealServer) -> None:
    mine = [firm_order(server, customer) for customer in ("ada", "bob", "cleo")]
    found = told(server, "orders", "--state", "firm", "--limit", "2")
    assert [one["id"] for one in found["orders"]] == mine[:2]
    assert found["next"] is not None
    assert [one["id"] for one in told(server, "orders", "--customer", "cleo")["orders"]] == mine[2:]
    assert "There are more" in operate(server, "orders", "--limit", "2").output


def test_a_server_that_is_not_there_is_named_and_an_action_gives_its_key(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("DRUMROLL_SECRET", "11" * 32)
    where = ["--server", f"http://127.0.0.1:{free_port()}", "--name", "grace"]
    result = CliRunner().invoke(cli, ["operator", "sales", "pause", "--reason", "a test", *where])
    assert isinstance(result.exception, DrumrollError)
    assert "did not answer" in str(result.exception)
    assert "--key" in str(result.exception)


def test_a_session_is_printed_for_a_name_that_can_be_one_and_for_no_other(monkeypatch: Any) -> None:
    monkeypatch.setenv("DRUMROLL_SECRET", "11" * 32)
    result = CliRunner().invoke(cli, ["operator", "token", "grace"])
    assert result.output.startswith("operator:grace:admin.")
    refused = CliRunner().invoke(cli, ["operator", "token", "gr ace"])
    assert isinstance(refused.exception, DrumrollError)
