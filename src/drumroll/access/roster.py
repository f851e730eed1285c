"""Operators' accounts are made and changed: by ``drumroll operator``, and by an admin on the pages."""

from __future__ import annotations

from drumroll.access.passwords import Passwords, check_password
from drumroll.access.roles import OPERATOR, OPERATOR_NAME, Role
from drumroll.access.sealing import Seal
from drumroll.access.store import AccessStore, StoredOperator
from drumroll.access.totp import new_secret
from drumroll.errors import AccessFailed

OIDC_SUBJECT_LIMIT = 255
"""Characters of a subject, as OpenID Connect Core 1.0 has it."""


class Roster:
    """Changes to accounts; each ends the account's sessions. Everything raises ``AccessFailed``.

    It hashes passwords: never call it on the event loop.
    """

    def __init__(self, store: AccessStore, seal: Seal, passwords: Passwords | None = None) -> None:
        self._store, self._seal, self._passwords = store, seal, passwords or Passwords()

    def add(self, name: str, role: Role, password: str | None, oidc_subject: str, now_s: float) -> str:
        """A new account. The secret of its codes, to be shown once; empty for one without a password."""
        if not OPERATOR_NAME.fullmatch(name):
            raise AccessFailed(f"an operator's name: found {name!r}, allowed: 1 to 64 of A-Z, a-z, 0-9, _ and -")
        if len(oidc_subject) > OIDC_SUBJECT_LIMIT or not oidc_subject.isprintable():
            raise AccessFailed(f"an OpenID subject: allowed: up to {OIDC_SUBJECT_LIMIT} printable characters")
        if password is None and not oidc_subject:
            raise AccessFailed("an account needs a password or an OpenID subject; give one of them")
        hashed, sealed, secret = ("", b"", "") if password is None else self._hashed(name, password)
        self._store.add_operator(StoredOperator(name, role, hashed, sealed, oidc_subject, False, int(now_s)))
        return secret

    def role(self, name: str, role: Role) -> int:
        """Another role; how many sessions ended."""
        self.known(name)
        self._store.change_role(name, role)
        return self._end_sessions(name)

    def disable(self, name: str) -> int:
        """Let nobody in as ``name``; how many sessions ended."""
        self.known(name)
        self._store.change_disabled(name, disabled=True)
        return self._end_sessions(name)

    def enable(self, name: str) -> None:
        """Let ``name`` in again. What ended stays ended."""
        self.known(name)
        self._store.change_disabled(name, disabled=False)

    def password(self, name: str, password: str) -> tuple[str, int]:
        """Another password and another secret; the secret, to be shown once, and how many sessions ended."""
        self.known(name)
        hashed, sealed, secret = self._hashed(name, password)
        self._store.change_password(name, hashed, sealed)
        return secret, self._end_sessions(name)

    def known(self, name: str) -> StoredOperator:
        """The account of that name."""
        found = self._store.operator(name)
        if found is None:
            raise AccessFailed(f"there is no operator {name!r}; `drumroll operator list` shows those there are")
        return found

    def _end_sessions(self, name: str) -> int:
        return len(self._store.revoke_all(OPERATOR + name))

    def _hashed(self, name: str, password: str) -> tuple[str, bytes, str]:
        check_password(password, name)
        secret = new_secret()
        return self._passwords.hash(password), self._seal.seal(secret.encode(), name), secret
