"""A loss, a penalty and an activation of one's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from own.example_parts import CLASSES, INPUTS, arrays, bent, entropy, recipe, squares, trained
from paribus import OwnPenalty, Penalties, models, probes
from paribus.errors import DeclarationError
from paribus.models.activations import activation_of
from paribus.models.base import named_weights
from paribus.spec import split_traced
from paribus.study.plan import run_key

PLAIN = models.MLP(hidden=(4,))


def assert_alike(one, other, tolerance=0.0):
    found = named_weights(trained(other).network)
    for name, array in named_weights(trained(one).network).items():
        np.testing.assert_allclose(array, found[name], rtol=tolerance, atol=tolerance)


def test_a_loss_by_its_formula_trains_as_the_built_in_one():
    assert_alike(recipe(model=PLAIN, loss=entropy), recipe(model=PLAIN), 1e-6)


def test_a_penalty_by_its_formula_trains_as_the_built_in_one():
    own = Penalties(own=OwnPenalty(function=squares, coefficient=0.1))
    declared = recipe(model=PLAIN, penalties=own)
    assert_alike(declared, recipe(model=PLAIN, penalties=Penalties(l2=0.1)), 1e-6)
    assert split_traced(declared)[1]["penalties.own.coefficient"] == 0.1


def test_a_coefficient_of_zero_leaves_a_penalty_out():
    own = Penalties(own=OwnPenalty(function=squares, coefficient=0.0))
    assert_alike(recipe(model=PLAIN, penalties=own), recipe(model=PLAIN))


def test_an_activation_by_its_formula_trains_as_the_built_in_one():
    own = models.MLP(hidden=(4,), activation=bent)
    assert_alike(recipe(model=own), recipe(model=models.MLP(hidden=(4,))), 1e-6)


def test_an_activation_is_of_each_number_alone():
    x = jnp.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(activation_of(lambda x: x / jnp.sum(x) + x)(x + 1), x + 2)


def test_an_activation_in_a_convolutional_network():
    layer = models.Convolution(channels=2, kernel=3)
    own = models.CNN(convolutions=(layer,), activation=bent)
    assert own.faults((8, 8), 10) == []
    assert own.as_json()["activation"]["function"] == "own.example_parts:bent"


def test_equal_functions_are_one_run_and_others_another():
    same = [recipe(loss=entropy), recipe(loss=entropy).with_fields({"epochs": 2})]
    keys = {run_key(one, 0, "f") for one in same}
    assert len(keys) == 1
    other = recipe(loss=lambda outputs, target: 2 * entropy(outputs, target))
    assert run_key(other, 0, "f") not in keys
    assert run_key(recipe(), 0, "f") not in keys


def vector(outputs, target):
    return outputs


def two(outputs, target):
    return outputs[target], target


def one(outputs):
    return outputs


def index(outputs, target):
    return target


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({"loss": vector}, "loss", "float32 of shape (2,); should be one floating-point number"),
        ({"loss": two}, "loss", "gives a tuple; should be one number"),
        ({"loss": one}, "loss", "fails: TypeError"),
        ({"loss": index}, "loss", "gives int32 of shape (); should be one floating-point"),
        ({"loss": "entropy"}, "loss", "got 'entropy'"),
        ({"loss": 3}, "loss", "should be one of cross_entropy, kl_divergence, mean_squared"),
        (
            {"penalties": {"own": {"function": vector, "coefficient": 0.1}}},
            "penalties.own.function",
            "fails: TypeError",
        ),
        (
            {"penalties": {"own": {"function": one, "coefficient": 0.1}}},
            "penalties.own.function",
            "gives a dict; should be one number",
        ),
        (
            {"penalties": {"own": {"function": squares, "coefficient": -0.1}}},
            "penalties.own.coefficient",
            "greater than or equal to 0",
        ),
        ({"penalties": {"own": squares}}, "penalties.own", "allowed here: OwnPenalty"),
        ({"model": models.MLP(activation=vector)}, "model.activation", "fails: TypeError"),
        (
            {"model": models.MLP(activation=lambda x: jnp.stack([x, x]))},
            "model.activation",
            "gives float32 of shape (2,)",
        ),
    ],
    ids=range(12),
)
def test_what_gives_no_number_is_said_when_it_is_declared(fields, path, problem):
    with pytest.raises(DeclarationError) as caught:
        recipe().with_fields(fields)
    assert [one.path for one in caught.value.faults] == [path]
    assert problem in caught.value.faults[0].problem


def test_a_probe_of_saturation_does_not_know_an_activation_of_ones_own():
    (fault,) = probes.HiddenUnits().faults(models.MLP(activation=bent), (3,), 2)
    assert "cannot tell where an activation of your own ends" in fault.problem


def test_a_loss_of_numbers_is_given_the_target_as_a_row():
    def absolute(outputs, target):
        return jnp.mean(jnp.abs(outputs - target))

    found = trained(recipe(data=arrays(INPUTS[:, 1]), loss=absolute, epochs=1))
    outputs = jax.vmap(found.network)(INPUTS[40:])
    (measured,) = (m for m in found.history.measurements([]) if m.name == "test/loss")
    expected = np.mean(np.abs(np.asarray(outputs)[:, 0] - INPUTS[40:, 1]))
    np.testing.assert_allclose(measured.values[-1], expected, rtol=1e-6)
    assert CLASSES.dtype == np.int64
