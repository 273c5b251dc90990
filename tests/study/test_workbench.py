"""The workbench over a lab: what it reads, and what it computes on a lane, against NumPy."""

import numpy as np
import pytest

from paribus import Factor, data, probes
from paribus.analyses import EpochTime, Line, Path
from paribus.data.base import Source
from paribus.data.dataset import split
from paribus.models import CNN, MLP, Convolution, Pool
from paribus.models.base import layers_of, skeleton
from paribus.models.initialize import initialize
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.study.workbench import StudyBench
from paribus.training.lane import Lane
from paribus.training.platform import device
from paribus.training.positions import epoch_order, evaluated_positions
from reference.plain_components import components
from reference.plain_line import along_line
from study.example_study import tiny_recipe, tiny_study

RATE = "optimizer.learning_rate"


class Bench:
    """A trained study, and what its workbench was given."""

    def __init__(self, study, lab):
        self.study = study
        self.plan = make_plan(study.at(), Source())
        run_plan(self.plan, RunOptions(lab=lab, cores=1))
        self.catalogue = Catalogue.open(lab, create=False)
        self.lanes, self.datasets = [], []
        self.bench = StudyBench(self.plan, self.catalogue, self.dataset, self.lane)

    def dataset(self, run):
        self.datasets.append(run.key)
        return run.recipe.data.load(Source())

    def lane(self):
        self.lanes.append(Lane(device(0)))
        return self.lanes[-1]

    def key(self, label, replicate=0):
        named = [(next(iter(run.condition.values())), run.replicate) for run in self.plan.runs]
        return self.plan.runs[named.index((label, replicate))].key


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains each study once."""
    kept = {}

    def train(**fields):
        name = repr(sorted(fields))
        if name not in kept:
            kept[name] = Bench(tiny_study(**fields), tmp_path_factory.mktemp("lab"))
        return kept[name]

    yield train
    for one in kept.values():
        one.catalogue.close()


def digits(recipe, replicate):
    """Inputs and targets of each split that is evaluated."""
    found = recipe.data.load(Source())
    splits = split(found, recipe.data.validation, replicate)
    positions = evaluated_positions(recipe, replicate, splits)
    flat = found.inputs.reshape(len(found.inputs), -1) / 16
    return {name: (flat[at], found.targets[at]) for name, at in positions.items()}


def test_runs_are_those_that_finished_by_condition_and_replicate(trained):
    study = trained(factors=[Factor(RATE, {"sane": 0.1, "wild": 1e30})])
    assert [(run.condition["learning_rate"], run.replicate) for run in study.bench.runs] == [
        ("sane", 0),
        ("sane", 1),
    ]
    assert study.bench.runs[1].key == study.key("sane", 1)


def test_it_reads_what_is_stored_without_data_or_lane(trained):
    study = trained(probes=(probes.Weights(),))
    fresh = StudyBench(study.plan, study.catalogue, dataset=pytest.fail, lane=pytest.fail)
    key = study.key("low")
    path = fresh.measurement(key, "weights/all")
    assert path.coords["epoch"].tolist() == [0, 1, 2]
    flat = np.concatenate([part.ravel() for part in _ordered(fresh.weights(key))])
    assert (path.values[-1] == flat).all()
    assert fresh.measurement(key, "weights/some") is None


def _ordered(weights):
    return [weights[name] for name in ("1.weight", "1.bias", "2.weight", "2.bias")]


def test_what_another_probe_measured_is_not_read(trained):
    study = trained(probes=(probes.Weights(),))
    other = make_plan(tiny_study(probes=(probes.Weights(when=probes.AtEnd()),)).at(), Source())
    bench = StudyBench(other, study.catalogue, dataset=pytest.fail, lane=pytest.fail)
    assert bench.measurement(study.key("low"), "weights/all") is None
    assert bench.measurement(study.key("low"), "test/loss") is not None


MODELS = {
    "mlp": MLP(hidden=(8,)),
    "cnn": CNN(convolutions=(Convolution(channels=4, kernel=3, pool=Pool()),), hidden=(6,)),
}


@pytest.mark.parametrize(("model", "precision"), [("mlp", "float64"), ("cnn", "float32")])
def test_of_its_own_weights_a_run_has_the_metrics_that_it_ended_with(tmp_path, model, precision):
    changes = {"model": MODELS[model], "precision": precision, "epochs": 1, "evaluate_train": 300}
    recipe = tiny_recipe(data=data.Digits(validation=50, random_labels=0.2), **changes)
    study = Bench(tiny_study(recipe=recipe, factors=[], replicates=2), tmp_path / "lab")
    _, run = study.bench.runs
    weights = study.bench.weights(run.key)
    found = study.bench.evaluate(run.key, iter([weights, weights]))
    splits = {name.partition("/")[0] for name in found}
    assert splits == {"train", "validation", "test"}
    for name, values in found.items():
        end = study.bench.measurement(run.key, name).values[-1]
        assert values.tolist() == [end, end], name
    study.catalogue.close()


def test_loss_and_accuracy_along_a_line_are_those_of_plain_numpy(trained):
    study = trained()
    line = Line(pairs=(("low", "high"),), points=13)
    found = {one.name: one.values for one in line.compute(study.bench)}
    for replicate in range(2):
        ends = [study.bench.weights(study.key(label, replicate)) for label in ("low", "high")]
        ends = [{name: part.astype(float) for name, part in end.items()} for end in ends]
        splits = digits(study.study.recipe, replicate)
        for name in ("train", "test"):
            inputs, targets = splits[name]
            losses, accuracies = along_line(*ends, line.positions, inputs, targets)
            here = 0, replicate
            np.testing.assert_allclose(found[f"line/{name}_loss"][here], losses, rtol=2e-5)
            one_example = 1.01 / len(targets)  # of two equal outputs either may be the larger
            np.testing.assert_allclose(
                found[f"line/{name}_accuracy"][here], accuracies, rtol=0, atol=one_example
            )
            inside = slice(5, 8)  # a = 0.25, 0.5, 0.75; the ends are at 4 and 8
            a = line.positions[inside]
            straight = (1 - a) * losses[4] + a * losses[8]
            expected = (losses[inside] - straight).max()
            assert found[f"line/{name}_barrier"][here] == pytest.approx(expected, abs=1e-4)


def test_one_program_serves_all_networks_of_a_cohort(trained):
    study = trained()
    study.lanes.clear()
    bench = StudyBench(study.plan, study.catalogue, study.dataset, study.lane)
    key, other = study.key("low"), study.key("high", 1)
    bench.evaluate(key, [bench.weights(key)])
    (lane,) = study.lanes
    programs = lane.programs(study.plan.runs[0].cohort)
    seconds = programs.compile_seconds
    assert seconds > 0
    bench.evaluate(other, [bench.weights(key), bench.weights(other)])
    assert programs.compile_seconds == seconds
    assert len(study.lanes) == 1


def test_networks_whose_loss_is_not_finite_are_measured(trained):
    study = trained()
    key = study.key("low")
    wild = {name: part * 1e38 for name, part in study.bench.weights(key).items()}
    found = study.bench.evaluate(key, [wild, study.bench.weights(key)])
    assert np.isfinite(found["test/loss"]).tolist() == [False, True]


def test_data_without_classes_has_losses_alone(tmp_path):
    fields = {"data": data.Function(name="sinc"), "loss": "mean_squared_error", "epochs": 2}
    study = Bench(tiny_study(recipe=tiny_recipe(**fields)), tmp_path / "lab")
    found = Line(pairs=(("low", "high"),), points=3).compute(study.bench)
    assert sorted(one.name for one in found) == [
        "line/test_barrier",
        "line/test_loss",
        "line/train_barrier",
        "line/train_loss",
    ]
    study.catalogue.close()


def test_the_path_of_trained_runs_is_that_of_plain_numpy(trained):
    study = trained(probes=(probes.Weights(),))
    found = {one.name: one for one in Path(weights="first layer").compute(study.bench)}
    keys = [run.key for run in study.bench.runs]
    size = 64 * 8 + 8
    points = [study.bench.measurement(key, "weights/all").values[:, :size] for key in keys]
    expected, shares = components(np.concatenate(points).astype(float), 2)
    coordinates = found["path/coordinates"].values
    np.testing.assert_allclose(coordinates.reshape(-1, 2), expected, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found["path/variance"].values, shares, rtol=1e-9)
    # Both conditions of a replicate start from one network.
    np.testing.assert_allclose(coordinates[0, 0], coordinates[2, 0], rtol=0, atol=1e-7)
    metrics = [study.bench.measurement(key, "test/accuracy").values for key in keys]
    assert (found["path/accuracy"].values == metrics).all()


def test_epochs_are_timed_one_condition_after_the_other(trained):
    study = trained()
    (found,) = EpochTime(repeats=2).compute(study.bench)
    assert found.values.shape == (2, 2)
    assert (found.values > 0).all()
    assert found.coords["condition"].tolist() == ["low", "high"]


@pytest.mark.parametrize("fields", [{"evaluate": "end"}, {"batch_size": 2000}, {"epochs": 1}])
def test_an_epoch_is_timed_whatever_a_feed_is(tmp_path, fields):
    study = Bench(tiny_study(recipe=tiny_recipe(**fields), replicates=1), tmp_path / "lab")
    seconds = study.bench.epoch_seconds([study.key("low"), study.key("high")], 3)
    assert seconds.shape == (3, 2)
    assert (seconds > 0).all()
    study.catalogue.close()


def test_the_first_steps_are_those_that_were_trained(trained):
    study = trained()
    key = study.key("high")
    losses = study.bench.step_losses(key, 60)  # 45 steps an epoch
    mean = study.bench.measurement(key, "batch/loss").values[0]
    counts = np.array([32] * 44 + [29])  # 1,437 examples
    assert losses.shape == (60,)
    np.testing.assert_allclose((losses[:45] * counts).sum() / 1437, mean, rtol=1e-6)


def test_the_first_gradient_is_that_of_plain_numpy(trained):
    study = trained()
    recipe = study.plan.runs[0].recipe
    batch, targets, layers = first_batch(recipe, replicate=1)
    found = study.bench.first_gradient(study.key("low", 1))
    np.testing.assert_allclose(found, relu_gradient(batch, targets, layers), rtol=1e-9, atol=1e-12)


def test_outputs_are_those_of_plain_numpy(trained):
    study = trained()
    key = study.key("low")
    weights = study.bench.weights(key)
    digits = data.Digits().load(Source())
    inputs = digits.inputs[digits.test].reshape(360, -1) / 16
    hidden = np.maximum(inputs @ weights["1.weight"].astype(float).T + weights["1.bias"], 0)
    expected = hidden @ weights["2.weight"].astype(float).T + weights["2.bias"]
    np.testing.assert_allclose(study.bench.outputs(key, weights), expected, rtol=0, atol=1e-12)


def test_a_gradient_is_checked_layer_by_layer(trained):
    study = trained()
    found = study.bench.gradient_check(study.key("low"))
    assert set(found.layers) == {"1", "2"}
    assert found.overall < 1e-7
    assert all(checked > 0 for _, checked, _ in found.layers.values())


def first_batch(recipe, replicate):
    """Inputs, targets and fresh layers of a run's first step, in float64."""
    digits = data.Digits().load(Source())
    positions = epoch_order(recipe, replicate, 1, split(digits, 0, replicate).train)[0]
    facts = recipe.data.facts()
    empty = skeleton(recipe.model, facts.shape, facts.outputs)
    fresh = initialize(empty, recipe.initialization, replicate, np.dtype("float64"))
    layers = [(layer.weight, layer.bias) for _, layer in layers_of(fresh)]
    return digits.inputs[positions].reshape(len(positions), -1) / 16, positions, layers


def relu_gradient(inputs, positions, layers):
    """The gradient of the mean cross-entropy of one hidden layer of relu, by hand."""
    targets = data.Digits().load(Source()).targets[positions]
    (first, bias), (last, shift) = layers
    sums = inputs @ first.T + bias
    hidden = np.maximum(sums, 0)
    outputs = hidden @ last.T + shift
    shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    slopes = (shares - np.eye(10)[targets]) / len(targets)
    below = (slopes @ last) * (sums > 0)
    parts = below.T @ inputs, below.sum(axis=0), slopes.T @ hidden, slopes.sum(axis=0)
    return np.concatenate([part.ravel() for part in parts])
