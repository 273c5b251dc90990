"""The curves and bands of the page, against numbers that are computed from the stored runs."""

import numpy as np
import pytest
from scipy import stats

from paribus.store.catalogue import Catalogue

STUDY = ("second", "demo")
PATH = "/studies/second/demo/charts.json"


def expected(lab, label):
    """Per cent of test accuracy by epoch: the mean and its 95 % interval over the replicates."""
    with Catalogue.open(lab, create=False) as catalogue:
        members = catalogue.study(*STUDY).members
        keys = [one.key for one in members if one.condition == {"activation": label}]
        runs = [catalogue.run(key) for key in keys]
    curves = [
        next(100 * one.values for one in run.measurements if one.name == "test/accuracy")
        for run in runs
    ]
    assert len(curves) == 5
    half = stats.t.ppf(0.975, len(curves) - 1) * stats.sem(curves, axis=0)
    mean = np.mean(curves, axis=0)
    return np.stack([mean - half, mean, mean + half], axis=1)


@pytest.mark.parametrize(
    ("query", "figure", "labels"),
    [
        ("", "chosen", {"sigmoid", "tanh", "relu", "gelu"}),
        ("?only=activation=tanh&only=activation=gelu", "chosen", {"tanh", "gelu"}),
        ("?only=activation=relu&compare=gelu&compare=sigmoid", "chosen", {"relu"}),
        ("?only=activation=relu&compare=gelu&compare=sigmoid", "compared", {"gelu", "sigmoid"}),
    ],
)
def test_a_band_is_the_interval_over_the_runs_of_its_condition(client, lab, query, figure, labels):
    drawn = client.get(PATH + query).json()[f"{figure}-curve-test-accuracy"]
    rows = drawn["datasets"]["test-accuracy-mean"]
    assert {row["label"] for row in rows} == labels
    for label in labels:
        of_label = [row for row in rows if row["label"] == label]
        epochs = [row["epoch"] for row in of_label]
        assert epochs == list(range(1, 21))
        found = [[row["low"], row["mean"], row["high"]] for row in of_label]
        # They are drawn with three decimals.
        np.testing.assert_allclose(found, expected(lab, label)[epochs], atol=6e-4)
