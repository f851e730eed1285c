"""The file of names and contacts: if a disk is stolen, a row altered, an erased person looked for."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import PeopleFailed
from drumroll.people.person import Contact, Person, parse_contact
from drumroll.people.sealing import Row, Sealer
from drumroll.people.store import PeopleStore

KEY = bytes(range(32))
OTHER = bytes(32)
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=80)
VALUES = st.emails().map(parse_contact).filter(bool)


def email(value: str) -> Contact:
    found = parse_contact(value)
    assert found is not None
    return found


def contents(folder: Path) -> bytes:
    """Every byte of every file, the write-ahead log's too."""
    return b"\0".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders-people"


@pytest.fixture
def store(path: Path) -> Iterator[PeopleStore]:
    with closing(PeopleStore(path, KEY)) as opened:
        yield opened


@given(VALUES, st.none() | NAMES, st.integers(0, 2**53))
@settings(max_examples=50)
def test_what_is_sealed_comes_back_and_is_sealed_otherwise_each_time(
    contact: Contact, name: str | None, made_ms: int
) -> None:
    person = Person("c-1", contact.value, contact.kind, name, "en", made_ms)
    first, second = Sealer(KEY).seal(person), Sealer(KEY).seal(person)
    assert Sealer(KEY).open(first) == Sealer(KEY).open(second) == person
    assert first.lookup == second.lookup
    assert first.sealed != second.sealed
    assert (len(first.sealed) - 12 - 16) % 128 == 0


