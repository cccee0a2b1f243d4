"""Training of the motion network on a toy corpus: it learns to listen, repeats itself, stops at what is not finite."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.descent import Descent, NotFiniteError, Schedule, descend
from tavce.model.motion.motion_net import MotionConfig, MotionNet
from tavce.model.motion.train_motion import SILENCE, MotionData, MotionSettings, train_motion

CONFIG = MotionConfig(width=0.0625, hidden=8, expression=2)
SETTINGS = MotionSettings(
    schedule=Schedule(steps=60, rate=2e-2, warm_up=0.1, weight_decay=0.01, average=0.9, largest_gradient=5.0, every=20),
    seed=4,
    stretches=3,
    frames=8,
    velocity=0.5,
    silence=0.4,
)
SHORT = replace(SETTINGS, schedule=replace(SETTINGS.schedule, steps=4))
REST = np.array([0.6, 0.1], np.float32)  # not what the loudness of silence would say


def corpus(seed, clips=6, frames=24):
    """Return clips whose first coefficient is how loud the middle of a window is, the second one minus it."""
    rng = np.random.default_rng(seed)
    opening = rng.random((clips, frames)).astype(np.float32)
    mels = rng.normal(0, 0.3, (clips, frames, 80, 16)).astype(np.float32)
    mels[..., 20:50, 6:10] += 6 * opening[..., None, None] - 3
    expression = np.stack([opening, 1 - opening], axis=2)
    return MotionData(mels, expression, np.ones((clips, frames, 1), np.float32), REST)


def trained(settings, data=None, seed=0):
    torch.manual_seed(seed)
    network = MotionNet(CONFIG)
    state, curve = train_motion(settings, network, corpus(0) if data is None else data)
    network.load_state_dict(state)
    return network.eval(), curve


def heard(network, data):
    reference = torch.from_numpy(data.expression[:, 0])
    with torch.inference_mode():
        return network(torch.from_numpy(data.mels), reference, torch.from_numpy(data.openness)).numpy()


def correlation(ours, truth):
    return np.corrcoef(ours.ravel(), truth.ravel())[0, 1]


@pytest.fixture(scope="module")
def learnt():
    return trained(SETTINGS)


def test_it_hears_what_it_has_not_heard_before(learnt):
    network, curve = learnt
    other = corpus(1)
    assert correlation(heard(network, other)[..., 0], other.expression[..., 0]) > 0.9
    # A frame late would be no match: neighbours of the toy corpus are independent.
    assert correlation(heard(network, other)[:, 1:, 0], other.expression[:, :-1, 0]) < 0.3
    assert [point["step"] for point in curve] == [20, 40, 60]
    assert curve[-1]["expression"] < 0.3 * curve[0]["expression"]


def test_silence_rests_the_mouth(learnt):
    mels = torch.full((1, 12, 80, 16), SILENCE)
    loud = trained(replace(SETTINGS, silence=0.0))[0]
    with torch.inference_mode():
        resting, deaf = (
            each(mels, torch.tensor([[0.9, 0.1]]), torch.ones(1, 12, 1))[0, 6] for each in (learnt[0], loud)
        )
    assert (resting - torch.from_numpy(REST)).abs().max() < 0.2
    assert (deaf - torch.from_numpy(REST)).abs().max() > 0.35


def test_the_same_seed_gives_the_same_weights_and_another_others():
    state, again = trained(SHORT)[0].state_dict(), trained(SHORT)[0].state_dict()
    assert all(torch.equal(value, again[name]) for name, value in state.items())
    other = trained(replace(SHORT, seed=5))[0].state_dict()
    assert any(not torch.equal(value, other[name]) for name, value in state.items())


def test_the_callers_data_stay_as_they_were():
    data, untouched = corpus(0), corpus(0)
    trained(replace(SHORT, silence=0.9), data)
    assert np.array_equal(data.mels, untouched.mels)
    assert np.array_equal(data.expression, untouched.expression)


def test_what_is_not_finite_stops_the_training_with_its_step():
    data = corpus(0)
    data.mels[:] = np.nan
    with pytest.raises(NotFiniteError, match="the expression loss of step 1 is not finite"):
        trained(SHORT, data)


def test_clips_too_short_are_refused():
    with pytest.raises(ValueError, match="6 clips of 7 frames: need one of 8"):
        trained(SHORT, corpus(0, frames=7))


def test_the_rate_rises_and_falls():
    schedule = SETTINGS.schedule
    rates = [schedule.rate_of(step) for step in range(1, 61)]
    assert rates.index(max(rates)) == 5
    assert max(rates) == schedule.rate
    assert rates[0] == pytest.approx(schedule.rate / 6)
    assert rates[-1] == pytest.approx(0)


def test_the_average_follows_the_weights_and_forgets_the_first_ones():
    network = torch.nn.Linear(1, 1, bias=False)

    def step(number):
        with torch.no_grad():
            network.weight.fill_(float(number))
        return {"weight": float(number)}

    state, curve = descend(replace(SETTINGS.schedule, steps=50, average=0.5, every=30), network, step, None)
    assert state["weight"].item() == pytest.approx(49, abs=1e-3)  # 50 less 1 x .5 / (1 - .5)
    assert curve == [{"step": 30, "weight": 15.5}, {"step": 50, "weight": 40.5}]


def test_a_step_that_would_break_the_weights_leaves_them():
    parameter = torch.nn.Parameter(torch.ones(2))
    descent = Descent(SETTINGS.schedule, [parameter])
    with pytest.raises(NotFiniteError, match="the gradient of step 3"):
        descent.step(3, {"root": (parameter - 1).abs().sqrt().sum()})  # 0, with an infinite slope
    assert torch.equal(parameter, torch.ones(2))
    descent.step(3, {"sum": parameter.sum()})
    assert (parameter < 1).all()
