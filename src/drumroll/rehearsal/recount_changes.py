"""The recount of conversions, of orders from elsewhere, and of those who wait."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

from drumroll.domain import events as ev
from drumroll.domain.launch import Conversion
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal.recount_count import Count
from drumroll.rehearsal.recount_offer import Place
from drumroll.rehearsal.recount_orders import act, arrive, before_lock, begin, check_terms, days_told, depart, promised
from drumroll.rehearsal.recount_seen import LOCKED_OR_LATER, STANDING, TO_CONVERTED, Before, Seen, Terms


def converted(count: Count, event: ev.OrderConverted) -> None:
    """The order is one of another model."""
    order_id = event.order_id
    seen = count.order(order_id)
    if seen is None:
        return
    count.use_key(event.key, f"a conversion of {order_id}")
    act(count, order_id, "converted", event.model, event.trim, event.price_minor, *days_told(event.promise))
    count.tally["reverted" if event.reverts else "conversions"] += 1
    before_lock(count, order_id, seen)
    if seen.state not in TO_CONVERTED:
        count.fault(rules.LEGAL, f"order {order_id} is converted, and is {seen.state}")
    place = count.offering.places.get((event.model, event.trim))
    if place is None:
        count.fault(rules.CONVERTED, f"order {order_id} becomes {event.model}/{event.trim}, which is not on offer")
    elif place.paused:
        count.fault(rules.ON_SALE, f"order {order_id} becomes one of {event.model} while its sales are paused")
    opened = count.offering.windows.get(event.window)
    if opened is None:
        count.fault(rules.CONVERTED, f"order {order_id} went through window {event.window}, which there is not")
    else:
        window, closes_ms = opened
        if not window.opens_at_ms <= count.at_ms < closes_ms:
            text = f"order {order_id} went through window {window.id} at {count.at_ms}, while it was closed"
            count.fault(rules.CONVERTED, f"{text} ({window.opens_at_ms} to {closes_ms} ms)")
        (_check_revert if event.reverts else _check_conversion)(count, event, seen, window)
    _convert(count, event, seen)


def _check_conversion(count: Count, event: ev.OrderConverted, seen: Seen, window: Conversion) -> None:
    order_id = event.order_id
    if seen.model not in window.from_models or event.model not in window.to_models:
        count.fault(rules.CONVERTED, f"order {order_id}: {window.id} is not from {seen.model} to {event.model}")
    if seen.state not in window.states:
        count.fault(rules.CONVERTED, f"order {order_id} went through window {window.id}, and was {seen.state}")
    if seen.later is not None and seen.later.used.get(window.id, 0) >= window.times:
        count.fault(rules.CONVERTED, f"order {order_id} used window {window.id} more than {window.times} times")
    place = count.offering.places.get((event.model, event.trim))
    settles = place is not None and window.deposit == "settle"
    _check_deposit(count, event, seen, place.deposit_minor if place is not None and settles else seen.kept_minor)
    anew = window.cooling_off == "anew"
    state = "firm" if anew or seen.state == "firm" else "locked"
    cooling = (seen.cooling_off_s, seen.cooling_from_ms)
    if anew and count.launch is not None:
        cooling = (count.launch.cooling_off_s, count.at_ms)
    has = (event.state, event.cooling_off_s, event.cooling_from_ms)
    if has != (state, *cooling):
        text = f"order {order_id} has state and cooling-off {has} after its conversion; right is {(state, *cooling)}"
        count.fault(rules.CONVERTED, text)
    _check_queued(count, event, _lock_time(count, seen, window, state))


def _check_deposit(count: Count, event: ev.OrderConverted, seen: Seen, deposit_minor: int) -> None:
    """What is missing of the deposit is due; what is too much is owed back."""
    held_minor = seen.kept_minor
    wanted = (deposit_minor, max(0, deposit_minor - held_minor), max(0, held_minor - deposit_minor))
    has = (event.deposit_minor, event.due_minor, event.refund_minor)
    if has != wanted:
        text = f"order {event.order_id} has deposit, due and refund {has} after its conversion; right is {wanted}"
        count.fault(rules.CONVERTED, text)


def _lock_time(count: Count, seen: Seen, window: Conversion, state: str) -> int | None:
    """The lock time that counts after a conversion: the one that it had, this moment, or none (it is to come)."""
    had_ms, deadline_ms = seen.lock_time_ms, window.place_kept_before_ms
    in_time = deadline_ms is not None and count.at_ms < deadline_ms
    if had_ms is None or window.place == "keep" or (window.place == "deadline" and in_time):
        return had_ms
    return None if state == "firm" else count.at_ms


def _check_queued(count: Count, event: ev.OrderConverted, queued_ms: int | None) -> None:
    if event.queued_at_ms != queued_ms:
        text = f"order {event.order_id} has lock time {event.queued_at_ms} after its conversion; right is {queued_ms}"
        count.fault(rules.QUEUED, text)


def _check_revert(count: Count, event: ev.OrderConverted, seen: Seen, window: Conversion) -> None:
    """The way back leads to exactly what the order was; once locked, it stays so."""
    before = seen.later.path[-1] if seen.later is not None and seen.later.path else None
    if window.irreversible or before is None or before.window != window.id:
        count.fault(rules.CONVERTED, f"order {event.order_id} goes back through window {window.id}, and can't")
        return
    firm = before.state == "firm" and seen.state == "firm"
    has, wanted = (_terms(event), event.state), (before.terms, "firm" if firm else "locked")
    if has != wanted:
        count.fault(rules.CONVERTED, f"order {event.order_id} goes back to {has}; it was {wanted}")
    _check_deposit(count, event, seen, before.terms.deposit_minor)
    now_ms = None if firm else seen.lock_time_ms
    _check_queued(count, event, now_ms if before.queued_ms is None else before.queued_ms)


def _terms(of: Seen | ev.OrderConverted) -> Terms:
    what = (of.model, of.trim, of.options, of.region)
    return Terms(*what, of.price_minor, of.deposit_minor, of.cooling_off_s, of.cooling_from_ms)


def _convert(count: Count, event: ev.OrderConverted, seen: Seen) -> None:
    order_id, more = event.order_id, seen.more()
    was, region, needed = (seen.model, seen.trim), seen.region, count.promises.needed(seen)
    depart(count, order_id, seen, event.price_before_minor)
    if not event.reverts:
        more.path.append(Before(event.window, seen.state, seen.lock_time_ms, _terms(seen)))
        more.used[event.window] = more.used.get(event.window, 0) + 1
    elif more.path:
        more.path.pop()
    if event.refund_minor:
        count.owe(order_id, seen, event.refund_minor, "conversion")
    _become(seen, event)
    arrive(count, order_id, seen, was)
    if needed is not None:
        count.promises.becomes(order_id, seen, needed, event.promise, count.at_ms)
    if not event.reverts:
        count.check_configuration(order_id, seen, rules.CONVERTED)
        if region != seen.region:
            count.check_region(order_id, seen)


def _become(seen: Seen, event: ev.OrderConverted) -> None:
    more, firm = seen.more(), event.state == "firm"
    seen.model, seen.trim, seen.options, seen.region = event.model, event.trim, event.options, event.region
    seen.price_minor, seen.deposit_minor = event.price_minor, event.deposit_minor
    seen.kept_minor = event.deposit_minor - event.due_minor
    more.due_minor = event.due_minor
    seen.cooling_off_s, seen.cooling_from_ms, seen.undo_until_ms = event.cooling_off_s, event.cooling_from_ms, 0
    seen.state = event.state
    seen.queued_ms, more.kept_ms = (None, event.queued_at_ms) if firm else (event.queued_at_ms, None)


# Orders from elsewhere


def imported(count: Count, event: ev.OrderImported) -> None:
    """An order that was made elsewhere, as it stood there."""
    order_id = event.order_id
    if order_id in count.orders or order_id in count.waits:
        count.fault(rules.ORDER_ONCE, f"order {order_id} is made again")
        return
    _check_import(count, event)
    count.references[event.reference] = order_id
    seen = Seen(event.customer, event.model, event.trim, event.options, event.region)
    seen.price_minor, seen.deposit_minor, seen.kept_minor = event.price_minor, event.deposit_minor, event.deposit_minor
    seen.state, seen.reserved_ms = event.state, event.reserved_at_ms
    seen.cooling_off_s, seen.cooling_from_ms = event.cooling_off_s, event.firm_at_ms
    seen.queued_ms = event.locked_at_ms
    seen.payments = (event.payment_id,)
    count.pay(event.payment_id, order_id, event.deposit_minor, count.currency, "imported")
    count.tally["imported"] += 1
    customer = count.customer(event.customer)
    customer.made += 1
    customer.live += 1
    count.orders[order_id] = seen
    count.put(seen, +1)
    if count.promises.weeks is not None:
        count.promises.imports(seen, count.at_ms)


def _check_import(count: Count, event: ev.OrderImported) -> None:
    order_id, locked = event.order_id, event.state in LOCKED_OR_LATER
    wrong = ""
    if event.reference in count.references:
        wrong = f"has reference {event.reference}, as has {count.references[event.reference]}"
    elif order_id != "ord_" + blake2b(event.reference.encode(), digest_size=10).hexdigest():
        wrong = f"is not named by its reference {event.reference}"
    elif event.state not in STANDING:
        wrong = f"comes in as {event.state}"
    elif locked is (event.locked_at_ms is None):
        wrong = f"is {event.state} and has lock time {event.locked_at_ms}"
    elif not event.reserved_at_ms <= event.firm_at_ms <= (event.locked_at_ms or event.firm_at_ms) <= count.at_ms:
        wrong = f"has times {event.reserved_at_ms}, {event.firm_at_ms}, {event.locked_at_ms}, at {count.at_ms} (ms)"
    elif not event.payment_id or event.deposit_minor < 0 or event.price_minor < 0:
        wrong = f"has payment {event.payment_id!r}, deposit {event.deposit_minor}, price {event.price_minor}"
    elif (event.model, event.trim) not in count.offering.ever:
        wrong = f"is for {event.model}/{event.trim}, which the launch does not have"
    if wrong:
        count.fault(rules.IMPORTED, f"order {order_id} {wrong}")


# Those who wait


def waiting_joined(count: Count, event: ev.WaitingJoined) -> None:
    """A customer waits for a place, because there is none."""
    order_id = event.order_id
    if order_id in count.orders or order_id in count.waits:
        count.fault(rules.ORDER_ONCE, f"order {order_id} is made again")
        return
    count.use_key(event.key, f"the waiting of {order_id}")
    wanted = (event.model, event.trim)
    line = count.waiting.setdefault(wanted, {})
    place = count.on_sale(order_id, *wanted)
    if count.launch is None or count.launch.waiting_offer_s is None:
        count.fault(rules.WAITED, f"{order_id} waits, and the launch has no waiting list")
    elif not line and place is not None and _has_room(count, place):
        count.fault(rules.WAITED, f"{order_id} waits for {event.model}/{event.trim}, which is not sold out")
    seen = Seen(event.customer, *wanted, event.options, event.region)
    line[order_id] = seen
    count.waits[order_id] = wanted
    customer = count.customer(event.customer)
    customer.waits += 1
    count.check_limit(order_id, customer.live + customer.waits)
    price = count.offering.price(*wanted, event.options)
    if place is not None and isinstance(price, str):
        count.fault(rules.CONFIGURED, f"{order_id}: {price}")
    count.check_region(order_id, seen)


def _has_room(count: Count, place: Place) -> bool:
    """Whether a place is free, even if all who wait for other trims under the same caps have theirs."""
    ahead = Counter(model for model, _ in count.waits.values())
    caps = zip(place.caps, count.taken(place), (0, ahead[place.model], len(count.waits)), strict=True)
    return all(cap is None or taken + before < cap for cap, taken, before in caps)


def place_offered(count: Count, event: ev.PlaceOffered) -> None:
    """The first of those who wait has a reservation."""
    order_id = event.order_id
    wanted = count.waits.pop(order_id, None)
    if wanted is None:
        count.fault(rules.WAITED, f"a place is offered to {order_id}, who does not wait")
        return
    line = count.waiting[wanted]
    first = next(iter(line))
    if first != order_id:
        count.fault(rules.WAITED, f"a place of {'/'.join(wanted)} is offered to {order_id}, and {first} came before")
    seen = line.pop(order_id)
    count.offered.add(order_id)
    count.tally["offered"] += 1
    count.customers[seen.customer].waits -= 1
    terms = (event.price_minor, event.deposit_minor, event.hold_s, event.cooling_off_s)
    count.orders[order_id] = seen
    place = begin(count, order_id, seen, terms, offered=True)
    promised(count, order_id, seen, event.promise)
    if place is not None and count.launch is not None:
        check_terms(count, order_id, seen, (place.deposit_minor, count.launch.waiting_offer_s))


def waiting_left(count: Count, event: ev.WaitingLeft) -> None:
    """A customer waits no more."""
    wanted = count.waits.pop(event.order_id, None)
    if event.key:
        count.use_key(event.key, f"the leaving of {event.order_id}")
    if wanted is None:
        count.fault(rules.WAITED, f"{event.order_id} waits no more, and did not wait")
        return
    seen = count.waiting[wanted].pop(event.order_id)
    count.customers[seen.customer].waits -= 1
