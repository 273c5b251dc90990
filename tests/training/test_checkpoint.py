"""Checkpoints: a run goes on as if it had never stopped, and other bytes are refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from paribus.models import MLP
from paribus.optimizers import SGD, Constant
from paribus.probes import AtEnd, GradientNorm, UpdateRatio, WeightChange
from paribus.training import EarlyStopping
from paribus.training.checkpoint import Checkpoint, CheckpointError
from paribus.training.lane import Lane
from paribus.training.loop import train_run
from paribus.training.task import StoppedError
from training.stepwise import DEVICES, EXAMPLE, digest, measured, task, train, train_together
from training.test_group import CNN_EXAMPLE

RECIPES = {
    "mlp": EXAMPLE,
    "cnn": CNN_EXAMPLE,
    "momentum": EXAMPLE.with_fields({"optimizer": SGD(learning_rate=0.1, momentum=0.9)}),
    "double precision": EXAMPLE.with_fields({"precision": "float64"}),
    "short epochs": EXAMPLE.with_fields({"evaluate": "end", "epochs": 30}),
    "early stopping": EXAMPLE.with_fields(
        {
            "optimizer": SGD(learning_rate=1e-30),
            "epochs": 9,
            "early_stopping": EarlyStopping(patience=3),
        }
    ),
    "loss threshold": EXAMPLE.with_fields(
        {"evaluate": "end", "epochs": 9, "loss_threshold": 2.0, "model.dropout": 0.0}
    ),
    "divergence": EXAMPLE.with_fields(
        {
            "model": MLP(hidden=(8,), activation="identity"),
            "loss": "mean_squared_error",
            "optimizer": SGD(learning_rate=5.0, schedule=Constant(warmup=4.0)),
            "evaluate": "end",
            "epochs": 30,
        }
    ),
    "full batch": EXAMPLE.with_fields({"batch_size": 2000, "evaluate": 7, "epochs": 20}),
}


def saved(recipe, **rest):
    """All checkpoints of an undisturbed run, taken after every call, and the run."""
    found = []
    trained = train(recipe, checkpoint_seconds=0.0, save=found.append, **rest)
    return found, trained


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_from_any_checkpoint_a_run_comes_to_the_same_bits(recipe):
    observers = (GradientNorm(when=AtEnd()),)
    checkpoints, trained = saved(recipe, observers=observers)
    assert any(checkpoint.done for checkpoint in checkpoints) or recipe.steps_per_epoch == 1
    assert any(not checkpoint.done for checkpoint in checkpoints) or recipe.evaluate == "end"
    lane = Lane(DEVICES[0])
    for checkpoint in checkpoints[:: max(1, len(checkpoints) // 5)]:
        again = Checkpoint.from_bytes(checkpoint.to_bytes())
        resumed = train_run(task(recipe, checkpoint=again, observers=observers), lane)
        assert digest(resumed) == digest(trained)
        assert list(measured(resumed)) == list(measured(trained))
        for name, one in measured(trained).items():
            np.testing.assert_array_equal(measured(resumed)[name].values, one.values)
        np.testing.assert_array_equal(resumed.history.correct, trained.history.correct)
        assert resumed.before.restarts == 1
        assert resumed.diverged_epoch == trained.diverged_epoch
        assert max(resumed.before.steps, trained.steps) == resumed.before.steps + resumed.steps


@pytest.mark.parametrize("recipe", [EXAMPLE, CNN_EXAMPLE], ids=["mlp", "cnn"])
def test_weights_of_before_the_epoch_outlast_a_stop_in_its_middle(recipe):
    observers, lane = (UpdateRatio(), WeightChange()), Lane(DEVICES[0])
    checkpoints, trained = saved(recipe, observers=observers)
    expected = measured(trained)
    assert expected["update/ratio"].coords["epoch"].tolist() == [*range(1, recipe.epochs + 1)]
    between = next(checkpoint for checkpoint in checkpoints if checkpoint.place == (1, 0))
    middle = []  # a run that goes on begins with short calls again
    options = {"observers": observers, "checkpoint_seconds": 0.0, "save": middle.append}
    train_run(task(recipe, checkpoint=between, **options), lane)
    for checkpoint, place in [(checkpoints[0], (0, 8)), (middle[0], (1, 8))]:
        assert checkpoint.place == place
        again = Checkpoint.from_bytes(checkpoint.to_bytes())
        resumed = train_run(task(recipe, checkpoint=again, observers=observers), lane)
        assert resumed.before.steps == place[0] * recipe.steps_per_epoch + place[1]
        assert list(measured(resumed)) == list(expected)
        for name, one in expected.items():
            np.testing.assert_array_equal(measured(resumed)[name].values, one.values)


def test_a_checkpoint_without_the_weights_of_before_the_epoch_is_no_use():
    checkpoints, trained = saved(EXAMPLE)
    observers = (UpdateRatio(),)
    resumed = train(EXAMPLE, checkpoint=checkpoints[1], observers=observers)
    assert (resumed.before.restarts, resumed.steps) == (0, trained.steps)
    assert measured(resumed)["update/ratio"].coords["epoch"].tolist() == [1, 2, 3]


def test_the_recipes_end_as_they_should():
    ends = {name: train(recipe) for name, recipe in RECIPES.items()}
    steps = {name: one.steps // RECIPES[name].steps_per_epoch for name, one in ends.items()}
    assert steps["early stopping"] == 3
    assert 1 < steps["loss threshold"] < 9
    assert 1 < steps["divergence"] < 30
    assert ends["divergence"].diverged_epoch == steps["divergence"]


def test_a_state_that_does_not_fit_is_no_use():
    checkpoints, trained = saved(EXAMPLE)
    wrong = replace(checkpoints[1], state=checkpoints[1].state[:-1])
    resumed = train(EXAMPLE, checkpoint=wrong)
    assert (resumed.before.restarts, resumed.steps) == (0, trained.steps)
    assert digest(resumed) == digest(trained)


def test_a_run_is_the_same_with_and_without_checkpoints():
    checkpoints, trained = saved(EXAMPLE)
    assert checkpoints
    assert digest(trained) == digest(train(EXAMPLE))


def test_no_checkpoint_is_taken_before_its_time():
    found = []
    train(EXAMPLE, checkpoint_seconds=3600.0, save=found.append)
    assert found == []


def test_a_run_that_is_cancelled_leaves_a_checkpoint():
    found, asked = [], []

    def cancelled():
        asked.append(None)
        return len(asked) > 1

    with pytest.raises(StoppedError):
        train(EXAMPLE, cancelled=cancelled, save=found.append)
    (checkpoint,) = found
    assert (checkpoint.epoch, checkpoint.done > 0) == (0, True)
    resumed = train_run(task(EXAMPLE, checkpoint=checkpoint), Lane(DEVICES[0]))
    assert digest(resumed) == digest(train(EXAMPLE))


def test_stopped_twice_a_run_counts_all_it_took():
    checkpoints, trained = saved(EXAMPLE)
    second = []
    lane = Lane(DEVICES[0])
    train_run(
        task(EXAMPLE, checkpoint=checkpoints[0], checkpoint_seconds=0.0, save=second.append), lane
    )
    last = train_run(task(EXAMPLE, checkpoint=second[-1]), lane)
    assert last.before.restarts == 2
    assert last.before.steps + last.steps == trained.steps
    assert last.before.seconds.train > 0


def test_runs_side_by_side_go_on_side_by_side():
    kept = {0: [], 1: []}
    tasks = [
        task(EXAMPLE, replicate, checkpoint_seconds=0.0, save=kept[replicate].append)
        for replicate in kept
    ]
    lane = Lane(DEVICES[0], widest=2)
    expected = train_together(tasks, lane)
    middle = len(kept[0]) // 2
    resumed = train_together(
        [task(EXAMPLE, replicate, checkpoint=kept[replicate][middle]) for replicate in kept], lane
    )
    for one, other in zip(resumed, expected, strict=True):
        assert one.before.steps + one.steps == other.steps
        assert measured(one)["batch/loss"].values[-1] == measured(other)["batch/loss"].values[-1]
    # What was side by side goes on alone, too.
    alone = train_run(task(EXAMPLE, 1, checkpoint=kept[1][middle]), Lane(DEVICES[0]))
    np.testing.assert_allclose(
        measured(alone)["batch/loss"].values,
        measured(expected[1])["batch/loss"].values,
        rtol=1e-4,
    )


def test_a_checkpoint_is_a_copy_and_not_what_training_goes_on_in():
    checkpoints, _ = saved(EXAMPLE)
    assert len({checkpoint.state[0].tobytes() for checkpoint in checkpoints}) == len(checkpoints)


CHECKPOINT = Checkpoint(2, 7, (np.arange(3.0), np.array(5)), {"values/a": np.ones(2)}, "here")


class TestBytes:
    def test_there_and_back(self):
        found = Checkpoint.from_bytes(CHECKPOINT.to_bytes())
        assert (found.place, found.made_with) == ((2, 7), "here")
        for one, other in zip(found.state, CHECKPOINT.state, strict=True):
            np.testing.assert_array_equal(one, other)
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(found.measured["values/a"], np.ones(2))

    @pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 60, -1])
    def test_cut_short(self, length):
        with pytest.raises(CheckpointError, match="no checkpoint"):
            Checkpoint.from_bytes(CHECKPOINT.to_bytes()[:length])

    def test_some_other_safetensors_file(self):
        with pytest.raises(CheckpointError, match="no checkpoint"):
            Checkpoint.from_bytes(safetensors.numpy.save({"a": np.ones(2)}))

    @pytest.mark.parametrize(
        "metadata",
        [
            {"format": "another", "facts": "{}"},
            {"format": "paribus checkpoint 1", "facts": "{}"},
            {"format": "paribus checkpoint 1", "facts": "[]"},
            {"format": "paribus checkpoint 1", "facts": "no JSON"},
            {"format": "paribus checkpoint 1", "facts": json.dumps({"epoch": "two"})},
        ],
        ids=["another format", "no facts", "a list", "no JSON", "no number"],
    )
    def test_other_metadata(self, metadata):
        content = safetensors.numpy.save({"state/0": np.ones(2)}, metadata)
        with pytest.raises(CheckpointError, match="no checkpoint"):
            Checkpoint.from_bytes(content)
