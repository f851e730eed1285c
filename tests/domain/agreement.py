"""What must hold after every step: the book and the naive desk agree, and the book agrees with itself."""

from __future__ import annotations

import msgspec

from drumroll.domain.book import Book, Order
from drumroll.domain.queue import lock_time_of
from drumroll.domain.states import QUEUED
from tests.domain.naive_desk import GONE
from tests.domain.naive_operators import NaiveOperators


def orders_agree(book: Book, naive: NaiveOperators) -> None:
    assert list(book.orders) == list(naive.orders) == [order.id for order in book.sequence]
    for order_id, order in book.orders.items():
        ours, offer = naive.orders[order_id], order.offer
        theirs = {
            "state": order.state.value,
            "customer": order.customer,
            "model": offer.model,
            "trim": offer.trim,
            "options": offer.options,
            "region": offer.region,
            "price": offer.price_minor,
            "deposit": offer.deposit_minor,
            "cooling_ms": offer.cooling_off_ms,
            "reserved_at": order.reserved_at_ms,
            "expires_at": order.expires_at_ms,
            "firm_at": order.firm_at_ms,
            "cooling_from": order.cooling_from_ms,
            "undo_until": order.undo_until_ms,
            "due": order.due_minor,
            "blocks": list(order.blocks),
        }
        assert theirs == {name: ours[name] for name in theirs}, order_id
        assert order.locks_at_ms == naive.locks_at(ours)
        assert order.held_minor == naive.held(ours)
        assert order.forfeited_minor == sum(left for _, left in ours["lost"])
        assert order.state_at(naive.at).value == naive.state(ours)
        assert (order.payment_id is None) == (order.firm_at_ms is None)


def queues_agree(book: Book, naive: NaiveOperators) -> None:
    """Every order that waits for production has one place in the queue of its model, and nobody else has any."""
    for model, queue in book.queues.items():
        right = naive.queue(model)
        mine = {
            order.id: order for order in book.orders.values() if order.state in QUEUED and order.offer.model == model
        }
        assert sorted(queue) == sorted(order.place for order in mine.values())
        assert len(queue) == book.queue_length(model) == len(right)
        assert sorted(mine, key=lambda key: book.place(mine[key]) or 0) == right
        assert [book.place(mine[key]) for key in right] == list(range(1, len(right) + 1))
        assert [lock_time_of(mine[key].place) for key in right] == [naive.orders[key]["place"][0] for key in right]
    waiting = sum(order.state in QUEUED for order in book.orders.values())
    assert sum(len(queue) for queue in book.queues.values()) == waiting
    assert all(book.place(order) is None for order in book.orders.values() if order.state not in QUEUED)


def tallies_agree(book: Book, naive: NaiveOperators) -> None:
    for (model, trim), tally in book.tallies.items():
        assert {s.value: n for s, n in tally.by_state.items() if n} == {
            s.value: n for s in tally.by_state if (n := naive.count(model, trim, s.value))
        }
        assert tally.live == len(naive.live(model=model, trim=trim))
        standing = naive.standing(model, trim)
        assert tally.standing == len(standing)
        assert tally.converted == sum(bool(order["path"]) for order in standing)
    assert sum(sum(tally.by_state.values()) for tally in book.tallies.values()) == len(naive.orders)
    assert book.live() == len(naive.live())


def money_agrees(book: Book, naive: NaiveOperators) -> None:
    """To the fen, and every pot recounted from orders and refunds."""
    money = msgspec.structs.asdict(book.money)
    assert money == naive.money()
    assert money["received"] == sum(amount for pot, amount in money.items() if pot != "received")
    assert money["held"] == sum(order.held_minor for order in book.orders.values())
    assert money["forfeited"] == sum(order.forfeited_minor for order in book.orders.values())
    assert all(amount >= 0 for amount in money.values())
    theirs = {
        refund.id: (
            refund.payment_id,
            refund.order_id,
            refund.amount_minor,
            refund.currency,
            refund.paid_at_ms is not None,
        )
        for refund in book.refunds.values()
    }
    names = ("payment", "order", "amount", "currency", "paid")
    assert theirs == {key: tuple(refund[name] for name in names) for key, refund in naive.refunds.items()}
    assert set(book.refunds_owed) == {key for key, refund in naive.refunds.items() if not refund["paid"]}
    assert set(book.payments) == set(naive.payments)
    of_orders = sorted(refund.id for refunds in book.refunds_of.values() for refund in refunds)
    assert of_orders == sorted(book.refunds)


