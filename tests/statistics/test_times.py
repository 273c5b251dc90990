import math

import pytest
from scipy import stats

from paribus.statistics.times import sooner


def test_times_are_compared_up_to_the_horizon():
    effect, censored = sooner([3, 5, None, 9], [8, None, None, 12], horizon=10)
    oracle = stats.ttest_rel([3, 5, 10, 9], [8, 10, 10, 10])
    assert effect.estimate == -2.75
    assert effect.p(0.0) == pytest.approx(oracle.pvalue)
    assert censored == (1, 3)
    assert effect.method == "paired Student t, times up to 10 epochs"


def test_an_event_at_the_horizon_has_come():
    assert sooner([10, 10], [10, None], horizon=10)[1] == (0, 1)


def test_times_that_agree_are_known_to_an_epoch():
    effect, _ = sooner([4, 4, 4], [6, 6, 6], horizon=10)
    assert (effect.estimate, effect.error) == (-2.0, pytest.approx(1 / math.sqrt(12)))


def test_where_nothing_comes_there_is_no_difference():
    effect, censored = sooner([None, None], [None, None], horizon=10)
    assert (effect.estimate, effect.p(0.0), censored) == (0.0, 1.0, (2, 2))


def test_wrong_times_are_refused():
    with pytest.raises(ValueError, match=r"times of 0 or more .*; got times \[-1\], horizon 10"):
        sooner([-1, 2], [3, None], horizon=10)
    with pytest.raises(ValueError, match="horizon above 0; got horizon 0"):
        sooner([1, 2], [3, 4], horizon=0)
    with pytest.raises(ValueError, match="samples of one length"):
        sooner([1, 2], [3], horizon=10)
