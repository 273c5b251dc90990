"""Means and paired differences over replicates, with a floor under their standard errors."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.statistics.effect import Effect

FLOAT32 = 2.0**-23
"""Spacing of single-precision numbers, as a share of their size: what a mean loss resolves."""


def mean_effect(values: Sequence[float], resolution: float | None = None) -> Effect:
    """The mean of two or more independent values, with Student's t.

    Its standard error s / sqrt(n) has a floor at resolution / sqrt(12), the deviation of a number
    that is rounded to steps of `resolution`: values that agree to the last step are not known
    better than that. Without a resolution it is that of single precision at the largest value.
    Raises `ValueError` for fewer than two values, any that is not finite, or a resolution below 0.
    """
    array = _finite(values)
    return _effect(array, _resolution([array], resolution), "Student t")


def paired_difference(
    first: Sequence[float], second: Sequence[float], resolution: float | None = None
) -> Effect:
    """The mean of first - second over pairs, with Student's t of the differences.

    The floor of its standard error is as in `mean_effect`. Raises `ValueError` besides for
    samples of unequal length.
    """
    one, other = _pairs(first, second)
    return _effect(one - other, _resolution([one, other], resolution), "paired Student t")


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Pearson's correlation of pairs; None where one side does not vary, or of fewer than three.

    Over replicates: what pairing achieved. The variance of a difference is that of unpaired runs
    times 1 - correlation, where both sides vary alike. Raises `ValueError` as `paired_difference`.
    """
    one, other = _pairs(first, second)
    if one.size < 3 or not np.ptp(one) or not np.ptp(other):
        return None
    return float(np.clip(np.corrcoef(one, other)[0, 1], -1, 1))


def _effect(values: NDArray[np.float64], resolution: float, method: str) -> Effect:
    n = values.size
    error = float(values.std(ddof=1)) / math.sqrt(n)
    floor = resolution / math.sqrt(12)
    said = f"{method}, standard error at its floor" if error < floor else method
    return Effect(float(values.mean()), max(error, floor), n - 1, n, said)


def _resolution(samples: Sequence[NDArray[np.float64]], resolution: float | None) -> float:
    if resolution is not None:
        if not 0 <= resolution < math.inf:
            raise ValueError(f"resolution is {resolution}; it must be 0 or more")
        return resolution
    return FLOAT32 * max(float(np.abs(one).max()) for one in samples)


def _pairs(
    first: Sequence[float], second: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(first) != len(second):
        raise ValueError(f"pairs take samples of one length; got {len(first)} and {len(second)}")
    return _finite(first), _finite(second)


def _finite(values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("takes finite values only; count diverged runs apart")
    if array.size < 2:
        raise ValueError(f"takes two values or more; got {array.size}")
    return array
