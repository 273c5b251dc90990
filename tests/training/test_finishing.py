"""A recipe's second phase: on the run's own objective, measured after it, stopped and resumed."""

import numpy as np
import pytest

from paribus.data import Function
from paribus.data.base import Source
from paribus.errors import DeclarationError
from paribus.models import MLP
from paribus.models.base import layers_of, named_weights
from paribus.optimizers import SGD, Adam
from paribus.probes import AtEnd, HessianSpectrum, WeightNorm
from paribus.training import EarlyStopping, Recipe
from paribus.training.lane import Lane
from paribus.training.loop import train_run
from paribus.training.second_phase import MOST_PARAMETERS, GradientNormPhase
from paribus.training.task import StoppedError
from reference import plain_norm_descent
from training.stepwise import DEVICES, digest, measured, task, train, train_together

RECIPE = Recipe(
    data=Function(name="sinc", examples=40),
    model=MLP(hidden=(3,), activation="tanh"),
    optimizer=Adam(learning_rate=0.01),
    loss="mean_squared_error",
    batch_size=20,
    epochs=20,
    evaluate=5,
    precision="float64",
    second_phase=GradientNormPhase(tolerance=1e-8),
)
PLAIN = RECIPE.with_fields({"second_phase": None})


def gradient_norm(trained):
    """Of the objective at the end, by NumPy alone."""
    (_, first), (_, last) = layers_of(trained.network)
    arrays = first.weight, first.bias, last.weight, last.bias
    weights = np.concatenate([np.asarray(one).ravel() for one in arrays])
    dataset = RECIPE.data.load(Source())
    examples = [np.asarray(one)[trained.splits.train] for one in (dataset.inputs, dataset.targets)]
    inputs, targets = (one.astype(float).ravel() for one in examples)
    return np.linalg.norm(
        plain_norm_descent.gradient(weights, (inputs / dataset.maximum, targets))
    )


@pytest.mark.parametrize("method", ["levenberg_marquardt", "lbfgs"])
def test_the_gradient_of_the_run_s_own_objective_vanishes(method):
    phase = GradientNormPhase(method=method, tolerance=1e-6, iterations=500)
    trained = train(RECIPE.with_fields({"second_phase": phase}))
    found = measured(trained)
    assert found["second_phase/converged"].values.tolist() == [1.0]
    assert found["second_phase/end_norm"].values[0] < 1e-6
    assert gradient_norm(trained) == pytest.approx(
        found["second_phase/end_norm"].values[0], rel=1e-3, abs=1e-12
    )
    assert gradient_norm(train(PLAIN)) == pytest.approx(
        found["second_phase/gradient_norm"].values[0, 0], rel=1e-6
    )


def test_it_counts_as_an_epoch_without_steps_after_the_last():
    trained, plain = train(RECIPE), train(PLAIN)
    assert (trained.epochs, plain.epochs) == (21, 20)
    assert trained.steps == plain.steps == 40
    found, before = measured(trained), measured(plain)
    assert found["test/loss"].coords["epoch"].tolist() == [0, 5, 10, 15, 20, 21]
    np.testing.assert_array_equal(found["test/loss"].values[:-1], before["test/loss"].values)
    np.testing.assert_array_equal(found["batch/loss"].values, before["batch/loss"].values)
    losses = found["second_phase/loss"]
    assert losses.dims == ("epoch", "iteration")
    assert losses.coords["epoch"].tolist() == [21]
    assert losses.values[0, 0] == pytest.approx(found["train/loss"].values[-2], rel=1e-9)
    assert losses.values[0, -1] == pytest.approx(found["train/loss"].values[-1], rel=1e-9)


def test_what_looks_at_the_end_looks_at_its_end():
    observers = HessianSpectrum(), WeightNorm(when=AtEnd())
    trained = train(RECIPE, observers=observers)
    found = measured(trained)
    assert found["hessian/gradient_norm"].coords["epoch"].tolist() == [21]
    assert found["hessian/gradient_norm"].values[0] == pytest.approx(
        gradient_norm(trained), rel=1e-3, abs=1e-13
    )
    assert found["hessian/eigenvalues"].values.shape == (1, 10)
    norms = [np.linalg.norm(one.weight) for _, one in layers_of(trained.network)]
    assert found["weight/norm"].values[-1] == pytest.approx(norms, rel=1e-12)


