"""LatentSync 1.5 as its authors released it: the mouth in the true video is painted anew, 256 x 256 face.

Upstream names its autoencoder by its address, which is looked for in the working folder first; needs a face in every
frame; and converts the video to 25 frames per second with a lossy codec before it reads it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

FACES = "checkpoints/auxiliary/models/buffalo_l"
CONFIG = "configs/unet/stage2.yaml"
NETWORK = "checkpoints/latentsync_unet.pt"
STEPS = 20
GUIDANCE = 1.5


def load(options: adapter.Options) -> adapter.Make:
    """Upstream loads its networks in its script, for each clip anew."""
    upstream.unpack(options.weights / (FACES + ".zip"), options.clone / FACES)

    def make(clip: adapter.Clip, folder: Path) -> str:
        upstream.mirror(options.clone, folder, ["temp", "results"])
        upstream.as_mp4(adapter.the_video_of(clip), folder / "face.mp4")
        (folder / "audio.wav").symlink_to(clip.audio)
        network = ["--unet_config_path", CONFIG, "--inference_ckpt_path", NETWORK, "--enable_deepcache"]
        noise = ["--inference_steps", STEPS, "--guidance_scale", GUIDANCE, "--seed", clip.seed]
        inputs = ["--video_path", "face.mp4", "--audio_path", "audio.wav", "--temp_dir", "temp/clip"]
        with upstream.inside(folder):
            upstream.script("scripts/inference.py", *network, *noise, *inputs, "--video_out_path", "results/clip.mp4")
        return "results/clip.mp4"

    return make


if __name__ == "__main__":
    adapter.run(load, isolate=True)
