import numpy as np
import pytest

from paribus.data import Digits, Function
from paribus.data.base import Source
from paribus.probes import FirstLayerChange, GradientNorm, HiddenUnits
from paribus.training import EarlyStopping
from paribus.training.history import History, stalled
from training.stepwise import EXAMPLE


@pytest.mark.parametrize(
    ("values", "fields", "expected"),
    [
        ([], {"patience": 1}, False),
        ([1.0], {"patience": 1}, False),
        ([1.0, 0.9], {"patience": 1}, False),
        ([1.0, 1.0], {"patience": 1}, True),
        ([1.0, 1.1, 0.9], {"patience": 2}, False),
        ([1.0, 1.1, 1.0], {"patience": 2}, True),
        ([2.0, 1.9], {"patience": 1, "relative_change": 0.04}, False),
        ([2.0, 1.9], {"patience": 1, "relative_change": 0.06}, True),
        ([2.0, 1.9], {"patience": 1, "relative_change": 0.04, "change": 0.03}, True),
        ([2.0, 1.9], {"patience": 1, "relative_change": 0.04, "change": 0.01}, False),
        ([2.0, 1.9], {"patience": 1, "relative_change": 0.04, "metric": "train/loss"}, False),
        (
            [0.50, 0.51],
            {"patience": 1, "relative_change": 0.04, "metric": "validation/accuracy"},
            True,
        ),
        (
            [0.50, 0.53],
            {"patience": 1, "relative_change": 0.04, "metric": "validation/accuracy"},
            False,
        ),
        ([0.5, 1.1, 1.0, 0.9], {"patience": 2}, True),  # better than before, not than the best
        ([1.0, 0.95], {"patience": 1, "change": 0.1}, True),
        ([1.0, 0.85], {"patience": 1, "change": 0.1}, False),
        ([0.5, 0.6], {"patience": 1, "metric": "validation/accuracy"}, False),
        ([0.6, 0.5], {"patience": 1, "metric": "validation/accuracy"}, True),
    ],
)
def test_when_a_run_has_stopped_improving(values, fields, expected):
    assert stalled(values, EarlyStopping(**fields)) is expected


OBSERVERS = GradientNorm(), HiddenUnits(), FirstLayerChange()


@pytest.fixture
def history():
    """Five examples for training, two for validation, three for testing."""
    dataset = Digits().load(Source())
    positions = {
        "train": np.arange(5, dtype=np.int32),
        "validation": np.arange(5, 7, dtype=np.int32),
        "test": np.arange(7, 10, dtype=np.int32),
    }
    assert dataset.targets[:10].tolist() == list(range(10))
    stopping = EarlyStopping(patience=1, metric="validation/accuracy")
    recipe = EXAMPLE.with_fields({"early_stopping": stopping})
    return History(recipe, dataset, positions, OBSERVERS)


LOSSES = np.arange(10.0) / 10
RIGHT = np.arange(10, dtype=np.int32)
ONE_WRONG = np.array([0, 1, 2, 3, 4, 5, 0, 7, 8, 8], np.int32)


def found(history, layers=()):
    return {one.name: one for one in history.measurements(list(layers))}


def test_every_split_has_its_own_metrics(history):
    # The positions after the tenth pad a chunk of evaluation, and count for nothing.
    padding = np.full(4, 99.0), np.zeros(4, np.int32)
    history.add_evaluation(
        0, (np.append(LOSSES, padding[0]), np.append(ONE_WRONG, padding[1]).astype(np.int32))
    )
    values = {name: one.values for name, one in found(history).items()}
    assert values["train/loss"] == pytest.approx([0.2])
    assert values["validation/loss"] == pytest.approx([0.55])
    assert values["test/loss"] == pytest.approx([0.8])
    assert values["train/accuracy"] == [1]
    assert values["validation/accuracy"] == [0.5]
    assert values["test/accuracy"] == pytest.approx([2 / 3])
    assert history.correct.tolist() == [True, True, False]
    np.testing.assert_array_equal(
        np.argwhere(values["test/confusion"][0]), [[7, 7], [8, 8], [9, 8]]
    )


def test_axes_are_named_and_placed(history):
    history.add_evaluation(0, (LOSSES, RIGHT))
    history.add_batch_loss(1, 0.5)
    history.add_evaluation(2, (LOSSES, ONE_WRONG))
    history.add_observation(2, {"gradient/norm": np.ones(3), "gradient/total_norm": np.ones(())})
    history.add_observation(2, {"units/dead": np.ones(2), "change/first_layer": np.ones((5, 4))})
    measured = found(history, layers=["1", "2", "3"])
    assert measured["test/loss"].dims == ("epoch",)
    assert measured["test/loss"].coords["epoch"].tolist() == [0, 2]
    assert measured["batch/loss"].coords["epoch"].tolist() == [1]
    assert measured["test/confusion"].dims == ("epoch", "true", "predicted")
    assert measured["test/confusion"].coords["true"].tolist() == list("0123456789")
    assert measured["gradient/norm"].dims == ("epoch", "layer")
    assert measured["gradient/norm"].coords["layer"].tolist() == ["1", "2", "3"]
    assert measured["gradient/total_norm"].dims == ("epoch",)
    assert measured["units/dead"].coords["layer"].tolist() == ["1", "2"]  # the last is not hidden
    assert measured["change/first_layer"].dims == ("epoch", "unit", "input")
    assert list(measured["change/first_layer"].coords) == ["epoch"]
    for one in measured.values():
        sizes = dict(zip(one.dims, one.values.shape, strict=True))
        assert {name: len(places) for name, places in one.coords.items()}.items() <= sizes.items()


def test_what_a_probe_measured_bears_its_identity(history):
    history.add_evaluation(0, (LOSSES, RIGHT))
    history.add_observation(0, {"gradient/norm": np.ones(3), "units/dead": np.ones(2)})
    measured = found(history, layers=["1", "2", "3"])
    assert measured["test/loss"].probe == ""
    assert measured["gradient/norm"].probe == OBSERVERS[0].identity
    assert measured["units/dead"].probe == OBSERVERS[1].identity
    identities = {one.identity for one in (*OBSERVERS, HiddenUnits(examples=7))}
    assert len(identities) == len(OBSERVERS) + 1


def test_it_stops_by_the_metric_that_is_watched(history):
    history.add_evaluation(0, (LOSSES, ONE_WRONG))
    assert not history.stop_early()
    history.add_evaluation(1, (LOSSES, RIGHT))
    assert not history.stop_early()
    history.add_evaluation(2, (LOSSES / 2, RIGHT))  # a better loss is not what is asked for
    assert history.stop_early()


def test_without_classes_there_are_losses_only():
    dataset = Function(name="sinc", examples=4).load(Source())
    recipe = EXAMPLE.with_fields(
        {"data": Function(name="sinc", examples=4), "loss": "mean_squared_error"}
    )
    history = History(recipe, dataset, {"train": dataset.train, "test": dataset.test})
    history.add_evaluation(0, (np.arange(8.0), np.zeros(8, np.int32)))
    assert {name: one.values.tolist() for name, one in found(history).items()} == {
        "train/loss": [1.5],
        "test/loss": [5.5],
    }
    assert history.correct is None
