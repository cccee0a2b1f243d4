"""Wav2Lip as its authors released it: the lower half of the face in the true video is painted anew.

Upstream reads its command line when it is imported, goes by the text after the first dot of a path, writes to fixed
names below ``temp/``, loads the network and the face detector anew for every clip, and cannot read its own official
weights, which are TorchScript archives by now.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

CHECKPOINT = "checkpoints/Wav2Lip-SD-GAN.pt"


def load(options: adapter.Options) -> adapter.Make:
    """Load the generator and the face detector once, and put them where upstream's script would load them."""
    sys.argv = ["inference.py", "--checkpoint_path", CHECKPOINT, "--face", "none", "--audio", "none"]
    import inference

    generator = inference.Wav2Lip()
    generator.load_state_dict(read_state(options.weights / CHECKPOINT))
    generator = generator.to(inference.device).eval()
    faces = inference.face_detection
    detector = faces.FaceAlignment(faces.LandmarksType._2D, flip_input=False, device=inference.device)
    inference.load_model = lambda path: generator
    faces.FaceAlignment = lambda *arguments, **settings: detector

    def make(clip: adapter.Clip, folder: Path) -> str:
        video = adapter.the_video_of(clip)
        with upstream.inside(folder):
            Path("temp").mkdir()
            Path("face" + video.suffix).symlink_to(video)
            Path("audio.wav").symlink_to(clip.audio)
            inference.args.face = "face" + video.suffix
            inference.args.audio = "audio.wav"
            inference.args.outfile = "result.mp4"
            inference.args.static = False
            inference.main()
        return "result.mp4"

    return make


def read_state(path: Path) -> "dict[str, Any]":
    """Return the generator's tensors from a TorchScript archive or from a pickled checkpoint."""
    import torch

    try:
        state = torch.jit.load(str(path), map_location="cpu").state_dict()
    except RuntimeError:  # it is no archive
        state = torch.load(str(path), map_location="cpu")["state_dict"]
    return {name.replace("module.", ""): value for name, value in state.items()}


if __name__ == "__main__":
    adapter.run(load, needs_cuda=False)