def test_any_single_flipped_bit_of_a_row_is_refused() -> None:
    sealer = Sealer(KEY)
    row = sealer.seal(Person("c-1", "ada@example.com", "email", "Ada", "en", 1_750_946_400_000))
    for name in ("sealed", "lookup"):
        value = getattr(row, name)
        for bit in range(len(value) * 8):
            flipped = bytearray(value)
            flipped[bit // 8] ^= 1 << bit % 8
            with pytest.raises(PeopleFailed, match="not as it was written"):
                sealer.open(msgspec.structs.replace(row, **{name: bytes(flipped)}))
    for bit in range(53):
        with pytest.raises(PeopleFailed):
            sealer.open(msgspec.structs.replace(row, made_ms=row.made_ms ^ (1 << bit)))
    for other in (b"", row.sealed[:12], row.sealed[:-1], row.sealed + b"\0"):
        with pytest.raises(PeopleFailed):
            sealer.open(msgspec.structs.replace(row, sealed=other))


@pytest.mark.parametrize("columns", ["sealed", "lookup", "lookup, sealed", "made_ms, lookup, sealed"])
def test_a_row_moved_to_another_person_is_refused(store: PeopleStore, path: Path, columns: str) -> None:
    """Else whoever can write the file signs in as somebody else."""
    ada, eve = email("ada@example.com"), email("eve@example.com")
    store.find_or_make(ada, "en", "ada", 1)
    store.find_or_make(eve, "en", "eve", 2)
    with closing(apsw.Connection(str(path))) as raw:
        raw.set_busy_timeout(1000)
        taken = raw.execute(f"SELECT {columns} FROM person WHERE id = 'eve'").fetchall()[0]
        raw.execute("DELETE FROM person WHERE id = 'eve'")
        sets = ", ".join(f"{name} = ?" for name in columns.split(", "))
        raw.execute(f"UPDATE person SET {sets} WHERE id = 'ada'", taken)
    with pytest.raises(PeopleFailed, match="not as it was written"):
        store.read("ada")
    with pytest.raises(PeopleFailed, match="not as it was written"):
        store.find(eve if "lookup" in columns else ada)


def test_nothing_of_a_contact_or_name_is_in_the_files(store: PeopleStore, path: Path) -> None:
    canaries = ["canary@secret.example", "+8613800138000", "https://id.example|canary-subject"]
    for number, value in enumerate(canaries):
        contact = parse_contact(value) or Contact("oidc", value)
        made = store.find_or_make(contact, "en-canary", f"c-{number}", 1)
        store.rename(made.id, "Canary Canarius")
    everything = contents(path.parent).lower()
    for part in (
        b"canary",
        b"canarius",
        b"secret.example",
        b"13800138000",
        b"id.example",
        "canary".encode("utf-16-le"),
    ):
        assert part not in everything
    assert KEY not in everything


def test_who_has_the_file_alone_can_t_try_contacts(store: PeopleStore) -> None:
    """The look-up of a contact is another one under another key."""
    contact = email("ada@example.com")
    assert Sealer(KEY).lookup(contact) != Sealer(OTHER).lookup(contact)
    assert Sealer(KEY).lookup(contact) != Sealer(KEY).lookup(Contact("phone", contact.value))


def test_erased_bytes_are_in_no_file_any_more(path: Path) -> None:
    """Where SQLite moves rows between pages it leaves copies of them behind: those are erased who have such copies."""
    drawn = random.Random(7)
    with closing(PeopleStore(path, KEY)) as store, closing(apsw.Connection(str(path))) as raw:
        store._connection.execute("PRAGMA synchronous = OFF").fetchall()  # the same bytes, only sooner
        theirs: dict[str, set[bytes]] = {}
        for number in range(2000):
            person = f"person-{drawn.randbytes(8).hex()}"
            store.find_or_make(email(f"a{number}@example.com"), "en", person, number)
            theirs[person] = set(of_person(raw, person))
        for changed in drawn.sample(sorted(theirs), 500):
            store.rename(changed, "x" * 70)
            theirs[changed] |= set(of_person(raw, changed))
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        before = contents(path.parent)
        # A look-up stands in its row and in the index; a seal that is not the last one should stand nowhere.
        copied = {person for person in theirs if before.count(of_person(raw, person)[0]) > 2}
        for person, seals in theirs.items():
            copied |= {person for seal in seals - set(of_person(raw, person)) if seal in before}
        assert copied, "SQLite left no copy of anything, so nothing is tested"
        for person in sorted(copied):
            assert store.erase(person)
            after = contents(path.parent)
            assert not [seal for seal in theirs[person] if seal in after or seal[:20] in after or seal[-20:] in after]
        assert store.count() == len(theirs) - len(copied)


def of_person(raw: apsw.Connection, person: str) -> tuple[bytes, bytes]:
    ((lookup, sealed),) = raw.execute("SELECT lookup, sealed FROM person WHERE id = ?", (person,)).fetchall()
    return lookup, sealed


def test_erasing_leaves_a_note_that_names_nobody_and_makes_room_for_a_new_person(store: PeopleStore) -> None:
    contact = email("ada@example.com")
    store.find_or_make(contact, "en", "c-1", 1)
    assert store.erase("c-1", "asked", 5)
    assert not store.erase("c-1", "asked again", 6)
    assert [(one.id, one.at_ms, one.reason) for one in store.erasures("c-1")] == [("c-1", 5, "asked")]
    assert store.find(contact) is None
    assert store.find_or_make(contact, "en", "c-2", 7).id == "c-2"
    assert store.erasures("c-2") == []


def test_a_person_is_found_by_the_normal_form_and_keeps_what_they_began_with(store: PeopleStore) -> None:
    made = store.find_or_make(email(" Ada@EXAMPLE.com "), "zh-Hans", "c-1", 17)
    assert made == Person("c-1", "Ada@example.com", "email", None, "zh-Hans", 17)
    assert store.find(email("Ada@example.COM")) == made
    assert store.find_or_make(email("Ada@example.com"), "en", "c-2", 18) == made
    assert store.find(email("ada@example.com")) is None
    assert store.read("c-2") is None
    named = store.rename("c-1", " 李\u3000雷 ")
    assert store.read("c-1") == named == msgspec.structs.replace(made, name="李 雷")


def test_what_is_kept_outlives_the_process_and_no_other_key_reads_it(path: Path) -> None:
    with closing(PeopleStore(path, KEY)) as store:
        made = store.find_or_make(email("ada@example.com"), "en", "c-1", 1)
    with pytest.raises(PeopleFailed, match="DRUMROLL_PEOPLE_KEY"):
        PeopleStore(path, OTHER)
    with pytest.raises(PeopleFailed, match="allowed: 32"):
        PeopleStore(path, KEY[:16])
    with closing(PeopleStore(path, KEY)) as store:
        assert store.read("c-1") == made


def test_the_file_and_its_companions_are_their_owner_s_alone(store: PeopleStore, path: Path) -> None:
    store.find_or_make(email("ada@example.com"), "en", "c-1", 1)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    assert len(list(path.parent.iterdir())) == 3


def test_refusals_say_the_way_out_and_nothing_personal(store: PeopleStore, path: Path) -> None:
    ada = email("canary@example.com")
    store.find_or_make(ada, "en", "c-1", 1)
    said = []
    for call in (
        lambda: store.rename("c-1", "canary\n"),
        lambda: store.rename("c-1", "canary" * 20),
        lambda: store.rename("c-9", "canary"),
        lambda: store.find_or_make(email("canary@b.example"), "en", "c-1", 1),
        lambda: store.find_or_make(email("canary@b.example"), "en", "c 1", 1),
        lambda: store.find_or_make(email("canary@b.example"), "canary_", "c-2", 1),
        lambda: store.erase("c-1", "canary" * 100),
        lambda: PeopleStore(path.parent / "none" / "there", KEY),
    ):
        with pytest.raises(PeopleFailed) as refused:
            call()
        said.append(f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}")
    assert "canary" not in " ".join(said)
    assert store.read("c-1") == store.find(ada)
    assert store.find(email("canary@b.example")) is None


def test_a_file_of_another_format_or_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    with pytest.raises(PeopleFailed):
        PeopleStore(path, KEY)
    path.unlink()
    with closing(apsw.Connection(str(path))) as raw:
        raw.execute("PRAGMA user_version = 9").fetchall()
    with pytest.raises(PeopleFailed, match="format version 9"):
        PeopleStore(path, KEY)


def test_a_log_in_memory_has_its_people_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (None, Path(":memory:")):
        with closing(PeopleStore(path, KEY)) as store:
            made = store.find_or_make(email("ada@example.com"), "en", "c-1", 1)
            assert store.find(email("ada@example.com")) == made
            assert store.erase("c-1")
    assert not os.listdir()


def test_ten_thousand_askings_in_two_threads_and_two_stores_make_one_person_a_contact(path: Path) -> None:
    contacts = [email(f"a{number}@example.com") for number in range(250)]

    def ask(opened: PeopleStore, thread: int) -> dict[str, set[str]]:
        drawn = random.Random(thread)
        found: dict[str, set[str]] = {contact.value: set() for contact in contacts}
        for number in range(2500):
            contact = drawn.choice(contacts)
            found[contact.value].add(opened.find_or_make(contact, "en", f"c-{thread}-{number}", number).id)
        return found

    with closing(PeopleStore(path, KEY)) as one, closing(PeopleStore(path, KEY)) as two, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, (one, one, two, two), range(4)))
        for contact in contacts:
            assert len(set().union(*(answer[contact.value] for answer in answers))) == 1
        assert one.count() == two.count() == len(contacts)


