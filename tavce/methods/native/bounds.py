"""The renderer between a lower and an upper bound: a mouth that follows loudness alone, and the true motion itself.

Both take pose, lids and gaze of the clip, as the ablation arms do, so what differs is the mouth.
"""

import numpy as np
from jaxtyping import Float32, Int16

from tavce.media.audio import SAMPLES_PER_FRAME
from tavce.methods.bounds import Bound, TrueMotion
from tavce.model.motion.sampling import Layout

Coefficients = Float32[np.ndarray, "frames coefficients"]


def bounded(bound: Bound, truth: Coefficients, samples: Int16[np.ndarray, " samples"], layout: Layout) -> Coefficients:
    """Return the coefficients that a bound asks of the renderer.

    Args:
        bound: which.
        truth: of the clip; frame 0 is the portrait.
        samples: its sound, 16 kHz mono, 640 per frame.
        layout: of the coefficients; the first of ``expression`` opens the mouth.
    """
    if isinstance(bound, TrueMotion):
        return truth
    wanted = truth.copy()
    wanted[:, list(layout.expression)] = truth[0, list(layout.expression)]
    wanted[:, layout.expression[0]] = bound.opening * envelope(samples, len(truth))
    return wanted


def envelope(samples: Int16[np.ndarray, " samples"], frames: int) -> Float32[np.ndarray, " frames"]:
    """Return the root mean square of the sound of each frame, 1 at the loudest; all 0 for a silent clip."""
    parts = samples[: frames * SAMPLES_PER_FRAME].astype(np.float64).reshape(frames, SAMPLES_PER_FRAME)
    loudness = np.sqrt((parts**2).mean(axis=1))
    return np.asarray(loudness / max(loudness.max(), 1.0), np.float32)
