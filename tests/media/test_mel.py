"""The mel spectrogram against librosa, and each convention of the windows against its neighbours."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.mel import mel_filters, mel_spectrogram, mel_windows

ROOT = Path(__file__).parents[2]
GOLDEN = np.load(Path(__file__).parent / "golden" / "dsp.npz")
TOLERANCE = 1e-5


def test_equals_librosa():
    got = mel_spectrogram(GOLDEN["samples"])
    assert got.shape == (80, 1 + 12_345 // 200)
    np.testing.assert_allclose(got, GOLDEN["mel"], atol=TOLERANCE)
    assert got.min() == -4.0  # the silence is clipped


def test_filters_equal_librosa():
    np.testing.assert_allclose(mel_filters(), GOLDEN["filters"], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("mistake", "columns"), [("mel_zero_padded", [0, 1]), ("mel_power", range(20))])
def test_a_mistake_moves_the_values(mistake, columns):
    moved = np.abs(mel_spectrogram(GOLDEN["samples"]) - GOLDEN[mistake]).max(axis=0)
    assert set(columns) <= set(np.flatnonzero(moved > 100 * TOLERANCE))


def test_float_scale_is_refused():
    with pytest.raises(Exception, match="samples"):
        mel_spectrogram((GOLDEN["samples"] / 32768).astype(np.float32))


def test_a_tone_is_in_its_band():
    time = np.arange(16_000) / 16_000
    got = mel_spectrogram((8000 * np.sin(2 * np.pi * 1000 * time)).astype(np.int16))
    band = int(got[:, 40].argmax())
    assert abs(int(mel_filters()[band].argmax()) * 20 - 1000) <= 60


def test_long_and_short_sound():
    samples = np.random.default_rng(0).integers(-3000, 3000, 200 * 5000).astype(np.int16)  # two blocks
    whole = mel_spectrogram(samples)
    np.testing.assert_array_equal(whole[:, 4500:4600], mel_spectrogram(samples[200 * 4400 :])[:, 100:200])
    assert mel_spectrogram(samples[:1]).shape == (80, 1)
    assert mel_spectrogram(samples[:640]).shape == (80, 4)
    with pytest.raises(InputError, match="no samples"):
        mel_spectrogram(samples[:0])


def columns(count: int) -> np.ndarray:
    """Return a spectrogram whose values are their column numbers."""
    return np.tile(np.arange(count, dtype=np.float32), (80, 1))


@pytest.mark.parametrize(
    ("start", "first"),
    [(0, [0, 3, 6, 9, 12, 16, 19]), (-1, [-3, 0, 3, 6, 9, 12, 16]), (-2, [-6, -3, 0, 3, 6, 9, 12])],
)
def test_windows_begin_by_the_convention(start, first):
    got = mel_windows(columns(320), 7, start=start)
    assert got.shape == (7, 80, 16)
    for window, column in zip(got, first, strict=True):
        np.testing.assert_array_equal(window[5], np.clip(np.arange(column, column + 16), 0, 319))


def test_conventions_are_whole_frames_apart():
    mel = mel_spectrogram(GOLDEN["samples"])
    inference, training, sadtalker = (mel_windows(mel, 14, start=start) for start in (0, -1, -2))
    np.testing.assert_array_equal(inference[2:12], training[3:13])
    np.testing.assert_array_equal(inference[2:12], sadtalker[4:14])
    assert np.abs(inference - training).max() > 1
    assert np.abs(training - sadtalker).max() > 1


def test_starts_equal_the_released_formulas():
    frames = 3000
    got = mel_windows(columns(4 * frames), frames, start=0)[:, 0, 0]
    assert got.tolist() == [int(k * (80.0 / 25)) for k in range(frames)]  # Wav2Lip inference.py
    got = mel_windows(columns(4 * frames), frames, start=-2)[:, 0, 0]
    assert got.tolist() == [max(0, int(80.0 * ((k - 2) / 25.0))) for k in range(frames)]  # SadTalker


def test_columns_outside_repeat_the_edge():
    got = mel_windows(columns(20), 10, start=-2)
    assert got[0, 0, :7].tolist() == [0] * 7
    assert got[9, 0].tolist() == [19] * 16
    assert mel_windows(columns(1), 3, start=0).max() == 0


def test_an_unknown_convention_is_refused():
    with pytest.raises(ValueError, match="start is 1"):
        mel_windows(columns(20), 3, start=1)


def test_floats_are_refused_without_type_checks_too():
    code = "import numpy as np; from tavce.media.mel import mel_spectrogram; mel_spectrogram(np.zeros(640, np.float32))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "samples are float32, not int16" in done.stderr
