"""CSIM: cosine of face embeddings of a generated frame and of the source image or the paired frame."""

import numpy as np
from jaxtyping import Float, Float64

from metrics.record import Metric, NoValueError

SOURCE_FRAME = 0
LENGTH_TOLERANCE = 1e-3


def csim(
    generated: Float[np.ndarray, "frames channels"], reference: Float[np.ndarray, "frames channels"]
) -> Float64[np.ndarray, " frames"]:
    """Return the cosine between each generated face and the source image: who is seen, whatever the face does.

    The source image is frame 0 of the reference clip, as one-shot methods get it. Range [-1, 1]; the same face gives 1,
    strangers about 0 under a well trained recogniser. No video of a moving head reaches 1 in every frame: pose, mouth
    and light cost some of it, so a still picture scores best of all and the row of the ground truth is the one to
    compare with. Its frame 0 is the source itself and gives 1.

    A frame without a face has no value (NaN), so it is left out of the mean and missing from the row's ``frames_used``.
    That favours a method that loses the face where it is hard: read ``csim_zero`` beside it.

    Args:
        generated: of unit length; NaN in frames without a face.
        reference: likewise, under the same recogniser, whose weights set the scale: values of two recognisers never
            compare.

    Raises:
        NoValueError: the source image has no face.
        ValueError: embeddings that differ in shape, are not of unit length or NaN in part.
    """
    ours, theirs = _checked(generated, reference)
    if not len(theirs):
        return np.zeros(0)
    source = theirs[SOURCE_FRAME]
    if np.isnan(source).any():
        raise NoValueError("no face in the source image (frame 0 of the reference)")
    return _cosine(ours, np.broadcast_to(source, ours.shape))


def csim_zero(
    generated: Float[np.ndarray, "frames channels"], reference: Float[np.ndarray, "frames channels"]
) -> Float64[np.ndarray, " frames"]:
    """Return ``csim``, with 0 in place of no value where the generated frame has no face: a lost face costs.

    Otherwise as ``csim``. Where every frame has a face the two are equal. Detectors lose faces too: what the ground
    truth loses between ``csim`` and ``csim_zero`` is the detector's share.
    """
    values = csim(generated, reference)
    return np.where(np.isnan(values), 0.0, values)


def csim_paired(
    generated: Float[np.ndarray, "frames channels"], reference: Float[np.ndarray, "frames channels"]
) -> Float64[np.ndarray, " frames"]:
    """Return the cosine between each generated face and the face of the same frame of the reference.

    Range [-1, 1]; the reference against itself gives 1 in every frame. Pose and expression cost a method that moves
    otherwise than the reference, so this measures more than identity: it is another number than ``csim``, and published
    tables seldom say which of the two they hold.

    NaN where either frame has no face.

    Args:
        generated: of unit length; NaN in frames without a face.
        reference: likewise, under the same recogniser.

    Raises:
        ValueError: embeddings that differ in shape, are not of unit length or NaN in part.
    """
    return _cosine(*_checked(generated, reference))


def _cosine(
    one: Float64[np.ndarray, "frames channels"], other: Float64[np.ndarray, "frames channels"]
) -> Float64[np.ndarray, " frames"]:
    # Embeddings are float32: divided by their lengths, equal ones give 1 and not 1 - 1e-7. Row by row, so that a
    # frame's value does not depend on how many frames there are.
    lengths = np.sqrt(np.square(one).sum(axis=1) * np.square(other).sum(axis=1))
    return np.asarray(np.clip((one * other).sum(axis=1) / lengths, -1, 1))


def _checked(
    generated: Float[np.ndarray, "frames channels"], reference: Float[np.ndarray, "frames channels"]
) -> tuple[Float64[np.ndarray, "frames channels"], Float64[np.ndarray, "frames channels"]]:
    if generated.shape != reference.shape or generated.ndim != 2:
        raise ValueError(f"embeddings must be (frames, channels), got {generated.shape} and {reference.shape}")
    ours, theirs = generated.astype(np.float64), reference.astype(np.float64)
    for side, name in ((ours, "generated"), (theirs, "reference")):
        faces = side[~np.isnan(side).all(axis=1)]
        lengths = np.linalg.norm(faces, axis=1)
        if not (np.abs(lengths - 1) < LENGTH_TOLERANCE).all():
            raise ValueError(f"{name} embeddings must be of unit length, or NaN throughout where there is no face")
    return ours, theirs


CSIM = Metric(
    key="csim",
    name="CSIM",
    unit="",
    better="higher",
    version=1,
    protocol="cosine-source-lost_none",
    citation="CSIM: Zakharov et al., ICCV 2019; ArcFace: Deng et al., CVPR 2019; against the source image",
    needs="identity",
    scope="frame",
    decimals=3,
    measure=csim,
)
CSIM_PAIRED = Metric(
    key="csim_paired",
    name="CSIM paired",
    unit="",
    better="higher",
    version=1,
    protocol="cosine-paired-lost_none",
    citation="CSIM: Zakharov et al., ICCV 2019; ArcFace: Deng et al., CVPR 2019; against the frame of the same time",
    needs="identity",
    scope="frame",
    decimals=3,
    measure=csim_paired,
)
CSIM_ZERO = Metric(
    key="csim_zero",
    name="CSIM, lost face 0",
    unit="",
    better="higher",
    version=1,
    protocol="cosine-source-lost_0",
    citation="as csim; a generated frame without a face scores 0",
    needs="identity",
    scope="frame",
    decimals=3,
    measure=csim_zero,
)
