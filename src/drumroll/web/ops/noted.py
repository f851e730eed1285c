"""What operators did beside the order log: noted with the accounts, for the audit trail.

Accounts, webhooks and what is known of people are no orders, so the log has nothing of them.
"""

from __future__ import annotations

import asyncio

from drumroll.access.store import NotedDeed
from drumroll.errors import AccessFailed
from drumroll.web.context import Web
from drumroll.web.ops.base import Seen
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

SHOWN = 500
NAMES: dict[str, str] = {
    "/ops/operators/add": worded("Account made"),
    "/ops/operators/account/password": worded("Password set anew"),
    "/ops/operators/account/role": worded("Role changed"),
    "/ops/operators/account/disable": worded("Account disabled"),
    "/ops/operators/account/enable": worded("Account enabled"),
    "/ops/operators/session/end": worded("Session ended"),
    "/ops/webhooks/add": worded("Endpoint added"),
    "/ops/webhooks/retry": worded("Failed messages tried again"),
    "/ops/webhooks/disable": worded("Endpoint disabled"),
    "/ops/webhooks/enable": worded("Endpoint enabled"),
    "/ops/webhooks/rotate": worded("Endpoint given a new secret"),
    "/ops/webhooks/remove": worded("Endpoint removed"),
    "/ops/people/export": worded("Data of a person exported"),
    "/ops/people/erase": worded("Person erased"),
}


async def note(web: Web, seen: Seen, what: str, about: str, reason: str = "") -> None:
    """Write it down. Raises ``Problem`` if that can't be done."""
    deed = NotedDeed(web.now_ms, seen.operator.name, what, about, reason)
    try:
        await asyncio.to_thread(web.entrance.access.note, deed)
    except AccessFailed as error:
        raise Problem("access_unavailable", "What was done could not be noted.", retry_after_s=1) from error


def name_of_deed(what: str, words: Words) -> str:
    """What was done, in words."""
    return words.say(NAMES[what]) if what in NAMES else what
