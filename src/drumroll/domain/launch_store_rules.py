"""Figures, rivals, waiting room and languages in a launch file: what contradicts itself in them, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from drumroll.domain.launch_keys import spelled
from drumroll.domain.launch_mistakes import IDS_SHOWN, MISSING, Draft, Mistake, ids_of, repeated
from drumroll.domain.launch_room import WaitingRoom
from drumroll.domain.launch_store import Language, Rival
from drumroll.domain.launch_values import shown
from drumroll.domain.times import rfc3339

NAMED = ("model", "region", "plant", "limit", "cliff", "figure", "rival")
"""Tables whose names people read."""

BESIDE = ("finance", "outlook", "market")
"""Tables with texts of their own: what was published, scenarios, quarters."""

NEAREST = 20
"""For so many unknown texts the nearest one is looked up: each costs a comparison with every text of the file."""

_TABLE = re.compile(r"[a-z_]*")


def wrong_store(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    """Every contradiction in what is said of figures, the waiting room, and in other languages."""
    yield from repeated(
        ((f"figure[{index}].id", one["id"]) for index, one in enumerate(draft["figure"])), "no other figure"
    )
    yield from _wrong_figures(draft, unfit)
    yield from _wrong_room(draft)
    if not unfit & {"name"} and not any(_table(path) in NAMED + BESIDE for path in unfit):
        yield from _wrong_languages(draft)


def _table(path: str) -> str:
    """The table at the top of the file that a path leads into."""
    found = _TABLE.match(path)
    return found.group() if found else ""


# Figures


def _wrong_figures(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    holders = [(path, holder["figures"]) for path, holder in _holders(draft) if holder["figures"]]
    if not draft["figure"]:
        if holders and not any(_table(path) == "figure" for path in unfit):
            yield Mistake("figure", MISSING, f"at least one [[figure]], since there is {holders[0][0]}")
        return
    if ids_of(draft["figure"]) is None:
        return
    decimals = {figure["id"]: figure["decimals"] for figure in draft["figure"]}
    for path, figures in holders:
        for id_, number in figures:
            yield from _wrong_figure(f"{path}.{id_}", id_, number, decimals)


def _holders(draft: Draft) -> Iterator[tuple[str, Draft]]:
    """Everything that has figures, with the path of its figures."""
    for index, model in enumerate(draft["model"]):
        yield f"model[{index}].figures", model
        yield from ((f"model[{index}].trim[{place}].figures", trim) for place, trim in enumerate(model["trim"] or ()))
    yield from ((f"rival[{index}].figures", rival) for index, rival in enumerate(draft["rival"]))


def _wrong_figure(path: str, id_: str, number: str, decimals: dict[str, int | None]) -> Iterator[Mistake]:
    if id_ not in decimals:
        yield Mistake(path, shown(id_), f"the id of a figure: {_near(id_, decimals)}")
        return
    most = decimals[id_]
    if most is not None and len(number.partition(".")[2]) > most:
        yield Mistake(path, shown(number), f"at most as many decimals as the figure has: {most}")


def _near(id_: str, ids: Iterable[str]) -> str:
    known = [*ids]
    near = [] if len(known) <= IDS_SHOWN else get_close_matches(id_, known, n=1)
    return f"{near[0]} (nearest of {len(known)})" if near else ", ".join(known)


# The waiting room


def _wrong_room(draft: Draft) -> Iterator[Mistake]:
    opens = (draft["waiting_room"] or {}).get("opens")
    sale_opens = (draft["sales"] or {}).get("opens")
    if opens is not None and sale_opens is not None and opens >= sale_opens:
        found, limit = (rfc3339(at_ms, draft["time_zone"] or "UTC") for at_ms in (opens, sale_opens))
        yield Mistake("waiting_room.opens", found, f"a time before the sale opens, {limit}")


# Languages


def _wrong_languages(draft: Draft) -> Iterator[Mistake]:
    """Translations of texts that do not stand in the file: nobody would ever read them."""
    known = {*_texts(draft)}
    looked_up = 0
    for tag, translations in (draft["language"] or {}).items():
        for text in (one for one in translations or () if one not in known):
            looked_up += 1
            near = get_close_matches(text[:300], known, n=1) if looked_up <= NEAREST else []
            nearest = f"; nearest: {shown(near[0])}" if near else ""
            yield Mistake(f"language.{tag}.{spelled(text)}", shown(text), f"a text of this file{nearest}")


def _texts(draft: Draft) -> Iterator[str]:
    """Every text of the file that people read; ``launch_texts.texts_of`` finds the same in a launch."""
    yield draft["name"]
    for table in NAMED:
        yield from (one["name"] for one in draft[table])
    yield from (figure["unit"] for figure in draft["figure"] if figure["unit"])
    yield from (rival["source"] for rival in draft["rival"])
    for model in draft["model"]:
        if model["tagline"] is not None:
            yield model["tagline"]
        yield from (trim["name"] for trim in model["trim"])
        for option in model["option"]:
            yield from (option["name"], *(choice["name"] for choice in option["choice"]))
    yield from _texts_of_money(draft)


def _texts_of_money(draft: Draft) -> Iterator[str]:
    finance, outlook, market = (draft[table] or {} for table in BESIDE)
    yield from (quarter["name"] for quarter in finance.get("quarter", ()))
    if outlook.get("earlier"):
        yield outlook["earlier"]["name"]
    for scenario in outlook.get("scenario", ()):
        yield from (scenario["name"], *(further["name"] for further in scenario["further"]))
    published = (*finance.get("published", ()), *outlook.get("published", ()), *market.get("claim", ()))
    yield from (figure["what"] for figure in published)


# Values


def rivals_of(draft: Draft) -> tuple[Rival, ...]:
    """The values of a draft without mistakes."""
    return tuple(Rival(**rival) for rival in draft["rival"])


def waiting_room_of(draft: Draft | None) -> WaitingRoom | None:
    """The value of a draft without mistakes."""
    if draft is None:
        return None
    return WaitingRoom(opens_at_ms=draft["opens"], rate_per_s=draft["rate_per_s"], ticket_s=draft["ticket_s"])


def languages_of(draft: Draft | None) -> tuple[Language, ...]:
    """The values of a draft without mistakes."""
    return tuple(Language(tag, texts) for tag, texts in (draft or {}).items() if texts is not None)
