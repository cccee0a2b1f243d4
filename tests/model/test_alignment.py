"""The alignment loss: by hand, what gets a gradient, what counts, which frames are compared."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.animator.alignment import make_alignment
from tavce.model.animator.data import AnimatorData, make_batch
from tavce.model.correlation.audio_encoder import AudioEncoderConfig
from tavce.model.correlation.metric import CorrelationConfig, CorrelationMetric, network_input
from tavce.model.correlation.mouth_crop import crop_mouths
from tavce.model.correlation.mouth_encoder import MouthEncoderConfig

DIMS, SIDE = 8, 16
CONFIG = CorrelationConfig(
    audio=AudioEncoderConfig(width=0.05, embedding=DIMS),
    mouth=MouthEncoderConfig("iresnet18", width=0.1, side=SIDE, blocks=(1, 1, 1, 1), stem_stride=2, embedding=DIMS),
)
CLIPS, PORTRAITS = np.array([1, 0]), np.array([0, 0])
PAIRS = np.array([[1, 2, 3, 4], [0, 1, 2, 3]])


@pytest.fixture
def metric():
    torch.manual_seed(0)
    made = CorrelationMetric(CONFIG)
    made.image_encoder(torch.rand(16, 3, SIDE, SIDE) * 2 - 1)  # batch statistics of its own
    return made.eval().requires_grad_(False)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    differences = rng.standard_normal((2, 5, DIMS)).astype(np.float32)
    differences[:, 0] = 0
    corners = rng.uniform(2, 10, (2, 5, 2))
    return AnimatorData(
        frames=rng.integers(0, 256, (2, 5, 32, 32, 3), dtype=np.uint8),
        coefficients=np.zeros((2, 5, 1), np.float32),
        mouths=np.concatenate([corners, corners + 16], axis=2).astype(np.float32),
        differences=differences,
    )


def batch_of(data, moments=PAIRS):
    return make_batch(data, CLIPS, PORTRAITS, moments, window=1)


def generated(batch, seed=3):
    noise = torch.rand(batch.target.shape, generator=torch.Generator().manual_seed(seed))
    return (0.5 * batch.target + 0.5 * noise).requires_grad_()


def embed(metric, data, picture, clip, moment):
    """By hand: planes in 0..1, cut by the box of that moment, as the encoder takes them."""
    crop = crop_mouths(picture[None], torch.from_numpy(data.mouths[clip, moment])[None], SIDE)
    return metric.image_encoder(crop * 2 - 1)[0]


def real(data, clip, moment):
    return torch.from_numpy(data.frames[clip, moment]).permute(2, 0, 1) / 255


def by_hand(metric, data, made, form, power):
    losses = []
    for row, clip in enumerate(CLIPS):
        for place, moment in enumerate(PAIRS[row]):
            if moment == 0 or (form == "generated" and place % 2 == 0):
                continue
            before = real(data, clip, moment - 1) if form == "released" else made[row, place - 1]
            seen = embed(metric, data, made[row, place], clip, moment) - embed(metric, data, before, clip, moment - 1)
            heard = torch.from_numpy(data.differences[clip, moment])
            losses.append(1 - torch.cosine_similarity(heard, seen, dim=0) ** power)
    return torch.stack(losses).mean()


@pytest.mark.parametrize(("similarity", "power"), [("squared", 2), ("signed", 1)])
@pytest.mark.parametrize("form", ["released", "generated"])
def test_it_is_what_is_computed_by_hand(metric, data, form, similarity, power):
    batch = batch_of(data)
    made = generated(batch)
    loss = make_alignment(metric, data, form=form, similarity=similarity)(batch, made)
    assert loss.item() == pytest.approx(by_hand(metric, data, made, form, power).item(), abs=1e-5)
    assert abs(loss.item() - by_hand(metric, data, made, form, 3 - power).item()) > 1e-3
    other = "generated" if form == "released" else "released"
    assert abs(loss.item() - by_hand(metric, data, made, other, power).item()) > 1e-3


@pytest.mark.parametrize("form", ["released", "generated"])
def test_gradients_reach_the_generated_mouths_alone(metric, data, form):
    batch = batch_of(data)
    made = generated(batch)
    make_alignment(metric, data, form=form, similarity="signed")(batch, made).backward()
    assert all(parameter.grad is None for parameter in metric.parameters())
    moved = made.grad.abs().amax(dim=(2, 3, 4)) > 0
    assert moved.tolist() == (PAIRS > 0 if form == "released" else PAIRS >= 0).tolist()
    inside = torch.zeros(32, 32, dtype=torch.bool)
    x0, y0, x1, y1 = data.mouths[1, 2].round().astype(int)
    inside[y0 - 1 : y1 + 2, x0 - 1 : x1 + 2] = True
    assert (made.grad[0, 1].abs().sum(dim=0)[~inside] == 0).all()


def test_the_true_frame_before_has_no_gradient_and_is_the_one_before(metric, data):
    """In the released form a generated neighbour plays no part, and the true frame of the moment itself neither."""
    batch, loss = batch_of(data), make_alignment(metric, data, form="released", similarity="signed")
    made = generated(batch).detach()
    one = made[:, 1:2]
    alone = loss(batch_of(data, PAIRS[:, 1:2]), one)
    frames = data.frames.copy()
    frames[[1, 0], PAIRS[:, 1]] = 0
    same = make_alignment(metric, replace(data, frames=frames), form="released", similarity="signed")
    assert same(batch_of(data, PAIRS[:, 1:2]), one) == alone
    frames[[1, 0], PAIRS[:, 1] - 1] = 0
    assert same(batch_of(data, PAIRS[:, 1:2]), one) != alone


def test_playing_it_backwards_changes_the_sign_alone(metric, data):
    batch = batch_of(data)
    made = generated(batch).detach()
    mouths = np.tile(data.mouths[:1, :1], (2, 5, 1))  # at one place, or the boxes would not turn with the frames
    backwards = made.unflatten(1, (-1, 2)).flip(2).flatten(1, 2)
    losses = {
        similarity: [
            make_alignment(metric, replace(data, mouths=mouths), form="generated", similarity=similarity)(batch, frames)
            for frames in (made, backwards)
        ]
        for similarity in ("squared", "signed")
    }
    assert losses["squared"][0].item() == pytest.approx(losses["squared"][1].item(), abs=1e-6)
    assert (2 - losses["signed"][0]).item() == pytest.approx(losses["signed"][1].item(), abs=1e-6)
    assert abs(losses["signed"][0] - losses["signed"][1]) > 1e-3


@pytest.mark.parametrize("form", ["released", "generated"])
def test_frames_that_equal_the_truth_score_as_the_truth(metric, data, form):
    """The truth by the path of the correlation metric: whole-pixel crops in 0..255."""
    mouths = np.tile(np.float32([3.5, 5.5, 19.5, 21.5]), (2, 5, 1))  # edges of 16 pixels: nothing is resampled
    data = replace(data, mouths=mouths)
    moments = np.array([[1, 2], [3, 4]])
    batch = batch_of(data, moments)
    loss = make_alignment(metric, data, form=form, similarity="signed")(batch, batch.target)
    seen = metric.image_encoder(network_input(torch.from_numpy(data.frames[:, :, 6:22, 4:20]).flatten(0, 1)))
    steps = seen.unflatten(0, (2, 5)).diff(dim=1)
    cosine = torch.cosine_similarity(torch.from_numpy(data.differences[:, 1:]), steps, dim=2)
    wanted = [cosine[clip, k - 1] for clip, row in zip(CLIPS, moments, strict=True) for k in row]
    expected = torch.stack(wanted if form == "released" else wanted[1::2])
    assert loss.item() == pytest.approx(1 - expected.mean().item(), abs=1e-4)


def test_frames_that_say_nothing_do_not_count(metric, data):
    """Silence, and frames without a face here or before."""
    batch = batch_of(data)
    made = generated(batch)
    loss = make_alignment(metric, data, form="released", similarity="signed")(batch, made)
    differences, mouths = data.differences.copy(), data.mouths.copy()
    differences[1, 2], mouths[0, 2] = 0, np.nan
    holed = replace(data, differences=differences, mouths=mouths)
    fewer = make_alignment(metric, holed, form="released", similarity="signed")(batch_of(holed), made)
    each = [
        make_alignment(metric, data, form="released", similarity="signed")(
            make_batch(data, CLIPS[r : r + 1], PORTRAITS[:1], PAIRS[r : r + 1, c : c + 1], window=1),
            made[r : r + 1, c : c + 1],
        )
        for r, c in ((0, 0), (0, 2), (0, 3), (1, 1))
    ]
    assert fewer.item() == pytest.approx(torch.stack(each).mean().item(), abs=1e-6)
    assert abs(fewer - loss) > 1e-3
    fewer.backward()
    assert made.grad.isfinite().all()


def test_a_batch_without_any_sound_costs_nothing(metric, data):
    silent = replace(data, differences=np.zeros_like(data.differences))
    made = generated(batch_of(silent))
    loss = make_alignment(metric, silent, form="released", similarity="squared")(batch_of(silent), made)
    loss.backward()
    assert loss == 0
    assert (made.grad == 0).all()


def test_it_descends(metric, data):
    """Pictures that follow the gradient come to move as the sound does."""
    batch = batch_of(data)
    made = generated(batch)
    loss = make_alignment(metric, data, form="generated", similarity="signed")
    descent = torch.optim.Adam([made], 0.02)
    first = loss(batch, made).item()
    for _ in range(20):
        descent.zero_grad()
        loss(batch, made).backward()
        descent.step()
    assert loss(batch, made).item() < first - 0.3


def test_what_cannot_be_is_refused(metric, data):
    with pytest.raises(ValueError, match="have none"):
        make_alignment(metric, replace(data, differences=None), form="released", similarity="squared")
    with pytest.raises(ValueError, match="frozen"):
        make_alignment(CorrelationMetric(CONFIG), data, form="released", similarity="squared")
    batch = batch_of(data, np.array([[1, 3], [0, 1]]))
    with pytest.raises(ValueError, match="no neighbours"):
        make_alignment(metric, data, form="generated", similarity="squared")(batch, generated(batch))
