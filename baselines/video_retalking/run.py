"""VideoReTalking as its authors released it: the mouth in the true video is painted anew, then the face enhanced.

Upstream keeps landmarks and coefficients below ``temp/`` by the name of the video and reuses them for the next video of
that name, goes by the text after the first dot of a path, and quotes nothing in its shell commands.
"""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

BATCH = 16


def load(options: adapter.Options) -> adapter.Make:
    """Put weights where facexlib looks for them; upstream loads its networks in its script, for each clip anew."""
    checkpoints = options.clone / "checkpoints"
    upstream.unpack(options.weights / "checkpoints/BFM.zip", checkpoints / "BFM")
    facexlib = Path(str(import_module("facexlib").__file__)).parent
    upstream.link_tree(options.weights / "extra/facexlib", facexlib)

    def make(clip: adapter.Clip, folder: Path) -> str:
        video = adapter.the_video_of(clip)
        upstream.mirror(options.clone, folder, ["temp", "results"])
        face = folder / ("face" + video.suffix)
        face.symlink_to(video)
        (folder / "audio.wav").symlink_to(clip.audio)
        inputs = ["--face", face.name, "--audio", "audio.wav", "--outfile", "results/clip.mp4"]
        with upstream.inside(folder):
            upstream.script("inference.py", *inputs, "--LNet_batch_size", BATCH)
        return "results/clip.mp4"

    return make


if __name__ == "__main__":
    adapter.run(load, isolate=True)
