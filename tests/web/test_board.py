"""The live board and its stream, health, metrics, documentation, and the files of the pages."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from drumroll.errors import AppendFailed, LogUnreadable
from drumroll.log.base import Block
from drumroll.log.memory import MemoryLog
from tests.web.house import House
from tests.web.lives import Life


def sold(house: House) -> None:
    """Two firm, one cancelled after it was firm, one reserved, one expired; and one of a model not on the board."""
    tokens = [house.session(name) for name in ("ada", "bob", "cyd")]
    expired = house.order(tokens[0], "e").json()["id"]
    house.pass_s(600)
    assert house.desk.book.orders[expired].state.value == "expired"
    ids = [house.order(token, "k").json()["id"] for token in tokens]
    for order_id in ids:
        house.pay(order_id, f"p-{order_id}")
    house.pass_s(5)
    house.cancel(tokens[2], ids[2], "c")
    house.order(tokens[1], "r", trim="rare")


def test_the_board_says_what_the_book_holds(house: House) -> None:
    sold(house)
    board = house.get("/v1/board").json()
    assert board["totals"] == {
        "reserved": 1,
        "firm": 2,
        "locked": 0,
        "converted": 0,
        "expired": 1,
        "cancelled": 1,
        "forfeited": 0,
    }
    assert board["position"] == house.log.head()
    assert [
        (row["trim"], row["reserved"], row["firm"], row["expired"], row["cancelled"]) for row in board["trims"]
    ] == [
        ("plain", 0, 2, 1, 1),
        ("rare", 1, 0, 0, 0),
    ]
    assert [row["cap"] for row in board["trims"]] == [None, 1]
    assert board["milestones"] == [{"firm": 2, "at": "2026-05-01T12:10:30.000+02:00", "after_s": 630.0}]
    assert board["next_milestone"] == 5
    assert board["curve"] == [[630, 3], [635, 2]]
    assert board["rate_per_s"] == 0.3, "of the last ten whole seconds: the cancellation is of the one that runs"
    assert (board["now"], board["opens_at"]) == ("2026-05-01T12:10:35.000+02:00", "2026-05-01T12:00:00.000+02:00")


def test_a_model_that_is_not_the_nights_is_not_on_the_board(house: House) -> None:
    house.pass_s(24 * 3600)
    order_id = house.order(house.session("ada"), "k", "balloon", "red").json()["id"]
    house.pay(order_id, "p")
    assert house.get("/v1/board").json()["totals"]["firm"] == 0


def viewer(house: House) -> AsyncIterator[bytes]:
    stream: AsyncIterator[bytes] = house.server.web.stream.admit()
    return stream


def board_in(event: bytes) -> Any:
    assert event.endswith(b"\n\n")
    lines = event.decode().splitlines()
    assert "event: board" in lines
    (data,) = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return json.loads(data)


async def first_then_next(viewers: list[AsyncIterator[bytes]], publish: Any) -> list[bytes]:
    await asyncio.gather(*(anext(one) for one in viewers))
    coming = [asyncio.ensure_future(anext(one)) for one in viewers]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await publish()
    return list(await asyncio.gather(*coming))


def test_every_viewer_gets_the_same_events_and_they_are_the_board(house: House) -> None:
    sold(house)
    events = house.run(first_then_next([viewer(house) for _ in range(3)], house.server.web.stream._publish))
    assert len(set(events)) == 1
    assert board_in(events[0]) == house.get("/v1/board").json()


def test_one_view_is_made_for_all_viewers(house: House) -> None:
    stream = house.server.web.stream
    made = 0
    view = stream._view

    def counted() -> Any:
        nonlocal made
        made += 1
        return view()

    stream._view = counted
    house.run(first_then_next([viewer(house) for _ in range(5)], stream._publish))
    assert made == 5 + 1


def test_a_viewer_who_goes_away_is_counted_off(house: House) -> None:
    stream = house.server.web.stream
    first, second = viewer(house), viewer(house)
    house.run(anext(first))
    house.run(anext(second))
    assert stream.viewers == 2
    house.run(first.aclose())  # type: ignore[attr-defined]
    assert stream.viewers == 1
    waiting = house.loop.create_task(anext(second))  # type: ignore[arg-type]
    house.run(asyncio.sleep(0))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        house.run(waiting)
    assert stream.viewers == 0


def test_the_stream_ends_when_the_server_drains(house: House) -> None:
    async def watched() -> int:
        stream = house.server.web.stream
        seen = viewer(house)
        await anext(seen)
        rest = asyncio.ensure_future(_count(seen))
        await asyncio.sleep(0)
        await stream.close()
        return await asyncio.wait_for(rest, 1)

    assert house.run(watched()) == 0


async def _count(events: AsyncIterator[bytes]) -> int:
    return len([event async for event in events])


def test_a_viewer_too_many_is_a_503() -> None:
    with House(viewers_limit=1) as house:
        seen = viewer(house)
        house.run(anext(seen))
        answer = house.get("/v1/board/events")
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "too_many_viewers", "5")
        assert house.get("/v1/board").status == 200


class FailingLog(MemoryLog):
    """Refuses blocks while ``full``; can't be read either while ``gone``."""

    full = False
    gone = False

    def append(self, block: Block) -> None:
        if self.full or self.gone:
            raise AppendFailed("the disk is full")
        super().append(block)

    def read(self, from_position: int = 1) -> Any:
        if self.gone:
            raise LogUnreadable("the disk is gone")
        return super().read(from_position)


