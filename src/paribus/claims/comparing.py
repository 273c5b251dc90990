"""Two conditions compared, replicate by replicate: what all claims about pairs have in common."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paribus.claims.assessment import Assessment, Estimated, Region, Settled
from paribus.claims.base import Claim
from paribus.claims.evidence import Evidence, Values
from paribus.claims.metric import SPLITS, higher_is_better, quantity
from paribus.claims.selection import Condition, Link
from paribus.claims.units import sized
from paribus.statistics.counts import Discordant
from paribus.statistics.effect import Effect
from paribus.statistics.paired import FLOAT32, correlation, mean_effect, paired_difference

FEWEST = 2


def untestable(link: Link, samples: Sequence[Values], why: str = "") -> Assessment:
    """A link of which nothing can be said; why, unless it is for want of runs."""
    n = len(paired(samples)) if samples else 0
    said = why or next((one.absent for one in samples if one.absent), "") or _too_few(samples, n)
    outcome = Settled("not testable", said, "none", n)
    return Assessment(link, outcome, notes=losses(samples))


def paired(samples: Sequence[Values]) -> list[int]:
    """The units that all samples have a finite value of, in their order."""
    shared = set.intersection(*(set(one.by_unit) for one in samples))
    return sorted(
        unit for unit in shared if all(math.isfinite(one.by_unit[unit]) for one in samples)
    )


def losses(samples: Sequence[Values]) -> tuple[str, ...]:
    """Sentences on the runs that have no value, of which none is dropped silently."""
    diverged = sum(len(one.diverged) for one in samples)
    missing = sum(len(one.missing) for one in samples)
    unmeasured = sum(not math.isfinite(value) for one in samples for value in one.by_unit.values())
    told = (
        (diverged, "diverged"),
        (missing, "not stored"),
        (unmeasured, "without a finite value"),
    )
    counted = (
        f"{count} run{'' if count == 1 else 's'} {what}: counted, not averaged"
        for count, what in told
        if count
    )
    return tuple(dict.fromkeys((*counted, *(note for one in samples for note in one.notes))))


def difference_said(claim: Claim, value: float, what: str, names: Sequence[str]) -> str:
    """A difference first - second in words."""
    if value == 0:
        return f"{names[0]} and {names[1]} are equal in {what}"
    side = "above" if value > 0 else "below"
    return f"{names[0]} is {sized(value, claim.unit)} {side} {names[1]} in {what}"


def ahead(metric: str, margin: float) -> Region:
    """Where first - second lies if the first is better by more than the margin."""
    return Region(low=margin) if higher_is_better(metric) else Region(high=-margin)


def not_behind(metric: str, margin: float) -> Region:
    """Where first - second lies if the first is worse by less than the margin, or better."""
    return Region(low=-margin) if higher_is_better(metric) else Region(high=margin)


def compare_link(
    claim: Claim,
    link: Link,
    evidence: Evidence,
    layer: str | None,
    region: Region,
    *,
    relative: bool = False,
) -> Assessment:
    """The two conditions of a link compared in a claim's metric, at its epoch rule."""
    first, second = (evidence.values(one, claim.metric, layer, claim.epoch_rule) for one in link)
    found = compare(
        evidence, link, (first, second), region, metric=claim.metric, relative=relative
    )
    # Which test examples are right is kept of the final model alone.
    return found if claim.epoch_rule == "last" else replace(found, test_error=None)


def compare(
    evidence: Evidence,
    link: Link,
    samples: tuple[Values, Values],
    region: Region,
    *,
    metric: str,
    relative: bool = False,
) -> Assessment:
    """The paired difference first - second of a link against a region.

    Identical runs are said to be so, not tested. Where some replicates of a condition learned and
    others did not, a mean would be of neither: then replicates are counted in which one condition
    learned and the other did not. A `relative` difference is a share of the second's value.
    """
    first, second = link
    if any(one.absent for one in samples):
        return untestable(link, samples)
    units = paired(samples)
    alike = identical_runs(evidence, link, samples, region)
    if alike is not None:
        return alike
    if len(units) < FEWEST:
        return untestable(link, samples)
    counted = _mixed(evidence, link, metric, region)
    if counted is not None:
        return replace(counted, notes=(*counted.notes, *losses(samples)))
    one, other = ([sample.by_unit[unit] for unit in units] for sample in samples)
    if relative and not all(other):
        said = f"{metric} is 0 in a run that differences are to be shares of"
        return untestable(link, samples, said)
    step = evidence.resolution(metric)
    leads = [(a - b) / abs(b) if relative else a - b for a, b in zip(one, other, strict=True)]
    effect = _shares(leads, other, step) if relative else paired_difference(one, other, step)
    if effect.error == 0:
        return _constant(link, samples, region, effect)
    return Assessment(
        link,
        Estimated(effect, region),
        unit=samples[0].unit,
        notes=losses(samples),
        correlation=correlation(one, other),
        differences=tuple(leads),
        test_error=None if relative else _test_error(evidence, first, second, metric),
    )


