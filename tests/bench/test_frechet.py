"""The Fréchet algebra against the published matrix square root on the same features, as a ratio inside one run."""

import time
import warnings

import numpy as np
import pytest
import scipy.linalg

from metrics.frechet import frechet_distance

FRAMES = 300
CHANNELS = 2048
LIMIT = 20


def features(seed: int) -> np.ndarray:
    """Return non-negative features with a spectrum that falls, as after a ReLU and a mean over positions."""
    generator = np.random.default_rng(seed)
    hidden = generator.normal(size=(FRAMES, 256)) * np.arange(1.0, 257) ** -0.5
    noise = 0.05 * generator.normal(size=(FRAMES, CHANNELS))
    mixing = np.random.default_rng(99).normal(size=(256, CHANNELS)) / 4
    return np.maximum(hidden @ mixing + noise + 0.3, 0).astype(np.float32)


def by_square_root(generated: np.ndarray, reference: np.ndarray) -> float:
    one, other = (np.cov(side.astype(np.float64), rowvar=False) for side in (generated, reference))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the product is singular, and scipy says so
        root = scipy.linalg.sqrtm(one @ other)
    shift = generated.mean(axis=0, dtype=np.float64) - reference.mean(axis=0, dtype=np.float64)
    return float(shift @ shift + np.trace(one) + np.trace(other) - 2 * np.trace(root.real))


def test_frechet_ratio(benchmark):
    if not benchmark.enabled:
        pytest.skip("a benchmark: run `make bench`")
    generated, reference = features(0), features(1)
    frechet_distance(generated, reference)
    ours = benchmark.pedantic(frechet_distance, args=(generated, reference), rounds=5)
    begin = time.perf_counter()
    published = by_square_root(generated, reference)
    published_s = time.perf_counter() - begin
    ours_s = float(np.median(benchmark.stats.stats.data))
    benchmark.extra_info.update(ours_s=ours_s, sqrtm_s=published_s, ratio=published_s / ours_s)
    assert ours == pytest.approx(published, rel=1e-3)
    assert published_s / ours_s >= LIMIT, f"{ours_s:.3f} s against {published_s:.1f} s: {published_s / ours_s:.0f}x"
