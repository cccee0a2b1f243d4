"""Motion coefficients of a real face: MediaPipe's blendshapes, then the pose of the head.

A row has the order of synthtalk's: what the sound drives, then eyes and brows, then pose. Left and right in the names
are the person's own.
"""

from collections.abc import Mapping
from math import radians, tan

import cv2
import numpy as np
from jaxtyping import Float, Float32, Float64

from tavce.errors import InputError

# fmt: off
EXPRESSION = (
    "cheekPuff", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
)
EYES = (
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
)
BROWS = ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
# fmt: on
CHEEKS_AND_NOSE = ("cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight")
BLENDSHAPES = EXPRESSION + EYES + BROWS + CHEEKS_AND_NOSE  # all of the model's 52 but "_neutral", which says nothing
POSE = ("yaw", "pitch", "roll", "x", "y", "z")
COEFFICIENTS = BLENDSHAPES + POSE
ROLL = COEFFICIENTS.index("roll")
PLACE = slice(COEFFICIENTS.index("x"), None)

VERTICAL_FOV_DEG = 63.0  # of MediaPipe's camera, whatever the picture (face_landmarker_graph.cc)
# MediaPipe takes the depth that the face network reports along the line of sight for depth along the camera's axis,
# which shears a face beside the axis and turns the matrix fitted to it. Measured on faces moved about in wider
# pictures: 0.24 to 0.33 of the angle between line of sight and axis, both for yaw and for pitch.
SHARE_OF_SIGHT = 0.26


def motion_row(
    scores: Mapping[str, float], matrix: Float[np.ndarray, "4 4"], model: str
) -> Float32[np.ndarray, " coefficients"]:
    """Return the motion coefficients of one face in one frame, columns named by `COEFFICIENTS`.

    Args:
        scores: blendshapes by name, each in [0, 1]; names beside `BLENDSHAPES` are ignored.
        matrix: MediaPipe's facial transformation matrix.
        model: which model gave them, for the error.

    Raises:
        InputError: a blendshape is missing, named.
    """
    missing = [name for name in BLENDSHAPES if name not in scores]
    if missing:
        problem = f"gives no blendshape {', '.join(missing)}"
        raise InputError(model, problem, "take face_landmarker.task, which gives all of them")
    return np.array([*(scores[name] for name in BLENDSHAPES), *head_pose(matrix)], dtype=np.float32)


def head_pose(matrix: Float[np.ndarray, "4 4"]) -> Float64[np.ndarray, "6"]:
    """Return yaw, pitch and roll in degrees, and x, y and z in centimetres, of MediaPipe's transformation matrix.

    The angles are those under which the face is seen, as in synthtalk: yaw > 0 turns it to the picture's right,
    pitch > 0 looks up, roll > 0 tilts clockwise in the picture; ``R = Rz(roll) Ry(yaw) Rx(pitch)`` in axes x right, y
    down, z towards the viewer. MediaPipe's own angles depend on where in the picture the face is; that part is taken
    off (`SHARE_OF_SIGHT`), up to about 2 degrees that are left at 24 degrees from the axis.

    The place keeps MediaPipe's axes: x right, y up, z towards the viewer, the camera at 0, so z < 0.

    Args:
        matrix: canonical face -> camera space: a rotation, a translation, and nothing else.
    """
    place = matrix[:3, 3].astype(np.float64)
    aside, above = place[:2] / max(-place[2], 1e-6)
    straight = cv2.Rodrigues(SHARE_OF_SIGHT * np.array([-above, aside, 0.0]))[0]
    r = straight @ matrix[:3, :3].astype(np.float64)
    yaw = np.arctan2(-r[2, 0], np.hypot(r[2, 1], r[2, 2]))
    pitch, roll = np.arctan2(-r[2, 1], r[2, 2]), np.arctan2(-r[1, 0], r[0, 0])
    return np.concatenate([np.degrees([yaw, pitch, roll]), place])


def motion_in_crop(
    rows: Float32[np.ndarray, "frames coefficients"],
    picture: tuple[int, int],
    affine: Float[np.ndarray, "2 3"],
    size: int,
) -> Float32[np.ndarray, "frames coefficients"]:
    """Return motion coefficients as they are seen in the crop: roll and place move with the picture, no other does.

    The place is that of the same face before a camera of `VERTICAL_FOV_DEG` that sees the crop and nothing else, so
    that a clip's coefficients do not tell how large its source was.

    Args:
        rows: columns named by `COEFFICIENTS`, in source pixels' terms.
        picture: width and height of the source in pixels.
        affine: source pixel -> crop pixel, a similarity.
        size: side of the crop in pixels.
    """
    width, height = picture
    x, y, z = rows[:, PLACE].astype(np.float64).T
    # Landmarks are normalized coordinates times the size; the axis of the camera meets the picture at one half.
    focal, focal_crop = (side / 2 / tan(radians(VERTICAL_FOV_DEG / 2)) for side in (height, size))
    seen = np.stack([width / 2 + focal * x / -z, height / 2 - focal * y / -z, np.ones_like(z)])
    across, down = affine @ seen - size / 2
    scale = np.sqrt(abs(np.linalg.det(affine[:, :2])))
    depth = -z * focal_crop / (scale * focal)
    moved = rows.copy()
    moved[:, ROLL] += np.degrees(np.arctan2(affine[1, 0], affine[0, 0]))
    moved[:, PLACE] = np.stack([across * depth / focal_crop, -down * depth / focal_crop, -depth], axis=1)
    return moved
