"""The area under the curve, against pairs counted by hand."""

import numpy as np

from metrics.ranking import area_under_curve


def test_pairs_are_counted_and_ties_count_half():
    near, far = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0])
    assert area_under_curve(far, near) == (2 + 1.5 + 1) / 6
    assert area_under_curve(near, far) == (0.5 + 1) / 6
    assert area_under_curve(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0
    assert area_under_curve(np.array([1.0]), np.array([1.0])) == 0.5
