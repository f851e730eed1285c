"""Each published figure by itself: what it assumes, and whether it comes out."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from drumroll.domain.launch_finance import PublishedFigure
from drumroll.domain.launch_market import SCALES
from drumroll.domain.money import EXPONENTS
from drumroll.outlook.figures import finance_of
from drumroll.outlook.figures_orders import Stood
from drumroll.outlook.published_assumptions import NAMES, Combination, Known, combinations, of_published
from drumroll.outlook.published_ratios import Ratio, parts_words, ratio_of, shown_ratio, stages_differ, within_rounding
from drumroll.outlook.published_reading import Fit, coarse_unit, fit, number, printed, shown, value_of

Verdict = Literal["comes out", "comes out only if", "does not come out", "not known", "given"]
NEAREST = 2
"""So many combinations are named that come near a figure but don't give it."""

ASSUMES = {
    "orders": "orders of the headline models, deposit paid and not given up, at one moment",
    "locked": "orders that can no longer be taken back, at one moment",
    "converted_share": "standing orders that came from another model, of all standing orders",
    "deposits": "a count of orders, and one whole deposit each",
    "potential_revenue": "a count of orders, a price each, VAT in it or not; that each is delivered",
    "quarter_share": "potential revenue, and a quarter's revenue, which is without VAT",
    "given": "nothing: it stands for itself",
    "ratio": "two published figures, of the same kind and true of the same stage",
}


class Way(msgspec.Struct, frozen=True):
    """One way to reckon a figure: what is assumed, what comes out, and how that fits the printed digits."""

    assumed: str
    computed: str
    fit: Fit


class Checked(msgspec.Struct, frozen=True):
    """One published figure. ``computed``: what it is held against, if that is one value; ``why`` says more.

    ``ways``: the ways in which it comes out; ``nearest``: the nearest in which it does not, of ``tried`` in all.
    ``flaws``: what the comparison itself does wrong.
    """

    id: str
    what: str
    published: str
    definition: str
    assumes: str
    verdict: Verdict
    why: str = ""
    computed: str | None = None
    ways: tuple[Way, ...] = ()
    nearest: tuple[Way, ...] = ()
    tried: int = 0
    flaws: tuple[str, ...] = ()


class Weighed(msgspec.Struct, frozen=True):
    """A published figure with its verdict and, for the rules, all that was tried."""

    figure: PublishedFigure
    checked: Checked
    combinations: tuple[Combination, ...] = ()
    ratio: Ratio | None = None

    @property
    def fitting(self) -> tuple[Combination, ...]:
        """What gives the printed digits, of what was reckoned from published counts (if there are any)."""
        return tuple(one for one in of_published(self.combinations) if one.fits)


def weigh(known: Known) -> tuple[Weighed, ...]:
    """Check every published figure of the launch by itself. Raises ``FiguresRefused``."""
    return tuple(_weigh(figure, known) for figure in finance_of(known.launch).published)


def _weigh(figure: PublishedFigure, known: Known) -> Weighed:
    match figure.definition:
        case "given":
            return Weighed(figure, _checked(figure, "given"))
        case "ratio":
            return _ratio(figure, known)
        case "orders" | "locked" | "converted_share":
            return Weighed(figure, _counted(figure, known))
        case _:
            return _amount(figure, known)


def _checked(
    figure: PublishedFigure, verdict: Verdict, why: str = "", computed: str | None = None, flaws: tuple[str, ...] = ()
) -> Checked:
    assumes = ASSUMES[figure.definition]
    return Checked(
        figure.id, figure.what, printed(figure), figure.definition, assumes, verdict, why, computed, flaws=flaws
    )


def _judged(found: Fit, figure: PublishedFigure) -> tuple[Verdict, str]:
    """The verdict on one value, and what has to be granted for it."""
    match found:
        case "as printed":
            return "comes out", ""
        case "no":
            return "does not come out", ""
        case "cut":
            return "comes out only if", "cut off, not rounded"
        case _:
            return (
                "comes out only if",
                f"it was rounded to the nearest {number(coarse_unit(figure) / SCALES[figure.scale])}",
            )


# Counts, held against the log


