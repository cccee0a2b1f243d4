"""What an animator makes of clips that it learned from, to look at beside its curves."""

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from tavce.model.animator.data import AnimatorData, make_batch

CLIPS, FRAMES = 4, 6
PEAK = 255


@torch.no_grad()
def sample_sheet(network: nn.Module, data: AnimatorData) -> UInt8[np.ndarray, "height width 3"]:
    """Return a picture of two rows per clip: portrait and true frames, and below them portrait and made frames.

    Args:
        network: an `Animator`; used in evaluation mode and left as it was.
        data: clips and moments are spread evenly over it; frame 0 is the portrait.
    """
    clips, length = data.frames.shape[:2]
    chosen = np.linspace(0, clips - 1, min(CLIPS, clips)).round().astype(np.int64)
    moments = np.tile(np.linspace(1, length - 1, FRAMES).round().astype(np.int64), (len(chosen), 1))
    mode, device = network.training, next(network.parameters()).device
    window = int(network.window)  # type: ignore[arg-type]  # an Animator's
    batch = make_batch(data, chosen, np.zeros_like(chosen), moments, window=window, device=device)
    made = network.eval()(batch.image, batch.image_coefficients, batch.coefficients, batch.gated)
    network.train(mode)
    rows = [torch.cat([batch.image[:, None], frames], dim=1) for frames in (batch.target, made.clamp(0, 1))]
    sheet = torch.stack(rows, dim=1)  # clips, 2, 1 + frames, 3, height, width
    pixels = (sheet * PEAK).round().byte().permute(0, 1, 4, 2, 5, 3)
    return pixels.flatten(0, 2).flatten(1, 2).cpu().numpy()
