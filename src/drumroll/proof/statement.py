r"""What can be claimed: a small, closed language, so that every claim means one thing and anybody can count it again.

    statement = [number] measure ["of" MODEL] [window] ["net of cancellations"]
    measure   = KIND "orders"                    orders to which that happened, each counted once
              | "customers with" KIND "orders"   the distinct customers of those orders
              | "orders in state" STATE          orders that are in that state at the end of the window
              | "standing orders"                orders whose deposit is paid and was not given up, at that end
              | "deposits held"                  money held for orders at that end, in minor units
    window    = "in the first" [N] UNIT          from the opening of the launch on
              | "until" TIME | "at" TIME         before that time ("at": for what is counted at one moment)
              | "between" TIME "and" TIME
    UNIT      = second | minute | hour | day, or the same with an s
    KIND, STATE: those of proof.entry; TIME: RFC 3339 with any offset; no window: all up to the checkpoint

Windows include their start and exclude their end. Case and thousands separators do not matter. "net of cancellations"
keeps, of those orders, the ones that stand at the window's end (as orders of MODEL, if it is given). A number before
the measure is what is said to come out.
"""

from __future__ import annotations

import re

import msgspec

from drumroll.errors import ClaimInvalid
from drumroll.proof.entry import KINDS, STATES, LaunchFacts
from drumroll.proof.moments import read_moment, utc

EXAMPLE = "289,000 firm orders in the first hour"
CHARACTERS_MOST = 400
NUMBER_MOST = 10**18
UNITS_MS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
WINDOW_MOST_MS = 10 * 366 * 86_400_000
STANDING = frozenset(("firm", "locked", "scheduled", "in_production", "built", "in_transit", "delivered"))
"""States of an order whose deposit is paid and was not given up."""

ORDERS, CUSTOMERS, STATE, STANDING_ORDERS, DEPOSITS = "orders", "customers", "state", "standing", "deposits"
HAPPENED = frozenset((ORDERS, CUSTOMERS))
"""Measures of what happened in a window; the others are of how things stand at its end."""

_NUMBER = re.compile(r"\d{1,3}(?:[,_']\d{3})+|\d{1,18}", re.ASCII)
_GROUP = re.compile(r"\d{3}", re.ASCII)
_GONE_KINDS = frozenset(("cancelled", "forfeited", "withdrawn", "expired"))
_MODEL = re.compile(r"[!-~]{1,64}")
_MEASURES = (
    'a kind of event and "orders" (such as "firm orders"), "customers with", "orders in state", "standing orders" '
    'or "deposits held"'
)
_MORE = '"of" and a model, "in the first", "until", "at", "between", "net of cancellations", or nothing more'


class Window(msgspec.Struct, frozen=True):
    """When: ``form`` is all, first (``first_ms`` from the opening), until, at or between; times in milliseconds."""

    form: str = "all"
    amount: int = 0
    unit: str = ""
    from_ms: int | None = None
    until_ms: int | None = None

    def bounds(self, facts: LaunchFacts) -> tuple[int | None, int | None]:
        """Start (included) and end (excluded); ``None``: none."""
        if self.form != "first":
            return self.from_ms, self.until_ms
        return facts.opens_at_ms, facts.opens_at_ms + self.amount * UNITS_MS[self.unit]

    @property
    def text(self) -> str:
        """The window in words, with a space before them; nothing if there is none."""
        if self.form == "first":
            return f" in the first {self.unit}" if self.amount == 1 else f" in the first {self.amount} {self.unit}s"
        if self.form == "between":
            return f" between {utc(self.from_ms or 0)} and {utc(self.until_ms or 0)}"
        return "" if self.form == "all" else f" {self.form} {utc(self.until_ms or 0)}"


class Statement(msgspec.Struct, frozen=True):
    """What is claimed. ``what`` is the kind of event, or the state; ``asserted`` the number that is said."""

    measure: str
    what: str = ""
    model: str = ""
    window: Window = Window()
    net: bool = False
    asserted: int | None = None

    @property
    def text(self) -> str:
        """The statement in its normal form, without the number."""
        measure = {
            ORDERS: f"{self.what} orders",
            CUSTOMERS: f"customers with {self.what} orders",
            STATE: f"orders in state {self.what}",
            STANDING_ORDERS: "standing orders",
            DEPOSITS: "deposits held",
        }[self.measure]
        model = f" of {self.model}" if self.model else ""
        return f"{measure}{model}{self.window.text}{' net of cancellations' if self.net else ''}"


def parse_statement(text: str) -> Statement:
    """Read a statement. Raises ``ClaimInvalid``: which word is wrong, what is allowed there, and an example."""
    if len(text) > CHARACTERS_MOST:
        raise ClaimInvalid(f"the statement has {len(text):,} characters; allowed: {CHARACTERS_MOST}")
    words = _Words(text.lower().split())
    asserted = words.number()
    measure, what = _measure(words)
    model = words.model() if words.took("of") else ""
    window = _window(words)
    net = words.took("net")
    if net:
        words.need("of", "cancellations")
    words.end()
    statement = Statement(measure, what, model, window, net, asserted)
    _require_sense(statement)
    return statement


