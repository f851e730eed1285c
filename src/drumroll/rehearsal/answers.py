"""Read off an answer what a customer needs to know of it, without decoding the whole."""

from __future__ import annotations


def code_of(status: int, raw: bytes) -> str:
    """The code of a refusal, or its status if it has none."""
    at = raw.find(b'"code":"')
    if at < 0:
        return f"status {status}"
    return raw[at + 8 : raw.find(b'"', at + 8)].decode()


def outcome_of(status: int, raw: bytes) -> bytes:
    """What a webhook was answered with: its outcome, or the code of the refusal."""
    at = raw.find(b'"outcome":"')
    if at < 0 or status != 200:
        return code_of(status, raw).encode()
    return raw[at + 11 : raw.find(b'"', at + 11)]


def number_of(raw: bytes, name: bytes) -> int:
    """An integer of a JSON answer, -1 if it is not there."""
    at = raw.find(b'"%s":' % name)
    if at < 0:
        return -1
    digits = raw[at + len(name) + 3 :]
    end = next((i for i, byte in enumerate(digits) if not 48 <= byte <= 57), len(digits))
    return int(digits[:end] or b"-1")


_DELIVERY = b'"delivery":{"from":"'
_UNTIL = b'","until":"'
_DAY = 10


def days_of(raw: bytes) -> bytes:
    """The days of delivery that an answer promises, as the ledger has them."""
    at = raw.find(_DELIVERY) + len(_DELIVERY)
    until = at + _DAY + len(_UNTIL)
    if at < len(_DELIVERY) or raw[at + _DAY : until] != _UNTIL:
        return b"-\t-" if b'"delivery":null' in raw else b"?\t?"
    return raw[at : at + _DAY] + b"\t" + raw[until : until + _DAY]
