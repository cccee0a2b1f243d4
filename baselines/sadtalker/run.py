"""SadTalker as its authors released it: portrait and audio in, a face crop with its own head pose out.

Upstream seeds nothing (head pose and blinks are drawn), and names its result after the time of day; the adapter seeds
each clip and gives it a folder of its own. The preprocessing mode chooses weights and configuration together.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter

SIZE = 256
MODE = "crop"
BATCH = 2
POSE_STYLE = 0


def load(options: adapter.Options) -> adapter.Make:
    """Load the networks once; each clip goes through the steps of upstream's inference script, without an enhancer."""
    from src.facerender.animate import AnimateFromCoeff
    from src.generate_batch import get_data
    from src.generate_facerender_batch import get_facerender_data
    from src.test_audio2coeff import Audio2Coeff
    from src.utils.init_path import init_path
    from src.utils.preprocess import CropAndExtract

    places = init_path(str(options.clone / "checkpoints"), str(options.clone / "src/config"), SIZE, False, MODE)
    portrait = CropAndExtract(places, options.device)
    motion = Audio2Coeff(places, options.device)
    render = AnimateFromCoeff(places, options.device)

    def make(clip: adapter.Clip, folder: Path) -> str:
        image, audio, here = str(clip.image), str(clip.audio), str(folder)
        found = portrait.generate(image, here, MODE, source_image_flag=True, pic_size=SIZE)
        if found[0] is None:
            raise adapter.Failed("upstream found no face in the portrait")
        coefficients, crop, crop_info = found
        batch = get_data(coefficients, audio, options.device, None, still=False)
        moved = motion.generate(batch, here, POSE_STYLE, None)
        data = get_facerender_data(
            moved, crop, coefficients, audio, BATCH, expression_scale=1.0, still_mode=False, preprocess=MODE, size=SIZE
        )
        return str(render.generate(data, here, image, crop_info, preprocess=MODE, img_size=SIZE))

    return make


if __name__ == "__main__":
    adapter.run(load, needs_cuda=False)
