from __future__ import annotations

from collections.abc import Callable

import pytest

from drumroll.errors import DamagedLog
from drumroll.log.base import Log
from drumroll.log.memory import MemoryLog
from tests.log.blocks import block
from tests.log.contract import LogContract


class TestMemoryLog(LogContract):
    @pytest.fixture
    def opened(self) -> Callable[[], Log]:
        bodies: list[bytes] = []
        return lambda: MemoryLog(bodies)


def test_a_flipped_bit_is_named() -> None:
    log = MemoryLog()
    log.append(block(1))
    log.append(block(2))
    log.bodies[1] = log.bodies[1][:-1] + bytes([log.bodies[1][-1] ^ 1])
    reading = log.read()
    assert next(reading) == block(1)
    with pytest.raises(DamagedLog, match="block 2 is damaged: its checksum"):
        next(reading)
