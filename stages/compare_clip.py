"""One generated clip beside its reference: both decoded once, in pieces, for all metrics and all judges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from metrics.record import Metric
from stages.observe import BLOCK, Observed, Observer, first_frames
from stages.panel import Panel
from tavce.errors import InputError
from tavce.media.video import read_frames

Frames = UInt8[np.ndarray, "frames height width 3"]


@dataclass(frozen=True)
class Pair:
    """One clip to score.

    Attributes:
        dataset, method, clip, identity: copied to the rows.
        generated, reference: videos; at other rates than 25 fps they are re-timed to it.
        sound: file with the audio of the generated video.
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
    sound: Path
    other_sound: Path | None
    seen: Observed | None
    copied: bool
    failed: str


@dataclass(frozen=True)
class Compared:
    """A pair after both were decoded.

    Attributes:
        values: metric on pixels -> value per shared frame.
        ours, theirs: what the judges saw in the shared frames of the generated and of the reference video.
        generated, reference: how many frames each has.
    """

    values: dict[str, np.ndarray]
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
    on_pixels = [each for each in metrics if each.needs in ("frames", "lpips")]
    needs = {each.needs for each in metrics}
    values: dict[str, list[np.ndarray]] = {each.key: [] for each in on_pixels}
    mine = None if pair.copied and pair.seen else Observer(panel, needs, pair.generated)
    other = None if pair.seen else Observer(panel, needs - {"sync", "sound"}, pair.reference)
    ours, theirs = read_frames(pair.generated), read_frames(pair.reference)
    generated = reference = 0
    while True:
        left, right = list(islice(ours, BLOCK)), list(islice(theirs, BLOCK))
        generated, reference, shared = generated + len(left), reference + len(right), min(len(left), len(right))
        if not shared:
            break
        _check_size(pair, left[0], right[0])
        left_block, right_block = np.stack(left[:shared]), np.stack(right[:shared])
        for each in on_pixels:
            values[each.key].append(_per_frame(pair, each, panel, left_block, right_block))
        for observer, block in ((mine, left_block), (other, right_block)):
            if observer is not None:
                observer.add(block)
        if shared < BLOCK:
            break
    generated, reference = generated + count(ours), reference + count(theirs)
    seen = pair.seen or (other.result() if other is not None else Observed())
    theirs_seen = first_frames(seen, min(generated, reference))
    return Compared(
        {key: np.concatenate(parts) for key, parts in values.items()},
        theirs_seen if mine is None else mine.result(),
        theirs_seen,
        generated,
        reference,
    )


def count(frames: Iterator[UInt8[np.ndarray, "height width 3"]]) -> int:
    """Return how many frames are left."""
    return sum(1 for _ in frames)


def _per_frame(pair: Pair, metric: Metric, panel: Panel, ours: Frames, theirs: Frames) -> np.ndarray:
    network = (panel.lpips,) if metric.needs == "lpips" else ()
    try:
        return np.asarray(metric.measure(*network, ours, theirs))
    except ValueError as error:  # frames that the metric is not defined on, such as ones smaller than its window
        raise InputError(pair.generated, str(error), "score larger frames, or leave the metric out") from error


def _check_size(pair: Pair, ours: UInt8[np.ndarray, "h w 3"], theirs: UInt8[np.ndarray, "height width 3"]) -> None:
    if ours.shape != theirs.shape:
        raise InputError(
            pair.generated,
            f"is {ours.shape[1]}x{ours.shape[0]}, its reference {theirs.shape[1]}x{theirs.shape[0]}",
            "bring both to one crop and size before they are scored",
        )
