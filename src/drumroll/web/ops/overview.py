"""Operations' first page: is it on sale, how many orders, is the desk well. And the deeds of the sale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import get

from drumroll.access.roles import Permission
from drumroll.domain import commands as cmd
from drumroll.domain.book import Book, Tally
from drumroll.domain.launch import Launch, Model
from drumroll.domain.states import CANCELLED, EXPIRED, FIRM, FORFEITED, RESERVED
from drumroll.web.context import Parts, Web, status_of
from drumroll.web.messages import SaleState
from drumroll.web.messages_promise import QuoteView
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.deeds import Deed, Given, Sheet, always, decided, done_in, never, on_to, routes_of
from drumroll.web.ops.pulse import KEPT_S
from drumroll.web.pages.pages import Html
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.web.quotes import Wanted, quote
from drumroll.web.sale import state_of, together
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded, worded_in

HERE = "/ops"
Action = Literal["open", "close", "pause", "resume"]

SALE_NAMES: dict[SaleState, tuple[str, str]] = {
    "before": worded_in("sale", "not open yet"),
    "open": worded_in("sale", "open"),
    "sold_out": worded_in("sale", "sold out"),
    "paused": worded_in("sale", "paused"),
    "closed": worded_in("sale", "closed"),
}
_BADGES: dict[SaleState, str] = {"open": "is-good", "paused": "is-warn", "sold_out": "is-warn"}
_ACTIONS: dict[SaleState, tuple[Action, ...]] = {
    "before": ("open", "pause"),
    "open": ("pause", "close"),
    "sold_out": ("pause", "close"),
    "paused": ("resume", "close"),
    "closed": ("open",),
}
_BUTTONS: dict[Action, str] = {
    "open": worded("Open"),
    "close": worded("Close"),
    "pause": worded("Pause"),
    "resume": worded("Resume"),
}
_TITLES: dict[Action, str] = {
    "open": worded("Open the sale of %(name)s"),
    "close": worded("Close the sale of %(name)s"),
    "pause": worded("Pause the sale of %(name)s"),
    "resume": worded("Resume the sale of %(name)s"),
}
_SAYS: dict[Action, str] = {
    "open": worded("It can be ordered from this moment on, whatever the launch file says. A closing time is dropped."),
    "close": worded(
        "Nobody can order any more, from this moment on. Orders that were made stand; deposits are still taken."
    ),
    "pause": worded("Orders are turned away until the sale is resumed. Deposits are still taken."),
    "resume": worded("Orders are taken again from this moment on."),
}
_SURE: dict[Action, str] = {
    "open": worded("Yes, open it now."),
    "close": worded("Yes, close it now."),
    "pause": "",
    "resume": "",
}
_DONE: dict[Action, str] = {"open": "opened", "close": "closed", "pause": "paused", "resume": "resumed"}


class Figure(msgspec.Struct, frozen=True):
    """One figure, and whether it is one to worry about."""

    name: str
    value: str
    bad: bool = False


class Line(msgspec.Struct, frozen=True):
    """A model's sale: its state, its times, what can be done (``path`` and name)."""

    name: str
    state: str
    badge: str
    opens: str
    closes: str
    actions: list[tuple[str, str, str]]


@get("/ops", **needs(Permission.SEE))
def overview(web: Parts, request: Asking) -> Html:
    """All at one glance."""
    seen = seen_by(web, request)
    words, launch = seen.visitor.words, web.launch
    operations = web.operations
    answered = operations.pulse.answered() if operations else []
    return ops_page(
        web,
        seen,
        "ops_overview.html",
        HERE,
        done=done_in(request, words),
        desk_status=status_of(web.desk),
        closed_because=web.desk.closed_because or "",
        lines=_lines(web, launch, words, may_set=seen.may(Permission.SET_SALES)),
        orders=_orders(web.desk.book, web.board().rate_per_s, words),
        desk=_desk(web, words),
        spark=spark(answered),
        most=words.number(max(answered, default=0.0), 1),
        measured=bool(answered),
        now=words.moment(web.now_ms, launch.time_zone, "second"),
    )


