"""Faces found per frame -> the box of one face in each frame, linked as by syncnet_python@6efbb1c (run_pipeline.py)."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64

from metrics.record import NoValueError

Track = list[tuple[int, Float64[np.ndarray, " 5"]]]

OVERLAP = 0.5
LONGEST_GAP = 25


def track_boxes(
    detections: Sequence[Float64[np.ndarray, "_ 5"]], *, more_than: int = 100, wider_than: float = 100.0
) -> Float64[np.ndarray, "frames 4"]:
    """Return the boxes of the face that is found in the most frames, gaps filled by linear interpolation.

    A track begins with the best face of the first frame that has one left, and goes on with the first face of each
    later frame whose intersection over union with the track's last one is above 0.5, as long as no more than 24 frames
    lie between. Its faces are then taken away and the next track begins. Where the reference scores every track that is
    long and large enough and drops the others without a word, this takes the longest (of equal ones the earliest) and
    gives a reason where it is too short or too small.

    The reference links faces within a scene. Here the clip is one shot, and a face that jumps ends its track anyway.

    Args:
        detections: per frame, as `metrics.face_boxes.detect_faces` gives them: x0, y0, x1, y1, score, best first.
        more_than: the face must be found in more frames than this; gaps do not count. The reference's 100 asks for
            clips longer than 4 s.
        wider_than: the mean width or the mean height of the track must be larger than this, in pixels.

    Returns:
        x0, y0, x1, y1 as given; NaN before the track's first frame and after its last. The reference scores the frames
        and the sound in between.

    Raises:
        NoValueError: no face, or the longest track is too short or too small.
    """
    tracks = _tracks(detections)
    if not tracks:
        raise NoValueError(f"no face was found in any of {len(detections)} frames")
    track = max(tracks, key=len)
    if len(track) <= more_than:
        raise NoValueError(
            f"the longest face track has {len(track)} detections; the protocol scores tracks of more than {more_than}"
        )
    frames = np.array([frame for frame, _ in track])
    inside = np.arange(frames[0], frames[-1] + 1)
    edges = np.stack([face[:4] for _, face in track])
    boxes = np.full((len(detections), 4), np.nan)
    boxes[inside] = np.stack([np.interp(inside, frames, edge) for edge in edges.T], axis=1)
    size = float((boxes[inside, 2:] - boxes[inside, :2]).mean(axis=0).max())
    if size <= wider_than:
        raise NoValueError(
            f"the face is {size:.1f} pixels large on average; the protocol scores faces of more than {wider_than:g}"
        )
    return boxes


def _tracks(detections: Sequence[Float64[np.ndarray, "_ 5"]]) -> list[Track]:
    left = [list(faces) for faces in detections]
    tracks = []
    while any(left):
        track: Track = []
        for frame, faces in enumerate(left):
            if track and frame - track[-1][0] > LONGEST_GAP:
                break
            # Faces of one frame hardly overlap after suppression, so at most one of them can belong to the track.
            chosen = next((k for k, face in enumerate(faces) if not track or _iou(face, track[-1][1]) > OVERLAP), None)
            if chosen is not None:
                track.append((frame, faces.pop(chosen)))
        tracks.append(track)
    return tracks


def _iou(one: Float[np.ndarray, " 5"], other: Float[np.ndarray, " 5"]) -> float:
    """Return intersection over union of two boxes."""
    sides = np.minimum(one[2:4], other[2:4]) - np.maximum(one[:2], other[:2])
    shared = float(sides.clip(min=0).prod())
    return shared / (float((one[2:4] - one[:2]).prod()) + float((other[2:4] - other[:2]).prod()) - shared)
