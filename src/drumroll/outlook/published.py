"""Published figures, checked: what each one assumes, whether it comes out, and which of them contradict each other.

Nothing here knows a figure by its name. What a figure can have been reckoned from is enumerated
(``published_assumptions``), what its digits can stand for are intervals (``published_reading``), each is judged by
itself (``published_verdicts``), and contradictions are found by rules (``published_contradictions``). docs/figures.md
has all of that in words.
"""

from __future__ import annotations

import msgspec

from drumroll.outlook.published_assumptions import Known
from drumroll.outlook.published_contradictions import Contradiction, Remark, contradictions, remarks
from drumroll.outlook.published_verdicts import Checked, weigh


class Check(msgspec.Struct, frozen=True):
    """All published figures in the order of the launch file, what contradicts what, and what else to know."""

    figures: tuple[Checked, ...]
    contradictions: tuple[Contradiction, ...]
    remarks: tuple[Remark, ...]


def check(known: Known) -> Check:
    """Check every published figure. Raises ``FiguresRefused``: no ``[finance]``, or too many combinations."""
    weighed = weigh(known)
    return Check(tuple(one.checked for one in weighed), contradictions(weighed, known), remarks(weighed))
