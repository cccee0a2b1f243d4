"""Pictures of two moments: found by what they show, whatever the flags say, and taken apart."""

from pathlib import Path

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.interlace import FieldOrder
from tavce.media.video import read_field_order, read_frames

WIDTH, HEIGHT, COUNT = 160, 96, 60


def moment(k: float) -> np.ndarray:
    """A smooth ball that swings, at half-frame k: round, and not on whole pixels."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(x - (WIDTH / 2 + 50 * np.sin(0.13 * k)), y - (HEIGHT / 2 + 20 * np.cos(0.17 * k)))
    grey = 40 + 180 / (1 + np.exp((away - 22) / 1.5))
    return np.repeat(grey[..., None], 3, axis=2).round().astype(np.uint8)


def woven(order: FieldOrder | None, k: int) -> np.ndarray:
    """Picture k: one moment, or the lines of two, the earlier one on top ("tff") or not."""
    picture, later = moment(2 * k), moment(2 * k + 1)
    if order is not None:
        lines = slice(1, None, 2) if order == "tff" else slice(0, None, 2)
        picture[lines] = later[lines]
    return picture


def write(
    path: Path, pictures: list[np.ndarray], *, codec: str = "ffv1", pixels: str = "yuv420p", flag: int = 0
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        if flag:
            stream.options = {"flags": "+ildct+ilme"}
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("order", ["tff", "bff", None])
def test_the_order_of_the_lines_is_seen(tmp_path: Path, order: FieldOrder | None) -> None:
    path = write(tmp_path / "a.mkv", [woven(order, k) for k in range(COUNT)])
    assert read_field_order(path) == order
    assert read_field_order(path, first=20) == order
    assert read_field_order(path, first=10, max_frames=40) == order


@pytest.mark.parametrize("order", ["tff", None])
def test_flags_are_not_asked(tmp_path: Path, order: FieldOrder | None) -> None:
    flagged = [woven(order, k) for k in range(COUNT)]
    path = write(tmp_path / "a.mkv", flagged, codec="mpeg2video", flag=1)
    assert read_field_order(path) == order


def striped(k: int) -> np.ndarray:
    picture = moment(2 * k)
    picture[::2] //= 2  # every other line dark: a pattern, in one moment
    return picture


def film(k: int) -> np.ndarray:
    return woven("tff", k) if k % 5 > 2 else woven(None, k)  # three whole pictures, then two of two moments


@pytest.mark.parametrize(
    "draw",
    [striped, film, lambda k: moment(0), lambda k: woven("tff", k)[:12]],
    ids=["stripes", "film", "still", "too few lines"],
)
def test_other_pictures_are_taken_as_whole(tmp_path: Path, draw) -> None:  # type: ignore[no-untyped-def]
    pictures = [np.ascontiguousarray(draw(k)) for k in range(COUNT)]
    pictures = [each if each.shape[0] >= 16 else np.ascontiguousarray(each[:12]) for each in pictures]
    assert read_field_order(write(tmp_path / "a.mkv", pictures)) is None


def test_rgb_is_taken_as_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", [woven("tff", k) for k in range(COUNT)], pixels="bgr0")
    assert read_field_order(path) is None


def error(frames: list[np.ndarray]) -> float:
    """Mean distance to the earlier moment, where anything moves."""
    truth = [moment(2 * k) for k in range(len(frames))]
    return float(np.mean([np.abs(a.astype(float) - b).mean() for a, b in zip(frames[2:-2], truth[2:-2], strict=True)]))


@pytest.mark.parametrize(("order", "wrong"), [("tff", "bff"), ("bff", "tff")])
def test_pictures_come_back_as_at_their_earlier_moment(tmp_path: Path, order: FieldOrder, wrong: FieldOrder) -> None:
    path = write(tmp_path / "a.mkv", [woven(order, k) for k in range(COUNT)])
    mended, combed, other = (list(read_frames(path, fields=each)) for each in (order, None, wrong))
    assert len(mended) == len(combed) == COUNT
    assert error(mended) < 0.4 * error(combed)
    assert error(mended) < 0.4 * error(other)


def test_a_part_is_the_same_as_out_of_the_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", [woven("tff", k) for k in range(COUNT)], codec="mpeg2video")
    whole = list(read_frames(path, fields="tff"))
    part = list(read_frames(path, first=33, max_frames=50, fields="tff"))
    assert len(part) == 17
    for a, b in zip(part, whole[33:50], strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(part[0].astype(float) - whole[34]).max() > 20  # the next picture is another


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(InputError):
        read_field_order(tmp_path / "a.mp4")
