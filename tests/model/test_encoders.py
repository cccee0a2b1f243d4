"""The encoders at other sizes, and weights that are handed over."""

from dataclasses import replace

import pytest
import torch

from tavce.model.correlation.audio_encoder import AudioEncoder, AudioEncoderConfig
from tavce.model.correlation.metric import RELEASED, TINY, CorrelationMetric, network_input
from tavce.model.correlation.mouth_encoder import MouthEncoderConfig, MouthIResNet, make_mouth_encoder
from tavce.model.state import fill_strictly

SMALL = MouthEncoderConfig("iresnet18", width=0.0625, side=48, blocks=(1, 1, 1, 1), stem_stride=2, embedding=16)


def parameters(module):
    return sum(value.numel() for value in module.parameters())


def test_the_tiny_metric_has_the_planned_size_and_the_official_keys():
    tiny = CorrelationMetric(TINY)
    assert 100_000 < parameters(tiny.image_encoder) < 200_000
    assert 300_000 < parameters(tiny.audio_encoder) < 400_000
    with torch.device("meta"):
        released = CorrelationMetric(RELEASED)
    assert set(tiny.state_dict()) < set(released.state_dict())
    assert list(tiny.audio_encoder.state_dict()) == list(released.audio_encoder.state_dict())
    full_depth = make_mouth_encoder(replace(TINY.mouth, blocks=(2, 2, 2, 2)))
    assert list(full_depth.state_dict()) == list(released.image_encoder.state_dict())


@pytest.mark.parametrize(("side", "stride"), [(48, 1), (48, 2), (112, 2), (20, 1)])
def test_any_side_and_stem(side, stride):
    encoder = make_mouth_encoder(replace(SMALL, side=side, stem_stride=stride)).eval()
    assert encoder(torch.zeros(2, 3, side, side)).shape == (2, 16)


def test_the_papers_text_says_resnet18():
    config = replace(RELEASED.mouth, kind="resnet18", stem_stride=2)
    encoder = make_mouth_encoder(config).eval()
    assert encoder(torch.zeros(1, 3, 64, 64)).shape == (1, 128)
    assert round(parameters(encoder) / 1e6, 1) == 11.2
    assert all(key.startswith("model.") for key in encoder.state_dict())
    for wrong in (replace(config, width=0.5), replace(config, stem_stride=1)):
        with pytest.raises(ValueError, match="and no other"):
            make_mouth_encoder(wrong)


def test_the_scale_of_the_last_norm_stays_one():
    encoder = MouthIResNet(SMALL)
    encoder(torch.randn(4, 3, 48, 48)).square().mean().backward()
    assert encoder.features.weight.grad is None
    assert encoder.features.weight.eq(1).all()
    assert encoder.features.bias.grad is not None


def test_both_encoders_take_any_leading_axes():
    metric = CorrelationMetric(TINY).eval()
    crops = torch.randint(0, 256, (2, 3, 48, 48, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    windows = torch.randn(2, 3, 80, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert metric.hear(windows).shape == metric.see(crops).shape == (2, 3, 128)
        torch.testing.assert_close(metric.see(crops)[1], metric.see(crops[1]))
        torch.testing.assert_close(metric.hear(windows)[1], metric.hear(windows[1]))


def test_crops_become_planes_in_minus_one_to_one():
    crops = torch.zeros(1, 2, 2, 3, dtype=torch.uint8)
    crops[..., 0] = 255
    planes = network_input(crops)
    assert planes[:, 0].eq(1).all()
    assert planes[:, 1:].eq(-1).all()


def test_weights_fill_a_network_or_are_refused_whole():
    module, other = MouthIResNet(SMALL), MouthIResNet(SMALL)
    state = {key: value for key, value in other.state_dict().items() if "num_batches" not in key}
    fill_strictly(module, state)
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in module.state_dict().items())
    before = {key: value.clone() for key, value in module.state_dict().items()}
    changed = {key: value + 1 for key, value in state.items()}
    short = {key: value for key, value in changed.items() if key != "bn2.weight"}
    with pytest.raises(ValueError, match=r"MouthIResNet: 1 missing: bn2\.weight"):
        fill_strictly(module, short)
    with pytest.raises(ValueError, match="1 unexpected: extra"):
        fill_strictly(module, {**changed, "extra": torch.zeros(1)})
    with pytest.raises(ValueError, match=r"fc\.bias \(3,\) instead of \(16,\)"):
        fill_strictly(module, {**changed, "fc.bias": torch.zeros(3)})
    with pytest.raises(ValueError, match=r"12 missing: .* and 6 more"):
        fill_strictly(module, {key: value for key, value in changed.items() if not key.startswith("layer1.0.bn")})
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_a_pretrained_trunk_with_a_new_last_layer():
    """How the release begins: ArcFace's file without its embedding, Wav2Lip's encoder without more."""
    trunk = MouthIResNet(replace(SMALL, embedding=32)).state_dict()
    module = MouthIResNet(SMALL)
    last = module.fc.weight.clone()
    fill_strictly(module, trunk, fresh=("fc.", "features."))
    assert torch.equal(module.layer3[0].conv1.weight, trunk["layer3.0.conv1.weight"])
    assert torch.equal(module.fc.weight, last)
    with pytest.raises(ValueError, match="of another shape"):
        fill_strictly(module, trunk)
    sound = AudioEncoder(AudioEncoderConfig(width=0.125, embedding=16))
    wav2lip = AudioEncoder(AudioEncoderConfig(width=0.125, embedding=8)).audio_encoder.state_dict()
    fill_strictly(sound.audio_encoder, wav2lip)
    assert torch.equal(sound.audio_encoder[12].conv_block[0].weight, wav2lip["12.conv_block.0.weight"])
