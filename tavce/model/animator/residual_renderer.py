"""A small renderer: the portrait warped in two dimensions, and a decoded residual added.

For sizes that a CPU trains in minutes. It has the parts of `renderer` - keypoints, dense motion, occlusion,
SPADE, TAVCE attention - at a quarter of the picture's side, where they are cheap; the picture itself is warped at full
size, and the decoder adds to it. To blend the two by a learnt mask would be the obvious way, but the mask saturates:
the warp wins everywhere, and decoder, occlusion and attention stop learning while PSNR still rises.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from tavce.model.animator.attention import AttentionConfig, ChannelAttention
from tavce.model.animator.flat_motion import FlatFlow, FlatMotion, FlatMotionConfig, pixel_grid
from tavce.model.animator.precision import full_precision
from tavce.model.animator.residual_decoder import HALF, SLOPE, ResidualDecoder, active, shrunk

LEAST_DEVIATION = 1e-3
ANCHOR_VARIANCE, ANCHOR_RADIUS = 0.05, 0.8


@dataclass(frozen=True)
class ResidualRendererConfig:
    """The size of a `ResidualRenderer`.

    Attributes:
        size: side in pixels, a multiple of 8, of the square picture that the network works on; it is the smallest that
            it makes.
        coefficients: motion coefficients per frame.
        keypoints: number of them.
        channels: of the portrait's features and of the decoder.
        code: numbers to which the motion of a frame is reduced.
        motion: of the dense motion.
        blocks: SPADE blocks of the decoder.
        hidden: channels between the features and the scale and offset that they set.
        fine: channels of the last layers, at half the picture's side.
        attention: TAVCE attention, or none.
    """

    size: int
    coefficients: int
    keypoints: int
    channels: int
    code: int
    motion: FlatMotionConfig
    blocks: int
    hidden: int
    fine: int
    attention: AttentionConfig | None


class SmallSource(NamedTuple):
    """What a `ResidualRenderer` keeps of its portraits.

    Attributes:
        image: RGB in [0, 1], as large as the frames will be.
        features: at a quarter of the network's side.
        keypoints: x and y of each, from -1 to 1.
        coefficients: of the portrait, normalised.
    """

    image: Float[Tensor, "sources 3 height width"]
    features: Float[Tensor, "sources channels _ _"]
    keypoints: Float[Tensor, "sources keypoints 2"]
    coefficients: Float[Tensor, "sources coefficients"]


class ResidualRenderer(nn.Module):
    """Coefficients and a portrait -> frames."""

    window = 1  # frames of coefficients that one frame needs
    mean: Tensor
    deviation: Tensor

    def __init__(self, config: ResidualRendererConfig) -> None:
        super().__init__()
        self.config = config
        wide, fine = config.channels, config.fine
        self.register_buffer("mean", torch.zeros(config.coefficients))
        self.register_buffer("deviation", torch.ones(config.coefficients))
        self.first = nn.Conv2d(3 * HALF**2, fine, 3, padding=1)
        self.second = nn.Conv2d(fine, wide, 3, stride=HALF, padding=1)
        self.third = nn.Conv2d(wide, wide, 3, padding=1)
        self.attention = None if config.attention is None else ChannelAttention(wide, config.attention)
        self.kp = nn.Conv2d(wide, config.keypoints, 3, padding=1)
        self.anchors = nn.Parameter(_sunflower(config.keypoints))
        self.code = nn.Sequential(nn.Linear(2 * config.coefficients, wide), nn.ReLU(), nn.Linear(wide, config.code))
        self.shift = nn.Linear(config.coefficients, 2 * config.keypoints, bias=False)
        self.dense_motion_network = FlatMotion(
            config.motion, channels=wide, keypoints=config.keypoints, code=config.code
        )
        self.decoder = ResidualDecoder(wide, code=config.code, blocks=config.blocks, hidden=config.hidden, fine=fine)
        self._start()

    def _start(self) -> None:
        """Set the weights so that the first picture is nearly the portrait as it is.

        From random shifts, the choice among keypoints settles on standing still within twenty steps, and the softmax
        never lets go of it.
        """
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d) and not name.startswith("attention."):
                nn.init.kaiming_normal_(layer.weight, SLOPE)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
        motion = self.dense_motion_network
        for layer, scale in (
            (self.shift, 0.0),
            (motion.mask, 0.1),
            (motion.offset, 0.01),
            (self.decoder.conv_img, 0.01),
        ):
            layer.weight.data.mul_(scale)

    def calibrate(self, coefficients: Float[Tensor, "rows coefficients"]) -> None:
        """Keep mean and deviation of the training coefficients, by which all are normalised."""
        self.mean.copy_(coefficients.mean(dim=0))
        self.deviation.copy_(coefficients.std(dim=0).clamp(min=LEAST_DEVIATION))

    def encode_source(
        self,
        image: Float[Tensor, "sources 3 height width"],
        coefficients: Float[Tensor, "sources coefficients 1"],
    ) -> SmallSource:
        """Return what `render` needs of the portraits; computed once per clip.

        Args:
            image: RGB in [0, 1], square, of the network's side or a larger one: frames are made at that side, from a
                flow and a residual at the network's own.
            coefficients: of the portraits.

        Raises:
            ValueError: the pictures are not square, or smaller than the network's side.
        """
        height, width = image.shape[2:]
        if height != width or height < self.config.size:
            raise ValueError(
                f"a portrait of {height} x {width} pixels: a square of {self.config.size} at least is needed"
            )
        small = shrunk(image, self.config.size)
        x = active(self.first(functional.pixel_unshuffle(small, HALF)))
        features = active(self.second(x))
        features = features + self.third(features)
        with full_precision(image):
            keypoints = self._keypoints(features.float())
        return SmallSource(image, features, keypoints, (coefficients[..., 0] - self.mean) / self.deviation)

    def _keypoints(self, features: Float[Tensor, "sources channels _ _"]) -> Float[Tensor, "sources keypoints 2"]:
        """Return the mean position under a softmax of scores, each keypoint drawn to an anchor of its own."""
        grid = pixel_grid(features).flatten(0, 1)
        far = (grid - self.anchors[:, None]).square().sum(dim=-1)
        chance = torch.softmax(self.kp(features).flatten(2) - 0.5 * far / ANCHOR_VARIANCE, dim=2)
        return chance @ grid

    def render(
        self,
        source: SmallSource,
        coefficients: Float[Tensor, "sources frames coefficients 1"],
        differences: Float[Tensor, "sources frames dims"] | None = None,
    ) -> Float[Tensor, "sources frames 3 height width"]:
        """Return the frames, RGB; values a little below 0 or above 1 occur, and keep their gradient.

        Args:
            source: the portraits, as `encode_source` gives them.
            coefficients: of the frames.
            differences: of the audio embeddings of each frame and the one before; only with attention.

        Raises:
            ValueError: attention without differences, or differences without attention.
        """
        frames = coefficients.shape[1]
        image, features, keypoints, at_rest = (part.repeat_interleave(frames, dim=0) for part in source)
        if self.attention is not None and differences is not None:
            features = self.attention(source.features, differences).flatten(0, 1)
        elif self.attention is not None or differences is not None:
            raise ValueError("attention and audio differences go together: one is there without the other")
        wanted = (coefficients[..., 0].flatten(0, 1) - self.mean) / self.deviation
        with full_precision(image):
            code = self.code(torch.cat([wanted, wanted - at_rest], dim=1))
            driving = keypoints + torch.unflatten(self.shift(wanted - at_rest), 1, (-1, 2))
            flow: FlatFlow = self.dense_motion_network(features.float(), keypoints, driving, code)
        pictures: Tensor = self.decoder(image, features, flow, code)
        return torch.unflatten(pictures, 0, (-1, frames))

    def forward(
        self,
        image: Float[Tensor, "sources 3 height width"],
        source_coefficients: Float[Tensor, "sources coefficients 1"],
        coefficients: Float[Tensor, "sources frames coefficients 1"],
        differences: Float[Tensor, "sources frames dims"] | None = None,
    ) -> Float[Tensor, "sources frames 3 height width"]:
        """Return ``render(encode_source(...), ...)``."""
        return self.render(self.encode_source(image, source_coefficients), coefficients, differences)


def _sunflower(count: int) -> Float[Tensor, "count 2"]:
    """Return points spread evenly over the disc in the middle of the picture: by the golden angle, as sunflowers do."""
    number = torch.arange(count) + 0.5
    radius, angle = ANCHOR_RADIUS * (number / count).sqrt(), number * math.pi * (3 - math.sqrt(5))
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


SMALL = ResidualRendererConfig(
    size=64,
    coefficients=14,
    keypoints=10,
    channels=64,
    code=32,
    motion=FlatMotionConfig(compress=4, channels=48, variance=0.03),
    blocks=2,
    hidden=48,
    fine=32,
    attention=None,
)
