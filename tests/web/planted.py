"""A server with a launch that promises: a plant, limits that overlap, older orders, a cliff, regions with lead times.

Without uncertainty unless a test wants some, so that weeks can be counted by hand. It is the week of ``NOW``; nothing
before ``FIRST`` can be planned.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from drumroll.domain.promise import Promise
from drumroll.domain.weeks import monday, week_of_day
from tests.web.house import Answer
from tests.web.lives import LIVES, Life

NOW = week_of_day(date(2026, 5, 1))
FIRST = NOW + 2
WEEK_S = 7 * 86_400
PLANT = """
[promise]
{rules}

[[plant]]
id = "loft"
name = "the loft"
models = ["kite", "balloon"]
weeks = [{{ from = 2026-05-04, capacity = {weekly} }}]

[[limit]]
id = "dye"
name = "blue dye"
models = ["kite"]
choices = ["blue"]
weeks = [{{ from = 2026-05-04, capacity = {dye} }}]

[[limit]]
id = "frames"
name = "rare frames"
trims = ["rare"]
weeks = [{{ from = 2026-05-04, capacity = 1 }}]

[[backlog]]
model = "kite"
trim = "plain"
orders = {backlog}

[[cliff]]
id = "fair"
name = "the kite fair"
last_day = 2026-06-07
models = ["kite"]
"""
RULES = {"width_weeks": 2, "frozen_weeks": 2, "horizon_weeks": 12}
UNSURE = {"spread_percent": 30, "spread_weeks": 4, "cancel_percent": [0, 10], "ramp_late_weeks": 2}


def planted(weekly: int = 4, dye: int = 2, backlog: int = 3, **rules: Any) -> str:
    """The launch file. North is a week away, south two; nobody builds wings."""
    said = "\n".join(f"{name} = {_toml(value)}" for name, value in {**RULES, **rules}.items())
    text = LIVES.replace("orders_per_customer = 3", "orders_per_customer = 100").replace("cap = 1\n", "")
    text = text.replace('name = "North"', 'name = "North"\nlead_days = 3')
    text = text.replace('name = "South"', 'name = "South"\nlead_days = 10')
    return text + PLANT.format(rules=said, weekly=weekly, dye=dye, backlog=backlog)


def _toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


class Loft(Life):
    """``Life`` on that launch."""

    def __init__(self, *args: Any, launch: str = "", weekly: int = 4, **settings: Any) -> None:
        rules = {name: settings.pop(name) for name in list(settings) if name in _OF_LAUNCH}
        super().__init__(*args, launch=launch or planted(weekly, **rules), **settings)

    def quoted(self, model: str = "kite", trim: str = "plain", **more: Any) -> Any:
        """A quote that there is."""
        answer = self.asked(model=model, trim=trim, **more)
        assert answer.status == 200, answer
        return answer.json()

    def asked(self, **query: Any) -> Answer:
        return self.get(f"/v1/quotes?{urlencode(query, doseq=True)}")

    def ordered(self, customer: str = "ada", model: str = "kite", trim: str = "plain", **more: Any) -> Any:
        """The answer to a new order."""
        answer = self.send(self.token(customer), "/v1/orders", {"model": model, "trim": trim, **more})
        assert answer.status == 201, answer
        return answer.json()

    def promised(self, order_id: str) -> Promise:
        """What holds, in the book."""
        promise = self.desk.book.orders[order_id].promise
        assert promise is not None
        return promise

    def plan(self, *groups: dict[str, Any], **more: Any) -> Answer:
        """Have a plan accepted, or not."""
        return self.does("plans", plan(self.desk.position, *groups, **more))


_OF_LAUNCH = {*RULES, *UNSURE, "dye", "backlog", "refuse_unpromised", "kept_percent", "sure_percent", "policy"}


def plan(based_on: int, *groups: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A plan as ``drumroll plan --out`` writes it, with a name of its own."""
    name = hashlib.sha256(repr((based_on, groups)).encode()).hexdigest()[:16]
    return {"plan": name, "policy": "strict", "based_on": based_on, "groups": list(groups), **more}


def group(week: int, *order_ids: str, lead: int = 1, **more: Any) -> dict[str, Any]:
    """Orders that are to be built in a week."""
    weeks = {"build_week": week, "first_week": week + lead - 1, "last_week": week + lead, "sure_week": week + lead}
    return {**weeks, "order_ids": list(order_ids), **more}


def days(promise: Promise) -> dict[str, str]:
    """The days of a promise, by a calendar of its own."""
    return {
        "from": first_day(promise.first_week),
        "until": last_day(promise.last_week),
        "sure_by": last_day(promise.sure_week),
    }


def first_day(week: int) -> str:
    return (date(1, 1, 1) + timedelta(weeks=week)).isoformat()


def last_day(week: int) -> str:
    return (date(1, 1, 1) + timedelta(weeks=week, days=6)).isoformat()


def day_of(week: int, weekday: int = 0) -> str:
    """A day of a week, as operators send it."""
    return (monday(week) + timedelta(days=weekday)).isoformat()
