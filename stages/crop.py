"""data/dataset/<name> -> data/crop/<name>: per usable clip a square video, its audio, portrait and face track."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from stages.entry import one_argument, run
from stages.params import read_section, workers
from stages.paths import crop_folder, dataset_folder
from tavce.data.clips import Clip, read_clips, write_clips
from tavce.data.crop.clip import CropSettings, crop_clip
from tavce.data.crop.detect import Detector, make_detector
from tavce.data.guide import Guide
from tavce.data.guides import read_guides
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all

# Once per process: loading a network costs more than a clip.
_detector = cache(make_detector)


@dataclass(frozen=True)
class Beside:
    """What a data set knows of its clips beside their rows, by clip id.

    Attributes:
        guides: annotations of faces.
        sounds: files whose sound a clip gets in place of its own.
    """

    guides: Mapping[str, Guide]
    sounds: Mapping[str, Path]


NOTHING = Beside({}, {})


def make_crops(
    clips: Sequence[Clip], source: Path, crop: CropSettings, folder: Path, processes: int, beside: Beside = NOTHING
) -> list[Clip]:
    """Write the crops of `clips`, found below `source`, and their table into `folder`; return the clips.

    A clip that cannot be cropped stays in the table with its reason.
    """
    with atomic_directory(folder) as part:
        work = partial(_crop_one, source=source, crop=crop, folder=part)
        tasks = [(clip, beside.guides.get(clip.id), beside.sounds.get(clip.id)) for clip in clips]
        cropped = run_all(work, tasks, workers=processes, label=f"crop {folder.name}")
        write_clips(cropped, part)
    return cropped


Task = tuple[Clip, Guide | None, Path | None]


def _crop_one(task: Task, source: Path, crop: CropSettings, folder: Path) -> Clip:
    clip, guide, sound = task
    if not clip.usable:
        return clip
    detector: Detector | None = _detector(crop.detector, crop.model, crop.det_size)
    return crop_clip(source / clip.source, clip, crop, detector, folder, guide=guide, sound=sound)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    crop: CropSettings = read_section(CropSettings, "datasets", name, "crop")
    clips = read_clips(dataset_folder(name))
    beside = Beside(read_guides(dataset_folder(name), [clip.id for clip in clips if clip.usable]), {})
    make_crops(clips, _videos(name), crop, crop_folder(name), workers(), beside)


def _videos(name: str) -> Path:
    """Return where the videos of a data set lie: beside synthtalk's table, in a published store, or its source."""
    kind = read_section(str, "datasets", name, "corpus", "kind")
    if kind == "synthetic":
        return dataset_folder(name)
    place = ("source",) if kind == "folder" else ("corpus", "store")
    return Path(read_section(str, "datasets", name, *place))


if __name__ == "__main__":
    run(main)
