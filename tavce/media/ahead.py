"""Iterators that work in threads: items made before they are asked for, and one function on each by several at once."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(items: Iterable[T], depth: int) -> Iterator[T]:
    """Yield `items` in their order, of which up to `depth` are made before they are asked for.

    What making them raises is raised at its place. When the iterator is dropped, making ends, and a generator is
    closed, in the thread that ran it. It pays where the work leaves Python's lock alone, as decoding and OpenCV do.

    Raises:
        ValueError: a depth below 1.
    """
    if depth < 1:
        raise ValueError(f"depth is {depth}, at least 1 is needed")
    return _ahead(iter(items), depth)


def _ahead(items: Iterator[T], depth: int) -> Iterator[T]:
    with ThreadPoolExecutor(1) as pool:
        pending = deque(pool.submit(_taken, items) for _ in range(depth))
        try:
            while item := pending.popleft().result():
                pending.append(pool.submit(_taken, items))
                yield item[0]
        finally:
            for each in pending:
                each.cancel()
            if isinstance(items, Generator):
                pool.submit(items.close).result()


def _taken(items: Iterator[T]) -> tuple[T] | None:
    for item in items:
        return (item,)
    return None


def spread(items: Iterable[T], work: Sequence[Callable[[T], R]]) -> Iterator[tuple[T, R]]:
    """Yield each item with what a function makes of it, in the items' order; each function has a thread of its own.

    The functions take turns, so that what is not safe in two threads at once, such as an open network, may be there
    several times. They must all make the same of an item. What one raises is raised at the item's place.

    Raises:
        ValueError: no function.
    """
    if not work:
        raise ValueError("there must be at least one function")
    return _spread(items, work)


def _spread(items: Iterable[T], work: Sequence[Callable[[T], R]]) -> Iterator[tuple[T, R]]:
    pending: deque[tuple[T, Future[R]]] = deque()
    with ExitStack() as pools:
        turns = cycle([(pools.enter_context(ThreadPoolExecutor(1)), function) for function in work])
        for item in items:
            pool, function = next(turns)
            pending.append((item, pool.submit(function, item)))
            if len(pending) > len(work):
                first, made = pending.popleft()
                yield first, made.result()
        while pending:
            first, made = pending.popleft()
            yield first, made.result()
