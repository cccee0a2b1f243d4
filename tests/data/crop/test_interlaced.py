"""What the crop makes of an interlaced clip is what it makes of its mended pictures; whole pictures are left alone."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tavce.data.crop import clip as cropping
from tavce.data.crop.clip import crop_clip
from tavce.media.video import read_frames, read_video
from tests.data.crop.drawn import BlockDetector, row, scene, settings, write_source
from tests.media.woven import woven

FILES = ("a.mkv", "a.npz", "a.png", "a.wav")
SIZE = 120


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_source(tmp_path / "sound.mkv", scene(60))


def as_video(path: Path, pictures: list[np.ndarray], flags: str = "") -> Path:
    options = {"crf": "8", "preset": "veryfast", "threads": "1", "x264-params": f"keyint=10{flags}"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], "yuv444p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def crop(path: Path, out: Path, sound: Path, **changes):
    rules = settings(policy="whole_frame", detector="mediapipe", size=SIZE)
    clip = crop_clip(path, row(path, id="a", **changes), rules, BlockDetector(), out, sound=sound)
    assert clip.usable, clip.reason
    return clip


def moving() -> list[np.ndarray]:
    return list(scene(100, step=1, x=2, side=48))


@pytest.mark.parametrize("kept", [1 << 30, 0], ids=["held", "read again"])
@pytest.mark.parametrize("order", ["tff", "bff"])
def test_an_interlaced_clip_is_that_of_its_mended_pictures(
    tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch, order: str, kept: int
):
    monkeypatch.setattr(cropping, "KEPT", kept)
    path = as_video(tmp_path / "a.mp4", woven(moving(), order))
    mended = write_source(tmp_path / "mended.mkv", read_frames(path, fields=order))
    combed = write_source(tmp_path / "combed.mkv", read_frames(path))
    made, wanted = crop(path, tmp_path / "made", sound), crop(mended, tmp_path / "wanted", sound)
    crop(combed, tmp_path / "combed", sound)
    assert (made.frames, made.box) == (wanted.frames, wanted.box)
    for name in FILES:
        same = (tmp_path / "made" / name).read_bytes() == (tmp_path / "wanted" / name).read_bytes()
        assert same, name
    left = read_video(tmp_path / "combed/a.mkv").astype(int) - read_video(tmp_path / "wanted/a.mkv")
    assert np.abs(left).max() > 100, "combs that are left in must be noticed"


def test_a_part_of_an_interlaced_clip_is_that_of_the_whole(tmp_path: Path, sound: Path):
    path = as_video(tmp_path / "a.mp4", woven(moving(), "tff"))
    crop(path, tmp_path / "whole", sound)
    crop(path, tmp_path / "part", sound, start_s=0.8, end_s=1.6)
    part, whole = (read_video(tmp_path / name / "a.mkv") for name in ("part", "whole"))
    assert np.array_equal(part, whole[20:40])
    assert not np.array_equal(part, whole[21:41])


@pytest.mark.parametrize("flags", ["", ":tff=1"])
def test_whole_pictures_are_cropped_as_if_nobody_had_looked(
    tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch, flags: str
):
    path = as_video(tmp_path / "a.mp4", moving()[:50], flags)
    looked = crop(path, tmp_path / "looked", sound)
    monkeypatch.setattr(cropping, "read_field_order", lambda *_, **__: None)
    assert crop(path, tmp_path / "blind", sound) == looked
    monkeypatch.setattr(cropping, "read_field_order", lambda *_, **__: "tff")
    assert crop(path, tmp_path / "mistaken", sound).video_sha256 != looked.video_sha256
    for name in FILES:
        assert (tmp_path / "blind" / name).read_bytes() == (tmp_path / "looked" / name).read_bytes(), name
