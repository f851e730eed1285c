"""Which language somebody reads, from what their browser says or what they chose. Pure.

The quality values are those of RFC 9110, 12.5.4; the matching is the lookup of RFC 4647, 3.4: a range is shortened from
its end until it is a language that there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

LANGUAGES = ("en", "zh-CN")
"""The languages of the house, as BCP 47 tags. The first is the language of whoever reads none of them."""

HEADER_LIMIT = 1024
"""Characters of an Accept-Language that are read. Browsers send fewer than 200."""

_HEADERS_KEPT, _TAG_LIMIT = 1024, 64
_TAG = r"[ \t]*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8})[ \t]*"
_QUALITY = r"(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
_RANGE = re.compile(_TAG + _QUALITY)
# Those that lookup can't find by shortening. Singapore and mainland China write simplified characters.
_KNOWN = {"en": "en", "zh": "zh-CN", "zh-cn": "zh-CN", "zh-sg": "zh-CN", "zh-hans": "zh-CN"}
_TRADITIONAL = re.compile(r"zh-(?:hant|tw|hk|mo)(?:-|$)")


def negotiate(accept_language: str | None, chosen: str | None) -> str:
    """The language, one of ``LANGUAGES``: what they ``chosen`` if there is such a one, else what the header prefers.

    What can't be read of a header is passed over. Those who ask for traditional characters get simplified ones only if
    they ask for nothing that there is.

    >>> negotiate("zh-Hans-CN,en;q=0.8", None), negotiate("zh-TW,en;q=0.8", None), negotiate("fr", "zh-CN")
    ('zh-CN', 'en', 'zh-CN')
    """
    wanted = None if chosen is None else _found(chosen[:_TAG_LIMIT].lower())
    if wanted is not None:
        return wanted
    return LANGUAGES[0] if not accept_language else _preferred(accept_language[: HEADER_LIMIT + 1])


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """The language ranges of a header, in small letters, and their quality values."""
    parts = header[:HEADER_LIMIT].split(",")
    # What is cut in the middle would be misread: "q=0" where it went on "q=0.9".
    for part in parts if len(header) <= HEADER_LIMIT else parts[:-1]:
        matched = _RANGE.fullmatch(part)
        if matched is not None:
            yield matched[1].lower(), 1.0 if matched[2] is None else float(matched[2])


@lru_cache(maxsize=_HEADERS_KEPT)
def _preferred(header: str) -> str:
    """Browsers send the same few headers over and over; what is kept of hostile ones is cut before."""
    ranges = list(_ranges(header))
    refused = {tag for tag in LANGUAGES for one, quality in ranges if quality == 0 and _covers(one, tag)}
    allowed = [tag for tag in LANGUAGES if tag not in refused]
    second_best = None
    for one, quality in sorted(ranges, key=_by_quality):
        if quality == 0 or one == "*":
            continue
        found = _found(one)
        if found in allowed:
            return found
        if _TRADITIONAL.match(one):
            second_best = "zh-CN"
    if second_best in allowed:
        return second_best
    return allowed[0] if allowed else LANGUAGES[0]


def _by_quality(ranged: tuple[str, float]) -> float:
    return -ranged[1]


def _covers(one: str, tag: str) -> bool:
    """Whether a range means that language and all of its kind (RFC 4647, 3.3.1)."""
    return tag.lower() == one or tag.lower().startswith(one + "-")


def _found(one: str) -> str | None:
    """The language that a range is shortened to, if there is one."""
    if _TRADITIONAL.match(one):
        return None
    while one:
        if one in _KNOWN:
            return _KNOWN[one]
        one = one.rpartition("-")[0]
    return None
