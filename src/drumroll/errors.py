"""Every error of drumroll, in one tree.

The docstring of a class is its message to whoever reads the code: what happened and what the caller does next.
HTTP statuses are given in ``web/`` alone. A refusal of an order is no error: see ``domain.refusal``.
"""

from __future__ import annotations


class DrumrollError(Exception):
    """Anything drumroll raises on purpose. Catch this at the edge and show its text."""


class LaunchFileInvalid(DrumrollError):
    """The launch file has mistakes. Show all of them; nothing was started."""

    def __init__(self, source: str, mistakes: tuple[object, ...]) -> None:
        self.source = source
        self.mistakes = mistakes
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        super().__init__(f"{source}: {len(mistakes)} mistake(s)\n{lines}")


class SettingInvalid(DrumrollError):
    """A setting from the environment or the command line can't be used. Mend it and start again."""


class LogError(DrumrollError):
    """The order log could not do what was asked. The desk closes and recovers from what is durable."""


class Fenced(LogError):
    """The position is taken: another writer appended. Stop writing; start again to read what it wrote."""


class LogHeld(LogError):
    """Another process writes this log. Stop that one first, or use another log."""


class AppendFailed(LogError):
    """A block could not be made durable (disk full, I/O error). Only reading the log tells whether it is there."""


class LogUnreadable(LogError):
    """The log could not be read now (I/O error). Nothing is known to be damaged; try again."""


class DamagedLog(LogError):
    """A block does not read back as it was written. Nothing is skipped: restore a backup, or see to the damage."""

    def __init__(self, where: str, why: str) -> None:
        self.where = where
        self.why = why
        super().__init__(f"{where} is damaged: {why}. Nothing was skipped or changed; restore a backup of the log")


class WrongLaunch(DrumrollError):
    """The log belongs to another launch. Use another log, or the launch file that it began with."""


class ImportRefused(DrumrollError):
    """Orders from elsewhere contradict what the log has. Show all faults; none was imported."""

    def __init__(self, message: str, faults: list[dict[str, object]]) -> None:
        self.faults = faults
        super().__init__(message)


class DeskUnavailable(DrumrollError):
    """The desk can't take the command now. Nothing is known to have happened: ask again with the same key."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class QueueFull(DeskUnavailable):
    """More commands wait than the queue may hold. Ask again after the time given."""


class DeskClosed(DeskUnavailable):
    """The log failed, or the server is draining. Ask again after the time given."""


class WebhookRejected(DrumrollError):
    """A webhook is not authentic, too old, or can't be read. Refuse it; the provider will send it again."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class FileUnfit(DrumrollError):
    """A file that comes in or goes out can't be read, written or understood. Its text lists every mistake."""


class FileMistakes(FileUnfit):
    """Rows of a file have mistakes. Show all of ``faults`` (the first of them, where there are very many)."""

    def __init__(self, source: str, faults: tuple[object, ...], count: int) -> None:
        self.source = source
        self.faults = faults
        self.count = count
        lines = [f"  {fault}" for fault in faults]
        if count > len(faults):
            lines.append(f"  and {count - len(faults):,} more")
        super().__init__("\n".join([f"{source}: {count:,} mistake(s); nothing was done", *lines]))


class RehearsalFailed(DrumrollError):
    """The rehearsal could not be played to its end (the server did not start). Read the server's output."""


class EndpointInvalid(DrumrollError):
    """A webhook endpoint can't be as asked (its URL, its events), or there is none of that id. Nothing was changed."""


class WebhooksFailed(DrumrollError):
    """The file of the webhooks could not be read or written. What it holds stays; mend the disk and try again."""


class MarketError(DrumrollError):
    """A question about the market can't be answered from what was given. Its text says what is missing."""


class QuotesUnfit(MarketError):
    """Files of quotes can't be used as they are. Show all of ``problems``; nothing was computed."""

    def __init__(self, source: str, problems: tuple[object, ...]) -> None:
        self.source = source
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{source}: {len(problems):,} problem(s); nothing was computed\n{lines}")


