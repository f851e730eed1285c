"""The composition root: the only place that names a concrete engine, and that puts a server together."""

from __future__ import annotations

import os
import random
import secrets
import socket
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from drumroll.desk.clock import SandboxClock, system_ms
from drumroll.desk.identifiers import order_ids
from drumroll.domain.launch import Launch
from drumroll.domain.times import to_ms
from drumroll.errors import DrumrollError, SettingInvalid
from drumroll.log.backup import Backup, backup
from drumroll.log.base import Log
from drumroll.log.holder import Hold
from drumroll.log.memory import MemoryLog
from drumroll.log.sqlite import SqliteLog, SqliteReader, open_for_reading
from drumroll.payments.standard_webhooks import secret_bytes
from drumroll.settings import Settings

if TYPE_CHECKING:
    from drumroll.desk.desk import Desk
    from drumroll.desk.service import Service
    from drumroll.proof.note import Note, Signature
    from drumroll.proof.tiles import TileNodes
    from drumroll.transparency.publisher import Cosigners, Publisher
    from drumroll.web.app import App
    from drumroll.web.context import Web
    from drumroll.web.transparency import Transparency
    from drumroll.webhooks.child import Child
    from drumroll.webhooks.deliverer import Deliverer
    from drumroll.webhooks.store import Store

IN_MEMORY = ":memory:"


class Server:
    """A server put together but not yet listening: ``app`` to serve, ``service`` and ``stream`` to run beside it."""

    def __init__(self, app: App, service: Service, web: Web) -> None:
        self.app = app
        self.service = service
        self.web = web


def read_launch(path: str) -> Launch:
    """The launch of a file. Raises ``LaunchFileInvalid`` with every mistake, ``DrumrollError`` if it can't be read."""
    from drumroll.domain.launch_file import parse_bytes

    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DrumrollError(f"the launch file {path} can't be read: {error}") from error
    return parse_bytes(data, path)


def open_log(settings: Settings) -> Log:
    """The order log, for writing. Raises ``LogError``."""
    if settings.log == IN_MEMORY:
        return MemoryLog()
    path = Path(settings.log)
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteLog(path)


def open_log_for_reading(path: str) -> SqliteReader:
    """A log, for reading beside whoever writes it. Raises ``LogError``."""
    return open_for_reading(Path(path))


def log_opener(path: str) -> Callable[[], SqliteReader]:
    """What opens that log for reading; it can be sent to another process, which then loads little else."""
    return partial(open_for_reading, path)


def back_up(path: str, target: str) -> Backup:
    """A consistent copy of a log while it is written. Raises ``LogError``."""
    return backup(Path(path), Path(target))


def webhooks_file(log: str) -> Path:
    """Where the webhooks of a log are kept. Raises ``SettingInvalid`` for a log in memory."""
    if log == IN_MEMORY:
        raise SettingInvalid("a log in memory has no webhooks: they follow a log's file; give --log a path")
    return Path(f"{log}-webhooks")


def open_webhooks(log: str) -> Store:
    """The webhooks' endpoints and what failed, to look at or to change. Raises ``WebhooksFailed``."""
    from drumroll.webhooks.store import Store

    return Store(webhooks_file(log))


@contextmanager
def opened_deliverer(log: str, say: Callable[[str], None]) -> Iterator[Deliverer]:
    """The one deliverer of a log. Raises ``LogHeld`` if another one delivers, ``LogError``, ``WebhooksFailed``."""
    # Imported here, for a server needs no HTTP client of its own.
    from drumroll.webhooks.deliverer import Deliverer
    from drumroll.webhooks.feed import Feed
    from drumroll.webhooks.lane import Surroundings
    from drumroll.webhooks.store import Store

    path = webhooks_file(log)
    with closing(open_log_for_reading(log)) as reader:
        hold = Hold(path)
        try:
            with closing(Store(path, careful=False)) as store:
                yield Deliverer(Surroundings(store, Feed(reader), system_ms, random.random, say))
        finally:
            hold.release()


