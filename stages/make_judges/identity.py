"""The stand-in face recogniser: an IResNet trained on drawn people, frozen in metrics/standins/identity.pt."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional

from metrics.align import SIDE, aligned_faces
from metrics.networks.iresnet import IResNet, IResNetConfig, network_input
from stages.make_judges.augment import Augmentation, degrade, move, recolour
from stages.make_judges.corpus import Clips, Wanted, make_clips
from stages.make_judges.descend import descend, repeatable
from stages.make_judges.encode import Lossy, some_encoded
from tavce.model.descent import Curve

LEAST_SINE = 1e-4


@dataclass(frozen=True)
class IdentitySettings:
    """Every number of the recipe.

    Attributes:
        corpus: what it learns from; several clips a person.
        network: the shape of the network.
        lossy: which clips are compressed first.
        augmentation: how frames are changed before alignment (which undoes most of a move) and after.
        jitter: deviation of the error added to landmarks before alignment, in pixels.
        seed: of weights, batches and changes.
        steps, batch, rate, decay: of the descent.
        scale, margin: of ArcFace: the factor on cosines and the angle in radians added to a face's own.
    """

    corpus: Wanted
    network: IResNetConfig
    lossy: Lossy
    augmentation: Augmentation
    jitter: float
    seed: int
    steps: int
    batch: int
    rate: float
    decay: float
    scale: float
    margin: float


SETTINGS = IdentitySettings(
    corpus=Wanted(seed=7101, split="train", identities=256, clips=512, seconds=1.0, size=128),
    network=IResNetConfig(blocks=(1, 1, 1, 1), width=0.125, embedding=128, side=56, dropout=0.0),
    lossy=Lossy(every=3, least=20, most=40, seed=7),
    augmentation=Augmentation(
        shift=0.03, scale=0.10, rotation=5.0, smallest=48, blur=1.2, jpeg=20, colour=0.10, noise=6.0, share=0.4
    ),
    jitter=0.7,
    seed=53,
    steps=500,
    batch=48,
    rate=4e-3,
    decay=5e-4,
    scale=24.0,
    margin=0.3,
)


class MarginHead(nn.Module):
    """Directions of the training people and ArcFace's loss against them (Deng et al., CVPR 2019, equation 3)."""

    def __init__(self, channels: int, people: int, scale: float, margin: float) -> None:
        super().__init__()
        self.people = nn.Parameter(torch.randn(people, channels))
        self.scale, self.margin = scale, margin

    def forward(self, embedding: Float[Tensor, "batch channels"], identity: Int64[Tensor, " batch"]) -> Tensor:
        """Return the mean cross entropy of scaled cosines, the own one taken at an angle wider by the margin."""
        cosines = functional.normalize(embedding) @ functional.normalize(self.people).T
        own = cosines.gather(1, identity[:, None])
        sine = (1 - own.square()).clamp_min(LEAST_SINE).sqrt()
        wider = own * math.cos(self.margin) - sine * math.sin(self.margin)
        # Beyond pi the cosine would rise again.
        wider = torch.where(own > -math.cos(self.margin), wider, own - math.sin(self.margin) * self.margin)
        return functional.cross_entropy(self.scale * cosines.scatter(1, identity[:, None], wider), identity)


def train_identity(settings: IdentitySettings, workers: int) -> tuple[IResNet, Curve]:
    """Draw the corpus, train the recogniser and return it, frozen, with its curve; the same at any workers."""
    return fit_identity(settings, make_clips(settings.corpus, workers=workers))


def fit_identity(settings: IdentitySettings, clips: Clips) -> tuple[IResNet, Curve]:
    """Train the recogniser on given clips."""
    rng = np.random.default_rng(settings.seed)
    clips = some_encoded(settings.lossy, clips)
    with repeatable(settings.seed):
        network = IResNet(settings.network)
        head = MarginHead(settings.network.embedding, settings.corpus.identities, settings.scale, settings.margin)

        def losses() -> dict[str, Tensor]:
            faces, identity = _batch(rng, settings, clips)
            return {"margin": head(network(network_input(faces, settings.network.side)), identity)}

        curve = descend(
            nn.ModuleList([network, head]),
            losses,
            steps=settings.steps,
            rate=settings.rate,
            decay=settings.decay,
            label="identity",
        )
    return network.requires_grad_(False), curve


def _batch(
    rng: np.random.Generator, settings: IdentitySettings, clips: Clips
) -> tuple[UInt8[np.ndarray, "batch 112 112 3"], Int64[Tensor, " batch"]]:
    clip = rng.integers(clips.frames.shape[0], size=settings.batch)
    moment = rng.integers(clips.frames.shape[1], size=settings.batch)
    faces = np.empty((settings.batch, SIDE, SIDE, 3), np.uint8)
    for k, at in enumerate(zip(clip, moment, strict=True)):
        frame, points = move(rng, settings.augmentation, clips.frames[at], clips.landmarks[at])
        frame = degrade(rng, settings.augmentation, recolour(rng, settings.augmentation, frame))
        # One error for the whole face: detectors are off by a place, a turn and a size more than point by point.
        points = points + rng.normal(0, settings.jitter, (len(points), 2)) + rng.normal(0, settings.jitter, 2)
        faces[k] = aligned_faces(frame[None], points[None]).faces[0]
    return faces, torch.from_numpy(clips.identity[clip])
