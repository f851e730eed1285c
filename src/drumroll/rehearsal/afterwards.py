"""Everything that customers do in the days after, by act."""

from __future__ import annotations

from collections.abc import Callable

from drumroll.domain.launch import Launch
from drumroll.rehearsal.acting import Acting
from drumroll.rehearsal.converters import Converters
from drumroll.rehearsal.customers import Customers
from drumroll.rehearsal.days import Act, Days
from drumroll.rehearsal.holders import Holders
from drumroll.rehearsal.population import Kind
from drumroll.rehearsal.waiters import Waiters


class Afterwards:
    """``arrive`` puts every act on the timeline; ``begin`` begins the act of a visit."""

    def __init__(self, customers: Customers, launch: Launch, days: Days) -> None:
        self.customers = customers
        self.days = days
        self._tallies = customers.tallies
        acts = bytearray(len(customers.population))
        acting = Acting(customers, acts)
        self.converters = Converters(acting, launch, days)
        steps = Holders(acting, launch).steps | self.converters.steps | Waiters(acting, launch).steps
        self._steps: list[Callable[[int], None] | None] = [steps.get(act) for act in Act]
        self._acts = acts
        for act, visit, _ in days:
            acts[visit] = act
        for _, act, visit in days.last_moments:
            acts[visit] = act
        for visit, order in days.holders.items():
            customers.order_ids[visit] = order.order_id

    def arrive(self) -> None:
        """Put the acts on the timeline, but for those of the last moments."""
        for _, visit, second in self.days:
            self.customers.timeline.at(second, self.begin, visit)

    def begin(self, visit: int) -> None:
        """Begin the visit's act, if its order came to stand firm."""
        self._tallies.played += 1
        customers = self.customers
        step = self._steps[self._acts[visit]]
        if step is not None and (customers.firm[visit] or customers.population.kinds[visit] == Kind.AFTER_THE_HOUR):
            step(visit)
