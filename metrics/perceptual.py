"""LPIPS, FID and KID as metrics: distances between activations of frozen networks."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, UInt8

from metrics.frechet import frechet_distance
from metrics.kid import kernel_distance
from metrics.record import Metric

if TYPE_CHECKING:  # torch takes seconds to import, and whoever only prints a table needs none of it
    from metrics.networks.lpips import Lpips


def lpips(
    network: "Lpips",
    generated: UInt8[np.ndarray, "frames height width 3"],
    reference: UInt8[np.ndarray, "frames height width 3"],
) -> Float64[np.ndarray, " frames"]:
    """Return LPIPS of each frame; see `metrics.lpips.lpips_against`."""
    from metrics.lpips import lpips_against

    return np.asarray(lpips_against(network, reference, [generated])[0])


LPIPS = Metric(
    key="lpips",
    name="LPIPS",
    unit="",
    better="lower",
    version=1,
    protocol="v0.1-rgb",
    citation="Zhang et al., CVPR 2018; richzhang/PerceptualSimilarity@082bb24",
    needs="lpips",
    scope="frame",
    decimals=4,
    measure=lpips,
)
FID = Metric(
    key="fid",
    name="FID",
    unit="",
    better="lower",
    version=1,
    protocol="pool3-all-frames",
    citation="Heusel et al., NeurIPS 2017; mseitzer/pytorch-fid@b9c1811",
    needs="inception",
    scope="set",
    decimals=3,
    measure=frechet_distance,
)
KID = replace(
    FID,
    key="kid",
    name="KID",
    protocol="pool3-all-frames-unbiased",
    citation="Binkowski et al., ICLR 2018; toshas/torch-fidelity@5e211a9",
    decimals=5,
    measure=kernel_distance,
)
