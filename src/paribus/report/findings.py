"""Findings as a report tells them: by whose claim it is, with verdict, numbers and confounds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args

import numpy as np

from paribus.claims.assessment import Verdict
from paribus.claims.findings import Finding, LinkFinding
from paribus.claims.telling import shared, sides
from paribus.claims.units import MINUS, Unit, shown
from paribus.design.differences import between, sentences
from paribus.report.estimates import estimate_text, interval_text, level_of, p_text
from paribus.report.exhibits import Cell, Sheet

LITTLE = 0.2
"""A correlation of paired values of which a difference gains next to nothing."""
DIGITS = 12
"""So many hex digits of a registration's digest are shown."""
MOST_CONFOUNDS = 4
UNITS: Mapping[Unit, str] = {"points": " (points)", "per cent": " (%)", "epochs": " (epochs)"}


@dataclass(frozen=True)
class Told:
    """A claim ready to be set: what was said, and what was found.

    `short` is the result in a few words. `whys` tell the links one by one where there are several,
    `evidence` holds their numbers. `confounds` are what else differs between the conditions.
    """

    number: int
    claim: str
    verdict: Verdict
    marks: tuple[str, ...]
    short: str
    why: str
    whys: tuple[str, ...]
    notes: tuple[str, ...]
    confounds: tuple[str, ...]
    evidence: Sheet | None


@dataclass(frozen=True)
class Group:
    """Claims of one origin under a heading; `said` is what each is called, before its number."""

    title: str
    said: str
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Findings:
    """All claims of a study as told, with how many have which verdict, and what they rest on."""

    tally: str
    rule: str
    registration: tuple[str, ...]
    groups: tuple[Group, ...]


def told_findings(found: Sequence[Finding], document: Mapping[str, Any]) -> Findings | None:
    """The findings of a study in words; None where it claims nothing."""
    if not found:
        return None
    told = [
        (finding.ours, _told(place, finding, document)) for place, finding in enumerate(found, 1)
    ]
    theirs = tuple(one for ours, one in told if not ours)
    ours = tuple(one for ours, one in told if ours)
    if not document.get("source"):
        groups = [
            Group("What was expected, and what we found", "Claim", tuple(one for _, one in told))
        ]
    else:
        groups = [
            Group("What the source said, and what we found", "The source\u2019s claim", theirs),
            Group("What we expected besides, and what we found", "Our claim", ours),
        ]
    return Findings(
        tally=_tally(theirs, ours, bool(document.get("source"))),
        rule=_rule(found, level_of(document)),
        registration=_registration(found, document.get("registration") or {}),
        groups=tuple(group for group in groups if group.told),
    )


def else_differing(document: Mapping[str, Any]) -> dict[str, list[str]] | None:
    """All that differs beside the factors: confounds and consequences, a sentence each.

    None where it is not stored with the study.
    """
    differences = document.get("differences")
    if differences is None:
        return None
    return {kind: sentences(differences[kind]) for kind in ("confounds", "consequences")}


def _told(number: int, finding: Finding, document: Mapping[str, Any]) -> Told:
    links = finding.links
    marks = (("exploratory", not finding.registered), ("ours", finding.ours))
    return Told(
        number=number,
        claim=finding.claim,
        verdict=finding.verdict,
        marks=tuple(mark for mark, holds in marks if holds),
        short=_short(finding),
        why=finding.why,
        whys=tuple(link.why for link in links) if len(links) > 1 else (),
        notes=tuple(dict.fromkeys(note for link in links for note in link.notes)),
        confounds=_confounds(links, document.get("differences")),
        evidence=_evidence(number, finding) if links else None,
    )


def _short(finding: Finding) -> str:
    """The result in a few words: of one difference its size, of several how many hold."""
    links = finding.links
    if len(links) > 1:
        holds = sum(link.verdict == "supported" for link in links)
        return f"{holds} of {len(links)} comparisons hold"
    if not links or links[0].estimate is None:
        return ""
    if links[0].method == "identical runs":
        return "identical"
    sign = "+" if links[0].differences and links[0].estimate > 0 else ""
    return f"{sign}{estimate_text(links[0].estimate, links[0].told_in)}"


