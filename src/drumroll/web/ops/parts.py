"""What operations need of a server beside what every page does: put together by ``bootstrap``."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from drumroll.access.roster import Roster
from drumroll.web.ops.pulse import Pulse
from drumroll.webhooks.store import Store


class Operations(msgspec.Struct, frozen=True):
    """The parts. ``webhooks`` opens the endpoints' file (raises ``WebhooksFailed``); ``None``: a log in memory."""

    pulse: Pulse
    roster: Roster
    webhooks: Callable[[], Store] | None = None
