"""The mel cepstrum against python_speech_features."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.mfcc import _cepstra, mfcc

ROOT = Path(__file__).parents[2]
GOLDEN = np.load(Path(__file__).parent / "golden" / "dsp.npz")
TOLERANCE = 1e-6


def test_equals_python_speech_features():
    got = mfcc(GOLDEN["samples"])
    assert got.shape == GOLDEN["mfcc"].shape == (1 + -(-(12_345 - 400) // 160), 13)
    np.testing.assert_allclose(got, GOLDEN["mfcc"], atol=TOLERANCE)


def test_the_float_scale_lowers_c0_and_is_refused():
    slices = np.lib.stride_tricks.sliding_window_view(GOLDEN["samples"][:4000].astype(np.float64), 400)[::160]
    moved = _cepstra(slices) - _cepstra(slices / 32768)
    np.testing.assert_allclose(moved[:, 0], 2 * np.log(32768), atol=1e-9)
    assert moved[0, 0] == pytest.approx(20.7944, abs=1e-4)
    np.testing.assert_allclose(moved[:, 1:], 0, atol=1e-9)
    with pytest.raises(Exception, match="samples"):
        mfcc((GOLDEN["samples"] / 32768).astype(np.float32))


@pytest.mark.parametrize("frames", [1, 3, 5])
def test_silence_in_front_shifts_by_four_rows_per_frame(frames):
    samples = GOLDEN["samples"]
    plain, late = mfcc(samples), mfcc(np.r_[np.zeros(640 * frames, np.int16), samples])
    np.testing.assert_array_equal(late[4 * frames + 3 :], plain[3:])
    assert np.abs(late[4 * frames + 2 : -1] - plain[3:]).max() > 1  # one row off is seen


@pytest.mark.parametrize(("samples", "rows"), [(1, 1), (400, 1), (401, 2), (560, 2), (561, 3), (640 * 25, 99)])
def test_number_of_rows(samples, rows):
    assert len(mfcc(np.ones(samples, np.int16))) == rows


def test_silence_is_finite():
    got = mfcc(np.zeros(640, np.int16))
    assert np.isfinite(got).all()
    assert got[0, 0] == pytest.approx(np.log(np.finfo(float).eps))


def test_long_sound_is_done_in_blocks():
    samples = np.random.default_rng(0).integers(-3000, 3000, 160 * 5000).astype(np.int16)
    whole = mfcc(samples)
    np.testing.assert_allclose(whole[4101:4200], mfcc(samples[160 * 4100 :])[1:100], atol=1e-9)


def test_no_samples():
    with pytest.raises(InputError, match="no samples"):
        mfcc(np.zeros(0, np.int16))


def test_floats_are_refused_without_type_checks_too():
    code = "import numpy as np; from tavce.media.mfcc import mfcc; mfcc(np.zeros(640, np.float32))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "samples are float32, not int16" in done.stderr