def webhooks_child(settings: Settings, environment: Mapping[str, str]) -> Child | None:
    """What keeps a deliverer running beside the server; it is not given the server's secrets. ``None``: in memory."""
    from drumroll.webhooks.child import Child

    if settings.log == IN_MEMORY:
        return None
    command = [sys.executable, "-m", "drumroll", "webhooks", "deliver", "--log", settings.log, "--with-parent"]
    clean = {name: value for name, value in environment.items() if not name.startswith("DRUMROLL_")}
    return Child(command, clean, webhooks_file(settings.log))


def proof_folder(log: str) -> Path:
    """What belongs to the transparency log of an order log: ``public`` is what is published, ``leaves`` an index."""
    return Path(f"{log}-proof")


def key_folder(settings: Settings) -> Path:
    """Where the keys of the transparency log are; a sandbox has its own beside its log."""
    if settings.keys:
        return Path(settings.keys)
    return proof_folder(settings.log) / "keys" if settings.sandbox else Path("data/keys")


def _publishes(settings: Settings) -> bool:
    return settings.publish and settings.log != IN_MEMORY


def sandbox_keys(settings: Settings, launch: Launch) -> None:
    """A sandbox makes the keys that it lacks."""
    from drumroll.transparency.keys import make_ring

    path = key_folder(settings)
    if settings.sandbox and _publishes(settings) and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        make_ring(path, f"sandbox.example/{launch.id}")


@contextmanager
def opened_publisher(
    settings: Settings,
    directory: Path,
    index: Path | None,
    witnesses: Sequence[tuple[str, str]],
    say: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Publisher]:
    """The one publisher of a directory, not started yet.

    Raises:
        LogHeld: another process publishes there.
        KeyInvalid, LogError: there are no keys, or there is no log.
        PublishedInvalid: the directory can't be made.
    """
    # Imported here, for a server leaves this to a process of its own.
    from drumroll.transparency.directory import make_directory
    from drumroll.transparency.keys import open_ring
    from drumroll.transparency.publisher import Publisher

    ring = open_ring(key_folder(settings))
    cosign = _asking(witnesses, say) if witnesses else None
    with closing(open_log_for_reading(settings.log)) as reader:
        make_directory(directory)
        hold = Hold(directory / "publisher", "drumroll log publish")
        try:
            yield Publisher(reader, ring, directory, index, cosign)
        finally:
            hold.release()


def _asking(witnesses: Sequence[tuple[str, str]], say: Callable[[str], None]) -> Cosigners:
    """What asks the witnesses, and says what is wrong with one, once."""
    from drumroll.proof.note import parse_verifier
    from drumroll.transparency.witness_client import Witnesses

    asked = Witnesses([(url, parse_verifier(key)) for url, key in witnesses])
    said: set[str] = set()

    def ask(note: Note, nodes: Callable[[int], TileNodes]) -> list[Signature]:
        found = asked.ask(note, nodes)
        troubles = {str(trouble) for trouble in asked.troubles if not trouble.rests}
        for trouble in sorted(troubles - said):
            say(f"witness: {trouble}")
        said.update(troubles)
        return found

    return ask


def publishing_child(settings: Settings, environment: Mapping[str, str]) -> Child | None:
    """What keeps a publisher running beside the server once there are keys. ``None``: nothing is to be published."""
    from drumroll.webhooks.child import Child

    if not _publishes(settings):
        return None
    folder, keys = proof_folder(settings.log), key_folder(settings)
    command = [sys.executable, "-m", "drumroll", "log", "publish", str(folder / "public"), "--log", settings.log]
    command += ["--keys", str(keys), "--index", str(folder / "leaves"), "--follow", "--with-parent"]
    for url, key in witnesses_of(settings):
        command += ["--witness", url, key]
    clean = {name: value for name, value in environment.items() if not name.startswith("DRUMROLL_")}
    return Child(command, clean, keys)


