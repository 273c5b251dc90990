"""The evidence for a verdict in words, each tied to numbers."""

from paribus.claims.assessment import Assessment, Estimated, Verdict
from paribus.claims.base import Claim
from paribus.claims.metric import of_test_set, phrase
from paribus.claims.selection import Condition, Link, number
from paribus.claims.units import shown, sized
from paribus.statistics.counts import Discordant, replicates_for_sign_test
from paribus.statistics.effect import Effect
from paribus.statistics.power import MOST, replicates_to_decide

POINT = 0.005
"""The difference of shares that is looked for where a claim has no margin: half a point."""


def evidence_of(
    claim: Claim, found: Assessment, outcome: Estimated, corrected: float | None, level: float
) -> str:
    """What was estimated, with its interval, n, p and what it was measured on.

    `corrected` is the p-value after correction; None for an exploratory claim.
    """
    effect, names = outcome.effect, sides(found.link)
    if isinstance(effect, Discordant):
        said, unit, where = _counts_said(effect, names), "replicates", ""
    else:
        said = claim.estimated(effect.estimate, phrase(claim.metric, found.layer), names)
        unit, where = claim.unit, ", on this test set" if _on_test_set(claim) else ""
    low, high = sorted(_direction(claim, outcome) * end for end in outcome.interval(level))
    count = f"{effect.n} {found.unit}{'' if effect.n == 1 else 's'}"
    over = f"paired over {count}" if len(found.link) > 1 else f"over {count}"
    bounds = f"{shown(low, unit)} to {shown(high, unit)}"
    interval = f"{100 * (1 - level):.3g} % interval {bounds}"
    p = _p_text(outcome.p, corrected)
    return f"{said}{shared(found.link)} ({interval}, {over}, {p}{where})"


def undecided(
    claim: Claim, outcome: Estimated, alone: Verdict, level: float, unit: str = "replicate"
) -> str:
    """Why an estimate decides nothing, and how many more replicates would.

    `alone` is what it would say of one test alone; `level` the one that holds for the first of
    all tests that Holm's method corrects, so that it decides whatever the others say.
    """
    if isinstance(outcome.effect, Discordant):
        fewest = replicates_for_sign_test(level)
        return f"counts decide from {fewest} replicates on in which one side alone learned"
    bound = _direction(claim, outcome) * outcome.region.bound(outcome.effect.estimate)
    end = "0" if bound == 0 else f"the claim's bound, {shown(bound, claim.unit)}"
    why = f"the interval holds {end}"
    if alone != "undecided":
        why = f"alone the interval would say {alone}; corrected for all tests it does not"
    more = more_replicates(claim, outcome, level, unit)
    return f"{why}; {more} away from {'0' if bound == 0 else 'its bound'}" if more else why


def more_replicates(claim: Claim, outcome: Estimated, level: float, unit: str) -> str:
    """How many more replicates would decide, by the margin and the deviation's upper bound.

    Never by the effect that was observed. Where there is no margin to go by, an effect as large as
    one standard deviation of the differences is looked for.
    """
    effect = outcome.effect
    if not isinstance(effect, Effect) or effect.scale != "plain":
        return ""
    deviation, margin = effect.error * effect.n**0.5, _distance(claim)
    distance = deviation if margin is None else margin
    total = replicates_to_decide(effect.n, deviation, distance, level)
    size = sized(distance, claim.unit)
    said = f"one standard deviation, {size}," if margin is None else size
    if total is None:
        return f"even {MOST:,} {unit}s might not decide an effect {said}"
    more = total - effect.n
    would = f"more {unit}{'' if more == 1 else 's'} would decide, in 4 of 5 cases"
    return f"{more:,} {would}, an effect {said}"


def _direction(claim: Claim, outcome: Estimated) -> int:
    """-1 where the sentence tells a size that goes down, whose interval follows it."""
    counts = isinstance(outcome.effect, Discordant)
    return -1 if claim.SIGNED and outcome.effect.estimate < 0 and not counts else 1


def _on_test_set(claim: Claim) -> bool:
    return any(map(of_test_set, filter(None, (claim.metric, getattr(claim, "other", "")))))


def sides(link: Link) -> list[str]:
    """The conditions of a link, by what differs among them; one alone by all that it is."""
    if len(link) == 1:
        return [_named(link[0]) or "the one condition"]
    return [_named({name: one[name] for name in _differing(link)}) for one in link]


def shared(link: Link) -> str:
    """In brackets, the labels that all conditions of a link have; nothing for one alone."""
    if len(link) == 1:
        return ""
    common = [name for name in link[0] if name not in _differing(link)]
    told = ", ".join(f"{name.replace('_', ' ')} {link[0][name]}" for name in common)
    return f" ({told})" if told else ""


def _differing(link: Link) -> list[str]:
    return [name for name in link[0] if len({one[name] for one in link}) > 1]


def _named(condition: Condition) -> str:
    """A condition by its labels; a number is told with its factor."""
    told = [
        label if number(label) is None else f"{name.replace('_', ' ')} {label}"
        for name, label in condition.items()
    ]
    return ", ".join(told)


def _counts_said(effect: Discordant, names: list[str]) -> str:
    first, second = names
    return (
        f"in {effect.first} of {effect.n} replicates {first} alone learned, in {effect.second} "
        f"{second} alone"
    )


def _p_text(p: float, corrected: float | None) -> str:
    if corrected is None:
        return f"{_equals(p)}, not corrected"
    return f"Holm-adjusted {_equals(corrected)}"


def _equals(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _distance(claim: Claim) -> float | None:
    """How far from the bound an effect is that should be decided."""
    return claim.margin or (POINT if claim.unit in ("points", "per cent") else None)