def _opened_and_asked(path: str, number: int) -> str:
    with closing(PeopleStore(Path(path), KEY)) as store:
        return store.find_or_make(email("ada@example.com"), "en", f"c-{number}", number).id


def test_processes_that_open_a_new_file_at_once_make_one_person(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for turn in range(8):
            path = str(tmp_path / f"people-{turn}")
            assert len(set(pool.starmap(_opened_and_asked, [(path, number) for number in range(4)]))) == 1


def test_a_copy_of_the_files_taken_while_it_is_written_opens_with_its_key(store: PeopleStore, path: Path) -> None:
    """A backup by copying, as docs/personal-data.md says: SQLite's own."""
    made = store.find_or_make(email("ada@example.com"), "en", "c-1", 1)
    folder = path.parent / "copy"
    folder.mkdir()
    for name in (path.name, f"{path.name}-wal"):
        shutil.copy(path.parent / name, folder / name)
    with closing(PeopleStore(folder / path.name, KEY)) as copied:
        assert copied.read("c-1") == made


def test_a_row_says_nothing_by_its_length_of_a_short_name() -> None:
    sealer = Sealer(KEY)
    rows = [sealer.seal(Person("c-1", "a@b.example", "email", name, "en", 1)) for name in (None, "Li", "Ada Lovelace")]
    assert len({len(row.sealed) for row in rows}) == 1
    assert isinstance(rows[0], Row)
