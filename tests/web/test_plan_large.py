"""A plan of 100,000 orders, accepted by a real server while customers order: nobody is lost, and nothing twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drumroll import bootstrap
from drumroll.desk.desk import Desk
from drumroll.domain import events as ev
from drumroll.domain.launch_file import parse
from drumroll.log.sqlite import SqliteLog
from drumroll.settings import Settings
from tests.web.lives import OPENED_MS
from tests.web.planted import FIRST, group, last_day, plan, planted
from tests.web.servers import CLOCK, RealServer, order_headers
from tests.web.test_processes import Crowd, orders_in

ORDERS, WEEKLY = 100_000, 3_000
LAUNCH = planted(weekly=WEEKLY, dye=1_000, backlog=0, horizon_weeks=60)

pytestmark = pytest.mark.slow


def imported(number: int) -> ev.OrderImported:
    """A kite from elsewhere, locked before the plan was made."""
    return ev.OrderImported(
        order_id=f"ord_{number:020d}",
        reference=f"ref-{number}",
        customer=f"old-{number}",
        model="kite",
        trim="plain",
        options=("red",),
        region="north",
        price_minor=9_900,
        deposit_minor=2_000,
        payment_id=f"pay-{number}",
        state="locked",
        reserved_at_ms=OPENED_MS,
        firm_at_ms=OPENED_MS,
        locked_at_ms=OPENED_MS,
        cooling_off_s=None,
        digest=number.to_bytes(16, "big"),
    )


def filled(log_path: Path) -> int:
    """A log of that many orders; says where it ends."""
    clock = bootstrap.make_clock(Settings(sandbox=True, clock=CLOCK))
    assert clock is not None
    desk = Desk(SqliteLog(log_path), clock, "test")
    desk.start(parse(LAUNCH, "launch.toml"))
    assert desk.import_orders(tuple(imported(number) for number in range(ORDERS))) == ORDERS
    position = desk.position
    desk.close()
    return position


def weeks(server: RealServer, operator: str) -> list[int]:
    """How many orders the plant's weeks have."""
    found = server.get("/v1/operator/plan?weeks=520", operator).json()
    assert found["without_week"] == 0
    return [week["resources"][-1]["planned"] for week in found["weeks"]]


def test_a_plan_of_100_000_orders_is_accepted_while_orders_flow_and_nothing_is_lost(tmp_path: Path) -> None:
    position = filled(tmp_path / "o.drumroll")
    # Backwards, so that the plan tells everybody something else than their place would.
    ids = [f"ord_{number:020d}" for number in reversed(range(ORDERS))]
    some = range(0, ORDERS, WEEKLY)
    groups = [group(FIRST + at // WEEKLY, *ids[at : at + WEEKLY]) for at in some]
    body = json.dumps({"reason": "it must be", **plan(position, *groups)}).encode()
    with RealServer(tmp_path, launch=LAUNCH) as server:
        (operator,) = server.operators("grace")
        crowd = Crowd(server)
        crowd.start()
        crowd.wait_for(200)
        first = server.ask("POST", "/v1/operator/plans", order_headers(operator, "k"), body)
        again = server.ask("POST", "/v1/operator/plans", order_headers(operator, "k"), body)
        crowd.wait_for(400)
        crowd.stopped = True
        crowd.join()
        assert (first.status, again.body, again.headers["idempotent-replayed"]) == (200, first.body, "true")
        assert (set(crowd.statuses), crowd.refusals) == ({201}, [])
        load = weeks(server, operator)
        assert sum(load) == ORDERS + len(crowd.acknowledged)
        assert max(load) <= WEEKLY
        assert_told(server, operator, ids)
        assert server.end() == 0
    assert orders_in(server.log) == crowd.acknowledged
    with RealServer(tmp_path, launch=LAUNCH) as server:
        assert weeks(server, operator) == load
        assert_told(server, operator, ids)
        replay = server.ask("POST", "/v1/operator/plans", order_headers(operator, "k"), body)
        assert (replay.status, replay.body) == (200, first.body)


def assert_told(server: RealServer, operator: str, ids: list[str]) -> None:
    """What some of the orders show, and their histories, is what the plan says of them."""
    for at in (0, WEEKLY - 1, WEEKLY, ORDERS // 2, ORDERS - 1):
        read: Any = server.get(f"/v1/operator/orders/{ids[at]}", operator).json()
        until = last_day(FIRST + at // WEEKLY + 1)
        assert read["order"]["promise"]["now"]["until"] == until
        assert [one["what"] for one in read["history"]] == ["imported", "planned"]
        assert read["history"][-1]["facts"]["delivery_until"] == until
