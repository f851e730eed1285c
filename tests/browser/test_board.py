"""The live board in a real Chromium: what a crowd, and a founder with a phone, see on the night.

Needs ``playwright`` (its Python package, not its browsers) and a Chromium of the system; skipped without.
"""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.board_server import MINUTE_THREE, BoardServer, board_server

playwright = pytest.importorskip(
    "playwright.sync_api", reason="the board's browser tests need `pip install playwright`"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="the board's browser tests need Chromium (Debian: apt install chromium)"
    ),
]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]
BIG_SCREEN, PHONE = (1920, 1080), (360, 640)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"

OVERFLOWING = """() => {
  const edge = document.documentElement.clientWidth + 0.5;
  const seen = (node) => getComputedStyle(node).clipPath === 'none' && node.getClientRects().length;
  const out = [...document.body.querySelectorAll('*')].filter((n) => seen(n) && n.getBoundingClientRect().right > edge);
  return out.map((n) => n.tagName + '#' + n.id).concat(document.documentElement.scrollWidth > edge ? ['page'] : []);
}"""
STEADY = ["#headline", "#rate", "#open-for", "#next-count", "#reached", "#plot", "#trims", "#count-reserved", "footer"]
PLACES = """(selectors) => selectors.map((selector) => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return [selector, box.x, box.y];
})"""
SCROLLING = """() => [document.documentElement, document.querySelector('#trims')]
  .filter((node) => node.scrollHeight > node.clientHeight + 1).map((node) => node.tagName)"""
FAINT = """() => {
  const light = (rgb) => rgb.match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const ratio = (l) => (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05);
  const ownText = (n) => [...n.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
  return [...document.querySelectorAll('header *, main *, footer *')].filter((n) => ownText(n) && !n.closest('.link'))
    .map((n) => [n.textContent, ratio(light(getComputedStyle(n)[n.closest('svg') ? 'fill' : 'color']))])
    .filter(([, r]) => r < 4.5);
}"""


