"""FID-Inception: RGB frames -> pool3 features (2048 per frame), with the keys of pt_inception-2015-12-05-6726825d.pth.

The Inception v3 that Google trained in 2015 on 1008 classes, as pytorch-fid@b9c1811 ported it. It differs from the
usual one in its weights, in average pooling that leaves the padding out, and in a maximum in place of the average in
the last block.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from metrics.networks.loading import load_strictly

Pool = Literal["average", "maximum", "stride"]

CLASSES = 1008


@dataclass(frozen=True)
class Step:
    """One convolution: output channels, kernel (height, width), stride; stride 1 pads to keep the size, 2 does not."""

    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1


@dataclass(frozen=True)
class Branch:
    """A chain of convolutions named `name_1`, `name_2`, ... (`name` alone if there is one).

    Where `fork` is set, 1x3 and 3x1 convolutions of that many channels follow side by side, with the letters a and b.
    """

    name: str
    steps: tuple[Step, ...]
    fork: int = 0

    def names(self) -> list[str]:
        """Return the official names of the steps."""
        if len(self.steps) == 1 and not self.fork:
            return [self.name]
        return [f"{self.name}_{k}" for k in range(1, len(self.steps) + 1)]


class ConvBnRelu(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, step: Step, padding: tuple[int, int] | None = None) -> None:
        super().__init__()
        if padding is None:
            padding = (step.kernel[0] // 2, step.kernel[1] // 2) if step.stride == 1 else (0, 0)
        self.conv = nn.Conv2d(inputs, step.channels, step.kernel, step.stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(step.channels, eps=0.001)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch _ _ _"]:
        """Return the activations."""
        return functional.relu(self.bn(self.conv(x)), inplace=True)


class Mixed(nn.Module):
    """Branches side by side, and a pooled branch last; their channels stand in this order."""

    def __init__(self, inputs: int, branches: tuple[Branch, ...], pool: Pool, pool_channels: int = 0) -> None:
        super().__init__()
        self.branches, self.pool, self.channels = branches, pool, 0
        for branch in branches:
            width = inputs
            for name, step in zip(branch.names(), branch.steps, strict=True):
                self.add_module(name, ConvBnRelu(width, step))
                width = step.channels
            if branch.fork:
                last = f"{branch.name}_{len(branch.steps) + 1}"
                self.add_module(f"{last}a", ConvBnRelu(width, Step(branch.fork, (1, 3))))
                self.add_module(f"{last}b", ConvBnRelu(width, Step(branch.fork, (3, 1))))
                width = 2 * branch.fork
            self.channels += width
        if pool_channels:
            self.branch_pool = ConvBnRelu(inputs, Step(pool_channels))
        self.channels += pool_channels or inputs

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch _ _ _"]:
        """Return the activations of all branches."""
        return torch.cat([*(self._follow(branch, x) for branch in self.branches), self._pooled(x)], dim=1)

    def _follow(self, branch: Branch, x: Tensor) -> Tensor:
        for name in branch.names():
            x = self.get_submodule(name)(x)
        if branch.fork:
            last = f"{branch.name}_{len(branch.steps) + 1}"
            x = torch.cat([self.get_submodule(f"{last}{letter}")(x) for letter in "ab"], dim=1)
        return x

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "stride":
            return functional.max_pool2d(x, kernel_size=3, stride=2)
        if self.pool == "maximum":
            pooled = functional.max_pool2d(x, kernel_size=3, stride=1, padding=1)
        else:
            pooled = functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=False)
        return self.branch_pool(pooled)  # type: ignore[no-any-return]


class FidInception(nn.Module):
    """The network up to pool3, and the classifier `fc` that the official file carries and no score uses.

    Args:
        width: factor on the channels of every layer; 1 is the official network, less a stand-in.
        classes: outputs of the classifier.
    """

    def __init__(self, *, width: float = 1.0, classes: int = CLASSES) -> None:
        super().__init__()

        def c(channels: int) -> int:
            return max(1, round(channels * width))

        stem = (Step(c(32), (3, 3), 2), Step(c(32), (3, 3)), Step(c(64), (3, 3)), Step(c(80)), Step(c(192), (3, 3)))
        self.Conv2d_1a_3x3 = ConvBnRelu(3, stem[0])
        self.Conv2d_2a_3x3 = ConvBnRelu(c(32), stem[1], padding=(0, 0))
        self.Conv2d_2b_3x3 = ConvBnRelu(c(32), stem[2])
        self.Conv2d_3b_1x1 = ConvBnRelu(c(64), stem[3])
        self.Conv2d_4a_3x3 = ConvBnRelu(c(80), stem[4], padding=(0, 0))
        channels = c(192)
        for name, branches, pool, pool_channels in _layout(c):
            block = Mixed(channels, branches, pool, pool_channels)
            self.add_module(name, block)
            channels = block.channels
        self.channels = channels
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Float[Tensor, "batch 3 299 299"]) -> Float[Tensor, "batch channels"]:
        """Return pool3 of RGB in [-1, 1]: the mean over the last 8 x 8 positions, before the classifier."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = functional.max_pool2d(x, kernel_size=3, stride=2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = functional.max_pool2d(x, kernel_size=3, stride=2)
        for name, block in self.named_children():
            if name.startswith("Mixed"):
                x = block(x)
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)


