"""What "what if" answers as values for JSON. Weeks are as ISO 8601 writes them, days are Mondays."""

from __future__ import annotations

from typing import Any

from drumroll.domain.capacity import rules_of
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import monday, week_label
from drumroll.plan.difference import Difference, Part
from drumroll.plan.whatif import POLICIES, Answer, Planned, Wait


def as_json(answer: Answer, seconds: dict[str, dict[str, float]], log: str | None) -> dict[str, Any]:
    """All figures. Those that are not under ``before`` are those after the change."""
    situation = answer.situation
    launch, known = situation.launch, ~situation.waiting.declared
    return {
        "launch": launch.id,
        "currency": launch.currency,
        "log": log,
        "at": rfc3339(situation.at_ms, launch.time_zone),
        "first_week": week_label(situation.first_week),
        "calendar_ends": week_label(situation.end_week - 1),
        "orders": int(known.sum()),
        "declared_backlog": int((~known).sum()),
        "cancelled": answer.changed.cancelled,
        "converted": answer.changed.converted,
        "late_bound_weeks": rules_of(launch).late_bound_weeks,
        **_figures(answer.after),
        "before": _figures(answer.before),
        "cliffs": _cliffs(answer),
        "moves": {policy: answer.after[policy].difference.moves for policy in POLICIES},
        "by_trim": _by_trim(answer),
        "by_promised_week": _by_week(answer),
        "scenario": _scenario(answer),
        "seconds": seconds,
    }


def _figures(planned: dict[str, Planned]) -> dict[str, dict[str, float]]:
    """Each figure by policy."""
    of_policy = {policy: _of(planned[policy].difference) for policy in POLICIES}
    return {name: {policy: of_policy[policy][name] for policy in POLICIES} for name in of_policy[POLICIES[0]]}


def _of(found: Difference) -> dict[str, float]:
    total = found.total
    return {
        "promised": total.promised,
        "kept": total.kept,
        "at_risk": total.at_risk,
        "improved": total.improved,
        "broken": total.broken,
        "weeks_late": total.weeks_late,
        "mean_weeks_late": mean_late(total),
        "most_late": total.most_late,
        "beyond_bound": total.beyond_bound,
        "unplanned": total.unplanned,
        "deposits_at_risk_minor": total.deposits_at_risk_minor,
        "cliff_crossings": found.crossed,
        "moved_earlier": total.earlier,
        "moved_later": total.later,
    }


def mean_late(part: Part) -> float:
    """How late the broken promises are, in weeks on average."""
    return round(part.weeks_late / part.broken, 2) if part.broken else 0.0


def _cliffs(answer: Answer) -> list[dict[str, Any]]:
    there = [answer.after[policy].difference.cliffs for policy in POLICIES]
    before = [answer.before[policy].difference.cliffs for policy in POLICIES]
    return [
        {
            "id": one.id,
            "name": one.name,
            "last_day": str(one.last_day),
            "promised_after": one.promised,
            "crossed": {policy: cliffs[number].crossed for policy, cliffs in zip(POLICIES, there, strict=True)},
            "crossed_before": {policy: cliffs[number].crossed for policy, cliffs in zip(POLICIES, before, strict=True)},
        }
        for number, one in enumerate(there[0])
    ]


def _by_trim(answer: Answer) -> list[dict[str, Any]]:
    names = dict.fromkeys(
        (wait.model, wait.trim) for planned in (answer.before, answer.after) for wait in planned["strict"].waits
    )
    return [_trim(answer, *name) for name in names]


def _trim(answer: Answer, model: str, trim: str) -> dict[str, Any]:
    before, after = (_waits(planned, model, trim) for planned in (answer.before, answer.after))
    parts = {
        policy: next(
            (one.part for one in answer.after[policy].difference.by_trim if (one.model, one.trim) == (model, trim)),
            None,
        )
        for policy in POLICIES
    }
    return {
        "model": model,
        "trim": trim,
        "orders": {"before": before["strict"].orders, "after": after["strict"].orders},
        "of_declared_backlog": {"before": before["strict"].declared, "after": after["strict"].declared},
        "broken": {policy: part.broken if part else 0 for policy, part in parts.items()},
        "deposits_at_risk_minor": {
            policy: part.deposits_at_risk_minor if part else 0 for policy, part in parts.items()
        },
        "wait_weeks": {"before": _told(before), "after": _told(after)},
    }


def _waits(planned: dict[str, Planned], model: str, trim: str) -> dict[str, Wait]:
    nobody = Wait(model, trim, 0, 0, 0, 0, 0)
    return {
        policy: next((one for one in planned[policy].waits if (one.model, one.trim) == (model, trim)), nobody)
        for policy in POLICIES
    }


def _told(waits: dict[str, Wait]) -> dict[str, Any]:
    return {
        policy: {"median": one.median, "p90": one.p90, "unplanned": one.unplanned} if one.orders else None
        for policy, one in waits.items()
    }


def _by_week(answer: Answer) -> list[dict[str, Any]]:
    rows = [answer.after[policy].difference.by_week for policy in POLICIES]
    return [
        {
            "week": week_label(one.week),
            "monday": str(monday(one.week)),
            "promised": one.part.promised,
            "broken": {policy: weeks[at].part.broken for policy, weeks in zip(POLICIES, rows, strict=True)},
        }
        for at, one in enumerate(rows[0])
    ]


def _scenario(answer: Answer) -> dict[str, Any]:
    scenario, resources = answer.scenario, answer.changed.resources
    until = min(scenario.until_week, answer.situation.end_week)
    return {
        "cut_percent": scenario.cut_percent,
        "add_percent": scenario.add_percent,
        "convert_percent": scenario.convert_percent,
        "cancel_percent": scenario.cancel_percent,
        "resources": resources,
        "from": str(monday(scenario.from_week)) if resources else None,
        "until": str(monday(until)) if resources else None,
        "weeks": until - scenario.from_week if resources else None,
        "seed": scenario.seed,
    }
