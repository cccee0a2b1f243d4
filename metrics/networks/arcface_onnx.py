"""InsightFace's recognition files (w600k_r50.onnx of buffalo_l, glintr100.onnx of antelopev2) by ONNX Runtime."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from jaxtyping import Float32, UInt8
from onnxruntime.capi import onnxruntime_pybind11_state as errors

FACE_SHAPE = (3, 112, 112)
CPU = ("CPUExecutionProvider",)
LEADING_NODES = 8
ERRORS_ONLY = 3
BROKEN = (errors.Fail, errors.InvalidGraph, errors.InvalidArgument, errors.InvalidProtobuf, errors.NotImplemented)


@dataclass(frozen=True)
class ArcFaceOnnx:
    """A recognition file as a `metrics.identity.Recogniser`.

    Attributes:
        name: the file's name without its ending.
        channels: length of an embedding.
        centre: subtracted from pixels.
        scale: pixels are divided by it afterwards.
        one_by_one: the file takes one face at a time.
        session: the network.
    """

    name: str
    channels: int
    centre: float
    scale: float
    one_by_one: bool
    session: onnxruntime.InferenceSession

    def __call__(self, faces: UInt8[np.ndarray, "frames 112 112 3"]) -> Float32[np.ndarray, "frames channels"]:
        """Return the embedding of each aligned RGB face, not of unit length, in one batch.

        Raises:
            ValueError: faces of another size or type.
        """
        if faces.dtype != np.uint8 or faces.shape[1:] != (*FACE_SHAPE[1:], 3):
            raise ValueError(f"faces must be uint8 of 112 x 112 x 3, got {faces.dtype} {faces.shape[1:]}")
        planes = np.ascontiguousarray(faces.transpose(0, 3, 1, 2), dtype=np.float32)
        # A product, as OpenCV computes it for InsightFace: the same bits.
        blob = (planes - np.float32(self.centre)) * np.float32(1 / self.scale)
        step = 1 if self.one_by_one else max(1, len(blob))
        found = [self._run(blob[first : first + step]) for first in range(0, len(blob), step)]
        return np.concatenate([np.zeros((0, self.channels), np.float32), *found])

    def _run(self, blob: Float32[np.ndarray, "batch 3 112 112"]) -> Float32[np.ndarray, "batch channels"]:
        return np.asarray(self.session.run(None, {self.session.get_inputs()[0].name: blob})[0])


def load_arcface(path: Path, *, providers: Sequence[str] = CPU, threads: int = 1) -> ArcFaceOnnx:
    """Return the recogniser of a file.

    Args:
        path: an ONNX file with one input (batch, 3, 112, 112), RGB, and one output (batch, channels).
        providers: of ONNX Runtime, the wanted one first. One that is not there is refused: by itself the runtime would
            fall back to the CPU without an error.
        threads: within one operation.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is broken, is no recognition network of this shape, or a provider is not there.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file; fetch these weights first")
    absent = [name for name in providers if name not in onnxruntime.get_available_providers()]
    if absent or not providers:
        there = ", ".join(onnxruntime.get_available_providers())
        raise ValueError(f"ONNX Runtime has no provider {', '.join(absent) or 'at all'} here; there are {there}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.use_deterministic_compute = True
    # w600k_r50.onnx declares one row of output and gives as many as there are faces, with a warning for each call.
    options.log_severity_level = ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(path, options, providers=list(providers))
    except BROKEN as error:
        raise ValueError(f"{path} is not a network that ONNX Runtime can run: {error}") from error
    if session.get_providers()[0] != providers[0]:
        raise ValueError(f"ONNX Runtime took {session.get_providers()[0]} in place of {providers[0]} for {path}")
    batch, channels = _shape(session, path)
    # The runtime has read the file by now, so it is one; but it does not tell the names of nodes.
    centre, scale = pixel_normalisation([node.name for node in onnx.load(path, load_external_data=False).graph.node])
    return ArcFaceOnnx(path.stem, channels, centre, scale, one_by_one=batch == 1, session=session)


def pixel_normalisation(nodes: Sequence[str]) -> tuple[float, float]:
    """Return centre and scale of pixels as InsightFace takes them for a file: 127.5 and 127.5, or 0 and 1.

    Files from MXNet begin with the normalisation itself. They are told, as in deepinsight/insightface@7fadd42,
    model_zoo/arcface_onnx.py, by a node whose name begins with ``Sub`` or ``_minus`` and one with ``Mul`` or ``_mul``
    among the first eight. Both published files of today take 127.5.

    Args:
        nodes: names of the file's nodes, in its order.
    """
    leading = nodes[:LEADING_NODES]
    subtracts = any(name.startswith(("Sub", "_minus")) for name in leading)
    multiplies = any(name.startswith(("Mul", "_mul")) for name in leading)
    return (0.0, 1.0) if subtracts and multiplies else (127.5, 127.5)


def _shape(session: onnxruntime.InferenceSession, path: Path) -> tuple[int | str | None, int]:
    """Return the file's batch (a number if it is fixed) and the length of its embedding."""
    inputs, outputs = ([tuple(port.shape) for port in ports] for ports in (session.get_inputs(), session.get_outputs()))
    fits = len(inputs) == len(outputs) == 1 and inputs[0][1:] == FACE_SHAPE and len(outputs[0]) == 2
    if not fits or not isinstance(outputs[0][1], int) or (isinstance(inputs[0][0], int) and inputs[0][0] != 1):
        raise ValueError(
            f"{path} is no face recognition network: it maps {inputs} to {outputs}, "
            "and (batch, 3, 112, 112) to (batch, channels) is wanted"
        )
    return inputs[0][0], outputs[0][1]
