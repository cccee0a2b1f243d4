"""Structural similarity of the mouth alone: a square around the reference's mouth, at one place in both frames."""

import numpy as np
from jaxtyping import Float, Float64, Int, UInt8

from metrics.frames import check_pair
from metrics.landmark_geometry import MOUTH, check_landmarks, has_face
from metrics.record import Metric
from metrics.ssim import ssim

MOUTH_SHARE = 72 / 256


def ssim_mouth(
    generated: UInt8[np.ndarray, "frames height width 3"],
    reference: UInt8[np.ndarray, "frames height width 3"],
    landmarks: Float[np.ndarray, "frames 68 2"],
) -> Float64[np.ndarray, " frames"]:
    """Return the SSIM of each frame within `mouth_squares` of the reference; NaN where the reference shows no face.

    Range [-1, 1]; equal frames give 1. The place is the reference's, so a mouth that sits elsewhere costs, as it does
    in the whole frame. Window, channels and data range as in `metrics.ssim.ssim`.

    Source: SSIM of Wang et al., IEEE TIP 13(4), 2004, on the mouth crop of ZH-Xu410/TAVCE, step 1.

    Args:
        generated: RGB.
        reference: RGB.
        landmarks: of the reference, in pixels, (0, 0) the centre of the top-left one; NaN in frames without a face.

    Raises:
        ValueError: the frames or landmarks are of another kind, their numbers differ, or the square is smaller than the
            window of SSIM, as it is in frames under 38 pixels.
    """
    check_pair(generated, reference)
    check_landmarks(landmarks)
    if len(landmarks) != len(reference):
        raise ValueError(f"{len(reference)} reference frames have landmarks for {len(landmarks)}")
    values, seen = np.full(len(reference), np.nan), np.flatnonzero(has_face(landmarks))
    if len(seen):
        squares = mouth_squares(landmarks[seen], *reference.shape[1:3])
        values[seen] = ssim(_cut(generated[seen], squares), _cut(reference[seen], squares))
    return values


def mouth_squares(landmarks: Float[np.ndarray, "frames 68 2"], height: int, width: int) -> Int[np.ndarray, "frames 3"]:
    """Return the first column, the first row and the side of each mouth's square, in whole pixels, inside of the frame.

    The side is 72/256 of the frame's shorter one, the centre the median of the twenty mouth points; at the frame's edge
    the square is moved in, never cut.

    Args:
        landmarks: in pixels, none of them NaN.
        height: of the frame in pixels.
        width: likewise.
    """
    side = round(MOUTH_SHARE * min(height, width))
    centres = np.median(landmarks[:, MOUTH].astype(np.float64), axis=1)
    # The centre of the first of `side` pixels lies (side - 1) / 2 before that of the square.
    first = np.rint(np.clip(centres - (side - 1) / 2, 0, (width - side, height - side))).astype(np.int64)
    return np.column_stack([first, np.full(len(first), side)])


def _cut(
    frames: UInt8[np.ndarray, "frames height width 3"], squares: Int[np.ndarray, "frames 3"]
) -> UInt8[np.ndarray, "frames side side 3"]:
    parts = zip(frames, squares.tolist(), strict=True)
    return np.stack([frame[y : y + side, x : x + side] for frame, (x, y, side) in parts])


SSIM_MOUTH = Metric(
    key="ssim_mouth",
    name="SSIM (mouth)",
    unit="",
    better="higher",
    version=1,
    protocol="gauss11-rgb-valid-range255-mouth72of256",
    citation="Wang et al., IEEE TIP 13(4), 2004, on the mouth crop of ZH-Xu410/TAVCE (72/256 of the picture)",
    needs="mouth",
    scope="frame",
    decimals=4,
    measure=ssim_mouth,
)
