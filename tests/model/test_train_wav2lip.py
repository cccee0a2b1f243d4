"""Wav2Lip's trainings on toy clips: what is weighed, what is learned, when they stop, and as released."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.descent import NotFiniteError, Schedule
from tavce.model.wav2lip.data import Wav2LipData, draw_faces
from tavce.model.wav2lip.generator import Wav2Lip
from tavce.model.wav2lip.start import begin_as_copy, hear_as
from tavce.model.wav2lip.sync_expert import SyncExpert
from tavce.model.wav2lip.train import (
    Wav2LipSettings,
    check,
    generate,
    picture_loss,
    released,
    sync_loss,
    train_wav2lip,
    weights_of,
)
from tavce.model.wav2lip.train_sync_expert import (
    SyncExpertSettings,
    cosines,
    expert_figures,
    pair_loss,
    released_schedule,
    surprise,
    train_sync_expert,
    weights_at,
)
from tests.model.wav2lip_toys import MOUTH, SIDE, corpus, discriminator_of, expert_of, generator_of, numbered, same

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
    frozen_norms=False,
    check_every=15,
    check_windows=8,
)
BRIEF = replace(SETTINGS, schedule=SHORT, windows=2, check_every=2, check_windows=2)


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
    state, curve, checks = trained(replace(SETTINGS, schedule=replace(SCHEDULE, steps=35, rate=4e-3)), judge, network)
    assert curve[-1]["l1"] < 0.95 * curve[0]["l1"]
    assert [each.step for each in checks] == [15, 30]
    network.load_state_dict(state)
    after = check(SETTINGS, network, judge, held_out, 35, heeded=True)
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
    never, late, always = (trained(replace(four, sync_below=below), expert[0]) for below in (0.0, 1e9, math.inf))
    other = trained(replace(four, sync_below=0.0), expert_of(7))
    assert same(never[0], other[0]), "never heeded, whoever it is"
    assert not any(same(one[0], another[0]) for one, another in ((never, late), (never, always), (late, always)))
    assert [run[2][0].switched_on for run in (never, late, always)] == [False, True, True]
    assert never[1][:2] == late[1][:2], "until the check after step 2"
    assert always[1][1] != never[1][1], "from step 1 on"
    assert all("sync" in point for run in (never, late, always) for point in run[1]), "told all the same"


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
    with pytest.raises(ValueError, match="windows 1 must be at least 2"):
        replace(EXPERT, windows=1)


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


def test_frozen_norms_keep_their_statistics(expert: tuple[SyncExpert, list[dict]]) -> None:
    before = generator_of().state_dict()
    for frozen in (True, False):
        state = trained(replace(BRIEF, frozen_norms=frozen), expert[0])[0]
        same = [torch.equal(state[key], before[key]) for key in before if "running" in key]
        assert all(same) if frozen else not any(same)


def test_as_released_the_last_weights_are_the_result(expert: tuple[SyncExpert, list[dict]]) -> None:
    network = generator_of()
    state, *_ = trained(replace(BRIEF, schedule=released_schedule(3, 1), mel_start=-1), expert[0], network)
    assert same(state, network.state_dict())
    network = generator_of()
    state, *_ = trained(BRIEF, expert[0], network)
    assert not same(state, network.state_dict()), "an average is another"
