"""Cropping a real clip on two cores against decoding it and then detecting its faces, as a ratio inside one run.

The crop looks for cuts, follows the face, cuts it out and encodes it without loss on top of both, and has two detectors
look at frames at the same time, as the stage lets it where a clip has two cores: ``make bench``.
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tavce.data.crop.clip import crop_clip
from tavce.data.crop.detect import make_detector
from tavce.media.video import read_frames
from tests.data.crop.drawn import row, settings

FRAMES = 200
ROUNDS = 5
LEAST = 0.8


def seconds(work: Callable[[], int]) -> float:
    begin = time.perf_counter()
    assert work() == FRAMES
    return time.perf_counter() - begin


@pytest.mark.real
@pytest.mark.parametrize("name", ["hdtf_25fps", "man_30fps_44k"])
def test_crop_ratio(benchmark, real_clips: Path, name: str):
    if not benchmark.enabled:
        pytest.skip("a benchmark: run `make bench`")
    clip = real_clips / f"{name}.mp4"
    detector, other = (make_detector("mediapipe", str(real_clips / "face_landmarker.task"), 0) for _ in range(2))
    assert detector is not None
    assert other is not None
    rules = settings(detector="mediapipe", size=256, max_seconds=FRAMES / 25, max_outside=0.9)
    frames = list(read_frames(clip, max_frames=FRAMES))

    def decode() -> int:
        return sum(1 for frame in read_frames(clip, max_frames=FRAMES) if frame.size)

    def detect() -> int:
        return sum(1 for frame in frames if detector(frame))

    def crop() -> int:
        with TemporaryDirectory() as folder:
            return crop_clip(clip, row(clip), rules, detector, Path(folder), more=[other]).frames

    for work in (decode, detect, crop):
        seconds(work)
    rounds = np.array([[seconds(work) for work in (decode, detect, crop)] for _ in range(ROUNDS)])  # interleaved
    decoding, detecting, cropping = rounds.min(axis=0)  # what else the machine does only adds
    ratio = (decoding + detecting) / cropping
    benchmark.extra_info.update(decode_s=decoding, detect_s=detecting, crop_s=cropping, ratio=ratio)
    benchmark.pedantic(crop, rounds=1)
    said = f"{cropping:.2f} s against {decoding:.2f} s of decoding and {detecting:.2f} s of detection: {ratio:.2f}"
    assert ratio >= LEAST, said
