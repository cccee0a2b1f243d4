"""Which square of the source picture a clip shows: six stated policies, each a box and an affine map."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from tavce.data.crop.faces import Box, FaceTrack, UnusableError, area, as_box, overlap
from tavce.errors import InputError

POLICIES = ("synthetic", "whole_frame", "fomm_union", "fomm_released", "hdtf_official", "ffhq_first_frame")
FPS = 25


@dataclass(frozen=True)
class OfficialBox:
    """A crop box of the HDTF annotation, in the order of its file: x, w, y, h.

    Attributes:
        x, w, y, h: left edge, width, upper edge and height in whole pixels, counted from the picture's corner.
        reference_height: height of the picture that the annotators had, in pixels.
    """

    x: float
    w: float
    y: float
    h: float
    reference_height: float


@dataclass(frozen=True)
class Crop:
    """Where a clip lies in its source.

    Attributes:
        box: x0, y0, x1, y1 in source pixels; for an oriented crop the smallest upright box around it.
        affine: source pixel -> crop pixel.
    """

    box: Box
    affine: Float64[np.ndarray, "2 3"]


def crop_box(
    policy: str,
    track: FaceTrack | None,
    picture: tuple[int, int],
    size: int,
    *,
    official: OfficialBox | None,
    min_iou: float,
    max_outside: float,
) -> Crop:
    """Return the one crop that holds for all frames of a clip.

    Policies:
        synthetic: the whole picture, which must be square.
        whole_frame: the whole picture, squared by padding the shorter side equally on both ends.
        fomm_union: the union of the head boxes over the clip, enlarged (AliaksandrSiarohin/video-preprocessing@0cdd120,
            util.py): each side by ``max(0.1, (1.2 h - w) / 2w)`` of w, and by the same with w and h exchanged. That is
            a square of 1.2 times the longer side around the union's centre; what lies outside is padded, where the
            original cuts it off and stretches the face.
        fomm_released: the annotated box of FOMM's list, rarely square: the shorter side grows equally on both ends,
            where the original stretches the face.
        hdtf_official: the annotated box, times obtained height / reference height (MRzzm/HDTF).
        ffhq_first_frame: the oriented square of the first frame's landmarks, `oriented_square`.

    Args:
        policy: one of the six.
        track: the followed face; all but fomm_union and ffhq_first_frame do without.
        picture: width and height of the source in pixels.
        size: side of the crop in pixels.
        official: the annotated box, for fomm_released and hdtf_official.
        min_iou: fomm_union: least overlap of each frame's head box with the first one, 0.25 in the original, which
            splits the video there.
        max_outside: largest share of the crop's area that may lie outside of the picture, in [0, 1]; not asked of
            whole_frame, which pads by design.

    Raises:
        UnusableError: the clip breaks a rule of the policy.
        InputError: an unknown policy, or one that lacks what it needs.
    """
    width, height = picture
    if policy not in POLICIES:
        raise InputError(f"crop policy {policy}", "is not known", f"choose one of {', '.join(POLICIES)}")
    if policy == "ffhq_first_frame":
        crop = _oriented_crop(oriented_square(_first_landmarks(track)), size)
    elif policy == "synthetic" and width != height:
        raise UnusableError(f"the picture is {width}x{height}, and policy synthetic needs a square; use whole_frame")
    elif policy in ("synthetic", "whole_frame"):
        return _upright_crop(_squared((-0.5, -0.5, width - 0.5, height - 0.5)), size)
    elif policy == "fomm_union":
        crop = _upright_crop(_squared(_union_enlarged(_needed(track), min_iou)), size)
    else:
        crop = _upright_crop(_squared(_official_box(official, height)), size)
    outside = 1 - _share_inside(crop, width, height, size)
    if outside > max_outside:
        raise UnusableError(f"{outside:.0%} of the crop lies outside of the picture, more than {max_outside:.0%}")
    return crop


def enlarged(box: Box, increase: float) -> Box:
    """Return FOMM's aspect-preserving enlargement of a box: a square of ``1 + 2 increase`` times its longer side."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    grow = 1 + 2 * increase
    dx = max(increase, (grow * height - width) / (2 * width)) * width
    dy = max(increase, (grow * width - height) / (2 * height)) * height
    return x0 - dx, y0 - dy, x1 + dx, y1 + dy


