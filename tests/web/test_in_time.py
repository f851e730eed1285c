"""A body is awaited for as long as is allowed, and what ends the waiting is told apart from what ends the request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from drumroll.web.in_time import InTime
from drumroll.web.problems import Problem

LIMIT_S, LIMIT_BYTES = 0.02, 64
Message = dict[str, Any]
Servers = Callable[[InTime, "Client"], Coroutine[Any, Any, bytes]]


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


class Client:
    """Who sends a body in parts: each is there when ``receive`` is called, or never comes."""

    def __init__(self, *parts: Message, coroutines: bool = False) -> None:
        self._parts = list(parts)
        self._coroutines = coroutines
        self.asked = asyncio.Event()
        self.given: list[asyncio.Future[Message]] = []

    def receive(self) -> Awaitable[Message]:
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.given.append(future)
        if self._parts:
            asyncio.get_running_loop().call_soon(future.set_result, self._parts.pop(0))
        else:
            self.asked.set()
        return self._awaiting(future) if self._coroutines else future

    async def _awaiting(self, future: asyncio.Future[Message]) -> Message:
        return await future


async def plain(watch: InTime, client: Client) -> bytes:
    """As the busiest routes read."""
    return await watch.read_body(None, client.receive, LIMIT_BYTES)


async def framed(watch: InTime, client: Client) -> bytes:
    """As a framework reads."""
    receive, body, more = watch.of(client.receive), b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    return body


both = pytest.mark.parametrize("read", [plain, framed])
of_both_kinds = pytest.mark.parametrize("coroutines", [False, True], ids=["futures", "coroutines"])


def run(work: Coroutine[Any, Any, None]) -> None:
    """To its end, after which nothing may be left running."""

    async def alone() -> None:
        await asyncio.wait_for(work, 20)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(alone())


@both
@of_both_kinds
def test_a_body_is_read_whole_in_one_part_or_more_and_nothing_of_it_is_kept(read: Servers, coroutines: bool) -> None:
    async def scene() -> None:
        watch = InTime(LIMIT_S)
        assert await read(watch, Client(part(b"one"), coroutines=coroutines)) == b"one"
        parts = part(b"on", more=True), part(b"", more=True), part(b"e")
        assert await read(watch, Client(*parts, coroutines=coroutines)) == b"one"
        assert len(watch) == 0

    run(scene())


@both
@of_both_kinds
@pytest.mark.parametrize("begun", [(), (part(b"{", more=True),)], ids=["none", "begun"])
def test_a_body_that_does_not_come_is_cut_off_and_its_request_goes_on(
    read: Servers, coroutines: bool, begun: tuple[Message, ...]
) -> None:
    async def scene() -> None:
        watch, client = InTime(LIMIT_S), Client(*begun, coroutines=coroutines)
        with pytest.raises(Problem, match="did not come within"):
            await read(watch, client)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0)  # as after any error, what answers may wait
        assert all(future.done() for future in client.given)
        assert len(watch) == 0

    run(scene())


@both
def test_a_body_that_trickles_is_cut_off_although_a_part_is_always_there(read: Servers) -> None:
    async def scene() -> None:
        watch, client = InTime(LIMIT_S), Client(*[part(b"", more=True)] * 1_000_000)
        with pytest.raises(Problem, match="did not come within"):
            await read(watch, client)

    run(scene())


@both
@of_both_kinds
def test_a_request_that_is_cancelled_stays_cancelled(read: Servers, coroutines: bool) -> None:
    async def scene() -> None:
        watch, client = InTime(60), Client(coroutines=coroutines)
        task = asyncio.create_task(read(watch, client))
        await client.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        assert len(watch) == 0

    run(scene())


@both
@of_both_kinds
def test_a_request_that_is_cancelled_when_it_is_cut_off_stays_cancelled(read: Servers, coroutines: bool) -> None:
    async def scene() -> None:
        watch, client = InTime(60), Client(coroutines=coroutines)
        task = asyncio.create_task(read(watch, client))
        await client.asked.wait()
        watch._tick()
        watch._tick()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(watch) == 0

    run(scene())


@both
def test_a_server_that_gives_a_body_up_ends_the_request_and_is_not_called_slow(read: Servers) -> None:
    async def scene() -> None:
        watch, client = InTime(60), Client()
        task = asyncio.create_task(read(watch, client))
        await client.asked.wait()
        client.given[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(scene())


def test_what_is_awaited_after_the_body_has_no_limit() -> None:
    async def scene() -> None:
        watch, client = InTime(LIMIT_S), Client(part(b"one"))
        receive = watch.of(client.receive)
        assert await receive() == part(b"one")
        gone = asyncio.ensure_future(receive())
        await client.asked.wait()
        assert len(watch) == 0
        client.given[1].set_result({"type": "http.disconnect"})
        assert await gone == {"type": "http.disconnect"}

    run(scene())


def test_the_clock_stands_still_while_no_body_is_awaited() -> None:
    async def scene() -> None:
        watch = InTime(LIMIT_S)
        assert await plain(watch, Client(part(b"one"))) == b"one"
        assert watch._ticking
        while watch._ticking:
            await asyncio.sleep(LIMIT_S)
        assert await plain(watch, Client(part(b"two"))) == b"two"
        assert watch._ticking

    run(scene())
