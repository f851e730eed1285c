"""Verify what drumroll publishes, without drumroll: this one file is all that an auditor has to take along and read.

    python independent.py DIR --key VKEY [--witness VKEY] [--receipt FILE] [--claim FILE] [--sample FILE]

It prints what holds, a line each beginning with OK, or the first fault, and ends with 0 or 1. The key must come from
somewhere else than DIR. It was written from the specifications alone (RFC 6962, RFC 8032, C2SP signed-note,
tlog-checkpoint, tlog-tiles, tlog-cosignature, tlog-proof, docs/transparency-log.md) and shares no line with drumroll:
where drumroll runs the iterative algorithms of RFC 9162, this follows the recursive definitions of RFC 6962. It needs
Python 3.11, and the package ``cryptography`` only where more than a few hundred signatures are to be checked.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Fault(Exception):
    """Something does not hold. Its text says what."""


def require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Fault(otherwise)


# Ed25519, RFC 8032 section 5.1

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add(a, b):
    """Points are (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z (section 5.1.4)."""
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(data):
    """The point that 32 bytes stand for, or None (section 5.1.3)."""
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519_holds(public, message, signature):
    """Section 5.1.7."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r = point_of(public), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return same(times(s, BASE), add(r, times(challenge, key)))


def quick_ed25519_holds(public, message, signature):
    """The same by the package cryptography, for files with thousands of signatures."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# Signed notes, keys, cosignatures, checkpoints: C2SP

PLAIN, COSIGNATURE = 1, 4
NOTE_MOST = 65_536
SIGNATURES_MOST = 64


def from_base64(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = None
    require(data is not None and base64.b64encode(data).decode() == text, f"{what}: {text[:80]!r} is no base64")
    return data


def from_base64url(text, what):
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        data = None
    fine = data is not None and base64.urlsafe_b64encode(data).decode().rstrip("=") == text
    require(fine, f"{what}: {text[:80]!r} is no base64url without padding")
    return data


def is_name(name):
    return bool(name) and "+" not in name and not any(char.isspace() or char < " " for char in name)


class Key:
    """A public key to believe: ``name+id+base64(kind || public key)``."""

    def __init__(self, text):
        found = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text.strip())
        require(found, f"{text[:80]!r} is no key: it must be name+id+base64")
        data = from_base64(found[3], "the key")
        self.name, self.id, self.kind, self.public = found[1], bytes.fromhex(found[2]), data[0], data[1:]
        require(is_name(self.name), f"{self.name!r} is no name of a key")
        require(self.kind in (PLAIN, COSIGNATURE) and len(self.public) == 32, f"{text[:80]!r} is no Ed25519 key")
        identity = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        require(identity == self.id, f"the id of the key {text[:80]!r} should be {identity.hex()}")


class Note:
    """A text and signatures under it."""

    def __init__(self, data):
        require(len(data) <= NOTE_MOST, f"a note of {len(data):,} bytes is too long")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Fault("a note is not UTF-8") from None
        require(not re.search(r"[\x00-\x09\x0b-\x1f]", whole), "a note has control characters")
        before, empty_line, after = whole.rpartition("\n\n")
        require(empty_line and after.endswith("\n"), "a note has no signatures, or does not end with a newline")
        lines = after[:-1].split("\n")
        require(len(lines) <= SIGNATURES_MOST, f"a note has {len(lines)} signatures: too many")
        self.text = before + "\n"
        self.signatures = [self._signature(line) for line in lines]

    @staticmethod
    def _signature(line):
        words = line.split(" ")
        require(len(words) == 3 and words[0] == "\u2014" and is_name(words[1]), f"{line[:80]!r} is no signature")
        data = from_base64(words[2], "a signature")
        require(len(data) > 4, f"{line[:80]!r} has no signature")
        return words[1], data[:4], data[4:]

    def signed_by(self, keys, holds=ed25519_holds):
        """The keys of ``keys`` that signed, each with its time (a cosignature's) or None. One that fails is a fault."""
        found = []
        for key in keys:
            for name, identity, data in self.signatures:
                if (name, identity) != (key.name, key.id):
                    continue
                at_s, message, signature = None, self.text.encode(), data
                if key.kind == COSIGNATURE:
                    at_s, signature = int.from_bytes(data[:8], "big"), data[8:]
                    require(at_s < 2**63, f"the time of a cosignature of {name} is impossible")
                    message = f"cosignature/v1\ntime {at_s}\n".encode() + message
                require(holds(key.public, message, signature), f"a signature of {name} does not hold")
                found.append((key, at_s))
        return found


class Checkpoint:
    """Origin, size and root: the text of a signed note."""

    def __init__(self, text):
        lines = text.split("\n")
        require(len(lines) >= 4 and lines[-1] == "" and all(lines[:-1]), "a checkpoint has three lines or more")
        require(re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]), f"{lines[1][:40]!r} is no size of a tree")
        self.origin, self.size, self.root = lines[0], int(lines[1]), from_base64(lines[2], "a root")
        require(len(self.root) == 32, "a root has 32 bytes")
        require(self.size or self.root == sha256(b""), "the root of the empty tree is SHA-256 of nothing")


