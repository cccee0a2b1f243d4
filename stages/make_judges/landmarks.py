"""The stand-in landmark detector: trained on synthtalk's exact landmarks, frozen in metrics/standins/landmarks.pt.

The part that sees the whole face and the part that sees the mouth learn apart, the latter from squares that are a
little off, as those of the former are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor
from torch.nn import functional

from metrics.networks.landmarks68 import (
    MOUTH_POINTS,
    OUTER_EYE_CORNERS,
    POINTS,
    LandmarkConfig,
    LandmarkNetwork,
    cut,
    landmark_input,
    mean_places,
    mouth_square,
)
from stages.make_judges.augment import Augmentation, degrade, faceless, move, recolour
from stages.make_judges.corpus import Clips, Wanted, make_clips
from stages.make_judges.descend import descend, repeatable
from stages.make_judges.encode import Lossy, some_encoded
from tavce.model.descent import Curve

MOUTH = slice(48, 68)
INNER_LIPS = (62, 66)


@dataclass(frozen=True)
class Part:
    """How one of the two parts learns.

    Attributes:
        seed: of batches and changes.
        steps, batch, rate, decay: of the descent.
        mouth: weight of a mouth point against another point's.
        aperture: weight of the error of the gap between the inner lips against that of a point.
        heatmaps: weight of the cross entropy of heatmaps with spots; without it the first steps find no way.
        spot: deviation of a spot in pixels of the part's input.
    """

    seed: int
    steps: int
    batch: int
    rate: float
    decay: float
    mouth: float
    aperture: float
    heatmaps: float
    spot: float


@dataclass(frozen=True)
class LandmarkSettings:
    """Every number of the recipe.

    Attributes:
        corpus: what it learns from.
        network: the shape of the network.
        lossy: which clips are compressed first.
        augmentation: how frames are changed.
        seed: of the weights.
        face, lips: how the part for the face and the part for the mouth learn.
        faceless: share of frames without a face.
        score: weight of the face score.
        slip: deviation of the centre of the mouth's square, in sides, and of the logarithm of its side.
    """

    corpus: Wanted
    network: LandmarkConfig
    lossy: Lossy
    augmentation: Augmentation
    seed: int
    face: Part
    lips: Part
    faceless: float
    score: float
    slip: float


SETTINGS = LandmarkSettings(
    corpus=Wanted(seed=7101, split="train", identities=256, clips=512, seconds=1.0, size=128),
    network=LandmarkConfig(),
    lossy=Lossy(every=3, least=20, most=40, seed=7),
    augmentation=Augmentation(
        shift=0.05, scale=0.10, rotation=6.0, smallest=56, blur=1.2, jpeg=20, colour=0.2, noise=8.0, share=0.35
    ),
    seed=31,
    face=Part(seed=31, steps=2600, batch=12, rate=3e-3, decay=1e-4, mouth=1.0, aperture=0.0, heatmaps=3.0, spot=4.0),
    lips=Part(seed=32, steps=1500, batch=24, rate=3e-3, decay=1e-4, mouth=1.0, aperture=1.0, heatmaps=1.0, spot=2.0),
    faceless=0.06,
    score=1.0,
    slip=0.05,
)


def train_landmarks(settings: LandmarkSettings, workers: int) -> tuple[LandmarkNetwork, Curve]:
    """Draw the corpus, train the detector and return it, frozen, with its curve; the same at any number of workers."""
    return fit_landmarks(settings, make_clips(settings.corpus, workers=workers))


def fit_landmarks(settings: LandmarkSettings, clips: Clips) -> tuple[LandmarkNetwork, Curve]:
    """Train the detector on given clips.

    In the curve, the steps of the part for the mouth follow those of the part for the face; errors of points and of
    the aperture are in percent of the inter-ocular distance.
    """
    clips = some_encoded(settings.lossy, clips)
    with repeatable(settings.seed):
        network = LandmarkNetwork(settings.network).to(memory_format=torch.channels_last)
        whole = _descend(network, settings.face, _face_losses(network, settings, clips), "face")
        near = _descend(network.mouth, settings.lips, _lips_losses(network, settings, clips), "lips")
    later: Curve = [{**point, "step": settings.face.steps + point["step"]} for point in near]
    return network.requires_grad_(False).eval(), whole + later


def _descend(network: torch.nn.Module, part: Part, losses: Callable[[], dict[str, Tensor]], name: str) -> Curve:
    return descend(network, losses, steps=part.steps, rate=part.rate, decay=part.decay, label=f"landmarks, {name}")


def _face_losses(network: LandmarkNetwork, settings: LandmarkSettings, clips: Clips) -> Callable[[], dict[str, Tensor]]:
    part, rng = settings.face, np.random.default_rng(settings.face.seed)

    def losses() -> dict[str, Tensor]:
        frames, points, shown = _batch(rng, settings, clips, part.batch, settings.faceless)
        heatmaps, score = network.read(landmark_input(frames, settings.network.side))
        truth, face = torch.from_numpy(points), shown.float()
        unit = 100 / _distance(truth, OUTER_EYE_CORNERS).mean()
        named = _point_losses(part, heatmaps, network.cells, truth, unit.expand(len(truth)), face)
        return {**named, "score": settings.score * functional.binary_cross_entropy_with_logits(score, face)}

    return losses


def _lips_losses(network: LandmarkNetwork, settings: LandmarkSettings, clips: Clips) -> Callable[[], dict[str, Tensor]]:
    part, rng = settings.lips, np.random.default_rng(settings.lips.seed)

    def losses() -> dict[str, Tensor]:
        frames, points, shown = _batch(rng, settings, clips, part.batch, 0.0)
        truth = torch.from_numpy(points)
        centre, side = mouth_square(truth, settings.network)
        slips = torch.from_numpy(settings.slip * rng.standard_normal((part.batch, 3), np.float32))
        centre, side = centre + slips[:, :2] * side[:, None], side * slips[:, 2].exp()
        pixels = settings.network.mouth_side
        square = cut(landmark_input(frames, settings.network.side), centre, side, pixels)
        inside = ((truth[:, MOUTH] - centre[:, None]) / side[:, None, None] + 0.5) * pixels - 0.5
        unit = 100 * side / pixels / _distance(truth, OUTER_EYE_CORNERS)
        heatmaps = network.mouth.read(square.contiguous(memory_format=torch.channels_last))
        return _point_losses(part, heatmaps, network.mouth.cells, inside, unit, shown.float())

    return losses


def _point_losses(
    part: Part,
    heatmaps: Float[Tensor, "frames points cells cells"],
    cells: Float[Tensor, " cells"],
    truth: Float[Tensor, "frames points 2"],
    unit: Float[Tensor, " frames"],
    face: Float[Tensor, " frames"],
) -> dict[str, Tensor]:
    """Return the losses of all points, or of the mouth's 20; `unit` turns their pixels into percent."""
    there = mean_places(heatmaps, cells)
    weights = torch.ones(truth.shape[1])
    weights[-MOUTH_POINTS:] = part.mouth
    apart = torch.sqrt((there - truth).square().sum(dim=2) + 1e-4) * unit[:, None]
    # Counted from the end, so that the same numbers hold where the mouth stands alone.
    upper, lower = (end - POINTS for end in INNER_LIPS)
    gap = (_distance(there, (upper, lower)) - _distance(truth, (upper, lower))).abs() * unit
    surprise = -(_spots(truth, cells, part.spot) * heatmaps).sum(dim=(2, 3)).mean(dim=1)
    return {
        "points": _mean((apart * weights).sum(dim=1) / weights.sum(), face),
        "aperture": part.aperture * _mean(gap, face),
        "heatmaps": part.heatmaps * _mean(surprise, face),
    }


