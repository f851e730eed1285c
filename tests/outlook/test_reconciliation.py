"""A true statement matches to the last row; whatever was done to it comes back, in its kind, with its order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.errors import LedgerError, StatementUnfit
from drumroll.log.base import Block
from drumroll.outlook.accounts import Account
from drumroll.outlook.journal import Posting, Transaction
from drumroll.outlook.ledger import Ledger
from drumroll.outlook.reconciliation import Cash, reconcile
from drumroll.outlook.reconciliation_values import KINDS, Reconciliation, Sums
from tests.outlook.statements import SEEDS, Row, booked, night, statement

EDITS = ("drop", "amount", "currency", "order", "payment", "twice", "again", "new", "refund", "elsewhere", "owed")

Expected = tuple[str, str, str, tuple[str, ...]]
"""A difference as it must come back: kind, type, id, orders."""


class Edited:
    """The rows of a night's true statement after some edits, and what must be found."""

    def __init__(self, seed: int) -> None:
        self.night = night(seed)
        self.rows = dict(enumerate(self.night.true))
        self.more: list[Row] = []
        self.expected: list[Expected] = []
        self.adds: Counter[tuple[str, str]] = Counter()

    def edit(self, what: str, at: int, by: int) -> None:
        """One edit of the row at a place that no other edit touches."""
        row = self.rows[at]
        if what == "drop":
            del self.rows[at]
            self._expect("missing_there", row, (row.currency, -row.net_minor))
        elif what in ("amount", "currency", "order", "payment"):
            self._change(what, at, row, by)
        elif what in ("twice", "again"):
            extra = row if what == "twice" else replace(row, amount_minor=row.amount_minor + by, order_id=None)
            self.more.append(extra)
            self._expect("duplicate", row, (row.currency, extra.net_minor))
        else:
            self._add(what, at, row, by)

    def _change(self, what: str, at: int, row: Row, by: int) -> None:
        sign = 1 if row.type == "payment" else -1
        if what == "amount":
            changed = replace(row, amount_minor=row.amount_minor + by)
            self._expect("amount_differs", row, (row.currency, sign * by))
        elif what == "currency":
            changed = replace(row, currency="JPY", amount_minor=by)
            self._expect("currency_differs", row, (row.currency, -row.net_minor), ("JPY", sign * by))
        elif what == "order":
            changed = replace(row, order_id="ord_other")
            self._expect("reference_differs", row, orders=(str(row.order_id), "ord_other"))
        else:
            changed = replace(row, payment_id="pay_other")
            self._expect("reference_differs", row)
        self.rows[at] = changed

    def _add(self, what: str, at: int, row: Row, by: int) -> None:
        """A row that the log does not have so; which payment it is of, only its id says."""
        if what == "new":
            added = Row("payment", f"unheard-{at}", by, "EUR", 5, None, f"ord_{at}")
        elif what == "refund":
            of = row.payment_id or row.id
            added = Row("refund", f"{of}.99", by, "EUR", 5, row.payment_id if at % 2 else None)
            if any(each.id == added.id for each in self.more):
                return
        else:
            among = self.night.elsewhere if what == "elsewhere" else self.night.owed
            added = among[at % len(among)] if among else None
            if added is None or added in self.more:
                return
        self.more.append(added)
        kind = "elsewhere" if what == "elsewhere" else "missing_here"
        order = added.order_id or row.order_id
        self._expect(kind, added, (added.currency, added.net_minor), orders=(str(order),))

    def _expect(self, kind: str, row: Row, *adds: tuple[str, int], orders: tuple[str, ...] = ()) -> None:
        self.expected.append((kind, row.type, row.id, orders or (str(row.order_id),)))
        for currency, minor in adds:
            self.adds[kind, currency] += minor

    def all_rows(self) -> list[Row]:
        return [*self.rows.values(), *self.more]


def found_in(found: Reconciliation) -> list[Expected]:
    return [(each.kind, each.type, each.id, each.orders) for each in found.differences]


