"""The Hessian probes on trained networks: against PyTorch, and against a plain Hessian."""

import numpy as np
import pytest

from paribus.data import Digits, Function
from paribus.data.base import Source
from paribus.errors import DeclarationError
from paribus.models import CNN, MLP, Convolution, Pool
from paribus.models.base import layers_of
from paribus.objectives.penalties import Penalties
from paribus.optimizers import SGD, Adam
from paribus.probes.hessian import (
    TOLERANCES,
    HessianSpectrum,
    HessianTrace,
    LargestEigenvalues,
)
from paribus.probes.when import Every
from paribus.training import Recipe
from paribus.training.lane import Lane
from paribus.training.loop import train_run, train_runs
from paribus.training.platform import device
from paribus.training.task import Task
from reference.plain_hessian import PlainHessian

DEVICE = device(0)
SINC = Recipe(
    data=Function(name="sinc"),
    model=MLP(hidden=(5, 10, 10, 10, 10, 10, 5), activation="leaky_relu"),
    optimizer=Adam(learning_rate=1e-3),
    loss="mean_squared_error",
    batch_size=1000,
    epochs=100,
    evaluate="end",
)
MIDDLE = SINC.with_fields({"model.hidden": (10, 18, 15, 4)})
DIGITS = Recipe(
    data=Digits(),
    model=MLP(hidden=(4,), activation="tanh", dropout=0.2),
    optimizer=SGD(learning_rate=0.1),
    penalties=Penalties(l1=1e-4, l2=1e-3),
    batch_size=50,
    epochs=2,
)
RECIPES = {
    "deep": (SINC, 571),
    "shallow": (SINC.with_fields({"model.hidden": (190,)}), 571),
    "middle": (MIDDLE, 572),
    "middle relu": (MIDDLE.with_fields({"model.activation": "relu"}), 572),
    "middle tanh": (MIDDLE.with_fields({"model.activation": "tanh"}), 572),
    "digits": (DIGITS, 310),
}
SMALL = DIGITS.with_fields({"data": Digits(validation=1000), "precision": "float64"})
CONVOLUTIONAL = SMALL.with_fields(
    {
        "model": CNN(
            convolutions=(Convolution(channels=2, kernel=3, pool=Pool()),), hidden=(), dropout=0.2
        )
    }
)
BOTH = pytest.mark.parametrize("recipe", [SMALL, CONVOLUTIONAL], ids=["mlp", "cnn"])


def task(recipe, *observers, replicate=3):
    return Task(recipe, replicate, recipe.data.load(Source()), observers)


def trained(recipe, *observers):
    return train_run(task(recipe, *observers), Lane(DEVICE))


def measured(run):
    return {one.name: one for one in run.history.measurements(["1", "2"])}


def last(run):
    return {name: one.values[-1] for name, one in measured(run).items()}


def with_plain(recipe, *observers):
    """What was measured at the end, and the eigenvalues of the plainly computed Hessian."""
    found = last(trained(recipe, PlainHessian(), *observers))
    return found, np.linalg.eigvalsh(found["plain/hessian"])


def by_torch(recipe, run):
    torch_hessian = pytest.importorskip(
        "reference.torch_hessian", reason="compares with PyTorch: needs torch installed"
    )
    data, train = recipe.data.load(Source()), run.splits.train
    inputs = data.inputs[train].astype(np.float64) / recipe.data.facts().maximum
    layers = [(layer.weight, layer.bias) for _, layer in layers_of(run.network)]
    return torch_hessian.gradient_and_hessian(recipe, layers, inputs, data.targets[train])


@pytest.mark.parametrize(("recipe", "parameters"), RECIPES.values(), ids=RECIPES)
def test_the_spectrum_is_that_of_pytorch(recipe, parameters):
    run = trained(recipe, HessianSpectrum())
    found = last(run)
    gradient, hessian = by_torch(recipe, run)
    expected = np.linalg.eigvalsh(hessian)
    assert found["hessian/eigenvalues"].shape == (parameters,)
    assert found["hessian/eigenvalues"].dtype == np.float64
    apart = np.abs(found["hessian/eigenvalues"] - expected).max()
    assert apart <= 1e-9 * np.abs(expected).max()
    norm = np.linalg.norm(gradient)
    np.testing.assert_allclose(found["hessian/gradient_norm"], norm, rtol=1e-9)


