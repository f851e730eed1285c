"""The naive desk's rules for what customers do with an order they have: the two-step things, and conversions."""

from __future__ import annotations

from typing import Any

from drumroll.domain.launch import Conversion
from tests.domain.naive_desk import UNDELIVERED, Naive, NaiveDesk

Terms = tuple[Any, ...]


class NaiveChanges(NaiveDesk):
    """``issued`` are the confirmations that were handed out: for what, of which order as it stood, by which terms."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.issued: dict[str, Terms] = {}
        self.asks: Terms = ()

    def confirmed(self, token: str | None, action: str, order_id: str, terms: Terms) -> set[str]:
        """Whether this very thing, with the order as it stands, was confirmed."""
        order = self.orders[order_id]
        self.asks = (action, order_id, order["state"], tuple(order["blocks"]), terms)
        same = token is not None and self.issued.get(token) == self.asks
        return set() if same else {"confirmation_required"}

    def cancel(self, order_id: str, customer: str, token: str | None, key: bytes, body: bytes) -> set[str]:
        against = self.known("cancel", key, body) or self.own(order_id, customer)
        if against:
            return against
        order = self.orders[order_id]
        state = self.state(order)
        if state in ("locked", "scheduled"):
            against = self.confirmed(token, "forfeit", order_id, (self.held(order),))
            if against:
                return against
            self.settle(order_id)
            self.forfeit(order_id)
        elif state in ("reserved", "firm"):
            self.give_back(order_id, self.held(order))
            order["state"] = "cancelled"
            self.free_slot(order)
        else:
            return {"wrong_state"}
        self.touch(order)
        self.bind("cancel", key, body)
        return set()

    def lock_early(self, order_id: str, customer: str, token: str | None, key: bytes, body: bytes) -> set[str]:
        against = self.known("lock", key, body) or self.own(order_id, customer)
        if against:
            return against
        order = self.orders[order_id]
        if self.state(order) != "firm":
            return {"wrong_state"}
        terms = (self.held(order), self.locks_at(order), self.launch.early_lock_undo_s)
        against = self.confirmed(token, "lock", order_id, terms)
        if not against:
            self.lock(order_id, early=True)
            self.bind("lock", key, body)
        return against

    def undo_lock(self, order_id: str, customer: str, key: bytes, body: bytes) -> set[str]:
        against = self.known("undo", key, body) or self.own(order_id, customer)
        if against:
            return against
        order = self.orders[order_id]
        if order["state"] != "locked":
            return {"wrong_state"}
        if order["undo_until"] is None or self.at >= order["undo_until"]:
            return {"too_late"}
        order.update(state="firm", place=None, undo_until=None)
        self.touch(order)
        self.bind("undo", key, body)
        return set()

    def change(
        self,
        order_id: str,
        customer: str,
        trim: str | None,
        options: tuple[str, ...] | None,
        region: str | None,
        token: str | None,
        key: bytes,
        body: bytes,
    ) -> set[str]:
        against = self.known("change", key, body) or self.own(order_id, customer)
        if against:
            return against
        order = self.orders[order_id]
        if self.state(order) not in ("reserved", "firm"):
            return {"wrong_state"}
        what, against = self.changed(order, trim, options, region)
        if not against:
            terms = (what["trim"], what["options"], what["region"], what["price"], self._last_week(order, what))
            against = self.confirmed(token, "change", order_id, terms)
        if not against:
            self._become(order, what)
            self.bind("change", key, body)
        return against

    def _last_week(self, order: Naive, goal: Naive) -> int | None:
        said = self.instead(order, goal)
        return None if said is None else said[2]

    def _become(self, order: Naive, what: Naive) -> None:
        self.swap(order, what)
        order.update(what)
        self.touch(order)

    def changed(
        self, order: Naive, trim: str | None, options: tuple[str, ...] | None, region: str | None
    ) -> tuple[Naive, set[str]]:
        """What the order would be, at the prices of now, and why it can't."""
        model, new_trim = order["model"], trim or order["trim"]
        unknown = self.offer.unknown(model, new_trim)
        if unknown:
            return {}, unknown
        if options is None:  # what the trim has of the order's choices stays, the rest are its defaults
            options = self.offer.possible(model, new_trim, order["options"])
        what, against = self.wanted(model, new_trim, options, region)
        if region is None:
            what["region"] = order["region"]
        if new_trim != order["trim"] and self.sold_out(model, new_trim, leaves=model):
            against.add("sold_out")
        if not against and all(what[name] == order[name] for name in ("trim", "options", "region")):
            against.add("nothing_to_change")
        return what, against

    # Conversions: every way that there could be, with every reason against it; the first without one is taken.

    def convert(
        self,
        order_id: str,
        customer: str,
        model: str,
        trim: str,
        options: tuple[str, ...],
        region: str | None,
        token: str | None,
        key: bytes,
        body: bytes,
    ) -> set[str]:
        against = self.known("convert", key, body) or self.own(order_id, customer)
        if against:
            return against
        order = self.orders[order_id]
        ways = self._ways(order, model, trim, options, region)
        reasons: set[str] = set() if ways else {"no_conversion"}
        for way, wrong in ways:
            reasons |= wrong
            if not wrong:
                against = self.confirmed(token, "convert", order_id, self._terms(order, way))
                if not against:
                    self._go(order_id, way)
                    self.bind("convert", key, body)
                return against
        return reasons

    def _ways(
        self, order: Naive, model: str, trim: str, options: tuple[str, ...], region: str | None
    ) -> list[tuple[Naive, set[str]]]:
        back = self._way_back(order, model, trim, options, region)
        fitting = [w for w in self.launch.conversions if order["model"] in w.from_models and model in w.to_models]
        return [*([back] if back else []), *(self._way(w, order, model, trim, options, region) for w in fitting)]

    def _shut(self, window: Conversion) -> set[str]:
        if self.at < window.opens_at_ms and self.at < self.offer.closing(window):
            return {"conversion_not_open"}
        return set() if self.at < self.offer.closing(window) else {"conversion_closed"}

    def _way_back(
        self, order: Naive, model: str, trim: str, options: tuple[str, ...], region: str | None
    ) -> tuple[Naive, set[str]] | None:
        was = order["path"][-1] if order["path"] else None
        if was is None or (model, trim) != (was["model"], was["trim"]):
            return None
        if (options and options != was["options"]) or region not in (None, was["region"]):
            return None
        window = self.offer.window(was["window"])
        if window is None or window.irreversible:
            return None
        against = self._shut(window) | self.offer.unknown(model, trim)
        if not against:
            against |= self.offer.paused(model)
            if self.sold_out(model, trim, leaves=order["model"]):
                against.add("sold_out")
        state = self.state(order)
        if state != "firm" and state not in UNDELIVERED:
            against.add("wrong_state")
        # Locked stays locked: nobody gets a refund back by going to and fro.
        locked = was["state"] != "firm" or state != "firm"
        place = was["place"] or (self._had(order) if locked else None)
        goal = {name: was[name] for name in ("model", "trim", "options", "region", "price", "deposit")}
        cooling = {"cooling_ms": was["cooling_ms"], "cooling_from": was["cooling_from"]}
        way = {"window": window, "goal": goal, "reverts": True, "keeps": True, "place": place, **cooling}
        return {**way, **self._settled(order, goal["deposit"]), "state": "locked" if locked else "firm"}, against

    def _way(
        self, window: Conversion, order: Naive, model: str, trim: str, options: tuple[str, ...], region: str | None
    ) -> tuple[Naive, set[str]]:
        against, state = self._shut(window), self.state(order)
        if state not in window.states:
            against.add("wrong_state")
        if order["used"].get(window.id, 0) >= window.times:
            against.add("already_converted")
        unknown = self.offer.unknown(model, trim)
        if unknown:
            return {}, against | unknown
        goal, wrong = self.wanted(model, trim, options, region)
        if region is None:
            goal["region"] = order["region"]
        against |= wrong | self.offer.paused(model)
        if self.sold_out(model, trim, leaves=order["model"]):
            against.add("sold_out")
        anew = window.cooling_off == "anew"
        firm = anew or state == "firm"
        kept_before = window.place_kept_before_ms or 0
        keeps = window.place == "keep" or (window.place == "deadline" and self.at < kept_before)
        had = self._had(order)
        place = had if keeps or had is None else None if firm else "new"
        cooling_s = self.launch.cooling_off_s
        cooling = {"cooling_ms": order["cooling_ms"], "cooling_from": order["cooling_from"]}
        if anew:
            cooling = {"cooling_ms": None if cooling_s is None else cooling_s * 1000, "cooling_from": self.at}
        goal["deposit"] = self.held(order) if window.deposit == "carry" else self.offer.deposit(model)
        way = {"window": window, "goal": goal, "reverts": False, "keeps": keeps, "place": place, **cooling}
        return {**way, **self._settled(order, goal["deposit"]), "state": "firm" if firm else "locked"}, against

    def _had(self, order: Naive) -> Any:
        """Its place in the queue, or the one it has a right to."""
        if order["place"] or order["kept"]:
            return order["place"] or order["kept"]
        return "at its lock" if self.state(order) == "locked" else None

    def _settled(self, order: Naive, deposit: int) -> Naive:
        held = self.held(order)
        return {"due": max(0, deposit - held), "refund": max(0, held - deposit)}

    def _terms(self, order: Naive, way: Naive) -> Terms:
        goal = way["goal"]
        terms = [goal[name] for name in ("model", "trim", "options", "region", "price", "deposit")]
        shown = [way[name] for name in ("due", "refund", "state", "keeps", "reverts", "cooling_ms")]
        return way["window"].id, way["window"].irreversible, *terms, *shown, self._last_week(order, goal)

    def _go(self, order_id: str, way: Naive) -> None:
        self.settle(order_id)
        order = self.orders[order_id]
        had = order["place"] or order["kept"]
        was = {name: order[name] for name in ("model", "trim", "options", "region", "price", "deposit", "state")}
        was |= {"cooling_ms": order["cooling_ms"], "cooling_from": order["cooling_from"], "place": had}
        if way["reverts"]:
            order["path"].pop()
        else:
            used = order["used"]
            used[way["window"].id] = used.get(way["window"].id, 0) + 1
            order["path"].append({**was, "window": way["window"].id})
        self.give_back(order_id, way["refund"])
        place = had if way["place"] == "at its lock" else way["place"]
        if place == "new":  # a conversion in the very millisecond of its lock leaves it where it is
            place = had if had[0] == self.at else self.place(self.at)
        self.swap(order, way["goal"])
        order.update(way["goal"], state=way["state"], due=way["due"], undo_until=None)
        order.update(cooling_ms=way["cooling_ms"], cooling_from=way["cooling_from"])
        order["place"], order["kept"] = (None, place) if way["state"] == "firm" else (place, None)
        self.touch(order)

    # Who waits.

    def join(
        self,
        order_id: str,
        customer: str,
        model: str,
        trim: str,
        options: tuple[str, ...],
        region: str | None,
        key: bytes,
        body: bytes,
    ) -> set[str]:
        against = self.known("join", key, body) or self.offer.unknown(model, trim)
        if against:
            return against
        what, against = self.wanted(model, trim, options, region)
        against |= self.against(customer, model, trim) ^ {"sold_out"}  # sold out is what is needed
        if "sold_out" in against:
            against = against - {"sold_out"} | {"not_sold_out"}
        if self.launch.waiting_offer_s is None:
            against.add("no_waiting_list")
        if not against:
            self.bind("join", key, body)
            del what["price"]
            self.waiting[order_id] = {**what, "customer": customer, "state": "waiting", "block": self.position}
        return against

    def leave(self, order_id: str, customer: str, key: bytes, body: bytes) -> set[str]:
        against = self.known("leave", key, body)
        if against:
            return against
        entry = self.waiting.get(order_id)
        if entry is None or entry["customer"] != customer:
            return {"no_such_order"} if entry is None else {"not_yours"}
        if entry["state"] != "waiting":
            return {"wrong_state"}
        entry["state"] = "left"
        self.bind("leave", key, body)
        return set()

    def next_offer(self) -> tuple[str, str] | None:
        """What happens next by itself on the waiting list: (``offered`` or ``left``, whose); makes it so."""
        for order_id, entry in self.waiting.items():
            if entry["state"] == "waiting":
                outcome = self._offer(entry)
                if outcome:
                    entry["state"] = outcome
                    if outcome == "offered":
                        self._make(order_id, entry)
                        made = self.orders[order_id]
                        made["blocks"].insert(0, entry["block"])  # its life began when it was waited for
                        made["blocks"][:] = dict.fromkeys(made["blocks"])
                    return outcome, order_id
        return None

    def _offer(self, entry: Naive) -> str:
        model, trim = entry["model"], entry["trim"]
        if self.launch.waiting_offer_s is None or self.offer.unknown(model, trim):
            return "left"
        if self.offer.not_on_sale(model, self.at) or not min(self.free(), self.free(model), self.free(model, trim)):
            return ""
        ids, _, wrong = self.offer.configure(model, trim, entry["options"])
        enough = len(self.live(customer=entry["customer"])) >= self.launch.orders_per_customer
        return "left" if wrong or ids != entry["options"] or enough else "offered"

    def _make(self, order_id: str, entry: Naive) -> None:
        what = {name: entry[name] for name in ("model", "trim", "options", "region")}
        what["price"] = self.offer.configure(what["model"], what["trim"], what["options"])[1]
        assert self.launch.waiting_offer_s is not None
        self.begin(self.new(order_id, entry["customer"], what, self.launch.waiting_offer_s))
