"""Wav2Lip's networks, draws and trainings, on clips of people of one colour with mouths as bright as they are loud."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.descent import NotFiniteError, Schedule
from tavce.model.wav2lip.blocks import SIDES, TransposedBlock, dropped, lower_half, plain, scaled, shortcuts
from tavce.model.wav2lip.data import Wav2LipData, draw_faces, expert_input, generator_input, planes
from tavce.model.wav2lip.discriminator import QualityConfig, QualityDiscriminator
from tavce.model.wav2lip.generator import OFFICIAL, Wav2Lip, Wav2LipConfig
from tavce.model.wav2lip.start import begin_as_copy, hear_as
from tavce.model.wav2lip.sync_expert import SyncExpert, SyncExpertConfig
from tavce.model.wav2lip.train import (
    Wav2LipSettings,
    check,
    generate,
    picture_loss,
    released,
    surprise_of,
    sync_loss,
    train_wav2lip,
    weights_of,
)
from tavce.model.wav2lip.train_sync_expert import (
    SyncExpertSettings,
    cosines,
    draw_pairs,
    expert_figures,
    pair_loss,
    released_schedule,
    surprise,
    train_sync_expert,
    weights_at,
)

SIDE, WIDTH = 24, 0.1
MOUTH = (slice(14, 20), slice(8, 16))  # rows and columns of a toy face
SCHEDULE = Schedule(steps=40, rate=3e-3, warm_up=0.1, weight_decay=0.01, average=0.9, largest_gradient=5.0, every=10)
SHORT = replace(SCHEDULE, steps=3, every=1)
EXPERT = SyncExpertSettings(schedule=SCHEDULE, seed=3, clips=4, windows=6, lesson=0.0)
SETTINGS = Wav2LipSettings(
    schedule=SCHEDULE,
    seed=3,
    windows=4,
    mel_start=0,
    mouth=4.0,
    sync=0.05,
    sync_below=math.inf,
    gan=0.0,
    beta1=0.9,
    check_every=20,
    check_windows=8,
)
BRIEF = replace(SETTINGS, schedule=SHORT, windows=2, check_every=2, check_windows=2)


def corpus(seed: int, clips: int = 12, frames: int = 14) -> Wav2LipData:
    rng = np.random.default_rng(seed)
    loud = rng.random((clips, frames + 5)).astype(np.float32)
    faces = np.empty((clips, frames, SIDE, SIDE, 3), np.uint8)
    faces[:] = rng.integers(60, 200, (clips, 1, 1, 1, 3))
    faces[:, :, *MOUTH] = loud[:, :frames, None, None, None] * 255
    heard = np.arange(frames)[:, None] + (np.arange(16) / 3.2).astype(int)  # 3.2 columns of sound per frame
    mels = np.repeat((8 * loud[:, heard] - 4)[:, :, None], 80, axis=2)
    shapes = np.stack([(loud[:, :frames] - 0.5) / 0.29] * 2, axis=2)
    mouths = np.tile(np.float32([8, 14, 15, 19]), (clips, frames, 1))
    return Wav2LipData(faces, mouths, mels, shapes)


def numbered(clips: int = 3, frames: int = 12) -> Wav2LipData:
    """Return clips in which the pixels and sounds of frame k of clip n are 20 n + k."""
    number = 20 * np.arange(clips)[:, None] + np.arange(frames)
    faces = np.broadcast_to(number[..., None, None, None], (clips, frames, SIDE, SIDE, 3)).astype(np.uint8)
    mels = np.broadcast_to(number[..., None, None], (clips, frames, 80, 16)).astype(np.float32)
    mouths = np.tile(np.float32([8, 14, 15, 19]), (clips, frames, 1))
    return Wav2LipData(faces, mouths, mels, np.zeros((clips, frames, 2), np.float32))


def expert_of(seed: int = 0) -> SyncExpert:
    torch.manual_seed(seed)
    return SyncExpert(SyncExpertConfig(SIDE, WIDTH))


def generator_of(seed: int = 0) -> Wav2Lip:
    torch.manual_seed(seed)
    return Wav2Lip(Wav2LipConfig(SIDE, WIDTH))


def discriminator_of(seed: int = 0) -> QualityDiscriminator:
    torch.manual_seed(seed)
    return QualityDiscriminator(QualityConfig(SIDE, WIDTH))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def some_mels(count: int = 2) -> torch.Tensor:
    return torch.rand(count, 1, 80, 16) * 8 - 4


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
    with pytest.raises(ValueError, match="windows 1 must be at least 2"):
        replace(EXPERT, windows=1)


# Losses


def test_cosines_of_each_window_with_each_sound_of_its_clip() -> None:
    seen = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [1.0, 0.0]])
    heard = torch.tensor([[3.0, 0.0], [3.0, 4.0], [5.0, 5.0], [0.0, 1.0]])
    found = cosines(seen, heard, 2)
    half = math.sqrt(0.5)
    assert torch.allclose(found, torch.tensor([[[1.0, 0.6], [0.0, 0.8]], [[1.0, half], [half, 0.0]]]), atol=1e-6)


def test_the_loss_of_pairs() -> None:
    assert pair_loss(torch.full((2, 3, 3), 0.5)).item() == pytest.approx(math.log(2), abs=1e-4)
    found = torch.tensor([[[0.8, 0.1], [0.2, 0.6]]])
    true, wrong = (np.log(0.8) + np.log(0.6)) / 2, (np.log(0.9) + np.log(0.8)) / 2
    assert pair_loss(found).item() == pytest.approx(-(true + wrong) / 2, abs=1e-5)
    assert pair_loss(found).item() < pair_loss(found.transpose(1, 2).flip(1)).item(), "sounds of the wrong windows"
    ends = [surprise(torch.tensor([cosine])).item() for cosine in (0.0, 1.0)]
    assert ends == [pytest.approx(-math.log(1e-6), rel=1e-4), pytest.approx(0, abs=2e-6)]


def test_weights_of_a_lesson_that_fades_as_the_pairs_rise() -> None:
    taught = replace(EXPERT, lesson=2.0, schedule=replace(SCHEDULE, steps=100))
    found = [weights_at(taught, step) for step in (15, 30, 45, 60, 100)]
    assert found == [pytest.approx(each) for each in ((0.5, 1.5), (1, 1), (1, 0.5), (1, 0), (1, 0))]
    assert {weights_at(EXPERT, step) for step in (1, 15, 40)} == {(1.0, 0.0)}


def test_the_picture_gets_the_weight_that_the_others_leave() -> None:
    assert weights_of(released(1, gan=False), heeded=False) == {"l1": 1.0, "sync": 0.0, "gan": 0.0}
    assert weights_of(released(1, gan=False), heeded=True) == {"l1": 0.99, "sync": 0.01, "gan": 0.0}
    assert weights_of(released(1, gan=True), heeded=True) == pytest.approx({"l1": 0.9, "sync": 0.03, "gan": 0.07})


def test_the_mouths_weight() -> None:
    batch = draw_faces(np.random.default_rng(0), numbered(), 2, mel_start=0)
    in_mouth, outside = batch.target + 0.1 * batch.mouth, batch.target + 0.1 * (1 - batch.mouth)
    share = 48 / SIDE**2  # of a face's pixels that are mouth
    for weight in (1.0, 4.0):
        weighed = weight * share / (weight * share + 1 - share)
        assert picture_loss(in_mouth, batch, weight).item() == pytest.approx(0.1 * weighed, rel=1e-4)
        assert picture_loss(outside, batch, weight).item() == pytest.approx(0.1 * (1 - weighed), rel=1e-4)


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


# The expert's training


def trained_expert(settings: SyncExpertSettings, data: Wav2LipData | None = None) -> tuple[SyncExpert, list[dict]]:
    network = expert_of()
    torch.manual_seed(1)  # of the lesson's layers
    state, curve = train_sync_expert(settings, network, corpus(0) if data is None else data)
    network.load_state_dict(state)
    return network.eval(), curve


@pytest.fixture(scope="module")
def expert() -> tuple[SyncExpert, list[dict]]:
    return trained_expert(EXPERT)


def test_an_expert_learns_which_sound_belongs_to_mouths_it_never_saw(expert: tuple[SyncExpert, list[dict]]) -> None:
    network, curve = expert
    assert [point["step"] for point in curve] == [10, 20, 30, 40]
    assert curve[-1]["pairs"] < 0.6 * curve[0]["pairs"]
    held_out = corpus(1)
    found, of_a_random_one = (expert_figures(each, held_out, 0, 8, 6) for each in (network, expert_of(5).eval()))
    assert found["auc"] > 0.75
    assert abs(of_a_random_one["auc"] - 0.5) < 0.1
    late = replace(held_out, mels=np.roll(held_out.mels, 2, axis=1))
    assert expert_figures(network, late, 0, 8, 6)["auc"] < 0.6, "two frames late"


def test_an_experts_training_can_be_repeated() -> None:
    brief = replace(EXPERT, schedule=SHORT)
    first, again, other = (trained_expert(each)[0].state_dict() for each in (brief, brief, replace(brief, seed=4)))
    assert same(first, again)
    assert not same(first, other)


def test_a_lesson_is_given_first_and_only_where_it_is_asked() -> None:
    data = corpus(0)
    _, curve = trained_expert(replace(EXPERT, schedule=SHORT, lesson=1.0), data)
    assert [set(point) - {"step"} for point in curve] == [{"pairs", "lesson"}, {"pairs"}, {"pairs"}]
    data.shapes[:] = np.nan
    trained_expert(replace(EXPERT, schedule=SHORT), data)
    with pytest.raises(NotFiniteError, match="the lesson loss of step 1 is not finite"):
        trained_expert(replace(EXPERT, schedule=SHORT, lesson=1.0), data)


def test_an_experts_training_stops_where_data_are_not_finite() -> None:
    data = corpus(0)
    data.mels[:] = np.nan
    with pytest.raises(NotFiniteError, match="the pairs loss of step 1 is not finite"):
        trained_expert(replace(EXPERT, schedule=SHORT), data)


# The generator's training


def trained(settings: Wav2LipSettings, judge: SyncExpert, network: Wav2Lip | None = None, **more: object):
    network = generator_of() if network is None else network
    data = more.pop("data", None) or corpus(0)
    state, curve, checks = train_wav2lip(settings, network, judge, data, corpus(1), **more)
    return state, curve, checks


def test_a_generator_learns_to_say_what_it_hears(expert: tuple[SyncExpert, list[dict]]) -> None:
    judge, network, held_out = expert[0], generator_of(), corpus(1)
    hear_as(network, judge)
    begin_as_copy(network, corpus(0).faces)
    before = check(SETTINGS, network, judge, held_out, 0, heeded=True)
    state, curve, checks = trained(replace(SETTINGS, schedule=replace(SCHEDULE, steps=50)), judge, network)
    assert curve[-1]["l1"] < 0.95 * curve[0]["l1"]
    assert [each.step for each in checks] == [20, 40]
    network.load_state_dict(state)
    after = check(SETTINGS, network, judge, held_out, 50, heeded=True)
    assert after.sync < 0.6 * before.sync
    network.eval()
    batch = draw_faces(np.random.default_rng(0), held_out, 16, mel_start=0)
    with torch.inference_mode():
        made, deaf = (generate(network, each) for each in (batch, batch._replace(heard=batch.heard.flip(0))))
    true, own, others = (each[..., *MOUTH].mean(dim=(2, 3, 4)).flatten() for each in (batch.target, made, deaf))
    right, wrong = (torch.corrcoef(torch.stack([true, each]))[0, 1].item() for each in (own, others))
    assert right > 0.5
    assert abs(wrong) < 0.3, "with the sound of others the mouths are others'"


def test_a_generators_training_can_be_repeated(expert: tuple[SyncExpert, list[dict]]) -> None:
    settings = replace(BRIEF, gan=0.1, windows=1)
    runs = []
    for each in (settings, settings, replace(settings, seed=4), replace(settings, beta1=0.5)):
        critic = discriminator_of()
        state, curve, checks = trained(each, expert[0], discriminator=critic)
        runs.append((state, curve, checks, critic.state_dict()))
    assert same(runs[0][0], runs[1][0])
    assert same(runs[0][3], runs[1][3]), "the discriminator too"
    assert runs[0][1:3] == runs[1][1:3]
    assert not same(runs[0][0], runs[2][0])
    assert not same(runs[0][0], runs[3][0]), "beta1 is heeded"
    assert set(runs[0][1][0]) == {"step", "l1", "sync", "gan", "fakes", "truths"}
    assert not same(runs[0][3], discriminator_of().state_dict())


def test_the_expert_stays_as_it_is(expert: tuple[SyncExpert, list[dict]]) -> None:
    judge = expert_of()
    judge.load_state_dict(expert[0].state_dict())
    judge.train()
    trained(BRIEF, judge)
    assert not judge.training
    assert same(judge.state_dict(), expert[0].state_dict()), "running statistics and all"


def test_the_expert_counts_once_a_check_has_found_it_content(expert: tuple[SyncExpert, list[dict]]) -> None:
    four = replace(BRIEF, schedule=replace(SHORT, steps=4), sync=0.5)  # the last has a rate of zero
    ends = {}
    for below in (0.0, 1e9, math.inf):
        for name, judge in (("own", expert[0]), ("other", expert_of(7))):
            ends[below, name] = trained(replace(four, sync_below=below), judge)
    assert same(ends[0.0, "own"][0], ends[0.0, "other"][0]), "never heeded, whoever it is"
    assert all(not same(ends[below, "own"][0], ends[below, "other"][0]) for below in (1e9, math.inf))
    assert [ends[below, "own"][2][0].switched_on for below in (0.0, 1e9, math.inf)] == [False, True, True]
    curves = [ends[below, "own"][1] for below in (0.0, 1e9, math.inf)]
    assert curves[0][:2] == curves[1][:2], "until the check after step 2"
    assert curves[2][1] != curves[0][1], "from step 1 on"
    assert all("sync" in point for curve in curves for point in curve), "told all the same"


def test_no_check_undoes_the_switch(expert: tuple[SyncExpert, list[dict]]) -> None:
    strict = replace(BRIEF, sync_below=0.0)
    network = generator_of()
    for heeded in (True, False):
        assert check(strict, network, expert[0], corpus(1), 1, heeded=heeded).switched_on is heeded
    assert network.training, "a check leaves the generator in training mode"


def test_sync_loss_is_lower_for_the_faces_that_belong(expert: tuple[SyncExpert, list[dict]]) -> None:
    batch = draw_faces(np.random.default_rng(0), corpus(1), 16, mel_start=0)
    with torch.inference_mode():
        own, others = (sync_loss(expert[0], batch.target, sound) for sound in (batch.sound, batch.sound.flip(0)))
    assert own < 0.7 * others


def test_a_generators_training_stops_where_data_are_not_finite(expert: tuple[SyncExpert, list[dict]]) -> None:
    data = corpus(0)
    data.mels[:] = np.nan
    with pytest.raises(NotFiniteError, match="the l1 loss of step 1 is not finite") as caught:
        trained(BRIEF, expert[0], data=data)
    assert caught.value.step == 1


def test_a_discriminator_and_its_weight_belong_together(expert: tuple[SyncExpert, list[dict]]) -> None:
    with pytest.raises(ValueError, match=r"gan 0\.07 needs a discriminator"):
        trained(replace(BRIEF, gan=0.07), expert[0])
    with pytest.raises(ValueError, match=r"gan 0\.0 has no use for the discriminator"):
        trained(BRIEF, expert[0], discriminator=discriminator_of())


@pytest.mark.parametrize(
    ("change", "said"),
    [({"sync": 0.6, "gan": 0.4}, "leave no weight for the picture"), ({"mel_start": -2}, "mel_start is -2")],
)
def test_settings_that_cannot_be(change: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(SETTINGS, **change)


# As released


def test_released_figures() -> None:
    without, beside = released(900, gan=False), released(900, gan=True)
    assert (without.sync, without.gan, without.beta1) == (0.01, 0.0, 0.9)
    assert (beside.sync, beside.gan, beside.beta1) == (0.03, 0.07, 0.5)
    for each in (without, beside):
        assert (each.windows, each.mel_start, each.sync_below, each.check_every, each.mouth) == (16, -1, 0.75, 3000, 1)
        assert {each.schedule.rate_of(step) for step in (1, 450, 900)} == {1e-4}
        assert (each.schedule.weight_decay, each.schedule.largest_gradient) == (0.0, math.inf)
    assert released_schedule(7, 2) == replace(without.schedule, steps=7, every=2)
    ours = Schedule(900, 1e-4, 0.0, 0.0, 0.0, math.inf, 1)
    assert ours.rate_of(900) < 1e-9, "a schedule of ours would fall"


def test_as_released_the_last_weights_are_the_result(expert: tuple[SyncExpert, list[dict]]) -> None:
    network = generator_of()
    state, *_ = trained(replace(BRIEF, schedule=released_schedule(3, 1), mel_start=-1), expert[0], network)
    assert same(state, network.state_dict())
    network = generator_of()
    state, *_ = trained(BRIEF, expert[0], network)
    assert not same(state, network.state_dict()), "an average is another"
