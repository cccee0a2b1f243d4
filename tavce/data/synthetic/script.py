"""What synthetic faces say: our own sentences, apart for training and test."""

from pathlib import Path

import numpy as np

from tavce.data.synthetic.voices import Voice
from tavce.errors import InputError

# Speech outruns its nominal rate, since sentences have many short words.
RATE_MARGIN = 1.6


def sentences(split: str) -> tuple[str, ...]:
    """Return the sentences of a split, "train" or "test"; no sentence and no word of content is in both.

    Raises:
        InputError: there is no such split.
    """
    path = Path(__file__).with_name("sentences.txt")
    found: dict[str, list[str]] = {"train": [], "test": []}
    if split not in found:
        raise InputError("split", f"{split!r} is unknown", f"choose one of {sorted(found)}")
    part: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            part = found.get(line[2:], part)
        elif line:
            part.append(line)
    return tuple(found[split])


def script(split: str, seconds: float, voice: Voice, seed: int) -> str:
    """Return as many different sentences of `split`, drawn by `seed`, as `voice` needs to speak for `seconds`.

    Raises:
        InputError: the split is unknown, or has too few sentences for such a length.
    """
    pool = sentences(split)
    words_needed = seconds * voice.rate_wpm / 60 * RATE_MARGIN
    words, chosen = 0, list[str]()
    for index in np.random.default_rng(seed).permutation(len(pool)):
        chosen.append(pool[index])
        words += len(pool[index].split())
        if words >= words_needed:
            return " ".join(chosen)
    raise InputError("seconds", f"{seconds} need more than the {len(pool)} sentences", "ask for shorter clips")
