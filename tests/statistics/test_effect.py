import math

import numpy as np
import pytest
from scipy import stats

from paribus.statistics.effect import Effect
from paribus.statistics.paired import mean_effect

EFFECTS = {
    "t": Effect(0.3, 0.1, 4, 5, "t"),
    "normal": Effect(-0.3, 0.2, math.inf, 5, "normal"),
    "ratio": Effect(1.7, 0.2, 2, 3, "ratio", "ratio"),
    "correlation": Effect(0.6, 0.4, math.inf, 8, "correlation", "correlation"),
}


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("level", [0.2, 0.05, 0.001])
def test_p_is_below_the_level_exactly_where_the_interval_leaves_the_bound_out(name, level):
    effect = EFFECTS[name]
    low, high = effect.interval(1 - level)
    assert low < effect.estimate < high
    for end in (low, high):
        assert effect.p(end) == pytest.approx(level, rel=1e-7)
    between = np.linspace(low, high, 9)[1:-1]
    assert min(effect.p(bound) for bound in between) > level
    assert effect.p(effect.estimate) == 1.0


@pytest.mark.parametrize("bound", [0.0, 0.02, -0.03])
def test_p_is_that_of_scipys_t_test(bound):
    values = np.random.default_rng(3).normal(0.01, 0.02, 6)
    found = mean_effect(values.tolist(), resolution=0.0).p(bound)
    assert found == pytest.approx(stats.ttest_1samp(values, bound).pvalue, rel=1e-9)


def test_the_scale_of_a_correlation_is_fishers():
    low, high = EFFECTS["correlation"].interval(0.95)
    half = stats.norm.ppf(0.975) * 0.4
    assert (low, high) == pytest.approx(
        (math.tanh(math.atanh(0.6) - half), math.tanh(math.atanh(0.6) + half))
    )


def test_an_effect_without_an_error_is_known():
    effect = Effect(0.0, 0.0, 4, 5, "no spread, no resolution")
    assert effect.interval() == (0.0, 0.0)
    assert (effect.p(0.0), effect.p(0.1)) == (1.0, 0.0)


def test_a_ratio_beyond_all_numbers_has_an_interval():
    low, high = Effect(1e300, 100.0, 1, 2, "ratio", "ratio").interval()
    assert 0 <= low < 1
    assert math.isfinite(high)


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan")])
def test_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match=r"confidence is .*; it must lie between 0 and 1"):
        EFFECTS["t"].interval(confidence)
