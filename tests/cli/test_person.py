"""``drumroll person`` as it is run: what is handed out is all there is, what is erased is gone, nothing leaks."""

from __future__ import annotations

import json
import os
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.person import person
from drumroll.domain import events as ev
from drumroll.errors import DrumrollError, PeopleFailed, SettingInvalid
from drumroll.people.person import Contact
from drumroll.people.store import PeopleStore
from tests.cli.running import written_log
from tests.plan.lives import OPENS, WEEK_MS, Life

KEY = bytes(range(32))
ADA, EVE, LI = "customer-open", "customer-done", "customer-none"
CONTACTS = {ADA: Contact("email", "ada@canary.example"), EVE: Contact("phone", "+8613800138000")}
CONTACTS[LI] = Contact("oidc", "https://id.example|canary")


def life() -> Life:
    made = Life()
    made.locked("open")
    made.locked("done")
    made.deliver("done", OPENS + WEEK_MS)
    for number in (1, 2):
        made.add(ev.WaitingJoined(f"wait{number}", LI, "car", "small", ("white",), "near", b"%016d" % number, b"f" * 8))
    made.add(ev.WaitingLeft("wait1", b"left000000000000", b"f" * 8))
    return made


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DRUMROLL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DRUMROLL_PEOPLE_KEY", KEY.hex())
    path = written_log(tmp_path / "orders.drumroll", life().blocks)
    monkeypatch.setenv("DRUMROLL_LOG", str(path))
    with closing(PeopleStore(Path(f"{path}-people"), KEY)) as people:
        for number, (customer, contact) in enumerate(CONTACTS.items()):
            people.find_or_make(contact, "en", customer, OPENS + number)
        people.rename(ADA, "Ada Canary")
    return path


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(person, list(words), input=given)


def values(*words: str, given: str = "") -> Any:
    result = run(*words, given=given)
    assert result.exit_code == 0, result.output + str(result.exception)
    return json.loads(result.stdout)


def refused(kind: type[DrumrollError], *words: str, given: str = "") -> str:
    result = run(*words, given=given)
    assert isinstance(result.exception, kind), result.output + str(result.exception)
    assert "canary" not in f"{result.exception!r}".lower()
    return str(result.exception)


def kept(log: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(log.parent.iterdir()) if "-people" in file.name)


def test_whoever_is_asked_for_by_contact_or_id_is_found(log: Path) -> None:
    for who in (ADA, "ada@CANARY.example", " ada@canary.example"):
        found = values("show", who, "--json")
        assert found["identity"]["contact"] == "ada@canary.example"
        assert found["identity"]["name"] == "Ada Canary"
    assert values("show", "138 0013 8000", "--json")["id"] == EVE
    assert values("show", "https://id.example|canary", "--json")["id"] == LI
    assert values("show", "-", "--json", given="ada@canary.example\nmore\n")["id"] == ADA
    shown = run("show", ADA).output
    assert "Ada Canary" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_nobody_is_said_without_citing_what_was_asked(log: Path) -> None:
    assert "nobody is kept" in refused(PeopleFailed, "show", "canary@else.example")
    assert "nobody is kept" in refused(PeopleFailed, "show", "canary")
    assert "nobody is kept" in refused(PeopleFailed, "export", "canary", "--output", "-")
    assert "nobody is kept" in refused(PeopleFailed, "erase", "canary@else.example", "--reason", "x", "--yes")
    assert "nobody is kept" in refused(PeopleFailed, "show", "-", given="")


def test_an_export_is_all_that_is_kept_and_nobody_else_s(log: Path) -> None:
    result = run("export", ADA, "--output", "ada.json")
    assert result.exit_code == 0, result.output + str(result.exception)
    assert stat.S_IMODE(Path("ada.json").stat().st_mode) == 0o600
    found = json.loads(Path("ada.json").read_text())
    assert found["identity"]["contact"] == "ada@canary.example"
    (order,) = found["orders"]
    assert (order["id"], order["state"]) == ("open", "locked")
    assert [each["what"] for each in order["history"]] == ["reserved", "firm", "locked"]
    assert found["based_on"] == len(life().blocks)
    (done,) = values("export", "138 0013 8000", "--output", "-")["orders"]
    assert [each["what"] for each in done["history"]][-1] == "delivered"
    text = json.dumps(done)
    assert '"op"' not in text, "an operator's name is an operator's"
    waiting = values("export", LI, "--output", "-")["waiting"]
    assert [(each["id"], each["state"], each["waited_until"] is None) for each in waiting] == [
        ("wait1", "left", False),
        ("wait2", "waiting", True),
    ]


