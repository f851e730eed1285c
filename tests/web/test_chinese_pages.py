# ruff: noqa: RUF001 (full-width signs are what is tested)
"""A walk over every page in Chinese, on a sale with data: no sentence in English is left, but data and what is marked.

Data are names, reasons that operators typed, ids, addresses. What the command line said in its own words stands in
``lang="en"``, below a Chinese sentence that says the same.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec.structs import force_setattr

from drumroll.log.sqlite import SqliteLog
from drumroll.web.ops.jobs import Jobs, figures
from drumroll.web.ops.jobs_kinds import Kind, Sources
from drumroll.web.ops.plots import Plots
from tests.web.house import order_headers
from tests.web.lives import Life
from tests.web.ops.night import REASON, Night
from tests.web.ops.test_plan_pages import table
from tests.web.pages.visiting import Browser, Page
from tests.web.reading import english_in

ROOT = Path(__file__).parents[2]
YU7 = (ROOT / "launches" / "yu7.toml").read_text()
QUOTES = ROOT / "tests" / "market" / "reference"
ZH = "zh-CN"
HAN = re.compile(r"[\u4e00-\u9fff]")
DATA = (REASON, "it must be")
ELSEWHERE = ("/language", "/docs", "/static", "/log", "/v1")
PAGES_MOST, OF_A_SHAPE = 160, 2
JOB_S = 120.0


class Sale(Night):
    """The reference launch a few minutes after its opening, whose jobs other processes do."""

    def __init__(self, folder: Path) -> None:
        self.log, self.orders = SqliteLog(folder / "o.log"), list[str]()
        super().__init__(self.log, "2025-06-26T22:00:01+08:00@0", launch=YU7, path=str(folder / "o.log"))
        (folder / "launch.toml").write_text(YU7)
        sources = Sources(str(folder / "o.log"), str(folder / "launch.toml"), str(QUOTES))
        self.jobs, self.plots = Jobs(sources, folder / "jobs", self.desk.clock_ms), Plots()
        force_setattr(self.server.web, "jobs", self.jobs)
        force_setattr(self.server.web, "plots", self.plots)

    def __exit__(self, *error: object) -> None:
        self.jobs.close()
        self.plots.close()
        super().__exit__(*error)
        self.log.close()

    def peopled(self) -> list[str]:
        """Orders in several states, and some deeds of operators."""
        trims = ("standard", "pro", "max")
        ids = []
        for number in range(12):
            ids.append(self.firm(f"c{number}", "yu7", trims[number % 3], region=("beijing", "shanghai")[number % 2]))
            self.pass_s(20)
        self.reserved("u", "yu7", "pro")
        saloon = self.firm("s", "su7", "pro")
        assert self.act("c0", ids[0], "cancel").status == 200
        for customer, order_id in (("c1", ids[1]), ("c4", ids[4]), ("s", saloon)):
            assert self.both_steps(customer, order_id, "lock").status == 200
        assert self.both_steps("c4", ids[4], "cancel").status == 200
        self.moved(saloon, "scheduled", "in_production")
        cut = {"resource": "pack-max", "from": "2025-07-21", "until": "2025-09-01", "percent": 45}
        self.done("capacity", cut)
        return ids

    def worked_out(self, *kinds: Kind) -> None:
        """These jobs done, one after the other."""
        for kind in kinds:
            job_id = self.jobs.start(kind, {"--policy": "strict"} if kind == "plan" else {}, "grace").id
            self.over(job_id)
            job = self.jobs.job(job_id)
            assert job is not None
            assert job.state == "done", job

    def over(self, job_id: str) -> str:
        """The path of a job, once it is over."""
        end = time.monotonic() + JOB_S
        while (job := self.jobs.job(job_id)) is not None and not job.over and time.monotonic() < end:
            time.sleep(0.01)
        return f"/ops/jobs/{job_id}"


@pytest.fixture(scope="module")
def sale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sale]:
    with Sale(tmp_path_factory.mktemp("sale")) as sale:
        sale.orders = sale.peopled()
        yield sale


def assert_chinese(page: Page, *data: str) -> None:
    """The page has Chinese in it, and no English sentence."""
    assert 'lang="zh-CN"' in page.html, page.path
    assert HAN.search(page.text), page.path
    assert english_in(page.html, (*DATA, *data)) == [], f"{page.status} {page.path}"


def shape(path: str) -> str:
    """What an address is, whichever order it is about."""
    parts = urlsplit(path)
    named = re.sub(r"/(ord_|pay_)?[0-9a-f]{16,}", "/*", parts.path)
    return f"{named}?{'&'.join(name for name, _ in parse_qsl(parts.query))}"


def walk(house: Night, browser: Browser, *starts: str) -> list[Page]:
    """Every page that one comes to by links from these, of each shape a few. Another operator looks every few pages:
    one alone may not ask for so many."""
    waiting, seen, found, of_shape = [*starts], set(), [], Counter[str]()
    while waiting and len(found) < PAGES_MOST:
        path = waiting.pop(0).partition("#")[0]
        file = "/files/" in path or "csv=" in path or "-sort=" in path or path.endswith(("/receipt", "/me/data"))
        if path in seen or file or not path.startswith("/") or path.startswith(ELSEWHERE):
            continue
        seen.add(path)
        of_shape[shape(path)] += 1
        if of_shape[shape(path)] > OF_A_SHAPE:
            continue
        if len(found) % 25 == 24 and "operator" in browser.cookies:
            browser = house.browser(language=ZH)
        page = browser.get(path)
        assert page.status != 429, path
        if "text/html" in page.answer.headers.get("content-type", ""):
            found.append(page)
            waiting += [one if one.startswith("/") else urlsplit(path).path + one for one in page.links if one]
    return found


def test_every_page_of_operations_is_chinese(sale: Sale) -> None:
    sale.worked_out("ledger", "figures", "plan", "promises")
    found = walk(sale, sale.browser(language=ZH), "/ops")
    shapes = {shape(page.path).partition("?")[0] for page in found}
    assert {"/ops/ledger", "/ops/outlook", "/ops/plan/*", "/ops/orders/*", "/ops/whatif", "/ops/trail"} <= shapes
    for page in found:
        assert_chinese(page)


def test_a_deed_that_is_refused_is_refused_in_chinese(sale: Sale) -> None:
    """Every form that takes a reason, sent without one that counts: the page comes back, and says why in Chinese."""
    pages = walk(sale, sale.browser(language=ZH), "/ops/orders", "/ops/limits")
    deeds = {}
    for page in pages:
        for form in page.forms:
            if form.method == "post" and any(name == "reason" for name, _ in form.fields):
                deeds.setdefault(shape(form.action or page.path), (page, form))
    assert len(deeds) > 5
    for page, form in deeds.values():
        form.action = form.action or page.path
        browser = sale.browser(language=ZH)
        own = browser.get(page.path).form(form.action)
        own.action = form.action
        refused = browser.send(own, reason="x")
        assert refused.status in (409, 422), form.action
        assert_chinese(refused)


def test_a_job_that_failed_says_so_in_chinese_above_its_own_words(sale: Sale) -> None:
    browser = sale.browser(language=ZH)
    form = browser.get("/ops/whatif").form("/ops/whatif")
    started = browser.send(form, **{"cut": "50", "from": "2020-01-06", "weeks": "3"})
    path = sale.over(started.path.rpartition("/")[2])
    page = browser.get(path)
    assert_chinese(page)
    assert "起始周：填写的是 2020-01-06 (2020-W02) 当周" in page.text
    assert '<pre lang="en">drumroll: what if' in page.html
    english = sale.browser().get(path)
    assert english.text.count("--from: found the week of") == 1, "in English its own words are enough"


def test_names_of_the_launch_file_are_chinese_on_every_page_that_shows_them(sale: Sale) -> None:
    sale.worked_out("figures")
    said = sale.browser(language=ZH).get("/ops/outlook").text
    assert "1 小时订单 289,000" in said
    assert "比较的是两次发售的不同阶段。" in said
    assert "289,000 / 88,898 = 3.25" in said
    assert "28.3 十亿 CNY / 108,796 = 260,119.86 CNY" in said
    assert "日志在该时刻之前结束" in said
    assert "289,000 orders after 1 hour" in sale.browser().get("/ops/outlook").text


@pytest.mark.slow
def test_the_outlook_and_the_market_are_as_worked_out_and_chinese_for_who_reads_that(sale: Sale) -> None:
    sale.worked_out("figures", "forecast", "outlook", "market")
    english = sale.browser("finance")
    outlook = sale.jobs.latest("outlook")
    assert outlook is not None
    worked_out = figures(outlook)
    assert worked_out is not None
    months = [month for scenario in worked_out["scenarios"] for month in scenario["months"]]
    rows = table(english, "/ops/outlook", "months")
    assert [int(row["Deliveries"]) for row in rows] == [month["deliveries"]["middle"] for month in months]
    assert len(table(english, "/ops/outlook", "horizons")) == 3
    assert {row["Verdict"] for row in table(english, "/ops/outlook", "published")} > {"does not come out"}
    assert b"Locked orders by month" in english.get("/ops/plots/outlook/forecast.svg").answer.body
    claims = {row["Published"]: row["Verdict"] for row in table(english, "/ops/market", "claims")}
    assert claims["up 8 % at the open"] == "agrees"
    browser = sale.browser(language=ZH)
    for path in ("/ops/outlook", "/ops/market"):
        page = browser.get(path)
        assert_chinese(page)
        assert page.html.count("<tr>") > 5, path
    for name in ("deliveries", "revenue"):
        svg = unescape(browser.get(f"/ops/plots/outlook/{name}.svg").html)
        assert "竞品降价 10%" in svg
        assert english_in(svg) == []
    said = browser.get("/ops/market").text
    assert "61.45（盘中），58.95（收盘）" in said
    assert "1.5931 万亿 HKD" in said


def test_every_page_of_customers_is_chinese(sale: Sale) -> None:
    for customer, order_id in (("c2", sale.orders[2]), ("c1", sale.orders[1])):
        browser = Browser(sale, ZH).signed_in(customer)
        acts = [f"/orders/{order_id}/{act}" for act in ("lock", "cancel", "change", "undo-lock", "convert")]
        for page in walk(sale, browser, "/", f"/orders/{order_id}", "/me", "/board", *acts):
            assert_chinese(page)
    nobody = Browser(sale, ZH)
    form = nobody.get("/sign-in").form("/sign-in")
    for contact in ("", "no contact", "lan@example.com"):
        assert_chinese(nobody.send(form, contact=contact), contact)
    for path in ("/sandbox/outbox", "/orders/ord_0", "/configure/none", "/nothing", "/order?model=none", "/room"):
        assert_chinese(nobody.get(path), "lan@example.com")


WRONG_PAGES = (
    "/ops/orders?orders-sort=none",
    "/ops/orders?state=none",
    "/ops/orders?from=none",
    "/ops/orders/none",
    "/ops/limits/cap?model=none",
    "/ops/jobs/none",
    "/ops/plan/none",
    "/ops/plots/plan/none/moves.svg",
    "/ops/trail?cursor=none",
    "/language?to=none",
)


@pytest.mark.parametrize("path", WRONG_PAGES)
def test_an_address_that_is_wrong_is_answered_in_chinese(sale: Sale, path: str) -> None:
    page = sale.browser(language=ZH).get(path)
    if "text/html" in page.answer.headers.get("content-type", ""):
        assert_chinese(page)


ORDERS, OPERATOR = "/v1/orders", "/v1/operator"
DAYS = {"from": "2025-07-21", "until": "2025-09-01", "percent": 45, "reason": "for a test"}
WRONG: tuple[tuple[str, str, object], ...] = (
    ("POST", ORDERS, {}),
    ("POST", ORDERS, {"model": 1, "trim": "plain"}),
    ("POST", ORDERS, {"model": "kite", "trim": "x" * 400}),
    ("POST", ORDERS, {"model": "kite", "trim": "plain", "more": 1}),
    ("POST", ORDERS, {"model": "kite", "trim": "plain", "options": "red"}),
    ("POST", ORDERS, {"model": "kite", "trim": "plain", "options": ["none"]}),
    ("POST", ORDERS, b"{x"),
    ("POST", ORDERS, b"\xff"),
    ("POST", ORDERS, b'{"model": "ki'),
    ("POST", ORDERS, b"{} {}"),
    ("POST", ORDERS, b"x" * 100_000),
    ("GET", "/v1/quotes", None),
    ("GET", "/v1/quotes?model=kite&trim=plain&trim=rare", None),
    ("GET", "/v1/quotes?model=kite&trim=plain&more=1", None),
    ("GET", f"/v1/quotes?model={'x' * 5000}", None),
    ("GET", f"{OPERATOR}/trail?limit=100000", None),
    ("GET", f"{OPERATOR}/trail?cursor=none", None),
    ("POST", f"{OPERATOR}/capacity", {**DAYS, "resource": "", "from": "2025-99-99"}),
    ("POST", f"{OPERATOR}/capacity", {**DAYS, "resource": "", "from": "1025-07-21"}),
    ("POST", f"{OPERATOR}/capacity", {**DAYS, "resource": "", "weekly": 3}),
    ("POST", f"{OPERATOR}/capacity", {**DAYS, "resource": "none"}),
    ("POST", f"{OPERATOR}/sales", {"action": "fly"}),
    ("POST", f"{OPERATOR}/moves", {"moves": [], "reason": "for a test"}),
    ("POST", "/v1/webhooks/payments", {}),
    ("DELETE", ORDERS, None),
    ("GET", "/v1/none", None),
)


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


@pytest.mark.parametrize(("method", "path", "content"), WRONG)
def test_a_problem_is_told_in_chinese_down_to_its_detail(life: Life, method: str, path: str, content: object) -> None:
    token = life.operator() if path.startswith(OPERATOR) else life.token("ada")
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    answer = life.call(method, path, [*order_headers(token, life.key()), ("accept-language", ZH)], body)
    assert 400 <= answer.status < 500, answer
    detail = answer.json()["detail"]
    assert HAN.search(detail)
    assert english_in(f"<p>{re.sub('`[^`]*`', '', detail)}</p>") == [], detail


def test_a_refund_that_is_too_much_is_refused_in_chinese(life: Life) -> None:
    order_id = life.firm("bob")
    content = json.dumps({"amount_minor": 10**9, "reason": "for a test"}).encode()
    path = f"{OPERATOR}/orders/{order_id}/refund"
    headers = [*order_headers(life.operator(), life.key()), ("accept-language", ZH)]
    answer = life.call("POST", path, headers, content)
    assert (answer.status, answer.code) == (422, "invalid_amount")
    assert english_in(answer.json()["detail"]) == [], answer.json()["detail"]
