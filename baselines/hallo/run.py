"""Hallo as its authors released it: portrait and audio in, 512 x 512 out.

Upstream draws its noise from a generator with one seed written into the script, so every clip would get the same; the
adapter puts the clip's seed in its place. The sound goes through a vocal separator first, as upstream does it.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

WEIGHTS = {"pose": 1.0, "face": 1.0, "lip": 1.0}
EXPAND = 1.2


def load(options: adapter.Options) -> adapter.Make:
    """Upstream loads its networks in its script, for each clip anew."""

    def make(clip: adapter.Clip, folder: Path) -> str:
        import torch

        seed = torch.manual_seed

        def seed_of_the_clip(fixed: int) -> Any:  # noqa: ANN401 - torch is imported late
            return seed(clip.seed)

        torch.manual_seed = seed_of_the_clip
        upstream.mirror(options.clone, folder, [".cache"])
        inputs = ["--source_image", clip.image, "--driving_audio", clip.audio, "--output", folder / "result.mp4"]
        scales = [word for name, value in WEIGHTS.items() for word in ("--" + name + "_weight", value)]
        with upstream.inside(folder):
            upstream.script("scripts/inference.py", *inputs, *scales, "--face_expand_ratio", EXPAND)
        return "result.mp4"

    return make


if __name__ == "__main__":
    adapter.run(load, isolate=True)
