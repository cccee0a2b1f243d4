"""Metrics of talking heads: pure functions and their records; a table's columns are `METRICS` in this order.

`VARIANTS` are other protocols in use under the same names; they are scored on request and never share a column.
"""

from metrics.beat_align import BEAT_ALIGN
from metrics.clip_value import ClipValue, reduce
from metrics.csim import CSIM, CSIM_PAIRED, CSIM_ZERO
from metrics.eyes import BLINK_RATE_ERROR, EYELID_DISTANCE
from metrics.fvd import FVD, FVD_FIRST
from metrics.head_motion import HEAD_MOTION_DIVERSITY
from metrics.landmark_distance import LMD_FACE, LMD_MOUTH
from metrics.landmark_velocity import LVD_FACE, LVD_MOUTH
from metrics.lse import (
    AUDIO_MARGIN,
    AV_OFFSET,
    AV_OFFSET_ABS,
    CONFIDENCE,
    DISTANCE_AT_0,
    LSE_C,
    LSE_C_VALID,
    LSE_D,
    LSE_D_VALID,
)
from metrics.perceptual import FID, KID, LPIPS
from metrics.psnr import PSNR
from metrics.record import Metric, NoValueError
from metrics.signature import parse_signature, signature
from metrics.ssim import SSIM, SSIM_GREY, SSIM_UNIFORM
from metrics.ssim_mouth import SSIM_MOUTH
from metrics.upper_face import UPPER_FACE_DISTANCE

__all__ = ["METRICS", "VARIANTS", "ClipValue", "Metric", "NoValueError"]
__all__ += ["metric", "parse_signature", "reduce", "signature"]

METRICS: tuple[Metric, ...] = (
    PSNR,
    SSIM,
    SSIM_MOUTH,
    LPIPS,
    FID,
    KID,
    LSE_C,
    LSE_D,
    AV_OFFSET_ABS,
    AV_OFFSET,
    DISTANCE_AT_0,
    AUDIO_MARGIN,
    CSIM,
    CSIM_PAIRED,
    LMD_MOUTH,
    LMD_FACE,
    LVD_MOUTH,
    LVD_FACE,
    EYELID_DISTANCE,
    BLINK_RATE_ERROR,
    UPPER_FACE_DISTANCE,
    HEAD_MOTION_DIVERSITY,
    BEAT_ALIGN,
)
VARIANTS: tuple[Metric, ...] = (
    SSIM_GREY,
    SSIM_UNIFORM,
    LSE_C_VALID,
    LSE_D_VALID,
    CONFIDENCE,
    CSIM_ZERO,
    FVD,
    FVD_FIRST,
)


def metric(key: str) -> Metric:
    """Return the record of one metric or variant.

    Raises:
        ValueError: if no metric has this key; the message lists those there are.
    """
    found = {record.key: record for record in METRICS + VARIANTS}
    if key not in found:
        raise ValueError(f"no metric is called {key!r}; allowed: {', '.join(found)}")
    return found[key]
