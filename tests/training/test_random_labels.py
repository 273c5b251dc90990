"""Training on labels drawn at random: what is trained on, and what is measured of what."""

import numpy as np
import pytest

from paribus.data import Digits
from paribus.data.base import Source
from paribus.data.labels import corrupted
from paribus.models import MLP
from paribus.models.base import layers_of
from paribus.optimizers import Adam
from paribus.training import Recipe
from paribus.training.lane import Lane
from training.stepwise import DEVICES, digest, measured, task, train, train_together

SHARE = 0.6
RECIPE = Recipe(
    data=Digits(validation=100, random_labels=SHARE),
    model=MLP(hidden=(64,)),
    optimizer=Adam(learning_rate=3e-3),
    batch_size=64,
    epochs=4,
)
REPLICATE = 2


def predicted(network, inputs):
    """The classes by plain NumPy."""
    (_, first), (_, last) = layers_of(network)
    found = inputs.reshape(len(inputs), -1) / 16 @ np.asarray(first.weight).T + first.bias
    return (np.maximum(found, 0) @ np.asarray(last.weight).T + last.bias).argmax(axis=1)


def test_the_train_split_is_measured_on_the_labels_trained_on_and_the_others_on_true_ones():
    trained = train(RECIPE, REPLICATE)
    dataset, splits = RECIPE.data.load(Source()), trained.splits
    labels = corrupted(dataset, splits.train, SHARE, REPLICATE).targets
    guessed = predicted(trained.network, dataset.inputs)
    found = {
        name: one.values[-1] for name, one in measured(trained).items() if one.values.ndim == 1
    }

    def accuracy(positions, targets):
        return np.mean(guessed[positions] == targets[positions])

    true = dataset.targets
    assert found["train/accuracy"] == pytest.approx(accuracy(splits.train, labels), abs=2e-3)
    assert found["test/accuracy"] == pytest.approx(accuracy(splits.test, true), abs=6e-3)
    assert found["validation/accuracy"] == pytest.approx(
        accuracy(splits.validation, true), abs=2e-2
    )
    # Far enough apart to tell which labels were meant.
    assert abs(accuracy(splits.train, labels) - accuracy(splits.train, true)) > 0.1


def test_they_are_what_is_learnt():
    """With every label drawn a network fits what it sees, and guesses at what it does not."""
    drawn = RECIPE.with_fields({"data.random_labels": 1.0, "epochs": 60, "evaluate": "end"})
    found = {name: one.values[-1] for name, one in measured(train(drawn)).items()}
    assert found["train/accuracy"] > 0.25
    assert found["test/accuracy"] < 0.2


def test_none_drawn_is_the_run_without():
    plain = RECIPE.with_fields({"data.random_labels": 0.0})
    without = Recipe(**{**dict(RECIPE), "data": Digits(validation=100)})
    assert digest(train(plain)) == digest(train(without))
    assert digest(train(plain)) != digest(train(RECIPE))


def test_runs_that_would_go_side_by_side_go_one_after_the_other():
    """Those side by side share their labels; these are each replicate's own."""
    short = RECIPE.with_fields({"epochs": 1})
    lane = Lane(DEVICES[0], widest=2)
    together = train_together([task(short, one) for one in (0, 1)], lane)
    assert [digest(one) for one in together] == [digest(train(short, one)) for one in (0, 1)]
