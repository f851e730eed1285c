"""The ledger for those who look after the money: trial balance, accounts, the journal as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get

from drumroll.access.roles import Permission
from drumroll.domain.money import EXPONENTS
from drumroll.web.context import Parts
from drumroll.web.ops.base import needs, ops_page, seen_by
from drumroll.web.ops.jobs_pages import latest, under_way
from drumroll.web.ops.plan_views import Figure
from drumroll.web.ops.plots import Series, Sums
from drumroll.web.ops.plots_pages import plotted
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.safety import Asking
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

HERE = "/ops/ledger"
MILLION = 1_000_000
ACCOUNTS: dict[str, str] = {
    "Assets:Cash:Provider": worded("Cash at the payment provider"),
    "Assets:Cash:TakenOver": worded("Cash taken over"),
    "Assets:Cash:PaidByHand": worded("Refunds paid by hand"),
    "Assets:Receivable": worded("Receivable"),
    "Liabilities:Refund": worded("Refund liability"),
    "Liabilities:Contract": worded("Contract liability"),
    "Liabilities:RefundsPayable": worded("Refunds payable"),
    "Liabilities:VAT": worded("Output VAT"),
    "Equity:TakenOver": worded("Delivered before it was imported"),
    "Income:Revenue": worded("Revenue"),
    "Income:ForfeitedDeposits": worded("Forfeited deposits"),
}
"""The accounts' titles, as the ledger's table of accounts has them."""
MONEY: dict[str, str] = {
    "received": worded("received: deposits and differences that ever came in"),
    "held": worded("held: of orders that stand and are not delivered"),
    "owed": worded("owed: to be paid back, and not paid yet"),
    "refunded": worded("refunded: paid back"),
    "forfeited": worded("forfeited: given up, and not granted back"),
    "applied": worded("applied: part of the price of delivered orders"),
}


@get("/ops/ledger", **needs(Permission.SEE_MONEY))
def ledger_page(web: Parts, request: Asking) -> Response[Any]:
    """Whether debits and credits are equal, and what stands where."""
    seen, _ = seen_by(web, request), web.launch
    words, asked = seen.visitor.words, dict(request.query_params)
    stand = latest(web, "ledger", words)
    tables = [accounts_table(stand.found, words)] if stand else []
    for table in tables:
        file = exported(table, asked)
        if file is not None:
            return file
    jobs = web.jobs
    journal = jobs.latest("journal") if jobs else None
    return ops_page(
        web,
        seen,
        "ops_ledger.html",
        HERE,
        stand=stand,
        balances=not any(stand.found["trial_balance"].values()) if stand else True,
        trial=trial_figures(stand.found, words) if stand else [],
        money=money_figures(stand.found, words) if stand else [],
        tables={table.id: view_of(table, asked) for table in tables},
        journal=journal,
        journal_when=words.moment(journal.asked_at_ms, web.launch.time_zone) if journal else "",
        jobs=jobs is not None,
        under_way=under_way(web, ("ledger", "journal"), words),
    )


@get("/ops/plots/ledger.svg", **needs(Permission.SEE_MONEY, form=True))
async def ledger_plot(web: Parts, request: Asking) -> Response[bytes]:
    """What stands on each account."""
    words = seen_by(web, request).visitor.words
    stand = latest(web, "ledger", words)
    return await plotted(web, request, accounts_plot(stand.found, words) if stand else None)


def title_of(account: str, words: Words) -> str:
    """What an account is called."""
    return words.say(ACCOUNTS[account]) if account in ACCOUNTS else account


def money_text(minor: int, currency: str, words: Words) -> str:
    """An amount; in minor units, if nobody knows its currency."""
    return words.money(minor, currency) if currency in EXPONENTS else f"{words.number(minor)} {currency}"


def accounts_table(found: Mapping[str, Any], words: Words) -> Table:
    """Debits, credits and balance of every account."""
    say = words.say
    columns = [
        Column("title", say("Ledger account")),
        Column("account", say("In the journal")),
        Column("currency", say("Currency")),
        Column("debit", say("Debits"), amount=True),
        Column("credit", say("Credits"), amount=True),
        Column("balance", say("Balance"), amount=True),
    ]
    rows = []
    for one in found["accounts"]:
        amounts = [one["debit_minor"], one["credit_minor"], one["balance_minor"]]
        cells = [Cell(money_text(minor, one["currency"], words), minor) for minor in amounts]
        rows.append([Cell(title_of(one["account"], words)), Cell(one["account"]), Cell(one["currency"]), *cells])
    return Table("accounts", say("Ledger accounts"), columns, rows, say("Nothing was booked yet."))


def accounts_plot(found: Mapping[str, Any], words: Words) -> Sums | None:
    """The balances of the launch's currency; ``None``: nothing was booked."""
    currency = found["currency"]
    own = [one for one in found["accounts"] if one["currency"] == currency and one["balance_minor"]]
    if not own:
        return None
    unit, divisor = unit_of(max(abs(one["balance_minor"]) for one in own), currency, words)
    values = tuple(one["balance_minor"] / divisor for one in own)
    names = tuple(title_of(one["account"], words) for one in own)
    title = words.say("Balances: debits less credits")
    return Sums(title, unit, names, Series(unit, values))


def unit_of(most_minor: int, currency: str, words: Words) -> tuple[str, int]:
    """The unit that amounts up to this are plotted in, and how many minor units it has."""
    major = 10 ** EXPONENTS.get(currency, 0)
    if most_minor < MILLION * major:
        return currency, major
    if most_minor < 1000 * MILLION * major:
        return words.say("million %(currency)s", currency=currency), MILLION * major
    return words.say("billion %(currency)s", currency=currency), 1000 * MILLION * major


def trial_figures(found: Mapping[str, Any], words: Words) -> list[Figure]:
    """Debits, credits, and what they differ by."""
    say, currency = words.say, found["currency"]
    differs = [
        Figure(say("trial balance, %(currency)s", currency=one), money_text(minor, one, words), minor != 0)
        for one, minor in found["trial_balance"].items()
    ]
    return [
        Figure(say("debits"), money_text(found["debits_minor"], currency, words)),
        Figure(say("credits"), money_text(found["credits_minor"], currency, words)),
        *differs,
    ]


def money_figures(found: Mapping[str, Any], words: Words) -> list[Figure]:
    """Where the money is: received = held + owed + refunded + forfeited + applied."""
    currency = found["currency"]
    return [
        Figure(words.say(MONEY[name]) if name in MONEY else name, money_text(minor, currency, words))
        for name, minor in found["money"].items()
    ]


LEDGER_PAGES = [ledger_page, ledger_plot]
