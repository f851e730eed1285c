"""Every page's route, in one list: what the framework serves, and what a test walks through with every role."""

from __future__ import annotations

from typing import Any

from drumroll.web.ops.plan_routes import PLAN_AND_MONEY_PAGES
from drumroll.web.ops.routes import OPS_PAGES
from drumroll.web.pages.account import ACCOUNT_PAGES
from drumroll.web.pages.acting import ACTING_PAGES
from drumroll.web.pages.configure import configure_page
from drumroll.web.pages.language import LANGUAGE_PAGES
from drumroll.web.pages.operators_sign_in import OPERATORS_SIGN_IN_PAGES
from drumroll.web.pages.ordering import ORDERING_PAGES
from drumroll.web.pages.orders import ORDER_PAGES
from drumroll.web.pages.outbox import OUTBOX_PAGES
from drumroll.web.pages.paying import PAYING_PAGES
from drumroll.web.pages.reconfiguring import RECONFIGURING_PAGES
from drumroll.web.pages.room import ROOM_PAGES
from drumroll.web.pages.sign_in import SIGN_IN_PAGES

PAGE_ROUTES: list[Any] = [
    configure_page,
    *LANGUAGE_PAGES,
    *ORDERING_PAGES,
    *ORDER_PAGES,
    *ACTING_PAGES,
    *RECONFIGURING_PAGES,
    *PAYING_PAGES,
    *ACCOUNT_PAGES,
    *OPERATORS_SIGN_IN_PAGES,
    *OUTBOX_PAGES,
    *ROOM_PAGES,
    *SIGN_IN_PAGES,
    *OPS_PAGES,
    *PLAN_AND_MONEY_PAGES,
]
