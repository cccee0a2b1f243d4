"""`tavce animate`: a portrait and a sound file -> a video of the portrait that speaks."""

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from tavce.errors import InputError
from tavce.media.audio import read_audio

CRF = 16


def add_animate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's parser."""
    command = commands.add_parser(
        "animate",
        help="make a portrait speak",
        description="Make a portrait speak: the mouth follows the sound, head motion and blinks are drawn by the seed. "
        "The shipped animator knows the drawn faces of synthtalk, such as data/crop/synthtalk/*.png after the demo.",
    )
    command.add_argument("--portrait", type=Path, required=True, help="picture of a frontal face, of any size")
    command.add_argument("--audio", type=Path, required=True, help="any sound or video that FFmpeg reads")
    command.add_argument("--out", type=Path, required=True, help="video to write: .mp4")
    command.add_argument(
        "--checkpoint", type=Path, help="animator to use, such as data/animator/tavce_plus/seed0.pt; default: the base"
    )
    command.add_argument("--seed", type=int, default=0, help="of head motion and blinks (default: %(default)s)")


def run_animate(given: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from tavce.media.writer import write_h264
    from tavce.methods.native.animate import animate  # torch comes with it

    if given.out.suffix != ".mp4":
        raise InputError(given.out, "the video is written as MP4", "choose a name that ends in .mp4")
    portrait, samples = read_portrait_file(given.portrait), read_audio(given.audio)
    try:
        frames = animate(portrait, samples, checkpoint=given.checkpoint, seed=given.seed)
    except InputError as error:
        subjects = {"the portrait": given.portrait, "the audio": given.audio}
        raise InputError(subjects.get(error.subject, error.subject), error.problem, error.remedy) from error
    even = frames.shape[1] // 2 * 2  # H.264 wants even sides
    given.out.parent.mkdir(parents=True, exist_ok=True)
    count = write_h264(given.out, frames[:, :even, :even], crf=CRF, sound=samples)
    print(f"{given.out}: {count} frames of {even}x{even}, {count / 25:.2f} s")
    return 0


def read_portrait_file(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Return a picture as RGB, turned as its EXIF data says, transparency on white.

    Raises:
        InputError: there is no such file, or it is no picture.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except FileNotFoundError as error:
        raise InputError(path, "there is no such file", "name a picture of a face") from error
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(path, f"is no picture that can be read ({error})", "give PNG, JPEG or WebP") from error
    white = Image.new("RGBA", upright.size, "white")
    return np.asarray(Image.alpha_composite(white, upright).convert("RGB"))
