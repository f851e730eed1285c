"""What an order's ``actions`` say its customer may do is what the server does: over random lives, at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drumroll.log.memory import MemoryLog
from tests.web.house import Answer
from tests.web.lives import DAY_S, OPENED_MS, Life

REFUSED_BY_STATE_OR_TIME = {
    "wrong_state",
    "too_late",
    "no_conversion",
    "conversion_not_open",
    "conversion_closed",
    "already_converted",
}
TRIMS = {"kite": ("plain", "rare"), "balloon": ("round",), "wing": ("grey",)}
STATES = ("locked", "scheduled", "in_production", "built", "in_transit", "delivered")
STEPS = ("pay", "cancel", "lock", "undo-lock", "change", "to balloon", "to wing", "back", "move", "wait", "withdraw")
LENGTHS_S = (1, 599, 600, 1_799, 1_800, DAY_S - 1, DAY_S, 3 * DAY_S)


class Rewound(Life):
    """A server that can be set back to what it was: to try what a request would do."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.bodies = log.bodies
        assert self.clock is not None
        self.start = self.mark()

    def mark(self) -> tuple[int, int]:
        assert self.clock is not None
        return len(self.bodies), self.clock()

    def rewind(self, mark: tuple[int, int]) -> None:
        assert self.clock is not None
        del self.bodies[mark[0] :]
        self.clock._start_ms = mark[1]
        self.desk._fold_log()

    def would(self, ask: Callable[[], Any]) -> Any:
        """The answer to a request, time being noticed before it as in every turn; then it is undone."""
        mark = self.mark()
        self.pass_s(0)
        answer = ask()
        self.rewind(mark)
        return answer


@pytest.fixture(scope="module")
def life() -> Iterator[Rewound]:
    with Rewound(MemoryLog()) as life:
        yield life


def step(life: Rewound, order_id: str, name: str, number: int) -> None:
    """One step of a life; what is refused changes nothing."""
    order = life.desk.book.orders[order_id]
    if name == "pay":
        life.paid(order_id)
    elif name == "wait":
        life.pass_s(LENGTHS_S[number % len(LENGTHS_S)])
    elif name == "move":
        life.does("moves", {"moves": [{"order_id": order_id, "state": STATES[number % len(STATES)]}]})
    elif name == "withdraw":
        life.does(f"orders/{order_id}/cancel", {"refund": bool(number % 2)})
    else:
        back = order.converted_by.offer if order.converted_by else order.offer
        contents: dict[str, tuple[str, dict[str, Any]]] = {
            "change": ("change", {"options": [["blue"], ["tail"], []][number % 3]}),
            "to balloon": ("convert", {"model": "balloon", "trim": "round"}),
            "to wing": ("convert", {"model": "wing", "trim": "grey"}),
            "back": ("convert", {"model": back.model, "trim": back.trim}),
        }
        route, content = contents.get(name, (name, {}))
        answer = life.act("ada", order_id, route, content)
        if answer.status == 409 and "confirmation" in answer.json():
            life.act("ada", order_id, route, {**content, "confirmation": answer.json()["confirmation"]})


def is_by_state(answer: Answer) -> bool:
    return answer.status >= 400 and answer.code in REFUSED_BY_STATE_OR_TIME


def tried(life: Rewound, order_id: str, order: Any) -> dict[str, bool]:
    """Whether each action is taken now, as far as state and time have a say."""
    region = "south" if order["region"] == "north" else "north"

    def acts(route: str, content: Any = None) -> bool:
        return not is_by_state(life.would(lambda: life.act("ada", order_id, route, content)))

    taken = {"cancel": acts("cancel"), "lock": acts("lock"), "undo_lock": acts("undo-lock")}
    taken["change"] = acts("change", {"region": region})
    amount = order["due_minor"] or order["deposit_minor"]
    paid = life.would(lambda: life.pay(order_id, "tried", amount)).json()["outcome"]
    is_over = order["state"] == "expired" or (order["state"], order["actions"]) == ("reserved", [])
    taken["pay"] = paid in ("firm", "difference_paid") and not is_over
    for model, trims in TRIMS.items():
        wanted = [{"model": model, "trim": trim} for trim in trims]
        taken[f"convert to {model}"] = any(acts("convert", content) for content in wanted)
    return taken


def listed(order: Any) -> set[str]:
    """The actions that the order says it has."""
    names = {one["action"] for one in order["actions"] if one["action"] != "convert"}
    return names | {f"convert to {model}" for one in order["actions"] for model in one.get("to", ())}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 40)), max_size=8),
    unseen_s=st.sampled_from([0, 0, 0, *LENGTHS_S]),
)
def test_what_is_listed_is_taken_and_what_is_not_is_refused(
    life: Rewound, steps: list[tuple[str, int]], unseen_s: int
) -> None:
    """``unseen_s`` pass that no tick has noticed when the order is read."""
    life.rewind(life.start)
    order_id = life.reserved("ada")
    assert life.order_of("ada", order_id)["actions"]
    for name, number in steps:
        step(life, order_id, name, number)
    assert life.clock is not None
    life.clock.move_to(life.clock() + unseen_s * 1000)
    order = life.order_of("ada", order_id)
    taken = tried(life, order_id, order)
    assert {name for name, is_taken in taken.items() if is_taken} == listed(order), order["state"]


def test_the_end_that_an_action_has_is_its_last_millisecond(life: Rewound) -> None:
    life.rewind(life.start)
    seen = 0
    for prepare in (life.reserved, life.firm, life.locked):
        life.rewind(life.start)
        order_id = prepare("ada")
        for action in life.order_of("ada", order_id)["actions"]:
            if "until" in action:
                mark, until = life.mark(), life.get("/v1/launch").json()["now"]
                assert action["until"] > until
                name = f"convert to {action['to'][0]}" if "to" in action else action["action"]
                ends = _ms(action["until"])
                life.to_ms(ends - 1)
                before = life.order_of("ada", order_id)
                assert tried(life, order_id, before)[name], (name, "in its last millisecond")
                life.to_ms(ends)
                after = life.order_of("ada", order_id)
                still = [one for one in after["actions"] if one["action"] == action["action"] and "to" not in one]
                assert not tried(life, order_id, after)[name] or still, (name, "after its end")
                assert all(one.get("forfeits_minor") for one in still), "what still can be done costs the deposit"
                life.rewind(mark)
                seen += 1
    assert seen >= 7


def _ms(at: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(at).timestamp() * 1000)


def test_nothing_is_listed_for_what_is_over(life: Rewound) -> None:
    for end in ("expired", "cancelled", "forfeited", "delivered"):
        life.rewind(life.start)
        order_id = life.imported("ada", "kite", "plain", "in_transit", OPENED_MS)
        if end == "expired":
            order_id = life.reserved("ada")
            life.pass_s(600)
        elif end == "delivered":
            life.moved(order_id, "delivered")
        else:
            life.done(f"orders/{order_id}/cancel", {"refund": end == "cancelled"})
        order = life.order_of("ada", order_id)
        assert (order["state"], order["actions"], order["pay_url"]) == (end, [], None)
