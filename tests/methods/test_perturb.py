"""Small changes of the truth: each does what it says, and nothing else."""

from pathlib import Path

import numpy as np
import pytest

from metrics.psnr import psnr
from tavce.media.audio import read_wav, write_wav
from tavce.media.video import read_video
from tavce.media.writer import write_aac, write_video
from tavce.methods.contract import Request
from tavce.methods.perturb import Aac, Delayed, Encoded, Moved, Resized, Unchanged, moved, perturb

FRAMES, SIDE = 10, 96


def speech(frames: int) -> np.ndarray:
    """Bursts of a gliding tone with noise: its correlation with itself has one sharp peak."""
    t = np.arange(frames * 640) / 16_000
    tone = np.sin(2 * np.pi * (180 + 60 * np.sin(7 * t)) * t) * (np.sin(2 * np.pi * 4 * t) > -0.3)
    return (7000 * tone + np.random.default_rng(0).normal(0, 250, len(t))).astype(np.int16)


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    rng = np.random.default_rng(1)
    grey = np.kron(rng.integers(40, 200, (FRAMES, SIDE // 8, SIDE // 8, 1)), np.ones((1, 8, 8, 3)))
    grey += rng.normal(0, 6, (FRAMES, SIDE, SIDE, 1))  # grain, which rate factors pay for
    write_video(tmp_path / "clip.mkv", grey.clip(0, 255).astype(np.uint8))
    write_wav(tmp_path / "clip.wav", speech(FRAMES))
    return Request("clip", tmp_path / "clip.mkv", tmp_path / "clip.wav", None, FRAMES)


def made(change, request, folder):
    out = folder / "out"
    out.mkdir(exist_ok=True)
    assert perturb(change, request, out) == ""
    assert sorted(path.name for path in out.iterdir()) == ["clip.mkv", "clip.wav"]
    return read_video(out / "clip.mkv"), read_wav(out / "clip.wav")


def test_unchanged_is_the_clip(request_, tmp_path):
    frames, sound = made(Unchanged("unchanged"), request_, tmp_path)
    assert (frames == read_video(request_.video)).all()
    assert (sound == speech(FRAMES)).all()


def test_a_higher_rate_factor_costs_more_and_the_sound_nothing(request_, tmp_path):
    truth = read_video(request_.video)
    levels = []
    for name, crf in (("h264", 18), ("h264", 28), ("h265", 28)):
        frames, sound = made(Encoded(name, crf), request_, tmp_path)
        assert frames.shape == truth.shape
        assert (sound == speech(FRAMES)).all()
        levels.append(float(np.mean(psnr(frames, truth))))
    assert levels[0] > levels[1] + 2
    assert 20 < levels[2] < levels[0]


def lag(heard: np.ndarray, true: np.ndarray) -> int:
    size = 4 * len(true)
    spectrum = np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(true.astype(float), size))
    peak = int(np.argmax(np.fft.irfft(spectrum)))
    return peak if peak < size // 2 else peak - size


def test_aac_delays_nothing(request_, tmp_path):
    frames, sound = made(Aac("aac", 64), request_, tmp_path)
    assert (frames == read_video(request_.video)).all()
    assert lag(sound, speech(FRAMES)) == 0
    assert np.corrcoef(sound[:6000], speech(FRAMES)[:6000])[0, 1] > 0.98
    assert (sound != speech(FRAMES)).any()


def test_the_encoder_s_delay_left_in_would_be_seen(tmp_path):
    """The plausible mistake: the 1,024 samples that AAC puts in front."""
    write_aac(tmp_path / "a.mp4", speech(FRAMES), kilobits=64)
    assert lag(np.concatenate([np.zeros(1024, np.int16), speech(FRAMES)]), speech(FRAMES)) == 1024


def test_a_moved_crop_sees_what_lies_further_right_and_down():
    frame = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    seen = moved(frame, 2.0)
    assert (seen[:6, :6] == frame[2:, 2:]).all()
    assert (seen[7, 7] == frame[7, 7]).all()  # beyond the edge: the edge
    assert not (moved(frame, -2.0)[:6, :6] == frame[2:, 2:]).all()


def test_a_quarter_of_a_pixel_is_between(request_, tmp_path):
    frames, _ = made(Moved("moved", 0.25), request_, tmp_path)
    truth = read_video(request_.video).astype(int)
    assert 0 < np.abs(frames.astype(int) - truth).mean() < np.abs(np.roll(truth, -1, 2) - truth).mean()


def test_a_resize_comes_back_nearly(request_, tmp_path):
    frames, _ = made(Resized("resized", 224), request_, tmp_path)
    assert float(np.mean(psnr(frames, read_video(request_.video)))) > 30


def test_late_sound_is_late(request_, tmp_path):
    _, sound = made(Delayed("delayed", 1), request_, tmp_path)
    assert (sound[:640] == 0).all()
    assert (sound[640:] == speech(FRAMES)[:-640]).all()


def test_odd_sides_have_a_reason_and_no_file(tmp_path):
    write_video(tmp_path / "clip.mkv", np.zeros((3, 33, 32, 3), np.uint8))
    write_wav(tmp_path / "clip.wav", speech(3))
    out = tmp_path / "out"
    out.mkdir()
    request = Request("clip", tmp_path / "clip.mkv", tmp_path / "clip.wav", None, 3)
    assert "even sides" in perturb(Encoded("h264", 23), request, out)
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Encoded, ("h264", 52)),
        (Aac, ("aac", 500)),
        (Moved, ("moved", 0.0)),
        (Resized, ("resized", 2)),
        (Delayed, ("delayed", 0)),
    ],
)
def test_values_out_of_range_are_refused(kind, values):
    with pytest.raises(ValueError, match="must lie between"):
        kind(*values)
