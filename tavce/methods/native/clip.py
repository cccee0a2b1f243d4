"""What an animator needs of a true clip, to make it anew: its motion coefficients and its portrait."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from tavce.media.video import read_frames
from tavce.methods.native.checkpoint import About


def true_coefficients(
    features: Mapping[str, np.ndarray], about: About
) -> Float32[np.ndarray, "frames coefficients"] | str:
    """Return the motion coefficients in a clip's features, or the reason why an animator cannot take them."""
    found = features.get("coefficients")
    if found is None or found.shape[1] != about.coefficients:
        count = "no" if found is None else found.shape[1]
        return f"it has {count} motion coefficients, the animator takes {about.coefficients}"
    return found.astype(np.float32)


def portrait_of(video: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Return frame 0 of a clip."""
    return next(iter(read_frames(video, max_frames=1)))