def identical_runs(
    evidence: Evidence,
    link: Link,
    samples: Sequence[Values],
    region: Region,
    known: float = 0.0,
) -> Assessment | None:
    """A link of which all runs are the same: what would be estimated is `known`, not tested.

    None where any replicate has two that differ.
    """
    units = paired(samples)
    if not units or samples[0].unit != "replicate":
        return None
    first, *others = link
    for other in others:
        same = evidence.identical(first, other, None)
        if not all(same.get(unit, False) for unit in units):
            return None
    verdict = "supported" if region.low < known < region.high else "refuted"
    why, method, n = "the runs are identical", "identical runs", len(units)
    outcome = Settled(verdict, why, method, n, known, known, known)
    return Assessment(link, outcome, notes=losses(samples))


def estimate_mean(
    link: Link, values: Values, region: Region, step: float | None, what: str = ""
) -> Assessment:
    """The mean of one number per unit against a region; `what` replaces the method's name."""
    units = paired((values,))
    if values.absent or len(units) < FEWEST:
        return untestable(link, (values,))
    effect = mean_effect([values.by_unit[unit] for unit in units], step)
    if effect.error == 0:
        return _constant(link, (values,), region, effect)
    effect = replace(effect, method=f"{effect.method} of {what}") if what else effect
    return Assessment(link, Estimated(effect, region), unit=values.unit, notes=losses((values,)))


def _constant(link: Link, samples: Sequence[Values], region: Region, effect: Effect) -> Assessment:
    """A number that is exactly the same in all replicates is known, not estimated."""
    value, unit = effect.estimate, samples[0].unit
    outcome = Settled(
        verdict="supported" if region.low < value < region.high else "refuted",
        why=f"it is exactly {value:g} in all {effect.n} {unit}s",
        method="the same value in all",
        n=effect.n,
        estimate=value,
        low=value,
        high=value,
    )
    return Assessment(link, outcome, unit=unit, notes=losses(samples))


def _shares(shares: Sequence[float], of: Sequence[float], step: float | None) -> Effect:
    smallest = min(map(abs, of))
    effect = mean_effect(shares, FLOAT32 if step is None else step / smallest)
    return replace(effect, method=f"{effect.method} of paired relative differences")


def _mixed(evidence: Evidence, link: Link, metric: str, region: Region) -> Assessment | None:
    """The comparison by counts of learned replicates; None where each side is of one kind."""
    if not (quantity(metric).plain and metric.partition("/")[0] in SPLITS):
        return None
    one, other = (evidence.learned(condition) for condition in link)
    if one is None or other is None:
        return None
    units = sorted(set(one) & set(other))
    if len(units) < FEWEST or all(
        len({side[unit] for unit in units}) == 1 for side in (one, other)
    ):
        return None
    only_first = sum(one[unit] and not other[unit] for unit in units)
    only_second = sum(other[unit] and not one[unit] for unit in units)
    told = " and ".join(
        f"{sum(side[unit] for unit in units)} of {len(units)}" for side in (one, other)
    )
    return Assessment(
        link,
        Estimated(Discordant(only_first, only_second, len(units)), _of_counts(region, metric)),
        notes=(f"some replicates learned ({told}), others stalled: they are counted",),
    )


def _of_counts(region: Region, metric: str) -> Region:
    """The region of a difference in how many replicates learned: which learns more, or neither."""
    if math.isfinite(region.low) and math.isfinite(region.high):
        return Region(0.0, 0.0)
    first_is_higher = math.isfinite(region.low)
    return Region(low=0.0) if first_is_higher == higher_is_better(metric) else Region(high=0.0)


def _test_error(
    evidence: Evidence, first: Condition, second: Condition, metric: str
) -> float | None:
    if metric != "test/accuracy":
        return None
    lead = evidence.leads_by_example(first, second)
    if lead is None:
        return None
    return float(np.std(lead, ddof=1) / math.sqrt(len(lead)))


def _too_few(samples: Sequence[Values], n: int) -> str:
    if n == 1:
        return f"one {samples[0].unit} alone: nothing can be told from chance"
    if any(one.diverged for one in samples):
        return "no replicate of which all runs finished"
    if any(one.by_unit for one in samples):
        return "no replicate of which all runs are stored, with a finite value"
    return "no run is stored that it speaks of"
