"""Score rows, and where the videos lie -> a folder with the page, tables, plots and contact sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import UInt8

from metrics.record import Metric
from reports.aggregate import aggregate
from reports.contact_sheet import contact_sheet, evenly_spaced, save_sheet
from reports.correlation import correlation_table
from reports.describe import MethodInfo, MetricInfo, Provenance, of_track, tracks
from reports.document import Section, report_markdown
from reports.intervals import interval_table
from reports.latex import to_latex
from reports.markdown import to_markdown
from reports.plots import metric_plot, save_figure
from reports.tables import Table, build_table, to_csv
from stages.report_arms import Arms, write_arms
from stages.set_scores import RESAMPLES, SetFiles, set_means
from tavce.errors import InputError
from tavce.media.video import read_frames
from tavce.methods.contract import TRUE_POSE
from tavce.run.pool import progress

Frames = dict[int, UInt8[np.ndarray, "height width 3"]]  # index -> picture, in order

INTERVALS = (
    f"In brackets 95 % of {RESAMPLES} draws of clips with replacement. They show the spread and not the centre: a clip "
    "drawn twice adds no frame, and fewer frames raise FID"
)


@dataclass(frozen=True)
class SheetLine:
    """One clip on a contact sheet.

    Attributes:
        clip: id, the label.
        reference: the true video.
        generated: the method's video, or None if there is none.
    """

    clip: str
    reference: Path
    generated: Path | None


@dataclass(frozen=True)
class Material:
    """All that a report is made of.

    Attributes:
        title: heading of the page.
        judges: data set -> first line of its tables: which networks judged.
        rows: score rows.
        expected: data set -> clips that every method owes.
        excluded: data set -> clips that cannot be used, with the reason.
        methods: name -> how it is shown, in table order.
        metrics: in table order.
        main: keys of those in the first table; the rest stand in a second one.
        sets: data set -> where the features of its frames lie; without an entry it has no metrics of sets.
        set_signatures: data set -> metric of sets -> signature.
        correlations: data set -> figures of its temporal correlation metrics.
        arms: the ablation arms, or None if there are none.
        sheets: (data set, method) -> clips to show.
        frames: number of frames of each clip on a sheet.
    """

    title: str
    judges: Mapping[str, str]
    rows: pd.DataFrame
    expected: Mapping[str, Sequence[str]]
    excluded: Mapping[str, Mapping[str, str]]
    methods: Mapping[str, MethodInfo]
    metrics: Sequence[Metric]
    main: Sequence[str]
    sets: Mapping[str, SetFiles]
    set_signatures: Mapping[str, Mapping[str, str]]
    correlations: Mapping[str, Sequence[Mapping[str, Any]]]
    arms: Arms | None
    sheets: Mapping[tuple[str, str], Sequence[SheetLine]]
    frames: int


def write_report(material: Material, folder: Path) -> None:
    """Write ``report.md``, ``aggregate.csv``, a table and a plot per data set and track, and ``sheets/`` into `folder`.

    Raises:
        InputError: rows that do not fit together (see `reports.rows.check_rows`), or two methods of one label.
    """
    labels = [info.label for info in material.methods.values()]
    if len(set(labels)) < len(labels):
        raise InputError("methods", f"labels {labels} name two alike", "give each method a label of its own")
    try:
        means = aggregate(material.rows, material.expected, methods=material.methods)
    except ValueError as error:
        raise InputError("score rows", str(error), "score all methods again: dvc repro") from error
    means, floors = _with_sets(means, material)
    (folder / "aggregate.csv").write_text(to_csv(means), encoding="utf-8")
    sheets = _write_sheets(material, folder)
    sections = [
        _section(material, means, floors.get(dataset, []), dataset, track, sheets, folder)
        for dataset in sorted(material.expected)
        for track in tracks(material.methods)
    ]
    page = report_markdown(material.title, material.excluded, sections, material.rows)
    (folder / "report.md").write_text(page, encoding="utf-8")


def _with_sets(means: pd.DataFrame, material: Material) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the aggregate with the lines of the metrics of sets, and what is said of their floor per data set."""
    chosen = [each for each in material.metrics if each.scope == "set"]
    lines, floors = [], {}
    for dataset, files in material.sets.items():
        found, floors[dataset] = set_means(dataset, files, chosen, material.set_signatures[dataset])
        lines += [asdict(line) for line in found]
    if not lines:
        return means, floors
    joined = pd.concat([means, pd.DataFrame(lines)], ignore_index=True)
    return joined.sort_values(["dataset", "method", "metric"], ignore_index=True), floors


