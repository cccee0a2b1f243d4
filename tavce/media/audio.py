"""Any sound FFmpeg reads -> 16 kHz mono in step with the pictures, and WAV files."""

import wave
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from math import gcd
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from jaxtyping import Float32, Int16

from tavce.errors import InputError
from tavce.media.container import REPAIR, decoded, opened, sound_stream
from tavce.media.video import FPS, first_picture_time, probe
from tavce.run.atomic import atomic_file

SAMPLE_RATE_HZ = 16_000
SAMPLES_PER_FRAME = SAMPLE_RATE_HZ // FPS
# Containers round timestamps (Matroska to 1 ms); only a larger step is a gap or an overlap. Half a frame is 20 ms.
TOLERANCE_S = Fraction(10, 1000)
ROUNDING_S = Fraction(15, 10_000)
RUN_IN_S = 1  # decoded before a part of a sound: transforms overlap, and resamplers look back


def read_audio(
    path: Path, *, sample_rate: int = SAMPLE_RATE_HZ, first: int = 0, stop: int | None = None
) -> Int16[np.ndarray, " samples"]:
    """Return the sound of a video or sound file as mono, with sample 0 at the time of the first picture.

    Sound that starts after the first picture gets silence in front, sound before it is cut off, and gaps in the
    timestamps become silence, so sample n is heard n / sample_rate seconds after the first picture appears. A file
    without moving pictures starts with its first sample. Mono is the mean of all channels, resampled by FFmpeg's
    swresample and rounded to 16 bits. The end is not touched: see `fit_audio`.

    Args:
        path: any file that FFmpeg reads.
        sample_rate: of the result, in Hz.
        first: the first sample that is returned; the file is entered shortly before it. The samples are those of the
            whole sound, except that the resampler's rounding may move one by 1, and that noise which a decoder draws
            at random (AAC) is drawn anew.
        stop: the sample behind the last one.

    Raises:
        InputError: no audio stream, no sound in it, a damaged or missing part (with the second), or a sampling rate
            that changes on the way.
    """
    start = first_picture_time(path)
    pieces = _part(path, start, sample_rate, first, stop) if first else None
    if pieces is None:
        with opened(path) as container:
            frames = _sounds(container, path)
            head = next(frames, None)
            if head is None:
                raise InputError(path, "its audio stream holds no sound", REPAIR)
            rate = head.sample_rate  # of the decoded sound; some AAC headers state half of it
            chunks = _chunks(chain([head], frames), path, rate)
            pieces = _until(_resampled(placed(chunks, rate, start), rate, sample_rate), stop)[first:stop]
    if not len(pieces) and not first:
        raise InputError(path, "its audio stream holds no sound after the first picture", REPAIR)
    return pieces


def read_sound(video: Path, *, first: int = 0, stop: int | None = None) -> Int16[np.ndarray, " samples"]:
    """Return the sound of a video at 16 kHz: its audio stream, or, where it has none, ``<stem>.wav`` beside it.

    Lossless pictures and their sound lie side by side in the folders that the stages write.

    Args:
        video: the file.
        first: as for `read_audio`.
        stop: as for `read_audio`.

    Raises:
        InputError: there is neither, or it cannot be read.
    """
    beside = video.with_suffix(".wav")
    if beside.is_file() and not probe(video).has_audio:
        return read_wav(beside)[first:stop]
    return read_audio(video, first=first, stop=stop)


