"""Clips as users bring them: numbers of frames, and sound against picture."""

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.audio import fit_audio, read_audio, read_wav
from tavce.media.mel import mel_spectrogram
from tavce.media.mfcc import mfcc
from tavce.media.video import probe, read_frames

pytestmark = pytest.mark.real

FRAMES = {  # each the duration from first picture to end of the last, times 25, rounded half up
    "hdtf_25fps.mp4": 200,
    "glasses_25fps.mp4": 122,
    "blue_30fps.mp4": 166,
    "suit_22fps.mp4": 153,
    "smile_24p6fps.mp4": 109,
    "man_30fps_44k.mp4": 489,
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_and_sound_last_as_long_as_the_clip(real_clips, name):
    path = real_clips / name
    frames = sum(1 for _ in read_frames(path))
    info = probe(path)
    assert frames == FRAMES[name]
    assert info.duration_s is not None
    assert abs(frames / 25 - info.duration_s) <= 0.02 + 1e-9
    samples = read_audio(path)
    assert abs(len(samples) / 16_000 - frames / 25) < 0.065  # AAC ends with a whole frame of 1024 samples
    assert len(fit_audio(samples, frames)) == frames * 640
    assert samples.std() > 10


@pytest.mark.parametrize("name", ["hdtf_25fps.mp4", "glasses_25fps.mp4", "smile_24p6fps.mp4"])
def test_pictures_40_ms_apart_pass_through_one_for_one(real_clips, name):
    with av.open(str(real_clips / name)) as container:
        stored = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    read = [frame.mean() for frame in read_frames(real_clips / name)]
    assert len(read) == len(stored)
    assert np.corrcoef(stored, read)[0, 1] > 0.99


def test_sound_is_counted_from_the_first_picture(real_clips):
    path = real_clips / "suit_22fps.mp4"  # its first picture comes 33 ms after its sound
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    rate = frames[0].sample_rate
    stored = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in frames])
    energy = np.convolve(np.abs(stored), np.ones(rate // 100), "same")[:: rate // 1000][:5000]
    got = np.convolve(np.abs(read_audio(path) / 32768.0), np.ones(160), "same")[::16][:5000]
    shifts = {shift: np.corrcoef(energy[100 + shift : 4500 + shift], got[100:4500])[0, 1] for shift in range(-60, 61)}
    assert abs(max(shifts, key=lambda shift: shifts[shift]) - 33) <= 5


def test_speech_files(real_clips):
    samples = read_wav(real_clips / "speech_vox.wav")
    np.testing.assert_array_equal(read_audio(real_clips / "speech_vox.wav"), samples)
    assert mel_spectrogram(samples).shape[1] == 1 + len(samples) // 200
    assert np.isfinite(mfcc(samples)).all()


def test_no_audio_where_audio_is_needed(real_clips):
    with pytest.raises(InputError, match="bad_no_audio"):
        read_audio(real_clips / "bad_no_audio.mp4")
