"""Weights under the names of the published files reach the right layers, and nothing else begins by accident."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tavce.model.correlation.audio_encoder import AudioEncoder
from tavce.model.correlation.metric import RELEASED, TINY, CorrelationMetric
from tavce.model.correlation.mouth_encoder import MouthIResNet, make_mouth_encoder
from tavce.model.correlation.pretrained import fill_audio_encoder, fill_mouth_encoder

KEYS = json.loads((Path(__file__).parents[1] / "parity" / "golden" / "correlation.keys.json").read_text())


def drawn(shapes):
    generator = torch.Generator().manual_seed(5)
    return {key: torch.randn(shape, generator=generator) for key, shape in shapes.items()}


@pytest.fixture(scope="module")
def wav2lip():
    """The keys of Wav2Lip's audio encoder, as TAVCE's release repeats them, beside one of its other networks."""
    below = {k: shape for k, shape in KEYS["audio_encoder"].items() if k.startswith("audio_encoder.")}
    return drawn({**below, "face_decoder_blocks.0.0.conv_block.0.weight": [4]})


@pytest.fixture(scope="module")
def arcface():
    """The keys of ArcFace's IResNet-18: those of the release, with last layers of 512."""
    shapes = {k: v for k, v in KEYS["image_encoder"].items() if not k.startswith(("fc.", "features."))}
    return drawn({**shapes, "fc.weight": [512, 25088], "fc.bias": [512], "features.weight": [512]})


def test_wav2lip_fills_all_but_the_last_layer(wav2lip):
    encoder = AudioEncoder(RELEASED.audio)
    last = encoder.fc.weight.clone()
    fill_audio_encoder(encoder, wav2lip)
    found = encoder.state_dict()
    for key in ("audio_encoder.0.conv_block.0.weight", "audio_encoder.12.conv_block.1.running_var"):
        assert torch.equal(found[key], wav2lip[key])
    assert torch.equal(encoder.fc.weight, last)


def test_arcface_fills_all_but_the_last_layers(arcface):
    encoder = MouthIResNet(RELEASED.mouth)
    last = encoder.fc.weight.clone()
    fill_mouth_encoder(encoder, arcface)
    assert torch.equal(encoder.layer4[1].conv2.weight, arcface["layer4.1.conv2.weight"])
    assert torch.equal(encoder.fc.weight, last)
    assert torch.equal(encoder.features.weight, torch.ones(128))


def test_torchvision_fills_the_network_of_the_papers_text():
    config = replace(RELEASED.mouth, kind="resnet18", stem_stride=2, side=48)
    encoder = make_mouth_encoder(config)
    weights = drawn({key: value.shape for key, value in encoder.model.state_dict().items()})
    weights["fc.weight"], weights["fc.bias"] = torch.zeros(1000, 512), torch.zeros(1000)
    fill_mouth_encoder(encoder, weights)
    assert torch.equal(encoder.model.layer4[0].conv1.weight, weights["layer4.0.conv1.weight"])


def test_a_whole_metric_fills_all():
    torch.manual_seed(1)
    learned, metric = CorrelationMetric(TINY).state_dict(), CorrelationMetric(TINY)
    fill_audio_encoder(metric.audio_encoder, learned)
    fill_mouth_encoder(metric.image_encoder, learned)
    assert all(torch.equal(value, learned[key]) for key, value in metric.state_dict().items())


def test_files_that_do_not_fit_are_refused_and_named(wav2lip, arcface):
    with pytest.raises(ValueError, match=r"of another shape: audio_encoder\.0"):
        fill_audio_encoder(AudioEncoder(TINY.audio), wav2lip)
    with pytest.raises(ValueError, match=r"missing: audio_encoder\.0"):
        fill_audio_encoder(AudioEncoder(RELEASED.audio), arcface)
    with pytest.raises(ValueError, match=r"1 missing: layer2\.0\.conv1\.weight"):
        fill_mouth_encoder(
            MouthIResNet(RELEASED.mouth), {k: v for k, v in arcface.items() if k != "layer2.0.conv1.weight"}
        )
    with pytest.raises(ValueError, match="unexpected"):
        fill_mouth_encoder(MouthIResNet(RELEASED.mouth), {**arcface, "classifier.weight": torch.zeros(1)})
