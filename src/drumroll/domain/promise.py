"""A promise: the weeks in which an order is to be delivered, as it was said to a customer and stands in the log."""

from __future__ import annotations

from typing import Literal

import msgspec

from drumroll.domain.launch import Launch
from drumroll.domain.launch_capacity import Cliff
from drumroll.domain.weeks import monday, sunday


class Promise(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Delivery in one of the weeks ``first_week`` to ``last_week``; by ``sure_week`` with near certainty.

    ``build_week`` is the week in which it is planned to be built. ``short`` is the resource for want of which it is
    no earlier ("": none is; it is the first week there is). Weeks are numbers as in ``weeks``.
    """

    build_week: int
    first_week: int
    last_week: int
    sure_week: int
    short: str = ""


class Planned(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a plan promises to some orders."""

    promise: Promise
    order_ids: tuple[str, ...]


class Crossing(msgspec.Struct, frozen=True):
    """A promise and a day that matters: it ``may`` or it ``will`` be delivered after that."""

    cliff: Cliff
    crossing: Literal["may", "will"]


def crossings(launch: Launch, model: str, promise: Promise) -> tuple[Crossing, ...]:
    """The days that matter that it ``will`` miss (it is planned or promised after them), or ``may``.

    Whatever may come later than that day with more than the small chance that ``sure_week`` leaves is warned of.
    """
    planned = monday(max(promise.first_week, promise.build_week))
    return tuple(
        Crossing(cliff, "will" if planned > cliff.last_day else "may")
        for cliff in launch.cliffs
        if (not cliff.models or model in cliff.models) and sunday(promise.sure_week) > cliff.last_day
    )


def in_words(promise: Promise) -> str:
    """The promised weeks as days.

    >>> in_words(Promise(105690, 105691, 105694, 105696))
    '2026-08-10 to 2026-09-06'
    """
    return f"{monday(promise.first_week)} to {sunday(promise.last_week)}"


def weeks_late(promise: Promise, delivered_week: int) -> int:
    """How many weeks after the promised ones it was delivered; 0: the promise was kept."""
    return max(0, delivered_week - promise.last_week)
