"""eSpeak NG through the package espeakng_loader: one fresh, seeded process per utterance."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from math import gcd
from pathlib import Path

import numpy as np
from jaxtyping import Int16

from tavce.data.clips import SAMPLE_RATE_HZ
from tavce.data.synthetic.espeak_worker import STATUS
from tavce.data.synthetic.phonemes import PAUSE, Phoneme, read_mnemonic, tile
from tavce.data.synthetic.voices import Voice
from tavce.errors import InputError

TIME_LIMIT_S = 60
STOPS = frozenset({"p", "t", "k", "b", "d", "g", "tS", "dZ", "t[", "d[", "t2"})
LEAD_S = 0.12  # eSpeak NG begins at once; a portrait, taken from the first frame, shows a face at rest
LONGEST_CLOSURE_S = 0.08
SILENT = 20  # of 32767
PROBLEMS = {
    STATUS["library"]: "eSpeak NG does not start with its data folder",
    STATUS["voice"]: "eSpeak NG refuses this voice",
    STATUS["speech"]: "eSpeak NG fails on this text",
}


def speak_espeak(text: str, voice: Voice, seed: int) -> tuple[Int16[np.ndarray, " samples"], tuple[Phoneme, ...], str]:
    """Speak `text`; return the sound at 16 kHz, its phonemes, and the engine's name and version.

    Equal arguments give equal bytes, whatever was spoken before.

    Raises:
        InputError: the package is missing, or eSpeak NG refuses the voice or the text.
    """
    library, folder = _library()
    worker = Path(__file__).with_name("espeak_worker.py")
    options = [voice.espeak, str(voice.rate_wpm), str(voice.pitch), str(seed)]
    command = [sys.executable, "-I", "-S", str(worker), library, *options]
    done = subprocess.run(  # noqa: S603 - our own worker, and no shell
        command, input=text.encode(), cwd=folder, capture_output=True, timeout=TIME_LIMIT_S, check=False
    )
    if done.returncode != 0:
        stderr = done.stderr.decode(errors="replace").strip().splitlines()
        problem = PROBLEMS.get(done.returncode, f"eSpeak NG ended with {done.returncode}: {' '.join(stderr[-1:])}")
        raise InputError(f"voice {voice.espeak}", f"{problem} ({text[:60]!r})", "choose one of tavce's VOICES")
    return _read(done.stdout)


def _read(output: bytes) -> tuple[Int16[np.ndarray, " samples"], tuple[Phoneme, ...], str]:
    head, _, pcm = output.partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    version, rate, length = first.split(" ")
    samples = np.frombuffer(pcm, np.int16)
    if len(samples) != int(length):
        raise InputError("eSpeak NG", f"{len(samples)} samples of {length} arrived", "run again")
    lead = round(LEAD_S * int(rate))
    samples = np.concatenate([np.zeros(lead, np.int16), samples])
    onsets = [(mark, lead + int(sample)) for sample, mark in (line.split(" ", 1) for line in lines)]
    starts = [(mark, start / int(rate)) for mark, start in _with_closures(onsets, samples, int(rate))]
    return _resample(samples, int(rate)), tile(starts, len(samples) / int(rate)), f"espeak-ng {version}"


def _with_closures(
    onsets: Sequence[tuple[str, int]], samples: Int16[np.ndarray, " samples"], rate: int
) -> Iterator[tuple[str, int]]:
    """Yield the onsets, those of stops moved back to the start of the closure.

    eSpeak NG reports a stop at its release and leaves the silence of the closure to the phoneme before it.
    """
    before, last = PAUSE, 0
    for mark, start in onsets:
        name, _ = read_mnemonic(mark)
        moved = start
        if name in STOPS and before != PAUSE:
            floor = max(last + (start - last) // 2, start - round(LONGEST_CLOSURE_S * rate))
            sound = np.flatnonzero(np.abs(samples[floor:start].astype(np.int32)) > SILENT)
            moved = floor + (int(sound[-1]) + 1 if len(sound) else 0)
        yield mark, moved
        before, last = name, start


def _resample(samples: Int16[np.ndarray, " given"], rate: int) -> Int16[np.ndarray, " samples"]:
    # Cut off in the spectrum at 8 kHz. An utterance begins and ends in silence, so that its ends may meet.
    up, down = SAMPLE_RATE_HZ // gcd(SAMPLE_RATE_HZ, rate), rate // gcd(SAMPLE_RATE_HZ, rate)
    blocks = -(-len(samples) // down)
    padded = np.zeros(blocks * down)
    padded[: len(samples)] = samples
    spectrum = np.fft.rfft(padded)[: blocks * up // 2 + 1]
    sound = np.fft.irfft(spectrum, blocks * up) * (up / down)
    return np.clip(np.rint(sound[: -(-len(samples) * up // down)]), -32768, 32767).astype(np.int16)


@cache
def _library() -> tuple[str, str]:
    try:
        import espeakng_loader
    except ImportError as error:
        raise InputError("espeakng_loader", "is not installed", "pip install 'tavce-bench[demo]'") from error
    data = Path(espeakng_loader.get_data_path())
    if not (data / "phontab").is_file():
        raise InputError(data, "has no eSpeak NG data", "reinstall the package espeakng-loader")
    return str(espeakng_loader.get_library_path()), str(data.parent)
