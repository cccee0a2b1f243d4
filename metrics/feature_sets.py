"""The one check of two sets of features, shared by the distances between distributions."""

import numpy as np
from jaxtyping import Float

MINIMUM_FRAMES = 2


def check_features(
    generated: Float[np.ndarray, "frames_generated channels_generated"],
    reference: Float[np.ndarray, "frames_reference channels_reference"],
) -> None:
    """Refuse sets that have no covariance or cannot be compared.

    Raises:
        ValueError: if the sets differ in channels, one has fewer than 2 frames, or a value is not finite.
    """
    if generated.shape[1] != reference.shape[1]:
        raise ValueError(
            f"generated features have {generated.shape[1]} channels, reference features {reference.shape[1]}"
        )
    if min(len(generated), len(reference)) < MINIMUM_FRAMES:
        raise ValueError(
            f"need at least {MINIMUM_FRAMES} frames on each side, got {len(generated)} generated and "
            f"{len(reference)} reference"
        )
    for name, features in (("generated", generated), ("reference", reference)):
        bad = int((~np.isfinite(features)).any(axis=1).sum())
        if bad:
            raise ValueError(f"{bad} of {len(features)} {name} frames have features that are not finite")
