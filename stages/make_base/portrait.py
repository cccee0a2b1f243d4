"""The portrait network of a base animator: portrait -> motion coefficients, and whether it is of the known kind."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from stages.make_base.portrait_negatives import KINDS, spoil
from stages.make_judges.augment import Augmentation, degrade, move, recolour
from stages.make_judges.corpus import Clips
from stages.make_judges.descend import repeatable
from stages.make_judges.encode import encode
from stages.pieces import shrunk
from tavce.data.synthetic.performance import COEFFICIENTS
from tavce.model.descent import Log, Schedule
from tavce.model.portrait.net import SMALL, PortraitNet
from tavce.model.portrait.train import PortraitSettings, network_input, train_portrait
from tavce.run.pool import progress

SETTINGS = PortraitSettings(
    schedule=Schedule(
        steps=1200, rate=3e-3, warm_up=0.06, weight_decay=1e-3, average=0.995, largest_gradient=5.0, every=50
    ),
    seed=0,
    known=40,
    other=32,
    likeness=0.5,
    radius=4.0,
    sharpness=2.0,
)
# What a user may do to a portrait before it comes here.
FAR = Augmentation(
    shift=0.05, scale=0.05, rotation=0.0, smallest=40, blur=1.0, jpeg=40, colour=0.06, noise=5.0, share=0.3
)
# Most pictures move less: shifts of a few pixels hide the smaller ones that the coefficients are about.
NEAR = replace(FAR, shift=0.01, scale=0.01)
MOVED_FAR, RECOLOURED, MIRRORED = 0.3, 0.4, 0.5  # shares of the pictures

CALIBRATING = 8  # one person of so many, or of all, is left out of the training, for the threshold
REFUSED = 0.002  # share of their altered pictures that lies below it
ALTERED = 4  # times that each picture is altered for it
RATE_FACTOR = 23  # of H.264
EXAMPLES = 300  # of each kind of negatives
BATCH = 256
OPPOSITE = [COEFFICIENTS.index(name) for name in ("yaw", "roll", "shift_x", "gaze_x")]  # in a mirror
LIDS = [COEFFICIENTS.index(name) for name in ("lid_right", "lid_left")]

Pictures = UInt8[np.ndarray, "pictures size size 3"]
Rows = Float32[np.ndarray, "pictures 14"]


def make_portrait(clips: Clips, held_out: Clips, seed: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Train a portrait network on one thread.

    Args:
        clips: to learn from, and to set the threshold by people who are left out; at least two, numbered from 0.
        held_out: other people, for the figures.
        seed: of the weights and of every draw.

    Returns:
        State dict of a `PortraitNet`, and a record: settings, curve and figures on `held_out`.
    """
    settings = replace(SETTINGS, seed=seed)
    clips, held_out = _shrunk(clips), _shrunk(held_out)
    every = min(CALIBRATING, len(np.unique(clips.identity)))
    apart = clips.identity % every == every - 1
    with repeatable(seed):
        network = PortraitNet(SMALL)
        state, curve = train_portrait(
            settings,
            network,
            *_pictures(clips, ~apart),
            alter=alter,
            spoil=spoil,
            log=_bar(settings.schedule.steps, "base portrait"),
        )
        network.load_state_dict(state)
        network.eval()
        calibrate(network, clips, apart, np.random.default_rng([seed, 1]))
        figures = figures_of(network, held_out, np.random.default_rng([seed, 2]))
    record = {"network": asdict(SMALL), "settings": asdict(settings), "curve": curve, "held_out": figures}
    return {name: value.detach().clone().contiguous() for name, value in network.state_dict().items()}, record


def alter(rng: np.random.Generator, pictures: Pictures, coefficients: Rows) -> tuple[Pictures, Rows]:
    """Return pictures mirrored, moved, recoloured and compressed, some more and some less, and their coefficients.

    A move of the whole picture leaves the coefficients as they are: they tell how the head moved in it.
    """
    pictures, coefficients = pictures.copy(), coefficients.copy()
    nowhere = np.zeros((1, 2), np.float32)
    for k, picture in enumerate(pictures):
        if rng.random() < MIRRORED:
            picture = np.ascontiguousarray(picture[:, ::-1])
            coefficients[k, OPPOSITE] *= -1
            coefficients[k, LIDS] = coefficients[k, LIDS[::-1]]
        picture, _ = move(rng, FAR if rng.random() < MOVED_FAR else NEAR, picture, nowhere)
        if rng.random() < RECOLOURED:
            picture = recolour(rng, FAR, picture)
        pictures[k] = degrade(rng, FAR, picture)
    return pictures, coefficients


