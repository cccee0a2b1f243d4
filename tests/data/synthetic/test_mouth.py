"""The mouth: lips that close, round and spread with the phonemes, at every frame."""

import numpy as np
import pytest

from tavce.data.synthetic import coarticulation
from tavce.data.synthetic.coarticulation import mouth_curves
from tavce.data.synthetic.performance import frame_centres
from tavce.data.synthetic.phonemes import PAUSE, Phoneme, tile
from tavce.data.synthetic.script import script, sentences
from tavce.data.synthetic.speech import fit_speech, loudness, speak
from tavce.data.synthetic.visemes import CONSONANTS, PARAMETERS, VISEMES, VOWELS, visemes_of
from tavce.data.synthetic.voices import VOICES
from tavce.errors import InputError

APERTURE, WIDTH, PROTRUSION, TEETH = range(4)


@pytest.fixture(scope="module")
def clips():
    """Every voice says two clips of 3 s, with whichever engine is here."""
    made = [(script("train", 3.0, voice, i), voice, i) for i, voice in enumerate(VOICES * 2)]
    return [fit_speech(speak(*each), 3.0) for each in made]


def worst_closure(clips, delay_s=0.0) -> tuple[float, int]:
    """The widest aperture inside any p, b or m, and how many of them hold a frame's centre."""
    times, worst, count = frame_centres(75), 0.0, 0
    for clip in clips:
        aperture = mouth_curves(clip.phonemes, loudness(clip), times - delay_s)[:, APERTURE]
        for each in clip.phonemes:
            inside = (times >= each.start_s) & (times < each.end_s)
            if each.name in ("p", "b", "m") and inside.any():
                worst, count = max(worst, float(aperture[inside].max())), count + 1
    return worst, count


def curves_of(*names: str, length_s: float = 0.12) -> np.ndarray:
    """Curves of a few phonemes of equal length between pauses, every 2 ms."""
    marks = [(PAUSE, 0.0), *((name, 0.2 + i * length_s) for i, name in enumerate(names))]
    end = 0.2 + len(names) * length_s
    phonemes = tile([*marks, (PAUSE, end)], end + 0.3)
    return mouth_curves(phonemes, np.ones(len(phonemes)), np.arange(0, end + 0.3, 0.002))


def during(curves: np.ndarray, index: int, length_s: float = 0.12) -> np.ndarray:
    """The part of `curves_of` in which its phoneme `index` sounds."""
    start = 0.2 + index * length_s
    return curves[round(start / 0.002) + 1 : round((start + length_s) / 0.002)]


def test_lips_close_in_every_bilabial(clips):
    worst, count = worst_closure(clips)
    assert count > 60
    assert worst < 0.02


def test_a_late_mouth_would_be_noticed(clips):
    assert worst_closure(clips, delay_s=0.08)[0] > 0.3


def test_without_the_gate_lips_would_stay_open(clips, monkeypatch):
    monkeypatch.setattr(coarticulation, "BILABIALS", frozenset())
    assert worst_closure(clips)[0] > 0.1


def test_the_mouth_is_lively_and_moves_smoothly(clips):
    times = frame_centres(75)
    for clip in clips:
        curves = mouth_curves(clip.phonemes, loudness(clip), times)
        assert curves.shape == (75, len(PARAMETERS))
        assert curves.min() >= 0
        assert curves.max() <= 1
        assert curves[:, APERTURE].max() > 0.4
        assert curves[:, APERTURE].std() > 0.1
        lips = [p for p in clip.phonemes if p.name in ("p", "b", "m", "f", "v")]
        near = np.array([any(p.start_s - 0.11 < t < p.end_s + 0.11 for p in lips) for t in times])
        free = ~(near[1:] | near[:-1])
        assert np.abs(np.diff(curves[:, [APERTURE, WIDTH, PROTRUSION]], axis=0))[free].max(initial=0) < 0.6


def test_rounded_vowels_protrude_and_spread_ones_widen():
    rounded, spread = curves_of("t", "u:", "t"), curves_of("t", "i:", "t")
    assert during(rounded, 1)[:, PROTRUSION].max() > 0.8
    assert during(spread, 1)[:, PROTRUSION].max() < 0.1
    assert during(spread, 1)[:, WIDTH].max() > 0.8 > 0.2 > during(rounded, 1)[:, WIDTH].min()


def test_a_consonant_takes_the_lips_of_its_vowel():
    rounded, spread = curves_of("u:", "t", "u:"), curves_of("i:", "t", "i:")
    assert during(rounded, 1)[:, PROTRUSION].mean() > during(spread, 1)[:, PROTRUSION].mean() + 0.4


def test_diphthongs_glide():
    curves = during(curves_of("t", "aU", "t", length_s=0.2), 1, length_s=0.2)
    assert curves[30, APERTURE] > curves[75, APERTURE] + 0.3
    assert curves[75, PROTRUSION] > curves[30, PROTRUSION] + 0.3


def test_labiodentals_show_teeth_and_nearly_close():
    curves = during(curves_of("a", "f", "a"), 1)
    assert curves[:, APERTURE].max() < 0.07
    assert curves[:, APERTURE].min() > 0.02
    assert curves[:, TEETH].min() > 0.8
    # A bilabial beside it still closes.
    assert during(curves_of("a", "f", "p", "a"), 2)[:, APERTURE].max() < 0.02


def test_sibilants_clench():
    curves = during(curves_of("a", "s", "a"), 1)
    assert curves[:, APERTURE].min() < 0.25
    assert curves[:, TEETH].max() > 0.8


def test_stressed_and_loud_vowels_open_wider():
    def peak(mark, loud):
        phonemes = tile([("t", 0.0), (mark, 0.1), ("t", 0.25)], 0.4)
        return mouth_curves(phonemes, np.array([0.0, loud, 0.0]), np.arange(0, 0.4, 0.01))[:, APERTURE].max()

    assert peak("'a", 1.0) > peak("a", 1.0) + 0.1
    assert peak("a", 1.0) > peak("a", 0.3) + 0.1


def test_the_mouth_rests_in_pauses():
    curves = curves_of("t", "a")
    assert curves[0, APERTURE] < 0.05
    assert curves[-1, APERTURE] < 0.05
    assert np.abs(np.diff(curves[-50:], axis=0)).max() < 0.01


def test_times_far_outside_are_finite():
    phonemes = tile([("'a", 0.0), ("b", 0.2)], 0.3)
    curves = mouth_curves(phonemes, np.ones(2), np.array([-900.0, 900.0]))
    assert np.isfinite(curves).all()


def test_an_unknown_phoneme_is_refused():
    with pytest.raises(InputError, match="'q!': has no viseme"):
        visemes_of("q!")
    with pytest.raises(InputError, match="has no viseme"):
        mouth_curves((Phoneme("Y:", False, 0.0, 1.0),), np.ones(1), frame_centres(25))


def test_tables_are_complete():
    assert len(VISEMES) == 15
    assert not VOWELS.keys() & CONSONANTS.keys()
    assert {shape for shapes in (VOWELS | CONSONANTS).values() for shape in shapes} | {"sil"} == VISEMES.keys()


def test_every_phoneme_of_our_sentences_has_a_viseme():
    for index, text in enumerate(sentences("train") + sentences("test")):
        if index % 2 == 0:
            for each in speak(text, VOICES[(index // 2) % len(VOICES)], 0).phonemes:
                assert visemes_of(each.name)
