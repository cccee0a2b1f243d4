"""PC-AVS as its authors released it: portrait, audio and the head pose of the true video in, 224 x 224 out.

Upstream wants faces aligned its own way, reads one line of eight words per clip (no spaces in paths), lays five panels
side by side, writes frames as JPEG, and makes no frame for the first and last two.
"""

import sys
from pathlib import Path
from typing import Any, Callable  # noqa: UP035 - Python 3.6

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

Align = Callable[[str, str], Any]

SIZE = 224
DROPPED = 2  # frames that upstream leaves out at each end
SETTINGS = (
    "--dataset_mode voxtest --netG modulate --netA resseaudio --netA_sync ressesync --netD multiscale --netV resnext"
    " --netE fan --num_inputs 1 --gpu_ids 0 --clip_len 1 --batchSize 8 --model av --style_dim 2560 --nThreads 0"
    " --norm_D spectralsyncbatch --input_id_feature --generate_interval 1 --style_feature_loss --use_audio 1"
    " --noise_pose --driving_pose --generate_from_audio_only --filename_tmpl {:06}.png"
)


def load(options: adapter.Options) -> adapter.Make:
    """Load the networks once, with the settings of upstream's demonstration."""
    upstream.unpack(options.weights / "checkpoints/demo.zip", options.clone / "checkpoints/demo")
    generator = upstream.the_one(options.clone / "checkpoints", "**/latest_net_G.pth")
    place = ["--checkpoints_dir", str(generator.parents[1]), "--name", generator.parent.name]
    sys.argv = ["inference.py", *SETTINGS.split(), *place]
    import data
    import torch
    from models import create_model
    from options.test_options import TestOptions
    from scripts.align_68 import align_folder
    from util.util import tensor2im

    settings = TestOptions().parse()
    settings.isTrain = False
    model = create_model(settings).cuda().eval()

    def make(clip: adapter.Clip, folder: Path) -> Path:
        pose = aligned(align_folder, adapter.the_video_of(clip), folder / "pose")
        aligned(align_folder, clip.image, folder / "portrait")
        (folder / "audio.wav").symlink_to(clip.audio)
        # The seventh and sixth words name the mouth's frames, which upstream reads but does not use with audio.
        settings.path_label = f"portrait 1 pose {pose} audio.wav pose {pose} none"
        pictures = []
        with upstream.inside(folder), torch.no_grad():
            for batch in data.create_dataloader(settings):
                driven = model.forward(batch, mode="inference")[1]
                pictures += [tensor2im(picture, tile=False).tobytes() for picture in driven]
        pictures = pictures[:1] * DROPPED + pictures + pictures[-1:] * DROPPED
        return upstream.write_pictures(pictures[: clip.frames], (SIZE, SIZE), folder / "result.mp4")

    return make


def aligned(align_folder: Align, source: Path, folder: Path) -> int:
    """Write the frames of `source`, aligned by upstream's own script, into `folder`; return their number."""
    loose = folder.with_name(folder.name + "_loose")
    upstream.as_pictures(source, loose)
    folder.mkdir()
    if align_folder(str(loose), str(folder)) is False:
        raise adapter.Failed("upstream's alignment did not find exactly one face in every frame")
    return len(list(folder.glob("*.png")))


if __name__ == "__main__":
    adapter.run(load)
