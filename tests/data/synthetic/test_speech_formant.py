"""The formant synthesiser: it speaks all our sentences, with formants where they belong."""

import numpy as np
import pytest
from scipy.signal import welch

from tavce.data.synthetic.acoustics import SOUNDS
from tavce.data.synthetic.formant import pronunciations, speak_formant
from tavce.data.synthetic.phonemes import read_mnemonic
from tavce.data.synthetic.script import sentences
from tavce.data.synthetic.visemes import visemes_of
from tavce.data.synthetic.voices import VOICES
from tavce.errors import InputError


def part(text: str, name: str, voice=VOICES[0]) -> np.ndarray:
    """The sound of all phonemes `name` in `text`."""
    samples, phonemes, _ = speak_formant(text, voice, 0)
    return (
        np.concatenate([samples[round(p.start_s * 16000) : round(p.end_s * 16000)] for p in phonemes if p.name == name])
        / 32768
    )


def band_db(sound: np.ndarray, low: float, high: float) -> float:
    frequency, power = welch(sound, 16000, nperseg=256)
    return float(10 * np.log10(power[(frequency >= low) & (frequency < high)].mean() + 1e-15))


def test_every_sentence_can_be_spoken():
    for index, text in enumerate(sentences("train") + sentences("test")):
        if index % 6 == 0:
            samples, phonemes, _ = speak_formant(text, VOICES[index % len(VOICES)], index)
            assert np.abs(samples.astype(int)).max() > 10000
            assert phonemes[-1].end_s == len(samples) / 16000
            assert len(phonemes) > 20


def test_every_word_has_a_pronunciation_of_known_phonemes():
    words = {word.strip(".,?:;").lower() for split in ("train", "test") for s in sentences(split) for word in s.split()}
    assert words == set(pronunciations())
    for marks in pronunciations().values():
        for mark in marks:
            name, _ = read_mnemonic(mark)
            assert name in SOUNDS
            assert visemes_of(name)
        assert sum(mark.startswith("'") for mark in marks) <= 1


def test_formants_tell_vowels_apart():
    front, back = part("Keep the sheep.", "i:"), part("The fox.", "A:")
    assert (
        band_db(front, 200, 400) - band_db(front, 900, 1300) > band_db(back, 200, 400) - band_db(back, 900, 1300) + 10
    )


def test_hiss_lies_high_and_vowels_low():
    hiss, hush, vowel = part("Pass us some soup.", "s"), part("She shook shoes.", "S"), part("Pass us.", "a")
    assert band_db(hiss, 4500, 7500) > band_db(hiss, 200, 2000) + 10
    assert band_db(hush, 2300, 3800) > band_db(hush, 5500, 7500) + 5
    assert band_db(vowel, 300, 1000) > band_db(vowel, 4500, 7500) + 15


def test_voices_have_their_pitch():
    for voice in (VOICES[0], VOICES[6]):
        vowel = part("Mum, Mum, Mum.", "V", voice)
        echo = np.correlate(vowel, vowel, "full")[len(vowel) - 1 :]
        lag = 50 + int(np.argmax(echo[50:250]))
        assert 16000 / lag == pytest.approx(voice.f0_hz, rel=0.25)


@pytest.mark.parametrize("text", ["The xylophone broke.", "He sold 12 books.", "?!"])
def test_what_it_cannot_say_is_refused(text):
    with pytest.raises(InputError):
        speak_formant(text, VOICES[0], 0)