def test_while_the_log_takes_nothing_orders_are_a_503_reads_go_on_and_health_says_why() -> None:
    log = FailingLog()
    with House(log) as house:
        token = house.session("ada")
        order_id = house.order(token, "k").json()["id"]
        assert house.get("/healthz").json()["status"] == "open"
        log.full = True
        for key in ("k2", "k3"):
            answer = house.order(token, key)
            assert (answer.status, answer.code) == (503, "desk_closed")
            assert int(answer.headers["retry-after"]) >= 1
        assert house.pay(order_id, "p").code == "desk_closed"
        assert house.cancel(token, order_id, "c").code == "desk_closed"
        assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "reserved"
        assert house.get("/v1/board").json()["totals"]["reserved"] == 1
        health = house.get("/healthz")
        assert (health.status, health.json()["status"]) == (503, "closed")
        assert "the disk is full" in health.json()["because"]
        log.full = False
        assert house.desk.reopen()
        assert house.order(token, "k2").status == 201
        assert house.get("/healthz").status == 200


def test_while_the_log_cannot_be_read_nothing_is_shown_that_may_not_be_durable() -> None:
    log = FailingLog()
    with House(log) as house:
        token = house.session("ada")
        order_id = house.order(token, "k").json()["id"]
        house.pay(order_id, "p")
        seen = viewer(house)
        log.gone = True
        house.cancel(token, order_id, "c")
        for path in (f"/v1/orders/{order_id}", "/v1/board", "/v1/launch", "/v1/board/events"):
            assert house.get(path, token).code == "desk_closed", path
        assert house.run(anext(seen)).startswith(b"retry: 2000\n:"), "an event of a book that is ahead of the log"
        assert "drumroll_orders" not in house.get("/metrics").body.decode()
        assert paid_while_closed(house) == []
        log.gone = False
        assert house.desk.reopen()
        assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "firm"


def paid_while_closed(house: House) -> list[str]:
    paid: list[str] = []

    class Counting:
        async def refund(self, refund_id: str, payment_id: str, amount_minor: int, currency: str) -> None:
            paid.append(payment_id)

    paying = house.loop.create_task(house.server.service.pay_refunds(Counting()))  # type: ignore[arg-type]
    house.run(asyncio.sleep(0.01))
    paying.cancel()
    return paid


def test_metrics_are_prometheus_text_and_agree_with_the_book(house: House) -> None:
    sold(house)
    answer = house.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    assert all(family.documentation for family in families.values())
    orders = {
        (sample.labels["model"], sample.labels["trim"], sample.labels["state"]): sample.value
        for sample in families["drumroll_orders"].samples
    }
    assert orders["kite", "plain", "firm"] == 2
    assert orders["kite", "rare", "reserved"] == 1
    assert sum(orders.values()) == len(house.desk.book.orders)
    values = {name: family.samples[0].value for name, family in families.items() if len(family.samples) == 1}
    assert values["drumroll_log_position"] == house.log.head()
    assert (values["drumroll_desk_open"], values["drumroll_refunds_owed"]) == (1, 1)
    assert values["drumroll_commands"] == house.desk.meter.commands


