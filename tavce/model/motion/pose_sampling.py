"""A whole clip's head motion from its sound: `PoseVae` piece by piece, seeded, smoothed.

Source: OpenTalker/SadTalker@cd4c046, src/audio2pose_models/audio2pose.py and src/test_audio2coeff.py.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from tavce.model.motion.pose_vae import PoseVae

SMOOTHED_FRAMES, SMOOTHED_ORDER = 13, 2


@torch.inference_mode()
def sample_poses(
    network: PoseVae,
    mels: Float[Tensor, "frames 1 80 16"],
    reference: Float[Tensor, " values"],
    *,
    style: int,
    seed: int,
) -> Float[Tensor, "frames values"]:
    """Return a pose for each frame; the first is the reference.

    The rest comes in pieces of as many frames as the network takes, each with a latent vector of its own, as published,
    so that pieces may not quite join; the last one overlaps the one before where frames are not a multiple, and sees
    its first sound repeated where the clip is shorter than a piece.

    Args:
        network: in evaluation mode.
        mels: windows that begin two frames before their frame.
        reference: pose of the portrait.
        style: number of the person whose manner is taken; 0 as published.
        seed: of the latent vectors; the same seed gives the same poses.

    Raises:
        ValueError: a style that the network has not learnt, or a network in training mode.
    """
    if network.training or not 0 <= style < network.config.styles:
        raise ValueError(f"style {style} of {network.config.styles}, training mode {network.training}")
    piece, rest = network.config.frames, len(mels) - 1
    draws = torch.Generator().manual_seed(seed)
    who = torch.full((1,), style, device=mels.device)
    moved = [torch.zeros_like(reference)[None]]
    for start in range(0, rest, piece):
        kept = min(piece, rest - start)
        begin = max(1, 1 + start + kept - piece)
        heard = network.hear(mels[None, begin : 1 + start + kept])
        heard = torch.cat([heard[:, :1].expand(-1, piece - heard.shape[1], -1), heard], dim=1)
        latent = torch.randn((1, network.config.latent), generator=draws).to(mels.device)
        motion: Tensor = network.netG.decoder(latent, heard, reference[None], who)
        moved.append(motion[0, piece - kept :])
    return reference + torch.cat(moved)


def smoothed(poses: Float[Tensor, "frames values"]) -> Float[Tensor, "frames values"]:
    """Return the poses after a Savitzky-Golay filter of degree 2 over 13 frames, or fewer where the clip is shorter."""
    from scipy.signal import savgol_filter

    window = min(SMOOTHED_FRAMES, (len(poses) - 1) // 2 * 2 + 1)
    if window <= SMOOTHED_ORDER:
        return poses
    return torch.as_tensor(savgol_filter(poses.cpu().numpy(), window, SMOOTHED_ORDER, axis=0)).to(poses)
