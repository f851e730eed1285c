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
