"""Audio2Head as its authors released it: portrait and audio in, 256 x 256 with a predicted head pose out.

Upstream writes its audio to one fixed file, loads its networks inside the function that makes a clip, and asks PyYAML
for a default loader that newer versions no longer have.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream


def load(options: adapter.Options) -> adapter.Make:
    """Give PyYAML its old default back; upstream's one function does the rest, for each clip anew."""
    import yaml

    read = yaml.load

    def read_safely(stream: Any, Loader: Any = yaml.SafeLoader) -> Any:  # noqa: ANN401 - PyYAML's own names and types
        return read(stream, Loader)

    yaml.load = read_safely

    def make(clip: adapter.Clip, folder: Path) -> Path:
        upstream.mirror(options.clone, folder, ["results"])
        (folder / "audio.wav").symlink_to(clip.audio)
        (folder / "image.png").symlink_to(clip.image)
        with upstream.inside(folder):
            from inference import audio2head

            audio2head("audio.wav", "image.png", "checkpoints/audio2head.pth.tar", "results")
        return upstream.the_one(folder / "results", "*.mp4")

    return make


if __name__ == "__main__":
    adapter.run(load, isolate=True)
