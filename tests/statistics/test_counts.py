import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from paribus.statistics.counts import Discordant, replicates_for_sign_test, share_interval

DISAGREEING = [(a, b) for a in range(9) for b in range(9) if a + b]


@pytest.mark.parametrize("n", [1, 2, 5, 20])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_shares_agree_with_statsmodels(n, confidence):
    for count in range(n + 1):
        oracle = proportion_confint(count, n, 1 - confidence, method="beta")
        assert share_interval(count, n, confidence) == pytest.approx(oracle, abs=1e-12)


@pytest.mark.parametrize(("first", "second"), DISAGREEING)
def test_counts_agree_with_statsmodels(first, second):
    oracle = mcnemar([[3, first], [second, 1]], exact=True).pvalue
    assert Discordant(first, second, first + second + 4).p(0.0) == pytest.approx(oracle)


@pytest.mark.parametrize(("first", "second"), DISAGREEING)
@pytest.mark.parametrize("level", [0.2, 0.05])
def test_the_interval_leaves_no_difference_out_where_p_is_below_the_level(first, second, level):
    counts = Discordant(first, second, 20)
    low, high = counts.interval(1 - level)
    assert low <= counts.estimate <= high
    assert (counts.p(0.0) < level) == (not low <= 0 <= high)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_no_difference_is_found_in_at_most_a_share_of_the_level(n, share):
    """Exactly: over all outcomes of two conditions in which runs stall alike."""
    one_side = share * (1 - share)
    found = 0.0
    for first in range(n + 1):
        for second in range(n + 1 - first):
            ways = np.prod(np.arange(1, n + 1, dtype=float))
            for count in (first, second, n - first - second):
                ways /= np.prod(np.arange(1, count + 1, dtype=float))
            chance = (
                ways * one_side ** (first + second) * (1 - 2 * one_side) ** (n - first - second)
            )
            found += chance * (Discordant(first, second, n).p(0.0) <= 0.05)
    assert found <= 0.05


def test_pairs_that_all_agree_say_nothing():
    counts = Discordant(0, 0, 5)
    assert (counts.estimate, counts.p(0.0), counts.interval()) == (0.0, 1.0, (-1.0, 1.0))


def test_counts_are_tested_against_no_difference_alone():
    with pytest.raises(ValueError, match=r"against no difference; got 0\.1"):
        Discordant(3, 1, 5).p(0.1)


@pytest.mark.parametrize(("first", "second", "n"), [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_counts_that_pairs_cannot_have_are_refused(first, second, n):
    with pytest.raises(ValueError, match=f"got {first} and {second} of {n}"):
        Discordant(first, second, n)


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_a_share_is_of_something(count, n):
    with pytest.raises(ValueError, match=f"got {count} of {n}"):
        share_interval(count, n)


def test_confidence_is_a_share():
    with pytest.raises(ValueError, match="confidence is 95; it must lie between 0 and 1"):
        share_interval(1, 2, 95)


@pytest.mark.parametrize("level", [0.2, 0.0625, 0.05, 0.01, 0.001])
def test_so_many_pairs_on_one_side_reach_a_level_and_one_fewer_does_not(level):
    n = replicates_for_sign_test(level)
    assert Discordant(n, 0, n).p(0.0) <= level < Discordant(n - 1, 0, n).p(0.0)


@pytest.mark.parametrize("level", [0.0, 1.0, 5])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match=r"level is .*; it must lie between 0 and 1"):
        replicates_for_sign_test(level)
