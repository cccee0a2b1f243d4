"""The figures of a report, drawn by several processes at the end: drawing them is most of what a report costs."""

from pathlib import Path

from matplotlib.figure import Figure

from reports.plots import save_figure
from tavce.run.pool import run_all


class Pictures:
    """Figures that wait to be written into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[tuple[Figure, Path]] = []

    def add(self, figure: Figure, name: str) -> str:
        """Keep a figure as ``<name>.svg`` and ``<name>.png`` and return the latter's name."""
        self._waiting.append((figure, self._folder / name))
        return f"{name}.png"

    def save(self, processes: int) -> None:
        """Write all of them; the bytes do not depend on the number of processes."""
        run_all(_save, self._waiting, workers=processes, label="figures")
        self._waiting = []


def _save(waiting: tuple[Figure, Path]) -> None:
    save_figure(*waiting)
