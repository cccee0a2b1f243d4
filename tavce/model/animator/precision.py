"""Where numbers must stay exact although the networks around compute in bfloat16."""

import torch
from torch import Tensor


def full_precision(like: Tensor) -> torch.autocast:
    """Return a context that computes in the precision of its inputs, whatever is around it.

    Positions need it: bfloat16 keeps 8 bits, which is a pixel of 256 at the border of a picture. So does the largest
    singular value of a weight, which a sum of large terms may cancel to.
    """
    return torch.autocast(like.device.type, enabled=False)
