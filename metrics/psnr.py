"""Peak signal-to-noise ratio of RGB frames."""

import numpy as np
from jaxtyping import Float64, UInt8

from metrics.frames import check_pair
from metrics.record import Metric

PEAK = 255.0


def psnr(
    generated: UInt8[np.ndarray, "frames height width 3"], reference: UInt8[np.ndarray, "frames height width 3"]
) -> Float64[np.ndarray, " frames"]:
    """Return the PSNR of each frame in dB: 10 log10(255^2 / MSE), the MSE over all pixels and channels together.

    Range [0, inf]; equal frames give inf. A constant offset d gives 20 log10(255 / d). Data range 255; squared errors
    are summed exactly (integers in float64).

    Raises:
        ValueError: if the frames are not uint8, or their shapes differ.
    """
    check_pair(generated, reference)
    mse = np.array([_mse(one, other) for one, other in zip(generated, reference, strict=True)], dtype=np.float64)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(PEAK**2 / mse)


def _mse(one: UInt8[np.ndarray, "height width 3"], other: UInt8[np.ndarray, "height width 3"]) -> float:
    # In uint8, 3 - 5 is 254: the difference needs a signed type, and its square a wider one.
    difference = np.subtract(one, other, dtype=np.int16)
    return float(np.square(difference, dtype=np.int32).mean(dtype=np.float64))


PSNR = Metric(
    key="psnr",
    name="PSNR",
    unit="dB",
    better="higher",
    version=1,
    protocol="rgb-frame-range255",
    citation="MSE of 8-bit RGB per frame; as skimage.metrics.peak_signal_noise_ratio with data_range=255",
    needs="frames",
    scope="frame",
    decimals=2,
    measure=psnr,
)
