"""Confidence intervals of a mean over replicates."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
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
    return mean_intervals([values], confidence)[0]


def mean_intervals(samples: Sequence[Sequence[float]], confidence: float = 0.95) -> list[Interval]:
    """The `mean_interval` of each sample; those of one size are worked out together."""
    refuse_unless_share(confidence, "confidence")
    by_size: dict[int, list[int]] = defaultdict(list)
    for place, values in enumerate(samples):
        by_size[len(values)].append(place)
    found: dict[int, Interval] = {}
    for size, places in by_size.items():
        rows = np.array([samples[place] for place in places], dtype=np.float64)
        if not np.isfinite(rows).all():
            raise ValueError("an interval takes finite values only; count diverged runs apart")
        found.update(zip(places, _of_one_size(rows, size, confidence), strict=True))
    return [found[place] for place in range(len(samples))]


def _of_one_size(rows: NDArray[np.float64], n: int, confidence: float) -> list[Interval]:
    if n == 0:
        return [Interval(None, None, None, 0, "no value")] * len(rows)
    means = rows.mean(axis=1).tolist()
    if n == 1:
        return [Interval(mean, None, None, 1, "one replicate: no interval") for mean in means]
    t = stdtrit(n - 1, (1 + confidence) / 2)
    halves = (t * rows.std(axis=1, ddof=1) / math.sqrt(n)).tolist()
    method = f"Student t, {100 * confidence:g} %"
    return [
        Interval(mean, mean - half, mean + half, n, method)
        for mean, half in zip(means, halves, strict=True)
    ]
