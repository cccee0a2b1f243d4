"""RGB frames -> 68 iBUG landmarks: two small hourglasses, one for the face and one for the mouth seen from near.

Each goes down by strides, up again with additions from the way down, and gives one heatmap per point; the landmark is
the mean position under the heatmap (integral regression, Sun et al. 2018, arXiv 1711.08229), so nothing is rounded to
cells. The first sees the whole frame and also says whether there is a face at all. The second sees a square around
the mouth that the first has found, and its 20 points replace those.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn
from torch.nn import functional

from metrics.networks.loading import load_strictly

POINTS, MOUTH_POINTS = 68, 20  # those of the mouth are the last
OUTER_EYE_CORNERS = (36, 45)
STRIDE, MOUTH_STRIDE = 4, 2  # input pixels per heatmap cell
LEAST_SIDE = 4.0  # pixels of the square around a mouth


@dataclass(frozen=True)
class LandmarkConfig:
    """What decides the shapes and the reading of the network.

    Attributes:
        side: frames are resized to this many pixels squared; a multiple of 16.
        stem: channels at a half of the side; fine, middle, coarse: at a quarter, an eighth and a sixteenth.
        mouth_side: pixels of the square around the mouth as the second network sees it; a multiple of 8.
        mouth_reach: side of that square, in distances of the outer eye corners.
        mouth_stem: channels at a half of that square's side; mouth_middle, mouth_coarse: at a quarter and an eighth.
        no_face: a frame whose probability of showing a face is below this has no landmarks.
    """

    side: int = 128
    stem: int = 12
    fine: int = 32
    middle: int = 48
    coarse: int = 72
    mouth_side: int = 48
    mouth_reach: float = 0.95
    mouth_stem: int = 24
    mouth_middle: int = 40
    mouth_coarse: int = 48
    no_face: float = 0.08


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class MouthNetwork(nn.Module):
    """Heatmaps of 20 points in a square around the mouth."""

    cells: Tensor

    def __init__(self, config: LandmarkConfig) -> None:
        super().__init__()
        fine, middle, coarse = config.mouth_stem, config.mouth_middle, config.mouth_coarse
        self.to_fine = nn.Sequential(_conv(3, fine, 3, MOUTH_STRIDE), _conv(fine, fine))
        self.to_middle = nn.Sequential(_conv(fine, middle, 3, 2), _conv(middle, middle))
        self.to_coarse = nn.Sequential(_conv(middle, coarse, 3, 2), _conv(coarse, coarse))
        self.up_middle = nn.Conv2d(coarse, middle, 1)
        self.mix_middle = _conv(middle, middle)
        self.up_fine = nn.Conv2d(middle, fine, 1)
        self.mix_fine = _conv(fine, fine + fine // 3)
        self.heatmaps = nn.Conv2d(fine + fine // 3, MOUTH_POINTS, 1)
        self.register_buffer("cells", _centres(config.mouth_side, MOUTH_STRIDE), persistent=False)

    def read(self, x: Float[Tensor, "frames 3 side side"]) -> Float[Tensor, "frames 20 rows columns"]:
        """Return logarithms of heatmaps that add up to 1."""
        fine = self.to_fine(x)
        middle = self.to_middle(fine)
        middle = self.mix_middle(middle + _twice(self.up_middle(self.to_coarse(middle))))
        return _log_shares(self.heatmaps(self.mix_fine(fine + _twice(self.up_fine(middle)))))


class LandmarkNetwork(nn.Module):
    """Landmarks and a face score.

    Args:
        config: as in `LandmarkConfig`.
    """

    cells: Tensor

    def __init__(self, config: LandmarkConfig = LandmarkConfig()) -> None:
        super().__init__()
        if config.side % 16:
            raise ValueError(f"side must be a multiple of 16, got {config.side}")
        self.config = config
        stem, fine, middle, coarse = config.stem, config.fine, config.middle, config.coarse
        self.to_fine = nn.Sequential(_conv(3, stem, 5, 2), _conv(stem, fine, 3, 2), _conv(fine, fine))
        self.to_middle = nn.Sequential(_conv(fine, middle, 3, 2), _conv(middle, middle))
        self.to_coarse = _conv(middle, coarse, 3, 2)
        # Convolutions do not know where they are; faces mostly stand in the middle.
        self.place = nn.Parameter(torch.zeros(1, coarse, config.side // 16, config.side // 16))
        self.mix_coarse = nn.Sequential(_conv(coarse, coarse), _conv(coarse, coarse))
        self.up_middle = nn.Conv2d(coarse, middle, 1)
        self.mix_middle = _conv(middle, middle)
        self.up_fine = nn.Conv2d(middle, fine, 1)
        self.mix_fine = _conv(fine, middle)
        self.heatmaps = nn.Conv2d(middle, POINTS, 1)
        self.face = nn.Linear(coarse, 1)
        self.register_buffer("cells", _centres(config.side, STRIDE), persistent=False)
        self.mouth = MouthNetwork(config)

    def forward(self, x: Float[Tensor, "frames 3 side side"]) -> tuple[Float[Tensor, "frames 68 2"], Tensor]:
        """Return landmarks in pixels of the input and the logit that there is a face, for RGB in [-1, 1]."""
        heatmaps, score = self.read(x)
        points = mean_places(heatmaps, self.cells)
        centre, side = mouth_square(points, self.config)
        square = cut(x, centre, side, self.config.mouth_side)
        mouth = mean_places(self.mouth.read(square), self.mouth.cells)
        mouth = centre[:, None] + ((mouth + 0.5) / self.config.mouth_side - 0.5) * side[:, None, None]
        return torch.cat([points[:, :-MOUTH_POINTS], mouth], dim=1), score

    def read(self, x: Float[Tensor, "frames 3 side side"]) -> tuple[Float[Tensor, "frames 68 rows columns"], Tensor]:
        """Return logarithms of heatmaps that add up to 1, and the logit that there is a face."""
        fine = self.to_fine(x)
        middle = self.to_middle(fine)
        coarse = self.mix_coarse(self.to_coarse(middle) + self.place)
        score = self.face(coarse.mean(dim=(2, 3)))[:, 0]
        middle = self.mix_middle(middle + _twice(self.up_middle(coarse)))
        fine = self.mix_fine(fine + _twice(self.up_fine(middle)))
        return _log_shares(self.heatmaps(fine)), score


def mean_places(
    heatmaps: Float[Tensor, "frames points rows columns"], cells: Float[Tensor, " cells"]
) -> Float[Tensor, "frames points 2"]:
    """Return the mean position, x and y, under heatmaps given as logarithms, where cells lie at these coordinates."""
    weights = heatmaps.exp()
    return torch.stack([weights.sum(dim=2) @ cells, weights.sum(dim=3) @ cells], dim=-1)


def mouth_square(
    points: Float[Tensor, "frames 68 2"], config: LandmarkConfig
) -> tuple[Float[Tensor, "frames 2"], Float[Tensor, " frames"]]:
    """Return centre and side of the square around each mouth, in the unit of the points."""
    one, other = (points[:, corner] for corner in OUTER_EYE_CORNERS)
    side = config.mouth_reach * torch.linalg.vector_norm(one - other, dim=1).clamp_min(LEAST_SIDE)
    return points[:, -MOUTH_POINTS:].mean(dim=1), side


def cut(
    x: Float[Tensor, "frames 3 height width"],
    centre: Float[Tensor, "frames 2"],
    side: Float[Tensor, " frames"],
    pixels: int,
) -> Float[Tensor, "frames 3 pixels pixels"]:
    """Return a square of each frame, bilinear, at this many pixels; 0 beyond the edge."""
    unit = _centres(pixels, 1).to(x.device).add(0.5).div(pixels).sub(0.5)
    size = torch.tensor([x.shape[3], x.shape[2]], dtype=x.dtype, device=x.device)
    # grid_sample counts from -1 to 1 between the outer edges of the outer pixels.
    middle, reach = (centre + 0.5) / size * 2 - 1, 2 * side[:, None] / size
    columns, rows = (middle[:, k, None] + reach[:, k, None] * unit for k in (0, 1))
    grid = torch.stack([columns[:, None, :].expand(-1, pixels, -1), rows[:, :, None].expand(-1, -1, pixels)], dim=-1)
    return functional.grid_sample(x, grid, align_corners=False)


def _centres(side: int, stride: int) -> Tensor:
    return (torch.arange(side // stride) + 0.5) * stride - 0.5


def _log_shares(heatmaps: Tensor) -> Tensor:
    return heatmaps.flatten(2).log_softmax(dim=2).reshape(heatmaps.shape)


def _twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def landmark_input(
    frames: UInt8[np.ndarray, "frames height width 3"], side: int, device: torch.device | str = "cpu"
) -> Float32[Tensor, "frames 3 side side"]:
    """Return RGB in [-1, 1] at the side of the network: bilinear, antialiased where it shrinks, stretched if oblong."""
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).to(device).float()
    if pixels.shape[2:] != (side, side):
        pixels = functional.interpolate(pixels, (side, side), mode="bilinear", align_corners=False, antialias=True)
    return pixels / 127.5 - 1


def find_landmarks(
    network: LandmarkNetwork, frames: UInt8[np.ndarray, "frames height width 3"], *, batch: int = 32
) -> Float32[np.ndarray, "frames 68 2"]:
    """Return 68 points per frame in pixels of the given frames, (0, 0) the centre of the top-left pixel.

    A frame that surely shows no face (`LandmarkConfig.no_face`) is all NaN. Every frame is read on its own; the size of
    the batch moves coordinates by rounding only (1e-3 pixels at most).

    Raises:
        ValueError: if the frames are not uint8 RGB, there are none, or the network is in training mode.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
        raise ValueError(f"need uint8 frames (frames, height, width, 3) in 0..255, got {frames.dtype} {frames.shape}")
    if network.training:
        raise ValueError("the network is in training mode, where results depend on the batch; call network.eval()")
    side, device = network.config.side, network.cells.device
    parts = []
    with torch.inference_mode():
        for i in range(0, len(frames), batch):
            points, score = network(landmark_input(frames[i : i + batch], side, device))
            points[score.sigmoid() < network.config.no_face] = torch.nan
            parts.append(points.cpu().numpy())
    height, width = frames.shape[1:3]
    per_pixel = np.array([width / side, height / side], np.float32)
    return (np.concatenate(parts) + np.float32(0.5)) * per_pixel - np.float32(0.5)


def load_landmarks(path: Path, config: LandmarkConfig = LandmarkConfig()) -> LandmarkNetwork:
    """Return the frozen network with the weights of a file.

    Raises:
        FileNotFoundError, ValueError: as in `load_strictly`.
    """
    network = LandmarkNetwork(config)
    load_strictly(network, path, optional=("num_batches_tracked",))
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
