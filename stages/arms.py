"""Sections `animator` and `ablations` of params.yaml: what all arms share, and what sets each of them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from metrics import metric
from tavce.data.clips import Clip


@dataclass(frozen=True)
class Tuning:
    """How each arm is trained from the base; the same for all, so that arms differ by what they are.

    Attributes:
        steps: optimiser steps.
        sources: portraits per step.
        frames: frames per portrait; an even number: they come in pairs of neighbours.
        rate: highest learning rate.
        attention_rate: factor on it for the attention, which begins at zero beside a trained renderer.
        warm_up: share of the steps, below 1, in which the rate rises; it then falls along a cosine to zero.
        beta1: of AdamW.
        weight_decay: of filters and matrices.
        average: decay of the moving average of the weights, which is the result.
        largest_gradient: norm to which a longer gradient is cut.
        l1: weight of the mean absolute error.
        mouth: weight of a pixel in the mouth's box against one outside it, within the error.
        perceptual: weight of LPIPS between made and true frames.
        gan: weight of the hinge loss; 0 trains no discriminator.
        matching: weight of the discriminator's features.
        bfloat16: compute in it on a GPU.
    """

    steps: int
    sources: int
    frames: int
    rate: float
    attention_rate: float
    warm_up: float
    beta1: float
    weight_decay: float
    average: float
    largest_gradient: float
    l1: float
    mouth: float
    perceptual: float
    gan: float
    matching: float
    bfloat16: bool

    def __post_init__(self) -> None:
        if self.frames % 2:
            raise ValueError(f"frames {self.frames} must be even: they come in pairs of neighbours")
        if not 0 <= self.warm_up < 1:
            raise ValueError(f"warm_up {self.warm_up} must be at least 0 and below 1")


@dataclass(frozen=True)
class Shared:
    """Section `animator`.

    Attributes:
        base: "shipped" is the file in the repository; "scratch" trains one on the data set first.
        scratch_steps: optimiser steps of the renderer from scratch.
        size: of the renderer: "small" for a CPU, "tiny" and "paper" of the published architecture.
        frames: clips are cut into pieces of this length to learn from; what is left over is not used.
        seeds: every arm is trained once with each.
        full_arm: the arm that all others are compared with.
        null_arm: the arm that must equal `bare_arm`, or the comparison finds differences where there are none.
        bare_arm: the arm without attention and alignment.
        metrics: of the ablation table, measured on videos of every seed.
        clips: of each person that are measured for every seed; an arm with `table` has all clips of its first seed
            measured with all metrics besides.
        tuning: of every arm.
    """

    base: Literal["shipped", "scratch"]
    scratch_steps: int
    size: Literal["small", "tiny", "paper"]
    frames: int
    seeds: tuple[int, ...]
    full_arm: str
    null_arm: str
    bare_arm: str
    metrics: tuple[str, ...]
    clips: int
    tuning: Tuning

    def __post_init__(self) -> None:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)} name one twice")
        if self.clips < 1:
            raise ValueError(f"clips {self.clips} must be at least 1")
        for key in self.metrics:
            if metric(key).scope == "set":
                raise ValueError(f"metric {key} is one of sets of clips, and has no value per clip to compare")


@dataclass(frozen=True)
class Arm:
    """One entry of section `ablations`.

    Attributes:
        label: what tables call it.
        dataset: whose train split it is trained on; it is measured on every data set.
        correlation: the temporal correlation metric behind its attention and alignment; trained on the same data set.
        gate: kind of the attention's gate (see `tavce.model.correlation.gates`), or "none" for no attention.
        gate_audio: "shuffled" shows the attention the differences of a clip's moments in another order: a control.
        alignment: "released" pairs the true frame before with the made one, "generated" two made ones, "none" is off.
        similarity: "squared" cosine as released, or "signed".
        alignment_weight: 0.1 as released.
        table: whether it stands in the main table too.
    """

    label: str
    dataset: str
    correlation: str
    gate: Literal["none", "diagonal", "signed", "matrix", "sigmoid", "null"]
    gate_audio: Literal["own", "shuffled"]
    alignment: Literal["none", "released", "generated"]
    similarity: Literal["squared", "signed"]
    alignment_weight: float
    table: bool

    @property
    def listens(self) -> bool:
        """Whether it needs its correlation metric at all."""
        return self.gate != "none" or self.alignment != "none"


def seed_clips(shared: Shared, arm: Arm, clips: Sequence[Clip], number: int) -> list[Clip]:
    """Return the clips of seed `number`: all of the first one's for the main table, else some of each person."""
    if arm.table and number == 0:
        return list(clips)
    seen: dict[str, int] = {}
    chosen = []
    for clip in clips:
        seen[clip.identity] = seen.get(clip.identity, 0) + 1
        if seen[clip.identity] <= shared.clips:
            chosen.append(clip)
    return chosen
