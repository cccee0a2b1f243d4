"""Sound stays in step with the picture, measured on pulses."""

import wave
from fractions import Fraction

import av
import numpy as np
import pytest

from tavce.errors import InputError
from tavce.media.audio import fit_audio, placed, read_audio, read_sound, read_wav, write_wav

RATE = 44_100


def pulses(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Return 2 ms pulses at 0.1, 0.3, 0.5 ... s."""
    sound = np.zeros((channels, round(seconds * rate)))
    for time in np.arange(0.1, seconds - 0.05, 0.2):
        first = round(time * rate)
        sound[:, first : first + rate // 500] = 0.8
    return sound


def onsets(samples: np.ndarray) -> np.ndarray:
    """Return the times in seconds at which pulses begin."""
    loud = np.flatnonzero(np.abs(samples.astype(float)) > 0.4 * 32768)
    return loud[np.r_[True, np.diff(loud) > 800]] / 16_000


CONTAINERS = [
    (".mp4", "aac", RATE),
    (".mp4", "aac", 16_000),
    (".mkv", "aac", 48_000),
    (".mkv", "libopus", 48_000),
    (".mkv", "pcm_s16le", 22_050),
    (".mov", "pcm_s16le", RATE),
    (".ts", "aac", RATE),
]


@pytest.mark.parametrize(("suffix", "codec", "rate"), CONTAINERS)
def test_pulses_come_when_they_are_heard(media, tmp_path, suffix, codec, rate):
    sound = (pulses(2, rate, 2), rate, Fraction(0))
    path = media["video"](tmp_path / f"a{suffix}", media["regular"](50), sound=sound, sound_codec=codec)
    got = read_audio(path)
    # Ignoring the priming of AAC would shift by 21 to 64 ms.
    np.testing.assert_allclose(onsets(got), np.arange(0.1, 1.95, 0.2), atol=0.001)
    assert abs(len(got) / 16_000 - 2) < 0.065  # an AAC frame of 1024 samples at 16 kHz


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "aac"), (".mkv", "aac"), (".mov", "pcm_s16le"), (".ts", "aac")])
def test_sound_that_starts_200_ms_late_stays_late(media, tmp_path, suffix, codec):
    sound = (pulses(2), RATE, Fraction(1, 5))
    path = media["video"](tmp_path / f"late{suffix}", media["regular"](50), sound=sound, sound_codec=codec)
    got = read_audio(path)
    np.testing.assert_allclose(onsets(got)[:5], np.arange(0.3, 1.2, 0.2), atol=0.0015)
    assert np.abs(got[: int(0.17 * 16_000)]).max() < 300


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "aac"), (".mkv", "libopus"), (".mov", "pcm_s16le")])
def test_sound_before_the_first_picture_is_cut(media, tmp_path, suffix, codec):
    sound = (pulses(2, 48_000), 48_000, Fraction(0))
    path = media["video"](
        tmp_path / f"early{suffix}", media["regular"](40, start=Fraction(1, 4)), sound=sound, sound_codec=codec
    )
    np.testing.assert_allclose(onsets(read_audio(path))[:5], np.arange(0.05, 0.9, 0.2), atol=0.0015)


def test_mono_is_the_mean_of_the_channels(media, tmp_path):
    time = np.arange(RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    for channels, share in ((np.stack([tone, 0 * tone]), 0.5), (np.stack([tone, tone]), 1.0), (tone[None], 1.0)):
        sound = (channels, RATE, Fraction(0))
        path = media["video"](tmp_path / "t.mkv", media["regular"](25), sound=sound, sound_codec="pcm_s16le")
        middle = read_audio(path)[2000:-2000] / 32768
        # swresample's own downmix of float stereo would give 0.707 of the sum, and clip loud stereo.
        assert np.abs(middle).max() == pytest.approx(0.5 * share, rel=0.005)


def test_16_khz_mono_passes_bit_for_bit(media, tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 16_000).astype(np.int16)
    write_wav(tmp_path / "a.wav", samples)
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav"), samples)
    assert len(read_audio(tmp_path / "a.wav", sample_rate=8000)) == 8000


@pytest.mark.parametrize("pixel_format", ["pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_f64le", "flac", "libmp3lame"])
def test_any_sample_format(media, tmp_path, pixel_format):
    sound = (pulses(1, 16_000), 16_000, Fraction(0))
    path = media["video"](tmp_path / "a.mkv", media["regular"](25), sound=sound, sound_codec=pixel_format)
    got = read_audio(path)
    np.testing.assert_allclose(onsets(got), [0.1, 0.3, 0.5, 0.7, 0.9], atol=0.001)
    quiet = got[:1000].astype(float)
    assert np.abs(quiet).max() <= 300


def test_a_gap_in_the_stream_is_silence(tmp_path):
    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for start in (0, 1600, 8000):
            frame = av.AudioFrame.from_ndarray(np.full((1, 1600), 1000, np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    got = read_audio(path)
    assert len(got) == 9600
    assert (got[:3200] == 1000).all()
    assert (got[3200:8000] == 0).all()
    assert (got[8000:] == 1000).all()


def ones(count: int) -> np.ndarray:
    return np.ones(count, np.float32)


@pytest.mark.parametrize(
    ("times", "start", "expected"),
    [
        ([0, 0.1], 0, [1] * 20),
        ([0.05, 0.15], 0, [0] * 5 + [1] * 20),
        ([0.05, 0.15], None, [1] * 20),
        ([0, 0.1], 0.05, [1] * 15),
        ([0, 0.1], 0.15, [1] * 5),
        ([0, 0.2], 0, [1] * 10 + [0] * 10 + [1] * 10),
        ([0, 0.05], 0, [1] * 15),
        ([0, 0.105], 0, [1] * 20),
        ([0, None], 0, [1] * 20),
        ([None, None], 0, [1] * 20),
    ],
)
def test_chunks_are_placed_by_their_time(times, start, expected):
    def exact(value):
        return None if value is None else Fraction(str(value))

    got = placed([(exact(time), ones(10)) for time in times], 100, exact(start))
    assert np.concatenate(list(got)).tolist() == expected


def test_rounded_timestamps_do_not_tear_the_sound():
    exact = [Fraction(k * 1024, RATE) for k in range(200)]
    rounded = [Fraction(round(time * 1000), 1000) for time in exact]
    assert sum(len(each) for each in placed([(time, ones(1024)) for time in rounded], RATE, Fraction(0))) == 200 * 1024


def test_no_sound(media, tmp_path):
    path = media["video"](tmp_path / "mute.mp4", media["regular"](5))
    with pytest.raises(InputError, match="no audio stream"):
        read_audio(path)


def test_truncated_sound(media, tmp_path):
    sound = (pulses(2), RATE, Fraction(0))
    whole = media["video"](
        tmp_path / "a.mp4", media["regular"](50), sound=sound, file_options={"movflags": "+faststart"}
    )
    data = whole.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(InputError, match=r"cut\.mp4"):
        read_audio(tmp_path / "cut.mp4")


def test_fit_audio_is_640_samples_per_frame():
    samples = np.arange(1, 2001).astype(np.int16)
    assert len(fit_audio(samples, 3)) == 1920
    np.testing.assert_array_equal(fit_audio(samples, 3), samples[:1920])
    np.testing.assert_array_equal(fit_audio(samples, 4), np.r_[samples, np.zeros(560, np.int16)])
    assert len(fit_audio(samples, 0)) == 0


def test_wav_round_trip_and_bytes(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 3000).astype(np.int16)
    write_wav(tmp_path / "a.wav", samples)
    write_wav(tmp_path / "b.wav", samples)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    np.testing.assert_array_equal(read_wav(tmp_path / "a.wav"), samples)


def test_read_wav_refuses_what_it_would_have_to_convert(tmp_path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(bytes(400))
    with pytest.raises(InputError, match="44100 Hz, 2 channels, 16 bits"):
        read_wav(path)
    write_wav(path, np.ones(1000, np.int16))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match="its header says 1000"):
        read_wav(path)
    path.write_bytes(b"RIFF")
    with pytest.raises(InputError, match="not a PCM WAV"):
        read_wav(path)
    with pytest.raises(InputError, match="no such file"):
        read_wav(tmp_path / "none.wav")


def test_the_sound_of_a_video_is_its_stream_or_else_the_wav_beside_it(media, tmp_path):
    with_sound = media["video"](tmp_path / "a.mkv", media["regular"](25), sound=(pulses(1), RATE, Fraction(0)))
    silent = media["video"](tmp_path / "b.mkv", media["regular"](25))
    other = np.arange(16_000, dtype=np.int16)
    write_wav(tmp_path / "a.wav", other)
    assert np.array_equal(read_sound(with_sound), read_audio(with_sound))  # a stranger of the same name is ignored
    with pytest.raises(InputError, match="no audio stream"):
        read_sound(silent)
    write_wav(tmp_path / "b.wav", other)
    assert np.array_equal(read_sound(silent), other)
