"""Whole runs: what they measure, when they stop, and that nothing around them changes a bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paribus.executors import ThreadExecutor
from paribus.models import MLP
from paribus.models.base import named_weights
from paribus.objectives import Penalties
from paribus.optimizers import SGD
from paribus.probes import AtEnd, GradientNorm, WeightNorm
from paribus.training import EarlyStopping
from paribus.training.lane import Lane
from paribus.training.loop import StoppedError, epoch_order, train_run
from training.stepwise import DEVICES, EXAMPLE, digest, measured, task, train, train_by_calls

TESTS = Path(__file__).parents[1]
STILL = {"optimizer": SGD(learning_rate=1e-30), "model.dropout": 0.0}
"""Changes that leave the weights where they start."""


def members(count):
    """Runs of one cohort: they differ in learning rate, decay, dropout rate and replicate."""
    return [
        (
            EXAMPLE.with_fields(
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


@pytest.fixture(scope="module")
def alone():
    """Digests of ten runs, each trained alone."""
    lane = Lane(DEVICES[0])
    return [digest(train_run(task(*member), lane)) for member in members(10)]


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
    def test_a_run_alone_and_in_any_cohort(self, alone, lanes, slots, count, observers):
        tasks = [task(*member, observers=observers) for member in members(count)]
        with ThreadExecutor(slots) as executor:
            # Last first, so that no run comes where it came when it was alone.
            futures = [
                executor.submit(lambda slot, one=one: train_run(one, lanes[slot]), group=0)
                for one in reversed(tasks)
            ]
            found = [digest(future.result()) for future in reversed(futures)]
        assert found == alone[:count]

    def test_a_run_is_its_programs_called_epoch_by_epoch(self):
        trained, expected = train(EXAMPLE, 1), train_by_calls(EXAMPLE, 1)
        assert measured(trained)["batch/loss"].values.tolist() == [end.loss for end in expected]
        for name, array in named_weights(trained.network).items():
            np.testing.assert_array_equal(array, expected[-1].weights[name])

    @pytest.mark.parametrize("evaluate", [2, "end"])
    def test_when_it_is_measured_does_not_matter(self, evaluate):
        seldom = train(EXAMPLE.with_fields({"evaluate": evaluate}))
        often = train(EXAMPLE)
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
