"""The published renderer as an `Animator`: canonical keypoints, mapping network and renderer, chained."""

from typing import Any, NamedTuple, Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.animator.keypoints import KeypointDetector, move_keypoints
from tavce.model.animator.mapping import MappingNet
from tavce.model.animator.precision import full_precision
from tavce.model.animator.renderer import EncodedSource, Renderer
from tavce.model.animator.sizes import FaceConfig


class Animator(Protocol):
    """A network from a portrait and motion coefficients to frames, as training and inference use it.

    Work that concerns the portrait alone is done by `encode_source`, once per clip.

    Attributes:
        window: frames of coefficients around each frame that it needs; 1 is the frame itself.
        attention: TAVCE attention, or none.
        decoder: makes pictures of what was warped.
    """

    window: int
    attention: nn.Module | None
    decoder: nn.Module

    def encode_source(
        self, image: Float[Tensor, "sources 3 height width"], coefficients: Float[Tensor, "sources coefficients window"]
    ) -> Any:  # noqa: ANN401  each keeps of a portrait what it needs
        """Return what `render` needs of the portraits, RGB in [0, 1]."""

    def render(
        self,
        source: Any,  # noqa: ANN401
        coefficients: Float[Tensor, "sources frames coefficients window"],
        differences: Float[Tensor, "sources frames dims"] | None = None,
    ) -> Float[Tensor, "sources frames 3 height width"]:
        """Return the frames; `differences` of adjacent audio embeddings where there is attention, none elsewhere."""


class FaceSource(NamedTuple):
    """What a `FaceAnimator` keeps of its portraits.

    Attributes:
        canonical: keypoints without pose and expression.
        keypoints: keypoints in the portraits.
        encoded: features of the portraits.
    """

    canonical: Float[Tensor, "sources keypoints 3"]
    keypoints: Float[Tensor, "sources keypoints 3"]
    encoded: EncodedSource


class FaceAnimator(nn.Module):
    """`KeypointDetector`, `MappingNet` and `Renderer`, under the names that published files give them."""

    def __init__(self, config: FaceConfig) -> None:
        super().__init__()
        self.config = config
        self.window = config.mapping.window
        count = config.keypoints.keypoints
        self.kp_extractor = KeypointDetector(config.keypoints)
        self.mapping = MappingNet(config.mapping, count)
        self.generator = Renderer(config.renderer, count)

    @property
    def attention(self) -> nn.Module | None:
        """TAVCE attention of the renderer, or none."""
        return self.generator.attention

    @property
    def decoder(self) -> nn.Module:
        """SPADE decoder of the renderer."""
        return self.generator.decoder

    def encode_source(
        self, image: Float[Tensor, "sources 3 height width"], coefficients: Float[Tensor, "sources coefficients window"]
    ) -> FaceSource:
        """Return what `render` needs of the portraits, RGB in [0, 1]; computed once per clip."""
        with full_precision(image):
            canonical = self.kp_extractor(image)
            keypoints = move_keypoints(canonical, self.mapping(coefficients))
        return FaceSource(canonical, keypoints, self.generator.encode_source(image))

    def render(
        self,
        source: FaceSource,
        coefficients: Float[Tensor, "sources frames coefficients window"],
        differences: Float[Tensor, "sources frames dims"] | None = None,
    ) -> Float[Tensor, "sources frames 3 height width"]:
        """Return the frames, RGB in (0, 1).

        Raises:
            ValueError: attention without differences, or differences without attention.
        """
        frames = coefficients.shape[1]
        canonical = source.canonical.repeat_interleave(frames, dim=0)
        with full_precision(canonical):
            driving = move_keypoints(canonical, self.mapping(coefficients.flatten(0, 1)))
        return self.generator.render(
            source.encoded, source.keypoints, torch.unflatten(driving, 0, (-1, frames)), differences
        )

    def forward(
        self,
        image: Float[Tensor, "sources 3 height width"],
        source_coefficients: Float[Tensor, "sources coefficients window"],
        coefficients: Float[Tensor, "sources frames coefficients window"],
        differences: Float[Tensor, "sources frames dims"] | None = None,
    ) -> Float[Tensor, "sources frames 3 height width"]:
        """Return ``render(encode_source(...), ...)``."""
        return self.render(self.encode_source(image, source_coefficients), coefficients, differences)
