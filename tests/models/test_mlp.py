import jax
import numpy as np
import pytest

from paribus.errors import DeclarationError
from paribus.models import MLP, Initialization
from paribus.models.base import (
    layers_of,
    named_weights,
    parameter_count,
    skeleton,
    weights_of,
)
from paribus.models.initialize import initialize


def network(model, shape=(8, 8), outputs=10):
    return initialize(skeleton(model, shape, outputs), Initialization(), 0, np.float32)


@pytest.mark.parametrize(
    ("hidden", "parameters"),
    [((), 64 * 10 + 10), ((32,), 64 * 32 + 32 + 32 * 10 + 10), ((3, 2), 195 + 8 + 30)],
)
def test_parameters_are_counted_without_building_any(hidden, parameters):
    empty = skeleton(MLP(hidden=hidden), (8, 8), 10)
    assert parameter_count(empty) == parameters
    leaves = jax.tree.leaves(weights_of(empty))
    assert all(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves)


def test_layers_are_numbered_from_the_input_on():
    found = named_weights(network(MLP(hidden=(32, 16))))
    assert {name: array.shape for name, array in found.items()} == {
        "1.weight": (32, 64),
        "1.bias": (32,),
        "2.weight": (16, 32),
        "2.bias": (16,),
        "3.weight": (10, 16),
        "3.bias": (10,),
    }


def test_it_computes_what_is_written_down():
    built = network(MLP(hidden=(5,), activation="tanh"))
    x = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    w = {name: np.asarray(array, np.float64) for name, array in named_weights(built).items()}
    hidden = np.tanh(w["1.weight"] @ x.ravel() + w["1.bias"])
    expected = w["2.weight"] @ hidden + w["2.bias"]
    np.testing.assert_allclose(built(x), expected, rtol=1e-5, atol=1e-6)


def test_softmax_output_sums_to_one():
    x = np.ones((8, 8), np.float32)
    plain, softmax = (network(MLP(hidden=(5,), output=kind)) for kind in ("logits", "softmax"))
    np.testing.assert_allclose(softmax(x).sum(), 1, rtol=1e-6)
    np.testing.assert_allclose(softmax(x), jax.nn.softmax(plain(x)), rtol=1e-6)
    assert len(layers_of(softmax)) == len(layers_of(plain)) == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hidden": (0,)}, "hidden.0: got 0; should be greater than 0"),
        ({"activation": "rleu"}, "activation: got 'rleu'; did you mean 'relu'"),
        ({"dropout": 1.0}, "dropout: got 1.0; should be less than 1"),
        ({"widths": (3,)}, "widths: unknown field 'widths'; known: "),
    ],
)
def test_faults(fields, message):
    with pytest.raises(DeclarationError) as caught:
        MLP(**fields)
    assert f"MLP: 1 fault\n  {message}" in str(caught.value)
