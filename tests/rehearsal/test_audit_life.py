"""A whole life of orders audits clean; whatever is changed in it is found under the rule that it breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.launch import Choice, Conversion, Launch, Model, Option, Trim
from drumroll.log.base import Block
from drumroll.rehearsal import audit as audits
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal import told as ledger
from drumroll.rehearsal.told import Told, ToldOrder, ToldPayment
from tests.rehearsal.test_audit import LIES_IN_THE_LOG, LIES_TO_CUSTOMERS
from tests.rehearsal.test_audit_promises import LIES as LIES_ABOUT_WEEKS

OPENS = 1_000_000_000
HOUR = 3_600_000
PAINT = Option("paint", "Paint", (Choice("white", "White"), Choice("red", "Red", 50, trims=("top",))))
KETTLE = Model("kettle", "Kettle", OPENS, None, (Trim("base", "Base", 1000, cap=2), Trim("top", "Top", 2000)))
POT = Model("pot", "Pot", OPENS, None, (Trim("plain", "Plain", 500),), deposit_minor=60)
WAY = Conversion("way", ("pot",), ("locked", "scheduled"), ("kettle",), OPENS, OPENS + 20_000)
BACK = Conversion("back", ("kettle",), ("firm", "locked"), ("pot",), OPENS, OPENS + 20_000, irreversible=False)
LAUNCH = Launch(
    id="kettle",
    name="Kettle",
    time_zone="UTC",
    currency="EUR",
    opens_at_ms=OPENS,
    closes_at_ms=None,
    deposit_minor=100,
    hold_s=60,
    orders_per_customer=2,
    models=(replace(KETTLE, options=(PAINT,)), POT),
    headline=("kettle",),
    cooling_off_s=3600,
    early_lock_undo_s=600,
    waiting_offer_s=60,
    conversions=(WAY, replace(BACK, deposit="settle", cooling_off="anew", place="requeue")),
)
OLGA = ("olga", "as agreed")
NOTHING = ("-", "-")
"""The days told where nothing is promised."""


def imported_id(reference: str) -> str:
    return "ord_" + blake2b(reference.encode(), digest_size=10).hexdigest()


I1, I2 = imported_id("i1"), imported_id("i2")


def key(name: str) -> tuple[bytes, bytes]:
    return b"key-" + name.encode(), b"f"


def reserved(name: str, customer: str, trim: str) -> ev.OrderReserved:
    price = {"base": 1000, "top": 2000}[trim]
    return ev.OrderReserved(name, customer, "kettle", trim, price, 100, 60, *key(name), ("white",), "", 3600)


def imported(reference: str, state: str, locked_ms: int | None, cooling_off_s: int | None) -> ev.OrderImported:
    order_id, firm_ms = imported_id(reference), OPENS - 10_000
    times = (firm_ms, firm_ms, locked_ms, cooling_off_s)
    offer = ("pot", "plain", (), "", 450, 60, f"p{reference}", state)
    return ev.OrderImported(order_id, reference, f"c{reference}", *offer, *times, b"d")


def converted(order_id: str, window: str, name: str, **terms: Any) -> ev.OrderConverted:
    k, fingerprint = key(name)
    rest = {"options": (), "region": "", "due_minor": 0, "refund_minor": 0, "reverts": False, "queued_at_ms": None}
    return ev.OrderConverted(order_id=order_id, window=window, key=k, fingerprint=fingerprint, **{**rest, **terms})


I1_CONVERTED = converted(
    I1,
    "way",
    "ci1",
    model="kettle",
    trim="top",
    options=("red",),
    price_minor=2050,
    deposit_minor=60,
    cooling_off_s=None,
    cooling_from_ms=OPENS - 10_000,
    state="locked",
    queued_at_ms=OPENS - 9_000,
    price_before_minor=450,
)
B_CONVERTED = converted(
    "b",
    "back",
    "cb",
    model="pot",
    trim="plain",
    price_minor=500,
    deposit_minor=60,
    refund_minor=40,
    cooling_off_s=3600,
    cooling_from_ms=OPENS + 8_000,
    state="firm",
    price_before_minor=1000,
)
B_REVERTED = converted(
    "b",
    "back",
    "rb",
    model="kettle",
    trim="base",
    options=("white",),
    price_minor=1000,
    deposit_minor=100,
    due_minor=40,
    cooling_off_s=3600,
    cooling_from_ms=OPENS + 1_000,
    state="firm",
    reverts=True,
    price_before_minor=500,
)
A_CHANGED = ev.OrderChanged("a", "top", ("red",), "", 2050, *key("ha"), price_before_minor=2000)
I1_CORRECTED = ev.OrderChanged(I1, "top", ("white",), "", 2000, *key("hi1"), *OLGA, price_before_minor=2050)
W_JOINED = ev.WaitingJoined("w", "wim", "kettle", "base", ("white",), "", *key("jw"))
V_JOINED = ev.WaitingJoined("v", "vic", "kettle", "base", ("white",), "", *key("jv"))
W_OFFERED = ev.PlaceOffered("w", 1000, 100, 60, 3600)
A_LOCKED = ev.OrderLocked("a", early=True, undo_s=600, key=b"key-la", fingerprint=b"f")
B_LOCKED = ev.OrderLocked("b", early=True, undo_s=600, key=b"key-lb", fingerprint=b"f")
B_UNDONE = ev.LockUndone("b", *key("ub"))
B_FORFEITED = ev.OrderForfeited("b", 100, *key("fb"))
B_GRANTED = ev.RefundGranted("b", 50, *OLGA, *key("gb"))
C_CANCELLED = ev.OrderCancelled("c", 100, *key("xc"))
B_PAID = ev.DifferencePaid("b", "pb2", 40)
I2_WITHDRAWN = ev.OrderWithdrawn(I2, 60, 0, *OLGA, *key("xi2"))
W_WITHDRAWN = ev.OrderWithdrawn("w", 0, 100, *OLGA, *key("xw"))
PAUSED = ev.SalesSet("pause", "", *OLGA, *key("s1"))
RESUMED = ev.SalesSet("resume", "", *OLGA, *key("s2"))
CAPPED = ev.CapSet("kettle", "base", 3, *OLGA, *key("cap"))
WINDOW = ev.WindowMoved("back", OPENS + 30_000, *OLGA, *key("win"))
D_RESERVED = reserved("d", "dan", "top")
REFUNDED = ev.RefundPaid("pc", *OLGA)


def moved(state: str, *order_ids: str) -> ev.OrdersMoved:
    return ev.OrdersMoved(state, order_ids, *OLGA, *key(f"m{state}"))


A_SCHEDULED = moved("scheduled", "a", I1)
A_BUILT = moved("built", "a")

STEPS: tuple[tuple[int, tuple[ev.Event, ...]], ...] = (
    (-5_000, (ev.DeskOpened("here"), ev.LaunchSet(LAUNCH))),
    (-4_000, (imported("i1", "locked", OPENS - 9_000, None), imported("i2", "firm", None, 3600))),
    (0, (reserved("a", "ann", "top"), reserved("b", "bob", "base"), reserved("c", "cem", "base"))),
    (1_000, (*(ev.OrderFirmed(name, f"p{name}") for name in "abc"), W_JOINED, V_JOINED)),
    (2_000, (A_CHANGED, B_LOCKED)),
    (3_000, (B_UNDONE, A_LOCKED)),
    (4_000, (C_CANCELLED,)),
    (5_000, (W_OFFERED,)),
    (6_000, (ev.OrderFirmed("w", "pw"), ev.WaitingLeft("v", *key("lv")))),
    (7_000, (I1_CONVERTED,)),
    (8_000, (B_CONVERTED,)),
    (9_000, (B_REVERTED,)),
    (10_000, (B_PAID,)),
    (11_000, (PAUSED, CAPPED, WINDOW)),
    (12_000, (RESUMED,)),
    (13_000, (D_RESERVED,)),
    (14_000, (ev.OrderFirmed("d", "pd"),)),
    (HOUR - 10_000, (ev.OrderLocked(I2, early=False),)),
    (HOUR + 1_000, (ev.OrderLocked("b", early=False),)),
    (HOUR + 2_000, (B_FORFEITED,)),
    (HOUR + 3_000, (B_GRANTED,)),
    (HOUR + 4_000, (A_SCHEDULED,)),
    (HOUR + 5_000, (moved("in_production", "a"),)),
    (HOUR + 5_500, (A_BUILT,)),
    (HOUR + 6_000, (ev.OrderLocked("w", early=False), moved("in_transit", "a"))),
    (HOUR + 7_000, (moved("delivered", "a"), I2_WITHDRAWN)),
    (HOUR + 8_000, (I1_CORRECTED, W_WITHDRAWN)),
    (HOUR + 9_000, (REFUNDED, ev.RefundPaid("pb.2"))),
)
Steps = list[tuple[int, tuple[ev.Event, ...]]]


def life() -> Steps:
    return list(STEPS)


def blocks(steps: Steps) -> list[Block]:
    return [Block(number, OPENS + at_ms, events) for number, (at_ms, events) in enumerate(steps, 1)]


def told() -> Told:
    orders = [("a", "ann", "top"), ("b", "bob", "base"), ("c", "cem", "base"), ("d", "dan", "top")]
    return Told(
        orders=[ToldOrder(n, who, "kettle", trim, 2000 if trim == "top" else 1000, n) for n, who, trim in orders],
        payments=[
            *(ToldPayment(f"p{name}", name, 100, "EUR", "firm") for name in "abcwd"),
            ToldPayment("pb2", "b", 40, "EUR", "difference_paid"),
        ],
        cancelled={"c": 100},
        acts={
            "a": [("changed", "top", 2050, *NOTHING), ("locked",)],
            "b": [
                *(("locked",), ("undone",), ("converted", "pot", "plain", 500, *NOTHING)),
                *(("converted", "kettle", "base", 1000, *NOTHING), ("forfeited", 100)),
            ],
            I1: [("converted", "kettle", "top", 2050, *NOTHING)],
        },
        board=board(),
    )


def board() -> dict[str, Any]:
    names = ("reserved", "firm", "locked", "converted", "expired", "cancelled", "forfeited")
    base, top = (0, 0, 0, 0, 0, 1, 2), (0, 3, 2, 1, 0, 0, 0)
    total = tuple(map(sum, zip(base, top, strict=True)))
    return {
        "position": len(STEPS),
        "totals": dict(zip(names, total, strict=True)),
        "trims": [
            {"model": "kettle", "trim": "base", **dict(zip(names, base, strict=True))},
            {"model": "kettle", "trim": "top", **dict(zip(names, top, strict=True))},
        ],
        "milestones": [],
        "curve": [[1, 3], [4, 2], [6, 3], [7, 4], [8, 3], [9, 4], [14, 5], [3602, 4], [3608, 3]],
    }


# How a lie is planted


def instead(event: ev.Event, *others: ev.Event, at_ms: int | None = None) -> Callable[[Steps], None]:
    """Others in the place of an event (and another time for its block)."""

    def plant(steps: Steps) -> None:
        number = next(number for number, (_, events) in enumerate(steps) if event in events)
        was_ms, events = steps[number]
        index = events.index(event)
        steps[number] = (was_ms if at_ms is None else at_ms, (*events[:index], *others, *events[index + 1 :]))

    return plant


def but(event: ev.Event, **changes: Any) -> Callable[[Steps], None]:
    """The same event, said differently."""
    return instead(event, replace(event, **changes))


def after(event: ev.Event, *more: ev.Event) -> Callable[[Steps], None]:
    """Something more, right after an event."""
    return instead(event, event, *more)


def both(first: Callable[[Steps], None], second: Callable[[Steps], None]) -> Callable[[Steps], None]:
    """Two of these."""

    def plant(steps: Steps) -> None:
        first(steps)
        second(steps)

    return plant


def launched(**changes: Any) -> Callable[[Steps], None]:
    return but(ev.LaunchSet(LAUNCH), launch=replace(LAUNCH, **changes))


OTHER = {"key": b"another", "fingerprint": b"f"}

LIES: dict[str, tuple[str, Callable[[Steps], None]]] = {
    "a lock of its own before its time": (rules.LOCKED, after(C_CANCELLED, ev.OrderLocked("b", early=False))),
    "an early lock that comes late": (
        rules.LOCKED,
        instead(ev.OrderLocked("b", early=False), replace(B_LOCKED, **OTHER)),
    ),
    "an early lock with another time to undo it": (rules.LOCKED, but(A_LOCKED, undo_s=601)),
    "a lock undone too late": (rules.LOCKED, after(WINDOW, replace(B_UNDONE, order_id=I1, **OTHER))),
    "a lock undone that was not early": (rules.LOCKED, after(B_FORFEITED, replace(B_UNDONE, order_id=I2, **OTHER))),
    "a lock undone when its time is over": (
        rules.LOCKED,
        after(ev.OrderLocked(I2, early=False), replace(B_UNDONE, order_id="a", **OTHER)),
    ),
    "a second lock": (rules.QUEUED, after(A_LOCKED, replace(A_LOCKED, **OTHER))),
    "a cancellation after the cooling-off": (
        rules.NOT_AFTER_LOCK,
        instead(
            ev.OrderLocked("b", early=False),
            replace(C_CANCELLED, order_id="b", **OTHER),
        ),
    ),
    "a cancellation of a locked order": (rules.LEGAL, after(A_LOCKED, replace(C_CANCELLED, order_id="a", **OTHER))),
    "a change of a locked order": (
        rules.NOT_AFTER_LOCK,
        after(A_LOCKED, replace(A_CHANGED, options=("white",), price_minor=2000, price_before_minor=2050, **OTHER)),
    ),
    "a correction of what is built": (
        rules.NOT_AFTER_LOCK,
        after(A_BUILT, replace(I1_CORRECTED, order_id="a", **OTHER)),
    ),
    "a correction that nobody made": (rules.OPERATED, but(I1_CORRECTED, operator="")),
    "a change at another price": (rules.AS_OFFERED, but(A_CHANGED, price_minor=2049)),
    "a change from another price": (rules.AS_OFFERED, but(A_CHANGED, price_before_minor=1999)),
    "an order with another cooling-off": (rules.AS_OFFERED, but(D_RESERVED, cooling_off_s=None)),
    "a choice that the trim can't have": (rules.CONFIGURED, but(reserved("b", "bob", "base"), options=("red",))),
    "two choices of one option": (rules.CONFIGURED, but(D_RESERVED, options=("white", "red"), price_minor=2050)),
    "no choice of an option": (rules.CONFIGURED, but(D_RESERVED, options=())),
    "a choice that nobody has": (rules.CONFIGURED, but(D_RESERVED, options=("white", "gold"))),
    "a region that nobody has": (rules.CONFIGURED, but(D_RESERVED, region="moon")),
    "a conversion before its window": (
        rules.CONVERTED,
        launched(conversions=(replace(WAY, opens_at_ms=OPENS + 7_001),)),
    ),
    "a conversion as its window closes": (
        rules.CONVERTED,
        launched(conversions=(replace(WAY, closes_at_ms=OPENS + 7_000), LAUNCH.conversions[1])),
    ),
    "a conversion through no window": (rules.CONVERTED, but(I1_CONVERTED, window="none")),
    "a conversion from another model": (
        rules.CONVERTED,
        launched(conversions=(replace(WAY, from_models=("pan",)), LAUNCH.conversions[1])),
    ),
    "a conversion from another state": (
        rules.CONVERTED,
        launched(conversions=(replace(WAY, states=("scheduled",)), LAUNCH.conversions[1])),
    ),
    "a conversion once too often": (
        rules.CONVERTED,
        after(
            B_PAID,
            replace(B_CONVERTED, cooling_from_ms=OPENS + 10_000, **OTHER),
        ),
    ),
    "a conversion with too little deposit": (rules.CONVERTED, but(I1_CONVERTED, deposit_minor=100)),
    "a conversion that owes nothing back": (rules.CONVERTED, but(B_CONVERTED, refund_minor=0)),
    "a conversion at another price": (rules.CONVERTED, but(B_CONVERTED, price_minor=501)),
    "a conversion that keeps its cooling-off": (rules.CONVERTED, but(B_CONVERTED, cooling_from_ms=OPENS + 1_000)),
    "a conversion that unlocks": (rules.CONVERTED, but(I1_CONVERTED, state="firm")),
    "a conversion with another lock time": (rules.QUEUED, but(I1_CONVERTED, queued_at_ms=OPENS + 7_000)),
    "a way back to something else": (rules.CONVERTED, but(B_REVERTED, trim="top", price_minor=2000)),
    "a way back that there is not": (
        rules.CONVERTED,
        launched(conversions=(WAY, replace(LAUNCH.conversions[1], irreversible=True))),
    ),
    "a difference paid that was not due": (rules.CONVERTED, but(B_PAID, amount_minor=41)),
    "a difference turned away": (
        rules.OWED_RIGHTLY,
        instead(B_PAID, ev.DepositOwedBack("b", "pb2", 40, "EUR", "second_deposit")),
    ),
    "a conversion while sales are paused": (
        rules.ON_SALE,
        instead(I1_CONVERTED, replace(PAUSED, **OTHER), I1_CONVERTED),
    ),
    "an order while sales are paused": (rules.ON_SALE, instead(RESUMED)),
    "an order after an operator closed": (rules.ON_SALE, but(RESUMED, action="close", model="kettle")),
    "an import that is there already": (
        rules.IMPORTED,
        after(imported("i2", "firm", None, 3600), replace(imported("i3", "firm", None, 3600), reference="i1")),
    ),
    "an import as reserved": (rules.IMPORTED, but(imported("i2", "firm", None, 3600), state="reserved")),
    "an import locked at no time": (
        rules.IMPORTED,
        but(imported("i1", "locked", OPENS - 9_000, None), locked_at_ms=None),
    ),
    "an import of nothing on offer": (rules.IMPORTED, but(imported("i2", "firm", None, 3600), trim="gold")),
    "an import paid as another order was": (
        rules.PAID_ONCE,
        but(imported("i2", "firm", None, 3600), payment_id="pi1"),
    ),
    "a place to the second who waits": (rules.WAITED, but(W_OFFERED, order_id="v")),
    "a place to nobody": (rules.WAITED, but(W_OFFERED, order_id="nobody")),
    "a place past those who wait": (rules.WAITED, after(C_CANCELLED, reserved("g", "gus", "base"))),
    "a change into a place past those who wait": (
        rules.WAITED,
        after(
            C_CANCELLED,
            ev.OrderChanged("a", "base", ("white",), "", 1000, *key("hb"), *OLGA, price_before_minor=2050),
        ),
    ),
    "a place that is not free": (rules.CAPS, instead(C_CANCELLED)),
    "a place at another price": (rules.AS_OFFERED, but(W_OFFERED, price_minor=999)),
    "a place held for another time": (rules.AS_OFFERED, but(W_OFFERED, hold_s=61)),
    "waiting for what is to be had": (rules.WAITED, but(W_JOINED, trim="top")),
    "waiting where there is no list": (rules.WAITED, launched(waiting_offer_s=None)),
    "leaving without waiting": (rules.WAITED, after(W_OFFERED, ev.WaitingLeft("w", b"other", b"f"))),
    "waiting beyond the limit": (
        rules.LIMIT,
        after(V_JOINED, *(replace(V_JOINED, order_id=name, key=name.encode()) for name in ("v2", "v3"))),
    ),
    "a step left out in production": (rules.MOVED, but(A_BUILT, state="in_transit")),
    "a step for a firm order": (rules.MOVED, but(A_SCHEDULED, order_ids=("d",))),
    "a step into no state": (rules.MOVED, but(A_BUILT, state="painted")),
    "a step with something still due": (
        rules.MOVED,
        both(
            instead(B_PAID),
            after(ev.OrderLocked("b", early=False), replace(A_SCHEDULED, order_ids=("b",), **OTHER)),
        ),
    ),
    "a move without a reason": (rules.OPERATED, but(A_BUILT, reason=" ")),
    "a pause without a name": (rules.OPERATED, but(PAUSED, operator="")),
    "a cap without a reason": (rules.OPERATED, but(CAPPED, reason="")),
    "a cap of no trim": (rules.OPERATED, but(CAPPED, trim="gold")),
    "a window moved into the past": (rules.OPERATED, but(WINDOW, closes_at_ms=OPENS + 11_000)),
    "a refund by hand without a reason": (rules.OPERATED, but(REFUNDED, reason="")),
    "a withdrawal without a name": (rules.OPERATED, but(I2_WITHDRAWN, operator="")),
    "a withdrawal that keeps some": (rules.OWED_RIGHTLY, but(I2_WITHDRAWN, refund_minor=59)),
    "a withdrawal that forfeits a firm order": (
        rules.FORFEITED,
        after(ev.OrderFirmed("d", "pd"), replace(W_WITHDRAWN, order_id="d", **OTHER)),
    ),
    "a withdrawal that forfeits some": (rules.FORFEITED, but(W_WITHDRAWN, forfeited_minor=99)),
    "a deposit forfeited in part": (rules.FORFEITED, but(B_FORFEITED, forfeited_minor=60)),
    "a forfeit of what is built": (rules.LEGAL, after(A_BUILT, replace(B_FORFEITED, order_id="a", **OTHER))),
    "more granted than was forfeited": (rules.OWED_RIGHTLY, but(B_GRANTED, amount_minor=101)),
    "a grant of what is held": (rules.OWED_RIGHTLY, but(B_GRANTED, order_id="d")),
    "a second refund under the first one's id": (rules.OWED_RIGHTLY, but(ev.RefundPaid("pb.2"), refund_id="pb.3")),
    "money that vanished in a forfeit": (rules.MONEY, but(B_FORFEITED, forfeited_minor=60)),
    "money that vanished in a conversion": (rules.MONEY, but(B_CONVERTED, refund_minor=0)),
    "a key of a lock for a change": (rules.KEY_ONCE, but(A_LOCKED, key=b"key-ha")),
    "a cap lowered and then broken": (
        rules.CAPS,
        but(CAPPED, trim="top", cap=2),
    ),
    "a delivered order that gave up its place": (
        rules.LIMIT,
        after(moved("delivered", "a"), *(reserved(name, "ann", "top") for name in ("g", "h"))),
    ),
}


def broken(steps: Steps, said: Told | None = None) -> set[str]:
    return {check.rule for check in audits.audit(blocks(steps), said).checks if not check.ok}


def test_a_true_life_is_go_and_its_figures_are_right() -> None:
    outcome = audits.audit(blocks(life()), told())
    assert (outcome.reasons, outcome.lost, outcome.doubled) == ([], 0, 0)
    expected = {
        **{"standing": 3, "firm": 1, "firm_headline": 3, "locked": 2, "delivered": 1, "converted": 1, "imported": 2},
        **{"changed": 1, "corrected": 1, "conversions": 2, "reverted": 1, "early_locks": 2, "locks_undone": 1},
        **{"forfeited": 2, "cancelled": 2, "waiting": 0, "offered": 1, "withdrawn": 2, "orders": 7},
        **{"money_in_minor": 660, "held_minor": 160, "applied_minor": 100, "forfeited_minor": 150},
        **{"still_owed_minor": 140, "refunds_paid_minor": 110, "refunds_owed_minor": 250, "refunds_owed": 5},
    }
    assert {name: outcome.figures[name] for name in expected} == expected


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_in_the_life_of_an_order_is_found(lie: str) -> None:
    rule, plant = LIES[lie]
    steps = life()
    plant(steps)
    assert rule in broken(steps)


ACTS: dict[str, tuple[Callable[[dict[str, list[Any]]], Any], tuple[int, int]]] = {
    "a lock that was told is not there": (lambda acts: acts.setdefault("d", [("locked",)]), (1, 0)),
    "a conversion that was told is not there": (
        lambda acts: acts["a"].append(("converted", "pot", "plain", 500, *NOTHING)),
        (1, 0),
    ),
    "a change nobody was told of": (lambda acts: acts["a"].pop(0), (0, 1)),
    "a conversion nobody was told of": (lambda acts: acts.pop(I1), (0, 1)),
    "a lock nobody was told of": (lambda acts: acts["a"].pop(1), (0, 1)),
    "a forfeit nobody was told of": (lambda acts: acts["b"].pop(), (0, 1)),
    "a change told at another price": (
        lambda acts: acts["a"].__setitem__(0, ("changed", "top", 2049, *NOTHING)),
        (1, 1),
    ),
    "a conversion told for another trim": (
        lambda acts: acts[I1].__setitem__(0, ("converted", "kettle", "base", 2050, *NOTHING)),
        (1, 1),
    ),
    "less forfeited than was told": (lambda acts: acts["b"].__setitem__(4, ("forfeited", 60)), (1, 1)),
    "the last that was told is not the last": (
        lambda acts: acts["b"].__setitem__(slice(2, 4), acts["b"][3:1:-1]),
        (0, 0),
    ),
    "an undo told as the last": (lambda acts: acts["b"].__setitem__(slice(0, 5), [*acts["b"][::-1]]), (0, 0)),
}


@pytest.mark.parametrize("lie", ACTS)
def test_a_lie_about_what_an_order_became_is_found(lie: str) -> None:
    plant, lost_and_doubled = ACTS[lie]
    said = copy.deepcopy(told())
    plant(said.acts)
    outcome = audits.audit(blocks(life()), said)
    assert {check.rule for check in outcome.checks if not check.ok} == {rules.CHANGES_TOLD}
    assert (outcome.lost, outcome.doubled) == lost_and_doubled


@pytest.mark.parametrize("name", ["firm", "locked", "converted", "cancelled", "forfeited"])
def test_a_board_off_by_one_is_found(name: str) -> None:
    said = told()
    assert said.board is not None
    said.board["trims"][1][name] += 1
    assert broken(life(), said) == {rules.BOARD}


def test_every_rule_has_a_lie_that_breaks_it() -> None:
    planted = {rule for rule, _ in (*LIES_IN_THE_LOG.values(), *LIES_TO_CUSTOMERS.values(), *LIES.values())}
    planted |= {*LIES_ABOUT_WEEKS.values()}
    planted |= {rules.BOARD, rules.CHANGES_TOLD}
    assert planted == {*rules.RULES, *rules.TOLD_RULES}


def test_what_an_operator_set_holds_over_a_changed_launch_file() -> None:
    steps = life()
    changed = ev.LaunchSet(replace(LAUNCH, name="Kettles"))
    after(PAUSED, changed)(steps)
    assert broken(steps) == set()
    instead(RESUMED)(steps)
    assert broken(steps) == {rules.ON_SALE}


def test_a_cap_that_was_raised_holds_over_a_changed_launch_file() -> None:
    steps = life()
    more = (ev.LaunchSet(replace(LAUNCH, name="Kettles")), reserved("g", "gus", "base"))
    after(RESUMED, *more)(steps)
    assert broken(steps) == set()
    instead(CAPPED)(steps)
    assert broken(steps) == {rules.CAPS}


def test_what_customers_did_survives_the_file(tmp_path: Path) -> None:
    lines = [
        *(b"locked\to1", b"undone\to1", b"forfeited\to1\t100", b"changed\to2\ttop\t2050\t-\t-"),
        b"converted\to2\tpot\tplain\t500\t2025-08-04\t2025-08-31",
    ]
    ledger.write(tmp_path / "told.tsv", lines, None)
    assert ledger.read(tmp_path / "told.tsv").acts == {
        "o1": [("locked",), ("undone",), ("forfeited", 100)],
        "o2": [("changed", "top", 2050, "-", "-"), ("converted", "pot", "plain", 500, "2025-08-04", "2025-08-31")],
    }
