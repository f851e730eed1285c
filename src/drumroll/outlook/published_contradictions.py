"""Published figures that can't stand beside each other, found by rule, and remarks on those that can but mislead."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Literal

import msgspec

from drumroll.domain.launch_finance import TIMED, PublishedFigure
from drumroll.outlook.figures import finance_of
from drumroll.outlook.published_assumptions import Combination, Known, of_published
from drumroll.outlook.published_ratios import stages_differ
from drumroll.outlook.published_reading import Interval, can_be, printed, shown_interval, stands_for
from drumroll.outlook.published_verdicts import Weighed, only_with_vat

Rule = Literal["two values", "more locked than firm", "ratio", "stages", "share", "VAT", "assumptions"]


class Contradiction(msgspec.Struct, frozen=True):
    """Figures, by id, that can't all be right as they are printed, the rule that says so, and how they differ."""

    rule: Rule
    figures: tuple[str, ...]
    says: str


class Remark(msgspec.Struct, frozen=True):
    """Something to know about figures that do not contradict each other."""

    figures: tuple[str, ...]
    says: str


def contradictions(weighed: tuple[Weighed, ...], known: Known) -> tuple[Contradiction, ...]:
    """All contradictions, rule by rule."""
    pairs = list(combinations(weighed, 2))
    return (
        *(found for one, other in pairs for found in _two_values(one.figure, other.figure)),
        *(found for one, other in pairs for found in _locked(one.figure, other.figure)),
        *(found for one in weighed for found in _ratio(one)),
        *(found for one in weighed for found in _stages(one, known)),
        *(found for one, other in pairs for found in _share(one, other, known)),
        *(found for one in weighed for found in _vat(one, weighed)),
        *(found for one, other in pairs for found in _assumptions(one, other)),
    )


def remarks(weighed: tuple[Weighed, ...]) -> tuple[Remark, ...]:
    """What is no contradiction: which count was meant, and differences that lie within rounding."""
    said: dict[str, list[str]] = {}
    for one in weighed:
        for each in (*_which_count(one, weighed), *_rounding(one)):
            said.setdefault(each, []).append(one.figure.id)
    return tuple(Remark(tuple(ids), says) for says, ids in said.items())


def _two_values(one: PublishedFigure, other: PublishedFigure) -> Iterator[Contradiction]:
    """The same definition and the same moment, and no value that is both. Counts of two moments may rise or fall."""

    def about(figure: PublishedFigure) -> tuple[object, ...]:
        return figure.definition, figure.at_ms, figure.quarter, figure.of, figure.unit

    if one.definition != "given" and about(one) == about(other) and not stands_for(one).meets(stands_for(other)):
        said = " and ".join(f"{printed(each)} ({_meant(each)})" for each in (one, other))
        yield Contradiction("two values", (one.id, other.id), f"of the same thing at the same moment: {said}")


def _meant(figure: PublishedFigure) -> str:
    return shown_interval(stands_for(figure), figure)


def _locked(one: PublishedFigure, other: PublishedFigure) -> Iterator[Contradiction]:
    """A locked order stands firm too, so at one moment no more can be locked than stand."""
    if {one.definition, other.definition} != set(TIMED) or one.at_ms != other.at_ms:
        return
    locked, firm = (one, other) if one.definition == "locked" else (other, one)
    least, most = stands_for(locked), stands_for(firm)
    or_more = Interval(least.low, None, low_open=least.low_open)
    if not or_more.meets(Interval(None, most.high, high_open=most.high_open)):
        said = f"{printed(locked)} locked, but {printed(firm)} orders in all at that moment"
        yield Contradiction("more locked than firm", (locked.id, firm.id), said)


def _ratio(one: Weighed) -> Iterator[Contradiction]:
    """No values that the parts can stand for give the ratio."""
    ratio = one.ratio
    if ratio is None or ratio.within or ratio.fit != "no":
        return
    given = "" if ratio.parts is None else f"; with the rounding of its parts {shown_interval(ratio.parts, one.figure)}"
    said = f"{one.checked.computed}, not {printed(one.figure)}{given}"
    yield Contradiction("ratio", (one.figure.id, *one.figure.of), said)


