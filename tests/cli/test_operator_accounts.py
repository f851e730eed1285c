"""Operators' accounts from a terminal: what is shown once, what is never shown, and that a change ends sessions."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pyotp
import pytest
from click.testing import CliRunner, Result

from drumroll import bootstrap, bootstrap_pages
from drumroll.access.accounts import Accounts
from drumroll.access.roles import Operator, Role
from drumroll.access.sessions import Sessions
from drumroll.cli.main import cli
from drumroll.errors import DrumrollError, NotSignedIn
from drumroll.settings import Settings
from tests.web.servers import RealServer

SECRET = "11" * 32
GOOD, OTHER = "four words do well", "five other words do too"
NOW_S = 1_777_629_630


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DRUMROLL_SECRET", SECRET)
    return str(tmp_path / "o.drumroll")


def operate(log: str, *words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["operator", *words, "--log", log], input=given)


def add(log: str, name: str = "grace", role: str = "finance", *more: str) -> Result:
    result = operate(log, "add", name, "--role", role, "--password-stdin", *more, given=f"{GOOD}\n")
    assert result.exit_code == 0, result.exception
    return result


def secret_in(output: str) -> str:
    """The secret that was printed, which the address has too."""
    (secret,) = re.findall(r"^  ([A-Z2-7]{32})$", output, re.MULTILINE)
    assert f"secret={secret}&" in output
    return secret


def listed(log: str) -> Any:
    return json.loads(operate(log, "list", "--json").output)["operators"]


def sign_in(log: str, secret: str, password: str, now_s: int = NOW_S) -> Operator:
    settings = Settings(log=log, secret=SECRET)
    store = bootstrap_pages.open_access(settings)
    accounts = Accounts(store, bootstrap_pages.accounts_seal(bootstrap.server_key(settings)))
    try:
        return asyncio.run(accounts.sign_in("grace", password, pyotp.TOTP(secret).at(now_s), now_s))
    finally:
        accounts.close()
        store.close()


def test_what_add_shows_once_lets_in(log: str) -> None:
    shown = add(log).output
    assert max(map(len, re.sub(r".*otpauth.*\n", "", shown).splitlines())) <= 80
    assert "█" in shown
    assert GOOD not in shown
    assert sign_in(log, secret_in(shown), GOOD) == Operator("grace", Role.FINANCE)
    assert secret_in(shown).encode() not in Path(f"{log}-access").read_bytes()


def test_a_password_is_asked_for_twice_and_never_shown(log: str) -> None:
    result = operate(log, "add", "grace", "--role", "viewer", given=f"{GOOD}\n{OTHER}\n{GOOD}\n{GOOD}\n")
    assert result.exit_code == 0, result.exception
    assert result.output.count("The same again") == 2
    assert GOOD not in result.output
    assert OTHER not in result.output


def test_an_account_of_openid_has_neither_password_nor_code(log: str) -> None:
    result = operate(log, "add", "joan", "--role", "finance", "--oidc", "sub-1")
    assert result.exit_code == 0, result.exception
    assert "otpauth" not in result.output
    (one,) = listed(log)
    assert (one["name"], one["role"], one["password"], one["oidc"]) == ("joan", "finance", False, "sub-1")


MISTAKES = [
    (("add", "gr ace", "--role", "viewer", "--password-stdin"), GOOD, "A-Z"),
    (("add", "mary", "--role", "viewer", "--password-stdin"), "short", "12 to 128"),
    (("add", "mary", "--role", "viewer", "--password-stdin"), "", "12 to 128"),
    (("add", "grace", "--role", "viewer", "--password-stdin"), GOOD, "already"),
    (("role", "mary", "viewer"), None, "operator list"),
    (("disable", "mary"), None, "operator list"),
    (("enable", "mary"), None, "operator list"),
    (("password", "mary", "--password-stdin"), GOOD, "operator list"),
]


def test_what_can_not_be_says_what_can(log: str) -> None:
    add(log)
    before = listed(log)
    for words, given, named in MISTAKES:
        refused = operate(log, *words, given=given)
        assert isinstance(refused.exception, DrumrollError), words
        assert named in str(refused.exception)
        assert not given or given not in str(refused.exception)
    assert listed(log) == before


def test_every_change_ends_the_sessions_and_says_so(log: str) -> None:
    first = secret_in(add(log).output)

    def open_one() -> None:
        token = operate(log, "token", "grace").output.strip()
        session = Sessions(bytes.fromhex(SECRET)).read(token.encode(), 0)
        assert session is not None
        assert session.sid

    open_one()
    open_one()
    assert listed(log)[0]["sessions"] == 2
    assert "The 2 open sessions have ended." in operate(log, "role", "grace", "support").output
    assert (listed(log)[0]["sessions"], listed(log)[0]["role"]) == (0, "support")
    open_one()
    changed = operate(log, "password", "grace", "--password-stdin", given=OTHER)
    assert "The open session has ended." in changed.output
    with pytest.raises(NotSignedIn):
        sign_in(log, first, GOOD)
    assert sign_in(log, secret_in(changed.output), OTHER).role is Role.SUPPORT
    assert "No session was open." in operate(log, "disable", "grace").output
    assert "disabled" in operate(log, "list").output
    assert isinstance(operate(log, "token", "grace").exception, DrumrollError)
    assert operate(log, "enable", "grace").exit_code == 0
    assert operate(log, "token", "grace").output.startswith("operator:grace:support.")


def test_a_token_has_the_role_asked_for_unless_there_is_an_account(log: str) -> None:
    assert operate(log, "token", "grace", "--role", "viewer").output.startswith("operator:grace:viewer..")
    assert not Path(f"{log}-access").exists()
    add(log)
    assert operate(log, "token", "grace", "--role", "admin").output.startswith("operator:grace:finance.")


def test_without_the_servers_secret_there_is_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRUMROLL_SECRET", raising=False)
    refused = operate(str(tmp_path / "o"), "add", "grace", "--role", "viewer", "--password-stdin", given=GOOD)
    assert "DRUMROLL_SECRET" in str(refused.exception)
    refused = operate(":memory:", "list")
    assert refused.exit_code != 0
    assert list(tmp_path.iterdir()) == []


def test_a_running_server_takes_a_change_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUMROLL_SECRET", SECRET)
    with RealServer(tmp_path) as server:
        (log_file,) = [path for path in tmp_path.iterdir() if path.name.endswith("-access")]
        log = str(log_file).removesuffix("-access")
        add(log, "grace", "finance")
        token = operate(log, "token", "grace").output.strip()
        (forged,) = server.operators("grace")
        assert server.get("/v1/operator/orders", token).status == 200
        assert operate(log, "role", "grace", "viewer").exit_code == 0
        assert server.get("/v1/operator/orders", token).code == "no_session"
        assert server.get("/v1/operator/orders", forged).code == "not_allowed"
        assert server.get("/v1/operator/trail", forged).status == 200
        assert operate(log, "disable", "grace").exit_code == 0
        assert server.get("/v1/operator/trail", forged).code == "no_session"
