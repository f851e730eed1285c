"""A publisher that a server started: how it ends."""

from __future__ import annotations

import subprocess
import sys

CHILD = (
    "import time; from drumroll.cli.log import _told; _told(with_parent=True); print('up', flush=True); time.sleep({})"
)


def child(seconds: float) -> subprocess.Popen[str]:
    command, pipe = [sys.executable, "-c", CHILD.format(seconds)], subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def test_it_ends_without_a_word_while_it_still_listens_to_its_parent() -> None:
    process = child(0.3)
    process.wait(20)  # its input stays open meanwhile
    assert (process.communicate()[1], process.returncode) == ("", 0)


def test_it_ends_when_its_parent_is_no_more() -> None:
    process = child(60)
    assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == 0