def witnesses_of(settings: Settings) -> list[tuple[str, str]]:
    """The witnesses of the settings: URL and verifier key. Raises ``SettingInvalid``."""
    from drumroll.proof.note import parse_verifier

    found = []
    for one in filter(None, map(str.strip, settings.witnesses.split(","))):
        url, _, key = one.partition(" ")
        try:
            parse_verifier(key.strip())
        except DrumrollError as error:
            raise SettingInvalid(f"DRUMROLL_WITNESSES: {one!r}: {error}; allowed: a URL, a space, its vkey") from error
        found.append((url, key.strip()))
    return found


def open_desk(settings: Settings, launch: Launch, clock: SandboxClock | None) -> Desk:
    """A desk that has folded its log and takes commands. Raises ``LogError`` or ``WrongLaunch``."""
    # Imported here, as all of a server is: most commands only read a log, and load in a fifth of the time.
    from drumroll.desk.desk import Desk

    log = open_log(settings)
    desk = Desk(log, clock or system_ms, _holder(), queue_limit=settings.queue_limit, batch_limit=settings.batch_limit)
    try:
        desk.start(launch)
    except BaseException:
        log.close()
        raise
    if clock is not None:
        clock.move_to(desk.at_ms)
    return desk


def make_server(settings: Settings, desk: Desk, clock: SandboxClock | None) -> Server:
    """Put a server together around an open desk; call it inside the running event loop."""
    from prometheus_client import CollectorRegistry

    from drumroll import bootstrap_pages
    from drumroll.access.sessions import Sessions
    from drumroll.desk.service import Service
    from drumroll.payments.sandbox import SandboxProvider
    from drumroll.web.app import make_app
    from drumroll.web.board import BoardStream
    from drumroll.web.context import Sandbox, Web, board_of
    from drumroll.web.hot import HotPath
    from drumroll.web.metrics import DeskCollector
    from drumroll.web.ops.plots import Plots

    session_key, webhook_key = _keys(settings)
    provider = SandboxProvider(webhook_key)
    sessions = Sessions(session_key)
    service = Service(desk)
    hot = HotPath(service, sessions, provider, order_ids(os.urandom), time.time, settings.body_limit_bytes)
    sandbox = settings.sandbox
    stream = BoardStream(lambda: board_of(desk, sandbox=sandbox) if desk.readable else None, settings.viewers_limit)
    metrics = CollectorRegistry()
    published = _transparency(settings)
    access = bootstrap_pages.open_access(settings)
    launch = desk.book.launch
    assert launch is not None, "a desk that is open has a launch"
    room = bootstrap_pages.open_room(settings, launch, session_key)
    metrics.register(DeskCollector(desk, stream, published.index if published else None))
    web = Web(
        desk=desk,
        hot=hot,
        sessions=sessions,
        provider=provider,
        stream=stream,
        metrics=metrics,
        now_s=time.time,
        session_s=settings.session_s,
        body_limit_bytes=max(settings.body_limit_bytes, 131_072) if settings.sandbox else settings.body_limit_bytes,
        body_timeout_s=settings.body_timeout_ms / 1000,
        sandbox=Sandbox(provider, clock) if settings.sandbox else None,
        pages=bootstrap_pages.make_pages(settings, session_key),
        entrance=bootstrap_pages.make_entrance(settings, session_key, access),
        room=room,
        operations=bootstrap_pages.make_operations(settings, desk, room, access, session_key),
        jobs=bootstrap_pages.open_jobs(settings, desk),
        plots=Plots(),
        transparency=published,
    )
    web = bootstrap_pages.with_notices(settings, web)
    return Server(make_app(web), service, web)


def _transparency(settings: Settings) -> Transparency | None:
    """What serves the published log; ``None``: nothing is published, or there are no keys. Raises ``KeyInvalid``."""
    from drumroll.transparency.keys import open_ring
    from drumroll.transparency.leaf_index import LeafIndex
    from drumroll.web.transparency import Transparency

    if not _publishes(settings) or not key_folder(settings).exists():
        return None
    folder = proof_folder(settings.log)
    return Transparency(folder / "public", LeafIndex(folder / "leaves"), open_ring(key_folder(settings)).blinding)


