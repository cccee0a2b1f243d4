"""Where Wav2Lip finds the face in a frame, how it cuts it out and pastes it back.

Source: Rudrabha/Wav2Lip@5c90fa9, inference.py. There S3FD finds the face; here the 68 landmarks of the clip do, whose
head box goes from the chin to the hairline as S3FD's does.
"""

import cv2
import numpy as np
from jaxtyping import Float, Int64, UInt8

from tavce.data.crop.faces import head_box
from tavce.errors import InputError

BELOW = 10 / 96  # `--pads 0 10 0 0`: ten pixels of the picture, here of a face of the network's side
SMOOTHED = 5  # frames
LEAST_PIXELS = 8

Picture = UInt8[np.ndarray, "height width 3"]
Boxes = Int64[np.ndarray, "frames 4"]


def face_boxes(landmarks: Float[np.ndarray, "frames 68 2"], height: int, width: int) -> Boxes:
    """Return the face's x0, y0, x1, y1 in each frame: whole pixels, the last row and column left out.

    Each is the mean over its frame and the next four, the last five frames sharing one. (The published code writes each
    mean over the box it is of, so that there the last four means take in some that are means already.)

    Args:
        landmarks: in pixels, (0, 0) the centre of the top left one.
        height: of the picture.
        width: of the picture.

    Raises:
        InputError: a frame shows no face, or too little of one.
    """
    lost = np.flatnonzero(~np.isfinite(landmarks).all(axis=(1, 2)))
    if len(lost):
        problem = f"{len(lost)} of {len(landmarks)} frames show none, the first of them frame {lost[0]}"
        raise InputError("the face", problem, "Wav2Lip needs one in every frame")
    boxes = np.array([head_box(points) for points in landmarks])
    boxes[:, 3] += BELOW * (boxes[:, 3] - boxes[:, 1])
    first = np.minimum(np.arange(len(boxes)), max(0, len(boxes) - SMOOTHED))
    smooth = np.stack([boxes[k : k + SMOOTHED].mean(axis=0) for k in first])
    edges = np.rint(smooth + 0.5).astype(np.int64)
    edges = np.clip(edges, 0, [width, height, width, height])
    small = np.flatnonzero((edges[:, 2:] - edges[:, :2]).min(axis=1) < LEAST_PIXELS)
    if len(small):
        problem = f"frame {small[0]} shows less than {LEAST_PIXELS} pixels of it"
        raise InputError("the face", problem, "take a larger picture, or one that shows the face")
    return edges


def cut_face(frame: Picture, box: Int64[np.ndarray, "4"], side: int) -> UInt8[np.ndarray, "side side 3"]:
    """Return the box of a frame, stretched to a square; bilinear, as published."""
    x0, y0, x1, y1 = box
    return np.asarray(cv2.resize(frame[y0:y1, x0:x1], (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def paste_face(frame: Picture, face: UInt8[np.ndarray, "side side 3"], box: Int64[np.ndarray, "4"]) -> Picture:
    """Return a copy of the frame with the face in its box, edges unblended as published."""
    x0, y0, x1, y1 = box
    pasted = frame.copy()
    pasted[y0:y1, x0:x1] = cv2.resize(face, (int(x1 - x0), int(y1 - y0)), interpolation=cv2.INTER_LINEAR)
    return pasted


def points_in_face(
    points: Float[np.ndarray, "frames points 2"], boxes: Boxes, side: int
) -> Float[np.ndarray, "frames points 2"]:
    """Return points of the frames, in pixels of the faces that are cut from them."""
    corner, size = boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]
    return np.asarray((points + 0.5 - corner) * side / size - 0.5)
