"""The live board and its stream, health, metrics, documentation, and the files of the pages."""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import brotli
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from drumroll.errors import AppendFailed, LogUnreadable
from drumroll.log.base import Block
from drumroll.log.memory import MemoryLog
from drumroll.web import board as board_module
from drumroll.web.api import STATIC
from drumroll.web.board_events import board_event, change_event
from drumroll.web.messages import BoardLaunch, BoardTrim, BoardView, MilestoneView, Totals
from tests.web.house import Answer, House, _scope
from tests.web.lives import Life


def sold(house: House) -> None:
    """Two firm, one cancelled after it was firm, one reserved, one expired; and one of a model not on the board."""
    tokens = [house.session(name) for name in ("ada", "bob", "cyd")]
    expired = house.order(tokens[0], "e").json()["id"]
    house.pass_s(600)
    assert house.desk.book.orders[expired].state.value == "expired"
    ids = [house.order(token, "k").json()["id"] for token in tokens]
    for order_id in ids:
        house.pay(order_id, f"p-{order_id}")
    house.pass_s(5)
    house.cancel(tokens[2], ids[2], "c")
    house.order(tokens[1], "r", trim="rare")


def test_the_board_says_what_the_book_holds(house: House) -> None:
    sold(house)
    board = house.get("/v1/board").json()
    assert board["totals"] == {
        "reserved": 1,
        "firm": 2,
        "locked": 0,
        "converted": 0,
        "expired": 1,
        "cancelled": 1,
        "forfeited": 0,
    }
    assert board["position"] == house.log.head()
    assert [
        (row["trim"], row["reserved"], row["firm"], row["expired"], row["cancelled"]) for row in board["trims"]
    ] == [
        ("plain", 0, 2, 1, 1),
        ("rare", 1, 0, 0, 0),
    ]
    assert [row["cap"] for row in board["trims"]] == [None, 1]
    assert board["milestones"] == [{"firm": 2, "at": "2026-05-01T12:10:30.000+02:00", "after_s": 630.0}]
    assert board["next_milestone"] == 5
    assert board["curve"] == [[630, 3], [635, 2]]
    assert board["rate_per_s"] == 0.3, "of the last ten whole seconds: the cancellation is of the one that runs"
    assert (board["now"], board["opens_at"]) == ("2026-05-01T12:10:35.000+02:00", "2026-05-01T12:00:00.000+02:00")


def test_a_model_that_is_not_the_nights_is_not_on_the_board(house: House) -> None:
    house.pass_s(24 * 3600)
    order_id = house.order(house.session("ada"), "k", "balloon", "red").json()["id"]
    house.pay(order_id, "p")
    assert house.get("/v1/board").json()["totals"]["firm"] == 0


