"""PSNR: closed forms, parity with scikit-image, and mistakes that must move it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from metrics.psnr import psnr


def test_equal_frames_give_inf(reference):
    assert np.isposinf(psnr(reference, reference)).all()


@given(offset=st.integers(1, 255))
@settings(max_examples=30, deadline=None)
def test_a_constant_offset_has_a_closed_form(offset):
    reference = np.zeros((2, 5, 7, 3), np.uint8)
    assert psnr(reference + np.uint8(offset), reference) == pytest.approx(20 * np.log10(255 / offset), abs=1e-12)


def test_darker_and_brighter_by_the_same_amount_score_alike():
    grey = np.full((1, 8, 8, 3), 100, np.uint8)
    expected = 20 * np.log10(255 / 10)
    assert psnr(grey - np.uint8(10), grey) == pytest.approx(expected)
    wrapped = 10 * np.log10(255**2 / np.mean(np.square((grey - np.uint8(10)) - grey, dtype=np.float64)))
    assert abs(wrapped - expected) > 20  # what a difference in uint8 would have given


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 20), width=st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_equals_scikit_image(seed, height, width):
    one, other = np.random.default_rng(seed).integers(0, 256, (2, 3, height, width, 3), dtype=np.uint8)
    expected = [peak_signal_noise_ratio(b, a, data_range=255) for a, b in zip(one, other, strict=True)]
    assert psnr(one, other) == pytest.approx(expected, abs=1e-7)


def test_large_errors_do_not_overflow():
    black = np.zeros((1, 300, 300, 3), np.uint8)
    assert psnr(black + np.uint8(255), black) == pytest.approx(0.0, abs=1e-12)


def test_channels_are_pooled_before_the_logarithm():
    reference = np.zeros((1, 4, 4, 3), np.uint8)
    generated = reference.copy()
    generated[..., 0] = 30
    pooled = 10 * np.log10(255**2 / 300)
    assert psnr(generated, reference) == pytest.approx(pooled)
    assert abs(10 * np.log10(255**2 / 900) - pooled) > 4  # the damaged channel alone
