"""Every probe against a slow, obvious oracle: NumPy on the trained weights of a real run.

A new probe joins with a row in ORACLES: a function of the trained layers (weight, bias) and of
the objective as a plain function of them.
"""

import numpy as np
import pytest

from paribus import probes, seeds
from paribus.data.base import Source
from paribus.data.digits import Digits
from paribus.models.base import layers_of
from paribus.models.mlp import MLP
from paribus.objectives.penalties import Penalties
from paribus.optimizers.sgd import SGD
from paribus.probes.base import Probe
from paribus.probes.gradients import GradientNorm
from paribus.probes.weights import WeightNorm
from paribus.probes.when import AtEnd, Every
from paribus.training.lane import Lane
from paribus.training.loop import Task, train_run
from paribus.training.platform import devices
from paribus.training.recipe import EarlyStopping, Recipe

RECIPE = Recipe(
    data=Digits(validation=100),
    model=MLP(hidden=(6, 5), activation="tanh"),
    optimizer=SGD(learning_rate=0.05, momentum=0.9),
    penalties=Penalties(l2=1e-3),
    batch_size=50,
    epochs=2,
    precision="float64",
)
REPLICATE = 3


def trained(recipe=RECIPE, observers=()):
    task = Task(recipe, REPLICATE, recipe.data.load(Source()), tuple(observers))
    return train_run(task, Lane(devices()[0]))


def measured(run):
    return {one.name: one for one in run.history.measurements(["1", "2", "3"])}


def objective(layers, inputs, targets):
    """Mean cross-entropy and L2 penalty of a tanh network, in plain NumPy."""
    activation = inputs
    for index, (weight, bias) in enumerate(layers, start=1):
        activation = activation @ weight.T + bias
        if index < len(layers):
            activation = np.tanh(activation)
    shifted = activation - activation.max(axis=1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    data = -log_softmax[np.arange(len(targets)), targets].mean()
    return data + 1e-3 * sum((weight**2).sum() for weight, _ in layers)


def gradient_norms(layers, loss, step=1e-6):
    """By central differences, one weight at a time."""
    norms = []
    for index, (weight, _) in enumerate(layers):
        slopes = []
        for place in np.ndindex(weight.shape):
            ends = []
            for sign in (1, -1):
                moved = [(w.copy(), b) for w, b in layers]
                moved[index][0][place] += sign * step
                ends.append(loss(moved))
            slopes.append((ends[0] - ends[1]) / (2 * step))
        norms.append(np.sqrt(np.sum(np.square(slopes))))
    return {"gradient/norm": norms}


def weight_facts(layers, loss):
    return {
        "weight/norm": [np.sqrt((weight**2).sum()) for weight, _ in layers],
        "weight/mean": [weight.mean() for weight, _ in layers],
    }


ORACLES = [(GradientNorm(), gradient_norms, 1e-7), (WeightNorm(), weight_facts, 1e-12)]


def test_every_probe_has_an_oracle():
    exported = [getattr(probes, name) for name in probes.__all__]
    assert {one for one in exported if issubclass(one, Probe)} == {type(p) for p, *_ in ORACLES}


@pytest.mark.parametrize(("probe", "oracle", "bound"), ORACLES, ids=lambda one: type(one).__name__)
def test_agrees_with_its_oracle_after_training(probe, oracle, bound):
    run = trained(observers=[probe])
    layers = [(np.asarray(one.weight), np.asarray(one.bias)) for _, one in layers_of(run.network)]
    key = seeds.stream_key(REPLICATE, "probe")
    batch = run.splits.train[seeds.permutation(key, len(run.splits.train))[:50]]
    data = RECIPE.data.load(Source())
    inputs = data.inputs[batch].reshape(50, -1) / 16
    expected = oracle(layers, lambda moved: objective(moved, inputs, data.targets[batch]))
    found = measured(run)
    for name, values in expected.items():
        assert found[name].dims == ("epoch", "layer")
        assert list(found[name].coords["epoch"]) == [0, 1, 2]
        np.testing.assert_allclose(found[name].values[-1], values, rtol=bound)


def test_each_probe_keeps_its_own_schedule():
    run = trained(observers=[GradientNorm(when=AtEnd()), WeightNorm(when=Every(epochs=2))])
    found = measured(run)
    assert list(found["gradient/norm"].coords["epoch"]) == [2]
    assert list(found["weight/norm"].coords["epoch"]) == [0, 2]


def test_the_end_of_a_run_that_stops_early_is_its_end():
    stopping = EarlyStopping(patience=1, change=10.0)
    recipe = RECIPE.with_fields({"epochs": 9, "early_stopping": stopping})
    found = measured(trained(recipe, [WeightNorm(when=AtEnd())]))
    assert list(found["weight/norm"].coords["epoch"]) == [1]
    assert found["test/loss"].coords["epoch"][-1] == 1
