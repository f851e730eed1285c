"""The book as the API shows it: pure functions from what is true now to messages."""

from __future__ import annotations

from drumroll.domain.book import Book, Tally
from drumroll.domain.launch import Conversion, Launch, Model, Option
from drumroll.domain.states import CANCELLED, EXPIRED, FIRM, FORFEITED, RESERVED
from drumroll.domain.times import rfc3339
from drumroll.web.messages import (
    BoardLaunch,
    BoardTrim,
    BoardView,
    ChoiceView,
    LaunchView,
    MilestoneView,
    ModelView,
    OptionView,
    RegionView,
    Status,
    Totals,
    TrimView,
    WindowView,
)

CURVE_POINTS = 240
RATE_OVER_S = 10


def launch_view(book: Book, now_ms: int, *, sandbox: bool) -> LaunchView:
    """What is sold, when, for how much, by which limits and rules: as it holds now."""
    launch = book.launch
    assert launch is not None, "a log begins with its launch"
    zone = launch.time_zone
    return LaunchView(
        id=launch.id,
        name=launch.name,
        time_zone=zone,
        currency=launch.currency,
        now=rfc3339(now_ms, zone),
        opens_at=rfc3339(launch.opens_at_ms, zone),
        closes_at=_maybe(launch.closes_at_ms, zone),
        deposit_minor=launch.deposit_minor,
        hold_s=launch.hold_s,
        cooling_off_s=launch.cooling_off_s,
        early_lock_undo_s=launch.early_lock_undo_s,
        waiting_offer_s=launch.waiting_offer_s,
        orders_per_customer=launch.orders_per_customer,
        cap=launch.cap,
        models=[_model_view(book, launch, model) for model in launch.models],
        regions=[RegionView(region.id, region.name) for region in launch.regions],
        conversions=[_window_view(window, zone) for window in launch.conversions],
        sandbox=sandbox,
    )


def _model_view(book: Book, launch: Launch, model: Model) -> ModelView:
    zone = launch.time_zone
    return ModelView(
        id=model.id,
        name=model.name,
        opens_at=rfc3339(model.opens_at_ms, zone),
        closes_at=_maybe(model.closes_at_ms, zone),
        paused="" in book.paused or model.id in book.paused,
        cap=model.cap,
        deposit_minor=launch.deposit_of(model),
        trims=[TrimView(trim.id, trim.name, trim.price_minor, trim.cap) for trim in model.trims],
        options=[_option_view(option) for option in model.options],
    )


def _option_view(option: Option) -> OptionView:
    choices = [
        ChoiceView(one.id, one.name, one.price_minor, one.trims, one.requires, one.excludes) for one in option.choices
    ]
    return OptionView(option.id, option.name, option.many, choices)


def _window_view(window: Conversion, zone: str) -> WindowView:
    return WindowView(
        id=window.id,
        from_models=window.from_models,
        states=window.states,
        to_models=window.to_models,
        opens_at=rfc3339(window.opens_at_ms, zone),
        closes_at=rfc3339(window.closes_at_ms, zone),
        irreversible=window.irreversible,
        times=window.times,
        deposit=window.deposit,
        cooling_off=window.cooling_off,
        place=window.place,
        place_kept_before=_maybe(window.place_kept_before_ms, zone),
    )


def board_view(book: Book, position: int, now_ms: int, status: Status, *, sandbox: bool) -> BoardView:
    """The live board: the headline models' orders by state, their rate, curve and milestones."""
    launch = book.launch
    assert launch is not None, "a log begins with its launch"
    zone = launch.time_zone
    trims = [trim for model in launch.models if model.id in book.headline for trim in _board_trims(book, model)]
    opens_s = launch.opens_at_ms // 1000
    return BoardView(
        launch=BoardLaunch(launch.id, launch.name, zone, launch.currency),
        sandbox=sandbox,
        now=rfc3339(now_ms, zone),
        opens_at=rfc3339(launch.opens_at_ms, zone),
        closes_at=_maybe(launch.closes_at_ms, zone),
        status=status,
        position=position,
        totals=_totals(book),
        rate_per_s=_rate_per_s(book, now_ms),
        trims=trims,
        milestones=_milestones(book, launch),
        next_milestone=book.milestones_ahead[-1] if book.milestones_ahead else None,
        curve=[(second - opens_s, firm) for second, firm in book.curve.sampled(CURVE_POINTS)],
    )


def _board_trims(book: Book, model: Model) -> list[BoardTrim]:
    return [
        BoardTrim(
            model=model.id,
            model_name=model.name,
            trim=trim.id,
            trim_name=trim.name,
            cap=trim.cap,
            **_counts([book.tally(model.id, trim.id)]),
        )
        for trim in model.trims
    ]


def _totals(book: Book) -> Totals:
    """Counted over all trims that were ever ordered, so that none taken out of the launch file is lost."""
    return Totals(**_counts([tally for (model, _), tally in book.tallies.items() if model in book.headline]))


def _counts(tallies: list[Tally]) -> dict[str, int]:
    """What the board counts, in its order."""
    standing = sum(tally.standing for tally in tallies)
    return {
        "reserved": sum(tally.by_state[RESERVED] for tally in tallies),
        "firm": standing,
        "locked": standing - sum(tally.by_state[FIRM] for tally in tallies),
        "converted": sum(tally.converted for tally in tallies),
        "expired": sum(tally.by_state[EXPIRED] for tally in tallies),
        "cancelled": sum(tally.by_state[CANCELLED] for tally in tallies),
        "forfeited": sum(tally.by_state[FORFEITED] for tally in tallies),
    }


def _rate_per_s(book: Book, now_ms: int) -> float:
    """Orders gained a second, over the last whole seconds: ten of them, fewer just after the opening."""
    assert book.launch is not None
    last = now_ms // 1000 - 1
    seconds = min(RATE_OVER_S, last + 1 - book.launch.opens_at_ms // 1000)
    return (book.curve.at(last) - book.curve.at(last - seconds)) / seconds if seconds > 0 else 0.0


def _milestones(book: Book, launch: Launch) -> list[MilestoneView]:
    return [
        MilestoneView(stone.firm, rfc3339(stone.at_ms, launch.time_zone), (stone.at_ms - launch.opens_at_ms) / 1000)
        for stone in book.milestones
    ]


def _maybe(at_ms: int | None, zone: str) -> str | None:
    return None if at_ms is None else rfc3339(at_ms, zone)
