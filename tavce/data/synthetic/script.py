"""What synthetic faces say: our own sentences, apart for training and test."""

from pathlib import Path

import numpy as np

from tavce.data.synthetic.voices import Voice
from tavce.errors import InputError

# Speech outruns its nominal rate, since sentences have many short words.
RATE_MARGIN = 1.6


SENTENCES = Path(__file__).with_name("sentences.txt")


def sentences(split: str, source: Path = SENTENCES) -> tuple[str, ...]:
    """Return the sentences of a split, "train" or "test"; in our own file no word of content is in both.

    Args:
        split: the heading (``# train``, ``# test``) below which they stand, one a line.
        source: the file of sentences. The formant synthesiser knows the words of our own only.

    Raises:
        InputError: there is no such split or file, or it has no sentence for the split.
    """
    found: dict[str, list[str]] = {"train": [], "test": []}
    if split not in found:
        raise InputError("split", f"{split!r} is unknown", f"choose one of {sorted(found)}")
    part: list[str] = []
    if not source.is_file():
        raise InputError(source, "there is no such file", "set `source` to a file of sentences")
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            part = found.get(line[2:], part)
        elif line:
            part.append(line)
    if not found[split]:
        raise InputError(source, f"has no sentence below a line '# {split}'", "add some, one a line")
    return tuple(found[split])


def script(split: str, seconds: float, voice: Voice, seed: int, source: Path = SENTENCES) -> str:
    """Return as many different sentences of `split`, drawn by `seed`, as `voice` needs to speak for `seconds`.

    Raises:
        InputError: the split is unknown, or has too few sentences for such a length.
    """
    pool = sentences(split, source)
    words_needed = seconds * voice.rate_wpm / 60 * RATE_MARGIN
    words, chosen = 0, list[str]()
    for index in np.random.default_rng(seed).permutation(len(pool)):
        chosen.append(pool[index])
        words += len(pool[index].split())
        if words >= words_needed:
            return " ".join(chosen)
    raise InputError("seconds", f"{seconds} need more than the {len(pool)} sentences", "ask for shorter clips")
