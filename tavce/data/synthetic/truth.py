"""What synthtalk's ground truth files say, for those who only read them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def speech_engines(folder: Path, clips: Sequence[str]) -> list[str]:
    """Return a sentence per speech engine that spoke in `clips`, for tables; none where the clips are not synthtalk."""
    engines = set()
    for clip in clips:
        path = folder / f"{clip}.npz"
        if path.is_file():
            with np.load(path) as truth:
                engines.add(str(truth["engine"]))
    return [f"synthtalk speech: {engine}" for engine in sorted(engines)]
