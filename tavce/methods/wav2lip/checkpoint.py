"""Wav2Lip in a file: the generator and the expert of one training, or an official file of a generator."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from tavce.data.tensors import read_tensors
from tavce.errors import InputError
from tavce.model.state import fill_strictly
from tavce.model.wav2lip.blocks import SIDES
from tavce.model.wav2lip.generator import OFFICIAL, Wav2Lip, Wav2LipConfig
from tavce.model.wav2lip.sync_expert import SyncExpert, SyncExpertConfig

SHIPPED = Path(__file__).parent / "base" / "wav2lip.pt"
GENERATOR, EXPERT, SIDE, WIDTH = "generator.", "expert.", "side", "width"
THOUSANDTHS = 1000


@dataclass(frozen=True)
class Trained:
    """What a training leaves: both networks in evaluation mode.

    Attributes:
        generator: makes faces.
        expert: of the same side and width; judges them.
    """

    generator: Wav2Lip
    expert: SyncExpert


def checkpoint_bytes(
    config: Wav2LipConfig, generator: Mapping[str, Tensor], expert: Mapping[str, Tensor], *, half: bool = False
) -> bytes:
    """Return the file of a training: the same bytes for the same weights.

    Args:
        config: of the generator; the expert has its side and width.
        generator: state dict.
        expert: state dict.
        half: matrices and filters as float16; loaded, they are float32 again.
    """
    named = {GENERATOR + key: value for key, value in generator.items()}
    named |= {EXPERT + key: value for key, value in expert.items()}
    if half:
        named = {k: v.half() if v.is_floating_point() and v.ndim > 1 else v for k, v in named.items()}
    sizes = {SIDE: torch.tensor(config.side), WIDTH: torch.tensor(round(config.width * THOUSANDTHS))}
    file = io.BytesIO()
    torch.save({key: value.detach().contiguous().cpu() for key, value in (sizes | named).items()}, file)
    return file.getvalue()


def load_trained(path: Path) -> Trained:
    """Return the networks of a file that `checkpoint_bytes` made.

    Raises:
        InputError: there is no such file, or it is none of these.
    """
    tensors = read_tensors(path)
    config = _config(path, tensors)
    generator, expert = Wav2Lip(config), SyncExpert(SyncExpertConfig(config.side, config.width))
    _fill(path, generator, _below(GENERATOR, tensors))
    _fill(path, expert, _below(EXPERT, tensors))
    return Trained(generator, expert)


def load_generator(path: Path) -> Wav2Lip:
    """Return the generator of a file, in evaluation mode.

    Args:
        path: as `checkpoint_bytes` makes it; or an official one (wav2lip.pth, wav2lip_gan.pth), pickled as it first
            was or TorchScript as it is offered now.

    Raises:
        InputError: there is no such file, or its tensors are not those of a generator.
    """
    tensors = read_tensors(path)
    if SIDE in tensors:
        generator = Wav2Lip(_config(path, tensors))
        _fill(path, generator, _below(GENERATOR, tensors))
    else:
        generator = Wav2Lip(OFFICIAL)
        _fill(path, generator, tensors)
    return generator


def load_expert(path: Path) -> SyncExpert:
    """Return the sync expert of an official file (lipsync_expert.pth), in evaluation mode.

    Raises:
        InputError: there is no such file, or its tensors are not those of an expert.
    """
    tensors = read_tensors(path)
    expert = SyncExpert(SyncExpertConfig(OFFICIAL.side, OFFICIAL.width))
    _fill(path, expert, tensors)
    return expert


def _config(path: Path, tensors: Mapping[str, Tensor]) -> Wav2LipConfig:
    sizes = [tensors[key] for key in (SIDE, WIDTH) if key in tensors]
    if [each.numel() for each in sizes] != [1, 1] or sizes[0] not in SIDES:
        raise InputError(path, "is no file of the stage `wav2lip`", "name its wav2lip.pt, or an official file")
    return Wav2LipConfig(int(tensors[SIDE]), int(tensors[WIDTH]) / THOUSANDTHS)


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    return {key: value.float() if value.is_floating_point() else value for key, value in found.items()}


def _fill(path: Path, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    try:
        fill_strictly(network, tensors)
    except ValueError as error:
        raise InputError(path, str(error), "name a file of this network, fetched whole") from error
    network.eval().requires_grad_(False)
