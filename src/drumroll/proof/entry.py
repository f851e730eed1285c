"""What a leaf of the transparency log says: one line of text, without anything personal. See docs/transparency-log.md.

``firm firm yu7 1750946401234 0Zq8…16 x7Ad…16 500000 Vb3k…43``

In clear: what happened (``kind``), the order's state and model after it, the time, blinded tags of the order and of its
customer, and the deposit that is held for it from now on. All else is committed to: ``commitment`` is the SHA-256 of
the digests of the fields, one after the other, and a field's digest is the SHA-256 of its salt, its name, ``=`` and its
value. So each field can be opened alone: the name, the value and the salt of that one, the digests of the others.

Salts and tags come from the log's blinding key by keyed BLAKE2b (RFC 7693): they can be made again from the order log
and that key, and without it tell nothing, not even to somebody who tries every value there can be.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Sequence
from hashlib import blake2b, sha256

import msgspec

from drumroll.errors import EntryInvalid

FORMAT = "drumroll/v1"
ORDERED = ("order", "customer", "trim", "options", "region", "price", "deposit", "promised")
FIELDS = {
    "reserved": ORDERED,
    "firm": ("order", "payment", "promised"),
    "expired": ("order",),
    "cancelled": ("order", "refund"),
    "locked": ("order",),
    "unlocked": ("order",),
    "forfeited": ("order", "forfeited"),
    "changed": ORDERED,
    "converted": (*ORDERED, "window", "due", "refund"),
    "difference_paid": ("order", "payment", "amount"),
    "imported": (*ORDERED, "payment", "reference"),
    "withdrawn": ("order", "refund", "forfeited"),
    "scheduled": ("order",),
    "in_production": ("order",),
    "built": ("order",),
    "in_transit": ("order",),
    "delivered": ("order",),
}
"""What an entry of each kind commits to, in this order. An opening with others could be another one for each reader."""

KINDS = tuple(FIELDS)
STATES = (
    *("reserved", "firm", "locked", "scheduled", "in_production", "built", "in_transit", "delivered"),
    *("expired", "cancelled", "forfeited"),
)
BYTES_MOST = 4_096
"""Bytes of an entry. Orders' entries are some 130 long, a launch's some hundreds."""

SALT_BYTES = 16
TAG_BYTES = 12
"""96 bits: among 10 million orders two tags are the same with a chance of one in 10^15."""

LINE = re.compile(
    rb"([a-z_]{1,20}) ([a-z_]{1,20}) ([!-~]{1,64}) (0|[1-9][0-9]{0,15}) "
    rb"([0-9A-Za-z_-]{16}) ([0-9A-Za-z_-]{16}) (0|[1-9][0-9]{0,17}) ([0-9A-Za-z_-]{43})"
)
"""An order's entry, in its parts. ``parse_entry`` also checks kind and state; who reads millions uses this alone.

(Classes are written out, for a third of the time: ``\\w`` and ``\\d`` are looked up sign by sign.)
"""

_LAUNCH = re.compile(rb"launch (0|[1-9]\d{0,15}) (\{.+\})", re.DOTALL)
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MODEL = re.compile(r"[!-~]{1,64}")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An event of an order, as everybody may know it. ``held_minor`` is the deposit held for it from now on."""

    kind: str
    state: str
    model: str
    at_ms: int
    order: str
    customer: str
    held_minor: int
    commitment: str


class LaunchFacts(msgspec.Struct, frozen=True):
    """What is public of the launch: what claims speak of. A later entry of the kind replaces the earlier one."""

    format: str
    launch: str
    name: str
    opens_at_ms: int
    time_zone: str
    currency: str
    headline: tuple[str, ...]
    models: tuple[str, ...]


