"""Work in threads: the order of a plain loop, errors at their place, and nothing left running."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tavce.media.ahead import ahead, spread


def test_the_order_is_that_of_the_items() -> None:
    for depth in (1, 3, 50):
        assert list(ahead(range(20), depth)) == list(range(20))


def test_items_are_made_before_they_are_asked_for_and_no_more_than_so_many() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    items = ahead(numbers(), 3)
    assert next(items) == 0
    deadline = time.monotonic() + 10
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert made == [0, 1, 2, 3]
    items.close()  # type: ignore[attr-defined]


def test_an_error_comes_at_its_place() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("gone")

    found = []
    with pytest.raises(OSError, match="gone"):
        found.extend(ahead(numbers(), 2))
    assert found == [] or found == [1, 2]
    items = ahead(numbers(), 2)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_a_dropped_iterator_closes_its_generator_in_the_thread_that_ran_it() -> None:
    threads: list[int] = []

    def numbers() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            threads.append(threading.get_ident())

    items = ahead(numbers(), 4)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


def test_at_least_one_is_made_ahead() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ahead([1], 0)


def work(number: int) -> Callable[[int], tuple[int, int]]:
    def slow(item: int) -> tuple[int, int]:
        time.sleep(0.001 * ((item * 7) % 5))
        return item * item, number

    return slow


def test_several_functions_take_turns_and_keep_the_order() -> None:
    found = list(spread(range(30), [work(0), work(1), work(2)]))
    assert [(item, made) for item, (made, _) in found] == [(k, k * k) for k in range(30)]
    assert [number for _, (_, number) in found] == [k % 3 for k in range(30)]
    assert list(spread([], [work(0)])) == []


def test_functions_really_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)  # would break if one waited for the other
    assert [made for _, made in spread(range(2), [lambda _: both.wait() >= 0] * 2)] == [True, True]


def test_what_a_function_raises_comes_at_its_place() -> None:
    def careful(item: int) -> int:
        if item == 3:
            raise OSError("no face")
        return item

    items = spread(range(6), [careful, careful])
    assert [next(items)[1] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="no face"):
        next(items)


def test_there_must_be_a_function() -> None:
    with pytest.raises(ValueError, match="at least one"):
        spread([1], [])
