"""Speech with exact phoneme times, by eSpeak NG or, where that is absent, by the formant synthesiser."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int16

from tavce.data.clips import FPS, SAMPLE_RATE_HZ
from tavce.data.synthetic.espeak import speak_espeak
from tavce.data.synthetic.phonemes import PAUSE, Phoneme
from tavce.data.synthetic.visemes import VOWELS
from tavce.data.synthetic.voices import Voice
from tavce.errors import InputError

Engine = Literal["espeak-ng", "formant"]
RATES_WPM = (80, 300)


@dataclass(frozen=True)
class Speech:
    """An utterance.

    Attributes:
        samples: 16 kHz mono.
        phonemes: cover the sound from its first to its last sample, without gap or overlap.
        engine: name and version of what spoke.
    """

    samples: Int16[np.ndarray, " samples"]
    phonemes: tuple[Phoneme, ...]
    engine: str

    @property
    def seconds(self) -> float:
        """The length of the sound."""
        return len(self.samples) / SAMPLE_RATE_HZ


def speech_engine() -> Engine:
    """Return which engine speaks here: eSpeak NG where its package is installed, else the formant synthesiser."""
    return "espeak-ng" if find_spec("espeakng_loader") else "formant"


def speak(text: str, voice: Voice, seed: int, engine: Engine | None = None) -> Speech:
    """Speak `text` with `voice`; equal arguments give equal bytes.

    Args:
        text: one or more English sentences; the formant synthesiser knows the words of sentences.txt only.
        voice: one of `VOICES`, or one made from it.
        seed: not negative; moves breath and friction, and with the formant synthesiser timing and melody. eSpeak NG has
            variants without noise, such as m5, which a seed doesn't move.
        engine: by default that of `speech_engine`.

    Raises:
        InputError: the text is empty or has unknown words, or the voice is refused.
    """
    if not text.strip() or "\0" in text:
        raise InputError("text", f"{text[:40]!r} says nothing", "give a sentence")
    if not RATES_WPM[0] <= voice.rate_wpm <= RATES_WPM[1]:
        raise InputError(voice.name, f"rate {voice.rate_wpm} wpm is outside {RATES_WPM}", "choose a rate inside")
    if seed < 0:
        raise InputError("seed", f"{seed} is negative", "give 0 or more")
    chosen = engine or speech_engine()
    if chosen == "espeak-ng":
        return Speech(*speak_espeak(text, voice, seed))
    from tavce.data.synthetic.formant import speak_formant  # its filters take two seconds to import

    return Speech(*speak_formant(text, voice, seed))


def frames_of(seconds: float) -> int:
    """Return the number of frames in `seconds`.

    Raises:
        InputError: it is not a whole number above 0.
    """
    frames = round(seconds * FPS) if np.isfinite(seconds) else 0
    if frames < 1 or abs(frames - seconds * FPS) > 1e-6:
        raise InputError("seconds", f"{seconds} is not a whole number of frames", f"give a multiple of {1 / FPS}")
    return frames


def fit_speech(speech: Speech, seconds: float) -> Speech:
    """Cut `speech`, or pad it with silence, to exactly `seconds`; the times of the phonemes that remain stay.

    Raises:
        InputError: `seconds` is not a whole number of frames.
    """
    length = frames_of(seconds) * SAMPLE_RATE_HZ // FPS
    end = length / SAMPLE_RATE_HZ
    samples = np.zeros(length, np.int16)
    samples[: len(speech.samples)] = speech.samples[:length]
    phonemes = [replace(each, end_s=min(each.end_s, end)) for each in speech.phonemes if each.start_s < end]
    if phonemes and phonemes[-1].name == PAUSE:
        phonemes[-1] = replace(phonemes[-1], end_s=end)
    elif not phonemes or phonemes[-1].end_s < end:
        phonemes.append(Phoneme(PAUSE, False, phonemes[-1].end_s if phonemes else 0.0, end))
    return Speech(samples, tuple(phonemes), speech.engine)


def loudness(speech: Speech) -> Float64[np.ndarray, " phonemes"]:
    """Return how loud each phoneme is: its RMS relative to the loudest tenth of the vowels, at most 1; 0 in silence."""
    rms = np.array([_rms(speech.samples, each) for each in speech.phonemes])
    vowels: Sequence[float] = [level for level, each in zip(rms, speech.phonemes, strict=True) if each.name in VOWELS]
    top = float(np.quantile(vowels, 0.9)) if len(vowels) else 0.0
    return np.minimum(rms / top, 1.0) if top > 0 else np.zeros(len(rms))


def _rms(samples: Int16[np.ndarray, " samples"], phone: Phoneme) -> float:
    part = samples[round(phone.start_s * SAMPLE_RATE_HZ) : round(phone.end_s * SAMPLE_RATE_HZ)].astype(np.float64)
    return float(np.sqrt(np.mean(part**2))) if len(part) else 0.0
