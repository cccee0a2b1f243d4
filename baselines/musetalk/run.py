"""MuseTalk 1.5 as its authors released it: the mouth in the true video is painted anew.

Upstream takes its clips from a configuration file, prints what went wrong with a clip and ends well all the same, and
goes by the suffix of the video.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

MODEL = "models/musetalkV15"
BATCH = 8


def load(options: adapter.Options) -> adapter.Make:
    """Upstream loads its networks in its script, for each clip anew."""

    def make(clip: adapter.Clip, folder: Path) -> Path:
        upstream.mirror(options.clone, folder, ["results"])
        upstream.as_mp4(adapter.the_video_of(clip), folder / "face.mp4")
        (folder / "audio.wav").symlink_to(clip.audio)
        task = {"video_path": "face.mp4", "audio_path": "audio.wav", "bbox_shift": 0}
        (folder / "clip.yaml").write_text(json.dumps({"task_0": task}), encoding="utf-8")  # JSON is YAML
        network = ["--unet_model_path", MODEL + "/unet.pth", "--unet_config", MODEL + "/musetalk.json"]
        choices = ["--version", "v15", "--parsing_mode", "jaw", "--fps", clip.fps, "--batch_size", BATCH]
        with upstream.inside(folder):
            task_and_place = ["--inference_config", "clip.yaml", "--result_dir", "results"]
            upstream.script("scripts/inference.py", *task_and_place, *network, *choices)
        return upstream.the_one(folder / "results", "**/face_audio.mp4")

    return make


if __name__ == "__main__":
    adapter.run(load, isolate=True)
