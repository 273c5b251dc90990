"""Warm starts: training goes on from the network of another batch size, and from its bits."""

import numpy as np
import pytest

from paribus.errors import DeclarationError
from paribus.models.base import named_weights
from paribus.optimizers import SGD
from paribus.probes import Every, WeightChange, WeightNorm
from paribus.training import EarlyStopping
from paribus.training.lane import Lane
from paribus.training.recipe import WarmStart
from paribus.training.task import StoppedError
from training.stepwise import (
    DEVICES,
    EXAMPLE,
    digest,
    measured,
    task,
    train,
    train_by_calls,
    train_together,
)

WARM = EXAMPLE.with_fields({"epochs": 2, "warm_start": WarmStart(batch_size=500)})
REPLICATE = 1


def test_it_is_that_network_trained_on():
    recipe = EXAMPLE.with_fields({"epochs": 1, "warm_start": WarmStart(batch_size=400)})
    first = train(recipe.with_fields({"batch_size": 400, "warm_start": None}), REPLICATE)
    by_hand = train_by_calls(recipe, REPLICATE, start=first.network)[-1].weights
    warm = train(recipe, REPLICATE)
    cold = train(recipe.with_fields({"warm_start": None}), REPLICATE)
    for name, array in named_weights(warm.network).items():
        np.testing.assert_array_equal(array, by_hand[name])
        assert not np.array_equal(array, named_weights(cold.network)[name])


def test_before_training_it_measures_as_that_network_at_its_end():
    first = measured(train(WARM.predecessor))
    warm = measured(train(WARM))
    for split in ("train", "validation", "test"):
        assert warm[f"{split}/loss"].values[0] == first[f"{split}/loss"].values[-1]


def test_steps_and_epochs_are_its_own():
    warm = train(WARM)
    assert warm.epochs == 2
    assert warm.steps == 2 * WARM.steps_per_epoch
    assert measured(warm)["test/loss"].coords["epoch"].tolist() == [0, 1, 2]


def test_the_change_of_weights_is_since_the_warm_start():
    found = measured(train(WARM, observers=(WeightChange(),)))
    assert found["change/norm"].values[0].tolist() == [0, 0, 0]
    ends = named_weights(train(WARM).network), named_weights(train(WARM.predecessor).network)
    moved = np.linalg.norm(ends[0]["1.weight"] - ends[1]["1.weight"])
    assert found["change/norm"].values[-1][0] == pytest.approx(moved, rel=1e-5)


def test_that_network_is_trained_as_this_one_in_all_else():
    stopping = EarlyStopping(patience=1, change=10.0)
    recipe = WARM.with_fields({"early_stopping": stopping, "penalties.l2": 0.1, "evaluate": 2})
    before = recipe.predecessor
    assert before == recipe.with_fields({"batch_size": 500, "warm_start": None})
    assert recipe.with_fields({"early_stopping": None}).predecessor.evaluate == "end"
    assert before.predecessor is None


def saved_when_stopped_at_once(**options):
    """The checkpoints of a run that is stopped before its first step, or that of the other."""
    saved = []
    with pytest.raises(StoppedError):
        train(WARM, cancelled=lambda: True, save=saved.append, **options)
    return saved


@pytest.mark.parametrize(
    ("observers", "trained_again"), [((), False), ((WeightChange(when=Every(epochs=2)),), True)]
)
def test_one_that_goes_on_trains_it_again_only_where_its_weights_are_looked_at(
    observers, trained_again
):
    checkpoints = []
    whole = train(WARM, observers=observers, checkpoint_seconds=0.0, save=checkpoints.append)
    middle = checkpoints[-1]
    assert middle.epoch == 1
    resumed = train(WARM, checkpoint=middle, observers=observers)
    assert resumed.before.restarts == 1
    assert digest(resumed) == digest(whole)
    for name, one in measured(whole).items():
        np.testing.assert_array_equal(measured(resumed)[name].values, one.values)
    # Only a run that is on its way leaves a checkpoint, and not the one that it starts from.
    saved = saved_when_stopped_at_once(checkpoint=middle, observers=observers)
    assert bool(saved) is not trained_again


def test_stopped_while_the_other_network_trains_it_leaves_nothing():
    assert saved_when_stopped_at_once() == []


def test_a_run_whose_start_diverged_has_diverged():
    wild = WARM.with_fields({"optimizer": SGD(learning_rate=1e30), "model.activation": "relu"})
    trained = train(wild, observers=(WeightNorm(),))
    assert (trained.epochs, trained.diverged_epoch) == (0, 0)


def test_side_by_side_each_starts_from_its_own():
    recipe = WARM.with_fields({"precision": "float64", "epochs": 1})
    together = train_together([task(recipe, one) for one in (0, 1)], Lane(DEVICES[0], widest=2))
    for replicate, beside in enumerate(together):
        alone = named_weights(train(recipe, replicate).network)
        for name, array in named_weights(beside.network).items():
            np.testing.assert_allclose(array, alone[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [0, -1, 2.5, "32", None])
def test_its_batch_size_is_a_whole_number(size):
    with pytest.raises(DeclarationError, match="batch_size: got "):
        WarmStart(batch_size=size)


def test_it_is_part_of_a_run_s_content():
    assert WARM.as_json()["warm_start"] == {"batch_size": 500}
    assert EXAMPLE.as_json()["warm_start"] is None
