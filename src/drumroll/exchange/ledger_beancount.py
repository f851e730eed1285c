"""The journal in Beancount's text format: accounts, a transaction each, and at the end what every account must hold.

No plug-in is needed. Times of day are metadata, as Beancount knows days only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from drumroll.domain.launch import Launch
from drumroll.domain.money import EXPONENTS
from drumroll.domain.times import rfc3339
from drumroll.outlook.accounts import ACCOUNTS, Account
from drumroll.outlook.journal import Posting, Transaction
from drumroll.outlook.ledger import Ledger

ANY_CURRENCY = frozenset({Account.PROVIDER, Account.PAID_BY_HAND, Account.PAYABLE})
"""Accounts through which money goes that a stranger paid in whatever currency; all others have the launch's alone."""

_DAY = timedelta(days=1)
_LETTERS = re.compile("[A-Z]{3}")
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


def head(launch: Launch, at_ms: int) -> Iterator[str]:
    """Options, and every account: they are open from the day of ``at_ms`` on."""
    name, currency, day = _text(launch.name), launch.currency, rfc3339(at_ms, launch.time_zone)[:10]
    yield ";; -*- mode: beancount -*-\n"
    yield f";; The ledger of launch {launch.id}, written by drumroll ledger export: days of {launch.time_zone}.\n"
    yield ";; A debit is above 0, a credit below. What is posted when: docs/ledger.md of drumroll.\n\n"
    yield f'option "title" {name}\noption "operating_currency" "{currency}"\n\n'
    for facts in ACCOUNTS:
        only = "" if facts.account in ANY_CURRENCY else f" {currency}"
        yield f"{day} open {facts.account}{only}\n  title: {_text(facts.title)}\n"


def body(launch: Launch, transactions: Iterable[Transaction]) -> Iterator[str]:
    """The transactions, in their order; days and times in the launch's zone."""
    zone = launch.time_zone
    for each in transactions:
        at = rfc3339(each.at_ms, zone)
        payee = f"{_text(each.order_id)} " if each.order_id else ""
        lines = [
            f'\n{at[:10]} * {payee}{_text(each.narration)}\n  event: "{each.event}"\n  kind: "{each.kind}"\n',
            f'  at: "{at}"\n',
        ]
        named = (("order", each.order_id), ("payment", each.payment_id), ("refund", each.refund_id))
        lines += [f"  {name}: {_text(value)}\n" for name, value in named if value]
        lines += [_posting(posting) for posting in each.postings]
        yield "".join(lines)


def foot(launch: Launch, ledger: Ledger) -> Iterator[str]:
    """What every account must hold the day after the last block, to the minor unit."""
    at = rfc3339(ledger.at_ms, launch.time_zone)
    day = date.fromisoformat(at[:10]) + _DAY
    yield f"\n;; The balances after block {ledger.position} of {at}, without any tolerance.\n"
    for (account, currency), balance in ledger.balances().items():
        number = decimal(balance.balance_minor, currency)
        yield f"{day} balance {account} {number} ~ 0 {commodity(currency)}\n"


@lru_cache(maxsize=4096)
def decimal(amount_minor: int, currency: str) -> str:
    """An amount in units with the currency's decimals; in minor units, if ISO 4217 does not know the currency."""
    exponent = EXPONENTS.get(currency, 0)
    units, rest = divmod(abs(amount_minor), 10**exponent)
    decimals = f".{rest:0{exponent}d}" if exponent else ""
    return f"{'-' if amount_minor < 0 else ''}{units}{decimals}"


@lru_cache(maxsize=256)
def commodity(currency: str) -> str:
    """A currency as Beancount allows it. One that ISO 4217 does not know is ``MINOR.`` and its code, or that in hex."""
    if currency in EXPONENTS:
        return currency
    return f"MINOR.{currency if _LETTERS.fullmatch(currency) else currency.encode().hex().upper()}"


def _posting(posting: Posting) -> str:
    return f"  {posting.account} {decimal(posting.amount_minor, posting.currency)} {commodity(posting.currency)}\n"


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    """A text in quotes; what can't be shown is replaced."""
    escaped = value.translate(_ESCAPED)
    return f'"{escaped}"' if escaped.isprintable() else f'"{"".join(map(_shown, escaped))}"'


def _shown(sign: str) -> str:
    return sign if sign.isprintable() else "�"
