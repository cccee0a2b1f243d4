"""16 kHz samples -> the mel spectrogram of Wav2Lip and SadTalker, and its windows per video frame.

Source: Rudrabha/Wav2Lip, audio.py and hparams.py, which SadTalker copies; both ran on librosa 0.7.
"""

import functools

import numpy as np
from jaxtyping import Float32, Float64, Int16

from tavce.media.audio import check_samples

SAMPLE_RATE_HZ = 16_000
FPS = 25
N_FFT = 800
HOP = 200
COLUMNS_PER_S = SAMPLE_RATE_HZ // HOP
BANDS = 80
LOWEST_HZ, HIGHEST_HZ = 55.0, 7600.0
PRE_EMPHASIS = 0.97
FLOOR = 1e-5
REFERENCE_DB = 20.0
RANGE_DB = 100.0
LIMIT = 4.0
WINDOW_COLUMNS = 16
BLOCK = 4096  # columns transformed at once


def mel_spectrogram(samples: Int16[np.ndarray, " samples"]) -> Float32[np.ndarray, "80 columns"]:
    """Return the mel spectrogram in [-4, 4], 80 columns per second, column c centred on sample 200 c.

    Pre-emphasis 0.97; Fourier transform of 800 samples every 200 under a periodic Hann window, the signal mirrored
    at both ends (librosa before 0.10; later versions pad with zeros, which changes the first and last two columns);
    magnitude, not power; 80 Slaney-normalised mel bands from 55 to 7600 Hz; 20 log10 with floor 1e-5, minus 20 dB;
    [-100, 0] dB mapped to [-4, 4] and clipped.

    Args:
        samples: 16 kHz mono.

    Returns:
        1 + samples // 200 columns.

    Raises:
        InputError: no samples, or samples that are not int16.
    """
    check_samples(samples)
    wave = samples / 32768.0
    wave[1:] -= PRE_EMPHASIS * wave[:-1]
    padded = np.pad(wave, N_FFT // 2, mode="reflect")
    slices = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    blocks = (slices[first : first + BLOCK] for first in range(0, len(slices), BLOCK))
    bands = np.concatenate([np.abs(np.fft.rfft(block * window)) @ mel_filters().T for block in blocks])
    level = 20 * np.log10(np.maximum(FLOOR, bands.T)) - REFERENCE_DB
    scaled = np.clip(2 * LIMIT * (level + RANGE_DB) / RANGE_DB - LIMIT, -LIMIT, LIMIT)
    return np.ascontiguousarray(scaled, dtype=np.float32)


def mel_windows(
    mel: Float32[np.ndarray, "80 columns"], frames: int, *, start: int
) -> Float32[np.ndarray, "frames 80 16"]:
    """Return the 16 columns (200 ms) that each video frame hears.

    The window of frame k begins at column int(80 (k + start) / 25), cut towards zero; columns outside the
    spectrogram repeat its first or last one, as SadTalker does. (Wav2Lip's inference takes the last 16 columns for
    the frames at the end instead.)

    Args:
        mel: from `mel_spectrogram`.
        frames: number of video frames at 25 per second.
        start: the convention, which shifts sound against picture by whole frames: 0 for Wav2Lip's inference and
            SyncNet's training, -1 for Wav2Lip's training (a leftover of counting from 1), -2 for SadTalker and TAVCE.

    Raises:
        ValueError: `start` is none of 0, -1, -2.
    """
    if start not in (0, -1, -2):
        raise ValueError(f"start is {start}; 0 (Wav2Lip inference), -1 (its training) or -2 (SadTalker, TAVCE)")
    first = np.trunc(COLUMNS_PER_S * (np.arange(frames) + start) / FPS).astype(np.int64)
    columns = np.clip(first[:, None] + np.arange(WINDOW_COLUMNS), 0, mel.shape[1] - 1)
    return np.ascontiguousarray(mel[:, columns].transpose(1, 0, 2))


@functools.cache
def mel_filters() -> Float64[np.ndarray, "80 401"]:
    """Return the weight of each Fourier bin in each mel band: triangles of equal area on Slaney's mel scale.

    Source: M. Slaney, Auditory Toolbox, 1998: linear below 1 kHz, 27 logarithmic steps per factor 6.4 above.
    """
    edges = _mel_to_hz(np.linspace(_hz_to_mel(LOWEST_HZ), _hz_to_mel(HIGHEST_HZ), BANDS + 2))
    bins = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE_HZ / N_FFT
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak)))
    filters: Float64[np.ndarray, "80 401"] = triangles * 2 / (high - low)
    filters.setflags(write=False)
    return filters


def _hz_to_mel(hz: float) -> float:
    return 3 * hz / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))


def _mel_to_hz(mel: Float64[np.ndarray, " points"]) -> Float64[np.ndarray, " points"]:
    return np.where(mel < 15, 200 * mel / 3, 1000 * 6.4 ** ((np.maximum(mel, 15) - 15) / 27))
