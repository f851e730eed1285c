"""The queue of a model against a sorted list, through many runs and back to none."""

from __future__ import annotations

from bisect import bisect_left, insort
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drumroll.domain import queue as module
from drumroll.domain.queue import Queue, lock_time_of, place_of

places = st.integers(0, 30)


class QueueAndList(RuleBasedStateMachine):
    """With runs of four places at most, so that they split, empty and go."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(module, "_SPLIT", 4)
        self.queue, self.right = Queue(), list[int]()

    @rule(many=st.lists(places, min_size=1, max_size=8))
    def some_come(self, many: list[int]) -> None:
        for place in many:
            if place not in self.right:
                self.queue.add(place)
                insort(self.right, place)

    @rule(number=st.integers(0, 1_000))
    def one_goes(self, number: int) -> None:
        if self.right:
            self.queue.remove(self.right.pop(number % len(self.right)))

    @rule(count=st.integers(1, 9))
    def the_front_goes(self, count: int) -> None:
        for place in self.right[:count]:
            self.queue.remove(place)
        del self.right[:count]

    @rule(place=places)
    def who_is_not_there_can_not_go(self, place: int) -> None:
        if place not in self.right:
            with pytest.raises(KeyError):
                self.queue.remove(place)

    @invariant()
    def it_is_the_sorted_list(self) -> None:
        assert list(self.queue) == self.right
        assert len(self.queue) == len(self.right)
        for place in range(-1, 32):
            assert (place in self.queue) == (place in self.right)
            assert self.queue.ahead(place) == bisect_left(self.right, place)

    def teardown(self) -> None:
        self.patch.undo()


TestQueueAndList = QueueAndList.TestCase
TestQueueAndList.settings = settings(max_examples=50, deadline=None)


def test_a_long_queue_keeps_its_order_while_its_front_leaves() -> None:
    random = Random(5)
    queue, right = Queue(), []
    for number in range(1, 12_001):
        place = place_of(random.randrange(1_000_000), number)
        queue.add(place)
        insort(right, place)
        if number % 3 == 0:
            queue.remove(right.pop(0))
    assert list(queue) == right
    assert [queue.ahead(place) for place in right[::97]] == list(range(0, len(right), 97))


@given(st.integers(0, 2**41), st.integers(1, 2**24 - 1), st.integers(0, 2**41), st.integers(1, 2**24 - 1))
def test_places_are_in_the_order_of_their_lock_times_and_then_of_their_entry(
    at_ms: int, number: int, other_ms: int, other: int
) -> None:
    assert lock_time_of(place_of(at_ms, number)) == at_ms
    assert (place_of(at_ms, number) < place_of(other_ms, other)) == ((at_ms, number) < (other_ms, other))
