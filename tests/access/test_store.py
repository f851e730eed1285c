"""Sessions end when they are ended, for all processes, and accounts are kept as they were made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from drumroll.access.sessions import Sessions
from drumroll.access.store import (
    LABEL_LIMIT,
    SESSIONS_A_SUBJECT,
    AccessStore,
    OpenSession,
    Revocations,
    StoredOperator,
)
from drumroll.errors import AccessFailed

NOW_S = 1_777_629_630
GRACE = StoredOperator("grace", "admin", "hash", b"sealed", "", False, NOW_S)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "o-access"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[AccessStore]:
    kept = AccessStore(path if request.param == "file" else None)
    yield kept
    kept.close()
    kept.close()


def test_a_session_is_listed_until_it_ends_or_expires(store: AccessStore) -> None:
    store.add_session("s1", "ada", NOW_S, NOW_S + 60, "Chromium on Linux")
    store.add_session("s2", "ada", NOW_S + 1, NOW_S + 120)
    assert [one.sid for one in store.sessions_of("ada", NOW_S)] == ["s2", "s1"]
    assert store.sessions_of("ada", NOW_S)[1] == OpenSession("s1", "ada", NOW_S, NOW_S + 60, "Chromium on Linux")
    assert store.revoke("s2")
    assert not store.revoke("s2")
    assert [one.sid for one in store.sessions_of("ada", NOW_S)] == ["s1"]
    assert store.sessions_of("ada", NOW_S + 60) == []
    assert (store.stands("s1"), store.stands("s2"), store.stands("s3")) == (True, False, False)


def test_all_sessions_of_one_person_end_and_of_nobody_else(store: AccessStore) -> None:
    for sid, subject in (("1", "ada"), ("2", "ada"), ("3", "adam"), ("4", "ad")):
        store.add_session(sid, subject, NOW_S, NOW_S + 60)
    assert sorted(store.revoke_all("ada", but="2")) == ["1"]
    assert store.revoke_all("ada") == ["2"]
    assert store.revoked_sids(NOW_S) == {"1", "2"}
    assert store.stands("3")
    assert store.stands("4")


def test_an_operators_sessions_end_whatever_their_role_was(store: AccessStore) -> None:
    subjects = ["operator:grace:admin", "operator:grace:viewer", "operator:grac:admin", "operator:grace2:admin"]
    for number, subject in enumerate(subjects):
        store.add_session(str(number), subject, NOW_S, NOW_S + 60)
    assert len(store.sessions_of("operator:grace:finance", NOW_S)) == 2
    assert sorted(store.revoke_all("operator:grace")) == ["0", "1"]
    assert store.stands("2")
    assert store.stands("3")


def test_what_expired_is_no_longer_carried_along(store: AccessStore) -> None:
    store.add_session("1", "ada", NOW_S, NOW_S + 60)
    store.revoke("1")
    assert store.revoked_sids(NOW_S + 59) == {"1"}
    assert store.revoked_sids(NOW_S + 60) == set()
    store.add_session("2", "bob", NOW_S + 61, NOW_S + 99)
    store.add_session("1", "ada", NOW_S + 61, NOW_S + 99)
    assert store.stands("1")


def test_one_person_has_so_many_sessions_and_the_oldest_end(store: AccessStore) -> None:
    for number in range(SESSIONS_A_SUBJECT + 2):
        store.add_session(f"s{number}", "ada", NOW_S + number, NOW_S + 10_000)
    assert len(store.sessions_of("ada", NOW_S)) == SESSIONS_A_SUBJECT
    assert store.revoked_sids(NOW_S) == {"s0", "s1"}


def test_a_label_is_short_and_printable(store: AccessStore) -> None:
    store.add_session("1", "ada", NOW_S, NOW_S + 60, "\x1b[31m" + "x" * 500)
    (kept,) = store.sessions_of("ada", NOW_S)
    assert kept.label == ("[31m" + "x" * 500)[:LABEL_LIMIT]


def test_an_account_is_kept_and_changed(store: AccessStore) -> None:
    store.add_operator(GRACE)
    assert store.operators() == [GRACE]
    store.change_role("grace", "viewer")
    store.change_disabled("grace", disabled=True)
    store.change_password("grace", "another", b"resealed")
    changed = StoredOperator("grace", "viewer", "another", b"resealed", "", True, NOW_S)
    assert store.operator("grace") == changed
    store.rehash("grace", "not this", "never")
    assert store.operator("grace") == changed
    assert store.operator("joan") is None


def test_a_name_and_an_openid_subject_are_one_accounts(store: AccessStore) -> None:
    store.add_operator(GRACE)
    store.add_operator(StoredOperator("joan", "finance", "", b"", "sub-1", False, NOW_S))
    for again in (GRACE, StoredOperator("mary", "finance", "", b"", "sub-1", False, NOW_S)):
        with pytest.raises(AccessFailed, match="already"):
            store.add_operator(again)
    store.add_operator(StoredOperator("mary", "finance", "hash", b"", "", False, NOW_S))
    assert store.operator_by_oidc("") is None
    found = store.operator_by_oidc("sub-1")
    assert found is not None
    assert found.name == "joan"


def test_of_two_who_send_the_same_code_at_once_one_gets_in(path: Path) -> None:
    stores = [AccessStore(path) for _ in range(4)]
    stores[0].add_operator(GRACE)
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda number: stores[number % 4].take_step("grace", 59), range(16)))
    assert taken.count(True) == 1
    assert not stores[0].take_step("grace", 58)
    assert stores[0].take_step("grace", 60)
    for store in stores:
        store.close()


def test_a_session_that_another_process_ends_ends_here(path: Path) -> None:
    server, command_line, sessions = AccessStore(path), AccessStore(path), Sessions(bytes(32))
    watch = Revocations(sessions, server)
    token = sessions.issue("ada", NOW_S + 60, "s1").encode()
    server.add_session("s1", "ada", NOW_S, NOW_S + 60)
    watch.refresh(NOW_S)
    assert sessions.customer_of(token, NOW_S) == "ada"
    seen = server.changed()
    watch.refresh(NOW_S)
    assert server.changed() == seen
    command_line.revoke_all("ada")
    watch.refresh(NOW_S)
    assert sessions.customer_of(token, NOW_S) is None
    server.close()
    command_line.close()


def test_revocations_are_taken_up_in_memory_too() -> None:
    store, sessions = AccessStore(None), Sessions(bytes(32))
    watch = Revocations(sessions, store)
    store.add_session("s1", "ada", NOW_S, NOW_S + 60)
    watch.refresh(NOW_S)
    store.revoke("s1")
    watch.refresh(NOW_S)
    assert sessions.revoked == {"s1"}
    store.close()


def test_the_file_is_its_owners_alone(path: Path) -> None:
    store = AccessStore(path)
    store.add_operator(GRACE)
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    store.close()


def test_a_file_of_another_format_or_none_at_all_is_named(path: Path) -> None:
    apsw.Connection(str(path)).execute("PRAGMA user_version = 99")
    with pytest.raises(AccessFailed, match="format version 99"):
        AccessStore(path)
    path.write_bytes(b"this is no database, and long enough to be read as one" * 100)
    with pytest.raises(AccessFailed, match="o-access"):
        AccessStore(path)
    with pytest.raises(AccessFailed, match="is its folder there"):
        AccessStore(path.parent / "nowhere" / "o-access")