class Viewer:
    """Somebody at the stream, through the application: what was sent to them, piece by piece.

    It behaves as granian does: who is told that the answer is over is told that the client has gone.
    """

    def __init__(self, house: House, *, stuck_after: int = 10**6) -> None:
        self.pieces: list[bytes] = []
        self.status = 0
        self.over = False
        self._left = asyncio.Event()
        self._news = asyncio.Event()
        self._stuck_after = stuck_after
        self._asked = False
        self.task = house.loop.create_task(self._watched(house))

    async def _watched(self, house: House) -> None:
        await house.server.app(_scope("GET", "/v1/board/events", "", ()), self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if len(self.pieces) >= self._stuck_after:
            await asyncio.Event().wait()
        self.pieces.append(message["body"])
        self.over = not message.get("more_body")
        if self.over:
            self._left.set()
        self._news.set()

    async def has(self, pieces: int) -> None:
        """Wait until so many pieces came."""
        while len(self.pieces) < pieces:
            self._news.clear()
            await self._news.wait()

    async def leave(self) -> None:
        self._left.set()
        await self.task


def events(pieces: list[bytes]) -> list[tuple[str, Any]]:
    """Kind and data of each event, read as a browser does (WHATWG HTML, 9.2.6)."""
    found = []
    for block in b"".join(pieces).decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def folded(seen: list[tuple[str, Any]]) -> Any:
    """The board after these events, as the API documents them."""
    board: Any = None
    for kind, data in seen:
        if kind == "board":
            board = copy.deepcopy(data)
            continue
        for name, value in data.items():
            if name == "totals":
                board["totals"].update(value)
            elif name == "trims":
                for row, news in zip(board["trims"], value, strict=True):
                    row.update(news)
            elif name == "curve":
                board["curve"] = sorted((dict(board["curve"]) | dict(value)).items())
            else:
                board[name] = value
    board["curve"] = [list(row) for row in board["curve"]]
    return board


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of the stream is 10 ms."""
    monkeypatch.setattr(board_module, "EVERY_S", 0.01)


@contextmanager
def running(house: House) -> Iterator[None]:
    work = house.loop.create_task(house.server.web.stream.run())
    yield
    work.cancel()


async def watched(house: House, viewers: int, **given: Any) -> list[Viewer]:
    """So many viewers, each with its first event."""
    crowd = [Viewer(house, **given) for _ in range(viewers)]
    await asyncio.gather(*(one.has(1) for one in crowd))
    return crowd


async def told(crowd: list[Viewer], pieces: int) -> None:
    """Wait until each was told so many pieces more."""
    await asyncio.gather(*(one.has(len(one.pieces) + pieces) for one in crowd))


@pytest.mark.usefixtures("quick")
def test_the_changes_of_a_stream_add_up_to_the_board_for_each_viewer(house: House) -> None:
    sold(house)
    crowd = house.run(watched(house, 3))
    assert events(crowd[0].pieces) == [("board", house.get("/v1/board").json())]
    with running(house):
        for number in range(4):
            token = house.session(f"eve{number}")
            house.pay(house.order(token, f"k{number}").json()["id"], f"p{number}")
            house.pass_s(1)
            house.run(told(crowd, 2))
    for one in crowd:
        seen = events(one.pieces)
        assert {kind for kind, _ in seen[1:]} == {"change"}
        assert folded(seen) == house.get("/v1/board").json()
        assert [kind for kind, _ in seen].count("board") == 1


@pytest.mark.usefixtures("quick")
def test_a_second_in_which_nothing_happened_is_told_with_the_time_alone(house: House) -> None:
    sold(house)
    (one,) = house.run(watched(house, 1))
    with running(house):
        house.run(one.has(3))
    assert events(one.pieces)[1] == ("change", {"now": house.get("/v1/board").json()["now"]})


COUNT = st.integers(0, 10**7)
COUNTED = ("reserved", "firm", "locked", "converted", "expired", "cancelled", "forfeited")
TOTALS = st.fixed_dictionaries(dict.fromkeys(COUNTED, COUNT))


@st.composite
def boards(draw: st.DrawFn) -> tuple[BoardView, BoardView]:
    """A board, and a later one of the same rows."""
    trims = draw(st.integers(0, 3))

    def one(curve: list[tuple[int, int]], milestones: int) -> BoardView:
        return BoardView(
            launch=BoardLaunch("yu7", "YU7", "Asia/Shanghai", "CNY"),
            sandbox=False,
            now=draw(st.sampled_from(["2025-06-26T22:00:01+08:00", "2025-06-26T22:00:02+08:00"])),
            opens_at="2025-06-26T22:00:00+08:00",
            closes_at=draw(st.sampled_from([None, "2025-06-27T22:00:00+08:00"])),
            status=draw(st.sampled_from(["open", "closed", "draining"])),
            position=draw(COUNT),
            totals=Totals(**draw(TOTALS)),
            rate_per_s=draw(st.floats(-1e6, 1e6)),
            trims=[
                BoardTrim(
                    model="yu7",
                    model_name="YU7",
                    trim=str(n),
                    trim_name=str(n),
                    cap=draw(st.sampled_from([None, 5])),
                    **draw(TOTALS),
                )
                for n in range(trims)
            ],
            milestones=[MilestoneView(n, "2025-06-26T22:00:01+08:00", float(n)) for n in range(milestones)],
            next_milestone=draw(st.sampled_from([None, 10, 20])),
            curve=curve,
        )

    seconds = sorted(draw(st.sets(st.integers(0, 50), max_size=6)))
    cut = draw(st.integers(0, len(seconds)))
    before = [(second, draw(COUNT)) for second in seconds[:cut]]
    later = [*before[:-1], *((second, draw(COUNT)) for second in seconds[max(0, cut - 1) :])]
    return one(before, draw(st.integers(0, 3))), one(later, draw(st.integers(0, 3)))


@given(boards())
def test_a_change_makes_of_the_board_before_the_board_now_and_does_no_harm_twice(
    both: tuple[BoardView, BoardView],
) -> None:
    before, now = both
    change = change_event(before, now)
    wanted = json.loads(msgspec.json.encode(now))
    assert folded(events([board_event(before), change])) == wanted
    assert folded(events([board_event(before), change, change])) == wanted
    assert len(change) <= len(board_event(now)) + 1


@pytest.mark.usefixtures("quick")
def test_one_view_is_made_for_all_viewers_and_none_while_nobody_watches(house: House) -> None:
    stream = house.server.web.stream
    made, view = [], stream._view
    stream._view = lambda: made.append(view()) or made[-1]  # type: ignore[func-returns-value]
    with running(house):
        house.run(asyncio.sleep(0.05))
        assert not made
        crowd = house.run(watched(house, 60))
        house.run(told(crowd, 3))
    assert len(made) <= 2 + max(len(one.pieces) for one in crowd)


def test_viewers_are_spread_evenly_so_that_none_of_an_orders_waits_is_long(house: House) -> None:
    house.run(watched(house, 120))
    sizes = [len(viewers) for viewers in house.server.web.stream._slices]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.usefixtures("quick")
def test_a_viewer_who_goes_away_is_counted_off_and_told_nothing_more(house: House) -> None:
    stream = house.server.web.stream
    first, second = house.run(watched(house, 2))
    assert stream.viewers == 2
    house.run(first.leave())
    assert stream.viewers == 1
    before = len(first.pieces)
    with running(house):
        house.run(second.has(3))
    assert len(first.pieces) == before
    second.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        house.run(second.task)
    assert stream.viewers == 0
    assert not any(stream._slices)


@pytest.mark.usefixtures("quick")
def test_a_viewer_who_takes_nothing_holds_up_nobody(house: House) -> None:
    (stuck,) = house.run(watched(house, 1, stuck_after=2))
    (other,) = house.run(watched(house, 1))
    with running(house):
        house.run(other.has(6))
    assert len(stuck.pieces) == 2


@pytest.mark.usefixtures("quick")
def test_a_stream_ends_by_itself_so_that_what_nobody_reads_is_bounded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "EVENTS_LEAST", 3)
    monkeypatch.setattr(board_module, "EVENTS_SPREAD", 2)
    crowd = house.run(watched(house, 4))
    with running(house):
        house.run(asyncio.wait([one.task for one in crowd]))
    assert {len(one.pieces) - 1 for one in crowd} == {3, 4}, "they must not all end at once"
    assert all(one.over for one in crowd)
    assert house.server.web.stream.viewers == 0


def test_the_stream_ends_when_the_server_drains_and_nobody_is_let_in(house: House) -> None:
    (one,) = house.run(watched(house, 1))
    house.run(house.server.web.stream.close())
    house.run(one.task)
    assert one.over
    answer = house.get("/v1/board/events")
    assert (answer.status, answer.code) == (503, "desk_closed")


def test_a_viewer_too_many_is_a_503() -> None:
    with House(viewers_limit=1) as house:
        house.run(watched(house, 1))
        answer = house.get("/v1/board/events")
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "too_many_viewers", "5")
        assert house.get("/v1/board").status == 200


class FailingLog(MemoryLog):
    """Refuses blocks while ``full``; can't be read either while ``gone``."""

    full = False
    gone = False

    def append(self, block: Block) -> None:
        if self.full or self.gone:
            raise AppendFailed("the disk is full")
        super().append(block)

    def read(self, from_position: int = 1) -> Any:
        if self.gone:
            raise LogUnreadable("the disk is gone")
        return super().read(from_position)


def test_while_the_log_takes_nothing_orders_are_a_503_reads_go_on_and_health_says_why() -> None:
    log = FailingLog()
    with House(log) as house:
        token = house.session("ada")
        order_id = house.order(token, "k").json()["id"]
        assert house.get("/healthz").json()["status"] == "open"
        log.full = True
        for key in ("k2", "k3"):
            answer = house.order(token, key)
            assert (answer.status, answer.code) == (503, "desk_closed")
            assert int(answer.headers["retry-after"]) >= 1
        assert house.pay(order_id, "p").code == "desk_closed"
        assert house.cancel(token, order_id, "c").code == "desk_closed"
        assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "reserved"
        assert house.get("/v1/board").json()["totals"]["reserved"] == 1
        health = house.get("/healthz")
        assert (health.status, health.json()["status"]) == (503, "closed")
        assert "the disk is full" in health.json()["because"]
        log.full = False
        assert house.desk.reopen()
        assert house.order(token, "k2").status == 201
        assert house.get("/healthz").status == 200


@pytest.mark.usefixtures("quick")
def test_while_the_log_cannot_be_read_nothing_is_shown_that_may_not_be_durable() -> None:
    log = FailingLog()
    with House(log) as house:
        token = house.session("ada")
        order_id = house.order(token, "k").json()["id"]
        house.pay(order_id, "p")
        (seen,) = house.run(watched(house, 1))
        log.gone = True
        house.cancel(token, order_id, "c")
        with running(house):
            house.run(seen.has(3))
        for path in (f"/v1/orders/{order_id}", "/v1/board", "/v1/launch", "/v1/board/events"):
            assert house.get(path, token).code == "desk_closed", path
        assert len(events(seen.pieces)) == 1, "an event of a book that is ahead of the log"
        assert "drumroll_orders" not in house.get("/metrics").body.decode()
        assert paid_while_closed(house) == []
        log.gone = False
        assert house.desk.reopen()
        assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "firm"
        with running(house):
            house.run(seen.has(len(seen.pieces) + 2))
        assert events(seen.pieces)[1] == ("board", house.get("/v1/board").json())


def paid_while_closed(house: House) -> list[str]:
    paid: list[str] = []

    class Counting:
        async def refund(self, refund_id: str, payment_id: str, amount_minor: int, currency: str) -> None:
            paid.append(payment_id)

    paying = house.loop.create_task(house.server.service.pay_refunds(Counting()))  # type: ignore[arg-type]
    house.run(asyncio.sleep(0.01))
    paying.cancel()
    return paid


def test_metrics_are_prometheus_text_and_agree_with_the_book(house: House) -> None:
    sold(house)
    answer = house.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    assert all(family.documentation for family in families.values())
    orders = {
        (sample.labels["model"], sample.labels["trim"], sample.labels["state"]): sample.value
        for sample in families["drumroll_orders"].samples
    }
    assert orders["kite", "plain", "firm"] == 2
    assert orders["kite", "rare", "reserved"] == 1
    assert sum(orders.values()) == len(house.desk.book.orders)
    values = {name: family.samples[0].value for name, family in families.items() if len(family.samples) == 1}
    assert values["drumroll_log_position"] == house.log.head()
    assert (values["drumroll_desk_open"], values["drumroll_refunds_owed"]) == (1, 1)
    assert values["drumroll_commands"] == house.desk.meter.commands


def test_health_says_when_the_server_stops(house: House) -> None:
    house.desk.draining = True
    assert (house.get("/healthz").status, house.get("/healthz").json()["status"]) == (503, "draining")
    answer = house.order(house.session("ada"), "k")
    assert (answer.code, answer.headers["retry-after"]) == ("desk_closed", "5")
    assert house.get("/v1/board").status == 200


@pytest.mark.parametrize("path", ["/board", "/docs"])
def test_a_page_needs_no_other_host_and_its_files_are_served(house: House, path: str) -> None:
    page = house.get(path)
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    html = page.body.decode()
    assert "<!doctype html>" in html.lower()
    files = re.findall(r"""(?:src|href)=["']([^"']+)["']""", html)
    assert files
    for name in files:
        assert name.startswith("/"), f"{name} is on another host"
        assert not name.startswith("//")
        served = house.get(name)
        if name.startswith("/language?"):
            assert served.status == 303
            continue
        assert served.status == 200, name
        assert len(served.body) > 100
    assert not re.findall(r"""(?:@import|url\()\s*["']?https?:""", html)


@pytest.mark.parametrize("path", ["/board", "/docs"])
def test_these_pages_may_run_our_own_scripts_only(house: House, path: str) -> None:
    policy = house.get(path).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in house.get(path).body.decode()


def test_the_page_of_the_board_is_in_the_language_of_who_asks(house: House) -> None:
    def asked(**headers: str) -> Answer:
        return house.call("GET", "/board", [(name.replace("_", "-"), value) for name, value in headers.items()])

    english, chinese = asked(), asked(accept_language="zh-CN,zh;q=0.9,en;q=0.8")
    assert '<html lang="en">' in english.body.decode()
    assert '<html lang="zh-CN">' in chinese.body.decode()
    assert "大定订单" in chinese.body.decode()
    assert asked(accept_language="zh", cookie="a=b; language=en").body == english.body
    assert asked(cookie="language=zh-CN").body == chinese.body
    for hostile in ("language=" + "z" * 99, "language=../../x", "language=", "xlanguage=zh-CN"):
        assert asked(cookie=hostile).body == english.body
    assert chinese.headers["etag"] != english.headers["etag"]
    assert {"accept-language", "cookie"} <= set(english.headers["vary"].split(", "))


def test_the_page_of_the_board_is_sent_compressed_and_once(house: House) -> None:
    whole = house.get("/board")
    packed = house.call("GET", "/board", [("accept-encoding", "gzip, br")])
    assert packed.headers["content-encoding"] == "br"
    assert brotli.decompress(packed.body) == whole.body
    known = house.call("GET", "/board", [("if-none-match", whole.headers["etag"])])
    assert (known.status, known.body) == (304, b"")


def test_both_languages_have_every_word_of_the_page_and_none_more() -> None:
    every = json.loads((STATIC / "board-words.json").read_text())
    page, script = (STATIC / "board.html").read_text(), (STATIC / "board.js").read_text()
    used = set(re.findall(r"words\.([a-z_]+)", page)) | set(re.findall(r'"([a-z_]+)"', script))
    english = every["en"]
    assert set(re.findall(r"words\.([a-z_]+)", page)) <= english.keys()
    assert set(re.findall(r'\bword\("([a-z_]+)"', script)) <= english.keys()
    assert english.keys() <= used, "words that nobody uses"
    for words in every.values():
        assert words.keys() == english.keys()
        for name, text in words.items():
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english[name])), name


