"""One step of the published size on a CPU: all losses, attention, alignment by the released metric."""

import resource
from dataclasses import replace

import numpy as np
import pytest
import torch

from stages.make_base.renderer import SETTINGS as BASE
from tavce.model.animator.alignment import make_alignment
from tavce.model.animator.attention import AttentionConfig
from tavce.model.animator.data import AnimatorData
from tavce.model.animator.discriminator import PAPER as PAPER_DISCRIMINATOR
from tavce.model.animator.face_animator import FaceAnimator
from tavce.model.animator.settings import LossWeights
from tavce.model.animator.sizes import PAPER
from tavce.model.animator.train import train_animator
from tavce.model.correlation.metric import RELEASED, CorrelationMetric

MOST_GIB = 12  # of the whole process; measured: 9.6
SETTINGS = replace(
    BASE,
    steps=2,
    sources=1,
    neighbours=True,
    warm_up=0.0,
    beta1=0.5,
    weights=LossWeights(l1=20.0, mouth=1.0, perceptual=0.0, gan=1.0, matching=10.0, alignment=0.1),
    discriminator=PAPER_DISCRIMINATOR,
)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_step_of_the_published_size():
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (1, 3, 8, 8, 3), dtype=np.uint8)
    differences = rng.standard_normal((1, 3, 128)).astype(np.float32)
    data = AnimatorData(
        frames=coarse.repeat(32, axis=2).repeat(32, axis=3),
        coefficients=rng.standard_normal((1, 3, 70)).astype(np.float32),
        mouths=np.tile(np.float32([92, 132, 164, 204]), (1, 3, 1)),
        differences=differences,
        gated=differences,
    )
    torch.manual_seed(0)
    attention = AttentionConfig(dims=128, gate="diagonal")
    animator = FaceAnimator(replace(PAPER, renderer=replace(PAPER.renderer, attention=attention)))
    metric = CorrelationMetric(RELEASED).eval().requires_grad_(False)
    before = {name: value.detach().clone() for name, value in animator.named_parameters()}
    told = []
    state = train_animator(
        SETTINGS,
        animator,
        data,
        until=1,
        alignment=make_alignment(metric, data, form="released", similarity="squared"),
        log=lambda step, values: told.append(values),
    )
    assert state.step == 1
    assert {"l1", "gan", "matching", "alignment", "discriminator"} < set(told[0])
    assert told[0]["gradient_decoder"] > 0
    assert told[0]["gradient_proj2"] > 0
    # A normalised convolution's bias, and `proj1` behind a `proj2` of zero, have no gradient in the first step.
    moved = {name.split(".")[0] for name, value in animator.named_parameters() if not torch.equal(value, before[name])}
    assert moved == {"kp_extractor", "mapping", "generator"}
    assert all(value.isfinite().all() for value in state.average.values() if value.is_floating_point())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20 < MOST_GIB
