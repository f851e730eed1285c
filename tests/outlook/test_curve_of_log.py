"""The curve of a log: every order once, at its first firm moment, and what became of each, against the book itself."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.domain.states import CANCELLED, FIRM, FORFEITED, STANDING, State
from drumroll.errors import CurveUnfit
from drumroll.log.base import Block
from drumroll.outlook.curve_of_log import COOLING_PARTS, CurveFold, LogCurve, orders_by, thinned
from drumroll.outlook.observed import observed
from tests.rehearsal.lives import LAUNCH, OPENS, Life

SEEDS, TURNS = 9, 300


@cache
def lived(seed: int) -> tuple[Block, ...]:
    return tuple(Life(seed).live(TURNS).blocks)


def part_of(seed: int) -> tuple[Block, ...]:
    """Of every other night only its first days, so that some orders are in their cooling-off."""
    blocks = lived(seed)
    return blocks if seed % 2 else blocks[: len(blocks) // 5 * (1 + seed % 3)]


def folded(blocks: tuple[Block, ...], at_ms: int | None = None) -> LogCurve:
    fold = CurveFold()
    for block in blocks:
        if at_ms is None or block.at_ms <= at_ms:
            fold.take(block.at_ms, block.events)
    found = fold.curve(at_ms)
    assert found is not None
    return found


class Watched:
    """The book, with what the curve is about found in another way: by looking at all orders after each event."""

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        self.book = Book()
        self.first_ms: dict[str, int] = {}
        self.before_the_end: dict[str, State] = {}
        for block in blocks:
            for event in block.events:
                evolve(self.book, event, block.at_ms, block.position)
                self._look(block.at_ms, event)

    def _look(self, at_ms: int, event: ev.Event) -> None:
        for order in self.book.orders.values():
            if order.state in STANDING and order.offer.model in self.book.headline:
                imported = isinstance(event, ev.OrderImported) and event.order_id == order.id
                self.first_ms.setdefault(order.id, (order.firm_at_ms or 0) if imported else at_ms)
            if order.state not in (CANCELLED, FORFEITED):
                self.before_the_end[order.id] = order.state

    def fate(self, order_id: str) -> str:
        order = self.book.orders[order_id]
        if order.offer.model not in self.book.headline:
            return "cancelled"
        if self.before_the_end[order_id] != FIRM:
            return "locked"
        return "cooling" if order.state is FIRM else "cancelled"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_order_counts_once_from_its_first_firm_second_on(seed: int) -> None:
    watched, found = Watched(lived(seed)), folded(lived(seed))
    assert watched.book.launch is not None
    opens = watched.book.launch.opens_at_ms
    assert found.launch.opens_at_ms == opens
    last_ms = lived(seed)[-1].at_ms
    since = sorted(at for at in watched.first_ms.values() if opens // 1000 <= at // 1000)
    assert found.before == len(watched.first_ms) - len(since)
    assert found.points[-1] == (found.until_s, sum(at <= last_ms for at in since))
    for second, orders in found.points[:-1]:
        assert orders == sum((at // 1000 + 1) * 1000 - opens <= second * 1000 for at in since)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_became_of_each_is_what_the_book_says(seed: int) -> None:
    blocks = part_of(seed)
    watched, found = Watched(blocks), folded(blocks)
    fates = [watched.fate(order_id) for order_id in watched.first_ms]
    assert (found.became.cancelled, found.became.locked) == (fates.count("cancelled"), fates.count("locked"))
    at_ms, parts = blocks[-1].at_ms, [0] * COOLING_PARTS
    for order_id in watched.first_ms:
        order = watched.book.orders[order_id]
        if watched.fate(order_id) == "cooling" and order.offer.cooling_off_ms is not None:
            assert order.cooling_from_ms is not None
            passed = (at_ms - order.cooling_from_ms) / order.offer.cooling_off_ms
            parts[min(int(passed * COOLING_PARTS + 1e-9), COOLING_PARTS - 1)] += 1
    assert found.became.cooling == tuple(parts)


def test_these_nights_have_what_makes_it_hard() -> None:
    kinds = {type(event) for seed in range(SEEDS) for block in lived(seed) for event in block.events}
    assert {
        ev.OrderConverted,
        ev.OrderImported,
        ev.PlaceOffered,
        ev.LockUndone,
        ev.OrderWithdrawn,
        ev.SalesSet,
    } <= kinds
    watched = [Watched(part_of(seed)) for seed in range(SEEDS)]
    fates = {each.fate(order_id) for each in watched for order_id in each.first_ms}
    assert fates == {"cancelled", "locked", "cooling"}


@pytest.mark.parametrize("seed", range(0, SEEDS, 3))
def test_a_moment_is_told_only_what_was_known_by_then(seed: int) -> None:
    blocks = lived(seed)
    for block in blocks[:: len(blocks) // 10]:
        later = folded(blocks, block.at_ms)
        again = folded(tuple(each for each in blocks if each.at_ms <= block.at_ms))
        assert (later.points, later.became) == (again.points, again.became)


def test_a_curve_never_falls_and_a_quiet_end_is_known() -> None:
    fold = CurveFold()
    fold.take(OPENS - 1000, [ev.LaunchSet(LAUNCH)])
    for number in range(3):
        fold.take(OPENS + number, [_reserved(number), ev.OrderFirmed(f"ord_{number}", f"pay_{number}")])
    fold.take(OPENS + 5000, [ev.OrderCancelled("ord_1", 0, b"", b"")])
    fold.take(OPENS + 90_500, [ev.DeskOpened("again")])
    found = fold.curve()
    assert found is not None
    assert found.points == ((0.0, 0), (1.0, 3), (90.5, 3))
    assert observed(found.points, "log").orders_now == 3
    assert found.became.cancelled == 1
    assert [orders_by(found, second) for second in (0, 0.5, 1, 90, 91)] == [0, 0, 3, 3, None]


def test_two_launches_in_a_log_are_refused() -> None:
    fold = CurveFold()
    fold.take(1, [ev.LaunchSet(LAUNCH), ev.LaunchSet(LAUNCH)])
    with pytest.raises(CurveUnfit, match=r"two launches mixed: the log begins with lives, then sets other"):
        fold.take(2, [ev.LaunchSet(replace(LAUNCH, id="other"))])


def test_thinning_keeps_the_beginning_the_end_and_the_order() -> None:
    points = tuple((float(at), 2 * at) for at in range(100_000))
    kept = thinned(points, 1000)
    assert len(kept) <= 1002
    assert kept[:250] == points[:250]
    assert kept[-1] == points[-1]
    assert set(kept) <= set(points)
    assert list(kept) == sorted(kept)
    assert thinned(points[:1000], 1000) == points[:1000]


def _reserved(number: int) -> ev.OrderReserved:
    return ev.OrderReserved(
        f"ord_{number}", f"customer-{number}", "new", "base", 1000, 100, 7200, b"", b"", (), "", 3 * 86_400
    )
