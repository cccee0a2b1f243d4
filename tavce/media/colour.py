"""Decoded frame -> upright RGB, with the colour matrix and range that the file declares.

Where a file declares none: BT.601 below 720 lines and BT.709 from 720 lines on, limited range; grey is full range.
RGB formats pass bit for bit; alpha is dropped. Primaries and transfer curve are left as they are, as players on
standard displays do; high dynamic range (PQ, HLG) would come out grey and flat and is refused.
"""

import struct
import threading
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.buffer import Buffer
from av.video.reformatter import ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter
from jaxtyping import UInt8

from tavce.errors import InputError

# Chroma interpolated at full resolution, rounding exact, and the same bytes with and without SIMD.
EXACT = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
UNTAGGED = 2
# Numbers of ITU-T H.273, table 4 (matrix coefficients) -> name and FFmpeg's scaler constant.
MATRICES = {
    1: ("bt709", Colorspace.ITU709),
    4: ("fcc", Colorspace.FCC),
    5: ("bt601", Colorspace.ITU601),
    6: ("bt601", Colorspace.ITU601),
    7: ("smpte240m", Colorspace.SMPTE240M),
    9: ("bt2020", Colorspace.BT2020),
}
HD_LINES = 720
REMEDY = "convert it with ffmpeg to yuv420p with BT.709 colours"


@dataclass(frozen=True)
class Look:
    """How the stored pictures of a stream become upright RGB.

    Attributes:
        matrix: "rgb", "grey", or the name of the YUV matrix used.
        full_range: whether 0..255 is used (else 16..235).
        transposed: rows become columns, before any flip.
        flipped_x, flipped_y: mirrored left-right, top-bottom.
    """

    matrix: str
    full_range: bool
    transposed: bool
    flipped_x: bool
    flipped_y: bool


def frame_look(frame: av.VideoFrame, path: Path) -> Look:
    """Return the look of `frame`, from its tags or by the rule of this module.

    Raises:
        InputError: high dynamic range, an unusual matrix, or a rotation other than a quarter turn.
    """
    if frame.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
        raise InputError(path, "is high dynamic range (PQ or HLG)", "tone-map it to BT.709 with ffmpeg first")
    matrix, full_range = _matrix(frame, path)
    return Look(matrix, full_range, *_orientation(frame, path))


def _matrix(frame: av.VideoFrame, path: Path) -> tuple[str, bool]:
    name = frame.format.name
    if frame.format.is_rgb or frame.format.has_palette:
        return "rgb", True
    if name.startswith("gray") or name.startswith("ya"):
        return "grey", True
    full_range = name.startswith("yuvj") or frame.color_range == ColorRange.JPEG
    if frame.colorspace == UNTAGGED:
        return ("bt709" if frame.height >= HD_LINES else "bt601"), full_range
    if frame.colorspace not in MATRICES:
        raise InputError(path, f"has colour matrix number {frame.colorspace} of H.273, which is not read", REMEDY)
    return MATRICES[frame.colorspace][0], full_range


def _orientation(frame: av.VideoFrame, path: Path) -> tuple[bool, bool, bool]:
    data = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(data, Buffer):
        return False, False, False
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(data))
    if a and d and not b and not c:
        return False, a < 0, d < 0
    if b and c and not a and not d:
        return True, c < 0, b < 0
    raise InputError(path, f"is turned by {frame.rotation} degrees", "re-encode it upright with ffmpeg")


class Painter:
    """Turns frames of one look into RGB arrays; safe to call from several threads."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._own = threading.local()  # a reformatter caches its scaler and serves one thread

    def __call__(self, frame: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """Return `frame` upright, as a contiguous RGB array of its own."""
        if not hasattr(self._own, "reformatter"):
            self._own.reformatter = VideoReformatter()
        rgb = _rgb(frame, self.look, self._own.reformatter)
        if self.look.transposed:
            rgb = rgb.transpose(1, 0, 2)
        rgb = rgb[:: -1 if self.look.flipped_y else 1, :: -1 if self.look.flipped_x else 1]
        return np.ascontiguousarray(rgb)


def _rgb(frame: av.VideoFrame, look: Look, reformatter: VideoReformatter) -> UInt8[np.ndarray, "height width 3"]:
    if look.matrix in ("rgb", "grey"):
        return reformatter.reformat(frame, format="rgb24", interpolation=EXACT, threads=1).to_ndarray()
    matrix = next(constant for name, constant in MATRICES.values() if name == look.matrix)
    planar = reformatter.reformat(
        frame,
        format="gbrp",  # planes and a merge take half the time of packed output, which FFmpeg writes without SIMD
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=ColorRange.JPEG if look.full_range else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=EXACT,
        threads=1,
    )
    green, blue, red = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in planar.planes
    )
    return np.asarray(cv2.merge([red, green, blue]), dtype=np.uint8)
