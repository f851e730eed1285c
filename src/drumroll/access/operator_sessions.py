"""Operators' sessions: how one is made, and who somebody is by it now. An account's role wins over the token's."""

from __future__ import annotations

import secrets

from drumroll.access.roles import Operator, Role, subject_of
from drumroll.access.sessions import Session, Sessions
from drumroll.access.store import AccessStore
from drumroll.errors import AccessFailed, NotSignedIn


def new_sid() -> str:
    """128 random bits, which name a session and let nobody in."""
    return secrets.token_hex(16)


def token_for(
    sessions: Sessions, store: AccessStore | None, asked: Operator, now_s: float, session_s: int, label: str = ""
) -> str:
    """A token for somebody who has the server's secret; with a ``label`` it is listed, if there is an account.

    Without an account of that name the role is the one asked for. Raises ``AccessFailed``: the account is disabled.
    """
    account, expires_s = store.operator(asked.name) if store else None, int(now_s) + session_s
    if store is None or account is None:
        return sessions.issue(subject_of(asked.name, asked.role), expires_s)
    if account.disabled:
        raise AccessFailed(f"{asked.name} is disabled; `drumroll operator enable {asked.name}` lets them in again")
    subject, sid = subject_of(account.name, Role(account.role)), new_sid() if label else ""
    if sid:
        store.add_session(sid, subject, int(now_s), expires_s, label)
    return sessions.issue(subject, expires_s, sid)


def standing(store: AccessStore | None, session: Session, said: Operator) -> Operator:
    """Who it is now: with the account's role, if there is an account.

    Raises:
        NotSignedIn: the session was ended, or the account disabled, since the token was made.
        AccessFailed: that can't be read.
    """
    if store is None:
        return said
    if session.sid and not store.stands(session.sid):
        raise NotSignedIn("this session has ended; sign in again")
    account = store.operator(said.name)
    if account is None:
        return said
    if account.disabled:
        raise NotSignedIn("this account is disabled")
    return Operator(account.name, Role(account.role))
