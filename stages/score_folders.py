"""`tavce score`: two folders of videos, matched by name -> rows, tables, plot and contact sheet."""

import sys
import unicodedata
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path

import pandas as pd

from metrics import METRICS, VARIANTS
from metrics.record import Metric
from reports.contact_sheet import evenly_spaced
from reports.describe import MethodInfo
from stages.score import generated_landmarks, sign, table, warn_of_lengths
from stages.score_clip import Landmarks, Pair, Row, score_clip
from stages.write_report import Material, SheetLine, judges_line, write_report
from tavce.data.crop.detect import make_detector
from tavce.data.folder import find_videos
from tavce.data.landmarks import video_landmarks
from tavce.errors import InputError
from tavce.run.atomic import atomic_directory, atomic_file
from tavce.run.pool import run_all

_detector = cache(make_detector)
SHEET_CLIPS, SHEET_FRAMES = 6, 8
ROWS = "rows.parquet"


@dataclass(frozen=True)
class FolderScore:
    """What `tavce score` was asked for.

    Attributes:
        generated, reference: folders of videos.
        out: folder of results.
        name: of the method, in tables.
        metrics: keys, or None for all that can be measured with what is given.
        face_model: MediaPipe model file or registry name, or "" for no landmarks.
        allow_missing: whether unmatched names are counted instead of refused.
        workers: number of processes.
    """

    generated: Path
    reference: Path
    out: Path
    name: str
    metrics: tuple[str, ...] | None
    face_model: str
    allow_missing: bool
    workers: int


def match(generated: Path, reference: Path, *, allow_missing: bool) -> dict[str, Path | None]:
    """Return, for each reference video's name (path below the folder without suffix), the generated video or None.

    Raises:
        InputError: nothing matches, or something does not and `allow_missing` is not set.
    """
    ours, theirs = _by_name(generated), _by_name(reference)
    common, missing, extra = set(ours) & set(theirs), sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    if not common:
        raise InputError(
            generated,
            f"no name matches one in {reference}: {_few(list(ours))} against {_few(list(theirs))}",
            "give both sides the same file names",
        )
    if extra and allow_missing:
        print(f"warning: {len(extra)} generated videos have no reference and are not scored: {extra}", file=sys.stderr)
    if (missing or extra) and not allow_missing:
        problem = f"{len(missing)} reference videos have no generated one {_few(missing)}, "
        problem += f"{len(extra)} generated ones no reference {_few(extra)}"
        raise InputError(generated, problem, "mend the names, or add --allow-missing: missing ones count as failed")
    return {name: ours.get(name) for name in sorted(theirs)}


def _by_name(folder: Path) -> dict[str, Path]:
    named: dict[str, Path] = {}
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "check the path")
    for file in find_videos(folder):
        # One spelling of accents: some file systems take them apart.
        name = unicodedata.normalize("NFC", Path(file).with_suffix("").as_posix())
        if name in named:
            raise InputError(folder / file, f"has the same name as {named[name].name}", "keep one of the two")
        named[name] = folder / file
    return named


def _few(names: list[str]) -> list[str]:
    return [*sorted(names)[:3], *(["..."] if len(names) > 3 else [])]


def score_folders(asked: FolderScore) -> bool:
    """Score all matched clips, write the results to `asked.out`, and return whether any clip has a score.

    Raises:
        InputError: see `match`; `asked.out` holds something else;
            a landmark metric without a face model; a reference that cannot be read.
    """
    chosen = _metrics(asked)
    _check_out(asked.out)
    pairs = match(asked.generated, asked.reference, allow_missing=asked.allow_missing)
    reference = _by_name(asked.reference)
    work = partial(_score_one, asked=asked, chosen=chosen)
    items = [(name, found, reference[name]) for name, found in pairs.items()]
    rows = table(list(chain.from_iterable(run_all(work, items, workers=asked.workers, label="score"))))
    warn_of_lengths(rows)
    with atomic_directory(asked.out) as part:
        rows.to_parquet(part / ROWS, index=False)
        rows.to_csv(part / "rows.csv", index=False)
        write_report(_material(asked, rows, items, chosen), part)
    return bool(rows["value"].notna().any())


def _material(
    asked: FolderScore, rows: pd.DataFrame, items: list[tuple[str, Path | None, Path]], chosen: tuple[Metric, ...]
) -> Material:
    dataset = asked.reference.resolve().name
    shown = [items[k] for k in evenly_spaced(len(items), SHEET_CLIPS)]
    return Material(
        title=f"{asked.name} on {dataset}",
        judges={dataset: judges_line(rows)},
        rows=rows,
        expected={dataset: [name for name, _, _ in items]},
        excluded={},
        methods={asked.name: MethodInfo(asked.name, "as given", "videos")},
        metrics=chosen,
        sheets={(dataset, asked.name): [SheetLine(name, truth, ours) for name, ours, truth in shown]},
        frames=SHEET_FRAMES,
    )


def _check_out(out: Path) -> None:
    """Refuse, before anything is scored, a folder that would be lost or that cannot be made."""
    if out.exists() and not (out.is_dir() and ((out / ROWS).is_file() or not any(out.iterdir()))):
        raise InputError(out, "exists and holds no earlier scores", "choose a new folder for --out")
    with atomic_file(out.with_name(f"{out.name}.trial")) as trial:  # fails now, not after hours
        trial.write_bytes(b"")
    out.with_name(f"{out.name}.trial").unlink()


def _metrics(asked: FolderScore) -> tuple[Metric, ...]:
    wanted = asked.metrics or [each.key for each in METRICS if asked.face_model or each.needs != "landmarks"]
    blind = [
        each.key
        for each in METRICS + VARIANTS
        if each.key in wanted and each.needs == "landmarks" and not asked.face_model
    ]
    if blind:
        raise InputError("command line", f"{blind} need landmarks", "add --face-model path/to/face_landmarker.task")
    return tuple(each for each in METRICS + VARIANTS if each.key in wanted)


def _score_one(item: tuple[str, Path | None, Path], asked: FolderScore, chosen: tuple[Metric, ...]) -> list[Row]:
    name, generated, reference = item
    needed = any(each.needs == "landmarks" for each in chosen)
    detector = _detector("mediapipe", asked.face_model, 0) if needed else None
    unseen = Landmarks(None, "no landmark detector was asked for")
    pair = Pair(
        dataset=asked.reference.resolve().name,
        method=asked.name,
        clip=name,
        identity=name,
        generated=generated or Path(),
        reference=reference,
        generated_landmarks=generated_landmarks(generated, detector) if generated else unseen,
        reference_landmarks=Landmarks(video_landmarks(reference, detector), "") if detector else unseen,
        failed="" if generated else "there is no generated video of this name",
    )
    seen_by = detector.name if detector else "none"
    by_key = {each.key: each for each in chosen}
    return [
        row | {"signature": sign(by_key[str(row["metric"])], "none", "native", seen_by)}
        for row in score_clip(pair, chosen)
    ]
