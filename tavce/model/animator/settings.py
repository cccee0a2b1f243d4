"""How an animator is trained, and what a training holds."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from tavce.model.animator.discriminator import DiscriminatorConfig


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms of an animator's loss; a term of weight 0 is not computed.

    Attributes:
        l1: mean absolute error of RGB in [0, 1]; 20 as released.
        mouth: weight of a pixel in the mouth's box against one outside it, within `l1`.
        perceptual: distance of the function that is handed over; 10 per layer as released.
        gan: hinge loss; 1 as released.
        matching: discriminator's features; 10 per layer as released.
        alignment: of the function that is handed over; 0.1 as released.
    """

    l1: float
    mouth: float
    perceptual: float
    gan: float
    matching: float
    alignment: float


@dataclass(frozen=True)
class AnimatorSettings:
    """How an animator is trained.

    Attributes:
        seed: of every draw, and of the discriminator's weights.
        steps: optimiser steps of the whole schedule.
        sources: portraits per step.
        frames: frames per portrait; their work on the portrait is shared.
        neighbours: frames come in pairs of neighbours, for an alignment loss that compares two generated ones.
        rate: highest learning rate; it rises linearly over `warm_up` of the steps, then falls along a cosine to zero.
        warm_up: share of the steps.
        beta1: of AdamW; 0.5 with a discriminator.
        weight_decay: of matrices and filters.
        average: decay of the moving average of the weights, which is what a training is for.
        largest_gradient: norm to which a longer gradient is cut.
        weights: of the losses.
        discriminator: its size, or none.
        keep_every: steps between the states that are kept against a loss or gradient that is not finite.
        attention_rate: factor on `rate` for the parameters of `Animator.attention`, which begins at zero beside a
            renderer that may be trained already; 1 treats it like the rest.
        bfloat16: compute in bfloat16 where the device is a CUDA GPU; positions, losses and weights stay in float32. A
            CPU always computes in float32: bfloat16 takes twice as long there.
    """

    seed: int
    steps: int
    sources: int
    frames: int
    neighbours: bool
    rate: float
    warm_up: float
    beta1: float
    weight_decay: float
    average: float
    largest_gradient: float
    weights: LossWeights
    discriminator: DiscriminatorConfig | None
    keep_every: int
    attention_rate: float = 1.0
    bfloat16: bool = True


@dataclass(frozen=True)
class AnimatorState:
    """All that a training needs to go on as if it had never stopped.

    The draws of a step depend on the seed and its number alone, so no state of a random generator is part of it.

    Attributes:
        step: steps done.
        network: state dict of the animator.
        average: state dict of the moving average of its weights: the result.
        optimiser: its state dict.
        discriminator: its state dict; empty without one.
        critic: state dict of its optimiser; empty without one.
    """

    step: int
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    optimiser: dict[str, Any]
    discriminator: dict[str, Tensor]
    critic: dict[str, Any]


class AnimatorDivergedError(RuntimeError):
    """A loss or gradient was not finite; `state` is the last one kept before."""

    def __init__(self, step: int, what: str, state: AnimatorState) -> None:
        super().__init__(
            f"{what} of step {step} is not finite; the state of step {state.step} is kept: lower the learning rate"
        )
        self.state = state
