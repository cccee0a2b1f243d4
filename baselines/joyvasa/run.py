"""JoyVASA as its authors released it: portrait and audio in, a picture of the portrait's size out.

Upstream animates an animal unless told otherwise, and takes the whole portrait for a face unless told to crop; the
adapter has it crop, stitch and paste back, as LivePortrait does by default, whose renderer it uses. It seeds nothing.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter

GUIDANCE = 2.0
CHOICES = {
    "animation_mode": "human",
    "animation_region": "all",
    "cfg_scale": GUIDANCE,
    "flag_do_crop": True,
    "flag_stitching": True,
    "flag_pasteback": True,
}


def load(options: adapter.Options) -> adapter.Make:
    """Load the networks once."""
    from src.config.argument_config import ArgumentConfig
    from src.config.crop_config import CropConfig
    from src.config.inference_config import InferenceConfig
    from src.live_portrait_wmg_pipeline import LivePortraitPipeline

    arguments = ArgumentConfig()
    for name, value in dict(CHOICES, device_id=0, flag_force_cpu=options.device == "cpu").items():
        setattr(arguments, name, value)

    def part(kind: Any) -> Any:  # noqa: ANN401 - upstream's own classes
        return kind(**{name: value for name, value in vars(arguments).items() if hasattr(kind, name)})

    pipeline = LivePortraitPipeline(inference_cfg=part(InferenceConfig), crop_cfg=part(CropConfig))

    def make(clip: adapter.Clip, folder: Path) -> str:
        arguments.reference, arguments.audio = str(clip.image), str(clip.audio)
        arguments.output_dir = str(folder)
        return str(pipeline.execute(arguments))

    return make


if __name__ == "__main__":
    adapter.run(load, needs_cuda=False)
