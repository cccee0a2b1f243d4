"""Controls do exactly what their names say: known pictures, known sound, and a reason where they cannot be made."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.audio import read_wav, write_wav
from tavce.media.video import read_video
from tavce.media.writer import write_video
from tavce.methods.contract import MANIFEST, Outcome, Request, read_manifest, write_manifest
from tavce.methods.controls import (
    Control,
    GroundTruth,
    OtherAudio,
    Reencoded,
    ShiftedAudio,
    StillFrame,
    make,
    shift_audio,
)

FRAMES = 12


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    rng = np.random.default_rng(0)
    base = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    write_video(tmp_path / "truth.mkv", [np.roll(base, 2 * k, axis=1) for k in range(FRAMES)])
    write_wav(tmp_path / "truth.wav", rng.integers(-9000, 9000, FRAMES * 640).astype(np.int16), 16_000)
    write_wav(tmp_path / "other.wav", rng.integers(-9000, 9000, 5 * 640).astype(np.int16), 16_000)
    return Request("clip", tmp_path / "truth.mkv", tmp_path / "truth.wav", tmp_path / "other.wav", FRAMES)


def run(control: Control, request: Request, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    out = folder / "out"
    out.mkdir()
    assert make(control, request, out) == ""
    return read_video(out / "clip.mkv"), read_wav(out / "clip.wav")


def test_ground_truth_is_the_reference_to_the_bit(request_: Request, tmp_path: Path) -> None:
    frames, samples = run(GroundTruth("ground_truth"), request_, tmp_path)
    assert np.array_equal(frames, read_video(request_.video))
    assert np.array_equal(samples, read_wav(request_.audio))


def test_still_frame_holds_frame_0(request_: Request, tmp_path: Path) -> None:
    frames, samples = run(StillFrame("still_frame"), request_, tmp_path)
    truth = read_video(request_.video)
    assert len(frames) == FRAMES
    assert (frames == truth[0]).all()
    assert not (truth == truth[0]).all()
    assert np.array_equal(samples, read_wav(request_.audio))


def test_reencoded_is_close_but_not_equal_and_worse_with_a_higher_crf(request_: Request, tmp_path: Path) -> None:
    truth = read_video(request_.video).astype(float)
    errors = []
    for crf in (18, 40):
        (tmp_path / str(crf)).mkdir()
        frames, _ = run(Reencoded("reencoded", crf), request_, tmp_path / str(crf))
        assert frames.shape == truth.shape
        errors.append(np.abs(frames - truth).mean())
        # No lossy file is left.
        assert {path.name for path in (tmp_path / str(crf) / "out").iterdir()} == {"clip.mkv", "clip.wav"}
    assert 0 < errors[0] < errors[1]


@pytest.mark.parametrize("frames", [3, 5, -2, 0])
def test_shifted_audio_is_early_by_whole_frames(request_: Request, tmp_path: Path, frames: int) -> None:
    pictures, samples = run(ShiftedAudio("shifted_audio", frames), request_, tmp_path)
    truth = read_wav(request_.audio)
    assert np.array_equal(pictures, read_video(request_.video))
    assert len(samples) == len(truth)
    if frames >= 0:  # what is heard now was to be heard `frames` later: audio leads, and its offset is +frames
        assert np.array_equal(samples[: len(truth) - frames * 640], truth[frames * 640 :])
        assert not samples[len(truth) - frames * 640 :].any()
    else:
        assert np.array_equal(samples[-frames * 640 :], truth[: frames * 640])
        assert not samples[: -frames * 640].any()


def test_a_shift_beyond_the_end_is_silence() -> None:
    samples = np.ones(1280, np.int16)
    assert not shift_audio(samples, 2).any()
    assert not shift_audio(samples, -7).any()


def test_other_audio_is_fitted_to_the_clip(request_: Request, tmp_path: Path) -> None:
    pictures, samples = run(OtherAudio("other_audio"), request_, tmp_path)
    other = read_wav(cast(Path, request_.other_audio))
    assert np.array_equal(pictures, read_video(request_.video))
    assert len(samples) == FRAMES * 640
    assert np.array_equal(samples[: len(other)], other)
    assert not samples[len(other) :].any()


def test_other_audio_without_another_clip_says_why_and_writes_nothing(request_: Request, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    reason = make(OtherAudio("other_audio"), replace(request_, other_audio=None), tmp_path / "out")
    assert "no clip of another identity" in reason
    assert list((tmp_path / "out").iterdir()) == []


def test_the_manifest_comes_back_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    outcomes = [Outcome("b", "ok", "", 25), Outcome("a", "failed", "no face", 0)]
    write_manifest(outcomes, tmp_path)
    assert read_manifest(tmp_path) == {"a": outcomes[1], "b": outcomes[0]}
    first = (tmp_path / MANIFEST).read_bytes()
    write_manifest(outcomes[::-1], tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == first
    (tmp_path / MANIFEST).write_text('{"clip": "a"}\n')
    with pytest.raises(InputError, match="line 1 is no outcome"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(InputError, match="no manifest"):
        read_manifest(tmp_path)
