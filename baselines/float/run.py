"""FLOAT as its authors released it: portrait and audio in, 512 x 512 out, the emotion read from the sound.

Upstream crops around the face, which can pad with black, and quotes no path in its shell command.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream


def load(options: adapter.Options) -> adapter.Make:
    """Load the networks once, with the values of upstream's command line."""
    sys.argv = ["generate.py", "--ckpt_path", "checkpoints/float.pth"]
    from generate import InferenceAgent, InferenceOptions

    settings = InferenceOptions().parse()
    settings.rank, settings.ngpus, settings.device = 0, 1, options.device
    agent = InferenceAgent(settings)

    def make(clip: adapter.Clip, folder: Path) -> str:
        (folder / "image.png").symlink_to(clip.image)
        (folder / "audio.wav").symlink_to(clip.audio)
        with upstream.inside(folder):
            agent.run_inference(
                "result.mp4",
                "image.png",
                "audio.wav",
                a_cfg_scale=settings.a_cfg_scale,
                r_cfg_scale=settings.r_cfg_scale,
                e_cfg_scale=settings.e_cfg_scale,
                emo=settings.emo,
                nfe=settings.nfe,
                no_crop=settings.no_crop,
                seed=clip.seed,
            )
        return "result.mp4"

    return make


if __name__ == "__main__":
    adapter.run(load)
