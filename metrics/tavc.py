"""TAVC: whether the sound and the mouth of a video change together, frame after frame, under a frozen metric.

Source: Xu et al., TAVCE (arXiv 2504.05746; ZH-Xu410/TAVCE@c239395), where this correlation is a training loss. There
the relation of two neighbouring frames is the covariance matrix of their two embeddings, and the similarity is the
cosine between the matrices of sound and mouth, flattened. Two centred vectors are plus and minus half of their
difference d, so the matrix is d d^T / 2, and the cosine of two such matrices is the squared cosine of the differences:
the same number without a matrix.
"""

from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Float64, UInt8

from metrics.record import Metric, NoValueError

MOUTH_SIDE = 112
BANDS, COLUMNS = 80, 16
STILL = 1e-5  # of an embedding's length: what rounding in float32 leaves between embeddings of equal pictures


@runtime_checkable
class CorrelationEmbedder(Protocol):
    """A frozen correlation metric: two networks with one space of embeddings.

    Attributes:
        name: of the network and its weights, for the signature.
    """

    @property
    def name(self) -> str:
        """Return the name."""

    def mouth(self, frames: UInt8[np.ndarray, "frames 112 112 3"]) -> Float32[np.ndarray, "frames channels"]:
        """Return the embedding of the mouth in each frame, RGB as the metric's crop gives it."""

    def audio(self, windows: Float32[np.ndarray, "frames 80 16"]) -> Float32[np.ndarray, "frames channels"]:
        """Return the embedding of the mel spectrogram around each frame, in the columns that the metric was trained on.

        Which those are is the metric's own business: TAVCE's start two frames before the frame.
        """


def correlation_embeddings(
    embedder: CorrelationEmbedder,
    mouths: UInt8[np.ndarray, "frames 112 112 3"],
    windows: Float32[np.ndarray, "frames 80 16"],
) -> tuple[Float32[np.ndarray, "frames channels"], Float32[np.ndarray, "frames channels"]]:
    """Return the embeddings of a clip's sound and of its mouth.

    Args:
        embedder: in evaluation mode, so that a frame's embedding does not depend on the others.
        mouths: RGB crops.
        windows: mel spectrogram in [-4, 4].

    Raises:
        ValueError: the numbers of frames differ, the crops are not uint8 of 112 x 112 x 3, the windows are not float32
            of 80 x 16, or the embeddings do not fit together or are not finite.
    """
    if mouths.dtype != np.uint8 or mouths.shape[1:] != (MOUTH_SIDE, MOUTH_SIDE, 3):
        raise ValueError(f"mouths must be uint8 (frames, 112, 112, 3) in 0..255, got {mouths.dtype} {mouths.shape}")
    if windows.dtype != np.float32 or windows.shape != (len(mouths), BANDS, COLUMNS):
        raise ValueError(
            f"sound must be float32 ({len(mouths)}, 80, 16), one window per mouth, got {windows.dtype} {windows.shape}"
        )
    audio, mouth = embedder.audio(windows), embedder.mouth(mouths)
    if audio.shape != mouth.shape or audio.ndim != 2 or len(audio) != len(mouths):
        raise ValueError(f"{embedder.name} gives {audio.shape} for sound and {mouth.shape} for {len(mouths)} mouths")
    if not (np.isfinite(audio).all() and np.isfinite(mouth).all()):
        raise ValueError(f"{embedder.name} gives embeddings that are not finite")
    return audio, mouth


def tavc(
    audio: Float[np.ndarray, "frames channels"], mouth: Float[np.ndarray, "frames channels"]
) -> Float64[np.ndarray, " frames"]:
    """Return per frame the squared cosine between the last changes of the sound's and of the mouth's embedding.

    Range [0, 1]; higher is better. Changes in random directions give 1 / channels on average, and more where embeddings
    vary along a few directions only: read the value beside that of the same video with another clip's audio. It is
    blind to the sign, so a mouth that closes where it should open gains as much.

    Which frames have a value:

    - The first has none, since nothing precedes it.
    - A mouth that does not change has the value 0 although the cosine of a zero vector is undefined: it follows the
      sound as little as can be. Without a value, a method would lose its worst frames from the mean by standing still.
    - Where the sound does not change there is none: nothing is asked of the mouth. All methods are given the same
      sound, so none can gain by this.
    - Where an embedding is NaN (no face), its two changes have none.

    Args:
        audio: from `correlation_embeddings`.
        mouth: likewise; NaN in frames without a face.

    Raises:
        NoValueError: the sound never changes, or there is only one frame.
        ValueError: the shapes differ.
    """
    return np.asarray(np.square(tavc_signed(audio, mouth)))


def tavc_signed(
    audio: Float[np.ndarray, "frames channels"], mouth: Float[np.ndarray, "frames channels"]
) -> Float64[np.ndarray, " frames"]:
    """Return per frame the cosine between the last changes of the sound's and of the mouth's embedding.

    Range [-1, 1], about 0 for changes in random directions; higher is better. Otherwise as `tavc`. A metric that was
    trained on the squared cosine never learned the sign, so under it this says nothing.

    Raises:
        NoValueError, ValueError: as `tavc`.
    """
    if audio.shape != mouth.shape:
        raise ValueError(f"sound and mouth must have equal embeddings, got {audio.shape} and {mouth.shape}")
    heard, seen = _changes(audio), _changes(mouth)
    if not heard.any():
        raise NoValueError(f"the sound does not change in any of {len(audio)} frames")
    lengths = np.linalg.norm(heard, axis=1) * np.linalg.norm(seen, axis=1)
    cosines = np.divide((heard * seen).sum(axis=1), lengths, out=np.zeros(len(lengths)), where=lengths != 0)
    cosines[(heard == 0).all(axis=1)] = np.nan
    return np.concatenate([[np.nan], cosines.clip(-1, 1)])


def _changes(embeddings: Float[np.ndarray, "frames channels"]) -> Float64[np.ndarray, "changes channels"]:
    """Return the differences of neighbours, exactly zero where they are no more than rounding."""
    wide = embeddings.astype(np.float64)
    differences = wide[1:] - wide[:-1]
    lengths = np.linalg.norm(wide, axis=1)
    rounding = np.linalg.norm(differences, axis=1) <= STILL * np.maximum(lengths[1:], lengths[:-1])
    differences[rounding] = 0
    return differences


TAVC = Metric(
    key="tavc",
    name="TAVC",
    unit="",
    better="higher",
    version=1,
    protocol="adjacent-cos2-still0",
    citation="similarity of Xu et al., TAVCE (arXiv 2504.05746), as a metric: this project",
    needs="tavc",
    scope="frame",
    decimals=4,
    measure=tavc,
    edge=1,
)
TAVC_SIGNED = replace(
    TAVC, key="tavc_signed", name="TAVC (signed)", protocol="adjacent-cos-still0", measure=tavc_signed
)
