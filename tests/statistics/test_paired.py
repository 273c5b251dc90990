import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

from paribus.claims.assessment import Region
from paribus.statistics.paired import FLOAT32, correlation, mean_effect, paired_difference

SIZES = [2, 3, 5, 10, 30]


def samples(n, seed=0, shift=0.01):
    random = np.random.default_rng([n, seed])
    shared = random.normal(0.9, 0.02, n)
    return shared + random.normal(shift, 0.01, n), shared + random.normal(0, 0.01, n)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_means_agree_with_statsmodels(n, confidence):
    values, _ = samples(n)
    effect = mean_effect(values.tolist(), resolution=0.0)
    oracle = DescrStatsW(values)
    assert effect.interval(confidence) == pytest.approx(
        oracle.tconfint_mean(1 - confidence), rel=1e-9
    )
    assert effect.p(0.89) == pytest.approx(oracle.ttest_mean(0.89)[1], rel=1e-9)


@pytest.mark.parametrize("n", SIZES)
def test_paired_differences_agree_with_scipy(n):
    first, second = samples(n)
    effect = paired_difference(first.tolist(), second.tolist(), resolution=0.0)
    oracle = stats.ttest_rel(first, second)
    interval = oracle.confidence_interval(0.95)
    assert effect.p(0.0) == pytest.approx(oracle.pvalue, rel=1e-9)
    assert effect.interval() == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert (effect.n, effect.freedom, effect.method) == (n, n - 1, "paired Student t")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n", [3, 5, 20])
def test_within_a_margin_is_two_one_sided_tests_at_half_the_level(n, seed):
    first, second = samples(n, seed, shift=0.0)
    effect = paired_difference(first.tolist(), second.tolist(), resolution=0.0)
    for margin in (0.003, 0.01, 0.03):
        one_sided = ttost_paired(first, second, -margin, margin)[0]
        verdict = Region(-margin, margin).verdict(*effect.interval(0.95))
        assert (verdict == "supported") == (one_sided <= 0.025)
        if verdict == "supported":
            assert max(effect.p(-margin), effect.p(margin)) == pytest.approx(2 * one_sided)


@pytest.mark.parametrize("seed", range(20))
def test_beyond_a_margin_is_a_one_sided_test_at_half_the_level(seed):
    first, second = samples(5, seed)
    effect = paired_difference(first.tolist(), second.tolist(), resolution=0.0)
    oracle = stats.ttest_1samp(first - second, 0.005, alternative="greater").pvalue
    supported = Region(low=0.005).verdict(*effect.interval(0.95)) == "supported"
    assert supported == (oracle < 0.025)


def test_values_that_agree_have_the_error_of_their_resolution():
    effect = paired_difference([0.9] * 5, [0.1] * 5, resolution=1e-4)
    assert effect.error == pytest.approx(1e-4 / math.sqrt(12))
    assert effect.method == "paired Student t, standard error at its floor"
    assert 0 < effect.p(0.0) < 1e-12
    assert mean_effect([0.1] * 5, 1e-4).error == pytest.approx(1e-4 / math.sqrt(12))


def test_without_a_resolution_it_is_that_of_single_precision():
    effect = paired_difference([2.0, 2.0], [0.5, 0.5])
    assert effect.error == pytest.approx(FLOAT32 * 2.0 / math.sqrt(12))


def test_an_error_above_the_floor_is_kept():
    effect = mean_effect([0.1, 0.3], resolution=1e-4)
    assert effect.error == pytest.approx(stats.sem([0.1, 0.3]))
    assert effect.method == "Student t"


@pytest.mark.parametrize("n", range(2, 12))
def test_the_floor_is_never_below_what_rounding_gives_a_mean_difference(n):
    rounding = 1.0 * math.sqrt(2 / 12) / math.sqrt(n)
    assert paired_difference([1.0] * n, [2.0] * n, resolution=1.0).error >= rounding * (1 - 1e-12)


def test_correlation_is_pearsons():
    first, second = samples(10)
    found = correlation(first.tolist(), second.tolist())
    assert found == pytest.approx(stats.pearsonr(first, second).statistic)
    assert correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None
    assert correlation([1.0, 2.0], [1.0, 2.0]) is None


def test_correlation_says_what_pairing_gains():
    first, second = samples(4000)
    unpaired = first.var(ddof=1) + second.var(ddof=1)
    kept = (first - second).var(ddof=1) / unpaired
    assert kept == pytest.approx(1 - correlation(first.tolist(), second.tolist()), abs=1e-3)


@pytest.mark.parametrize("compare", [paired_difference, correlation])
def test_pairs_of_unequal_length_are_refused(compare):
    with pytest.raises(ValueError, match="samples of one length; got 3 and 2"):
        compare([1.0, 2.0, 3.0], [1.0, 2.0])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="count diverged runs apart"):
        mean_effect([1.0, bad])
    with pytest.raises(ValueError, match="count diverged runs apart"):
        paired_difference([1.0, 2.0], [1.0, bad])


def test_one_value_is_refused():
    with pytest.raises(ValueError, match="two values or more; got 1"):
        mean_effect([1.0])


@pytest.mark.parametrize("resolution", [-0.1, float("nan"), float("inf")])
def test_a_resolution_is_a_size(resolution):
    with pytest.raises(ValueError, match="must be 0 or more"):
        mean_effect([1.0, 2.0], resolution)
