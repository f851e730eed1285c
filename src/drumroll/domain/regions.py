"""Where an order is delivered to."""

from __future__ import annotations

from drumroll.domain.launch import Launch
from drumroll.domain.refusal import Code, Refusal


def region_of(launch: Launch, wanted: str | None) -> str | Refusal:
    """The region that is meant: the launch's first if none was named."""
    if wanted is None:
        return launch.regions[0].id if launch.regions else ""
    known = [region.id for region in launch.regions]
    if wanted in known:
        return wanted
    there_are = f"there are: {', '.join(known)}" if known else "leave it out, this launch has none"
    return Refusal(Code.UNKNOWN_REGION, f"There is no region {wanted!r}; {there_are}.", {"regions": known})
