"""The one check of a pair of clips, shared by the metrics that compare pixels."""

import numpy as np
from jaxtyping import UInt8


def check_pair(
    generated: UInt8[np.ndarray, "frames height width 3"], reference: UInt8[np.ndarray, "frames height width 3"]
) -> None:
    """Refuse anything but two equally shaped uint8 RGB clips; float frames would leave their range to be guessed.

    Raises:
        ValueError: with both shapes or types.
    """
    if generated.dtype != np.uint8 or reference.dtype != np.uint8:
        raise ValueError(f"frames must be uint8 in 0..255, got {generated.dtype} and {reference.dtype}")
    if generated.shape != reference.shape:
        raise ValueError(f"generated frames have shape {generated.shape}, reference frames {reference.shape}")
    if generated.ndim != 4 or generated.shape[-1] != 3:
        raise ValueError(f"frames must be (frames, height, width, 3), got {generated.shape}")
