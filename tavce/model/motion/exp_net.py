"""Audio to expression: 0.2 s of mel spectrogram, a reference and how open the eyes are -> 64 expression coefficients.

Source: Zhang et al., "SadTalker", CVPR 2023 (OpenTalker/SadTalker@cd4c046, src/audio2exp_models/networks.py).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.correlation.audio_encoder import LAST_CHANNELS, AudioEncoder, AudioEncoderConfig


@dataclass(frozen=True)
class ExpNetConfig:
    """The size of an `ExpNet`.

    Attributes:
        width: factor on the channels of the audio encoder; 1.0 is the official network.
        coefficients: of the expression.
    """

    width: float
    coefficients: int


class ExpNet(nn.Module):
    """Wav2Lip's audio encoder and one linear layer; each frame on its own."""

    def __init__(self, config: ExpNetConfig) -> None:
        super().__init__()
        self.config = config
        self.audio_encoder, features = audio_trunk(config.width)
        self.mapping1 = nn.Linear(features + config.coefficients + 1, config.coefficients)

    def forward(
        self,
        mels: Float[Tensor, "batch frames 1 80 16"],
        reference: Float[Tensor, "batch frames coefficients"],
        openness: Float[Tensor, "batch frames 1"],
    ) -> Float[Tensor, "batch frames coefficients"]:
        """Return the expression of each frame.

        Args:
            mels: windows that begin two frames before their frame, in [-4, 4].
            reference: expression of the portrait.
            openness: of the eyes, 0 to 1.
        """
        heard = self.audio_encoder(mels.flatten(0, 1)).flatten(1).unflatten(0, mels.shape[:2])
        expression: Tensor = self.mapping1(torch.cat([heard, reference, openness], dim=2))
        return expression


def audio_trunk(width: float) -> tuple[nn.Sequential, int]:
    """Return the convolutions of Wav2Lip's audio encoder, at a factor of their width, and the channels of the last."""
    config = AudioEncoderConfig(width=width, embedding=1)
    return AudioEncoder(config).audio_encoder, config.channels(LAST_CHANNELS)
