"""Kernel distance between two sets of features (KID): the unbiased squared maximum mean discrepancy.

Kernel k(x, y) = (x . y / channels + 1)^3. Unlike the Fréchet distance its expectation does not depend on the number of
frames, and it is negative about as often as positive where both sets come from one distribution.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Int

from metrics.feature_sets import MINIMUM_FRAMES, check_features

ROWS_AT_ONCE = 1024


def kernel_distance(
    generated: Float[np.ndarray, "frames_generated channels"],
    reference: Float[np.ndarray, "frames_reference channels_reference"],
) -> float:
    """Return the unbiased estimate from all pairs of frames; nothing is drawn at random.

    Unit: that of the kernel. Range: about 0 for equal distributions, either sign; larger is worse. The sets may differ
    in size. Float64, over blocks of 1024 rows, so memory grows with the number of frames and not with its square.

    Source: Binkowski et al. 2018 (arXiv 1801.01401), equation 4; kernel as in torch-fidelity@2a4d96b.

    Raises:
        ValueError: if the sets differ in channels, one has fewer than 2 frames, or a value is not finite.
    """
    check_features(generated, reference)
    X, Y = generated.astype(np.float64), reference.astype(np.float64)
    return _mean_of_others(X) + _mean_of_others(Y) - 2 * _kernel_sum(X, Y) / (len(X) * len(Y))


def kernel_distance_subsets(
    generated: Float[np.ndarray, "frames_generated channels"],
    reference: Float[np.ndarray, "frames_reference channels_reference"],
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int,
) -> Float64[np.ndarray, " subsets"]:
    """Return the estimate of each of several random subsets, whose mean and deviation are what papers print as KID.

    Each subset draws ``subset_size`` frames of either side without replacement, as torch-fidelity@2a4d96b does; the
    generator is another, so the draws are not its draws. Draw k depends on ``seed`` and on k alone.

    Raises:
        ValueError: if a side has fewer frames than ``subset_size``, or as in `kernel_distance`.
    """
    check_features(generated, reference)
    if not MINIMUM_FRAMES <= subset_size <= min(len(generated), len(reference)):
        raise ValueError(
            f"subset_size must be from {MINIMUM_FRAMES} to the frames of the smaller side, got {subset_size} for "
            f"{len(generated)} generated and {len(reference)} reference frames"
        )
    if subsets < 1:
        raise ValueError(f"subsets must be at least 1, got {subsets}")
    values = np.empty(subsets)
    for k in range(subsets):
        rng = np.random.default_rng([seed, k])
        X, Y = (rng.choice(features, subset_size, replace=False) for features in (generated, reference))
        values[k] = kernel_distance(X, Y)
    return values


def kernel_resampled(
    generated: Sequence[Float[np.ndarray, "_ channels"]],
    reference: Sequence[Float[np.ndarray, "_ channels_reference"]],
    *,
    resamples: int,
    seed: int,
) -> Float64[np.ndarray, " resamples"]:
    """Return the estimate of each of several bootstrap draws of clips, from features computed once.

    Clip i of ``generated`` and clip i of ``reference`` belong together and are drawn together; draw k takes the clips
    that `metrics.frechet.frechet_resampled` takes for the same seed. A frame drawn twice is never paired with itself.
    All kernel values are summed per pair of clips beforehand, so a draw costs nothing that grows with the frames.

    Args:
        generated: features per clip, at least 2 frames each; clips may differ in length.
        reference: features of the same clips, in the same order.
        resamples: number of draws, each of as many clips as there are, with replacement.
        seed: non-negative.

    Raises:
        ValueError: if there are no clips or draws, the numbers of clips differ, a clip has fewer than 2 frames,
            or as in `kernel_distance`.
    """
    if not generated or len(generated) != len(reference):
        raise ValueError(
            f"{len(generated)} generated clips and {len(reference)} reference clips: need as many, at least 1"
        )
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    shortest = min(len(clip) for clip in (*generated, *reference))
    if shortest < MINIMUM_FRAMES:
        raise ValueError(f"every clip needs at least {MINIMUM_FRAMES} frames, got one of {shortest}")
    X, Y = ([clip.astype(np.float64) for clip in clips] for clips in (generated, reference))
    check_features(np.concatenate(X), np.concatenate(Y))
    (own_x, pairs_x), (own_y, pairs_y) = _own_sums(X), _own_sums(Y)
    across = _sums_per_pair(X, Y)
    pairs = np.outer([len(clip) for clip in X], [len(clip) for clip in Y])
    values = np.empty(resamples)
    for k in range(resamples):
        drawn = np.random.default_rng([seed, k]).integers(len(X), size=len(X))
        w = np.bincount(drawn, minlength=len(X))
        own = (w @ own_x @ w) / (w @ pairs_x @ w) + (w @ own_y @ w) / (w @ pairs_y @ w)
        values[k] = own - 2 * (w @ across @ w) / (w @ pairs @ w)
    return values


def _own_sums(
    clips: list[Float64[np.ndarray, "_ channels"]],
) -> tuple[Float64[np.ndarray, "clips clips"], Int[np.ndarray, "clips clips"]]:
    """Return the sum of kernel values of different frames, and their number, for each pair of clips of one side."""
    lengths = np.array([len(clip) for clip in clips])
    of_itself = [float(_kernel(np.einsum("nc,nc->n", clip, clip), clip.shape[1]).sum()) for clip in clips]
    later = np.zeros((len(clips), len(clips)))  # the kernel is symmetric: a pair of clips is summed once
    for k in range(len(clips)):
        later[k, k:] = _sums_per_pair(clips[k : k + 1], clips[k:])[0]
    sums = later + np.triu(later, 1).T
    return sums - np.diag(of_itself), np.outer(lengths, lengths) - np.diag(lengths)


def _sums_per_pair(
    X: list[Float64[np.ndarray, "_ channels"]], Y: list[Float64[np.ndarray, "_ channels"]]
) -> Float64[np.ndarray, "clips_x clips_y"]:
    starts = np.cumsum([0, *(len(clip) for clip in Y[:-1])])
    others = np.concatenate(Y).T
    return np.stack([np.add.reduceat(_kernel(clip @ others, len(others)).sum(axis=0), starts) for clip in X])


def _mean_of_others(X: Float64[np.ndarray, "frames channels"]) -> float:
    """Return the mean kernel value of all pairs of different frames."""
    own = float(_kernel(np.einsum("nc,nc->n", X, X), X.shape[1]).sum())
    return (_kernel_sum(X, X) - own) / (len(X) * (len(X) - 1))


def _kernel_sum(X: Float64[np.ndarray, "n channels"], Y: Float64[np.ndarray, "m channels"]) -> float:
    starts = range(0, len(X), ROWS_AT_ONCE)
    return sum(float(_kernel(X[i : i + ROWS_AT_ONCE] @ Y.T, X.shape[1]).sum()) for i in starts)


def _kernel(products: Float64[np.ndarray, "*shape"], channels: int) -> Float64[np.ndarray, "*shape"]:
    base = products / channels + 1
    return base * base * base  # numpy's power is many times slower
