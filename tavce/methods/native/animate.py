"""A portrait and sound -> a talking head, in arrays: what `tavce animate` does, without files."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int16, UInt8
from torch import Tensor

from tavce.errors import InputError
from tavce.media.audio import SAMPLES_PER_FRAME, fit_audio
from tavce.media.mel import mel_spectrogram, mel_windows
from tavce.methods.native.checkpoint import SHIPPED, load_checkpoint
from tavce.methods.native.render import render
from tavce.model.animator.make import picture_side
from tavce.model.motion.sampling import sample_motion
from tavce.model.portrait.reading import Square, cut_square, read_portrait

LEAST_SAMPLES = 3200  # 0.2 s: one window of the spectrogram
LEAST_PEAK = 33  # of int16: -60 dB
OPEN = 0.4
MOST_SIDE = 1024  # all frames are held at once


def animate(
    portrait: UInt8[np.ndarray, "height width 3"],
    samples: Int16[np.ndarray, " samples"],
    *,
    checkpoint: Path | None = None,
    seed: int = 0,
) -> UInt8[np.ndarray, "frames side side 3"]:
    """Return the portrait talking: mouth from the sound, head motion and blinks drawn by the seed.

    Args:
        portrait: RGB; the frames show the square of it that the animator knows best, at its own resolution within
            that of the renderer and 1,024 pixels.
        samples: 16 kHz mono, at least 0.2 s.
        checkpoint: file of an animator, as the stage `animator` writes; the shipped base by default.
        seed: of head motion and blinks; the same seed gives the same frames.

    Returns:
        RGB at 25 fps: one frame per 640 samples, a last one for what is left over.

    Raises:
        InputError: no face that the animator knows, silence, too little sound, or no such checkpoint.
    """
    if seed < 0:
        raise InputError("the seed", f"is {seed}", "give 0 or more")
    if len(samples) < LEAST_SAMPLES:
        problem = f"lasts {len(samples) / 16_000:.2f} s, less than one window of the spectrogram"
        raise InputError("the audio", problem, "give at least 0.2 s")
    if np.abs(samples.astype(np.int32)).max() < LEAST_PEAK:
        raise InputError("the audio", "is silent (below -60 dB)", "give sound that somebody speaks in")
    native = load_checkpoint(checkpoint or SHIPPED)
    try:
        reading = read_portrait(native.portrait, portrait)
    except ValueError as error:
        raise InputError("the portrait", str(error), "give a larger picture") from error
    if not reading.accepted:
        problem = f"shows no face of the kind that '{native.about.label}' knows: {native.about.domain}"
        remedy = (
            "give a frontal face of that kind that fills the picture; a photograph needs a --checkpoint trained on "
            "photographs, and none is shipped (docs/animate.md)"
        )
        raise InputError("the portrait", problem, remedy)
    square = _square(portrait, reading.box, picture_side(native.about.size))
    frames = -(-len(samples) // SAMPLES_PER_FRAME)
    mels = mel_windows(mel_spectrogram(fit_audio(samples, frames)), frames, start=native.about.mel_start)
    at_rest, heard = _opened(reading.coefficients, native.about.layout.lids), torch.from_numpy(mels)
    wanted = sample_motion(native.motion, native.pose, at_rest, heard, native.about.layout, seed=seed)
    return np.stack(list(render(native, square, at_rest.numpy(), wanted.numpy(), mels)))


def _square(portrait: UInt8[np.ndarray, "_ _ 3"], box: Square, least: int) -> UInt8[np.ndarray, "side side 3"]:
    side = min(max(box.side, least), MOST_SIDE)
    pixels = cut_square(portrait, box, side).permute(1, 2, 0).mul(255).round().byte()
    return np.ascontiguousarray(pixels.numpy())


def _opened(coefficients: Float[Tensor, " coefficients"], lids: tuple[int, ...]) -> Float[Tensor, " coefficients"]:
    """Return the coefficients with lids that are wholly open, or in a blink.

    The eyes of a portrait are one or the other. Read as half open, behind glasses for instance, they would be drawn so.
    """
    columns = list(lids)
    snapped = coefficients.clone()
    snapped[columns] = torch.where(snapped[columns] > OPEN, 1.0, snapped[columns])
    return snapped
