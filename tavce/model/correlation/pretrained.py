"""Published weights -> the start of a correlation metric's encoders, as the released code begins with them."""

from collections.abc import Mapping

from torch import Tensor

from tavce.model.correlation.audio_encoder import AudioEncoder
from tavce.model.correlation.mouth_encoder import MouthIResNet, MouthResNet
from tavce.model.state import fill_strictly

Weights = Mapping[str, Tensor]


def fill_audio_encoder(encoder: AudioEncoder, weights: Weights) -> None:
    """Fill E_a from Wav2Lip, save its last layer, or from a whole correlation metric.

    Args:
        encoder: of the official width for Wav2Lip, which has one; of the metric's own otherwise.
        weights: keys of Wav2Lip (``audio_encoder.0.conv_block.0.weight``; its other networks are passed over), or of a
            correlation metric (``audio_encoder.audio_encoder.0...`` beside ``image_encoder...``).

    Raises:
        ValueError: a key is missing, unexpected or of another shape.
    """
    if _of_metric(weights):
        fill_strictly(encoder, _below("audio_encoder.", weights))
    else:
        layers = {f"audio_encoder.{key}": value for key, value in _below("audio_encoder.", weights).items()}
        fill_strictly(encoder, layers, fresh=("fc.",))


def fill_mouth_encoder(encoder: MouthIResNet | MouthResNet, weights: Weights) -> None:
    """Fill E_v from a network trained on other pictures, save its last layers, or from a whole correlation metric.

    Args:
        encoder: of the official width for a published network, which has one; of the metric's own otherwise.
        weights: keys of ArcFace's IResNet-18 or of torchvision's ResNet-18, as the encoder is, or of a correlation
            metric (``image_encoder...``).

    Raises:
        ValueError: a key is missing, unexpected or of another shape.
    """
    if _of_metric(weights):
        fill_strictly(encoder, _below("image_encoder.", weights))
    elif isinstance(encoder, MouthResNet):
        fill_strictly(encoder.model, weights, fresh=("fc.",))
    else:
        fill_strictly(encoder, weights, fresh=("fc.", "features."))


def _of_metric(weights: Weights) -> bool:
    return any(key.startswith("image_encoder.") for key in weights)


def _below(prefix: str, weights: Weights) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
