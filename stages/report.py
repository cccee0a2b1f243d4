"""data/score -> reports/results: rows, page, tables, plots and contact sheets of all data sets and methods."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from metrics import metric
from reports.contact_sheet import evenly_spaced
from reports.describe import MethodInfo, MetricInfo
from reports.result_folder import DatasetInfo, Results, SetMean, set_frame
from reports.speed import read_speed
from stages.arms import Arm, Shared
from stages.code import version_line
from stages.entry import one_argument
from stages.evaluate import Evaluate, clips_to_make
from stages.judges_line import judges_line
from stages.measure import Score
from stages.method import Method
from stages.params import read_section, workers
from stages.paths import (
    CACHE,
    FEATURES,
    RESULTS,
    ROWS,
    SETS,
    SPEED,
    ablation_folder,
    animated_folder,
    correlation_folder,
    crop_folder,
    dataset_folder,
    filter_folder,
    generated_folder,
    reference_folder,
    score_folder,
)
from stages.report_arms import Arms, arm_rows
from stages.report_sensitivity import read_sensitivity
from stages.set_scores import SetFiles, set_means
from stages.write_page import Videos
from stages.write_report import Material, write_report
from stages.write_sheets import SheetLine
from tavce.data.clips import Clip, iterate_clips
from tavce.data.packed import clip_files
from tavce.data.synthetic.truth import speech_engines
from tavce.errors import InputError
from tavce.methods.contract import TRUE_POSE
from tavce.run.atomic import atomic_directory
from tavce.run.cache import Cache
from tavce.run.pool import Pool


@dataclass(frozen=True)
class Report:
    """How much the report shows.

    Attributes:
        title: heading of the page.
        main: metrics of the first table; the others stand in a second one.
        against: the method that the others are compared with, where a table has it.
        sheet_clips: clips per contact sheet.
        sheet_frames: frames per clip on it.
        page_clips: clips of each data set whose videos the HTML page can play.
    """

    title: str
    main: tuple[str, ...]
    against: str
    sheet_clips: int
    sheet_frames: int
    page_clips: int

    def __post_init__(self) -> None:
        if self.sheet_clips < 1 or self.sheet_frames < 1 or self.page_clips < 0:
            raise ValueError("sheet_clips and sheet_frames must be at least 1, page_clips at least 0")
        for key in self.main:
            metric(key)


@dataclass(frozen=True)
class Asked:
    """What the report is to show: its own section, what was measured, on which split, and the correlation metrics."""

    report: Report
    score: Score
    split: str
    correlations: Sequence[str]
    arms: Arms


@dataclass(frozen=True)
class Source:
    """Where what a method made lies: its videos, and their scores.

    Attributes:
        videos: folder of the videos.
        scores: folder of rows, features and the signatures of metrics of sets.
    """

    videos: Path
    scores: Path


def sources(dataset: str, methods: Iterable[str], arms: Arms) -> dict[str, Source]:
    """Return where each line of the main table comes from: methods, then the arms, each by its first seed."""
    found = {name: Source(generated_folder(dataset, name), score_folder(dataset, name)) for name in methods}
    first = f"seed{arms.shared.seeds[0]}"
    return found | {
        name: Source(animated_folder(dataset, name) / first, ablation_folder(dataset, name)) for name in arms.shown
    }


def gather(
    datasets: Mapping[str, str], methods: dict[str, Method], asked: Asked, unpacked: ExitStack, pool: Pool
) -> Material:
    """Return what the report is made of, read from the folders of the stages before it.

    Args:
        datasets: name -> kind of its corpus.
        methods: name -> method.
        asked: what is to be shown.
        unpacked: what ends the copies of crops that lie packed; until then the material can be shown.
        pool: processes that measure sets.

    Raises:
        InputError: a table or a score file is missing.
    """
    parts = [_rows(dataset, method) for dataset in datasets for method in methods]
    parts += [_arm_rows(dataset, name, asked) for dataset in datasets for name in asked.arms.shown]
    rows = pd.concat(parts, ignore_index=True)
    infos: dict[str, DatasetInfo] = {}
    sets: list[SetMean] = []
    sheets: dict[tuple[str, str], Sequence[SheetLine]] = {}
    videos: dict[str, Videos] = {}
    for dataset, kind in datasets.items():
        clips = [clip for clip in iterate_clips(filter_folder(dataset)) if clip.split == asked.split]
        wanted = [clip.id for clip in clips_to_make(clips, asked.split)]
        found = sources(dataset, methods, asked.arms)
        signed, floors = _set_signatures(dataset, found.values()), list[str]()
        if signed:
            of_sets = [each for each in asked.score.chosen if each.scope == "set"]
            means, floors = set_means(dataset, _set_files(dataset, found, clips, wanted), of_sets, signed, pool)
            sets += means
        signatures = [*rows.loc[rows["dataset"] == dataset, "signature"].unique(), *signed.values()]
        line = judges_line(signatures, synthetic=kind == "synthetic")
        infos[dataset] = DatasetInfo(
            judges="; ".join([line, *speech_engines(dataset_folder(dataset), wanted)]),
            expected=wanted,
            excluded={f"{clip.id} ({clip.source})": clip.reason for clip in clips if not clip.usable},
            floors=floors,
        )
        shown, videos[dataset] = _pictures(dataset, wanted, found, asked.report, unpacked)
        sheets |= {(dataset, method): lines for method, lines in shown.items()}
    results = Results(
        title=asked.report.title,
        code=version_line(),
        datasets=infos,
        methods=_infos(methods, asked.arms),
        metrics=[MetricInfo(m.key, m.name, m.unit, m.better, m.decimals) for m in asked.score.chosen],
        main=asked.report.main,
        rows=rows,
        sets=set_frame(sets),
    )
    return Material(
        results=results,
        against=asked.report.against,
        correlations={dataset: [_figures(dataset, name) for name in asked.correlations] for dataset in datasets},
        arms=asked.arms,
        sheets=sheets,
        frames=asked.report.sheet_frames,
        videos=videos,
        sensitivity={name: each for name in datasets if (each := read_sensitivity(name)) is not None},
        speed=read_speed(SPEED),
        cache=Cache(CACHE),
    )


def _pictures(
    dataset: str, wanted: Sequence[str], found: Mapping[str, Source], report: Report, unpacked: ExitStack
) -> tuple[dict[str, Sequence[SheetLine]], Videos]:
    """Return what stands on each method's contact sheet, and what the page can play."""
    shown = [wanted[k] for k in evenly_spaced(len(wanted), report.sheet_clips)]
    number = min(len(wanted), report.page_clips)
    played = [wanted[k] for k in evenly_spaced(len(wanted), number)] if number else []
    crops = unpacked.enter_context(clip_files(crop_folder(dataset), *{*shown, *played}, only=(".mkv", ".wav")))
    sheets = {name: _sheet(crops, source.videos, shown) for name, source in found.items()}
    folders = {name: source.videos for name, source in found.items()}
    scores = {name: source.scores / FEATURES for name, source in found.items()}
    return dict(sheets), Videos(played, crops, folders, scores)


