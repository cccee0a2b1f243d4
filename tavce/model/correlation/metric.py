"""The correlation metric as one network: E_a and E_v, with one space of embeddings."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn

from tavce.model.correlation.audio_encoder import AudioEncoder, AudioEncoderConfig
from tavce.model.correlation.mouth_encoder import MouthEncoderConfig, make_mouth_encoder


@dataclass(frozen=True)
class CorrelationConfig:
    """The sizes of both encoders; their embeddings must be equally long."""

    audio: AudioEncoderConfig
    mouth: MouthEncoderConfig

    def __post_init__(self) -> None:
        if self.audio.embedding != self.mouth.embedding:
            raise ValueError(f"embeddings must match, got {self.audio.embedding} heard, {self.mouth.embedding} seen")


RELEASED = CorrelationConfig(
    audio=AudioEncoderConfig(width=1.0, embedding=128),
    mouth=MouthEncoderConfig("iresnet18", width=1.0, side=112, blocks=(2, 2, 2, 2), stem_stride=1, embedding=128),
)
TINY = CorrelationConfig(
    audio=AudioEncoderConfig(width=0.34375, embedding=128),
    mouth=MouthEncoderConfig("iresnet18", width=0.15625, side=48, blocks=(1, 1, 1, 1), stem_stride=2, embedding=128),
)
WIDE = CorrelationConfig(  # twice the width of the tiny ones
    audio=replace(TINY.audio, width=2 * TINY.audio.width), mouth=replace(TINY.mouth, width=2 * TINY.mouth.width)
)


class CorrelationMetric(nn.Module):
    """Both encoders; the official checkpoint names them ``audio_encoder`` and ``image_encoder``."""

    def __init__(self, config: CorrelationConfig) -> None:
        super().__init__()
        self.config = config
        self.audio_encoder = AudioEncoder(config.audio)
        self.image_encoder = make_mouth_encoder(config.mouth)

    def hear(self, windows: Float[Tensor, "*batch 80 16"]) -> Float[Tensor, "*batch embedding"]:
        """Return the embeddings of mel windows in [-4, 4]."""
        batch = windows.shape[:-2]
        found: Tensor = self.audio_encoder(windows.reshape(-1, 1, *windows.shape[-2:]))
        return found.reshape(*batch, -1)

    def see(self, crops: UInt8[Tensor, "*batch side side 3"]) -> Float[Tensor, "*batch embedding"]:
        """Return the embeddings of RGB mouth crops in 0..255."""
        batch = crops.shape[:-3]
        found: Tensor = self.image_encoder(network_input(crops.reshape(-1, *crops.shape[-3:])))
        return found.reshape(*batch, -1)


def network_input(crops: UInt8[Tensor, "batch side side 3"]) -> Float[Tensor, "batch 3 side side"]:
    """Return RGB crops as the networks take them: planes in [-1, 1]."""
    return crops.permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.inference_mode()
def embed_clips(
    metric: CorrelationMetric,
    mouths: UInt8[np.ndarray, "clips frames side side 3"],
    mels: Float32[np.ndarray, "clips frames 80 16"],
) -> tuple[Float32[np.ndarray, "clips frames embedding"], Float32[np.ndarray, "clips frames embedding"]]:
    """Return the audio and mouth embeddings of each frame, one clip at a time.

    Raises:
        ValueError: the network is in training mode, where embeddings depend on the batch.
    """
    if metric.training:
        raise ValueError("the network is in training mode, where embeddings depend on the batch; call eval() first")
    device = next(metric.parameters()).device
    heard = [metric.hear(torch.from_numpy(clip).to(device)).cpu() for clip in mels]
    seen = [metric.see(torch.from_numpy(clip).to(device)).cpu() for clip in mouths]
    return torch.stack(heard).numpy(), torch.stack(seen).numpy()
