"""The stand-ins of FID-Inception and LPIPS: features from naming people, motion and distortions on synthtalk.

Both learn who is drawn, what the face does and how, and how much, the picture was spoilt; LPIPS also learns to rank
the strength of distortions, as its originals learned from people's rankings.
"""

import math
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from metrics.inception import inception_input
from metrics.networks.inception import FidInception
from metrics.networks.lpips import Lpips
from stages.make_judges.augment import Augmentation
from stages.make_judges.corpus import Clips, Wanted, make_clips
from stages.make_judges.descend import descend, repeatable
from stages.make_judges.encode import Lossy
from stages.make_judges.lessons import COLUMNS, Lesson, draw_lesson, prepare
from tavce.model.descent import Curve

STAGES = 5  # of AlexNet, each with its channel weights
CELLS = 3  # a side: where in the picture LPIPS's heads may look
LEAST_DISTANCE = 1e-8


@dataclass(frozen=True)
class PerceptionSettings:
    """Every number of the recipe of one of the two networks.

    Attributes:
        corpus: what it learns from.
        width: factor on the channels of the official network.
        lossy: which clips are compressed.
        augmentation: how frames are moved and recoloured; they are spoilt by `distortions` instead.
        seed: of weights, batches and changes.
        steps, batch, rate, decay: of the descent.
        clean: share of frames that are not distorted; 0 for LPIPS, which ranks strengths.
        part: side of the part of the input that Inception sees in most steps, which are many times cheaper so.
        whole: share of the steps, the last ones, that see all of the input; likewise Inception's alone.
        people, motion, distortion, ranking: weights of the losses; ranking is LPIPS's alone.
        margin: LPIPS: how much larger the logarithm of the distance of the stronger distortion should be, for each
            unit of the logarithm of the ratio of strengths.
        level: LPIPS: the geometric mean of the distance of the stronger distortions, which fixes its unit.
    """

    corpus: Wanted
    width: float
    lossy: Lossy
    augmentation: Augmentation
    seed: int
    steps: int
    batch: int
    rate: float
    decay: float
    clean: float
    part: int
    whole: float
    people: float
    motion: float
    distortion: float
    ranking: float
    margin: float
    level: float


_CORPUS = Wanted(seed=7101, split="train", identities=256, clips=512, seconds=1.0, size=128)
_AUGMENTATION = Augmentation(
    shift=0.04, scale=0.06, rotation=4.0, smallest=128, blur=0.0, jpeg=95, colour=0.06, noise=0.0, share=0.0
)
INCEPTION = PerceptionSettings(
    corpus=_CORPUS,
    width=1 / 16,
    lossy=Lossy(every=4, least=16, most=42, seed=9),
    augmentation=_AUGMENTATION,
    seed=41,
    steps=1000,
    batch=16,
    rate=3e-3,
    decay=1e-3,
    clean=0.15,
    part=139,
    whole=0.1,
    people=0.3,
    motion=0.5,
    distortion=2.0,
    ranking=0.0,
    margin=0.0,
    level=1.0,
)
LPIPS = PerceptionSettings(
    corpus=_CORPUS,
    width=0.25,
    lossy=Lossy(every=4, least=16, most=42, seed=9),
    augmentation=_AUGMENTATION,
    seed=43,
    steps=700,
    batch=24,
    rate=1e-3,
    decay=1e-3,
    clean=0.0,
    part=0,
    whole=1.0,
    people=0.5,
    motion=1.0,
    distortion=1.0,
    ranking=2.0,
    margin=0.5,
    level=0.1,
)


class Heads(nn.Module):
    """Features -> people, motion and distortion; thrown away after training."""

    def __init__(self, channels: int, people: int, motion: int) -> None:
        super().__init__()
        self.people = nn.Linear(channels, people)
        self.motion = nn.Linear(channels, motion)
        self.kind = nn.Linear(channels, len(COLUMNS) + 1)  # the last: not spoilt
        self.strength = nn.Linear(channels, len(COLUMNS))

    def losses(
        self, settings: PerceptionSettings, features: Tensor, lesson: Lesson, people: nn.Linear
    ) -> dict[str, Tensor]:
        """Return the losses of features of the stronger distortions; `people` names who is seen."""
        strongest, kind = lesson.strong.max(dim=1)
        kind = torch.where(strongest > 0, kind, len(COLUMNS))
        return {
            "people": settings.people * functional.cross_entropy(people(features), lesson.identity),
            "motion": settings.motion * functional.mse_loss(self.motion(features), lesson.motion),
            "kind": settings.distortion * functional.cross_entropy(self.kind(features), kind),
            "strength": settings.distortion
            * len(COLUMNS)
            * functional.mse_loss(self.strength(features), lesson.strong),
        }


