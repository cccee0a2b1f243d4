"""Fréchet distance between Gaussians fitted to two sets of features (FID), by exact algebra.

With A and B the centred features divided by sqrt(n - 1) (one row per frame), the covariances are A^T A and B^T B, and

    d^2 = |mu_a - mu_b|^2 + |A|_F^2 + |B|_F^2 - 2 tr (A^T A B^T B)^(1/2),

where the last trace is the sum of the singular values of A B^T. The published code takes a matrix square root of the
product of covariances instead, which for fewer frames than channels is slow and loses half of the digits.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Float64, Int

from metrics.feature_sets import check_features

Clips = Sequence[Float[np.ndarray, "_ _"]]


def frechet_distance(
    generated: Float[np.ndarray, "frames_generated channels"],
    reference: Float[np.ndarray, "frames_reference channels_reference"],
) -> float:
    """Return the squared Fréchet distance (the FID, where the features are those of its Inception network).

    Unit: that of the features, squared. Range [0, inf); equal sets give 0 up to 1e-6, in any order of frames. The sets
    may differ in size, but the value falls as they grow: compare methods at equal numbers of frames only. Computed in
    float64.

    Source: Heusel et al. 2017 (arXiv 1706.08500), equation 6; mean and covariance (n - 1) as pytorch-fid@b9c1811.

    Raises:
        ValueError: if the sets differ in channels, one has fewer than 2 frames, or a value is not finite.
    """
    check_features(generated, reference)
    mean, A = _centred(generated)
    other_mean, B = _centred(reference)
    return _distance(mean - other_mean, A, B)


def frechet_resampled(
    generated: Sequence[Float[np.ndarray, "_ channels"]],
    reference: Sequence[Float[np.ndarray, "_ channels_reference"]],
    *,
    resamples: int,
    seed: int,
) -> Float64[np.ndarray, " resamples"]:
    """Return the distance of each of several bootstrap draws of clips, from features computed once.

    Clip i of ``generated`` and clip i of ``reference`` belong together and are drawn together, since the frames of a
    clip are not independent, nor is a generated clip of its reference. Draw k depends on ``seed`` and on k alone, so
    methods resampled with one seed are compared on the same clips. The values give the spread, not the centre: a clip
    drawn twice adds no new frame, and fewer distinct frames raise the distance.

    Args:
        generated: features per clip; clips may differ in length.
        reference: features of the same clips, in the same order.
        resamples: number of draws, each of as many clips as there are, with replacement.
        seed: non-negative.

    Raises:
        ValueError: if there are no clips or draws, the numbers of clips differ, or as in `frechet_distance`.
    """
    if not generated or len(generated) != len(reference):
        raise ValueError(
            f"{len(generated)} generated clips and {len(reference)} reference clips: need as many, at least 1"
        )
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    check_features(np.concatenate(generated), np.concatenate(reference))
    clips, channels = len(generated), generated[0].shape[1]
    lengths = np.array([min(len(one), len(other)) for one, other in zip(generated, reference, strict=True)])
    by_frames = _distance_by_frames(generated, reference)
    # A draw from sums costs no pass over the frames, where they take no more room than twice that of the frames.
    by_sums = _distance_by_sums(generated, reference) if channels <= 2 * lengths.min() else by_frames
    values = np.empty(resamples)
    for k in range(resamples):
        drawn = np.random.default_rng([seed, k]).integers(clips, size=clips)
        times = np.bincount(drawn, minlength=clips)
        # Covariances of fewer frames than channels have lost digits that the frames still have.
        values[k] = by_sums(times) if lengths[times > 0].sum() >= channels else by_frames(times)
    return values


def _distance_by_frames(generated: Clips, reference: Clips) -> Callable[[Int[np.ndarray, " clips"]], float]:
    """Return the distance as a function of how often each clip counts."""
    X, Y = np.concatenate(generated), np.concatenate(reference)
    lengths, other_lengths = ([len(clip) for clip in clips] for clips in (generated, reference))

    def distance(times: Int[np.ndarray, " clips"]) -> float:
        mean, A = _centred(X, np.repeat(times, lengths))
        other_mean, B = _centred(Y, np.repeat(times, other_lengths))
        return _distance(mean - other_mean, A, B)

    return distance


def _distance_by_sums(generated: Clips, reference: Clips) -> Callable[[Int[np.ndarray, " clips"]], float]:
    """Return the same function, for draws of at least as many different frames as channels."""
    origin = np.concatenate(reference).mean(axis=0, dtype=np.float64)  # sums of squares far from 0 would lose digits
    drawn, other_drawn = _Sums(generated, origin), _Sums(reference, origin)

    def distance(times: Int[np.ndarray, " clips"]) -> float:
        mean, C = drawn.moments(times)
        other_mean, D = other_drawn.moments(times)
        shift = mean - other_mean
        squared = float(shift @ shift) + float(np.trace(C)) + float(np.trace(D)) - 2 * _root_trace(C, D)
        return max(squared, 0.0)

    return distance


class _Sums:
    """Number, sum and sum of squares of each clip's frames, from a common origin."""

    def __init__(self, clips: Clips, origin: Float64[np.ndarray, " channels"]) -> None:
        shifted = [clip - origin for clip in clips]
        self._counts = np.array([len(clip) for clip in clips], np.float64)
        self._sums = np.stack([clip.sum(axis=0) for clip in shifted])
        self._squares = np.stack([clip.T @ clip for clip in shifted])

    def moments(
        self, times: Int[np.ndarray, " clips"]
    ) -> tuple[Float64[np.ndarray, " channels"], Float64[np.ndarray, "channels channels"]]:
        """Return mean and covariance (n - 1) of the frames of all clips, each as often as `times` says."""
        total = float(times @ self._counts)
        mean = times @ self._sums / total
        squares = np.tensordot(times.astype(np.float64), self._squares, axes=1)
        return mean, (squares - total * np.outer(mean, mean)) / (total - 1)


