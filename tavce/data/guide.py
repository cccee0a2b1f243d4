"""What a data set's annotation says of where the face of a clip is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32

from tavce.data.crop.policies import OfficialBox


@dataclass(frozen=True)
class Guide:
    """The annotation of one clip.

    Attributes:
        official: the one crop box of the clip, for the policies that take it; None where there is none.
        boxes: per 25 fps frame of the clip x0, y0, x1, y1 of the face; NaN where nothing is said. Which of several
            faces is meant; the crop itself follows the detector. None where there are none.
        unit: what 1 is in `boxes`: "height" of the picture for x and y (VoxCeleb1, its pixels divided by 360), or
            "frame", its width for x and its height for y (VoxCeleb2).
    """

    official: OfficialBox | None
    boxes: Float32[np.ndarray, "frames 4"] | None
    unit: Literal["height", "frame"]