def test_health_says_when_the_server_stops(house: House) -> None:
    house.desk.draining = True
    assert (house.get("/healthz").status, house.get("/healthz").json()["status"]) == (503, "draining")
    answer = house.order(house.session("ada"), "k")
    assert (answer.code, answer.headers["retry-after"]) == ("desk_closed", "5")
    assert house.get("/v1/board").status == 200


@pytest.mark.parametrize("path", ["/board", "/docs"])
def test_a_page_needs_no_other_host_and_its_files_are_served(house: House, path: str) -> None:
    page = house.get(path)
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    html = page.body.decode()
    assert "<!doctype html>" in html.lower()
    files = re.findall(r"""(?:src|href)=["']([^"']+)["']""", html)
    assert files
    for name in files:
        assert name.startswith("/"), f"{name} is on another host"
        assert not name.startswith("//")
        served = house.get(name)
        assert served.status == 200, name
        assert len(served.body) > 100
    assert not re.findall(r"""(?:@import|url\()\s*["']?https?:""", html)


def test_the_page_of_the_board_may_run_its_own_scripts_only(house: House) -> None:
    policy = house.get("/board").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in house.get("/board").body.decode()
    assert (house.get("/").status, house.get("/").headers["location"]) == (302, "/board")


def test_the_launch_says_what_is_sold_and_when(house: House) -> None:
    launch = house.get("/v1/launch").json()
    assert (launch["id"], launch["currency"], launch["hold_s"], launch["orders_per_customer"]) == (
        "kites",
        "EUR",
        600,
        2,
    )
    assert [(model["id"], model["opens_at"]) for model in launch["models"]] == [
        ("kite", "2026-05-01T12:00:00.000+02:00"),
        ("balloon", "2026-05-02T12:00:00.000+02:00"),
        ("wing", "2026-04-01T12:00:00.000+02:00"),
    ]
    assert launch["models"][0]["trims"][1] == {"id": "rare", "name": "Rare", "price_minor": 49_900, "cap": 1}


def lived(life: Life) -> None:
    """One order each: reserved, firm, locked, delivered, forfeited, cancelled, converted, and back from that."""
    life.reserved("ada")
    life.firm("bob")
    life.locked("cyd")
    life.moved(life.locked("dan"), "scheduled", "in_production", "built", "in_transit", "delivered")
    life.both_steps("eve", life.locked("eve"), "cancel")
    life.act("fay", life.firm("fay"), "cancel")
    life.both_steps("gil", life.firm("gil"), "convert", {"model": "wing", "trim": "grey"})
    back = life.firm("hal")
    life.both_steps("hal", back, "convert", {"model": "balloon", "trim": "round"})
    life.both_steps("hal", back, "convert", {"model": "kite", "trim": "plain"})


def test_the_board_counts_locked_and_forfeited_apart_and_who_went_elsewhere_no_more() -> None:
    with Life() as life:
        lived(life)
        board = life.get("/v1/board").json()
        assert board["totals"] == {
            "reserved": 1,
            "firm": 4,
            "locked": 2,
            "converted": 0,
            "expired": 0,
            "cancelled": 1,
            "forfeited": 1,
        }
        for name, number in board["totals"].items():
            assert sum(row[name] for row in board["trims"]) == number
        assert board["curve"][-1][1] == 4


def test_the_money_of_the_metrics_adds_up() -> None:
    with Life() as life:
        lived(life)
        text = life.get("/metrics").body.decode()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        (received,) = families["drumroll_money_in_minor"].samples
        pots = {sample.labels["pot"]: sample.value for sample in families["drumroll_money_minor"].samples}
        assert sum(pots.values()) == received.value == 7 * 2_000
        assert pots == {"held": 7_000, "owed": 3_000, "refunded": 0, "forfeited": 2_000, "applied": 2_000}
