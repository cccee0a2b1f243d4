"""Clips and landmarks with structure: neighbouring frames differ, left differs from right, red differs from blue."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def reference():
    """uint8 (6, 48, 56, 3): a coloured blob that moves over a gradient."""
    y, x = np.mgrid[0:48, 0:56]
    frames = []
    for k in range(6):
        blob = np.exp(-((x - 16 - 2 * k) ** 2 + (y - 20 - k) ** 2) / 80)
        frames.append(np.stack([60 + 150 * blob, 40 + 2 * x + 40 * blob, 90 + y - 60 * blob], axis=-1))
    return np.clip(frames, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def generated(reference):
    """The reference with noise: a plausible result, about 33 dB."""
    noise = np.random.default_rng(3).normal(0, 6, reference.shape)
    return np.clip(reference + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def landmarks():
    """float32 (6, 68, 2): a rough face, not quite symmetric, whose mouth opens and whose head drifts."""
    rng = np.random.default_rng(5)
    face = rng.uniform([10, 10], [54, 60], size=(68, 2))
    face[36], face[45] = (20.0, 30.0), (44.0, 30.0)
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    face[48:68] = np.stack([33 + 7 * np.cos(angle), 52 + 3 * np.sin(angle)], axis=-1)
    clip = np.repeat(face[None], 6, axis=0)
    for k in range(6):
        clip[k, 48:68, 1] = 52 + (3 + k % 3) * np.sin(angle)
        clip[k] += (0.5 * k, 0.25 * k)
    return clip.astype(np.float32)
