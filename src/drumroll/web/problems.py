"""Refusals over HTTP: problem details (RFC 9457) with a stable ``code``. The only place that knows HTTP statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from drumroll.domain.refusal import Code, Refusal
from drumroll.errors import DeskUnavailable, QueueFull, WebhookRejected
from drumroll.web.problem_words import in_language, language_of
from drumroll.words.negotiation import LANGUAGES

STATUS: dict[str, int] = {
    Code.NOT_OPEN_YET: 409,
    Code.CLOSED: 409,
    Code.PAUSED: 409,
    Code.UNKNOWN_MODEL: 422,
    Code.UNKNOWN_TRIM: 422,
    Code.UNKNOWN_OPTION: 422,
    Code.INVALID_OPTIONS: 422,
    Code.UNKNOWN_REGION: 422,
    Code.SOLD_OUT: 409,
    Code.NOT_SOLD_OUT: 409,
    Code.NO_WAITING_LIST: 409,
    Code.TOO_MANY_ORDERS: 409,
    Code.NO_SUCH_ORDER: 404,
    Code.WRONG_STATE: 409,
    Code.CONFIRMATION_REQUIRED: 409,
    Code.NOTHING_TO_CHANGE: 409,
    Code.TOO_LATE: 409,
    Code.NO_CONVERSION: 409,
    Code.CONVERSION_NOT_OPEN: 409,
    Code.CONVERSION_CLOSED: 409,
    Code.ALREADY_CONVERTED: 409,
    Code.INVALID_AMOUNT: 422,
    Code.INVALID_TIME: 422,
    Code.UNKNOWN_WINDOW: 404,
    Code.INVALID_MOVES: 409,
    Code.NO_SUCH_REFUND: 404,
    Code.NO_CAPACITY: 409,
    Code.UNKNOWN_RESOURCE: 422,
    Code.INVALID_WEEK: 422,
    Code.INVALID_PLAN: 422,
    Code.STALE_PLAN: 409,
    Code.FROZEN_WEEKS: 409,
    Code.KEY_REUSED: 422,
    "idempotency_key_missing": 400,
    "idempotency_key_invalid": 400,
    "no_session": 401,
    "not_an_operator": 403,
    "not_allowed": 403,
    "cross_site": 403,
    "form_expired": 403,
    "not_signed_in": 403,
    "not_admitted": 409,
    "room_not_open": 409,
    "room_over": 409,
    "not_drawn_yet": 409,
    "room_failed": 503,
    "no_waiting_room": 404,
    "too_many_requests": 429,
    "not_delivered": 503,
    "not_found": 404,
    "method_not_allowed": 405,
    "internal_error": 500,
    "invalid_request": 400,
    "malformed_body": 400,
    "invalid_body": 422,
    "unsupported_media_type": 415,
    "body_too_large": 413,
    "webhook_signature": 401,
    "webhook_too_old": 400,
    "webhook_malformed": 400,
    "queue_full": 503,
    "desk_closed": 503,
    "too_many_viewers": 503,
    "access_unavailable": 503,
    "clock_not_steerable": 409,
    "no_transparency_log": 404,
    "not_published": 404,
    "no_such_event": 404,
    "not_published_yet": 409,
}
"""Every code that the API answers with, and its status."""

MEDIA_TYPE = "application/problem+json"
ENGLISH = LANGUAGES[0]
_VARY = (b"vary", b"accept-language")


class Problem(Exception):
    """What went wrong with a request, to be answered as problem+json."""

    def __init__(
        self, code: str, detail: str, facts: Mapping[str, Any] | None = None, retry_after_s: int | None = None
    ) -> None:
        self.code = code
        self.status = STATUS[code]
        self.detail = detail
        self.facts = facts or {}
        self.retry_after_s = retry_after_s
        super().__init__(detail)

    def answered(self, asked: Iterable[tuple[bytes, bytes]]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body, in the language that the headers of the request ask for."""
        language = language_of(asked)
        return self.status, self.headers(language), self.body(language)

    def headers(self, language: str = ENGLISH) -> list[tuple[bytes, bytes]]:
        """The headers of the answer."""
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-language", language.encode()), _VARY]
        if self.retry_after_s is not None:
            headers.append((b"retry-after", b"%d" % self.retry_after_s))
        if self.status == HTTPStatus.UNAUTHORIZED and self.code == "no_session":
            headers.append((b"www-authenticate", b"Bearer"))
        return headers

    def body(self, language: str = ENGLISH) -> bytes:
        """The document."""
        return document(self.status, self.code, self.detail, self.facts, language)


def document(
    status: int, code: str, detail: str, facts: Mapping[str, Any] | None = None, language: str = ENGLISH
) -> bytes:
    """A problem document. ``type`` is ``about:blank``: ``title`` is the status' own phrase, ``code`` says more.

    Only ``detail``, which is for people, is in another language than English.
    """
    if language != ENGLISH:
        detail = in_language(language, code, facts or {}, detail)
    return msgspec.json.encode(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": code,
            "detail": detail,
            **(facts or {}),
        }
    )


def of_refusal(refusal: Refusal) -> Problem:
    """The problem of a refusal. Somebody else's order does not exist for you."""
    code = Code.NO_SUCH_ORDER if refusal.code is Code.NOT_YOURS else refusal.code
    return Problem(code, refusal.message, refusal.facts)


def of_unavailable(error: DeskUnavailable) -> Problem:
    """The problem of a desk that can't take the command."""
    code = "queue_full" if isinstance(error, QueueFull) else "desk_closed"
    return Problem(code, f"{error}. Ask again with the same Idempotency-Key.", retry_after_s=error.retry_after_s)


def of_webhook(error: WebhookRejected) -> Problem:
    """The problem of a webhook that is not taken."""
    return Problem(error.code, str(error))
