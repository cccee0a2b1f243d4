"""Ditto as its authors released it, with its PyTorch weights: portrait and audio in, the portrait's size out.

Its TensorRT engines are tied to one kind of GPU and are not used. Upstream leaves its seeding commented out, calls a
function that NumPy has only since version 2, and keeps worker threads that a failed clip leaves in an unknown state.
The configuration file is a pickle: it can run code, so it must come from upstream's own address.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter

MODELS = "checkpoints/ditto_pytorch"
CONFIG = "checkpoints/ditto_cfg/v0.4_hubert_cfg_pytorch.pkl"


def load(options: adapter.Options) -> adapter.Make:
    """Load the networks once; after a clip that failed, once more."""
    import numpy

    if not hasattr(numpy, "atan2"):
        numpy.atan2 = numpy.arctan2
    import inference
    from stream_pipeline_offline import StreamSDK

    ready: list[Any] = []

    def make(clip: adapter.Clip, folder: Path) -> str:
        pipeline = ready.pop() if ready else StreamSDK(str(options.clone / CONFIG), str(options.clone / MODELS))
        inference.run(pipeline, str(clip.audio), str(clip.image), str(folder / "result.mp4"))
        ready.append(pipeline)
        return "result.mp4"

    return make


if __name__ == "__main__":
    adapter.run(load)