def _infos(methods: Mapping[str, Method], arms: Arms) -> dict[str, MethodInfo]:
    infos = {name: MethodInfo(method.label, method.track, method.kind) for name, method in methods.items()}
    shown = arms.shown
    if both := sorted(infos.keys() & shown.keys()):
        raise InputError("params.yaml", f"{both} name a method and an ablation arm", "give one of them another name")
    return infos | {name: MethodInfo(arm.label, TRUE_POSE, "native") for name, arm in shown.items()}


def _arm_rows(dataset: str, arm: str, asked: Asked) -> pd.DataFrame:
    """Return the rows of an arm's first seed, under the metrics of the main table."""
    rows, keys = arm_rows(dataset, arm), [each.key for each in asked.score.chosen]
    first = rows[(rows["seed"] == asked.arms.shared.seeds[0]) & rows["metric"].isin(keys)]
    return first.drop(columns="seed")


def _figures(dataset: str, correlation: str) -> dict[str, Any]:
    path = correlation_folder(dataset, correlation) / "figures.json"
    if not path.is_file():
        raise InputError(path, "there are no figures", f"run: dvc repro correlation@{dataset}-{correlation}")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _set_signatures(dataset: str, made: Iterable[Source]) -> dict[str, str]:
    """Return the signatures of the metrics of sets.

    Raises:
        InputError: two methods were scored under different ones.
    """
    found = [json.loads((each.scores / SETS).read_text(encoding="utf-8")) for each in made]
    if any(each != found[0] for each in found):
        raise InputError(f"scores of {dataset}", "were made under several signatures", "score all again: dvc repro")
    return dict(found[0])


def _set_files(dataset: str, made: Mapping[str, Source], clips: Sequence[Clip], wanted: Sequence[str]) -> SetFiles:
    generated = {}
    for method, source in made.items():
        files = {clip: source.scores / FEATURES / f"{clip}.npz" for clip in wanted}
        generated[method] = {clip: path for clip, path in files.items() if path.is_file()}
    return SetFiles(
        reference={clip: reference_folder(dataset) / f"{clip}.npz" for clip in wanted},
        generated=generated,
        identities={clip.id: clip.identity for clip in clips},
        expected=wanted,
    )


def _sheet(crops: Path, videos: Path, shown: Sequence[str]) -> list[SheetLine]:
    made = {clip: videos / f"{clip}.mkv" for clip in shown}
    return [SheetLine(clip, crops / f"{clip}.mkv", video if video.is_file() else None) for clip, video in made.items()]


def _rows(dataset: str, method: str) -> pd.DataFrame:
    path = score_folder(dataset, method) / ROWS
    if not path.is_file():
        raise InputError(path, "there are no scores", f"run: dvc repro score@{dataset}-{method}")
    try:
        return pd.read_parquet(path)
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise InputError(path, f"cannot be read ({error})", f"run: dvc repro -f score@{dataset}-{method}") from error


def main(arguments: Sequence[str]) -> None:
    """Run the stage for all data sets and methods of params.yaml."""
    one_argument(arguments)
    names: dict[str, object] = read_section(dict[str, dict], "datasets")  # type: ignore[type-arg]
    datasets = {name: read_section(str, "datasets", name, "corpus", "kind") for name in names}
    methods: dict[str, Method] = read_section(dict[str, Method], "methods")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    correlations: dict[str, object] = read_section(dict[str, dict], "correlations")  # type: ignore[type-arg]
    arms = Arms(read_section(Shared, "animator"), read_section(dict[str, Arm], "ablations"))
    report, score = read_section(Report, "report"), read_section(Score, "score")
    asked = Asked(report, score, evaluate.split, list(correlations), arms)
    with ExitStack() as unpacked:
        pool = unpacked.enter_context(Pool(workers()))
        material = gather(datasets, methods, asked, unpacked, pool)
        with atomic_directory(RESULTS) as part:
            write_report(material, part, pool)
