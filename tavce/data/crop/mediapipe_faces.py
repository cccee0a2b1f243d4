"""Faces by MediaPipe's FaceLandmarker (Apache-2.0, code and model): 478 mesh points, of which 68 are taken, and motion.

Blendshapes and pose matrix cost 4 % more time per frame than landmarks alone and leave every landmark as it is, so they
are always asked for, and the detector's name does not tell of them.
"""

import os
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from tavce.data.clips import file_sha256
from tavce.data.crop.faces import Face, head_box
from tavce.data.crop.ibug import MEDIAPIPE_OF_IBUG
from tavce.data.crop.motion import motion_row
from tavce.data.weights import weights_path
from tavce.errors import InputError

MAX_FACES = 4
MOTION_PARTS = frozenset({"face_blendshapes.tflite", "geometry_pipeline_metadata_landmarks.binarypb"})


@dataclass(frozen=True)
class MediapipeDetector:
    """A loaded FaceLandmarker; call it with a frame.

    Attributes:
        name: ``mediapipe-<version>-<first 8 hex digits of the model's sha256>``.
        landmarker: the open mediapipe task.
    """

    name: str
    landmarker: Any

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """Return at most four faces of an RGB frame; each frame is seen on its own, without the one before.

        Raises:
            InputError: the model gives blendshapes, but not all.
        """
        import mediapipe

        # mediapipe ignores strides: a view into padded rows (PyAV gives such) would reach it sheared, without an error.
        packed = np.ascontiguousarray(frame)
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=packed)
        height, width = frame.shape[:2]
        faces = []
        result = self.landmarker.detect(image)
        for points, coefficients in zip(result.face_landmarks, _motion(result, self.name), strict=True):
            # Times the size they count from the centre of the first pixel: the points of a picture and of the same
            # picture shrunk by 4 agree so, and differ by 1.5 pixels if the edge is taken for the origin. The network
            # itself leans to the right by 0.2 % of the face's length, at any size; that is left as it is.
            landmarks = np.array([(points[k].x * width, points[k].y * height) for k in MEDIAPIPE_OF_IBUG], np.float32)
            faces.append(Face(head_box(landmarks), score=1.0, landmarks=landmarks, coefficients=coefficients))
        return faces


def _motion(result: Any, model: str) -> list[Float32[np.ndarray, " coefficients"] | None]:  # noqa: ANN401 - see _close
    # mediapipe leaves out the matrix of a face below a thousandth of the picture, and does not say whose it is.
    shapes, matrices = result.face_blendshapes, result.facial_transformation_matrixes
    if not len(result.face_landmarks) == len(shapes) == len(matrices):
        return [None] * len(result.face_landmarks)
    scores = ({category.category_name: category.score for category in categories} for categories in shapes)
    return [motion_row(each, matrix, model) for each, matrix in zip(scores, matrices, strict=True)]


def mediapipe_detector(model: str) -> MediapipeDetector:
    """Return a FaceLandmarker on the CPU in image mode, which keeps no state between frames: same frame, same answer.

    A task file without the networks of `MOTION_PARTS` gives landmarks alone.

    Args:
        model: path of the ``.task`` file, or its name in the weights registry ("face_landmarker").

    Raises:
        InputError: the package, a system library or the model is missing, or the file is no such model.
    """
    path = weights_path(model)
    moving = _knows_motion(path)
    try:
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(path), delegate=BaseOptions.Delegate.CPU),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=MAX_FACES,
            output_face_blendshapes=moving,
            output_facial_transformation_matrixes=moving,
        )
        with _quiet_native_log():
            landmarker = vision.FaceLandmarker.create_from_options(options)
    except ModuleNotFoundError as error:
        raise InputError(
            "detector mediapipe", "is not installed", "install the extra: tavce-bench[mediapipe]"
        ) from error
    except OSError as error:
        libraries = "install them (Debian, Ubuntu: apt-get install libegl1 libgles2)"
        raise InputError("detector mediapipe", f"needs system libraries ({error})", libraries) from error
    except (RuntimeError, ValueError) as error:
        raise InputError(path, "is not a MediaPipe face landmark model", "take face_landmarker.task") from error
    detector = MediapipeDetector(f"mediapipe-{version('mediapipe')}-{file_sha256(path)[:8]}", landmarker)
    weakref.finalize(detector, _close, landmarker)
    return detector


def _knows_motion(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as bundle:
            return set(bundle.namelist()) >= MOTION_PARTS
    except zipfile.BadZipFile:  # mediapipe itself refuses it
        return False


def _close(landmarker: Any) -> None:  # noqa: ANN401 - mediapipe's class is imported late, and untyped
    try:
        landmarker.close()
    except RuntimeError:
        # At the interpreter's end mediapipe's own thread is gone already; the process frees all. Without the handle
        # the task's destructor stays silent too.
        landmarker._handle = None


@contextmanager
def _quiet_native_log() -> Iterator[None]:
    # The C++ side greets every start with lines on file descriptor 2, past Python, and has no switch for it.
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
