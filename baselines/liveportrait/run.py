"""LivePortrait as its authors released it: the portrait moved by the true video; the sound is not used.

Upstream writes the motion of the driving video beside that video, a second video with three panels beside its result,
and in some versions animates the expression only unless told otherwise.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

CHOICES = {"animation_region": "all", "flag_relative_motion": True, "flag_do_crop": True, "flag_pasteback": True}


def load(options: adapter.Options) -> adapter.Make:
    """Load the networks once."""
    from src.config.argument_config import ArgumentConfig
    from src.config.crop_config import CropConfig
    from src.config.inference_config import InferenceConfig
    from src.live_portrait_pipeline import LivePortraitPipeline

    arguments = ArgumentConfig()
    for name, value in dict(CHOICES, device_id=0, flag_force_cpu=options.device == "cpu").items():
        setattr(arguments, name, value)

    def part(kind: Any) -> Any:  # noqa: ANN401 - upstream's own classes
        return kind(**{name: value for name, value in vars(arguments).items() if hasattr(kind, name)})

    pipeline = LivePortraitPipeline(inference_cfg=part(InferenceConfig), crop_cfg=part(CropConfig))

    def make(clip: adapter.Clip, folder: Path) -> str:
        driving = upstream.as_mp4(adapter.the_video_of(clip), folder / "driving.mp4")
        arguments.source, arguments.driving = str(clip.image), str(driving)
        arguments.output_dir = str(folder / "results")
        result, _panels = pipeline.execute(arguments)
        return str(result)

    return make


if __name__ == "__main__":
    adapter.run(load, needs_cuda=False)
