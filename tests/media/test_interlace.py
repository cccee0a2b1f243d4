"""Pictures of two moments: told from whole ones by what they show, and taken apart, one for one."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media import video
from tavce.media.interlace import deinterlaced, field_order
from tavce.media.video import probe, read_field_order, read_frames
from tests.media.woven import as_frames, moments, telecine, woven

GOOD = {"crf": "12", "preset": "veryfast", "threads": "1"}
MILLISECOND = Fraction(1, 1000)
OTHER = {"tff": "bff", "bff": "tff"}


def written(media: dict[str, Callable], path: Path, pictures: list[np.ndarray], **changes: str) -> Path:
    times = media["regular"](len(pictures))
    return media["video"](
        path, times, frames=pictures, options=GOOD | {"x264-params": "keyint=25:scenecut=0"} | changes
    )


def off(frames: list[np.ndarray], truth: list[np.ndarray]) -> float:
    """Mean absolute difference; the ends, which have one neighbour in time alone, are left out."""
    pairs = list(zip(frames, truth, strict=True))[1:-1]
    return float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairs]))


@pytest.mark.parametrize("flags", ["", "tff=1", "bff=1"])
@pytest.mark.parametrize("order", ["tff", "bff"])
def test_order_of_the_lines_is_seen_whatever_the_flags_say(media, tmp_path: Path, order: str, flags: str):
    parameters = ":".join(each for each in ("keyint=25", flags) if each)
    path = written(media, tmp_path / "a.mp4", woven(moments(80), order), **{"x264-params": parameters})
    assert probe(path).interlaced == bool(flags)
    assert read_field_order(path) == order


@pytest.mark.parametrize("step", [0.25, 1.0, 5.0])
def test_slow_and_fast_motion(step: float):
    for order in ("tff", "bff"):
        assert field_order(as_frames(woven(moments(96, step=step), order))) == order
    assert field_order(as_frames(moments(48, step=step))) is None


def test_whole_pictures_flagged_as_interlaced(media, tmp_path: Path):
    path = written(media, tmp_path / "a.mp4", moments(40), **{"x264-params": "tff=1"})
    assert probe(path).interlaced
    assert read_field_order(path) is None


@pytest.mark.parametrize("order", ["tff", None])
def test_flags_of_another_codec_are_not_asked_either(media, tmp_path: Path, order: str | None):
    pictures = moments(48) if order is None else woven(moments(96), order)
    options = {"flags": "+ildct+ilme", "qscale": "2", "threads": "1"}
    path = media["video"](
        tmp_path / "a.mkv",
        media["regular"](48),
        frames=pictures,
        codec="mpeg2video",
        time_base=Fraction(1, 25),
        options=options,
    )
    assert probe(path).interlaced
    assert read_field_order(path) == order


def test_pictures_that_say_nothing_are_whole():
    dark, bright = np.full((96, 128, 3), 40, np.uint8), np.full((96, 128, 3), 200, np.uint8)
    striped = woven([dark, bright], "tff")[0]
    bar = [np.where(np.abs(np.arange(128) - 3 * k)[None, :, None] < 9, 128, striped) for k in range(40)]
    assert field_order(as_frames(moments(1) * 40)) is None
    assert field_order(as_frames([striped] * 40)) is None
    assert field_order(as_frames([each.astype(np.uint8) for each in bar])) is None
    assert field_order(as_frames(np.roll(striped, k, axis=0) for k in range(40))) is None
    assert field_order(as_frames(woven(moments(2), "tff"))) is None  # a single picture has no neighbours
    assert field_order([]) is None


@pytest.mark.parametrize("start", range(5))
def test_film_in_broadcast_is_whole_wherever_it_is_entered(start: int):
    film = telecine(moments(60, step=4.0))[start:]
    assert field_order(as_frames(film)) is None
    repeated = [film[k] for k in range(len(film)) if (k + start) % 5 in (2, 3)]
    assert field_order(as_frames(repeated)) == "tff", "without its whole pictures it must not pass"


def test_a_quarter_of_the_pictures_must_show_it():
    moving, still = woven(moments(24), "bff"), woven(moments(2), "bff") * 36
    assert field_order(as_frames(moving + still)) == "bff"
    assert field_order(as_frames(moving[:8] + still)) is None


@pytest.mark.parametrize(("form", "seen"), [("yuv422p10le", True), ("nv12", False), ("gbrp", False), ("rgb24", False)])
def test_formats(form: str, seen: bool):
    planar = av.VideoFormat(form).is_planar and not av.VideoFormat(form).is_rgb
    assert field_order(as_frames(woven(moments(60), "tff"), form)) == ("tff" if seen or planar else None)


@pytest.mark.parametrize(("height", "seen"), [(2, None), (8, None), (14, None), (16, "tff"), (18, "tff")])
def test_few_lines(height: int, seen: str | None):
    assert field_order(as_frames(woven(moments(60, height=height), "tff"))) == seen


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_what_comes_out_is_the_earlier_moment(media, tmp_path: Path, order: str):
    pictures = moments(80)
    path = written(media, tmp_path / "a.mp4", woven(pictures, order))
    stored, mended, wrong = (list(read_frames(path, fields=each)) for each in (None, order, OTHER[order]))
    assert len(stored) == len(mended) == len(wrong) == 40
    early, late = pictures[::2], pictures[1::2]
    assert off(mended, early) < 0.5 * off(stored, early)
    assert off(mended, early) < 0.5 * off(mended, late)
    assert off(mended, early) < 0.5 * off(wrong, early)
    assert off(wrong, late) < 0.5 * off(stored, late), "the other order shows the later moment"


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_one_for_one_with_their_times(count: int):
    times = [Fraction(k * k + 3 * k, 90) for k in range(count)]
    out = list(deinterlaced(zip(times, as_frames(woven(moments(2 * count), "tff")), strict=True), "tff"))
    assert [time for time, _ in out] == times
    lines = [frame.to_ndarray(format="gray")[::2] for _, frame in out]
    given = [frame.to_ndarray(format="gray")[::2] for frame in as_frames(woven(moments(2 * count), "tff"))]
    assert np.array_equal(lines, given), "the lines of the earlier moment stay as they are"


def test_no_frames_no_pictures():
    assert list(deinterlaced([], "tff")) == []


def differing(path: Path, whole: list[np.ndarray]) -> list[int]:
    starts = [0, 1, 7, 24, 25, 26, 49, 50, 51, 75, len(whole) - 3]
    parts = {first: list(read_frames(path, first=first, max_frames=first + 6, fields="bff")) for first in starts}
    return [first for first, part in parts.items() if not np.array_equal(part, whole[first : first + 6])]


def test_a_part_is_that_of_the_whole(media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = written(media, tmp_path / "a.mp4", woven(moments(200), "bff"))
    whole = list(read_frames(path, fields="bff"))
    assert differing(path, whole) == []
    monkeypatch.setattr(video, "NEIGHBOURS", 0)
    assert differing(path, whole) == [25, 50, 75], "a picture behind the seek must miss the one before"


def test_only_the_part_asked_for_is_looked_at(media, tmp_path: Path):
    path = written(
        media, tmp_path / "a.mp4", [*moments(75), *woven(moments(150), "tff")], **{"x264-params": "keyint=250"}
    )
    orders = [read_field_order(path, first=first, max_frames=first + 50) for first in (0, 25, 75, 90)]
    assert orders == [None, None, "tff", "tff"]
    assert read_field_order(path, first=400) is None


def test_pictures_of_two_formats(media):
    first, second = woven(moments(20), "tff"), woven(moments(20, seed=1), "tff")
    frames = [*as_frames(first), *as_frames(second, "yuv444p")]
    out = [frame for _, frame in deinterlaced(enumerate(frames), "tff")]
    assert [frame.format.name for frame in out] == ["yuv420p"] * 10 + ["yuv444p"] * 10
    apart = [frame for _, frame in deinterlaced(enumerate(as_frames(second, "yuv444p")), "tff")]
    assert np.array_equal([each.to_ndarray() for each in out[10:]], [each.to_ndarray() for each in apart])
    assert field_order([*as_frames(first), *as_frames(second, "rgb24")]) == "tff"


def test_pictures_of_two_sizes_are_refused(media, tmp_path: Path):
    small = written(media, tmp_path / "a.h264", woven(moments(20), "tff"))
    large = written(media, tmp_path / "b.h264", woven(moments(60, height=112), "tff"))
    path = tmp_path / "c.h264"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    refused(path, "picture size changes from 128x96 to 128x112")


@pytest.mark.parametrize("start", [400, 1000])
def test_damage_is_told_with_its_time(media, tmp_path: Path, start: int):
    times = media["regular"](40)
    noise = list(np.random.default_rng(1).integers(0, 255, (40, 64, 96, 3), np.uint8))
    path = media["video"](tmp_path / "a.mkv", times, frames=noise, time_base=MILLISECOND, options={"bf": "0"})
    with av.open(str(path)) as container:
        packet = next(each for each in container.demux(video=0) if each.pts is not None and each.pts >= start)
        begin, end = packet.pos + 16, packet.pos + 16 + packet.size // 2  # behind the header of Matroska's block
    data = bytearray(path.read_bytes())
    data[begin:end] = bytes(255 - value for value in data[begin:end])
    path.write_bytes(data)
    refused(path, "decoded near")


def test_what_is_no_video_is_refused(tmp_path: Path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video")
    refused(path, "cannot be opened")


def refused(path: Path, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_field_order(path)
    with pytest.raises(InputError, match=said):
        list(read_frames(path, fields="tff"))
