"""Structural similarity of RGB frames, after Wang et al. 2004, and two variants that published numbers use.

SSIM = (2 m_x m_y + c1)(2 s_xy + c2) / ((m_x^2 + m_y^2 + c1)(s_x^2 + s_y^2 + c2)), averaged over every pixel whose
whole window lies inside the frame. Only the sum of the two variances enters, so four filtered fields (x, y, x^2 + y^2,
xy) are enough.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from metrics.frames import check_pair
from metrics.record import Metric

C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2


@dataclass(frozen=True)
class Window:
    """How local means are taken.

    Attributes:
        kind: "gaussian" or "uniform" weights.
        size: side of the square window in pixels, odd.
        sigma: standard deviation of the Gaussian in pixels; ignored for "uniform".
        sample_covariance: divide by n - 1 instead of n, n the number of pixels of the window.
    """

    kind: Literal["gaussian", "uniform"]
    size: int
    sigma: float
    sample_covariance: bool

    def weights(self) -> Float64[np.ndarray, " size"]:
        """The one-dimensional weights; the window is their outer product."""
        if self.kind == "uniform":
            return np.full(self.size, 1 / self.size)
        offsets = np.arange(self.size) - self.size // 2
        weights = np.exp(-0.5 * (offsets / self.sigma) ** 2)
        return np.asarray(weights / weights.sum())


WANG_2004 = Window(kind="gaussian", size=11, sigma=1.5, sample_covariance=False)
UNIFORM_7 = Window(kind="uniform", size=7, sigma=0.0, sample_covariance=True)


def ssim(
    generated: UInt8[np.ndarray, "frames height width 3"],
    reference: UInt8[np.ndarray, "frames height width 3"],
    window: Window = WANG_2004,
) -> Float64[np.ndarray, " frames"]:
    """Return the SSIM of each frame: the mean over the valid area of each RGB channel, then over the channels.

    Range [-1, 1]; equal frames give 1. Data range 255. With the default window it equals
    ``skimage.metrics.structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    data_range=255, channel_axis=-1)``; with ``UNIFORM_7`` the same function with its defaults.

    Source: Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13(4), 2004.

    Raises:
        ValueError: if the frames are not uint8, their shapes differ, or they are smaller than the window.
    """
    check_pair(generated, reference)
    _check_size(generated.shape[1], generated.shape[2], window)
    pairs = zip(generated, reference, strict=True)
    return np.array([_ssim_frame(one, other, window) for one, other in pairs], dtype=np.float64)


def ssim_grey(
    generated: UInt8[np.ndarray, "frames height width 3"], reference: UInt8[np.ndarray, "frames height width 3"]
) -> Float64[np.ndarray, " frames"]:
    """Return the SSIM of each frame on BT.601 luma rounded to uint8, Gaussian window; up to 0.12 above the RGB value.

    Range, source and errors as ``ssim``.
    """
    check_pair(generated, reference)
    _check_size(generated.shape[1], generated.shape[2], WANG_2004)
    pairs = zip(generated, reference, strict=True)
    return np.array([_ssim_frame(_luma(one), _luma(other), WANG_2004) for one, other in pairs], dtype=np.float64)


def ssim_uniform(
    generated: UInt8[np.ndarray, "frames height width 3"], reference: UInt8[np.ndarray, "frames height width 3"]
) -> Float64[np.ndarray, " frames"]:
    """Return the SSIM of each frame with a uniform 7x7 window and sample covariance, per RGB channel.

    Range, source and errors as ``ssim``.
    """
    return ssim(generated, reference, UNIFORM_7)


def _check_size(height: int, width: int, window: Window) -> None:
    if min(height, width) < window.size:
        raise ValueError(f"frames of {width}x{height} pixels are smaller than the SSIM window of {window.size} pixels")


def _luma(frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 1"]:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)[..., None])


def _ssim_frame(
    one: UInt8[np.ndarray, "height width channels"], other: UInt8[np.ndarray, "height width channels"], window: Window
) -> float:
    # One channel at a time: its fields stay in the cache, which halves the time of filtering all channels at once.
    planes = zip(np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0), strict=True)
    return float(np.mean([_ssim_plane(x.astype(np.float64), y.astype(np.float64), window) for x, y in planes]))


def _ssim_plane(
    x: Float64[np.ndarray, "height width"], y: Float64[np.ndarray, "height width"], window: Window
) -> float:
    edge, weights, pixels = window.size // 2, window.weights(), window.size**2
    fields = (x, y, x * x + y * y, x * y)
    mean_x, mean_y, mean_squares, mean_xy = (
        cv2.sepFilter2D(field, cv2.CV_64F, weights, weights)[edge:-edge, edge:-edge] for field in fields
    )
    unbias = pixels / (pixels - 1) if window.sample_covariance else 1.0
    mean_product, mean_power = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
    covariance, variances = unbias * (mean_xy - mean_product), unbias * (mean_squares - mean_power)
    similarity = (2 * mean_product + C1) * (2 * covariance + C2) / ((mean_power + C1) * (variances + C2))
    return float(similarity.mean())


SSIM = Metric(
    key="ssim",
    name="SSIM",
    unit="",
    better="higher",
    version=1,
    protocol="gauss11-rgb-valid-range255",
    citation="Wang et al., IEEE TIP 13(4), 2004; Gaussian 11x11, sigma 1.5, per RGB channel, valid area",
    needs="frames",
    scope="frame",
    decimals=4,
    measure=ssim,
)
SSIM_GREY = Metric(
    key="ssim_grey",
    name="SSIM (grey)",
    unit="",
    better="higher",
    version=1,
    protocol="gauss11-grey601-valid-range255",
    citation="Wang et al., IEEE TIP 13(4), 2004; Gaussian 11x11, sigma 1.5, BT.601 luma in uint8, valid area",
    needs="frames",
    scope="frame",
    decimals=4,
    measure=ssim_grey,
)
SSIM_UNIFORM = Metric(
    key="ssim_uniform",
    name="SSIM (7x7)",
    unit="",
    better="higher",
    version=1,
    protocol="uniform7-rgb-valid-sample-range255",
    citation="Wang et al., IEEE TIP 13(4), 2004, with the defaults of skimage.metrics.structural_similarity",
    needs="frames",
    scope="frame",
    decimals=4,
    measure=ssim_uniform,
)
