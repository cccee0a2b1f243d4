"""Colour bars: known YUV planes, stored without loss, against the formulas of the standards."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, ColorTrc

from tavce.errors import InputError
from tavce.media.video import probe, read_video

# Weights of red and blue in luma: ITU-R BT.601, BT.709, BT.2020, SMPTE 240M.
WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593), "smpte240m": (0.212, 0.087)}
NUMBERS = {"bt709": 1, "untagged": 2, "bt601": 6, "smpte240m": 7, "bt2020": 9}
BARS_RGB = np.array(
    [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [40, 90, 160]]
)


def to_yuv(rgb, matrix: str, full: bool, bits: int = 8):
    red, blue = WEIGHTS[matrix]
    r, g, b = (rgb[..., k] / 255 for k in range(3))
    luma = red * r + (1 - red - blue) * g + blue * b
    u, v = (b - luma) / (2 - 2 * blue), (r - luma) / (2 - 2 * red)
    top = 2**bits - 1 if full else 219 * 2 ** (bits - 8)
    chroma = 2**bits - 1 if full else 224 * 2 ** (bits - 8)
    floor = 0 if full else 16 * 2 ** (bits - 8)
    return np.stack(
        [np.round(luma * top + floor), np.round(u * chroma + 2 ** (bits - 1)), np.round(v * chroma + 2 ** (bits - 1))]
    )


def write_bars(path: Path, planes, pixel_format: str, number: int, tagged_range: ColorRange, trc: int = 2) -> Path:
    """Store YUV planes (each bar 16 wide) without loss, tagged as asked."""
    wide = np.repeat(np.repeat(planes[:, None, :], 64, axis=1), 16, axis=2)
    frame = av.VideoFrame(wide.shape[2], wide.shape[1], pixel_format)
    for plane, values in zip(frame.planes, wide, strict=True):
        step_y, step_x = wide.shape[1] // plane.height, wide.shape[2] // plane.width
        small = values[::step_y, ::step_x].astype(np.uint16 if "10" in pixel_format else np.uint8)
        row = np.zeros((plane.height, plane.line_size), np.uint8)
        row[:, : small.shape[1] * small.itemsize] = small.view(np.uint8).reshape(plane.height, -1)
        plane.update(row.tobytes())
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options={"level": "3"})
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, pixel_format
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_trc = number, tagged_range, trc
        frame.colorspace, frame.color_range, frame.color_trc = number, tagged_range, trc
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        container.mux([*stream.encode(frame), *stream.encode()])
    return path


def read_bars(path: Path) -> np.ndarray:
    return read_video(path)[0, 32, 8::16].astype(int)


@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv420p", "yuv422p", "yuv420p10le", "yuv444p10le"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020", "smpte240m"])
def test_tagged_bars(tmp_path, matrix, full, pixel_format):
    bits = 10 if "10" in pixel_format else 8
    tagged = ColorRange.JPEG if full else ColorRange.MPEG
    planes = to_yuv(BARS_RGB, matrix, full, bits)
    path = write_bars(tmp_path / "bars.mkv", planes, pixel_format, NUMBERS[matrix], tagged)
    assert (probe(path).matrix, probe(path).full_range) == (matrix, full)
    assert np.abs(read_bars(path) - BARS_RGB).max() <= 1


@pytest.mark.parametrize(("mistake", "moved"), [("matrix", 15), ("range", 12)])
def test_a_wrong_tag_moves_the_bars(tmp_path, mistake, moved):
    matrix, tagged = ("bt709", ColorRange.MPEG) if mistake == "matrix" else ("bt601", ColorRange.JPEG)
    planes = to_yuv(BARS_RGB, "bt601", False)
    path = write_bars(tmp_path / "bars.mkv", planes, "yuv444p", NUMBERS[matrix], tagged)
    assert np.abs(read_bars(path) - BARS_RGB).max() > moved


@pytest.mark.parametrize(("lines", "matrix"), [(64, "bt601"), (718, "bt601"), (720, "bt709")])
def test_untagged_is_decided_by_the_lines(tmp_path, lines, matrix):
    path = tmp_path / "bars.mkv"
    planes = to_yuv(BARS_RGB, matrix, False)
    wide = np.repeat(np.repeat(planes[:, None, :], lines, axis=1), 2, axis=2).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(wide, "yuv444p")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv444p"
        container.mux([*stream.encode(frame), *stream.encode()])
    assert (probe(path).matrix, probe(path).full_range) == (matrix, False)
    assert np.abs(read_video(path)[0, 32, ::2].astype(int) - BARS_RGB).max() <= 1


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [("ffv1", "bgr0", ".mkv"), ("png", "rgb24", ".mov"), ("png", "rgba", ".mov"), ("utvideo", "gbrp", ".avi")],
)
def test_rgb_passes_bit_for_bit(tmp_path, codec, pixel_format, suffix):
    rgb = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    path = tmp_path / f"rgb{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 30, 20, pixel_format
        frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=pixel_format)
        container.mux([*stream.encode(frame), *stream.encode()])
    assert probe(path).matrix == "rgb"
    np.testing.assert_array_equal(read_video(path)[0], rgb)


def test_grey_is_full_range(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with av.open(str(tmp_path / "grey.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "gray"
        container.mux([*stream.encode(av.VideoFrame.from_ndarray(grey, "gray")), *stream.encode()])
    np.testing.assert_array_equal(read_video(tmp_path / "grey.mkv")[0], np.repeat(grey[..., None], 3, axis=2))


def test_chroma_is_interpolated_not_repeated(tmp_path):
    planes = to_yuv(BARS_RGB, "bt601", False)
    path = write_bars(tmp_path / "bars.mkv", planes, "yuv420p", 6, ColorRange.MPEG)
    edge = read_video(path)[0, 32, 76:84, 2].astype(int)  # blue rises from bar 4 to bar 5 in several steps
    assert len(set(edge)) > 3


@pytest.mark.parametrize("trc", [ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67])
def test_high_dynamic_range_is_refused(tmp_path, trc):
    planes = to_yuv(BARS_RGB, "bt2020", False, 10)
    path = write_bars(tmp_path / "hdr.mkv", planes, "yuv420p10le", 9, ColorRange.MPEG, int(trc))
    for read in (probe, read_video):
        with pytest.raises(InputError, match="high dynamic range"):
            read(path)


def test_an_unusual_matrix_is_refused(tmp_path):
    path = write_bars(tmp_path / "ycgco.mkv", to_yuv(BARS_RGB, "bt709", False), "yuv444p", 8, ColorRange.MPEG)
    with pytest.raises(InputError, match="matrix number 8"):
        read_video(path)