def _confounds(
    links: Sequence[LinkFinding], differences: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """What else differs between the conditions of a claim; of a long list the first."""
    if differences is None:
        return ()
    pairs = [pair for link in links for pair in pairwise(link.conditions)]
    found = list(
        dict.fromkeys(
            one for first, second in pairs for one in between(differences, first, second)
        )
    )
    more = len(found) - MOST_CONFOUNDS
    rest = [f"and {more} more, listed under \u201cWhat else differs\u201d"] if more > 0 else []
    return (*found[:MOST_CONFOUNDS], *rest)


def _evidence(number: int, finding: Finding) -> Sheet:
    unit, links = finding.told_in, finding.links
    columns: list[tuple[str, list[Cell]]] = [
        ("verdict", [Cell(link.verdict) for link in links]),
        (f"estimate{UNITS.get(unit, '')}", [_estimate(link) for link in links]),
        ("n", [Cell(str(link.n)) for link in links]),
        ("p", [Cell(p_text(link.p, "")) for link in links]),
        ("Holm-adjusted p", [Cell(p_text(link.p_adjusted, "")) for link in links]),
        ("exact sign-flip p", [_sign_flip(link) for link in links]),
        ("correlation of pairs", [_pairing(link) for link in links]),
        ("standard error over replicates", [Cell(_spread(link)) for link in links]),
        (
            "standard error of this test set",
            [
                Cell("" if link.test_error is None else shown(link.test_error, link.told_in))
                for link in links
            ],
        ),
    ]
    kept = [column for column in columns if any(cell.text for cell in column[1])]
    names = [Cell(_comparison(link)) for link in links]
    methods = "; ".join(dict.fromkeys(link.method for link in links))
    return Sheet(
        name=f"claim-{number}",
        title=f"Evidence for claim {number}",
        note=f"Estimates with their interval below, {_units(links)}. Method: {methods}. "
        f"A sign-flip p-value is of no difference, and cannot be smaller than what stands below.",
        heads=("comparison", *(head for head, _ in kept)),
        rows=tuple(
            (name, *(cells[place] for _, cells in kept)) for place, name in enumerate(names)
        ),
        labels=2,
    )


def _units(links: Sequence[LinkFinding]) -> str:
    counted = dict.fromkeys(link.unit for link in links)
    return f"n counts {' and '.join(f'{unit}s' for unit in counted)}"


def _comparison(link: LinkFinding) -> str:
    names = sides(link.conditions)
    joined = f" {MINUS} ".join(names) if len(names) == 2 else ", ".join(names)
    layer = f", layer {link.layer}" if link.layer else ""
    return f"{joined}{shared(link.conditions)}{layer}"


def _estimate(link: LinkFinding) -> Cell:
    if link.estimate is None:
        return Cell("\u2014")
    if link.told_in == "replicates":  # perhaps beside others that are in the claim's own unit
        return Cell(estimate_text(link.estimate, link.told_in))
    bounds = interval_text(link.low, link.high, link.told_in)
    return Cell(shown(link.estimate, link.told_in), bounds)


def _sign_flip(link: LinkFinding) -> Cell:
    if link.sign_flip is None or link.smallest_sign_flip is None:
        return Cell("")
    return Cell(f"{link.sign_flip:.3g}", f"at least {link.smallest_sign_flip:.3g}")


def _pairing(link: LinkFinding) -> Cell:
    found = link.correlation
    if found is None:
        return Cell("")
    bought = "pairing bought little" if found < LITTLE else ""
    bought = "pairing cost precision" if found <= -LITTLE else bought
    return Cell(shown(found, "correlation"), bought)


def _spread(link: LinkFinding) -> str:
    if len(link.differences) < 2:
        return ""
    return shown(float(np.std(link.differences, ddof=1)) / math.sqrt(link.n), link.told_in)


def _tally(theirs: Sequence[Told], ours: Sequence[Told], source: bool) -> str:
    if not source:
        return f"{_counted([*theirs, *ours], 'claim')}."
    told = [_counted(theirs, "claim of the source")] if theirs else []
    told += [_counted(ours, "of our own" if theirs else "claim of our own")] if ours else []
    return f"{'; '.join(told)}."


def _counted(told: Sequence[Told], what: str) -> str:
    several = what if what.startswith("of") else what.replace("claim", "claims", 1)
    counts = {of: sum(one.verdict == of for one in told) for of in get_args(Verdict)}
    verdicts = ", ".join(f"{count} {of}" for of, count in counts.items() if count)
    return f"{len(told)} {what if len(told) == 1 else several}: {verdicts}"


def _rule(found: Sequence[Finding], level: float) -> str:
    family = sum(link.p_adjusted is not None for one in found for link in one.links)
    tests = f"the {family} test{'' if family == 1 else 's'} of registered claims"
    corrected = (
        f" For {tests}, taken together, Holm\u2019s correction keeps the chance of any false "
        f"finding at {100 * level:.3g} %; the corrected p-value has to be at most {level:.3g} too."
        if family
        else ""
    )
    return (
        f"Supported: the {100 * (1 - level):.3g} % interval lies wholly where the claim holds, "
        "given its margin. Refuted: wholly where it does not. Undecided: neither. A claim of "
        f"several comparisons holds where each does.{corrected}"
    )


def _registration(found: Sequence[Finding], registration: Mapping[str, Any]) -> tuple[str, ...]:
    exploratory = [one for one in found if not one.registered]
    told = []
    if registration.get("digest"):
        when = "ahead of its first run" if registration["ahead"] else "when it was first run"
        told.append(
            f"Registered {when}, at {registration['at']}, digest "
            f"{registration['digest'][:DIGITS]}{_looks(registration.get('looks') or [])}: claims, "
            "analysis and recipe were written down before any run that they speak of. That is a "
            "record, not a proof."
        )
    else:
        told.append("No registration is stored with this study.")
    if exploratory:
        which = "All claims are" if len(exploratory) == len(found) else "Claims so marked are"
        told.append(
            f"{which} exploratory: not declared before the runs that they speak of, so their "
            "p-values are not corrected and their verdicts are hints."
        )
    if registration.get("note"):
        told.append(f"{registration['note'][0].upper()}{registration['note'][1:]}.")
    return tuple(told)


def _looks(looks: Sequence[int]) -> str:
    return f", looks at {', '.join(map(str, looks))} replicates" if len(looks) > 1 else ""
