"""Results and videos -> page/: the HTML page, web copies of the videos, values per frame."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import av
import numpy as np
from jaxtyping import Int16

from metrics import metric as record_of
from reports.describe import GROUND_TRUTH
from reports.page.data import Page, PageSection
from reports.page.write import write_page
from reports.result_folder import Results
from reports.tables import Table
from stages.arrays import load_arrays
from stages.framewise import Curve, unnamed
from tavce.data.clips import file_sha256
from tavce.errors import InputError
from tavce.media.audio import read_sound
from tavce.media.video import probe, read_frames
from tavce.media.writer import write_h264
from tavce.run.cache import Cache
from tavce.run.pool import Pool

PAGE, VIDEOS, REFERENCE = "page", "videos", "reference"
CRF, PRESET = 20, "veryfast"  # to look at; what is scored is stored without loss


@dataclass(frozen=True)
class Videos:
    """Where the videos of one data set lie.

    Attributes:
        clips: those that the page can play, in order.
        reference: folder of the true videos.
        generated: method -> folder.
        scores: method -> folder of the values per frame.
        files: (method or "reference", clip) -> file, for videos that do not lie as ``<clip>.mkv`` in those folders.
    """

    clips: Sequence[str]
    reference: Path
    generated: Mapping[str, Path]
    scores: Mapping[str, Path]
    files: Mapping[tuple[str, str], Path] = field(default_factory=dict)

    def video(self, method: str, clip: str) -> Path:
        """Return the file of a method's video, or of the reference."""
        folder = self.reference if method == REFERENCE else self.generated[method]
        return self.files.get((method, clip), folder / f"{clip}.mkv")


@dataclass(frozen=True)
class Copy:
    """A video, and where its web copy goes."""

    source: Path
    target: Path


def write_web_page(
    results: Results,
    tables: Mapping[str, Sequence[Table]],
    videos: Mapping[str, Videos],
    code: str,
    folder: Path,
    pool: Pool,
    cache: Cache | None,
) -> None:
    """Write ``page/`` below `folder`.

    Args:
        results: all that the page shows in numbers.
        tables: data set -> its tables, all tracks.
        videos: data set -> where its videos lie; one without an entry is shown without videos.
        code: which code made this.
        folder: of the report.
        pool: processes that copy videos.
        cache: keeps the copies for the next page, or None.
    """
    page = folder / PAGE
    page.mkdir()
    sections = []
    for dataset, info in results.datasets.items():
        found = videos.get(dataset)
        copied = copy_videos(found, page / VIDEOS / dataset, pool, cache) if found else {}
        curves = _curves(found) if found else {}
        sections.append(
            PageSection(
                dataset=dataset,
                judges=info.judges,
                rows=results.rows[results.rows["dataset"] == dataset],
                tables=tables[dataset],
                methods=results.methods,
                metrics=results.metrics,
                main=results.main,
                excluded=info.excluded,
                videos=copied,
                curves=curves,
                curve_labels={key: record_of(key).name for by_metric in curves.values() for key in by_metric},
            )
        )
    write_page(Page(results.title, code, sections), page)


def copy_videos(videos: Videos, folder: Path, pool: Pool, cache: Cache | None) -> dict[str, list[str]]:
    """Write H.264 copies with sound as ``<method>/<clip>.mp4``; return whose clips have one."""
    names = [REFERENCE, *(name for name in videos.generated if name != GROUND_TRUTH)]
    copies, owners = [], []
    for name in names:
        for clip in videos.clips:
            if videos.video(name, clip).is_file():
                copies.append(Copy(videos.video(name, clip), folder / name / f"{clip}.mp4"))
                owners.append((name, clip))
    for copy in copies:
        copy.target.parent.mkdir(parents=True, exist_ok=True)
    made = pool.start(partial(copy_video, cache=cache), copies, label="web copies")()
    copied: dict[str, list[str]] = {name: [] for name in names}
    for (name, clip), done in zip(owners, made, strict=True):
        if done:
            copied[name].append(clip)
    if GROUND_TRUTH in videos.generated and copied[REFERENCE]:  # which is the reference
        copied[GROUND_TRUTH] = copied[REFERENCE]
        shutil.copytree(folder / REFERENCE, folder / GROUND_TRUTH)
    return copied


def copy_video(copy: Copy, cache: Cache | None) -> bool:
    """Write one copy, made before or now; return False where the video cannot be read: its score rows say why."""
    encode = partial(_encode, copy.source)
    try:
        if cache is None:
            encode(copy.target)
        else:
            sound = copy.source.with_suffix(".wav")  # where the video itself has none, see `read_sound`
            read = [file_sha256(path) for path in (copy.source, sound) if path.is_file()]
            cache.get(["web copy", CRF, PRESET, av.__version__, av.ffmpeg_version_info, *read], copy.target, encode)
    except InputError:
        return False
    return True


def _encode(source: Path, target: Path) -> None:
    seen = probe(source)
    frames = (frame[: seen.height // 2 * 2, : seen.width // 2 * 2] for frame in read_frames(source))
    write_h264(target, frames, crf=CRF, sound=_sound(source), preset=PRESET)


def _sound(video: Path) -> Int16[np.ndarray, " samples"] | None:
    try:
        return read_sound(video)
    except InputError:
        return None  # a silent copy; the score rows of sound say that there is none


def _curves(videos: Videos) -> dict[str, dict[str, dict[str, Curve]]]:
    """Return clip -> metric -> method -> values."""
    found: dict[str, dict[str, dict[str, Curve]]] = {}
    for clip in videos.clips:
        for method, folder in videos.scores.items():
            path = folder / f"{clip}.npz"
            curves = unnamed(load_arrays(path)) if path.is_file() else {}
            for metric, values in curves.items():
                found.setdefault(clip, {}).setdefault(metric, {})[method] = values
    return found
