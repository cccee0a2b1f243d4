"""A method of others x the clips of a split -> lossless videos with the request's sound, outcomes, and details."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tavce.data.clips import file_sha256
from tavce.errors import InputError
from tavce.media.video import probe, read_frames
from tavce.methods.contract import Outcome, Request, clip_seed
from tavce.methods.external.manifest import Answer
from tavce.methods.external.normalise import Normalised, normalise
from tavce.methods.external.places import places, prepared_record
from tavce.methods.external.run import FPS, Asked, Raw, run_method
from tavce.methods.external.session import Limits
from tavce.methods.external.spec import Spec, read_spec
from tavce.run.atomic import atomic_file
from tavce.run.pool import progress

DETAILS = "details.jsonl"
DEVICE = re.compile(r"cpu|cuda(:\d+)?")
MISSTATED = 2  # frames at 25 fps by which a file may differ from what its manifest states: the last one's length


@dataclass(frozen=True)
class Wanted:
    """A clip to make, and what it is brought to.

    Attributes:
        asked: what the method is given.
        size: width and height of the result in pixels.
    """

    asked: Asked
    size: tuple[int, int]


def generate_external(
    spec_folder: Path, wanted: Sequence[Request], folder: Path, *, device: str, seed: int
) -> list[Outcome]:
    """Write ``<clip>.mkv`` and ``<clip>.wav`` of each clip that the method can make into `folder`, and details.jsonl.

    The portrait is frame 0 of the reference clip. Only a method whose track shows it the true video gets that. What it
    made before of the same inputs is taken from the cache. details.jsonl has times in it, so its bytes differ.

    Args:
        spec_folder: of method.yaml and run.py.
        wanted: clips.
        folder: an existing folder.
        device: "cpu" or "cuda:N".
        seed: of the whole run; added to a seed of each clip that follows from its id.

    Returns:
        One outcome per clip, in their order.

    Raises:
        InputError: as for `tavce.methods.external.run.run_method` (the method is not prepared, with the command that
            prepares it; or it cannot be run at all), or the device is none.
    """
    spec = read_spec(spec_folder)
    prepared_record(spec)  # said before any work is done
    portraits = places(spec).top.parent / "portraits"
    asked = []
    for request in wanted:
        seen = probe(request.video)
        image = portrait_file(request.video, portraits)
        video = request.video if spec.sees_video else None
        clip = Asked(request.clip, image, request.audio, video, request.frames, clip_seed(request.clip))
        asked.append(Wanted(clip, (seen.width, seen.height)))
    return make_external(spec, asked, folder, device=device, seed=seed, limits=Limits())


def make_external(
    spec: Spec, wanted: Sequence[Wanted], folder: Path, *, device: str, seed: int, limits: Limits
) -> list[Outcome]:
    """Do as `generate_external`, of portraits and sizes that are given."""
    if not DEVICE.fullmatch(device):
        raise InputError("device", f"{device!r} is none", "give cpu, or cuda:0 for the first GPU")
    raw = run_method(spec, [each.asked for each in wanted], device=device, seed=seed, limits=limits)
    outcomes, rows = [], []
    for each in progress(wanted, len(wanted), f"normalise {spec.name}"):
        outcome, row = _finish(each, raw, folder)
        outcomes.append(outcome)
        rows.append(row)
    rows.sort(key=lambda row: str(row["clip"]))
    rows += [{"clip": None, "strange": line} for line in raw.strange]
    with atomic_file(folder / DETAILS) as part:
        part.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows), encoding="utf-8")
    return outcomes


def read_details(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of details.jsonl by clip; lines about no clip are left out."""
    lines = (folder / DETAILS).read_text(encoding="utf-8").splitlines()
    return {row["clip"]: row for row in map(json.loads, lines) if row["clip"] is not None}


def portrait_file(video: Path, folder: Path) -> Path:
    """Return a PNG file of frame 0, written into `folder` unless it is there; its name says of which bytes it is."""
    path = folder / f"{video.stem}-{file_sha256(video)[:12]}.png"
    if not path.is_file():
        frame = next(iter(read_frames(video, max_frames=1)))
        with atomic_file(path) as part:
            Image.fromarray(frame).save(part)
    return path


def _finish(wanted: Wanted, raw: Raw, folder: Path) -> tuple[Outcome, dict[str, Any]]:
    """Normalise one raw video, and return its outcome and its row of details."""
    asked = wanted.asked
    answer, reason, done = raw.answers[asked.clip], raw.answers[asked.clip].reason, None
    if answer.status == "ok":
        try:
            done = normalise(
                raw.videos[asked.clip],
                asked.clip,
                folder,
                frames=asked.frames,
                size=wanted.size,
                audio=asked.audio,
            )
        except InputError as error:
            reason = f"what the method made {error.problem}"
    if done and _misstated(answer, done):
        for ending in (".mkv", ".wav"):
            (folder / f"{asked.clip}{ending}").unlink()
        reason = f"its video has {done.made} frames at 25 fps, run.py states {answer.frames} at {answer.fps:g}"
        done = None
    row: dict[str, Any] = {"clip": asked.clip, "wall_s": answer.wall_s, "peak_memory_mb": answer.peak_memory_mb}
    made = raw.videos.get(asked.clip)
    row |= {"asked": asked.frames, "raw": f"{raw.folder.name}/{made.name}" if made else None}
    row |= asdict(done) if done else {}
    return Outcome(asked.clip, "ok" if done else "failed", reason, asked.frames if done else 0), row


def _misstated(answer: Answer, done: Normalised) -> bool:
    return abs(answer.frames * FPS / answer.fps - done.made) > MISSTATED
