"""A formant synthesiser in the manner of Klatt (1980): it speaks our sentences where eSpeak NG is absent.

Pulses and breath pass a cascade of five resonators whose centres glide from phoneme to phoneme; friction noise passes
a resonator of its own. Phoneme times are exact, since the sound is made from them.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int16
from scipy.signal import lfilter, sosfilt

from tavce.data.clips import SAMPLE_RATE_HZ
from tavce.data.synthetic.acoustics import SOUNDS
from tavce.data.synthetic.phonemes import PAUSE, Phoneme, read_mnemonic, tile
from tavce.data.synthetic.voices import Voice
from tavce.errors import InputError

VERSION = "formant 1"
STEP = 80  # samples between two settings of the filters: 5 ms
RATE_OF_TABLE_WPM = 170
LEAD_S, COMMA_S, STOP_S = 0.12, 0.18, 0.32
BURST_S = 0.012
AFFRICATES = frozenset({"tS", "dZ"})
BANDWIDTHS_HZ = (80.0, 100.0, 140.0, 250.0, 300.0)
HIGH_FORMANTS_HZ = (3500.0, 4500.0)
LOUDEST = 0.6
Track = Float64[np.ndarray, " steps"]
Sound = Float64[np.ndarray, " samples"]


def speak_formant(text: str, voice: Voice, seed: int) -> tuple[Int16[np.ndarray, " samples"], tuple[Phoneme, ...], str]:
    """Speak `text`; return the sound at 16 kHz, its phonemes, and the engine's name and version.

    Raises:
        InputError: there is no word, or one without an entry in pronunciations.txt.
    """
    rng = np.random.default_rng(seed)
    phonemes = _time(list(_marks(text)), voice, rng)
    steps = np.arange(0, phonemes[-1].end_s, STEP / SAMPLE_RATE_HZ)
    spoken = _voiced(phonemes, steps, voice, rng) + _friction(phonemes, len(steps) * STEP, rng)
    if np.abs(spoken).max() == 0:
        raise InputError("text", f"{text[:40]!r} has no word", "give a sentence")
    loud = spoken * (LOUDEST * 32767 / np.abs(spoken).max())
    return np.rint(loud).astype(np.int16)[: round(phonemes[-1].end_s * SAMPLE_RATE_HZ)], phonemes, VERSION


@cache
def pronunciations() -> dict[str, tuple[str, ...]]:
    """Return the phonemes of each word, stress marked, as in pronunciations.txt."""
    lines = Path(__file__).with_name("pronunciations.txt").read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if not line.startswith("#")]
    return {word: tuple(marks) for word, *marks in words}


def _marks(text: str) -> Iterator[tuple[str, float]]:
    """Yield each mnemonic with its own length: a pause's in seconds, a phoneme's as 0."""
    yield PAUSE, LEAD_S
    for word in re.findall(r"[^\s,;:.?!]+|[,;:.?!]", text.lower()):
        if word in ",;:":
            yield PAUSE, COMMA_S
        elif word in ".?!":
            yield PAUSE, STOP_S
        elif word in pronunciations():
            yield from ((mark, 0.0) for mark in pronunciations()[word])
        else:
            raise InputError(
                f"word {word!r}",
                "has no pronunciation for the formant synthesiser",
                "add it to pronunciations.txt, or install espeakng-loader",
            )


def _time(marks: Sequence[tuple[str, float]], voice: Voice, rng: np.random.Generator) -> tuple[Phoneme, ...]:
    starts, now = list[tuple[str, float]](), 0
    following = [mark for mark, _ in marks[1:]] + [PAUSE]
    for (mark, pause_s), after in zip(marks, following, strict=True):
        name, stressed = read_mnemonic(mark)
        own = pause_s or SOUNDS[name].seconds * (1.25 if stressed else 1.0) * (1.3 if after == PAUSE else 1.0)
        starts.append((mark, now / SAMPLE_RATE_HZ))
        jitter = 0.0 if name == PAUSE else rng.normal(0, 0.06)
        # Whole samples, so that times are exact on the 16 kHz grid.
        now += round(own * np.exp(jitter) * RATE_OF_TABLE_WPM / voice.rate_wpm * SAMPLE_RATE_HZ)
    return tile(starts, now / SAMPLE_RATE_HZ)


def _smooth(track: Track, width: int) -> Track:
    window = np.hanning(width + 2)[1:-1]
    return np.convolve(np.pad(track, width // 2, mode="edge"), window / window.sum(), mode="valid")[: len(track)]


def _voiced(phonemes: Sequence[Phoneme], steps: Track, voice: Voice, rng: np.random.Generator) -> Sound:
    ends = np.array([each.end_s for each in phonemes])
    index = np.minimum(np.searchsorted(ends, steps, side="right"), len(phonemes) - 1)
    sounds = [SOUNDS[each.name] for each in phonemes]
    starts = np.array([each.start_s for each in phonemes])
    progress = ((steps - starts[index]) / (ends - starts)[index]).clip(0, 1)
    first = np.array([sound.formants[0] for sound in sounds])[index]
    last = np.array([sound.formants[-1] for sound in sounds])[index]
    formants = (first + (last - first) * progress[:, None]) * voice.tract
    accent = np.array([1.0 + 0.25 * each.stressed for each in phonemes])
    strength = np.array([sound.voice for sound in sounds]) * accent
    # The breath of a stop follows its burst.
    breath = np.array([sound.breath for sound in sounds])[index] * np.where(
        np.array([sound.stop for sound in sounds])[index], progress > 0.7, 1.0
    )
    voicing = np.repeat(_smooth(strength[index], 5), STEP)
    source = voicing * _pulses(phonemes, steps, voice, rng)
    source += np.repeat(_smooth(breath, 3), STEP) * rng.normal(0, 0.02, len(voicing))
    return _cascade(source, np.stack([_smooth(formants[:, k], 13) for k in range(3)]), voice)


def _pulses(phonemes: Sequence[Phoneme], steps: Track, voice: Voice, rng: np.random.Generator) -> Sound:
    """Return glottal pulses at an f0 that declines, rises on stressed vowels, and wavers by `rng`."""
    end = phonemes[-1].end_s
    pitch = voice.f0_hz * (1.12 - 0.24 * steps / end)
    for each in phonemes:
        if each.stressed:
            distance = np.clip(np.abs(steps - each.centre_s) / 0.16, 0, 1)
            pitch = pitch * (1 + rng.uniform(0.06, 0.18) * (0.5 + 0.5 * np.cos(np.pi * distance)))
    pitch = np.repeat(_smooth(pitch * np.exp(rng.normal(0, 0.01, len(steps))), 7), STEP)
    phase = np.cumsum(pitch / SAMPLE_RATE_HZ)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    # Two poles give the glottal slope of -12 dB an octave; the difference stands for radiation at the lips.
    return np.asarray(lfilter([1.0, -1.0], [1.0, -1.66, 0.69], pulses))


def _cascade(source: Sound, formants: Float64[np.ndarray, "3 steps"], voice: Voice) -> Sound:
    count = formants.shape[1]
    high = np.repeat(np.array(HIGH_FORMANTS_HZ)[:, None] * voice.tract, count, axis=1)
    sections = _resonators(np.concatenate([formants, high]), np.array(BANDWIDTHS_HZ)[:, None])
    state = np.zeros((len(BANDWIDTHS_HZ), 2))
    out = np.empty_like(source)
    for step in range(count):
        block = slice(step * STEP, (step + 1) * STEP)
        out[block], state = sosfilt(sections[step], source[block], zi=state)
    return out


def _resonators(
    centres: Float64[np.ndarray, "count steps"], bandwidths: Float64[np.ndarray, "count 1"]
) -> Float64[np.ndarray, "steps count 6"]:
    """Return second-order sections of unit gain at 0 Hz (Klatt 1980, equation 2)."""
    centres = np.minimum(centres, 0.47 * SAMPLE_RATE_HZ)
    radius = np.exp(-np.pi * bandwidths / SAMPLE_RATE_HZ) * np.ones_like(centres)
    b, c = 2 * radius * np.cos(2 * np.pi * centres / SAMPLE_RATE_HZ), -(radius**2)
    zero, one = np.zeros_like(b), np.ones_like(b)
    return np.ascontiguousarray(np.stack([1 - b - c, zero, zero, one, -b, -c]).transpose(2, 1, 0))


def _friction(phonemes: Sequence[Phoneme], length: int, rng: np.random.Generator) -> Sound:
    out = np.zeros(length)
    for each in phonemes:
        sound = SOUNDS[each.name]
        start, end = round(each.start_s * SAMPLE_RATE_HZ), round(each.end_s * SAMPLE_RATE_HZ)
        if sound.noise == 0:
            continue
        if sound.stop:
            start += round(0.6 * (end - start))
            end = end if each.name in AFFRICATES else min(end, start + round(BURST_S * SAMPLE_RATE_HZ))
        count = end - start
        centre, bandwidth = sound.band
        b = np.exp(-np.pi * bandwidth / SAMPLE_RATE_HZ)
        noise = lfilter(
            [1.0, -1.0], [1.0, -2 * b * np.cos(2 * np.pi * centre / SAMPLE_RATE_HZ), b * b], rng.normal(0, 1, count)
        )
        ramp = min(count // 2, 160)
        edge = np.clip(np.minimum(np.arange(count) + 1, count - np.arange(count)) / max(ramp, 1), 0, 1)
        out[start:end] += sound.noise * edge * noise / max(float(np.sqrt(np.mean(noise**2))), 1e-9)
    return out
