import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from paribus.statistics.paired import mean_effect
from paribus.statistics.power import (
    deviation_upper,
    power,
    precision,
    replicates_to_decide,
    spread_of_test_set,
)

DISTANCES = [0.0, 0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0]


@pytest.mark.parametrize("level", [0.001, 0.05, 0.2])
@pytest.mark.parametrize("n", [2, 3, 5, 10, 30, 300, 10_000])
def test_power_agrees_with_statsmodels(n, level):
    for distance in DISTANCES:
        oracle = TTestPower().power(distance, n, level)
        found = power(3 * distance, 3.0, n, level)
        assert 0 < found <= 1 + 1e-12
        if not math.isnan(oracle):  # SciPy's noncentral t has no number for some
            assert found == pytest.approx(oracle, abs=1e-5)


def test_without_spread_everything_is_found_but_nothing():
    assert (power(0.1, 0.0, 3), power(0.0, 0.0, 3)) == (1.0, 0.05)


@pytest.mark.parametrize("n", [2, 5, 30])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_upper_bound_of_the_deviation_is_that_of_chi_square(n, confidence):
    quantile = stats.chi2.ppf(1 - confidence, n - 1)
    oracle = 0.3 * math.sqrt((n - 1) / quantile)
    assert deviation_upper(0.3, n, confidence) == pytest.approx(oracle)


def test_the_upper_bound_lies_above_the_truth_as_often_as_it_says():
    deviations = np.random.default_rng(0).normal(size=(4000, 5)).std(axis=1, ddof=1)
    above = np.mean([deviation_upper(one, 5) >= 1 for one in deviations])
    assert above == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 4000))


@pytest.mark.parametrize("n", [2, 5, 20])
@pytest.mark.parametrize("distance", [0.5, 0.7, 3.0])
@pytest.mark.parametrize("wanted", [0.8, 0.95])
def test_the_replicates_that_decide_are_the_fewest_that_have_the_power(n, distance, wanted):
    bound = deviation_upper(0.4, n)
    oracle = next((m for m in range(n + 1, 10_001) if power(distance, bound, m) >= wanted), None)
    assert replicates_to_decide(n, 0.4, distance, power=wanted) == oracle


def test_at_least_one_more_replicate_is_asked_for():
    assert replicates_to_decide(5, 0.0, 0.1) == 6
    assert replicates_to_decide(5, 1e-6, 0.1) == 6


def test_what_no_number_decides_has_none():
    assert replicates_to_decide(5, 1.0, 0.0) is None
    assert replicates_to_decide(5, 1.0, 0.001) is None
    assert replicates_to_decide(10_000, 1.0, 1.0) is None


def test_precision_is_half_the_width_of_the_interval():
    values = np.random.default_rng(1).normal(size=7)
    low, high = mean_effect(values.tolist(), resolution=0.0).interval(0.9)
    assert precision(values.std(ddof=1), 7, 0.9) == pytest.approx((high - low) / 2)


def test_the_spread_of_a_test_set_is_binomial():
    oracle = stats.binom(10_000, 0.97).std() / 10_000
    assert spread_of_test_set(0.97, 10_000) == pytest.approx(oracle)
    assert spread_of_test_set(1.0, 10) == 0.0


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf")])
def test_distances_and_deviations_are_sizes(bad):
    with pytest.raises(ValueError, match=f"distance is {bad}; it must be 0 or more"):
        power(bad, 1.0, 5)
    with pytest.raises(ValueError, match=f"distance is {bad}; it must be 0 or more"):
        replicates_to_decide(5, 1.0, bad)
    with pytest.raises(ValueError, match=f"deviation is {bad}; it must be 0 or more"):
        deviation_upper(bad, 5)
    with pytest.raises(ValueError, match=f"deviation is {bad}; it must be 0 or more"):
        precision(bad, 5)


@pytest.mark.parametrize("call", [power, replicates_to_decide])
def test_one_replicate_has_no_deviation(call):
    arguments = (1.0, 1.0, 1) if call is power else (1, 1.0, 1.0)
    with pytest.raises(ValueError, match="two replicates or more; got 1"):
        call(*arguments)


def test_levels_and_confidences_are_shares():
    for call in (
        lambda: power(1.0, 1.0, 5, 5),
        lambda: deviation_upper(1.0, 5, 95),
        lambda: precision(1.0, 5, 95),
        lambda: replicates_to_decide(5, 1.0, 1.0, level=5),
        lambda: replicates_to_decide(5, 1.0, 1.0, power=80),
    ):
        with pytest.raises(ValueError, match="it must lie between 0 and 1"):
            call()


@pytest.mark.parametrize(("accuracy", "examples"), [(1.1, 10), (97, 10), (float("nan"), 10)])
def test_an_accuracy_is_a_share(accuracy, examples):
    with pytest.raises(ValueError, match="it must lie from 0 to 1"):
        spread_of_test_set(accuracy, examples)


def test_a_test_set_has_examples():
    with pytest.raises(ValueError, match="one example or more; got 0"):
        spread_of_test_set(0.5, 0)
