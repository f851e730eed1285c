"""The deliverer as it really runs: a process of its own, killed without warning, bound to its parent, alone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from drumroll.cli.main import cli
from drumroll.domain.events import OrderFirmed
from drumroll.errors import DrumrollError
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog
from drumroll.webhooks.child import Child
from drumroll.webhooks.store import Store
from tests.webhooks.house import AT_MS, HANG, Got, name_of, receiver

pytestmark = pytest.mark.slow
BLOCKS, EVENTS = 60, 10


def write_log(path: Path, blocks: int = BLOCKS) -> set[str]:
    """A log of so many blocks of firm orders; the ids of all messages."""
    with closing(SqliteLog(path)) as log:
        for position in range(1, blocks + 1):
            happened = tuple(OrderFirmed(f"ord_{position}_{index}", "p") for index in range(EVENTS))
            log.append(Block(position, AT_MS, happened))
    return {name_of(position, index) for position in range(1, blocks + 1) for index in range(EVENTS)}


def command(log: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "drumroll", "webhooks", "deliver", "--log", str(log), *more]


@contextmanager
def deliverer(log: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command(log, *more), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(what: object, within_s: float = 30.0) -> None:
    end = time.monotonic() + within_s
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come to be so in time"
        time.sleep(0.01)


def drumroll(log: Path, *words: str) -> Result:
    """Run ``drumroll webhooks``; an error of ours is raised."""
    result = CliRunner().invoke(cli, ["webhooks", *words, "--log", str(log)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def listed(log: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = msgspec.json.decode(drumroll(log, "list", "--json").stdout)["endpoints"]
    return found


def add(log: Path, url: str, *more: str) -> tuple[str, str]:
    """The id and the secret of a new endpoint."""
    shown = drumroll(log, "add", url, "--from", "start", *more).stdout
    return shown.split()[0], next(word for word in shown.split() if word.startswith("whsec_"))


def test_a_deliverer_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    names = write_log(log)
    with receiver() as slow:
        slow.answer = lambda _: time.sleep(0.005) or 200
        add(log, slow.url)
        for share in (40, 160, 300):
            with deliverer(log) as process:
                wait_for(lambda share=share: len(set(slow.took)) >= share)
                process.kill()
        assert len(set(slow.took)) < len(names), "it was done before the last kill: nothing was tested"
        with deliverer(log):
            wait_for(lambda: set(slow.took) == names)
            wait_for(lambda: listed(log)[0]["blocks_behind"] == 0)
    repeated = len(slow.took) - len(names)
    assert repeated <= 3 * 64 + 16, "more than a window was sent again after a kill"


def test_a_second_deliverer_of_a_log_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, 1)
    with receiver() as good:
        add(log, good.url)
        with deliverer(log) as first:
            wait_for(lambda: good.got)
            second = subprocess.run(command(log), capture_output=True, text=True, timeout=30, check=False)
            assert second.returncode == 1
            assert f"held by process {first.pid}" in second.stderr


def test_a_deliverer_ends_with_its_parent_even_if_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, 1)
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with receiver(lambda _: HANG) as hanging:
        add(log, hanging.url)
        line = [sys.executable, "-c", script, *command(log, "--with-parent")]
        with subprocess.Popen(line, stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            wait_for(lambda: hanging.got)
            parent.kill()
        wait_for(lambda: not runs(child), within_s=3)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_deliverer_that_dies_is_started_again_and_ends_when_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, 1)

    async def scene() -> None:
        child = Child(command(log, "--with-parent"), os.environ, tmp_path / "log-webhooks")
        running = asyncio.create_task(child.run())
        await asyncio.sleep(1)
        assert child.pid is None, "a deliverer was started though there is no endpoint"
        with receiver(lambda _: HANG) as hanging:
            add(log, hanging.url)
            await asyncio.to_thread(wait_for, lambda: len(hanging.got) == 1)
            first = child.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await asyncio.to_thread(wait_for, lambda: len(hanging.got) == 2)
            second = child.pid
            assert second not in {None, first}
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert second is not None
            assert not runs(second)

    asyncio.run(scene())


def test_a_file_that_only_its_owner_may_read_keeps_the_secrets(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, 1)
    add(log, "https://example.com/")
    with closing(Store(tmp_path / "log-webhooks")):
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("log-webhooks*")}
    assert set(modes) >= {"log-webhooks", "log-webhooks-wal"}
    assert set(modes.values()) == {0o600}


def test_the_life_of_an_endpoint_at_the_command_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, 3)
    assert listed(log) == []
    with receiver() as good:
        endpoint, secret = add(log, good.url, "--events", "order.firm")
        assert "took it: 200" in drumroll(log, "test", endpoint).stdout
        assert msgspec.json.decode(good.got[0].body)["type"] == "webhook.test"
        with deliverer(log):
            wait_for(lambda: listed(log)[0]["blocks_behind"] == 0)
            drumroll(log, "replay", endpoint, "--from", "2", "--to", "2")
            wait_for(lambda: len(good.got) == 1 + 4 * EVENTS and listed(log)[0]["replays"] == 0)
            rotated = drumroll(log, "rotate", endpoint).stdout
            drumroll(log, "disable", endpoint)
            assert listed(log)[0]["state"] == "disabled"
            drumroll(log, "enable", endpoint)
            assert listed(log)[0]["state"] == "active"
        everywhere = drumroll(log, "list").stdout + drumroll(log, "list", "--json").stdout
        assert secret not in everywhere
        assert rotated.count("whsec_") == 1
        assert secret not in rotated
        assert max(map(len, drumroll(log, "list").stdout.splitlines())) <= 80
        drumroll(log, "remove", endpoint)
        assert listed(log) == []


def test_a_test_that_is_not_taken_is_an_error_that_says_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, 1)
    with receiver(lambda _: 404) as wrong:
        endpoint, _ = add(log, wrong.url)
        with pytest.raises(DrumrollError, match="did not take it: 404"):
            drumroll(log, "test", endpoint)
        wrong.stop()
        with pytest.raises(DrumrollError, match="did not take it: Cannot connect"):
            drumroll(log, "test", endpoint)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "http://crm.example.com/"), "allowed: https"),
        (("add", "https://e.com/", "--events", "order.fimr"), "order.fimr; allowed: order.built"),
        (("add", "https://e.com/", "--from", "yesterday"), "found yesterday; allowed: now, start"),
        (("test", "ep_none"), "there is no endpoint ep_none"),
        (("replay", "ep_none", "--from", "1"), "there is no endpoint ep_none"),
        (("replay", "ep_none"), "either --from POSITION"),
        (("rotate", "ep_none"), "there is no endpoint ep_none"),
    ],
)
def test_what_can_not_be_is_refused_and_says_what_can(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    log = tmp_path / "log"
    write_log(log, 1)
    with pytest.raises(DrumrollError, match=why):
        drumroll(log, *words)


def test_a_log_in_memory_has_no_webhooks_and_a_missing_log_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(DrumrollError, match="a log in memory has no webhooks"):
        CliRunner().invoke(cli, ["webhooks", "list", "--log", ":memory:"], catch_exceptions=False)
    with pytest.raises(DrumrollError, match="there is no log"):
        drumroll(tmp_path / "log", "add", "https://e.com/")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command_name", ["add", "list", "test", "replay", "rotate", "enable", "disable", "remove"])
def test_every_help_has_an_example_and_fits_the_screen(command_name: str) -> None:
    shown = CliRunner().invoke(cli, ["webhooks", command_name, "--help"]).output
    assert "Example" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_server_told_to_stop_ends_its_deliverer_and_leaves_its_log_as_one_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    output = tmp_path / "output"
    line = [
        sys.executable,
        "-m",
        "drumroll",
        "serve",
        str(LAUNCH),
        "--sandbox",
        "--log",
        str(log),
        "--port",
        free_port(),
    ]
    seen: list[Got] = []
    with receiver(lambda got: seen.append(got) or HANG) as hanging, output.open("wb") as out:
        server = subprocess.Popen(line, stdout=out, stderr=out)
        try:
            wait_for(lambda: b"Taking orders" in output.read_bytes())
            add(log, hanging.url, "--events", "sales.paused")
            note = tmp_path / "log-webhooks.lock"
            wait_for(lambda: note.exists() and note.read_bytes().endswith(b"\n"))
            held = msgspec.json.decode(note.read_bytes())
            assert runs(held["pid"])
            server.terminate()
            assert server.wait(10) == 0
            assert not runs(held["pid"])
            assert not (tmp_path / "log-wal").exists(), "somebody still read the log when the server closed it"
        finally:
            server.kill()
            server.wait()


LAUNCH = Path(__file__).parent.parent.parent / "launches" / "yu7.toml"
