"""The figures of a report, drawn by other processes while the report goes on: drawing is most of what it costs."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from reports.figures import save_figure
from tavce.run.pool import Pool


class Pictures:
    """Figures that are being written into a folder."""

    def __init__(self, folder: Path, pool: Pool) -> None:
        self._folder = folder
        self._pool = pool
        self._waiting: list[Callable[[], object]] = []

    def add(self, figure: Figure, name: str) -> str:
        """Keep a figure as ``<name>.svg`` and ``<name>.png`` and return the latter's name."""
        self._waiting.append(self._pool.start(_save, [(figure, self._folder / name)], label=name))
        return f"{name}.png"

    def wait(self) -> None:
        """Return when all of them are written; the bytes do not depend on the number of processes."""
        for written in self._waiting:
            written()
        self._waiting = []


def _save(waiting: tuple[Figure, Path]) -> None:
    save_figure(*waiting)
