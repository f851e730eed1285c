"""What signing in takes, in one value: who people are, how they are reached, what they may try, their sessions."""

from __future__ import annotations

import msgspec

from drumroll.access.accounts import Accounts
from drumroll.access.codes import Challenges
from drumroll.access.limits import Guard
from drumroll.access.oidc import Oidc
from drumroll.access.sealing import Seal
from drumroll.access.store import AccessStore
from drumroll.people.delivery import Delivery
from drumroll.people.outbox import Outbox
from drumroll.people.store import PeopleStore


class Entrance(msgspec.Struct, frozen=True):
    """The parts. ``seal`` closes what a browser keeps for us while it signs in.

    ``outbox`` is a sandbox's alone; ``oidc`` and ``operators_oidc`` are there if they are set up.
    """

    people: PeopleStore
    delivery: Delivery
    challenges: Challenges
    guard: Guard
    access: AccessStore
    accounts: Accounts
    seal: Seal
    operator_session_s: int
    outbox: Outbox | None = None
    oidc: Oidc | None = None
    operators_oidc: Oidc | None = None

    async def close(self) -> None:
        """Let what is under way end, and close the files."""
        await self.delivery.close()
        self.accounts.close()
        self.access.close()
        self.people.close()
