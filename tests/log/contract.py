"""The conformance suite of the order log: every engine runs it unchanged. An engine gives ``open``; nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drumroll.domain.events import OrderExpired
from drumroll.errors import Fenced, LogError
from drumroll.log.base import Block, Log
from tests.log.blocks import block


class LogContract:
    """Subclass it as ``Test...`` and give the fixture ``opened``: a function that opens the same log (again)."""

    @pytest.fixture
    def opened(self) -> Callable[[], Log]:
        raise NotImplementedError

    def test_a_new_log_is_empty(self, opened: Callable[[], Log]) -> None:
        log = opened()
        assert (log.head(), list(log.read()), log.notices) == (0, [], ())

    def test_what_was_appended_is_read_in_order(self, opened: Callable[[], Log]) -> None:
        log = opened()
        blocks = _filled(log, 150)
        assert log.head() == 150
        assert list(log.read()) == blocks

    def test_blocks_are_the_same_after_the_log_is_opened_again(self, opened: Callable[[], Log]) -> None:
        log = opened()
        blocks = _filled(log, 5)
        log.close()
        again = opened()
        assert (again.head(), list(again.read())) == (5, blocks)
        again.append(block(6))
        assert list(again.read()) == [*blocks, block(6)]

    @pytest.mark.parametrize("from_position", [-1, 0, 1, 2, 65, 129, 150, 151, 1000])
    def test_reading_begins_where_it_was_asked_to(self, opened: Callable[[], Log], from_position: int) -> None:
        log = opened()
        blocks = _filled(log, 150)
        assert list(log.read(from_position)) == blocks[max(from_position, 1) - 1 :]

    @pytest.mark.parametrize("position", [-1, 0, 1, 3, 5, 6])
    def test_a_position_that_is_taken_or_skipped_is_fenced(self, opened: Callable[[], Log], position: int) -> None:
        log = opened()
        blocks = _filled(log, 3)
        with pytest.raises(Fenced, match=f"not {position}"):
            log.append(block(position))
        assert list(log.read()) == blocks
        log.append(block(4))
        assert log.head() == 4

    def test_a_block_of_no_events_and_a_large_one_are_kept(self, opened: Callable[[], Log]) -> None:
        log = opened()
        blocks = [block(1, events=0), block(2, events=5000), block(3, events=1)]
        for each in blocks:
            log.append(each)
        log.close()
        assert list(opened().read()) == blocks

    def test_recovering_a_sound_log_changes_nothing(self, opened: Callable[[], Log]) -> None:
        log = opened()
        blocks = _filled(log, 3)
        log.recover()
        assert (log.head(), list(log.read())) == (3, blocks)
        log.append(block(4))
        assert log.head() == 4

    def test_reading_does_not_stop_appending(self, opened: Callable[[], Log]) -> None:
        log = opened()
        blocks = _filled(log, 200)
        reading = log.read()
        assert next(reading) == blocks[0]
        log.append(block(201))
        assert list(reading)[:199] == blocks[1:]

    @pytest.mark.parametrize("count", [0, 1, 2, 200])
    def test_blocks_appended_together_are_read_like_others(self, opened: Callable[[], Log], count: int) -> None:
        log = opened()
        first = _filled(log, 3)
        together = [block(position) for position in range(4, 4 + count)]
        log.append_all(together)
        log.append(block(4 + count))
        assert list(log.read()) == [*first, *together, block(4 + count)]
        log.close()
        again = opened()
        assert (again.head(), list(again.read())) == (4 + count, [*first, *together, block(4 + count)])

    @pytest.mark.parametrize("positions", [(3, 4), (5, 6), (4, 6), (4, 5, 5), (4, 5, 4), (5, 4)])
    def test_of_blocks_together_none_is_kept_if_one_is_fenced(
        self, opened: Callable[[], Log], positions: tuple[int, ...]
    ) -> None:
        log = opened()
        blocks = _filled(log, 3)
        with pytest.raises(Fenced, match="nothing was written"):
            log.append_all([block(position) for position in positions])
        assert (log.head(), list(log.read())) == (3, blocks)
        log.append_all([block(4), block(5)])
        assert log.head() == 5

    def test_of_blocks_together_none_is_kept_if_one_can_not_be_encoded(self, opened: Callable[[], Log]) -> None:
        log = opened()
        blocks = _filled(log, 3)
        bad = Block(6, 1, (OrderExpired(object()),))  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            log.append_all([block(4), block(5), bad])
        assert (log.head(), list(log.read())) == (3, blocks)
        log.append(block(4))
        assert log.head() == 4

    def test_a_closed_log_takes_and_gives_nothing(self, opened: Callable[[], Log]) -> None:
        log = opened()
        _filled(log, 1)
        log.close()
        log.close()
        with pytest.raises(LogError):
            log.append(block(2))
        with pytest.raises(LogError):
            log.append_all([block(2), block(3)])
        with pytest.raises(LogError):
            log.head()
        with pytest.raises(LogError):
            list(log.read())


def _filled(log: Log, count: int) -> list[Block]:
    blocks = [block(position) for position in range(1, count + 1)]
    for each in blocks:
        log.append(each)
    return blocks