def _measure(words: _Words) -> tuple[str, str]:
    if words.took("orders"):
        words.need("in", "state")
        return STATE, words.name(STATES, "a state")
    if words.took("standing"):
        words.need("orders")
        return STANDING_ORDERS, ""
    if words.took("deposits"):
        words.need("held")
        return DEPOSITS, ""
    if words.took("customers"):
        words.need("with")
        kind = words.name(KINDS, "a kind of event")
        words.need("orders")
        return CUSTOMERS, kind
    kind = words.name(KINDS, f"what is counted: {_MEASURES}; kinds are")
    words.need("orders")
    return ORDERS, kind


def _window(words: _Words) -> Window:
    if words.took("in"):
        words.need("the", "first")
        amount = words.number()
        return _first(words, 1 if amount is None else amount)
    for form in ("until", "at"):
        if words.took(form):
            return Window(form, until_ms=words.moment())
    if not words.took("between"):
        return Window()
    from_ms = words.moment()
    words.need("and")
    until_ms = words.moment()
    if until_ms <= from_ms:
        raise ClaimInvalid(f"the window ends at {utc(until_ms)}, and begins at {utc(from_ms)}: put the earlier first")
    return Window("between", from_ms=from_ms, until_ms=until_ms)


def _first(words: _Words, amount: int) -> Window:
    units = (*UNITS_MS, *(f"{unit}s" for unit in UNITS_MS))
    unit = words.name(units, "a unit of time").removesuffix("s")
    if not 0 < amount * UNITS_MS[unit] <= WINDOW_MOST_MS:
        raise ClaimInvalid(f"found a window of {amount:,} {unit}s; allowed: 1 second to 3,660 days")
    return Window("first", amount, unit)


def _require_sense(statement: Statement) -> None:
    """Raise ``ClaimInvalid`` for words that are each allowed, and say nothing together."""
    happened, form = statement.measure in HAPPENED, statement.window.form
    if happened and form == "at":
        raise ClaimInvalid(f'"{statement.what} orders" happen in a window: write "until" and a time instead of "at"')
    if not happened and form == "between":
        raise ClaimInvalid(f'"{statement.text.split(" between")[0]}" is counted at one moment: write "at" and a time')
    if statement.net and not happened:
        raise ClaimInvalid(
            '"net of cancellations" goes with what happened; how things stand at a moment is net already'
        )
    if statement.net and statement.what in _GONE_KINDS:
        raise ClaimInvalid(
            f'"{statement.what} orders net of cancellations" is nothing: leave out "net of cancellations"'
        )


class _Words:
    """The words of a statement, from left to right."""

    def __init__(self, words: list[str]) -> None:
        self._left = words[::-1]

    def took(self, word: str) -> bool:
        """Whether the next word is this one; then it is behind us."""
        found = bool(self._left) and self._left[-1] == word
        if found:
            self._left.pop()
        return found

    def need(self, *words: str) -> None:
        """The next words must be these."""
        for word in words:
            if not self.took(word):
                raise self._wrong(f'"{word}"')

    def number(self) -> int | None:
        """A whole number, if there is one."""
        if not self._left or not (self._left[-1][0].isdigit() or self._left[-1][0] in "+-.,"):
            return None
        if not _NUMBER.fullmatch(self._left[-1]):
            raise self._wrong("a whole number, like 289,000 or 289000")
        digits = re.sub(r"[^0-9]", "", self._left.pop())
        while len(digits) <= 18 and self._left and _GROUP.fullmatch(self._left[-1]):
            digits += self._left.pop()
        if int(digits) > NUMBER_MOST:
            raise ClaimInvalid(f"found the number {digits[:40]}; allowed: up to {NUMBER_MOST:,}")
        return int(digits)

    def name(self, allowed: tuple[str, ...], what: str) -> str:
        """One of these names; "in production" is in_production."""
        for length in (1, 2):
            name = "_".join(self._left[: -length - 1 : -1]).replace("-", "_")
            if len(self._left) >= length and name in allowed:
                del self._left[-length:]
                return name
        raise self._wrong(f"{what}: {', '.join(allowed)}")

    def model(self) -> str:
        """A model's id. Whether there is such a model, only the log can tell."""
        if not self._left or not _MODEL.fullmatch(self._left[-1]):
            raise self._wrong("a model")
        return self._left.pop()

    def moment(self) -> int:
        """A time, in milliseconds since 1970."""
        if not self._left:
            raise self._wrong("a time of RFC 3339, like 2025-06-26T22:00:00+08:00")
        at_ms = read_moment(self._left[-1])
        self._left.pop()
        return at_ms

    def end(self) -> None:
        """There must be nothing more."""
        if self._left:
            raise self._wrong(_MORE)

    def _wrong(self, allowed: str) -> ClaimInvalid:
        found = f"found {self._left[-1][:60]!r}" if self._left else "the statement ends too early"
        return ClaimInvalid(f'{found}; allowed here: {allowed}. For example: "{EXAMPLE}"')