def _stages(one: Weighed, known: Known) -> Iterator[Contradiction]:
    said = None if one.ratio is None else stages_differ(one.figure, known.launch)
    if said is not None:
        yield Contradiction("stages", (one.figure.id, *one.figure.of), said)


def _share(one: Weighed, other: Weighed, known: Known) -> Iterator[Contradiction]:
    """A share of a quarter, held against the potential revenue that was published beside it."""
    if {one.figure.definition, other.figure.definition} != {"quarter_share", "potential_revenue"}:
        return
    share, revenue = (one, other) if one.figure.definition == "quarter_share" else (other, one)
    if share.figure.at_ms != revenue.figure.at_ms or not (share.combinations and revenue.combinations):
        return
    percent = revenue.combinations[0].value, share.combinations[0].value
    if not percent[0]:
        return
    possible = stands_for(revenue.figure).times(percent[1] / percent[0])
    if not can_be(possible, share.figure):
        quarter = next(each for each in finance_of(known.launch).quarters if each.id == share.figure.quarter)
        said = f"{printed(revenue.figure)} is {shown_interval(possible, share.figure)} of {quarter.name}"
        yield Contradiction("share", (share.figure.id, revenue.figure.id), f"{said}, not {printed(share.figure)}")


def _vat(one: Weighed, weighed: tuple[Weighed, ...]) -> Iterator[Contradiction]:
    """A share that needs VAT in the prices: what it is a share of has none."""
    if one.figure.definition != "quarter_share" or not only_with_vat(one.fitting):
        return
    beside = [
        each.figure for each in weighed if each.figure.definition == "potential_revenue" and only_with_vat(each.fitting)
    ]
    more = "".join(f", nor does {printed(each)} ({each.id})" for each in beside)
    said = f"{printed(one.figure)} needs VAT in the prices, and the revenue that it is a share of has none; without VAT"
    yield Contradiction("VAT", (one.figure.id, *(each.id for each in beside)), f"{said} it does not come out{more}")


def _assumptions(one: Weighed, other: Weighed) -> Iterator[Contradiction]:
    """Two amounts that come out, but never under the same assumptions."""
    if not (one.fitting and other.fitting) or one.figure.at_ms != other.figure.at_ms:
        return
    prices = "deposits" not in (one.figure.definition, other.figure.definition)
    sets = [{_assumed(each, prices=prices) for each in weighed.fitting} for weighed in (one, other)]
    if sets[0].isdisjoint(sets[1]):
        said = "; ".join(f"{each.figure.id} needs {_needs(each.fitting[0], prices=prices)}" for each in (one, other))
        yield Contradiction("assumptions", (one.figure.id, other.figure.id), said)


def _assumed(one: Combination, *, prices: bool) -> tuple[object, ...]:
    return (one.count.orders, one.price, one.vat) if prices else (one.count.orders,)


def _needs(one: Combination, *, prices: bool) -> str:
    return str(one) if prices else one.count.words


def _which_count(one: Weighed, weighed: tuple[Weighed, ...]) -> Iterator[str]:
    """Firm and locked orders both go by the name of orders; some figures come out with one of them only."""
    tried = of_published(one.combinations)
    named = {each.figure.definition for each in weighed}
    meant = dict.fromkeys(each.count.words for each in one.fitting)
    others = [words for words in dict.fromkeys(each.count.words for each in tried) if words not in meant]
    if meant and others and named.issuperset(TIMED):
        yield f"reckoned from {' or '.join(meant)}, not from {' or '.join(others)}"


def _rounding(one: Weighed) -> Iterator[str]:
    if one.ratio is not None and one.ratio.within and one.ratio.fit not in ("as printed", "cut"):
        yield f"{printed(one.figure)} is no contradiction: {one.checked.why}"