def test_it_begins_where_early_stopping_ends_the_first():
    stopping = EarlyStopping(metric="train/loss", patience=2, change=10.0)
    trained = train(RECIPE.with_fields({"early_stopping": stopping}))
    assert trained.epochs == 11
    assert measured(trained)["train/loss"].coords["epoch"].tolist() == [0, 5, 10, 11]


def test_it_begins_where_a_loss_threshold_ends_the_first():
    trained = train(RECIPE.with_fields({"loss_threshold": 10.0}))
    assert trained.epochs == 2
    assert measured(trained)["second_phase/converged"].coords["epoch"].tolist() == [2]


def test_a_run_that_diverged_has_none():
    wild = RECIPE.with_fields({"optimizer": SGD(learning_rate=1e200)})
    trained = train(wild)
    assert trained.diverged_epoch is not None
    assert not [name for name in measured(trained) if name.startswith("second_phase/")]


def test_one_that_does_not_converge_says_so():
    short = GradientNormPhase(tolerance=1e-300, iterations=2)
    found = measured(train(RECIPE.with_fields({"second_phase": short})))
    assert found["second_phase/converged"].values.tolist() == [0.0]
    assert found["second_phase/loss"].values.shape == (1, 3)


def test_asked_to_stop_it_stops_and_from_any_checkpoint_comes_to_the_same():
    checkpoints = []
    whole = train(RECIPE, checkpoint_seconds=0.0, save=checkpoints.append)
    assert checkpoints[-1].epoch == 15
    lane = Lane(DEVICES[0])
    for checkpoint in checkpoints[::2]:
        resumed = train_run(task(RECIPE, checkpoint=checkpoint), lane)
        assert digest(resumed) == digest(whole)
        assert resumed.epochs == 21


@pytest.mark.parametrize("method", ["levenberg_marquardt", "lbfgs"])
def test_it_stops_in_its_midst_when_asked(method):
    phase = GradientNormPhase(method=method, tolerance=1e-300, iterations=10**6)
    done, asked = [], []

    def cancelled():
        asked.append(len(done))
        return len(done) == RECIPE.epochs - 1 and asked.count(len(done)) > 3

    recipe = RECIPE.with_fields({"second_phase": phase, "evaluate": 1})
    with pytest.raises(StoppedError) as stopped:
        # Measured after every epoch, so `watch` has told of the last but one when it begins.
        train(recipe, watch=done.append, cancelled=cancelled)
    assert stopped.value.steps == 40


def test_side_by_side_each_has_its_own():
    together = train_together([task(RECIPE, one) for one in (0, 1)], Lane(DEVICES[0], widest=2))
    for replicate, beside in enumerate(together):
        alone = train(RECIPE, replicate)
        assert beside.epochs == alone.epochs == 21
        for name, array in named_weights(beside.network).items():
            # A vanishing gradient leaves the weights free along flat directions.
            np.testing.assert_allclose(array, named_weights(alone.network)[name], rtol=1e-3)


def test_it_needs_double_precision_and_a_hessian_that_can_be_held():
    large = {"model.hidden": (60, 60), "precision": "float32"}
    with pytest.raises(DeclarationError) as refused:
        RECIPE.with_fields(large)
    assert [str(fault) for fault in refused.value.faults] == [
        "second_phase: a gradient is made to vanish in float64: set precision='float64'",
    ]
    with pytest.raises(DeclarationError, match=r"second_phase\.method: got 'levenberg_marquardt'"):
        RECIPE.with_fields({"model.hidden": (70, 70)})
    assert MOST_PARAMETERS < 70 * 70 + 4 * 70 + 1
    RECIPE.with_fields({"model.hidden": (70, 70), "second_phase.method": "lbfgs"})
