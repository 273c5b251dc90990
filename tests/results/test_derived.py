import numpy as np
import pytest

from paribus.results.derived import with_derived
from paribus.results.table import metric_names, table
from results.example_studies import activations, diverging, regression


def test_the_gap_is_train_minus_test_at_each_epoch():
    results = activations(2)
    frame = with_derived(results).metrics
    by = ["activation", "replicate", "epoch"]
    wide = frame.pivot(index=by, columns="metric", values="value")
    expected = wide["train/accuracy"] - wide["test/accuracy"]
    np.testing.assert_allclose(wide["gap/accuracy"], expected, rtol=0, atol=1e-15)
    assert wide["gap/accuracy"].notna().all()


def test_epochs_trained_are_those_of_the_run_itself():
    results = diverging()
    frame = with_derived(results).metrics
    trained = frame.loc[frame["metric"] == "epochs/trained"]
    assert len(trained) == 20
    ended = trained.loc[(trained["activation"] == "relu") & (trained["replicate"] == 2)]
    assert ended["value"].tolist() == [6.0]
    others = trained["value"].tolist()
    assert sorted(set(others)) == [6.0, 20.0]


def test_derived_metrics_are_tabulated_in_declared_order():
    rows = table(with_derived(activations(3)), ("gap/accuracy",))
    assert [row["condition"]["activation"] for row in rows] == ["sigmoid", "tanh", "relu", "gelu"]
    assert {row["n"] for row in rows} == {3}


def test_what_was_measured_stays_and_nothing_is_made_up():
    results = regression()
    derived = with_derived(results)
    assert set(metric_names(derived)) - set(metric_names(results)) == {"epochs/trained"}
    assert "gap/accuracy" not in metric_names(results)


def test_a_measured_metric_of_that_name_stands():
    results = with_derived(activations(2))
    assert with_derived(results) is results


@pytest.mark.parametrize("factor", ["activation"])
def test_factor_columns_stay_ordered(factor):
    results = activations(2)
    assert with_derived(results).metrics[factor].dtype == results.metrics[factor].dtype
