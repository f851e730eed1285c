from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drumroll.log.base import Log
from drumroll.log.sqlite import SqliteLog
from tests.log.contract import LogContract


class TestSqliteLog(LogContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Callable[[], Log]]:
        logs: list[Log] = []

        def opened() -> Log:
            logs.append(SqliteLog(tmp_path / "night.log"))
            return logs[-1]

        yield opened
        for log in logs:
            log.close()
