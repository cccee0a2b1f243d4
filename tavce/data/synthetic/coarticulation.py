"""Phonemes to mouth curves: dominance blending (Cohen and Massaro 1993) plus gates that close the lips.

Each viseme pulls every mouth parameter to its target with a strength that falls off exponentially with the time to
it; a parameter is the mean of the targets weighted so. The blend alone never closes the lips, so gates, which are 1
throughout a bilabial and fall to 0 outside it, multiply the aperture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from tavce.data.synthetic.phonemes import BILABIALS, PAUSE, Phoneme
from tavce.data.synthetic.visemes import CONSONANTS, VISEMES, VOWELS, WEAK, visemes_of

# Per second, before and after the gesture: vowels reach far, consonants pass quickly.
VOWEL_DECAY, CONSONANT_DECAY = (18.0, 22.0), (28.0, 32.0)
# Lip rounding starts earlier and lasts longer than the movement of the jaw.
DECAY_OF_PARAMETER = (1.0, 0.85, 0.7, 1.0)
WEAK_STRENGTH = 0.15
CLOSING_S, NEAR_CLOSING_S = 0.060, 0.045
LABIODENTAL_APERTURE, LABIODENTAL_TEETH = 0.06, 0.85
SHORT_PAUSE_S, PAUSE_EDGE_S = 0.10, 0.04
LABIODENTALS = frozenset(name for name, shapes in CONSONANTS.items() if shapes == ("FF",))


@dataclass(frozen=True)
class Gesture:
    """One viseme in time: it is at full strength from `start_s` to `end_s`; `gain` scales the aperture's target."""

    viseme: str
    start_s: float
    end_s: float
    decay: tuple[float, float]
    strength: float
    gain: float


def mouth_curves(
    phonemes: Sequence[Phoneme], loudness: Float64[np.ndarray, " phonemes"], times: Float64[np.ndarray, " frames"]
) -> Float32[np.ndarray, "frames 4"]:
    """Return aperture, width, protrusion and teeth, each 0..1, at `times`.

    Args:
        phonemes: tiles of the utterance, in order; times outside them see the nearest.
        loudness: of each phoneme, 0 silent .. 1 as loud as the loudest vowels; opens vowels wider.
        times: seconds.

    Raises:
        InputError: a phoneme has no viseme.
    """
    gestures = [each for phone, loud in zip(phonemes, loudness, strict=True) for each in _gestures(phone, loud)]
    curves = _blend(gestures, times)
    near = _gate([phone for phone in phonemes if phone.name in LABIODENTALS], times, NEAR_CLOSING_S)
    closed = _gate([phone for phone in phonemes if phone.name in BILABIALS], times, CLOSING_S)
    curves[:, 0] += near * (np.minimum(curves[:, 0], LABIODENTAL_APERTURE) - curves[:, 0])
    curves[:, 3] += near * (np.maximum(curves[:, 3], LABIODENTAL_TEETH) - curves[:, 3])
    curves[:, [0, 3]] *= (1 - closed)[:, None]
    return np.asarray(np.clip(curves, 0, 1), np.float32)


def _gestures(phone: Phoneme, loudness: float) -> list[Gesture]:
    shapes = visemes_of(phone.name)
    length = phone.end_s - phone.start_s
    if phone.name == PAUSE:
        # The lips part a little before speech and meet a little after it, but rest before the first word.
        edge = min(PAUSE_EDGE_S, length / 2)
        strength = min(1.0, length / SHORT_PAUSE_S)
        start = phone.start_s + edge if phone.start_s > 0 else 0.0
        return [Gesture("sil", start, phone.end_s - edge, CONSONANT_DECAY, strength, 1.0)]
    vowel = phone.name in VOWELS
    decay = VOWEL_DECAY if vowel else CONSONANT_DECAY
    strength = WEAK_STRENGTH if phone.name in WEAK else 1.0
    gain = 0.45 + 0.25 * phone.stressed + 0.35 * loudness if vowel else 1.0
    step = length / len(shapes)
    starts = [phone.start_s + index * step for index in range(len(shapes))]
    return [
        Gesture(shape, start + 0.3 * step, start + 0.7 * step, decay, strength, gain)
        for shape, start in zip(shapes, starts, strict=True)
    ]


def _blend(gestures: Sequence[Gesture], times: Float64[np.ndarray, " frames"]) -> Float64[np.ndarray, "frames 4"]:
    target = np.array([VISEMES[each.viseme].target for each in gestures])
    target[:, 0] *= [each.gain for each in gestures]
    peak = np.array([VISEMES[each.viseme].dominance for each in gestures])
    peak *= np.array([each.strength for each in gestures])[:, None]
    before = np.maximum(np.array([each.start_s for each in gestures]) - times[:, None], 0)
    after = np.maximum(times[:, None] - np.array([each.end_s for each in gestures]), 0)
    fall = before * [each.decay[0] for each in gestures] + after * [each.decay[1] for each in gestures]
    # The nearest gesture counts as distance 0 nowhere but in the quotient: far outside, all weights underflow together.
    fall -= fall.min(axis=1, keepdims=True)
    dominance = peak * np.exp(-fall[:, :, None] * np.array(DECAY_OF_PARAMETER))
    return np.asarray((dominance * target).sum(axis=1) / dominance.sum(axis=1))


def _gate(
    phonemes: Sequence[Phoneme], times: Float64[np.ndarray, " frames"], ramp_s: float
) -> Float64[np.ndarray, " frames"]:
    gate = np.zeros(len(times))
    for phone in phonemes:
        outside = np.maximum(phone.start_s - times, times - phone.end_s)
        gate = np.maximum(gate, 0.5 + 0.5 * np.cos(np.pi * np.clip(outside / ramp_s, 0, 1)))
    return gate
