"""What a correlation metric begins with and is helped by: official weights, and the distance of its reconstructions."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from metrics.networks.lpips import load_lpips, published_linear
from metrics.standins.load import standin_lpips
from tavce.data.tensors import read_tensors
from tavce.data.weights import weights_path
from tavce.errors import InputError
from tavce.model.correlation.metric import CorrelationMetric
from tavce.model.correlation.pretrained import fill_audio_encoder, fill_mouth_encoder
from tavce.model.correlation.reconstruction import Perceptual


def fill_encoders(metric: CorrelationMetric, audio: str, mouth: str) -> None:
    """Fill the encoders from model files, each given as a path or as a name in the registry; "" leaves one random.

    Raises:
        InputError: a file is absent, cannot be read, or does not fit its encoder.
    """
    if audio:
        _fill(audio, lambda weights: fill_audio_encoder(metric.audio_encoder, weights))
    if mouth:
        _fill(mouth, lambda weights: fill_mouth_encoder(metric.image_encoder, weights))


def _fill(model: str, fill: Callable[[dict[str, Tensor]], None]) -> None:
    weights = read_tensors(weights_path(model))
    try:
        fill(weights)
    except ValueError as error:
        remedy = 'official weights fit their own kind and width (`size: released`) alone; "" begins at random'
        raise InputError(model, str(error), remedy) from error


def perceptual_distance(size: Literal["tiny", "released"], device: torch.device | None = None) -> Perceptual:
    """Return the distance that the reconstruction branches, or an animator, lower.

    Args:
        size: of the branches: "released" takes LPIPS on VGG-16 as the released code does, which needs its weights;
            "tiny" the stand-in for LPIPS on AlexNet that this repository carries.
        device: where the pictures are, the CPU by default.

    Raises:
        InputError: a file is absent or another one than published.
    """
    try:
        if size == "tiny":
            network = standin_lpips()
        else:
            network = load_lpips(weights_path("vgg16"), published_linear("vgg"), "vgg")
    except InputError:
        raise
    except (ValueError, FileNotFoundError) as error:
        remedy = "restore or fetch the file: git checkout metrics/standins, or tavce weights fetch vgg16"
        raise InputError("reconstruction", str(error), remedy) from error
    network.to(device)
    return lambda made, true: network.distance(network(made), network(true))
