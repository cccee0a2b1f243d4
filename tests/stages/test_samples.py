"""The sheet of samples shows the clips, and what the network makes of them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from stages.samples import FRAMES, sample_sheet
from tavce.model.animator.data import AnimatorData

SIDE = 8


class Painter(nn.Module):
    """Paints each frame in the grey of its first coefficient."""

    window = 1

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, image: Tensor, at_rest: Tensor, coefficients: Tensor, gated: Any) -> Tensor:
        grey = coefficients[:, :, 0, 0][:, :, None, None, None]
        return grey.expand(-1, -1, 3, SIDE, SIDE) + self.nothing


def test_portraits_truth_and_what_was_made_stand_where_they_should() -> None:
    length = 7
    frames = np.arange(2 * length, dtype=np.uint8).reshape(2, length, 1, 1, 1) * np.ones(
        (1, 1, SIDE, SIDE, 3), np.uint8
    )
    coefficients = np.tile(np.linspace(0, 1.2, length, dtype=np.float32)[None, :, None], (2, 1, 3))
    data = AnimatorData(frames, coefficients, np.zeros((2, length, 4), np.float32))
    network = Painter().train()
    sheet = sample_sheet(network, data)
    assert sheet.shape == (4 * SIDE, (1 + FRAMES) * SIDE, 3)
    cells = sheet[::SIDE, ::SIDE, 0].astype(int)
    assert cells[0].tolist() == [0, 1, 2, 3, 4, 5, 6]  # portrait, then the true frames of the first clip
    assert cells[2].tolist() == [7, 8, 9, 10, 11, 12, 13]
    assert cells[1].tolist() == [0, 51, 102, 153, 204, 255, 255]  # made, and cut at white
    assert network.training
