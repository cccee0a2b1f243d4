"""Reading against a bare PyAV loop on the same file, as a ratio inside one run: ``make bench``."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tavce.media.video import read_frames

FRAMES = 250
SIZE = 512
ROUNDS = 7
LIMIT = 1.3


def write_talking_head_like(path: Path) -> None:
    """Write 10 s of 512x512 H.264 as encoders make it: a textured ground that moves a little, film grain, CRF 18."""
    generator = np.random.default_rng(0)
    ground = cv2.GaussianBlur(generator.integers(0, 256, (SIZE + 64, SIZE + 64, 3), dtype=np.uint8), (0, 0), 6)
    ground = cv2.normalize(ground, None, 20, 235, cv2.NORM_MINMAX)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "18", "threads": "2"})
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for k in range(FRAMES):
            x, y = (round(24 + 24 * float(f(k / 15))) for f in (np.sin, np.cos))
            grain = generator.normal(0, 3, (SIZE, SIZE, 1))
            rgb = np.clip(ground[y : y + SIZE, x : x + SIZE] + grain, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def bare_loop(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for frame in container.decode(video=0) if frame.to_ndarray(format="rgb24").size)


def our_reader(path: Path) -> int:
    return sum(1 for frame in read_frames(path) if frame.size)


def seconds(work: Callable[[Path], int], path: Path) -> float:
    begin = time.perf_counter()
    assert work(path) == FRAMES
    return time.perf_counter() - begin


def test_decode_ratio(benchmark, tmp_path):
    if not benchmark.enabled:
        pytest.skip("a benchmark: run `make bench`")
    clip = tmp_path / "head.mp4"
    write_talking_head_like(clip)
    seconds(bare_loop, clip)
    seconds(our_reader, clip)
    pairs = [(seconds(our_reader, clip), seconds(bare_loop, clip)) for _ in range(ROUNDS)]  # interleaved
    ours, bare = np.median(np.array(pairs), axis=0)
    benchmark.extra_info.update(ours_s=float(ours), bare_s=float(bare), ratio=float(ours / bare))
    benchmark.pedantic(our_reader, args=(clip,), rounds=3)
    assert ours / bare <= LIMIT, f"{ours:.3f} s against {bare:.3f} s of a bare loop: {ours / bare:.2f}"
