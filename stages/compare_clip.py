"""One generated clip beside its reference: both decoded once, in pieces, for all metrics and all judges."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from metrics.record import Metric
from stages.observe import BLOCK, Observed, Observer, first_frames
from stages.panel import Panel
from tavce.errors import InputError
from tavce.media.video import read_frames

Frames = UInt8[np.ndarray, "frames height width 3"]
Points = Float32[np.ndarray, "frames 68 2"]
ON_PIXELS = ("frames", "lpips", "mouth")


@dataclass(frozen=True)
class Pair:
    """One clip to score.

    Attributes:
        dataset, method, clip, identity: copied to the rows.
        generated, reference: videos with their sound; at other rates than 25 fps they are re-timed to it.
        other_sound: file with another clip's audio, or None if there is none.
        seen: what the judges saw in the reference, or None to look at it now.
        copied: whether the generated video is the reference byte for byte, so that it need not be looked at again.
        failed: "" or why the method made no video of this clip.
    """

    dataset: str
    method: str
    clip: str
    identity: str
    generated: Path
    reference: Path
    other_sound: Path | None
    seen: Observed | None
    copied: bool
    failed: str


@dataclass(frozen=True)
class Compared:
    """A pair after both were decoded.

    Attributes:
        values: metric on pixels -> value per shared frame.
        undefined: metric on pixels -> why it is not defined on these frames; it then has no values.
        ours, theirs: what the judges saw in the shared frames of the generated and of the reference video.
        generated, reference: how many frames each has.
    """

    values: dict[str, np.ndarray]
    undefined: dict[str, str]
    ours: Observed
    theirs: Observed
    generated: int
    reference: int

    @property
    def shared(self) -> int:
        """Number of frames that both have."""
        return min(self.generated, self.reference)


def compare_clip(pair: Pair, metrics: Sequence[Metric], panel: Panel) -> Compared:
    """Decode both videos and return what the metrics on pixels and the judges say.

    Frames are compared one to one from frame 0 on; where one side is longer, the rest is left out.

    Raises:
        InputError: a video cannot be read, or the two differ in size.
    """
    needs = {each.needs for each in metrics}
    pixels = _Pixels([each for each in metrics if each.needs in ON_PIXELS], panel)
    mine = None if pair.copied and pair.seen else Observer(panel, needs - {"mouth"}, pair.generated)
    other = None if pair.seen else Observer(panel, needs - {"sync", "sound"}, pair.reference)
    ours, theirs = _frames(pair)
    generated = reference = 0
    while True:
        left, right = list(islice(ours, BLOCK)), list(islice(theirs, BLOCK))
        before, shared = reference, min(len(left), len(right))
        generated, reference = generated + len(left), reference + len(right)
        if not shared:
            break
        _check_size(pair, left[0], right[0])
        left_block, right_block = np.stack(left[:shared]), np.stack(right[:shared])
        for observer, block in ((mine, left_block), (other, right_block)):
            if observer is not None:
                observer.add(block)
        known = pair.seen.landmarks if pair.seen else other.landmarks() if other else None
        pixels.add(left_block, right_block, None if known is None else known[before : before + shared])
        if shared < BLOCK:
            break
    generated, reference = generated + count(ours), reference + count(theirs)
    seen = pair.seen or (other.result() if other is not None else Observed())
    theirs_seen = first_frames(seen, min(generated, reference))
    ours_seen = theirs_seen if mine is None else mine.result()
    return Compared(pixels.values(), pixels.undefined, ours_seen, theirs_seen, generated, reference)


def count(frames: Iterator[UInt8[np.ndarray, "height width 3"]]) -> int:
    """Return how many frames are left."""
    return sum(1 for _ in frames)


def _frames(pair: Pair) -> Iterable[Iterator[UInt8[np.ndarray, "height width 3"]]]:
    """Return the frames of the generated and of the reference video; those of a copy are decoded once."""
    if pair.copied:
        return tee(read_frames(pair.generated))
    return read_frames(pair.generated), read_frames(pair.reference)


class _Pixels:
    """The values of the metrics on pixels, block by block; a metric that is not defined on a block has none at all."""

    def __init__(self, metrics: Sequence[Metric], panel: Panel) -> None:
        self._metrics, self._panel = metrics, panel
        self._values: dict[str, list[np.ndarray]] = {each.key: [] for each in metrics}
        self.undefined: dict[str, str] = {}

    def add(self, ours: Frames, theirs: Frames, points: Points | None) -> None:
        """Measure the next frames, given the landmarks of the reference where a metric needs them."""
        for metric in self._metrics:
            before = (self._panel.lpips,) if metric.needs == "lpips" else ()
            after = (points,) if metric.needs == "mouth" else ()
            try:
                self._values[metric.key].append(np.asarray(metric.measure(*before, ours, theirs, *after)))
            except ValueError as error:  # such as frames smaller than its window
                self.undefined[metric.key] = str(error)

    def values(self) -> dict[str, np.ndarray]:
        """Return the values per frame of the metrics that are defined on all frames."""
        return {key: np.concatenate(parts) for key, parts in self._values.items() if key not in self.undefined}


def _check_size(pair: Pair, ours: UInt8[np.ndarray, "h w 3"], theirs: UInt8[np.ndarray, "height width 3"]) -> None:
    if ours.shape != theirs.shape:
        raise InputError(
            pair.generated,
            f"is {ours.shape[1]}x{ours.shape[0]}, its reference {theirs.shape[1]}x{theirs.shape[0]}",
            "bring both to one crop and size before they are scored",
        )
