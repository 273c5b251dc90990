import math
from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from calibration.trends import false_trends
from paribus.statistics.paired import mean_effect, paired_difference
from paribus.statistics.ranks import inner_peak, rank_correlation, rank_trend, trend_step


@pytest.mark.parametrize("n", [2, 3, 6, 12])
def test_a_trend_is_kendalls_tau(n):
    values = np.random.default_rng(n).normal(size=n)
    assert rank_trend(values.tolist()) == pytest.approx(
        stats.kendalltau(range(n), values).statistic
    )


def test_ties_count_as_neither():
    assert rank_trend([1.0, 1.0, 1.0]) == 0.0
    assert rank_trend([1.0, 1.0, 2.0]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_a_trend_counts_in_its_step(n):
    found = sorted({rank_trend(order) for order in permutations(range(n))})
    assert np.diff(found) == pytest.approx(trend_step(n))


@pytest.mark.parametrize("levels", [3, 4, 5])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_levels_in_no_order_seldom_show_a_trend(levels, n):
    """Exactly, over all orders of n replicates: Student's t is near its 5 %, not at it."""
    orders = Counter(round(rank_trend(one), 9) for one in permutations(range(levels)))
    total = sum(orders.values())
    found = 0.0
    for taus in product(orders, repeat=n):
        if mean_effect(taus, trend_step(levels)).p(0.0) <= 0.05:
            found += math.prod(orders[tau] / total for tau in taus)
    assert found <= 0.06
    assert false_trends(levels, n) == pytest.approx(found)


@pytest.mark.parametrize("n", [5, 8, 30])
def test_a_rank_correlation_is_spearmans(n):
    random = np.random.default_rng(n)
    first = random.normal(size=n).round(1)
    second = (first + random.normal(size=n)).round(1)
    effect = rank_correlation(first.tolist(), second.tolist())
    rho = stats.spearmanr(first, second).statistic
    assert effect.estimate == pytest.approx(rho)
    error = math.sqrt((1 + rho**2 / 2) / (n - 3))
    ends = np.tanh(np.arctanh(rho) + stats.norm.ppf([0.025, 0.975]) * error)
    assert effect.interval() == pytest.approx(tuple(ends))


@pytest.mark.parametrize("n", [5, 6, 7])
def test_ranks_in_no_order_correlate_in_at_most_a_share_of_the_level(n):
    """Exactly: over all orders."""
    orders = list(permutations(range(n)))
    found = sum(rank_correlation(range(n), order).p(0.0) <= 0.05 for order in orders)
    assert found / len(orders) <= 0.05


def test_a_perfect_correlation_has_an_interval_with_a_width():
    up = rank_correlation([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    assert up.estimate == pytest.approx(1 - 6 / 210)
    low, high = up.interval()
    assert 0 < low < up.estimate < high < 1
    assert rank_correlation([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]).estimate == -up.estimate


def plain_peak(levels, bound, level):
    """Supported where an inner level is beyond both ends, refuted where none is."""
    first, *inner, last = levels
    pairs = [[paired_difference(one, end, 0.0) for end in (first, last)] for one in inner]
    strict = 1 - level / len(pairs)
    if any(all(lead.interval(strict)[0] > bound for lead in pair) for pair in pairs):
        return "supported"
    if all(any(lead.interval(1 - level / 2)[1] < bound for lead in pair) for pair in pairs):
        return "refuted"
    return "undecided"


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("inner", [1, 2, 4])
def test_a_peak_is_what_plain_tests_of_its_differences_say(inner, seed):
    random = np.random.default_rng([seed, inner])
    levels = random.normal(0, 1, (inner + 2, 5)) + random.normal(0, 2, (inner + 2, 1))
    levels = [row.tolist() for row in levels]
    peak = inner_peak(levels, resolution=0.0)
    for bound in (0.0, 0.5):
        low, high = peak.interval(0.95)
        oracle = plain_peak(levels, bound, 0.05)
        assert oracle == (
            "supported" if low > bound else "refuted" if high < bound else "undecided"
        )
        assert (peak.p(bound) < 0.05) == (oracle != "undecided")


@pytest.mark.parametrize("inner", [1, 3])
def test_the_interval_of_a_peak_covers_even_where_both_ends_are_as_high(inner):
    """The hardest case: all levels alike. 95 % less four standard errors of 1,000 studies."""
    random = np.random.default_rng(inner)
    covered = 0
    for levels in random.normal(0, 1, (1000, inner + 2, 5)):
        low, high = inner_peak([row.tolist() for row in levels], resolution=0.0).interval(0.95)
        covered += low <= 0 <= high
    assert covered >= 950 - 4 * math.sqrt(1000 * 0.95 * 0.05)


def test_a_peak_says_where_it_is_and_what_was_done():
    peak = inner_peak([[0.0, 0.1], [1.0, 1.2], [5.0, 5.1], [0.5, 0.4]], resolution=0.0)
    assert (peak.place, peak.n) == (1, 2)
    assert peak.estimate == pytest.approx(4.6)
    assert peak.method == "paired Student t against both ends, the best of 2 inner levels"


def test_a_peak_takes_an_inner_level():
    with pytest.raises(ValueError, match="three levels or more; got 2"):
        inner_peak([[1.0, 2.0], [1.0, 2.0]])


def test_an_order_takes_two_finite_values():
    with pytest.raises(ValueError, match="two values or more; got 1"):
        rank_trend([1.0])
    with pytest.raises(ValueError, match="count diverged runs apart"):
        rank_trend([1.0, float("nan")])


def test_wrong_pairs_of_a_rank_correlation_are_refused():
    five = [1.0, 2.0, 3.0, 4.0, 5.0]
    with pytest.raises(ValueError, match="samples of one length; got 5 and 4"):
        rank_correlation(five, five[:4])
    with pytest.raises(ValueError, match="takes 5 pairs or more; got 4"):
        rank_correlation(five[:4], five[:4])
    with pytest.raises(ValueError, match="one side does not vary"):
        rank_correlation(five, [1.0] * 5)
    with pytest.raises(ValueError, match="count diverged runs apart"):
        rank_correlation(five, [*five[:4], float("inf")])
