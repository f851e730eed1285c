"""What Prometheus scrapes: read from plain numbers when asked, so that the hot path pays nothing for it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from drumroll.desk.desk import Desk
from drumroll.notices.store import Meter
from drumroll.transparency.leaf_index import LeafIndex
from drumroll.web.board import BoardStream


class DeskCollector(Collector):
    """The desk's meter and the book's counts, in Prometheus' terms."""

    def __init__(self, desk: Desk, stream: BoardStream, published: LeafIndex | None = None) -> None:
        self._desk = desk
        self._stream = stream
        self._published = published

    def collect(self) -> Iterator[Metric]:
        """All metrics, as they stand."""
        yield from self._of_the_desk()
        if self._desk.readable:
            yield from self._of_the_book()

    def _of_the_desk(self) -> Iterator[Metric]:
        desk, meter = self._desk, self._desk.meter
        is_open = desk.closed_because is None and not desk.draining
        yield GaugeMetricFamily("drumroll_desk_open", "1 if orders are taken", int(is_open))
        yield GaugeMetricFamily("drumroll_queue_length", "Commands that wait for the desk", len(desk.queue))
        yield GaugeMetricFamily("drumroll_queue_limit", "Commands that may wait", desk.queue_limit)
        yield GaugeMetricFamily("drumroll_log_position", "Position of the last durable block", desk.position)
        yield GaugeMetricFamily("drumroll_largest_batch", "Commands in the largest batch", meter.largest_batch)
        yield GaugeMetricFamily("drumroll_board_viewers", "Open streams of the live board", self._stream.viewers)
        yield CounterMetricFamily("drumroll_batches", "Batches decided", meter.turns)
        yield CounterMetricFamily("drumroll_commands", "Commands answered", meter.commands)
        yield CounterMetricFamily("drumroll_refusals", "Commands refused by the rules", meter.refusals)
        yield CounterMetricFamily(
            "drumroll_queue_full", "Commands turned away, the queue being full", meter.refused_full
        )
        yield CounterMetricFamily("drumroll_append_failures", "Blocks that the log did not take", meter.append_failures)
        yield CounterMetricFamily(
            "drumroll_append_seconds", "Time spent in making blocks durable", meter.append_ns / 1e9
        )
        if self._published is not None:
            behind = max(0, desk.position - self._published.blocks())
            yield GaugeMetricFamily("drumroll_unpublished_blocks", "Blocks not yet in the published log", behind)

    def _of_the_book(self) -> Iterator[Metric]:
        book = self._desk.book
        orders = GaugeMetricFamily(
            "drumroll_orders", "Orders by their present state", labels=["model", "trim", "state"]
        )
        for (model, trim), tally in book.tallies.items():
            for state, count in tally.by_state.items():
                orders.add_metric([model, trim, state.value], count)
        yield orders
        yield GaugeMetricFamily("drumroll_refunds_owed", "Refunds owed and not paid yet", len(book.refunds_owed))
        in_words = "Money that arrived, in minor units of the launch's currency"
        yield CounterMetricFamily("drumroll_money_in_minor", in_words, book.money.received)
        money = GaugeMetricFamily("drumroll_money_minor", "Where that money is now", labels=["pot"])
        for pot in ("held", "owed", "refunded", "forfeited", "applied"):
            money.add_metric([pot], getattr(book.money, pot))
        yield money
        waiting = sum(len(line) for line in book.waiting.values())
        yield GaugeMetricFamily("drumroll_waiting", "Customers in the waiting list", waiting)
        yield CounterMetricFamily("drumroll_openings", "Times that a desk opened this log", book.openings)


class NoticesCollector(Collector):
    """What became of the letters to customers."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def collect(self) -> Iterator[Metric]:
        """All metrics, as they stand."""
        meter = self._meter
        yield GaugeMetricFamily("drumroll_notices_waiting", "Letters to customers that wait", meter.waiting)
        letters = CounterMetricFamily("drumroll_notices", "Letters to customers that ended, by how", labels=["end"])
        for end in ("sent", "given_up", "skipped", "outdated"):
            letters.add_metric([end], getattr(meter, end))
        yield letters


def exposition(registry: CollectorRegistry) -> bytes:
    """The text format."""
    return generate_latest(registry)
