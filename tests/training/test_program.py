"""The compiled programs: objective, dropout, evaluation, and how steps are divided into calls."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.data.base import Source
from paribus.models import MLP, Initialization
from paribus.models.base import named_weights, skeleton, weights_of
from paribus.models.initialize import initialize
from paribus.objectives import Penalties
from paribus.spec import split_traced
from paribus.training import program
from paribus.training.batch import Batch, Data
from training.stepwise import CONVOLUTIONAL, EXAMPLE, initial_weights, train_by_calls

DATASET = EXAMPLE.data.load(Source())
STEPS = EXAMPLE.steps_per_epoch


def started(recipe):
    facts = recipe.data.facts()
    empty = skeleton(recipe.model, facts.shape, facts.outputs)
    return initialize(empty, Initialization(), 0, np.float32)


def batch(count, size):
    """The first examples, padded to a size as the last batch of an epoch is."""
    inputs = (DATASET.inputs[:size] / 16).astype(np.float32)
    shares = np.where(np.arange(size) < count, 1 / count, 0).astype(np.float32)
    return Batch(inputs, DATASET.targets[:size], shares)


def evaluated(recipe):
    positions = jnp.asarray(np.resize(DATASET.test, program.EVALUATION_CHUNK))
    data = Data(jnp.asarray(DATASET.inputs), jnp.asarray(DATASET.targets))
    static, _ = split_traced(recipe)
    weights = weights_of(started(recipe))
    return jax.jit(lambda w: program.evaluate(w, data, positions, recipe=static))(weights)


def test_padding_counts_for_nothing():
    recipe = EXAMPLE.with_fields({"model.dropout": 0.0})
    network = started(recipe)
    padded, whole = (program.objective(network, recipe, batch(5, size), None) for size in (8, 5))
    np.testing.assert_allclose(padded, whole, rtol=1e-6)


def test_the_objective_is_a_plain_mean_and_the_penalties():
    recipe = EXAMPLE.with_fields({"model.dropout": 0.0, "penalties": Penalties(l1=0.1, l2=0.2)})
    w = {name: value.astype(float) for name, value in initial_weights(recipe, 0).items()}
    hidden = DATASET.inputs[:9].reshape(9, -1) / 16
    for layer in "12":
        hidden = np.tanh(hidden @ w[f"{layer}.weight"].T + w[f"{layer}.bias"])
    logits = hidden @ w["3.weight"].T + w["3.bias"]
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    weights = [w[f"{layer}.weight"] for layer in "123"]
    expected = (
        -logs[np.arange(9), DATASET.targets[:9]].mean()
        + 0.1 * sum(np.abs(weight).sum() for weight in weights)
        + 0.2 * sum((weight**2).sum() for weight in weights)
    )
    found = program.objective(started(recipe), recipe, batch(9, 9), None)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_dropout_is_off_in_evaluation():
    often, never = (EXAMPLE.with_fields({"model.dropout": rate}) for rate in (0.9, 0.0))
    for found, expected in zip(evaluated(often), evaluated(never), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_dropout_is_on_in_training_and_off_without_keys():
    network, keys = started(EXAMPLE), jax.random.split(jax.random.key(0), 8)
    others = jax.random.split(jax.random.key(1), 8)
    losses = [float(program.objective(network, EXAMPLE, batch(8, 8), k)) for k in (keys, others)]
    assert losses[0] != losses[1]
    without = EXAMPLE.with_fields({"model.dropout": 0.0})
    plain = program.objective(started(without), without, batch(8, 8), None)
    np.testing.assert_array_equal(program.objective(network, EXAMPLE, batch(8, 8), None), plain)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_keeps_the_mean(rate):
    recipe = EXAMPLE.with_fields(
        {"model": MLP(hidden=(200,), activation="identity", dropout=rate)}
    )
    without = started(recipe.with_fields({"model.dropout": 0.0}))
    x = (DATASET.inputs[0] / 16).astype(np.float32)
    keys = jax.random.split(jax.random.key(0), 5000)
    outputs = np.asarray(jax.vmap(lambda key: started(recipe)(x, key=key))(keys))
    error = outputs.std(axis=0) / np.sqrt(len(outputs))
    assert error.max() > 0
    assert (np.abs(outputs.mean(axis=0) - without(x)) < 5 * error).all()


@pytest.mark.parametrize(
    "calls", [[1] * STEPS, [1, STEPS - 1], [STEPS - 1, 1], [7, 3, STEPS - 10]], ids=str
)
@pytest.mark.parametrize("recipe", [EXAMPLE, CONVOLUTIONAL], ids=["mlp", "cnn"])
def test_how_steps_are_divided_into_calls_does_not_change_a_bit(recipe, calls):
    assert sum(calls) == STEPS
    whole, parts = train_by_calls(recipe, 0), train_by_calls(recipe, 0, calls)
    for one, other in zip(whole, parts, strict=True):
        assert one.loss == other.loss
        assert {n: a.tobytes() for n, a in one.weights.items()} == {
            n: a.tobytes() for n, a in other.weights.items()
        }


def test_a_network_is_its_weights_and_its_declaration():
    network = started(EXAMPLE)
    again = program.network_of(EXAMPLE, weights_of(network))
    for name, array in named_weights(network).items():
        np.testing.assert_array_equal(named_weights(again)[name], array)


@pytest.mark.parametrize(("length", "padded"), [(1, 4), (4, 4), (5, 8)])
def test_padding(length, padded):
    positions = np.arange(length, dtype=np.int32)
    found = program.padded(positions, 4, -1)
    np.testing.assert_array_equal(found[:length], positions)
    np.testing.assert_array_equal(found[length:], np.full(padded - length, -1))
    assert found.dtype == np.int32
