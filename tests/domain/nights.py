"""The machinery of a random night: ask, write, read back, fold, and hold it against the naive desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.decide import decide
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Launch
from drumroll.domain.refusal import Refusal
from drumroll.domain.states import STANDING, Move, State, leads
from drumroll.domain.weeks import sunday
from drumroll.log.base import Block
from drumroll.rehearsal.recount import Recount
from tests.domain import agreement, agreement_promises
from tests.domain.books import plain, replayed, through_bytes
from tests.domain.naive_desk import PRODUCTION
from tests.domain.naive_operators import NaiveOperators
from tests.domain.small_launches import OPENS

MOVES: dict[type, tuple[Move, ...]] = {
    ev.OrderFirmed: (Move.PAY,),
    ev.OrderExpired: (Move.EXPIRE,),
    ev.OrderCancelled: (Move.CANCEL,),
    ev.OrderLocked: (Move.LOCK,),
    ev.LockUndone: (Move.UNDO_LOCK,),
    ev.OrderForfeited: (Move.FORFEIT,),
    ev.OrderConverted: (Move.CONVERT,),
    ev.OrderWithdrawn: (Move.WITHDRAW,),
    ev.OrdersMoved: (Move.ADVANCE, Move.SET_BACK),
}
"""The moves of the state table that an event may make; all others leave every state as it is."""

tried: Counter[str] = Counter()
"""What was tried in this run: ``steps``, ``commands``, and what came of them."""

Decided = tuple[ev.Event, ...] | Refusal


def pick(values: Sequence[Any], which: int) -> Any:
    return values[which % len(values)]


class Night(RuleBasedStateMachine):
    """One night without its rules. The clock may step back; the blocks' time may not."""

    replayed_every = 1  # after how many steps the book is held against one that was read back

    def __init__(self) -> None:
        super().__init__()
        self.clock = OPENS - 1
        self.book, self.shadow = Book(), Book()
        self.naive: NaiveOperators
        self.first: Launch
        self.blocks: list[Block] = []
        self.share = self.steps = self.commands = 0
        self.numbers = iter(range(1_000_000))
        self.used_keys: list[bytes] = []
        self.tokens: list[str] = []
        self.milestones: tuple[int, ...] | None = ()
        self.taken: dict[str, tuple[str, str]] = {}
        self.backed = agreement_promises.Backed()
        self.availability: object = None

    def start(self, launch: Launch) -> None:
        self.first = launch
        self.naive = NaiveOperators(launch)
        self.milestones = launch.milestones
        self.naive.at = self.clock
        assert self.ask(cmd.SetLaunch(launch)) == (ev.LaunchSet(launch),)
        self.naive.set_launch(launch)
        self.weeks_are_sure_again()

    def weeks_are_sure_again(self) -> None:
        """As the desk does it: after another capacity, how sure the weeks are is said before anything else."""
        if self.book.availability is not None and self.book.safety is None:
            assert self.ask(cmd.SetSafety({})) == (ev.SafetySet({}),)
            self.naive.set_safety({})

    @property
    def at(self) -> int:
        return max(self.clock, self.blocks[-1].at_ms if self.blocks else 0)

    # Decide, write, read back, fold.

    def now(self) -> None:
        """Tell the naive desk the block that the next events will be in: the last one, if commands share it."""
        self.naive.at = self.at
        shared = self.share > 0 and self.blocks and self.blocks[-1].at_ms == self.at
        self.naive.position = len(self.blocks) + (0 if shared else 1)

    def ask(self, command: cmd.Command) -> Decided:
        self.now()
        tried["commands"] += 1
        self.commands += 1
        looks = self.commands % 4 == 0
        before = plain(self.book) if looks else None
        decision = decide(self.book, command, self.at)
        if looks:
            assert plain(self.book) == before, "decide changed the book"
        if not isinstance(decision, Refusal) and decision:
            self.fold(decision)
        self.share = max(0, self.share - 1)
        name = type(command).__name__
        tried[f"{name}: {decision.code.value if isinstance(decision, Refusal) else 'done' if decision else '()'}"] += 1
        return decision

    def fold(self, events: tuple[ev.Event, ...]) -> None:
        self.now()
        at, position = self.at, self.naive.position
        block = through_bytes(position, at, events)
        if position > len(self.blocks):
            self.blocks.append(block)
        else:
            self.blocks[-1] = Block(position, at, (*self.blocks[-1].events, *block.events))
        for event in events:
            before = {key: order.state for key, order in self.book.orders.items()}
            evolve(self.book, event, at, position)
            self.only_what_the_table_allows(event, before)
        for event in block.events:
            evolve(self.shadow, event, at, position)

    def only_what_the_table_allows(self, event: ev.Event, before: dict[str, State]) -> None:
        for order_id, order in self.book.orders.items():
            was = before.get(order_id)
            if was is None:
                imported = isinstance(event, ev.OrderImported) and order.state in STANDING
                assert imported or order.state is State.RESERVED
            elif was is not order.state or self._names(event, order_id):
                assert any(leads(move, was, order.state) for move in MOVES[type(event)]), (event, was, order.state)

    def _names(self, event: ev.Event, order_id: str) -> bool:
        """Whether the event is a move of this order, even if its state stays the same."""
        return type(event) in MOVES and order_id in (getattr(event, "order_id", ""), *getattr(event, "order_ids", ()))

    # What is asked for, and what the naive desk says to it.

    def key(self, fresh: bool, which: int) -> bytes:
        if not fresh and self.used_keys:
            return bytes(pick(self.used_keys, which))
        self.used_keys.append(b"key:%d" % next(self.numbers))
        return self.used_keys[-1]

    def hold(self, command: cmd.Command, expect: Callable[[], set[str]]) -> Decided:
        """Ask both; a refusal's code must be one that the naive desk has."""
        decision = self.ask(command)
        expected = expect()
        if expected == {"again"}:
            assert decision == (), (command, decision)
        elif expected:
            assert isinstance(decision, Refusal), (command, decision, expected)
            assert decision.code.value in expected, (command, decision, expected)
        else:
            assert isinstance(decision, tuple), (command, decision)
            assert decision, command
        return decision

    def two_steps(
        self, make: Callable[[str | None], cmd.Command], expect: Callable[[str | None], set[str]], how: str, which: int
    ) -> Decided:
        """With no confirmation, with the one that was just handed out, or with any that ever was."""
        token = pick(self.tokens, which) if how == "any" and self.tokens else None
        decision = self.hold(make(token), lambda: expect(token))
        given = self._handed_out(decision)
        if given is None or how == "none":
            return decision
        confirmed = self.hold(make(given), lambda: expect(given))
        assert isinstance(confirmed, tuple), "confirmed, and refused again"
        assert confirmed
        return confirmed

    def _handed_out(self, decision: Decided) -> str | None:
        if not isinstance(decision, Refusal) or decision.code.value != "confirmation_required":
            return None
        token = str(decision.facts["confirmation"])
        self._as_shown(decision.facts)
        assert self.naive.issued.setdefault(token, self.naive.asks) == self.naive.asks, "one confirmation, two things"
        self.tokens.append(token)
        return token

    def _as_shown(self, facts: dict[str, Any]) -> None:
        """The terms that are shown are those of the naive desk."""
        action, order_id, _, _, terms = self.naive.asks
        assert facts["action"] == action
        order = self.naive.orders[order_id]
        if action in ("lock", "forfeit"):
            assert facts["forfeits_minor"] == terms[0]
        elif action == "change":
            assert (facts["trim"], facts["options"], facts["region"], facts["price_minor"]) == terms[:4]
        else:
            names = ("model", "trim", "options", "region", "price_minor", "deposit_minor", "due_minor", "refund_minor")
            shown = (facts["window"], facts["irreversible"] and not facts["reverts"], *(facts[name] for name in names))
            assert shown == terms[:10]
            assert (facts["state"], facts["keeps_place"], facts["reverts"]) == terms[10:13]
        if action in ("change", "convert") and self.naive.weeks is not None:
            assert (facts["delivery"] is None) == (terms[-1] is None)
            assert terms[-1] is None or facts["delivery"]["until"] == sunday(terms[-1]).isoformat()
        if "difference_minor" in facts:
            assert facts["difference_minor"] == facts["price_minor"] - order["price"]

    def let_time_pass(self, limit: int) -> None:
        """As every turn of the desk begins."""
        self._some_of(cmd.Expire(limit), self.naive.due_to_expire, self.naive.expire)
        self._some_of(cmd.LockDue(limit), self.naive.due_to_lock, self.naive.lock)
        decision = self.ask(cmd.OfferPlaces(limit))
        assert isinstance(decision, tuple)
        for event in decision:
            kind = "offered" if isinstance(event, ev.PlaceOffered) else "left"
            assert isinstance(event, ev.PlaceOffered | ev.WaitingLeft)
            assert self.naive.next_offer() == (kind, event.order_id)
        if len(decision) < limit:
            assert self.naive.next_offer() is None

    def _some_of(self, command: Any, due: Callable[[int], set[str]], happens: Callable[[str], None]) -> None:
        waiting = due(self.at)
        decision = self.ask(command)
        assert isinstance(decision, tuple)
        ids = [event.order_id for event in decision if isinstance(event, ev.OrderExpired | ev.OrderLocked)]
        assert len(set(ids)) == len(ids) == len(decision) == min(command.limit, len(waiting))
        for order_id in ids:
            happens(order_id)

    def order(self, number: int, *likely: str) -> str:
        """Any order, mostly one in those states; now and then one that there is not."""
        among = self.in_state(*likely) if number % 8 else []
        orders = among or list(self.naive.orders)
        return str(pick(orders, number // 8)) if number % 40 and orders else "unknown"

    def owner(self, order_id: str, itself: bool, other: str) -> str:
        order = self.naive.orders.get(order_id) or self.naive.waiting.get(order_id)
        return str(order["customer"]) if order and itself else other

    def in_state(self, *states: str) -> list[str]:
        return [key for key, order in self.naive.orders.items() if order["state"] in states]

    def row(self, number: int, customer: str, what: tuple[str, str], at: int) -> ev.OrderImported:
        state = ("firm", *PRODUCTION, "locked", "locked")[number % 9]
        reference = f"r{number}"
        order_id = "ord_" + blake2b(reference.encode(), digest_size=10).hexdigest()
        locked_at = None if state == "firm" else at
        offer = (*what, (), "", 9_000, (500, 500, 400, 300)[number % 4], f"imported-{order_id[4:]}")
        times = (at - 10, at - (number % 3) * 1_000 if state == "firm" else at - 5, locked_at)
        digest = blake2b(repr((customer, offer, times)).encode(), digest_size=16).digest()
        return ev.OrderImported(order_id, reference, customer, *offer, state, *times, (None, 4, 30)[number % 3], digest)

    def edges(self) -> set[int]:
        launch, orders = self.naive.launch, self.naive.orders.values()
        edges = {at for model in launch.models for at in (model.opens_at_ms, model.closes_at_ms or 0)}
        for window in launch.conversions:
            edges |= {window.opens_at_ms, self.naive.offer.closing(window), window.place_kept_before_ms or 0}
        edges |= {order["expires_at"] for order in orders} | {order["undo_until"] or 0 for order in orders}
        return edges | {self.naive.locks_at(order) or 0 for order in orders}

    # What must be true whatever happened.

    def everything_holds(self) -> None:
        tried["steps"] += 1
        self.now()
        book, naive = self.book, self.naive
        agreement.orders_agree(book, naive)
        agreement.queues_agree(book, naive)
        agreement.tallies_agree(book, naive)
        agreement.money_agrees(book, naive)
        agreement.waiting_agrees(book, naive)
        agreement.indexes_hold_the_orders_themselves(book, naive)
        agreement.deadlines_agree(book, naive)
        agreement.caps_hold(naive, self.taken)
        agreement.counts_over_time_agree(book, naive, self.milestones)
        agreement_promises.promises_agree(book, naive)
        agreement_promises.weeks_agree(book, naive)
        agreement_promises.no_week_is_promised_twice(book, naive)
        self.backed.check(book, reckoned=book.availability is not self.availability)
        self.availability = book.availability
        self.taken = agreement.places(naive)
        self.steps += 1
        if self.steps % self.replayed_every == 0:
            assert plain(self.shadow) == plain(book), "what was written reads back as another book"

    def crash(self) -> None:
        """The book is lost, and folded anew from what is written."""
        self.book = replayed(self.blocks)
        assert plain(self.book) == plain(self.shadow)

    def end(self) -> None:
        """The log replays to the same book, and an auditor's recount finds nothing wrong in it."""
        self.crash()
        faults = Recount().all(self.blocks).faults
        wrong = set(faults.count)
        assert not wrong, faults.examples
