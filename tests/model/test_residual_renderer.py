"""The small renderer: the portrait at the start, parts that stay alive, a gate that comes to matter."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from tavce.model.animator.attention import AttentionConfig
from tavce.model.animator.flat_motion import pixel_grid
from tavce.model.animator.residual_renderer import SMALL, ResidualRenderer
from tavce.model.state import fill_strictly

DIMS = 8
IDENTITY = 1e-6  # measured: 0
TOY = replace(SMALL, size=32, coefficients=2, keypoints=4, channels=32, code=16, fine=16, blocks=1, hidden=16)
ATTENTION = AttentionConfig(dims=DIMS, gate="signed")


def toy(batch=8, seed=0):
    """Pictures with a bar that lengthens with the first coefficient and turns red where the sound goes up.

    Returns portrait, its coefficients, two frames' coefficients, differences and the frames.
    """
    draw = torch.Generator().manual_seed(seed)
    coefficients = torch.rand((batch, 3, 2), generator=draw)
    differences = torch.randn((batch, 3, DIMS), generator=draw)
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    length = 4 + 10 * coefficients[..., 0, None, None]
    bar = ((columns - 16).abs() < length) & ((rows - 20).abs() < 3)
    red = torch.sigmoid(3 * differences[..., 0])[..., None, None] * bar
    frames = torch.stack([0.3 + 0.6 * red, 0.3 + 0.4 * bar, (rows / 64.0).expand_as(bar)], dim=2)
    return frames[:, 0], coefficients[:, 0, :, None], coefficients[:, 1:, :, None], differences[:, 1:], frames[:, 1:]


def train(network, steps, *, seed=0, factor=1):
    """Descend on toys whose every pixel is `factor` pixels wide; return the loss of each step."""
    descent = torch.optim.AdamW(network.parameters(), 2e-3)
    losses = []
    for step in range(steps):
        image, source, wanted, heard, frames = toy(seed=1000 * seed + step)
        image, frames = (x.repeat_interleave(factor, -1).repeat_interleave(factor, -2) for x in (image, frames))
        made = network(image, source, wanted, heard)
        loss = (made - frames).abs().mean()
        descent.zero_grad()
        loss.backward()
        descent.step()
        losses.append(loss.item())
    return losses


def norms(module):
    return {name: float(value.grad.norm()) for name, value in module.named_parameters()}


@pytest.fixture(scope="module")
def trained():
    torch.manual_seed(0)
    network = ResidualRenderer(replace(TOY, attention=ATTENTION))
    return network, train(network, 260)


def test_the_first_picture_is_nearly_the_portrait():
    torch.manual_seed(0)
    image, source, wanted, _, _ = toy()
    network = ResidualRenderer(TOY)
    with torch.inference_mode():
        near = (network(image, source, wanted) - image[:, None]).abs().mean()
        for layer in (network.shift, network.decoder.conv_img):
            layer.reset_parameters()
        far = (network(image, source, wanted) - image[:, None]).abs().mean()
    assert near < 0.02 < far  # measured: 0.006 and 0.31


def test_attention_changes_nothing_before_the_first_step():
    torch.manual_seed(0)
    plain, attentive = ResidualRenderer(TOY).eval(), ResidualRenderer(replace(TOY, attention=ATTENTION)).eval()
    fill_strictly(attentive, plain.state_dict(), fresh=("attention.",))
    image, source, wanted, heard, _ = toy()
    with torch.inference_mode():
        before, after = plain(image, source, wanted), attentive(image, source, wanted, heard)
        torch.nn.init.normal_(attentive.attention.proj2.weight)
        moved = attentive(image, source, wanted, heard)
    assert (before - after).abs().max() < IDENTITY
    assert (before - moved).abs().max() > 1e3 * IDENTITY


def test_it_learns(trained):
    losses = trained[1]
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


def test_every_part_is_alive_after_training(trained):
    """A blend of warp and decoder would saturate, and leave decoder and attention without a gradient."""
    network = trained[0]
    image, source, wanted, heard, frames = toy(seed=-1 % 2**31)
    network.zero_grad()
    (network(image, source, wanted, heard) - frames).abs().mean().backward()
    for part in (network.decoder, network.attention.proj2, network.attention.proj1, network.dense_motion_network):
        assert sum(norms(part).values()) > 1e-5, norms(part)
    assert network.shift.weight.grad.norm() > 1e-5
    assert 1e-3 < network.decoder.residual < 1  # what it adds is there, and no picture of its own


def test_a_blend_that_saturates_is_noticed(trained):
    """The check above must be able to fail: with the warp alone in the picture, the decoder is dead."""
    network = trained[0]
    image, source, wanted, heard, frames = toy(seed=5)
    decoder = network.decoder.conv_img
    handle = decoder.register_forward_hook(lambda layer, given, residual: residual * 0.0)
    network.zero_grad()
    (network(image, source, wanted, heard) - frames).abs().mean().backward()
    handle.remove()
    assert sum(norms(network.decoder).values()) == network.decoder.residual == 0
    assert network.dense_motion_network.mask.weight.grad.norm() > 0


def test_the_gate_changes_the_picture_once_trained(trained):
    network = trained[0].eval()
    image, source, wanted, heard, frames = toy(batch=16, seed=77)
    with torch.inference_mode():
        right, wrong = (network(image, source, wanted, d) for d in (heard, heard.roll(1, 0)))
    assert (right - wrong).abs().mean() > 1e-3  # measured: 6e-3
    assert (right - frames).abs().mean() < 0.9 * (wrong - frames).abs().mean()  # measured: 0.0067 and 0.0100


def test_a_gate_of_zero_is_noticed(trained, monkeypatch):
    """The check above must be able to fail."""
    network = trained[0].eval()
    image, source, wanted, heard, _ = toy(seed=77)
    monkeypatch.setattr(network.attention.gate, "kind", "null")
    with torch.inference_mode():
        assert torch.equal(network(image, source, wanted, heard), network(image, source, wanted, heard.roll(1, 0)))


def test_frames_rendered_together_or_alone_are_the_same(trained):
    network = trained[0].eval()
    image, source, wanted, heard, _ = toy(seed=3)
    with torch.inference_mode():
        together = network(image, source, wanted, heard)
        encoded = network.encode_source(image[2:3], source[2:3])
        alone = network.render(encoded, wanted[2:3, 1:], heard[2:3, 1:])
    assert torch.allclose(together[2, 1], alone[0, 0], atol=1e-5)


def test_at_its_own_side_nothing_is_resampled(trained):
    """The parts chained by hand, as they stood before pictures could be larger."""
    network = trained[0].eval()
    image, source, wanted, heard, _ = toy(batch=2, seed=4)
    with torch.inference_mode():
        made = network(image, source, wanted, heard)
        x = functional.leaky_relu(network.first(functional.pixel_unshuffle(image, 2)), 0.2)
        features = functional.leaky_relu(network.second(x), 0.2)
        features = features + network.third(features)
        encoded = network.encode_source(image, source)
        assert torch.equal(encoded.features, features)
        assert encoded.image is image
        flows = []
        handle = network.dense_motion_network.register_forward_hook(
            lambda net, given, flow: flows.append((given, flow))
        )
        network.render(encoded, wanted, heard)
        handle.remove()
        ((features, _, _, code), flow) = flows[0]
        decoder = network.decoder
        offsets = (flow.positions - pixel_grid(features)).movedim(3, 1)
        offsets = functional.interpolate(offsets, scale_factor=4.0, mode="bilinear", align_corners=False)
        pictures = image.repeat_interleave(2, dim=0)
        moved = functional.grid_sample(
            pictures, pixel_grid(pictures) + offsets.movedim(1, 3), padding_mode="border", align_corners=False
        )
        residuals = []
        handle = decoder.conv_img.register_forward_hook(lambda layer, given, x: residuals.append(x))
        decoder(pictures, features, flow, code)
        handle.remove()
        assert torch.equal(made.flatten(0, 1), moved + functional.pixel_shuffle(residuals[0], 2))


def test_a_larger_portrait_keeps_its_detail():
    """A pattern finer than the network sees is in the first picture all the same."""
    torch.manual_seed(0)
    image, source, wanted, _, _ = toy()
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    fine = 0.5 + 0.4 * ((rows + columns) % 2 * 2 - 1) * torch.ones(8, 3, 1, 1)
    assert functional.interpolate(fine, (32, 32), mode="area").std() < 0.1  # of 3 x 3 pixels a little is left
    with torch.inference_mode():
        network = ResidualRenderer(TOY)
        made = network(fine, source, wanted)
        assert made.shape == (8, 2, 3, 96, 96)
        assert (made - fine[:, None]).abs().mean() < 0.15  # measured: 0.10
        lost = functional.interpolate(network(image, source, wanted).flatten(0, 1), (96, 96)).unflatten(0, (8, 2))
        assert (lost - fine[:, None]).abs().mean() > 0.3  # measured: 0.40


def test_a_larger_picture_moves_as_the_small_one_does(trained):
    network = trained[0].eval()
    image, source, wanted, heard, frames = toy(seed=9)
    large = image.repeat_interleave(3, -1).repeat_interleave(3, -2)
    with torch.inference_mode():
        small, made = network(image, source, wanted, heard), network(large, source, wanted, heard)
        shrunk = functional.interpolate(made.flatten(0, 1), (32, 32), mode="area").unflatten(0, (8, 2))
        still = (image[:, None] - frames).abs().mean()
        assert (shrunk - small).abs().mean() < 0.15 * still  # measured: 0.085
        # The large one is warped by the flow itself, not by the flow in pixels of the small one.
        assert (
            made - frames.repeat_interleave(3, -1).repeat_interleave(3, -2)
        ).abs().mean() < 0.6 * still  # measured: 0.38


def test_it_trains_at_a_larger_side():
    torch.manual_seed(0)
    network = ResidualRenderer(replace(TOY, attention=ATTENTION))
    losses = train(network, 60, factor=2)
    assert sum(losses[-10:]) < 0.75 * sum(losses[:10])
    for part in (network.decoder, network.attention.proj2, network.dense_motion_network):
        assert sum(norms(part).values()) > 1e-5


@pytest.mark.parametrize("size", [(24, 24), (64, 48)])
def test_portraits_that_do_not_fit_are_refused(size):
    with pytest.raises(ValueError, match=f"{size[0]} x {size[1]} pixels"):
        ResidualRenderer(TOY).encode_source(torch.rand(1, 3, *size), torch.zeros(1, 2, 1))


def test_attention_and_differences_go_together():
    image, source, wanted, heard, _ = toy()
    with pytest.raises(ValueError, match="go together"):
        ResidualRenderer(TOY)(image, source, wanted, heard)
    with pytest.raises(ValueError, match="go together"):
        ResidualRenderer(replace(TOY, attention=ATTENTION))(image, source, wanted)


def test_sampling_at_the_grid_changes_nothing():
    picture = torch.rand(1, 3, 8, 12)
    grid = pixel_grid(picture)[None]
    assert torch.allclose(functional.grid_sample(picture, grid, align_corners=False), picture, atol=1e-5)
    assert not torch.allclose(functional.grid_sample(picture, grid, align_corners=True), picture, atol=1e-2)


def test_coefficients_are_normalised_by_the_training_ones():
    network = ResidualRenderer(TOY)
    network.calibrate(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
    assert network.mean.tolist() == [2, 5]
    assert network.deviation.tolist() == pytest.approx([2**0.5, 1e-3])  # a constant one is left as it is


def test_size():
    assert sum(value.numel() for value in ResidualRenderer(SMALL).parameters()) < 500_000
