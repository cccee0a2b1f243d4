"""The sync expert of Wav2Lip: five mouths and 0.2 s of sound -> whether they belong together.

Source: Prajwal et al., ACM MM 2020 (Rudrabha/Wav2Lip@5c90fa9, models/syncnet.py, SyncNet_color), with its keys.
"""

from dataclasses import dataclass
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.correlation.audio_encoder import BLOCKS
from tavce.model.motion.exp_net import audio_trunk
from tavce.model.wav2lip.blocks import dropped, plain, scaled, shortcuts

# Channels of each size of picture in the official network, and blocks with shortcuts there. What enters has none.
LEVELS = ((32, 0), (64, 2), (128, 3), (256, 2), (512, 2), (512, 0))
LAST_CHANNELS = 512
WINDOW = 5  # frames


@dataclass(frozen=True)
class SyncExpertConfig:
    """The size of a `SyncExpert`.

    Attributes:
        side: of the face in pixels, of which it sees the lower half: 96, 48 or 24. As in `Wav2LipConfig`, a smaller one
            has the inner part of the official network.
        width: factor on the channels of every convolution; 1.0 is the official network.
    """

    side: int
    width: float

    def __post_init__(self) -> None:
        dropped(self.side)

    @property
    def levels(self) -> tuple[tuple[int, int], ...]:
        """Channels and blocks with shortcuts at each size of picture, finest first."""
        return tuple((scaled(channels, self.width), count) for channels, count in LEVELS[dropped(self.side) :])


OFFICIAL = SyncExpertConfig(side=96, width=1.0)


class SyncExpert(nn.Module):
    """Two towers that end in ReLU, so that no two embeddings point away from each other."""

    def __init__(self, config: SyncExpertConfig) -> None:
        super().__init__()
        self.config = config
        self.face_encoder = nn.Sequential(*_face_tower(config))
        trunk, _ = audio_trunk(config.width)
        again = len(BLOCKS)  # the expert repeats the last block with a shortcut
        channels = scaled(BLOCKS[-1][1], config.width)
        self.channels = scaled(LAST_CHANNELS, config.width)
        self.audio_encoder = nn.Sequential(*trunk[:again], *shortcuts(channels, 1), *trunk[again:])

    def audio(self, mels: Float[Tensor, "batch 1 80 16"]) -> Float[Tensor, "batch channels"]:
        """Return the embedding of each window of sound, of unit length.

        Args:
            mels: mel spectrogram in [-4, 4]; the window begins where the first of the five frames does.
        """
        return functional.normalize(self.audio_encoder(mels).flatten(1), dim=1)

    def face(self, windows: Float[Tensor, "batch 15 half side"]) -> Float[Tensor, "batch channels"]:
        """Return the embedding of the lower halves of five frames, of unit length.

        Args:
            windows: blue, green, red of the first frame, then of the next; in [0, 1].
        """
        return functional.normalize(self.face_encoder(windows).flatten(1), dim=1)


def _face_tower(config: SyncExpertConfig) -> list[nn.Module]:
    (entry, _), (second, count), *others = config.levels
    blocks = [plain(3 * WINDOW, entry, 7, padding=3), plain(entry, second, 5, stride=(1, 2), padding=1)]
    blocks += shortcuts(second, count)
    for (before, _), (channels, count) in pairwise([(second, 0), *others]):
        blocks += [plain(before, channels, stride=2, padding=1), *shortcuts(channels, count)]
    last = scaled(LAST_CHANNELS, config.width)
    return [*blocks, plain(config.levels[-1][0], last, padding=0), plain(last, last, 1, padding=0)]
