"""What was on offer at a moment, by the launch and by what operators set: read anew, for the recount alone."""

from __future__ import annotations

from collections.abc import Iterable

from drumroll.domain.launch import Choice, Conversion, Launch, Model, Option, Trim


class Place:
    """One trim of one model as it is on offer now. ``caps`` are those of the trim, the model and the launch."""

    __slots__ = ("capped", "caps", "closes_ms", "deposit_minor", "model", "opens_ms", "paused", "price_minor", "trim")

    def __init__(self, model: str, trim: Trim) -> None:
        self.model = model
        self.trim = trim.id
        self.price_minor = trim.price_minor
        self.deposit_minor = 0
        self.opens_ms = 0
        self.closes_ms: int | None = None
        self.paused = False
        self.caps: tuple[int | None, int | None, int | None] = (None, None, None)
        self.capped = False

    def why_not_on_sale(self, at_ms: int) -> str:
        """Why nothing can be ordered now, or ``""``."""
        if at_ms < self.opens_ms:
            return f"{(self.opens_ms - at_ms) / 1000} s before the opening"
        if self.closes_ms is not None and at_ms >= self.closes_ms:
            return f"{(at_ms - self.closes_ms) / 1000} s after the closing"
        return "while sales are paused" if self.paused else ""


class Offering:
    """The launch as it holds now: its file, and over it what operators set.

    ``regions``: where it delivers ("" if it says nothing of that). ``good``: terms of reservations that were looked at
    and are those of this launch.
    """

    def __init__(self) -> None:
        self.launch: Launch | None = None
        self.places: dict[tuple[str, str], Place] = {}
        self.regions: frozenset[str] = frozenset(("",))
        self.good: set[tuple[object, ...]] = set()
        self.ever: set[tuple[str, str]] = set()
        self.windows: dict[str, tuple[Conversion, int]] = {}
        self._caps: dict[tuple[str, str], int | None] = {}
        self._times: dict[str, tuple[int, int | None]] = {}
        self._every_time: tuple[int, int | None] | None = None
        self._paused: set[str] = set()
        self._closings: dict[str, int] = {}
        self._prices: dict[tuple[str, str, tuple[str, ...]], int | str] = {}

    def set_launch(self, launch: Launch) -> None:
        """A launch file, from now on."""
        self.launch = launch
        self.regions = frozenset(region.id for region in launch.regions) or frozenset(("",))
        self._prices.clear()
        self.good.clear()
        self._read()

    def set_cap(self, model: str, trim: str, cap: int | None) -> None:
        """An operator's cap of a trim, a model or all."""
        self._caps[model, trim] = cap
        self._read()

    def set_sales(self, action: str, model_id: str, at_ms: int) -> None:
        """An operator's word on one model, or on all of them (""), also on those that a later file brings.

        A pause of all rests on every model until all are resumed; resuming all ends the pauses of single models too.
        """
        if action == "pause":
            self._paused.add(model_id)
        elif action == "resume":
            self._paused = self._paused - {model_id} if model_id else set()
        else:
            self._set_times(model_id, (at_ms, None) if action == "open" else (0, at_ms))
        self._read()

    def _set_times(self, model_id: str, times: tuple[int, int | None]) -> None:
        if model_id:
            self._times[model_id] = times
        else:
            self._every_time = times
            self._times.clear()

    def move_window(self, window: str, closes_at_ms: int) -> None:
        """An operator's closing of a conversion window."""
        self._closings[window] = closes_at_ms
        self._read()

    def _read(self) -> None:
        launch = self.launch
        if launch is None:
            return
        places = [self._place(launch, model, trim) for model in launch.models for trim in model.trims]
        self.places = {(place.model, place.trim): place for place in places}
        self.ever.update(self.places)
        self.windows = {each.id: (each, self._closings.get(each.id, each.closes_at_ms)) for each in launch.conversions}

    def _place(self, launch: Launch, model: Model, trim: Trim) -> Place:
        place = Place(model.id, trim)
        place.deposit_minor = launch.deposit_minor if model.deposit_minor is None else model.deposit_minor
        times = self._times.get(model.id, self._every_time)
        place.opens_ms, place.closes_ms = times or (model.opens_at_ms, model.closes_at_ms)
        place.paused = not self._paused.isdisjoint(("", model.id))
        caps = self._caps
        place.caps = (
            caps.get((model.id, trim.id), trim.cap),
            caps.get((model.id, ""), model.cap),
            caps.get(("", ""), launch.cap),
        )
        place.capped = place.caps != (None, None, None)
        return place

    def price(self, model: str, trim: str, options: tuple[str, ...]) -> int | str:
        """The price of that configuration in minor units, or what is wrong with it."""
        found = self._prices.get((model, trim, options))
        if found is None:
            found = self._prices[model, trim, options] = self._priced(model, trim, options)
        return found

    def _priced(self, model_id: str, trim_id: str, options: tuple[str, ...]) -> int | str:
        place = self.places.get((model_id, trim_id))
        model = self.launch.model(model_id) if self.launch else None
        if model is None or place is None:
            return f"{model_id}/{trim_id} is not in the launch"
        choices = [choice for option in model.options for choice in option.choices]
        taken = [choice for choice in choices if choice.id in options]
        if tuple(choice.id for choice in taken) != options:
            return f"{list(options)} are not choices of {model_id} in the launch's order, once each"
        wrong = _wrong_number(model.options, trim_id, options) or _at_odds(taken, trim_id)
        return wrong or place.price_minor + sum(choice.price_minor for choice in taken)


def _wrong_number(options: Iterable[Option], trim: str, taken: tuple[str, ...]) -> str:
    """Exactly one choice of each option that the trim has, unless the option is for any number."""
    for option in options:
        open_to = [choice.id for choice in option.choices if not choice.trims or trim in choice.trims]
        count = sum(choice.id in taken for choice in option.choices)
        if open_to and not option.many and count != 1:
            return f"{count} choices of {option.id}"
    return ""


def _at_odds(taken: list[Choice], trim: str) -> str:
    """What in these choices does not go together, or not with the trim."""
    ids = {choice.id for choice in taken}
    for choice in taken:
        if choice.trims and trim not in choice.trims:
            return f"{choice.id} is not for {trim}"
        if missing := set(choice.requires) - ids:
            return f"{choice.id} needs {sorted(missing)}"
        if clash := set(choice.excludes) & ids:
            return f"{choice.id} excludes {sorted(clash)}"
    return ""
