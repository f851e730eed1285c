"""``[market]`` in a launch file: what contradicts itself in it, and the value it becomes."""

from __future__ import annotations

from collections.abc import Iterator

from drumroll.domain.launch_market import Market, MarketClaim, MarketHolding, PublishedOrders
from drumroll.domain.launch_mistakes import MISSING, Draft, Mistake, wrong_references
from drumroll.domain.launch_values import shown


def wrong_market(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    """Codes that stand there twice, and a claim of a former record without its day (or a day without such a claim)."""
    market = draft["market"]
    if market is None:
        return
    for key in ("benchmark", "suppliers", "rivals"):
        codes = market[key] or ()
        yield from wrong_references(f"market.{key}", codes, None, "code")
        for index, code in enumerate(codes):
            if code == market["share"]:
                yield Mistake(f"market.{key}[{index}]", shown(code), "a code that is not market.share")
    for index, claim in enumerate(market["claim"]):
        yield from _wrong_day(claim, f"market.claim[{index}].on", unfit)


def _wrong_day(claim: Draft, path: str, unfit: frozenset[str]) -> Iterator[Mistake]:
    definition = claim["definition"]
    if definition is None or path in unfit:
        return
    if definition == "former_record" and claim["on"] is None:
        yield Mistake(path, MISSING, "a day, since it is about a former record")
    elif definition != "former_record" and claim["on"] is not None:
        yield Mistake(path, str(claim["on"]), 'no such key, or definition = "former_record"')


def market_of(draft: Draft | None) -> Market | None:
    """The value of a draft without mistakes."""
    if draft is None:
        return None
    tables = ("holding", "claim", "orders")
    return Market(
        **{key: value for key, value in draft.items() if key not in tables},
        holdings=tuple(MarketHolding(**each) for each in draft["holding"]),
        claims=tuple(MarketClaim(**each) for each in draft["claim"]),
        orders=tuple(PublishedOrders(at_ms=each["at"], firm=each["firm"]) for each in draft["orders"]),
    )
