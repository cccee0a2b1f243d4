"""Files that cannot be read whole are errors that name the file, and the second where there is one."""

import re
from fractions import Fraction

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.video import probe, read_video
from tavce.media.writer import write_video


def noise(count: int) -> list[np.ndarray]:
    generator = np.random.default_rng(1)
    return [generator.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".flv"])
@pytest.mark.parametrize("part", [0.01, 0.4, 0.9])
def test_truncated_file(media, tmp_path, suffix, part):
    codec = "flv" if suffix == ".flv" else "libx264"
    options = {"movflags": "+faststart"} if suffix in (".mp4", ".mov") else {}
    whole = media["video"](
        tmp_path / f"whole{suffix}", media["regular"](50), frames=noise(50), codec=codec, file_options=options
    )
    assert len(read_video(whole)) == 50
    data = whole.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(InputError, match=re.escape(str(cut))):
        read_video(cut)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "ffv1"])
def test_a_damaged_packet_is_an_error_with_its_time(media, tmp_path, codec):
    path = tmp_path / "clip.mkv"
    if codec == "ffv1":
        write_video(path, noise(50))
    else:
        coarse, options = Fraction(1, 1000), {"g": "50", "bf": "0"}
        media["video"](path, media["regular"](50), frames=noise(50), codec=codec, time_base=coarse, options=options)
    with av.open(str(path)) as container:
        packet = next(each for each in container.demux(video=0) if each.pts is not None and each.pts >= 1000)
        # Matroska: the position is that of the block, whose header comes before the picture.
        start, size = packet.pos + 16, packet.size
    data = bytearray(path.read_bytes())
    data[start : start + size // 2] = bytes(255 - value for value in data[start : start + size // 2])
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"near (0\.9|1\.0)"):
        read_video(path)


@pytest.mark.parametrize("content", [b"", b"not a video at all\n" * 100, bytes(5000)])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.txt", "clip.avi"])
def test_not_a_video(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    for read in (read_video, probe):
        with pytest.raises(InputError, match=re.escape(str(path))):
            read(path)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "none.mp4", tmp_path):
        with pytest.raises(InputError, match="no such file"):
            read_video(path)


def test_sound_without_pictures(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format="s16", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
    with pytest.raises(InputError, match="no video stream"):
        read_video(path)


def test_a_stream_without_pictures(media, tmp_path):
    path = tmp_path / "none.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width = stream.height = 16
        stream.pix_fmt = "bgr0"
        container.start_encoding()
    with pytest.raises(InputError, match=r"none\.mkv"):
        read_video(path)
