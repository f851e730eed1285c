"""A person and how they are reached: the normal form of a contact, as values. Nothing here touches a disk.

A contact is e-mail (RFC 5321, RFC 5322), a phone number (ITU-T E.164), or who somebody is at a sign-in service
(OpenID Connect Core 1.0, section 2: the issuer and the subject there). What is shown of one in a trace is its kind.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec

Kind = Literal["email", "phone", "oidc"]

TEXT_LIMIT = 320
"""Characters of what somebody typed; beyond it nothing is looked at."""
EMAIL_LIMIT = 254
"""Characters of an e-mail address: RFC 5321, section 4.5.3.1.3, less its angle brackets (RFC 3696, erratum 1690)."""
SUBJECT_LIMIT = 255
"""Characters of a subject at a sign-in service: OpenID Connect Core 1.0, section 2."""
ISSUER_LIMIT = 512
NAME_LIMIT = 80

# The dot-atom of RFC 5322, section 3.2.3: no quotes, no control signs, so nothing that could start another header.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+{_LABEL}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_MAINLAND_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PHONE_FILLING = dict.fromkeys(map(ord, " \t-()[]\u2010\u2011\u2012\u2013\u2014\u2212"))
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
_ISSUER = re.compile(r"https?://[\x21-\x7e]+")
_SPACES = {ord("\u3000"): " ", ord("\u00a0"): " "}
_JOINERS = "\u200c\u200d"
"""They print nothing, but names in Persian and Sinhala are misspelt without them."""


class Contact(msgspec.Struct, frozen=True):
    """How somebody is reached, in normal form. ``value``: an address, ``+`` and digits, or ``issuer|subject``."""

    kind: Kind
    value: str

    def __repr__(self) -> str:
        """The kind alone: traces and logs hold nothing personal."""
        return f"Contact(kind={self.kind!r})"


class Person(msgspec.Struct, frozen=True):
    """Somebody whom the order log knows by ``id`` alone. ``language`` is a tag of BCP 47 (RFC 5646)."""

    id: str
    contact: str
    kind: Kind
    name: str | None
    language: str
    made_ms: int

    @property
    def reached_by(self) -> Contact:
        """Where messages to them go."""
        return Contact(self.kind, self.contact)

    def __repr__(self) -> str:
        """The id alone: traces and logs hold nothing personal."""
        return f"Person(id={self.id!r})"


def parse_contact(text: str) -> Contact | None:
    """The e-mail address or phone number that somebody typed, in normal form; ``None``: it is neither.

    Full-width signs count as their plain ones. The domain of an address is folded to lower case and to ASCII, what is
    before the ``@`` stays as it is, since its server may tell letters apart. Spaces, dashes and brackets of a number
    are dropped; eleven digits that begin as a mobile of mainland China are one. Parsing ``value`` gives it again.
    """
    if len(text) > TEXT_LIMIT:
        return None
    plain = unicodedata.normalize("NFKC", text).strip()
    return _email(plain) if "@" in plain else _phone(plain)


def oidc_contact(issuer: str, subject: str) -> Contact | None:
    """Who somebody is at a sign-in service; ``None``: no URL, too long, or not printable."""
    fits = len(issuer) <= ISSUER_LIMIT and 0 < len(subject) <= SUBJECT_LIMIT
    if not fits or "|" in issuer or not _ISSUER.fullmatch(issuer):
        return None
    return Contact("oidc", f"{issuer}|{subject}") if subject.isascii() and subject.isprintable() else None


def parse_name(text: str) -> str | None:
    """A name as it is kept: 1 to 80 printable characters, runs of spaces as one; ``None``: it is none."""
    if len(text) > TEXT_LIMIT:
        return None
    plain = re.sub(" +", " ", unicodedata.normalize("NFC", text).translate(_SPACES)).strip(" ")
    printable = all(sign.isprintable() or sign in _JOINERS for sign in plain)
    return plain if printable and 0 < len(plain) <= NAME_LIMIT else None


def is_id(text: str) -> bool:
    """Whether it can be a customer's id: 1 to 64 of A-Z, a-z, 0-9, _ and -."""
    return _ID.fullmatch(text) is not None


def is_language(text: str) -> bool:
    """Whether it looks like a language tag of BCP 47 (``zh-Hans``)."""
    return _LANGUAGE.fullmatch(text) is not None


def _email(plain: str) -> Contact | None:
    local, _, domain = plain.partition("@")
    ascii_domain = _ascii(domain)
    value = f"{local}@{ascii_domain}"
    fits = len(local) <= 64 and len(ascii_domain) <= 253 and len(value) <= EMAIL_LIMIT
    return Contact("email", value) if fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(ascii_domain) else None


def _ascii(domain: str) -> str:
    """The domain as the domain name system knows it (RFC 3490); empty if it can't be one."""
    try:
        return domain.casefold().encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _phone(plain: str) -> Contact | None:
    digits = plain.translate(_PHONE_FILLING)
    if _MAINLAND_MOBILE.fullmatch(digits):
        digits = f"+86{digits}"
    return Contact("phone", digits) if _PHONE.fullmatch(digits) else None