@BOTH
def test_the_spectrum_is_that_of_the_plain_hessian(recipe):
    found, expected = with_plain(recipe, HessianSpectrum())
    apart = np.abs(found["hessian/eigenvalues"] - expected).max()
    assert apart <= 1e-12 * np.abs(expected).max()


def test_the_minimal_ratio_is_the_share_of_eigenvalues_above_a_tolerance():
    recipe, parameters = RECIPES["middle tanh"]
    found = measured(trained(recipe, HessianSpectrum(tolerance=1e-3)))
    eigenvalues = found["hessian/eigenvalues"].values[-1]
    size = max(eigenvalues[-1], -eigenvalues[0])
    shares = [sum(eigenvalues > at * size) / parameters for at in (1e-3, *TOLERANCES)]
    np.testing.assert_allclose(found["hessian/minimal_ratio"].values, shares[:1], atol=1e-15)
    curve = found["hessian/minimal_ratio_over_tolerance"]
    assert curve.dims == ("epoch", "tolerance")
    np.testing.assert_allclose(curve.coords["tolerance"], np.logspace(-10, -4, 13), rtol=1e-12)
    np.testing.assert_allclose(curve.values[-1], shares[1:], atol=1e-15)
    assert len(set(shares)) > 5


@BOTH
def test_largest_eigenvalues_are_as_close_as_their_residuals_say(recipe):
    found, expected = with_plain(recipe, LargestEigenvalues(count=4, iterations=20))
    values = np.append(found["hessian/largest"], found["hessian/smallest"])
    residuals = np.append(found["hessian/residual"], found["hessian/smallest_residual"])
    errors = np.abs(values - [*expected[:-5:-1], expected[0]])
    assert (errors <= residuals + 1e-12 * expected[-1]).all()
    assert values[0] <= expected[-1] * (1 + 1e-12)
    assert residuals[0] < 1e-6 * expected[-1]
    assert residuals.max() > 1e-6 * expected[-1]  # not yet there: a bound that has work to do


def test_as_many_iterations_as_parameters_give_every_end():
    found, expected = with_plain(SMALL, LargestEigenvalues(count=40, iterations=1000))
    bound = 1e-10 * expected[-1]
    np.testing.assert_allclose(found["hessian/largest"], expected[:-41:-1], atol=bound)
    np.testing.assert_allclose(found["hessian/smallest"], expected[0], atol=bound)
    assert found["hessian/residual"].max() < bound


def test_ranks_count_from_the_largest():
    found = measured(trained(SMALL, LargestEigenvalues(count=3)))
    for name in ("hessian/largest", "hessian/residual"):
        assert found[name].dims == ("epoch", "rank")
        assert list(found[name].coords["rank"]) == [1, 2, 3]
    assert np.all(np.diff(found["hessian/largest"].values[-1]) <= 0)


@BOTH
def test_the_trace_is_within_its_error(recipe):
    found, expected = with_plain(recipe, HessianTrace(samples=200))
    trace, error = found["hessian/trace"], found["hessian/trace_error"]
    assert abs(trace - expected.sum()) < 3 * error
    assert error < 0.1 * abs(expected.sum())
    plain = found["plain/hessian"]
    # Of signs z, the variance of z^T H z is twice the sum of H's squares off the diagonal.
    deviation = np.sqrt(2 * (np.sum(plain**2) - np.sum(np.diag(plain) ** 2)) / 200)
    np.testing.assert_allclose(error, deviation, rtol=0.2)


def test_fewer_examples_are_evenly_spaced_among_those_measured():
    few = SMALL.with_fields({"evaluate_train": 219})  # half of those that are trained on
    whole = last(trained(few, LargestEigenvalues(), HessianTrace(samples=2)))
    same = last(trained(few, LargestEigenvalues(examples=219), HessianTrace(samples=2)))
    less = last(
        trained(few, LargestEigenvalues(examples=100), HessianTrace(samples=2, examples=100))
    )
    for name in ("hessian/largest", "hessian/trace"):
        assert whole[name] == same[name]
        assert whole[name] != less[name]


def test_runs_side_by_side_measure_what_they_measure_alone():
    probes = HessianSpectrum(), LargestEigenvalues(count=2, iterations=30), HessianTrace(samples=5)
    tasks = [task(SMALL, *probes, replicate=number) for number in range(3)]
    together = dict(train_runs(tasks, Lane(DEVICE, widest=3)))
    for number, one in enumerate(tasks):
        alone, beside = last(train_run(one, Lane(DEVICE))), last(together[number])
        size = alone["hessian/eigenvalues"][-1]
        for name in (name for probe in probes for name in probe.axes if "ratio" not in name):
            np.testing.assert_allclose(beside[name], alone[name], atol=1e-9 * size, err_msg=name)


