"""Commands as they are run in the tests, and logs written for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result

from drumroll.cli.main import cli
from drumroll.errors import DrumrollError
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog


class Command(msgspec.Struct, frozen=True):
    """``drumroll NAME``."""

    name: str

    def run(self, *words: object) -> Result:
        return CliRunner().invoke(cli, [self.name, *map(str, words)])

    def values(self, *words: object) -> Any:
        """The JSON that it prints."""
        result = self.run(*words, "--json", "-")
        assert result.exit_code == 0, result.output + str(result.exception)
        return json.loads(result.stdout)

    def refused(self, kind: type[DrumrollError], *words: object) -> str:
        """What it says where it refuses."""
        result = self.run(*words)
        assert isinstance(result.exception, kind), result.output + str(result.exception)
        return str(result.exception)


def written_log(path: Path, blocks: Sequence[Block]) -> Path:
    log = SqliteLog(path)
    log.append_all(blocks)
    log.close()
    return path
