"""Makers of small media files, and frames that carry their number."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

MILLISECOND = Fraction(1, 1000)


def stamp(number: int, height: int = 32, width: int = 48) -> np.ndarray:
    """Return a grey frame whose halves carry `number` (below 400) through any codec."""
    frame = np.full((height, width, 3), 20 + 10 * (number // 20), np.uint8)
    frame[:, width // 2 :] = 20 + 10 * (number % 20)
    return frame


def stamps(frames: Sequence[np.ndarray]) -> list[int]:
    """Return the number each frame carries."""

    def digit(part: np.ndarray) -> int:
        return round((float(part.mean()) - 20) / 10)

    return [20 * digit(f[4:-4, 4 : f.shape[1] // 2 - 4]) + digit(f[4:-4, f.shape[1] // 2 + 4 : -4]) for f in frames]


def make_video(
    path: Path,
    times: Sequence[Fraction],
    *,
    frames: Sequence[np.ndarray] | None = None,
    codec: str = "libx264",
    time_base: Fraction = Fraction(1, 90000),
    options: dict[str, str] | None = None,
    sound: tuple[np.ndarray, int, Fraction] | None = None,
    sound_codec: str = "aac",
    file_options: dict[str, str] | None = None,
) -> Path:
    """Write stamped (or given) frames shown at `times`, and sound (channels x samples, rate, start) where given."""
    frames = [stamp(k) for k in range(len(times))] if frames is None else frames
    with av.open(str(path), "w", options=file_options or {}) as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0" if codec == "ffv1" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = time_base
        packets = []
        for time, rgb in zip(times, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
            frame.pts, frame.time_base = round(time / time_base), time_base
            packets += stream.encode(frame)
        packets += stream.encode()
        if sound is not None:
            packets += encoded_sound(container, *sound, sound_codec)
        for packet in packets:
            container.mux(packet)
    return path


def encoded_sound(container, samples: np.ndarray, rate: int, start: Fraction, codec: str) -> list[av.Packet]:
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
    stream = container.add_stream(codec, rate=rate, layout=layout)
    frame = av.AudioFrame.from_ndarray(samples.astype(np.float32), format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, round(start * rate), Fraction(1, rate)
    resampler = av.AudioResampler(stream.format.name, layout, rate, frame_size=stream.frame_size or 1024)
    packets = []
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        packets += stream.encode(piece)
    return packets + stream.encode()


def regular(count: int, rate: Fraction | int = 25, start: Fraction | int = 0) -> list[Fraction]:
    return [Fraction(start) + Fraction(k) / rate for k in range(count)]


@pytest.fixture(scope="session")
def media() -> dict[str, Callable]:
    """The makers above, for tests."""
    return {"video": make_video, "stamp": stamp, "stamps": stamps, "regular": regular}
