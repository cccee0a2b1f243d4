"""EchoMimic as its authors released it, accelerated: portrait and audio in, 512 x 512 out.

Upstream takes its clips from a configuration file, makes 24 frames per second unless told otherwise and at most 1200
of them, names its result after the minute of the day, and encodes it a second time to add the sound; the first
encoding is kept.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

CONFIG = "configs/prompts/animation_acc.yaml"
STEPS = 6
GUIDANCE = 1.0
SIZE = 512


def load(options: adapter.Options) -> adapter.Make:
    """Upstream loads its networks in its script, for each clip anew."""
    import yaml

    settings = yaml.safe_load((options.clone / CONFIG).read_text(encoding="utf-8"))

    def make(clip: adapter.Clip, folder: Path) -> Path:
        upstream.mirror(options.clone, folder, ["output"])
        (folder / "image.png").symlink_to(clip.image)
        (folder / "audio.wav").symlink_to(clip.audio)
        settings["test_cases"] = {"image.png": ["audio.wav"]}
        (folder / "clip.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        size = ["-W", SIZE, "-H", SIZE, "-L", clip.frames, "--fps", clip.fps]
        noise = ["--seed", clip.seed, "--steps", STEPS, "--cfg", GUIDANCE]
        with upstream.inside(folder):
            upstream.script("infer_audio2vid_acc.py", "--config", "clip.yaml", *size, *noise)
        for second in (folder / "output").glob("**/*_withaudio.mp4"):
            second.unlink()
        return upstream.the_one(folder / "output", "**/*.mp4")

    return make


if __name__ == "__main__":
    adapter.run(load, isolate=True)
