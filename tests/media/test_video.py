"""Reading: rates, containers, rotation, damage, memory."""

import gc
import itertools
import os
import re
import struct
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import tavce.media.video as video
from tavce.errors import InputError
from tavce.media.video import decoder_version, probe, read_frames, read_video
from tavce.media.writer import write_video


def read_stamps(media, path):
    return media["stamps"](list(read_frames(path)))


@pytest.mark.parametrize(
    ("rate", "count", "frames"),
    [
        (25, 30, 30),
        (Fraction(30000, 1001), 300, 250),
        (30, 36, 30),
        (50, 60, 30),
        (60, 72, 30),
        (Fraction("22.13"), 40, 45),
    ],
)
def test_any_rate_becomes_25(media, tmp_path, rate, count, frames):
    path = media["video"](tmp_path / "clip.mp4", media["regular"](count, rate))
    got = read_stamps(media, path)
    assert len(got) == frames
    # Frame k shows the picture on the screen at its middle.
    assert got == [min(count - 1, int(Fraction(2 * k + 1, 50) * rate - Fraction(1, 10**6))) for k in range(frames)]


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mov", ".mp4"])
def test_containers_with_coarse_timestamps(media, tmp_path, suffix):
    path = media["video"](tmp_path / f"a{suffix}", media["regular"](30))
    assert read_stamps(media, path) == list(range(30))
    path = media["video"](tmp_path / f"b{suffix}", media["regular"](300, Fraction(30000, 1001)))
    assert len(read_video(path)) == 250


def test_timestamps_count_and_not_the_declared_rate(media, tmp_path):
    times = [Fraction(k, 25) for k in range(20)] + [Fraction(k, 25) for k in range(40, 60)]
    path = media["video"](tmp_path / "pause.mp4", times)
    assert probe(path).frame_rate != 25
    assert read_stamps(media, path) == [*range(20), *[19] * 20, *range(20, 40)]


def test_late_first_frame_is_time_zero(media, tmp_path):
    path = media["video"](tmp_path / "late.mp4", media["regular"](30, 25, start=Fraction(33, 1000)))
    assert read_stamps(media, path) == list(range(30))


def test_b_frames_come_in_the_order_shown(media, tmp_path):
    path = media["video"](tmp_path / "b.mp4", media["regular"](40), options={"bf": "3", "b_strategy": "0"})
    with av.open(str(path)) as container:
        decode_order = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
    assert decode_order != sorted(decode_order)  # else the test proves nothing
    assert read_stamps(media, path) == list(range(40))


def test_pictures_without_timestamps_follow_the_declared_rate(media, tmp_path):
    path = media["video"](tmp_path / "raw.h264", media["regular"](40), options={"bf": "2"})
    assert read_stamps(media, path) == list(range(40))


def test_fragmented_mp4(media, tmp_path):
    options = {"movflags": "+frag_keyframe+empty_moov"}
    path = media["video"](tmp_path / "f.mp4", media["regular"](40), options={"g": "10"}, file_options=options)
    assert read_stamps(media, path) == list(range(40))


def test_pictures_before_an_edit_list_are_left_out(media, tmp_path):
    whole = media["video"](tmp_path / "whole.mp4", media["regular"](100), options={"g": "25", "sc_threshold": "0"})
    cut = tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None and 25 <= packet.pts * packet.time_base * 25 < 80:
                shift = int(Fraction(30, 25) / packet.time_base)  # five pictures come before time 0
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
                target.mux(packet)
    assert read_stamps(media, cut) == list(range(30, 80))


def test_max_frames_stops_early(media, tmp_path):
    path = media["video"](tmp_path / "clip.mp4", media["regular"](40))
    assert media["stamps"](list(read_frames(path, max_frames=7))) == list(range(7))
    assert list(read_frames(path, max_frames=0)) == []


def test_a_video_of_one_frame(media, tmp_path):
    path = media["video"](tmp_path / "one.mp4", [Fraction(0)])
    assert len(read_video(path)) == 1


def test_odd_size(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (3, 37, 49, 3), dtype=np.uint8)
    write_video(tmp_path / "odd.mkv", frames)
    np.testing.assert_array_equal(read_video(tmp_path / "odd.mkv"), frames)


TURNS = {  # matrix a b c d of the track header -> what makes the picture upright
    (1, 0, 0, 1): lambda f: f,
    (0, 1, -1, 0): lambda f: np.rot90(f, -1),
    (-1, 0, 0, -1): lambda f: np.rot90(f, 2),
    (0, -1, 1, 0): lambda f: np.rot90(f, 1),
    (-1, 0, 0, 1): lambda f: f[:, ::-1],
    (1, 0, 0, -1): lambda f: f[::-1],
    (0, 1, 1, 0): lambda f: f.transpose(1, 0, 2),
}


