"""Writing: lossless, the same bytes, whole or not at all."""

import itertools

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.video import probe, read_video
from tavce.media.writer import write_h264, write_video


def noise(count: int, height: int = 40, width: int = 56) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), [(40, 56), (37, 49), (2, 300)])
def test_lossless_at_any_size(tmp_path, height, width):
    frames = noise(7, height, width)
    assert write_video(tmp_path / "clip.mkv", iter(frames)) == 7
    np.testing.assert_array_equal(read_video(tmp_path / "clip.mkv"), frames)
    assert probe(tmp_path / "clip.mkv").frame_rate == 25.0


def test_channel_order_is_rgb(tmp_path):
    frames = np.zeros((1, 16, 16, 3), np.uint8)
    frames[..., 0] = 200
    write_video(tmp_path / "red.mkv", frames)
    assert read_video(tmp_path / "red.mkv")[0, 0, 0].tolist() == [200, 0, 0]


def test_views_are_written_as_seen(tmp_path):
    frames = noise(3)
    write_video(tmp_path / "mirror.mkv", frames[:, ::-1, ::-1])
    np.testing.assert_array_equal(read_video(tmp_path / "mirror.mkv"), frames[:, ::-1, ::-1])


@pytest.mark.parametrize("write", [write_video, lambda path, frames: write_h264(path, frames, crf=23)])
def test_same_frames_same_bytes(tmp_path, write):
    suffix = ".mkv" if write is write_video else ".mp4"
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write(first, noise(12))
    write(second, noise(12))
    assert first.read_bytes() == second.read_bytes()
    changed = noise(12)
    changed[5, 0, 0, 0] ^= 128
    write(second, changed)
    assert first.read_bytes() != second.read_bytes()


def test_no_library_version_in_the_lossless_file(tmp_path):
    write_video(tmp_path / "clip.mkv", noise(2))
    data = (tmp_path / "clip.mkv").read_bytes()
    version = ".".join(map(str, av.library_versions["libavformat"])).encode()
    assert version not in data
    assert b"Lavc" not in data


def test_h264_is_tagged_and_close(tmp_path, media):
    # Flat colours, so that what remains is the conversion: a wrong matrix or range moves them by more than 4.
    colours = [(191, 20, 20), (20, 191, 20), (20, 20, 191), (128, 128, 128), (255, 255, 255), (0, 0, 0)]
    frames = [np.full((48, 64, 3), colour, np.uint8) for colour in colours for _ in range(4)]
    assert write_h264(tmp_path / "clip.mp4", frames, crf=5) == 24
    info = probe(tmp_path / "clip.mp4")
    assert (info.codec, info.pixel_format, info.matrix, info.full_range) == ("h264", "yuv420p", "bt709", False)
    got = read_video(tmp_path / "clip.mp4")
    assert len(got) == 24
    assert np.abs(got.astype(int) - np.stack(frames)).max() <= 4


def test_crf_costs_quality(tmp_path):
    frames = noise(5)
    error = {}
    for crf in (10, 40):
        write_h264(tmp_path / "clip.mp4", frames, crf=crf)
        error[crf] = np.square(read_video(tmp_path / "clip.mp4").astype(float) - frames).mean()
    assert error[40] > 1.2 * error[10]


@pytest.mark.parametrize(
    ("write", "name", "said"),
    [
        (write_video, "clip.mkv", "no frames"),
        (lambda path, frames: write_h264(path, frames, crf=23), "clip.mp4", "no frames"),
        (write_video, "clip.mp4", "Matroska"),
        (lambda path, frames: write_h264(path, frames, crf=23), "clip.mkv", "MP4"),
        (lambda path, frames: write_h264(path, frames, crf=52), "clip.mp4", "rate factor 52"),
    ],
)
def test_what_is_refused(tmp_path, write, name, said):
    with pytest.raises(InputError, match=said):
        write(tmp_path / name, [])
    assert list(tmp_path.iterdir()) == []


def test_what_the_encoder_cannot_take_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be encoded"):
        write_video(tmp_path / "dot.mkv", noise(1, 1, 1))
    assert list(tmp_path.iterdir()) == []


def test_odd_sizes_are_refused_in_h264(tmp_path):
    with pytest.raises(InputError, match="even sides, got 49x37"):
        write_h264(tmp_path / "clip.mp4", noise(2, 37, 49), crf=23)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_video, lambda path, frames: write_h264(path, frames, crf=23)])
def test_mixed_sizes_leave_nothing(tmp_path, write):
    path = tmp_path / ("clip.mkv" if write is write_video else "clip.mp4")
    with pytest.raises(InputError, match="frame 3 is 32x16, frame 0 is 56x40"):
        write(path, itertools.chain(noise(3), noise(1, 16, 32)))
    assert list(tmp_path.iterdir()) == []


def test_an_error_on_the_way_keeps_the_old_file(tmp_path):
    path = tmp_path / "clip.mkv"
    write_video(path, noise(3))
    before = path.read_bytes()

    def failing():
        yield from noise(2)
        raise RuntimeError("source")

    with pytest.raises(RuntimeError, match="source"):
        write_video(path, failing())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
