"""Activations against PyTorch's: values, and derivatives where two pieces meet."""

from typing import get_args

import jax
import numpy as np
import pytest
from contracts import torch_twin
from contracts.torch_twin import torch

from paribus.models.activations import ACTIVATIONS, ActivationName

NAMES = get_args(ActivationName)
KINKS = np.array([-6.0, -3.0, -1.0, -0.0, 0.0, 1.0, 3.0, 6.0])
# Not beyond 20, where PyTorch's softplus leaves out a term of 2e-9.
GRID = np.concatenate([np.linspace(-20, 20, 4001), np.geomspace(1e-12, 1, 25), -KINKS / 7])


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


@pytest.mark.parametrize("copies", [1, 8], ids=["scalar code", "vector code"])
def test_derivatives_at_kinks_are_those_of_pytorch(name, copies):
    # PyTorch has another branch of code for whole vectors; both must say the same.
    points = np.repeat(KINKS, copies)
    _, expected = theirs(torch_twin.ACTIVATIONS[name](), points)
    if copies == 1:
        module = torch_twin.ACTIVATIONS[name]()
        expected = np.concatenate([theirs(module, points[i : i + 1])[1] for i in range(len(points))])
    np.testing.assert_allclose(ours(name, points)[1], expected, rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize(
    ("name", "flat", "steep"),
    [
        ("hard_sigmoid", [-3.0, 3.0], []),
        ("hard_swish", [-3.0], [3.0]),
        ("hard_tanh", [-1.0, 1.0], []),
        ("relu", [0.0, -0.0], []),
        ("relu6", [0.0, 6.0], []),
    ],
)
def test_pytorchs_own_code_has_exactly_these_slopes(name, flat, steep):
    # Of the activations that PyTorch derives by hand; `torch_twin` writes one of them otherwise.
    own = {"hard_sigmoid": torch.nn.Hardsigmoid}.get(name, torch_twin.ACTIVATIONS[name])
    points = np.array(flat + steep)
    slopes = np.array([0.0] * len(flat) + [1.0] * len(steep))
    np.testing.assert_array_equal(theirs(own(), points)[1], slopes)
    np.testing.assert_array_equal(ours(name, points)[1], slopes)


def test_leaky_relu_is_flat_at_0():
    np.testing.assert_array_equal(ours("leaky_relu", np.zeros(1))[1], [0.01])


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