class Watched:
    """A page with what it logged and whom it asked."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def text(self, selector: str) -> str:
        return re.sub(r"\s+", " ", self.page.locator(selector).text_content()).strip()

    def expect(self, selector: str, text: str | re.Pattern[str], timeout_s: float = 5) -> None:
        playwright.expect(self.page.locator(selector)).to_have_text(text, timeout=timeout_s * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def server() -> Iterator[BoardServer]:
    with board_server() as running:
        yield running


@pytest.fixture
def watch(browser: Any, server: BoardServer) -> Iterator[Any]:
    """Open the board at a size; returns when its first figures are there."""
    pages = []

    def opened(size: tuple[int, int] = BIG_SCREEN, scheme: str = "dark", language: str = "en") -> Watched:
        viewport = {"width": size[0], "height": size[1]}
        page = browser.new_page(viewport=viewport, color_scheme=scheme, locale=language)
        pages.append(page)
        watched = Watched(page)
        page.goto(f"{server.url}/board")
        page.wait_for_selector("main:not([aria-busy])")
        return watched

    yield opened
    for page in pages:
        page.close()


def twelve_trims() -> dict[str, Any]:
    """A board with two models of six trims with long names, ten million orders, and caps, one of them reached."""
    board = copy.deepcopy(MINUTE_THREE)
    row = board["trims"][0]
    names = ("Standard", "Pro", "Max", "Max Track Edition", "Nürburgring Limited", "Long Range All-Wheel Drive")
    board["trims"] = [
        row | {"model": model, "model_name": model, "trim": name, "trim_name": name, "firm": 833334, "cap": cap}
        for model in ("YU7", "SU7 Ultra")
        for name, cap in zip(names, (None, 900000, None, 1, 2000000, None), strict=True)
    ]
    board["totals"]["firm"] = 12 * 833334
    return board


def test_the_figures_shown_are_those_of_the_board(watch: Any, server: BoardServer) -> None:
    board = watch()
    board.expect("#headline", "201,132")
    board.expect("#rate", "254 a second")
    board.expect("#open-for", "00:03:00")
    counted = {state: board.text(f"#count-{state}") for state in server.board["totals"]}
    assert counted == {state: f"{number:,}" for state, number in server.board["totals"].items()}
    assert board.text("#states-title") == "All 209,022 orders, by state", "locked and converted are among the firm"
    assert [board.text(f".trim:nth-child({row}) b") for row in (1, 2, 3)] == ["84,475", "66,373", "50,284"]
    assert "cap 100,000" in board.text(".trim:nth-child(3)")
    assert "Log position 6,242" in board.text("footer")
    assert "as of 22:03:00, Beijing time" in board.text("#asof")


def test_milestones_say_when_and_are_never_claimed_early(watch: Any) -> None:
    board = watch()
    assert board.text("#reached li:nth-child(1)") == "200,000 after 2 min 58 s 22:02:58"
    assert board.text("#reached li:nth-child(2)") == "100,000 after 37 s 22:00:37", "36.4 s is not yet 36 s"
    assert board.text("#next p") == "Next 250,000 48,868 to go"
    assert "200,000 after 2 min 58 s" in board.page.locator("#plot svg text.said").all_text_contents()


def test_only_firm_orders_are_the_headline_and_every_state_has_its_word(watch: Any) -> None:
    board = watch()
    assert board.text("#hero-label") == "Firm orders"
    assert board.text("#hero-sub") == "Deposit paid and standing, locked or not."
    words = board.page.locator(".states .word").all_text_contents()
    assert len(words) == 7
    assert all(words)
    assert [words[number].startswith("Of the firm: ") for number in range(7)] == [False, True, True, *[False] * 4]


def test_the_stack_shares_every_order_out_once(watch: Any, server: BoardServer) -> None:
    totals = server.board["totals"]
    board = watch()
    shares = board.page.evaluate(
        "() => [...document.querySelectorAll('.stack i')].map((i) => parseFloat(i.style.width))"
    )
    everything = sum(totals[state] for state in ("firm", "reserved", "expired", "cancelled", "forfeited"))
    expected = [totals["firm"] - totals["locked"], totals["locked"]]
    expected += [totals[state] for state in ("reserved", "expired", "cancelled", "forfeited")]
    assert shares == pytest.approx([100 * number / everything for number in expected], abs=0.01)


def test_new_figures_come_through_the_stream_without_a_reload(watch: Any, server: BoardServer) -> None:
    board = watch()
    asked = len(board.requests)
    server.firm(223456)
    board.expect("#headline", "223,456")
    assert board.text("#link-text") == "live"
    assert not [url for url in board.requests[asked:] if not url.endswith("/v1/board/events")]


def test_a_milestone_is_announced_once_to_who_listens(watch: Any, server: BoardServer) -> None:
    board = watch()
    assert board.text("#say") == ""
    reached = {"firm": 250000, "at": "2025-06-26T22:10:00+08:00", "after_s": 600.0}
    server.tell(milestones=[*server.board["milestones"], reached], next_milestone=None)
    board.expect("#say", "250,000 firm orders after 10 min")
    assert "Every milestone is reached." in board.text("#milestones-note")


def test_nothing_moves_when_the_figures_change(watch: Any, server: BoardServer) -> None:
    board = watch()
    places = board.page.evaluate(PLACES, STEADY)
    server.tell(rate_per_s=3.4, position=9_999_999, now="2025-06-26T22:03:29+08:00")
    server.firm(249_999)
    board.expect("#headline", "249,999")
    assert board.page.evaluate(PLACES, STEADY) == places


def test_a_lost_connection_is_said_and_the_board_recovers(watch: Any, server: BoardServer) -> None:
    board = watch()
    board.expect("#link-text", "live")
    server.down = True
    board.expect("#link-text", re.compile(r"^reconnecting…, last\sseen\s[4-9]\ss\sago$"), timeout_s=10)
    assert board.text("#say") == "Connection lost. The figures shown are no longer current."
    assert board.text("#headline") == "201,132"
    server.firm(230000)
    server.down = False
    board.expect("#headline", "230,000", timeout_s=10)
    board.expect("#link-text", "live", timeout_s=20)


def test_a_desk_that_takes_no_orders_is_said_beside_the_figures(watch: Any, server: BoardServer) -> None:
    board = watch()
    board.expect("#link-text", "live")
    server.tell(status="closed")
    board.expect("#link-text", "live · no orders taken now")
    server.tell(status="open", closes_at="2025-06-26T22:03:00+08:00")
    board.expect("#link-text", "live · sales closed")


def test_without_a_stream_it_asks_every_two_seconds(watch: Any, server: BoardServer) -> None:
    server.streaming = False
    board = watch()
    server.firm(210000)
    board.expect("#headline", "210,000", timeout_s=8)
    board.expect("#link-text", "live, every 2 s")


def test_a_hostile_name_is_text(watch: Any, server: BoardServer) -> None:
    launch = server.board["launch"] | {"name": HOSTILE, "time_zone": "No/Such_Zone"}
    row = server.board["trims"][0] | {"model_name": HOSTILE, "trim_name": HOSTILE}
    server.tell(launch=launch, trims=[row, row | {"model": "other"}])
    board = watch(PHONE)
    assert board.text("h1") == HOSTILE
    assert board.page.locator("main img, header img, body script").count() == 0
    assert board.page.title() != "owned"
    assert board.page.evaluate(OVERFLOWING) == []
    assert board.errors == []


def test_before_the_opening_it_counts_down_by_the_servers_clock(watch: Any, server: BoardServer) -> None:
    totals = dict.fromkeys(server.board["totals"], 0)
    server.tell(now="2025-06-26T20:57:58+08:00", totals=totals, curve=[], milestones=[], next_milestone=10000)
    board = watch()
    board.expect("#hero-label", "Sales open in")
    board.expect("#headline", re.compile(r"^01:02:0[12]$"))
    board.expect("#open-for", "26 June 2025, 22:00:00")
    board.expect("#curve-empty", "The curve begins when sales open.")


def test_an_open_launch_without_orders_says_so(watch: Any, server: BoardServer) -> None:
    totals = dict.fromkeys(server.board["totals"], 0)
    server.tell(totals=totals, curve=[], milestones=[], next_milestone=None, rate_per_s=0.0, trims=[])
    board = watch()
    board.expect("#headline", "0")
    board.expect("#rate", "0 a second")
    board.expect("#curve-empty", "No firm orders yet. The curve begins with the first deposit.")
    board.expect("#milestones-note", "None are set for this launch.")
    board.expect("#trims-note", "No trims are on sale.")
    board.expect("#states-title", "No orders yet")


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_sandbox_says_loudly_that_it_is_one_and_a_real_launch_does_not(
    watch: Any, server: BoardServer, sandbox: bool
) -> None:
    server.tell(sandbox=sandbox)
    board = watch()
    assert board.page.locator("#sandbox").is_visible() == sandbox
    assert board.page.title().startswith("Sandbox: ") == sandbox
    assert board.text("#sandbox") == "Sandbox: no real money, no real orders"


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_no_serious_finding_by_axe_and_nothing_cut_off(
    watch: Any, server: BoardServer, language: str, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    board = watch(BIG_SCREEN, scheme, language)
    for size in (BIG_SCREEN, PHONE):
        board.page.set_viewport_size({"width": size[0], "height": size[1]})
        found = axe.run(board.page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        assert board.page.evaluate(OVERFLOWING) == []
        assert size == PHONE or board.page.evaluate(SCROLLING) == []


def test_who_reads_chinese_reads_no_english(watch: Any, server: BoardServer) -> None:
    server.tell(status="closed")
    board = watch(BIG_SCREEN, "dark", "zh-CN")
    board.expect("#link-text", "实时 · 暂不接受订单")
    assert board.text("#hero-label") == "大定订单"
    assert board.text("#reached li:nth-child(1)") == "200,000 用时 2 分 58 秒 22:02:58"
    shown = board.page.evaluate("() => document.body.innerText + document.title")
    launch = ("Xiaomi", "YU", "Asia", "Shanghai", "Standard", "Pro", "Max")  # the launch file's own words
    way_there = ("English",)
    assert [one for one in re.findall(r"[A-Za-z]{2,}", shown) if one not in launch + way_there] == []
    totals = dict.fromkeys(server.board["totals"], 0)
    server.tell(now="2025-06-24T20:57:58+08:00", totals=totals, curve=[], milestones=[], trims=[])
    board.expect("#hero-label", "距开售还有")
    board.expect("#headline", re.compile(r"^2 天 01:02:0[12]$"))
    board.expect("#open-for", "2025年6月26日 22:00:00")
    assert board.page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("script", [MINUTE_THREE, twelve_trims()], ids=["three trims", "twelve trims, ten million"])
def test_nothing_is_cut_off_on_a_small_phone(
    watch: Any, server: BoardServer, script: dict[str, Any], scheme: str
) -> None:
    server.board = copy.deepcopy(script)
    board = watch(PHONE, scheme)
    assert board.page.evaluate(OVERFLOWING) == []
    assert board.page.evaluate(FAINT) == [], "text with less contrast than 4.5:1 (WCAG AA)"


@pytest.mark.parametrize(
    ("size", "script"),
    [
        ((1280, 720), MINUTE_THREE),
        ((1920, 1080), MINUTE_THREE),
        ((1920, 1080), twelve_trims()),
        ((3840, 2160), twelve_trims()),
    ],
    ids=["1280x720", "1920x1080", "1920x1080, twelve trims", "3840x2160, twelve trims"],
)
def test_the_big_screen_needs_no_scrolling(
    watch: Any, server: BoardServer, script: dict[str, Any], size: tuple[int, int]
) -> None:
    server.board = copy.deepcopy(script)
    board = watch(size)
    assert board.page.evaluate(OVERFLOWING) == []
    assert board.page.evaluate(SCROLLING) == []


def test_it_logs_no_error_and_asks_no_other_host(watch: Any, server: BoardServer) -> None:
    board = watch()
    server.firm(202000)
    board.expect("#headline", "202,000")
    board.page.mouse.move(600, 750)
    assert "firm at" in board.text("#readout")
    assert board.errors == []
    assert {url.split("/v1/")[0].split("/static/")[0].removesuffix("/board") for url in board.requests} == {server.url}
