"""Every probe against a slow, obvious oracle: NumPy on the trained weights of real runs.

A new probe joins with a row in ROWS: an oracle, which is a function of a `Case`, a bound on the
relative error, and where it needs one, a recipe of its own.
"""

from functools import cache, partial
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

from paribus import probes, seeds
from paribus.data import Digits, Function
from paribus.data.base import Source
from paribus.models import MLP
from paribus.models.base import layers_of, named_weights
from paribus.objectives.penalties import Penalties
from paribus.optimizers import SGD
from paribus.probes import (
    AtEnd,
    Every,
    FirstLayerChange,
    GradientNorm,
    HessianSpectrum,
    HessianTrace,
    HiddenUnits,
    LargestEigenvalues,
    Outputs,
    Sensitivity,
    UpdateRatio,
    WeightChange,
    WeightNorm,
    Weights,
)
from paribus.probes.base import Probe
from paribus.training import EarlyStopping, Recipe
from paribus.training.lane import Lane
from reference import plain_probes
from reference.plain_probes import Case
from training.stepwise import (
    CONVOLUTIONAL,
    DEVICES,
    EXAMPLE,
    initial_weights,
    measured,
    task,
    train,
    train_together,
)

RECIPE = Recipe(
    data=Digits(validation=100),
    model=MLP(hidden=(6, 5), activation="tanh"),
    optimizer=SGD(learning_rate=0.05, momentum=0.9),
    penalties=Penalties(l2=1e-3),
    batch_size=50,
    epochs=2,
    precision="float64",
)
CURVE = RECIPE.with_fields(
    {
        "data": Function(name="sinc", examples=40),
        "loss": "mean_squared_error",
        "batch_size": 8,
        "penalties.l2": 0.0,
    }
)
DYING = RECIPE.with_fields(
    {"model": MLP(hidden=(20, 12), activation="relu"), "optimizer.learning_rate": 0.5}
)
SATURATING = RECIPE.with_fields(
    {"model": MLP(hidden=(20, 12), activation="tanh"), "optimizer.learning_rate": 0.5}
)
REPLICATE = 3


class Row(NamedTuple):
    probe: Probe
    oracle: Any
    bound: float
    recipe: Recipe = RECIPE


UNITS = {"examples": 200, "margin": 0.05, "share": 0.6}
ROWS = [
    Row(GradientNorm(), plain_probes.gradient, 1e-7),
    Row(WeightNorm(), plain_probes.weights, 1e-12),
    Row(UpdateRatio(), plain_probes.update_ratio, 1e-12),
    Row(WeightChange(), plain_probes.weight_change, 1e-12),
    Row(FirstLayerChange(), plain_probes.first_layer_change, 1e-12),
    Row(Weights(when=Every(epochs=2)), plain_probes.all_weights, 0),
    Row(HiddenUnits(examples=5000), plain_probes.relu_units, 1e-12, DYING),
    Row(HiddenUnits(**UNITS), partial(plain_probes.tanh_units, **UNITS), 1e-12, SATURATING),
    Row(Sensitivity(), plain_probes.sensitivity, 1e-7),
    Row(Outputs(), plain_probes.curve, 1e-12, CURVE),
]
ELSEWHERE = {HessianSpectrum, LargestEigenvalues, HessianTrace, probes.Own}
"""Those with oracles of their own: `tests/probes/test_hessian.py`, `tests/own`."""
ALL = tuple(
    {type(row.probe): row.probe for row in ROWS if not isinstance(row.probe, Outputs)}.values()
)
"""One of each kind that any data allows."""


@cache
def run(recipe, *observers):
    return train(recipe, REPLICATE, observers=observers)


def layers(network):
    return [(np.asarray(one.weight), np.asarray(one.bias)) for _, one in layers_of(network)]


def case(recipe):
    """The run as its oracles see it: of weights and data, by other means than the trainer's."""
    dataset = recipe.data.load(Source())

    def examples(positions):
        inputs = dataset.inputs[positions].reshape(len(positions), -1).astype(np.float64)
        return inputs / dataset.maximum, dataset.targets[positions]

    trained, start = run(recipe), initial_weights(recipe, REPLICATE)
    order = seeds.permutation(seeds.stream_key(REPLICATE, "probe"), len(trained.splits.train))
    name = recipe.model.activation
    return Case(
        layers=layers(trained.network),
        previous=layers(run(recipe.with_fields({"epochs": recipe.epochs - 1})).network),
        initial=[
            (start[f"{n}.weight"], start[f"{n}.bias"]) for n in range(1, len(start) // 2 + 1)
        ],
        activation={"tanh": np.tanh, "relu": plain_probes.relu}[name],
        loss=getattr(plain_probes, recipe.loss),
        l2=recipe.penalties.l2,
        batch=examples(trained.splits.train[order[: recipe.batch]]),
        train=examples(trained.splits.train),
        test=examples(trained.splits.test),
    )


def test_every_probe_has_an_oracle():
    exported = [getattr(probes, name) for name in probes.__all__]
    known = {type(row.probe) for row in ROWS} | ELSEWHERE
    assert {one for one in exported if issubclass(one, Probe)} == known


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row.probe).__name__)
def test_agrees_with_its_oracle_after_training(row):
    probe, recipe = row.probe, row.recipe
    found, expected = measured(run(recipe, probe)), row.oracle(case(recipe))
    own = [name for name, one in found.items() if one.probe]
    assert sorted(own) == sorted(expected) == sorted(probe.QUANTITIES)
    for name, values in expected.items():
        one = found[name]
        assert one.dims == ("epoch", *probe.QUANTITIES[name])
        assert list(one.coords["epoch"]) == [at for at in range(3) if probe.due(at, 2)]
        assert one.probe == probe.identity
        np.testing.assert_allclose(one.values[-1], values, row.bound, atol=row.bound / 100)


