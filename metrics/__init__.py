"""One file per metric: a pure function and a record.

``METRICS`` are the metrics of the table, in its order; ``VARIANTS`` are other protocols of them, for comparison with
numbers printed elsewhere. Nothing here reads files, prints or knows where a score goes.
"""

from metrics.clip_value import ClipValue, reduce
from metrics.landmark_distance import LMD_FACE, LMD_MOUTH
from metrics.psnr import PSNR
from metrics.record import Metric
from metrics.signature import parse_signature, signature
from metrics.ssim import SSIM, SSIM_GREY, SSIM_UNIFORM

__all__ = ["METRICS", "VARIANTS", "ClipValue", "Metric", "metric", "parse_signature", "reduce", "signature"]

METRICS: tuple[Metric, ...] = (PSNR, SSIM, LMD_MOUTH, LMD_FACE)
VARIANTS: tuple[Metric, ...] = (SSIM_GREY, SSIM_UNIFORM)


def metric(key: str) -> Metric:
    """Return the record of one metric or variant.

    Raises:
        ValueError: if no metric has this key; the message lists those there are.
    """
    found = {record.key: record for record in METRICS + VARIANTS}
    if key not in found:
        raise ValueError(f"no metric is called {key!r}; allowed: {', '.join(found)}")
    return found[key]
