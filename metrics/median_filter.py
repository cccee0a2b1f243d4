"""The running median of SyncNet's protocol, zeros beyond the ends."""

import numpy as np
from jaxtyping import Float, Float64


def median_filter(values: Float[np.ndarray, " count"], kernel: int) -> Float64[np.ndarray, " count"]:
    """Return the median of ``kernel`` neighbours of each value, in the unit of the values.

    Beyond the ends stand zeros, as in ``scipy.signal.medfilt``: at an end of positive values the result is their local
    minimum, and where fewer than half of the neighbours exist it is 0.

    Args:
        values: at least one.
        kernel: odd.

    Raises:
        ValueError: the kernel is even or not positive.
    """
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"the kernel of a median filter must be odd and positive, got {kernel}")
    padded = np.pad(values.astype(np.float64), kernel // 2)
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, kernel), axis=1))
