"""A request file of the contract -> clips to make; every line is checked before anything runs."""

import json
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from tavce.data.clips import SAFE_ID
from tavce.errors import InputError
from tavce.media.audio import read_wav
from tavce.media.video import probe
from tavce.methods.external.generate import Wanted
from tavce.methods.external.run import FPS, Asked
from tavce.methods.external.spec import Spec

KEYS = {"clip_id", "image", "audio", "video", "frames", "fps", "seed"}
REMEDY = "see docs/add-a-method.md for the form of a request"


def read_requests(path: Path, spec: Spec) -> list[Wanted]:
    """Return the clips that `path` asks for; results get the size of the true video, or of the portrait without one.

    Raises:
        InputError: there is no such file, a line is no request, names a file that is not there or cannot be read, or a
            clip is asked for twice; or the method needs the true video, and a line has none.
    """
    if not path.is_file():
        raise InputError(path, "there is no such file", "name a file of requests")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(path, f"is no text ({error})", REMEDY) from error
    wanted: dict[str, Wanted] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            found = _wanted(_row(line, path, number), path, number, spec)
            if found.asked.clip in wanted:
                raise _wrong(path, number, f"clip {found.asked.clip} is asked for twice")
            wanted[found.asked.clip] = found
    if not wanted:
        raise InputError(path, "asks for no clip", REMEDY)
    return list(wanted.values())


def _row(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise _wrong(path, number, f"is no JSON ({error})") from error
    if not isinstance(row, dict) or set(row) != KEYS:
        found = sorted(row) if isinstance(row, dict) else row
        raise _wrong(path, number, f"has the keys {found}, wanted are {sorted(KEYS)}")
    return row


def _wanted(row: dict[str, Any], path: Path, number: int, spec: Spec) -> Wanted:
    clip, frames, seed = row["clip_id"], row["frames"], row["seed"]
    if not isinstance(clip, str) or not SAFE_ID.fullmatch(clip):
        raise _wrong(path, number, f"clip_id {clip!r} is no name of letters, digits, dot, underscore and hyphen")
    if type(frames) is not int or frames < 1 or row["fps"] != FPS or type(seed) is not int or seed < 0:
        raise _wrong(path, number, f"frames must be at least 1, fps {FPS}, and seed at least 0")
    image, audio = (_file(row[key], path, number) for key in ("image", "audio"))
    video = _file(row["video"], path, number) if row["video"] is not None else None
    if spec.sees_video and video is None:
        raise _wrong(path, number, f"has no video, and {spec.name} needs the true one ({spec.track})")
    read_wav(audio)
    size = _image_size(image)
    if video is not None:
        seen = probe(video)
        size = (seen.width, seen.height)
    return Wanted(Asked(clip, image, audio, video if spec.sees_video else None, frames, seed), size)


def _file(name: object, path: Path, number: int) -> Path:
    if not isinstance(name, str) or not (path.parent / name).is_file():
        raise _wrong(path, number, f"names {name!r}, and there is no such file beside {path.name}")
    return path.parent / name


def _image_size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(path, f"is no picture that can be read ({error})", "give PNG or JPEG") from error


def _wrong(path: Path, number: int, problem: str) -> InputError:
    return InputError(path, f"line {number} {problem}", REMEDY)
