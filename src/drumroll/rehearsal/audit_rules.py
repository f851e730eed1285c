"""What an audit looks at, by name, and the faults that it finds."""

from __future__ import annotations

from collections import Counter

EXAMPLES = 5
"""How many examples of one fault are kept; all are counted."""

ONE_LOG = "the blocks follow one another and their times never fall"
LAUNCH_FIRST = "the log begins with its launch"
ORDER_ONCE = "every order was made once"
KEY_ONCE = "each idempotency key did at most one thing"
AS_OFFERED = "every order has the price, deposit and hold of the launch"
CONFIGURED = "every configuration has what its trim has, and goes together"
ON_SALE = "orders were taken only while sales were open"
LEGAL = "every order went only from state to state as it may"
NOT_EARLY = "no reservation ran out before its time"
LOCKED = "orders locked as their cooling-off ended, or early and undone in time"
NOT_AFTER_LOCK = "nothing was taken back or changed after the lock"
CONVERTED = "models were changed only by the rules of an open window"
QUEUED = "each order has one place in the queue, by its lock time"
IMPORTED = "imported orders came in once, as orders can stand"
WAITED = "freed places went to those who waited, in their order"
MOVED = "production moved orders one step at a time, with nothing due"
OPERATED = "operators' doings have a name, a reason and something to do"
PROMISED = "every order was promised a week, but where there was none left"
FIRST_WEEK = "each was promised the first week with room, and kept it"
WINDOW = "the weeks promised are those of the plan, its uncertainty and the way"
OVERTAKEN = "nobody was promised an earlier week than those before for the same"
BACKED = "all that was promised by a week could be built by then"
CAPS = "no cap was exceeded at any moment"
LIMIT = "no customer held more orders than allowed at any moment"
PAID_ONCE = "each payment was counted once"
OWED_RIGHTLY = "refunds are owed for what is due back, and paid once"
FORFEITED = "what was forfeited is all that was held"
MONEY = "money in = held + owed back + paid back + forfeited + applied"

RULES = (
    *(ONE_LOG, LAUNCH_FIRST, ORDER_ONCE, KEY_ONCE, AS_OFFERED, CONFIGURED, ON_SALE, LEGAL, NOT_EARLY, LOCKED),
    *(NOT_AFTER_LOCK, CONVERTED, QUEUED, IMPORTED, WAITED, MOVED, OPERATED, CAPS, LIMIT),
    *(PROMISED, FIRST_WEEK, WINDOW, OVERTAKEN, BACKED),
    *(PAID_ONCE, OWED_RIGHTLY, FORFEITED, MONEY),
)
"""What the log alone must show, in the order in which it is reported."""

READABLE = "the log reads back as it was written"
NOT_LOST = "every acknowledged order is in the log, as it was told"
NOT_DOUBLED = "every order in the log was acknowledged, once"
CHANGES_TOLD = "every lock, change and conversion is as it was told"
PAYMENTS_TOLD = "every deposit was counted as its payer was told"
PROMISES_TOLD = "every order was promised what its customer was told"
REFUNDS_TOLD = "refunds owed are exactly those that were promised"
BOARD = "the last board equals the recount"

TOLD_RULES = (NOT_LOST, NOT_DOUBLED, CHANGES_TOLD, PROMISES_TOLD, PAYMENTS_TOLD, REFUNDS_TOLD, BOARD)
"""What the log and the ledger of what was told must show together."""


class Faults:
    """What was found wrong, by rule: how often, and the first few."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def add(self, rule: str, text: str) -> None:
        """Note one fault."""
        self.count[rule] += 1
        if self.count[rule] <= EXAMPLES:
            self.examples.setdefault(rule, []).append(text)
