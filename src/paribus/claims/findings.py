"""Findings: what became of a study's claims, with the evidence, by one rule for all.

Each link of a claim has a p-value, two-sided against its margin, unless it was counted. The
p-values of all links of the registered claims are one family, corrected by Holm's method. A link
is supported or refuted where its interval lies on that side of the margin and the corrected
p-value is below the level; a claim is supported where all its links are, and refuted where one is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, overload

from paribus.claims.assessment import LEVEL, Assessment, Estimated, Settled, Verdict
from paribus.claims.catalogue import AnyClaim, claim_from_json
from paribus.claims.evidence import Evidence
from paribus.claims.selection import Condition
from paribus.claims.stored import StoredEvidence
from paribus.claims.telling import evidence_of, undecided
from paribus.claims.units import Unit
from paribus.results.tidy import StudyResults
from paribus.statistics.counts import Discordant
from paribus.statistics.multiplicity import holm
from paribus.statistics.permutation import sign_flip, smallest_sign_flip

_NOT_IN_CLAIM = frozenset({"sentence", "registered"})


@dataclass(frozen=True)
class LinkFinding:
    """What became of one comparison of a claim; numbers as in `Finding`.

    `sign_flip` is the exact permutation p-value of no difference, shown beside the t interval,
    with the smallest that so many pairs can reach. `correlation` is that of the paired values,
    `test_error` the standard error that the finite test set alone gives the difference.
    `told_in` is the unit of the estimate and its interval in sentences and tables.
    """

    conditions: tuple[Condition, ...]
    layer: str | None
    verdict: Verdict
    estimate: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    n: int
    unit: str
    method: str
    why: str
    notes: tuple[str, ...]
    sign_flip: float | None
    smallest_sign_flip: float | None
    correlation: float | None
    test_error: float | None
    differences: tuple[float, ...]
    told_in: Unit


@dataclass(frozen=True)
class Finding:
    """What became of a claim: its verdict, and the numbers of the link that decides it.

    `estimate`, `low` and `high` are in the metric's own unit, or shares of the replicates, and
    are told in the unit `told_in`; `p` is two-sided against the
    margin, `p_adjusted` corrected for the study's registered claims (None for an exploratory
    one); None where nothing was tested. `registered` says that the claim was declared before
    any run that it speaks of.
    """

    claim: str
    family: str
    metric: str
    epoch_rule: str
    margin: float
    registered: bool
    ours: bool
    verdict: Verdict
    estimate: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    n: int
    method: str
    why: str
    told_in: Unit
    links: tuple[LinkFinding, ...]
    declared: AnyClaim


@dataclass(frozen=True)
class Findings(Sequence[Finding]):
    """All findings of a study, in the declared order of its claims.

    `document` is the study as it is stored; a notebook shows them as the report does.
    """

    found: tuple[Finding, ...]
    document: Mapping[str, Any]

    @classmethod
    def of(cls, results: StudyResults) -> "Findings":
        """The findings of a study from its stored runs."""
        return cls(tuple(findings(results)), results.document)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        return self.found[place]

    def __len__(self) -> int:
        return len(self.found)

    def _repr_html_(self) -> str:
        from paribus.report.notebook import findings_html  # noqa: PLC0415 - a notebook alone asks

        return findings_html(self.found, self.document)


@dataclass(frozen=True)
class Assessed:
    """A claim of a study with what the runs say of each link."""

    claim: AnyClaim
    sentence: str
    registered: bool
    links: tuple[Assessment, ...]


def findings(results: StudyResults) -> list[Finding]:
    """What became of each claim of a study, in their declared order, from its stored runs."""
    evidence = StoredEvidence(results)
    assessed = [_assessed(one, evidence) for one in results.document.get("claims") or []]
    level = (results.document.get("registration") or {}).get("level", LEVEL)
    return judged(assessed, level)


def _assessed(stored: Mapping[str, Any], evidence: Evidence) -> Assessed:
    document = {name: value for name, value in stored.items() if name not in _NOT_IN_CLAIM}
    claim = claim_from_json(document)
    links = () if claim.faults(evidence.conditions) else claim.assess(evidence)
    return Assessed(claim, stored["sentence"], bool(stored.get("registered")), links)


def judged(assessed: Sequence[Assessed], level: float = LEVEL) -> list[Finding]:
    """Verdicts of assessed claims, whose links with a p-value are one family if registered."""
    ps = {
        (place, number): link.outcome.p
        for place, one in enumerate(assessed)
        for number, link in enumerate(one.links)
        if isinstance(link.outcome, Estimated)
    }
    family = [where for where in ps if assessed[where[0]].registered]
    adjusted = dict(zip(family, holm([ps[where] for where in family]), strict=True))
    return [
        _finding(
            one,
            [
                _link(one.claim, link, adjusted.get((place, number)), level, len(family))
                for number, link in enumerate(one.links)
            ],
        )
        for place, one in enumerate(assessed)
    ]


def _link(
    claim: AnyClaim, link: Assessment, adjusted: float | None, level: float, family: int
) -> LinkFinding:
    outcome = link.outcome
    shared = {
        "conditions": link.link,
        "layer": link.layer,
        "unit": link.unit,
        "notes": link.notes,
        "sign_flip": sign_flip(link.differences),
        "smallest_sign_flip": smallest_sign_flip(len(link.differences))
        if link.differences
        else None,
        "correlation": link.correlation,
        "test_error": link.test_error,
        "differences": link.differences,
    }
    if isinstance(outcome, Settled):
        return LinkFinding(
            verdict=outcome.verdict,
            estimate=outcome.estimate,
            low=outcome.low,
            high=outcome.high,
            p=None,
            p_adjusted=None,
            n=outcome.n,
            method=outcome.method,
            why=outcome.why,
            told_in=outcome.told_in or claim.unit,
            **shared,
        )
    alone = outcome.verdict(level)
    decisive = outcome.p if adjusted is None else adjusted
    verdict = alone if decisive <= level else "undecided"
    why = evidence_of(claim, link, outcome, adjusted, level)
    if verdict == "undecided":
        first = level if adjusted is None else level / family
        why = f"{why}: {undecided(claim, outcome, alone, first, link.unit)}"
    low, high = outcome.interval(level)
    return LinkFinding(
        verdict=verdict,
        estimate=outcome.effect.estimate,
        low=low,
        high=high,
        p=outcome.p,
        p_adjusted=adjusted,
        n=outcome.effect.n,
        method=f"{outcome.effect.method}, {100 * (1 - level):g} % interval",
        why=why,
        told_in="replicates" if isinstance(outcome.effect, Discordant) else claim.unit,
        **shared,
    )


def _finding(one: Assessed, links: Sequence[LinkFinding]) -> Finding:
    claim = one.claim
    verdict = _together([link.verdict for link in links])
    decides = _deciding(links, verdict)
    return Finding(
        claim=one.sentence,
        family=claim.kind,
        metric=claim.metric,
        epoch_rule=claim.epoch_rule,
        margin=claim.margin,
        registered=one.registered,
        ours=claim.ours,
        verdict=verdict,
        estimate=decides.estimate if decides else None,
        low=decides.low if decides else None,
        high=decides.high if decides else None,
        p=decides.p if decides else None,
        p_adjusted=decides.p_adjusted if decides else None,
        n=decides.n if decides else 0,
        method=decides.method if decides else "none",
        why=_why(links, verdict, decides),
        told_in=decides.told_in if decides else claim.unit,
        links=tuple(links),
        declared=claim,
    )


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """Of a claim whose links must all hold."""
    for worst in ("refuted", "not testable", "undecided"):
        if worst in verdicts:
            return worst
    return "supported" if verdicts else "not testable"


def _deciding(links: Sequence[LinkFinding], verdict: Verdict) -> LinkFinding | None:
    """The link on which the verdict rests: the weakest of a claim that holds, else the worst.

    Of several that say the same, one for which there is least: the largest p-value where the
    claim holds or nothing is decided, the smallest where it is refuted.
    """
    same = [link for link in links if link.verdict == verdict]
    if not same:
        return None
    weight = [-1.0 if link.p is None else link.p for link in same]
    places = range(len(same))
    place = (
        min(places, key=lambda place: weight[place])
        if verdict == "refuted"
        else max(places, key=lambda place: weight[place])
    )
    return same[place]


def _why(links: Sequence[LinkFinding], verdict: Verdict, decides: LinkFinding | None) -> str:
    if decides is None:
        return "the study has no conditions that it speaks of"
    if len(links) == 1:
        return decides.why
    counts = [
        f"{count} {of}"
        for of in get_args(Verdict)
        if (count := sum(link.verdict == of for link in links))
    ]
    least = "the weakest" if verdict == "supported" else "among them"
    return f"{len(links)} comparisons: {', '.join(counts)}; {least}: {decides.why}"
