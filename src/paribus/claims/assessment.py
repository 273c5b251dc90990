"""What the runs say of one comparison, and the one rule by which that becomes a verdict.

A claim says where the truth lies if it holds, its *region*: beyond the margin for `Better`, within
it for `Equal`. The runs give an estimate with its interval. Supported: the interval lies in the
region; refuted: it lies wholly outside; else undecided. What is not estimated but counted, such as
runs that stall, is decided by the count.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

from paribus.claims.selection import Link
from paribus.claims.units import Unit
from paribus.statistics.counts import Discordant
from paribus.statistics.effect import Effect
from paribus.statistics.ranks import Peak

Verdict = Literal["supported", "refuted", "undecided", "not testable"]
LEVEL = 0.05
"""The share of false findings that a study may expect where there is nothing to find."""


@dataclass(frozen=True)
class Region:
    """An open interval in which the truth lies if a claim holds; it may be without an end."""

    low: float = -math.inf
    high: float = math.inf

    def bound(self, estimate: float) -> float:
        """The end of the region that is nearest to an estimate: what its p-value is against."""
        ends = [end for end in (self.low, self.high) if math.isfinite(end)]
        return min(ends, key=lambda end: abs(end - estimate))

    def verdict(self, low: float, high: float) -> Verdict:
        """What an interval says of a truth in this region."""
        if self.low < low and high < self.high:
            return "supported"
        return "refuted" if high <= self.low or low >= self.high else "undecided"


@dataclass(frozen=True)
class Estimated:
    """An estimate, and the region in which the claim has it.

    `limits` are the least and the greatest value that the truth can have.
    """

    effect: Effect | Discordant | Peak
    region: Region
    limits: tuple[float, float] = (-math.inf, math.inf)

    @property
    def p(self) -> float:
        """Two-sided, against the nearest end of the region."""
        return self.effect.p(self.region.bound(self.effect.estimate))

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval of confidence 1 - level, within the limits."""
        low, high = self.effect.interval(1 - level)
        return max(low, self.limits[0]), min(high, self.limits[1])

    def verdict(self, level: float = LEVEL) -> Verdict:
        """The verdict of the interval of confidence 1 - level."""
        return self.region.verdict(*self.interval(level))


@dataclass(frozen=True)
class Settled:
    """A verdict that rests on no test: of a count, of identical runs, or for want of runs.

    `told_in` is the unit of the estimate where that is not the claim's own.
    """

    verdict: Verdict
    why: str
    method: str
    n: int = 0
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    told_in: Unit | None = None


@dataclass(frozen=True)
class Assessment:
    """What the runs say of one link of a claim.

    `unit` says in the singular of what `n` counts. `notes` are sentences without a full stop: of
    runs that diverged or are missing, of replicates of which some stalled. `correlation` is that
    of paired values over replicates; `test_error` the standard error, in the metric's unit, that
    the finite test set alone gives the difference. `differences` are the paired ones, by unit.
    """

    link: Link
    outcome: Estimated | Settled
    layer: str | None = None
    unit: str = "replicate"
    notes: tuple[str, ...] = field(default=())
    correlation: float | None = None
    test_error: float | None = None
    differences: tuple[float, ...] = ()