def turned(path: Path, matrix: tuple[float, float, float, float]) -> Path:
    """Overwrite the display matrix in the track header of an MP4 file."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (round(65536 * value) for value in matrix)
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.with_stem("turned").write_bytes(data)
    return path.with_stem("turned")


@pytest.mark.parametrize("matrix", TURNS)
def test_rotation_flag_is_applied(media, tmp_path, matrix):
    frame = np.zeros((32, 48, 3), np.uint8)
    frame[:16, :16] = 200
    frame[:16, 32:] = 100
    path = media["video"](tmp_path / "clip.mp4", media["regular"](2), frames=[frame] * 2, options={"qp": "1"})
    plain = read_video(path)
    got = read_video(turned(path, matrix))
    np.testing.assert_array_equal(got, np.stack([TURNS[matrix](each) for each in plain]))
    info = probe(turned(path, matrix))
    assert (info.height, info.width) == got.shape[1:3]
    again = np.rot90(plain[0], -info.rotation // 90)
    np.testing.assert_array_equal(got[0], again[:, ::-1] if info.mirrored else again)


def test_a_slanted_picture_is_refused(media, tmp_path):
    path = turned(media["video"](tmp_path / "clip.mp4", media["regular"](2)), (0.8, 0.6, -0.6, 0.8))
    with pytest.raises(InputError, match="turned by"):
        read_video(path)


def test_a_size_that_changes_is_refused(media, tmp_path):
    small = media["video"](tmp_path / "a.h264", media["regular"](5))
    large = media["video"](tmp_path / "b.h264", media["regular"](5), frames=[np.zeros((64, 64, 3), np.uint8)] * 5)
    (tmp_path / "c.h264").write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(InputError, match="size changes from 48x32 to 64x64"):
        read_video(tmp_path / "c.h264")


def noise(count: int) -> list[np.ndarray]:
    generator = np.random.default_rng(1)
    return [generator.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(count)]


def open_files(path: Path) -> int:
    targets = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]  # noqa: PTH208
    return sum(1 for each in targets if each.is_symlink() and os.readlink(each) == str(path))  # noqa: PTH115


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed by Linux only")
def test_an_abandoned_reader_closes_the_file(media, tmp_path):
    path = media["video"](tmp_path / "clip.mp4", media["regular"](60))
    frames = read_frames(path)
    next(frames)
    assert open_files(path) == 1
    del frames
    gc.collect()
    assert open_files(path) == 0


def test_memory_does_not_grow_with_length(media, tmp_path):
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.mkv"
        frame = media["stamp"](7, 64, 64)
        write_video(path, itertools.repeat(frame, count))
        tracemalloc.start()
        for _ in read_frames(path):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    short, long = peak(100), peak(3000)
    assert long < short + 20 * 64 * 64 * 3  # of 3000 frames a handful is alive at a time


def test_threads_change_nothing(media, tmp_path, monkeypatch):
    path = media["video"](tmp_path / "clip.mp4", media["regular"](50, 30), frames=noise(50))
    wide = read_video(path)
    monkeypatch.setattr(video, "CONVERTERS", 1)
    monkeypatch.setattr(video, "AHEAD", 0)
    np.testing.assert_array_equal(read_video(path), wide)


def test_frames_are_arrays_of_their_own(media, tmp_path):
    path = media["video"](tmp_path / "slow.mp4", media["regular"](5, 10))
    frames = list(read_frames(path))
    assert all(frame.flags.c_contiguous and frame.flags.writeable for frame in frames)
    before = frames[1].copy()
    frames[0][:] = 0
    np.testing.assert_array_equal(frames[1], before)


def test_names_that_look_like_addresses(media, tmp_path):
    plain = media["video"](tmp_path / "clip.mp4", media["regular"](3))
    for name in ("a:b.mp4", "pipe:1.mp4", "ünï code %03d.mp4"):
        odd = plain.rename(tmp_path / name)
        assert len(read_video(odd)) == 3
        plain = odd


def test_probe(media, tmp_path):
    info = probe(media["video"](tmp_path / "clip.mp4", media["regular"](50)))
    assert (info.width, info.height, info.frame_rate, info.duration_s) == (48, 32, 25.0, 2.0)
    assert (info.codec, info.pixel_format, info.has_audio, info.rotation) == ("h264", "yuv420p", False, 0)
    assert (info.matrix, info.full_range, info.interlaced, info.pixel_aspect) == ("bt601", False, False, 1.0)


def test_decoder_version():
    assert re.fullmatch(r"pyav[\d.]+-lavc\d+\.\d+\.\d+-lsws\d+\.\d+\.\d+", decoder_version())
