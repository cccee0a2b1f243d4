"""Small real videos, made as sites make them: H.264 or VP9, any rate, steady or not, sound in step, late or none."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE_HZ = 48_000
TICKS = 90_000  # of the video's time base, as broadcast has it: 29.97 fps is exact in it


def pictures(count: int, width: int, height: int, *, seed: int = 0) -> list[np.ndarray]:
    """RGB pictures of a moving bright square before a patterned ground; each differs from every other."""
    ground = np.random.default_rng(seed).integers(40, 90, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    ground = np.kron(ground, np.ones((8, 8, 1), np.uint8))[:height, :width]
    frames = []
    for number in range(count):
        frame = ground.copy()
        side = height // 4
        left = (number * 3) % max(1, width - side)
        frame[side : 2 * side, left : left + side] = 230
        frames.append(frame)
    return frames


def beeps(seconds: float, *, rate: int = RATE_HZ, every: float = 0.5) -> np.ndarray:
    """Mono sound in [-1, 1]: a short 1 kHz beep at 0, `every`, 2 `every`, ... seconds, silence between."""
    time = np.arange(round(seconds * rate)) / rate
    return np.where(time % every < 0.04, 0.5 * np.sin(2 * np.pi * 1000 * time), 0.0).astype(np.float32)


def write_upload(
    path: Path,
    *,
    seconds: float = 2.0,
    fps: float = 25.0,
    width: int = 128,
    height: int = 72,
    codec: str = "libx264",
    sound: str | None = "aac",
    sound_late_s: float = 0.0,
    times: Sequence[float] | None = None,
    frames: Sequence[np.ndarray] | None = None,
    heard: np.ndarray | None = None,
    faststart: bool = False,
    seed: int = 0,
) -> Path:
    """Write a video and return its path; the format follows the suffix.

    Args:
        path: ``.mp4``, ``.webm``, ``.mkv`` or ``.ts``.
        seconds: length.
        fps: of steady pictures.
        width: even.
        height: even.
        codec: ``libx264`` or ``libvpx-vp9``, or "" for a file of sound alone.
        sound: ``aac``, ``libopus``, or None for no sound.
        sound_late_s: the sound's timestamps begin that much after the pictures'.
        times: when each picture appears, in seconds, in place of the steady ones.
        frames: RGB, in place of the drawn ones; as many as there are times.
        heard: mono sound at 48 kHz, in place of the beeps.
        faststart: put the index of an MP4 in front, as sites do.
        seed: of the drawn pictures.
    """
    moments = list(times) if times is not None else [number / fps for number in range(round(seconds * fps))]
    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if faststart else {})
    with av.open(str(path), "w", options=options) as container:
        seen = _picture_stream(container, codec, fps, width, height) if codec else None
        audible = container.add_stream(sound, rate=RATE_HZ, layout="mono") if sound else None
        if seen is not None:
            _put_pictures(container, seen, moments, frames or pictures(len(moments), width, height, seed=seed))
        if audible is not None:
            _put_sound(container, audible, beeps(seconds) if heard is None else heard, sound_late_s)
    return path


def uneven_times(count: int, fps: float) -> list[float]:
    """Times of a phone's variable rate: every third picture 40 % of a step late."""
    return [(number + (0.4 if number % 3 == 1 else 0.0)) / fps for number in range(count)]


def _picture_stream(container, codec: str, fps: float, width: int, height: int):
    quick = {"preset": "ultrafast", "bf": "2"} if codec == "libx264" else {"deadline": "realtime", "cpu-used": "8"}
    stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001), options=quick | {"threads": "1"})
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, TICKS)
    stream.codec_context.gop_size = 12
    return stream


def _put_pictures(container, stream, moments: Sequence[float], frames: Sequence[np.ndarray]) -> None:
    for moment, rgb in zip(moments, frames, strict=True):
        frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = round(moment * TICKS), Fraction(1, TICKS)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _put_sound(container, stream, heard: np.ndarray, late_s: float) -> None:
    layout = "fltp" if stream.codec_context.name == "aac" else "flt"
    frame = av.AudioFrame.from_ndarray(heard[None], format=layout, layout="mono")
    frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
    frame.pts = round(late_s * RATE_HZ)
    container.mux(stream.encode(frame))
    container.mux(stream.encode())
