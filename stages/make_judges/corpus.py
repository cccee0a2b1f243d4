"""synthtalk in memory: what the stand-in judges learn from, and what their known answers are asked on."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float32, Int16, Int64, UInt8

from tavce.data.clips import FPS
from tavce.data.synthetic.geometry import landmarks
from tavce.data.synthetic.identity import make_identity
from tavce.data.synthetic.performance import perform
from tavce.data.synthetic.render import render
from tavce.data.synthetic.script import script
from tavce.data.synthetic.speech import fit_speech, speak
from tavce.data.synthetic.voices import VOICES
from tavce.run.pool import run_all


@dataclass(frozen=True)
class Wanted:
    """A corpus in memory.

    Attributes:
        seed: of everything. People of different seeds are different people.
        split: whose sentences they say, "train" or "test"; no word of content is in both.
        identities: number of drawn people.
        clips: number of clips, spread evenly over the people.
        seconds: length of each clip.
        size: side of the square picture in pixels.
    """

    seed: int
    split: str
    identities: int
    clips: int
    seconds: float
    size: int


@dataclass(frozen=True)
class Clips:
    """Clips of one length and size, with their exact ground truth."""

    frames: UInt8[np.ndarray, "clips frames size size 3"]
    samples: Int16[np.ndarray, "clips samples"]
    landmarks: Float32[np.ndarray, "clips frames 68 2"]
    coefficients: Float32[np.ndarray, "clips frames 14"]
    identity: Int64[np.ndarray, " clips"]


def make_clips(wanted: Wanted, *, workers: int) -> Clips:
    """Return the clips of a corpus; the same at any number of workers."""
    made = run_all(partial(_one, wanted), range(wanted.clips), workers=workers, label=f"drawing {wanted.split} clips")
    frames, samples, points, coefficients = zip(*made, strict=True)
    return Clips(
        frames=np.stack(frames),
        samples=np.stack(samples),
        landmarks=np.stack(points).astype(np.float32),
        coefficients=np.stack(coefficients),
        identity=np.arange(wanted.clips) % wanted.identities,
    )


def _one(wanted: Wanted, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    person = number % wanted.identities
    seed = int(np.random.default_rng([wanted.seed, 11, number]).integers(2**31))
    voice = VOICES[int(np.random.default_rng([wanted.seed, 12, person]).integers(len(VOICES)))]
    text = script(wanted.split, wanted.seconds, voice, seed)
    speech = fit_speech(speak(text, voice, seed), wanted.seconds)
    performance = perform(speech, wanted.seconds, seed)
    identity = make_identity(wanted.seed, person)
    frames = np.stack(list(render(identity, performance, wanted.size)))
    assert len(frames) == round(wanted.seconds * FPS)
    return frames, speech.samples, landmarks(identity, performance, wanted.size), performance.coefficients()
