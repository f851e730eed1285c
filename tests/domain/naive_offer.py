"""What is on offer, by the launch file and by what operators said since: read anew each time, from the description.

Part of the naive desk; it knows nothing of ``decide`` and ``evolve``.
"""

from __future__ import annotations

from typing import Any

from drumroll.domain.launch import Conversion, Launch, Model, Trim

Said = dict[str, Any]


class NaiveOffer:
    """The launch file, and all that operators said about it, in order."""

    def __init__(self, launch: Launch) -> None:
        self.said: list[Said] = []
        self.ever: set[tuple[str, str]] = set()
        self.set_launch(launch)

    def set_launch(self, launch: Launch) -> None:
        """A launch file, from now on."""
        self.launch = launch
        self.ever |= {(model.id, trim.id) for model in launch.models for trim in model.trims}

    def model(self, model_id: str) -> Model | None:
        return next((model for model in self.launch.models if model.id == model_id), None)

    def trim(self, model_id: str, trim_id: str) -> Trim | None:
        model = self.model(model_id)
        return next((trim for trim in model.trims if trim.id == trim_id), None) if model else None

    def unknown(self, model_id: str, trim_id: str) -> set[str]:
        if self.model(model_id) is None:
            return {"unknown_model"}
        return set() if self.trim(model_id, trim_id) else {"unknown_trim"}

    def deposit(self, model_id: str) -> int:
        model = self.model(model_id)
        return self.launch.deposit_minor if model is None or model.deposit_minor is None else model.deposit_minor

    # Caps, sales and windows: the operators' last word holds, otherwise the file's.

    def cap(self, model_id: str = "", trim_id: str = "") -> int | None:
        for said in reversed(self.said):
            if said["what"] == "cap" and (said["model"], said["trim"]) == (model_id, trim_id):
                return said["cap"]
        if not model_id:
            return self.launch.cap
        of = self.trim(model_id, trim_id) if trim_id else self.model(model_id)
        assert of is not None
        return of.cap

    def not_on_sale(self, model_id: str, at: int) -> set[str]:
        reasons = self.paused(model_id)
        if self.closed(model_id, at):
            reasons.add("closed")
        model = self.model(model_id)
        assert model is not None
        opened = any(said["action"] == "open" for said in self._sales(model_id))
        if at < model.opens_at_ms and not opened:
            reasons.add("not_open_yet")
        return reasons

    def closed(self, model_id: str, at: int) -> bool:
        sales = self._sales(model_id)
        if sales:
            return sales[-1]["action"] == "close"
        model = self.model(model_id)
        assert model is not None
        return model.closes_at_ms is not None and at >= model.closes_at_ms

    def _sales(self, model_id: str) -> list[Said]:
        mine = [said for said in self.said if said["what"] == "sales" and said["model"] in ("", model_id)]
        return [said for said in mine if said["action"] in ("open", "close")]

    def paused(self, model_id: str) -> set[str]:
        pauses: set[str] = set()
        for said in self.said:
            if said["what"] != "sales":
                continue
            if said["action"] == "pause":
                pauses.add(said["model"])
            elif said["action"] == "resume":
                pauses = pauses - {said["model"]} if said["model"] else set()
        return {"paused"} if pauses & {"", model_id} else set()

    def window(self, window_id: str) -> Conversion | None:
        return next((window for window in self.launch.conversions if window.id == window_id), None)

    def closing(self, window: Conversion) -> int:
        moved = [s["closes"] for s in self.said if s["what"] == "window" and s["window"] == window.id]
        return moved[-1] if moved else window.closes_at_ms

    # Configurations and regions.

    def region(self, wanted: str | None) -> tuple[str, set[str]]:
        known = [region.id for region in self.launch.regions]
        if wanted is None:
            return (known[0] if known else ""), set()
        return wanted, set() if wanted in known else {"unknown_region"}

    def possible(self, model_id: str, trim_id: str, chosen: tuple[str, ...]) -> tuple[str, ...]:
        """Of those choices, the ones that the trim can have."""
        model = self.model(model_id)
        choices = [choice for option in model.options for choice in option.choices] if model else []
        return tuple(one.id for one in choices if one.id in chosen and (trim_id in one.trims or not one.trims))

    def configure(self, model_id: str, trim_id: str, wanted: tuple[str, ...]) -> tuple[tuple[str, ...], int, set[str]]:
        """The whole configuration, its price, and every reason against it."""
        model, trim = self.model(model_id), self.trim(model_id, trim_id)
        assert model is not None
        assert trim is not None
        reasons: set[str] = set()
        if set(wanted) - {choice.id for option in model.options for choice in option.choices}:
            reasons.add("unknown_option")
        if len(set(wanted)) < len(wanted):
            reasons.add("invalid_options")
        taken = []
        for option in model.options:
            mine = [choice for choice in option.choices if choice.id in wanted]
            possible = [choice for choice in option.choices if trim_id in choice.trims or not choice.trims]
            if any(choice not in possible for choice in mine) or (len(mine) > 1 and not option.many):
                reasons.add("invalid_options")
            taken += mine if mine or option.many else possible[:1]
        ids = [choice.id for choice in taken]
        for choice in taken:
            if not set(choice.requires) <= set(ids) or set(choice.excludes) & set(ids):
                reasons.add("invalid_options")
        return tuple(ids), trim.price_minor + sum(choice.price_minor for choice in taken), reasons
