"""Damage in lossless video: FFmpeg conceals it, the checksums tell."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.ffv1 import slices_intact
from tavce.media.video import read_video
from tavce.media.writer import write_video


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 48, 64, 3), dtype=np.uint8)


def packets(path) -> list[tuple[int, bytes]]:
    with av.open(str(path)) as container:
        return [(packet.pts, bytes(packet)) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("options", [{"level": "3", "slicecrc": "1"}, {"level": "4", "strict": "experimental"}])
def test_every_flipped_bit_is_seen(tmp_path, options):
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        frame = av.VideoFrame.from_ndarray(noise(1)[0], "rgb24").reformat(format="bgr0")
        container.mux([*stream.encode(frame), *stream.encode()])
    (_, packet), *_ = packets(path)
    assert slices_intact(packet) is True
    generator = np.random.default_rng(1)
    for position in generator.integers(0, len(packet) - 8, 30):
        damaged = bytearray(packet)
        damaged[position] ^= 1 << int(generator.integers(8))
        assert slices_intact(bytes(damaged)) is not True


def test_video_without_checksums_is_read(tmp_path):
    path = tmp_path / "plain.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options={"level": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for k, rgb in enumerate(noise(3)):
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert {slices_intact(packet) for _, packet in packets(path)} == {None}
    np.testing.assert_array_equal(read_video(path), noise(3))


@pytest.mark.parametrize("number", [0, 6, 11])
def test_one_wrong_bit_in_a_file_is_an_error(tmp_path, number):
    path = tmp_path / "clip.mkv"
    write_video(path, noise(12))
    packet = packets(path)[number][1]
    data = bytearray(path.read_bytes())
    data[data.index(packet) + len(packet) // 3] ^= 1
    path.write_bytes(data)
    with av.open(str(path)) as container:  # FFmpeg itself reports nothing
        assert not any(frame.is_corrupt for frame in container.decode(video=0))
    with pytest.raises(InputError, match=f"near {number / 25:.2f} s"):
        read_video(path)
