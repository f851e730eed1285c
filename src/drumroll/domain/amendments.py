"""What operators change about a launch while it runs. It holds over whatever the launch file says, now and later."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch, Model

Amendment = ev.SalesSet | ev.CapSet | ev.WindowMoved


def amended(filed: Launch, amendments: Iterable[tuple[Amendment, int]]) -> Launch:
    """The launch that holds: that of the file with every amendment (and its time), in order.

    What an amendment is about may be gone from a changed file; then it changes nothing.
    """
    launch = filed
    for amendment, at_ms in amendments:
        if isinstance(amendment, ev.SalesSet):
            launch = _sales_set(launch, amendment, at_ms)
        elif isinstance(amendment, ev.CapSet):
            launch = _cap_set(launch, amendment)
        else:
            launch = _window_moved(launch, amendment)
    return launch


def _sales_set(launch: Launch, event: ev.SalesSet, at_ms: int) -> Launch:
    models = tuple(
        _opened_or_closed(model, event.action, at_ms) if event.model in ("", model.id) else model
        for model in launch.models
    )
    launch = replace(launch, models=models)
    if event.model or event.action not in ("open", "close"):
        return launch
    times = _times(launch.opens_at_ms, launch.closes_at_ms, event.action, at_ms)
    return replace(launch, opens_at_ms=times[0], closes_at_ms=times[1])


def _opened_or_closed(model: Model, action: str, at_ms: int) -> Model:
    opens_at_ms, closes_at_ms = _times(model.opens_at_ms, model.closes_at_ms, action, at_ms)
    return replace(model, opens_at_ms=opens_at_ms, closes_at_ms=closes_at_ms)


def _times(opens_at_ms: int, closes_at_ms: int | None, action: str, at_ms: int) -> tuple[int, int | None]:
    if action == "open":
        return min(opens_at_ms, at_ms), None
    if action == "close":
        return opens_at_ms, at_ms if closes_at_ms is None else min(closes_at_ms, at_ms)
    return opens_at_ms, closes_at_ms


def _cap_set(launch: Launch, event: ev.CapSet) -> Launch:
    if not event.model:
        return replace(launch, cap=event.cap)
    models = tuple(_capped(model, event) if model.id == event.model else model for model in launch.models)
    return replace(launch, models=models)


def _capped(model: Model, event: ev.CapSet) -> Model:
    if not event.trim:
        return replace(model, cap=event.cap)
    return replace(
        model, trims=tuple(replace(trim, cap=event.cap) if trim.id == event.trim else trim for trim in model.trims)
    )


def _window_moved(launch: Launch, event: ev.WindowMoved) -> Launch:
    conversions = tuple(
        replace(window, closes_at_ms=event.closes_at_ms) if window.id == event.window else window
        for window in launch.conversions
    )
    return replace(launch, conversions=conversions)
