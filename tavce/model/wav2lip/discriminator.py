"""The quality discriminator of Wav2Lip: the lower half of a face -> how true it looks.

Source: Prajwal et al., ACM MM 2020 (Rudrabha/Wav2Lip@5c90fa9, models/wav2lip.py, Wav2Lip_disc_qual), with its keys.
"""

from dataclasses import dataclass
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.wav2lip.blocks import dropped, lower_half, scaled

# Channels and kernel at each size of picture in the official network; what enters a network has a kernel of 7.
LEVELS = ((32, 7), (64, 5), (128, 5), (256, 5), (512, 3), (512, 3))
SLOPE = 0.01


@dataclass(frozen=True)
class QualityConfig:
    """The size of a `QualityDiscriminator`.

    Attributes:
        side: of the face in pixels: 96, 48 or 24, with the levels that `Wav2LipConfig` keeps.
        width: factor on the channels of every convolution; 1.0 is the official network.
    """

    side: int
    width: float

    def __post_init__(self) -> None:
        dropped(self.side)

    @property
    def levels(self) -> tuple[tuple[int, int], ...]:
        """Channels and kernel at each size of picture, finest first."""
        return tuple((scaled(channels, self.width), kernel) for channels, kernel in LEVELS[dropped(self.side) :])


class PlainConvolution(nn.Module):
    """Convolution and leaky ReLU, without a norm."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int | tuple[int, int] = 1, padding: int | None = None
    ) -> None:
        super().__init__()
        around = kernel // 2 if padding is None else padding
        self.conv_block = nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, around))

    def forward(self, x: Float[Tensor, "batch _ _ _"]) -> Float[Tensor, "batch _ _ _"]:
        """Return the activations, reduced by the stride."""
        return functional.leaky_relu(self.conv_block(x), SLOPE)


class QualityDiscriminator(nn.Module):
    """Convolutions down to one position."""

    def __init__(self, config: QualityConfig) -> None:
        super().__init__()
        self.config = config
        (entry, _), *_ = levels = config.levels
        stages = [nn.Sequential(PlainConvolution(3, entry, 7))]
        for number, ((before, _), (channels, kernel)) in enumerate(pairwise(levels)):
            # The half is twice as wide as it is high; the first step makes it square.
            halved = PlainConvolution(before, channels, kernel, stride=2 if number else (1, 2))
            stages.append(nn.Sequential(halved, PlainConvolution(channels, channels, kernel)))
        last = levels[-1][0]
        stages.append(nn.Sequential(PlainConvolution(last, last, 3, padding=0), PlainConvolution(last, last, 1)))
        self.face_encoder_blocks = nn.ModuleList(stages)
        self.binary_pred = nn.Sequential(nn.Conv2d(last, 1, 1))

    def forward(self, faces: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, " batch"]:
        """Return the log-odds that each face is a true one, by its lower half alone.

        The original ends in the sigmoid of this, whose cross entropy is that of the log-odds.

        Args:
            faces: blue, green, red in [0, 1].
        """
        x = lower_half(faces)
        for stage in self.face_encoder_blocks:
            x = stage(x)
        return self.binary_pred(x).flatten()  # type: ignore[no-any-return]  # nn.Module returns Any
