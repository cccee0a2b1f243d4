"""16 kHz samples -> the mel cepstrum that SyncNet hears.

Source: joonson/syncnet_python, which calls python_speech_features.mfcc with its defaults on int16 samples.
"""

import functools

import numpy as np
from jaxtyping import Float64, Int16
from scipy.fft import dct

from tavce.media.audio import check_samples

SAMPLE_RATE_HZ = 16_000
WINDOW = 400
HOP = 160
N_FFT = 512
BANDS = 26
CEPSTRA = 13
PRE_EMPHASIS = 0.97
LIFTER = 22
EPSILON = np.finfo(np.float64).eps
BLOCK = 4096  # rows transformed at once


def mfcc(samples: Int16[np.ndarray, " samples"]) -> Float64[np.ndarray, "rows 13"]:
    """Return 13 mel cepstra per 10 ms, four rows per video frame, row r over samples 160 r to 160 r + 399.

    Pre-emphasis 0.97; windows of 25 ms, rectangular, the last padded with zeros; power spectrum of 512 points; 26
    mel bands from 0 to 8 kHz; logarithm; DCT-II, orthonormal; lifter 22; c0 replaced by the logarithm of the energy.

    The scale of the samples is part of the definition: dividing them by 32768 lowers c0 by 2 ln 32768 = 20.7944 and
    changes nothing else, so SyncNet would score noise. Hence integer samples only.

    Args:
        samples: 16 kHz mono, int16.

    Returns:
        1 + ceil((samples - 400) / 160) rows, at least one.

    Raises:
        InputError: no samples, or samples that are not int16.
    """
    check_samples(samples)
    wave = samples.astype(np.float64)
    wave[1:] -= PRE_EMPHASIS * wave[:-1]
    rows = 1 + max(0, -(-(len(wave) - WINDOW) // HOP))
    padded = np.pad(wave, (0, (rows - 1) * HOP + WINDOW - min(len(wave), (rows - 1) * HOP + WINDOW)))
    slices = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    return np.concatenate([_cepstra(slices[first : first + BLOCK]) for first in range(0, rows, BLOCK)])


def _cepstra(slices: Float64[np.ndarray, "rows 400"]) -> Float64[np.ndarray, "rows 13"]:
    power = np.abs(np.fft.rfft(slices, N_FFT)) ** 2 / N_FFT
    energy, bands = power.sum(axis=1), power @ mel_filters().T
    log_bands = np.log(np.where(bands == 0, EPSILON, bands))
    cepstra = dct(log_bands, type=2, axis=1, norm="ortho")[:, :CEPSTRA]
    cepstra *= 1 + LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER)
    cepstra[:, 0] = np.log(np.where(energy == 0, EPSILON, energy))
    return np.asarray(cepstra, dtype=np.float64)


@functools.cache
def mel_filters() -> Float64[np.ndarray, "26 257"]:
    """Return the weight of each Fourier bin in each mel band: triangles of height 1 with edges on whole bins."""
    highest = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, highest, BANDS + 2) / 2595) - 1)
    edges = np.floor((N_FFT + 1) * edges_hz / SAMPLE_RATE_HZ)
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.arange(N_FFT // 2 + 1)
    triangles = np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak))
    filters: Float64[np.ndarray, "26 257"] = np.maximum(0.0, triangles)
    filters.setflags(write=False)
    return filters
