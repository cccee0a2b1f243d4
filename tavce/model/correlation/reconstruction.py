"""The reconstruction branch of the released code: a mouth and the change of the sound -> the neighbouring mouth.

Two of these generators are trained beside the metric, one forwards and one backwards in time, so that the change of
the sound must hold what the picture needs. The paper's text does not mention them.

Source: ZH-Xu410/TAVCE@c239395, correlation/models.py, with its keys; the layout is pix2pixHD's (Wang et al., CVPR
2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.correlation.gates import diagonal_gate

DOWNS = 3

Perceptual = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class ReconstructionConfig:
    """The size of a reconstruction generator.

    Attributes:
        channels: after the first convolution; 64 as released. Each of three halvings doubles them.
        blocks: residual blocks, the larger half before the attention; 9 as released.
        embedding: numbers of a difference; 128 as released.
    """

    channels: int
    blocks: int
    embedding: int


RELEASED = ReconstructionConfig(channels=64, blocks=9, embedding=128)
TINY = ReconstructionConfig(channels=8, blocks=3, embedding=128)


class ResidualBlock(nn.Module):
    """Two convolutions on a mirrored edge, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers = [
            *(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), _norm(channels), nn.ReLU()),
            *(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), _norm(channels)),
        ]
        # Official files name these layers twice.
        self.resnetblock_sequential = nn.Sequential(*layers)
        self.conv_block = self.resnetblock_sequential

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Return the activations, of the same size."""
        return torch.add(x, self.conv_block(x))


class ReconstructionGenerator(nn.Module):
    """Encoder, attention of the sound's difference on the deepest feature, decoder."""

    def __init__(self, config: ReconstructionConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.channels * 2**k for k in range(DOWNS + 1)]
        down: list[nn.Module] = [*_edge_unit(3, widths[0]), _norm(widths[0]), nn.ReLU()]
        up: list[nn.Module] = []
        for narrow, wide in pairwise(widths):
            down += [nn.Conv2d(narrow, wide, 3, stride=2, padding=1), _norm(wide), nn.ReLU()]
        for narrow, wide in reversed(list(pairwise(widths))):
            up += [nn.ConvTranspose2d(wide, narrow, 3, 2, padding=1, output_padding=1), _norm(narrow), nn.ReLU()]
        after = config.blocks // 2
        down += [ResidualBlock(widths[-1]) for _ in range(config.blocks - after)]
        self.model_down_img = nn.Sequential(*down)
        self.model_res_img = nn.Sequential(*(ResidualBlock(widths[-1]) for _ in range(after)))
        self.model_up_img = nn.Sequential(*up)
        self.model_final_img = nn.Sequential(*_edge_unit(widths[0], 3), nn.Tanh())
        self.proj1 = _projection(widths[-1], config.embedding)
        self.proj2 = _projection(config.embedding, widths[-1])

    def forward(
        self, d: Float[Tensor, "batch embedding"], crops: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 3 height width"]:
        """Return the neighbouring crop, R, G, B in [-1, 1].

        Args:
            d: difference of the two audio embeddings. (The released generator takes their covariance matrix and uses
                |d| / |d|_2 of it.)
            crops: mouths in [-1, 1]; sides that 8 divides.
        """
        feature = self.model_down_img(crops)
        gated = diagonal_gate(d)[:, :, None, None] * self.proj1(feature)
        feature = self.model_res_img(feature + self.proj2(gated))
        out: Tensor = self.model_final_img(self.model_up_img(feature))
        return out


class ReconstructionBranches(nn.Module):
    """G1, which looks one frame ahead, and G2, which looks one frame back."""

    def __init__(self, config: ReconstructionConfig) -> None:
        super().__init__()
        self.generator1 = ReconstructionGenerator(config)
        self.generator2 = ReconstructionGenerator(config)

    def loss(
        self,
        d: Float[Tensor, "batch embedding"],
        earlier: Float[Tensor, "batch 3 height width"],
        later: Float[Tensor, "batch 3 height width"],
        perceptual: Perceptual,
    ) -> Float[Tensor, ""]:
        """Return L_rec = LPIPS(G1(d, v_i), v_i+1) + LPIPS(G2(d, v_i+1), v_i), mean over the batch.

        Copying the input is nearly right already, 40 ms apart: read the loss beside that of the copy.

        Args:
            d: difference of the audio embeddings of both moments.
            earlier: v_i in [-1, 1].
            later: v_i+1 in [-1, 1].
            perceptual: one distance per pair of pictures in [-1, 1]; LPIPS-VGG as released.
        """
        ahead = perceptual(self.generator1(d, earlier), later).mean()
        back = perceptual(self.generator2(d, later), earlier).mean()
        return ahead + back


def _norm(channels: int) -> nn.Module:
    # Without scale or shift, but with running statistics, which evaluation uses: not what InstanceNorm does elsewhere.
    return nn.InstanceNorm2d(channels, affine=False, track_running_stats=True)


def _edge_unit(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.ReflectionPad2d(3), nn.Conv2d(inputs, outputs, 7)


def _projection(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), _norm(outputs))
