"""What a correlation metric begins with and is helped by: official weights, and the distance of its reconstructions."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from metrics.networks.loading import BROKEN
from metrics.networks.lpips import load_lpips, published_linear
from metrics.standins.load import standin_lpips
from tavce.data.weights import weights_path
from tavce.errors import InputError
from tavce.model.correlation_metric import CorrelationMetric
from tavce.model.pretrained_encoders import fill_audio_encoder, fill_mouth_encoder
from tavce.model.reconstruction import Perceptual


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
    weights = read_weights(model)
    try:
        fill(weights)
    except ValueError as error:
        remedy = 'official weights fit their own kind and width (`size: released`) alone; "" begins at random'
        raise InputError(model, str(error), remedy) from error


def read_weights(model: str) -> dict[str, Tensor]:
    """Return the tensors of a model file by key; of a training checkpoint, those of its network.

    Args:
        model: a path, or a name in the registry.

    Raises:
        InputError: the file is absent, or holds no tensors by key.
    """
    path = weights_path(model)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except BROKEN as error:
        problem = f"cannot be read as weights ({(str(error).strip() or type(error).__name__).splitlines()[0]})"
        raise InputError(path, problem, "fetch it again") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else content
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(path, "holds no tensors by key", "name a file of weights")
    # Wav2Lip was saved from within a wrapper for several GPUs.
    return {key.removeprefix("module."): value for key, value in state.items()}


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
