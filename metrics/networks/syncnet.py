"""SyncNet: five frames of a face and 0.2 s of sound -> features that lie close where lips and sound belong together.

Source: Chung and Zisserman, "Out of time", ACCV-W 2016; the network of joonson/syncnet_python@6efbb1c, with its keys.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn

from metrics.networks.loading import load_strictly

SIDE = 224
WINDOW_FRAMES = 5
WINDOW_ROWS = 20
ROWS_PER_FRAME = 4


@dataclass(frozen=True)
class SyncNetConfig:
    """The size of a SyncNet.

    Attributes:
        width: factor on the channels of every layer and on the 1024 features; 1.0 is the official network.
    """

    width: float

    def channels(self, official: int) -> int:
        """Return the channels of a layer that has ``official`` of them in the official network; at least one."""
        return max(1, round(official * self.width))


OFFICIAL = SyncNetConfig(width=1.0)


class SyncNet(nn.Module):
    """Two networks with one space of features: ``lip`` for frames, ``audio`` for mel cepstra.

    Features are not normalised: their lengths are part of the distance.
    """

    def __init__(self, config: SyncNetConfig) -> None:
        super().__init__()
        self.config = config
        c64, c96, c192, c256, c384, c512, c1024 = (
            config.channels(official) for official in (64, 96, 192, 256, 384, 512, 1024)
        )
        self.netcnnaud = nn.Sequential(
            *_unit2d(1, c64, (3, 3), padding=1),
            nn.Identity(),  # the published pooling of 1 x 1; it keeps the place of the keys
            *_unit2d(c64, c192, (3, 3), padding=1),
            nn.MaxPool2d((3, 3), stride=(1, 2)),
            *_unit2d(c192, c384, (3, 3), padding=1),
            *_unit2d(c384, c256, (3, 3), padding=1),
            *_unit2d(c256, c256, (3, 3), padding=1),
            nn.MaxPool2d((3, 3), stride=(2, 2)),
            *_unit2d(c256, c512, (5, 4), padding=0),
        )
        self.netfcaud = _head(c512, c1024)
        self.netcnnlip = nn.Sequential(
            *_unit3d(3, c96, (WINDOW_FRAMES, 7, 7), stride=2, padding=0),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_unit3d(c96, c256, (1, 5, 5), stride=2, padding=1),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
            *_unit3d(c256, c256, (1, 3, 3), stride=1, padding=1),
            *_unit3d(c256, c256, (1, 3, 3), stride=1, padding=1),
            *_unit3d(c256, c256, (1, 3, 3), stride=1, padding=1),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_unit3d(c256, c512, (1, 6, 6), stride=1, padding=0),
        )
        self.netfclip = _head(c512, c1024)

    def lip(self, clips: Float[Tensor, "batch 3 frames 224 224"]) -> Float[Tensor, "batch windows features"]:
        """Return the features of each window of five frames of each clip.

        Only the first layer sees more than one frame, so a clip of n frames gives the features of its n - 4 windows in
        one pass, equal to those of each window alone.

        Args:
            clips: faces as ``syncnet_whole`` or ``syncnet_track`` cut them; channels **B, G, R** in 0..255.
        """
        maps: Tensor = self.netcnnlip(clips)
        rows = maps.flatten(2).transpose(1, 2)
        features: Tensor = self.netfclip(rows.flatten(0, 1))
        return features.reshape(*rows.shape[:2], -1)

    def audio(self, windows: Float[Tensor, "batch 1 13 20"]) -> Float[Tensor, "batch features"]:
        """Return the features of each window of 13 mel cepstra by 20 rows of 10 ms, computed from int16 samples."""
        features: Tensor = self.netfcaud(self.netcnnaud(windows).flatten(1))
        return features


def load_syncnet(path: Path, config: SyncNetConfig = OFFICIAL) -> SyncNet:
    """Return a SyncNet in evaluation mode with the weights of a file, on the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is broken, or a key is missing, unexpected or of another shape. Only
            ``num_batches_tracked`` may be missing. (The published loader copies what the file has and leaves the rest
            random.)
    """
    net = SyncNet(config)
    load_strictly(net, path, optional=("num_batches_tracked",))
    # Channels last: a fifth of the time on a CPU (1.5 against 7.4 ms for 16 windows at width 1/8).
    net.netcnnaud.to(memory_format=torch.channels_last)
    return net.eval()


@torch.inference_mode()
def lip_features(
    net: SyncNet, frames: UInt8[np.ndarray, "frames 224 224 3"], *, windows: int, batch: int
) -> Float32[np.ndarray, "windows features"]:
    """Return the lip features of windows 0 to ``windows - 1``; window i holds frames i to i + 4.

    The first layer runs once over the clip, in pieces that overlap by four frames. The frames go in as published:
    blue, green, red in 0..255, neither scaled nor centred.

    Args:
        net: in evaluation mode, on any device.
        frames: RGB, as ``syncnet_whole`` or ``syncnet_track`` cut them.
        windows: as ``metrics.sync.window_count`` gives them.
        batch: windows computed at once. It moves features by rounding alone, less than 2e-6 of their largest value.

    Raises:
        ValueError: fewer than ``windows + 4`` frames, frames of another size or type, or a network in training mode.
    """
    _check(net, windows, batch)
    if frames.dtype != np.uint8 or frames.shape[1:] != (SIDE, SIDE, 3):
        raise ValueError(f"frames must be uint8 of {SIDE} x {SIDE} x 3, got {frames.dtype} {frames.shape[1:]}")
    if len(frames) < windows + WINDOW_FRAMES - 1:
        raise ValueError(f"{windows} windows need {windows + WINDOW_FRAMES - 1} frames, got {len(frames)}")
    device = next(net.parameters()).device
    features = []
    for first in range(0, windows, batch):
        last = min(first + batch, windows) + WINDOW_FRAMES - 1
        bgr = torch.from_numpy(np.ascontiguousarray(frames[first:last, ..., ::-1].transpose(3, 0, 1, 2)))
        features.append(net.lip(bgr.to(device)[None].float())[0].cpu())
    return np.asarray(torch.cat(features).numpy())


@torch.inference_mode()
def audio_features(
    net: SyncNet, mfcc: Float[np.ndarray, "rows 13"], *, windows: int, batch: int
) -> Float32[np.ndarray, "windows features"]:
    """Return the audio features of windows 0 to ``windows - 1``; window i holds rows 4 i to 4 i + 19.

    Each window passes on its own: the layers pad and pool along time inside it, so no pass over the clip equals them.

    Args:
        net: in evaluation mode, on any device.
        mfcc: 13 mel cepstra per 10 ms of int16 samples. Samples in [-1, 1) would lower the first one by 20.79.
        windows: as ``metrics.sync.window_count`` gives them.
        batch: windows computed at once. It moves features by rounding alone, less than 2e-6 of their largest value.

    Raises:
        ValueError: too few rows for the windows, or a network in training mode.
    """
    _check(net, windows, batch)
    rows = ROWS_PER_FRAME * (windows - 1) + WINDOW_ROWS
    if len(mfcc) < rows:
        raise ValueError(f"{windows} windows need {rows} rows of mel cepstra, got {len(mfcc)}")
    device = next(net.parameters()).device
    view = np.lib.stride_tricks.sliding_window_view(mfcc, WINDOW_ROWS, axis=0)[::ROWS_PER_FRAME]
    features = []
    for first in range(0, windows, batch):
        block = np.ascontiguousarray(view[first : min(first + batch, windows), None], dtype=np.float32)
        features.append(net.audio(torch.from_numpy(block).to(device)).cpu())
    return np.asarray(torch.cat(features).numpy())


def _check(net: SyncNet, windows: int, batch: int) -> None:
    if net.training:
        raise ValueError("SyncNet is in training mode, where features depend on the batch; call eval() first")
    if windows < 1 or batch < 1:
        raise ValueError(f"windows and batch must be at least 1, got {windows} and {batch}")


def _unit2d(inputs: int, outputs: int, kernel: tuple[int, int], *, padding: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _unit3d(inputs: int, outputs: int, kernel: tuple[int, int, int], *, stride: int, padding: int) -> list[nn.Module]:
    """Return a layer whose stride and padding act on height and width only."""
    conv = nn.Conv3d(inputs, outputs, kernel, stride=(1, stride, stride), padding=(0, padding, padding))
    return [conv, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)]


def _head(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, inputs), nn.BatchNorm1d(inputs), nn.ReLU(inplace=True), nn.Linear(inputs, outputs)
    )