def waiting_agrees(book: Book, naive: NaiveOperators) -> None:
    assert {key: entry.state for key, entry in book.entries.items()} == {
        key: entry["state"] for key, entry in naive.waiting.items()
    }
    lines = {of: list(line) for of, line in book.waiting.items()}
    assert all(lines.values())
    for (model, trim), line in lines.items():
        assert line == [key for key, entry in naive.waiting.items() if entry in naive.waits(model=model, trim=trim)]
    assert sum(map(len, lines.values())) == len(naive.waits())
    customers = {entry["customer"] for entry in naive.waits()}
    waiting_of = {one: len(entries) for one, entries in book.waiting_of.items()}
    assert waiting_of == {one: len(naive.waits(customer=one)) for one in customers}


def indexes_hold_the_orders_themselves(book: Book, naive: NaiveOperators) -> None:
    indexed = [order for orders in book.customers.values() for order in orders]
    assert sorted(map(id, indexed)) == sorted(map(id, book.orders.values()))
    assert set(book.keys) == set(naive.keys)
    for known in book.keys.values():
        order = known if isinstance(known, Order) else known.order
        assert order is None or book.orders[order.id] is order
    assert {one for one, orders in book.customers.items() if orders} == {o["customer"] for o in naive.orders.values()}


def deadlines_agree(book: Book, naive: NaiveOperators) -> None:
    """What is due is found, each once."""
    for at in (naive.at - 1, naive.at, naive.at + 4_000, naive.at + 10_000, naive.at + 10**9):
        for found, right in (
            ([order.id for order in book.holds.due(at)], naive.due_to_expire(at)),
            ([order.id for order in book.coolings.due(at)], naive.due_to_lock(at)),
        ):
            assert len(found) == len(set(found))
            assert set(found) == right


def places(naive: NaiveOperators) -> dict[str, tuple[str, str]]:
    """Who takes a place, and where."""
    return {key: (o["model"], o["trim"]) for key, o in naive.orders.items() if o["state"] not in GONE}


def caps_hold(naive: NaiveOperators, before: dict[str, tuple[str, str]]) -> None:
    """Whoever took a place in this step found one free: of their own, and at every cap under which they are new."""
    for order_id, (model, trim) in places(naive).items():
        was = before.get(order_id)
        if was is None:
            customer = naive.orders[order_id]["customer"]
            assert naive.held_by(customer) <= naive.launch.orders_per_customer, "one order too many"
            _under(len(naive.live()), naive.offer.cap())
        if was is None or was[0] != model:
            _under(len(naive.live(model=model)), naive.offer.cap(model))
        if was != (model, trim):
            _under(len(naive.live(model=model, trim=trim)), naive.offer.cap(model, trim))


def _under(taken: int, cap: int | None) -> None:
    assert cap is None or taken <= cap, "a place that there was not"


def counts_over_time_agree(book: Book, naive: NaiveOperators, milestones: tuple[int, ...] | None) -> None:
    naive.note()
    assert book.headline_firm == naive.headline_firm()
    for second in range(naive.at // 1000 - 12, naive.at // 1000 + 1):
        assert book.curve.at(second) == naive.firm_at_end_of(second)
    reached = [milestone.firm for milestone in book.milestones]
    assert reached == sorted(set(reached))
    if milestones is not None:
        ours = [(firm, naive.first_reached(firm)) for firm in milestones]
        assert [(one.firm, one.at_ms) for one in book.milestones] == [row for row in ours if row[1] is not None]
