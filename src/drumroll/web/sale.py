"""Whether what the launch is about can be ordered now: one word for pages, from the quote of each trim."""

from __future__ import annotations

from drumroll.domain.book import Book
from drumroll.domain.times import rfc3339
from drumroll.web.messages import SaleState, SaleView
from drumroll.web.messages_promise import QuoteView
from drumroll.web.quotes import Wanted, quote

_OF_CODE: dict[str | None, SaleState] = {
    None: "open",
    "not_open_yet": "before",
    "paused": "paused",
    "closed": "closed",
    "sold_out": "sold_out",
}


def state_of(quoted: QuoteView) -> SaleState:
    """Whether what was quoted can be ordered now. What can't for its week alone is on sale all the same."""
    return _OF_CODE.get(quoted.not_now, "open")


def together(states: list[SaleState]) -> SaleState:
    """The state of several: if they differ, something is on sale, or will be, or is sold out: in that order."""
    first: tuple[SaleState, ...] = ("open", "before", "sold_out", "paused", "closed")
    return next((one for one in first if one in states), "closed")


def opens_at_ms(book: Book, now_ms: int) -> int:
    """When the next headline model goes on sale; once all are, when the launch did."""
    launch = book.launch
    assert launch is not None
    opening = [model.opens_at_ms for model in launch.models if model.id in launch.headline]
    return min((one for one in opening if one > now_ms), default=launch.opens_at_ms)


def sale_view(book: Book, now_ms: int, clock_rate: float) -> SaleView:
    """The state of the headline models' sale."""
    launch = book.launch
    assert launch is not None
    models = [model for model in launch.models if model.id in launch.headline]
    quotes = [quote(book, Wanted(model.id, trim.id, (), None), now_ms) for model in models for trim in model.trims]
    state = together([state_of(one) for one in quotes if isinstance(one, QuoteView)])
    zone = launch.time_zone
    return SaleView(rfc3339(now_ms, zone), rfc3339(opens_at_ms(book, now_ms), zone), state, clock_rate)
