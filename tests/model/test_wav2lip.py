"""Wav2Lip's networks: their sizes, what they are shown, how they begin."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.wav2lip.blocks import SIDES, TransposedBlock, dropped, lower_half, plain, scaled, shortcuts
from tavce.model.wav2lip.data import draw_faces, expert_input, generator_input, planes
from tavce.model.wav2lip.discriminator import QualityConfig, QualityDiscriminator
from tavce.model.wav2lip.generator import OFFICIAL, Wav2Lip, Wav2LipConfig
from tavce.model.wav2lip.start import begin_as_copy, hear_as
from tavce.model.wav2lip.sync_expert import SyncExpert, SyncExpertConfig
from tavce.model.wav2lip.train import generate, released, surprise_of, train_wav2lip
from tavce.model.wav2lip.train_sync_expert import draw_pairs
from tests.model.wav2lip_toys import (
    MOUTH,
    SIDE,
    corpus,
    discriminator_of,
    expert_of,
    generator_of,
    numbered,
    same,
    some_mels,
)

# Sizes


@pytest.mark.parametrize("side", SIDES)
def test_what_goes_in_and_out_at_each_side(side: int) -> None:
    torch.manual_seed(0)
    network, expert = Wav2Lip(Wav2LipConfig(side, 0.05)).eval(), SyncExpert(SyncExpertConfig(side, 0.05)).eval()
    critic = QualityDiscriminator(QualityConfig(side, 0.05))
    with torch.inference_mode():
        made = network(some_mels(), torch.rand(2, 6, side, side))
        assert made.shape == (2, 3, side, side)
        assert 0 < made.min() < made.max() < 1
        seen, heard = expert.face(torch.rand(2, 15, side // 2, side)), expert.audio(some_mels())
        assert seen.shape == heard.shape == (2, expert.channels) == (2, 26)
        assert torch.allclose(seen.norm(dim=1), torch.ones(2), atol=1e-5)
        assert critic(torch.rand(2, 3, side, side)).shape == (2,)


@pytest.mark.parametrize("config", [Wav2LipConfig, SyncExpertConfig, QualityConfig])
@pytest.mark.parametrize("side", [192, 64, 12, 0])
def test_other_sides_are_refused(config: type, side: int) -> None:
    with pytest.raises(ValueError, match=f"side {side} must be one of"):
        config(side, 1.0)


@pytest.mark.parametrize("side", SIDES[1:])
def test_a_smaller_network_is_the_inner_part_of_the_official_one(side: int) -> None:
    with torch.device("meta"):
        small, official = Wav2Lip(Wav2LipConfig(side, 1.0)), Wav2Lip(OFFICIAL)
    lacks = dropped(side)

    def shapes(network: Wav2Lip, part: str) -> list[list[torch.Size]]:
        return [[value.shape for value in stage.state_dict().values()] for stage in network.get_submodule(part)]

    ups, downs = (f"face_{part}coder_blocks" for part in ("de", "en"))
    assert shapes(small, ups) == shapes(official, ups)[:-lacks]
    assert shapes(small, downs)[1:] == shapes(official, downs)[1 + lacks :]
    assert shapes(small, downs)[0][0] == ((32, 64)[lacks - 1], 6, 7, 7), "the entry sees six colours and has no more"
    assert len(shapes(small, downs)[0]) == 7, "of one block"


def test_blocks() -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 4, 3, 3)
    with_shortcut, without = shortcuts(4, 2)[0].eval(), plain(4, 4, padding=1).eval()
    without.load_state_dict(with_shortcut.state_dict())
    assert torch.equal(with_shortcut(x), torch.relu(with_shortcut.conv_block(x) + x))
    assert torch.equal(without(x), torch.relu(without.conv_block(x)))
    assert not torch.equal(with_shortcut(x), without(x))
    assert TransposedBlock(4, 5, first=False)(x).shape == (2, 5, 6, 6)
    assert TransposedBlock(4, 5, first=True)(x[..., :1, :1]).shape == (2, 5, 3, 3)
    assert [scaled(512, width) for width in (1.0, 0.25, 0.0001)] == [512, 128, 1]


def test_one_face_serves_many_windows() -> None:
    network, mels, face = generator_of(), some_mels(5), torch.rand(1, 6, SIDE, SIDE)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0  # one batch tells all: as started, the norms let almost nothing through
    with torch.inference_mode():
        network.train()(mels, torch.rand(5, 6, SIDE, SIDE))
        network.eval()
        once, repeated = network(mels, face), network(mels, face.expand(5, -1, -1, -1))
        assert torch.allclose(once, repeated, atol=1e-5)
        assert not torch.allclose(once[0], once[1], atol=1e-2), "each window is heard"
        assert not torch.allclose(once, network(mels, face.flip(3)), atol=1e-2), "the face is seen"


# What the networks are shown


def test_planes_are_blue_green_red_from_0_to_1() -> None:
    face = np.zeros((1, 2, 2, 3), np.uint8)
    face[0, 0, 1] = (255, 51, 0)
    made = planes(face)
    assert made.shape == (1, 3, 2, 2)
    assert made[0, :, 0, 1].tolist() == pytest.approx([0.0, 0.2, 1.0])
    assert made.sum() == pytest.approx(1.2)


def test_the_lower_half_of_the_target_alone_is_masked() -> None:
    target, reference = (torch.rand(2, 5, 3, SIDE, SIDE) + 0.1 for _ in range(2))
    kept = target.clone()
    made = generator_input(target, reference)
    assert torch.equal(made[..., :3, : SIDE // 2, :], target[..., : SIDE // 2, :])
    assert not made[..., :3, SIDE // 2 :, :].any()
    assert torch.equal(made[..., 3:, :, :], reference)
    assert torch.equal(target, kept), "the target itself stays whole: it is what the loss compares with"


def test_the_expert_sees_lower_halves_frame_after_frame() -> None:
    faces = torch.rand(2, 5, 3, SIDE, SIDE)
    made = expert_input(faces)
    assert made.shape == (2, 15, SIDE // 2, SIDE)
    for frame in range(5):
        assert torch.equal(made[:, 3 * frame : 3 * frame + 3], lower_half(faces)[:, frame])


@pytest.mark.parametrize("mel_start", [0, -1])
def test_which_sound_a_frame_is_made_from(mel_start: int) -> None:
    batch = draw_faces(np.random.default_rng(0), numbered(), 300, mel_start=mel_start)
    target, reference = ((each[..., 0, 0, 0] * 255).round() for each in (batch.target, batch.reference))
    first = target[:, 0]
    assert torch.equal(target, first[:, None] + torch.arange(5)), "five frames in a row"
    assert torch.equal(batch.heard[..., 0, 0, 0], target + mel_start), "frame k hears what begins with k + mel_start"
    assert torch.equal(batch.sound[:, 0, 0, 0], first), (
        "the expert's sound begins with the first frame, whatever is heard"
    )
    assert torch.equal(reference, reference[:, :1] + torch.arange(5))
    assert torch.equal(reference // 20, target // 20), "of the same clip"
    assert (reference[:, 0] != first).all(), "of another moment"
    moments = list(range(-mel_start, 8))  # 12 frames: the last window begins with the eighth
    for starts in (first % 20, reference[:, 0] % 20):
        assert starts.unique().tolist() == moments, "from the first that has sound to the last"
    assert (first // 20).unique().tolist() == [0, 1, 2]


def test_all_moments_are_as_likely() -> None:
    batch = draw_faces(np.random.default_rng(1), numbered(), 4000, mel_start=-1)
    for each in (batch.target, batch.reference):
        counts = (each[:, 0, 0, 0, 0] * 255).round().int().remainder(20).bincount()[1:]
        assert counts.min() > 0.85 * counts.float().mean()


def test_the_box_of_the_mouth() -> None:
    batch = draw_faces(np.random.default_rng(0), numbered(), 1, mel_start=0)
    expected = torch.zeros(SIDE, SIDE)
    expected[MOUTH] = 1
    assert torch.equal(batch.mouth, expected.expand(1, 5, 1, SIDE, SIDE))


@pytest.mark.parametrize(("frames", "mel_start"), [(5, 0), (6, -1)])
def test_clips_without_a_second_window_are_refused(frames: int, mel_start: int) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=f"clips of {frames} frames have no second window"):
        draw_faces(rng, numbered(frames=frames), 1, mel_start=mel_start)
    draw_faces(rng, numbered(frames=frames + 1), 1, mel_start=mel_start)
    with pytest.raises(ValueError, match="shorter than a window of 5"):
        draw_faces(rng, numbered(frames=4), 1, mel_start=mel_start)


def test_pairs_of_an_expert_begin_together() -> None:
    pairs = draw_pairs(np.random.default_rng(0), numbered(), 2, 7)
    first = (pairs.mouths[:, 0, 0, 0] * 255).round()
    assert torch.equal(pairs.sounds[:, 0, 0, 0], first)
    assert torch.equal((pairs.mouths[:, 12, 0, 0] * 255).round(), first + 4)
    assert all(len(set(clip.tolist())) == 7 for clip in first.split(7)), "no moment of a clip twice"
    assert all(len(set((clip // 20).tolist())) == 1 for clip in first.split(7)), "those of a clip behind one another"
    with pytest.raises(ValueError, match="9 windows of each of 2 clips cannot be drawn from 3 clips with 8 windows"):
        draw_pairs(np.random.default_rng(0), numbered(), 2, 9)


# Beginnings


def test_the_ear_of_an_expert() -> None:
    network, expert = generator_of(0).eval(), expert_of(1).eval()
    before = network.audio_encoder.state_dict()
    assert not any(
        torch.equal(v, before[k])
        for k, v in expert_of(2).audio_encoder.state_dict().items()
        if v.ndim > 1 and k in before
    )
    hear_as(network, expert)
    own, copied = network.audio_encoder, expert.audio_encoder
    for place, layer in enumerate(own):
        assert same(layer.state_dict(), copied[place + (place > 10)].state_dict()), f"layer {place}"
    # The expert's twelfth block has no like; when it adds nothing to its input both hear the same.
    extra, mels = copied[11], some_mels()
    with torch.inference_mode():
        assert not torch.allclose(own(mels), copied(mels), atol=1e-4)
        for parameter in extra.parameters():
            parameter.zero_()
        assert torch.allclose(own(mels), copied(mels), atol=1e-6)
        assert own(mels).any()


def psnr(made: torch.Tensor, truth: torch.Tensor) -> float:
    return -10 * math.log10((made - truth).square().mean())


@pytest.mark.parametrize("side", SIDES)
def test_a_beginning_as_a_copy_returns_the_reference(side: int) -> None:
    rng = np.random.default_rng(0)
    smooth = torch.nn.functional.interpolate(torch.rand(6, 3, 4, 4), side, mode="bicubic").clamp(0, 1)
    faces = (smooth.permute(0, 2, 3, 1) * 255).byte().numpy()
    torch.manual_seed(0)
    network = Wav2Lip(Wav2LipConfig(side, 0.2 if side == 96 else 0.1)).eval()
    target, reference = planes(faces[:3]), planes(faces[3:])
    mels = torch.from_numpy(rng.uniform(-4, 4, (3, 1, 80, 16)).astype(np.float32))
    with torch.inference_mode():
        random = psnr(network(mels, generator_input(target, reference)), reference)
        begin_as_copy(network, faces[None])
        made = network(mels, generator_input(target, reference))
    assert random < 15
    assert psnr(made, reference) > 24
    assert psnr(made, reference) > psnr(made, target) + 10, "not the frame whose lower half it cannot see"
    assert psnr(made, reference) > psnr(made, reference.flip(1)) + 5, "colours in their order"


def test_a_beginning_as_a_copy_needs_three_channels() -> None:
    with pytest.raises(ValueError, match=r"width 0\.05 leaves fewer than 3 channels"):
        begin_as_copy(Wav2Lip(Wav2LipConfig(96, 0.05)), corpus(0).faces)


# The discriminator


def test_the_discriminator_sees_lower_halves() -> None:
    critic, faces = discriminator_of(), torch.rand(2, 3, SIDE, SIDE)
    above, below = faces.clone(), faces.clone()
    above[:, :, : SIDE // 2], below[:, :, SIDE // 2 :] = 0, 0
    with torch.inference_mode():
        assert torch.equal(critic(faces), critic(above))
        assert not torch.allclose(critic(faces), critic(below))


def test_its_loss_falls_where_it_is_right() -> None:
    critic, faces = discriminator_of(), torch.rand(2, 5, 3, SIDE, SIDE)
    last = critic.binary_pred[0]
    torch.nn.init.zeros_(last.weight)
    for log_odds in (2.0, -2.0):
        torch.nn.init.constant_(last.bias, log_odds)
        chance = 1 / (1 + math.exp(-log_odds))
        assert surprise_of(critic, faces, true=True).item() == pytest.approx(-math.log(chance), rel=1e-5)
        assert surprise_of(critic, faces, true=False).item() == pytest.approx(-math.log(1 - chance), rel=1e-5)


def test_a_discriminator_tells_the_dark_from_the_true() -> None:
    critic = discriminator_of()
    descent = torch.optim.Adam(critic.parameters(), 1e-3)
    truth = draw_faces(np.random.default_rng(0), corpus(0), 2, mel_start=0).target
    fake, curve = 0.3 * truth, []
    for _ in range(20):
        loss = surprise_of(critic, truth, true=True) + surprise_of(critic, fake, true=False)
        descent.zero_grad()
        loss.backward()
        descent.step()
        curve.append(loss.item())
    assert curve[0] == pytest.approx(2 * math.log(2), abs=0.1)
    assert curve[-1] < 0.6 * curve[0]
    assert surprise_of(critic, fake, true=True) > 2 * surprise_of(critic, truth, true=True)


def test_a_training_tells_it_what_is_made_and_what_is_true() -> None:
    critic, network, settings = discriminator_of(), generator_of(), replace(released(1, gan=True), windows=2)
    for parameter in critic.parameters():  # so that it tells one from the other
        torch.nn.init.zeros_(parameter) if parameter.ndim == 1 else parameter.data.mul_(4)
    batch = draw_faces(np.random.default_rng([settings.seed, 1]), corpus(0), 2, mel_start=-1)
    with torch.no_grad():
        made = generate(network.train(), batch)
        expected = {
            "gan": surprise_of(critic, made, true=True).item(),
            "fakes": surprise_of(critic, made, true=False).item(),
            "truths": surprise_of(critic, batch.target, true=True).item(),
        }
    _, (told,), _ = train_wav2lip(settings, generator_of(), expert_of(), corpus(0), corpus(1), discriminator=critic)
    assert {name: told[name] for name in expected} == pytest.approx(expected, abs=1e-3)
    assert abs(expected["gan"] - expected["truths"]) > 0.1
