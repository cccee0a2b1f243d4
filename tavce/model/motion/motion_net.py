"""E of the paper's step 2 for a small animator: what is heard -> the few coefficients of the mouth that it moves.

SadTalker's ExpNet (`exp_net`) reads each frame on its own. Lips move before a sound and after it, farther than the
0.2 s of a window, so one convolution over frames stands here between its encoder and its last layer.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.motion.exp_net import audio_trunk

AROUND = 5  # frames that one convolution sees: with the window, 0.36 s
LEAST_DEVIATION = 1e-3


@dataclass(frozen=True)
class MotionConfig:
    """The size of a `MotionNet`.

    Attributes:
        width: factor on the channels of Wav2Lip's audio encoder.
        hidden: numbers per frame after the convolution over frames.
        expression: coefficients that follow the sound.
    """

    width: float
    hidden: int
    expression: int


SMALL = MotionConfig(width=0.25, hidden=32, expression=4)


class MotionNet(nn.Module):
    """Wav2Lip's audio encoder, a convolution over frames and one linear layer; coefficients normalised inside."""

    mean: Tensor
    deviation: Tensor
    lowest: Tensor
    highest: Tensor

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.expression))
        self.register_buffer("deviation", torch.ones(config.expression))
        self.register_buffer("lowest", torch.full((config.expression,), -torch.inf))
        self.register_buffer("highest", torch.full((config.expression,), torch.inf))
        self.audio_encoder, features = audio_trunk(config.width)
        self.around = nn.Conv1d(features, config.hidden, AROUND, padding=AROUND // 2, padding_mode="replicate")
        self.mapping = nn.Linear(config.hidden + config.expression + 1, config.expression)

    def forward(
        self,
        mels: Float[Tensor, "batch frames 80 16"],
        reference: Float[Tensor, "batch expression"],
        openness: Float[Tensor, "batch frames 1"],
    ) -> Float[Tensor, "batch frames expression"]:
        """Return the expression of each frame, in evaluation mode within the range of the training.

        Args:
            mels: windows that begin two frames before their frame, in [-4, 4].
            reference: expression of the portrait.
            openness: of the eyes, 0 to 1.
        """
        heard: Tensor = self.audio_encoder(mels.flatten(0, 1)[:, None]).flatten(1)
        heard = torch.relu(self.around(torch.unflatten(heard, 0, mels.shape[:2]).mT).mT)
        before = ((reference - self.mean) / self.deviation)[:, None].expand(-1, mels.shape[1], -1)
        said: Tensor = self.mapping(torch.cat([heard, before, openness], dim=2)) * self.deviation + self.mean
        return said if self.training else said.clamp(self.lowest, self.highest)

    def calibrate(self, expression: Float[Tensor, "rows expression"]) -> None:
        """Keep mean, deviation and range of the training coefficients."""
        self.mean.copy_(expression.mean(dim=0))
        self.deviation.copy_(expression.std(dim=0).clamp(min=LEAST_DEVIATION))
        self.lowest.copy_(expression.amin(dim=0))
        self.highest.copy_(expression.amax(dim=0))
