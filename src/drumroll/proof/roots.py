"""Holds a log's roots against those that were signed, and says between which two checkpoints something was changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from drumroll.proof.findings import Findings, entries_named
from drumroll.proof.moments import local
from drumroll.proof.note import to_base64


class Signed(msgspec.Struct, frozen=True):
    """A root (32 bytes) that was signed for a size. ``at_s``: when a witness saw it, if one did.

    ``own``: it is not of the log's own history but of what is checked against it: of a claim, of a receipt.
    """

    size: int
    root: bytes
    at_s: int | None = None
    own: bool = False


class Reached(msgspec.Struct, frozen=True):
    """A signed checkpoint that was come to: the root that is there, and the time of the entry before it, if known."""

    signed: Signed
    root: bytes
    last_ms: int | None

    @property
    def fits(self) -> bool:
        """Whether what is there is what was signed."""
        return self.signed.root == self.root


class Roots:
    """The roots of a log, as it is come to the sizes of ``signed`` in order. What is wrong is added to ``found``."""

    def __init__(self, signed: Sequence[Signed], found: Findings) -> None:
        self.signed = sorted(signed, key=lambda one: one.size)
        self.reached: list[Reached] = []
        self._found = found

    def ahead(self, most: int) -> list[Signed]:
        """What was signed and not come to yet, of at most that size."""
        at, found = len(self.reached), []
        while at < len(self.signed) and self.signed[at].size <= most:
            found.append(self.signed[at])
            at += 1
        return found

    def reach(self, size: int, root: bytes, last_ms: int | None = None) -> list[Signed]:
        """A size is come to, and has this root: all that was signed for it."""
        here = self.ahead(size)
        self.reached += [Reached(one, root, last_ms) for one in here]
        return here

    def check(self, size: int | None) -> None:
        """Say what does not fit, once all was come to that there is: ``size`` entries (``None``: not all was read)."""
        self._check_two_roots()
        of_log = [one for one in self.reached if not one.signed.own]
        known = {(one.signed.size, one.signed.root) for one in of_log}
        for one in self.reached:
            # One that the log signed itself is of its history: then the entries are wrong, see below.
            if one.signed.own and not one.fits and (one.signed.size, one.signed.root) not in known:
                self._another_history(one)
        wrong = next((at for at, one in enumerate(of_log) if not one.fits), None)
        if wrong is not None:
            self._rewritten(of_log, wrong)
        if size is not None:
            self._check_length(size)

    def _check_length(self, size: int) -> None:
        beyond = sorted({(one.own, one.size) for one in self.signed[len(self.reached) :]})
        for own, signed_size in beyond[-1:]:
            what = "what is checked" if own else "the log's own checkpoint"
            text = f"{what} is signed for {signed_size:,} entries, and only {size:,} are there: the log was cut"
            self._found.add("cut", text, f"from entry {size:,} on")

    def _check_two_roots(self) -> None:
        roots: dict[int, Signed] = {}
        for one in self.signed:
            known = roots.setdefault(one.size, one)
            if known.root != one.root and known.own == one.own:
                what = f"two roots were signed for {one.size:,} entries: {to_base64(known.root)} and "
                what += f"{to_base64(one.root)}. Somebody was shown another history"
                self._found.add("two_roots", what, f"before entry {one.size:,}")

    def _another_history(self, one: Reached) -> None:
        self._found.add(
            "other_history",
            f"what is checked was signed for another history than the log shows. For {one.signed.size:,} entries it "
            f"has the root {to_base64(one.signed.root)}, the log shows {to_base64(one.root)}",
            entries_named(0, one.signed.size),
        )

    def _rewritten(self, of_log: list[Reached], wrong: int) -> None:
        """Between which two checkpoints something was changed after it was signed."""
        bad = of_log[wrong]
        good = next((one for one in reversed(of_log[:wrong]) if one.signed.size < bad.signed.size), None)
        begin = 0 if good is None else good.signed.size
        since = "the beginning" if good is None else f"the checkpoint of {self._named(good)}"
        later = [one for one in of_log[wrong:] if one.signed.size > bad.signed.size]
        if any(one.fits for one in later):
            what = "a checkpoint was signed for other entries, though later ones fit: somebody saw another history"
        else:
            what = "an entry was changed, added or taken away after it was signed"
            what += f"; the {len(later):,} checkpoints after that don't fit either" if later else ""
        where = f"{entries_named(begin, bad.signed.size - begin)}: between {since} and that of {self._named(bad)}"
        self._found.add("rewritten", what, where)

    def _named(self, one: Reached) -> str:
        """A checkpoint by its size, and by when it was signed, as far as that is known."""
        zone, size = self._found.zone, f"{one.signed.size:,} entries"
        if one.signed.at_s is not None:
            return f"{size} (a witness saw it at {local(one.signed.at_s * 1000, zone)})"
        return size if one.last_ms is None else f"{size} (the last of {local(one.last_ms, zone)})"
