"""The exact sign-flip test of paired differences, which assumes symmetry alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

EXACT = 30
"""Up to so many pairs all sign patterns are counted (over a billion, by halves)."""


def sign_flip(differences: Sequence[float]) -> float | None:
    """The two-sided p-value of the mean of differences under all flips of their signs.

    The share of the 2^n sign patterns whose mean is at least as far from 0. None for more than
    30 pairs, where they are not counted, and for none. Raises `ValueError` for values that are not
    finite.
    """
    array = np.asarray(differences, np.float64)
    if not np.isfinite(array).all():
        raise ValueError("takes finite values only; count diverged runs apart")
    if not 0 < array.size <= EXACT:
        return None
    # A sum's last bits depend on its order: what is as far but for them counts as far.
    far = abs(float(array.sum())) - 1e-12 * float(np.abs(array).sum())
    if far <= 0:
        return 1.0
    # A pattern is one of each half, so that with one half sorted the rest is a search.
    half = array.size // 2
    first, second = np.sort(_flipped(array[:half])), _flipped(array[half:])
    above = first.size - np.searchsorted(first, far - second, side="left")
    return float(2 * above.sum() / (first.size * second.size))


def smallest_sign_flip(n: int) -> float:
    """The smallest two-sided p-value that `n` pairs can reach.

    >>> smallest_sign_flip(5)
    0.0625
    """
    if n < 1:
        raise ValueError(f"takes one pair or more; got {n}")
    return 2.0 ** (1 - n)


def _flipped(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums under all patterns of signs."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums
