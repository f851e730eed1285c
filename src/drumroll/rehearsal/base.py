"""The orders of an earlier sale: written as a file, taken over by ``drumroll import`` before the server starts."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from random import Random

import msgspec

from drumroll.domain.launch import Conversion, Launch, Model, Trim
from drumroll.domain.times import rfc3339
from drumroll.errors import RehearsalFailed
from drumroll.rehearsal.arrivals import REFERENCE_ORDERS
from drumroll.rehearsal.population import opening_ms

SIZE = 100_000
"""Orders of the earlier sale that wait for delivery, for a launch of the reference's size. Assumed."""
_FEWEST = 40
_RARE_SHARE = 0.01
"""Which share of them is for the models after the first of the window. Assumed."""
_STATES = (("locked", 0.97), ("scheduled", 0.02), ("in_production", 0.01))
_FIRM_SHARE = 0.002
_MONTHS_MS = 240 * 86_400_000
"""Since when they were ordered: who ordered before that has the product. Assumed."""
_DAY_MS = 86_400_000
IMPORTED_BEFORE_S = 86_400
"""How long before the opening they are taken over."""

COLUMNS = (
    *("reference", "customer", "model", "trim", "region", "state", "price_minor", "deposit_minor", "currency"),
    *("ordered_at", "firm_at", "locked_at"),
)


class BaseOrder(msgspec.Struct, frozen=True, gc=False):
    """One order of the earlier sale. Times are in milliseconds since the epoch."""

    reference: str
    customer: str
    model: str
    trim: str
    region: str
    state: str
    price_minor: int
    deposit_minor: int
    ordered_ms: int
    firm_ms: int
    locked_ms: int | None

    @property
    def order_id(self) -> bytes:
        """The id under which drumroll takes it over."""
        return b"ord_" + blake2b(self.reference.encode(), digest_size=10).hexdigest().encode()


def window_of(launch: Launch) -> Conversion | None:
    """The window through which orders of an earlier sale may change to a headline model, if there is one."""
    for window in launch.conversions:
        if earlier_models(launch, window) and set(window.to_models) & set(launch.headline):
            return window
    return None


def earlier_models(launch: Launch, window: Conversion) -> list[Model]:
    """The models of a window that were on sale long before the headline models."""
    opening = opening_ms(launch)
    return [
        model
        for model in launch.models
        if model.id in window.from_models
        and model.id not in launch.headline
        and model.opens_at_ms < opening - 30 * _DAY_MS
    ]


def size_of(orders: int) -> int:
    """How many orders of the earlier sale go with a rehearsal of so many."""
    return max(_FEWEST, round(orders * SIZE / REFERENCE_ORDERS))


class BaseDraw:
    """Draws orders of the earlier sale, one by one."""

    def __init__(self, launch: Launch, window: Conversion, rng: Random) -> None:
        self.window = window
        self._launch = launch
        self._models = earlier_models(launch, window)
        self._rng = rng
        self._opening_ms = opening_ms(launch)
        self._regions = [region.id for region in launch.regions] or [""]
        self._count = 0

    def order(self, customer: str, state: str | None = None) -> BaseOrder:
        """One more, of this customer; without a state, in the state that chance gives it."""
        rng = self._rng
        self._count += 1
        model = self._models[0] if rng.random() >= _RARE_SHARE else rng.choice(self._models)
        trim = _weighted(rng, model.trims)
        state = state or self._any_state()
        firm_ms = self._firm_ms(model, state)
        locked_ms = None if state == "firm" else firm_ms + self._cooled_ms()
        return BaseOrder(
            f"E-{self._count:07}",
            customer,
            model.id,
            trim.id,
            rng.choice(self._regions),
            state,
            trim.price_minor,
            self._launch.deposit_of(model),
            firm_ms - rng.randint(30, 800) * 1000,
            firm_ms,
            locked_ms,
        )

    def _any_state(self) -> str:
        if self._rng.random() < _FIRM_SHARE and self._launch.cooling_off_s:
            return "firm"
        return self._rng.choices([state for state, _ in _STATES], [share for _, share in _STATES])[0]

    def _firm_ms(self, model: Model, state: str) -> int:
        """A time in the months before; a firm one is so late that its cooling-off still goes on for some days."""
        if state == "firm":
            return self._opening_ms - IMPORTED_BEFORE_S * 1000 - self._rng.randint(0, self._cooling_s() // 8) * 1000
        last_ms = self._opening_ms - (self._cooling_s() + IMPORTED_BEFORE_S) * 1000 - _DAY_MS
        first_ms = max(model.opens_at_ms + 3_600_000, last_ms - _MONTHS_MS)
        return self._rng.randint(min(first_ms, last_ms), last_ms) // 1000 * 1000

    def _cooled_ms(self) -> int:
        return self._rng.randint(600, self._cooling_s()) * 1000

    def _cooling_s(self) -> int:
        return self._launch.cooling_off_s or 7 * 86_400


def _weighted(rng: Random, trims: tuple[Trim, ...]) -> Trim:
    return rng.choices(trims, [1 / (rank + 1) for rank in range(len(trims))])[0]


def write(path: Path, orders: list[BaseOrder], currency: str) -> None:
    """Write them as the CSV that ``drumroll import`` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            (
                *(order.reference, order.customer, order.model, order.trim, order.region, order.state),
                *(order.price_minor, order.deposit_minor, currency),
                *(rfc3339(order.ordered_ms), rfc3339(order.firm_ms)),
                "" if order.locked_ms is None else rfc3339(order.locked_ms),
            )
            for order in orders
        )


def take_over(file: Path, log: Path, launch_file: Path, now_ms: int) -> None:
    """``drumroll import``, on a clock that stands at ``now_ms``. Raises ``RehearsalFailed``."""
    command = [sys.executable, "-m", "drumroll", "import", str(file), "--log", str(log), "--launch", str(launch_file)]
    environment = {**os.environ, "DRUMROLL_SANDBOX": "true", "DRUMROLL_CLOCK": f"{rfc3339(now_ms)}@0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RehearsalFailed(
            f"the import failed (exit code {done.returncode}):\n{(done.stdout + done.stderr)[-2000:]}"
        )
