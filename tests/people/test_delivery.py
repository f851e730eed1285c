"""Messages reach whom they are for, over TLS or not at all, and no error says whom that was."""

from __future__ import annotations

import asyncio
import email
import ipaddress
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.policy import default
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from drumroll.errors import NotDelivered, SettingInvalid
from drumroll.people.delivery import Both, Delivery
from drumroll.people.outbox import Outbox
from drumroll.people.person import Contact
from drumroll.people.sms import Sms
from drumroll.people.smtp import Smtp

CANARY = Contact("email", "canary@example.com")
NUMBER = Contact("phone", "+8613800138000")
SUBJECT, TEXT = "你的验证码", "12345678 是你的验证码。\n.\nA line with a dot alone is above.\n"
SENDER = "orders@launch.example"


class MailServer:
    """A mail server of a few lines. ``refuse``: the verb to which it answers with an error that cites what was said."""

    def __init__(self, *, starttls: bool = False, refuse: str = "", hang: str = "") -> None:
        self.starttls, self.refuse, self.hang = starttls, refuse, hang
        self.heard: list[tuple[bool, str]] = []
        self.messages: list[bytes] = []
        self.secure = False
        self.open = self.most_open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        secure = writer.get_extra_info("ssl_object") is not None
        try:
            writer.write(b"220 ready\r\n")
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                verb = line.split(" ")[0].split(":")[0].upper()
                self.heard.append((secure, line))
                if verb == self.hang:
                    await asyncio.sleep(3600)
                writer.write(self.answer(verb, line, secure))
                if verb == "STARTTLS":
                    await writer.start_tls(server_context())
                    secure = True
                elif verb == "DATA" and self.refuse != "DATA":
                    self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                    await asyncio.sleep(0.01)
                    writer.write(b"250 taken\r\n")
                elif verb == "QUIT":
                    return
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            """The client went away; that is its right."""
        finally:
            self.open -= 1
            writer.close()

    def answer(self, verb: str, line: str, secure: bool) -> bytes:
        if verb == self.refuse:
            return f"550 no {line} for canary@example.com\r\n".encode()
        if verb == "EHLO":
            return (
                b"250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
                if self.starttls and not secure
                else b"250-here\r\n250 AUTH PLAIN\r\n"
            )
        return {"DATA": b"354 go on\r\n", "STARTTLS": b"220 go\r\n", "QUIT": b"221 bye\r\n", "AUTH": b"235 in\r\n"}.get(
            verb, b"250 fine\r\n"
        )

    @asynccontextmanager
    async def running(self, *, tls: bool = False) -> AsyncIterator[int]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=server_context() if tls else None)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


