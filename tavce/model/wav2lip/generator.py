"""Wav2Lip: a face without its lower half, a picture of the same person and 0.2 s of sound -> the whole face.

Source: Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation In the Wild", ACM MM 2020
(Rudrabha/Wav2Lip@5c90fa9, models/wav2lip.py), with its keys.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.motion.exp_net import audio_trunk
from tavce.model.wav2lip.blocks import TransposedBlock, dropped, plain, scaled, shortcuts


class Level(NamedTuple):
    """One size of picture inside the official network: channels on the way down and up, and blocks with shortcuts."""

    down: int
    shortcuts_down: int
    up: int
    shortcuts_up: int


# Sides 96, 48, 24, 12, 6, 3 and 1. What enters a network, of whatever side, has no shortcuts before it.
LEVELS = (
    Level(16, 0, 64, 2),
    Level(32, 2, 128, 2),
    Level(64, 3, 256, 2),
    Level(128, 2, 384, 2),
    Level(256, 2, 512, 2),
    Level(512, 1, 512, 1),
    Level(512, 0, 512, 0),
)
LAST_CHANNELS = 32


@dataclass(frozen=True)
class Wav2LipConfig:
    """The size of a `Wav2Lip`.

    Attributes:
        side: of the face in pixels: 96, or 48 or 24, whose network is the inner part of the official one, its stages
            counted anew from the finest that is left.
        width: factor on the channels of every convolution; 1.0 is the official network.
    """

    side: int
    width: float

    def __post_init__(self) -> None:
        dropped(self.side)

    @property
    def levels(self) -> tuple[Level, ...]:
        """Channels at each size of picture, finest first."""
        kept = LEVELS[dropped(self.side) :]
        return tuple(
            level._replace(down=scaled(level.down, self.width), up=scaled(level.up, self.width)) for level in kept
        )


OFFICIAL = Wav2LipConfig(side=96, width=1.0)


class Wav2Lip(nn.Module):
    """Two encoders and a decoder that, after each of its stages, is shown what the face encoder saw at that size."""

    def __init__(self, config: Wav2LipConfig) -> None:
        super().__init__()
        self.config = config
        finest, last = config.levels[0], scaled(LAST_CHANNELS, config.width)
        self.face_encoder_blocks = nn.ModuleList(_encoder(config.levels))
        self.audio_encoder, _ = audio_trunk(config.width)
        self.face_decoder_blocks = nn.ModuleList(_decoder(config.levels))
        self.output_block = nn.Sequential(
            plain(finest.up + finest.down, last, padding=1), nn.Conv2d(last, 3, 1), nn.Sigmoid()
        )

    def forward(
        self, mels: Float[Tensor, "batch 1 80 16"], faces: Float[Tensor, "#batch 6 side side"]
    ) -> Float[Tensor, "batch 3 side side"]:
        """Return the face of each frame as it says what is heard: blue, green, red in [0, 1].

        Args:
            mels: windows of the mel spectrogram in [-4, 4]. When it is used they begin at their frame; when it was
                trained, in the released code, a frame earlier.
            faces: blue, green, red of the frame with zeros in its lower half, then of a picture of the same person;
                all in [0, 1]. When it is used the second is the same frame, whole. One face serves all windows.
        """
        seen, x = [], faces
        for stage in self.face_encoder_blocks:
            x = stage(x)
            seen.append(x.expand(len(mels), -1, -1, -1))
        x = self.audio_encoder(mels)
        for stage in self.face_decoder_blocks:
            x = torch.cat([stage(x), seen.pop()], dim=1)
        made: Tensor = self.output_block(x)
        return made


def _encoder(levels: tuple[Level, ...]) -> list[nn.Sequential]:
    stages = [nn.Sequential(plain(6, levels[0].down, 7, padding=3))]
    for above, level in pairwise(levels[:-1]):
        halved = plain(above.down, level.down, stride=2, padding=1)
        stages.append(nn.Sequential(halved, *shortcuts(level.down, level.shortcuts_down)))
    last = levels[-1].down
    one_position = plain(levels[-2].down, last, padding=0)
    return [*stages, nn.Sequential(one_position, plain(last, last, 1, padding=0))]


def _decoder(levels: tuple[Level, ...]) -> list[nn.Sequential]:
    coarsest = levels[-1].up
    stages = [nn.Sequential(plain(coarsest, coarsest, 1, padding=0))]
    for below, level in pairwise(reversed(levels)):
        enlarged = TransposedBlock(below.up + below.down, level.up, first=below is levels[-1])
        stages.append(nn.Sequential(enlarged, *shortcuts(level.up, level.shortcuts_up)))
    return stages