def signed_checkpoint(data, keys, holds=ed25519_holds):
    """The checkpoint of a note, if the log that it names signed it with one of the keys."""
    note = Note(data)
    checkpoint = Checkpoint(note.text)
    signers = [key for key, _ in note.signed_by(keys, holds) if key.kind == PLAIN and key.name == checkpoint.origin]
    require(signers, f"the checkpoint of size {checkpoint.size} is signed by no key that you gave")
    return note, checkpoint


# Merkle trees, by the definitions of RFC 6962 section 2.1


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):
    return sha256(b"\x00" + entry)


def node(left, right):
    return sha256(b"\x01" + left + right)


def split(size):
    """The largest power of two that is less than ``size``."""
    return 1 << (size - 1).bit_length() - 1


def tree_hash(hashes):
    """MTH of leaves with these hashes."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(tree_hash(hashes[:k]), tree_hash(hashes[k:]))


def root_by_path(leaf, index, size, path):
    """The root that PATH(index, D[size]) leads to from a leaf's hash (section 2.1.1)."""
    require(0 <= index < size, f"the index {index} is not in a tree of {size}")
    require(all(len(one) == 32 for one in path), "a hash of a proof has not 32 bytes")
    if size == 1:
        require(not path, "the proof of inclusion is too long")
        return leaf
    require(path, "the proof of inclusion is too short")
    k = split(size)
    if index < k:
        return node(root_by_path(leaf, index, k, path[:-1]), path[-1])
    return node(path[-1], root_by_path(leaf, index - k, size - k, path[:-1]))


def roots_by_proof(old, size, old_root, proof, known=True):
    """The roots of D[old] and D[size] that SUBPROOF(old, D[size], known) leads to (section 2.1.2)."""
    require(0 < old <= size, f"a tree of {size} has no part of {old}")
    require(all(len(one) == 32 for one in proof), "a hash of a proof has not 32 bytes")
    if old == size:
        require(len(proof) == (0 if known else 1), "the proof of consistency has the wrong length")
        both = old_root if known else proof[0]
        return both, both
    require(proof, "the proof of consistency is too short")
    k, rest, last = split(size), proof[:-1], proof[-1]
    if old <= k:
        before, after = roots_by_proof(old, k, old_root, rest, known)
        return before, node(after, last)
    before, after = roots_by_proof(old - k, size - k, old_root, rest, False)
    return node(last, before), node(last, after)


def check_inclusion(leaf, index, size, path, root):
    require(root_by_path(leaf, index, size, path) == root, "the proof of inclusion leads to another root")


def check_consistency(old, old_root, size, root, proof):
    require(0 <= old <= size, f"a tree of {size} has no part of {old}")
    if old == 0:
        require(not proof and old_root == sha256(b""), "the empty tree needs no proof, and has one root")
        require(size or root == old_root, "the empty tree has one root")
        return
    require(roots_by_proof(old, size, old_root, proof) == (old_root, root), "the proof of consistency does not hold")


