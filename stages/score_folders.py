"""`tavce score`: two folders of videos, matched by name -> rows, tables, plot and contact sheet."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from metrics import METRICS, VARIANTS
from metrics.record import Metric
from reports.contact_sheet import evenly_spaced
from reports.describe import MethodInfo, MetricInfo
from reports.result_folder import DatasetInfo, Results, set_frame
from stages.code import commit_line
from stages.compare_clip import Pair
from stages.fit_videos import fit_videos
from stages.framewise import named
from stages.judges_line import judges_line
from stages.judging import OFFICIAL, STANDIN, Judges
from stages.match_videos import Match, match
from stages.panel import Panel, open_panel
from stages.paths import FEATURES, ROWS
from stages.score import table, warn_of_lengths
from stages.score_clip import Row, score_clip
from stages.set_scores import SetFiles, set_means
from stages.sign import sign
from stages.write_page import REFERENCE, Videos
from stages.write_report import Material, write_report
from stages.write_sheets import SheetLine
from tavce.errors import InputError
from tavce.run.atomic import atomic_directory, atomic_file
from tavce.run.pool import Pool

SHEET_CLIPS, SHEET_FRAMES, PAGE_CLIPS = 6, 8, 200
GENERATED = "generated"
MAIN = ("psnr", "ssim", "lpips", "fid", "kid", "lse_c", "lse_d", "av_offset_abs", "csim")
FACES = {"landmarks", "mouth", "sound", "identity"}  # needs that rest on landmarks
NETWORKS = {"lpips", "inception", "i3d", "i3d_first", "sync", "identity"}  # needs that rest on judges of --judges


@dataclass(frozen=True)
class FolderScore:
    """What `tavce score` was asked for.

    Attributes:
        generated, reference: folders of videos.
        out: folder of results.
        name: of the method, in tables.
        metrics: keys, or None for all that can be measured with what is given.
        judges: which networks score, or None for none but the face model.
        face_model: MediaPipe model file or registry name; "" for none, or for the stand-in's landmarks.
        allow_missing: whether unmatched names are counted instead of refused.
        names: CSV file that says which generated video is which reference's, or None to match by name.
        fit: whether generated videos are first brought to their reference's length and size.
        workers: number of processes.
    """

    generated: Path
    reference: Path
    out: Path
    name: str
    metrics: tuple[str, ...] | None
    judges: Judges | None
    face_model: str
    allow_missing: bool
    names: Path | None
    fit: bool
    workers: int

    def panel(self) -> Panel:
        """Return this process's judges; a judge is opened only when a metric needs it."""
        judges = self.judges or OFFICIAL
        if not self.face_model:
            return open_panel(judges, None)
        return open_panel(replace(judges, landmarks="detector"), ("mediapipe", self.face_model, 0))


@dataclass(frozen=True)
class Task:
    """One clip: its name, both videos, and the one whose sound is the wrong one for it."""

    name: str
    generated: Path | None
    reference: Path
    other: Path | None


def score_folders(asked: FolderScore) -> bool:
    """Score all matched clips, write the results to `asked.out`, and return whether any clip has a score.

    Raises:
        InputError: see `match`; `asked.out` holds something else; a metric whose judges were not asked for; a model
            file that is missing or wrong; a reference that cannot be read.
    """
    chosen = _metrics(asked)
    _check_out(asked.out)
    found = match(asked.generated, asked.reference, allow_missing=asked.allow_missing, names=asked.names)
    panel = asked.panel()
    signatures = {each.key: sign(each, panel, "none", "native") for each in chosen}  # opens what is missing now
    with (
        atomic_directory(asked.out) as part,
        tempfile.TemporaryDirectory(prefix="tavce-fit-") as copies,
        Pool(asked.workers) as pool,
    ):
        tasks = _tasks(fit_videos(found, Path(copies), asked.workers) if asked.fit else found)
        work = partial(_score_one, asked=asked, chosen=chosen, folder=part / FEATURES)
        rows = [row for rows in pool.start(work, tasks, label="score")() for row in rows]
        scored = table([row | {"signature": signatures[str(row["metric"])]} for row in rows])
        warn_of_lengths(scored)
        scored.to_csv(part / "rows.csv", index=False)
        write_report(_material(asked, scored, tasks, chosen, signatures, part / FEATURES, pool), part, pool)
    return bool(scored["value"].notna().any())


def _tasks(found: Match) -> list[Task]:
    names = list(found.reference)
    others = [*names[1:], *names[:1]] if len(names) > 1 else [None]
    return [
        Task(name, found.generated[name], found.reference[name], found.reference[other] if other else None)
        for name, other in zip(names, others, strict=True)
    ]


