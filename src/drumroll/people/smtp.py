"""E-mail, handed over to a mail server (RFC 5321) that takes it from there.

TLS is required (RFC 8314): from the first byte with ``smtps``, by STARTTLS (RFC 3207) with ``smtp``, but for a server
on this machine. A server that offers none is told nothing.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import unquote

from drumroll.errors import NotDelivered, SettingInvalid
from drumroll.people.addresses import is_loopback, split, trust
from drumroll.people.delivery import TIMEOUT_S, WAITING_LIMIT, check_message, no_way
from drumroll.people.person import Contact, parse_contact

AT_ONCE = 4
ALLOWED = "smtps://user:password@host:465, or smtp://host:587 with STARTTLS"
_PORTS = {"smtp": 587, "smtps": 465}


class Smtp:
    """Hands e-mail over at ``url``, from ``sender``; at most four at once, a connection each.

    Raises:
        SettingInvalid: the URL or the sender can't be used.
    """

    def __init__(
        self, url: str, sender: str, trusted: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        parts = split(url, tuple(_PORTS), "DRUMROLL_SMTP", ALLOWED)
        address = parse_contact(sender)
        if address is None or address.kind != "email":
            raise SettingInvalid(f"DRUMROLL_MAIL_FROM: found {sender!r}, allowed: an address: orders@launch.example")
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender, self._domain = address.value, address.value.rpartition("@")[2]
        self._tls_first, self._plain = parts.scheme == "smtps", is_loopback(self._host)
        self._trusted, self._timeout_s = trusted or trust(), timeout_s
        # Threads of its own: a mail server that hangs keeps nothing else waiting.
        self._threads = ThreadPoolExecutor(AT_ONCE, "smtp")
        self._waiting = 0

    async def send(self, contact: Contact, subject: str, text: str) -> None:
        """Hand one message over. Raises ``NotDelivered``, which says nothing of whom it was to."""
        check_message(subject, text)
        if contact.kind != "email":
            raise NotDelivered(no_way(contact))
        if self._waiting >= WAITING_LIMIT:
            raise NotDelivered(f"{WAITING_LIMIT:,} messages wait for the mail server already; try again later")
        self._waiting += 1
        try:
            trouble = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._tried, self._message(contact, subject, text), contact.value
            )
        finally:
            self._waiting -= 1
        if trouble:
            raise NotDelivered(trouble)

    async def close(self) -> None:
        """What waits is dropped; what is being handed over ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _message(self, contact: Contact, subject: str, text: str) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self._sender, contact.value, subject
        # The sender's domain, for the default would tell the name of this machine.
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self._domain)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
        message.set_content(text)
        return message.as_bytes()

    def _tried(self, message: bytes, to: str) -> str:
        """What went wrong, or nothing. The library's own words cite the recipient, so they go no further than here."""
        try:
            self._hand_over(message, to)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            return f"the mail server refused the recipient ({', '.join(map(str, codes))})"
        except smtplib.SMTPResponseException as error:
            return f"the mail server refused ({error.smtp_code}, {type(error).__name__})"
        except (smtplib.SMTPException, ssl.SSLError) as error:
            return f"the mail server can't be used: {_kind_of(error)}"
        except (OSError, ValueError) as error:
            return f"the mail server can't be reached: {type(error).__name__}"
        return ""

    def _hand_over(self, message: bytes, to: str) -> None:
        server = self._connected()
        try:
            if self._user:
                server.login(self._user, self._password)
            server.sendmail(self._sender, [to], message)
            # It has the message: what it makes of the goodbye changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        """A connection that may be told a password and a message. The caller closes it."""
        if self._tls_first:
            return smtplib.SMTP_SSL(
                self._host, self._port, self._domain, timeout=self._timeout_s, context=self._trusted
            )
        server = smtplib.SMTP(self._host, self._port, self._domain, timeout=self._timeout_s)
        try:
            if not self._plain:
                server.starttls(context=self._trusted)
        except BaseException:
            server.close()
            raise
        return server


def _kind_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it offers no STARTTLS (or no way to sign in); use smtps://, or another server"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "nobody who is trusted signed its certificate, or it is of another host"
    return type(error).__name__
