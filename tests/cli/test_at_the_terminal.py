"""What all commands share at the terminal: where --json goes, and what is never written over."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from drumroll.cli.at_the_terminal import write
from drumroll.cli.main import COMMANDS, cli
from drumroll.domain import events as ev
from drumroll.domain.launch_file import parse
from drumroll.errors import FileUnfit
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog
from tests.launch_files import YU7


def a_log(path: Path) -> bytes:
    log = SqliteLog(path)
    log.append_all([Block(1, 0, (ev.LaunchSet(parse(YU7, "yu7")),))])
    log.close()
    return path.read_bytes()


def test_json_without_a_file_is_printed(tmp_path: Path) -> None:
    a_log(tmp_path / "orders.log")
    for words in (("--json",), ("--json", "-")):
        shown = CliRunner().invoke(cli, ["ledger", "balance", str(tmp_path / "orders.log"), *words])
        assert shown.exit_code == 0, shown.output
        assert shown.stdout.startswith("{")


def test_a_log_that_stands_where_a_file_for_json_is_meant_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "orders.log"
    before = a_log(path)
    shown = CliRunner().invoke(cli, ["waits", "launches/yu7.toml", "--orders", "1", "--json", str(path)])
    assert isinstance(shown.exception, FileUnfit)
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", [("export",), ("ledger", "export")])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_export_is_not_written_over_a_log_whatever_that_is_called(
    command: tuple[str, ...], kind: str, tmp_path: Path
) -> None:
    path = tmp_path / f"orders.{kind}"
    before = a_log(path)
    shown = CliRunner().invoke(cli, [*command, str(path), "--log", str(path)])
    assert isinstance(shown.exception, FileUnfit)
    assert path.read_bytes() == before


def test_what_is_no_log_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    for text in (b"{}", b"[]"):
        write(str(path), text)
        assert path.read_bytes() == text
    with pytest.raises(FileUnfit, match="could not be written"):
        write(str(tmp_path), b"{}")


def test_every_command_that_takes_a_file_for_json_may_be_given_none() -> None:
    found = 0
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        for one in command.commands.values() if isinstance(command, click.Group) else (command,):
            for option in one.params if one is not None else ():
                if option.name == "json_file":
                    assert isinstance(option, click.Option)
                    assert option.flag_value == "-", name
                    found += 1
    assert found >= 14
