"""data/dataset/<name> -> data/crop/<name>: per usable clip a square video, its audio, portrait and face track.

More than 10,000 clips are cropped shard by shard, and packed: see `tavce.data.workshop`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import tavce
from stages.entry import one_argument
from stages.params import read_section, workers
from stages.paths import crop_folder, dataset_folder, workshop_folder
from tavce.data.clips import MOST, Clip, count_clips, digest, file_sha256, read_clips, write_clips
from tavce.data.crop.clip import CropSettings, crop_clip
from tavce.data.crop.detect import Detector, make_detector
from tavce.data.guide import Guide
from tavce.data.guides import GUIDES, read_guides
from tavce.data.lrw.pairs import plan_pairs, read_pairs
from tavce.data.workshop import Workshop, code_sha256, make_by_shards
from tavce.run.atomic import atomic_directory
from tavce.run.pool import run_all

# Once per process: loading a network costs more than a clip.


@cache
def _detectors(kind: str, model: str, det_size: int, count: int) -> list[Detector | None]:
    # Kept in each worker process: a detector takes long to open.
    return [make_detector(kind, model, det_size) for _ in range(count)]


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
        cropped = _crop_all(clips, source, crop, part, processes, beside, label=f"crop {folder.name}")
        write_clips(cropped, part)
    return cropped


def make_packed_crops(
    workshop: Workshop, source: Path, crop: CropSettings, folder: Path, processes: int, sounds: Mapping[str, Path]
) -> None:
    """Write the crops of all clips of a table, in shards, and their table into `folder`; see `make_by_shards`.

    Guides are read from beside the table, those of a shard at a time.
    """

    def work(clips: list[Clip], loose: Path) -> list[Clip]:
        beside = Beside(read_guides(workshop.table, [clip.id for clip in clips if clip.usable]), sounds)
        return _crop_all(clips, source, crop, loose, processes, beside, label=f"crop {folder.name}")

    make_by_shards(workshop, work, folder)


def _crop_all(
    clips: Sequence[Clip],
    source: Path,
    crop: CropSettings,
    folder: Path,
    processes: int,
    beside: Beside,
    label: str,
) -> list[Clip]:
    detectors = max(1, (os.cpu_count() or 1) // max(1, min(processes, len(clips))))  # cores that are left to a clip
    work = partial(_crop_one, source=source, crop=crop, folder=folder, detectors=detectors)
    tasks = [(clip, beside.guides.get(clip.id), beside.sounds.get(clip.id)) for clip in clips]
    return run_all(work, tasks, workers=processes, label=label)


Task = tuple[Clip, Guide | None, Path | None]


def _crop_one(task: Task, source: Path, crop: CropSettings, folder: Path, detectors: int) -> Clip:
    clip, guide, sound = task
    if not clip.usable:
        return clip
    one, *more = _detectors(crop.detector, crop.model, crop.det_size, detectors)
    others = [each for each in more if each is not None]
    return crop_clip(source / clip.source, clip, crop, one, folder, more=others, guide=guide, sound=sound)


def main(arguments: Sequence[str]) -> None:
    """Run the stage for one data set of params.yaml."""
    (name,) = one_argument(arguments, "dataset")
    crop: CropSettings = read_section(CropSettings, "datasets", name, "crop")
    table, videos, out, sounds = dataset_folder(name), _videos(name), crop_folder(name), _sounds(name)
    if count_clips(table) > MOST:
        workshop = Workshop(table, workshop_folder("crop", name), _made_of(table, videos, crop, sounds))
        make_packed_crops(workshop, videos, crop, out, workers(), sounds)
        return
    clips = read_clips(table)
    beside = Beside(read_guides(table, [clip.id for clip in clips if clip.usable]), sounds)
    make_crops(clips, videos, crop, out, workers(), beside)


def _videos(name: str) -> Path:
    """Return where the videos of a data set lie: beside synthtalk's table, in a published store, or its source."""
    kind = read_section(str, "datasets", name, "corpus", "kind")
    if kind == "synthetic":
        return dataset_folder(name)
    place = ("source",) if kind == "folder" else ("corpus", "store")
    return Path(read_section(str, "datasets", name, *place))


def _sounds(name: str) -> dict[str, Path]:
    """Return the files that give their sound to the clips of a list of pairs, by clip id."""
    if read_section(str, "datasets", name, "corpus", "kind") != "lrw":
        return {}
    pairs = read_section(str, "datasets", name, "corpus", "pairs")
    store = _videos(name)
    planned = plan_pairs(store, read_pairs(Path(pairs)), dataset=name) if pairs else ()
    return {each.planned.clip.id: store / each.sound for each in planned if each.sound}


def _made_of(table: Path, videos: Path, crop: CropSettings, sounds: Mapping[str, Path]) -> str:
    """Return a text that changes with all that a crop follows from: what was made of other things is made again."""
    library = Path(tavce.__file__).parent
    code = code_sha256(library / "data" / "crop", library / "media")
    guides, model = (file_sha256(path) if path.is_file() else "" for path in (table / GUIDES, Path(crop.model)))
    heard = digest("".join(f"{clip} {path}\n" for clip, path in sorted(sounds.items())).encode())
    return "\n".join([repr(crop), str(videos), code, guides, model, heard])