def adds_up(found: Reconciliation, rows: list[Row], true: tuple[Row, ...]) -> None:
    """The sums are those of the rows and of the truth, and their difference is that of the kinds."""
    currencies = {row.currency for row in (*rows, *true)}
    assert currencies <= {total.currency for total in found.totals}
    for total in found.totals:
        said = sum(row.net_minor for row in rows if row.currency == total.currency)
        booked_minor = sum(row.net_minor for row in true if row.currency == total.currency)
        assert (total.statement.net_minor, total.ledger.net_minor) == (said, booked_minor)
        assert sum(total.by_kind.values()) == total.difference_minor == said - booked_minor
        assert total.unexplained_minor == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_true_statement_matches_to_the_last_row(seed: int) -> None:
    rows = list(night(seed).true)
    found = reconcile(*night(seed).booked(), statement(rows, lives=2))
    assert (found.matched, found.differ, found.differences) == (len(rows), 0, ())
    adds_up(found, rows, night(seed).true)
    assert all(total.matched == total.statement == total.ledger for total in found.totals)


def test_the_nights_have_every_way_in_which_money_comes_and_goes() -> None:
    happened = frozenset[str]().union(*(night(seed).happened for seed in SEEDS))
    assert happened == {
        *("OrderFirmed", "DifferencePaid", "DepositOwedBack", "OrderImported"),
        *("RefundPaid", "RefundPaid by hand", "in EUR", "in USD", "second refund"),
    }
    assert any(night(seed).owed for seed in SEEDS)


@settings(max_examples=60)
@given(st.sampled_from(SEEDS), st.data())
def test_every_edit_comes_back_in_its_kind_with_its_order_and_the_totals_add_up(seed: int, data: Any) -> None:
    edited = Edited(seed)
    places = data.draw(st.lists(st.integers(0, len(edited.rows) - 1), unique=True, max_size=14))
    for at in places:
        edited.edit(data.draw(st.sampled_from(EDITS)), at, data.draw(st.integers(1, 10**15)))
    rows = edited.all_rows()
    found = reconcile(*edited.night.booked(), statement(rows))
    assert sorted(found_in(found)) == sorted(edited.expected)
    assert found.counts == {kind: sum(each[0] == kind for each in edited.expected) for kind in KINDS}
    assert found.matched + sum(found.counts.values()) - found.counts["missing_there"] == found.rows == len(rows)
    adds_up(found, rows, edited.night.true)
    for total in found.totals:
        assert total.by_kind == {kind: edited.adds[kind, total.currency] for kind in KINDS}


def test_every_edit_can_be_made() -> None:
    made = {what: len(with_one(what).expected) for what in EDITS}
    assert made == dict.fromkeys(EDITS, 1)


def with_one(what: str) -> Edited:
    """The first night in which this edit can be made, with it."""
    for seed in SEEDS:
        edited = Edited(seed)
        edited.edit(what, 3, 7)
        if edited.expected:
            break
    return edited


def test_both_sides_of_a_difference_are_told_with_line_and_event() -> None:
    edited = with_one("amount")
    row = night(0).true[3]
    (each,) = reconcile(*edited.night.booked(), statement(edited.all_rows())).differences
    assert each.line == 5
    assert each.statement is not None
    assert each.ledger is not None
    assert (each.statement.amount_minor, each.ledger.amount_minor) == (row.amount_minor + 7, row.amount_minor)
    block, number = map(int, each.ledger.event.split("."))
    event = night(0).blocks[block - 1].events[number]
    assert row.id in (getattr(event, "payment_id", ""), getattr(event, "refund_id", ""))


def test_a_refund_that_is_owed_and_was_not_recorded_as_paid_is_said_to_be_owed() -> None:
    edited = with_one("owed")
    (each,) = reconcile(*edited.night.booked(), statement(edited.all_rows())).differences
    assert (each.kind, each.ledger and each.ledger.place) == ("missing_here", "owed")


