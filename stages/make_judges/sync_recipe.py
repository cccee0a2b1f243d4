"""What the training of the sync judge is told: every number of it."""

from dataclasses import dataclass

from metrics.networks.syncnet import SyncNetConfig
from stages.make_judges.corpus import Wanted
from stages.make_judges.sync_batches import Changes, Region


@dataclass(frozen=True)
class Phase:
    """One part of training; what it names first and last changes evenly in between.

    Attributes:
        region: what the network sees of the picture.
        steps: number of batches.
        segments: clips in a batch.
        windows: consecutive lip windows of each.
        rates: first and last learning rate, along half a cosine.
        strength: first and last share of the changes of pictures and sounds.
        mouth: weight of telling what the mouth does.
        contrast: weight of telling which sound belongs to lips and which lips to a sound.
    """

    region: Region
    steps: int
    segments: int
    windows: int
    rates: tuple[float, float]
    strength: tuple[float, float]
    mouth: float
    contrast: float


@dataclass(frozen=True)
class SyncSettings:
    """Every number of the recipe.

    Attributes:
        corpus: what it learns from, one person a clip.
        held_out: how many of the clips, the last, it does not learn from; the curve shows them.
        network: the size of the network.
        changes: what is done to pictures and sounds at full strength.
        phases: one after the other.
        seed: of weights, batches and changes.
        decay: weight decay of AdamW.
        check_every: steps between points of the curve.
        settling: batches over which the means and variances of all normalisations are taken at the end.
    """

    corpus: Wanted
    held_out: int
    network: SyncNetConfig
    changes: Changes
    phases: tuple[Phase, ...]
    seed: int
    decay: float
    check_every: int
    settling: int