def _part(
    path: Path, start: Fraction | None, sample_rate: int, first: int, stop: int | None
) -> Int16[np.ndarray, " samples"] | None:
    """Return samples `first` to `stop`, decoded from shortly before them; None where no seek leads there."""
    with opened(path) as container:
        stream = sound_stream(container, path)
        rate, base = stream.codec_context.sample_rate, stream.time_base or Fraction(1, av.time_base)
        opening = next(_sounds(container, path), None)
        if start is None or not rate or opening is None:
            return None
        common = gcd(rate, sample_rate)
        # Both sample grids meet here, so that the resampler's phase is that of the whole sound.
        meeting = (first - 2 * RUN_IN_S * sample_rate) // (sample_rate // common)
        if meeting <= 0:
            return None
        begin = start + Fraction(meeting * (rate // common), rate)
        try:
            container.seek(int((begin - RUN_IN_S) / base), stream=stream)
        except av.FFmpegError:  # no index, or none to be made
            return None
        frames = _sounds(container, path, whole=False)
        head = next(frames, None)
        if head is None or head.sample_rate != rate or head.pts is None or head.pts * base > begin:
            return None
        end = (opening.pts or 0) * base + Fraction(opening.samples, rate)
        chunks = _counted(_chunks(chain([head], frames), path, rate), end, rate)
        skipped = first - meeting * (sample_rate // common)
        pieces = _resampled(placed(chunks, rate, begin), rate, sample_rate)
        return _until(pieces, None if stop is None else stop - first + skipped)[skipped:]


def _counted(
    chunks: Iterable[tuple[Fraction | None, Float32[np.ndarray, " samples"]]], end: Fraction, rate: int
) -> Iterator[tuple[Fraction, Float32[np.ndarray, " samples"]]]:
    """Yield chunks with their times counted in samples, as whole sounds are placed: containers round timestamps.

    Args:
        chunks: from somewhere in the file on.
        end: of the first frame of the file.
        rate: samples per second.
    """
    now: Fraction | None = None
    for time, samples in chunks:
        if now is None or (time is not None and abs(time - now) > TOLERANCE_S):
            own, step = time or Fraction(0), Fraction(max(1, len(samples)), rate)
            counted = end + round((own - end) / step) * step
            now = counted if abs(counted - own) <= ROUNDING_S else own  # behind a gap its own timestamp holds
        yield now, samples
        now += Fraction(len(samples), rate)


def _until(pieces: Iterable[Int16[np.ndarray, " piece"]], stop: int | None) -> Int16[np.ndarray, " samples"]:
    """Return the pieces as one, up to sample `stop`; what comes after it is not asked for."""
    taken, count = [np.zeros(0, np.int16)], 0
    for piece in pieces:
        taken.append(piece)
        count += len(piece)
        if stop is not None and count >= stop:
            break
    return np.concatenate(taken)[:stop]


def check_samples(samples: Int16[np.ndarray, " samples"]) -> None:
    """Refuse audio that cannot be analysed; floats would be 32768 times too quiet for features of the int16 scale.

    Raises:
        InputError: no samples, or samples that are not int16.
    """
    if samples.dtype != np.int16:
        raise InputError("audio", f"samples are {samples.dtype}, not int16", "read it with tavce.media.audio")
    if not len(samples):
        raise InputError("audio", "holds no samples", "give audio of at least one frame (640 samples)")


def fit_audio(samples: Int16[np.ndarray, " samples"], frames: int) -> Int16[np.ndarray, " fitted"]:
    """Return 16 kHz samples cut, or padded with silence at the end, to 640 per frame: exactly `frames` * 640."""
    wanted = frames * SAMPLES_PER_FRAME
    return np.pad(samples[:wanted], (0, max(0, wanted - len(samples))))


def write_wav(path: Path, samples: Int16[np.ndarray, " samples"], sample_rate: int = SAMPLE_RATE_HZ) -> None:
    """Write mono 16-bit WAV, whole or not at all; same samples, same bytes.

    Raises:
        InputError: the folder cannot be written.
    """
    with atomic_file(path) as part, wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())


def read_wav(path: Path) -> Int16[np.ndarray, " samples"]:
    """Return the samples of a 16 kHz mono 16-bit WAV file, exactly as stored.

    Raises:
        InputError: no such file, not WAV, or another rate, depth or number of channels.
    """
    remedy = "convert it with ffmpeg: -ar 16000 -ac 1 -c:a pcm_s16le"
    if not path.is_file():
        raise InputError(path, "there is no such file", "check the path")
    try:
        with wave.open(str(path), "rb") as file:
            found = (file.getframerate(), file.getnchannels(), 8 * file.getsampwidth())
            data, declared = file.readframes(file.getnframes()), file.getnframes()
    except (wave.Error, EOFError) as error:
        raise InputError(path, f"is not a PCM WAV file ({error or 'it ends too early'})", remedy) from error
    if found != (SAMPLE_RATE_HZ, 1, 16):
        problem = f"has {found[0]} Hz, {found[1]} channels, {found[2]} bits; expected 16000 Hz, 1 channel, 16 bits"
        raise InputError(path, problem, remedy)
    if len(data) != 2 * declared:
        raise InputError(path, f"holds {len(data) // 2} samples, its header says {declared}", REPAIR)
    return np.frombuffer(data, "<i2").astype(np.int16)


def _sounds(container: InputContainer, path: Path, *, whole: bool = True) -> Iterator[av.AudioFrame]:
    for frame in decoded(container, sound_stream(container, path), path, whole=whole):
        assert isinstance(frame, av.AudioFrame)
        yield frame


def placed(
    chunks: Iterable[tuple[Fraction | None, Float32[np.ndarray, " samples"]]], rate: int, start: Fraction | None
) -> Iterator[Float32[np.ndarray, " placed"]]:
    """Yield arrays that follow one another without gap or overlap, the first sample at time `start`.

    Args:
        chunks: mono sound with the time of its first sample in seconds; None follows the chunk before.
        rate: samples per second.
        start: time of the first sample wanted; None for the time of the first chunk.
    """
    position = 0
    for time, samples in chunks:
        if start is None:
            start = time or Fraction(0)
        late = 0 if time is None else round((time - start) * rate) - position
        if abs(late) > (TOLERANCE_S * rate if position else 0):
            if late > 0:
                yield np.zeros(late, np.float32)
            position += max(late, 0)
            samples = samples[max(-late, 0) :]
        position += len(samples)
        yield samples


def _chunks(
    frames: Iterable[av.AudioFrame], path: Path, rate: int
) -> Iterator[tuple[Fraction | None, Float32[np.ndarray, " samples"]]]:
    for frame in frames:
        time = frame.pts * frame.time_base if frame.pts is not None and frame.time_base is not None else None
        if frame.sample_rate != rate:
            problem = f"sampling rate changes from {rate} to {frame.sample_rate} Hz at {float(time or 0):.2f} s"
            raise InputError(path, problem, "re-encode the sound with ffmpeg")
        yield time, _mono(frame)


def _mono(frame: av.AudioFrame) -> Float32[np.ndarray, " samples"]:
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype == np.uint8:
        data = data.astype(np.float64) / 128 - 1
    elif data.dtype.kind == "i":
        data = data / 2.0 ** (8 * data.dtype.itemsize - 1)
    mono: Float32[np.ndarray, " samples"] = data.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mono


def _resampled(
    pieces: Iterable[Float32[np.ndarray, " samples"]], rate: int, sample_rate: int
) -> Iterator[Int16[np.ndarray, " resampled"]]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=sample_rate)
    for piece in pieces:
        if len(piece):
            frame = av.AudioFrame.from_ndarray(piece[None], format="fltp", layout="mono")
            frame.sample_rate = rate
            yield from _values(resampler.resample(frame))
    yield from _values(resampler.resample(None))


def _values(frames: list[av.AudioFrame]) -> Iterator[Int16[np.ndarray, " samples"]]:
    for frame in frames:
        yield frame.to_ndarray()[0].astype(np.int16)
