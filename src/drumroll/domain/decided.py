"""What deciding modules share: replays of a key, whose order it is, what is unknown, what a state does not allow."""

from __future__ import annotations

from drumroll.domain import events as ev
from drumroll.domain.book import Book, Done, Order
from drumroll.domain.launch import Launch, Model
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.states import FIRM, Move, State, leaves

Decision = tuple[ev.Event, ...] | Refusal


def replay(known: Order | Done, kinds: tuple[type[ev.Event], ...], fingerprint: bytes) -> Decision:
    """The answer to a key that was seen: nothing more if it stands for the same request, otherwise a refusal."""
    if isinstance(known, Order):
        same = ev.OrderReserved in kinds and known.fingerprint == fingerprint
    else:
        same = isinstance(known.event, kinds) and getattr(known.event, "fingerprint", None) == fingerprint
    if same:
        return ()
    return Refusal(Code.KEY_REUSED, "This Idempotency-Key was used for another request. Use a new key.")


def own_order(book: Book, order_id: str, customer: str) -> Order | Refusal:
    """The order of this customer. Somebody else's gets the words of one that does not exist."""
    order = book.orders.get(order_id)
    if order is None:
        return Refusal(Code.NO_SUCH_ORDER, f"There is no order {order_id}.")
    if order.customer != customer:
        # The words are those of an order that does not exist: whether it does is nobody else's business.
        return Refusal(Code.NOT_YOURS, f"There is no order {order_id}.")
    return order


def any_order(book: Book, order_id: str) -> Order | Refusal:
    """The order of that id, whoever's it is."""
    return book.orders.get(order_id) or Refusal(Code.NO_SUCH_ORDER, f"There is no order {order_id}.")


def wrong_state(order: Order, state: State, move: Move, what: str) -> Refusal:
    """An order in this state can't make that move; ``what`` is the move in words ("be locked")."""
    allowed = [one.value for one in leaves(move)]
    return state_refusal(order, state, allowed, what)


def state_refusal(order: Order, state: State, allowed: list[str], what: str) -> Refusal:
    """As ``wrong_state``, with the states that would be allowed."""
    words = f"{', '.join(allowed[:-1])} or {allowed[-1]}" if len(allowed) > 1 else allowed[0]
    message = f"Order {order.id} is {state.value}; only an order that is {words} can {what}."
    return Refusal(Code.WRONG_STATE, message, {"state": state.value, "allowed_states": allowed})


def settled(order: Order, at_ms: int) -> tuple[ev.Event, ...]:
    """The lock of a firm order whose cooling-off has ended, if time has not yet come to it: it goes before the rest."""
    if order.state is FIRM and order.state_at(at_ms) is not FIRM:
        return (ev.OrderLocked(order.id, early=False),)
    return ()


def unknown(launch: Launch, model_id: str, trim_id: str) -> Refusal:
    """There is no such model, or it has no such trim."""
    model = launch.model(model_id)
    return unknown_model(launch, model_id) if model is None else unknown_trim(model, trim_id)


def unknown_model(launch: Launch, model_id: str) -> Refusal:
    """There is no such model."""
    known = [model.id for model in launch.models]
    message = f"There is no model {model_id!r}; there are: {', '.join(known)}."
    return Refusal(Code.UNKNOWN_MODEL, message, {"models": known})


def unknown_trim(model: Model, trim_id: str) -> Refusal:
    """The model has no such trim."""
    known = [trim.id for trim in model.trims]
    message = f"{model.name} has no trim {trim_id!r}; there are: {', '.join(known)}."
    return Refusal(Code.UNKNOWN_TRIM, message, {"trims": known})