def make_clock(settings: Settings) -> SandboxClock | None:
    """The sandbox's clock, ``<RFC 3339>@<rate>``; ``None`` is the real time. Raises ``SettingInvalid``."""
    if not settings.clock:
        return None
    if not settings.sandbox:
        raise SettingInvalid("a clock can be set in a sandbox only; leave --clock out, or add --sandbox")
    start, _, rate = settings.clock.partition("@")
    try:
        moment, speed = datetime.fromisoformat(start), float(rate or "1")
    except ValueError as error:
        raise SettingInvalid(f"clock: found {settings.clock!r}, allowed: 2025-06-26T21:59:00+08:00@60") from error
    if moment.tzinfo is None or not 2000 <= moment.year <= 2100 or not 0 <= speed <= 100_000:
        raise SettingInvalid("clock: give a year from 2000 to 2100, an offset (Z, +08:00) and a rate from 0 to 100,000")
    return SandboxClock(to_ms(moment), speed)


def operator_token(settings: Settings, name: str, role: str = "admin", label: str = "") -> str:
    """A session for an operator of that server; ``label``: see ``token_for``. ``SettingInvalid``, ``AccessFailed``."""
    from drumroll.access.operator_sessions import token_for
    from drumroll.access.roles import OPERATOR_NAME, Operator, Role
    from drumroll.access.sessions import Sessions
    from drumroll.bootstrap_pages import open_access

    if not OPERATOR_NAME.fullmatch(name):
        raise SettingInvalid(f"an operator's name: found {name!r}, allowed: 1 to 64 of A-Z, a-z, 0-9, _ and -")
    asked, sessions = Operator(name, Role(role)), Sessions(server_key(settings))
    there = Path(f"{settings.log}-access").exists()
    with closing(open_access(settings)) if there else nullcontext() as store:
        return token_for(sessions, store, asked, time.time(), settings.operator_session_s, label)


def server_key(settings: Settings) -> bytes:
    """The key that the server with these settings signs sessions with. Raises ``SettingInvalid``."""
    if not settings.secret and not Path(f"{settings.log}.session-key").exists():
        raise SettingInvalid("set DRUMROLL_SECRET as for the server, or name the log of a running sandbox with --log")
    return _session_key(settings.secret or _kept(settings, "session", ""))


def _keys(settings: Settings) -> tuple[bytes, bytes]:
    """The keys of sessions and webhooks. A sandbox makes what it isn't given, and keeps it beside its log."""
    if settings.sandbox:
        session = settings.secret or _kept(settings, "session", secrets.token_hex(32))
        webhook = settings.webhook_secret or _kept(
            settings, "webhook", "whsec_" + b64encode(secrets.token_bytes(32)).decode()
        )
    else:
        session, webhook = settings.secret, settings.webhook_secret
        if not session or not webhook:
            raise SettingInvalid("DRUMROLL_SECRET and DRUMROLL_WEBHOOK_SECRET are needed, or --sandbox for a trial")
    return _session_key(session), secret_bytes(webhook)


def _session_key(secret: str) -> bytes:
    try:
        key = bytes.fromhex(secret)
    except ValueError as error:
        raise SettingInvalid("DRUMROLL_SECRET: allowed: hex of 32 to 64 bytes") from error
    if not 32 <= len(key) <= 64:
        raise SettingInvalid(f"DRUMROLL_SECRET: found {len(key)} bytes, allowed: 32 to 64")
    return key


def _kept(settings: Settings, name: str, fresh: str) -> str:
    """A secret kept in ``<log>.<name>-key``, readable by its owner only, so that sessions outlive a restart."""
    if settings.log == IN_MEMORY:
        return fresh
    path = f"{settings.log}.{name}-key"
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(fresh)
    return Path(path).read_text("ascii").strip()


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
