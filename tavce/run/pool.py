"""One process per core over the clips of a data set: results in the order of the items, whoever finishes first."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import forkserver
from typing import TypeVar

from tqdm import tqdm

from tavce.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

# One thread per library in each worker: the processes already fill the cores, and a fixed count keeps sums in order.
# Libraries read these when they are loaded, in the server.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def progress(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    """Yield `items` behind a progress bar on stderr; no bar where stderr is not a terminal."""
    return iter(tqdm(items, total=total, desc=label, leave=False, disable=not sys.stderr.isatty()))


class Pool:
    """Processes that wait for work from `start`, as a context; leaving it cancels what has not begun."""

    def __init__(self, workers: int) -> None:
        """Args: workers: number of processes; 1 works in this process. It moves the speed, never a result."""
        self._workers = workers
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Pool":
        if self._workers > 1:
            # Forked from a process of one thread that imported what the work needs, once for all of them.
            context = multiprocessing.get_context("forkserver")
            self._executor = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_begin)
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def start(
        self, function: Callable[[Item], Result], items: Sequence[Item], *, label: str
    ) -> Callable[[], list[Result]]:
        """Begin ``[function(item) for item in items]`` and return what waits for it: a call gives the results.

        Args:
            function: a picklable function of one item; what it returns must not depend on other items.
            items: picklable.
            label: what the progress bar says while one waits.

        Raises (in the wait):
            InputError: a worker process died (out of memory, or killed).
            Exception: the first one that `function` raises.
        """
        if self._executor is None:
            return lambda: [function(item) for item in progress(items, len(items), label)]
        prepare(_module(function))
        try:
            futures = [self._executor.submit(function, item) for item in items]
        except BrokenProcessPool as error:
            raise _died(label) from error
        return lambda: list(progress(_results(futures, label), len(items), label))


def run_all(function: Callable[[Item], Result], items: Sequence[Item], *, workers: int, label: str) -> list[Result]:
    """Return ``[function(item) for item in items]``, computed by `workers` processes.

    Args:
        function: a picklable function of one item; what it returns must not depend on other items.
        items: picklable, one per clip.
        workers: number of processes; 1 runs in this process. It moves the speed, never the result.
        label: what the progress bar says.

    Raises:
        InputError: a worker process died (out of memory, or killed).
        Exception: the first one that `function` raises; items not yet begun are cancelled.
    """
    with Pool(min(workers, len(items))) as pool:
        return pool.start(function, items, label=label)()


def prepare(*modules: str) -> None:
    """Begin to import `modules` in the server that workers are forked from, while this process goes on; only once.

    Workers of other modules import these themselves; a module that cannot be imported is left to them too.
    """
    multiprocessing.set_forkserver_preload(list(modules))
    saved = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    # Ctrl-C is this process's to handle, from the server's first moment on: a mask outlives the start of a program.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for name, value in saved.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _module(function: Callable[..., object]) -> str:
    while isinstance(function, partial):
        function = function.func
    return function.__module__


def _begin() -> None:
    """Prepare a worker: one whose parent was killed ends too."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _results(futures: list["Future[Result]"], label: str) -> Iterator[Result]:
    try:
        for future in futures:
            yield future.result()
    except BrokenProcessPool as error:
        raise _died(label) from error


def _died(label: str) -> InputError:
    return InputError(
        label, "a worker process died, most likely for want of memory", "lower runtime.workers in params.yaml"
    )
