import numpy as np
import pytest
from scipy import stats

from paribus.statistics.bootstrap import bootstrap_interval

KINDS = {
    "normal": lambda random, n: random.normal(0.9, 0.02, n),
    "skewed": lambda random, n: random.lognormal(0, 1, n),
    "very skewed": lambda random, n: random.lognormal(0, 3, n),
    "rounded": lambda random, n: random.normal(0.9, 0.02, n).round(2),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_agrees_with_scipy_to_the_error_of_resampling(kind, n, confidence):
    values = KINDS[kind](np.random.default_rng(n), n)
    ends = np.array(
        [
            stats.bootstrap(
                (values,),
                np.mean,
                n_resamples=9_999,
                confidence_level=confidence,
                method="BCa",
                rng=np.random.default_rng(seed),
            ).confidence_interval
            for seed in range(10)
        ]
    )
    found = bootstrap_interval(values.tolist(), confidence)
    # Both are resampled: five standard deviations of one, and of ten that are averaged.
    allowed = 5 * ends.std(axis=0, ddof=1) * np.sqrt(1 + 1 / 10)
    assert (np.abs(np.array([found.low, found.high]) - ends.mean(axis=0)) <= allowed).all()


def test_the_same_values_have_the_same_interval_every_time():
    values = np.random.default_rng(0).normal(size=25).tolist()
    first = bootstrap_interval(values)
    assert first == bootstrap_interval(values)
    assert (first.n, first.method) == (25, "BCa bootstrap, 95 %")
    assert first.mean == pytest.approx(np.mean(values))


def test_a_skewed_interval_reaches_further_on_the_long_side():
    values = np.random.default_rng(0).lognormal(0, 1, 40).tolist()
    found = bootstrap_interval(values)
    assert found.high - found.mean > 1.2 * (found.mean - found.low)


def test_values_all_alike_have_an_interval_without_width():
    found = bootstrap_interval([0.1] * 20)
    assert found.low == found.mean == found.high == pytest.approx(0.1)


def test_few_values_are_refused():
    with pytest.raises(ValueError, match="20 values or more; got 19: use the t interval"):
        bootstrap_interval([1.0] * 19)


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="count diverged runs apart"):
        bootstrap_interval([float("nan")] * 20)


def test_confidence_is_a_share():
    with pytest.raises(ValueError, match="confidence is 95; it must lie between 0 and 1"):
        bootstrap_interval([1.0] * 20, 95)
