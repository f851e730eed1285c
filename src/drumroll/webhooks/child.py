"""The deliverer as a child of the server: started once there is an endpoint, started again if it dies.

The child reads its standard input, on which nothing ever comes; its end is the end of the server, however that came.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

LOOK_EVERY_S = 0.5
AGAIN_S = 1.0
AGAIN_LIMIT_S = 60.0
LIVED_S = 60.0
"""A child that lived this long did not fail at its start: the next one is started without a longer wait."""

ENDS_WITHIN_S = 2.0


class Child:
    """Keeps ``command`` running while the file ``needs`` is there; it looks twice a second."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], needs: Path) -> None:
        self._command = command
        self._environment = environment
        self._needs = needs
        self._process: subprocess.Popen[bytes] | None = None
        self._wait_s = AGAIN_S

    @property
    def pid(self) -> int | None:
        """The process that delivers; ``None`` between two of them, and while there is no endpoint."""
        return self._process.pid if self._process is not None else None

    async def run(self) -> None:
        """Look after the child until cancelled; then end it."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await self._end()

    async def _look(self) -> None:
        if self._process is None and await asyncio.to_thread(self._needs.exists):
            began = monotonic()
            self._start()
            while self._process is not None and self._process.poll() is None:
                await asyncio.sleep(LOOK_EVERY_S)
            await self._end()
            self._wait_s = AGAIN_S if monotonic() - began > LIVED_S else min(self._wait_s * 2, AGAIN_LIMIT_S)
            await asyncio.sleep(self._wait_s)

    def _start(self) -> None:
        with suppress(OSError):
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=dict(self._environment))

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        until = monotonic() + ENDS_WITHIN_S
        while process.poll() is None and monotonic() < until:
            await asyncio.sleep(0.02)
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