def test_the_launch_says_what_is_sold_and_when(house: House) -> None:
    launch = house.get("/v1/launch").json()
    assert (launch["id"], launch["currency"], launch["hold_s"], launch["orders_per_customer"]) == (
        "kites",
        "EUR",
        600,
        2,
    )
    assert [(model["id"], model["opens_at"]) for model in launch["models"]] == [
        ("kite", "2026-05-01T12:00:00.000+02:00"),
        ("balloon", "2026-05-02T12:00:00.000+02:00"),
        ("wing", "2026-04-01T12:00:00.000+02:00"),
    ]
    assert launch["models"][0]["trims"][1] == {"id": "rare", "name": "Rare", "price_minor": 49_900, "cap": 1}


def lived(life: Life) -> None:
    """One order each: reserved, firm, locked, delivered, forfeited, cancelled, converted, and back from that."""
    life.reserved("ada")
    life.firm("bob")
    life.locked("cyd")
    life.moved(life.locked("dan"), "scheduled", "in_production", "built", "in_transit", "delivered")
    life.both_steps("eve", life.locked("eve"), "cancel")
    life.act("fay", life.firm("fay"), "cancel")
    life.both_steps("gil", life.firm("gil"), "convert", {"model": "wing", "trim": "grey"})
    back = life.firm("hal")
    life.both_steps("hal", back, "convert", {"model": "balloon", "trim": "round"})
    life.both_steps("hal", back, "convert", {"model": "kite", "trim": "plain"})


def test_the_board_counts_locked_and_forfeited_apart_and_who_went_elsewhere_no_more() -> None:
    with Life() as life:
        lived(life)
        board = life.get("/v1/board").json()
        assert board["totals"] == {
            "reserved": 1,
            "firm": 4,
            "locked": 2,
            "converted": 0,
            "expired": 0,
            "cancelled": 1,
            "forfeited": 1,
        }
        for name, number in board["totals"].items():
            assert sum(row[name] for row in board["trims"]) == number
        assert board["curve"][-1][1] == 4


def test_the_money_of_the_metrics_adds_up() -> None:
    with Life() as life:
        lived(life)
        text = life.get("/metrics").body.decode()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        (received,) = families["drumroll_money_in_minor"].samples
        pots = {sample.labels["pot"]: sample.value for sample in families["drumroll_money_minor"].samples}
        assert sum(pots.values()) == received.value == 7 * 2_000
        assert pots == {"held": 7_000, "owed": 3_000, "refunded": 0, "forfeited": 2_000, "applied": 2_000}
