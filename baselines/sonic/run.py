"""Sonic as its authors released it: portrait and audio in, the shorter side 512 out.

Upstream makes 12.5 frames per second and doubles them by interpolation, so the last frame has no successor; it makes
the result's folder from its name, which must therefore have one.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter

SHORT_SIDE = 512
STEPS = 25
DYNAMICS = 1.0
EXPAND = 0.5


def load(options: adapter.Options) -> adapter.Make:
    """Load the networks once."""
    from sonic import Sonic

    pipeline = Sonic(0)

    def make(clip: adapter.Clip, folder: Path) -> str:
        image, result = str(clip.image), str(folder / "result.mp4")
        if pipeline.preprocess(image, expand_ratio=EXPAND)["face_num"] <= 0:
            raise adapter.Failed("upstream found no face in the portrait")
        pipeline.process(
            image,
            str(clip.audio),
            result,
            min_resolution=SHORT_SIDE,
            inference_steps=STEPS,
            dynamic_scale=DYNAMICS,
            seed=clip.seed,
        )
        return result

    return make


if __name__ == "__main__":
    adapter.run(load)
