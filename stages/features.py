"""data/crop/<name> -> data/features/<name>: per clip mel windows, MFCC, landmarks, mouth boxes, coefficients."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from stages.entry import one_argument, run
from stages.params import read_section, workers
from stages.paths import crop_folder, features_folder, filter_folder
from tavce.data.clips import Clip, read_clips, write_clips
from tavce.data.features import write_features
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all


@dataclass(frozen=True)
class Features:
    """How features are cut.

    Attributes:
        mel_start: first frame of the mel window of frame k, relative to k: 0 as in Wav2Lip's inference, -1 as in its
            training, -2 as in SadTalker and TAVCE.
    """

    mel_start: Literal[0, -1, -2]


def make_features(clips: Sequence[Clip], crops: Path, features: Features, folder: Path, processes: int) -> None:
    """Write ``<id>.npz`` for each usable clip of `crops`, and the clip table, into `folder`."""
    with atomic_directory(folder) as part:
        work = partial(_features_one, crops=crops, mel_start=features.mel_start, folder=part)
        usable = [clip for clip in clips if clip.usable]
        run_all(work, usable, workers=processes, label=f"features {folder.name}")
        write_clips(clips, part)


def _features_one(clip: Clip, crops: Path, mel_start: int, folder: Path) -> None:
    write_features(clip, crops, folder, mel_start=mel_start)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    features: Features = read_section(Features, "features")
    crops = crop_folder(name)
    make_features(read_clips(filter_folder(name)), crops, features, features_folder(name), workers())


if __name__ == "__main__":
    run(main)
