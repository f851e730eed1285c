"""The second half of the composition root: pages, people and access, put together for a server or a command."""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drumroll.access.limits import Guard, networks
from drumroll.access.sealing import Seal, derived_key
from drumroll.desk.clock import system_ms
from drumroll.domain.launch import Launch
from drumroll.errors import SettingInvalid
from drumroll.settings import Settings

if TYPE_CHECKING:
    from drumroll.access.oidc import Oidc
    from drumroll.access.store import AccessStore
    from drumroll.desk.desk import Desk
    from drumroll.notices.notices import Reading
    from drumroll.people.delivery import Delivery
    from drumroll.people.outbox import Outbox
    from drumroll.people.person import Kind
    from drumroll.people.store import PeopleStore
    from drumroll.room.room import Room
    from drumroll.web.context import Web
    from drumroll.web.entrance import Entrance
    from drumroll.web.ops.jobs import Jobs
    from drumroll.web.ops.parts import Operations
    from drumroll.web.pages.pages import Pages

IN_MEMORY = ":memory:"
KEY_BYTES = 32
SIGN_IN_RATE_PER_S, SIGN_IN_BURST = 1 / 30, 10.0
"""How often one person may ask for a code or answer one; an address a hundred times as often, unless it succeeds."""


def beside(settings: Settings, what: str) -> Path | None:
    """The file ``<log>-<what>``; ``None``: it is kept in memory, as the log is."""
    return None if settings.log == IN_MEMORY else Path(f"{settings.log}-{what}")


def people_key(settings: Settings) -> bytes:
    """What names and contacts are encrypted with; a sandbox keeps its own beside its log. Raises ``SettingInvalid``."""
    text = settings.people_key or _kept(settings)
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise SettingInvalid(f"DRUMROLL_PEOPLE_KEY: allowed: hex of {KEY_BYTES} bytes") from error
    if len(key) != KEY_BYTES:
        raise SettingInvalid(f"DRUMROLL_PEOPLE_KEY: found {len(key)} bytes, allowed: {KEY_BYTES}")
    return key


def _kept(settings: Settings) -> str:
    """The key that a sandbox made; of another server there is none to be made up."""
    path = Path(f"{settings.log}.people-key")
    if settings.log != IN_MEMORY and path.exists():
        return path.read_text().strip()
    if not settings.sandbox:
        how = "python3 -c 'import secrets; print(secrets.token_hex(32))'"
        raise SettingInvalid(f"DRUMROLL_PEOPLE_KEY is needed to keep names and contacts; make one with {how}")
    made = secrets.token_hex(KEY_BYTES)
    if settings.log != IN_MEMORY:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made)
    return made


def open_people(settings: Settings) -> PeopleStore:
    """The file of names and contacts. Raises ``PeopleFailed``, ``SettingInvalid``."""
    from drumroll.people.store import PeopleStore

    return PeopleStore(beside(settings, "people"), people_key(settings))


def open_access(settings: Settings) -> AccessStore:
    """Sessions and operators' accounts. Raises ``AccessFailed``."""
    from drumroll.access.store import AccessStore

    return AccessStore(beside(settings, "access"))


def accounts_seal(session_key: bytes) -> Seal:
    """What the secrets of operators' codes are sealed with."""
    return Seal(derived_key(session_key, "totp"))


def make_entrance(settings: Settings, session_key: bytes, access: AccessStore) -> Entrance:
    """Everything that signing in takes."""
    from drumroll.access.accounts import Accounts
    from drumroll.access.codes import Challenges
    from drumroll.web.entrance import Entrance

    outbox = _outbox(settings)
    return Entrance(
        people=open_people(settings),
        delivery=outbox or _delivery(settings),
        challenges=Challenges(derived_key(session_key, "codes"), os.urandom),
        guard=Guard(SIGN_IN_RATE_PER_S, SIGN_IN_BURST),
        access=access,
        accounts=Accounts(access, accounts_seal(session_key)),
        seal=Seal(derived_key(session_key, "sign-in")),
        operator_session_s=settings.operator_session_s,
        outbox=outbox,
        oidc=_oidc(settings, settings.oidc, "oidc", "/sign-in/oidc/done"),
        operators_oidc=_oidc(settings, settings.operators_oidc, "operators_oidc", "/ops/sign-in/oidc/done"),
    )


def _outbox(settings: Settings) -> Outbox | None:
    """A sandbox without a way to send anything shows what it would have sent."""
    from drumroll.people.outbox import Outbox

    return Outbox(system_ms) if settings.sandbox and not (settings.smtp or settings.sms) else None


def _delivery(settings: Settings) -> Delivery:
    from drumroll.people.delivery import Both
    from drumroll.people.sms import Sms
    from drumroll.people.smtp import Smtp

    if settings.smtp and not settings.mail_from:
        raise SettingInvalid(
            "DRUMROLL_MAIL_FROM is needed with DRUMROLL_SMTP: the sender, such as orders@launch.example"
        )
    return Both(
        Smtp(settings.smtp, settings.mail_from) if settings.smtp else None, Sms(settings.sms) if settings.sms else None
    )


