import math

import numpy as np
import pytest
from scipy import stats

from paribus.statistics.looks import spent_levels

PLANS = [(5,), (5, 10), (5, 10, 20), (3, 4, 5, 50)]


def spent(share, level):
    """Lan and DeMets (1983): near Pocock's rule."""
    return level * math.log(1 + (math.e - 1) * share)


@pytest.mark.parametrize("looks", PLANS)
@pytest.mark.parametrize("level", [0.05, 0.01])
def test_each_look_has_what_the_spending_function_grows_by(looks, level):
    levels = spent_levels(looks, level)
    cumulative = [spent(n / looks[-1], level) for n in looks]
    assert np.cumsum(levels) == pytest.approx(cumulative)
    assert sum(levels) == pytest.approx(level)
    assert min(levels) > 0


def test_one_look_has_the_whole_level():
    assert spent_levels((5,), 0.05) == pytest.approx((0.05,))


def test_what_is_found_at_any_look_stays_below_the_level():
    """4,000 studies in which nothing is to be found, looked at three times."""
    values = np.random.default_rng(0).normal(size=(4000, 20))
    looks = (5, 10, 20)
    found = np.zeros(4000, bool)
    for n, level in zip(looks, spent_levels(looks), strict=True):
        found |= stats.ttest_1samp(values[:, :n], 0, axis=1).pvalue <= level
    low = stats.binomtest(int(found.sum()), 4000).proportion_ci(0.999).low
    assert low <= 0.05
    assert found.mean() > 0.02


@pytest.mark.parametrize("looks", [(), (10, 5), (5, 5), (1, 5), (0,), (5.0, 10), ("5",)], ids=repr)
def test_wrong_plans_are_refused(looks):
    with pytest.raises(ValueError, match="whole numbers of two replicates or more, each above"):
        spent_levels(looks)


def test_a_level_is_a_share():
    with pytest.raises(ValueError, match="level is 5; it must lie between 0 and 1"):
        spent_levels((5, 10), 5)
