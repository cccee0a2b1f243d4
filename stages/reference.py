"""data/crop + judges -> data/reference: what the judges see in the reference clips, once for all methods."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from stages.entry import one_argument
from stages.evaluate import Evaluate, clips_to_make
from stages.judging import Judges
from stages.known_answers import check_judges
from stages.measure import Score
from stages.observe import BLOCK, Observer, save_observed
from stages.panel import crop_panel
from stages.params import read_section, workers
from stages.paths import crop_folder, filter_folder, reference_folder
from tavce.data.clips import Clip, iterate_clips
from tavce.data.crop.clip import CropSettings
from tavce.data.packed import clip_files
from tavce.media.video import read_frames
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


def observe_all(
    clips: Sequence[Clip], crops: Path, judges: Judges, crop: CropSettings, score: Score, folder: Path, processes: int
) -> None:
    """Write ``<id>.npz`` for each clip into `folder`: what the chosen metrics need to have seen of it."""
    with atomic_directory(folder) as part:
        work = partial(_observe_one, crops=crops, judges=judges, crop=crop, score=score, folder=part)
        run_all(work, list(clips), workers=processes, label=f"reference {folder.name}")


def _observe_one(clip: Clip, crops: Path, judges: Judges, crop: CropSettings, score: Score, folder: Path) -> None:
    with clip_files(crops, clip.id) as files:
        video = files / f"{clip.id}.mkv"
        observer = Observer(crop_panel(judges, crop), {each.needs for each in score.chosen}, video)
        for frames in blocks(read_frames(video)):
            observer.add(frames)
        save_observed(observer.result(), folder / f"{clip.id}.npz")


def blocks(frames: Iterator[UInt8[np.ndarray, "h w 3"]]) -> Iterator[UInt8[np.ndarray, "frames height width 3"]]:
    """Yield frames in blocks, the last one shorter."""
    while part := list(islice(frames, BLOCK)):
        yield np.stack(part)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (dataset,) = one_argument(arguments, "dataset")
    judges: Judges = read_section(Judges, "judges")
    crop: CropSettings = read_section(CropSettings, "datasets", dataset, "crop")
    evaluate: Evaluate = read_section(Evaluate, "evaluate")
    score: Score = read_section(Score, "score")
    check_judges(judges, crop_panel(judges, crop))
    crops = crop_folder(dataset)
    wanted = clips_to_make(iterate_clips(filter_folder(dataset)), evaluate.split)
    observe_all(wanted, crops, judges, crop, score, reference_folder(dataset), workers())
