"""Operators sign in: by name, password and a code, or as an OpenID provider says who they are.

A wrong name, password or code, a code that was used and a disabled account look the same from outside, and take the
same time (OWASP Authentication Cheat Sheet). Argon2 runs on two threads of its own: the event loop takes orders.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any

from drumroll.access.limits import Buckets, refuse
from drumroll.access.passwords import Passwords
from drumroll.access.roles import OPERATOR_NAME, Operator, Role
from drumroll.access.sealing import Seal
from drumroll.access.store import AccessStore, StoredOperator
from drumroll.access.totp import accepted_step, new_secret
from drumroll.errors import AccessFailed, NotSignedIn, TooMany

HASHES_AT_ONCE = 2
WAITING_LIMIT = 32
"""Sign-ins under way; one more is told to come back, before it costs anything."""
TRIES_AT_ONCE = 5
TRY_EVERY_S = 60
"""Then one try so often as a name, right ones not counted: in a day about 1,440 of 10^6 codes, a password in hand."""
NAMES_LIMIT = 10_000
BUSY_S = 2
NOT_IN = "name, password or code do not fit"

_log = logging.getLogger("drumroll")


class Accounts:
    """Lets operators in. ``seal`` opens the secrets of their codes."""

    def __init__(self, store: AccessStore, seal: Seal, passwords: Passwords | None = None) -> None:
        self._store, self._seal = store, seal
        self._passwords = passwords or Passwords()
        self._nobodys_secret = new_secret()
        self._tries = Buckets(1 / TRY_EVERY_S, TRIES_AT_ONCE, NAMES_LIMIT)
        self._places = BoundedSemaphore(WAITING_LIMIT)
        self._threads = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="argon2")

    def close(self) -> None:
        """Let what runs end, and take no more."""
        self._threads.shutdown(cancel_futures=True)

    async def sign_in(self, name: str, password: str, code: str, now_s: float) -> Operator:
        """Who it is.

        Raises:
            NotSignedIn: something does not fit; what, is not said.
            TooMany: this name was tried too often, or too many sign in at once.
            AccessFailed: the accounts can't be read.
        """
        tried = name if OPERATOR_NAME.fullmatch(name) else ""
        refuse(self._tries.take(tried, now_s))
        try:
            queued = self._queued(tried, password, code, now_s)
        except TooMany:
            self._tries.give_back(tried)
            raise
        found = await asyncio.wrap_future(queued)
        if found is None:
            raise NotSignedIn(NOT_IN)
        self._tries.give_back(tried)
        return found

    async def signed_in_by(self, oidc_subject: str) -> Operator:
        """Who it is that the operators' provider vouches for. Raises ``NotSignedIn``: no account of ours."""
        account = await asyncio.to_thread(self._store.operator_by_oidc, oidc_subject)
        if account is None or account.disabled:
            raise NotSignedIn("there is no account for this; an admin makes one by `drumroll operator add --oidc`")
        return Operator(account.name, Role(account.role))

    def _queued(self, *asked: Any) -> Future[Operator | None]:
        if not self._places.acquire(blocking=False):
            raise TooMany(f"too many sign in at once; ask again in {BUSY_S} s", BUSY_S)
        try:
            queued = self._threads.submit(self._check, *asked)
        except BaseException:
            self._places.release()
            raise
        queued.add_done_callback(lambda _: self._places.release())
        return queued

    def _check(self, name: str, password: str, code: str, now_s: float) -> Operator | None:
        """All of it, whatever is wrong: one hash and three codes, for an account that there is not too."""
        account = self._store.operator(name)
        fits = self._passwords.fits(account.password_hash if account else "", password)
        step = accepted_step(self._secret(account), code, now_s, account.last_totp_step if account else 0)
        if account is None or account.disabled or not fits or step is None:
            return None
        # Only one of two that send the same code at the same time gets in, in whichever process.
        if not self._store.take_step(name, step):
            return None
        if self._passwords.is_old(account.password_hash):
            self._store.rehash(name, account.password_hash, self._passwords.hash(password))
        return Operator(account.name, Role(account.role))

    def _secret(self, account: StoredOperator | None) -> str:
        if account is None or not account.totp_sealed:
            return self._nobodys_secret
        try:
            return self._seal.open(account.totp_sealed, account.name).decode()
        except AccessFailed:
            _log.warning(
                "the secret of %s's codes was sealed with another DRUMROLL_SECRET; "
                "`drumroll operator password %s` makes a new one",
                account.name,
                account.name,
            )
            return self._nobodys_secret
