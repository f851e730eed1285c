"""What is sold, from when to when, for how much, how many, and by which rules: the values that a launch file describes.

Times are milliseconds since the Unix epoch (UTC), money is integer minor units of ``Launch.currency``.
``launch_file`` makes these from TOML; the order log keeps them, so that an audit needs no other file. Logs of earlier
versions lack the newer fields: those have defaults.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from drumroll.domain.launch_capacity import Backlog, Cliff, Limit, Plant, PromiseRules
from drumroll.domain.launch_finance import Finance
from drumroll.domain.launch_market import Market
from drumroll.domain.launch_outlook import Outlook
from drumroll.domain.launch_room import WaitingRoom
from drumroll.domain.launch_store import Figure, Language, Rival


class Trim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a model. ``cap`` limits the orders that take a place (all but those gone); ``None``: no limit.

    ``figures``: of this trim alone, each the id of one of ``Launch.figures`` and a number as text.
    """

    id: str
    name: str
    price_minor: int
    cap: int | None = None
    figures: tuple[tuple[str, str], ...] = ()


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One choice of an option. Ids are unique within the model. ``trims`` that have it (empty: all).

    ``requires``: choices that must all be taken with it; ``excludes``: choices that can't (in either direction).
    """

    id: str
    name: str
    price_minor: int = 0
    trims: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to choose: exactly one choice (the first that the trim has is the default), or with ``many`` any."""

    id: str
    name: str
    choices: tuple[Choice, ...]
    many: bool = False


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model with its trims and its own time of sale: open from ``opens_at_ms``, closed from ``closes_at_ms`` on.

    ``deposit_minor`` is ``None`` where the launch's holds. ``figures`` hold for the trims that have none of their own.
    """

    id: str
    name: str
    opens_at_ms: int
    closes_at_ms: int | None
    trims: tuple[Trim, ...]
    cap: int | None = None
    deposit_minor: int | None = None
    options: tuple[Option, ...] = ()
    tagline: str | None = None
    figures: tuple[tuple[str, str], ...] = ()


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where orders are delivered to. ``lead_days``: from the end of building to the delivery there."""

    id: str
    name: str
    lead_days: int = 0


class Conversion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A window in which orders may change their model: open from ``opens_at_ms``, closed from ``closes_at_ms`` on.

    ``times``: how often one order may use this window. ``deposit``: ``carry`` (what was paid is the deposit) or
    ``settle`` (the difference to the new model's deposit is due, or owed back). ``cooling_off``: ``keep`` or ``anew``.
    ``place`` in the queue: ``keep`` (the original lock time), ``requeue`` (the time of the conversion) or ``deadline``
    (kept before ``place_kept_before_ms``, requeued from then on). Unless ``irreversible``, an order may change back
    while the window is open.
    """

    id: str
    from_models: tuple[str, ...]
    states: tuple[str, ...]
    to_models: tuple[str, ...]
    opens_at_ms: int
    closes_at_ms: int
    irreversible: bool = True
    times: int = 1
    deposit: Literal["carry", "settle"] = "carry"
    cooling_off: Literal["keep", "anew"] = "keep"
    place: Literal["keep", "requeue", "deadline"] = "keep"
    place_kept_before_ms: int | None = None


class Launch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole launch. ``headline`` are the ids of the models that the board counts and the milestones are about.

    ``cooling_off_s``: how long after its deposit an order may be taken back; then it locks by itself (``None``: never).
    ``early_lock_undo_s``: how long a lock made by the customer can be undone. ``waiting_offer_s``: how long a freed
    place is held for whoever waited (``None``: no waiting list). The first of ``regions`` is the default.
    Without ``plants`` nothing is promised; ``promise`` says how it is (``None``: by the defaults). ``figures`` are what
    models and ``rivals`` are compared by. ``waiting_room`` is ``None`` where orders need no ticket.
    """

    id: str
    name: str
    time_zone: str
    currency: str
    opens_at_ms: int
    closes_at_ms: int | None
    deposit_minor: int
    hold_s: int
    orders_per_customer: int
    models: tuple[Model, ...]
    headline: tuple[str, ...]
    milestones: tuple[int, ...] = ()
    cap: int | None = None
    cooling_off_s: int | None = None
    early_lock_undo_s: int = 0
    waiting_offer_s: int | None = None
    regions: tuple[Region, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    market: Market | None = None
    promise: PromiseRules | None = None
    plants: tuple[Plant, ...] = ()
    limits: tuple[Limit, ...] = ()
    backlog: tuple[Backlog, ...] = ()
    cliffs: tuple[Cliff, ...] = ()
    finance: Finance | None = None
    outlook: Outlook | None = None
    figures: tuple[Figure, ...] = ()
    rivals: tuple[Rival, ...] = ()
    waiting_room: WaitingRoom | None = None
    languages: tuple[Language, ...] = ()

    def model(self, model_id: str) -> Model | None:
        """The model of that id, or ``None``."""
        for model in self.models:
            if model.id == model_id:
                return model
        return None

    def deposit_of(self, model: Model) -> int:
        """The deposit of an order of this model."""
        return self.deposit_minor if model.deposit_minor is None else model.deposit_minor
