"""One endpoint's lane. What it can't take slows only itself: its own connections, its own pace, its own pauses.

New messages go out in windows: at most ``CONCURRENT`` at a time, those about one order one after another. Only when
every message of a window was delivered or noted as failed does the cursor move, in the same transaction. A window in
which nothing was delivered makes the next one a single message, after a pause that doubles: so an endpoint that is
down costs one attempt and one row each few minutes, and the rest of its backlog stays in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from drumroll.webhooks.endpoint import Endpoint, State, Stretch, Waiting
from drumroll.webhooks.feed import Feed
from drumroll.webhooks.messages import Message, chosen
from drumroll.webhooks.schedule import due_ms
from drumroll.webhooks.sender import ATTEMPT_S, Outcome, Sender
from drumroll.webhooks.store import Store

WINDOW = 64
"""The most messages between two moves of the cursor, and so the most that are repeated after a SIGKILL."""

CONCURRENT = 16
RETRIES_AT_ONCE = 4
PAUSE_S = 5
PAUSE_LIMIT_S = 300
OUTAGE_S = 60
"""After a pause this long, the first success has everything that waits tried at once."""

OUTAGE_FAILURES = 5
"""So many failures in a row are an outage too, where a deliverer starts and knows of no pause."""

POLL_S = 0.25


class Surroundings(msgspec.Struct, frozen=True):
    """What lanes share. ``chance`` gives a number from 0 up to 1; ``say`` tells the operator a sentence."""

    store: Store
    feed: Feed
    now_ms: Callable[[], int]
    chance: Callable[[], float]
    say: Callable[[str], None]
    poll_s: float = POLL_S
    attempt_s: float = ATTEMPT_S


class Lane:
    """Sends to one endpoint until that is given up; start another lane when its settings change."""

    def __init__(self, endpoint: Endpoint, around: Surroundings) -> None:
        self._endpoint = endpoint
        self._around = around
        self._wanted = chosen(endpoint.events)
        self._sender = Sender(endpoint, around.now_ms, around.attempt_s)
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._window = 1
        self._pause_s = OUTAGE_S if endpoint.failures >= OUTAGE_FAILURES else 0
        self._resumes_at_ms = 0
        self._succeeded_at_ms = endpoint.succeeded_at_ms
        self._over = False

    async def run(self) -> None:
        """Send what is new and what failed before, side by side; return when the endpoint is given up."""
        work = [asyncio.create_task(self._new()), asyncio.create_task(self._retries())]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._sender.close()

    async def _new(self) -> None:
        while not self._over:
            if not await self._advance_each():
                await asyncio.sleep(self._around.poll_s)

    async def _advance_each(self) -> bool:
        """A window of each stretch, so that a long replay does not hold up what is new. Whether anything was done."""
        moved = False
        for stretch in self._around.store.stretches(self._endpoint.id):
            if self._over or self._around.now_ms() < self._resumes_at_ms:
                return False
            moved |= await self._advance(stretch)
        return moved

    async def _advance(self, stretch: Stretch) -> bool:
        around = self._around
        batch = around.feed.batch(stretch.at, stretch.to_position, self._wanted, self._window)
        if batch.to == stretch.at:
            return False
        tried = await self._send(batch.messages)
        if self._over or self._gone([outcome for _, outcome, _ in tried]):
            return False
        failed = [
            (message.id, message.body, at_ms, due_ms(1, at_ms, around.chance, outcome.retry_after_s) or at_ms)
            for message, outcome, at_ms in tried
            if not outcome.delivered
        ]
        around.store.passed(self._endpoint.id, stretch, batch.to, failed)
        if tried:
            self._pace([outcome for _, outcome, _ in tried])
        await asyncio.sleep(0)
        return True

    async def _send(self, messages: list[Message]) -> list[tuple[Message, Outcome, int]]:
        """Each message with its outcome and the time of that; messages about one order in order."""
        chains: dict[str, list[Message]] = {}
        for message in messages:
            chains.setdefault(message.about or message.id, []).append(message)
        done = await asyncio.gather(*map(self._send_chain, chains.values()))
        return [tried for chain in done for tried in chain]

    async def _send_chain(self, chain: list[Message]) -> list[tuple[Message, Outcome, int]]:
        tried = []
        for message in chain:
            async with self._slots:
                outcome = await self._sender.send(message.id, message.body)
            tried.append((message, outcome, self._around.now_ms()))
        return tried

    def _pace(self, outcomes: list[Outcome]) -> None:
        """Faster after a window that went well, slower after a mixed one, a pause after one that failed as a whole."""
        good = self._note(outcomes)
        if good:
            self._recovered()
            whole = good == len(outcomes)
            self._window = min(self._window * 2, WINDOW) if whole else max(self._window // 2, 1)
            return
        self._window = 1
        self._pause_s = min(max(self._pause_s * 2, PAUSE_S), PAUSE_LIMIT_S)
        asked_s = min(max(outcome.retry_after_s for outcome in outcomes), PAUSE_LIMIT_S)
        self._resumes_at_ms = self._around.now_ms() + max(self._pause_s, asked_s) * 1000

    def _note(self, outcomes: list[Outcome]) -> int:
        """Note for the operator how attempts went; how many delivered."""
        store, now_ms = self._around.store, self._around.now_ms()
        good = [outcome for outcome in outcomes if outcome.delivered]
        bad = [outcome for outcome in outcomes if not outcome.delivered]
        if good:
            self._succeeded_at_ms = now_ms
            store.attempted(self._endpoint.id, now_ms, good[-1].words, 0)
        if bad:
            store.attempted(self._endpoint.id, now_ms, bad[-1].words, len(bad))
        return len(good)

    def _recovered(self) -> None:
        if self._pause_s >= OUTAGE_S:
            self._around.store.hurry(self._endpoint.id, self._around.now_ms())
        self._pause_s = self._resumes_at_ms = 0

    def _gone(self, outcomes: list[Outcome]) -> bool:
        """Whether the receiver said that it wants no more; then nothing moves, so that `enable` goes on right there."""
        if any(outcome.gone for outcome in outcomes):
            self._note(outcomes)
            self._give_up("disabled", "it answered 410 Gone")
        return self._over

    def _give_up(self, state: State, why: str) -> None:
        self._over = True
        self._around.store.give_up(self._endpoint, state, why)
        self._around.say(f"webhooks: {self._endpoint.id} ({self._endpoint.url}) is {state}: {why}")

    async def _retries(self) -> None:
        around = self._around
        while not self._over:
            due = around.store.due(self._endpoint.id, around.now_ms(), RETRIES_AT_ONCE)
            outcomes = await asyncio.gather(*(self._sender.send(waiting.id, waiting.body) for waiting in due))
            if due and not self._over:
                self._settle(due, outcomes)
            else:
                await asyncio.sleep(around.poll_s * 4)

    def _settle(self, due: list[Waiting], outcomes: list[Outcome]) -> None:
        for waiting, outcome in zip(due, outcomes, strict=True):
            if outcome.delivered:
                self._around.store.delivered(self._endpoint.id, waiting.id)
        if self._gone(outcomes):
            return
        if self._note(outcomes):
            self._recovered()
        for waiting, outcome in zip(due, outcomes, strict=True):
            if not outcome.delivered:
                self._failed_again(waiting, outcome)

    def _failed_again(self, waiting: Waiting, outcome: Outcome) -> None:
        around, attempts = self._around, waiting.attempts + 1
        due_at_ms = due_ms(attempts, around.now_ms(), around.chance, outcome.retry_after_s)
        around.store.failed_again(self._endpoint.id, waiting.id, attempts, due_at_ms)
        if due_at_ms is None and (self._succeeded_at_ms or 0) < waiting.first_at_ms and not self._over:
            self._give_up("failing", f"{attempts} attempts over days and not one success; the last: {outcome.words}")