@pytest.mark.parametrize("only", ["payment", "refund"])
def test_only_one_type_is_compared_where_only_one_is_asked_for(only: Any) -> None:
    seed = next(seed for seed in SEEDS if len({row.type for row in night(seed).true[:40]}) == 2)
    true = night(seed).true
    ours = tuple(row for row in true if row.type == only)
    found = reconcile(*night(seed).booked(), statement([row for row in true if row != ours[0]]), only=only)
    assert found_in(found) == [("missing_there", only, ours[0].id, (ours[0].order_id,))]
    assert (found.rows, found.passed_over) == (len(ours) - 1, len(true) - len(ours))
    adds_up(found, list(ours[1:]), ours)
    others = reconcile(*night(seed).booked(), statement([row for row in true if row.type == only]), only=only)
    assert others.differ == 0


def test_what_is_of_a_time_after_the_last_block_is_counted() -> None:
    blocks = night(1).blocks
    half = next(block.position for block in blocks if block.at_ms > blocks[len(blocks) // 2].at_ms) - 1
    ledger, cash = booked(blocks[:half])
    found = reconcile(ledger, cash, statement([*night(1).true, Row("payment", "unheard", 80, "EUR", ledger.at_ms)]))
    later = [row for row in night(1).true if row.at_ms > ledger.at_ms]
    assert later
    assert found.later == len(later)
    assert found.counts["missing_here"] == found.differ == len(later) + 1


def test_no_more_of_a_kind_are_listed_than_asked_for_and_all_are_counted() -> None:
    found = reconcile(*night(0).booked(), statement(list(night(0).true[:10])), most=3)
    assert len(found.differences) == 3
    assert found.counts["missing_there"] == len(night(0).true) - 10
    adds_up(found, list(night(0).true[:10]), night(0).true)


def test_sums_of_the_largest_amounts_do_not_wrap_around() -> None:
    rows = [Row("payment", f"p{number}", 10**15, "EUR", 1) for number in range(10_000)]
    (euros,) = (total for total in reconcile(*night(0).booked(), statement(rows)).totals if total.currency == "EUR")
    assert euros.statement == Sums(10**19, 0)
    assert euros.unexplained_minor == 0


def test_a_statement_in_another_currency_as_a_whole_is_refused_with_both_currencies() -> None:
    rows = [replace(row, currency="JPY") for row in night(0).true]
    with pytest.raises(StatementUnfit, match=r"is in JPY, the log in EUR.*the account in EUR"):
        reconcile(*night(0).booked(), statement(rows))


def test_a_statement_without_rows_lacks_everything() -> None:
    found = reconcile(*night(0).booked(), statement([]))
    assert found.differ == found.counts["missing_there"] == len(night(0).true)


def test_a_statement_of_another_launch_is_refused_with_both_launches() -> None:
    with pytest.raises(StatementUnfit, match=r"two launches mixed: the log is of 'lives', line 9 .* of 'other'"):
        reconcile(*night(0).booked(), statement(list(night(0).true), lives=2, other=9))


def test_a_log_without_a_launch_is_refused() -> None:
    with pytest.raises(StatementUnfit, match="no launch yet"):
        reconcile(*booked([Block(1, 5, (ev.DeskOpened("me"),))]), statement([]))


def test_a_payment_that_is_booked_twice_is_a_fault_of_the_log() -> None:
    postings = (Posting(Account.PROVIDER, 5, "EUR"), Posting(Account.REFUND, -5, "EUR"))
    cash = Cash()
    cash.add(Transaction(1, 0, 5, "order_firmed", "o1", "p1", "", postings, ""))
    with pytest.raises(LedgerError, match=r"payment p1 is booked by event 2\.7 and by 1\.0"):
        cash.add(Transaction(2, 7, 5, "order_firmed", "o2", "p1", "", postings, ""))


def test_an_empty_ledger_of_a_launch_has_nothing_to_match() -> None:
    ledger = Ledger()
    first = night(0).blocks[0]
    assert not list(ledger.transactions(first))
    found = reconcile(ledger, Cash(), statement([night(0).true[0]]))
    assert found.differ == found.counts["missing_here"] == 1
