"""How well one number tells two groups apart."""

import numpy as np
from jaxtyping import Float


def area_under_curve(higher: Float[np.ndarray, " higher"], lower: Float[np.ndarray, " lower"]) -> float:
    """Return the probability that a value of `higher` is larger than one of `lower`; ties count half. 0.5 is chance."""
    ordered = np.sort(lower)
    below, upto = (np.searchsorted(ordered, higher, side=side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(ordered)))
