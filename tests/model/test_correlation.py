"""Differences against covariance matrices: the same similarity, what it forgets, and where it is zero."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tavce.model.correlation.temporal import (
    covariance,
    difference,
    direction,
    matrix_similarity,
    signed_similarity,
    similarity,
)


def pairs(seed, batch=8, channels=128, dtype=torch.float64):
    return torch.randn(4, batch, channels, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), channels=st.integers(2, 160), scale=st.floats(1e-2, 1e2))
def test_cosine_of_covariances_is_the_squared_cosine_of_differences(seed, channels, scale):
    a0, a1, v0, v1 = pairs(seed, channels=channels) * scale
    by_matrix = matrix_similarity(covariance(a0, a1), covariance(v0, v1))
    torch.testing.assert_close(similarity(difference(a0, a1), difference(v0, v1)), by_matrix, rtol=0, atol=1e-9)


def test_the_same_in_single_precision():
    a0, a1, v0, v1 = pairs(0, batch=64, dtype=torch.float32)
    ours = similarity(difference(a0, a1), difference(v0, v1))
    by_matrix = matrix_similarity(covariance(a0, a1), covariance(v0, v1))
    assert (ours - by_matrix).abs().max() < 1e-6  # measured: 4e-8
    assert (ours.sqrt() - by_matrix).abs().max() > 1e-2, "the cosine itself is another number"
    assert (similarity(a0, v0) - by_matrix).abs().max() > 1e-2, "so are embeddings in place of differences"


def test_a_covariance_is_half_of_the_product():
    a0, a1, *_ = pairs(1)
    d = difference(a0, a1)
    found = covariance(a0, a1)
    torch.testing.assert_close(found, d[:, :, None] * d[:, None] / 2)
    assert torch.linalg.matrix_rank(found).eq(1).all()
    torch.testing.assert_close(found.diagonal(dim1=1, dim2=2).sum(1), d.square().sum(1) / 2)


def test_swapping_the_moments_changes_the_sign_only():
    a0, a1, v0, v1 = pairs(2)
    heard, seen, swapped = difference(a0, a1), difference(v0, v1), difference(v1, v0)
    torch.testing.assert_close(similarity(heard, seen), similarity(heard, swapped))
    torch.testing.assert_close(signed_similarity(heard, seen), -signed_similarity(heard, swapped))
    torch.testing.assert_close(similarity(heard, seen), similarity(7 * heard, seen / 3))


def test_chance_is_one_in_channels():
    for channels in (8, 128):
        heard, seen, *_ = pairs(3, batch=20_000, channels=channels)
        assert similarity(heard, seen).mean().item() == pytest.approx(1 / channels, rel=0.05)
        assert abs(signed_similarity(heard, seen).mean().item()) < 0.01


def test_no_change_is_similar_to_nothing_and_has_no_gradient():
    heard, seen, *_ = pairs(4)
    heard[0] = 0
    heard.requires_grad_()
    seen.requires_grad_()
    found = signed_similarity(heard, seen)
    assert found[0] == 0
    found.sum().backward()
    assert heard.grad[0].eq(0).all()
    assert seen.grad[0].eq(0).all()
    assert similarity(heard * torch.nan, seen).isnan().all(), "what is not finite is not still"
    assert heard.grad[1:].norm(dim=1).min() > 1e-3
    assert direction(heard).norm(dim=1)[1:].allclose(torch.ones(7, dtype=torch.float64))
