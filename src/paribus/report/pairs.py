"""Every condition against every other: paired differences of a metric, by the rules of claims."""

from dataclasses import dataclass
from itertools import combinations

from paribus.claims.assessment import LEVEL, Assessment, Estimated, Settled
from paribus.claims.comparing import ahead, compare
from paribus.claims.stored import StoredEvidence
from paribus.report.quantities import quantity
from paribus.statistics.effect import Effect
from paribus.statistics.multiplicity import holm


@dataclass(frozen=True)
class Pair:
    """Two conditions by their places, and first - second in the unit shown.

    `p` is corrected for all pairs; None where nothing was tested: `said` tells why, in a word.
    """

    first: int
    second: int
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    said: str = ""


def compared(evidence: StoredEvidence, metric: str) -> list[Pair]:
    """Each two conditions of a study, the one declared first as the first.

    By the rules of claims: identical runs are not tested, and where some replicates stalled and
    others learned a mean would be of neither.
    """
    conditions = evidence.conditions
    samples = [evidence.values(one, metric, None, "last") for one in conditions]
    places = list(combinations(range(len(conditions)), 2))
    region = ahead(metric, 0.0)
    found = [
        compare(
            evidence,
            (conditions[i], conditions[j]),
            (samples[i], samples[j]),
            region,
            metric=metric,
        )
        for i, j in places
    ]
    effects = {place: effect for place, one in enumerate(found) if (effect := _effect(one))}
    adjusted = dict(zip(effects, holm([one.p(0.0) for one in effects.values()]), strict=True))
    scale = quantity(metric).scale
    return [
        _pair(pair, one, adjusted.get(place), scale)
        for place, (pair, one) in enumerate(zip(places, found, strict=True))
    ]


def _effect(found: Assessment) -> Effect | None:
    outcome = found.outcome
    if isinstance(outcome, Estimated) and isinstance(outcome.effect, Effect):
        return outcome.effect
    return None


def _pair(
    places: tuple[int, int], found: Assessment, adjusted: float | None, scale: float
) -> Pair:
    effect = _effect(found)
    if effect is not None:
        low, high = effect.interval(1 - LEVEL)
        mean = effect.estimate * scale
        return Pair(*places, mean, low * scale, high * scale, adjusted, effect.n)
    if isinstance(found.outcome, Settled) and found.outcome.method == "identical runs":
        return Pair(*places, 0.0, 0.0, 0.0, None, found.outcome.n, "identical")
    mixed = isinstance(found.outcome, Estimated)
    n = len(found.differences)
    return Pair(*places, None, None, None, None, n, "some stalled" if mixed else "too few runs")