class UnknownCode(MarketError):
    """There are no quotes of this code. Name one that the quotes have."""


class NoQuote(MarketError):
    """A code has no quote on the day asked for (a gap, a halt, before its listing). Ask for another day."""


class NotASession(MarketError):
    """The exchange was closed on that day. Say whether the event moves to the next or the previous session."""


class OutsideCalendar(MarketError):
    """The exchange's calendar does not reach that far. Use a day within it, or add the sessions as overrides."""


class NoLimit(MarketError):
    """No price limit can be given for this code and day: no A-share board has such a code, or the price is no price."""


class QuoteSourceUnavailable(MarketError):
    """The optional package for a source of quotes is not installed, or the source gave nothing. No snapshot changed."""


class StudyRefused(MarketError):
    """An event study can't be done as asked. Show all of ``faults``; nothing was estimated."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(["the event study can't be done as asked:", *(f"  {fault}" for fault in faults)]))


class PlanRefused(DrumrollError):
    """A plan can't be made as asked (a pin that does not fit). Its text says what to change; the old plan stands."""


class PlanFailed(DrumrollError):
    """The solver gave no plan, or one that does not hold. Nothing was planned; report it with the launch file."""


class ScenarioInvalid(DrumrollError):
    """What was asked of "what if" makes no sense for this launch. Show all of ``faults``; nothing was planned."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(["what if can't be answered as asked:", *(f"  {fault}" for fault in faults)]))


class ProofError(DrumrollError):
    """Something of the transparency log is not as it must be. Nothing was signed."""


class EntryInvalid(ProofError):
    """An entry, a bundle of entries or the opening of one can't be what it is said to be."""


class ProofInvalid(ProofError):
    """A Merkle proof does not hold: what it is about is not in the tree, or the tree was rewritten."""


class NoteInvalid(ProofError):
    """A signed note or checkpoint is malformed, or nobody who is trusted signed it. Do not believe its text."""


class KeyInvalid(ProofError):
    """A key can't be used: malformed, missing, or a file that others may read. Mend that; no key was changed."""


class ClaimInvalid(ProofError):
    """A statement can't be read as one, or what it says is not what the log gives."""


class PublishedInvalid(ProofError):
    """A published log lacks something, or does not fit what was signed. Get it anew; if it stays so, say so aloud."""


class LogRewritten(ProofError):
    """The order log no longer gives what was signed. Nothing is signed until the log that was is there again."""


class OutlookError(DrumrollError):
    """What a launch brings can't be reckoned so: the message names what was found, what is allowed, the way out."""


class LedgerError(OutlookError):
    """The blocks can't be booked: they are of two launches, or name what was never there. See what audit says."""


class StatementUnfit(OutlookError):
    """A provider's statement can't be held against the ledger: another currency, another launch, or no statement."""


class CurveUnfit(OutlookError):
    """A curve of orders can't be forecast from: it falls, has too few points, or is of two launches."""


class FiguresRefused(OutlookError):
    """The launch or the log lacks what a figure needs. The message says what to add, and where."""


class OutlookRefused(OutlookError):
    """The launch file has no [outlook], or its scenarios can't be worked out. The message says what to add."""


class PeopleFailed(DrumrollError):
    """The table of names and contacts could not do what was asked. Nothing of it is in the order log; see why."""


class AccessFailed(DrumrollError):
    """Sessions or operators' accounts could not be read or written. Nobody was let in; see the reason."""


class NotSignedIn(DrumrollError):
    """Name, password, code or token don't fit. Say no more than that to whoever tried; let them try again later."""


class TooMany(DrumrollError):
    """Somebody asked more often than they may. Ask again after ``retry_after_s``."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class NotDelivered(DrumrollError):
    """A message to a person could not be handed over. They have not got it: let them ask for another one."""


class DrawInvalid(DrumrollError):
    """A draw of places does not check: its seed, its list or a place is not what was committed to."""


class RoomFailed(DrumrollError):
    """The waiting room could not be read or written. Nobody lost a place that they had been told of."""
