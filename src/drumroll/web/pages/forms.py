"""Forms as browsers send them: ``application/x-www-form-urlencoded``, within limits, from our own pages alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import OPERATOR_SESSION, SESSION, Visitor
from drumroll.web.problems import Problem

if TYPE_CHECKING:
    from drumroll.web.context import Web

FIELDS_LIMIT = 200
FIELD_LIMIT = 2000
"""Characters of a field."""
TOKEN_FIELD = "form_token"


class Form(msgspec.Struct, frozen=True):
    """The fields of a form, each with all that was sent for it."""

    fields: dict[str, list[str]]

    def one(self, name: str, default: str | None = None) -> str:
        """A field that stands once. Raises ``Problem`` if it is missing and there is no default."""
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise Problem("invalid_request", f"{name}: send it once.")
        if not values and default is None:
            raise Problem("invalid_request", f"{name}: missing.")
        return values[0].strip() if values else default or ""

    def as_typed(self, name: str) -> str:
        """A field with the spaces around it, which belong to a password; empty if it is missing."""
        return (self.fields.get(name) or [""])[0]

    def maybe(self, name: str) -> str | None:
        """A field, or ``None`` if it is missing or empty."""
        return self.one(name, "") or None

    def many(self, name: str) -> list[str]:
        """All that was sent for a field, without what is empty."""
        return [value.strip() for value in self.fields.get(name, ()) if value.strip()]


async def form_of(web: Web, request: Asking, visitor: Visitor) -> Form:
    """The form that was sent. Raises ``Problem``: it is from elsewhere, too long, or none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Problem("unsupported_media_type", "Send the form as application/x-www-form-urlencoded.")
    form = parsed_form(await request.body())
    name = OPERATOR_SESSION if visitor.operators else SESSION
    raw = request.cookies.get(web.pages.safety.cookie_name(name), "") if visitor.session else ""
    web.pages.safety.check_form(request, raw, form.one(TOKEN_FIELD, ""))
    return form


def parsed_form(body: bytes) -> Form:
    """The fields of a form's body. Raises ``Problem``."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_LIMIT)
    except ValueError as error:
        raise Problem("malformed_body", f"The form can't be read: at most {FIELDS_LIMIT} fields in UTF-8.") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        if len(value) > FIELD_LIMIT:
            raise Problem("invalid_request", f"{name[:64]}: {len(value)} characters; allowed: {FIELD_LIMIT}.")
        fields.setdefault(name[:64], []).append(value)
    return Form(fields)
