import jax
import numpy as np
import pytest

from paribus.errors import DeclarationError
from paribus.objectives import Penalties
from paribus.objectives.penalties import penalty

WEIGHTS = [np.array([[1.0, -2.0]], np.float32), np.array([[3.0], [0.0]], np.float32)]


@pytest.mark.parametrize(
    ("l1", "l2", "expected"),
    [(0.0, 0.0, 0.0), (0.5, 0.0, 3.0), (0.0, 0.25, 3.5), (0.5, 0.25, 6.5)],
)
def test_sums_over_all_weights_of_all_layers(l1, l2, expected):
    assert penalty(Penalties(l1=l1, l2=l2), WEIGHTS) == pytest.approx(expected)


def test_l1_has_no_slope_at_0():
    slope = jax.grad(lambda weights: penalty(Penalties(l1=1.0), weights))(WEIGHTS)
    np.testing.assert_array_equal(slope[0], [[1, -1]])
    np.testing.assert_array_equal(slope[1], [[1], [0]])


def test_a_negative_coefficient_is_refused():
    with pytest.raises(DeclarationError, match=r"l2: got -1.0; should be greater than or equal"):
        Penalties(l2=-1.0)
