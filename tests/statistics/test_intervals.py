import numpy as np
import pytest
from scipy import stats

from paribus.statistics.intervals import mean_interval


@pytest.mark.parametrize("n", [2, 3, 5, 30])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_agrees_with_scipy(n, confidence):
    values = np.random.default_rng(n).normal(0.9, 0.02, n)
    low, high = stats.t.interval(confidence, n - 1, loc=values.mean(), scale=stats.sem(values))
    interval = mean_interval(values.tolist(), confidence)
    assert interval.mean == pytest.approx(values.mean(), rel=1e-14)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-12)
    assert interval.n == n
    assert interval.method == f"Student t, {100 * confidence:g} %"


def test_one_value_has_no_interval():
    interval = mean_interval([0.5])
    assert (interval.mean, interval.low, interval.high, interval.n) == (0.5, None, None, 1)
    assert interval.method == "one replicate: no interval"


def test_no_value_has_no_mean():
    interval = mean_interval([])
    assert (interval.mean, interval.low, interval.high, interval.n) == (None, None, None, 0)


def test_equal_values_have_an_interval_without_width():
    interval = mean_interval([0.25, 0.25, 0.25])
    assert (interval.low, interval.high) == (0.25, 0.25)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="count diverged runs apart"):
        mean_interval([1.0, bad])


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval([1.0, 2.0], confidence)
