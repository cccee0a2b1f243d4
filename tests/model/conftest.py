"""A few clips of noise, as an animator learns from them."""

import numpy as np
import pytest

from tavce.model.animator.data import AnimatorData


@pytest.fixture
def data() -> AnimatorData:
    """Four clips of five frames of 32 pixels, three coefficients, and four numbers for the gate."""
    rng = np.random.default_rng(0)
    return AnimatorData(
        frames=rng.integers(0, 256, (4, 5, 32, 32, 3), dtype=np.uint8),
        coefficients=rng.standard_normal((4, 5, 3)).astype(np.float32),
        mouths=np.tile(np.float32([10, 18, 20, 24]), (4, 5, 1)),
        gated=rng.standard_normal((4, 5, 4)).astype(np.float32),
    )
