import math

import numpy as np
import pytest
from scipy import stats

from paribus.statistics.variances import variance_ratio


def courses(n, epochs, scale, seed):
    return np.random.default_rng(seed).normal(0, scale, (n, epochs)).tolist()


@pytest.mark.parametrize("n", [2, 5])
def test_the_ratio_is_a_t_test_of_its_logarithms(n):
    first, second = courses(n, 20, 3.0, 0), courses(n, 20, 1.0, 1)
    logs = np.log(np.diff(first).var(axis=1, ddof=1) / np.diff(second).var(axis=1, ddof=1))
    effect = variance_ratio(first, second)
    assert effect.estimate == pytest.approx(math.exp(logs.mean()))
    assert effect.p(1.0) == pytest.approx(stats.ttest_1samp(logs, 0).pvalue)
    ends = stats.t.interval(0.95, n - 1, logs.mean(), stats.sem(logs))
    assert effect.interval() == pytest.approx(tuple(np.exp(ends)))
    assert effect.interval()[0] * effect.interval()[1] == pytest.approx(effect.estimate**2)


def test_either_side_may_be_the_noisier():
    first, second = courses(5, 20, 3.0, 0), courses(5, 20, 1.0, 1)
    one, other = variance_ratio(first, second), variance_ratio(second, first)
    assert one.estimate == pytest.approx(1 / other.estimate)
    assert one.p(2.0) == pytest.approx(other.p(0.5))


def test_a_course_that_does_not_move_has_the_variance_of_rounding():
    moving = [[0.1, 0.3, 0.2, 0.4], [0.1, 0.2, 0.1, 0.3]]
    still = [[0.1] * 4] * 2
    variances = np.diff(moving).var(axis=1, ddof=1)
    effect = variance_ratio(moving, still, resolution=0.01)
    assert effect.estimate == pytest.approx(np.exp(np.log(variances / (0.01**2 / 6)).mean()))


def test_where_nothing_moves_nothing_is_known_of_the_ratio():
    effect = variance_ratio([[0.1] * 6] * 3, [[0.1] * 6] * 3, resolution=0.01)
    assert (effect.estimate, effect.p(1.0)) == (1.0, 1.0)
    assert effect.error == pytest.approx(math.sqrt(4 / 4 / 3))
    assert effect.interval()[1] > 10


def test_courses_of_zeros_have_a_ratio():
    assert math.isfinite(variance_ratio([[0.0, 9.0, 1.0]] * 2, [[0.0] * 3] * 2).estimate)


def test_wrong_courses_are_refused():
    with pytest.raises(ValueError, match="as many courses each; got 2 and 1"):
        variance_ratio([[1.0, 2.0, 4.0]] * 2, [[1.0, 2.0, 4.0]])
    with pytest.raises(ValueError, match="three values or more; got 2"):
        variance_ratio([[1.0, 2.0]] * 2, [[1.0, 2.0, 4.0]] * 2)
    with pytest.raises(ValueError, match="two values or more; got 1"):
        variance_ratio([[1.0, 2.0, 4.0]], [[1.0, 2.0, 4.0]])
    with pytest.raises(ValueError, match="two values or more; got 0"):
        variance_ratio([], [])
