"""Values per frame of one scored clip: what the page shows under the videos. Kept beside the features of the clip."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float32

from metrics.lse import CONFIDENCE, DISTANCE_AT_0
from metrics.sync import MAX_SHIFT, WINDOW_FRAMES, SyncDistances, framewise_confidence

PREFIX = "frames_"  # of the arrays in a clip's file
Curve = Float32[np.ndarray, " frames"]


def placed(values: Float[np.ndarray, " values"], first: int, frames: int) -> Curve:
    """Return one value per frame: `values` from frame `first` on, NaN elsewhere.

    Raises:
        ValueError: there are more values than frames from there on.
    """
    if first < 0 or first + len(values) > frames:
        raise ValueError(f"{len(values)} values from frame {first} on do not fit into {frames} frames")
    curve = np.full(frames, np.nan, np.float32)
    curve[first : first + len(values)] = values
    return curve


def sync_curves(distances: SyncDistances, first: int, frames: int) -> dict[str, Curve]:
    """Return confidence and distance without a shift, frame by frame.

    The value of a window of five frames stands at its middle one.

    Args:
        distances: of the clip.
        first: frame at which the first window begins.
        frames: of the clip.
    """
    middle = first + WINDOW_FRAMES // 2
    found = {CONFIDENCE.key: framewise_confidence(distances.own), DISTANCE_AT_0.key: distances.own[:, MAX_SHIFT]}
    return {key: placed(values[: frames - middle], middle, frames) for key, values in found.items()}


def named(curves: Mapping[str, Curve]) -> dict[str, Curve]:
    """Return the curves by the names of their arrays in a file."""
    return {f"{PREFIX}{key}": curve for key, curve in sorted(curves.items())}


def unnamed(arrays: Mapping[str, np.ndarray]) -> dict[str, Curve]:
    """Return those of a file's arrays that are curves, by metric."""
    return {name.removeprefix(PREFIX): array for name, array in arrays.items() if name.startswith(PREFIX)}