def test_random_vectors_are_the_same_for_every_run():
    """With a Hessian that no weight changes, the estimates agree to the last bit."""
    linear = SINC.with_fields({"model.hidden": (), "epochs": 1})
    probes = HessianTrace(samples=2), LargestEigenvalues(iterations=1)
    runs = [train_run(task(linear, *probes, replicate=r), Lane(DEVICE)) for r in (0, 1)]
    for name in ("hessian/trace", "hessian/largest", "hessian/residual"):
        assert last(runs[0])[name] == last(runs[1])[name]


def test_measured_at_the_end_unless_asked_for_more():
    run = trained(SMALL, HessianTrace(samples=2), LargestEigenvalues(when=Every()))
    found = measured(run)
    assert list(found["hessian/trace"].coords["epoch"]) == [2]
    assert list(found["hessian/largest"].coords["epoch"]) == [0, 1, 2]


def test_a_hessian_too_large_for_the_memory_says_how_large_and_what_to_use():
    (fault,) = HessianSpectrum().faults(MLP(hidden=(256,)), (784,), 10)
    assert fault.path == "most_gigabytes"
    assert fault.problem == (
        "got 2; the Hessian of 203,530 parameters takes 331.4 GB, and 1,988.4 GB while its "
        "eigenvalues are found; allowed here: 6,454 parameters; use LargestEigenvalues and "
        "HessianTrace, which hold no matrix, or raise most_gigabytes if there is the memory"
    )


def test_the_largest_network_allowed_is_as_large_as_the_fault_says():
    linear = MLP(hidden=())
    assert HessianSpectrum().faults(linear, (6453,), 1) == []
    assert len(HessianSpectrum().faults(linear, (6454,), 1)) == 1


def test_vectors_too_large_for_the_memory_are_told():
    widest = MLP(hidden=(1990,))
    assert LargestEigenvalues().faults(widest, (784,), 10) == []
    (fault,) = LargestEigenvalues(iterations=200).faults(widest, (784,), 10)
    assert fault.path == "most_gigabytes"
    assert fault.problem == (
        "got 2; 200 iterations on 1,582,060 parameters hold vectors of 2.5 GB; take fewer "
        "iterations, or raise most_gigabytes if there is the memory"
    )


def test_more_eigenvalues_than_there_are_is_told():
    (fault,) = LargestEigenvalues(count=12).faults(MLP(hidden=()), (10,), 1)
    assert fault.path == "count"
    assert fault.problem == (
        "got 12; should be at most 11, the number of the network's parameters"
    )


WRONG = {
    "tolerance below 0": (lambda: HessianSpectrum(tolerance=-1e-9), "tolerance: got -1e-09"),
    "tolerance of 1": (lambda: HessianSpectrum(tolerance=1.0), "should be less than 1"),
    "tolerance as text": (lambda: HessianSpectrum(tolerance="1e-8"), "should be a valid number"),
    "no memory": (lambda: HessianSpectrum(most_gigabytes=0.0), "most_gigabytes: got 0.0"),
    "endless memory": (
        lambda: LargestEigenvalues(most_gigabytes=float("inf")),
        "most_gigabytes: got inf; should be a finite number",
    ),
    "no eigenvalue": (lambda: LargestEigenvalues(count=0), "count: got 0"),
    "half an iteration": (lambda: LargestEigenvalues(iterations=2.5), "iterations: got 2.5"),
    "no example": (lambda: LargestEigenvalues(examples=0), "examples: got 0"),
    "too few iterations": (
        lambda: LargestEigenvalues(count=5, iterations=4),
        "iterations: got 4; should be at least count, which is 5",
    ),
    "one sample": (lambda: HessianTrace(samples=1), "samples: got 1"),
    "no examples": (lambda: HessianTrace(examples=-3), "examples: got -3"),
    "misspelt": (lambda: HessianTrace(sample=9), "did you mean 'samples'"),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_wrong_fields_are_refused(make, message):
    with pytest.raises(DeclarationError) as raised:
        make()
    assert message in str(raised.value)
