"""A checkpoint, a portrait and sound -> frames, one batch of frames at a time."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from tavce.methods.native.checkpoint import Native
from tavce.model.animator.make import side_within
from tavce.model.correlation.audio_encoder import AudioEncoder
from tavce.model.motion.sampling import hear_expression
from tavce.model.portrait.reading import resized

BATCH = 25
PEAK = 255.0

Picture = UInt8[np.ndarray, "height width 3"]
Coefficients = Float32[np.ndarray, "frames coefficients"]
Windows = Float32[np.ndarray, "frames 80 16"]


def spoken(native: Native, truth: Coefficients, mels: Windows) -> Coefficients:
    """Return the coefficients of a clip with the expression that its sound asks for; all others stay as they are.

    Frame 0 is the portrait, so the reference is its expression.
    """
    layout, found = native.about.layout, torch.from_numpy(truth).clone()
    expression = list(layout.expression)
    openness = found[:, list(layout.lids)].mean(dim=1)
    found[:, expression] = hear_expression(native.motion, torch.from_numpy(mels), found[0, expression], openness)
    return found.numpy()


@torch.inference_mode()
def audio_differences(hearing: AudioEncoder, mels: Windows) -> Float32[np.ndarray, "frames dims"]:
    """Return the embedding of each frame's sound less that of the frame before; zero at the first."""
    embedded = hearing(torch.from_numpy(mels)[:, None]).numpy()
    return np.concatenate([np.zeros_like(embedded[:1]), np.diff(embedded, axis=0)])


def shuffled(differences: Float32[np.ndarray, "frames dims"], seed: int) -> Float32[np.ndarray, "frames dims"]:
    """Return the same moments in another order: what a gate sees that is not to hear its own sound."""
    return differences[np.random.default_rng([seed, len(differences)]).permutation(len(differences))]


@torch.inference_mode()
def render(
    native: Native,
    portrait: Picture,
    at_rest: Float32[np.ndarray, " coefficients"],
    wanted: Coefficients,
    mels: Windows,
) -> Iterator[Picture]:
    """Yield the frames, each as large as the portrait, whatever the size at which the renderer works.

    What concerns the portrait alone is computed once.

    Args:
        native: the animator.
        portrait: RGB, square.
        at_rest: coefficients of the portrait.
        wanted: coefficients of the frames.
        mels: windows of the frames; only attention hears them.
    """
    around = windows(wanted, int(native.renderer.window))  # type: ignore[arg-type]  # an Animator's
    still = windows(at_rest[None], int(native.renderer.window))  # type: ignore[arg-type]
    side = len(portrait)
    image = torch.from_numpy(np.array(portrait)).permute(2, 0, 1)[None].float() / PEAK
    image = resized(image, side_within(native.about.size, side))
    source = native.renderer.encode_source(image, still)  # type: ignore[operator]
    shown = _shown(native, mels)
    for start in range(0, len(wanted), BATCH):
        part = slice(start, start + BATCH)
        gate = None if shown is None else shown[None, part]
        made: Tensor = native.renderer.render(source, around[None, part], gate)[0]  # type: ignore[operator]
        yield from (resized(made, side).clamp(0, 1) * PEAK).round().byte().permute(0, 2, 3, 1).numpy()


def _shown(native: Native, mels: Windows) -> Tensor | None:
    if native.hearing is None:
        return None
    found = audio_differences(native.hearing, mels)
    return torch.from_numpy(shuffled(found, native.about.seed) if native.about.gate_audio == "shuffled" else found)


def windows(coefficients: Coefficients, width: int) -> Tensor:
    """Return the coefficients around each frame, as "frames coefficients width"; beyond the ends the last repeats."""
    last = len(coefficients) - 1
    around = np.clip(np.arange(last + 1)[:, None] + np.arange(width) - width // 2, 0, last)
    return torch.from_numpy(np.ascontiguousarray(coefficients[around].swapaxes(1, 2)))
