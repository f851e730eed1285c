"""Standard Webhooks: signing and verifying, by the specification at https://www.standardwebhooks.com.

A signature is ``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``; spaces part several in a header.
"""

from __future__ import annotations

import binascii
import hmac

from drumroll.errors import SettingInvalid, WebhookRejected

TOLERANCE_S = 300
"""How far a timestamp may lie from now, in both directions."""


def secret_bytes(secret: str) -> bytes:
    """The key in ``whsec_<base64>``, 24 to 64 bytes long. Raises ``SettingInvalid``."""
    try:
        key = binascii.a2b_base64(secret.removeprefix("whsec_"), strict_mode=True)
    except binascii.Error as error:
        raise SettingInvalid("a webhook secret is 'whsec_' and base64; this one is not base64") from error
    if not 24 <= len(key) <= 64:
        raise SettingInvalid(f"a webhook secret holds 24 to 64 bytes; this one holds {len(key)}")
    return key


def sign(key: bytes, webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """The value of the ``webhook-signature`` header."""
    signed = b"%s.%d.%s" % (webhook_id.encode(), timestamp_s, body)
    mac = hmac.digest(key, signed, "sha256")
    return "v1," + binascii.b2a_base64(mac, newline=False).decode()


def verify(key: bytes, webhook_id: str, timestamp: str, signatures: str, body: bytes, now_s: int) -> None:
    """Accept a webhook, or raise ``WebhookRejected`` with a code that says why not."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and timestamp == str(int(timestamp))):
        raise WebhookRejected("webhook_malformed", "webhook-timestamp is not a whole number of seconds")
    if not webhook_id or len(webhook_id) > 256:
        raise WebhookRejected("webhook_malformed", "webhook-id is missing or longer than 256 characters")
    _check_signature(sign(key, webhook_id, int(timestamp), body), signatures)
    distance_s = abs(now_s - int(timestamp))
    if distance_s > TOLERANCE_S:
        raise WebhookRejected(
            "webhook_too_old", f"webhook-timestamp is {distance_s} s from now; {TOLERANCE_S} s are allowed"
        )


def _check_signature(expected: str, signatures: str) -> None:
    for signature in signatures[:4096].split(" "):
        if hmac.compare_digest(expected.encode(), signature.encode()):
            return
    raise WebhookRejected("webhook_signature", "no webhook-signature of version v1 matches")
