"""Who lacks the password, the code or the account gets in by none of the others, and learns nothing by trying."""

from __future__ import annotations

import asyncio
import hmac
import logging
import struct
import threading
from base64 import b32decode
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from drumroll.access.accounts import HASHES_AT_ONCE, TRIES_AT_ONCE, TRY_EVERY_S, WAITING_LIMIT, Accounts
from drumroll.access.operator_sessions import standing, token_for
from drumroll.access.passwords import LENGTH_LEAST, LENGTH_MOST, Passwords, check_password
from drumroll.access.roles import Operator, Role
from drumroll.access.roster import Roster
from drumroll.access.sealing import Seal, derived_key
from drumroll.access.sessions import Sessions
from drumroll.access.store import AccessStore
from drumroll.access.totp import accepted_step, new_secret, provisioning_uri
from drumroll.errors import AccessFailed, NotSignedIn, TooMany

NOW_S = 1_777_629_630
GOOD = "four words do well"


class Counting(PasswordHasher):
    """A hasher that is cheap, and counts: what a check costs from outside is its hashes."""

    def __init__(self, memory_kib: int = 8) -> None:
        super().__init__(time_cost=1, memory_cost=memory_kib, parallelism=1)
        self.checks, self.at_once, self.most = 0, 0, 0
        self.held: threading.Event | None = None
        self._lock = threading.Lock()

    def verify(self, *asked: Any) -> Any:
        with self._lock:
            self.checks, self.at_once = self.checks + 1, self.at_once + 1
            self.most = max(self.most, self.at_once)
        try:
            if self.held is not None:
                self.held.wait(10)
            return super().verify(*asked)
        finally:
            with self._lock:
                self.at_once -= 1


