"""Videos that a user brings -> the clips of a split: matched by name, brought to 25 fps, length, size and sound."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from stages.method import VideosMethod
from tavce.data.clips import Clip
from tavce.errors import InputError
from tavce.media.video import probe
from tavce.methods.contract import Outcome, Request
from tavce.methods.external.normalise import normalise
from tavce.methods.videos import find


def videos_maker(method: VideosMethod, clips: Sequence[Clip], folder: Path) -> Callable[[Request], Outcome]:
    """Return what writes the video of a clip that has one; say on stderr which of the folder's are no clip's.

    Raises:
        InputError: no video can be matched; see `tavce.methods.videos.find`.
    """
    found = find(Path(method.path), Path(method.names) if method.names else None, clips)
    if found.others:
        print(f"warning: {method.path}: {len(found.others)} videos are no clip's: {found.others}", file=sys.stderr)
    return partial(_one, videos=found.videos, folder=folder)


def _one(request: Request, videos: Mapping[str, Path], folder: Path) -> Outcome:
    if request.clip not in videos:
        return Outcome(request.clip, "failed", "the folder has no video of it", 0)
    video, true = videos[request.clip], probe(request.video)
    size = (true.width, true.height)
    try:
        normalise(video, request.clip, folder, frames=request.frames, size=size, audio=request.audio)
    except InputError as error:
        return Outcome(request.clip, "failed", f"{video.name} {error.problem}", 0)
    return Outcome(request.clip, "ok", "", request.frames)
