"""Frames and rate of an MP4, read without any library; a file that is not whole is refused."""

import struct
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from tests.baselines.conftest import write_video


@pytest.mark.parametrize(("frames", "fps"), [(1, 25), (7, 25), (31, 30), (12, 24)])
def test_frames_and_rate_are_what_was_written(tmp_path: Path, mp4: ModuleType, frames: int, fps: int) -> None:
    write_video(tmp_path / "v.mp4", frames, fps)
    assert mp4.read_mp4(tmp_path / "v.mp4") == (frames, pytest.approx(fps))


def test_a_broken_rate_is_the_mean_rate(tmp_path: Path, mp4: ModuleType) -> None:
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(125, 2))
        stream.width = stream.height = 32
        for _ in range(50):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    frames, fps = mp4.read_mp4(tmp_path / "v.mp4")
    assert (frames, fps) == (50, pytest.approx(62.5, rel=1e-3))


def test_a_file_cut_anywhere_is_refused(tmp_path: Path, video: Path, mp4: ModuleType) -> None:
    whole = video.read_bytes()
    for size in range(0, len(whole) - 1, max(1, len(whole) // 50)):
        (tmp_path / "cut.mp4").write_bytes(whole[:size])
        with pytest.raises(mp4.Failed):
            mp4.read_mp4(tmp_path / "cut.mp4")
    assert mp4.read_mp4(video) == (7, 25.0)


def test_what_is_no_video_is_refused(tmp_path: Path, mp4: ModuleType) -> None:
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    (tmp_path / "page.mp4").write_text("<!doctype html><html>too many requests</html>")
    for name in ("sound.mp4", "page.mp4"):
        with pytest.raises(mp4.Failed, match="no complete MP4"):
            mp4.read_mp4(tmp_path / name)


def box(name: bytes, *parts: bytes) -> bytes:
    inside = b"".join(parts)
    return struct.pack(">I4s", len(inside) + 8, name) + inside


def test_long_headers_and_a_last_box_without_a_size(tmp_path: Path, mp4: ModuleType) -> None:
    """64-bit sizes, times of version 1, and a box that goes to the end: none of our writers makes them."""
    header = box(b"mdhd", b"\x01\0\0\0", struct.pack(">QQIQ", 0, 0, 12_500, 0))
    handler = box(b"hdlr", b"\0" * 8, b"vide", b"\0" * 12)
    times = box(b"stts", b"\0" * 4, struct.pack(">I", 2), struct.pack(">IIII", 10, 500, 5, 1000))
    media = box(b"mdia", header, handler, box(b"minf", box(b"stbl", times)))
    track = struct.pack(">I4sQ", 1, b"trak", len(media) + 16) + media
    movie = struct.pack(">I4s", 0, b"moov") + track
    (tmp_path / "v.mp4").write_bytes(box(b"ftyp", b"isom") + movie)
    assert mp4.read_mp4(tmp_path / "v.mp4") == (15, 15 * 12_500 / (10 * 500 + 5 * 1000))