def code_at(secret: str, now_s: float) -> str:
    """RFC 6238 as it stands there, sharing nothing with the library."""
    digest = hmac.new(b32decode(secret), struct.pack(">Q", int(now_s) // 30), sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


class Desk:
    """Accounts, with one operator ``grace``."""

    def __init__(self, path: Path) -> None:
        self.store, self.hasher = AccessStore(path), Counting()
        self.seal = Seal(derived_key(bytes(32), "totp"))
        self.roster = Roster(self.store, self.seal, Passwords(self.hasher))
        self.accounts = Accounts(self.store, self.seal, Passwords(self.hasher))
        self.secret = self.roster.add("grace", Role.FINANCE, GOOD, "", NOW_S)

    def sign_in(
        self, name: str = "grace", password: str = GOOD, code: str | None = None, now_s: float = NOW_S
    ) -> Operator:
        typed = code_at(self.secret, now_s) if code is None else code
        return asyncio.run(self.accounts.sign_in(name, password, typed, now_s))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "o-access")
    yield made
    made.accounts.close()
    made.store.close()


def test_name_password_and_code_let_in(desk: Desk) -> None:
    assert desk.sign_in() == Operator("grace", Role.FINANCE)


def test_a_code_lets_in_once_and_the_next_one_again(desk: Desk) -> None:
    desk.sign_in()
    with pytest.raises(NotSignedIn):
        desk.sign_in()
    with pytest.raises(NotSignedIn):
        desk.sign_in(code=code_at(desk.secret, NOW_S - 30))
    desk.sign_in(now_s=NOW_S + 30)


def test_whatever_is_wrong_looks_the_same_and_costs_the_same(desk: Desk) -> None:
    gone = desk.roster.add("gone", Role.ADMIN, GOOD, "", NOW_S)
    desk.roster.disable("gone")
    desk.roster.add("joan", Role.ADMIN, None, "sub-1", NOW_S)
    told, cost = set(), set()
    for name, password, code in (
        ("nobody", GOOD, None),
        ("grace", "not this one, no", None),
        ("grace", GOOD, "000000" if code_at(desk.secret, NOW_S) != "000000" else "000001"),
        ("grace", GOOD, ""),
        ("gone", GOOD, code_at(gone, NOW_S)),
        ("joan", "", None),
        ("joan", GOOD, None),
        ("gr ace", GOOD, None),
        ("", "", ""),
        ("grace", GOOD + "x" * 10_000, None),
        ("\ud800", "\ud800", "\ud800"),
    ):
        before = desk.hasher.checks
        with pytest.raises(NotSignedIn) as refused:
            desk.sign_in(name, password, code)
        told.add(str(refused.value))
        cost.add(desk.hasher.checks - before)
    assert (len(told), cost) == (1, {1})


def test_a_right_password_with_a_wrong_code_does_not_use_the_code_up(desk: Desk) -> None:
    with pytest.raises(NotSignedIn):
        desk.sign_in(password="not this one, no")
    desk.sign_in()


def test_a_name_is_guessed_at_so_often_and_not_more(desk: Desk) -> None:
    for name in ("grace", "nobody"):
        for _ in range(TRIES_AT_ONCE):
            with pytest.raises(NotSignedIn):
                desk.sign_in(name, "not this one, no")
        with pytest.raises(TooMany) as refused:
            desk.sign_in(name)
        assert refused.value.retry_after_s == TRY_EVERY_S
    desk.sign_in(now_s=NOW_S + TRY_EVERY_S)


def test_who_signs_in_rightly_never_waits(desk: Desk) -> None:
    for number in range(3 * TRIES_AT_ONCE):
        desk.sign_in(now_s=NOW_S + number * 30)


def test_two_passwords_are_checked_at_once_and_who_waits_is_bounded(desk: Desk) -> None:
    async def storm() -> list[Any]:
        desk.hasher.held = threading.Event()
        names = [f"nobody{number}" for number in range(WAITING_LIMIT + 5)]
        asked = [asyncio.ensure_future(desk.accounts.sign_in(name, GOOD, "000000", NOW_S)) for name in names]
        await asyncio.sleep(0)
        desk.hasher.held.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    found = [type(one) for one in asyncio.run(storm())]
    assert (found.count(NotSignedIn), found.count(TooMany)) == (WAITING_LIMIT, 5)
    assert desk.hasher.most == HASHES_AT_ONCE
    desk.sign_in()


def test_who_goes_away_while_waiting_leaves_the_place_to_others(desk: Desk) -> None:
    async def gone() -> None:
        desk.hasher.held = threading.Event()
        asked = [asyncio.ensure_future(desk.accounts.sign_in("nobody", GOOD, "0", NOW_S + n * 100)) for n in range(9)]
        await asyncio.sleep(0)
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        desk.hasher.held.set()

    for _ in range(8):
        asyncio.run(gone())
    desk.sign_in()


def test_a_hash_of_older_parameters_is_made_anew(desk: Desk) -> None:
    before = desk.store.operator("grace")
    stronger = Accounts(desk.store, desk.seal, Passwords(Counting(memory_kib=16)))
    asyncio.run(stronger.sign_in("grace", GOOD, code_at(desk.secret, NOW_S), NOW_S))
    after = desk.store.operator("grace")
    assert before is not None
    assert after is not None
    assert "m=16" in after.password_hash
    assert "m=8" in before.password_hash
    asyncio.run(stronger.sign_in("grace", GOOD, code_at(desk.secret, NOW_S + 30), NOW_S + 30))
    stronger.close()


def test_a_secret_sealed_with_another_key_lets_nobody_in_and_says_why_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    other = Accounts(desk.store, Seal(derived_key(b"1" * 32, "totp")), Passwords(desk.hasher))
    with caplog.at_level(logging.WARNING), pytest.raises(NotSignedIn):
        asyncio.run(other.sign_in("grace", GOOD, code_at(desk.secret, NOW_S), NOW_S))
    assert "drumroll operator password grace" in caplog.text
    assert desk.secret not in caplog.text
    other.close()


def test_an_openid_subject_lets_its_account_in_and_no_other(desk: Desk) -> None:
    desk.roster.add("joan", Role.ADMIN, None, "sub-1", NOW_S)
    assert asyncio.run(desk.accounts.signed_in_by("sub-1")) == Operator("joan", Role.ADMIN)
    for subject in ("", "sub-2", "grace"):
        with pytest.raises(NotSignedIn):
            asyncio.run(desk.accounts.signed_in_by(subject))
    desk.roster.disable("joan")
    with pytest.raises(NotSignedIn):
        asyncio.run(desk.accounts.signed_in_by("sub-1"))


def test_a_change_ends_the_sessions_and_the_accounts_role_wins(desk: Desk) -> None:
    sessions, asked = Sessions(bytes(32)), Operator("grace", Role.ADMIN)

    def now(token: str) -> Operator:
        session = sessions.read(token.encode(), NOW_S)
        assert session is not None
        return standing(desk.store, session, asked)

    def token(label: str = "somewhere") -> str:
        return token_for(sessions, desk.store, asked, NOW_S, 60, label)

    listed, unlisted = token(), token("")
    assert listed.startswith("operator:grace:finance.")
    assert now(listed) == now(unlisted) == Operator("grace", Role.FINANCE)
    assert desk.roster.role("grace", Role.VIEWER) == 1
    with pytest.raises(NotSignedIn):
        now(listed)
    assert now(unlisted) == now(token()) == Operator("grace", Role.VIEWER)
    assert desk.roster.password("grace", "five other words do too")[1] == 1
    assert desk.roster.disable("grace") == 0
    with pytest.raises(NotSignedIn):
        now(unlisted)
    with pytest.raises(AccessFailed, match="operator enable grace"):
        token()
    desk.roster.enable("grace")
    assert now(unlisted).role is Role.VIEWER
    assert standing(None, sessions.read(unlisted.encode(), NOW_S), asked) == asked  # type: ignore[arg-type]


def test_a_session_that_no_file_knows_has_ended(desk: Desk) -> None:
    sessions = Sessions(bytes(32))
    session = sessions.read(sessions.issue("operator:mary:admin", NOW_S + 9, "gone").encode(), NOW_S)
    assert session is not None
    with pytest.raises(NotSignedIn):
        standing(desk.store, session, Operator("mary", Role.ADMIN))


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 11,
        "a" * 40,
        "grace grace grace",
        "password1234",
        "drumrolldrumroll",
        "0123456789" * 2,
        "x" * 129,
        "",
    ],
)
def test_a_password_that_is_tried_first_is_refused_and_not_said_again(password: str) -> None:
    with pytest.raises(AccessFailed) as refused:
        check_password(password, "grace")
    assert not password or password not in str(refused.value)


