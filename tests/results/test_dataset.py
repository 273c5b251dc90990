import json

import numpy as np

from paribus.results.dataset import to_dataset
from paribus.results.tidy import tidy
from results.example_studies import (
    ACTIVATIONS,
    activation_runs,
    activations,
    diverging,
    entry,
    grid,
)


def test_dims_are_factors_replicate_and_what_was_measured():
    data = to_dataset(grid())
    assert data["test/accuracy"].dims == ("activation", "batch size", "replicate", "epoch")
    assert data["gradient/norm"].dims[-1] == "layer"
    assert data["test/confusion"].dims[-2:] == ("true", "predicted")
    assert data["activation"].values.tolist() == ["sigmoid", "tanh", "relu", "gelu"]
    assert data["batch size"].values.tolist() == ["8", "32", "128"]


def test_every_number_is_where_it_belongs():
    study = entry([ACTIVATIONS], 2)
    runs = list(activation_runs(study))
    data = to_dataset(tidy(study, runs))
    for run in runs:
        label, replicate = run.key.split("-")
        here = data.sel(activation=label, replicate=int(replicate))
        for one in run.measurements:
            values = here[one.name].values
            if one.name == "batch/loss":
                assert np.isnan(values[0])
                values = values[1:]
            np.testing.assert_array_equal(values, one.values)
        assert here["parameters"] == run.parameters


def test_epochs_after_a_divergence_are_nan():
    here = to_dataset(diverging()).sel(activation="relu", replicate=2)
    assert here["diverged_epoch"] == 7
    known = np.isfinite(here["test/accuracy"].values)
    assert known.tolist() == [True] * 7 + [False] * 14
    assert np.isnan(here["test/confusion"].values).all()


def test_a_run_not_stored_is_nan_and_says_so():
    study = entry([ACTIVATIONS], 2)
    results = tidy(study, [run for run in activation_runs(study) if run.key != "tanh-1"])
    data = to_dataset(results)
    assert not data["stored"].sel(activation="tanh", replicate=1)
    assert np.isnan(data["test/loss"].sel(activation="tanh", replicate=1)).all()
    assert int(data["stored"].sum()) == 7


def test_attributes_hold_the_study():
    data = to_dataset(activations(1))
    assert data.attrs["question"].startswith("Which activation")
    assert json.loads(data.attrs["document"])["recipe"]["batch_size"] == 32
