"""Frames -> JPEG and back, as the reference of LSE dumps them before it scores them."""

from fractions import Fraction

import av
import cv2
import numpy as np
from jaxtyping import UInt8

FPS = 25
BIT_RATE = 200_000  # FFmpeg's default for video, far below what JPEG needs, so the quantiser ends at its coarsest


def mjpeg_dump(frames: UInt8[np.ndarray, "frames height width 3"]) -> UInt8[np.ndarray, "frames height width 3"]:
    """Return RGB frames after ``ffmpeg -i clip -f image2 %06d.jpg`` and OpenCV's decoder: mode ``faithful``.

    The reference gives no quality, so FFmpeg's MJPEG encoder chases its default bit rate: the first frame is finer than
    those that follow, which reach the coarsest quantiser (31). Published LSE values come from such pictures. Colour is
    4:2:0, as in the videos that the reference dumps, full range, BT.601. The encoder carries state from frame to frame,
    so pass a clip as a whole. Decoded pixels equal those of the command line of FFmpeg 9.0.2.

    Source: joonson/syncnet_python@6efbb1c, SyncNetInstance.py. The video encoding that comes before it in the reference
    (XVID of the crops) is not part of this step.

    Raises:
        ValueError: no frames, or frames that are not uint8.
    """
    if frames.dtype != np.uint8 or not len(frames):
        raise ValueError(f"frames must be uint8 and at least one, got {len(frames)} of {frames.dtype}")
    return np.stack([_decoded(jpeg) for jpeg in _encoded(frames)])


def _decoded(jpeg: bytes) -> UInt8[np.ndarray, "height width 3"]:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def _encoded(frames: UInt8[np.ndarray, "frames height width 3"]) -> list[bytes]:
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.height, encoder.width = frames.shape[1:3]
    encoder.pix_fmt = "yuvj420p"
    encoder.framerate, encoder.time_base = Fraction(FPS), Fraction(1, FPS)
    encoder.bit_rate = BIT_RATE
    encoder.thread_count = 1
    packets = []
    for k, pixels in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        frame = frame.reformat(format="yuvj420p", interpolation="BICUBIC")
        frame.pts = k
        packets += encoder.encode(frame)
    return [bytes(packet) for packet in packets + encoder.encode(None)]