@given(st.text(min_size=1, max_size=200), st.text(max_size=200))
def test_a_password_fits_itself_alone(password: str, other: str) -> None:
    passwords = Passwords(Counting())
    hashed = passwords.hash(password)
    assert passwords.fits(hashed, password) == (len(password) <= LENGTH_MOST)
    if password.isascii() and other.isascii() and other != password:
        assert not passwords.fits(hashed, other) or other[: LENGTH_MOST + 1] == password[: LENGTH_MOST + 1]
    assert not passwords.fits("", password)
    assert not passwords.fits("no hash", password)


def test_a_password_is_the_same_on_every_keyboard() -> None:
    passwords = Passwords(Counting())
    assert passwords.fits(passwords.hash("caf\u00e9 au lait, s'il"), "cafe\u0301 au lait, s'il")
    check_password("\uff41 wide letter", "grace")


def test_passwords_are_hashed_as_rfc_9106_recommends() -> None:
    hashed = Passwords().hash(GOOD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert LENGTH_LEAST == 12


@pytest.mark.parametrize(
    ("now_s", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_rfc_6238(now_s: int, code: str) -> None:
    # Appendix B's secret "12345678901234567890"; its eight digits, of which six are asked for.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert accepted_step(secret, code, now_s, 0) == now_s // 30
    assert accepted_step(secret, f"{code[:3]} {code[3:]}", now_s, 0) == now_s // 30
    assert accepted_step(secret, code, now_s, now_s // 30) is None


@given(st.integers(0, 2**33), st.integers(-5, 5))
def test_a_clock_may_be_wrong_by_one_step(now_s: int, steps: int) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    step = now_s // 30 + 5 + steps
    accepted = accepted_step(secret, code_at(secret, step * 30), (now_s // 30 + 5) * 30, -1)
    assert (accepted == step) == (abs(steps) <= 1)


def test_an_authenticator_reads_the_secret() -> None:
    secret = new_secret()
    assert len(b32decode(secret)) == 20
    assert provisioning_uri(secret, "grace") == f"otpauth://totp/drumroll:grace?secret={secret}&issuer=drumroll"


@given(st.binary(max_size=100), st.text(max_size=20), st.integers(0, 200))
def test_what_is_sealed_opens_for_whose_it_is_and_unchanged(content: bytes, whose: str, place: int) -> None:
    seal = Seal(derived_key(b"secret" * 6, "one"))
    sealed = seal.seal(content, whose)
    assert content not in sealed or len(content) < 3
    assert seal.open(sealed, whose) == content
    at = place % len(sealed)
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    for wrong, key, name in (
        (changed, "one", whose),
        (sealed[:at], "one", whose),
        (sealed, "one", whose + "x"),
        (sealed, "two", whose),
    ):
        with pytest.raises(AccessFailed):
            Seal(derived_key(b"secret" * 6, key)).open(wrong, name)
