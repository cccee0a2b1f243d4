"""SSIM and its variants: parity with scikit-image, and protocols that must not be confused."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from metrics.ssim import ssim, ssim_grey, ssim_uniform

WANG = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}


def skimage_ssim(generated, reference, **options):
    pairs = zip(generated, reference, strict=True)
    return [structural_similarity(a, b, **options) for a, b in pairs]


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(11, 40), width=st.integers(11, 40), noise=st.integers(0, 60))
@settings(max_examples=25, deadline=None)
def test_equals_scikit_image(seed, height, width, noise):
    rng = np.random.default_rng(seed)
    reference = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    generated = np.clip(reference + rng.normal(0, noise, reference.shape), 0, 255).astype(np.uint8)
    expected = skimage_ssim(generated, reference, channel_axis=-1, **WANG)
    assert ssim(generated, reference) == pytest.approx(expected, abs=1e-7)
    uniform = skimage_ssim(generated, reference, channel_axis=-1, data_range=255)
    assert ssim_uniform(generated, reference) == pytest.approx(uniform, abs=1e-7)


def test_smooth_pictures_lose_no_precision():
    ramp = np.tile(np.linspace(240, 250, 64).astype(np.uint8)[None, :, None, None], (1, 1, 64, 3))
    brighter = ramp + np.uint8(2)
    expected = skimage_ssim(brighter, ramp, channel_axis=-1, **WANG)
    assert ssim(brighter, ramp) == pytest.approx(expected, abs=1e-7)


def test_grey_equals_scikit_image_on_luma(generated, reference):
    grey = [np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in clip]) for clip in (generated, reference)]
    assert ssim_grey(generated, reference) == pytest.approx(skimage_ssim(*grey, **WANG), abs=1e-7)


def test_equal_frames_give_one(reference):
    for protocol in (ssim, ssim_grey, ssim_uniform):
        assert protocol(reference, reference) == pytest.approx(1.0, abs=1e-12)


def test_protocols_differ_by_more_than_the_tolerance(generated, reference):
    values = [protocol(generated, reference).mean() for protocol in (ssim, ssim_grey, ssim_uniform)]
    assert min(abs(a - b) for i, a in enumerate(values) for b in values[:i]) > 1e-3


def test_border_and_covariance_matter_at_the_tolerance(generated, reference):
    sample = skimage_ssim(generated, reference, channel_axis=-1, **(WANG | {"use_sample_covariance": True}))
    assert np.abs(ssim(generated, reference) - sample).max() > 1e-5


@pytest.mark.parametrize(("protocol", "window"), [(ssim, 11), (ssim_grey, 11), (ssim_uniform, 7)])
def test_frames_smaller_than_the_window_are_refused_with_both_sizes(protocol, window):
    small = np.zeros((1, window - 1, 40, 3), np.uint8)
    with pytest.raises(ValueError, match=rf"40x{window - 1} pixels .* {window} pixels"):
        protocol(small, small)
    exact = np.zeros((1, window, window, 3), np.uint8)
    assert protocol(exact, exact) == pytest.approx(1.0)
