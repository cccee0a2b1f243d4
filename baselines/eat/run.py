"""EAT as its authors released it, neutral: portrait, audio and the head pose of the true video in, 256 x 256 out.

Upstream takes the pose from a folder of features that a chain of scripts makes of a video, renders every picture in
``demo/imgs``, ignores the folder that its command line names, and draws its style code unseeded.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import adapter
import upstream

EMOTION = "neu"
SPEECH = "deepspeech-0_1_0-b90017e8.pb"
OWN = ["demo/imgs", "demo/imgs_cropped", "demo/imgs_latent", "demo/video_processed/clip", "demo/output"]
REAL = ["preprocess/vid2vid", "preprocess/deepspeech_features"]
MADE = ["video_fps25", "lmk_fps25", "deepfeature32", "cropped", "imgs", "latents", "poseimg"]


def load(options: adapter.Options) -> adapter.Make:
    """Unpack the weights once; upstream loads its networks in its scripts, so each clip runs them in a copy."""
    for name in ("ckpt", "demo", "Utils"):
        upstream.unpack(options.weights / (name + ".zip"), options.clone / name)
    upstream.unpack(options.weights / (SPEECH + ".zip"), options.clone / "deepspeech")

    def make(clip: adapter.Clip, folder: Path) -> Path:
        upstream.mirror(options.clone, folder, OWN + ["preprocess/" + name for name in MADE], REAL)
        (folder / "demo/imgs/face.jpg").symlink_to(clip.image)  # read by content, found by suffix
        video = upstream.as_mp4(adapter.the_video_of(clip), folder / "preprocess/video_fps25/clip.mp4")
        shutil.copyfile(str(clip.audio), str(video.with_suffix(".wav")))
        read_features(folder, folder / "deepspeech" / SPEECH)
        gather(folder / "preprocess", folder / "demo/video_processed/clip")
        with upstream.inside(folder):
            upstream.script("demo.py", "--root_wav", "./demo/video_processed/clip", "--emo", EMOTION)
        return upstream.the_one(folder / "demo/output", "**/face_*.mp4")

    return make


def read_features(folder: Path, speech: Path) -> None:
    """Run the chain of scripts that upstream calls preprocessing, on the one video in ``preprocess/video_fps25``."""
    stand_in = folder / "stand_in"
    stand_in.mkdir()
    (stand_in / "turtle.py").write_text("distance = None\n")  # imported by the first script, never used; needs Tk
    here = folder / "preprocess"
    with upstream.inside(here):
        upstream.python("extract_lmks_eat.py", "./video_fps25", PYTHONPATH=str(stand_in))
    with upstream.inside(here / "deepspeech_features"):
        model = ["--input", str(here / "video_fps25"), "--deepspeech", str(speech)]
        upstream.python("extract_ds_features.py", *model, TF2_BEHAVIOR="0")
    with upstream.inside(here):
        upstream.python("deepfeature32.py")
    with upstream.inside(here / "vid2vid"):
        # It ends its work by failing an assertion; what it should have written is looked for by the next script.
        upstream.python("data_preprocess.py", "--dataset_mode", "preprocess_eat", check=False)
    with upstream.inside(here):
        for name in ("videos2img.py", "latent_extractor.py", "generate_poseimg.py"):
            upstream.python(name)


def gather(made: Path, driving: Path) -> None:
    """Lay the features of the clip out as upstream's demonstration reads them."""
    places = {
        "video_fps25/clip.wav": "clip.wav",
        "deepfeature32/clip.npy": "deepfeature32/clip.npy",
        "latents/clip.npy": "latent_evp_25/clip.npy",
        "poseimg/clip.npy.gz": "poseimg/clip.npy.gz",
        "imgs/clip": "images_evp_25/cropped",
    }
    for source, place in places.items():
        if not (made / source).exists():
            raise adapter.Failed("upstream's preprocessing made no " + source)
        (driving / place).parent.mkdir(parents=True, exist_ok=True)
        (made / source).rename(driving / place)


if __name__ == "__main__":
    adapter.run(load, isolate=True)
