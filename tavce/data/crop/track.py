"""One face through a clip, by rules that a reader can check, or the sentence that says why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from jaxtyping import Bool, Float, Float32

from tavce.data.crop.faces import Box, Face, FaceTrack, UnusableError, area, as_box, overlap

FPS = 25
SAME_PLACE = 0.1
SAME_FACE = 0.5
POINTED_AT = 0.25


@dataclass(frozen=True)
class TrackRules:
    """When a face may be followed.

    Attributes:
        max_gap: longest run of frames without the face that is bridged by interpolation.
        min_face_px: least width of the head box, median over the clip, in source pixels.
        dominance: how many times larger in area than the next face the followed one must be, in at least half of
            the frames.
    """

    max_gap: int
    min_face_px: float
    dominance: float


def follow(
    detections: Sequence[Sequence[Face]], rules: TrackRules, guide: Float[np.ndarray, "frames 4"] | None = None
) -> FaceTrack:
    """Return the track of the main face of a clip, or of the face that an annotation points at.

    It starts at the largest face of the first frame that has one. In each later frame it goes on with the face that
    overlaps the last place best, at least by an intersection over union of 0.1. Frames without it are interpolated
    between their neighbours (at the ends: held) and marked as not found. Faces that overlap the followed one by half
    are the same face seen twice. Small inset pictures stay below the dominance rule and are ignored.

    With a guide, the face of a frame is the one that overlaps the guide's box best, at least by 0.25, and others do not
    matter, however large (the rule of AliaksandrSiarohin/video-preprocessing, crop_vox.py, with a least overlap added:
    official boxes are narrower than head boxes, and share at least that with them).

    Args:
        detections: the faces of each frame, in any order.
        rules: the limits.
        guide: box x0, y0, x1, y1 of the wanted face in pixels; NaN in frames of which nothing is said.

    Raises:
        UnusableError: no face at all, a face lost for too long, too small, or among others of similar size.
    """
    if not any(detections):
        raise UnusableError(f"no face was found in any of its {len(detections)} frames")
    followed = _main_face(detections) if guide is None else _pointed_at(detections, guide)
    if not any(followed):
        raise UnusableError(f"no face is where the annotation says, in any of its {len(detections)} frames")
    _refuse_gaps(followed, rules.max_gap)
    if guide is None:
        _refuse_rivals(followed, detections, rules.dominance)
    track = _interpolated(followed)
    widths = track.boxes[:, 2] - track.boxes[:, 0]
    if np.median(widths) < rules.min_face_px:
        raise UnusableError(
            f"the face is {np.median(widths):.0f} pixels wide (median), at least {rules.min_face_px:g} are needed"
        )
    return track


def _main_face(detections: Sequence[Sequence[Face]]) -> list[Face | None]:
    last = max(next(faces for faces in detections if faces), key=lambda face: area(face.box))
    followed: list[Face | None] = []
    for faces in detections:
        face = _best(faces, last.box, SAME_PLACE)
        last = face or last
        followed.append(face)
    return followed


def _pointed_at(detections: Sequence[Sequence[Face]], guide: Float[np.ndarray, "frames 4"]) -> list[Face | None]:
    followed: list[Face | None] = []
    for faces, row in zip(detections, guide, strict=True):
        followed.append(_best(faces, as_box(row), POINTED_AT) if np.isfinite(row).all() else None)
    return followed


def _best(faces: Sequence[Face], box: Box, least: float) -> Face | None:
    near = [face for face in faces if overlap(face.box, box) >= least]
    return max(near, key=lambda face: overlap(face.box, box)) if near else None


def _refuse_gaps(followed: Sequence[Face | None], max_gap: int) -> None:
    start = 0
    for present, run in groupby(face is not None for face in followed):
        length = sum(1 for _ in run)
        if not present and length > max_gap:
            raise UnusableError(
                f"the face is lost for {length} frames at {start / FPS:.2f} s, and at most {max_gap} are bridged"
            )
        start += length


def _refuse_rivals(followed: Sequence[Face | None], detections: Sequence[Sequence[Face]], dominance: float) -> None:
    found = rivalled = 0
    for face, faces in zip(followed, detections, strict=True):
        if face is None:
            continue
        others = [area(each.box) for each in faces if overlap(each.box, face.box) < SAME_FACE]
        found += 1
        rivalled += bool(others) and area(face.box) < dominance * max(others)
    if 2 * rivalled > found:
        raise UnusableError(
            f"several faces of similar size in {rivalled} of {found} frames; the main one must be {dominance:g} times "
            "larger than the next, cut the video around one face"
        )


def _interpolated(followed: Sequence[Face | None]) -> FaceTrack:
    found = np.array([face is not None for face in followed])
    boxes = np.array([face.box for face in followed if face is not None], dtype=np.float64)
    points = [face.landmarks for face in followed if face is not None and face.landmarks is not None]
    frames = len(followed)
    landmarks = np.full((frames, 68, 2), np.nan, dtype=np.float32)
    if len(points) == len(boxes):
        landmarks = _filled(np.stack(points).reshape(-1, 136).astype(np.float64), found).reshape(frames, 68, 2)
    moving = [face.coefficients for face in followed if face is not None and face.coefficients is not None]
    coefficients = _filled(np.stack(moving).astype(np.float64), found) if len(moving) == len(boxes) else None
    return FaceTrack(_filled(boxes, found), landmarks, found, coefficients)


def _filled(
    rows: Float[np.ndarray, "known values"], found: Bool[np.ndarray, " frames"]
) -> Float32[np.ndarray, "frames values"]:
    frames, known = np.arange(len(found)), np.flatnonzero(found)
    return np.stack([np.interp(frames, known, column) for column in rows.T], axis=1).astype(np.float32)
