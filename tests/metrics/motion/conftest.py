"""Faces whose truth is known: synthtalk's people, with the coefficients behind their exact landmarks."""

from dataclasses import dataclass

import numpy as np
import pytest

from tavce.data.synthetic.geometry import landmarks
from tavce.data.synthetic.identity import make_identity
from tavce.data.synthetic.motion import blink_times
from tavce.data.synthetic.performance import COEFFICIENTS, perform
from tavce.data.synthetic.script import script
from tavce.data.synthetic.speech import fit_speech, speak
from tavce.data.synthetic.voices import VOICES

SECONDS, SIZE = 6.0, 128


@dataclass(frozen=True, repr=False)
class Take:
    """One person speaking: landmarks, coefficients by name, sound, blink starts; `other`: other motion, same sound."""

    landmarks: np.ndarray
    truth: dict
    samples: np.ndarray
    blinks: list
    other: np.ndarray


def _take(number):
    voice, seed = VOICES[number], 100 + number
    speech = fit_speech(speak(script("test", SECONDS, voice, seed), voice, seed), SECONDS)
    person, done = make_identity(7, number), perform(speech, SECONDS, seed)
    return Take(
        landmarks=landmarks(person, done, SIZE),
        truth=dict(zip(COEFFICIENTS, done.coefficients().T.astype(np.float64), strict=True)),
        samples=speech.samples,
        blinks=blink_times(SECONDS, seed),
        other=landmarks(person, perform(speech, SECONDS, seed + 800), SIZE),
    )


@pytest.fixture(scope="session")
def takes():
    """Ten people, 6 s each at 128 px."""
    return [_take(number) for number in range(10)]


@pytest.fixture
def jittered():
    """`jittered(landmarks, px=0.3)`: the landmarks as a good detector sees them."""
    rng = np.random.default_rng(8)
    return lambda points, px=0.3: (points + rng.normal(0, px, points.shape)).astype(np.float32)


@pytest.fixture
def moved():
    """`moved(landmarks)`: the same face elsewhere, larger and tilted, without a change of shape."""
    turn = 1.7 * np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])
    return lambda points: points.astype(np.float64) @ turn + (31.0, -7.0)
