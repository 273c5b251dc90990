from itertools import product

import numpy as np
import pytest
from scipy import stats

from paribus.statistics.permutation import EXACT, sign_flip, smallest_sign_flip


def plain(differences):
    """All sign patterns, one after the other."""
    seen = abs(sum(differences))
    patterns = list(product([1, -1], repeat=len(differences)))
    far = [
        abs(sum(s * d for s, d in zip(pattern, differences, strict=True))) >= seen - 1e-9
        for pattern in patterns
    ]
    return sum(far) / len(patterns)


@pytest.mark.parametrize("n", range(1, 11))
def test_agrees_with_every_pattern_gone_through(n):
    random = np.random.default_rng(n)
    for shift in (0.0, 0.5, 2.0):
        differences = random.normal(shift, 1, n).round(2).tolist()
        assert sign_flip(differences) == pytest.approx(plain(differences))


@pytest.mark.parametrize("n", [4, 9, 12])
def test_agrees_with_scipy(n):
    differences = np.random.default_rng(n).normal(0.4, 1, n)
    oracle = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip(differences.tolist()) == pytest.approx(oracle.pvalue, rel=1e-9)


def test_ties_count_as_far_whatever_the_order_of_a_sum():
    assert sign_flip([0.1, 0.2, -0.3]) == 1.0
    assert sign_flip([0.1, 0.2, 0.3, -0.6]) == 1.0
    assert sign_flip([0.1] * 3 + [-0.1]) == plain([1, 1, 1, -1])


def test_no_difference_at_all_is_no_finding():
    assert sign_flip([0.0, 0.0, 0.0]) == 1.0


@pytest.mark.parametrize("n", [1, 2, 5, 10, EXACT])
def test_the_smallest_value_is_reached_where_all_are_on_one_side(n):
    assert sign_flip(np.linspace(1, 2, n).tolist()) == smallest_sign_flip(n)


def test_as_many_pairs_as_are_counted_come_near_the_t_test():
    differences = np.random.default_rng(7).normal(0.4, 1, EXACT)
    oracle = stats.ttest_1samp(differences, 0).pvalue
    assert sign_flip(differences.tolist()) == pytest.approx(oracle, rel=0.1)


def test_more_pairs_or_none_have_no_exact_value():
    assert sign_flip([1.0] * (EXACT + 1)) is None
    assert sign_flip([]) is None


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="count diverged runs apart"):
        sign_flip([1.0, float("nan")])


def test_no_pairs_reach_nothing():
    with pytest.raises(ValueError, match="one pair or more; got 0"):
        smallest_sign_flip(0)
