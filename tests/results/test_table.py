import dataclasses
import json

import numpy as np
import pytest

from paribus.errors import ParibusError, UnknownNameError
from paribus.results.means import interval_words
from paribus.results.table import final_values, table
from paribus.results.tidy import tidy
from paribus.statistics.bootstrap import bootstrap_interval
from paribus.statistics.intervals import mean_interval
from paribus.store.records import Measurement
from results.example_studies import (
    ACTIVATIONS,
    activation_runs,
    activations,
    classification,
    diverging,
    entry,
    regression,
    stored,
)


def test_rows_are_means_of_the_last_epoch_in_declared_order():
    study = entry([ACTIVATIONS], 5)
    runs = list(activation_runs(study))
    rows = table(tidy(study, runs), ("test/accuracy", "train/loss"))
    assert [row["condition"]["activation"] for row in rows[:4]] == ACTIVATIONS["labels"]
    assert [row["metric"] for row in rows] == ["test/accuracy"] * 4 + ["train/loss"] * 4
    last = [
        next(m.values[-1] for m in run.measurements if m.name == "test/accuracy")
        for run in runs
        if run.key.startswith("tanh")
    ]
    wanted = mean_interval(last)
    assert rows[1] == {
        "condition": {"activation": "tanh"},
        "metric": "test/accuracy",
        "epoch_rule": "last",
        "mean": pytest.approx(wanted.mean),
        "low": pytest.approx(wanted.low),
        "high": pytest.approx(wanted.high),
        "n": 5,
        "diverged": 0,
        "method": "Student t, 95 %",
    }


def test_the_bootstrap_is_offered_from_twenty_replicates_on():
    made = activations(20)
    rows = table(made, interval="bootstrap")
    finals = made.select(final_values(made, "test/accuracy"), {"activation": "tanh"})
    wanted = bootstrap_interval(finals["value"].tolist())
    assert (rows[1]["low"], rows[1]["high"]) == (wanted.low, wanted.high)
    assert rows[1]["method"] == "BCa bootstrap, 95 %"
    assert interval_words(rows) == "BCa bootstrap"
    assert interval_words(table(made)) == "Student's t"
    with pytest.raises(ParibusError, match=r"20 finished replicates or more; sigmoid has 19"):
        table(activations(19), interval="bootstrap")


def test_best_validation_is_the_earliest_of_the_highest():
    study = entry([ACTIVATIONS], 1)
    epoch = {"epoch": np.arange(4)}
    runs = [
        stored(
            study.members[0],
            [
                Measurement("validation/accuracy", np.array([0.1, 0.8, 0.8, 0.7]), coords=epoch),
                Measurement("test/accuracy", np.array([0.1, 0.6, 0.9, 0.95]), coords=epoch),
            ],
        )
    ]
    row = table(tidy(study, runs), epoch_rule="best validation")[0]
    assert (row["mean"], row["epoch_rule"]) == (0.6, "best validation")


def test_best_validation_of_a_regression_is_the_lowest_loss():
    results = regression()
    losses = results.metrics[results.metrics["metric"] == "validation/loss"]
    best = losses.loc[losses.groupby(["penalty", "replicate"], observed=True)["value"].idxmin()]
    chosen = final_values(results, "test/loss", "best validation")
    assert chosen["epoch"].tolist() == best["epoch"].tolist()


def test_best_validation_without_a_split_says_what_to_do():
    study = entry([ACTIVATIONS], 1)
    runs = [stored(m, classification(0.9, 0.3, 0, validation=False)) for m in study.members]
    with pytest.raises(ParibusError, match=r"needs a validation split.*data\.validation"):
        table(tidy(study, runs), epoch_rule="best validation")


def test_diverged_runs_are_counted_not_averaged():
    row = table(diverging())[2]
    assert (row["condition"], row["n"], row["diverged"]) == ({"activation": "relu"}, 4, 1)
    assert row["mean"] > 0.95


def test_one_replicate_has_no_interval():
    row = table(activations(1))[0]
    assert (row["low"], row["high"], row["n"]) == (None, None, 1)
    assert row["method"] == "one replicate: no interval"


def test_a_condition_without_runs_is_a_row_of_none():
    study = entry([ACTIVATIONS], 2)
    results = tidy(study, [r for r in activation_runs(study) if not r.key.startswith("tanh")])
    row = table(results)[1]
    assert (row["mean"], row["n"]) == (None, 0)
    assert row["method"] == "no finished run with this metric"


def test_numbers_that_are_not_finite_never_reach_json():
    results = activations(2)
    values = results.metrics["value"].where(results.metrics["replicate"] == 0, np.inf)
    broken = dataclasses.replace(results, metrics=results.metrics.assign(value=values))
    rows = table(broken)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows[0]["n"] == 1
    assert rows[0]["method"].endswith("1 not finite, left out")


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"'test/acuracy'; did you mean 'test/accuracy'"):
        table(activations(1), ("test/acuracy",))
    with pytest.raises(UnknownNameError, match="epoch rule"):
        table(activations(1), epoch_rule="best")
