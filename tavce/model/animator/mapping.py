"""Mapping network: a window of motion coefficients -> head pose, translation and expression of its middle frame.

Source: Ren et al., "PIRenderer", ICCV 2021, with heads for keypoints as in SadTalker
(OpenTalker/SadTalker@cd4c046, src/facerender/modules/mapping.py).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.animator.keypoints import Motion

KERNEL, SLOPE = 7, 0.1


@dataclass(frozen=True)
class MappingConfig:
    """The size of a `MappingNet`.

    Attributes:
        coefficients: numbers per frame: 70 in SadTalker (64 of expression, 3 angles, 3 of translation).
        window: frames, odd; the network is about the middle one.
        width: channels.
        layers: convolutions after the first; each shortens the window by twice the dilation.
        dilation: of their three taps, in frames.
        bins: classes of each angle.
    """

    coefficients: int
    window: int
    width: int
    layers: int
    dilation: int
    bins: int


class MappingNet(nn.Module):
    """Convolutions along time, their mean, and one linear head per part of the motion."""

    def __init__(self, config: MappingConfig, keypoints: int) -> None:
        super().__init__()
        left = config.window - (KERNEL - 1) - 2 * config.dilation * config.layers
        if left < 1:
            raise ValueError(f"a window of {config.window} frames is too short for {config.layers} layers")
        self.config = config
        self.first = nn.Sequential(nn.Conv1d(config.coefficients, config.width, KERNEL))
        for layer in range(config.layers):
            convolution = nn.Conv1d(config.width, config.width, 3, dilation=config.dilation)
            self.add_module(f"encoder{layer}", nn.Sequential(nn.LeakyReLU(SLOPE), convolution))
        self.fc_roll = nn.Linear(config.width, config.bins)
        self.fc_pitch = nn.Linear(config.width, config.bins)
        self.fc_yaw = nn.Linear(config.width, config.bins)
        self.fc_t = nn.Linear(config.width, 3)
        self.fc_exp = nn.Linear(config.width, 3 * keypoints)

    def forward(self, windows: Float[Tensor, "batch coefficients window"]) -> Motion:
        """Return the motion of each window's middle frame."""
        x = self.first(windows)
        cut = self.config.dilation
        for layer in range(self.config.layers):
            x = self.get_submodule(f"encoder{layer}")(x) + x[..., cut:-cut]
        mean = x.mean(dim=2)
        return Motion(
            yaw=self.fc_yaw(mean),
            pitch=self.fc_pitch(mean),
            roll=self.fc_roll(mean),
            translation=self.fc_t(mean),
            expression=self.fc_exp(mean),
        )


def coefficient_windows(
    coefficients: Float[Tensor, "batch frames coefficients"], window: int
) -> Float[Tensor, "batch frames coefficients window"]:
    """Return the window around each frame; beyond both ends the outermost frame is repeated."""
    radius = window // 2
    padded = functional.pad(coefficients.mT, (radius, radius), mode="replicate")
    return torch.movedim(padded.unfold(2, window, 1), 2, 1)
