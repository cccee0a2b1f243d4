"""An iterator whose items are made by a thread of its own, while the caller is busy with those before."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


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
