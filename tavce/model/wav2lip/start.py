"""How a small Wav2Lip begins, so that hundreds of steps teach it what takes the released training a hundred thousand.

The released training begins at random, and paints faces long before it hears. Here the generator begins with the
hearing of its expert, and as a copy of the picture it refers to: what is left to learn is the mouth.
"""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from tavce.model.correlation.audio_encoder import BLOCKS
from tavce.model.wav2lip.blocks import scaled
from tavce.model.wav2lip.data import PEAK
from tavce.model.wav2lip.generator import LAST_CHANNELS, Wav2Lip
from tavce.model.wav2lip.sync_expert import SyncExpert

COLOURS = 3
SLOPE = 4.6  # of a line through (0.5, 0) whose sigmoid is nearest to the identity on [0, 1]
FAINT = 0.3  # factor on all else that the last layer adds


def hear_as(network: Wav2Lip, expert: SyncExpert) -> None:
    """Copy the layers of the expert's audio encoder that both have; it has one block more."""
    own = [*expert.audio_encoder[: len(BLOCKS)], *expert.audio_encoder[len(BLOCKS) + 1 :]]
    for layer, copied in zip(network.audio_encoder, own, strict=True):
        layer.load_state_dict(copied.state_dict())


@torch.no_grad()
def begin_as_copy(network: Wav2Lip, faces: UInt8[np.ndarray, "clips frames side side 3"]) -> None:
    """Let the first three channels of the outer layers carry the reference picture from the entry to the exit.

    Args:
        network: with at least three channels in its outer layers.
        faces: whose colours the batch norms there are to keep.

    Raises:
        ValueError: the network has fewer channels.
    """
    finest, last = network.config.levels[0], scaled(LAST_CHANNELS, network.config.width)
    if min(finest.down, last) < COLOURS:
        raise ValueError(f"width {network.config.width} leaves fewer than {COLOURS} channels at the full side")
    colours = torch.from_numpy(faces[..., ::-1].reshape(-1, COLOURS) / PEAK).float()
    _carry(network, "face_encoder_blocks.0.0.conv_block", COLOURS, colours)  # the reference is behind the masked face
    _carry(network, "output_block.0.conv_block", finest.up, colours)  # what the entry saw is behind the decoder's
    weight, bias = (network.get_parameter(f"output_block.1.{name}") for name in ("weight", "bias"))
    weight.mul_(FAINT)
    weight[:, :COLOURS] = SLOPE * torch.eye(COLOURS)[:, :, None, None]
    bias.fill_(-SLOPE / 2)


def _carry(network: Wav2Lip, block: str, first: int, colours: Float[Tensor, "pixels 3"]) -> None:
    """Let the first three channels of a block be the three input channels from `first` on."""
    conv, bias = (network.get_parameter(f"{block}.0.{name}") for name in ("weight", "bias"))
    conv[:COLOURS], bias[:COLOURS] = 0.0, 0.0
    middle = conv.shape[2] // 2
    for colour in range(COLOURS):
        conv[colour, first + colour, middle, middle] = 1.0
    mean, deviation = colours.mean(dim=0), colours.std(dim=0)
    network.get_parameter(f"{block}.1.weight")[:COLOURS] = deviation
    network.get_parameter(f"{block}.1.bias")[:COLOURS] = mean
    network.get_buffer(f"{block}.1.running_mean")[:COLOURS] = mean
    network.get_buffer(f"{block}.1.running_var")[:COLOURS] = deviation**2
