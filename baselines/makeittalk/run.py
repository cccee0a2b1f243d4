"""MakeItTalk as its authors released it: portrait and audio in, the middle panel of its video out.

Upstream's script processes every sound in ``examples/`` and overwrites it, shares pickles in ``examples/dump``, and
writes three panels side by side (portrait, result, landmarks) at 62.5 frames per second.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

SIZE = 256
MIDDLE_AT_25 = f"crop={SIZE}:{SIZE}:{SIZE}:0,fps=25"


def load(options: adapter.Options) -> adapter.Make:
    """Upstream loads nothing outside its script; each clip runs it in a copy of the tree."""

    def make(clip: adapter.Clip, folder: Path) -> Path:
        upstream.mirror(options.clone, folder, ["examples"])
        examples = folder / "examples"
        (examples / "ckpt").symlink_to(options.clone / "examples/ckpt")
        (examples / "dump").mkdir()
        (examples / "dump/emb.pickle").symlink_to(options.clone / "examples/dump/emb.pickle")
        shutil.copyfile(str(clip.audio), str(examples / "clip.wav"))
        upstream.ffmpeg("-i", clip.image, "-vf", f"scale={SIZE}:{SIZE}:flags=lanczos", examples / "face.png")
        upstream.empty_module("pynormalize.pynormalize")
        with upstream.inside(folder):
            upstream.script("main_end2end.py", "--jpg", "face.png")
        panels = upstream.the_one(examples, "face_pred_fls_*.mp4")
        return upstream.convert(panels, folder / "middle.mp4", MIDDLE_AT_25)

    return make


if __name__ == "__main__":
    adapter.run(load, isolate=True)
