"""What the tests of drawn faces share."""

from dataclasses import fields

import numpy as np
import pytest

from tavce.data.synthetic.performance import Performance


def _act(frames: int = 1, **values) -> Performance:
    """A face at rest, with some values set for all frames or per frame."""
    shapes = {"lids": (frames, 2), "pose": (frames, 3), "shift": (frames, 2), "gaze": (frames, 2)}
    rest = {"width": 0.5, "protrusion": 0.1, "lids": 1.0}
    parts = {}
    for field in fields(Performance):
        shape = shapes.get(field.name, (frames,))
        parts[field.name] = np.broadcast_to(np.float32(values.get(field.name, rest.get(field.name, 0.0))), shape).copy()
    return Performance(**parts)


@pytest.fixture
def act():
    """Make a `Performance`: `act(frames, aperture=..., pose=...)`, the rest of the face being at rest."""
    return _act
