"""What orders need to be built, by configuration: for the recount of promises alone."""

from __future__ import annotations

from drumroll.domain.promise import Promise
from drumroll.rehearsal.recount_filling import Kind
from drumroll.rehearsal.recount_weeks import Weeks, default_options


class Offered:
    """What orders of one configuration need, what the last of them was told, and which cliff that crosses.

    ``default``: it is what an order of its trim has that chooses nothing. While it is among those that run on, orders
    that are told the same for the same ``region`` take another of column ``slot``, and are told column ``told``;
    ``more`` of them came and are not counted yet.
    """

    __slots__ = ("crossing", "default", "kind", "more", "promise", "region", "slot", "told")

    def __init__(self, kind: Kind, *, default: bool) -> None:
        self.kind = kind
        self.default = default
        self.promise: Promise | None = None
        self.region = self.crossing = ""
        self.slot = self.told = self.more = 0


class Kinds:
    """The kinds of a launch as orders come up. ``offered`` is by model, trim and options."""

    def __init__(self, weeks: Weeks, first: int) -> None:
        self.weeks = weeks
        self.first = first
        self.offered: dict[tuple[str, str, tuple[str, ...]], Offered] = {}
        self.by_needs: dict[tuple[int, ...], Kind] = {}

    def offer(self, model: str, trim: str, options: tuple[str, ...]) -> Offered:
        """What orders of that configuration need."""
        found = self.offered.get((model, trim, options))
        if found is None:
            default = options == self._default(model, trim)
            found = self.offered[model, trim, options] = Offered(self._kind(model, trim, options), default=default)
        return found

    def default_of(self, model: str, trim: str) -> Kind | None:
        """What an order of that trim needs that chooses nothing."""
        options = self._default(model, trim)
        return None if options is None else self.offer(model, trim, options).kind

    def _default(self, model_id: str, trim_id: str) -> tuple[str, ...] | None:
        model = self.weeks.launch.model(model_id)
        trim = next((one for one in model.trims if one.id == trim_id), None) if model is not None else None
        return None if model is None or trim is None else default_options(model, trim)

    def _kind(self, model: str, trim: str, options: tuple[str, ...]) -> Kind:
        needs = self.weeks.needs(model, trim, options)
        kind = self.by_needs.get(needs)
        if kind is None:
            name = "+".join(self.weeks.names[number] for number in needs)
            kind = self.by_needs[needs] = Kind(name, needs, self.weeks.rules.horizon_weeks)
            kind.first = self.first
            kind.meet(list(self.by_needs.values()))
        return kind
