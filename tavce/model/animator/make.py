"""The sizes of animators by name, and how each is built for a number of coefficients and a kind of attention."""

from dataclasses import replace
from typing import Literal

from torch import nn

from tavce.model.animator.attention import AttentionConfig
from tavce.model.animator.face_animator import FaceAnimator
from tavce.model.animator.residual_renderer import SMALL, ResidualRenderer
from tavce.model.animator.sizes import PAPER, TINY

AnimatorSize = Literal["small", "tiny", "paper"]


def picture_side(size: AnimatorSize) -> int:
    """Return the side in pixels of the square pictures that an animator learns from."""
    return {"small": SMALL.size, "tiny": TINY.size, "paper": PAPER.size}[size]


def side_within(size: AnimatorSize, side: int) -> int:
    """Return the side at which pictures of `side` pixels go through an animator.

    The published architecture was trained at one side, and its keypoints lie elsewhere at another; "small" takes any
    from its own on.
    """
    return max(side, picture_side(size)) if size == "small" else picture_side(size)


def make_animator(size: AnimatorSize, coefficients: int, attention: AttentionConfig | None) -> nn.Module:
    """Return an untrained `tavce.model.animator.face_animator.Animator`.

    Args:
        size: "small" is a `ResidualRenderer`, which a CPU trains in minutes; "tiny" and "paper" are a `FaceAnimator`,
            the published architecture at a small and at its own size.
        coefficients: motion coefficients per frame.
        attention: TAVCE attention, or none.
    """
    if size == "small":
        return ResidualRenderer(replace(SMALL, coefficients=coefficients, attention=attention))
    config = TINY if size == "tiny" else PAPER
    return FaceAnimator(
        replace(
            config,
            mapping=replace(config.mapping, coefficients=coefficients),
            renderer=replace(config.renderer, attention=attention),
        )
    )