def root_trace_nuclear(A: Float64[np.ndarray, "n channels"], B: Float64[np.ndarray, "m channels"]) -> float:
    """Return tr (A^T A B^T B)^(1/2) as the nuclear norm of A B^T; no matrix larger than the smaller side is decomposed.

    Nothing is squared, so the result keeps all digits where covariances have no full rank.
    """
    return float(np.linalg.svd(_no_taller_than_wide(A) @ _no_taller_than_wide(B).T, compute_uv=False).sum())


def root_trace_eigen(A: Float64[np.ndarray, "n channels"], B: Float64[np.ndarray, "m channels"]) -> float:
    """Return tr (A^T A B^T B)^(1/2) from eigenvalues of symmetric matrices of the size of the channels.

    With A^T A = R R^T, the matrix R^T B^T B R has the eigenvalues of the product. Those that rounding left below zero
    count as zero.
    """
    return _root_trace(A.T @ A, B.T @ B)


def _root_trace(C: Float64[np.ndarray, "channels channels"], D: Float64[np.ndarray, "channels channels"]) -> float:
    try:
        R = np.linalg.cholesky(C)
    except np.linalg.LinAlgError:  # no full rank: a dead channel, or too few frames
        values, vectors = np.linalg.eigh(C)
        R = vectors * np.sqrt(values.clip(min=0))
    return float(np.sqrt(np.linalg.eigvalsh(R.T @ D @ R).clip(min=0)).sum())


def _no_taller_than_wide(M: Float64[np.ndarray, "n channels"]) -> Float64[np.ndarray, "rows channels"]:
    if len(M) <= M.shape[1]:
        return M
    # M = Q R, and the orthonormal columns of Q leave the singular values of a product as they are.
    return np.linalg.qr(M, mode="r")  # type: ignore[return-value]  # numpy's types know no mode


def _distance(
    shift: Float64[np.ndarray, " channels"], A: Float64[np.ndarray, "n channels"], B: Float64[np.ndarray, "m channels"]
) -> float:
    few = min(len(A), len(B)) < A.shape[1]
    root_trace = root_trace_nuclear(A, B) if few else root_trace_eigen(A, B)
    squared = float(shift @ shift) + float(np.square(A).sum()) + float(np.square(B).sum()) - 2 * root_trace
    return max(squared, 0.0)


def _centred(
    features: Float[np.ndarray, "frames channels"], times: Int[np.ndarray, " frames"] | None = None
) -> tuple[Float64[np.ndarray, " channels"], Float64[np.ndarray, "rows channels"]]:
    """Return the mean and the centred, scaled features; a frame that counts several times is one longer row."""
    if times is None:
        times = np.ones(len(features), dtype=np.int64)
    wide = features[times > 0].astype(np.float64)
    weights = times[times > 0].astype(np.float64)
    total = weights.sum()
    mean = weights @ wide / total
    return mean, (wide - mean) * np.sqrt(weights / (total - 1))[:, None]