def test_an_erasure_that_nobody_could_be_asked_about_says_how_to_go_on(log: Path) -> None:
    result = run("erase", EVE, "--reason", "asked")
    assert result.exit_code != 0
    assert "nothing was erased: add --yes" in result.output
    assert not values("export", EVE, "--output", "-")["erased"]


def test_what_the_log_alone_knows_is_exported_too(log: Path) -> None:
    assert run("erase", EVE, "--reason", "asked", "--yes").exit_code == 0
    found = values("export", EVE, "--output", "-")
    assert found["identity"] is None
    assert [each["reason"] for each in found["erased"]] == ["asked"]
    assert len(found["orders"]) == 1


def test_who_is_erased_is_gone_from_the_files_and_the_orders_stay(log: Path) -> None:
    before = log.read_bytes()
    with closing(PeopleStore(Path(f"{log}-people"), KEY)) as people:
        found = people.find(CONTACTS[EVE])
        assert found is not None
        lookup = people._sealer.lookup(CONTACTS[EVE])
        assert lookup in kept(log)
    said = values("erase", EVE, "--reason", "asked", "--yes", "--json")
    assert (said["id"], said["erased"], said["stays"], said["open"]) == (EVE, True, ["done"], [])
    assert lookup not in kept(log)
    assert log.read_bytes() == before
    assert "was erased at" in run("show", EVE).output
    assert "nobody is kept" in refused(PeopleFailed, "show", "138 0013 8000")
    again = run("erase", EVE, "--reason", "asked again", "--yes")
    assert again.exit_code == 0
    assert "was erased before" in again.output


def test_who_has_an_open_order_or_waits_is_erased_only_if_that_is_meant(log: Path) -> None:
    for customer, named in ((ADA, "open"), (LI, "wait2")):
        said = refused(PeopleFailed, "erase", customer, "--reason", "asked", "--yes")
        assert f"has {named} open" in said
        assert "--even-with-orders" in said
        assert values("show", customer, "--json")["identity"] is not None
        done = run("erase", customer, "--reason", "asked", "--yes", "--even-with-orders")
        assert done.exit_code == 0, done.output + str(done.exception)
        assert named in done.output
        assert "canary" not in done.output.lower()
        assert max(map(len, done.output.splitlines())) <= 80
        assert values("show", customer, "--json")["identity"] is None


def test_erasing_asks_first_and_no_is_no(log: Path) -> None:
    assert run("erase", EVE, "--reason", "asked", given="n\n").exit_code == 1
    assert values("show", EVE, "--json")["identity"] is not None
    assert run("erase", "-", "--reason", "asked", given="13800138000\ny\n").exit_code == 2
    assert values("show", EVE, "--json")["identity"] is not None
    assert run("erase", EVE, "--reason", "asked", given="y\n").exit_code == 0
    assert values("show", EVE, "--json")["identity"] is None


def test_without_the_key_or_the_file_nothing_is_shown_or_made(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--log" in refused(SettingInvalid, "show", ADA, "--log", "elsewhere")
    monkeypatch.setenv("DRUMROLL_PEOPLE_KEY", "00" * 32)
    assert "another key" in refused(PeopleFailed, "show", ADA)
    monkeypatch.setenv("DRUMROLL_PEOPLE_KEY", "00")
    assert "allowed: 32" in refused(SettingInvalid, "show", ADA)
    monkeypatch.delenv("DRUMROLL_PEOPLE_KEY")
    assert "DRUMROLL_PEOPLE_KEY is needed" in refused(SettingInvalid, "show", ADA)
    assert not [name for name in os.listdir() if "people-key" in name or name.startswith("elsewhere")]
    Path(f"{log}.people-key").write_text(KEY.hex())
    assert values("show", ADA, "--json")["id"] == ADA


def test_an_export_is_never_written_over_a_log(log: Path) -> None:
    before = log.read_bytes()
    refused(DrumrollError, "export", ADA, "--output", str(log))
    assert log.read_bytes() == before


def test_every_help_fits_80_columns() -> None:
    for words in ([], ["show"], ["export"], ["erase"]):
        said = run(*words, "--help").output
        assert max(map(len, said.splitlines())) <= 80
        assert "Example:" in said
