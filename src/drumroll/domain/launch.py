"""What is sold, from when to when, for how much, and how many: the values that a launch file describes.

Times are milliseconds since the Unix epoch (UTC), money is integer minor units of ``Launch.currency``.
``launch_file`` makes these from TOML; the order log keeps them, so that an audit needs no other file.
"""

from __future__ import annotations

import msgspec


class Trim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of a model. ``cap`` limits its live orders (reserved or firm); ``None`` is no limit."""

    id: str
    name: str
    price_minor: int
    cap: int | None = None


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model with its trims and its own time of sale: open from ``opens_at_ms``, closed from ``closes_at_ms`` on."""

    id: str
    name: str
    opens_at_ms: int
    closes_at_ms: int | None
    trims: tuple[Trim, ...]
    cap: int | None = None


class Launch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole launch. ``headline`` are the ids of the models that the board counts and the milestones are about."""

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

    def model(self, model_id: str) -> Model | None:
        """The model of that id, or ``None``."""
        for model in self.models:
            if model.id == model_id:
                return model
        return None
