"""Runs side by side in one program, as accelerators train them: here on a CPU."""

import numpy as np
import pytest

from paribus.models import CNN, MLP, Convolution, Pool
from paribus.models.base import named_weights
from paribus.optimizers import SGD
from paribus.probes import AtEnd, GradientNorm, WeightNorm
from paribus.training import EarlyStopping, program
from paribus.training.lane import Lane
from paribus.training.loop import train_run
from training.stepwise import DEVICES, EXAMPLE, measured, task, train_together

TOLERANCE = 2e-5
"""How far a float32 run may be from itself alone, relative to its largest weight, after 60 steps.

`jax.vmap` makes other matrix products of the same numbers, which add up in another order.
"""

CNN_EXAMPLE = EXAMPLE.with_fields(
    {
        "model": CNN(
            convolutions=(Convolution(channels=4, kernel=3, padding=1, pool=Pool()),),
            hidden=(16,),
            dropout=0.1,
        ),
        "epochs": 2,
    }
)


def members(recipe, count):
    """Tasks of one cohort that differ in learning rate, dropout rate and replicate."""
    return [
        task(
            recipe.with_fields(
                {
                    "optimizer.learning_rate": recipe.optimizer.learning_rate * (1 + index),
                    "model.dropout": 0.1 + 0.05 * index,
                }
            ),
            index % 3,
            observers=(WeightNorm(), GradientNorm(when=AtEnd())),
        )
        for index in range(count)
    ]


def assert_same(one, other, tolerance=TOLERANCE):
    assert (one.diverged_epoch, one.steps) == (other.diverged_epoch, other.steps)
    ours, theirs = named_weights(one.network), named_weights(other.network)
    largest = max(np.abs(array).max() for array in theirs.values())
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=tolerance * largest)
    ours, theirs = measured(one), measured(other)
    assert list(ours) == list(theirs)
    for name in theirs:
        epochs = theirs[name].coords["epoch"]
        np.testing.assert_array_equal(ours[name].coords["epoch"], epochs)
    np.testing.assert_allclose(
        ours["batch/loss"].values, theirs["batch/loss"].values, rtol=100 * tolerance
    )


@pytest.mark.parametrize("recipe", [EXAMPLE, CNN_EXAMPLE], ids=["mlp", "cnn"])
def test_a_run_is_the_same_alone_and_beside_others(recipe):
    tasks = members(recipe, 4)
    together = train_together(tasks, Lane(DEVICES[0], widest=4))
    alone = Lane(DEVICES[0])
    for one, other in zip(tasks, together, strict=True):
        assert_same(other, train_run(one, alone))


def test_in_double_precision_the_order_of_sums_hardly_shows():
    tasks = members(EXAMPLE.with_fields({"precision": "float64"}), 3)
    together = train_together(tasks, Lane(DEVICES[0], widest=3))
    for one, other in zip(tasks, together, strict=True):
        assert_same(other, train_run(one, Lane(DEVICES[0])), 1e-13)


def test_a_wide_lane_trains_all_at_once_and_a_narrower_one_in_equal_groups():
    programs = {}
    for widest in (5, 3):
        lane = Lane(DEVICES[0], widest=widest)
        train_together(members(EXAMPLE, 5), lane)
        programs[widest] = widths(lane)
    assert programs == {5: {5}, 3: {3, 2}}


def widths(lane):
    """How many runs the lane's training programs are for."""
    (programs,) = lane._cohorts.values()
    return {key[1] for key in programs._compiled if key[0] is program.train}


def test_what_does_not_fit_into_memory_is_halved():
    tasks = members(EXAMPLE, 8)
    roomy = Lane(DEVICES[0], widest=8)
    expected = train_together(tasks, roomy)
    (programs,) = roomy._cohorts.values()
    whole = programs.bytes_of(program.TRAIN, 8)
    narrow = Lane(DEVICES[0], widest=8, memory=whole // 3)
    found = train_together(tasks, narrow)
    assert widths(narrow) == {8, 4, 2}
    for one, other in zip(found, expected, strict=True):
        assert_same(one, other)


def test_one_run_that_does_not_fit_is_tried_all_the_same():
    lane = Lane(DEVICES[0], widest=2, memory=1)
    assert len(train_together(members(EXAMPLE, 2), lane)) == 2
    assert widths(lane) == {2, 1}


def test_a_run_that_diverges_does_no_harm_to_its_neighbours():
    calm = EXAMPLE.with_fields(
        {
            "model": MLP(hidden=(8,), activation="identity"),
            "loss": "mean_squared_error",
            "optimizer": SGD(learning_rate=0.1),
            "epochs": 4,
        }
    )
    wild = calm.with_fields({"optimizer.learning_rate": 100.0})
    tasks = [task(calm), task(wild), task(calm, 1), task(wild, 1)]
    found = train_together(tasks, Lane(DEVICES[0], widest=4))
    assert [one.diverged_epoch for one in found] == [None, 1, None, 1]
    for one, other in zip(tasks[::2], found[::2], strict=True):
        assert_same(other, train_run(one, Lane(DEVICES[0])))


def test_runs_that_stop_early_leave_and_the_others_move_together():
    base = EXAMPLE.with_fields(
        {"model.dropout": 0.0, "epochs": 4, "early_stopping": EarlyStopping(patience=1)}
    )
    still = base.with_fields({"optimizer.learning_rate": 1e-30})
    tasks = [task(still), task(base), task(still, 1), task(still, 2)]
    lane = Lane(DEVICES[0], widest=4)
    found = train_together(tasks, lane)
    steps = EXAMPLE.steps_per_epoch
    assert [one.steps for one in found] == [steps, 4 * steps, steps, steps]
    assert widths(lane) == {4, 1}
    for one, other in zip(tasks, found, strict=True):
        assert_same(other, train_run(one, Lane(DEVICES[0])))


def test_a_loss_threshold_ends_each_run_in_its_own_epoch():
    recipe = EXAMPLE.with_fields(
        {"epochs": 12, "evaluate": 5, "loss_threshold": 1.0, "model.dropout": 0.0}
    )
    tasks = [
        task(recipe.with_fields({"optimizer.learning_rate": rate}))
        for rate in (1e-3, 4e-3, 2e-3, 1e-6)
    ]
    found = train_together(tasks, Lane(DEVICES[0], widest=4))
    assert len({one.steps for one in found}) == 4
    for one, other in zip(tasks, found, strict=True):
        assert_same(other, train_run(one, Lane(DEVICES[0])))