def _oidc(settings: Settings, setting: str, name: str, path: str) -> Oidc | None:
    from drumroll.access.oidc import Oidc

    if not setting:
        return None
    parts = setting.split()
    if len(parts) not in (2, 3) or not settings.public_url:
        allowed = "issuer, client id and client secret, a space between two; and DRUMROLL_PUBLIC_URL"
        raise SettingInvalid(f"DRUMROLL_{name.upper()}: allowed: {allowed}")
    issuer, client_id, secret = (*parts, "")[:3]
    return Oidc(issuer, client_id, secret, settings.public_url.rstrip("/") + path)


def make_pages(settings: Settings, session_key: bytes) -> Pages:
    """Templates, assets and what keeps them safe. Raises ``SettingInvalid``."""
    from drumroll.web.api import STATIC
    from drumroll.web.pages.assets import assets_in
    from drumroll.web.pages.pages import Pages
    from drumroll.web.pages.safety import Safety

    try:
        proxies = networks(settings.proxies)
    except ValueError as error:
        raise SettingInvalid(f"DRUMROLL_PROXIES: {error}; allowed: networks such as 10.0.0.0/8") from error
    safety = Safety(settings.public_url, derived_key(session_key, "forms"))
    return Pages(assets_in(STATIC), safety, proxies)


def open_room(settings: Settings, launch: Launch, session_key: bytes) -> Room | None:
    """The waiting room of the launch, if it has one. Raises ``RoomFailed``."""
    if launch.waiting_room is None:
        return None
    from drumroll.room.room import Room
    from drumroll.room.store import Store

    path = beside(settings, "room") or Path(mkdtemp(prefix="drumroll-")) / "room"
    store = Store(path, launch.id, secrets.token_bytes(KEY_BYTES))
    key = derived_key(session_key, "room")
    return Room(store, launch.waiting_room, launch.opens_at_ms, key, launch.id)


def make_operations(
    settings: Settings, desk: Desk, room: Room | None, access: AccessStore, session_key: bytes
) -> Operations:
    """What operators' pages need of their own: the desk's pulse, the accounts, the webhooks of a log on a disk."""
    from drumroll.access.roster import Roster
    from drumroll.bootstrap import open_webhooks
    from drumroll.web.ops.parts import Operations
    from drumroll.web.ops.pulse import Pulse

    webhooks = None if settings.log == IN_MEMORY else partial(open_webhooks, settings.log)
    return Operations(Pulse(desk, room), Roster(access, accounts_seal(session_key)), webhooks)


def with_notices(settings: Settings, web: Web) -> Web:
    """The server, writing to customers unasked if it can and may. Raises ``PeopleFailed``, ``SettingInvalid``."""
    from drumroll.notices.notices import Notices, Surroundings
    from drumroll.notices.store import Store
    from drumroll.web.letters import Letters
    from drumroll.web.metrics import NoticesCollector

    desk, path, reach = web.desk, beside(settings, "notices"), _reach(settings)
    if settings.notices == "on" and not reach:
        raise SettingInvalid("DRUMROLL_NOTICES: found on, but nothing delivers; set DRUMROLL_SMTP or DRUMROLL_SMS")
    if settings.notices == "off" or not reach:
        if path is not None and path.exists():
            with closing(Store(path)) as store:
                store.rest()
        return web
    around = Surroundings(
        book=lambda: desk.book if desk.readable else None,
        position=lambda: desk.position,
        commands=lambda: desk.meter.commands,
        open_log=partial(_reading, settings, desk),
        read=web.entrance.people.read,
        delivery=web.entrance.delivery,
        reach=reach,
        write=Letters(settings.public_url, lambda: web.now_ms),
        now_ms=system_ms,
        per_s=settings.notices_per_s,
    )
    notices = Notices(Store(path), around)
    web.metrics.register(NoticesCollector(notices.meter))
    return replace(web, notices=notices)


def _reach(settings: Settings) -> frozenset[Kind]:
    """The kinds of contact that there is a way to; both where a sandbox shows what it would have sent."""
    ways: dict[Kind, str] = {"email": settings.smtp, "phone": settings.sms}
    shown = settings.sandbox and not any(ways.values())
    return frozenset(kind for kind, way in ways.items() if way or shown)


def _reading(settings: Settings, desk: Desk) -> Reading:
    """The log for a reader of its own. Raises ``LogError``."""
    from drumroll.bootstrap import open_log_for_reading
    from drumroll.log.codec import decode_as
    from drumroll.notices.notice import EVENTS
    from drumroll.notices.notices import Reading

    if settings.log == IN_MEMORY:
        return Reading(desk.log.read, lambda: None)
    reader = open_log_for_reading(settings.log)
    return Reading(partial(reader.read, decode=decode_as(EVENTS)), reader.close)


def open_jobs(settings: Settings, desk: Desk) -> Jobs | None:
    """What works beside the server on its log; ``None``: in memory, where no other process can read it."""
    from drumroll.web.ops.jobs import Jobs
    from drumroll.web.ops.jobs_kinds import Sources

    if settings.log == IN_MEMORY:
        return None
    log, launch = Path(settings.log).absolute(), Path(settings.launch).absolute()
    quotes = str(Path(settings.quotes).absolute()) if settings.quotes else ""
    return Jobs(Sources(str(log), str(launch), quotes), Path(f"{log}-jobs"), desk.clock_ms)
