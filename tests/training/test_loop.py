"""Whole runs: what they measure, when they stop, and that nothing around them changes a bit."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from paribus.executors import ThreadExecutor
from paribus.models import MLP
from paribus.models.base import named_weights
from paribus.objectives import Penalties
from paribus.optimizers import SGD, Constant
from paribus.probes import AtEnd, GradientNorm, WeightNorm
from paribus.training import EarlyStopping
from paribus.training.lane import Lane
from paribus.training.loop import arithmetic, train_run
from paribus.training.positions import epoch_order, feed_order
from paribus.training.task import StoppedError
from training.stepwise import (
    CONVOLUTIONAL,
    DEVICES,
    EXAMPLE,
    digest,
    measured,
    task,
    train,
    train_by_calls,
)

TESTS = Path(__file__).parents[1]
STILL = {"optimizer": SGD(learning_rate=1e-30), "model.dropout": 0.0}
"""Changes that leave the weights where they start."""
RECIPES = {"mlp": EXAMPLE, "cnn": CONVOLUTIONAL}


def members(recipe, count):
    """Runs of one cohort: they differ in learning rate, decay, dropout rate and replicate."""
    return [
        (
            recipe.with_fields(
                {
                    "optimizer.learning_rate": 1e-3 * (1 + index),
                    "optimizer.weight_decay": 0.01 * (1 + index),
                    "model.dropout": 0.1 + 0.05 * index,
                }
            ),
            index % 3,
        )
        for index in range(count)
    ]


@pytest.fixture(scope="module", params=RECIPES.values(), ids=RECIPES)
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def alone(recipe):
    """Digests of ten runs, each trained alone."""
    lane = Lane(DEVICES[0])
    return [digest(train_run(task(*member), lane)) for member in members(recipe, 10)]


@pytest.fixture(scope="module")
def lanes():
    return [Lane(DEVICES[index % len(DEVICES)]) for index in range(2)]


class TestBitForBit:
    def test_runs_of_a_cohort_differ(self, alone):
        assert len(set(alone)) == len(alone)

    @pytest.mark.parametrize(
        "observers", [(), (GradientNorm(), WeightNorm())], ids=["", "observed"]
    )
    @pytest.mark.parametrize("count", [2, 7, 10])
    @pytest.mark.parametrize("slots", [1, 2])
    def test_a_run_alone_and_in_any_cohort(self, recipe, alone, lanes, slots, count, observers):
        tasks = [task(*member, observers=observers) for member in members(recipe, count)]
        with ThreadExecutor(slots) as executor:
            # Last first, so that no run comes where it came when it was alone.
            futures = [
                executor.submit(
                    lambda one=one: lambda place: train_run(one, lanes[place.slot]), group=0
                )
                for one in reversed(tasks)
            ]
            found = [digest(future.result()) for future in reversed(futures)]
        assert found == alone[:count]

    def test_a_run_is_its_programs_called_epoch_by_epoch(self, recipe):
        trained, expected = train(recipe, 1), train_by_calls(recipe, 1)
        assert measured(trained)["batch/loss"].values.tolist() == [end.loss for end in expected]
        for name, array in named_weights(trained.network).items():
            np.testing.assert_array_equal(array, expected[-1].weights[name])

    @pytest.mark.parametrize("evaluate", [2, "end"])
    def test_when_it_is_measured_does_not_matter(self, recipe, evaluate):
        seldom = train(recipe.with_fields({"evaluate": evaluate}))
        often = train(recipe)
        for name, array in named_weights(often.network).items():
            np.testing.assert_array_equal(named_weights(seldom.network)[name], array)
        assert measured(seldom)["test/loss"].values[-1] == measured(often)["test/loss"].values[-1]

    @pytest.mark.skipif(
        not hasattr(os, "sched_setaffinity"), reason="cores can be taken away on Linux only"
    )
    def test_a_process_with_one_core(self):
        core = min(os.sched_getaffinity(0))
        code = (
            f"import os; os.sched_setaffinity(0, {{{core}}})\n"
            "from training.stepwise import DEVICES, EXAMPLE, digest, train\n"
            "print(len(DEVICES), digest(train(EXAMPLE)))"
        )
        environment = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"}
        paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["1", digest(train(EXAMPLE))]


class TestMeasurements:
    @pytest.mark.parametrize(
        ("evaluate", "epochs"), [(1, [0, 1, 2, 3]), (2, [0, 2, 3]), ("end", [3])]
    )
    def test_are_taken_when_the_recipe_says(self, evaluate, epochs):
        found = measured(train(EXAMPLE.with_fields({"evaluate": evaluate})))
        for split in ("train", "validation", "test"):
            assert found[f"{split}/accuracy"].coords["epoch"].tolist() == epochs
        assert found["batch/loss"].coords["epoch"].tolist() == [1, 2, 3]

    def test_observers_have_their_own_times(self):
        observers = (GradientNorm(when=AtEnd()),)
        found = measured(train(EXAMPLE, observers=observers))
        assert found["gradient/norm"].coords["epoch"].tolist() == [3]
        assert found["gradient/norm"].values.shape == (1, 3)
        assert (found["gradient/norm"].values > 0).all()

    def test_batch_loss_is_the_mean_over_the_examples(self):
        # The last batch is smaller, and must not weigh as much as the others.
        recipe = EXAMPLE.with_fields({**STILL, "batch_size": 1000})
        found = measured(train(recipe))
        expected = found["train/loss"].values[0]
        assert found["train/loss"].values[1] == expected
        np.testing.assert_allclose(found["batch/loss"].values, expected, rtol=1e-6)

    def test_batch_loss_has_the_penalties_and_the_splits_have_not(self):
        penalties = Penalties(l2=0.5)
        trained = train(EXAMPLE.with_fields({**STILL, "penalties": penalties}))
        found, weights = measured(trained), named_weights(trained.network)
        added = 0.5 * sum(
            float((weights[f"{layer}.weight"].astype(float) ** 2).sum()) for layer in "123"
        )
        plain = measured(train(EXAMPLE.with_fields(STILL)))
        np.testing.assert_array_equal(found["train/loss"].values, plain["train/loss"].values)
        np.testing.assert_allclose(
            found["batch/loss"].values, plain["batch/loss"].values + added, rtol=1e-6
        )

    def test_of_many_training_examples_a_fixed_draw_is_measured(self):
        recipe = EXAMPLE.with_fields({**STILL, "evaluate_train": 50})
        few, all_of_them = measured(train(recipe)), measured(train(EXAMPLE.with_fields(STILL)))
        assert few["train/loss"].values[0] != all_of_them["train/loss"].values[0]
        assert few["train/loss"].values[0] == few["train/loss"].values[-1]
        np.testing.assert_array_equal(few["test/loss"].values, all_of_them["test/loss"].values)


class TestEnds:
    def test_divergence_ends_a_run_and_not_its_neighbours(self, lanes):
        wild = EXAMPLE.with_fields(
            {
                "model": MLP(hidden=(8,), activation="identity"),
                "loss": "mean_squared_error",
                "optimizer": SGD(learning_rate=100.0),
                "epochs": 5,
            }
        )
        calm = wild.with_fields({"optimizer.learning_rate": 0.1})
        before, diverged, after = (
            train_run(task(recipe), lanes[0]) for recipe in (calm, wild, calm)
        )
        assert diverged.diverged_epoch == 1
        found = measured(diverged)
        assert not np.isfinite(found["batch/loss"].values[-1])
        assert found["batch/loss"].coords["epoch"].tolist() == [1]
        assert found["test/loss"].coords["epoch"].tolist() == [0]
        assert diverged.steps == wild.steps_per_epoch
        assert after.diverged_epoch is None
        assert after.steps == 5 * calm.steps_per_epoch
        assert digest(after) == digest(before)

    def test_divergence_in_the_very_last_step_is_seen(self):
        # The batch's loss is taken before the step that ruins the weights.
        recipe = EXAMPLE.with_fields(
            {
                "optimizer": SGD(learning_rate=3e38),
                "model": MLP(hidden=(8,), activation="identity"),
                "batch_size": 10_000,
                "epochs": 1,
            }
        )
        diverged = train(recipe)
        assert diverged.diverged_epoch == 1
        assert np.isfinite(measured(diverged)["batch/loss"].values[-1])
        assert not np.isfinite(measured(diverged)["test/loss"].values[-1])

    def test_early_stopping(self):
        recipe = EXAMPLE.with_fields(
            {**STILL, "epochs": 9, "early_stopping": EarlyStopping(patience=2)}
        )
        seen = []
        trained = train(recipe, watch=seen.append, observers=(WeightNorm(when=AtEnd()),))
        assert measured(trained)["weight/norm"].coords["epoch"].tolist() == [2]
        assert measured(trained)["validation/loss"].coords["epoch"].tolist() == [0, 1, 2]
        assert trained.steps == 2 * recipe.steps_per_epoch
        assert trained.diverged_epoch is None
        assert seen == [1, 2]

    def test_patience_counts_evaluations(self):
        recipe = EXAMPLE.with_fields(
            {**STILL, "epochs": 9, "evaluate": 2, "early_stopping": EarlyStopping(patience=2)}
        )
        assert measured(train(recipe))["batch/loss"].coords["epoch"].tolist() == [1, 2, 3, 4]

    def test_a_run_that_improves_goes_on(self):
        recipe = EXAMPLE.with_fields({"early_stopping": EarlyStopping(patience=1)})
        assert train(recipe).steps == 3 * recipe.steps_per_epoch

    def test_a_loss_threshold(self):
        free = train(EXAMPLE.with_fields({"epochs": 9}))
        losses = measured(free)["batch/loss"].values
        recipe = EXAMPLE.with_fields({"epochs": 9, "loss_threshold": float(losses[4] + 1e-6)})
        assert (np.diff(losses) < 0).all()
        trained = train(recipe)
        assert trained.steps == 5 * recipe.steps_per_epoch
        assert measured(trained)["batch/loss"].values.tolist() == losses[:5].tolist()
        assert trained.diverged_epoch is None

    @pytest.mark.parametrize("evaluate", [1, 4, "end"])
    def test_at_a_loss_threshold_it_is_measured(self, evaluate):
        recipe = EXAMPLE.with_fields(
            {
                "epochs": 9,
                "evaluate": evaluate,
                "loss_threshold": 1.9,
                "optimizer.learning_rate": 3e-3,
            }
        )
        seen = []
        trained = train(recipe, observers=(WeightNorm(when=AtEnd()),), watch=seen.append)
        found = measured(trained)
        (last,) = found["weight/norm"].coords["epoch"].tolist()
        assert 0 < last < 9
        assert found["test/loss"].coords["epoch"][-1] == last
        assert found["batch/loss"].coords["epoch"][-1] == last
        assert (found["batch/loss"].values <= 1.9).tolist() == [False] * (last - 1) + [True]
        assert seen[-1] == last

    def test_at_a_loss_threshold_the_weights_are_those_of_that_epoch(self):
        # Calls begin anywhere in an epoch; none may train on after the last one.
        recipe = EXAMPLE.with_fields({"epochs": 40, "loss_threshold": 1.9})
        found = [train(recipe.with_fields({"evaluate": evaluate})) for evaluate in (1, 4, "end")]
        assert 0 < found[0].steps < 40 * recipe.steps_per_epoch
        for other in found[1:]:
            assert other.steps == found[0].steps
            for name, array in named_weights(found[0].network).items():
                np.testing.assert_array_equal(named_weights(other.network)[name], array)

    def test_a_diverged_run_is_the_same_whoever_observes_it(self):
        recipe = EXAMPLE.with_fields(
            {
                "model": MLP(hidden=(8,), activation="identity"),
                "loss": "mean_squared_error",
                "optimizer": SGD(learning_rate=5.0, schedule=Constant(warmup=4.0)),
                "evaluate": "end",
                "epochs": 30,
            }
        )
        plain, observed = train(recipe), train(recipe, observers=(WeightNorm(),))
        assert plain.diverged_epoch == observed.diverged_epoch
        assert plain.diverged_epoch is not None
        assert digest(plain) == digest(observed)

    def test_a_threshold_that_the_last_epoch_reaches(self):
        recipe = EXAMPLE.with_fields({"epochs": 2, "loss_threshold": 100.0})
        assert train(recipe).steps == recipe.steps_per_epoch

    def test_divergence_is_no_threshold(self):
        recipe = EXAMPLE.with_fields(
            {
                "loss_threshold": 1e-9,
                "loss": "mean_squared_error",
                "model": MLP(hidden=(8,), activation="identity"),
                "optimizer": SGD(learning_rate=100.0),
                "evaluate": "end",
                "epochs": 5,
            }
        )
        assert train(recipe).diverged_epoch == 1

    def test_a_cancelled_run_says_what_it_took(self):
        asked = []

        def cancelled():
            asked.append(None)
            return len(asked) > 2

        with pytest.raises(StoppedError, match=r"cancelled after [0-9]+ steps") as caught:
            train(EXAMPLE, cancelled=cancelled)
        assert 0 < caught.value.steps < 3 * EXAMPLE.steps_per_epoch
        assert caught.value.seconds.train > 0


class TestOrder:
    def test_every_example_comes_once_in_an_epoch(self):
        train = np.arange(100, 1437, dtype=np.int32)
        order = epoch_order(EXAMPLE, 0, 1, train)
        assert order.shape == (EXAMPLE.steps_per_epoch, EXAMPLE.batch)
        present = order[order >= 0]
        np.testing.assert_array_equal(np.sort(present), train)
        assert (order[:-1] >= 0).all()

    def test_a_full_batch_is_not_shuffled(self):
        train = np.arange(100, 1437, dtype=np.int32)
        full = EXAMPLE.with_fields({"batch_size": 2000})
        np.testing.assert_array_equal(epoch_order(full, 0, 1, train), train[None])
        np.testing.assert_array_equal(feed_order(full, 0, 1, 3, train), train[None])

    def test_a_feed_is_epochs_one_after_the_other(self):
        train = np.arange(100, 1437, dtype=np.int32)
        recipe = EXAMPLE.with_fields({"evaluate": 4, "epochs": 9})
        feed = feed_order(recipe, 0, 3, 5, train)
        assert feed.shape == (4 * recipe.steps_per_epoch, recipe.batch)
        expected = [epoch_order(recipe, 0, epoch, train) for epoch in (3, 4, 5)]
        np.testing.assert_array_equal(feed[: 3 * recipe.steps_per_epoch], np.concatenate(expected))

    def test_it_is_the_replicates_and_the_epochs(self):
        train = np.arange(1337, dtype=np.int32)
        orders = [epoch_order(EXAMPLE, *which, train) for which in [(0, 1), (0, 2), (1, 1)]]
        assert all(
            (one != other).mean() > 0.9
            for index, one in enumerate(orders)
            for other in orders[:index]
        )
        other_condition = EXAMPLE.with_fields({"optimizer.learning_rate": 0.5, "epochs": 7})
        np.testing.assert_array_equal(epoch_order(other_condition, 0, 1, train), orders[0])


@pytest.mark.parametrize("setting", ["JAX_ENABLE_X64=1", "JAX_THREEFRY_PARTITIONABLE=0"])
def test_what_the_user_has_set_in_jax_does_not_change_a_bit(setting):
    program = "from training.stepwise import *; print(digest(train(EXAMPLE)))"
    name, _, value = setting.partition("=")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {name: value, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest(train(EXAMPLE))


@pytest.mark.parametrize(("asked", "lowered"), [("float32", "HIGHEST"), ("tensorfloat32", "HIGH")])
def test_products_are_as_precise_as_the_recipe_says(asked, lowered):
    recipe = EXAMPLE.with_fields({"matmul_precision": asked})
    with arithmetic(recipe):
        text = jax.jit(lambda a, b: a @ b).lower(np.ones((2, 2)), np.ones((2, 2))).as_text()
    assert f"[{lowered}, {lowered}]" in text
    assert digest(train(recipe)) == digest(train(EXAMPLE))  # on a CPU