def _layout(c: Callable[[int], int]) -> list[tuple[str, tuple[Branch, ...], Pool, int]]:
    """Return name, branches, kind of pooling and channels after it (0: none follow) of each block, first to last."""

    def grid35(pool_channels: int) -> tuple[tuple[Branch, ...], Pool, int]:
        five = Branch("branch5x5", (Step(c(48)), Step(c(64), (5, 5))))
        three = Branch("branch3x3dbl", (Step(c(64)), Step(c(96), (3, 3)), Step(c(96), (3, 3))))
        return (Branch("branch1x1", (Step(c(64)),)), five, three), "average", c(pool_channels)

    def grid17(inner: int) -> tuple[tuple[Branch, ...], Pool, int]:
        n, out, row, column = c(inner), c(192), (1, 7), (7, 1)
        once = Branch("branch7x7", (Step(n), Step(n, row), Step(out, column)))
        steps = (Step(n), Step(n, column), Step(n, row), Step(n, column), Step(out, row))
        return (Branch("branch1x1", (Step(out),)), once, Branch("branch7x7dbl", steps)), "average", out

    def grid8(pool: Pool) -> tuple[tuple[Branch, ...], Pool, int]:
        three = Branch("branch3x3", (Step(c(384)),), fork=c(384))
        double = Branch("branch3x3dbl", (Step(c(448)), Step(c(384), (3, 3))), fork=c(384))
        return (Branch("branch1x1", (Step(c(320)),)), three, double), pool, c(192)

    to17 = (
        Branch("branch3x3", (Step(c(384), (3, 3), 2),)),
        Branch("branch3x3dbl", (Step(c(64)), Step(c(96), (3, 3)), Step(c(96), (3, 3), 2))),
    )
    seven = (Step(c(192)), Step(c(192), (1, 7)), Step(c(192), (7, 1)), Step(c(192), (3, 3), 2))
    to8 = (Branch("branch3x3", (Step(c(192)), Step(c(320), (3, 3), 2))), Branch("branch7x7x3", seven))
    return [
        *((f"Mixed_5{letter}", *grid35(n)) for letter, n in zip("bcd", (32, 64, 64), strict=True)),
        ("Mixed_6a", to17, "stride", 0),
        *((f"Mixed_6{letter}", *grid17(n)) for letter, n in zip("bcde", (128, 160, 160, 192), strict=True)),
        ("Mixed_7a", to8, "stride", 0),
        ("Mixed_7b", *grid8("average")),
        ("Mixed_7c", *grid8("maximum")),
    ]


def load_inception(path: Path, *, width: float = 1.0, classes: int = CLASSES) -> FidInception:
    """Return the frozen network with the weights of a file: the official one, or a stand-in's.

    Args:
        path: as in `load_strictly`.
        width: as in `FidInception`.
        classes: as in `FidInception`.

    Raises:
        FileNotFoundError, ValueError: as in `load_strictly`.
    """
    network = FidInception(width=width, classes=classes)
    load_strictly(network, path, optional=("num_batches_tracked",))
    # Channels last: half the time on a CPU (13.0 against 6.7 ms a frame at width 1/16).
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