def spark(values: list[float], width: int = 600, height: int = 80) -> str:
    """The points of a line over the last ten minutes, for an SVG of that size; the latest value at its right."""
    slots, most = KEPT_S // 5, max(values, default=0.0) or 1.0
    step = width / (slots - 1)
    start = width - step * (len(values) - 1)
    points = (
        f"{start + at * step:.1f},{height - 2 - value / most * (height - 4):.1f}" for at, value in enumerate(values)
    )
    return " ".join(points)


def sale_state(book: Book, model: Model, now_ms: int) -> SaleState:
    """A model's sale, now."""
    quotes = [quote(book, Wanted(model.id, trim.id, (), None), now_ms) for trim in model.trims]
    return together([state_of(one) for one in quotes if isinstance(one, QuoteView)])


def _lines(web: Web, launch: Launch, words: Words, *, may_set: bool) -> list[Line]:
    found = []
    for model in launch.models:
        state = sale_state(web.desk.book, model, web.now_ms)
        closes_at_ms, zone = model.closes_at_ms, launch.time_zone
        actions = _ACTIONS[state] if may_set else ()
        if "" in web.desk.book.paused:
            actions = tuple(one for one in actions if one != "resume")  # the sale of all is what is paused
        found.append(
            Line(
                words.text(launch, model.name),
                words.say_in(*SALE_NAMES[state]),
                _BADGES.get(state, ""),
                words.moment(model.opens_at_ms, zone, named=False),
                words.moment(closes_at_ms, zone, named=False) if closes_at_ms is not None else "",
                [(f"/ops/sales/{one}?model={model.id}", words.say(_BUTTONS[one]), one) for one in actions],
            )
        )
    if may_set and len(launch.models) > 1:
        found.append(_all(web.desk.book, words))
    return found


def _all(book: Book, words: Words) -> Line:
    """The last line: what is done to all models at once."""
    paused = "" in book.paused
    state = words.say_in(*SALE_NAMES["paused"]) if paused else ""
    actions: tuple[Action, ...] = ("resume",) if paused else ("pause",)
    return Line(
        words.say("All models"),
        state,
        "is-warn",
        "",
        "",
        [(f"/ops/sales/{one}", words.say(_BUTTONS[one]), one) for one in (*actions, "close")],
    )


def _orders(book: Book, rate_per_s: float, words: Words) -> list[Figure]:
    """The counts, over all models; firm ones as on the board, with those that are locked."""
    tallies: list[Tally] = list(book.tallies.values())
    standing = sum(tally.standing for tally in tallies)

    def of(*states: Any) -> str:
        return words.number(sum(tally.by_state[state] for tally in tallies for state in states))

    assert book.launch is not None
    return [
        Figure(words.say("Orders a second, net"), words.number(rate_per_s, 1)),
        Figure(words.say("Reserved"), of(RESERVED)),
        Figure(words.say("Firm"), words.number(standing)),
        Figure(words.say("of them locked"), words.number(standing - sum(tally.by_state[FIRM] for tally in tallies))),
        Figure(words.say("Converted"), words.number(sum(tally.converted for tally in tallies))),
        Figure(words.say("Cancelled"), of(CANCELLED)),
        Figure(words.say("Given up after the lock"), of(FORFEITED)),
        Figure(words.say("Expired"), of(EXPIRED)),
        Figure(words.say("Waiting for a place"), words.number(sum(len(line) for line in book.waiting.values()))),
        Figure(words.say("Refunds owed"), words.number(len(book.refunds_owed))),
        Figure(words.say("Owed in all"), words.money(book.money.owed, book.launch.currency)),
    ]