def _material(
    asked: FolderScore,
    rows: pd.DataFrame,
    tasks: Sequence[Task],
    chosen: Sequence[Metric],
    signatures: Mapping[str, str],
    features: Path,
    pool: Pool,
) -> Material:
    dataset = asked.reference.resolve().name
    names = [task.name for task in tasks]
    of_sets = [each for each in chosen if each.scope == "set"]
    paths = {side: {name: _features_file(features, side, name) for name in names} for side in (GENERATED, REFERENCE)}
    made = {side: {name: path for name, path in found.items() if path.is_file()} for side, found in paths.items()}
    files = SetFiles(made[REFERENCE], {asked.name: made[GENERATED]}, {name: name for name in names}, names)
    sets, floors = set_means(dataset, files, of_sets, signatures, pool)
    shown = [tasks[k] for k in evenly_spaced(len(tasks), SHEET_CLIPS)]
    played = [tasks[k] for k in evenly_spaced(len(tasks), min(len(tasks), PAGE_CLIPS))]
    pairs = {(REFERENCE, task.name): task.reference for task in played}
    pairs |= {(asked.name, task.name): task.generated for task in played if task.generated}
    folder = {asked.name: features / GENERATED}
    return Material(
        results=Results(
            title=f"{asked.name} on {dataset}",
            code=commit_line(),
            datasets={dataset: DatasetInfo(judges_line(signatures.values(), synthetic=None), names, floors=floors)},
            methods={asked.name: MethodInfo(asked.name, "as given", "videos")},
            metrics=[MetricInfo(each.key, each.name, each.unit, each.better, each.decimals) for each in chosen],
            main=MAIN,
            rows=rows,
            sets=set_frame(sets),
        ),
        sheets={(dataset, asked.name): [SheetLine(task.name, task.reference, task.generated) for task in shown]},
        frames=SHEET_FRAMES,
        videos={
            dataset: Videos(
                [task.name for task in played], asked.reference, {asked.name: asked.generated}, folder, pairs
            )
        },
    )


def _check_out(out: Path) -> None:
    """Refuse, before anything is scored, a folder that would be lost or that cannot be made."""
    if out.exists() and not (out.is_dir() and ((out / ROWS).is_file() or not any(out.iterdir()))):
        raise InputError(out, "exists and holds no earlier scores", "choose a new folder for --out")
    with atomic_file(out.with_name(f"{out.name}.trial")) as trial:  # fails now, not after hours
        trial.write_bytes(b"")
    out.with_name(f"{out.name}.trial").unlink()


def _metrics(asked: FolderScore) -> tuple[Metric, ...]:
    """Return the metrics to score: those asked for, or all whose judges are at hand."""
    has_faces = bool(asked.face_model) or (asked.judges is not None and asked.judges.landmarks == STANDIN)
    lacking = (set() if has_faces else FACES) | (NETWORKS if asked.judges is None else set())
    wanted = asked.metrics or [each.key for each in METRICS if each.needs not in lacking]
    blind = {each.key: each.needs for each in METRICS + VARIANTS if each.key in wanted and each.needs in lacking}
    if blind:
        needs = set(blind.values())
        remedy = ["--face-model face_landmarker"] if needs & FACES and not has_faces else []
        remedy += ["--judges official"] if needs & NETWORKS and asked.judges is None else []
        problem = f"{list(blind)} need judges that were not asked for"
        raise InputError("command line", problem, f"add {' and '.join(remedy)} (first: tavce weights list)")
    return tuple(each for each in METRICS + VARIANTS if each.key in wanted)


def _score_one(task: Task, asked: FolderScore, chosen: tuple[Metric, ...], folder: Path) -> list[Row]:
    pair = Pair(
        dataset=asked.reference.resolve().name,
        method=asked.name,
        clip=task.name,
        identity=task.name,
        generated=task.generated or Path(),
        reference=task.reference,
        other_sound=task.other,
        seen=None,
        copied=False,
        failed="" if task.generated else "there is no generated video of this name",
    )
    scored = score_clip(pair, chosen, asked.panel())
    kept = scored.features | named(scored.curves)
    for side, features in ((GENERATED, kept), (REFERENCE, scored.reference_features)):
        if features:
            path = _features_file(folder, side, task.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, allow_pickle=False, **features)
    return scored.rows


def _features_file(folder: Path, side: str, name: str) -> Path:
    return folder / side / f"{name}.npz"
