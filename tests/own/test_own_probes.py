"""A probe of one's own."""

import jax.numpy as jnp
import numpy as np
import pytest

from own.example_parts import INPUTS, NUMBERS, arrays, largest, margin, measured, recipe, trained
from paribus import Factor, Study, models, probes
from paribus.errors import DeclarationError
from paribus.models.base import layers_of

MARGIN = probes.Own(name="margin", function=margin)
LARGEST = probes.Own(name="largest", function=largest, per_layer=True, when=probes.AtEnd())


def test_it_measures_at_its_schedule():
    run = trained(recipe(epochs=3), observers=(MARGIN, LARGEST))
    found = measured(run, "own/margin")
    assert found.dims == ("epoch",)
    assert found.coords["epoch"].tolist() == [0, 1, 2, 3]
    outputs = np.stack([np.asarray(run.network(x)) for x in INPUTS[40:]])
    np.testing.assert_allclose(found.values[-1], np.ptp(outputs, axis=1).mean(), rtol=1e-5)
    ends = measured(run, "own/largest")
    assert ends.dims == ("epoch", "layer")
    assert ends.coords["layer"].tolist() == ["1", "2"]
    assert ends.coords["epoch"].tolist() == [3]
    expected = [np.abs(layer.weight).max() for _, layer in layers_of(run.network)]
    np.testing.assert_array_equal(ends.values[0], expected)


@pytest.mark.parametrize(("examples", "count"), [("test", 20), ("train", 40), ("batch", 20)])
def test_it_looks_at_the_examples_asked_for(examples, count):
    probe = probes.Own(name="count", function=lambda n, x, y: 1.0 * len(y), examples=examples)
    assert measured(trained(recipe(), observers=(probe,)), "own/count").values[0] == count


def test_its_identity_is_that_of_its_function():
    other = probes.Own(name="margin", function=lambda network, x, y: jnp.sum(x))
    same = probes.Own(name="margin", function=margin)
    assert same == MARGIN
    assert MARGIN.identity == same.identity
    assert MARGIN.identity != other.identity
    assert MARGIN.as_json()["function"]["function"] == "own.example_parts:margin"


def study(*asked, **fields):
    factor = Factor("optimizer.learning_rate", [0.1, 0.2])
    given = {"name": "own", "question": "?", "recipe": recipe(), "factors": [factor]}
    return Study(**(given | {"probes": asked} | fields))


def test_a_study_has_several_of_different_names():
    assert len(study(MARGIN, LARGEST).probes) == 2
    with pytest.raises(DeclarationError, match=r"has 2 of Own\(name='margin'\)"):
        study(MARGIN, probes.Own(name="margin", function=largest))


def failing(network, inputs, targets):
    return network.no_such_thing


def everything(network, inputs, targets):
    return inputs


def one_layer(network, inputs, targets):
    return {"1": jnp.sum(inputs)}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"function": failing}, "failing fails when it is tried with 2 examples: AttributeError"),
        ({"function": everything}, "gives an array of shape (2, 3); should be one number"),
        ({"function": margin, "per_layer": True}, "gives an array of shape (); should be a dict"),
        ({"function": one_layer, "per_layer": True}, "gives a dict of ['1']; should be a dict"),
        ({"function": largest}, "gives a dict of ['1', '2']; should be one number"),
    ],
    ids=range(5),
)
def test_what_gives_something_else_is_said_when_it_is_declared(fields, problem):
    with pytest.raises(DeclarationError) as caught:
        study(probes.Own(name="wrong", **fields))
    assert problem in str(caught.value)
    assert "probes.Own.function" in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "Wrong Name"}, "name: got 'Wrong Name'; String should match pattern"),
        ({"function": 3}, "function: got 3; should be a function or another callable"),
        ({"examples": "all"}, "examples: got 'all'"),
        ({"measure": margin}, "measure: unknown field 'measure'"),
    ],
    ids=range(4),
)
def test_wrong_declarations_are_refused(fields, problem):
    with pytest.raises(DeclarationError) as caught:
        probes.Own(**({"name": "fine", "function": margin} | fields))
    assert problem in str(caught.value)


def test_targets_may_be_numbers():
    def error(network, inputs, targets):
        return jnp.mean(jnp.square(targets - 1.0)) + targets[0, 0]

    probe = probes.Own(name="error", function=error)
    numbers = recipe(data=arrays(NUMBERS), loss="mean_squared_error")
    assert probe.faults(models.MLP(), (3,), 1) == []
    assert measured(trained(numbers, observers=(probe,)), "own/error").values.shape == (3,)