def _desk(web: Web, words: Words) -> list[Figure]:
    """How the desk is; what needs measuring only where it is measured."""
    desk = web.desk
    queued = words.say("%(now)s of %(limit)s", now=words.number(len(desk.queue)), limit=words.number(desk.queue_limit))
    found = [Figure(words.say("Queue"), queued, bad=2 * len(desk.queue) > desk.queue_limit)]
    operations = web.operations
    figures = operations.pulse.figures() if operations else None
    if figures is not None:
        found += [
            Figure(words.say("Answered a second"), words.number(figures.answered_per_s, 1)),
            Figure(words.say("Refused a second"), words.number(figures.refused_per_s, 1)),
            Figure(
                words.say("Turned away a second"),
                words.number(figures.turned_away_per_s, 1),
                bad=figures.turned_away_per_s > 0,
            ),
            Figure(words.say("Writing a block"), words.say("%(ms)s ms", ms=words.number(figures.write_ms, 1))),
            Figure(
                words.say("Writing a block, worst second"),
                words.say("%(ms)s ms", ms=words.number(figures.worst_write_ms, 1)),
            ),
            Figure(
                words.say("Longest wait for the server"),
                words.say("%(ms)s ms", ms=words.number(figures.worst_late_ms)),
                bad=figures.worst_late_ms > 500,
            ),
        ]
    failures = desk.meter.append_failures
    found += [
        Figure(words.say("Failed writes"), words.number(failures), bad=failures > 0),
        Figure(words.say("Board viewers"), words.number(web.stream.viewers)),
        Figure(words.say("Last block"), words.number(desk.position)),
    ]
    if web.transparency is not None:
        behind = max(0, desk.position - web.transparency.index.blocks())
        found.append(Figure(words.say("Blocks not published yet"), words.number(behind)))
    if web.notices is not None:
        letters = web.notices.meter
        found += [
            Figure(words.say("Letters to customers, waiting"), words.number(letters.waiting)),
            Figure(words.say("Letters to customers, sent"), words.number(letters.sent)),
            Figure(
                words.say("Letters to customers, given up"), words.number(letters.given_up), bad=letters.given_up > 0
            ),
        ]
    if web.room is not None:
        view = web.room.view(web.now_ms)
        found.append(Figure(words.say("In the waiting room"), words.number(view.waiting)))
        if figures is not None:
            found.append(Figure(words.say("Let in a second"), words.number(figures.admitted_per_s, 1)))
    return found


def _sales_deed(action: Action) -> Deed:
    async def sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
        words, model = seen.visitor.words, _model_of(web.launch, asked)
        name = words.text(web.launch, model.name) if model else words.say("all models")
        return Sheet(
            title=words.say(_TITLES[action], name=name),
            says=[words.say(_SAYS[action])],
            button=words.say(_BUTTONS[action]),
            back=HERE,
            sure=words.say(_SURE[action]) if _SURE[action] else "",
            danger=action == "close",
        )

    async def do(web: Web, seen: Seen, given: Given) -> Any:
        model = given.asked.get("model", "")
        await decided(web, cmd.SetSales(action, model, given.operator, given.reason, given.key, given.fingerprint))
        return on_to(web, HERE, _DONE[action])

    sure = always if _SURE[action] else never
    return Deed(f"/ops/sales/{action}", HERE, Permission.SET_SALES, sheet, do, sure)


def _model_of(launch: Launch, asked: Mapping[str, str]) -> Model | None:
    """The model that is meant; ``None``: all of them. Raises ``Problem``."""
    model_id = asked.get("model", "")
    model = launch.model(model_id)
    if model_id and model is None:
        raise Problem("unknown_model", f"There is no model {model_id[:32]!r}.")
    return model


_SALES: tuple[Action, ...] = ("open", "close", "pause", "resume")
OVERVIEW_PAGES = [overview, *(route for action in _SALES for route in routes_of(_sales_deed(action)))]
