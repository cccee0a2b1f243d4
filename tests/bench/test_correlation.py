"""The correlation loss by differences against the same loss by covariance matrices, as a ratio inside one run."""

import time

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tavce.model.correlation.losses import cosine_embedding_loss
from tavce.model.correlation.temporal import covariance, difference

BATCH, CHANNELS = 64, 128
ROUNDS = 20
LIMIT = 20


def embeddings() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, BATCH, CHANNELS, generator=generator).requires_grad_()


def by_differences(a0: Tensor, a1: Tensor, v0: Tensor, v1: Tensor, far: Tensor) -> Tensor:
    steps = difference(a0, a1), difference(v0, v1), difference(v0, far)
    return cosine_embedding_loss(*steps, alpha=1.0, margin=0.0)


def by_matrices(a0: Tensor, a1: Tensor, v0: Tensor, v1: Tensor, far: Tensor) -> Tensor:
    heard, seen, other = (covariance(*pair).flatten(1) for pair in ((a0, a1), (v0, v1), (v0, far)))
    yes = torch.ones(BATCH)
    return functional.cosine_embedding_loss(heard, seen, yes) + functional.cosine_embedding_loss(heard, other, -yes)


def step(loss, inputs: Tensor) -> tuple[float, Tensor]:
    inputs.grad = None
    value = loss(*inputs)
    value.backward()
    return value.item(), inputs.grad


def test_correlation_ratio(benchmark):
    if not benchmark.enabled:
        pytest.skip("a benchmark: run `make bench`")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        inputs = embeddings()
        ours, gradient = benchmark.pedantic(step, args=(by_differences, inputs), rounds=ROUNDS, warmup_rounds=3)
        gradient = gradient.clone()
        paper_s = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            paper, paper_gradient = step(by_matrices, inputs)
            paper_s.append(time.perf_counter() - begin)
    finally:
        torch.set_num_threads(threads)
    ours_s, theirs_s = float(np.median(benchmark.stats.stats.data)), float(np.median(paper_s))
    benchmark.extra_info.update(ours_s=ours_s, matrices_s=theirs_s, ratio=theirs_s / ours_s)
    assert ours == pytest.approx(paper, rel=1e-5)
    torch.testing.assert_close(gradient, paper_gradient, rtol=1e-3, atol=1e-7)
    assert theirs_s / ours_s >= LIMIT, f"{ours_s * 1e3:.2f} ms against {theirs_s * 1e3:.1f} ms"
