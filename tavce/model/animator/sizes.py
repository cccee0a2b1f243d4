"""The sizes of the published renderer and of one that a CPU can train."""

from dataclasses import dataclass

from tavce.model.animator.dense_motion import DenseMotionConfig
from tavce.model.animator.keypoints import KeypointConfig
from tavce.model.animator.mapping import MappingConfig
from tavce.model.animator.renderer import RendererConfig
from tavce.model.animator.spade import DecoderConfig


@dataclass(frozen=True)
class FaceConfig:
    """Everything between motion coefficients and frames.

    Attributes:
        size: side of the square picture in pixels.
        keypoints: of the detector.
        mapping: of the mapping network.
        renderer: of the renderer.
    """

    size: int
    keypoints: KeypointConfig
    mapping: MappingConfig
    renderer: RendererConfig


# Fits the files of SadTalker_V0.0.2_256.safetensors and mapping_00229-model.pth.tar.
PAPER = FaceConfig(
    size=256,
    keypoints=KeypointConfig(keypoints=15, width=32, most=1024, levels=5, depth=16, shrink=4, temperature=0.1),
    mapping=MappingConfig(coefficients=70, window=27, width=1024, layers=3, dilation=3, bins=66),
    renderer=RendererConfig(
        width=64,
        channels=32,
        depth=16,
        blocks=6,
        motion=DenseMotionConfig(
            compress=4,
            width=32,
            most=1024,
            levels=5,
            mask_kernel=7,
            occlusion_kernel=7,
            variance=0.01,
            least_mask=1e-3,
        ),
        decoder=DecoderConfig(middle=6, hidden=128, last=64),
        attention=None,
    ),
)
# Shallow volumes of many channels and small kernels: thin layers do not pay on a CPU, and 3-D convolutions are slow.
TINY = FaceConfig(
    size=64,
    keypoints=KeypointConfig(keypoints=6, width=16, most=32, levels=2, depth=4, shrink=2, temperature=0.1),
    mapping=MappingConfig(coefficients=14, window=27, width=64, layers=3, dilation=3, bins=66),
    renderer=RendererConfig(
        width=8,
        channels=16,
        depth=4,
        blocks=1,
        motion=DenseMotionConfig(
            compress=2, width=8, most=32, levels=2, mask_kernel=3, occlusion_kernel=3, variance=0.01, least_mask=1e-3
        ),
        decoder=DecoderConfig(middle=1, hidden=16, last=16),
        attention=None,
    ),
)
