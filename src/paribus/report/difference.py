"""What a difference between two labs comes to: means of conditions, and verdicts of claims."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from paribus.claims.findings import Finding
from paribus.claims.stored import StoredEvidence
from paribus.results.table import final_values, metric_names
from paribus.results.tidy import StudyResults
from paribus.statistics.intervals import Interval
from paribus.statistics.paired import paired_difference

CONFIDENCE = 0.95


@dataclass(frozen=True)
class ConditionDifference:
    """One metric of a condition in labs a and b, in its own unit, at each run's last epoch.

    `mean_a` and `mean_b` are over the `n_a` and `n_b` finished runs of each whose value is finite;
    `diverged_a` and `diverged_b` count those that diverged. `difference` is the mean of b - a over
    the `n` replicates that both have, with its 95 % interval by `method`. None where there is no
    number.
    """

    condition: Mapping[str, str]
    metric: str
    mean_a: float | None
    mean_b: float | None
    n_a: int
    n_b: int
    diverged_a: int
    diverged_b: int
    difference: float | None
    low: float | None
    high: float | None
    n: int
    method: str


@dataclass(frozen=True)
class VerdictChange:
    """A claim of both labs, word for word the same, whose verdict is not."""

    claim: str
    a: Finding
    b: Finding


@dataclass(frozen=True)
class VerdictDifference:
    """The claims of two labs, by their sentences: `same` counts those of one verdict in both."""

    same: int
    changed: tuple[VerdictChange, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def condition_differences(
    a: StudyResults, b: StudyResults, conditions: Sequence[Mapping[str, str]]
) -> list[ConditionDifference]:
    """These conditions compared by the primary metric; none where a lab has not measured it."""
    metric = a.document["primary"]
    if any(metric not in metric_names(results) for results in (a, b)):
        return []
    sides = [_Side(results, final_values(results, metric)) for results in (a, b)]
    steps = [StoredEvidence(results).resolution(metric) for results in (a, b)]
    coarser = max((step for step in steps if step is not None), default=None)
    return [_condition(sides, condition, metric, coarser) for condition in conditions]


def verdict_difference(a: Sequence[Finding], b: Sequence[Finding]) -> VerdictDifference:
    """Which claims have another verdict in b than in a."""
    one, other = ({finding.claim: finding for finding in found} for found in (a, b))
    both = [claim for claim in one if claim in other]
    changed = [claim for claim in both if one[claim].verdict != other[claim].verdict]
    return VerdictDifference(
        same=len(both) - len(changed),
        changed=tuple(VerdictChange(claim, one[claim], other[claim]) for claim in changed),
        only_a=tuple(claim for claim in one if claim not in other),
        only_b=tuple(claim for claim in other if claim not in one),
    )


@dataclass(frozen=True)
class _Side:
    """What one lab holds of a study, with the last values of a metric."""

    results: StudyResults
    finals: pd.DataFrame

    def values(self, condition: Mapping[str, str]) -> dict[int, float]:
        """The finite values of finished runs by replicate."""
        found = self.results.select(self.finals, condition)
        pairs = zip(found["replicate"].tolist(), found["value"].tolist(), strict=True)
        return {replicate: value for replicate, value in pairs if math.isfinite(value)}

    def diverged(self, condition: Mapping[str, str]) -> int:
        status = self.results.select(self.results.runs, condition)["status"]
        return status.tolist().count("diverged")


def _condition(
    sides: Sequence[_Side], condition: Mapping[str, str], metric: str, resolution: float | None
) -> ConditionDifference:
    a, b = (side.values(condition) for side in sides)
    shared = sorted(a.keys() & b.keys())
    paired = _paired([a[one] for one in shared], [b[one] for one in shared], resolution)
    return ConditionDifference(
        condition=condition,
        metric=metric,
        mean_a=fmean(a.values()) if a else None,
        mean_b=fmean(b.values()) if b else None,
        n_a=len(a),
        n_b=len(b),
        diverged_a=sides[0].diverged(condition),
        diverged_b=sides[1].diverged(condition),
        difference=paired.mean,
        low=paired.low,
        high=paired.high,
        n=paired.n,
        method=paired.method,
    )


def _paired(a: Sequence[float], b: Sequence[float], resolution: float | None) -> Interval:
    """The mean of b - a with its interval, and how it was made or why there is none."""
    n = len(a)
    if n == 0:
        return Interval(None, None, None, 0, "no replicate is finished in both labs")
    if n == 1:
        return Interval(b[0] - a[0], None, None, 1, "one replicate: no interval")
    if list(a) == list(b):
        return Interval(0.0, None, None, n, "identical in every replicate")
    effect = paired_difference(b, a, resolution)
    low, high = effect.interval(CONFIDENCE)
    return Interval(effect.estimate, low, high, n, f"{effect.method}, {100 * CONFIDENCE:g} %")
