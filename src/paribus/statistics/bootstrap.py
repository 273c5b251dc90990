"""The bootstrap interval of a mean, which does not take values to be normal but needs many."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from paribus.statistics.effect import refuse_unless_share
from paribus.statistics.intervals import Interval

FEWEST = 20
"""Below, resampling sees too little of a distribution's tails."""
RESAMPLES = 9_999
SEED = 1987


def bootstrap_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean of 20 independent values or more with its BCa interval (Efron, 1987).

    Percentiles of the means of 9,999 resamples, at shares corrected for bias by the share of them
    below the mean, and for skewness by the acceleration sum(d^3) / (6 sum(d^2)^(3/2)), where d is
    how far each value lies above the mean. Values that are all alike have an interval without
    width. The resamples are the same ones every time. For a paired difference give the
    differences. Raises `ValueError` for fewer values, any that is not finite, and a confidence
    that is no share.
    """
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("an interval takes finite values only; count diverged runs apart")
    refuse_unless_share(confidence, "confidence")
    n = array.size
    if n < FEWEST:
        raise ValueError(f"a bootstrap takes {FEWEST} values or more; got {n}: use the t interval")
    mean = float(array.mean())
    method = f"BCa bootstrap, {100 * confidence:g} %"
    if not np.ptp(array):
        return Interval(mean, mean, mean, n, method)
    means = _resampled(array)
    low, high = np.quantile(means, _shares(array, means, confidence)).tolist()
    return Interval(mean, low, high, n, method)


def _resampled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    random = np.random.Generator(np.random.Philox(key=SEED))
    n = values.size
    counts = random.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    return counts @ values / n


def _shares(
    values: NDArray[np.float64], means: NDArray[np.float64], confidence: float
) -> NDArray[np.float64]:
    """The shares of the resampled means that the corrected interval leaves below each end."""
    above = values - values.mean()
    acceleration = (above**3).sum() / (6 * (above**2).sum() ** 1.5)
    at_mean = ((means < values.mean()).mean() + (means <= values.mean()).mean()) / 2
    bias = ndtri(at_mean)
    ends = bias + ndtri(np.array([(1 - confidence) / 2, (1 + confidence) / 2]))
    return ndtr(bias + ends / (1 - acceleration * ends))