def test_the_units_looked_at_are_partly_dead_and_partly_saturated():
    """Else their oracles would agree with a probe that always gives 0."""
    dying = plain_probes.relu_units(case(DYING))["units/dead"]
    saturating = plain_probes.tanh_units(case(SATURATING), **UNITS)["units/saturated"]
    assert 0 < np.mean(dying) < 1
    assert 0 < np.mean(saturating) < 1


def test_changes_are_measured_in_every_epoch_of_a_run():
    found = measured(run(RECIPE, UpdateRatio(), WeightChange()))
    first = layers(run(RECIPE.with_fields({"epochs": 1})).network)
    start = case(RECIPE).initial
    for number, ((now, _), (then, _)) in enumerate(zip(first, start, strict=True)):
        moved = np.linalg.norm(now - then)
        assert found["update/ratio"].coords["epoch"].tolist() == [1, 2]
        assert found["update/ratio"].values[0][number] == pytest.approx(
            moved / np.linalg.norm(then), rel=1e-12
        )
        assert found["change/norm"].values[:2, number] == pytest.approx([0, moved], rel=1e-12)


def test_each_probe_keeps_its_own_schedule():
    found = measured(run(RECIPE, GradientNorm(when=AtEnd()), WeightNorm(when=Every(epochs=2))))
    assert list(found["gradient/norm"].coords["epoch"]) == [2]
    assert list(found["weight/norm"].coords["epoch"]) == [0, 2]


def test_the_end_of_a_run_that_stops_early_is_its_end():
    stopping = EarlyStopping(patience=1, change=10.0)
    recipe = RECIPE.with_fields({"epochs": 9, "early_stopping": stopping})
    found = measured(run(recipe, WeightNorm(when=AtEnd())))
    assert list(found["weight/norm"].coords["epoch"]) == [1]
    assert found["test/loss"].coords["epoch"][-1] == 1


@pytest.mark.parametrize("recipe", [EXAMPLE, CONVOLUTIONAL], ids=["mlp", "cnn"])
def test_a_run_is_the_same_with_all_probes_and_with_none(recipe):
    recipe = recipe.with_fields({"epochs": 1})
    with_all, without = run(recipe, *ALL), run(recipe)
    ours, theirs = measured(with_all), measured(without)
    assert {name for name, one in ours.items() if not one.probe} == set(theirs)
    assert {one.probe for one in ours.values()} == {"", *(probe.identity for probe in ALL)}
    for name, one in theirs.items():
        np.testing.assert_array_equal(ours[name].values, one.values)
    weights = named_weights(without.network)
    for name, array in named_weights(with_all.network).items():
        np.testing.assert_array_equal(array, weights[name])


def test_side_by_side_the_same_is_measured():
    double = EXAMPLE.with_fields({"precision": "float64", "epochs": 1})
    tasks = [task(double, replicate, observers=ALL) for replicate in (0, 1)]
    together = train_together(tasks, Lane(DEVICES[0], widest=2))
    for replicate, beside in enumerate(together):
        alone = measured(train(double, replicate, observers=ALL))
        for name, one in measured(beside).items():
            assert one.dims == alone[name].dims
            np.testing.assert_allclose(one.values, alone[name].values, rtol=1e-9, atol=1e-12)


class Doubled(Probe):
    """The loss of the fixed batch in float64, and how much of the start is left."""

    QUANTITIES = {"doubled/loss": (), "doubled/change": ()}  # noqa: RUF012 - as in its base
    NEEDS = frozenset({"initial", "previous"})
    DOUBLE = True

    kind: Literal["doubled"] = "doubled"

    def measure(self, snapshot):
        now, start, before = (
            layers_of(one)[0][1].weight
            for one in (snapshot.network, snapshot.initial, snapshot.previous)
        )
        return {
            "doubled/loss": snapshot.objective(snapshot.network, snapshot.batch),
            "doubled/change": jnp.sum((now - start) * (now - before)),
        }


def test_a_probe_can_measure_in_float64_a_run_that_trains_in_float32():
    single = RECIPE.with_fields({"precision": "float32"})
    observers = Doubled(), WeightNorm()
    found, seen = measured(run(single, *observers)), case(single)
    exact = seen._replace(
        layers=[(weight.astype(float), bias.astype(float)) for weight, bias in seen.layers]
    )
    (now, _), (start, _), (before, _) = exact.layers[0], exact.initial[0], exact.previous[0]
    change = ((now - start.astype(float)) * (now - before.astype(float))).sum()
    assert found["doubled/loss"].values.dtype == np.float64
    assert found["doubled/loss"].values[-1] == pytest.approx(exact.objective(exact.layers), 1e-12)
    assert found["doubled/change"].values[-1] == pytest.approx(change, 1e-12)
    assert found["weight/norm"].values.dtype == np.float32
    for name, array in named_weights(run(single, *observers).network).items():
        np.testing.assert_array_equal(array, named_weights(run(single).network)[name])
