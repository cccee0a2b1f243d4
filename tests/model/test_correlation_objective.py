"""The loss of a step against the same loss from embeddings of whole clips, at the moments that were drawn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tavce.model.correlation.audio_encoder import AudioEncoderConfig
from tavce.model.correlation.losses import cosine_embedding_loss, signed_cosine_loss, signed_info_nce, triplet_loss
from tavce.model.correlation.metric import CorrelationConfig, CorrelationMetric, embed_clips
from tavce.model.correlation.mouth_encoder import MouthEncoderConfig
from tavce.model.correlation.objective import CorrelationData, Objective, correlation_loss
from tavce.model.correlation.sampling import draw_moments, draw_stretches

CLIPS, FRAMES, BATCH = 3, 14, 5
BASE = Objective("released", tau=3, alpha=0.7, margin=0.01, temperature=0.2, stretch=6, other_clips=0.0)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    mouths = rng.integers(0, 256, (CLIPS, FRAMES, 16, 16, 3), dtype=np.uint8)
    return CorrelationData(mouths, rng.normal(size=(CLIPS, FRAMES, 80, 16)).astype(np.float32))


@pytest.fixture(scope="module")
def metric():
    torch.manual_seed(0)
    mouth = MouthEncoderConfig("iresnet18", 0.0625, side=16, blocks=(1, 1, 1, 1), stem_stride=1, embedding=8)
    # In evaluation mode an embedding does not depend on the batch, so both ways must agree.
    return CorrelationMetric(CorrelationConfig(AudioEncoderConfig(width=0.0625, embedding=8), mouth)).eval()


@pytest.fixture(scope="module")
def embeddings(metric, data):
    a, v = embed_clips(metric, data.mouths, data.mels)
    return torch.from_numpy(a), torch.from_numpy(v)


def loss_of(objective, metric, data):
    with torch.no_grad():
        return correlation_loss(objective, metric, data, np.random.default_rng(7), BATCH)


def drawn_steps(embeddings, other_clips):
    """Return d_a, d_v, the far d_v and d_a elsewhere of the same draw."""
    a, v = embeddings
    m = draw_moments(np.random.default_rng(7), clips=CLIPS, frames=FRAMES, batch=BATCH, tau=3, other_clips=other_clips)
    return (
        a[m.clip, m.here + 1] - a[m.clip, m.here],
        v[m.clip, m.here + 1] - v[m.clip, m.here],
        v[m.clip, m.far] - v[m.clip, m.here],
        a[m.other_clip, m.elsewhere + 1] - a[m.other_clip, m.elsewhere],
    )


def assert_same(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_released(metric, data, embeddings):
    heard, seen, far, _ = drawn_steps(embeddings, 0.0)
    assert_same(loss_of(BASE, metric, data)[0], cosine_embedding_loss(heard, seen, far, alpha=0.7, margin=0.01))


def test_triplet(metric, data, embeddings):
    heard, seen, far, _ = drawn_steps(embeddings, 0.0)
    objective = replace(BASE, kind="triplet", margin=0.3)
    assert_same(loss_of(objective, metric, data)[0], triplet_loss(heard, seen, far, margin=0.3))


@pytest.mark.parametrize("other_clips", [0.0, 0.5])
def test_signed(metric, data, embeddings, other_clips):
    steps = drawn_steps(embeddings, other_clips)
    objective = replace(BASE, kind="signed", other_clips=other_clips)
    assert_same(loss_of(objective, metric, data)[0], signed_cosine_loss(*steps, alpha=0.7, margin=0.01))


@pytest.mark.parametrize("other_clips", [0.0, 1.0])
def test_info_nce(metric, data, embeddings, other_clips):
    s = draw_stretches(np.random.default_rng(7), clips=CLIPS, frames=FRAMES, batch=BATCH, length=6)
    moment = s.first[:, None] + np.arange(6)
    heard, seen = (side[s.clip[:, None], moment].diff(dim=1) for side in embeddings)
    expected = signed_info_nce(heard, seen, temperature=0.2, tau=3, across_clips=other_clips > 0)
    objective = replace(BASE, kind="info_nce", other_clips=other_clips)
    assert_same(loss_of(objective, metric, data)[0], expected)


@pytest.mark.parametrize("kind", ["released", "info_nce"])
def test_the_reconstruction_sees_both_frames_of_the_heard_moment(metric, data, embeddings, kind):
    seen = loss_of(replace(BASE, kind=kind), metric, data)[1]
    for heard, earlier, later in zip(seen.heard, seen.earlier, seen.later, strict=True):
        clip, frame = next(zip(*np.nonzero((data.mouths == earlier.numpy()).all(axis=(2, 3, 4))), strict=True))
        assert np.array_equal(data.mouths[clip, frame + 1], later.numpy())
        assert_same(heard, embeddings[0][clip, frame + 1] - embeddings[0][clip, frame])
