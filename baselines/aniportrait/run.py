"""AniPortrait as its authors released it: portrait and audio in, 512 x 512 with a predicted head pose out.

Upstream's configuration moves the head by a fixed recording unless that entry is taken out, makes 30 frames per second
unless told otherwise, and writes three panels side by side (portrait, landmarks, result).
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

CONFIG = "configs/prompts/animation_audio.yaml"
RECORDED_POSE = "pose_temp"
PLACE, OLDER_PLACE = "pretrained_weights", "pretrained_model"
STEPS = 25
GUIDANCE = 3.5
SIZE = 512
RESULT = 2  # the last of the three panels


def load(options: adapter.Options) -> adapter.Make:
    """Upstream loads its networks in its script, for each clip anew."""
    import yaml

    settings = yaml.safe_load((options.clone / CONFIG).read_text(encoding="utf-8"))
    settings.pop(RECORDED_POSE, None)

    def make(clip: adapter.Clip, folder: Path) -> Path:
        upstream.mirror(options.clone, folder, ["output"])
        if not (folder / OLDER_PLACE).exists():  # some versions of upstream's configuration name this one
            (folder / OLDER_PLACE).symlink_to(options.clone / PLACE)
        (folder / "image.png").symlink_to(clip.image)
        (folder / "audio.wav").symlink_to(clip.audio)
        settings["test_cases"] = {"image.png": ["audio.wav"]}
        (folder / "clip.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        size = ["-W", SIZE, "-H", SIZE, "-L", clip.frames, "--fps", clip.fps]
        noise = ["--seed", clip.seed, "--steps", STEPS, "--cfg", GUIDANCE]
        with upstream.inside(folder):
            keep_the_result()
            upstream.script("scripts/audio2vid.py", "--config", "clip.yaml", *size, *noise)
        return upstream.the_one(folder / "output", "**/*.mp4")

    return make


def keep_the_result() -> None:
    """Let upstream write the panel of the result only, before it is encoded with the others."""
    from src.utils import util

    write = util.save_videos_grid

    def write_the_result(videos: Any, path: str, **settings: Any) -> None:  # noqa: ANN401 - torch is imported late
        write(videos[RESULT : RESULT + 1], path, **dict(settings, n_rows=1))

    util.save_videos_grid = write_the_result


if __name__ == "__main__":
    adapter.run(load, isolate=True)
