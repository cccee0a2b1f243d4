"""Deterministic weights and inputs for parity checks.

Fills a PyTorch state dict from its key names alone, so two implementations that use the
same key names and shapes hold the same weights without sharing a checkpoint file.
"""

import zlib

import numpy as np
import torch


def tensor_for(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Return the float32 tensor that belongs to `key`, of `shape`."""
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.long)
    if leaf == "running_var":
        values = rng.uniform(0.5, 1.5, shape)
    elif leaf == "running_mean":
        values = 0.1 * rng.standard_normal(shape)
    elif leaf in ("weight_u", "weight_v"):
        values = rng.standard_normal(shape)
        values = values / np.linalg.norm(values)
    elif len(shape) >= 2:
        values = rng.standard_normal(shape) * np.sqrt(1.0 / np.prod(shape[1:]))
    elif leaf == "bias" or leaf.endswith("bias"):
        values = 0.1 * rng.standard_normal(shape)
    else:  # scale of a norm layer, slope of a PReLU
        values = 1.0 + 0.1 * rng.standard_normal(shape)
    return torch.as_tensor(np.asarray(values, dtype=np.float32))


def fill(module: torch.nn.Module) -> torch.nn.Module:
    """Overwrite every parameter and buffer of `module` by its recipe value; set eval mode."""
    state = {k: tensor_for(k, tuple(v.shape)) for k, v in module.state_dict().items()}
    module.load_state_dict(state)
    return module.eval()


def array_for(name: str, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    """Return the float32 input called `name`: uniform in [low, high)."""
    rng = np.random.default_rng(zlib.crc32(("input:" + name).encode()))
    return torch.as_tensor(rng.uniform(low, high, shape).astype(np.float32))