def _section(
    material: Material,
    means: pd.DataFrame,
    floors: Sequence[str],
    dataset: str,
    track: str,
    sheets: Mapping[tuple[str, str], str],
    folder: Path,
) -> Section:
    methods = material.methods
    provenance = Provenance(material.judges[dataset], f"tavce-bench {version('tavce-bench')}", material.excluded)
    infos = [MetricInfo(each.key, each.name, each.unit, each.better, each.decimals) for each in material.metrics]
    main = [info for info in infos if info.key in material.main] or infos
    rest = [info for info in infos if info not in main]
    tables = [build_table(means, dataset, track, methods, part, provenance) for part in (main, rest) if part]
    stem = folder / f"{dataset}-{track.replace(' ', '_')}"
    for table, name in zip(tables, (stem.name, f"{stem.name}-further"), strict=False):
        _write_table(table, stem.with_name(name))
    pictures = {}
    for part, name, title in ((main, stem.name, "Scores"), (rest, f"{stem.name}-further", "Further scores")):
        if part:
            figure = metric_plot(means, material.rows, dataset, track, methods, part)
            pictures[f"{title} on {dataset}"] = save_figure(figure, stem.with_name(name))[1].name
    of_sets = [info for info, each in zip(infos, material.metrics, strict=True) if each.scope == "set"]
    sets = ""
    if of_sets:
        said = [INTERVALS, *floors]
        sets = interval_table(means, dataset, track, methods, of_sets) + "\n" + "".join(f"- {line}.\n" for line in said)
    shown_tracks = tracks(methods)
    # What belongs to the data set and not to a track stands once: beside the arms, or in the first track.
    beside = track == (TRUE_POSE if TRUE_POSE in shown_tracks else shown_tracks[0])
    figures = material.correlations.get(dataset, []) if beside else []
    correlation = correlation_table(figures) if figures else ""
    ablation, of_arms = "", dict[str, str]()
    if material.arms is not None and beside:
        ablation, of_arms = write_arms(dataset, material.arms, material.rows, material.judges[dataset], folder)
    shown = [name for name in of_track(methods, track) if (dataset, name) in sheets]
    links = {methods[name].label: sheets[dataset, name] for name in shown}
    further = tables[1] if rest else None
    return Section(tables[0], pictures, links, further, sets, correlation, ablation, of_arms)


def _write_table(table: Table, stem: Path) -> None:
    stem.with_name(f"{stem.name}.md").write_text(to_markdown(table), encoding="utf-8")
    stem.with_name(f"{stem.name}.tex").write_text(to_latex(table), encoding="utf-8")


def _write_sheets(material: Material, folder: Path) -> dict[tuple[str, str], str]:
    written = {}
    (folder / "sheets").mkdir()
    items = list(material.sheets.items())
    truth = cache(partial(_truth, columns=material.frames))  # all methods stand beside the same reference frames
    for (dataset, method), lines in progress(items, len(items), "contact sheets"):
        name = f"sheets/{dataset}-{method}.png"
        pairs = [_sheet_lines(line, material.methods[method].label, truth(line.reference)) for line in lines]
        columns = max(len(frames) for _, frames in chain.from_iterable(pairs))
        sheet = contact_sheet(
            list(chain.from_iterable(pairs)),
            group=2,
            heads=[f"{n + 1} of {columns}" for n in range(columns)],
            title=f"{dataset}: {material.methods[method].label}",
        )
        save_sheet(folder / name, sheet)
        written[dataset, method] = name
    return written


def _sheet_lines(line: SheetLine, label: str, truth: Frames) -> list[tuple[str, list]]:  # type: ignore[type-arg]
    try:
        made = _picked(line.generated, list(truth)) if line.generated else {}
    except InputError:
        made = {}  # drawn crossed out; its score rows say why it cannot be read
    return [
        (f"{line.clip}\nreference", list(truth.values())),
        (label.replace(", ", ",\n"), [made.get(k) for k in truth]),
    ]


def _truth(reference: Path, columns: int) -> Frames:
    return _picked(reference, evenly_spaced(sum(1 for _ in read_frames(reference)), columns))


def _picked(video: Path, at: Sequence[int]) -> Frames:
    """Return the frames at the indices `at` that the video has; the others are never held together."""
    wanted = set(at)
    return {k: frame for k, frame in enumerate(read_frames(video, max_frames=max(at) + 1)) if k in wanted}
