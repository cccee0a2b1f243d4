"""Keypoints: a portrait -> canonical keypoints; these and a motion -> keypoints in a frame.

Source: Wang et al., "One-Shot Free-View Neural Talking-Head Synthesis", CVPR 2021, as SadTalker holds it
(OpenTalker/SadTalker@cd4c046, src/facerender/modules/keypoint_detector.py and make_animation.py).
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tavce.model.animator.blocks import Down, Shrink, Up, widths

DEGREES_PER_BIN = 3.0
LOWEST_DEGREES = -99.0
PI = 3.14  # as published: the pretrained networks learnt with this value


@dataclass(frozen=True)
class KeypointConfig:
    """The size of a `KeypointDetector`.

    Attributes:
        keypoints: number of them.
        width: channels of the finest level; doubled per level.
        most: largest number of channels.
        levels: halvings of the shrunk image.
        depth: layers of the volume in which keypoints lie.
        shrink: the image is taken at 1 / shrink of its side.
        temperature: of the softmax over positions.
    """

    keypoints: int
    width: int
    most: int
    levels: int
    depth: int
    shrink: int
    temperature: float


class Motion(NamedTuple):
    """How a head is turned, moved and deformed, as `MappingNet` says it.

    Attributes:
        yaw: one logit for each bin of 3 degrees from -99.
        pitch: likewise.
        roll: likewise.
        translation: x, y and z; only y moves keypoints, as published.
        expression: x, y and z of each keypoint's deviation.
    """

    yaw: Float[Tensor, "batch bins"]
    pitch: Float[Tensor, "batch bins"]
    roll: Float[Tensor, "batch bins"]
    translation: Float[Tensor, "batch 3"]
    expression: Float[Tensor, "batch keypoints*3"]


class KeypointHourglass(nn.Module):
    """A pyramid of images, turned into a volume at its coarsest level."""

    def __init__(self, config: KeypointConfig) -> None:
        super().__init__()
        channels = widths(config.width, config.most, config.levels)
        self.depth = config.depth
        pairs = list(zip([3, *channels[1:-1]], channels[1:], strict=True))
        self.down_blocks = nn.Sequential()
        for level, pair in enumerate(pairs):
            self.down_blocks.add_module(f"down{level}", Down(*pair))
        self.conv = nn.Conv2d(channels[-1], channels[-1] * config.depth, 1)
        self.up_blocks = nn.Sequential()
        for level in range(config.levels):
            self.up_blocks.add_module(f"up{level}", Up(channels[-1 - level], channels[-2 - level], 3))

    def forward(self, image: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch _ depth height width"]:
        """Return features of each position of the volume."""
        flat = self.conv(self.down_blocks(image))
        features: Tensor = self.up_blocks(flat.unflatten(1, (-1, self.depth)))
        return features


class KeypointDetector(nn.Module):
    """Portrait -> canonical keypoints, those of the person without pose and expression."""

    def __init__(self, config: KeypointConfig) -> None:
        super().__init__()
        self.config = config
        self.predictor = KeypointHourglass(config)
        self.kp = nn.Conv3d(config.width, config.keypoints, 3, padding=1)
        self.down = Shrink(3, config.shrink)

    def forward(self, image: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch keypoints 3"]:
        """Return x, y and z of each keypoint: the mean position under a softmax over the volume.

        Args:
            image: RGB in [0, 1].
        """
        scores = self.kp(self.predictor(self.down(image)))
        chance = torch.softmax(scores.flatten(2) / self.config.temperature, dim=2)
        positions = coordinate_grid(scores.shape[2:], scores).flatten(0, -2)
        return chance @ positions


def coordinate_grid(size: torch.Size, like: Tensor) -> Float[Tensor, "*size axes"]:
    """Return the coordinates of each position, x first, where the centres of the outermost ones are at -1 and 1.

    Sampling counts their outer edges as -1 and 1, so a grid of these values is no identity: it shrinks towards the
    border by half a position. Published so, and learnt so.
    """
    axes = [torch.linspace(-1, 1, length, dtype=like.dtype, device=like.device) for length in size]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1], dim=-1)


def degrees(logits: Float[Tensor, "batch bins"]) -> Float[Tensor, " batch"]:
    """Return the mean angle under the softmax of the bins, in degrees."""
    bins = torch.arange(logits.shape[1], dtype=logits.dtype, device=logits.device)
    return torch.softmax(logits, dim=1) @ bins * DEGREES_PER_BIN + LOWEST_DEGREES


def rotation(
    yaw: Float[Tensor, " batch"], pitch: Float[Tensor, " batch"], roll: Float[Tensor, " batch"]
) -> Float[Tensor, "batch 3 3"]:
    """Return the matrix that rolls, then yaws, then pitches; angles in degrees, pi taken as 3.14."""
    return _turn(pitch, 1, 2) @ _turn(yaw, 2, 0) @ _turn(roll, 0, 1)


def _turn(angle: Float[Tensor, " batch"], first: int, second: int) -> Float[Tensor, "batch 3 3"]:
    """Return the matrix that turns axis `first` towards axis `second`."""
    radians = angle / 180 * PI
    matrix = torch.eye(3, dtype=angle.dtype, device=angle.device).repeat(len(angle), 1, 1)
    matrix[:, first, first] = matrix[:, second, second] = torch.cos(radians)
    matrix[:, first, second], matrix[:, second, first] = -torch.sin(radians), torch.sin(radians)
    return matrix


def move_keypoints(canonical: Float[Tensor, "batch keypoints 3"], motion: Motion) -> Float[Tensor, "batch keypoints 3"]:
    """Return the keypoints turned, shifted along y and deformed as `motion` says."""
    turn = rotation(degrees(motion.yaw), degrees(motion.pitch), degrees(motion.roll))
    only_y = torch.tensor([0.0, 1.0, 0.0], dtype=canonical.dtype, device=canonical.device)
    shift = (motion.translation * only_y)[:, None]
    return canonical @ turn.mT + shift + torch.unflatten(motion.expression, 1, (-1, 3))
