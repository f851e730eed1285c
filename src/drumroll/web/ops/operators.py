"""Operators' accounts on pages: who there is, in which role, and what an admin changes. As ``drumroll operator`` does.

Accounts are not in the order log, so what is changed here is noted in the server's own output, with both names.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import segno
from litestar import get, post
from litestar.params import FromPath

from drumroll.access.passwords import LENGTH_LEAST, LENGTH_MOST, check_password
from drumroll.access.roles import OPERATOR, OPERATOR_NAME, Permission, Role
from drumroll.access.roster import OIDC_SUBJECT_LIMIT, Roster
from drumroll.access.store import StoredOperator
from drumroll.access.totp import provisioning_uri
from drumroll.errors import AccessFailed
from drumroll.web.context import Parts, Web
from drumroll.web.ops.base import ROLE_NAMES, Seen, needs, ops_page, seen_by
from drumroll.web.ops.cells import count_cell, moment_cell
from drumroll.web.ops.deeds import Choice, Declined, Deed, Field, Given, Sheet, done_in, on_to, routes_of
from drumroll.web.ops.noted import note
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.forms import form_of
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.sessions import available, label_in_words
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

HERE = "/ops/operators"
_Found = TypeVar("_Found")
_log = logging.getLogger("drumroll")


@get(HERE, **needs(Permission.MANAGE_OPERATORS, form=True))
async def operators(web: Parts, request: Asking) -> Any:
    """The accounts."""
    seen, launch, fields = seen_by(web, request), web.launch, request.query_params
    words, access, now_s = seen.visitor.words, web.entrance.access, web.now_s()

    def read() -> list[tuple[StoredOperator, int]]:
        return [(one, len(access.sessions_of(OPERATOR + one.name, now_s))) for one in access.operators()]

    with available():
        found = await asyncio.to_thread(read)
    rows = [_row(one, sessions, launch.time_zone, words) for one, sessions in found]
    empty = words.say("There are no accounts yet: whoever is in has a session from the command line.")
    table = Table("operators", words.say("Accounts"), _columns(words), rows, empty)
    return exported(table, fields) or ops_page(
        web,
        seen,
        "ops_operators.html",
        HERE,
        done=done_in(request, words),
        table=view_of(table, dict(fields)),
    )


@get(f"{HERE}/account/{{name:str}}", **needs(Permission.MANAGE_OPERATORS, form=True))
async def account(web: Parts, request: Asking, name: FromPath[str]) -> Any:
    """One account, with its open sessions."""
    seen, launch = seen_by(web, request), web.launch
    words, found = seen.visitor.words, await _account(web, {"name": name})
    with available():
        sessions = await asyncio.to_thread(web.entrance.access.sessions_of, OPERATOR + found.name, web.now_s())
    own = seen.visitor.session
    return ops_page(
        web,
        seen,
        "ops_account.html",
        HERE,
        done=done_in(request, words),
        account=found,
        role_name=words.say(ROLE_NAMES[Role(found.role)]),
        ways=_ways(found, words),
        sessions=[
            (one.sid, label_in_words(one.label, words), one.made_s * 1000, own is not None and one.sid == own.sid)
            for one in sessions
        ],
        is_own=found.name == seen.operator.name,
        zone=launch.time_zone,
    )


@post(f"{HERE}/account/{{name:str}}/end-session", **needs(Permission.MANAGE_OPERATORS, form=True))
async def end_session(web: Parts, request: Asking, name: FromPath[str]) -> Any:
    """End one of their sessions. Ended twice, it has ended."""
    seen = seen_by(web, request)
    form, found = await form_of(web, request, seen.visitor), await _account(web, {"name": name})
    sid, access = form.one("sid"), web.entrance.access
    with available():
        theirs = await asyncio.to_thread(access.sessions_of, OPERATOR + found.name, web.now_s())
        if sid in [one.sid for one in theirs]:
            await asyncio.to_thread(access.revoke, sid)
            web.sessions.revoked.add(sid)
            _note(seen, "ended a session of", found.name)
            await note(web, seen, f"{HERE}/session/end", found.name)
    return on_to(web, f"{HERE}/account/{found.name}", "ended")


def _columns(words: Words) -> list[Column]:
    return [
        Column("name", words.say("Name")),
        Column("role", words.say("Role")),
        Column("ways", words.say("Signs in by")),
        Column("sessions", words.say("Open sessions"), amount=True),
        Column("made", words.say("Made")),
        Column("state", words.say("State")),
    ]


def _row(one: StoredOperator, sessions: int, zone: str, words: Words) -> list[Cell]:
    disabled = words.say("disabled") if one.disabled else words.say("may sign in")
    return [
        Cell(one.name, link=f"{HERE}/account/{one.name}"),
        Cell(words.say(ROLE_NAMES[Role(one.role)]), one.role),
        Cell(_ways(one, words)),
        count_cell(sessions, words),
        moment_cell(one.made_s * 1000, zone, words),
        Cell(disabled, badge="warn" if one.disabled else "good"),
    ]


def _ways(one: StoredOperator, words: Words) -> str:
    """How they sign in."""
    ways = [words.say("password and code")] if one.password_hash else []
    return words.listed([*ways, *(["OpenID Connect"] if one.oidc_subject else [])])


async def _account(web: Web, asked: Mapping[str, str]) -> StoredOperator:
    """The account that is meant. Raises ``Problem``."""
    with available():
        found = await asyncio.to_thread(web.entrance.access.operator, asked.get("name", "")[:64])
    if found is None:
        raise Problem("not_found", "There is no such account.")
    return found


async def _changed(web: Web, work: Callable[[Roster], _Found]) -> _Found:
    """Change the accounts, in a thread: it hashes, and waits for the disk. Raises ``Problem``."""
    operations = web.operations
    if operations is None:
        raise Problem("not_found", "Accounts can't be changed here: use `drumroll operator`.")
    with available():
        found = await asyncio.to_thread(work, operations.roster)
        # What ended there has ended here too, at once.
        web.sessions.revoked.update(await asyncio.to_thread(web.entrance.access.revoked_sids, web.now_s()))
    return found


def _note(seen: Seen, what: str, whose: str) -> None:
    _log.warning("operator %s %s %s", seen.operator.name, what, whose)


def _roles(words: Words) -> tuple[Choice, ...]:
    return tuple(Choice(role.value, words.say(ROLE_NAMES[role])) for role in Role)


def _password_field(words: Words, *, needed: bool) -> Field:
    hint = words.say("12 to 128 characters; several words do well.")
    return Field("password", words.say("Password"), "password", hint=hint, needed=needed, most=LENGTH_MOST)


async def _add_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words = seen.visitor.words
    return Sheet(
        title=words.say("Make an account"),
        says=[
            words.say(
                "They sign in with the password and a code; the secret of the codes is shown once, on the next page."
            )
        ],
        button=words.say("Make the account"),
        back=HERE,
        fields=(
            Field("name", words.say("Name"), hint=words.say("1 to 64 of A-Z, a-z, 0-9, _ and -."), most=64),
            Field("role", words.say("Role"), "select", "viewer", choices=_roles(words)),
            _password_field(words, needed=False),
            Field(
                "oidc",
                words.say("OpenID subject"),
                hint=words.say("Who they are at the operators' sign-in service; with it they need no password."),
                needed=False,
                most=OIDC_SUBJECT_LIMIT,
            ),
        ),
    )


async def _add(web: Web, seen: Seen, given: Given) -> Any:
    words, form = seen.visitor.words, given.form
    name, password, oidc = form.one("name", ""), form.as_typed("password"), form.one("oidc", "")
    if not OPERATOR_NAME.fullmatch(name):
        raise Declined(words.say("A name has 1 to 64 of A-Z, a-z, 0-9, _ and -."))
    if not password and not oidc:
        raise Declined(words.say("An account needs a password or an OpenID subject."))
    if len(oidc) > OIDC_SUBJECT_LIMIT or not oidc.isprintable():
        raise Declined(words.say("An OpenID subject has up to 255 printable characters."))
    role = _role_in(given, words)
    _check_password(password, name, words)
    with available():
        there = await asyncio.to_thread(web.entrance.access.operators)
    if name in [one.name for one in there] or (oidc and oidc in [one.oidc_subject for one in there]):
        raise Declined(words.say("There is an account of that name, or with that OpenID subject, already."), 409)
    now_s = web.now_s()
    secret = await _changed(web, lambda roster: roster.add(name, role, password or None, oidc, now_s))
    _note(seen, "made the account", name)
    return _secret_page(web, seen, name, secret) if secret else on_to(web, HERE, "account")


async def _password_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, found = seen.visitor.words, await _account(web, asked)
    return Sheet(
        title=words.say("Give %(name)s a new password", name=found.name),
        says=[words.say("Their open sessions end, and the codes have a new secret, shown once on the next page.")],
        button=words.say("Set the password"),
        back=f"{HERE}/account/{found.name}",
        fields=(_password_field(words, needed=True),),
    )


async def _set_password(web: Web, seen: Seen, given: Given) -> Any:
    found, password = await _account(web, given.asked), given.form.as_typed("password")
    _check_password(password or " ", found.name, seen.visitor.words)
    secret, _ = await _changed(web, lambda roster: roster.password(found.name, password))
    _note(seen, "set another password for", found.name)
    return _secret_page(web, seen, found.name, secret)


async def _role_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, found = seen.visitor.words, await _account(web, asked)
    return Sheet(
        title=words.say("Change the role of %(name)s", name=found.name),
        says=[words.say("Their open sessions end: they sign in again.")],
        button=words.say("Change the role"),
        back=f"{HERE}/account/{found.name}",
        fields=(Field("role", words.say("Role"), "select", found.role, choices=_roles(words)),),
    )


async def _set_role(web: Web, seen: Seen, given: Given) -> Any:
    words, found = seen.visitor.words, await _account(web, given.asked)
    role = _role_in(given, words)
    _refuse_own(seen, found, words)
    await _changed(web, lambda roster: roster.role(found.name, role))
    _note(seen, f"gave the role {role} to", found.name)
    return on_to(web, f"{HERE}/account/{found.name}", "role")


async def _disable_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, found = seen.visitor.words, await _account(web, asked)
    return Sheet(
        title=words.say("Disable the account of %(name)s", name=found.name),
        says=[words.say("Nobody gets in with it, and its open sessions end. What they did stays in the log.")],
        button=words.say("Disable"),
        back=f"{HERE}/account/{found.name}",
        danger=True,
    )


async def _disable(web: Web, seen: Seen, given: Given) -> Any:
    found = await _account(web, given.asked)
    _refuse_own(seen, found, seen.visitor.words)
    await _changed(web, lambda roster: roster.disable(found.name))
    _note(seen, "disabled", found.name)
    return on_to(web, f"{HERE}/account/{found.name}", "disabled")


async def _enable_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, found = seen.visitor.words, await _account(web, asked)
    return Sheet(
        title=words.say("Enable the account of %(name)s", name=found.name),
        says=[words.say("They can sign in again as before. Sessions that ended stay ended.")],
        button=words.say("Enable"),
        back=f"{HERE}/account/{found.name}",
    )


async def _enable(web: Web, seen: Seen, given: Given) -> Any:
    found = await _account(web, given.asked)
    await _changed(web, lambda roster: roster.enable(found.name))
    _note(seen, "enabled", found.name)
    return on_to(web, f"{HERE}/account/{found.name}", "enabled")


def _refuse_own(seen: Seen, found: StoredOperator, words: Words) -> None:
    """Nobody locks themselves out: there would be nobody left to let them in."""
    if found.name == seen.operator.name:
        raise Declined(words.say("This is your own account. Another admin has to do that."), 409)


def _role_in(given: Given, words: Words) -> Role:
    said = given.form.one("role", "")
    if said not in [role.value for role in Role]:
        raise Declined(words.say("Choose one of the roles."))
    return Role(said)


def _check_password(password: str, name: str, words: Words) -> None:
    """Raises ``Declined`` for a password that is none; no password at all is fine here."""
    try:
        if password:
            check_password(password, name)
    except AccessFailed as error:
        lengths = {"least": LENGTH_LEAST, "most": LENGTH_MOST}
        raise Declined(
            words.say(
                "Choose another password: %(least)s to %(most)s characters, and none that is tried first.", **lengths
            )
        ) from error


def _secret_page(web: Web, seen: Seen, name: str, secret: str) -> Any:
    words = seen.visitor.words
    return ops_page(
        web,
        seen,
        "ops_secret.html",
        HERE,
        title=words.say("The secret of %(name)s's codes", name=name),
        text=words.say("Scan it with their authenticator, or type it in. It is kept sealed, and not shown again."),
        secret=secret,
        picture=segno.make(provisioning_uri(secret, name), micro=False).svg_data_uri(scale=4, border=2),
        back=f"{HERE}/account/{name}",
    )


_OF_ACCOUNT = HERE + "/account/{name:str}"
_P = Permission.MANAGE_OPERATORS
_DEEDS = (
    Deed(f"{HERE}/add", HERE, _P, _add_sheet, _add, reason=False, about="name"),
    Deed(f"{_OF_ACCOUNT}/password", HERE, _P, _password_sheet, _set_password, reason=False, about="name"),
    Deed(f"{_OF_ACCOUNT}/role", HERE, _P, _role_sheet, _set_role, reason=False, about="name"),
    Deed(f"{_OF_ACCOUNT}/disable", HERE, _P, _disable_sheet, _disable, reason=False, about="name"),
    Deed(f"{_OF_ACCOUNT}/enable", HERE, _P, _enable_sheet, _enable, reason=False, about="name"),
)
OPERATOR_PAGES = [operators, account, end_session, *(route for deed in _DEEDS for route in routes_of(deed))]