class NonNegative(nn.Module):
    """A weight as the square of a free one: distances stay distances at every step."""

    def forward(self, free: Tensor) -> Tensor:
        """Return the weight."""
        return free**2

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return the free weight to begin with."""
        return weight.abs().sqrt()


def train_inception(settings: PerceptionSettings, workers: int) -> tuple[FidInception, Curve]:
    """Draw the corpus, train the feature network and return it, frozen, with its curve."""
    return fit_inception(settings, make_clips(settings.corpus, workers=workers))


def fit_inception(settings: PerceptionSettings, clips: Clips) -> tuple[FidInception, Curve]:
    """Train the feature network on given clips; its classifier `fc` names the drawn people."""
    rng = np.random.default_rng(settings.seed)
    material = prepare(settings.lossy, clips)
    with repeatable(settings.seed):
        network = FidInception(width=settings.width, classes=settings.corpus.identities).to(
            memory_format=torch.channels_last
        )
        heads = Heads(network.channels, 1, clips.coefficients.shape[2])

        steps = count()

        def losses() -> dict[str, Tensor]:
            lesson = draw_lesson(rng, settings.augmentation, settings.batch, settings.clean, material)
            pixels = inception_input(lesson.stronger).contiguous(memory_format=torch.channels_last)
            if next(steps) < settings.steps * (1 - settings.whole):
                pixels = _part(rng, pixels, settings.part)
            features = network(pixels)
            return heads.losses(settings, features, lesson, network.fc)

        curve = descend(
            nn.ModuleList([network, heads]),
            losses,
            steps=settings.steps,
            rate=settings.rate,
            decay=settings.decay,
            label="inception",
        )
    return network.requires_grad_(False), curve


def train_lpips(settings: PerceptionSettings, workers: int) -> tuple[Lpips, Curve]:
    """Draw the corpus, train trunk and channel weights and return them, frozen, with the curve."""
    return fit_lpips(settings, make_clips(settings.corpus, workers=workers))


def fit_lpips(settings: PerceptionSettings, clips: Clips) -> tuple[Lpips, Curve]:
    """Train trunk and channel weights on given clips."""
    rng = np.random.default_rng(settings.seed)
    material = prepare(settings.lossy, clips)
    with repeatable(settings.seed):
        network = Lpips("alex", width=settings.width)
        linear = [network.get_submodule(f"lin{k}.model.1") for k in range(STAGES)]
        for layer in linear:
            parametrize.register_parametrization(layer, "weight", NonNegative())
        for layer in network.features:
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")  # there is no norm to set the scale
                nn.init.zeros_(layer.bias)
        channels = network(torch.zeros(1, 3, 64, 64))[-1].shape[1]
        heads = Heads(channels * CELLS**2, settings.corpus.identities, clips.coefficients.shape[2])

        def losses() -> dict[str, Tensor]:
            lesson = draw_lesson(rng, settings.augmentation, settings.batch, settings.clean, material)
            three = np.concatenate([lesson.clean, lesson.weaker, lesson.stronger])
            pixels = torch.from_numpy(three).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
            clean, weaker, stronger = zip(*(stage.chunk(3) for stage in network(pixels)), strict=True)
            features = functional.adaptive_avg_pool2d(stronger[-1], CELLS).flatten(1) * channels**0.5
            near, far = (network.distance(clean, spoilt).clamp_min(LEAST_DISTANCE) for spoilt in (weaker, stronger))
            margin = settings.margin * (lesson.strong.sum(1) / lesson.weak.sum(1)).log()
            ranked = functional.softplus(4 * (margin - (far / near).log())).mean()
            named = heads.losses(settings, features, lesson, heads.people)
            level = (far.log().mean() - math.log(settings.level)).square()
            return {**named, "ranking": settings.ranking * ranked, "level": level}

        curve = descend(
            nn.ModuleList([network, heads]),
            losses,
            steps=settings.steps,
            rate=settings.rate,
            decay=settings.decay,
            label="lpips",
        )
        for layer in linear:
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
    return network.requires_grad_(False), curve


def split_lpips(network: Lpips) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the weights of the trunk and of the channels, as the two files that `load_lpips` reads."""
    state = network.state_dict()
    trunk = {name: value for name, value in state.items() if name.startswith("features.")}
    return trunk, {name: value for name, value in state.items() if name not in trunk}


def _part(rng: np.random.Generator, pixels: Tensor, side: int) -> Tensor:
    """Return a square from around the middle, where the face is, at the full size of its pixels."""
    room = pixels.shape[2] - side
    top, left = (int(rng.integers(room // 4, room - room // 4 + 1)) for _ in range(2))
    return pixels[:, :, top : top + side, left : left + side]