def oriented_square(landmarks: Float[np.ndarray, "68 2"]) -> Float64[np.ndarray, "4 2"]:
    """Return the corners of FFHQ's oriented crop: upper left, lower left, lower right, upper right of the upright face.

    With ``e`` from eye to eye (means of the six points each, left to right), ``m`` from the middle between the eyes to
    the middle between the mouth corners, and R the turn by 90 degrees: the half side ``x`` has the direction of
    ``e - R m`` (both agree on a frontal face) and the length ``max(2 |e|, 1.8 |m|)``; the centre is the eyes' middle
    plus ``0.1 m``. (NVlabs/ffhq-dataset, download_ffhq.py.) SadTalker (OpenTalker/SadTalker@002631b,
    src/utils/croper.py) computes the same corners and then takes the upright box around two of them, cut at the
    picture's edges; here the square keeps its turn, and is padded.
    """
    points = landmarks.astype(np.float64)
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    eyes, across = (left + right) / 2, right - left
    down = (points[48] + points[54]) / 2 - eyes
    x = across + np.array([down[1], -down[0]])
    x *= max(2.0 * np.hypot(*across), 1.8 * np.hypot(*down)) / np.hypot(*x)
    y = np.array([-x[1], x[0]])
    centre = eyes + 0.1 * down
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def _needed(track: FaceTrack | None) -> FaceTrack:
    if track is None:
        raise InputError("crop", "this policy needs a face track", "choose a detector, or another policy")
    return track


def _first_landmarks(track: FaceTrack | None) -> Float[np.ndarray, "68 2"]:
    first: Float[np.ndarray, "68 2"] = _needed(track).landmarks[0]
    if np.isnan(first).any():
        problem = "needs landmarks in the first frame, and the detector gives none"
        raise InputError("crop policy ffhq_first_frame", problem, "choose detector mediapipe, or policy fomm_union")
    return first


def _union_enlarged(track: FaceTrack, min_iou: float) -> Box:
    boxes = [as_box(row) for row in track.boxes]
    kept = [overlap(boxes[0], box) for box in boxes]
    lost = int(np.argmin(kept))
    if kept[lost] < min_iou:
        raise UnusableError(
            f"the face moves away from its first place at {lost / FPS:.2f} s (overlap {kept[lost]:.2f}, at least "
            f"{min_iou:.2f} is needed); split the video there"
        )
    (x0, y0), (x1, y1) = track.boxes[:, :2].min(axis=0), track.boxes[:, 2:].max(axis=0)
    return enlarged((float(x0), float(y0), float(x1), float(y1)), 0.1)


def _official_box(official: OfficialBox | None, height: int) -> Box:
    if official is None:
        problem = "needs the annotated box of the clip"
        raise InputError("crop policy", problem, "use a data set that has one (hdtf), or another policy")
    scale = height / official.reference_height
    x0, y0 = official.x * scale - 0.5, official.y * scale - 0.5
    return x0, y0, x0 + official.w * scale, y0 + official.h * scale


def _squared(box: Box) -> Box:
    # The shorter side grows equally on both ends.
    x0, y0, x1, y1 = box
    half = max(x1 - x0, y1 - y0) / 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - half, y - half, x + half, y + half


def _upright_crop(box: Box, size: int) -> Crop:
    x0, y0, x1, _ = box
    scale = size / (x1 - x0)
    return Crop(box, np.array([[scale, 0.0, -x0 * scale - 0.5], [0.0, scale, -y0 * scale - 0.5]]))


def _oriented_crop(corners: Float64[np.ndarray, "4 2"], size: int) -> Crop:
    upper_left, lower_left, _, upper_right = corners
    pixel = np.column_stack([upper_right - upper_left, lower_left - upper_left]) / size
    linear = np.linalg.inv(pixel)
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    affine = np.column_stack([linear, -linear @ upper_left - 0.5])
    return Crop((float(x0), float(y0), float(x1), float(y1)), affine)


def _share_inside(crop: Crop, width: int, height: int, size: int) -> float:
    if crop.affine[0, 1] == 0.0:
        x0, y0, x1, y1 = crop.box
        inside = (max(x0, -0.5), max(y0, -0.5), min(x1, width - 0.5), min(y1, height - 0.5))
        return area(inside) / area(crop.box)
    centres = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).reshape(-1, 2)
    linear = np.linalg.inv(crop.affine[:, :2])
    x, y = linear @ (centres - crop.affine[:, 2]).T
    return float(np.mean((x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)))
