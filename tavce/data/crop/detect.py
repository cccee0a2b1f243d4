"""Face detectors behind one interface: RGB frame in, faces out, and a name that tells which network looked."""

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from tavce.data.crop.faces import Face
from tavce.errors import InputError

DETECTORS = ("mediapipe", "insightface", "annotation")


@runtime_checkable
class Detector(Protocol):
    """What the crop asks of a detector.

    Attributes:
        name: detector, version and first 8 hex digits of the weights' sha256; part of every signature.
    """

    @property
    def name(self) -> str:
        """Detector, version and weights, for signatures."""
        ...

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """Return the faces in an RGB frame, in any order."""
        ...


def make_detector(kind: str, model: str, det_size: int) -> Detector | None:
    """Return the detector of that kind; None for "annotation", which reads files beside the clips instead.

    A detector holds open networks and does not travel between processes: each worker makes its own.

    Args:
        kind: "mediapipe", "insightface" or "annotation".
        model: mediapipe: a model file, or its name in `tavce.data.weights`; insightface: a local folder of ONNX files;
            annotation: "".
        det_size: insightface: side of the square that the detector sees, in pixels, a multiple of 32; others: 0.

    Raises:
        InputError: an unknown kind, a missing or damaged model, a system library that is absent, a wrong size.
    """
    if kind not in DETECTORS:
        raise InputError(f"detector {kind}", "is not known", f"choose one of {', '.join(DETECTORS)}")
    if kind == "insightface":
        from tavce.data.crop.insightface_faces import insightface_detector

        return insightface_detector(Path(model), det_size)
    if det_size != 0:
        raise InputError(f"detector {kind}", f"has no det_size, got {det_size}", "set det_size to 0")
    if kind == "mediapipe":
        from tavce.data.crop.mediapipe_faces import mediapipe_detector

        return mediapipe_detector(model)
    if model:
        raise InputError("detector annotation", f"has no model, got {model!r}", "set model to an empty string")
    return None
