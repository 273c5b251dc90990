"""Which of two courses is the noisier, replicate by replicate."""

import math
from collections.abc import Sequence

import numpy as np

from paribus.statistics.effect import Effect
from paribus.statistics.paired import FLOAT32, mean_effect

FEWEST_VALUES = 3
"""Of a course: two changes, of which there is a variance."""
SMALLEST = 2.0**-126
"""The smallest normal number of single precision."""


def variance_ratio(
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    resolution: float | None = None,
) -> Effect:
    """The ratio, first to second, of the variances of changes from epoch to epoch.

    The mean over replicates of the logarithm of each one's ratio, with Student's t, told as a
    ratio. A variance has a floor at that of the difference of two rounded numbers,
    resolution^2 / 6: a course that does not move is not known to be quieter than that. Where no
    replicate differs, as where no course moves, the standard error is that of two variances of so
    many normal changes each, sqrt(4 / (changes - 1) / n). Raises `ValueError` for fewer than two
    replicates, unequal numbers of them, and courses of fewer than three values.
    """
    if len(first) != len(second):
        raise ValueError(f"pairs take as many courses each; got {len(first)} and {len(second)}")
    fewest = min((len(course) for course in (*first, *second)), default=FEWEST_VALUES)
    if fewest < FEWEST_VALUES:
        raise ValueError(f"a variance of changes takes three values or more; got {fewest}")
    logs = [
        math.log(_of_changes(one, resolution)) - math.log(_of_changes(other, resolution))
        for one, other in zip(first, second, strict=True)
    ]
    mean = mean_effect(logs, resolution=0.0)
    method = "paired Student t of log variance ratios"
    error = mean.error if np.ptp(logs) else math.sqrt(4 / (fewest - 2) / mean.n)
    return Effect(math.exp(mean.estimate), error, mean.freedom, mean.n, method, "ratio")


def _of_changes(course: Sequence[float], resolution: float | None) -> float:
    values = np.asarray(course, np.float64)
    step = FLOAT32 * float(np.abs(values).max()) if resolution is None else resolution
    floor = max(step**2 / 6, SMALLEST**2)
    return max(float(np.diff(values).var(ddof=1)), floor)
