"""One data set and track -> its part of the report: tables, intervals, differences, plots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from metrics import metric as record_of
from metrics.lse import CONFIDENCE
from reports.aggregate import Mean, means_of
from reports.describe import MetricInfo, Provenance, of_track
from reports.differences import Pairs, against, difference_markdown, differences
from reports.document import Block, Section
from reports.intervals import interval_table
from reports.latex import to_latex
from reports.markdown import to_markdown
from reports.pair_plots import offset_figure, radar_figure, scatter_figure, speed_figure
from reports.paired import Difference
from reports.plots import metric_plot
from reports.result_folder import Results
from reports.sync_plot import curve_figure
from reports.tables import Table, build_table
from stages.framewise import Curve
from stages.pictures import Pictures

PLOT_CAPTION = (
    "A grey dot is a clip; the disc (diamond for a control) is the mean over the common clips with its 95 % interval; "
    "the shaded strip holds infinite values.\n"
)
INTERVALS = (
    "In brackets 95 % intervals over people, since clips of one person are not independent. For metrics of sets: 95 % "
    "of 200 draws of clips with replacement; they show the spread and not the centre, since a clip drawn twice adds no "
    "frame, and fewer frames raise FID"
)
FLOOR = "still_frame"


@dataclass(frozen=True)
class Written:
    """A section with what other outputs need of it.

    Attributes:
        section: for the page in Markdown.
        tables: main and further, for the HTML page.
        differences: for the CSV.
    """

    section: Section
    tables: tuple[Table, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Part:
    """What all sections of one data set share.

    Attributes:
        results: all of them.
        dataset: name of the data set.
        means: the aggregate of all.
        pairs: differences of any two methods.
        against: the method that the others are compared with, where it is in the table.
        speeds: see `reports.speed`.
        curve: (clip, method -> framewise confidence) of one clip, or None.
        folder: of the report.
        pictures: where figures are left.
    """

    results: Results
    dataset: str
    means: pd.DataFrame
    pairs: Pairs
    against: str
    speeds: pd.DataFrame
    curve: tuple[str, Mapping[str, Curve]] | None
    folder: Path
    pictures: Pictures

    @property
    def main(self) -> list[MetricInfo]:
        """Columns of the first table; all if none of those chosen was measured."""
        return [info for info in self.results.metrics if info.key in self.results.main] or list(self.results.metrics)

    @property
    def further(self) -> list[MetricInfo]:
        """Columns of the second."""
        return [info for info in self.results.metrics if info not in self.main]


def write_section(part: Part, track: str, sheets: Mapping[tuple[str, str], str]) -> Written:
    """Write tables and plots of one track into the folder and return what stands in the report."""
    results, dataset, methods = part.results, part.dataset, part.results.methods
    info = results.datasets[dataset]
    provenance = Provenance(info.judges, results.code, {dataset: info.excluded})
    stem = f"{dataset}-{track.replace(' ', '_')}"
    groups = {stem: part.main} | ({f"{stem}-further": part.further} if part.further else {})
    tables = []
    for name, infos in groups.items():
        table = build_table(part.means, dataset, track, methods, infos, provenance, part.pairs.told)
        (part.folder / f"{name}.md").write_text(to_markdown(table), encoding="utf-8")
        (part.folder / f"{name}.tex").write_text(to_latex(table), encoding="utf-8")
        tables.append(table)
    found = differences(part.pairs, methods, track, results.metrics, part.against)
    said = [INTERVALS, *info.floors] if set(results.set_keys) else [INTERVALS]
    shown = interval_table(part.means, dataset, track, methods, part.main)
    blocks = [
        Block("Intervals", shown + "\n" + "".join(f"- {line}.\n" for line in said)),
        Block("Differences", difference_markdown(found, methods, part.main)),
    ]
    if part.further:
        blocks.append(Block("Further metrics", to_markdown(tables[1])))
    blocks.append(Block("Plots", PLOT_CAPTION, _plots(part, track, stem, groups)))
    links = {
        methods[name].label: sheets[dataset, name] for name in of_track(methods, track) if (dataset, name) in sheets
    }
    return Written(Section(tables[0], blocks, links), tuple(tables), tuple(found))


def _plots(part: Part, track: str, stem: str, groups: Mapping[str, Sequence[MetricInfo]]) -> dict[str, str]:
    """Write the plots of one track and return title -> file; a plot with nothing to show is left out."""
    results, methods = part.results, part.results.methods
    rows = results.rows[results.rows["dataset"] == part.dataset]
    names, means = of_track(methods, track), means_of(part.means, part.dataset)
    competing = [name for name in names if methods[name].kind != "control"]
    other = against(methods, track, part.against)
    of_clips = [info for info in part.main if info.key not in results.set_keys]
    figures: dict[str, tuple[Figure | None, str]] = {
        title: (metric_plot(part.means, rows, part.dataset, track, methods, infos), name)
        for title, (name, infos) in zip(("Scores", "Further scores"), groups.items(), strict=False)
    }
    figures["Clip by clip"] = (scatter_figure(rows, names, other, methods, of_clips), f"{stem}-pairs")
    figures["Offsets"] = (offset_figure(rows, names, methods), f"{stem}-offsets")
    figures["Between still frame and truth"] = (
        radar_figure(means, competing, methods, results.metrics, FLOOR),
        f"{stem}-radar",
    )
    quality = _quality(part, means)
    if quality:
        figures["Quality and speed"] = (speed_figure(means, part.speeds, methods, quality), f"{stem}-speed")
    if part.curve:
        clip, curves = part.curve
        title = f"{record_of(CONFIDENCE.key).name} of {clip}"
        figures["Synchrony of one clip"] = (curve_figure(curves, names, methods, title), f"{stem}-sync")
    return {
        f"{title} on {part.dataset}": part.pictures.add(figure, name)
        for title, (figure, name) in figures.items()
        if figure is not None
    }


def _quality(part: Part, means: Mapping[tuple[str, str], Mean]) -> MetricInfo | None:
    """Return the metric that stands for quality beside speed: LSE-C, or the first that there is."""
    measured = {key for _, key in means}
    found = [info for info in part.main if info.key in measured]
    return next((info for info in found if info.key == "lse_c"), found[0] if found else None)
