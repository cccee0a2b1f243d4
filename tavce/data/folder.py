"""Data set `folder`: any directory of talking-head videos, nested or flat, with any names."""

import os
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pandas as pd
from av.container import InputContainer

from tavce.data.clips import FPS, Clip, file_sha256, safe_ids
from tavce.errors import InputError
from tavce.media.container import REPAIR, opened, picture_stream
from tavce.media.retime import resampled
from tavce.media.video import probe
from tavce.run.pool import progress

# fmt: off
SUFFIXES = (
    ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts",
    ".webm", ".wmv",
)
# fmt: on
IDENTITIES = "identities.csv"
MISSING_END_S = Fraction(1, 4)  # a file that ends this much before its own header says was cut short


def scan(folder: Path, *, dataset: str, split: str) -> list[Clip]:
    """Return one row per video below a folder, sorted by id; a video that cannot be used has the reason in its row.

    Files are taken by suffix, upper or lower case (`SUFFIXES`); all others are ignored. Files and folders whose name
    starts with a dot are ignored too. A link to a file counts as that file; a link to a folder is not entered, so a
    loop of links is no danger. Ids are the paths relative to the folder without suffix, made safe (`safe_ids`); the
    suffix stays where two files differ by nothing else. Every video is an identity of its own, unless
    ``identities.csv`` in the folder says otherwise: columns ``file`` (path relative to the folder, with suffix) and
    ``identity``, one row per video.

    A video without an audio stream takes its sound from ``<stem>.wav`` beside it; without that it cannot be used.

    Each file is read once from end to end, not decoded beyond its first picture: the number of frames follows from the
    timestamps. Damage inside a picture shows when the clip is cropped.

    Args:
        folder: where the videos are.
        dataset: name of the data set, for the rows.
        split: "train" or "test", for the rows.

    Raises:
        InputError: no such folder, no video in it, a file name that is not UTF-8, or an identity table that does not
            fit.
    """
    if not folder.is_dir():
        raise InputError(folder, "there is no such folder", "check the path")
    files = find_videos(folder)
    if not files:
        problem = f"holds no video (suffixes {' '.join(SUFFIXES)})"
        raise InputError(folder, problem, "put videos into it, or give another folder")
    identities = _identities(folder, files)
    rows = [
        Clip(
            id=name,
            dataset=dataset,
            split=split,
            identity=identities.get(_plain(file), name),
            source=file,
            start_s=0.0,
            end_s=0.0,
            frames=0,
            box=None,
            affine=None,
            video_sha256="",
            audio_sha256="",
            status="ok",
            reason="",
        )
        for name, file in zip(_ids(files), files, strict=True)
    ]
    looked = progress(rows, len(rows), f"look at {folder.name}")
    return sorted((_probed(folder / row.source, row) for row in looked), key=lambda row: row.id)


def find_videos(folder: Path) -> list[str]:
    """Return the videos below a folder as sorted paths relative to it, with forward slashes.

    Raises:
        InputError: a file name that is not UTF-8, which no table can hold.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith(".") or Path(name).suffix.lower() not in SUFFIXES:
                continue
            file = (Path(place) / name).relative_to(folder).as_posix()
            if not file.isprintable() and any(0xD800 <= ord(letter) < 0xE000 for letter in file):
                raise InputError(ascii(file), "the file name is not valid UTF-8", "rename the file")
            found.append(file)
    return sorted(found)


def _ids(files: Sequence[str]) -> list[str]:
    stems = [file.removesuffix(Path(file).suffix) for file in files]
    count = Counter(stems)
    names = [file if count[stem] > 1 else stem for stem, file in zip(stems, files, strict=True)]
    return safe_ids(names if len(set(names)) == len(names) else files)


def _plain(text: str) -> str:
    # File systems and editors disagree on whether an accent is a letter of its own.
    return unicodedata.normalize("NFC", text)


def _identities(folder: Path, files: Sequence[str]) -> dict[str, str]:
    path = folder / IDENTITIES
    if not path.is_file():
        return {}
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(path, f"cannot be read as a table ({error})", "save it as CSV in UTF-8") from error
    if not {"file", "identity"} <= set(table.columns):
        raise InputError(path, f"has columns {list(table.columns)}", "give it the columns file and identity")
    listed = [_plain(file) for file in table["file"]]
    known = {_plain(file) for file in files}
    wrong = {
        "not in the folder": set(listed) - known,
        "not in the table": known - set(listed),
        "listed twice": {file for file, times in Counter(listed).items() if times > 1},
        "without identity": {file for file, who in zip(listed, table["identity"], strict=True) if not who.strip()},
    }
    for what, names in wrong.items():
        if names:
            raise InputError(path, f"{len(names)} files {what}, such as {min(names)!r}", "one row per video")
    return dict(zip(listed, table["identity"].str.strip(), strict=True))


def _probed(path: Path, row: Clip) -> Clip:
    try:
        info = probe(path)
        frames, pictures = _frames(path)
        row = replace(row, frames=frames, end_s=frames / FPS, video_sha256=file_sha256(path))
    except InputError as error:
        return row.unusable(f"{error.problem}; {error.remedy}")
    except OSError as error:
        return row.unusable(f"cannot be read ({error.strerror}); check the file and its permissions")
    if pictures == 1:
        return row.unusable("holds a single picture; give a video")
    if not info.has_audio and not path.with_suffix(".wav").is_file():
        return row.unusable("has no audio stream, and audio drives the animation; add sound, or leave the file out")
    return row


def _frames(path: Path) -> tuple[int, int]:
    # Frames at 25 fps, and pictures in the file, from the packets alone.
    with opened(path) as container:
        stream = picture_stream(container, path)
        base, rate = stream.time_base or Fraction(1, 1000), float(stream.average_rate or FPS)
        times, latest, untimed = [], Fraction(0), 0
        try:
            for packet in container.demux():
                ticks = packet.pts if packet.pts is not None else packet.dts
                time = (ticks or 0) * (packet.time_base or base)
                latest = max(latest, time + (packet.duration or 0) * (packet.time_base or base))
                if packet.stream.index != stream.index or packet.size == 0 or packet.is_discard:
                    continue
                if packet.is_corrupt:
                    raise InputError(path, f"is cut short at {float(time):.2f} s", REPAIR)
                untimed += ticks is None
                times.append(time)
        except av.FFmpegError as error:
            raise InputError(path, f"cannot be read beyond {float(latest):.2f} s ({error.strerror})", REPAIR) from error
        declared = _declared_end(container, stream)
    if latest < declared - MISSING_END_S:
        raise InputError(path, f"ends at {float(latest):.2f} s, but should last until {float(declared):.2f} s", REPAIR)
    if untimed:
        return round(len(times) * FPS / rate), len(times)
    return sum(1 for _ in resampled((time, None) for time in sorted(times))), len(times)


def _declared_end(container: InputContainer, stream: av.VideoStream) -> Fraction:
    # Matroska and FLV state the length of the whole, not of a stream; what others state of the whole is a guess.
    if stream.duration is not None and stream.time_base is not None:
        return (stream.duration + (stream.start_time or 0)) * stream.time_base
    if container.format.name in ("matroska,webm", "flv") and container.duration is not None:
        return Fraction(container.duration, av.time_base)
    return Fraction(0)
