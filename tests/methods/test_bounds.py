"""The bounds of the renderer: the true motion, and a mouth that follows loudness and nothing else."""

import numpy as np
import pytest

from tavce.methods.bounds import EnvelopeMouth, TrueMotion
from tavce.methods.native.bounds import bounded, envelope
from tavce.model.motion.sampling import Layout

LAYOUT = Layout(expression=(0, 1), pose=(2, 3), pose_units=(1.0, 1.0), lids=(4,))
TRUTH = np.random.default_rng(0).uniform(0.1, 0.9, (6, 5)).astype(np.float32)
LOUD = np.array([0, 1, 2, 4, 2, 0])


def sound() -> np.ndarray:
    return np.concatenate([level * 1000 * np.tile([1, -1], 320) for level in LOUD]).astype(np.int16)


def test_true_motion_is_the_truth() -> None:
    assert np.array_equal(bounded(TrueMotion("true_motion"), TRUTH, sound(), LAYOUT), TRUTH)


def test_the_mouth_opens_with_loudness_and_all_but_the_mouth_is_the_clips() -> None:
    made = bounded(EnvelopeMouth("envelope_mouth", 0.6), TRUTH, sound(), LAYOUT)
    assert made[:, 0] == pytest.approx(0.6 * LOUD / 4, abs=1e-6)
    assert (made[:, 1] == TRUTH[0, 1]).all()  # the width stays the portrait's
    assert np.array_equal(made[:, 2:], TRUTH[:, 2:])
    later = bounded(EnvelopeMouth("envelope_mouth", 0.6), TRUTH, np.roll(sound(), 640), LAYOUT)
    assert np.abs(later[:, 0] - made[:, 0]).max() > 0.2  # a frame late is seen


def test_silence_closes_the_mouth() -> None:
    assert not envelope(np.zeros(6 * 640, np.int16), 6).any()
    with pytest.raises(ValueError, match="must be above 0"):
        EnvelopeMouth("envelope_mouth", 0.0)
