"""The operators' routes about weeks: capacity, pins, plans. Plans are made by ``drumroll plan``, beside the server."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from drumroll.access.roles import Permission
from drumroll.domain import commands as cmd
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.weeks import week_of_day
from drumroll.web import messages_promise as messages
from drumroll.web.context import Parts
from drumroll.web.hot import taken
from drumroll.web.operators import Asking, Done, Key, OrderId, do, doing, reads, receipt, writes
from drumroll.web.problems import Problem
from drumroll.web.promises import plan_view

PLAN_LIMIT_BYTES = 64 * 1024 * 1024
WEEKS_SHOWN = 26
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@post("/v1/operator/capacity", summary="Change a capacity", **writes(Permission.PLAN))
async def set_capacity(web: Parts, request: Asking, data: JSONBody[messages.NewCapacity], key: Key = None) -> Done:
    """Of a plant or limit, from this week on or later. What was promised stands until another plan is accepted."""
    by = await doing(web, request)
    if (data.percent is None) == (data.weekly is None):
        raise Problem("invalid_body", "percent, weekly: send one of the two.")
    weeks = week_of_day(_day("from", data.from_day)), week_of_day(_day("until", data.until))
    how = (data.percent, data.weekly)
    command = cmd.SetCapacity(data.resource or "", *weeks, *how, by.operator, data.reason, by.key, by.fingerprint)
    return await do(web, command, "capacity", by)


@post("/v1/operator/orders/{order_id:str}/pin", summary="Give an order its week", **writes(Permission.ACT_ON_ORDERS))
async def pin(web: Parts, request: Asking, order_id: OrderId, data: JSONBody[messages.Pin], key: Key = None) -> Done:
    """The week in which it is built, whatever a plan says; or let go of it."""
    by = await doing(web, request)
    week = None if data.build_week is None else week_of_day(_day("build_week", data.build_week))
    command = cmd.PinOrder(order_id, week, by.operator, data.reason, by.key, by.fingerprint)
    return await do(web, command, "unpinned" if week is None else "pinned", by)


@post("/v1/operator/plans", summary="Accept a plan", request_max_body_size=PLAN_LIMIT_BYTES, **writes(Permission.PLAN))
async def accept_plan(web: Parts, request: Asking, data: JSONBody[messages.NewPlan], key: Key = None) -> Done:
    """As ``drumroll plan --out`` wrote it: all of it holds from now on, or (409, 422) nothing of it."""
    by = await doing(web, request)
    if data.based_on > web.desk.position:
        detail = f"based_on: found {data.based_on}, but the log ends at block {web.desk.position}: it is another log's."
        raise Problem("invalid_plan", detail)
    groups = tuple(
        Planned(
            Promise(group.build_week, group.first_week, group.last_week, group.sure_week, group.short),
            tuple(group.order_ids),
        )
        for group in data.groups
    )
    command = cmd.AcceptPlan(
        data.plan, data.policy, data.based_on, groups, by.operator, data.reason, by.key, by.fingerprint
    )
    reply = taken(await web.hot.queued(command))
    done: Any = web.hot.done(by.key)
    what = f"plan accepted, {done.event.orders} orders promised anew"
    return receipt(web, what, by, done.at_ms, replayed=not reply.events)


@get("/v1/operator/plan", summary="Capacity and load by week", **reads(Permission.SEE))
def read_plan(
    web: Parts, request: Asking, weeks: Annotated[int, QueryParameter(ge=1, le=520)] = WEEKS_SHOWN
) -> messages.PlanView:
    """From the current week on, with the plans that were accepted."""
    _ = web.launch
    return plan_view(web.desk.book, web.now_ms, weeks)


def _day(field: str, text: str) -> date:
    try:
        if not DAY.fullmatch(text):
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Problem("invalid_body", f"{field}: found {text!r}, allowed: a day like 2025-08-04.") from error
    if not 2000 <= day.year <= 2199:
        raise Problem("invalid_body", f"{field}: found {text!r}, allowed: a year from 2000 to 2199.")
    return day


PLAN_ROUTES = [set_capacity, pin, accept_plan, read_plan]
