"""Any video to the clip as it is scored: number of frames, rate, size, sound; and nothing half-written."""

from pathlib import Path

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.audio import read_wav, write_wav
from tavce.media.video import read_video
from tavce.media.writer import write_video
from tavce.methods.external.normalise import Normalised, normalise

RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 256, (10, 32, 48, 3), dtype=np.uint8)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    write_wav(tmp_path / "said.wav", np.arange(1, 6401, dtype=np.int16), 16_000)
    return tmp_path / "said.wav"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def source(tmp_path: Path, frames: np.ndarray = FRAMES) -> Path:
    write_video(tmp_path / "raw.mkv", frames)
    return tmp_path / "raw.mkv"


def test_a_video_as_it_should_be_passes_bit_for_bit(tmp_path: Path, made: Path, audio: Path) -> None:
    done = normalise(source(tmp_path), "c", made, frames=10, size=(48, 32), audio=audio)
    assert done == Normalised(10, 0, 0, None, 25.0)
    assert np.array_equal(read_video(made / "c.mkv"), FRAMES)
    assert np.array_equal(read_wav(made / "c.wav"), np.arange(1, 6401))


def test_lengths(tmp_path: Path, made: Path, audio: Path) -> None:
    done = normalise(source(tmp_path), "c", made, frames=13, size=(48, 32), audio=audio)
    assert (done.made, done.repeated, done.cut) == (10, 3, 0)
    assert np.array_equal(read_video(made / "c.mkv"), FRAMES[[*range(10), 9, 9, 9]])
    assert np.array_equal(read_wav(made / "c.wav"), [*range(1, 6401), *[0] * 1920])
    done = normalise(source(tmp_path), "c", made, frames=4, size=(48, 32), audio=audio)
    assert (done.made, done.repeated, done.cut) == (10, 0, 6)
    assert np.array_equal(read_video(made / "c.mkv"), FRAMES[:4])
    assert len(read_wav(made / "c.wav")) == 4 * 640


@pytest.mark.parametrize(("size", "factor"), [((96, 64), 2), ((24, 16), 0.5)])
def test_sizes(tmp_path: Path, made: Path, audio: Path, size: tuple[int, int], factor: float) -> None:
    ramp = np.broadcast_to(np.arange(0, 192, 4, dtype=np.uint8)[None, None, :, None], (3, 32, 48, 3)).copy()
    ramp[:, 8:16] = 250  # a band that must stay where it is
    done = normalise(source(tmp_path, ramp), "c", made, frames=3, size=size, audio=audio)
    assert done.resized_from == (48, 32)
    result = read_video(made / "c.mkv").astype(int)
    assert result.shape == (3, size[1], size[0], 3)
    band = (result[0, :, 0, 0] > 125).nonzero()[0]
    assert (band.min(), band.max() + 1) == (8 * factor, 16 * factor)
    middle = (np.arange(size[0]) + 0.5) / factor - 0.5  # centres of pixels stay: half a pixel off would be 4 or 1 grey
    inner = slice(4, -4)
    assert np.abs(result[0, -1, inner, 1] - 4 * middle[inner]).max() <= 1


def test_another_rate_goes_by_time(tmp_path: Path, made: Path, audio: Path) -> None:
    path = tmp_path / "fast.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=50)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "bgr0"
        for frame in FRAMES:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    done = normalise(path, "c", made, frames=5, size=(48, 32), audio=audio)
    assert (done.made, done.fps) == (5, 50.0)
    assert np.array_equal(read_video(made / "c.mkv"), FRAMES[::2])


def test_what_cannot_be_used_leaves_nothing(tmp_path: Path, made: Path, audio: Path) -> None:
    raw = source(tmp_path)
    with pytest.raises(InputError, match=r"is 48x32, which has another shape than the 32x32 wanted"):
        normalise(raw, "c", made, frames=10, size=(32, 32), audio=audio)
    normalise(raw, "near", made, frames=10, size=(97, 64), audio=audio)  # a pixel of rounding is no other shape
    (made / "near.mkv").unlink()
    (made / "near.wav").unlink()
    long = source(tmp_path, np.zeros((262, 16, 16, 3), np.uint8))
    normalise(long, "near", made, frames=2, size=(16, 16), audio=audio)
    with pytest.raises(InputError, match=r"has over 260 frames, asked for were 1"):
        normalise(long, "c", made, frames=1, size=(16, 16), audio=audio)
    raw.write_bytes(source(tmp_path).read_bytes()[:-3000])
    with pytest.raises(InputError, match=r"raw.mkv: "):
        normalise(raw, "c", made, frames=10, size=(16, 16), audio=audio)
    with pytest.raises(InputError, match=r"said.wav"):
        audio.write_bytes(b"RIFF")
        normalise(source(tmp_path), "c", made, frames=10, size=(48, 32), audio=audio)
    assert {path.name for path in made.iterdir()} == {"near.mkv", "near.wav"}
