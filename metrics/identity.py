"""Aligned faces -> embeddings of unit length, whose cosine says how alike two faces are to one recogniser."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from metrics.align import AlignedFaces

# A shorter embedding has no direction to speak of; those of trained networks are longer than 1.
LEAST_LENGTH = 1e-6


@runtime_checkable
class Recogniser(Protocol):
    """A frozen face recognition network."""

    @property
    def name(self) -> str:
        """Return the name of the weights, which enters the signature: other weights give another scale."""

    @property
    def channels(self) -> int:
        """Return the length of an embedding in numbers."""

    def __call__(self, faces: UInt8[np.ndarray, "frames 112 112 3"]) -> Float32[np.ndarray, "frames channels"]:
        """Return the embedding of each aligned RGB face, of any length, in one batch."""


def embeddings(
    recogniser: Recogniser, aligned: AlignedFaces, *, batch: int = 32
) -> Float32[np.ndarray, "frames channels"]:
    """Return the embedding of each frame's face, unit length; NaN in frames without a face.

    Args:
        recogniser: the network.
        aligned: from `metrics.align.aligned_faces`.
        batch: faces computed at once. It moves embeddings by rounding alone.

    Raises:
        ValueError: the batch is under 1, or an embedding is not finite or has no direction.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch}")
    places = np.flatnonzero(aligned.found)
    result = np.full((len(aligned.found), recogniser.channels), np.nan, np.float32)
    for first in range(0, len(places), batch):
        part = places[first : first + batch]
        raw = recogniser(aligned.faces[part]).astype(np.float64)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        if not (np.isfinite(lengths).all() and (lengths > LEAST_LENGTH).all()):
            wrong = part[~(np.isfinite(lengths) & (lengths > LEAST_LENGTH))[:, 0]]
            raise ValueError(f"{recogniser.name} gives no direction for frame {wrong[0]}; its weights are broken")
        result[part] = raw / lengths
    return result
