"""data/crop/<name> -> data/features/<name>: per clip mel windows, MFCC, landmarks, mouth boxes, coefficients."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tavce.data.features import FeatureSettings, write_features

from stages.entry import one_argument, run
from stages.params import read_section, workers
from stages.paths import crop_folder, features_folder
from tavce.data.clips import Clip, read_clips, write_clips
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


def make_features(
    clips: Sequence[Clip], crops: Path, settings: FeatureSettings, folder: Path, processes: int
) -> list[Clip]:
    """Write ``<id>.npz`` for each usable clip of `crops`, and the clip table, into `folder`; return the clips."""
    with atomic_directory(folder) as part:
        work = partial(_features_one, crops=crops, settings=settings, folder=part)
        run_all(work, [clip for clip in clips if clip.usable], workers=processes, label=f"features {folder.name}")
        write_clips(clips, part)
    return list(clips)


def _features_one(clip: Clip, crops: Path, settings: FeatureSettings, folder: Path) -> None:
    write_features(clip, crops, settings, folder)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    settings: FeatureSettings = read_section(FeatureSettings, "features")
    crops = crop_folder(name)
    make_features(read_clips(crops), crops, settings, features_folder(name), workers())


if __name__ == "__main__":
    run(main)
