"""How a report's figures are written, on paper and in a terminal alike."""

from __future__ import annotations

from decimal import Decimal

from drumroll.market.report_values import Car, ClaimRow, Data, GroupStudy, LimitRow, Report, TestRow

FINDINGS_SHOWN = 3
SHORT = {"midday": "mid-day"}


def amount(value: Decimal | int, currency: str) -> str:
    """A large amount as people say it.

    >>> amount(1_593_148_148_152, "HKD")
    '1.593 trillion HKD'
    """
    for power, word in ((12, "trillion"), (9, "billion"), (6, "million")):
        if abs(value) >= 10**power:
            return f"{Decimal(value) / 10**power:,.3f} {word} {currency}"
    return f"{value:,} {currency}"


def change(percent: Decimal | None) -> str:
    """A change in percent, with its sign."""
    return "" if percent is None else f"{percent:+} %"


def share_of(value: float | None, places: int = 2) -> str:
    """A fraction in percent, with its sign."""
    return "none" if value is None else f"{value * 100:+.{places}f} %"


def p_value(p: float | None) -> str:
    """A p-value; what is smaller than a ten-thousandth is said so."""
    if p is None:
        return "none"
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"


def window(first: int, last: int) -> str:
    """A window of sessions: the event's is 0."""
    return _session(first) if first == last else f"{_session(first)} to {_session(last)}"


def _session(offset: int) -> str:
    return f"{offset:+d}" if offset else "0"


def noticed(data: Data) -> tuple[str, ...]:
    """What was noticed in the quotes, a kind at a time, with the first of each."""
    said = []
    for kind, count in data.counts.items():
        said.append(f"{kind}: {count:,} ({data.meanings[kind]})")
        said += data.findings[kind][:FINDINGS_SHOWN]
        said += [f"and {count - FINDINGS_SHOWN:,} more"] if count > FINDINGS_SHOWN else []
    return tuple(said)


def interval(car: Car) -> str:
    """The 95 % interval of a CAR."""
    return "" if car.low is None or car.high is None else f"{car.low * 100:+.2f} to {car.high * 100:+.2f} %"


def off_by(row: ClaimRow) -> str:
    """By how much a claim is off: published less computed."""
    percent = "" if row.off_by_percent is None else f" ({row.off_by_percent:+} %)"
    return f"off by {row.off_by}{percent}" if row.off_by else ""


def limit(row: LimitRow) -> str:
    """A code's limit and, where there are quotes, the limit prices."""
    if row.limit_percent is None:
        return row.rule
    prices = "" if row.limit_up is None else f": {row.limit_down} to {row.limit_up}"
    return f"{row.board} {row.limit_percent} %{prices}"


def held(row: LimitRow) -> str:
    """What the price did about its limit."""
    if row.missing:
        return row.missing
    streak = f", session {row.streak} in a row" if row.streak > 1 else ""
    if row.state:
        return row.state + streak
    return "" if row.limit_up is None else "not touched"


def test_result(row: TestRow) -> str:
    """A test's statistic and p."""
    if row.statistic is None:
        return "no statistic"
    return f"{row.statistic:.2f}, p {p_value(row.p)}"


def studied_how(study: GroupStudy) -> str:
    """What was estimated, from what."""
    against = f" against {study.benchmark}" if study.benchmark else ""
    return (
        f"{study.model} model{against}, {study.estimation} sessions ending {study.gap} before the window "
        f"{window(*study.window)}; event on {study.session}"
    )


def headline(report: Report) -> tuple[str, str]:
    """The day's one figure (the close, or the last price there is) and what it is."""
    last = next((price for price in reversed(report.day.prices) if price.what == "close"), report.day.prices[-1])
    return change(last.percent), f"{report.day.code} at the {last.what}, {last.price} {report.day.currency}"
