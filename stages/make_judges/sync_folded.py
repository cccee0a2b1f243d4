"""A SyncNet in the form in which it trains some ten times faster, and back.

The first layer is what costs: 7 x 7 pixels of five frames, at 109 x 109 places. In training

- it sees pictures averaged over 2 x 2 pixels through kernels of 3 x 3, equal to kernels of 6 x 6 on the full picture
  whose weights repeat in blocks of 2 x 2 (the last row and column of the 7 x 7 are zero);
- the five frames are channels of one two-dimensional convolution;
- maxima are taken before the normalisation. A normalisation with a positive scale keeps the order of values, so in the
  finished network, where it is a fixed map, both orders give the same;
- pictures may be cut to a region, which leaves the last layer's weights for the other cells unused.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from metrics.networks.syncnet import WINDOW_FRAMES, SyncNet
from stages.make_judges.sync_batches import Region

FOLDED = 3
CELL = 16  # pixels of the half-size picture from one cell of the last layer to the next
LEAST_SCALE = 0.02
LAST = 18
PLAIN = (8, 11, 14)  # places of the layers of 3 x 3


class FoldedSyncNet(nn.Module):
    """A SyncNet whose first layer is replaced by `first` until `unfolded`; the sound network is used as it is."""

    def __init__(self, net: SyncNet, region: Region) -> None:
        """Draw weights that keep the size of signals; those of cells outside of the region start at zero."""
        super().__init__()
        self.net = net
        for layer in (*net.netcnnlip, *net.netcnnaud):
            if isinstance(layer, nn.Conv2d | nn.Conv3d):
                nn.init.kaiming_normal_(layer.weight)
        self._conv(0).requires_grad_(False)
        self.first = nn.Parameter(torch.empty(len(self._conv(0).weight), 3, WINDOW_FRAMES, FOLDED, FOLDED))
        nn.init.kaiming_normal_(self.first)
        with torch.no_grad():
            last, seen = self._conv(LAST).weight, torch.zeros_like(self._conv(LAST).weight)
            rows, columns = _cells(region)
            seen[..., rows, columns] = 1
            last *= seen / seen.mean().sqrt()
        net.netcnnaud.to(memory_format=torch.channels_last)

    def lip(
        self, pictures: Float[Tensor, "segments frames height width 3"], region: Region
    ) -> Float[Tensor, "lips features"]:
        """Return the features of all windows of five frames of half-size pictures cut to a region."""
        _, _, height, width, _ = pictures.shape
        stacked = pictures.unfold(1, WINDOW_FRAMES, 1).reshape(-1, height, width, 3 * WINDOW_FRAMES)
        maps = functional.conv2d(stacked.permute(0, 3, 1, 2), self.first.flatten(1, 2))
        maps = self._normed(1, functional.max_pool2d(maps, 3, stride=2))
        maps = functional.conv2d(maps, *self._flat(4), stride=2, padding=1)
        maps = self._normed(5, functional.max_pool2d(maps, 3, stride=2, padding=1))
        for place in PLAIN:
            maps = self._normed(place + 1, functional.conv2d(maps, *self._flat(place), padding=1))
        maps = functional.max_pool2d(maps, 3, stride=2)
        weight, bias = self._flat(LAST)
        rows, columns = _cells(region)
        maps = self._normed(LAST + 1, functional.conv2d(maps, weight[..., rows, columns], bias))
        features: Tensor = self.net.netfclip(maps.flatten(1))
        return features

    @torch.no_grad()
    def keep_order(self) -> None:
        """Keep the scales of the normalisations that come after a maximum positive; call it after each step."""
        for place in (1, 5):
            norm = self.net.netcnnlip[place]
            assert isinstance(norm, nn.BatchNorm3d)
            norm.weight.clamp_(min=LEAST_SCALE)

    @torch.no_grad()
    def unfolded(self) -> SyncNet:
        """Return the SyncNet that equals this network, in evaluation mode."""
        first = self._conv(0)
        first.weight.zero_()
        assert first.bias is not None
        first.bias.zero_()
        blocks = self.first.repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2) / 4
        first.weight[..., : 2 * FOLDED, : 2 * FOLDED] = blocks
        self.net.netcnnaud.to(memory_format=torch.contiguous_format)
        return self.net.requires_grad_(False).eval()

    def _conv(self, place: int) -> nn.Conv3d:
        layer = self.net.netcnnlip[place]
        assert isinstance(layer, nn.Conv3d)
        return layer

    def _flat(self, place: int) -> tuple[Tensor, Tensor | None]:
        return self._conv(place).weight[:, :, 0], self._conv(place).bias

    def _normed(self, place: int, maps: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        normed: Tensor = self.net.netcnnlip[place](maps[:, :, None])
        return functional.relu(normed[:, :, 0])


def _cells(region: Region) -> tuple[slice, slice]:
    """Return the rows and columns of the last layer's 6 x 6 cells that a region fills; the last cell is 32 long."""
    top, left = region.top // CELL, region.left // CELL
    return slice(top, top + region.height // CELL - 1), slice(left, left + region.width // CELL - 1)
