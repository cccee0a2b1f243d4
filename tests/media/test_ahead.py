"""Items made ahead, and work spread over threads: the order, the errors and the end are those of a plain loop."""

import threading
from collections.abc import Iterator

import pytest

from tavce.media.ahead import ahead, spread

PATIENCE = 10.0  # seconds that a thread is waited for; reached only where a test fails


class Source:
    """Numbers from 0 on, made when asked for; keeps count, and the threads that ran and closed it."""

    def __init__(self, count: int, *, bad: int | None = None) -> None:
        self.count, self.bad, self.made = count, bad, 0
        self.ran: set[int] = set()
        self.closed: list[int] = []
        self.reached = threading.Semaphore(0)

    def __iter__(self) -> Iterator[int]:
        try:
            for number in range(self.count):
                self.ran.add(threading.get_ident())
                if number == self.bad:
                    raise LookupError(f"no {number}")
                self.made += 1
                self.reached.release()
                yield number
        finally:
            self.closed.append(threading.get_ident())

    def wait(self, count: int) -> bool:
        """Whether `count` more items are made before patience ends."""
        return all(self.reached.acquire(timeout=PATIENCE) for _ in range(count))


@pytest.mark.parametrize("depth", [1, 2, 7, 100])
def test_order_and_a_thread_of_its_own(depth: int):
    source = Source(50)
    assert list(ahead(source, depth)) == list(range(50))
    assert len(source.ran) == 1
    assert source.ran == set(source.closed)
    assert threading.get_ident() not in source.ran


def test_falsy_items_do_not_end_it():
    assert list(ahead([0, None, "", [], 0], 2)) == [0, None, "", [], 0]
    assert list(ahead([], 2)) == []


def test_depth_is_how_many_are_made_before_they_are_asked_for():
    source = Source(50)
    items = ahead(source, 3)
    assert source.made == 0, "nothing is made before the first is asked for"
    assert next(items) == 0
    assert source.wait(4)  # the one in hand and three more
    assert not source.reached.acquire(timeout=0.1)
    assert source.made == 4
    assert next(items) == 1
    assert source.wait(1)
    items.close()
    assert source.made == 5


def test_an_error_comes_at_its_place():
    source = Source(50, bad=5)
    items, seen = ahead(source, 4), []
    with pytest.raises(LookupError, match="no 5"):
        for item in items:
            seen.append(item)
    assert seen == [0, 1, 2, 3, 4]
    assert list(items) == []
    assert set(source.closed) == source.ran


@pytest.mark.parametrize("dropped", [True, False])
def test_a_generator_is_closed_in_its_thread_when_it_is_dropped(dropped: bool):
    source = Source(50)
    items = ahead(source, 2)
    next(items)
    if dropped:
        del items
    else:
        items.close()
    assert source.made <= 4
    assert len(source.closed) == 1
    assert set(source.closed) == source.ran


def test_one_behind_another():
    source = Source(50)
    items = ahead((2 * each for each in ahead(source, 2)), 2)
    assert [next(items) for _ in range(3)] == [0, 2, 4]
    items.close()
    assert len(source.closed) == 1
    assert len(list(ahead((2 * each for each in ahead(Source(50), 2)), 2))) == 50


def test_no_depth():
    with pytest.raises(ValueError, match="depth is 0"):
        ahead([1], 0)


def test_spread_keeps_the_order_and_takes_turns():
    owners: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}

    def worker(place: int):
        def work(item: int) -> int:
            owners[place].add(threading.get_ident())
            assert item % 3 == place
            return item * item

        return work

    items = list(range(50))
    assert list(spread(items, [worker(place) for place in range(3)])) == [(each, each * each) for each in items]
    threads = [each for place in owners.values() for each in place]
    assert len(threads) == len(set(threads)) == 3, "one thread for each function, and none for two"


def test_spread_works_at_the_same_time():
    both = threading.Barrier(2, timeout=PATIENCE)  # passes only when two wait at once
    assert [made for _, made in spread(range(6), [lambda _: both.wait() >= 0] * 2)] == [True] * 6


def test_spread_holds_few_items():
    source = Source(50)
    items = spread(source, [str, str])
    assert next(items) == (0, "0")
    assert source.made == 3
    items.close()
    assert source.closed


def test_errors_of_spread_come_at_their_place():
    def careful(item: int) -> int:
        if item == 4:
            raise LookupError("no 4")
        return item

    seen = []
    with pytest.raises(LookupError, match="no 4"):
        for item, _ in spread(range(9), [careful, careful]):
            seen.append(item)
    assert seen == [0, 1, 2, 3]
    source = Source(9, bad=4)
    with pytest.raises(LookupError, match="no 4"):
        list(spread(source, [str, str, str]))
    assert source.closed
    with pytest.raises(ValueError, match="at least one"):
        spread([1], [])
