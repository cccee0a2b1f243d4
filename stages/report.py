"""data/score -> reports/results: the page, tables, plots and contact sheets of all data sets and methods."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.contact_sheet import evenly_spaced
from reports.describe import MethodInfo
from stages.entry import one_argument, run
from stages.evaluate import Evaluate, clips_to_make
from stages.measure import Score
from stages.method import Method
from stages.params import read_section
from stages.paths import RESULTS, crop_folder, dataset_folder, generated_folder, score_file
from stages.write_report import Material, SheetLine, judges_line, write_report
from tavce.data.clips import read_clips
from tavce.data.synthetic.truth import speech_engines
from tavce.errors import InputError
from tavce.run.atomic import atomic_directory


@dataclass(frozen=True)
class Report:
    """How much the report shows.

    Attributes:
        title: heading of the page.
        sheet_clips: clips per contact sheet.
        sheet_frames: frames per clip on it.
    """

    title: str
    sheet_clips: int
    sheet_frames: int

    def __post_init__(self) -> None:
        if self.sheet_clips < 1 or self.sheet_frames < 1:
            raise ValueError("sheet_clips and sheet_frames must be at least 1")


def gather(datasets: Sequence[str], methods: dict[str, Method], score: Score, report: Report, split: str) -> Material:
    """Return what the report is made of, read from the folders of the stages before it.

    Raises:
        InputError: a table or a score file is missing.
    """
    expected, excluded, sheets, judges = {}, {}, {}, {}
    rows = pd.concat([_rows(dataset, method) for dataset in datasets for method in methods], ignore_index=True)
    for dataset in datasets:
        clips = read_clips(crop_folder(dataset))
        wanted = [clip.id for clip in clips_to_make(clips, split)]
        expected[dataset] = wanted
        excluded[dataset] = {
            f"{clip.id} ({clip.source})": clip.reason for clip in clips if clip.split == split and not clip.usable
        }
        shown = [wanted[k] for k in evenly_spaced(len(wanted), report.sheet_clips)]
        for method in methods:
            sheets[dataset, method] = _sheet(dataset, method, shown)
        judges[dataset] = "; ".join(
            [judges_line(rows[rows["dataset"] == dataset]), *speech_engines(dataset_folder(dataset), wanted)]
        )
    infos = {name: MethodInfo(method.label, "controls", method.kind) for name, method in methods.items()}
    return Material(
        title=report.title,
        judges=judges,
        rows=rows,
        expected=expected,
        excluded=excluded,
        methods=infos,
        metrics=score.chosen,
        sheets=sheets,
        frames=report.sheet_frames,
    )


def _sheet(dataset: str, method: str, shown: Sequence[str]) -> list[SheetLine]:
    made = {clip: generated_folder(dataset, method) / f"{clip}.mkv" for clip in shown}
    return [
        SheetLine(clip, crop_folder(dataset) / f"{clip}.mkv", video if video.is_file() else None)
        for clip, video in made.items()
    ]


def _rows(dataset: str, method: str) -> pd.DataFrame:
    path: Path = score_file(dataset, method)
    if not path.is_file():
        raise InputError(path, "there are no scores", f"run: dvc repro score@{dataset}-{method}")
    try:
        return pd.read_parquet(path)
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise InputError(path, f"cannot be read ({error})", f"run: dvc repro -f score@{dataset}-{method}") from error


def main(arguments: Sequence[str]) -> None:
    """Run the stage for all data sets and methods of params.yaml."""
    one_argument(arguments)
    datasets: dict[str, object] = read_section(dict[str, dict], "datasets")  # type: ignore[type-arg]
    methods: dict[str, Method] = read_section(dict[str, Method], "methods")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    score: Score = read_section(Score, "score")
    report: Report = read_section(Report, "report")
    material = gather(list(datasets), methods, score, report, evaluate.split)
    with atomic_directory(RESULTS) as part:
        write_report(material, part)


if __name__ == "__main__":
    run(main)
