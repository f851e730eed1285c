"""The customers in the days after: locks, changes and cancellations of the orders of the hour."""

from __future__ import annotations

from collections.abc import Callable

from drumroll.domain.launch import Launch
from drumroll.rehearsal import requests
from drumroll.rehearsal.acting import WRONG, Acting, confirmation_of
from drumroll.rehearsal.answers import days_of, number_of
from drumroll.rehearsal.days import LATER_STEP_S, STEP_S, Act
from drumroll.rehearsal.wishes import Wish, wishes

Then = Callable[[int], None]


class Holders:
    """One method for each act of a holder; ``STEPS`` says which."""

    def __init__(self, acting: Acting, launch: Launch) -> None:
        self.acting = acting
        self.customers = acting.customers
        self.timeline = acting.timeline
        self.undo_s = launch.early_lock_undo_s
        self._wishes = [wishes(launch, offer) for offer in self.customers.population.offers]
        self._locked_with = self._by_act(
            {
                Act.UNDOES: self._undo,
                Act.UNDOES_TOO_LATE: self._undo_later,
                Act.CANCELS_LOCKED: self._give_up_later,
            }
        )
        self._refundable = b'"refundable_until":"' if launch.cooling_off_s else b'"refundable_until":'
        self.steps: dict[Act, Then] = {
            Act.LOCKS: self.lock,
            Act.UNDOES: self.lock,
            Act.UNDOES_TOO_LATE: self.lock,
            Act.CANCELS_LOCKED: self.lock,
            Act.CONFIRMS_WRONGLY: self._confirm_wrongly,
            Act.CONFIRMS_STALELY: self._confirm_stalely,
            Act.CHANGES: self._change,
            Act.CHANGES_AND_LOCKS: self._change_and_lock,
            Act.CANCELS: self._cancel,
            Act.FORFEITS_LATE: self.give_up,
        }

    def _by_act(self, steps: dict[Act, Then]) -> list[Then | None]:
        return [steps.get(act) for act in Act]

    def _held(self, visit: int) -> bytes:
        return b'"forfeits_minor":%d,' % self.customers.deposit_of(visit)

    def _lock_facts(self, visit: int) -> tuple[bytes, ...]:
        return self._held(visit), self._refundable

    # Locking

    def lock(self, visit: int) -> None:
        """Lock early: the first step says what is given up."""
        self.acting.in_two_steps(visit, b"lock", b"L", b"", self._lock_facts(visit), self._locked)

    def _locked(self, visit: int, raw: bytes) -> None:
        if b'"state":"locked"' not in raw:
            self.acting.surprise(visit, "a lock was answered without one")
            return
        self.acting.tell(visit, b"locked\t%s" % self.acting.order_id(visit))
        self.acting.note(visit, "locked")
        after = self._locked_with[self.acting.acts[visit]]
        if after is not None:
            after(visit)

    def _undo(self, visit: int) -> None:
        self.acting.send(self._undone, visit, b"undo-lock", b"U")

    def _undone(self, visit: int, status: int, raw: bytes) -> None:
        if status != 200 or b'"state":"firm"' not in raw:
            self.acting.refused(visit, status, raw)
            return
        self.acting.tell(visit, b"undone\t%s" % self.acting.order_id(visit))
        self.acting.note(visit, "firm again")

    def _undo_later(self, visit: int) -> None:
        """After the end of the time in which it can be undone."""
        self.timeline.at(self._later(self.undo_s + 1), self._undo_too_late, visit)

    def _undo_too_late(self, visit: int) -> None:
        self.acting.send(self.acting.expecting("too_late"), visit, b"undo-lock", b"U")

    def _later(self, by_s: int) -> int:
        return -(-(self.timeline.second + by_s) // STEP_S) * STEP_S

    def _confirm_wrongly(self, visit: int) -> None:
        """With a confirmation of their own: nothing may come of it."""
        self.acting.ask(visit, b"lock", b"L", b"", self._lock_facts(visit), self._send_wrong)

    def _send_wrong(self, visit: int, confirmation: bytes) -> None:
        def handle(visit: int, status: int, raw: bytes) -> None:
            self.acting.refused(visit, status, raw, "confirmation_required")
            self._look_whether_firm(visit)

        self.acting.send(handle, visit, b"lock", b"L", requests.confirmed(WRONG))

    def _look_whether_firm(self, visit: int) -> None:
        def handle(visit: int, status: int, raw: bytes) -> None:
            self.acting.has(visit, raw, (b'"state":"firm"',))

        request = requests.look(self.customers.token(visit), self.acting.order_id(visit))
        self.acting.outbox.send(handle, visit, request)

    def _confirm_stalely(self, visit: int) -> None:
        """With the confirmation of before a change of the order: the terms are to be shown again."""
        self.acting.ask(visit, b"lock", b"L", b"", self._lock_facts(visit), self._change_first)

    def _change_first(self, visit: int, stale: bytes) -> None:
        def handle(visit: int, status: int, raw: bytes) -> None:
            self.acting.refused(visit, status, raw, "confirmation_required")
            if confirmation_of(raw) == stale:
                self.acting.surprise(visit, "a changed order kept its confirmation")
            self.lock(visit)

        def send_stale(visit: int) -> None:
            self.acting.send(handle, visit, b"lock", b"L", requests.confirmed(stale))

        self._changed_to(visit, send_stale)

    # Changing

    def _change(self, visit: int) -> None:
        self._changed_to(visit, None)

    def _change_and_lock(self, visit: int) -> None:
        self._changed_to(visit, self.lock)

    def _changed_to(self, visit: int, then: Then | None) -> None:
        """Another trim, choice or region, in two steps; the difference is shown in the first."""
        wished = self._wishes[self.customers.population.trims[visit]]
        if not wished:
            return
        wish = wished[visit % len(wished)]
        before_minor = self._price_minor(visit)
        facts = (
            b'"price_minor":%d,' % wish.price_minor,
            b'"price_before_minor":%d,' % before_minor,
            b'"difference_minor":%d,' % (wish.price_minor - before_minor),
        )

        def changed(visit: int, raw: bytes) -> None:
            self._tell_changed(visit, raw, wish, facts)
            if then is not None:
                then(visit)

        self.acting.in_two_steps(visit, b"change", b"C", wish.fields, facts, changed)

    def _price_minor(self, visit: int) -> int:
        population = self.customers.population
        return population.offers[population.trims[visit]].price_minor

    def _tell_changed(self, visit: int, raw: bytes, wish: Wish, facts: tuple[bytes, ...]) -> None:
        self.acting.has(visit, raw, facts)
        order_id = self.acting.order_id(visit)
        self.acting.tell(
            visit, b"changed\t%s\t%s\t%d\t%s" % (order_id, wish.trim.encode(), wish.price_minor, days_of(raw))
        )
        self.acting.note(visit, "changed")

    # Taking back, giving up

    def _cancel(self, visit: int) -> None:
        """In the cooling-off: all that was paid is owed back."""
        self.acting.send(self._cancelled, visit, b"cancel", b"x")

    def _cancelled(self, visit: int, status: int, raw: bytes) -> None:
        if status != 200 or b'"state":"cancelled"' not in raw:
            self.acting.refused(visit, status, raw)
            return
        refund_minor = number_of(raw, b"refund_minor")
        self.acting.tell(visit, b"cancelled\t%s\t%d" % (self.acting.order_id(visit), refund_minor))
        self.acting.note(visit, "cancelled, refund owed")
        if refund_minor != self.customers.deposit_of(visit):
            self.acting.surprise(
                visit, f"{refund_minor} is owed back where {self.customers.deposit_of(visit)} was paid"
            )

    def _give_up_later(self, visit: int) -> None:
        self.timeline.at(self._later(LATER_STEP_S), self.give_up, visit)

    def give_up(self, visit: int) -> None:
        """Cancel a locked order, in two steps: the deposit is forfeited."""
        self.acting.in_two_steps(visit, b"cancel", b"x", b"", (self._held(visit),), self._forfeited)

    def _forfeited(self, visit: int, raw: bytes) -> None:
        forfeited_minor = number_of(raw, b"forfeited_minor")
        self.acting.has(visit, raw, (b'"state":"forfeited"', b'"refund_minor":0,'))
        self.acting.tell(visit, b"forfeited\t%s\t%d" % (self.acting.order_id(visit), forfeited_minor))
        self.acting.note(visit, "forfeited")
        if forfeited_minor != self.customers.deposit_of(visit):
            self.acting.surprise(
                visit, f"{forfeited_minor} is forfeited where {self.customers.deposit_of(visit)} was paid"
            )
