"""Time-based one-time passwords (RFC 6238): six digits, 30 s, one step early or late, and each step once."""

from __future__ import annotations

import hmac

import pyotp

STEP_S = 30
WINDOW = 1
"""Steps that a clock may be wrong by, either way."""
ISSUER = "drumroll"
_CODE_LIMIT = 16


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 recommends."""
    return pyotp.random_base32()


def accepted_step(secret: str, code: str, now_s: float, last_step: int) -> int | None:
    """The step of a code that fits now and is later than ``last_step``; ``None``: it is wrong, or was used.

    All steps are looked at, whichever fits: the time says nothing.
    """
    totp, typed, found = pyotp.TOTP(secret, interval=STEP_S), _typed(code), None
    for step in range(int(now_s) // STEP_S - WINDOW, int(now_s) // STEP_S + WINDOW + 1):
        fits = hmac.compare_digest(totp.generate_otp(max(step, 0)).encode(), typed)
        found = step if fits and step > last_step else found
    return found


def provisioning_uri(secret: str, name: str) -> str:
    """What an authenticator reads from a QR code."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=name, issuer_name=ISSUER)


def _typed(code: str) -> bytes:
    return "".join(code[:_CODE_LIMIT].split()).encode("utf-8", "replace")