def _counted(figure: PublishedFigure, known: Known) -> Checked:
    at_ms = known.figures.at_ms if figure.at_ms is None else figure.at_ms
    stood = None if at_ms is None else known.stood.get(at_ms)
    if stood is None:
        why = "the log ends before that moment" if known.has_log else "needs a log (--log)"
        return _checked(figure, "not known", why)
    if figure.definition == "converted_share":
        return _converted(figure, stood)
    count = stood.orders if figure.definition == "orders" else stood.locked
    computed = f"{NAMES[figure.definition]} in the log: {count:,}"
    return _checked(figure, *_judged(fit(Fraction(count), figure), figure), computed)


def _converted(figure: PublishedFigure, stood: Stood) -> Checked:
    if not stood.orders:
        return _checked(figure, "not known", "no order stood at that moment in the log")
    share = Fraction(stood.converted * (100 if figure.unit == "%" else 1), stood.orders)
    computed = f"{stood.converted:,} of {stood.orders:,} orders in the log, {shown(share, figure)}"
    return _checked(figure, *_judged(fit(share, figure), figure), computed)


# Amounts, held against every combination of assumptions


def _amount(figure: PublishedFigure, known: Known) -> Weighed:
    if figure.definition != "quarter_share" and figure.unit in EXPONENTS and figure.unit != known.launch.currency:
        why = f"it is in {figure.unit}, and the launch's money in {known.launch.currency}"
        return Weighed(figure, _checked(figure, "not known", why))
    tried = combinations(figure, known)
    if not tried:
        return Weighed(figure, _checked(figure, "not known", "no count of orders is known: needs a log (--log)"))
    fitting = [one for one in tried if one.fits]
    verdict: Verdict = "comes out only if" if fitting else "does not come out"
    if len(fitting) == len(tried) and all(one.fit == "as printed" for one in tried):
        verdict = "comes out"
    near = sorted((one for one in tried if not one.fits), key=lambda one: abs(one.value - value_of(figure)))
    checked = msgspec.structs.replace(
        _checked(figure, verdict, flaws=_flaws(figure, tried)),
        ways=tuple(_way(one, figure) for one in fitting),
        nearest=tuple(_way(one, figure) for one in near[:NEAREST]),
        tried=len(tried),
    )
    return Weighed(figure, checked, tried)


def _way(one: Combination, figure: PublishedFigure) -> Way:
    return Way(str(one), shown(one.value, figure), one.fit)


def only_with_vat(fitting: tuple[Combination, ...]) -> bool:
    """Whether what was printed comes out only with VAT in the price."""
    return bool(fitting) and all(one.vat == "with VAT" for one in fitting)


def _flaws(figure: PublishedFigure, tried: tuple[Combination, ...]) -> tuple[str, ...]:
    """A share whose parts are not of one kind: the revenue of a quarter has no VAT in it."""
    fitting = tuple(one for one in of_published(tried) if one.fits)
    if figure.definition != "quarter_share" or not only_with_vat(fitting):
        return ()
    first = fitting[0]
    like = next(one for one in tried if (one.count, one.price) == (first.count, first.price) and one.vat != first.vat)
    return (
        "prices with VAT are held against revenue without it; like with like (both without) it is"
        f" {shown(like.value, figure)}",
    )


# Ratios


def _ratio(figure: PublishedFigure, known: Known) -> Weighed:
    ratio = ratio_of(figure, known.launch)
    stages = stages_differ(figure, known.launch)
    verdict, why = _ratio_verdict(figure, ratio, known)
    if stages is not None and verdict == "comes out":
        verdict, why = "comes out only if", "different stages are compared"
    computed = parts_words(figure, known.launch)
    if ratio.value is not None:
        computed += f" = {shown_ratio(ratio, figure)}"
    flaws = () if stages is None else (stages,)
    return Weighed(figure, _checked(figure, verdict, why, computed, flaws), ratio=ratio)


def _ratio_verdict(figure: PublishedFigure, ratio: Ratio, known: Known) -> tuple[Verdict, str]:
    if ratio.value is None:
        return "does not come out", "what it is divided by is 0"
    if ratio.bounds:
        if ratio.within:
            return "comes out only if", "its parts are far enough from the bounds that were published of them"
        return "does not come out", ""
    if ratio.fit != "as printed" and ratio.within and ratio.parts is not None:
        return "comes out only if", within_rounding(figure, ratio, known.launch)
    return _judged(ratio.fit, figure)