class LaunchEntry(msgspec.Struct, frozen=True):
    """The launch was set, or its file changed."""

    at_ms: int
    facts: LaunchFacts


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field of a commitment that is shown: ``value`` and ``salt`` (base64url), or its ``digest`` only."""

    name: str = ""
    value: str = ""
    salt: str = ""
    digest: str = ""


def entry_bytes(entry: Entry | LaunchEntry) -> bytes:
    """The entry as it is hashed and published."""
    if isinstance(entry, LaunchEntry):
        return b"launch %d %b" % (entry.at_ms, msgspec.json.encode(entry.facts))
    return (
        f"{entry.kind} {entry.state} {entry.model} {entry.at_ms} {entry.order} {entry.customer} "
        f"{entry.held_minor} {entry.commitment}"
    ).encode("ascii")


def parse_entry(data: bytes) -> Entry | LaunchEntry:
    """Read a published entry. Raises ``EntryInvalid`` with what is wrong."""
    found = LINE.fullmatch(data)
    if found is not None:
        kind, state, model, at_ms, order, customer, held, commitment = found.groups()
        entry = Entry(
            kind.decode(), state.decode(), model.decode(), int(at_ms), order.decode(), customer.decode(), int(held),
            commitment.decode(),
        )  # fmt: skip
        if entry.kind in _KINDS and entry.state in _STATES:
            return entry
        raise EntryInvalid(f"found the kind {entry.kind!r} and the state {entry.state!r}: one of them is unknown")
    launch = _LAUNCH.fullmatch(data) if len(data) <= BYTES_MOST else None
    if launch is None:
        raise EntryInvalid(f"this is no entry of {FORMAT}: {data[:60]!r}")
    try:
        read = LaunchEntry(int(launch[1]), msgspec.json.decode(launch[2], type=LaunchFacts))
        one_way = entry_bytes(read) == data
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise EntryInvalid(f"the facts of a launch can't be read: {error}") from error
    # A key that is there twice, or another one, could be read in two ways.
    if not one_way or not _plausible(read.facts):
        raise EntryInvalid(f"the facts of a launch are not written as {FORMAT} writes them: {launch[2][:200]!r}")
    return read


def _plausible(facts: LaunchFacts) -> bool:
    """Whether a definition may cite the facts: what is no time zone or currency could be any words there."""
    return (
        facts.format == FORMAT
        and 0 <= facts.opens_at_ms < 10**16
        and _ZONE.fullmatch(facts.time_zone) is not None
        and _CURRENCY.fullmatch(facts.currency) is not None
        and all(map(_MODEL.fullmatch, facts.models))
    )


_KINDS, _STATES = frozenset(KINDS), frozenset(STATES)
_PARTS = tuple(bytes((part,)) for part in range(256))
_URL_SAFE = bytes.maketrans(b"+/", b"-_")

# Tags, salts, commitments


def text_of(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return b2a_base64(data, newline=False).translate(_URL_SAFE).rstrip(b"=").decode("ascii")


def bytes_of(text: str) -> bytes:
    """What ``text_of`` wrote. Raises ``EntryInvalid``."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError) as error:
        raise EntryInvalid(f"found {text[:60]!r}, allowed: base64url without padding") from error
    if text_of(data) != text:
        raise EntryInvalid(f"found {text[:60]!r}, allowed: base64url without padding")
    return data


def tag(blinding: bytes, of: bytes, name: str) -> str:
    """The blinded tag of an order (``of`` is ``b"order"``) or a customer (``b"customer"``)."""
    return text_of(blake2b(name.encode(), key=blinding, digest_size=TAG_BYTES, person=of).digest())


def salts(blinding: bytes, position: int, number: int, count: int) -> list[bytes]:
    """Salts for the fields of leaf ``number`` (from 0) of the block at ``position``: four for each 64 bytes."""
    found: list[bytes] = []
    place = position.to_bytes(8, "big") + number.to_bytes(4, "big")
    for part in range((count + 3) // 4):
        data = blake2b(place + _PARTS[part], key=blinding, person=b"salt").digest()
        found += (data[:16], data[16:32], data[32:48], data[48:])
    return found[:count]


def field_digest(salt: bytes, name: str, value: str) -> bytes:
    """The digest of a field. Names have no ``=``, so a name and its value can't be taken for others."""
    return sha256(salt + f"{name}={value}".encode()).digest()


def commitment(digests: Sequence[bytes]) -> str:
    """What commits to fields with these digests."""
    return text_of(sha256(b"".join(digests)).digest())


def committed(fields: Sequence[str], with_salts: Sequence[bytes]) -> str:
    """What commits to these fields, each ``name=value``."""
    digests = [sha256(salt + field.encode()).digest() for salt, field in zip(with_salts, fields, strict=True)]
    return text_of(sha256(b"".join(digests)).digest())


def opening(fields: Sequence[str], with_salts: Sequence[bytes], shown: frozenset[str]) -> list[Opened]:
    """The fields (each ``name=value``) of a commitment, those in ``shown`` opened (all, if it is empty)."""
    opened = []
    for field, salt in zip(fields, with_salts, strict=True):
        name, _, value = field.partition("=")
        if not shown or name in shown:
            opened.append(Opened(name, value, text_of(salt)))
        else:
            opened.append(Opened(digest=text_of(field_digest(salt, name, value))))
    return opened


def check_opening(entry: Entry, opened: Sequence[Opened]) -> dict[str, str]:
    """The opened fields, if they are what the entry commits to. Raises ``EntryInvalid``."""
    names = FIELDS.get(entry.kind, ())
    if len(opened) != len(names):
        raise EntryInvalid(f"found {len(opened)} fields; an entry {entry.kind!r} commits to {len(names)}: {names}")
    digests, found = [], {}
    for one, name in zip(opened, names, strict=True):
        if one.digest:
            if one.name or one.value or one.salt:
                raise EntryInvalid(f"the field {name} has a digest and more; allowed: its digest alone, or all else")
            digests.append(_sized(one.digest, 32))
            continue
        if one.name != name:
            raise EntryInvalid(f"found a field named {one.name[:40]!r} where {name!r} must be")
        digests.append(field_digest(_sized(one.salt, SALT_BYTES), name, one.value))
        found[name] = one.value
    if commitment(digests) != entry.commitment:
        raise EntryInvalid("the opened fields are not those that the entry commits to")
    return found


def _sized(text: str, size: int) -> bytes:
    data = bytes_of(text)
    if len(data) != size:
        raise EntryInvalid(f"found {len(data)} bytes, allowed: {size}")
    return data
