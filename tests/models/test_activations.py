"""Activations against PyTorch's: values, and derivatives where two pieces meet."""

from typing import get_args

import jax
import numpy as np
import pytest

from contracts import torch_twin
from contracts.torch_twin import torch
from paribus.models.activations import ACTIVATIONS, ActivationName

NAMES = get_args(ActivationName)
KINKS = {
    "celu": [0],
    "elu": [0],
    "hard_sigmoid": [-3, 3],
    "hard_swish": [-3, 3],
    "hard_tanh": [-1, 1],
    "leaky_relu": [0],
    "relu": [0],
    "relu6": [0, 6],
    "selu": [0],
    "softsign": [0],
}
"""Where two pieces of an activation meet; the others are smooth."""
# Not beyond 20, where PyTorch's softplus leaves out a term of 2e-9.
GRID = np.concatenate([np.linspace(-20, 20, 4001), np.geomspace(1e-12, 1, 25)])


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def ours(name, points):
    """Values and derivatives, in float64."""
    with jax.enable_x64(True):
        values, derivatives = jax.vmap(jax.value_and_grad(ACTIVATIONS[name]))(points)
        return np.asarray(values), np.asarray(derivatives)


def theirs(module, points):
    x = torch.tensor(points, requires_grad=True)
    values = module(x)
    values.sum().backward()
    return values.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("name", KINKS)
def test_derivatives_at_kinks_are_exactly_those_of_pytorch(name):
    # PyTorch's own module even where the twin writes it otherwise; and by one number and by
    # sixteen, since it has other code for whole vectors.
    own = {"hard_sigmoid": torch.nn.Hardsigmoid}.get(name, torch_twin.ACTIVATIONS[name])
    for kink in KINKS[name]:
        for points in (np.array([float(kink)]), np.full(16, float(kink)), np.full(3, -0.0 + kink)):
            np.testing.assert_array_equal(ours(name, points)[1], theirs(own(), points)[1])


@pytest.mark.parametrize(
    ("name", "slopes"),
    [
        ("hard_sigmoid", [0, 0]),
        ("hard_swish", [0, 1]),
        ("hard_tanh", [0, 0]),
        ("leaky_relu", [0.01]),
        ("relu", [0]),
        ("relu6", [0, 0]),
    ],
)
def test_the_kink_has_the_slope_of_its_flat_side(name, slopes):
    np.testing.assert_array_equal(ours(name, np.array(KINKS[name], float))[1], slopes)


def test_values_and_derivatives_on_a_grid(name):
    values, derivatives = ours(name, GRID)
    expected = theirs(torch_twin.ACTIVATIONS[name](), GRID)
    np.testing.assert_allclose(values, expected[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(derivatives, expected[1], rtol=1e-12, atol=1e-12)


def test_what_is_not_a_number_stays_so(name):
    # An activation that turns NaN into a bound hides that a run has diverged.
    assert np.isnan(ours(name, np.array([np.nan]))[0])


def test_single_precision_stays_single(name):
    values = ACTIVATIONS[name](np.linspace(-4, 4, 9, dtype=np.float32))
    assert values.dtype == np.float32
    module = torch_twin.ACTIVATIONS[name]()
    expected = module(torch.linspace(-4, 4, 9)).numpy()
    np.testing.assert_allclose(values, expected, rtol=2e-6, atol=1e-6)
