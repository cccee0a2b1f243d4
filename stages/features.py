"""data/crop/<name> -> data/features/<name>: per clip mel windows, MFCC, landmarks, mouth boxes, coefficients.

More than 10,000 clips are done shard by shard, and packed: see `tavce.data.workshop`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import tavce
from stages.entry import one_argument
from stages.params import read_section, workers
from stages.paths import crop_folder, features_folder, filter_folder, workshop_folder
from tavce.data.clips import MOST, Clip, count_clips, file_sha256, read_clips, write_clips
from tavce.data.features import write_features
from tavce.data.packed import clip_files
from tavce.data.workshop import Workshop, code_sha256, make_by_shards
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
        _write_all(clips, crops, features, part, processes, label=f"features {folder.name}")
        write_clips(clips, part)


def make_packed_features(workshop: Workshop, crops: Path, features: Features, folder: Path, processes: int) -> None:
    """Write the features of all clips of a table, in shards, and the table into `folder`; see `make_by_shards`."""

    def work(clips: list[Clip], loose: Path) -> list[Clip]:
        _write_all(clips, crops, features, loose, processes, label=f"features {folder.name}")
        return clips

    make_by_shards(workshop, work, folder)


def _write_all(
    clips: Sequence[Clip], crops: Path, features: Features, folder: Path, processes: int, label: str
) -> None:
    work = partial(_features_one, crops=crops, mel_start=features.mel_start, folder=folder)
    run_all(work, [clip for clip in clips if clip.usable], workers=processes, label=label)


def _features_one(clip: Clip, crops: Path, mel_start: int, folder: Path) -> None:
    with clip_files(crops, clip.id, only=(".wav", ".npz")) as files:
        write_features(clip, files, folder, mel_start=mel_start)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    features: Features = read_section(Features, "features")
    crops, table, out = crop_folder(name), filter_folder(name), features_folder(name)
    if count_clips(table) > MOST:
        library = Path(tavce.__file__).parent
        code = code_sha256(library / "media") + file_sha256(library / "data" / "features.py")
        # The table names the sha256 of each clip's files: it changes with them.
        workshop = Workshop(table, workshop_folder("features", name), f"{features}\n{code}")
        make_packed_features(workshop, crops, features, out, workers())
        return
    make_features(read_clips(table), crops, features, out, workers())
