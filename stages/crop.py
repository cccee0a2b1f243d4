"""data/dataset/<name> -> data/crop/<name>: per usable clip a square video, its audio, portrait and face track."""

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from stages.entry import one_argument, run
from stages.params import read_section, workers
from stages.paths import crop_folder, dataset_folder
from tavce.data.clips import Clip, read_clips, write_clips
from tavce.data.crop.clip import CropSettings, crop_clip
from tavce.data.crop.detect import Detector, make_detector
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all

# Once per process: loading a network costs more than a clip.
_detector = cache(make_detector)


def make_crops(clips: Sequence[Clip], source: Path, crop: CropSettings, folder: Path, processes: int) -> list[Clip]:
    """Write the crops of `clips`, found below `source`, and their table into `folder`; return the clips.

    A clip that cannot be cropped stays in the table with its reason.
    """
    with atomic_directory(folder) as part:
        work = partial(_crop_one, source=source, crop=crop, folder=part)
        cropped = run_all(work, list(clips), workers=processes, label=f"crop {folder.name}")
        write_clips(cropped, part)
    return cropped


def _crop_one(clip: Clip, source: Path, crop: CropSettings, folder: Path) -> Clip:
    if not clip.usable:
        return clip
    detector: Detector | None = _detector(crop.detector, crop.model, crop.det_size)
    return crop_clip(source / clip.source, clip, crop, detector, folder)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    crop: CropSettings = read_section(CropSettings, "datasets", name, "crop")
    # synthtalk's videos lie beside its table; a user's stay where they are.
    made_by_us = read_section(str, "datasets", name, "corpus", "kind") == "synthetic"
    source = dataset_folder(name) if made_by_us else Path(read_section(str, "datasets", name, "source"))
    make_crops(read_clips(dataset_folder(name)), source, crop, crop_folder(name), workers())


if __name__ == "__main__":
    run(main)
