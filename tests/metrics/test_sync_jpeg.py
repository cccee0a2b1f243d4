"""The JPEG dump of mode ``faithful`` against FFmpeg's command line."""

import inspect

import numpy as np
import pytest

from metrics.sync_jpeg import mjpeg_dump

# PSNR in dB of each frame of ``clip(20)`` after FFmpeg 9.0.2: ffmpeg -i clip.mkv -pix_fmt yuvj420p -f image2 %06d.jpg
COMMAND_LINE = [
    40.949, 42.706, 42.858, 42.802, 42.513, 39.415, 37.698, 37.028, 35.135, 33.929, 33.037, 31.591, 31.028, 30.473,
    29.573, 29.402, 29.282, 29.870, 30.267, 29.527,
]  # fmt: skip


def clip(count):
    y, x = np.mgrid[0:224, 0:224]
    frames = []
    for k in range(count):
        wave = np.sin((x + 3 * k) / 5) * np.cos((y - 2 * k) / 7)
        frames.append(np.stack([120 + 90 * wave, 60 + x / 2 + 40 * wave, 200 - y / 2 - 30 * wave], axis=-1))
    return np.clip(frames, 0, 255).astype(np.uint8)


def psnr(ours, theirs):
    return 10 * np.log10(255**2 / np.square(ours.astype(float) - theirs).mean(axis=(1, 2, 3)))


def test_it_loses_what_the_command_line_loses():
    frames = clip(20)
    dumped = mjpeg_dump(frames)
    assert psnr(dumped, frames) == pytest.approx(COMMAND_LINE, abs=0.02)
    assert psnr(dumped[..., ::-1], frames).max() < 25, "red and blue exchanged"


def test_it_is_deterministic_and_carries_state():
    frames = clip(12)
    dumped = mjpeg_dump(frames)
    assert np.array_equal(dumped, mjpeg_dump(frames))
    assert not np.array_equal(dumped[8:], mjpeg_dump(frames[8:])), "the rate control starts anew with each call"


def test_unusable_frames_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        mjpeg_dump(clip(1)[:0])
    with pytest.raises(ValueError, match="uint8"):
        inspect.unwrap(mjpeg_dump)(clip(1) / 255)
