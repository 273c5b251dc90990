"""Orders rather than sizes: trends over levels, peaks among them, rank correlations."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from paribus.statistics.effect import Effect
from paribus.statistics.paired import paired_difference

FEWEST_RUNS = 5
"""Pairs that a rank correlation with an interval takes."""


def rank_trend(values: Sequence[float]) -> float:
    """Kendall's rank correlation of values with their order (tau-a: ties count as neither).

    Raises `ValueError` for fewer than two values, or any that is not finite.

    >>> rank_trend([1.0, 2.0, 3.0]), rank_trend([1.0, 3.0, 2.0])
    (1.0, 0.3333333333333333)
    """
    _refuse(values)
    pairs = list(combinations(values, 2))
    return sum((later > earlier) - (later < earlier) for earlier, later in pairs) / len(pairs)


def trend_step(levels: int) -> float:
    """The step in which Kendall's tau of so many levels counts: one pair the other way round."""
    return 2 / math.comb(levels, 2)


def _refuse(values: Sequence[float] | NDArray[np.float64]) -> None:
    if len(values) < 2:
        raise ValueError(f"an order takes two values or more; got {len(values)}")
    if not np.isfinite(values).all():
        raise ValueError("takes finite values only; count diverged runs apart")


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> Effect:
    """Spearman's rank correlation over pairs, with the interval of Bonett and Wright (2000).

    Symmetric in Fisher's z with the standard error sqrt((1 + r^2 / 2) / (n - 3)). A perfect
    correlation counts as half a step below 1, so that its interval has a width. Raises
    `ValueError` for fewer than five pairs, unequal lengths, values that are not finite, or a side
    that does not vary.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    n = one.size
    if n != other.size:
        raise ValueError(f"pairs take samples of one length; got {n} and {other.size}")
    if n < FEWEST_RUNS:
        raise ValueError(f"takes {FEWEST_RUNS} pairs or more; got {n}")
    for values in (one, other):
        _refuse(values)
    if not np.ptp(one) or not np.ptp(other):
        raise ValueError("one side does not vary: it has no order")
    found = float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])
    most = 1 - 6 / (n * (n * n - 1))
    estimate = max(-most, min(most, found))
    error = math.sqrt((1 + estimate**2 / 2) / (n - 3))
    method = "Spearman's rank correlation, interval of Bonett and Wright"
    return Effect(estimate, error, math.inf, n, method, "correlation")


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1 on, ties at their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - counts + 1 + last) / 2)[place]


@dataclass(frozen=True)
class Peak:
    """How far inner levels lie above both ends: for each, its differences from the two.

    An inner level is a peak where both its differences show it (an intersection-union test), and
    there is a peak where any of the inner levels is one: Bonferroni's correction for the number of
    inner levels. There is none where each inner level lies below an end, which one of its two
    differences shows: the correction is then for those two, and not for the number of levels.
    """

    leads: tuple[tuple[Effect, Effect], ...]

    @property
    def place(self) -> int:
        """The inner level of the highest lead, from 0."""
        return max(range(len(self.leads)), key=lambda number: _least(self.leads[number]))

    @property
    def estimate(self) -> float:
        """Its smaller difference."""
        return _least(self.leads[self.place])

    @property
    def n(self) -> int:
        """How many replicates."""
        return self.leads[0][0].n

    @property
    def method(self) -> str:
        """What was done, in words."""
        return f"paired Student t against both ends, the best of {len(self.leads)} inner levels"

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Of the highest lead: each bound misses it with at most half of 1 - confidence."""
        miss = 1 - confidence
        lows = [
            min(lead.interval(1 - miss / len(self.leads))[0] for lead in pair)
            for pair in self.leads
        ]
        highs = [min(lead.interval(1 - miss / 2)[1] for lead in pair) for pair in self.leads]
        return max(lows), max(highs)

    def p(self, bound: float) -> float:
        """Two-sided; below 1 - confidence exactly where the interval leaves the bound out."""
        above = self.estimate > bound
        sides = [
            [lead.p(bound) if (lead.estimate > bound) == above else 1.0 for lead in pair]
            for pair in self.leads
        ]
        if above:
            return min(1.0, len(self.leads) * min(map(max, sides)))
        return min(1.0, 2 * max(map(min, sides)))


def inner_peak(levels: Sequence[Sequence[float]], resolution: float | None = None) -> Peak:
    """How far the inner levels lie above the ends; `levels` hold paired values by replicate.

    Raises `ValueError` for fewer than three levels, and as `paired_difference`.
    """
    if len(levels) < 3:
        raise ValueError(f"a peak takes three levels or more; got {len(levels)}")
    first, *inner, last = levels
    return Peak(
        tuple(
            (
                paired_difference(one, first, resolution),
                paired_difference(one, last, resolution),
            )
            for one in inner
        )
    )


def _least(pair: tuple[Effect, Effect]) -> float:
    return min(lead.estimate for lead in pair)
