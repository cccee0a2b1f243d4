"""The renderer of a base animator: portraits and motion coefficients -> frames, without attention."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn

from stages.make_judges.corpus import Clips
from stages.make_judges.descend import POINTS_OF_A_CURVE, repeatable
from tavce.data.features import mouth_boxes
from tavce.methods.native.render import windows
from tavce.model.animator.data import AnimatorData
from tavce.model.animator.make import AnimatorSize, make_animator
from tavce.model.animator.settings import AnimatorSettings, LossWeights
from tavce.model.animator.train import train_animator
from tavce.run.pool import progress

SETTINGS = AnimatorSettings(
    seed=0,
    steps=4000,
    sources=8,
    frames=2,
    neighbours=False,
    rate=1e-3,
    warm_up=0.05,
    beta1=0.9,
    weight_decay=1e-4,
    average=0.995,
    largest_gradient=0.3,
    weights=LossWeights(l1=1.0, mouth=30.0, perceptual=0.0, gan=0.0, matching=0.0, alignment=0.0),
    discriminator=None,
    keep_every=500,
)
PEAK = 255.0


def animator_data(clips: Clips) -> AnimatorData:
    """Return what an animator learns from."""
    size = clips.frames.shape[2]
    boxes = np.stack([mouth_boxes(points, size) for points in clips.landmarks])
    return AnimatorData(clips.frames, clips.coefficients, boxes, None)


def make_renderer(
    clips: Clips, held_out: Clips, size: AnimatorSize, settings: AnimatorSettings
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Train a renderer; return its weights, and its recipe, curve and figures on people whom it has not seen."""
    curve: list[dict[str, float]] = []
    stretch: list[float] = []
    every = max(1, settings.steps // POINTS_OF_A_CURVE)
    bar = iter(progress(range(settings.steps), settings.steps, "base renderer"))

    def log(step: int, told: dict[str, float]) -> None:
        next(bar, None)
        stretch.append(told["l1"])
        if step % every == 0:
            curve.append({"step": step, "l1": round(float(np.mean(stretch)), 6)})
            stretch.clear()

    with repeatable(settings.seed):
        network = make_animator(size, clips.coefficients.shape[2], None)
        calibrate = getattr(network, "calibrate", None)
        if calibrate is not None:
            calibrate(torch.from_numpy(clips.coefficients).flatten(0, 1))
        state = train_animator(settings, network, animator_data(clips), log=log)
        network.load_state_dict(state.average)
        figures = {"trained": figures_of(network, held_out), "still": figures_of(None, held_out)}
    return state.average, {"settings": asdict(settings), "curve": curve, "held_out": figures}


@torch.inference_mode()
def figures_of(network: nn.Module | None, clips: Clips) -> dict[str, float]:
    """Return mean PSNR in dB over frames, of the whole picture and of the mouth's box; no network holds frame 0."""
    whole, mouth = [], []
    boxes = animator_data(clips).mouths.round().astype(int)
    for frames, coefficients, box in zip(clips.frames, clips.coefficients, boxes, strict=True):
        made = _rendered(network, frames, coefficients)
        errors = (made.astype(np.float64) - frames[1:]) ** 2
        whole += list(_psnr(errors.mean(axis=(1, 2, 3))))
        parts = [error[y0 : y1 + 1, x0 : x1 + 1] for error, (x0, y0, x1, y1) in zip(errors, box[1:], strict=True)]
        mouth += list(_psnr(np.array([part.mean() for part in parts])))
    return {"psnr": round(float(np.mean(whole)), 3), "mouth_psnr": round(float(np.mean(mouth)), 3)}


def _rendered(
    network: nn.Module | None,
    frames: UInt8[np.ndarray, "frames height width 3"],
    coefficients: Float32[np.ndarray, "frames n"],
) -> UInt8[np.ndarray, "_ height width 3"]:
    if network is None:
        return np.repeat(frames[:1], len(frames) - 1, axis=0)
    network.eval()
    rows = windows(coefficients, int(network.window))  # type: ignore[arg-type]  # an Animator's
    portrait = torch.from_numpy(frames[:1]).permute(0, 3, 1, 2).float() / PEAK
    made: Float[Tensor, "frames 3 height width"] = network(portrait, rows[:1], rows[None, 1:])[0]
    pictures = (made.clamp(0, 1) * PEAK).round().byte().permute(0, 2, 3, 1).numpy()
    return np.ascontiguousarray(pictures)


def _psnr(errors: np.ndarray) -> np.ndarray:
    return np.asarray(10 * np.log10(PEAK**2 / np.maximum(errors, 1e-3)))
