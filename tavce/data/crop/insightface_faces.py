"""Faces by insightface: SCRFD boxes, and 68 landmarks where the folder holds that network.

The code is MIT; the published model packs are for non-commercial research only and never come with this project.
"""

from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from tavce.data.clips import file_sha256
from tavce.data.crop.faces import Face
from tavce.errors import InputError

MODULES = ("detection", "landmark_3d_68")
THRESHOLD = 0.5
STRIDE = 32


@dataclass(frozen=True)
class InsightfaceDetector:
    """A loaded FaceAnalysis; call it with a frame.

    Attributes:
        name: ``insightface-<version>-<8 hex digits over all ONNX files>-<det_size>``.
        analysis: the prepared insightface object.
    """

    name: str
    analysis: Any

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """Return the faces of an RGB frame with a confidence of at least 0.5."""
        # insightface expects BGR. Its coordinates count from the centre of the first pixel, as ours do.
        faces = []
        for face in self.analysis.get(np.ascontiguousarray(frame[..., ::-1])):
            x0, y0, x1, y1 = (float(value) for value in face.bbox)
            points = face.get("landmark_3d_68")
            landmarks = None if points is None else np.asarray(points, dtype=np.float32)[:, :2].copy()
            faces.append(Face(box=(x0, y0, x1, y1), score=float(face.det_score), landmarks=landmarks))
        return faces


def insightface_detector(folder: Path, det_size: int) -> InsightfaceDetector:
    """Return the detector of a local model folder, on the CPU, with one explicit input size.

    The size matters: without it insightface joins the detections of two sizes since version 1, and of another before.

    Args:
        folder: holds the ONNX files themselves, a detection model among them (``det_10g.onnx`` of buffalo_l).
        det_size: side of the square that the detector sees, in pixels, a multiple of 32.

    Raises:
        InputError: no such folder, no detection model in it, files that are no ONNX, a wrong size.
    """
    if det_size <= 0 or det_size % STRIDE:
        raise InputError("detector insightface", f"det_size is {det_size}", "give a multiple of 32, such as 640")
    files = sorted(folder.glob("*.onnx")) if folder.is_dir() else []
    remedy = "give the folder that holds the .onnx files themselves, a detection model such as det_10g.onnx among them"
    if not files:
        raise InputError(folder, "holds no ONNX model", remedy)
    from insightface.app import FaceAnalysis
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidGraph,
        InvalidProtobuf,
    )

    try:
        analysis = FaceAnalysis(str(folder), allowed_modules=list(MODULES), providers=["CPUExecutionProvider"])
    except AssertionError as error:
        raise InputError(folder, f"holds no detection model among {[file.name for file in files]}", remedy) from error
    except (Fail, InvalidGraph, InvalidProtobuf) as error:
        raise InputError(folder, "holds a file that is not an ONNX model", remedy) from error
    analysis.prepare(ctx_id=-1, det_thresh=THRESHOLD, det_size=(det_size, det_size))
    weights = sha256("".join(file_sha256(file) for file in files).encode()).hexdigest()[:8]
    return InsightfaceDetector(f"insightface-{version('insightface')}-{weights}-{det_size}", analysis)
