"""Ledger, outlook and market: the figures of the books, in both languages, for those who may see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drumroll.domain.launch_file import parse_bytes
from drumroll.outlook.accounts import ACCOUNTS
from drumroll.web.ops import money
from drumroll.web.ops.money_outlook import forecast_plot, months_plot
from drumroll.words.catalog import words_of
from tests.web.ops.test_plan_pages import Works, table

ROOT = Path(__file__).parents[3]
YU7 = ROOT / "launches" / "yu7.toml"
QUOTES = ROOT / "tests" / "market" / "reference"
EN, ZH = words_of("en"), words_of("zh-CN")


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with Works(tmp_path) as works:
        yield works


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    """One for all tests that change nothing."""
    with Works(tmp_path_factory.mktemp("still")) as works:
        yield works


def test_the_books_on_the_page_are_those_of_the_money_that_moved(works: Works) -> None:
    ids = [works.firm(f"c{number}") for number in range(5)]
    works.act("c0", ids[0], "cancel")
    browser = works.browser("finance")
    assert "were not worked out yet" in browser.get("/ops/ledger").text
    form = browser.get("/ops/ledger").form("/ops/money/jobs")
    page = works.finished(browser, browser.send(form))
    assert page.path == "/ops/ledger"
    assert "The books balance" in page.text
    rows = {row["In the journal"]: row for row in table(browser, "/ops/ledger", "accounts")}
    # Five deposits of 20 euros, one of them owed back (and, in a sandbox without its tick, not paid yet).
    assert int(rows["Assets:Cash:Provider"]["Debits"]) == 5 * 2_000
    assert int(rows["Liabilities:RefundsPayable"]["Credits"]) == 2_000
    assert sum(int(row["Balance"]) for row in rows.values()) == 0
    svg = ElementTree.fromstring(browser.get("/ops/plots/ledger.svg").answer.body)
    words = {one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Cash at the payment provider", "EUR"} <= words
    assert "支付服务商处的现金" in works.browser("finance", "zh-CN").get("/ops/ledger").text


def test_the_journal_is_a_file_with_every_posting(works: Works) -> None:
    works.firm("ada")
    browser = works.browser("finance")
    form = browser.get("/ops/ledger").form("/ops/money/jobs")
    page = works.finished(browser, browser.send(form, kind="journal"))
    (link,) = [one for one in page.links if one.endswith("journal.csv")]
    answer = browser.get(link).answer
    assert answer.headers["content-disposition"] == 'attachment; filename="kites-journal.csv"'
    assert sum(int(line.split(",")[9]) for line in answer.body.decode().splitlines()[1:]) == 0


def test_only_those_who_look_after_the_money_see_it(still: Works) -> None:
    for role, status in (("viewer", 403), ("support", 403), ("operator", 403), ("finance", 200), ("admin", 200)):
        browser = still.browser(role)
        for path in ("/ops/ledger", "/ops/outlook", "/ops/market"):
            assert browser.get(path).status == status, (role, path)
        assert browser.get("/ops/plots/ledger.svg").status == (404 if status == 200 else 403)


def test_every_account_of_the_ledger_has_its_title_in_both_languages() -> None:
    assert {facts.account.value: facts.title for facts in ACCOUNTS} == money.ACCOUNTS
    for account in money.ACCOUNTS:
        assert re.search(r"[\u4e00-\u9fff]", money.title_of(account, ZH)), account


def test_pages_without_anything_worked_out_say_so(still: Works) -> None:
    for language, outlook, market in (
        ("en", "was not worked out yet", "names no share"),
        ("zh-CN", "尚未推算展望", "没有指明股票"),
    ):
        browser = still.browser("finance", language)
        assert outlook in browser.get("/ops/outlook").text
        assert market in browser.get("/ops/market").text


def test_amounts_are_plotted_in_the_largest_unit_that_leaves_them_readable() -> None:
    assert money.unit_of(99_999_999, "CNY", EN) == ("CNY", 100)
    assert money.unit_of(100_000_000, "CNY", EN) == ("million CNY", 100_000_000)
    assert money.unit_of(10**12, "CNY", ZH) == ("十亿 CNY", 10**11)
    assert money.unit_of(5, "JPY", EN) == ("JPY", 1)


def test_plots_of_an_outlook_have_the_numbers_of_its_months() -> None:
    month = {"period": "2025-07", "deliveries": {"middle": 7}, "revenue_minor": {"middle": 3 * 10**11}}
    found = {"currency": "CNY", "scenarios": [{"id": "a", "name": "As planned", "months": [month, month]}]}
    launch = parse_bytes(YU7.read_bytes(), "yu7.toml")
    plot = months_plot(launch, found, "revenue", EN)
    assert plot is not None
    assert (plot.unit, plot.lines[0].values, plot.x) == ("billion CNY", (3.0, 3.0), ("2025-07", "2025-07"))
    months = [{"number": 1, "median": 5, "intervals": {"50": [4, 6], "80": [3, 7], "95": [2, 8]}}]
    drawn = forecast_plot({"months": months}, ZH)
    assert drawn is not None
    assert (drawn.middle.values, drawn.bands[0].name, drawn.bands[0].low) == ((5,), "95% 的情形", (2,))
