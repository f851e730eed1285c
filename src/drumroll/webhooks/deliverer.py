"""The deliverer: follows the log and keeps one lane an endpoint. It has its own process, apart from the desk."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from drumroll.webhooks.lane import Lane, Surroundings


class Deliverer:
    """Delivers until ``stop``. Whatever fails here (the log, its own file) ends it: start it again."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._lanes: dict[str, tuple[int, asyncio.Task[None]]] = {}
        self._seen = -1
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End soon. What is on its way is sent again next time."""
        self._stop.set()

    async def run(self) -> None:
        """Look at the log and at the endpoints a few times a second. Raises ``LogError`` or ``WebhooksFailed``."""
        try:
            while not self._stop.is_set():
                self._around.feed.refresh()
                await self._follow_changes()
                self._check()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), self._around.poll_s)
        finally:
            await self._end(list(self._lanes))

    async def _follow_changes(self) -> None:
        """Start and end lanes as endpoints were changed by others."""
        seen = self._around.store.changed()
        if seen == self._seen:
            return
        active = {each.id: each for each in self._around.store.endpoints() if each.state == "active"}
        running = {name: version for name, (version, _) in self._lanes.items()}
        await self._end(
            [name for name, version in running.items() if name not in active or active[name].version != version]
        )
        for endpoint in active.values():
            if endpoint.id not in self._lanes:
                lane = asyncio.create_task(Lane(endpoint, self._around).run())
                self._lanes[endpoint.id] = (endpoint.version, lane)
        self._seen = seen

    def _check(self) -> None:
        """Forget lanes that gave up; a lane that failed takes everything down, to be started afresh."""
        for name, (_, lane) in list(self._lanes.items()):
            if lane.done():
                del self._lanes[name]
                lane.result()

    async def _end(self, names: list[str]) -> None:
        lanes = [self._lanes.pop(name)[1] for name in names]
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
