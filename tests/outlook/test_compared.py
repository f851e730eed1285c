"""If these fail, a difference to what others said is hidden, or explained by what is not so."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from drumroll.domain.launch_outlook import OutlookFigure, OutlookScenario
from drumroll.outlook.compared import Compared, compared
from drumroll.outlook.scenarios import run
from drumroll.outlook.standing import declared
from tests.outlook.outlooks import AS_IT_IS, basis, launch

RELEASED = OutlookScenario("released", "Released", "released")
JULY, AUGUST, SEPTEMBER = date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)


def figure(low: int, high: int | None = None, **other: Any) -> OutlookFigure:
    """What somebody said of August, unless told otherwise."""
    given = {"from_day": AUGUST, "until_day": SEPTEMBER, "who": "analysts", **other}
    return OutlookFigure(id=given.pop("id", "some"), what="deliveries", low=low, high=high, **given)


def held(*figures: OutlookFigure, older: int = 5_000, later: int = 0) -> tuple[Compared, ...]:
    """Against a plant that builds 70 small cars a week, 10 a day: 310 in August, if there are orders enough."""
    of = launch(AS_IT_IS, RELEASED, plant=70, pack=0, older=older, published=figures)
    whole = basis(of, 0, later, months=4)
    return compared([run(whole, scenario) for scenario in (AS_IT_IS, RELEASED)])


def test_the_difference_is_to_the_nearest_end_of_theirs() -> None:
    inside, below, above = held(figure(300, 320), figure(400, 500, id="b"), figure(100, 200, id="c"))
    assert inside.ours is not None
    assert inside.ours.middle == 310
    assert (inside.verdict, inside.difference_percent) == ("agrees", 0.0)
    assert (below.verdict, below.difference_percent) == ("below", -22.5)
    assert (above.verdict, above.difference_percent) == ("above", 55.0)


def test_a_number_by_itself_agrees_within_five_percent_and_about_within_ten() -> None:
    close, off, about, far = held(
        figure(300), figure(285, id="b"), figure(285, id="c", relation="about"), figure(280, id="d", relation="about")
    )
    assert [one.verdict for one in (close, off, about, far)] == ["agrees", "above", "agrees", "above"]


def test_more_than_holds_from_the_next_number_on() -> None:
    holds, exactly, less = held(
        figure(309, relation="more than"),
        figure(310, id="b", relation="more than"),
        figure(311, id="c", relation="less than"),
    )
    assert holds.verdict == "agrees"
    assert '"more than 309" holds.' in holds.why
    assert exactly.verdict == "below"
    assert less.verdict == "agrees"


def test_a_month_of_theirs_is_held_against_the_mean_of_ours() -> None:
    (found,) = held(figure(310, per="month", from_day=JULY, until_day=SEPTEMBER))
    assert found.ours is not None
    assert found.ours.middle == 310


def test_what_begins_before_the_opening_says_what_had_to_be_delivered_before() -> None:
    year = figure(10_000, from_day=date(2025, 1, 1), until_day=date(2025, 9, 1))
    earlier = figure(81, id="q2", who="maker", from_day=date(2025, 4, 1), until_day=date(2025, 7, 1))
    found, before = held(year, earlier)
    assert found.verdict == "not comparable"
    assert found.part
    said = " ".join(found.why)
    assert "begins before the opening" in said
    assert f"{10_000 - (found.most or 0):,} had to be delivered before" in said
    assert "81 were published" in said
    assert before.ours is None
    assert before.verdict == "before the launch"


def test_what_lies_after_the_months_asks_for_more_of_them() -> None:
    (found,) = held(figure(1, from_day=date(2027, 1, 1), until_day=date(2027, 2, 1)))
    assert found.verdict == "after the outlook"
    assert "ask for more --months" in found.why[0]


def test_theirs_above_the_capacity_is_said_with_the_capacity() -> None:
    (found,) = held(figure(5_000))
    assert found.most == 310
    assert any("above the plant's capacity of the period" in line and "310" in line for line in found.why)


def test_ours_limited_by_orders_is_said_so() -> None:
    (found,) = held(figure(300), older=10)
    assert found.verdict == "below"
    assert any("limited by orders" in line for line in found.why)


def test_a_scenario_that_is_released_is_limited_by_orders_and_knows_what_went_before() -> None:
    (found,) = held(figure(9_000, relation="more than", scenario="released"))
    assert found.scenario == "released"
    assert found.most is None
    assert any("delivered before: 5,000" in line for line in found.why)


def test_a_backlog_that_is_worked_off_explains_why_ours_is_above() -> None:
    (found,) = held(figure(100), later=10)
    assert any("works off the" in line and "that waited at its beginning" in line for line in found.why)


def test_only_the_models_that_are_named_count() -> None:
    ours, nobody = held(figure(310, models=("car",)), figure(310, id="b", models=("coupe",)))
    assert ours.ours is not None
    assert ours.ours.middle == 310
    assert nobody.ours is not None
    assert nobody.ours.middle == 0


def test_a_period_that_is_over_without_a_log_is_known_from_what_was_published_alone() -> None:
    of = launch(AS_IT_IS, published=(figure(1, from_day=JULY, until_day=AUGUST),))
    whole = basis(of, 10, 0)
    later = msgspec.structs.replace(whole, at_ms=2 * 10**12)
    (found,) = compared([run(later, AS_IT_IS)])
    assert found.passed
    assert "from what was published alone" in found.why[-1]


def test_what_a_log_has_as_delivered_is_not_taken_for_what_the_calendar_allows() -> None:
    """The log ends on 11 August with 25 delivered that month, 5 of them on that day; the plant builds 10 a day."""
    last = date(2025, 8, 11)
    july = figure(300, id="july", from_day=JULY, until_day=AUGUST, who="maker")
    of = launch(AS_IT_IS, plant=70, pack=0, older=5_000, published=(july, figure(400, who="maker")))
    days = {date(2025, 7, 20).toordinal(): 7, date(2025, 8, 4).toordinal(): 20, last.toordinal(): 5}
    standing = msgspec.structs.replace(declared(of), delivered={("car", "small"): days})
    whole = msgspec.structs.replace(basis(of, 0, 0, months=4, start=last), standing=standing, from_log=True)
    past, begun = compared([run(whole, AS_IT_IS)])
    assert past.why == ("The period is past: ours is what the log has as delivered, 7.",)
    assert begun.ours is not None
    assert begun.ours.middle == 25 + 21 * 10
    assert any("on 2025-08-11, ours is what it has as delivered: 25." in said for said in begun.why)
    assert any(said.endswith("still allow of the period: 235 together.") for said in begun.why)
    assert not any("plant's capacity" in said for said in (*past.why, *begun.why))


def test_a_scenario_with_a_share_of_the_capacity_does_not_blame_the_launch_file() -> None:
    none = OutlookScenario("none", "None", capacity_percent=0)
    of = launch(none, plant=70, pack=0, older=5_000, published=(figure(300, who="maker"),))
    (found,) = compared([run(basis(of, 0, 0, months=4), none)])
    said = " ".join(found.why)
    assert "as the scenario has them, allow 0" in said
    assert "launch file" not in said


def test_room_that_nobody_waits_for_is_not_said_to_be_built_for_those_who_wait() -> None:
    of = launch(AS_IT_IS, plant=70, pack=0, older=600, published=(figure(100, until_day=date(2025, 9, 10)),))
    (found,) = compared([run(basis(of, 0, 0, months=4), AS_IT_IS)])
    assert found.ours is not None
    assert found.most is not None
    assert found.ours.middle < 0.9 * found.most
    assert not any("orders wait all the time" in line for line in found.why)
