"""The letters that customers get unasked: what their order's page says at that moment, and never more. Pure.

E-mail is plain text in paragraphs. A text to a phone is one of at most 140 signs: what matters most comes first, and
what has no room is left out, as it stands on the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from drumroll.domain.book import Book, Order, OwedBecause, Refund
from drumroll.domain.money import EXPONENTS
from drumroll.domain.promise import Promise
from drumroll.domain.states import DELIVERED, RESERVED, STANDING
from drumroll.domain.weeks import monday, sunday
from drumroll.notices.notice import Kind, Letter, Occasion, Weeks
from drumroll.notices.store import Told
from drumroll.people.delivery import SUBJECT_CHARACTERS, TEXT_CHARACTERS
from drumroll.people.person import Person
from drumroll.web.pages.order_history import owed_because
from drumroll.web.pages.order_views import launch_of, means, refundable_text, region_of, state_of
from drumroll.web.pages.windows import Window, chosen_of, name_of, window_of
from drumroll.web.promises import delivery_of, nothing_promised
from drumroll.words.catalog import Words, words_of
from drumroll.words.negotiation import negotiate

SHORT_CHARACTERS = 140
"""What a text holds; two parts of 70 where it is not Latin (3GPP TS 23.038)."""

_FULL_WIDTH = ("\uff0c", "\u3002", "\uff1a", "\uff01")
"""Marks of Chinese, which bring their space along."""


class Letters:
    """Makes letters. ``public_url`` is where browsers reach the server; empty: no letter has an address in it.

    ``now_ms`` is the desk's time.
    """

    def __init__(self, public_url: str, now_ms: Callable[[], int]) -> None:
        self._base = public_url.rstrip("/")
        self._now_ms = now_ms

    def __call__(self, book: Book, order: Order, why: Occasion, told: Told | None, person: Person) -> Letter | None:
        """The letter to a person about their order; ``None``: there is nothing (left) to be said."""
        words = words_of(negotiate(None, person.language))
        about = _About(book, order, self._now_ms(), words, f"{self._base}/orders/{order.id}" if self._base else "")
        return _MADE[why.kind](about, why, told)


class _About:
    """An order and what every letter says of it."""

    def __init__(self, book: Book, order: Order, now_ms: int, words: Words, address: str) -> None:
        self.book, self.order, self.now_ms, self.words, self.address = book, order, now_ms, words, address
        self.launch = launch_of(book)
        self.state = state_of(order, now_ms)
        self.name = name_of(self.launch, order.offer.model, order.offer.trim, words)

    def letter(self, subject: str, paragraphs: list[str], short: list[str], *, tells: bool = False) -> Letter:
        """The letter, with where to go and who writes at its end. ``tells``: it speaks of the delivery."""
        more = [self.words.say("Your order: %(address)s", address=self.address)] if self.address else []
        launch = self.words.text(self.launch, self.launch.name)
        text = "\n\n".join([*filter(None, paragraphs), *more, launch])
        promise = self.order.promise if tells else None
        weeks = None if promise is None else Weeks(promise.first_week, promise.last_week)
        return Letter(_line(subject), text[:TEXT_CHARACTERS], _short([*short, self.address]), tells, weeks)

    def money(self, minor: int, currency: str) -> str:
        """An amount; one in a currency that nobody knows as it came."""
        return self.words.money(minor, currency) if currency in EXPONENTS else f"{minor} {currency}"

    def window(self) -> Window | None:
        """What is promised now."""
        order = self.order
        return window_of(self.launch, delivery_of(self.book, order.offer.model, order.promise, self.now_ms), self.words)

    def delivery(self) -> list[str]:
        """The promise in sentences, as the page has it: days, how sure they are, what they would miss."""
        window = self.window()
        if window is None:
            unpromised = nothing_promised(self.book, self.order)
            return [self.words.say("No delivery could be promised for it; it has no week yet.")] if unpromised else []
        days = self.words.say("Delivery: %(days)s.", days=window.days)
        return ["\n".join([days, window.sure, *(cliff.text for cliff in window.cliffs)])]

    def ordered(self) -> str:
        """What was ordered, a line each."""
        order, words = self.order, self.words
        model = self.launch.model(order.offer.model)
        lines = [(words.say("Order number"), order.id)]
        lines += [
            (one.option, one.choices)
            for one in (chosen_of(self.launch, model, order.offer.options, words) if model else ())
        ]
        if region := region_of(self.launch, order, words):
            lines.append((words.say("Delivered to"), region))
        lines.append((words.say("Price"), words.money(order.offer.price_minor, order.offer.currency)))
        return "\n".join(words.say("%(what)s: %(value)s", what=what, value=value) for what, value in lines)


def _confirmed(about: _About, why: Occasion, told: Told | None) -> Letter | None:
    order, words = about.order, about.words
    if about.state not in STANDING:
        return None
    held = words.money(order.held_minor or order.offer.deposit_minor, order.offer.currency)
    subject = words.say("Your order stands: %(name)s", name=about.name)
    arrived = words.say("Your deposit of %(held)s arrived: your order for %(name)s stands.", held=held, name=about.name)
    window = about.window()
    short = [words.say("%(name)s: your order stands.", name=about.name)]
    short += [words.say("Delivery: %(days)s.", days=window.days)] if window else []
    text = [arrived, about.ordered(), *about.delivery(), means(about.book, order, about.now_ms, words)]
    return about.letter(subject, text, short, tells=True)


def _offered(about: _About, why: Occasion, told: Told | None) -> Letter | None:
    order, words = about.order, about.words
    if about.state is not RESERVED:
        return None
    facts = {
        "name": about.name,
        "until": words.moment(order.expires_at_ms, about.launch.time_zone),
        "deposit": words.money(order.offer.deposit_minor, order.offer.currency),
    }
    subject = words.say("A place is held for you until %(until)s: %(name)s", **facts)
    first = words.say("You waited for a place: %(name)s. One became free and is held for you.", **facts)
    pay = means(about.book, order, about.now_ms, words)
    text = [first, f"{pay}\n{refundable_text(order, words)}", about.ordered(), *about.delivery()]
    short = [words.say("%(name)s: a place is held for you until %(until)s. Deposit: %(deposit)s.", **facts)]
    return about.letter(subject, text, short, tells=True)


def _moved(about: _About, why: Occasion, told: Told | None) -> Letter | None:
    """The promise now and the one last told: in a letter, or on the page when it was ordered or changed."""
    order, words, now = about.order, about.words, about.order.promise
    then = told.weeks if told is not None else _weeks(order.promised)
    if about.state not in STANDING or about.state is DELIVERED or now is None:
        return None
    if then is None:
        # An order from elsewhere was told nothing by us.
        return None if order.from_elsewhere else _first_promise(about, why)
    later = now.last_week - then.last
    if not later:
        return None
    before = words.days(monday(then.first), sunday(then.last))
    if later > 0:
        subject = words.say("Your delivery comes later: %(name)s", name=about.name)
        moved = words.say_n(
            "Your delivery comes %(num)s week later than you were last told.",
            "Your delivery comes %(num)s weeks later than you were last told.",
            later,
        )
    else:
        subject = words.say("Your delivery comes earlier: %(name)s", name=about.name)
        moved = words.say_n(
            "Your delivery comes %(num)s week earlier than you were last told.",
            "Your delivery comes %(num)s weeks earlier than you were last told.",
            -later,
        )
    text = [
        f"{about.name}\n{moved}",
        words.say("You were last told: %(days)s.", days=before),
        *about.delivery(),
        _reason(why, words),
        means(about.book, order, about.now_ms, words),
    ]
    days = words.days(monday(now.first_week), sunday(now.last_week))
    short = [words.say("%(name)s: delivery is now %(days)s.", name=about.name, days=days)]
    return about.letter(subject, text, [*short, words.say("You were last told: %(days)s.", days=before)], tells=True)


def _first_promise(about: _About, why: Occasion) -> Letter:
    order, words, window = about.order, about.words, about.window()
    subject = words.say("Your order has a delivery time now: %(name)s", name=about.name)
    first = words.say("Until now no delivery could be promised for %(name)s. It has its weeks now.", name=about.name)
    text = [first, *about.delivery(), _reason(why, words), means(about.book, order, about.now_ms, words)]
    days = window.days if window else ""
    return about.letter(
        subject, text, [words.say("%(name)s: delivery is now %(days)s.", name=about.name, days=days)], tells=True
    )


def _withdrawn(about: _About, why: Occasion, told: Told | None) -> Letter | None:
    order, words = about.order, about.words
    back = [one for one in about.book.refunds_of.get(order.id, ()) if one.reason == OwedBecause.WITHDRAWN]
    subject = words.say("We cancelled your order: %(name)s", name=about.name)
    money = [words.say("To be paid back: %(refund)s.", refund=amount) for amount in _sums(about, back)]
    if order.forfeited_minor:
        lost = words.money(order.forfeited_minor, order.offer.currency)
        money.append(words.say("Not paid back: %(forfeited)s.", forfeited=lost))
    first = words.say("We cancelled your order for %(name)s.", name=about.name)
    short = [words.say("%(name)s: we cancelled your order.", name=about.name), *money]
    return about.letter(subject, [first, _reason(why, words), *money], short)


def _owed(about: _About, why: Occasion, told: Told | None) -> Letter | None:
    """All that is owed for the order now; what was paid already has its own letter."""
    words = about.words
    owed = [one for one in about.book.refunds_of.get(about.order.id, ()) if one.paid_at_ms is None]
    owed = [one for one in owed if one.reason != OwedBecause.WITHDRAWN]
    if not owed:
        return None
    amount = words.listed(_sums(about, owed))
    subject = words.say("Money comes back to you: %(name)s", name=about.name)
    lines = [_owed_line(about, one) for one in owed]
    if len(owed) == 1:
        because = owed_because(owed[0].reason, words)
        lines = [words.say("It comes back to you: %(because)s.", because=because)] if because else []
    first = words.say("%(amount)s comes back to you, the way it was paid.", amount=amount)
    short = [words.say("%(name)s: %(amount)s comes back to you.", name=about.name, amount=amount)]
    return about.letter(subject, [f"{about.name}\n{first}", "\n".join(lines)], short)


def _paid(about: _About, why: Occasion, told: Told | None) -> Letter | None:
    words, refund = about.words, about.book.refunds[why.about]
    if refund.paid_at_ms is None:
        return None
    amount = about.money(refund.amount_minor, refund.currency)
    subject = words.say("Money was paid back to you: %(name)s", name=about.name)
    first = words.say("%(amount)s was paid back to you.", amount=amount)
    short = [words.say("%(name)s: %(amount)s was paid back to you.", name=about.name, amount=amount)]
    return about.letter(subject, [f"{about.name}\n{first}", _owed_line(about, refund)], short)


_MADE: dict[Kind, Callable[[_About, Occasion, Told | None], Letter | None]] = {
    Kind.CONFIRMED: _confirmed,
    Kind.OFFERED: _offered,
    Kind.MOVED: _moved,
    Kind.WITHDRAWN: _withdrawn,
    Kind.OWED: _owed,
    Kind.PAID: _paid,
}


def _weeks(promise: Promise | None) -> Weeks | None:
    return None if promise is None else Weeks(promise.first_week, promise.last_week)


def _reason(why: Occasion, words: Words) -> str:
    return words.say("The reason: %(reason)s", reason=why.reason) if why.reason else ""


def _owed_line(about: _About, refund: Refund) -> str:
    """An amount and why it comes back."""
    because = owed_because(refund.reason, about.words)
    amount = about.money(refund.amount_minor, refund.currency)
    return about.words.say("%(what)s: %(value)s", what=amount, value=because) if because else amount


def _sums(about: _About, refunds: list[Refund]) -> list[str]:
    """What these refunds come to, by currency."""
    sums: Counter[str] = Counter()
    for refund in refunds:
        sums[refund.currency] += refund.amount_minor
    return [about.money(minor, currency) for currency, minor in sums.items()]


def _line(subject: str) -> str:
    """A subject as mail servers take it: one line that is not too long."""
    return "".join(sign for sign in subject if sign.isprintable())[:SUBJECT_CHARACTERS]


def _short(parts: list[str]) -> str:
    """The parts that have room, in their order; the first in any case."""
    text = parts[0][:SHORT_CHARACTERS]
    for part in filter(None, parts[1:]):
        joint = "" if text.endswith(_FULL_WIDTH) else " "
        if len(text) + len(joint) + len(part) <= SHORT_CHARACTERS:
            text = f"{text}{joint}{part}"
    return text
