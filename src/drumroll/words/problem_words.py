"""What to tell people when something was refused: for every code of the API what happened, and what to do next.

A sentence names facts of the problem. The first of a code's sentences of which all facts are there is said; the last
one needs none but ``detail`` (the problem's own words, told again by ``retold``), which only what programs and
operators see has.
A code may have sentences of its own for a fact: ``invalid_options.requires`` for the rule, ``sold_out.waiting_list``
where that is so, ``confirmation_required.lock`` for the action.
"""

from __future__ import annotations

from typing import Final


def worded(message: str) -> str:
    """The message itself: marks English that is said elsewhere, so that its translation is asked for."""
    return message


def worded_in(context: str, message: str) -> tuple[str, str]:
    """As ``worded``, of a word that is another one elsewhere."""
    return context, message


STATES: Final[dict[str, tuple[str, str]]] = {
    "reserved": worded_in("order state", "reserved"),
    "firm": worded_in("order state", "firm"),
    "locked": worded_in("order state", "locked"),
    "scheduled": worded_in("order state", "scheduled"),
    "in_production": worded_in("order state", "in production"),
    "built": worded_in("order state", "built"),
    "in_transit": worded_in("order state", "in transit"),
    "delivered": worded_in("order state", "delivered"),
    "expired": worded_in("order state", "expired"),
    "cancelled": worded_in("order state", "cancelled"),
    "forfeited": worded_in("order state", "forfeited"),
    "waiting": worded_in("order state", "waiting"),
    "offered": worded_in("order state", "offered"),
    "left": worded_in("order state", "left"),
}
"""The states of an order, and of a place in the waiting list, as people read them."""

SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "not_open_yet": (
        worded("Sales open on %(opens_at)s. Please come back then."),
        worded("Sales have not opened yet. Please come back when they do."),
    ),
    "closed": (
        worded("Sales closed on %(closed_at)s. Orders made before then stand."),
        worded("Sales have closed. Orders made before then stand."),
    ),
    "paused": (worded("Sales are paused. Nothing was ordered; please try again in a while."),),
    "unknown_model": (
        worded("There is no such model. You can choose: %(models)s."),
        worded("There is no such model. Please choose another one."),
    ),
    "unknown_trim": (
        worded("There is no such trim. You can choose: %(trims)s."),
        worded("There is no such trim. Please choose another one."),
    ),
    "unknown_option": (
        worded("This trim has no %(choice)s. You can choose: %(choices)s."),
        worded("This trim has no such option. Please leave it out."),
    ),
    "invalid_options": (worded("These options do not go together. Please choose again."),),
    "invalid_options.once": (worded("%(choice)s is there more than once. Please choose it once."),),
    "invalid_options.trims": (
        worded("%(choice)s is only to be had in: %(trims)s. Please choose another option or another trim."),
    ),
    "invalid_options.one": (worded("%(choice)s and %(other)s can't both be chosen. Please choose one of them."),),
    "invalid_options.requires": (
        worded("%(choice)s needs %(requires)s. Please add that one, or choose without %(choice)s."),
    ),
    "invalid_options.excludes": (worded("%(choice)s does not go with %(excludes)s. Please leave out one of the two."),),
    "unknown_region": (
        worded("There is no delivery to that region. You can choose: %(regions)s."),
        worded("There is no delivery to that region."),
    ),
    "sold_out": (worded("It is sold out. Please choose another model or trim."),),
    "sold_out.waiting_list": (
        worded(
            "It is sold out. You can join the waiting list: free places are offered in the order in which "
            "people joined."
        ),
    ),
    "not_sold_out": (worded("There are places left. You can order now instead of waiting."),),
    "no_waiting_list": (worded("There is no waiting list for this launch."),),
    "too_many_orders": (
        worded("You have reached the limit of orders per person (%(limit)s). You find yours under “My orders”."),
        worded("You have reached the limit of orders per person. You find yours under “My orders”."),
    ),
    "no_such_order": (worded("You have no such order. Look under “My orders”, or sign in as the person who made it."),),
    "wrong_state": (
        worded("The order is %(state)s. What you asked for can be done only while it is: %(allowed_states)s."),
        worded("This can't be done any more: it is %(state)s."),
        worded("This can't be done in the order's present state."),
    ),
    "confirmation_required": (worded("Please look at what would change, and confirm it."),),
    "confirmation_required.forfeit": (
        worded(
            "Your order is locked: if you cancel it, you give up the deposit of %(forfeits)s. Its lock can "
            "still be undone until %(undo_until)s. Confirm only if you want to give it up."
        ),
        worded(
            "Your order is locked: if you cancel it, you give up the deposit of %(forfeits)s. Confirm only if "
            "you want to give it up."
        ),
        worded(
            "Your order is locked: if you cancel it, you give up the deposit. Confirm only if you want to give it up."
        ),
    ),
    "confirmation_required.lock": (
        worded(
            "If you lock now, you give up two rights: to have %(forfeits)s back, which you can until "
            "%(refundable_until)s, and to change the order. You can undo it for %(undo)s. Confirm only if you "
            "want that."
        ),
        worded(
            "If you lock now, you give up two rights: to have %(forfeits)s back, which you can until "
            "%(refundable_until)s, and to change the order. It can't be undone. Confirm only if you want that."
        ),
        worded(
            "If you lock now, you give up the right to have the deposit back, and to change the order. Confirm "
            "only if you want that."
        ),
    ),
    "confirmation_required.change": (
        worded("The price would be %(price)s instead of %(price_before)s. Confirm to change the order."),
        worded("Please look at what would change, and confirm it."),
    ),
    "confirmation_required.convert": (
        worded(
            "The order would be for another model, at %(price)s instead of %(price_before)s. Confirm to convert it."
        ),
        worded("Please look at what would change, and confirm it."),
    ),
    "confirmation_required.convert.irreversible": (
        worded(
            "The order would be for another model, at %(price)s instead of %(price_before)s. It can't be "
            "changed back. Confirm only if you want that."
        ),
        worded("Please look at what would change, and confirm it."),
    ),
    "nothing_to_change": (worded("The order is like that already. Nothing was changed."),),
    "too_late": (
        worded("It is too late: this could be done until %(until)s."),
        worded("It is too late: the lock of this order can't be undone."),
    ),
    "no_conversion": (
        worded("This order can't be converted so. It can become one for: %(to)s."),
        worded("This order can't be converted to another model."),
    ),
    "conversion_not_open": (
        worded("Orders can be converted so from %(opens_at)s on. Please come back then."),
        worded("Orders can't be converted so yet."),
    ),
    "conversion_closed": (
        worded("Orders could be converted so until %(closed_at)s. Your order stands as it is."),
        worded("Orders can't be converted so any more. Your order stands as it is."),
    ),
    "already_converted": (worded("This order was converted as often as it may be. It stands as it is."),),
    "invalid_amount": (worded("The amount is not allowed. Nothing was paid back. %(detail)s"),),
    "invalid_time": (
        worded("The time must be after %(after)s."),
        worded("The time can't be taken. %(detail)s"),
    ),
    "unknown_window": (
        worded("There is no such window. There are: %(windows)s."),
        worded("There is no such window."),
    ),
    "invalid_moves": (
        worded("No order was moved: %(fault_count)s can't be. Mend the list and send it again."),
        worded("No order was moved. Name at least one."),
    ),
    "invalid_import": (
        worded("Nothing was imported: rows with mistakes: %(fault_count)s. Mend them and import again."),
        worded("Nothing was imported. Mend the file and import again."),
    ),
    "no_such_refund": (worded("There is no such refund. Look at the list of refunds owed."),),
    "no_capacity": (
        worded(
            "There is no capacity for this: no delivery can be promised. Please choose something else, or try "
            "again later."
        ),
    ),
    "unknown_resource": (
        worded("There is no such plant or limit. There are: %(resources)s."),
        worded("There is no such plant or limit."),
    ),
    "invalid_week": (
        worded("Allowed are weeks from %(from)s until %(until)s."),
        worded("These weeks are not allowed."),
    ),
    "invalid_plan": (worded("This plan does not fit the orders. The old plan stands. %(detail)s"),),
    "stale_plan": (worded("Something changed after this plan was made. The old plan stands; please plan again."),),
    "frozen_weeks": (
        worded("Orders in frozen weeks can't be moved: %(count)s. The old plan stands; please plan again."),
        worded("Orders in frozen weeks can't be moved. The old plan stands; please plan again."),
    ),
    "idempotency_key_reused": (
        worded(
            "This request was sent before, and it said something else. Reload the page and try again; a "
            "program uses a new Idempotency-Key."
        ),
    ),
    "idempotency_key_missing": (
        worded("The request has no Idempotency-Key. Send a new one for each thing that you want."),
    ),
    "idempotency_key_invalid": (worded("The Idempotency-Key can't be used: send one, of 1 to 255 characters."),),
    "no_session": (worded("You are not signed in, or your session has ended. Please sign in."),),
    "not_an_operator": (worded("Your account may not do this. Sign in with one that may."),),
    "not_admitted": (
        worded("Orders go through the waiting room now. Take a place in it, and order when it is your turn."),
    ),
    "not_drawn_yet": (worded("Places in the waiting room are drawn when the sale opens. Please come back then."),),
    "room_not_open": (worded("The waiting room is not open yet. Please come back when it opens."),),
    "room_over": (worded("The waiting room is over. You can order right away."),),
    "no_waiting_room": (worded("This launch has no waiting room. You can order without a ticket."),),
    "room_failed": (
        worded(
            "The waiting room can't be reached for the moment. You keep the place that you were told; please "
            "try again shortly."
        ),
    ),
    "not_allowed": (worded("Your role does not allow this. Ask somebody whose role does."),),
    "cross_site": (
        worded("This was sent from another site, so nothing was done. Please open the page itself and send it there."),
    ),
    "form_expired": (
        worded("This page is no longer current, so nothing was done. Please load it again and send it once more."),
    ),
    "not_signed_in": (
        worded("You are not signed in: what you entered does not fit. Please check it, or ask for a new code."),
    ),
    "too_many_requests": (
        worded("That was too often. Please wait %(retry_after)s and try again."),
        worded("That was too often. Please wait a while and try again."),
    ),
    "not_delivered": (
        worded("The message could not be sent. Please try again in a while, or use another address or number."),
    ),
    "access_unavailable": (worded("Signing in is not possible for the moment. Please try again shortly."),),
    "invalid_request": (worded("The request is not as it must be. %(detail)s"),),
    "malformed_body": (worded("What was sent can't be read. %(detail)s"),),
    "invalid_body": (worded("What was sent is not as it must be. %(detail)s"),),
    "unsupported_media_type": (worded("What was sent must be JSON (application/json)."),),
    "body_too_large": (
        worded("What was sent is too long: %(limit_bytes)s bytes are allowed."),
        worded("What was sent is too long."),
    ),
    "webhook_signature": (worded("The webhook's signature does not match. Nothing was booked."),),
    "webhook_too_old": (
        worded("The webhook's time is too far from now. Nothing was booked; send it again, signed anew."),
    ),
    "webhook_malformed": (worded("The webhook can't be read. Nothing was booked. %(detail)s"),),
    "queue_full": (
        worded(
            "Very many people are ordering right now, and your request was not taken. Please try again in a moment."
        ),
    ),
    "desk_closed": (
        worded(
            "Orders can't be taken or shown for the moment. Please try again shortly; repeating the same "
            "request is safe."
        ),
    ),
    "too_many_viewers": (worded("Too many people watch already. Please try again in a while."),),
    "clock_not_steerable": (worded("This sandbox runs on the real time, which can't be moved."),),
    "no_transparency_log": (worded("This launch publishes no log, so there are no receipts."),),
    "not_published": (worded("There is no such file in the published log."),),
    "no_such_event": (worded("The order has no such event. Look at its history."),),
    "not_published_yet": (worded("The receipt is not ready yet. Please try again in a few seconds."),),
    "not_found": (worded("There is nothing at this address."),),
    "method_not_allowed": (worded("This address can't be used so."),),
    "internal_error": (worded("The server has failed; it has written down why. Please try again later."),),
    "error": (worded("The request was not done. %(detail)s"),),
    "wrong_launch": (worded("This log belongs to another launch."),),
}
"""By code (and, after a dot, by what of it); of several sentences the one that says most stands first."""

SENTENCES["not_yours"] = SENTENCES["no_such_order"]