@cache
def certificate() -> tuple[bytes, bytes]:
    """For this machine, by a key that nobody else trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in ("0.0.0.0", "127.0.0.1")]
    begins = datetime(2020, 1, 1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begins, begins + timedelta(days=36500))
    made = made.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.sign(key, hashes.SHA256()).public_bytes(pem), private


@cache
def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        (Path(folder) / "both.pem").write_bytes(b"".join(certificate()))
        context.load_cert_chain(Path(folder) / "both.pem")
    return context


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=certificate()[0].decode())


def sent(delivery: Callable[[], Delivery], *messages: tuple[Contact, str, str]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        opened = delivery()
        try:
            await asyncio.gather(*(opened.send(*message) for message in messages))
        finally:
            await opened.close()

    return run


async def refusal(run: Callable[[], Awaitable[None]]) -> str:
    """What it says, with all that a log might write of it; and nothing of that is personal."""
    with pytest.raises(NotDelivered) as refused:
        await run()
    whole = f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"
    for secret in ("canary", "13800138000", "12345678", "password", "%40"):
        assert secret not in whole
    return str(refused.value)


ONE = (CANARY, SUBJECT, TEXT)


def test_an_e_mail_arrives_as_it_was_written() -> None:
    async def night() -> MailServer:
        server = MailServer()
        async with server.running() as port:
            await sent(lambda: Smtp(f"smtp://127.0.0.1:{port}", SENDER), ONE)()
        return server

    server = asyncio.run(night())
    (raw,) = server.messages
    message = email.message_from_bytes(raw.removesuffix(b".\r\n").replace(b"\n..", b"\n."), policy=default)
    assert message["To"] == CANARY.value
    assert message["From"] == SENDER
    assert message["Subject"] == SUBJECT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].rstrip(">").endswith("@launch.example")
    assert message["Date"]
    content = message.get_content()
    assert content.replace("\r\n", "\n") == TEXT
    said = [line.lower() for _, line in server.heard]
    assert f"mail from:<{SENDER}>" in " ".join(said)
    assert f"rcpt to:<{CANARY.value}>" in said


@pytest.mark.parametrize("tls", [True, False])
def test_a_password_and_a_message_go_over_tls_alone(tls: bool) -> None:
    """0.0.0.0 is this machine too, but does not say so: like any host elsewhere."""

    async def night() -> MailServer:
        server = MailServer(starttls=not tls)
        async with server.running(tls=tls) as port:
            url = f"{'smtps' if tls else 'smtp'}://user%40here:pass%3Aword@0.0.0.0:{port}"
            await sent(lambda: Smtp(url, SENDER, trusting()), ONE)()
        return server

    server = asyncio.run(night())
    assert len(server.messages) == 1
    in_clear = [line.split(" ")[0].upper() for secure, line in server.heard if not secure]
    assert in_clear == ([] if tls else ["EHLO", "STARTTLS"])
    (auth,) = [line for secure, line in server.heard if secure and line.startswith("AUTH PLAIN ")]
    assert b64decode(auth.split(" ")[2]) == b"\0user@here\0pass:word"


def test_a_server_without_tls_or_of_somebody_else_is_told_nothing() -> None:
    async def night(server: MailServer, trusted: ssl.SSLContext | None) -> str:
        async with server.running() as port:
            return await refusal(
                sent(lambda: Smtp(f"smtp://user:password@0.0.0.0:{port}", SENDER, trusted, timeout_s=5), ONE)
            )

    plain, foreign = MailServer(), MailServer(starttls=True)
    assert "STARTTLS" in asyncio.run(night(plain, trusting()))
    assert "nobody who is trusted" in asyncio.run(night(foreign, None))
    for server in (plain, foreign):
        assert {line.split(" ")[0].upper() for _, line in server.heard} <= {"EHLO", "HELO", "STARTTLS", "QUIT"}
        assert not server.messages


@pytest.mark.parametrize("verb", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
def test_what_a_server_refuses_is_said_without_saying_whom_it_was_for(verb: str) -> None:
    async def night() -> str:
        async with MailServer(refuse=verb).running() as port:
            return await refusal(sent(lambda: Smtp(f"smtp://a:password@127.0.0.1:{port}", SENDER), ONE))

    said = asyncio.run(night())
    assert "550" in said or verb == "EHLO"


def test_a_server_that_hangs_or_is_not_there_is_not_waited_for() -> None:
    async def night() -> list[str]:
        async with MailServer(hang="RCPT").running() as port:
            hung = await refusal(sent(lambda: Smtp(f"smtp://127.0.0.1:{port}", SENDER, timeout_s=0.2), ONE))
        gone = await refusal(sent(lambda: Smtp(f"smtp://127.0.0.1:{port}", SENDER), ONE))
        return [hung, gone]

    hung, gone = asyncio.run(night())
    assert "ConnectionRefused" in gone
    assert hung


def test_a_server_that_fails_at_the_goodbye_has_the_message() -> None:
    async def night() -> MailServer:
        server = MailServer(refuse="QUIT")
        async with server.running() as port:
            await sent(lambda: Smtp(f"smtp://127.0.0.1:{port}", SENDER), ONE)()
        return server

    assert len(asyncio.run(night()).messages) == 1


def test_a_mail_server_sees_four_connections_at_most() -> None:
    async def night() -> MailServer:
        server = MailServer()
        async with server.running() as port:
            await sent(lambda: Smtp(f"smtp://127.0.0.1:{port}", SENDER), *[ONE] * 24)()
        return server

    server = asyncio.run(night())
    assert len(server.messages) == 24
    assert server.most_open <= 4


@asynccontextmanager
async def gateway(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/send"
    finally:
        await runner.cleanup()


def test_a_text_arrives_as_it_was_written() -> None:
    got: list[tuple[str, str, object, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        got.append(
            (
                request.method,
                request.path,
                msgspec.json.decode(await request.read()),
                request.headers.get("authorization"),
            )
        )
        return web.Response(status=202)

    async def night() -> None:
        async with gateway(answer) as url:
            await sent(lambda: Sms(url.replace("//", "//user:password@")), (NUMBER, SUBJECT, TEXT))()

    asyncio.run(night())
    ((method, path, body, authorization),) = got
    assert (method, path, body) == ("POST", "/send", {"to": NUMBER.value, "text": TEXT})
    assert authorization is not None
    assert b64decode(authorization.removeprefix("Basic ")) == b"user:password"


def test_a_gateway_that_refuses_redirects_hangs_or_is_gone_is_said_without_the_number() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path == "/hang":
            await asyncio.sleep(3600)
        if request.path == "/redirect":
            return web.Response(status=307, headers={"location": "/elsewhere"})
        return web.Response(status=500, text=NUMBER.value)

    async def night() -> list[str]:
        said = []
        async with gateway(answer) as url:
            for path in ("/send", "/redirect", "/hang"):
                address = url.replace("/send", path)
                said.append(await refusal(sent(lambda a=address: Sms(a, timeout_s=0.2), (NUMBER, "code", TEXT))))  # type: ignore[misc]
        return [*said, await refusal(sent(lambda: Sms(url), (NUMBER, "code", TEXT)))]

    refused, redirected, hung, gone = asyncio.run(night())
    assert "500" in refused
    assert "307" in redirected
    assert "no answer within 0.2 s" in hung
    assert "can't be reached" in gone
    assert asked == ["/send", "/redirect", "/hang"]


def test_each_kind_of_contact_goes_its_way_and_one_without_a_way_is_refused() -> None:
    mail, texts = Outbox(lambda: 1), Outbox(lambda: 2)
    both = Both(mail, texts)

    async def night() -> list[str]:
        await both.send(CANARY, "s", "t")
        await both.send(NUMBER, "s", "t")
        said = []
        somebody = Contact("oidc", "https://id.example|canary")
        ways: list[tuple[Delivery, Contact]] = [(both, somebody), (mail, somebody), (Both(None, texts), CANARY)]
        ways += [
            (Both(mail, None), NUMBER),
            (Smtp("smtp://localhost", SENDER), NUMBER),
            (Sms("https://x.example"), CANARY),
        ]
        for way, contact in ways:
            said.append(await refusal(sent(lambda w=way: w, (contact, "s", "t"))))  # type: ignore[misc]
        return said

    said = asyncio.run(night())
    assert [(one.at_ms, one.to) for one in (*mail.messages, *texts.messages)] == [(1, CANARY.value), (2, NUMBER.value)]
    assert "DRUMROLL_SMTP" in said[2]
    assert "DRUMROLL_SMS" in said[3]


def test_an_outbox_keeps_the_last_thousand_and_shows_nothing_in_traces() -> None:
    outbox = Outbox(lambda: 7)

    async def night() -> None:
        for number in range(1_100):
            await outbox.send(CANARY, "code", f"{number}")

    asyncio.run(night())
    assert [one.text for one in outbox.messages] == [str(number) for number in range(100, 1_100)]
    assert "canary" not in repr(outbox.messages)


@pytest.mark.parametrize(
    ("subject", "text"),
    [("a\r\nBcc: eve@example.com", "t"), ("", "t"), ("s", ""), ("s" * 201, "t"), ("s", "t" * 20_001)],
)
def test_a_message_that_would_start_another_header_or_is_too_long_goes_nowhere(subject: str, text: str) -> None:
    outbox = Outbox(lambda: 7)
    for way, contact in (
        (outbox, CANARY),
        (Smtp("smtp://localhost:1", SENDER), CANARY),
        (Sms("https://x.example"), NUMBER),
    ):
        asyncio.run(refusal_of_limits(way, contact, subject, text))
    assert not outbox.messages


async def refusal_of_limits(way: Delivery, contact: Contact, subject: str, text: str) -> None:
    assert "allowed" in await refusal(sent(lambda: way, (contact, subject, text)))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://user:canary@",
        "smtp://h:99999",
        "smtp://h:0",
        "smtp://a b",
        "smtp://h:canary",
    ],
)
def test_a_setting_that_can_t_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingInvalid, match="DRUMROLL_SMTP") as refused:
        Smtp(url, SENDER)
    with pytest.raises(SettingInvalid, match="DRUMROLL_SMS") as also:
        Sms(url.replace("smtp", "http"))
    assert "canary" not in f"{refused.value!r} {refused.value.__context__!r} {also.value!r} {also.value.__context__!r}"


def test_a_sender_is_an_address() -> None:
    for sender in ("", "orders", "a@b.example\r\nBcc: c@d.example", "Launch <a@b.example>", "+8613800138000"):
        with pytest.raises(SettingInvalid, match="DRUMROLL_MAIL_FROM"):
            Smtp("smtps://mail.example", sender)
