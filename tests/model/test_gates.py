"""The gates against the released einsum on normalised covariance matrices."""

import pytest
import torch
from torch.nn import functional

from tavce.model.correlation.gates import Gate, diagonal_gate, matrix_product
from tavce.model.correlation.temporal import covariance, difference


@pytest.fixture
def moments():
    return torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def features():
    return torch.randn(5, 16, 3, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def released(matrix, features, how):
    return torch.einsum(how, functional.normalize(matrix, dim=2), features)


def test_the_diagonal_gate_is_the_released_einsum(moments, features):
    d = difference(*moments)
    expected = released(covariance(*moments), features, "bcc,bchw->bchw")
    torch.testing.assert_close(Gate("diagonal", 16)(d, features), expected)
    torch.testing.assert_close(Gate("diagonal", 16)(-d, features), expected)
    assert not torch.allclose(Gate("signed", 16)(d, features), expected)
    assert not torch.allclose(matrix_product(d, features), expected)
    torch.testing.assert_close(diagonal_gate(d).square().sum(1), torch.ones(5, dtype=torch.float64))


def test_the_matrix_gate_is_the_full_product(moments, features):
    expected = released(covariance(*moments), features, "bcd,bdhw->bchw")
    torch.testing.assert_close(Gate("matrix", 16)(difference(*moments), features), expected)
    with pytest.raises(ValueError, match="mixes channels"):
        Gate("matrix", 16).weights(difference(*moments))


def test_the_signed_gate_tells_opening_from_closing(moments, features):
    d, gate = difference(*moments), Gate("signed", 16)
    torch.testing.assert_close(gate(-d, features), -gate(d, features))
    torch.testing.assert_close(gate(d, features).abs(), Gate("diagonal", 16)(d, features).abs())


def test_the_sigmoid_gate_learns(moments, features):
    gate = Gate("sigmoid", 16).double()
    weights = gate.weights(difference(*moments))
    assert weights.gt(0).all()
    assert weights.lt(1).all()
    gate(difference(*moments), features).sum().backward()
    assert gate.layer.weight.grad.norm() > 0


@pytest.mark.parametrize("kind", ["diagonal", "signed", "matrix", "sigmoid", "null"])
def test_no_change_closes_every_gate(moments, features, kind):
    gate = Gate(kind, 16).double()
    d = difference(*moments)
    d[0] = 0
    found = gate(d, features)
    assert found[0].eq(0).all()
    assert found[1].eq(0).all() == (kind == "null")
    # The released form agrees at zero: normalize divides zeros by its epsilon.
    assert released(covariance(moments[0], moments[0]), features, "bcc,bchw->bchw").eq(0).all()
