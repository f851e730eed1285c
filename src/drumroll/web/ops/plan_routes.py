"""The routes of plans and money, in one list."""

from __future__ import annotations

from typing import Any

from drumroll.web.ops.jobs_pages import JOB_PAGES
from drumroll.web.ops.money import LEDGER_PAGES
from drumroll.web.ops.money_market import MARKET_PAGES
from drumroll.web.ops.money_outlook import OUTLOOK_PAGES
from drumroll.web.ops.plan import PLAN_PAGES
from drumroll.web.ops.whatif import WHATIF_PAGES

PLAN_AND_MONEY_PAGES: list[Any] = [*JOB_PAGES, *PLAN_PAGES, *WHATIF_PAGES, *LEDGER_PAGES, *OUTLOOK_PAGES, *MARKET_PAGES]
