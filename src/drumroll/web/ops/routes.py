"""The routes of the launch night's operations, in one list."""

from __future__ import annotations

from typing import Any

from drumroll.web.ops.limits import LIMIT_PAGES
from drumroll.web.ops.operators import OPERATOR_PAGES
from drumroll.web.ops.order_acts import ORDER_ACTS
from drumroll.web.ops.orders import ORDER_PAGES
from drumroll.web.ops.overview import OVERVIEW_PAGES
from drumroll.web.ops.people import PEOPLE_PAGES
from drumroll.web.ops.refunds import REFUND_PAGES
from drumroll.web.ops.trail import TRAIL_PAGES
from drumroll.web.ops.webhooks import WEBHOOK_PAGES

OPS_PAGES: list[Any] = [
    *OVERVIEW_PAGES,
    *ORDER_PAGES,
    *ORDER_ACTS,
    *LIMIT_PAGES,
    *REFUND_PAGES,
    *TRAIL_PAGES,
    *WEBHOOK_PAGES,
    *OPERATOR_PAGES,
    *PEOPLE_PAGES,
]