@torch.no_grad()
def calibrate(network: PortraitNet, clips: Clips, apart: np.ndarray, rng: np.random.Generator) -> None:
    """Set what likeness is measured by, the threshold, and how far to trust each coefficient.

    Likeness is measured by the people learnt from; the others need people who were left out.
    """
    learned, others = _pictures(clips, ~apart), _pictures(clips, apart)
    network.temper(_read(network, others[0]), torch.from_numpy(others[1]))
    features = [network.features(images) for images in _batches(alter(rng, *learned)[0])]
    network.calibrate_likeness(torch.cat(features))
    likeness = np.concatenate([_likeness(network, alter(rng, *others)[0]) for _ in range(ALTERED)])
    network.threshold.fill_(float(np.quantile(likeness, REFUSED)))


@torch.no_grad()
def figures_of(network: PortraitNet, clips: Clips, rng: np.random.Generator) -> dict[str, Any]:
    """Return what the network reaches on people it has not seen.

    Returns:
        ``coefficients``: for each, over all frames, correlation with the truth (``r``; None if the same number is
        always read), mean absolute error, and that of always saying the mean of what was learnt (``still``);
        ``threshold``; ``accepted``: share of the pictures as they are, of those altered and of those after H.264;
        ``refused``: share of the pictures of each other kind.
    """
    everything = np.ones(len(clips.frames), bool)
    pictures, truth = _pictures(clips, everything)
    read = _read(network, pictures).numpy()
    coded = np.concatenate([encode(frames, RATE_FACTOR) for frames in clips.frames])
    known = {"as drawn": pictures, "altered": alter(rng, pictures, truth)[0], f"H.264 at {RATE_FACTOR}": coded}
    chosen = rng.integers(len(pictures), size=(len(KINDS), EXAMPLES))
    other = {
        kind: np.stack([make(rng, pictures[k]) for k in row])
        for (kind, make), row in zip(KINDS.items(), chosen, strict=True)
    }
    return {
        "coefficients": {
            name: _agreement(read[:, k], truth[:, k], float(network.mean[k])) for k, name in enumerate(COEFFICIENTS)
        },
        "threshold": round(float(network.threshold), 3),
        "accepted": {name: _accepted(network, each) for name, each in known.items()},
        "refused": {name: round(1 - _accepted(network, each), 4) for name, each in other.items()},
    }


def _agreement(read: np.ndarray, truth: np.ndarray, mean: float) -> dict[str, float | None]:
    varies = float(min(np.ptp(read), np.ptp(truth))) > 0
    return {
        "r": round(float(np.corrcoef(read, truth)[0, 1]), 3) if varies else None,
        "mean_absolute_error": round(float(np.abs(read - truth).mean()), 4),
        "still": round(float(np.abs(mean - truth).mean()), 4),
    }


def _accepted(network: PortraitNet, pictures: Pictures) -> float:
    return round(float((_likeness(network, pictures) >= float(network.threshold)).mean()), 4)


@torch.no_grad()
def _read(network: PortraitNet, pictures: Pictures) -> Float[Tensor, "pictures 14"]:
    return torch.cat([network(images) for images in _batches(pictures)])


@torch.no_grad()
def _likeness(network: PortraitNet, pictures: Pictures) -> Float32[np.ndarray, " pictures"]:
    return torch.cat([network.likeness(images) for images in _batches(pictures)]).numpy()


def _batches(pictures: Pictures) -> list[Tensor]:
    return [network_input(pictures[k : k + BATCH]) for k in range(0, len(pictures), BATCH)]


def _shrunk(clips: Clips) -> Clips:
    return replace(clips, frames=np.stack([shrunk(frames, SMALL.size) for frames in clips.frames]))


def _pictures(clips: Clips, chosen: np.ndarray) -> tuple[Pictures, Rows]:
    return clips.frames[chosen].reshape(-1, *clips.frames.shape[2:]), clips.coefficients[chosen].reshape(-1, 14)


def _bar(steps: int, label: str) -> Log:
    bar = iter(progress(range(steps), steps, label))

    def log(step: int, told: dict[str, float]) -> None:
        next(bar, None)

    return log