def _batch(
    rng: np.random.Generator, settings: LandmarkSettings, clips: Clips, batch: int, without: float
) -> tuple[UInt8[np.ndarray, "batch side side 3"], Float32[np.ndarray, "batch 68 2"], Bool[Tensor, " batch"]]:
    frames, points, shown = [], [], []
    for _ in range(batch):
        at = int(rng.integers(clips.frames.shape[0])), int(rng.integers(clips.frames.shape[1]))
        frame, truth = move(rng, settings.augmentation, clips.frames[at], clips.landmarks[at])
        face = bool(rng.random() >= without)
        frame = recolour(rng, settings.augmentation, frame) if face else faceless(rng, frame)
        frames.append(degrade(rng, settings.augmentation, frame))
        points.append(truth)
        shown.append(face)
    return np.stack(frames), np.stack(points), torch.tensor(shown)


def _distance(points: Tensor, ends: tuple[int, int]) -> Tensor:
    one, other = (points[:, end] for end in ends)
    return torch.sqrt((one - other).square().sum(dim=1) + 1e-4)


def _spots(
    points: Float[Tensor, "frames points 2"], cells: Float[Tensor, " cells"], deviation: float
) -> Float[Tensor, "frames points cells cells"]:
    """Return heatmaps that add up to 1, Gaussian around each point."""
    columns, rows = (torch.softmax(-0.5 * ((cells - points[..., k, None]) / deviation) ** 2, dim=-1) for k in (0, 1))
    return rows[..., :, None] * columns[..., None, :]


def _mean(values: Float[Tensor, " batch"], face: Float[Tensor, " batch"]) -> Tensor:
    """Return the mean over the frames with a face."""
    return (values * face).sum() / face.sum()
