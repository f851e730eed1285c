"""``drumroll person``: what is kept of somebody. To show it, to hand it to them, to erase it."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import Any

import click
import msgspec

from drumroll.bootstrap_pages import beside, open_access, open_people
from drumroll.cli.at_the_terminal import check_no_log, write_private
from drumroll.cli.person_log import InLog, read_log
from drumroll.cli.tables import plain_console, printable, said, table
from drumroll.desk.clock import system_ms
from drumroll.domain.times import rfc3339
from drumroll.errors import PeopleFailed, SettingInvalid
from drumroll.people.person import Contact, Person, is_id, oidc_contact, parse_contact
from drumroll.people.store import Erasure, PeopleStore
from drumroll.settings import Settings, load

ZONE = "UTC"
WHO_LIMIT = 1_000

_log = click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


class Known(msgspec.Struct, frozen=True):
    """Whom WHO means: the id, the person (``None``: erased, or known to the order log alone), past erasures."""

    id: str
    person: Person | None
    erasures: list[Erasure]


@click.group(short_help="Show, export or erase what is kept of a person.")
def person() -> None:
    r"""Show, export or erase what is kept of a person: name and contact.

    WHO is an e-mail address, a phone number, or a customer's id. What stands on
    a command line can be seen by all users of the machine (`ps`) and stays in
    the shell's history: give - as WHO, and it is read from standard input.
    DRUMROLL_PEOPLE_KEY is needed as for the server; a sandbox has its own.

    \b
    Example:
      drumroll person show - < who.txt
      drumroll person export c-17 --output c-17.json
      drumroll person erase c-17 --reason "asked on 1 July"
    """


@person.command(short_help="Show who somebody is.")
@click.argument("who")
@_log
@_json
def show(who: str, log_path: str | None, as_json: bool) -> None:
    r"""Show who WHO is: id, contact, name, language, and since when.

    \b
    Example:
      drumroll person show c-17
      drumroll person show - --json < who.txt
    """
    with closing(_people(_settings(log_path))) as people:
        known = _known(people, who, at_least_id=False)
    values = _identity(known)
    if as_json:
        _print_json(values)
        return
    if known.person is not None:
        rows = [(name.replace("_", " "), printable(str(value or "-"))) for name, value in values["identity"].items()]
        table(plain_console(), ("", ""), rows, words=(1,))
    for erasure in known.erasures:
        click.echo(_erased_in_words(erasure))


@person.command(short_help="Write all that is kept of somebody to a file.")
@click.argument("who")
@_log
@click.option("--output", required=True, metavar="FILE", help="The file, for you alone; - prints it.")
def export(who: str, log_path: str | None, output: str) -> None:
    r"""Write all that is kept of WHO to FILE, as JSON, to be handed to them.

    That is who they are, and from the order log their orders and their places on
    waiting lists, with all that happened to them.

    \b
    Example:
      drumroll person export c-17 --output c-17.json
      drumroll person export - --output - < who.txt
    """
    settings = _settings(log_path)
    with closing(_people(settings)) as people:
        known = _known(people, who)
    in_log = read_log(settings.log, known.id)
    _refuse_nobody(known, in_log)
    text = msgspec.json.format(msgspec.json.encode({**_identity(known), **in_log.exported()}))
    if output == "-":
        click.echo(text)
        return
    check_no_log(output)
    write_private(output, text + b"\n")
    click.echo(f"{output}: person {known.id}, {len(in_log.orders)} orders. Hand it to nobody else.")


@person.command(short_help="Erase somebody's name and contact for good.")
@click.argument("who")
@_log
@click.option("--reason", required=True, help="Why; kept in clear, so name nobody in it.")
@click.option("--even-with-orders", is_flag=True, help="Also while an order or a place on a waiting list is open.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_json
def erase(who: str, log_path: str | None, reason: str, even_with_orders: bool, yes: bool, as_json: bool) -> None:
    r"""Erase the name and the contact of WHO for good, and say what stays.

    The orders stay in the log under an id that then names nobody. Somebody with
    an open order can't be told of its delivery any more, nor sign in to see to
    it: end the order first, or say --even-with-orders. Backups are yours to see
    to (docs/personal-data.md).

    \b
    Example:
      drumroll person erase c-17 --reason "asked on 1 July"
      drumroll person erase - --reason "asked" --yes < who.txt
    """
    if who == "-" and not yes:
        raise click.UsageError("WHO is read from standard input, so nothing can be asked there: add --yes")
    settings = _settings(log_path)
    with closing(_people(settings)) as people:
        known = _known(people, who, at_least_id=False)
        in_log = read_log(settings.log, known.id)
        if in_log.open and not even_with_orders:
            raise PeopleFailed(_still_open(known, in_log))
        if not yes:
            _ask(f"Erase the name and contact of person {known.id} for good?")
        at_ms = system_ms()
        erased = people.erase(known.id, reason, at_ms)
    with closing(open_access(settings)) as access:
        access.revoke_all(known.id)
    if as_json:
        stays = {"stays": in_log.ids, "open": in_log.open}
        _print_json({"id": known.id, "erased": erased, "at": rfc3339(at_ms, ZONE), **stays})
    else:
        _say_erased(known, in_log, erased)


def _ask(question: str) -> None:
    try:
        sure = click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError(
            "there is nobody at a terminal who could say yes; nothing was erased: add --yes"
        ) from None
    if not sure:
        raise click.Abort


def _settings(log_path: str | None) -> Settings:
    return load(os.environ, log=log_path)


def _people(settings: Settings) -> PeopleStore:
    """The people beside a log. A command looks at those that a server has; it makes no file of its own."""
    path = beside(settings, "people")
    if path is None or not path.exists():
        raise SettingInvalid(f"no names and contacts are kept beside {settings.log}; name the server's log with --log")
    return open_people(settings)


def _known(people: PeopleStore, who: str, *, at_least_id: bool = True) -> Known:
    """Whom WHO means. Raises ``PeopleFailed``; with ``at_least_id`` an id that only the log may know will do."""
    given = sys.stdin.readline(WHO_LIMIT).strip() if who == "-" else who
    contact = _contact(given)
    found = people.find(contact) if contact else None
    if found is None and is_id(given):
        found = people.read(given)
    if found is not None:
        return Known(found.id, found, people.erasures(found.id))
    # What was asked for is not cited: it may be somebody's address.
    if not is_id(given):
        raise PeopleFailed(
            "WHO: nobody is kept under that contact; allowed: an e-mail address, a phone number (+ and 7 to 15 "
            "digits), or a customer's id"
        )
    erasures = people.erasures(given)
    if not erasures and not at_least_id:
        raise PeopleFailed("WHO: nobody is kept under that id or contact, and nobody of that id was erased")
    return Known(given, None, erasures)


def _contact(given: str) -> Contact | None:
    issuer, bar, subject = given.partition("|")
    return oidc_contact(issuer, subject) if bar else parse_contact(given)


def _identity(known: Known) -> dict[str, Any]:
    found = known.person
    identity = None
    if found is not None:
        identity = {"id": found.id, "contact": found.contact, "kind": found.kind, "name": found.name}
        identity |= {"language": found.language, "known_since": rfc3339(found.made_ms, ZONE)}
    erased = [{"at": rfc3339(one.at_ms, ZONE), "reason": one.reason} for one in known.erasures]
    return {"id": known.id, "identity": identity, "erased": erased}


def _refuse_nobody(known: Known, in_log: InLog) -> None:
    if known.person is None and not (known.erasures or in_log.orders or in_log.waiting):
        raise PeopleFailed("WHO: nobody is kept under that id, nobody of it was erased, and the log has no order of it")


def _still_open(known: Known, in_log: InLog) -> str:
    return (
        f"person {known.id} has {_listed(in_log.open)} open: without a contact they can't be told of an offer or of "
        "the delivery, nor sign in to pay, change or cancel. End it first (drumroll operator cancel), or erase with "
        "--even-with-orders. Nothing was erased"
    )


def _say_erased(known: Known, in_log: InLog, erased: bool) -> None:
    console = plain_console()
    done = "is erased: name and contact are in no file of drumroll any more" if erased else "was erased before"
    said(console, f"Person {known.id} {done}.", left=0)
    kept = f"The log keeps, under an id that names nobody: {_listed(in_log.ids)}."
    said(console, kept if in_log.ids else "The log has no order of theirs.", left=0)
    if in_log.open:
        said(console, f"Still open, and nobody can be told: {_listed(in_log.open)}.", left=0)
    said(console, "Backups from before have them still: see docs/personal-data.md.", left=0)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def _erased_in_words(erasure: Erasure) -> str:
    return f"Person {erasure.id} was erased at {rfc3339(erasure.at_ms, ZONE)}: {printable(erasure.reason)}"


def _print_json(values: dict[str, Any]) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(values)))
