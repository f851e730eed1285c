"""Small launches, drawn: few places, short times, every rule of a launch file now and then."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain.launch import Choice, Conversion, Launch, Model, Option, Region, Trim
from drumroll.domain.launch_capacity import Backlog, Plant, PromiseRules

OPENS = 1_750_946_400_000
SECOND = 1_000
HOUR = 3_600_000

PAINT = Option(
    "paint",
    "Paint",
    (Choice("white", "White"), Choice("red", "Red", 10, excludes=("rack",)), Choice("grey", "Grey", 20, trims=("y",))),
)
EXTRAS = Option(
    "extras",
    "Extras",
    (Choice("hook", "Hook", 5), Choice("rack", "Rack", 7, requires=("hook",)), Choice("roof", "Roof", 9, ("y",))),
    many=True,
)
SEATS = Option("seats", "Seats", (Choice("cloth", "Cloth"), Choice("leather", "Leather", 30)))

CAPS = st.sampled_from((None, None, 1, 2, 3, 0))
STATES = ("firm", "locked", "scheduled", "in_production", "built", "in_transit")
DIRECTIONS = ((("b", "c"), ("a",)), (("a",), ("b",)), (("b",), ("a",)), (("a", "b"), ("c",)), (("a",), ("b", "c")))


@st.composite
def windows(draw: st.DrawFn, number: int, cooling: bool, generous: bool) -> Conversion:
    leaving, reaching = draw(st.sampled_from(DIRECTIONS))
    opens = OPENS + SECOND * draw(st.sampled_from((0, 0, 0, 5)))
    opens, states = (OPENS, STATES) if generous else (opens, draw(st.sampled_from((STATES, STATES[1:], STATES[:1]))))
    closes = opens + SECOND * draw(st.sampled_from((20, 60, 3, 3600, 10**7)))
    place = draw(st.sampled_from(("keep", "requeue", "deadline")))
    return Conversion(
        f"w{number}",
        leaving,
        states,
        reaching,
        opens,
        closes,
        irreversible=draw(st.booleans()),
        times=draw(st.integers(1, 2)),
        deposit=draw(st.sampled_from(("carry", "settle"))),
        cooling_off=draw(st.sampled_from(("keep", "anew"))) if cooling else "keep",
        place=place,
        place_kept_before_ms=draw(st.sampled_from((opens + 2 * SECOND, closes))) if place == "deadline" else None,
    )


@st.composite
def launches(draw: st.DrawFn) -> Launch:
    """Models a (trims x, y, with options), b (with a deposit of its own, later on sale) and c.

    Every other launch is a generous one: no caps, and several windows that are open.
    """
    generous = draw(st.booleans())
    caps = st.none() if generous else CAPS
    cooling_off_s = draw(st.sampled_from((4, 30, None, 0)))
    closes = draw(st.sampled_from((None, None, OPENS + HOUR, OPENS + 40 * SECOND)))
    a = Model(
        "a",
        "A",
        OPENS,
        closes,
        (Trim("x", "X", 9_000, draw(caps)), Trim("y", "Y", 8_000, draw(caps))),
        draw(caps),
        options=draw(st.sampled_from(((), (PAINT, EXTRAS)))),
    )
    b_opens = OPENS + SECOND * draw(st.sampled_from((0, 0, 6)))
    b_deposit = draw(st.sampled_from((None, 300, 900)))
    b = Model("b", "B", b_opens, closes, (Trim("z", "Z", 7_000, draw(caps)),), draw(caps), b_deposit, (SEATS,))
    c = Model("c", "C", OPENS - HOUR, None, (Trim("v", "V", 5_000),), deposit_minor=draw(st.sampled_from((None, 100))))
    count = 4 if generous else draw(st.sampled_from((2, 1, 3, 0)))
    return Launch(
        id="night",
        name="Night",
        time_zone="Asia/Shanghai",
        currency="CNY",
        opens_at_ms=OPENS,
        closes_at_ms=closes,
        deposit_minor=500,
        hold_s=10,
        orders_per_customer=draw(st.sampled_from((3, 2, 1, 5))),
        models=(a, b, c),
        headline=draw(st.sampled_from((("a",), ("a", "b"), ("b",)))),
        milestones=(1, 2, 3),
        cap=None if generous else draw(st.sampled_from((None, 5, 8, 3))),
        cooling_off_s=cooling_off_s,
        early_lock_undo_s=draw(st.sampled_from((3, 100, 0))),
        waiting_offer_s=draw(st.sampled_from((5, 20, 5, None))),
        regions=draw(st.sampled_from(((), (Region("n", "North"), Region("s", "South"))))),
        conversions=tuple(draw(windows(number, cooling_off_s is not None, generous)) for number in range(count)),
    )


def changed(launch: Launch, change: str) -> Launch:
    """Another launch file of the same launch."""
    a = launch.models[0]
    changes: dict[str, dict[str, Any]] = {
        "as it was": {},
        "cap of 1": {"cap": 1},
        "one order each": {"cap": None, "orders_per_customer": 1},
        "dearer": {"deposit_minor": 700, "hold_s": 4, "models": tuple(_dearer(model) for model in launch.models)},
        "headline": {"headline": ("a", "b"), "milestones": (1, 5)},
        "a alone": {"models": launch.models[:1], "headline": ("a",), "conversions": ()},
        "x alone": {
            "models": (replace(a, cap=None, trims=a.trims[:1], options=()), *launch.models[1:]),
            "early_lock_undo_s": 1,
        },
        "no waiting list": {"waiting_offer_s": None},
        "longer cooling-off": {"cooling_off_s": 40},
        "no plants": {"plants": (), "limits": (), "backlog": (), "promise": None},
        "fewer weeks": {"promise": PromiseRules(3, 2, 3)},
        "later weeks": {"plants": tuple(_later(plant) for plant in launch.plants)},
        "no limits": {"limits": ()},
        "more backlog": {"backlog": (Backlog("a", "x", 5),) if launch.plants else ()},
        "all reversible": {"conversions": tuple(replace(one, irreversible=False) for one in launch.conversions)},
    }
    return replace(launch, **changes[change])


CHANGES = (
    "as it was",
    "cap of 1",
    "one order each",
    "dearer",
    "headline",
    "a alone",
    "x alone",
    "no waiting list",
    "longer cooling-off",
    "no plants",
    "fewer weeks",
    "later weeks",
    "no limits",
    "more backlog",
    "all reversible",
)


def _later(plant: Plant) -> Plant:
    """Without its first period: what is built begins later."""
    return replace(plant, weeks=plant.weeks[1:] or plant.weeks)


def _dearer(model: Model) -> Model:
    return replace(model, trims=tuple(replace(trim, price_minor=trim.price_minor + 1_000) for trim in model.trims))
