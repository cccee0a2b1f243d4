"""Renderer: a portrait, its keypoints and those of the wanted frames -> the frames.

The occlusion-aware SPADE generator of SadTalker (OpenTalker/SadTalker@cd4c046, src/facerender/modules/generator.py),
with TAVCE attention on the portrait's features. Work that concerns the portrait alone is done once per clip.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.animator.attention import AttentionConfig, ChannelAttention
from tavce.model.animator.blocks import Down, Residual3d, Same
from tavce.model.animator.dense_motion import DenseMotion, DenseMotionConfig, Flow, warp
from tavce.model.animator.precision import full_precision
from tavce.model.animator.spade import DecoderConfig, SpadeDecoder

HALVINGS = 2  # the decoder enlarges twice
THIRD_SLOPE = 0.01


@dataclass(frozen=True)
class RendererConfig:
    """The size of a `Renderer`.

    Attributes:
        width: channels at full size; doubled per halving.
        channels: of the feature volume.
        depth: layers of the feature volume.
        blocks: residual blocks of the feature volume.
        motion: of the dense motion network.
        decoder: of the SPADE decoder.
        attention: TAVCE attention, or none.
    """

    width: int
    channels: int
    depth: int
    blocks: int
    motion: DenseMotionConfig
    decoder: DecoderConfig
    attention: AttentionConfig | None


class EncodedSource(NamedTuple):
    """What a renderer keeps of its portraits.

    Attributes:
        features: before the attention.
        volume: the features as a volume, after the residual blocks; none where attention changes them per frame.
    """

    features: Float[Tensor, "sources _ height width"]
    volume: Float[Tensor, "sources channels depth height width"] | None


class Renderer(nn.Module):
    """Warps the portrait's feature volume and decodes it, frame by frame."""

    def __init__(self, config: RendererConfig, keypoints: int) -> None:
        super().__init__()
        self.config = config
        most, inner = config.channels * config.depth, config.width * 2**HALVINGS
        self.dense_motion_network = DenseMotion(
            config.motion, channels=config.channels, depth=config.depth, keypoints=keypoints
        )
        self.first = Same(3, config.width)
        steps = [min(most, config.width * 2**level) for level in range(HALVINGS + 1)]
        self.down_blocks = nn.ModuleList(Down(*pair) for pair in pairwise(steps))
        self.second = nn.Conv2d(steps[-1], most, 1)
        self.resblocks_3d = nn.Sequential()
        for number in range(config.blocks):
            self.resblocks_3d.add_module(f"3dr{number}", Residual3d(config.channels))
        self.third = Same(most, inner, slope=THIRD_SLOPE)
        self.fourth = nn.Conv2d(inner, inner, 1)
        self.decoder = SpadeDecoder(config.decoder, inner)
        self.attention = None if config.attention is None else ChannelAttention(most, config.attention)

    def encode_source(self, image: Float[Tensor, "sources 3 height width"]) -> EncodedSource:
        """Return what `render` needs of the portraits, RGB in [0, 1]; computed once per clip."""
        x = self.first(image)
        for block in self.down_blocks:
            x = block(x)
        features = self.second(x)
        return EncodedSource(features, self._volume(features) if self.attention is None else None)

    def render(
        self,
        source: EncodedSource,
        source_keypoints: Float[Tensor, "sources keypoints 3"],
        driving_keypoints: Float[Tensor, "sources frames keypoints 3"],
        differences: Float[Tensor, "sources frames dims"] | None = None,
    ) -> Float[Tensor, "sources frames 3 height width"]:
        """Return the frames, RGB in (0, 1).

        Args:
            source: the portraits, as `encode_source` gives them.
            source_keypoints: where their keypoints lie.
            driving_keypoints: where those of the frames lie.
            differences: of the audio embeddings of each frame and the one before; only with attention.

        Raises:
            ValueError: attention without differences, or differences without attention.
        """
        frames = driving_keypoints.shape[1]
        volume = self._volume_of_frames(source, differences, frames)
        with full_precision(volume):
            flow: Flow = self.dense_motion_network(
                volume.float(), source_keypoints.repeat_interleave(frames, dim=0), driving_keypoints.flatten(0, 1)
            )
        x = self.fourth(self.third(warp(volume, flow.positions).flatten(1, 2)))
        pictures: Tensor = self.decoder(x * flow.visible)
        return torch.unflatten(pictures, 0, (-1, frames))

    def forward(
        self,
        image: Float[Tensor, "sources 3 height width"],
        source_keypoints: Float[Tensor, "sources keypoints 3"],
        driving_keypoints: Float[Tensor, "sources frames keypoints 3"],
        differences: Float[Tensor, "sources frames dims"] | None = None,
    ) -> Float[Tensor, "sources frames 3 height width"]:
        """Return ``render(encode_source(image), ...)``."""
        return self.render(self.encode_source(image), source_keypoints, driving_keypoints, differences)

    def _volume(self, features: Float[Tensor, "batch _ height width"]) -> Float[Tensor, "batch _ _ height width"]:
        volume: Tensor = self.resblocks_3d(torch.unflatten(features, 1, (self.config.channels, self.config.depth)))
        return volume

    def _volume_of_frames(
        self, source: EncodedSource, differences: Float[Tensor, "sources frames dims"] | None, frames: int
    ) -> Float[Tensor, "batch channels depth height width"]:
        if self.attention is None:
            if differences is not None or source.volume is None:
                raise ValueError("audio differences, or features without a volume, for a renderer without attention")
            return source.volume.repeat_interleave(frames, dim=0)
        if differences is None:
            raise ValueError("a renderer with attention needs the audio differences of the frames")
        return self._volume(self.attention(source.features, differences).flatten(0, 1))