class Tree:
    """All hashes of the tiles of a tree: ``levels[l][i]`` is MTH(D[i * 256**l : (i + 1) * 256**l])."""

    def __init__(self, entries):
        self.size = len(entries)
        self.levels = [[leaf_hash(entry) for entry in entries]]
        while len(self.levels[-1]) >= 256:
            below = self.levels[-1]
            self.levels.append([tree_hash(below[at : at + 256]) for at in range(0, len(below) - 255, 256)])
        self.known = {256**level: hashes for level, hashes in enumerate(self.levels)}

    def root(self, size):
        return self._hash(0, size) if size else sha256(b"")

    def _hash(self, start, end):
        width = end - start
        if width in self.known:
            return self.known[width][start // width]
        k = split(width)
        return node(self._hash(start, start + k), self._hash(start + k, end))


# The published folder, C2SP tlog-tiles

TILE = re.compile(r"tile/(entries|0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


def tile_name(level, index, width):
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{path}" + ("" if width == 256 else f".p/{width}")


def unbundle(data, where):
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        require(at + 2 + length <= len(data), f"{where} ends within an entry")
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return entries


class Folder:
    """A published log in a directory."""

    def __init__(self, path):
        self.path = Path(path)

    def read(self, name):
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise Fault(f"{name} can't be read: {error.strerror}") from None

    def tile(self, level, index, width):
        """A tile, or the full one if the partial one is gone. Returns its bytes, uncut, and its name."""
        name, full = tile_name(level, index, width), tile_name(level, index, 256)
        try:
            return self.read(name), name
        except Fault:
            if not (self.path / full).exists():
                raise
            return self.read(full), full

    def entries(self, size):
        entries = []
        for at in range(0, size, 256):
            width = min(256, size - at)
            data, name = self.tile("entries", at // 256, width)
            found = unbundle(data, name)
            require(len(found) >= width, f"{name} has {len(found)} entries; it must have {width}")
            entries += found[:width]
        return entries

    def history(self):
        """Every note of ``checkpoints``: each ends with an empty line; a last one without is torn, and left out."""
        notes, lines, parts = [], [], 0
        for line in self.read("checkpoints").split(b"\n")[:-1]:
            if line:
                lines.append(line)
                continue
            parts += 1
            if parts % 2:
                lines.append(b"")
            else:
                notes.append(b"\n".join(lines) + b"\n")
                lines = []
        return notes

    def tile_files(self):
        files = [file for file in self.path.glob("tile/**/*") if file.is_file() and not file.name.startswith(".")]
        return sorted(file.relative_to(self.path).as_posix() for file in files)


def check_tiles(folder, tree):
    """Each tile that the tree needs is there and as it must be; returns how many."""
    count = 0
    for level, hashes in enumerate(tree.levels):
        for at in range(0, len(hashes), 256):
            wanted = b"".join(hashes[at : at + 256])
            data, name = folder.tile(level, at // 256, len(wanted) // 32)
            whole = len(wanted) == len(data) or (len(data) == 8192 and not name.partition(".p/")[1])
            if not whole or data[: len(wanted)] != wanted:
                raise Fault(_difference(name, level, at, hashes, data))
            count += 1
    return count


def _difference(name, level, at, hashes, data):
    for number, one in enumerate(hashes[at : at + 256]):
        if data[number * 32 : number * 32 + 32] != one:
            below = f"entry {at + number}" if level == 0 else f"the entries from {(at + number) * 256**level} on"
            return f"{name} has another hash for {below} than what is published there"
    return f"{name} has {len(data)} bytes"


def check_other_files(folder, tree, entries):
    """Tiles of smaller trees that are still there say the same; nothing else lies among them."""
    for name in folder.tile_files():
        found = TILE.fullmatch(name)
        require(found and name == _again(found), f"{name} is no name of a tile")
        width, index = int(found[3] or 256), int(found[2].replace("x", "").replace("/", ""))
        items = entries if found[1] == "entries" else tree.levels[int(found[1])] if _has(tree, found[1]) else []
        if (index * 256 + width) > len(items):
            continue  # It belongs to a tree that is larger than the checkpoint: the log grew meanwhile.
        wanted = items[index * 256 : index * 256 + width]
        data = folder.read(name)
        there = (
            unbundle(data, name) if found[1] == "entries" else [data[at : at + 32] for at in range(0, len(data), 32)]
        )
        require(there == list(wanted), f"{name} is not what it must be")


def _has(tree, level):
    return int(level) < len(tree.levels)


def _again(found):
    width = int(found[3] or 256)
    index = int(found[2].replace("x", "").replace("/", ""))
    return tile_name(found[1], index, width) if width <= 256 and (found[3] is None or width < 256) else ""


def check_history(folder, tree, keys, newest):
    """Every checkpoint ever signed has the root that the tree had at its size. Returns cosigned sizes."""
    data = folder.history()
    holds = quick_ed25519_holds if len(data) > 300 else ed25519_holds
    size = newer = 0
    seen = []
    for one in data:
        note, checkpoint = signed_checkpoint(one, keys, holds)
        seen += [(checkpoint.size, at_s) for _, at_s in note.signed_by(keys, holds) if at_s is not None]
        require(checkpoint.origin == newest.origin, f"`checkpoints` has one of {checkpoint.origin}")
        require(checkpoint.size >= size, f"`checkpoints` go back from size {size} to {checkpoint.size}")
        size = checkpoint.size
        if size > tree.size:
            newer += 1
            continue
        right = tree.root(size) == checkpoint.root
        require(right, f"the checkpoint of size {size} in `checkpoints` has another root than the entries give")
    return len(data), newer, seen


# Entries, docs/transparency-log.md

STANDING = frozenset(("firm", "locked", "scheduled", "in_production", "built", "in_transit", "delivered"))
STATES = STANDING | {"reserved", "expired", "cancelled", "forfeited"}
ORDERED = ("order", "customer", "trim", "options", "region", "price", "deposit", "promised")
FIELDS = {  # What an entry of each kind commits to, in this order.
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
ENTRY_MOST = 4_096


class Entry:
    """One line. A launch's has the kind ``launch`` and ``facts``; an order's has the rest."""

    __slots__ = ("at_ms", "commitment", "customer", "facts", "held", "kind", "model", "order", "state", "text")

    def __init__(self, data, where="an entry"):
        require(len(data) <= ENTRY_MOST, f"{where} has {len(data):,} bytes: too many")
        try:
            self.text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Fault(f"{where} is not UTF-8") from None
        words = self.text.split(" ")
        self.kind = sys.intern(words[0])
        if self.kind == "launch":
            self._launch(self.text.split(" ", 2), where)
        else:
            self._order(words, where)

    def _launch(self, words, where):
        require(len(words) == 3 and re.fullmatch("0|[1-9][0-9]{0,15}", words[1]), f"{where} can't be read")
        self.at_ms = int(words[1])
        try:
            self.facts = json.loads(words[2])
        except ValueError:
            raise Fault(f"{where}: the facts of the launch are no JSON") from None
        require(isinstance(self.facts, dict) and self.facts.get("format") == "drumroll/v1", f"{where}: another format")

    def _order(self, words, where):
        require(len(words) == 8 and self.text.isascii(), f"{where} can't be read: {self.text[:60]!r}")
        _, self.state, self.model, at_ms, self.order, self.customer, held, self.commitment = map(sys.intern, words)
        require(self.kind in FIELDS and self.state in STATES, f"{where}: unknown kind or state in {self.text[:60]!r}")
        require(re.fullmatch("[!-~]{1,64}", self.model), f"{where}: {self.model!r} is no model")
        numbers = re.fullmatch("0|[1-9][0-9]{0,15}", at_ms) and re.fullmatch("0|[1-9][0-9]{0,17}", held)
        require(numbers, f"{where}: a time or an amount can't be read")
        self.at_ms, self.held = int(at_ms), int(held)
        for tag in (self.order, self.customer):
            require(len(from_base64url(tag, where)) == 12, f"{where}: a tag has not 12 bytes")
        require(len(from_base64url(self.commitment, where)) == 32, f"{where}: a commitment has not 32 bytes")

    def open(self, fields):
        """What these fields say, if the entry commits to them: just those of its kind, in their order."""
        names = () if self.kind == "launch" else FIELDS[self.kind]
        require(isinstance(fields, list) and len(fields) == len(names), f"{self.kind} has {len(names)} fields")
        if self.kind == "launch":
            return {}
        digests, values = [], {}
        for name, field in zip(names, fields, strict=True):
            digests.append(_digest(name, field))
            if not field.get("digest"):
                values[name] = field["value"]
        require(sha256(b"".join(digests)) == from_base64url(self.commitment, "it"), "the entry commits to other fields")
        return values


def _digest(name, field):
    require(isinstance(field, dict) and all(isinstance(one, str) for one in field.values()), "a field is malformed")
    require(set(field) <= {"name", "value", "salt", "digest"}, f"the field {name} says more than it may")
    if field.get("digest"):
        require(not field.get("value") and not field.get("salt"), "a field is both opened and not")
        digest = from_base64url(field["digest"], "a digest")
        require(len(digest) == 32, "a digest has 32 bytes")
        return digest
    require(field.get("name") == name, f"there should be the field {name}; it says {field.get('name')!r}")
    salt = from_base64url(field.get("salt", ""), "a salt")
    require(len(salt) == 16 and "value" in field, "a salt has 16 bytes, and a field a value")
    return sha256(salt + name.encode() + b"=" + field["value"].encode())


def check_entries(parsed):
    """What can't be, whatever was signed: times that fall, copied leaves, orders from nowhere or firm twice."""
    require(not parsed or parsed[0].kind == "launch", "the first entry must say what the launch is")
    at_ms, commitments, states, customers = 0, {}, {}, {}
    for index, one in enumerate(parsed):
        require(one.at_ms >= at_ms, f"entry {index} is of an earlier time than the one before it")
        at_ms = one.at_ms
        if one.kind == "launch":
            continue
        twin = commitments.setdefault(one.commitment, index)
        require(twin == index, f"entry {index} has the commitment of entry {twin}: it was copied")
        before = states.get(one.order)
        first = one.kind == "imported" or (one.kind == "reserved" and one.state == "reserved")
        require((before is None) == first, f"entry {index} ({one.kind}) can't follow what its order was ({before})")
        twice = one.kind == "firm" and before not in ("reserved", "expired")
        require(not twice, f"entry {index} makes an order firm that is {before}: counted twice")
        states[one.order] = one.state
        owner = customers.setdefault(one.order, one.customer)
        require(owner == one.customer, f"entry {index}: an order is another customer's than before")


BACK_DATED_MS = 60_000


def check_back_dating(parsed, seen):
    """What a witness had not seen is not from before that time, but for a minute's grace. (Times never fall.)"""
    for size, at_s in seen:
        late = size < len(parsed) and parsed[size].at_ms < at_s * 1000 - BACK_DATED_MS
        require(not late, f"entry {size} says it is from before a witness saw the log without it: back-dated")


# Receipts, C2SP tlog-proof


class Receipt:
    """A proof of inclusion with its checkpoint, and as extra data the entry and its opened fields."""

    def __init__(self, data):
        require(len(data) <= 4 * NOTE_MOST, "the receipt is too long")
        head, _, self.checkpoint = data.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        require(lines.pop(0) == "c2sp.org/tlog-proof@v1", "this is no tlog-proof")
        extra = lines.pop(0).removeprefix("extra ") if lines and lines[0].startswith("extra ") else ""
        index = re.fullmatch("index (0|[1-9][0-9]{0,17})", lines.pop(0) if lines else "")
        require(index, "the receipt has no index")
        self.index, self.path = int(index[1]), [from_base64(line, "a hash") for line in lines]
        require(len(self.path) <= 63, "the receipt has too many hashes")
        try:
            self.extra = json.loads(from_base64(extra, "the extra data")) if extra else None
        except ValueError:
            raise Fault("the extra data is no JSON") from None
        require(isinstance(self.extra, dict) and isinstance(self.extra.get("entry"), str), "the receipt has no entry")
        require(set(self.extra) <= {"entry", "fields"}, "the extra data says more than it may")


def check_receipt(data, keys):
    """Returns the checkpoint, the index, the entry and what the opened fields say."""
    receipt = Receipt(data)
    note, checkpoint = signed_checkpoint(receipt.checkpoint, keys)
    entry = Entry(receipt.extra["entry"].encode(), "the receipt's entry")
    check_inclusion(leaf_hash(entry.text.encode()), receipt.index, checkpoint.size, receipt.path, checkpoint.root)
    return note, checkpoint, receipt.index, entry, entry.open(receipt.extra.get("fields"))


# Samples, docs/transparency-log.md


def draw(root, value, population, count):
    """The places of a sample, of 0 to ``population`` - 1."""
    require(0 < count <= population, f"{count} can't be drawn of {population}")
    places, counter, value = {}, 0, value.encode()
    while True:
        block = b"drumroll sample/v1\n" + root + len(value).to_bytes(8, "big") + value + counter.to_bytes(8, "big")
        digest = sha256(block)
        for at in (0, 8, 16, 24):
            word = int.from_bytes(digest[at : at + 8], "big")
            place = word % population
            if word - place + population <= 2**64 and len(places) < count:
                places[place] = True
        if len(places) == count:
            return list(places)
        counter += 1


def check_sample(data, keys, parsed):
    """Check a sample's file against the entries of the log; returns it, and its rows (index, time, order, payment)."""
    first, _, rest = data.partition(b"\n")
    require(first == b"drumroll sample/v1", "this is no sample")
    try:
        sample = json.loads(rest)
    except ValueError:
        raise Fault("the sample is no JSON") from None
    _, checkpoint = signed_checkpoint(sample["checkpoint"].encode(), keys)
    said = (sample["origin"], sample["size"], from_base64(sample["root"], "the sample's root"))
    require(said == (checkpoint.origin, checkpoint.size, checkpoint.root), "the sample's checkpoint is another")
    wanted = sample["kind"]
    population = [at for at, one in enumerate(parsed[: checkpoint.size]) if wanted in (one.kind, "all")]
    drawn = [population[place] for place in draw(checkpoint.root, sample["random"], len(population), sample["n"])]
    require(drawn == [one["index"] for one in sample["entries"]], "the sample has other entries than were drawn")
    rows = [_sampled(one, checkpoint) for one in sample["entries"]]
    _check_unique(rows)
    return checkpoint, sample, rows


def _sampled(one, checkpoint):
    where = f"entry {one['index']}"
    entry = Entry(one["entry"].encode(), where)
    path = [from_base64(line, where) for line in one["proof"]]
    check_inclusion(leaf_hash(one["entry"].encode()), one["index"], checkpoint.size, path, checkpoint.root)
    values = entry.open(one["fields"]) if one.get("fields") else {}
    return one["index"], entry, values


def _check_unique(rows):
    orders, payments = {}, {}
    for index, entry, values in rows:
        if "order" in values:
            tag = orders.setdefault(values["order"], entry.order)
            require(tag == entry.order, f"entry {index}: the order number {values['order']} is another order's too")
        if "payment" in values:
            require(values["payment"], f"entry {index} has no payment")
            twin = payments.setdefault(values["payment"], (entry.order, entry.kind, index))
            fine = twin[2] == index or (twin[0] == entry.order and twin[1] != entry.kind)
            require(fine, f"entry {index} has the payment {values['payment']} of entry {twin[2]}")


# Claims, docs/transparency-log.md

STATEMENT = re.compile(
    r"(?:(?P<standing>standing orders)|(?P<deposits>deposits held)|orders in state (?P<state>\w+)"
    r"|customers with (?P<whose>\w+) orders|(?P<kind>\w+) orders)(?: of (?P<model>[!-~]{1,64}))?"
    r"(?: in the first (?:(?P<amount>[1-9]\d*) )?(?P<unit>second|minute|hour|day)s?| (?:until|at) (?P<end>\S+)"
    r"| between (?P<start>\S+) and (?P<stop>\S+))?(?P<net> net of cancellations)?",
    re.ASCII,
)
UNITS_MS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
CLAIM = ("claim", "value", "unit", "from", "until", "definition")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text):
    """Milliseconds since 1970 of a time as claims write it: RFC 3339 in UTC."""
    require(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", text), f"{text[:40]!r} is no time in UTC")
    try:
        return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)
    except ValueError:
        raise Fault(f"{text[:40]!r} is no time") from None


def window(said, facts):
    """From and until in milliseconds; None where there is none."""
    if said["unit"]:
        opens = facts["opens_at_ms"]
        return opens, opens + int(said["amount"] or 1) * UNITS_MS[said["unit"]]
    if said["start"]:
        return moment(said["start"]), moment(said["stop"])
    return None, moment(said["end"]) if said["end"] else None


def count(statement, parsed):
    """Count a statement over entries. Returns value, unit, from and until, by the sentences of the documentation."""
    said = STATEMENT.fullmatch(statement)
    require(said, f"{statement!r} is no statement in its normal form")
    facts = [one.facts for one in parsed if one.kind == "launch"][-1]
    model, (from_ms, until_ms) = said["model"], window(said, facts)
    require(model is None or model in facts["models"], f"the launch has no model {model}")
    orders = [one for one in parsed if one.kind != "launch" and (until_ms is None or one.at_ms < until_ms)]
    last = {one.order: one for one in orders}
    at_the_end = [one for one in last.values() if model in (None, one.model)]
    standing = {one.order for one in at_the_end if one.state in STANDING}
    if said["standing"]:
        return len(standing), "orders", None, until_ms
    if said["deposits"]:
        return sum(one.held for one in at_the_end), facts["currency"], None, until_ms
    if said["state"]:
        require(said["state"] in STATES, f"there is no state {said['state']}")
        return sum(one.state == said["state"] for one in at_the_end), "orders", None, until_ms
    kind = said["kind"] or said["whose"]
    require(kind in FIELDS, f"there is no kind {kind}")
    happened = [one for one in orders if one.kind == kind and model in (None, one.model)]
    happened = [one for one in happened if from_ms is None or one.at_ms >= from_ms]
    if said["net"]:
        happened = [one for one in happened if one.order in standing]
    if said["whose"]:
        return len({one.customer for one in happened}), "customers", from_ms, until_ms
    return len({one.order for one in happened}), "orders", from_ms, until_ms


def parse_claim(text):
    """The checkpoint that a claim is about, and its fields."""
    lines = text.removesuffix("\n").split("\n")
    require(len(lines) == 4 + len(CLAIM) and lines[0] == "drumroll claim/v1", "this is no claim")
    checkpoint = Checkpoint("\n".join(lines[1:4]) + "\n")
    said = {}
    for name, line in zip(CLAIM, lines[4:], strict=True):
        require(line.startswith(f"{name}: "), f"{line[:60]!r} should begin with {name}:")
        said[name] = line.removeprefix(f"{name}: ")
    require(re.fullmatch(r"0|[1-9]\d{0,18}", said["value"], re.ASCII), "the claim's value is no whole number")
    return checkpoint, said


def check_claim(data, keys, tree, parsed):
    """Recount a claim; returns it."""
    note = Note(data)
    checkpoint, said = parse_claim(note.text)
    signers = [key for key, _ in note.signed_by(keys) if key.kind == PLAIN and key.name == checkpoint.origin]
    require(signers, "the claim is signed by no key that you gave")
    check_prefix(checkpoint, tree, "the claim")
    value, unit, *bounds = count(said["claim"], parsed[: checkpoint.size])
    written = [said[name] for name in ("from", "until")]
    words = zip(written, bounds, ("the beginning", "the checkpoint"), strict=True)
    fits = all((text == none) if at is None else (text != none and moment(text) == at) for text, at, none in words)
    require(fits, f"the claim says from {written[0]} until {written[1]}; its statement means {bounds}")
    require(said["unit"] == unit or said["unit"].startswith(f"{unit}/"), f"the claim's unit must be {unit}")
    require(int(said["value"]) == value, f"{said['value']} were claimed ({said['claim']}); {value} are there")
    return checkpoint, said


def check_prefix(checkpoint, tree, what):
    """What somebody holds was signed for this very log, as it was at that size."""
    require(checkpoint.size <= tree.size, f"{what} is of size {checkpoint.size}; the log here ends at {tree.size}")
    require(tree.root(checkpoint.size) == checkpoint.root, f"{what} is of another history than the log here")


# All of it


def read_keys(given):
    """Keys as they are, or files with a key a line."""
    texts = []
    for one in given:
        path = Path(one)
        is_file = "+" not in one and path.is_file()
        texts += [line for line in path.read_text().split("\n") if line] if is_file else [one]
    return [Key(text) for text in texts]


class Auditor:
    """Checks a published folder, then files against it; ``said`` is told each thing that holds."""

    def __init__(self, keys, said=print):
        self.keys, self.said = keys, said
        self.tree, self.parsed, self.origin = Tree([]), [], None

    def folder(self, path):
        folder = Folder(path)
        note, newest = signed_checkpoint(folder.read("checkpoint"), self.keys)
        self.said(f"OK the checkpoint of {newest.size:,} entries is signed by {newest.origin}")
        self._cosigned(note, newest)
        entries = folder.entries(newest.size)
        self.tree, self.origin = Tree(entries), newest.origin
        self.said(f"OK {check_tiles(folder, self.tree):,} tiles are what the entries hash to")
        require(self.tree.root(newest.size) == newest.root, "the root that was signed is not that of the entries")
        self.said(f"OK the signed root is that of the entries: {newest.root.hex()}")
        check_other_files(folder, self.tree, entries)
        shown = any(Note(one).text == note.text for one in folder.history())
        require(shown, "the newest checkpoint is not in the list of all checkpoints")
        checked, newer, seen = check_history(folder, self.tree, self.keys, newest)
        self.said(f"OK {checked:,} checkpoints were signed, all of this tree" + (f"; {newer} newer" if newer else ""))
        self.parsed = [Entry(data, f"entry {index}") for index, data in enumerate(entries)]
        check_entries(self.parsed)
        check_back_dating(self.parsed, seen)
        self.said(f"OK {len(entries):,} entries can follow each other")

    def receipt(self, data):
        note, checkpoint, index, entry, opened = check_receipt(data, self.keys)
        self._same_log(checkpoint, "the receipt")
        self.said(f"OK the receipt: entry {index} of {checkpoint.size:,} is {entry.text}")
        self.said(f"OK it opens {json.dumps(opened, ensure_ascii=True)}")
        self._cosigned(note, checkpoint)

    def claim(self, data):
        require(self.origin, "a claim can only be recounted from a published folder: give one")
        checkpoint, said = check_claim(data, self.keys, self.tree, self.parsed)
        self._same_log(checkpoint, "the claim")
        self.said(f"OK the claim: {said['claim']}: {said['value']} {said['unit']}, of {checkpoint.size:,} entries")
        self.said(f"   its own words, which a program can't check: {json.dumps(said['definition'])}")

    def sample(self, data):
        require(self.origin, "a draw can only be repeated from a published folder: give one")
        checkpoint, sample, rows = check_sample(data, self.keys, self.parsed)
        self._same_log(checkpoint, "the sample")
        self.said(f"OK the sample of {len(rows)} {sample['kind']} entries is the one that was drawn")
        for index, entry, values in sorted(rows, key=lambda row: row[0]):
            shown = json.dumps(values, ensure_ascii=True)
            self.said(f"OK entry {index} {entry.kind} {entry.at_ms} {shown}")

    def _same_log(self, checkpoint, what):
        if self.origin:
            require(checkpoint.origin == self.origin, f"{what} is of the log {checkpoint.origin}, not of {self.origin}")
            check_prefix(checkpoint, self.tree, what)

    def _cosigned(self, note, checkpoint):
        for key, at_s in note.signed_by(self.keys):
            if key.kind == COSIGNATURE:
                at = (EPOCH + timedelta(seconds=at_s)).isoformat() if at_s < 253_402_300_800 else f"{at_s} s"
                self.said(f"OK the checkpoint of {checkpoint.size:,} entries was cosigned by {key.name} at {at}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="the published log; without it only receipts can be checked")
    parser.add_argument("--key", action="append", required=True, help="a public key of the log, or a file of them")
    parser.add_argument("--witness", action="append", default=[], help="the public key of a witness")
    for name in ("receipt", "claim", "sample"):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="FILE")
    given = parser.parse_args(arguments)
    try:
        auditor = Auditor(read_keys([*given.key, *given.witness]))
        if given.folder:
            auditor.folder(given.folder)
        for name in ("receipt", "claim", "sample"):
            for path in getattr(given, name):
                getattr(auditor, name)(Path(path).read_bytes())
    except (Fault, OSError) as fault:
        print(f"FAULT {fault}")
        return 1
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        print(f"FAULT a file is not of the form that it should have ({type(error).__name__}: {error})")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
