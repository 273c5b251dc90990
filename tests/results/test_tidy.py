import numpy as np
import pytest

from paribus.results.tidy import condition_label, tidy
from paribus.store.records import Measurement
from results.example_studies import ACTIVATIONS, activation_runs, activations, diverging, entry


def test_runs_has_a_row_per_stored_run_in_declared_order():
    runs = activations().runs
    assert len(runs) == 20
    assert runs["activation"].unique().tolist() == ["sigmoid", "tanh", "relu", "gelu"]
    assert runs["replicate"].tolist() == list(range(5)) * 4
    assert set(runs["train_seconds"]) == {6.25}
    assert set(runs["parameters"]) == {118_282}
    assert runs["diverged_epoch"].isna().all()


def test_metrics_hold_every_number_measured():
    study = entry([ACTIVATIONS], 2)
    stored = list(activation_runs(study))
    results = tidy(study, stored)
    wanted = {m.name: m.values for m in stored[5].measurements}
    chosen = results.select(results.metrics, {"activation": "relu"})
    chosen = chosen[(chosen["replicate"] == 1) & (chosen["metric"] == "test/accuracy")]
    np.testing.assert_array_equal(chosen["value"], wanted["test/accuracy"])
    np.testing.assert_array_equal(chosen["epoch"], np.arange(21))
    batch = results.metrics[results.metrics["metric"] == "batch/loss"]
    assert batch["epoch"].min() == 1


def test_layers_keep_the_name_of_each_layer():
    study = entry([ACTIVATIONS], 1)
    stored = list(activation_runs(study))
    results = tidy(study, stored)
    wanted = next(m for m in stored[0].measurements if m.name == "gradient/norm")
    chosen = results.select(results.layers, {"activation": "sigmoid"})
    chosen = chosen[(chosen["metric"] == "gradient/norm") & (chosen["layer"] == "hidden 2")]
    np.testing.assert_array_equal(chosen["value"], wanted.values[:, 1])
    assert results.layers["layer"].unique().tolist() == ["hidden 1", "hidden 2", "output"]


def test_a_diverged_run_is_there_with_its_epoch():
    results = diverging()
    row = results.runs[results.runs["key"] == "relu-2"].iloc[0]
    assert (row["status"], row["diverged_epoch"]) == ("diverged", 7)


def test_members_that_are_not_stored_are_named():
    study = entry([ACTIVATIONS], 2)
    results = tidy(study, [run for run in activation_runs(study) if run.key != "tanh-1"])
    assert [member.key for member in results.missing] == ["tanh-1"]
    assert len(results.runs) == 7
    assert len(results.conditions) == 4


def test_runs_of_another_study_are_left_out():
    study, smaller = entry([ACTIVATIONS], 3), entry([ACTIVATIONS], 2)
    assert len(tidy(smaller, activation_runs(study)).runs) == 8


def test_a_study_without_factors_or_runs_is_still_tables():
    results = tidy(entry([], 3), [])
    assert results.conditions == ({},)
    assert results.runs.empty
    assert results.metrics.columns.tolist() == ["replicate", "epoch", "metric", "value"]


def test_confusion_of_a_run():
    results = activations(1)
    matrix = results.confusion("relu-0")
    assert isinstance(matrix, Measurement)
    assert matrix.values.sum() == 300


@pytest.mark.parametrize(
    ("condition", "label"),
    [({}, "one condition"), ({"a": "relu"}, "relu"), ({"a": "relu", "b": "8"}, "relu · 8")],
)
def test_condition_label(condition, label):
    assert condition_label(condition) == label
