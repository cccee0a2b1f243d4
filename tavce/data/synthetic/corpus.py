"""synthtalk: a seeded list of clips, and each clip's speech, performance, pictures and exact ground truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tavce.data.clips import Clip, file_sha256
from tavce.data.synthetic.geometry import landmarks
from tavce.data.synthetic.identity import make_identity
from tavce.data.synthetic.performance import perform
from tavce.data.synthetic.render import render
from tavce.data.synthetic.script import script
from tavce.data.synthetic.speech import fit_speech, speak
from tavce.data.synthetic.voices import VOICES
from tavce.media.audio import write_wav
from tavce.media.writer import write_video


@dataclass(frozen=True)
class CorpusSettings:
    """The synthtalk corpus.

    Attributes:
        seed: of everything: identities, sentences, voices, motion.
        identities: number of drawn people.
        test_identities: how many of them are seen in the test split only, with sentences of its own.
        clips: number of clips, spread evenly over the identities.
        seconds: length of each clip.
        size: side of the square picture in pixels.
    """

    kind: Literal["synthetic"]
    seed: int
    identities: int
    test_identities: int
    clips: int
    seconds: float
    size: int

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} must not be negative")
        if not 0 < self.test_identities < self.identities:
            raise ValueError(f"test_identities {self.test_identities} must lie between 1 and identities - 1")
        if self.clips < self.identities:
            raise ValueError(f"clips {self.clips} must be at least identities {self.identities}")
        if self.size < 32 or self.seconds < 0.4:
            raise ValueError(f"size {self.size} and seconds {self.seconds} must be at least 32 and 0.4")


@dataclass(frozen=True)
class Plan:
    """What one clip will be: who says what, in which voice, from which seed."""

    id: str
    split: Literal["train", "test"]
    identity: int
    text: str
    voice: int
    seed: int


def plan(settings: CorpusSettings, source: Path) -> list[Plan]:
    """Return the clips of the corpus; test identities and test sentences never occur in the train split.

    Args:
        settings: the corpus.
        source: the file of sentences, see `tavce.data.synthetic.script.sentences`.
    """
    identities = np.random.default_rng([settings.seed, 0]).permutation(settings.identities)
    test = set(identities[: settings.test_identities].tolist())
    plans = []
    for number in range(settings.clips):
        identity = number % settings.identities
        split: Literal["train", "test"] = "test" if identity in test else "train"
        seed = int(np.random.default_rng([settings.seed, 1, number]).integers(2**31))
        # One voice per person, as with real people.
        voice = int(np.random.default_rng([settings.seed, 2, identity]).integers(len(VOICES)))
        plans.append(
            Plan(
                id=f"id{identity:03d}_{number // settings.identities:03d}",
                split=split,
                identity=identity,
                text=script(split, settings.seconds, VOICES[voice], seed, source),
                voice=voice,
                seed=seed,
            )
        )
    return plans


def make_clip(item: Plan, settings: CorpusSettings, dataset: str, folder: Path) -> Clip:
    """Write ``<id>.mkv``, ``<id>.wav`` and ``<id>.npz`` (ground truth) into `folder` and return the clip.

    The ground truth holds `landmarks` (frames 68 2, pixels), `coefficients` (frames 14, see
    `tavce.data.synthetic.performance.COEFFICIENTS`), `phonemes` with their `phoneme_times` (start, end in s)
    and `phoneme_stress`, the `text` and the speech `engine`.
    """
    speech = fit_speech(speak(item.text, VOICES[item.voice], item.seed), settings.seconds)
    performance = perform(speech, settings.seconds, item.seed)
    identity = make_identity(settings.seed, item.identity)
    video, audio = folder / f"{item.id}.mkv", folder / f"{item.id}.wav"
    frames = write_video(video, render(identity, performance, settings.size))
    write_wav(audio, speech.samples, 16_000)
    np.savez(
        folder / f"{item.id}.npz",
        landmarks=landmarks(identity, performance, settings.size),
        coefficients=performance.coefficients(),
        phonemes=np.array([phoneme.name for phoneme in speech.phonemes]),
        phoneme_times=np.array([(phoneme.start_s, phoneme.end_s) for phoneme in speech.phonemes], dtype=np.float64),
        phoneme_stress=np.array([phoneme.stressed for phoneme in speech.phonemes]),
        engine=np.array(speech.engine),
        text=np.array(item.text),
    )
    return Clip(
        id=item.id,
        dataset=dataset,
        split=item.split,
        identity=f"id{item.identity:03d}",
        source=video.name,
        start_s=0.0,
        end_s=frames / 25,
        frames=frames,
        box=None,
        affine=None,
        video_sha256=file_sha256(video),
        audio_sha256=file_sha256(audio),
        status="ok",
        reason="",
    )
