"""Confidence intervals of a mean over replicates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from paribus.statistics.effect import refuse_unless_share


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval, in the unit of the values.

    `low` and `high` are None where `n` values cannot give an interval, `mean` where there is no
    value at all; `method` says in words how the interval was made, or why there is none.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    method: str


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean of independent values with Student's t interval.

    mean ± t * s / sqrt(n), where s is the standard deviation with n - 1 degrees of freedom and t
    the (1 + confidence) / 2 quantile. One value has no interval. Values that are not finite are
    refused (`ValueError`): what to do with a diverged run is the caller's to decide and to say.

    >>> mean_interval([1.0, 2.0, 3.0]).mean
    2.0
    """
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("an interval takes finite values only; count diverged runs apart")
    refuse_unless_share(confidence, "confidence")
    n = array.size
    if n == 0:
        return Interval(None, None, None, 0, "no value")
    mean = float(array.mean())
    if n == 1:
        return Interval(mean, None, None, 1, "one replicate: no interval")
    t = stdtrit(n - 1, (1 + confidence) / 2)
    half = float(t * array.std(ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n, f"Student t, {100 * confidence:g} %")
